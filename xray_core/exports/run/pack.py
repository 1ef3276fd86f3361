"""A run as one zip that another workspace imports, with all that can be handed in of it.

    <run>/manifest.json         every file with its size and SHA-256, checked on import
    <run>/read_me.txt           what is what
    <run>/run/…                 the run folder: recipe, split, metrics, checkpoints, predictions …
    <run>/images.csv            the images of the split with their sizes, by which they are known
    <run>/report.html, …        see `documents`

Paths of this machine are cut out of the text files; tables, logs of metrics and weights are copied
byte for byte. Written under a hidden name beside it, which is renamed at the end.
"""

import hashlib
import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from xray_core.errors import RunError, XrayError
from xray_core.exports.disk import (
    check_free,
    check_space,
    forget_partial,
    partial_of,
    write_errors,
)
from xray_core.exports.run.data import INVENTORY, describe_images
from xray_core.exports.run.documents import DOCUMENTS, make_document
from xray_core.exports.run.material import Material, read_material
from xray_core.exports.run.paths import hide_in_recipe, hide_places
from xray_core.files import format_line, open_plain, read_json, read_jsonl, utc_now
from xray_core.filling import fill_alone
from xray_core.machine import read_version
from xray_core.paths import is_hidden
from xray_core.runs import Run
from xray_core.runs.explained import FOLDER as EXPLAINED
from xray_core.runs.trash import disk_use
from xray_core.workspace import Workspace

FORMAT = 1  # of the archive; goes up when an older version could not import it
MANIFEST, READ_ME, RUN = "manifest.json", "read_me.txt", "run"
KINDS = (".csv", ".json", ".jsonl", ".keras", ".npz", ".parquet", ".txt")  # in a run folder
STORED = (".parquet", ".keras", ".npz", ".zip")  # to pack these again gains next to nothing
# Of this machine's processes and queue; a run that is moved has none of these.
LEFT = ("attempt.json", "stop")
CHUNK_BYTES = 2**20


@dataclass(frozen=True)
class RunArchive:
    """A finished archive.

    Attributes:
        file: that was written.
        n_files: in it.
        n_bytes: of it.
        missing: sentences on what could not be made of the run, and why.
    """

    file: Path
    n_files: int
    n_bytes: int
    missing: tuple[str, ...]


def write_run(
    run: Run, workspace: Workspace, file: Path, progress: Callable[[int, int], None] | None = None
) -> RunArchive:
    """Write a run that has ended as a zip; see above.

    Args:
        run: whose it is.
        workspace: the folders.
        file: to be made; nothing is overwritten.
        progress: called with (files done, files in all) after each file.

    Raises:
        RunError: the run waits or is being trained, or a file of it cannot be read.
        DatasetError: there is such a file already, or the disk refuses.
    """
    status = run.read_status()
    if not status.has_ended:
        raise RunError(
            f"{run.name} is {status.state}. Stop it, or wait until it is done: what a training "
            "still writes cannot be moved."
        )
    material = read_material(run, workspace)
    with write_errors(file), fill_alone(file, "exporting to"):
        check_free(file)
        forget_partial(file)
        check_space(file.parent, disk_use(run))
        try:
            with partial_of(file).open("wb") as target:
                done = _write(material, target, progress)
            partial_of(file).rename(file)
        except BaseException:
            forget_partial(file)
            raise
    return RunArchive(file, done.n_files, file.stat().st_size, tuple(done.missing))


