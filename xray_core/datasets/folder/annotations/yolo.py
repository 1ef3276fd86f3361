"""YOLO's text files, one for each image, with a line for each box.

    data.yaml (or classes.txt, obj.names)    names of the classes
    train/images/1.jpg                       train/labels/1.txt: 0 0.50 0.41 0.20 0.25

A line is the number of a class, then centre, width and height as fractions of the image's; or the
number and the corners of an outline. Format: https://docs.ultralytics.com/datasets/detect/.
"""

import math
import posixpath
from collections.abc import Sequence
from pathlib import Path

from xray_core.datasets.folder.annotations.class_names import find_names, is_list
from xray_core.datasets.folder.annotations.collect import Collector, read_limited
from xray_core.datasets.folder.annotations.matching import ImageMatcher
from xray_core.datasets.folder.names import without_suffix
from xray_core.errors import DatasetError, XrayError
from xray_core.imagefiles.images import read_sizes

MAX_BYTES = 2**20
LABEL_FOLDERS = ("labels", "label", "annotations", "annotation", "yolo", "txt", "obj_train_data")
N_BOX, N_PREDICTED, N_OUTLINE = 5, 6, 7  # numbers in a line; of an outline, at least
MARGIN = 0.01  # by which rounding may lead beyond the image
N_TRIED = 50  # files with text in them, of which one has to be of this format
Line = tuple[int, tuple[float, ...]]  # number of the class, fractions


def read_yolo(
    root: Path, images: Sequence[str], others: Sequence[str], matcher: ImageMatcher
) -> Collector | None:
    """Return what the text files among `others` say; None if they are of another kind.

    Args:
        root: the dataset's folder.
        images: image files in it that are no masks.
        others: other files.
        matcher: of `images`.
    """
    beside = {without_suffix(path).lower() for path in images}
    files = [file for file in others if _may_be_labels(file, beside)]
    collected = Collector("YOLO")
    lines, texts = _read_files(root, files, collected)
    if not lines or texts > sum(map(bool, lines.values())):
        return None  # reports or lists, rather than boxes
    names = find_names(root, others)
    if not any(lines.values()) and not names.files:
        return None  # empty files, which may be of any kind
    pairs = matcher.pair_files(lines)
    marked = [pairs[file] for file, rows in lines.items() if rows and pairs.get(file)]
    sizes = dict(zip(marked, read_sizes([root / path for path in marked]), strict=True))
    for file, rows in lines.items():
        path = pairs.get(file)
        if path is None and rows:
            collected.note("annotation_without_image", file)
            collected.note("box_without_image", file, len(rows))
        if path is None:
            continue  # an empty file of no image says nothing
        collected.used.append(file)
        collected.annotated.add(path)
        if rows:
            _add(path, sizes[path], rows, names.of(file), collected)
        if rows and not names.of(file):
            collected.note("no_class_names", file)
    collected.used += names.files
    return collected


def _may_be_labels(file: str, beside: set[str]) -> bool:
    """Whether a text file lies in a folder of labels, or beside an image of its name."""
    stem, suffix = posixpath.splitext(file.lower())
    if suffix != ".txt" or is_list(file):
        return False
    return stem in beside or any(part in LABEL_FOLDERS for part in stem.split("/")[:-1])


def _read_files(
    root: Path, files: Sequence[str], collected: Collector
) -> tuple[dict[str, list[Line]], int]:
    """Return file -> its lines, and how many files hold other text.

    It looks no further once the first files with text in them are all of another kind.
    """
    lines: dict[str, list[Line]] = {}
    others = 0
    for file in files:
        try:
            text = read_limited(root / file, MAX_BYTES).decode("utf-8-sig", "replace")
        except (DatasetError, OSError) as error:
            collected.note("broken_annotation", f"{file}: {error}")
            continue
        rows = [row for row in text.splitlines() if row.strip()]
        parsed = [line for line in map(_parse_line, rows) if line]
        if rows and not parsed:
            others += 1
            collected.note("broken_annotation", f"{file}: {rows[0].strip()[:50]!r} is no box")
        elif len(parsed) < len(rows):
            collected.note("broken_box", file, len(rows) - len(parsed))
        if parsed or not rows:
            lines[file] = parsed
        if others >= N_TRIED and not any(lines.values()):
            return {}, others
    return lines, others


def _parse_line(row: str) -> Line | None:
    """Return a class's number and its fractions; None for a line of another kind."""
    number, *cells = row.replace(",", " ").split()
    try:
        values = tuple(map(float, cells))
        kind = float(number)
    except ValueError:
        return None
    if not 0 <= kind < 10_000 or kind != int(kind) or len(values) + 1 < N_BOX:
        return None
    if not all(math.isfinite(value) and -MARGIN <= value <= 1 + MARGIN for value in values):
        return None
    is_outline = len(values) + 1 >= N_OUTLINE and len(values) % 2 == 0
    return (int(kind), values) if is_outline or len(values) + 1 <= N_PREDICTED else None


def _add(
    path: str,
    size: tuple[int, int] | XrayError,
    rows: Sequence[Line],
    names: Sequence[str],
    collected: Collector,
) -> None:
    """Add the boxes of one image, in px of its file."""
    if isinstance(size, XrayError):
        collected.note("unread_size", path)
    for number, values in rows:
        finding = names[number] if number < len(names) else ""
        if not finding:
            finding = f"class {number}"
            if names:
                collected.note("unknown_class", f"{path}: {finding}")
        if len(values) + 1 >= N_OUTLINE:
            collected.note("outline", path)
        elif len(values) + 1 == N_PREDICTED:
            collected.note("predicted_box", path)
        if isinstance(size, XrayError):
            collected.add_label(path, finding)
        else:
            collected.add_box(path, finding, _to_px(values, size))


def _to_px(values: Sequence[float], size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Return x, y, width and height in px of a box or of that around an outline."""
    width, height = size
    if len(values) + 1 >= N_OUTLINE:
        xs, ys = values[::2], values[1::2]
        x, y, w, h = min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)
    else:
        centre_x, centre_y, w, h = values[:4]
        x, y = centre_x - w / 2, centre_y - h / 2
    return x * width, y * height, w * width, h * height
