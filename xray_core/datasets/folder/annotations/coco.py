"""COCO's JSON files: one for each subset, with all its images, classes and boxes.

Format: https://cocodataset.org/#format-data. A box is [x, y, width, height] in px,
from the top left.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeGuard

from xray_core.datasets.folder.annotations.collect import (
    LONGEST_NAME,
    PEEKED,
    Collector,
    clean_name,
    read_fitting,
)
from xray_core.datasets.folder.annotations.matching import ImageMatcher
from xray_core.errors import DatasetError
from xray_core.files import parse_json

MAX_BYTES = 128 * 2**20  # in memory it takes ten times as many
KEYS = (b'"images"', b'"annotations"', b'"categories"')
Sides = tuple[float, float, float, float]


def read_coco(root: Path, others: Sequence[str], matcher: ImageMatcher) -> Collector | None:
    """Return what the COCO files among `others` say; None if there are none.

    One that cannot be read is counted, if its beginning is that of such a file.
    """
    collected, n_files = Collector("COCO"), 0
    for file in others:
        if not file.lower().endswith(".json"):
            continue
        try:
            content = read_fitting(root / file, MAX_BYTES, _begins_as_coco)
            values = parse_json(content.removeprefix(b"\xef\xbb\xbf")) if content else None
            if not _is_coco(values):
                continue
        except (DatasetError, OSError, ValueError) as error:
            collected.note("broken_annotation", f"{file}: {error}")
        else:
            collected.used.append(file)
            _read_file(values, file, matcher, collected)
        n_files += 1
    return collected if n_files else None


def _begins_as_coco(start: bytes) -> bool:
    """Whether the beginning of a file names one of COCO's lists; two, if that is all of it."""
    return sum(key in start for key in KEYS) > (len(start) < PEEKED)


def _is_coco(content: Any) -> bool:
    """Whether JSON holds lists of images and of annotations that name images and classes."""
    if not isinstance(content, dict):
        return False
    images, notes = content.get("images"), content.get("annotations")
    if not isinstance(images, list) or not isinstance(notes, list):
        return False
    named = any(isinstance(image, dict) and "file_name" in image for image in images)
    return named and (not notes or any(isinstance(n, dict) and "image_id" in n for n in notes))


def _read_file(content: Any, file: str, matcher: ImageMatcher, collected: Collector) -> None:
    images = _list_images(content, file, collected)
    pairs = matcher.find_named((name for name, _ in images.values()), file)
    if not content["annotations"]:
        # As of a test set: nobody says that there is nothing in its images.
        collected.note("image_list", file)
        return
    for name, _ in images.values():
        if name in pairs:
            collected.annotated.add(pairs[name])
        else:
            collected.note("annotation_without_image", name)
    classes = {
        key: clean_name(category.get("name"))
        for category in _dicts(content.get("categories"))
        if (key := _key(category.get("id")))
    }
    for note in _dicts(content.get("annotations")):
        key, number = _key(note.get("image_id")), _key(note.get("category_id"))
        name, frame = images.get(key, ("", None))
        path = pairs.get(name)
        if path is None:
            collected.note("box_without_image", name or f"{file}: image {key}")
            continue
        finding = classes.get(number, "")
        if not finding:
            finding = clean_name(f"class {number}")
            collected.note("unknown_class", f"{file}: {finding}")
        _add(note, path, finding, frame, collected)


def _list_images(
    content: Any, file: str, collected: Collector
) -> dict[str, tuple[str, tuple[int, int] | None]]:
    """Return id -> name and frame of the images; an id that two of them have stands for neither."""
    images: dict[str, tuple[str, tuple[int, int] | None]] = {}
    repeated = set()
    for image in _dicts(content["images"]):
        key, name = _key(image.get("id")), image.get("file_name")
        if not key or not isinstance(name, str) or not name.strip():
            collected.note("broken_annotation", f"{file}: an image without id or name")
            continue
        if key in images and images[key][0] != name:
            repeated.add(key)
        width, height = image.get("width"), image.get("height")
        frame = (int(width), int(height)) if _is_side(width) and _is_side(height) else None
        images[key] = (name, frame)
    for key in repeated:
        collected.note("broken_annotation", f"{file}: several images have the id {key}")
        del images[key]
    return images


def _add(
    note: Mapping[str, Any],
    path: str,
    finding: str,
    frame: tuple[int, int] | None,
    collected: Collector,
) -> None:
    """Add the box of one annotation, that around its outline, or its class alone."""
    box, outline = note.get("bbox"), note.get("segmentation")
    if box:
        sides = _numbers(box)
        collected.add_box(path, finding, sides or (0, 0, 0, 0), frame)
        if outline:
            collected.note("outline_left_out", path)
    elif isinstance(outline, list) and outline:
        collected.note("outline", path)
        collected.add_box(path, finding, _around(outline) or (0, 0, 0, 0), frame)
    else:
        if outline:  # run lengths
            collected.note("outline_left_out", path)
        collected.add_label(path, finding)


def _numbers(box: Any) -> Sides | None:
    if isinstance(box, list) and len(box) == 4 and all(map(_is_number, box)):
        x, y, width, height = map(float, box)
        return x, y, width, height
    return None


def _around(outline: list[Any]) -> Sides | None:
    """Return the box around polygons, each a list of x, y, x, y …; None if they are none."""
    polygons = outline if isinstance(outline[0], list) else [outline]
    points = [value for polygon in polygons if isinstance(polygon, list) for value in polygon]
    if not points or len(points) % 2 or not all(map(_is_number, points)):
        return None
    xs, ys = points[::2], points[1::2]
    return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)


def _dicts(values: Any) -> Iterator[dict[str, Any]]:
    return (
        (value for value in values if isinstance(value, dict))
        if isinstance(values, list)
        else iter(())
    )


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_side(value: Any) -> TypeGuard[float]:
    return _is_number(value) and 1 <= value < 10**6


def _key(value: Any) -> str:
    """Return an id as text, which files write as 7, 7.0 or "7"; "" if it is none."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)[:LONGEST_NAME] if isinstance(value, int | float | str) else ""
