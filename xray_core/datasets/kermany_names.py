"""The names of Kermany's files: patient and finding, and the published subset that each is from.

    person1_bacteria_1.jpeg        child 1, image 1 of the bacterial pneumonias
    NORMAL2-IM-0427-0001.jpeg      child NORMAL2-IM-0427, its image 1
    BACTERIA-9101-0001.jpeg        child BACTERIA-9101, its image 1, as on Mendeley

What the names mean the authors do not say. Of all 5,856 (5,216 train, 16 val, 624 test):

    - Bacterial and viral pneumonias are each numbered through, children and images in one order.
      Whole runs of them are the test set, and the last ones val; likewise of the normal children.
      They are `RUNS`. No child of one kind (person78_bacteria, IM-0427) has images in train and
      in test; 170 numbers are in both, each time as a bacterial pneumonia here and a viral one
      there. So the numbers "start again" in test, and which of the two children a name means is
      told by its kind and numbers alone, in whatever folder somebody has put it.
    - Equal numbers of two kinds are hardly one child. Images of one kind and number look more
      alike than those of neighbouring numbers (491 bacterial children: 0.387 beside 0.309), those
      of equal numbers and two kinds do not (808 numbers within train: 0.319 beside 0.323,
      107 and 63 across train and test: 0.353 beside 0.361, 0.338 beside 0.347). Neither do IM-0427
      and NORMAL2-IM-0427, which count as two.
    - Nobody vouches for it within train, so there person255_bacteria and person255_virus count as
      one, which never divides a child; across train and test the authors' division does, so
      "train/person1" and "test/person1" are two children.

A name of this form whose numbers are in none of the runs is not one of the published: somebody
numbered anew. All images of that number are then taken for one patient, and a remark says so.
Nor are names published that train and test have alike, each of them: of the 5,856 no two are the
same. There each folder has a numbering of its own, which a remark says, too; files that are the
same in both are found by their content.
"""

import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

import pandas as pd

from xray_core.catalog import Remark
from xray_core.datasets.reader import N_EXAMPLES, count_remark

PNEUMONIA_NAME = re.compile(
    r"(?P<patient>person(?P<number>\d{1,9}))_(?P<kind>bacteria|virus)_(?P<image>\d{1,9})(?:_\d+)?",
    re.ASCII,
)
NORMAL_NAME = re.compile(
    r"(?P<patient>(?P<kind>(?:NORMAL2-)?IM)-(?P<number>\d{1,9}))-(?P<image>\d{1,9})(?:-\d+)?",
    re.ASCII,
)
MENDELEY_NAME = re.compile(r"(?P<patient>(?P<kind>NORMAL|BACTERIA|VIRUS)-\d+)-\d+", re.ASCII)
FINDINGS = {
    "bacteria": "bacterial pneumonia",
    "virus": "viral pneumonia",
}  # all else: normal
MANY = 9_999  # of normal children each image is numbered from 1
# Kind -> first and last child, first and last image, and the published subset.
RUNS = {
    "bacteria": (
        (1, 77, 1, 377, "train"),
        (78, 175, 378, 835, "test"),
        (253, 1945, 1152, 4872, "train"),
        (1946, 1954, 4874, 4886, "val"),
    ),
    "virus": (
        (1, 79, 6, 148, "test"),
        (80, 1607, 150, 2785, "train"),
        (1608, 1608, 2786, 2786, "test"),
        (1609, 1609, 2790, 2791, "train"),
        (1610, 1685, 2793, 2903, "test"),
    ),
    "IM": ((1, 111, 1, MANY, "test"), (115, 766, 1, MANY, "train")),
    "NORMAL2-IM": (
        (7, 381, 1, MANY, "test"),
        (383, 1423, 1, MANY, "train"),
        (1427, 1442, 1, MANY, "val"),
    ),
}
BY_FOLDER = "numbered_by_folder"  # kind of a remark
SUBSETS = {"train": "training", "val": "validation", "test": "test"}  # of the catalog


class KermanyName(NamedTuple):
    """What one name says.

    Attributes:
        child: "person1", "NORMAL2-IM-0427", "BACTERIA-9101": one number, not yet one patient.
        finding: "normal", "bacterial pneumonia" or "viral pneumonia".
        published: "train", "val" or "test", where the published division has it; "" if it is none
            of its names; None: a name as on Mendeley, whose numbers do not start again.
    """

    child: str
    finding: str
    published: str | None


