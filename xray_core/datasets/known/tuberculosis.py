"""The tuberculosis sets of the U.S. National Library of Medicine: Montgomery County and Shenzhen.

    MontgomerySet/CXR_png/MCUCXR_0001_0.png                     0 normal, 1 tuberculosis
    MontgomerySet/ManualMask/leftMask/MCUCXR_0001_0.png         and rightMask
    MontgomerySet/ClinicalReadings/MCUCXR_0001_0.txt
    ChinaSet_AllFiles/CXR_png/CHNCXR_0001_0.png, ChinaSet_AllFiles/ClinicalReadings/…
    Lung Segmentation/CXR_png, masks, test, ClinicalReadings    both together, a copy on Kaggle

The copy with both has one mask an image, of 566 of Shenzhen's 662 images called
CHNCXR_0001_0_mask.png; the 96 images in `test` are those without a mask once more.

Verified: the ReadMe of Montgomery, counts, names and the form of the readings in several public
programs and in the inspection of the copy with both; its licence is its ReadMe's.
"""

import posixpath
from dataclasses import replace
from functools import partial
from pathlib import Path

import pandas as pd

from xray_core.catalog import Remark
from xray_core.datasets.folder.files import FolderFiles
from xray_core.datasets.inventory import Inventory
from xray_core.datasets.known.entry import KnownDataset, Prepared
from xray_core.datasets.known.readings import ROLES, add_readings
from xray_core.datasets.reader import count_remark
from xray_core.paths import is_folder, list_folder

PLACES = ("CXR_png", "images", "images/images", "")
# Where other copies on Kaggle have them, and where both archives unpack.
SIDE_BY_SIDE = (
    "Montgomery/MontgomerySet/CXR_png",
    "ChinaSet_AllFiles/ChinaSet_AllFiles/CXR_png",
    "MontgomerySet/CXR_png",
    "ChinaSet_AllFiles/CXR_png",
)
TEST = "test"
MONTGOMERY, SHENZHEN = "MCUCXR", "CHNCXR"
SITES = {MONTGOMERY: "Montgomery County", SHENZHEN: "Shenzhen"}
# What lies beside the images of the same names: masks, and second copies of images.
BESIDE = r"(^|/)(ManualMask/(left|right)Mask|masks?|test)/({prefix})_\d{{4}}_[01](_mask)?\.\w+$"
IMAGES = (
    r"^(?!(.*/)?(test|masks?|leftMask|rightMask)/)"
    r".*?(?<![^/])({prefix})_\d{{4}}_(?P<label>[01])\.\w+$"
)
PAGE = "https://data.lhncbc.nlm.nih.gov/public/Tuberculosis-Chest-X-ray-Datasets/{name}/index.html"
LICENCE = "for research; cite both papers, name the sources, and do not pass the images on"
ISSUES = (
    "No patients are published: each image is taken for a patient of its own, which nobody vouches "
    "for.",
    "The label is the last digit of the file's name; what was seen stands in the readings alone.",
)
CITATION = (
    "Jaeger et al., IEEE Trans Med Imaging 33 (2014), doi:10.1109/TMI.2013.2284099; Candemir et "
    "al., IEEE Trans Med Imaging 33 (2014), doi:10.1109/TMI.2013.2290491"
)


def _holds(folder: Path, prefix: str) -> bool:
    """Whether images of a set lie where the sets have them."""
    for place in (*PLACES, *SIDE_BY_SIDE):
        files = list_folder(folder / place).files if is_folder(folder / place) else ()
        if any(name.upper().startswith(f"{prefix}_") for name in files):
            return True
    return False


def _locate_one(folder: Path, other: str) -> Path | None:
    return None if _holds(folder, other) else folder


def _locate_both(folder: Path) -> Path | None:
    return folder if _holds(folder, MONTGOMERY) and _holds(folder, SHENZHEN) else None


def _add_sites(files: FolderFiles, rows: pd.DataFrame) -> Prepared:
    """Add the readings, and the name of the hospital to each row."""
    prepared = add_readings(files, rows)
    sites = prepared.rows["site"].str.upper().map(SITES).astype("string")
    return replace(prepared, rows=prepared.rows.assign(site=sites))


