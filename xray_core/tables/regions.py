"""Boxes and masks that are written into cells: lists, dicts and run lengths."""

import re
from collections.abc import Sequence
from math import isfinite

import numpy as np
import pandas as pd

from xray_core.errors import DatasetError

Box = tuple[float, float, float, float]

NO_BOX = frozenset(("", "[]", "{}", "()", "none", "nan", "null", "na", "no", "-1", "-"))
NUMPY = re.compile(r"(?:np|numpy)\.\w+\(([^()]*)\)")  # as Python writes NumPy's numbers in a list
DICT = re.compile(r"\{[^{}]*\}")
LIST = re.compile(r"[\[(][^\[\]()]*[\])]")
DIGITS = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d{1,3})?"
ENTRY = re.compile(rf"""['"]?([a-z_]\w*)['"]?\s*[:=]\s*['"]?({DIGITS})['"]?""", re.IGNORECASE)
NUMBER = re.compile(DIGITS, re.IGNORECASE)
COMMA_NUMBER = re.compile(r"[-+]?\d+,\d+")
# Key, in small letters alone -> which side it is.
SIDES = {
    **dict.fromkeys(("x", "x1", "xmin", "left", "x0"), "x1"),
    **dict.fromkeys(("y", "y1", "ymin", "top", "y0"), "y1"),
    **dict.fromkeys(("x2", "xmax", "right"), "x2"),
    **dict.fromkeys(("y2", "ymax", "bottom"), "y2"),
    **dict.fromkeys(("w", "width"), "w"),
    **dict.fromkeys(("h", "height"), "h"),
    **dict.fromkeys(("cx", "xc", "xcenter", "centerx"), "cx"),
    **dict.fromkeys(("cy", "yc", "ycenter", "centery"), "cy"),
}
MAX_CELL = 1_000_000  # characters
NO_RUNS = "-1"
SAMPLE_ROWS = 1_000
MIN_RUN_SHARE = 0.9  # of the first cells that are not blank


def parse_box_cell(cell: str, order: str = "xywh") -> list[Box] | None:
    """Return x, y, width, height of each box in a cell, in the cell's own unit.

    Lists, tuples, dicts, several of them in a list, and bare numbers are understood; a decimal
    comma where blanks or semicolons stand between the numbers. Nothing is evaluated.

    >>> parse_box_cell("[20.5, 30.0, 15.0, 20.0]"), parse_box_cell("10 20 30 50", "xyxy")
    ([(20.5, 30.0, 15.0, 20.0)], [(10.0, 20.0, 20.0, 30.0)])
    >>> parse_box_cell("[{'xmin': 1, 'ymin': 2, 'xmax': 4, 'ymax': 6}]"), parse_box_cell("none")
    ([(1.0, 2.0, 3.0, 4.0)], [])

    Args:
        cell: the text.
        order: of numbers without keys: "xywh" (width and height) or "xyxy" (two corners).

    Returns:
        No box where the cell says that there is none; None if it is not understood.
    """
    text = NUMPY.sub(r"\1", cell.strip()) if len(cell) <= MAX_CELL else "?"
    if text.lower() in NO_BOX:
        return []
    if dicts := DICT.findall(text):
        boxes = [_read_dict(entry) for entry in dicts]
        rest = DICT.sub("", text)
    elif lists := LIST.findall(text):
        boxes = [_read_numbers(entry[1:-1], order) for entry in lists]
        rest = LIST.sub("", text)
    else:
        boxes, rest = [_read_numbers(text, order)], ""
    if rest.strip("[](), \t\r\n;") or None in boxes:
        return None
    return [box for box in boxes if box is not None]


def guess_box_order(column: str, cells: pd.Series) -> str:
    """Guess the order of numbers without keys from the column's name, else from the numbers.

    Returns:
        "xywh" or "xyxy"; "" if the numbers may be either, so that a person has to say.
    """
    letters = re.sub("[^a-z0-9]", "", re.sub("^.*?box(es)?", "", column.lower()))
    if letters in ("xywh", "xminyminwidthheight", "xywidthheight", "lefttopwidthheight"):
        return "xywh"
    if letters in ("x1y1x2y2", "x0y0x1y1", "xminyminxmaxymax", "xyxy"):
        return "xyxy"
    boxes = [box for cell in cells.dropna().unique() for box in parse_box_cell(str(cell)) or ()]
    if any(third <= x or fourth <= y for x, y, third, fourth in boxes):
        return "xywh"  # a corner would not lie before the first
    return ""


def is_box_column(cells: pd.Series) -> bool:
    """Whether a column holds boxes: some, and nothing else but words for none."""
    n_boxes = 0
    for cell in cells.dropna().unique():
        boxes = parse_box_cell(str(cell))
        if boxes is None:  # at the first cell of most columns
            return False
        n_boxes += len(boxes)
    return n_boxes > 0 and not is_run_lengths(cells)


def is_run_lengths(cells: pd.Series) -> bool:
    """Whether a column holds masks as run lengths: most cells pairs of whole numbers, or -1.

    Four numbers in each cell may as well be a box, so one cell must have more, or be -1.
    """
    texts = [str(cell).strip() for cell in cells.dropna().head(SAMPLE_ROWS)]
    counts = [_count_numbers(text) for text in texts]
    fitting = [n for n in counts if n and n % 2 == 0]
    n_none = sum(text == NO_RUNS for text in texts)
    is_more = bool(n_none) or any(n != 4 for n in fitting)
    return bool(fitting) and is_more and len(fitting) + n_none >= MIN_RUN_SHARE * len(texts)


