"""What annotation files say of a folder's images, put together from one file after the other."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from xray_core.catalog import Remark
from xray_core.datasets.reader import N_EXAMPLES
from xray_core.errors import DatasetError
from xray_core.files import format_bytes
from xray_core.paths import open_file

# Column -> dtype of the boxes; px of the frame, origin at its top left.
BOX_TYPES = {
    "path": "string",
    "finding": "string",
    "x": "float64",
    "y": "float64",
    "width": "float64",
    "height": "float64",
    "frame_width": "Int64",
    "frame_height": "Int64",
}
PEEKED = 2**16  # bytes, by which the kind of a file is told
LONGEST_NAME = 200  # characters of a class
MAX_BOXES = 5_000_000
KINDS = {
    "broken_annotation": "Annotation files left out, as they cannot be read",
    "broken_box": "Boxes left out, as they are not four numbers in the image that enclose an area",
    "box_without_image": "Boxes left out, as their image is not in the folder or not certain",
    "annotation_without_image": (
        "Images that annotation files name and that are not in the folder, or not certain"
    ),
    "repeated_box": "Boxes that came before, in the same file or another, left out",
    "unknown_class": "Boxes and labels whose class has no name: they are called by its number",
    "outline": "Outlines read as the boxes around them",
    "outline_left_out": "Outlines beside a box, not drawn",
    "predicted_box": (
        "Boxes with a confidence, which a network predicted rather than somebody drew"
    ),
    "no_class_names": "Files whose classes have no names: they are called class 0, class 1 …",
    "image_list": "Files with images and not one annotation: nothing is taken from them",
    "other_format": "Annotation files in another format, not read",
    "unread_size": "Images whose boxes are left out, as their size cannot be read",
}


@dataclass(frozen=True)
class Annotations:
    """Boxes and classes that files beside the images give.

    Attributes:
        format: "COCO", "Pascal VOC" or "YOLO".
        boxes: columns `path` and `finding`; `x`, `y`, `width`, `height` in px, origin at the top
            left; `frame_width`, `frame_height`, px of the image that they were drawn on (<NA>: of
            the file itself). Nothing is clipped.
        labels: image -> names of the classes that it is said to show, those of its boxes
            among them, in the order in which they came.
        annotated: images that the files speak of, also those without a box: none was drawn there.
        used: the annotation files that were read, sorted.
        remarks: what was left out or guessed, each with its count.
    """

    format: str
    boxes: pd.DataFrame
    labels: Mapping[str, tuple[str, ...]]
    annotated: frozenset[str]
    used: tuple[str, ...]
    remarks: tuple[Remark, ...]


class Collector:
    """Collects what the files of one format say; `finish` returns it."""

    def __init__(self, kind: str) -> None:
        self.format = kind
        self.annotated: set[str] = set()
        self.used: list[str] = []
        self._boxes: dict[tuple[object, ...], None] = {}
        self._labels: dict[str, dict[str, None]] = defaultdict(dict)
        self._counts, self._examples = Counter[str](), defaultdict[str, list[str]](list)

    @property
    def has_notes(self) -> bool:
        """Whether anything was left out or guessed."""
        return bool(self._counts)

    def note(self, kind: str, name: str, count: int = 1) -> None:
        """Count something that was left out or guessed; `kind` is one of `KINDS`."""
        self._counts[kind] += count
        examples, name = self._examples[kind], name[:LONGEST_NAME]
        if len(examples) < N_EXAMPLES and name not in examples:
            examples.append(name)

    def include(self, other: "Collector") -> None:
        """Count the files of another format, which were not read."""
        if other.used:
            self.note("other_format", f"{other.format}: {other.used[0]}", len(other.used))
        for name in other._examples["broken_annotation"]:
            self.note("broken_annotation", name, 0)
        self._counts["broken_annotation"] += other._counts["broken_annotation"]

    def add_label(self, path: str, finding: str) -> None:
        """Add a class to an image."""
        self._labels[path][finding] = None

    def add_box(
        self,
        path: str,
        finding: str,
        sides: tuple[float, float, float, float],
        frame: tuple[int, int] | None = None,
    ) -> None:
        """Add a box and its class to an image.

        Args:
            path: of the image.
            finding: the class.
            sides: x, y, width, height in px. Without an area, only the class is added.
            frame: width and height, px, of the image that it was drawn on; None for the file.
        """
        self.add_label(path, finding)
        if not all(map(math.isfinite, sides)) or min(sides[2:]) <= 0 or max(sides) <= 1:
            self.note("broken_box", path)  # fractions, too, are no px
            return
        box = (path, finding, *map(float, sides), *(frame or (None, None)))
        if box in self._boxes:
            self.note("repeated_box", path)
            return
        if len(self._boxes) == MAX_BOXES:
            raise DatasetError(f"There are more than {MAX_BOXES:,} boxes. Leave some files out.")
        self._boxes[box] = None

    def finish(self) -> Annotations:
        """Return all that was collected."""
        boxes = pd.DataFrame(list(self._boxes), columns=list(BOX_TYPES)).astype(BOX_TYPES)
        remarks = tuple(
            Remark(kind, self._counts[kind], f"{words}: {self._counts[kind]:,}.",
                   tuple(self._examples[kind]))
            for kind, words in KINDS.items()
            if self._counts[kind]
        )  # fmt: skip
        return Annotations(
            self.format,
            boxes.sort_values(["path", "x", "y"], ignore_index=True),
            {path: tuple(findings) for path, findings in sorted(self._labels.items())},
            frozenset(self.annotated),
            tuple(sorted(self.used)),
            remarks,
        )


def clean_name(name: object) -> str:
    r"""Return the name of a class in one line, without what separates names elsewhere; or "".

    >>> clean_name(" Pleural\n effusion|fluid "), clean_name(None)
    ('Pleural effusion/fluid', '')
    """
    if not isinstance(name, str | int | float) or isinstance(name, bool):
        return ""
    text = str(name).encode("utf-8", "replace").decode().replace("|", "/")
    return " ".join("".join(s if s.isprintable() else " " for s in text).split())[:LONGEST_NAME]


def read_limited(path: Path, most: int) -> bytes:
    """Return what a file holds.

    Raises:
        DatasetError: it holds more than `most` bytes, or may not be read.
        OSError: it cannot be read.
    """
    content = read_fitting(path, most, lambda start: True)
    assert content is not None  # all fit
    return content


def read_fitting(path: Path, most: int, fits: Callable[[bytes], bool]) -> bytes | None:
    """Return what a file holds; None if its first `PEEKED` bytes do not fit. Raises as above."""
    with open_file(path) as file:
        start = file.read(PEEKED)
        if not fits(start):
            return None
        content = start + file.read(max(0, most + 1 - len(start)))
    if len(content) > most:
        raise DatasetError(f"it is larger than {format_bytes(most)}")
    return content