def read_kermany_name(stem: str) -> KermanyName | None:
    """Return what the name of a file says, without its suffix; None for any other name.

    >>> read_kermany_name("person1_virus_6"), read_kermany_name("BACTERIA-9101-0001")[0]
    (KermanyName(child='person1', finding='viral pneumonia', published='test'), 'BACTERIA-9101')
    """
    if match := PNEUMONIA_NAME.fullmatch(stem) or NORMAL_NAME.fullmatch(stem):
        kind, number, image = match["kind"], int(match["number"]), int(match["image"])
        subsets = (
            subset
            for first, last, first_image, last_image, subset in RUNS[kind]
            if first <= number <= last and first_image <= image <= last_image
        )
        return KermanyName(match["patient"], FINDINGS.get(kind, "normal"), next(subsets, ""))
    if match := MENDELEY_NAME.fullmatch(stem):
        finding = FINDINGS.get(match["kind"].lower(), "normal")
        return KermanyName(match["patient"], finding, None)
    return None


def name_kermany_patients(stems: pd.Series, subsets: pd.Series | None = None) -> pd.Series:
    """Return the patient of each image of one dataset, <NA> where its name is no name of Kermany's.

    Args:
        stems: names of files without suffix, of all images of the dataset: whether a number
            is one child depends on them all.
        subsets: of the catalog, likewise, where they are known.

    Returns:
        Strings such as "train/person1" (of val, too) and "test/person1", by the published subset,
        wherever the image is now; "BACTERIA-9101"; or "person1" where that cannot be told; index
        of `stems`.
    """
    names = [read_kermany_name(stem) for stem in stems]
    uncertain = _uncertain(names)
    by_folder = _numbered_by_folder(stems, names, subsets)
    places = by_folder if by_folder is not None else [name and name.published for name in names]
    patients = [
        None if name is None else _name_patient(name, place, uncertain, by_folder is not None)
        for name, place in zip(names, places, strict=True)
    ]
    return pd.Series(patients, index=stems.index, dtype="string")


def _name_patient(
    name: KermanyName, place: str | None, uncertain: Collection[str], by_folder: bool
) -> str:
    if not place or name.published is None or (name.child in uncertain and not by_folder):
        return name.child
    return f"{'test' if place == 'test' else 'train'}/{name.child}"


def remark_kermany(images: pd.DataFrame, stems: pd.Series) -> list[Remark]:
    """Return remarks on patients that are uncertain, and on a division that is not the published.

    Args:
        images: image_id, and published_split where it is known.
        stems: as for `name_kermany_patients`; same index.
    """
    names = [read_kermany_name(stem) for stem in stems]
    uncertain = _uncertain(names)
    given = images.get("published_split")
    subsets: Sequence[object] = [None] * len(names) if given is None else given.fillna("").tolist()
    by_folder = _numbered_by_folder(stems, names, given) is not None
    # Many copies have put the 16 images of val to train.
    own = SUBSETS if SUBSETS["val"] in subsets else {**SUBSETS, "val": SUBSETS["train"]}
    numbered, moved = list[str](), list[str]()
    for name, image_id, subset in zip(names, images["image_id"], subsets, strict=True):
        if name is None or name.published is None:
            continue
        if by_folder or name.child in uncertain:
            numbered.append(image_id)
        elif subset and subset != own[name.published]:
            moved.append(image_id)
    return [
        count_remark(
            BY_FOLDER if by_folder else "uncertain_patient",
            numbered,
            "Images whose patient is uncertain, as train and test have the same names, so that "
            "each has a numbering of its own: whether one number is one child in both is unknown"
            if by_folder
            else "Images whose patient is uncertain, as they are named like Kermany's but not "
            "numbered as published: whether one number is one child in all folders is unknown, so "
            "that it counts as one",
        ),
        count_remark(
            "moved_image",
            moved,
            "Images that are in another subset here than as published, so that this division is "
            "not the authors' own",
        ),
    ]


def named_remark(image_ids: Sequence[str]) -> Remark:
    """Return a remark on images whose patient the name of their file gives."""
    message = f"Patients are read from {len(image_ids):,} file names, as their publishers write"
    return Remark(
        "patients_from_names",
        len(image_ids),
        f"{message} them.",
        tuple(image_ids[:N_EXAMPLES]),
        tuple(image_ids),
    )


def _uncertain(names: Sequence[KermanyName | None]) -> set[str]:
    """Return the children of whom an image is numbered as none of the published."""
    return {name.child for name in names if name is not None and name.published == ""}


def _numbered_by_folder(
    stems: pd.Series, names: Sequence[KermanyName | None], subsets: pd.Series | None
) -> list[str] | None:
    """Return the subset of each image if those that are tested have the names of the others."""
    if subsets is None:
        return None
    places = subsets.fillna("").astype(str).tolist()
    seen: dict[bool, set[str]] = {True: set(), False: set()}
    for stem, name, place in zip(stems, names, places, strict=True):
        if name is not None and place:
            seen[place == "test"].add(stem)
    return places if seen[True] and seen[True] == seen[False] else None
