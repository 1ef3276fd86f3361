"""COVID-QU-Ex: three classes, with masks of the lungs and, of some images, of the infection.

    Lung Segmentation Data/Lung Segmentation Data/Train/COVID-19/images/covid_1.png
    …/Train/COVID-19/lung masks/covid_1.png              Train, Val, Test
    …/Train/Non-COVID/images/non_COVID (1).png           COVID-19, Non-COVID, Normal
    Infection Segmentation Data/Infection Segmentation Data/Train/…/infection masks/covid_1.png

Each of the two folders, of which the inner may be absent, has a division of its own. The images of
the second are among those of the first: of an image of the same class and name that is in both, the
one of the second is read, as it has all masks, and with its subset.

Verified: folders, names and counts in several public programs and descriptions; the licence in a
later release of its masks. That images of the same name are the same pictures is nowhere said.
"""

import posixpath
import re
from pathlib import Path

from xray_core.catalog import Remark
from xray_core.datasets.inventory import Inventory
from xray_core.datasets.known.entry import KnownDataset
from xray_core.datasets.known.recognition import look_into
from xray_core.datasets.reader import count_remark

LUNG, INFECTION = "Lung Segmentation Data", "Infection Segmentation Data"
SUBSETS, CLASSES = ("Train", "Val", "Test"), ("COVID-19", "Non-COVID", "Normal")
FILE = re.compile(
    r"^(?P<top>.*/)?(Train|Val|Test)/(?P<label>COVID-19|Non-COVID|Normal)/"
    r"(images|lung masks)/(?P<name>[^/]+)$",
    re.IGNORECASE,
)
TOPS = (f"{LUNG}/{LUNG}", f"{INFECTION}/{INFECTION}", LUNG, INFECTION, "")


def _locate(folder: Path) -> Path | None:
    """Return the folder of the only division with masks of the lungs, or that of both."""
    tops = [top for top in TOPS if any(_is_class(folder / top / subset) for subset in SUBSETS)]
    return folder / tops[0] if len(tops) == 1 else folder if tops else None


def _is_class(folder: Path) -> bool:
    """Whether a folder of a subset holds one of the classes with images and masks of the lungs."""
    names = [name for name in look_into(folder).folders if name in CLASSES]
    return any({"images", "lung masks"} <= {*look_into(folder / name).folders} for name in names)


def _find_copies(inventory: Inventory) -> Remark:
    """Return a remark on the images, and their masks, of the larger folder that are in both."""
    matches = {path: match for path in inventory.images if (match := FILE.search(path))}
    of_infection = {_key(match) for match in matches.values() if _is_in(match, INFECTION)}
    copies = [
        path
        for path, match in matches.items()
        if _is_in(match, LUNG) and _key(match) in of_infection
    ]
    what = f"Files of {LUNG} left out, as {INFECTION} has images of the same class and name"
    return count_remark("repeated_name", copies, what)


def _is_in(match: re.Match[str], top: str) -> bool:
    return top.lower() in (match["top"] or "").lower().split("/")


def _key(match: re.Match[str]) -> tuple[str, str]:
    return match["label"].lower(), match["name"].lower()


COVID_QU_EX = KnownDataset(
    name="covid_qu_ex",
    title="COVID-QU-Ex",
    expects=(
        "Lung Segmentation Data or Infection Segmentation Data; in it Train, Val or Test, then "
        "COVID-19, Non-COVID or Normal, then images and lung masks"
    ),
    about=(
        "33,920 radiographs collected by Qatar University: 11,956 of COVID-19, 11,263 of other "
        "infections, 10,701 normal, all with masks of the lungs; 2,913 of COVID-19 with masks of "
        "the infection."
    ),
    known_issues=(
        "The images come from many collections, and the class goes with the collection: a network "
        "may learn the source.",
        "No patients are published, so nothing keeps images of one patient in one subset.",
        "The images were resized to 256 x 256 px.",
        "The images with masks of the infection are among the others, divided in another way; of "
        "those in both folders one is read.",
        "It was put together from other public collections: training on one of them and testing "
        "here would leak.",
    ),
    address="https://www.kaggle.com/datasets/anasmohammedtahir/covidqu",
    citation=(
        "Tahir et al., Computers in Biology and Medicine 139 (2021), "
        "doi:10.1016/j.compbiomed.2021.105002; doi:10.34740/kaggle/dsv/3122958"
    ),
    licence="CC BY-SA 4.0",
    kaggle="anasmohammedtahir/covidqu",
    images=(r"(^|/)(?P<split>Train|Val|Test)/(?P<label>COVID-19|Non-COVID|Normal)/images/[^/]+$"),
    claimed=r"(^|/)(Train|Val|Test)/(COVID-19|Non-COVID|Normal)/(lung|infection) masks/[^/]+$",
    folders=tuple(
        posixpath.join(top, subset, name, "images")
        for top in TOPS
        for subset in SUBSETS
        for name in CLASSES
    ),
    locate=_locate,
    unmarked=("Non-COVID", "Normal"),
    find_copies=_find_copies,
)
