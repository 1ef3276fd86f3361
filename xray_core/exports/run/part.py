"""One part of a run as a file, or as several that belong together."""

from collections.abc import Mapping
from pathlib import Path

from xray_core.errors import RunError
from xray_core.exports.disk import check_free
from xray_core.exports.run.documents import (
    CSV,
    DOCUMENTS,
    EVENTS,
    PARQUET,
    SPLIT,
    make_document,
    read_checkpoint,
    read_model,
    why_absent,
)
from xray_core.exports.run.material import Material
from xray_core.files import replaced_file

WEIGHTS = {"model": read_model, "checkpoint": read_checkpoint}
# What a file reads that lies beside it: which document has it, and its name.
BESIDE = {"notebook": {"predictions": CSV, "script": SPLIT}, "script": {"script": SPLIT}}


def make_part(what: str, material: Material, out: Path, *, into: bool) -> dict[Path, bytes]:
    """Return the files that are to be written, path -> content.

    Args:
        what: "model", "checkpoint", or one of `DOCUMENTS`.
        material: of the run.
        out: a file, whose ending says of predictions whether they are CSV or Parquet; without an
            ending a new folder, where there are several files. What a notebook or a script reads
            lies beside it.
        into: whether `out` is a folder in which the files are to be, under their usual names.

    Raises:
        RunError: the run has it not, or `out` has no ending that it could have.
    """
    if what in WEIGHTS:
        usual = material.run.best_checkpoint if what == "model" else material.run.last_checkpoint
        return {out / usual.name if into else out: WEIGHTS[what](material)}
    files = make_document(DOCUMENTS[what], material)
    beside = {
        name: make_document(DOCUMENTS[document], material)[name]
        for document, name in BESIDE.get(what, {}).items()
        if not why_absent(document, material)
    }
    if beside and not into and (out.suffix or what == "notebook"):
        read = {out.with_name(name): content for name, content in beside.items()}
        return {out: files[DOCUMENTS[what].file], **read}
    files = files | beside
    if into:
        return {out / name: content for name, content in files.items()}
    if what == "predictions" and out.suffix:
        by_ending = {Path(name).suffix: name for name in (CSV, PARQUET)}
        if out.suffix not in by_ending:
            raise RunError(f"{out.name}: predictions are written as .csv or .parquet.")
        return {out: files[by_ending[out.suffix]]}
    if len(files) == 1:
        return {out: next(iter(files.values()))}
    return {out / name.removeprefix(f"{EVENTS}/"): content for name, content in files.items()}


def write_part(files: Mapping[Path, bytes]) -> list[Path]:
    """Write files, and return their paths; nothing is overwritten.

    What is there already to the byte, such as the predictions beside a second notebook, stays.

    Raises:
        DatasetError: there is another file or folder in the place of one; then none is written.
        OSError: the disk refuses.
    """
    new = {path: content for path, content in files.items() if not _holds(path, content)}
    for path in new:
        check_free(path)
    for path, content in new.items():
        with replaced_file(path) as partial:
            partial.write_bytes(content)
    return list(files)


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content
