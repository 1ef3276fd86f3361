"""Images of the user for a network to predict: checked, decoded and kept nowhere.

They come as bytes in memory, as files of the disk, or within a zip of either kind, and are decoded
in the children of `xray_core.bounded`. Whatever comes, each file gives one row: prepared pixels,
or the reason why there are none.
"""

import unicodedata
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xray_core.archives.looking import ZipView, is_zip, open_zip
from xray_core.archives.names import KINDS
from xray_core.bounded import map_bounded
from xray_core.errors import CostlyImageError, DatasetError, XrayError
from xray_core.files import format_bytes
from xray_core.imagefiles.other_formats import explain_unreadable
from xray_core.imagefiles.sources import Content, Source, count_bytes, open_source
from xray_core.preprocess.spec import PreprocessSpec
from xray_core.preprocess.unknown_images import prepare_here

MOST_IMAGES = 1000  # at once, those in zips included
MOST_BYTES = 100_000_000  # of one file; the largest radiograph, uncompressed, has about 50 MB
SHOWN_SIDE = 1024  # px, the longer side of what is kept for looking at
LONGEST, KEPT_END = 200, 40  # characters of a name, and how many of its end stay when it is cut
START = 8  # bytes that say what a file is
ZIP = ".zip"


@dataclass(frozen=True, eq=False)
class Upload:
    """One image of the user, or the reason why there is none.

    Attributes:
        name: that of the file, with the folders and the zip that it lies in; unique among those
            that were read together. It names nothing on the disk.
        prepared: uint8 (size, size), gray, 0 is black, as the network takes it; None where the
            file is refused.
        more: the same for each further way of preparing that was asked for.
        shown: the image as JPEG for looking at, of at most `SHOWN_SIDE` px; empty where it is
            refused or nobody looks.
        reason: why it is refused, a sentence or two; else "".
        remarks: what is odd about it, though it can be predicted; a sentence each.
    """

    name: str
    prepared: NDArray[np.uint8] | None = None
    more: tuple[NDArray[np.uint8], ...] = ()
    shown: bytes = b""
    reason: str = ""
    remarks: tuple[str, ...] = ()


def read_uploads(
    files: Sequence[tuple[str, bytes]],
    spec: PreprocessSpec | Sequence[PreprocessSpec],
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Upload]:
    """Yield a row for each file that somebody dropped, and for each within a zip, in their order.

    Nothing is written anywhere. At most `MOST_IMAGES` are read; what is beyond is counted in one
    row with the reason.

    Args:
        files: name and content of each.
        spec: the steps of the network's run; several where its networks want images prepared in
            several ways, see `runs.members.list_specs`.
        progress: called with (files done, of how many).
    """
    sources = [Content(clean_name(name), data) for name, data in files]
    return read_sources(sources, spec, progress, SHOWN_SIDE, MOST_IMAGES)


def read_sources(
    sources: Sequence[Source],
    spec: PreprocessSpec | Sequence[PreprocessSpec],
    progress: Callable[[int, int], None] | None = None,
    shown_side: int = 0,
    most: int | None = None,
) -> Iterator[Upload]:
    """Yield a row for each file, in memory or on the disk; see `read_uploads`.

    Args:
        sources: files; a zip gives a row for each file within.
        spec: likewise.
        progress: likewise.
        shown_side: px, see `Upload.shown`; 0: nobody looks.
        most: images that are read; None: all.
    """
    with ExitStack() as open_files:
        entries = _number_same(list(_list_entries(sources, open_files)))
        if most is not None and len(entries) > most:
            entries = [*entries[:most], _count_beyond(entries[most:], most)]
        specs = [spec] if isinstance(spec, PreprocessSpec) else spec
        for n_done, upload in enumerate(_decode(entries, specs, shown_side), start=1):
            if progress is not None:
                progress(n_done, len(entries))
            yield upload


def clean_name(name: str) -> str:
    r"""Return the name of a file that came from elsewhere, as it can be shown and written.

    Folders stay, with forward slashes; signs that no page and no table takes are replaced, and a
    long name loses its middle.

    >>> clean_name("a\\b.png"), clean_name("x\ny.png")
    ('a/b.png', 'x�y.png')
    """
    signs = ("�" if unicodedata.category(sign)[0] == "C" else sign for sign in name)
    cleaned = "".join(signs).replace("\\", "/").strip() or "without a name"
    if len(cleaned) <= LONGEST:
        return cleaned
    return f"{cleaned[: LONGEST - KEPT_END - 1]}…{cleaned[-KEPT_END:]}"


