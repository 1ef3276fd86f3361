"""What the cells of a student's own table mean: ages, sexes, view positions, subsets, labels."""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from math import isfinite

import pandas as pd

SEPARATOR = "|"  # between the findings of an image, as the catalog has it
# Words for subsets of folders and cells, without accents; "eval" may be either of the last two.
SUBSET_WORDS = {
    **dict.fromkeys(
        ("train", "training", "trn", "entrenamiento", "entrainement", "apprentissage", "treino",
         "treinamento", "addestramento", "trainingsdaten", "egitim", "训练", "训练集", "обучение",
         "تدريب"),
        "training",
    ),
    **dict.fromkeys(
        ("val", "valid", "validation", "validate", "validacion", "dev", "validierung",
         "validierungsdaten", "validacao", "validazione", "dogrulama", "验证", "验证集",
         "валидация"),
        "validation",
    ),
    **dict.fromkeys(
        ("test", "testing", "tst", "holdout", "prueba", "pruebas", "teste", "testes", "testdaten",
         "测试", "测试集", "тест", "اختبار"),
        "test",
    ),
}  # fmt: skip
# Words that may stand beside them; any other, as in "test positive", makes it something else.
NEUTRAL_WORDS = frozenset((
    "set", "sets", "subset", "split", "part", "data", "dataset", "folder", "dir", "file", "files",
    "images", "image", "imgs", "img", "pics", "pictures", "photos", "scans", "list", "lists",
    "labels", "label", "annotations", "table", "csv", "df", "info", "meta", "metadata", "entry",
    "png", "jpg", "jpeg", "dicom", "dcm", "chest", "cxr", "cxrs", "xray", "xrays", "x", "ray",
    "rays", "radiographs", "stage", "phase", "version", "v", "ver", "new", "old", "final", "full",
    "small", "large", "resized", "original", "official", "public", "private", "internal",
    "external", "the", "of", "for", "and", "hold", "out", "de", "datos", "dados", "daten",
    "donnees", "imagenes", "imagens", "bilder", "seg",
))  # fmt: skip
COMPOUND = re.compile(
    r"(?<![a-z])(train|val|valid|test)(set|data|val|imgs|img|images|image|folder|split)"
)
AGE = re.compile(
    r"\s*0*(\d{1,6}(?:[.,]\d{1,6})?)\s*"
    r"(?:(y(?:(?:ea)?rs?)?(?: old)?|yo|jahre?|años?)|(mo?|mos|months?|monate?|mes(?:es)?)"
    r"|(w|weeks?|wochen?|semanas?)|(d|days?|tage?|d[ií]as?))?\.?\s*",
    re.ASCII | re.IGNORECASE,
)
AGE_UNITS = (1.0, 12.0, 365.25 / 7, 365.25)  # per year, in the order of the groups
NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d{1,3})?", re.ASCII | re.IGNORECASE)
DECIMAL_COMMA = re.compile(r"[-+]?\d*,\d+", re.ASCII)
# "1,234" may be either number; what has zeros before, or other than three digits behind, is plain.
THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?", re.ASCII)
VIEW_WORDS = {
    **dict.fromkeys(("PA", "POSTEROANTERIOR"), "PA"),
    **dict.fromkeys(("AP", "ANTEROPOSTERIOR"), "AP"),
    **dict.fromkeys(("LAT", "LATERAL", "LL", "LLAT", "RLAT", "SEITLICH"), "LATERAL"),
}
GENDER_WORDS = {
    **dict.fromkeys(("f", "female", "woman", "weiblich", "frau", "mujer", "femenino"), "F"),
    **dict.fromkeys(("m", "male", "man", "mannlich", "maennlich", "hombre", "varon"), "M"),
    "masculino": "M",
}
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
    plain = _strip_accents(name[:MAX_NAME])
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


