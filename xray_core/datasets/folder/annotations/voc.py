"""Pascal VOC's XML files, one for each image.

    Annotations/000001.xml    JPEGImages/000001.jpg

Format: http://host.robots.ox.ac.uk/pascal/VOC/voc2012/htmldoc/. VOC itself counts pixels from 1,
and the last one is in the box; the programs that write the format today write edges from 0. Edges
are read as they stand: x = xmin, width = xmax - xmin. Of VOC's own files a box is 1 px too far to
the right and below, and 1 px too small, which no mark on a radiograph is exact to.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers.expat import ExpatError, ParserCreate

from xray_core.datasets.folder.annotations.collect import Collector, clean_name, read_fitting
from xray_core.datasets.folder.annotations.matching import ImageMatcher
from xray_core.errors import DatasetError

MAX_BYTES = 4 * 2**20
MAX_LEVELS = 50
ROOT = "annotation"
NAMELESS = "class without a name"


class _Mark(NamedTuple):
    """One object: its class, x, y, width and height in px, and which kind of note it needs."""

    finding: str
    sides: tuple[float, float, float, float] | None
    outline: str


class _Page(NamedTuple):
    """What one XML file says: the image it names, the size of that, and the objects in it."""

    name: str
    frame: tuple[int, int] | None
    marks: list[_Mark]


def read_voc(root: Path, others: Sequence[str], matcher: ImageMatcher) -> Collector | None:
    """Return what the XML files among `others` say; None if there are none.

    Args:
        root: the dataset's folder.
        others: files in it.
        matcher: of the images.
    """
    collected = Collector("Pascal VOC")
    pages = {}
    for file in others:
        if not file.lower().endswith(".xml"):
            continue
        try:
            content = read_fitting(root / file, MAX_BYTES, _begins_as_voc)
            if content is None:
                continue
            tree = parse_xml(content)
        except (DatasetError, OSError, ValueError) as error:
            collected.note("broken_annotation", f"{file}: {error}")
            continue
        if tree.tag == ROOT:
            pages[file] = _read_page(tree)
    pairs = _find_images(pages, matcher)
    for file, page in pages.items():
        collected.used.append(file)
        if file in pairs:
            _add(page, pairs[file], collected)
            continue
        collected.note("annotation_without_image", file)
        if page.marks:
            collected.note("box_without_image", file, len(page.marks))
    return collected if collected.used or collected.has_notes else None


def parse_xml(content: bytes) -> Element:
    """Return the root of an XML document that has no document type, and so no entities.

    An entity may unpack to gigabytes, or name a file of this machine.

    Raises:
        ValueError: it is no XML, declares a document type, or is too deep.
    """
    builder, level = TreeBuilder(), 0
    parser = ParserCreate()

    def refuse(*_: Any) -> None:
        raise ValueError("it declares a document type, which annotations have no need of")

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal level
        level += 1
        if level > MAX_LEVELS:
            raise ValueError(f"it has more than {MAX_LEVELS} levels")
        builder.start(name, attributes)

    def end(name: str) -> None:
        nonlocal level
        level -= 1
        builder.end(name)

    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(content, True)
    except (ExpatError, LookupError) as error:  # the second of an unknown encoding
        raise ValueError(f"it is no XML: {error}") from error
    return builder.close()


def _begins_as_voc(start: bytes) -> bool:
    """Whether a file begins as an annotation of VOC does, in whatever encoding."""
    return b"<annotation" in start.replace(b"\0", b"")


def _read_page(tree: Element) -> _Page:
    name = (tree.findtext("filename") or tree.findtext("path") or "").strip()
    return _Page(name, _read_frame(tree), list(map(_read_mark, tree.findall("object"))))


def _read_frame(tree: Element) -> tuple[int, int] | None:
    """Return width and height of the image that the boxes were drawn on, if it is given."""
    sides = [tree.findtext(f"size/{side}", "").strip() for side in ("width", "height")]
    if not all(side.isdecimal() and side.isascii() and len(side) < 7 for side in sides):
        return None
    width, height = map(int, sides)
    return (width, height) if width and height else None


def _read_mark(tree: Element) -> _Mark:
    finding = clean_name(tree.findtext("name"))
    box, outline = tree.find("bndbox"), tree.find("polygon")
    if box is not None:
        edges = [_read_number(box.findtext(edge)) for edge in ("xmin", "ymin", "xmax", "ymax")]
        left, top, right, bottom = edges
        words = "" if outline is None else "outline_left_out"
        return _Mark(finding, (left, top, right - left, bottom - top), words)
    if outline is not None:
        xs, ys = ([*_read_points(outline, axis)] or [float("nan")] for axis in "xy")
        around = min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)
        return _Mark(finding, around, "outline")
    return _Mark(finding, None, "")


def _read_points(outline: Element, axis: str) -> Iterator[float]:
    """Yield x1, x2 … of a polygon, or the x of its points."""
    for element in outline.iter():
        if element.tag.rstrip("0123456789") == axis and not len(element):
            yield _read_number(element.text)


def _read_number(text: str | None) -> float:
    """Return a number; NaN where the text is none."""
    try:
        return float(text or "nan")
    except ValueError:
        return float("nan")


def _find_images(pages: Mapping[str, _Page], matcher: ImageMatcher) -> dict[str, str]:
    """Return XML file -> image: of the same name, as VOC pairs them, else the one it names."""
    pairs = matcher.pair_files(pages)
    taken = set(pairs.values())
    bare = Counter(_bare(page.name) for file, page in pages.items() if file not in pairs)
    for file, page in pages.items():
        if file in pairs or not page.name or bare[_bare(page.name)] > 1:
            continue
        path = matcher.find_named([page.name], file).get(page.name)
        if path is not None and path not in taken:
            pairs[file] = path
            taken.add(path)
    return pairs


def _bare(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2].lower()


def _add(page: _Page, path: str, collected: Collector) -> None:
    """Add what an XML file says of an image."""
    collected.annotated.add(path)
    for mark in page.marks:
        if not mark.finding:
            collected.note("unknown_class", path)
        finding = mark.finding or NAMELESS
        if mark.outline:
            collected.note(mark.outline, path)
        if mark.sides is None:
            collected.add_label(path, finding)
        else:
            collected.add_box(path, finding, mark.sides, page.frame)