@dataclass(frozen=True, eq=False)
class _Entry:
    """One row to come.

    Attributes:
        name: see `Upload`.
        source: the file, or the zip that it lies in.
        inside: that zip opened, and its path there; None: it lies in none.
        reason: why it is not even read.
    """

    name: str
    source: Source | None = None
    inside: tuple[ZipView, str] | None = None
    reason: str = ""

    def read(self) -> Source:
        """Return the file; of one within a zip its content. Raises DatasetError."""
        assert self.source is not None  # it is to be read
        if self.inside is None:
            return self.source
        view, path = self.inside
        return Content(self.name, view.read(path))


def _list_entries(sources: Sequence[Source], open_files: ExitStack) -> Iterator[_Entry]:
    for source in sources:
        name = str(source)
        try:
            if name.lower().endswith(ZIP):
                yield from _list_zip(name, source, open_files)
            elif count_bytes(source) > MOST_BYTES:
                yield _Entry(name, reason=_too_long(name, count_bytes(source)))
            else:
                yield _Entry(name, source)
        except DatasetError as error:  # of the gate, or of the zip
            yield _Entry(name, reason=str(error))
        except OSError:  # whoever decodes it says why
            yield _Entry(name, source)


def _list_zip(name: str, source: Source, open_files: ExitStack) -> Iterator[_Entry]:
    file = open_files.enter_context(open_source(source))
    if not is_zip(file.read(START)):
        raise DatasetError(f"{name} is no zip, though its name says so. Make it again.")
    view = open_files.enter_context(open_zip(name, file, MOST_IMAGES))
    for path in view.paths:
        inner = clean_name(f"{name}/{path}")
        if path.lower().endswith(ZIP):
            yield _Entry(inner, reason=f"{inner} is a zip within a zip. Give it by itself.")
        elif view.count_bytes(path) > MOST_BYTES:
            yield _Entry(inner, reason=_too_long(inner, view.count_bytes(path)))
        else:
            yield _Entry(inner, source, (view, path))
    for kind, count in view.skipped.counts.items():
        examples = ", ".join(view.skipped.examples[kind])
        yield _Entry(name, reason=f"{name}: {KINDS[kind]}: {count:,}. First: {examples}.")
    if not (view.paths or view.skipped.counts):
        yield _Entry(name, reason=f"{name} is a zip without a file. Give images.")


def _too_long(name: str, n_bytes: int) -> str:
    return (
        f"{name} has {format_bytes(n_bytes)}; an image of at most {format_bytes(MOST_BYTES)} is "
        "read. Save a smaller copy."
    )


def _number_same(entries: list[_Entry]) -> list[_Entry]:
    """Return entries of which those with a name that came before have a number in theirs."""
    seen: Counter[str] = Counter()
    numbered = []
    for entry in entries:
        name = entry.name
        while seen[name]:
            seen[entry.name] += 1
            stem, point, end = entry.name.rpartition(".")
            is_suffix = bool(stem) and "/" not in end
            again = f" ({seen[entry.name]})"
            name = f"{stem}{again}{point}{end}" if is_suffix else entry.name + again
        seen[name] += 1
        numbered.append(replace(entry, name=name))
    return numbered


def _count_beyond(entries: Sequence[_Entry], most: int) -> _Entry:
    name = f"{len(entries):,} more"
    return _Entry(
        name,
        reason=f"{name} files are not read: at most {most:,} are read at once. Give them apart.",
    )


def _decode(
    entries: Sequence[_Entry], specs: Sequence[PreprocessSpec], shown_side: int
) -> Iterator[Upload]:
    settings = [asdict(spec) for spec in specs]
    # The rows of what is handed on to be decoded and of what is refused before, in their order.
    rows: deque[Upload] = deque()

    def hand_on() -> Iterator[Sequence[Any]]:
        for entry in entries:
            row = Upload(entry.name, reason=entry.reason)
            try:
                source = None if entry.reason else entry.read()
            except DatasetError as error:
                row, source = replace(row, reason=str(error)), None
            rows.append(row)
            if source is not None:
                data = source.data if isinstance(source, Content) else None
                yield str(source), data, settings, shown_side

    for outcome in map_bounded(prepare_here, hand_on(), len(entries)):
        while rows[0].reason:
            yield rows.popleft()
        yield _fill(rows.popleft(), outcome)
    yield from rows


def _fill(row: Upload, outcome: dict[str, Any] | XrayError) -> Upload:
    if not isinstance(outcome, XrayError):
        return replace(
            row,
            prepared=outcome["prepared"][0],
            more=tuple(outcome["prepared"][1:]),
            shown=outcome["shown"],
            remarks=tuple(outcome["remarks"]),
        )
    known = "" if isinstance(outcome, CostlyImageError) else explain_unreadable(row.name)
    return replace(row, reason=f"{row.name} is no image: {known}" if known else str(outcome))
