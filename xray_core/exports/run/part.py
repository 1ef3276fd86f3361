"""One part of a run as a file, or as a folder where there are several."""

from collections.abc import Mapping
from pathlib import Path

from xray_core.errors import RunError
from xray_core.exports.disk import check_free
from xray_core.exports.run.documents import (
    CSV,
    DOCUMENTS,
    EVENTS,
    PARQUET,
    make_document,
    read_checkpoint,
    read_model,
)
from xray_core.exports.run.material import Material
from xray_core.files import replaced_file


def make_part(what: str, material: Material, out: Path) -> dict[str, bytes]:
    """Return the files that are to be written to `out`: path below it -> content.

    Args:
        what: "model", "checkpoint", or one of `DOCUMENTS`.
        material: of the run.
        out: a file, whose ending says of predictions whether they are CSV or Parquet; or a folder,
            where several files are written.

    Returns:
        With one file, whose path is empty, `out` itself is the file.

    Raises:
        RunError: the run has it not, or `out` has no ending that it could have.
    """
    if what in ("model", "checkpoint"):
        return {"": read_model(material) if what == "model" else read_checkpoint(material)}
    files = make_document(DOCUMENTS[what], material)
    if what == "predictions" and out.suffix:
        by_ending = {Path(name).suffix: name for name in (CSV, PARQUET)}
        if out.suffix not in by_ending:
            raise RunError(f"{out.name}: predictions are written as .csv or .parquet.")
        return {"": files[by_ending[out.suffix]]}
    if what == "script" and out.suffix:
        return {"": files[DOCUMENTS[what].file]}
    if len(files) == 1:
        return {"": next(iter(files.values()))}
    return {name.removeprefix(f"{EVENTS}/"): content for name, content in files.items()}


def write_part(files: Mapping[str, bytes], out: Path) -> list[Path]:
    """Write files below `out`, and return them; nothing is overwritten.

    Raises:
        DatasetError: there is something at `out` already.
        OSError: the disk refuses.
    """
    check_free(out)
    written = []
    for name, content in files.items():
        path = out / name if name else out
        with replaced_file(path) as partial:
            partial.write_bytes(content)
        written.append(path)
    return written