def are_relative(cells: pd.Series) -> bool:
    """Whether run lengths count from the end of the run before, as those of SIIM-ACR do.

    Where they count from the first pixel, as usual on Kaggle, each run starts behind the last one.
    """
    for cell in cells.dropna().unique():
        text = str(cell).strip()
        if text == NO_RUNS or not (n := _count_numbers(text)) or n % 2:
            continue
        numbers = np.asarray(text.split(), dtype=np.float64)
        starts, lengths = numbers[::2], numbers[1::2]
        if (starts[1:] < starts[:-1] + lengths[:-1]).any() or (starts < 1).any():
            return True
    return False


def decode_run_lengths(text: str, height: int, width: int, relative: bool) -> np.ndarray:
    """Return the mask that run lengths describe, column by column from the top left.

    Args:
        text: start and length of each run, in px; "-1" for an empty mask.
        height: of the mask, px.
        width: of the mask, px.
        relative: whether a start counts from the end of the run before (SIIM-ACR Pneumothorax
            Segmentation), or from 1 at the first pixel (usual on Kaggle).

    Returns:
        uint8 (height, width): 1 inside, 0 outside.

    Raises:
        DatasetError: the text is no run lengths, or they do not fit into the mask.
    """
    flat = np.zeros(height * width, dtype=np.uint8)
    if (plain := text.strip()) and plain != NO_RUNS:
        n_numbers = _count_numbers(plain)
        if not n_numbers or n_numbers % 2:
            raise DatasetError(
                f"{plain[:60]!r} is no list of run lengths: expected pairs of whole numbers, the "
                "start and the length of each run."
            )
        numbers = [int(number) for number in plain.split()]
        end = 0
        for start, length in zip(numbers[::2], numbers[1::2], strict=True):
            begin = end + start if relative else start - 1
            end = begin + length
            if begin < 0 or end > flat.size:
                raise DatasetError(
                    f"A run of {length:,} px from {begin:,} does not fit into a mask of "
                    f"{width} x {height} px. Give the size of the original image."
                )
            flat[begin:end] = 1
    return flat.reshape(width, height).T.copy()


def make_absolute(text: str, relative: bool) -> str | None:
    """Return run lengths that count from 1 at the first pixel; "" for an empty mask.

    >>> make_absolute("1200 5 91 5", relative=True), make_absolute("-1", relative=True)
    ('1201 5 1297 5', '')

    Args:
        text: as for `decode_run_lengths`.
        relative: as there.

    Returns:
        None if the text is no run lengths.
    """
    plain = text.strip()
    if not plain or plain == NO_RUNS:
        return ""
    n_numbers = _count_numbers(plain)
    if not n_numbers or n_numbers % 2:
        return None
    if not relative:
        return " ".join(plain.split())
    numbers = [int(number) for number in plain.split()]
    runs, end = list[str](), 0
    for start, length in zip(numbers[::2], numbers[1::2], strict=True):
        runs.append(f"{end + start + 1} {length}")
        end += start + length
    return " ".join(runs)


def _count_numbers(text: str) -> int:
    """Count the whole numbers of a text; 0 if it holds anything else."""
    words = text.split()
    whole = all(word.isascii() and word.isdigit() and len(word) <= 12 for word in words)
    return len(words) if whole else 0


def _read_dict(text: str) -> Box | None:
    sides: dict[str, float] = {}
    for key, number in ENTRY.findall(text):
        name = re.sub("[^a-z0-9]", "", key.lower())
        if side := SIDES.get(name) or SIDES.get(name.removeprefix("bbox").removeprefix("box")):
            sides.setdefault(side, float(number))
    width, height = sides.get("w"), sides.get("h")
    x, y = sides.get("x1"), sides.get("y1")
    if width is None and x is not None and "x2" in sides:
        width = sides["x2"] - x
    if height is None and y is not None and "y2" in sides:
        height = sides["y2"] - y
    if x is None and width is not None and "cx" in sides:
        x = sides["cx"] - width / 2
    if y is None and height is not None and "cy" in sides:
        y = sides["cy"] - height / 2
    return _check((x, y, width, height))


def _read_numbers(text: str, order: str) -> Box | None:
    words = [word for word in re.split(r"[;\s]+", text.strip()) if word]
    if len(words) == 4 and all(map(COMMA_NUMBER.fullmatch, words)):
        words = [word.replace(",", ".") for word in words]
    else:
        words = [word for word in re.split(r"[,;\s]+", text.strip()) if word]
    if len(words) != 4 or not all(map(NUMBER.fullmatch, words)):
        return None
    x, y, third, fourth = map(float, words)
    return _check((x, y, third - x, fourth - y) if order == "xyxy" else (x, y, third, fourth))


def _check(sides: Sequence[float | None]) -> Box | None:
    x, y, width, height = sides
    if x is None or y is None or width is None or height is None:
        return None
    return (x, y, width, height) if all(map(isfinite, (x, y, width, height))) else None