@lru_cache(CACHED_CELLS)
def parse_view_position(cell: str) -> str | None:
    """Return PA, AP or LATERAL, from words such as "AP Supine", "A-P" or "L"; else None.

    None, too, for "Frontal", which may be PA or AP, for two positions at once, and for a patient
    on the side (lateral decubitus), who is imaged from the front.
    """
    plain = re.sub(r"(?<=POSTERO)\W(?=ANT)|(?<=ANTERO)\W(?=POST)", "", cell.upper())
    words = re.findall(r"[A-Z]+", re.sub(r"\b([AP])\W{1,2}(?=[AP]\b)", r"\1", plain))
    if any(word.startswith("DECUB") for word in words):
        return None
    if words == ["L"]:
        return "LATERAL"
    positions = {VIEW_WORDS[word] for word in words if word in VIEW_WORDS}
    return positions.pop() if len(positions) == 1 else None


def parse_gender(cell: str) -> str | None:
    """Return F or M, from English, German or Spanish; None if the cell says something else.

    Numbers are nobody's sex: which of 0 and 1 is which, each table decides for itself.
    """
    return GENDER_WORDS.get(_strip_accents(cell.strip()).lower())


def parse_genders(cells: pd.Series) -> pd.Series:
    """Return F, M or <NA> for each cell of a column, which decides what its letters mean.

    Beside "H" (hombre), "M" is a woman (mujer); "W" is one (weiblich, woman) beside "M".
    """
    known = {str(cell).strip().upper() for cell in cells.dropna().unique()}
    letters: dict[str, str] = {}
    if "F" not in known and known <= {"H", "M"} and "H" in known:
        letters = {"H": "M", "M": "F"}
    elif "F" not in known and known <= {"W", "M"}:
        letters = {"W": "F", "M": "M"}
    values = [
        None if pd.isna(cell) else letters.get(cell.strip().upper()) or parse_gender(cell)
        for cell in cells
    ]
    return pd.Series(values, index=cells.index, dtype="string")


@lru_cache(CACHED_CELLS)
def parse_age(cell: str) -> float | None:
    """Return years; None if the cell is no age, or one above `MAX_AGE`.

    >>> [parse_age(cell) for cell in ("57", "060Y", "018M", "6 months", "50,5", "411Y", "old")]
    [57.0, 60.0, 1.5, 0.5, 50.5, None, None]
    """
    if not (match := AGE.fullmatch(cell)):
        return None
    per_year = next((n for n, word in zip(AGE_UNITS, match.groups()[1:], strict=True) if word), 1.0)
    years = float(match[1].replace(",", ".")) / per_year
    return years if years <= MAX_AGE else None


@lru_cache(CACHED_CELLS)
def parse_number(cell: str, decimal_comma: bool = False) -> float | None:
    """Return a finite number, with a point or a comma before its decimals; None if it is none.

    >>> [parse_number(cell) for cell in ("50.5", "50,5", "1.234,5", "1,234.5", "1,234", "nan")]
    [50.5, 50.5, 1234.5, 1234.5, None, None]

    Args:
        cell: the text.
        decimal_comma: whether "1,234" is a little more than 1, as other cells of the column show;
            otherwise it may be that or 1234, and is none.
    """
    text = cell.strip().replace("\u2212", "-")  # the minus of typesetters
    if THOUSANDS.fullmatch(text) and not decimal_comma:
        if "." not in text and text.count(",") == 1:
            return None
        text = text.replace(",", "")
    elif "," in text:
        whole, _, decimals = text.rpartition(",")
        if re.fullmatch(r"[-+]?[1-9]\d{0,2}(\.\d{3})+", whole, re.ASCII):
            whole = whole.replace(".", "")
        text = f"{whole}.{decimals}" if DECIMAL_COMMA.fullmatch(f"{whole},{decimals}") else ""
    if len(text) > MAX_NAME or not NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if isfinite(number) else None


def parse_px(cell: str) -> float | None:
    """Return a finite number of px, |px| <= `MAX_PX`; None if the cell is none."""
    number = parse_number(cell)
    return number if number is not None and abs(number) <= MAX_PX else None


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


def _strip_accents(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in parts if not unicodedata.combining(sign))


# Role -> what its cells mean; the text itself for every other role.
PARSERS: dict[str, Callable[[str], object]] = {
    "split": parse_subset,
    "view_position": parse_view_position,
    "age": parse_age,
    "gender": parse_gender,
    "original_width": parse_size,
    "original_height": parse_size,
}