class _Packing:
    """A zip under way: its members, and what the manifest says of each."""

    def __init__(
        self,
        target: BinaryIO,
        top: str,
        n_expected: int,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self._zip = zipfile.ZipFile(target, "w")
        self._top, self._n_expected, self._progress = top, n_expected, progress
        self.files: dict[str, dict[str, Any]] = {}
        self.missing: list[str] = []

    @property
    def n_files(self) -> int:
        return len(self.files) + 1

    def add(self, name: str, content: BinaryIO) -> None:
        info = zipfile.ZipInfo(f"{self._top}/{name}", time.localtime()[:6])
        info.external_attr = 0o644 << 16
        is_stored = name.endswith(STORED)
        info.compress_type = zipfile.ZIP_STORED if is_stored else zipfile.ZIP_DEFLATED
        digest, n_bytes = hashlib.sha256(), 0
        with self._zip.open(info, "w", force_zip64=True) as member:
            while chunk := content.read(CHUNK_BYTES):
                digest.update(chunk)
                n_bytes += len(chunk)
                member.write(chunk)
        self.files[name] = {"bytes": n_bytes, "sha256": digest.hexdigest()}
        if self._progress is not None:
            self._progress(min(len(self.files), self._n_expected), self._n_expected)

    def close(self, manifest: dict[str, Any]) -> None:
        text = json.dumps({**manifest, "files": self.files}, indent=2)
        self._zip.writestr(f"{self._top}/{MANIFEST}", text, zipfile.ZIP_DEFLATED)
        self._zip.close()


def _write(
    material: Material, target: BinaryIO, progress: Callable[[int, int], None] | None
) -> _Packing:
    run = material.run
    paths, odd = _list_files(run)
    packing = _Packing(target, run.name, len(paths) + len(DOCUMENTS) + 2, progress)
    if odd:
        packing.missing.append(
            f"{len(odd):,} files of the run folder that no training writes: "
            f"{', '.join(odd[:3])}{' …' if len(odd) > 3 else ''}"
        )
    for path in paths:
        name = path.relative_to(run.folder).as_posix()
        try:
            with _open(path, name, material, material.places) as content:
                packing.add(f"{RUN}/{name}", content)
        except (OSError, ValueError) as error:
            raise RunError(f"{path} cannot be read: {error}. Nothing was exported.") from error
    if (inventory := describe_images(material)) is not None:
        packing.add(INVENTORY, io.BytesIO(inventory))
    for document in DOCUMENTS.values():
        try:
            made = make_document(document, material)
        except XrayError as error:
            packing.missing.append(f"{document.title}: {error}")
            continue
        for name, written in made.items():
            packing.add(name, io.BytesIO(written))
    packing.add(READ_ME, io.BytesIO(_write_read_me(material, packing).encode()))
    packing.close(
        {
            "format": FORMAT,
            "written_by": f"X-ray Lab {read_version()}",
            "run": run.name,
            "title": material.recipe.title,
            "dataset": material.recipe.dataset,
            "data": hide_in_recipe(material.recipe, material.workspace)["data_folder"],
            "state": material.status.state,
            "time": utc_now(),
        }
    )
    return packing


def _list_files(run: Run) -> tuple[list[Path], list[str]]:
    """Return the files of a run folder that are taken along, and the names of those that are not.

    What is hidden, such as locks, counts as neither; nor does what was computed by looking into the
    network, which can be computed again.
    """
    paths, odd = [], []
    for path in sorted(run.folder.rglob("*")):
        inside = path.relative_to(run.folder)
        if any(map(is_hidden, inside.parts)) or path.is_dir() or inside.as_posix() in LEFT:
            continue
        if inside.parts[0] == EXPLAINED:
            continue
        if path.suffix in KINDS and path.is_file() and not path.is_symlink():
            paths.append(path)
        else:
            odd.append(inside.as_posix())
    return paths, odd


def _open(path: Path, name: str, material: Material, places: dict[str, str]) -> BinaryIO:
    """Open a file of a run as it leaves: of text files a copy without paths."""
    if name == "recipe.json":
        return _to_json(hide_in_recipe(material.recipe, material.workspace))
    if name == "status.json":
        values = read_json(path)
        # Not "running" for ever where its process was killed; and no process goes along.
        status = replace(material.status, handle="", message=material.status.message)
        return _to_json(hide_places({**values, **asdict(status)}, places))
    if path.suffix == ".json":
        return _to_json(hide_places(read_json(path), places))
    if name == "metrics.jsonl" or path.suffix not in (".jsonl", ".txt"):
        return open_plain(path)  # a checkpoint knows the length of the log of metrics
    if path.suffix == ".jsonl":
        lines = (hide_places(line, places) for line in read_jsonl(path)[0])
        return io.BytesIO("".join(map(format_line, lines)).encode())
    return io.BytesIO(hide_places(path.read_text("utf-8", "replace"), places).encode())


def _to_json(values: Any) -> BinaryIO:
    return io.BytesIO(json.dumps(values, indent=2).encode())


def _write_read_me(material: Material, packing: _Packing) -> str:
    return str(hide_places("\n".join(_list_lines(material, packing)), material.places)) + "\n"


def _list_lines(material: Material, packing: _Packing) -> Iterator[str]:
    yield f"{material.recipe.title}, a run of X-ray Lab: {material.run.name}"
    yield "For learning, never for diagnosis."
    yield ""
    yield "To go on with it on another machine, in the app: Runs, Import a run; or"
    yield f"    python -m xray_core import {material.run.name}.zip --data FOLDER"
    yield "where FOLDER is the dataset there. The images themselves are not in this archive."
    yield ""
    for document in DOCUMENTS.values():
        if any(name.startswith(document.file) for name in packing.files):
            yield f"{document.file:22} {document.about}"
    yield f"{RUN + '/':22} the run folder, whole: it is what another workspace imports. Its"
    yield f"{'':22} predictions.parquet and report.json hold the test set, too."
    yield f"{INVENTORY:22} the images of its split, by which the dataset is known again"
    yield f"{MANIFEST:22} size and SHA-256 of every file"
    if packing.missing:
        yield ""
        yield "Not in it:"
        yield from (f"- {' '.join(words.split())}" for words in packing.missing)
    yield ""
    yield "Paths of the machine that it comes from are cut. Names that people gave (of users, in"
    yield "notes, and of those who opened the test set) are in it."
