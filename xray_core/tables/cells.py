"""What the cells of a student's own table mean: ages, sexes, view positions, subsets, labels."""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from math import isfinite

SEPARATOR = "|"  # between the findings of an image, as the catalog has it
SPLITS = {
    "train": "training",
    "training": "training",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}
# Words for subsets of folders and cells, without accents; "eval" may be either of the last two.
SUBSET_WORDS = {
    **dict.fromkeys(("train", "training", "trn", "entrenamiento"), "training"),
    **dict.fromkeys(("val", "valid", "validation", "validate", "validacion", "dev"), "validation"),
    **dict.fromkeys(("test", "testing", "tst", "holdout", "prueba"), "test"),
}
# Words that may stand beside them; any other, as in "test positive", makes it something else.
NEUTRAL_WORDS = frozenset((
    "set", "sets", "subset", "split", "part", "data", "dataset", "folder", "dir", "file", "files",
    "images", "image", "imgs", "img", "pics", "pictures", "photos", "scans", "list", "lists",
    "labels", "label", "annotations", "table", "csv", "df", "info", "meta", "metadata", "entry",
    "png", "jpg", "jpeg", "dicom", "dcm", "chest", "cxr", "cxrs", "xray", "xrays", "x", "ray",
    "rays", "radiographs", "stage", "phase", "version", "v", "ver", "new", "old", "final", "full",
    "small", "large", "resized", "original", "official", "public", "private", "internal",
    "external", "the", "of", "for", "and", "hold", "out",
))  # fmt: skip
COMPOUND = re.compile(
    r"(?<![a-z])(train|val|valid|test)(set|data|val|imgs|img|images|image|folder|split)"
)
AGE = re.compile(r"\s*0*(\d{1,6}(?:\.\d{1,6})?)\s*([YMWD]?)\s*", re.ASCII | re.IGNORECASE)
AGE_UNITS = {"": 1.0, "Y": 1.0, "M": 12.0, "W": 365.25 / 7, "D": 365.25}  # per year
MAX_AGE = 120  # years
MAX_PX = 1_000_000  # beyond it, a number is no place in a radiograph
MAX_NAME = 200  # characters of a name that are looked at
CACHED_CELLS = 4096  # a column repeats few different cells many times
NIH_NAME = re.compile(r"(\d{8})_(\d{3})", re.ASCII)


@lru_cache(CACHED_CELLS)
def parse_subset(name: str) -> str | None:
    """Return training, validation or test, from the name of a folder, a table or a cell.

    Only a whole word counts, beside which nothing but neutral words and numbers stand. Training
    and validation in one, as in "train_val", is training, from which a validation set can be
    taken; two other subsets at once are none.

    >>> [parse_subset(name) for name in ("Train Set", "stage_2_test_images", "val1", "trainval")]
    ['training', 'test', 'validation', 'training']
    >>> [parse_subset(name) for name in ("tested", "test positive", "valve", "train_test")]
    [None, None, None, None]
    """
    plain = unicodedata.normalize("NFKD", name[:MAX_NAME])
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain).lower()
    words = re.findall(r"[^\W\d_]+", COMPOUND.sub(r"\1 \2 ", spaced))
    if "hold" in words and "out" in words:
        words.append("holdout")
    if any(word not in SUBSET_WORDS and word not in NEUTRAL_WORDS for word in words):
        return None
    subsets = {SUBSET_WORDS[word] for word in words if word in SUBSET_WORDS}
    if subsets == {"training", "validation"}:
        return "training"
    return subsets.pop() if len(subsets) == 1 else None


def parse_split(cell: str) -> str | None:
    """Return training, validation or test; None if the cell says something else."""
    return SPLITS.get(cell.lower())


@lru_cache(CACHED_CELLS)
def parse_view_position(cell: str) -> str | None:
    """Return PA, AP or LATERAL, from words such as "AP Supine" or "L"; else None."""
    words = re.findall(r"[A-Z]+", cell.upper())
    if "PA" in words or "POSTEROANTERIOR" in words:
        return "PA"
    if "AP" in words or "ANTEROPOSTERIOR" in words:
        return "AP"
    return "LATERAL" if {"L", "LL", "LAT", "LATERAL"} & set(words) else None


def parse_gender(cell: str) -> str | None:
    """Return F or M; None if the cell says something else."""
    return {"f": "F", "female": "F", "m": "M", "male": "M"}.get(cell.lower())


@lru_cache(CACHED_CELLS)
def parse_age(cell: str) -> float | None:
    """Return years; None if the cell is no age, or one above `MAX_AGE`.

    >>> [parse_age(cell) for cell in ("57", "060Y", "018M", "411Y", "old")]
    [57.0, 60.0, 1.5, None, None]
    """
    match = AGE.fullmatch(cell)
    years = float(match[1]) / AGE_UNITS[match[2].upper()] if match else None
    return years if years is not None and years <= MAX_AGE else None


def parse_px(cell: str) -> float | None:
    """Return a finite number of px, |px| <= `MAX_PX`; None if the cell is none."""
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if isfinite(number) and abs(number) <= MAX_PX else None


def parse_size(cell: str) -> int | None:
    """Return the length of a side in whole px, from 1; None if the cell is none."""
    number = parse_px(cell)
    return round(number) if number is not None and number >= 1 else None


@lru_cache(CACHED_CELLS)
def split_findings(cell: str, separator: str = "") -> tuple[str, ...]:
    """Return the findings of a cell, each once, in order.

    >>> split_findings("Nodule; Mass;Nodule", ";")
    ('Nodule', 'Mass')
    """
    parts = (cell.replace(separator, SEPARATOR) if separator else cell).split(SEPARATOR)
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


# Role -> what its cells mean; the text itself for every other role.
PARSERS: dict[str, Callable[[str], object]] = {
    "split": parse_split,
    "view_position": parse_view_position,
    "age": parse_age,
    "gender": parse_gender,
    "original_width": parse_size,
    "original_height": parse_size,
}