def _find_copies(inventory: Inventory) -> Remark:
    """Return a remark on the images in `test` that lie with the others as well."""
    folders = {path: posixpath.basename(posixpath.dirname(path)) for path in inventory.images}
    first = {
        posixpath.basename(path)
        for path, folder in folders.items()
        if folder not in (TEST, "masks", "mask")
    }
    copies = [
        p for p, folder in folders.items() if folder == TEST and posixpath.basename(p) in first
    ]
    return count_remark(
        "repeated_name", copies, f"Images in {TEST} that lie with the others as well"
    )


MONTGOMERY_SET = KnownDataset(
    name="montgomery",
    title="Montgomery County tuberculosis",
    expects="CXR_png with names such as MCUCXR_0001_0.png, whose last digit is the label",
    about=(
        "138 frontal radiographs of the tuberculosis screening of Montgomery County (USA), 80 "
        "normal and 58 with tuberculosis, with masks of both lungs and a radiologist's reading."
    ),
    known_issues=(*ISSUES, "The images are large, 4,020 x 4,892 px, upright or lying."),
    address=PAGE.format(name="Montgomery-County-CXR-Set/MontgomerySet"),
    citation=CITATION,
    licence=LICENCE,
    kaggle="raddar/tuberculosis-chest-xrays-montgomery",
    images=IMAGES.format(prefix=MONTGOMERY),
    claimed=BESIDE.format(prefix=MONTGOMERY),
    folders=(*PLACES, *SIDE_BY_SIDE),
    locate=partial(_locate_one, other=SHENZHEN),
    labels={"0": "normal", "1": "tuberculosis"},
    beside=add_readings,
    beside_roles=ROLES,
)
SHENZHEN_SET = replace(
    MONTGOMERY_SET,
    name="shenzhen",
    title="Shenzhen tuberculosis",
    expects="CXR_png with names such as CHNCXR_0001_0.png, whose last digit is the label",
    about=(
        "662 frontal radiographs of Shenzhen No. 3 People's Hospital (China), 326 normal and 336 "
        "with tuberculosis, with a radiologist's reading."
    ),
    known_issues=(
        *ISSUES,
        "Some images are of children, down to some weeks of age.",
        "No lungs are marked; masks of 566 images were drawn by others later.",
    ),
    address=PAGE.format(name="Shenzhen-Hospital-CXR-Set"),
    kaggle="raddar/tuberculosis-chest-xrays-shenzhen",
    images=IMAGES.format(prefix=SHENZHEN),
    claimed=BESIDE.format(prefix=SHENZHEN),
    locate=partial(_locate_one, other=MONTGOMERY),
)
BOTH_SETS = replace(
    MONTGOMERY_SET,
    name="montgomery_shenzhen",
    title="Montgomery and Shenzhen together",
    expects="CXR_png with names such as MCUCXR_0001_0.png and CHNCXR_0001_0.png",
    about=(
        "The tuberculosis sets of Montgomery County (138 radiographs) and Shenzhen (662) in one "
        "folder, with masks of the lungs of 704 of them."
    ),
    known_issues=(
        *ISSUES,
        "The two hospitals differ in machines and sizes, and in the share of tuberculosis: a "
        "network may learn the hospital.",
        "The folder test repeats 96 images of Shenzhen; they are left out.",
    ),
    address=PAGE.format(name="Shenzhen-Hospital-CXR-Set"),
    kaggle="nikhilpandey360/chest-xray-masks-and-labels",
    images=IMAGES.format(prefix="?P<site>MCUCXR|CHNCXR"),
    claimed=BESIDE.format(prefix=f"{MONTGOMERY}|{SHENZHEN}"),
    locate=_locate_both,
    find_copies=_find_copies,
    beside=_add_sites,
)

TUBERCULOSIS_SETS = (MONTGOMERY_SET, SHENZHEN_SET, BOTH_SETS)
