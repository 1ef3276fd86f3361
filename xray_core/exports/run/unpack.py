"""A run that was exported elsewhere, taken into this workspace: checked, and bound to its dataset.

Nothing in the archive is believed. Names, sizes and links are checked as those of any archive; then
every file against the manifest; then each is read as those of any run are (arrived.py). Files
that no run has are refused, and nothing is ever unpickled: tables are Parquet, checkpoints NumPy
without pickle, a model is loaded by a training or a prediction in Keras' safe mode.
The run appears in the list as a whole or not at all.
"""

import hashlib
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from xray_core.archives.members import Archive, open_archive
from xray_core.archives.names import Skipped
from xray_core.errors import DatasetError, RunError
from xray_core.exports.run.arrived import check_files, name_as_archived
from xray_core.exports.run.data import INVENTORY, FoundData, compare_data, find_data
from xray_core.exports.run.pack import CHUNK_BYTES, FORMAT, KINDS, LEFT, MANIFEST, RUN
from xray_core.exports.run.paths import OF_RUN, WORKSPACE
from xray_core.files import MAX_JSON_BYTES, parse_json, read_at_most, read_json
from xray_core.paths import can_name_file
from xray_core.records import build_record
from xray_core.runs import Run
from xray_core.runs.opening import adopt_openings
from xray_core.typed_paths import name_folder
from xray_core.workspace import Workspace

MAX_FILES = 20_000  # of an archive; a run has some dozens, and one for each epoch
NEEDED = (f"{RUN}/recipe.json", f"{RUN}/status.json")
NAME = re.compile(r"[^/\\\x00-\x1f]{1,200}")


@dataclass(frozen=True)
class Entry:
    """What the manifest says of a file."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """manifest.json; see `pack`.

    Attributes:
        format: of the archive.
        written_by: program and version.
        run: its name where it comes from.
        title: of its recipe.
        dataset: reader of its dataset.
        data: name of the dataset's folder.
        state: one of `runs.STATES`.
        time: of the export, ISO 8601, UTC.
        files: path below the archive's only folder -> what it is.
    """

    format: int
    written_by: str
    run: str
    title: str
    dataset: str
    data: str
    state: str
    time: str
    files: dict[str, Entry]


@dataclass(frozen=True)
class Imported:
    """A run that was taken in.

    Attributes:
        run: here.
        name_before: that it had where it comes from.
        data: its dataset here.
        n_files, n_bytes: of the run.
        said: sentences on what is to be known.
    """

    run: Run
    name_before: str
    data: FoundData
    n_files: int
    n_bytes: int
    said: tuple[str, ...]


def read_manifest(file: Path) -> Manifest:
    """Return what an archive says that it holds; nothing else of it is read.

    Raises:
        RunError: it is no archive of a run, or one of a later version.
    """
    try:
        return _read(file, None)[0]
    except DatasetError as error:
        raise _refusal(file, error) from error


def import_run(
    file: Path,
    workspace: Workspace,
    data: Path | None = None,
    by: str = "",
    progress: Callable[[int, int], None] | None = None,
) -> Imported:
    """Take a run out of an archive into the workspace.

    Args:
        file: as `pack.write_run` wrote it.
        workspace: the folders.
        data: the run's dataset here; None to look for it among those of the workspace.
        by: who imports it, as typed.
        progress: called with (files done, files in all) after each file.

    Raises:
        RunError: the archive is damaged, was changed, holds what no run has, or is of a later
            version.
        DatasetError: `data` is not the run's dataset, or the disk refuses.
    """
    workspace.runs.mkdir(parents=True, exist_ok=True)
    partial = workspace.runs / f".{uuid4().hex}.partial"
    try:
        partial.mkdir()
        try:
            manifest, inventory = _read(file, partial, progress)
        except DatasetError as error:
            raise _refusal(file, error) from error
        run = Run(partial / RUN)
        with name_as_archived(run, file.name):
            there = _bind(run, manifest, inventory, workspace, data)
        run.append_event("imported", f"Imported from {file.name}, of {manifest.time}.", by)
        placed = _place(run, manifest.run, workspace)
        adopt_openings(placed, workspace)  # who has seen its test set, has seen it here as well
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    said = [there.describe(manifest.data)]
    if placed.name != manifest.run:
        said.insert(0, f"There is a run {manifest.run} already: this one is called {placed.name}.")
    of_run = [entry for name, entry in manifest.files.items() if name.startswith(f"{RUN}/")]
    n_bytes = sum(entry.bytes for entry in of_run)
    return Imported(placed, manifest.run, there, len(of_run), n_bytes, tuple(said))


def _read(
    file: Path, folder: Path | None, progress: Callable[[int, int], None] | None = None
) -> tuple[Manifest, bytes]:
    """Return the manifest and the inventory; write the run's files below `folder`, checked.

    Args:
        file: the archive.
        folder: None to read the manifest alone.
        progress: see `import_run`.
    """
    with open_archive(file) as archive:
        manifest = _find_manifest(file, archive)
    _check_manifest(file, manifest)
    if folder is None:
        return manifest, b""
    inventory, skipped, left = b"", Skipped(), dict(manifest.files)
    with open_archive(file) as archive:
        for member in archive.members(folder, skipped):
            top, _, name = member.path.partition("/")
            if name == MANIFEST:
                continue
            entry = left.pop(name, None)
            if top != manifest.run or entry is None:
                raise RunError(f"{file.name} holds {member.path[:200]!r}, which its list has not.")
            keeps = name == INVENTORY or name.startswith(f"{RUN}/")
            target = folder / name if keeps else None
            if _copy(member.content, target, entry.bytes) != entry.sha256:
                raise RunError(
                    f"{file.name} is damaged or was changed: {name} is not the file that was "
                    "exported. Export the run again."
                )
            if progress is not None:
                progress(len(manifest.files) - len(left), len(manifest.files))
    if skipped.counts or left:
        reasons = [remark.message for remark in skipped.remarks()]
        lost = [f"{name} is missing." for name in list(left)[:3]]
        raise RunError(f"{file.name} is damaged or was changed: {' '.join(reasons + lost)}")
    if (folder / INVENTORY).is_file():
        inventory = (folder / INVENTORY).read_bytes()
    return manifest, inventory


def _find_manifest(file: Path, archive: Archive) -> Manifest:
    for number, member in enumerate(archive.members(Path("run"), Skipped())):
        if number > MAX_FILES:
            break
        if member.path.count("/") == 1 and member.path.endswith(f"/{MANIFEST}"):
            try:
                values = parse_json(read_at_most(member.content, MAX_JSON_BYTES))  # type: ignore[arg-type]
                return build_record(Manifest, values, MANIFEST)
            except ValueError as error:
                raise RunError(f"{file.name} is damaged: {error}.") from error
    raise RunError(
        f"{file.name} is no exported run: it has no {MANIFEST}. Export one with `xray export RUN "
        "--out FILE.zip`, or on the page Evaluate, Take away."
    )


def _check_manifest(file: Path, manifest: Manifest) -> None:
    """Raise RunError unless a run can be made of what is listed."""
    if manifest.format != FORMAT:
        raise RunError(
            f"{file.name} was written by {manifest.written_by[:60]}, in format {manifest.format}; "
            f"this version reads format {FORMAT}. Update X-ray Lab on this machine."
        )
    name = manifest.run
    if not NAME.fullmatch(name) or name.startswith(".") or not can_name_file(name):
        raise RunError(f"{file.name}: {name[:60]!r} can name no run.")
    if missing := [path for path in NEEDED if path not in manifest.files]:
        raise RunError(f"{file.name} is no whole run: it lacks {', '.join(missing)}.")
    if len(manifest.files) > MAX_FILES:
        raise RunError(f"{file.name} lists {len(manifest.files):,} files, which no run has.")
    strange = [
        path
        for path in manifest.files
        if path.startswith(f"{RUN}/")
        and (not path.endswith(KINDS) or path.removeprefix(f"{RUN}/") in LEFT)
    ]
    if strange:
        raise RunError(f"{file.name} holds {strange[0][:200]!r}, which no run has.")


def _copy(content: Any, target: Path | None, most: int) -> str:
    """Return the SHA-256 of a member; write it, where there is a target, up to its listed size."""
    digest, n_bytes = hashlib.sha256(), 0
    if target is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
        sink = target.open("wb")
    else:
        sink = None
    try:
        while chunk := content.read(CHUNK_BYTES):
            n_bytes += len(chunk)
            if n_bytes > most:
                return ""  # longer than it may be
            digest.update(chunk)
            if sink is not None:
                sink.write(chunk)
    finally:
        if sink is not None:
            sink.close()
    return digest.hexdigest() if n_bytes == most else ""


def _bind(
    run: Run, manifest: Manifest, inventory: bytes, workspace: Workspace, data: Path | None
) -> FoundData:
    """Write the dataset of this workspace into a run's files; return what was found of it.

    Raises:
        RunError: a file of the run is damaged, or of another version.
        DatasetError: `data` is another dataset.
    """
    recipe = run.read_recipe()
    status = run.read_stored_status()
    if not status.has_ended:
        raise RunError(f"{manifest.run} is {status.state}; only a run that has ended is moved.")
    check_files(run)
    try:
        there = _find(run, manifest, inventory, workspace, data)
    except ValueError as error:  # a damaged inventory
        raise RunError(f"{INVENTORY} is damaged: {error}.") from error
    # Where it is not here yet: the place that a dataset of this name has once it is put there.
    folder = str(there.folder or workspace.data / (name_folder(manifest.data) or "data"))
    values = read_json(run.folder / "recipe.json")
    values["data_folder"] = folder
    values["weights"] = _place_weights(recipe.weights, workspace)
    if "weights" in values.get("changes", {}):
        values["changes"]["weights"] = values["weights"]
    run.write_json("recipe.json", values)
    run.read_recipe()  # whatever was written can be read
    if run.holds("data.json"):
        run.write_json("data.json", {**run.read_data(), "folder": folder})
    if run.holds("submission.json"):
        wish = run.read_submission()
        run.write_submission(replace(wish, rank=0.0, paused=False, priority=0, sweep=""))
    run.write_status(replace(status, handle=""))
    return there


def _find(
    run: Run, manifest: Manifest, inventory: bytes, workspace: Workspace, data: Path | None
) -> FoundData:
    recipe = run.read_recipe()
    if not run.holds("split.parquet"):  # it ended before it had one
        there = FoundData(None, 0)
        return there if data is None else FoundData(data.resolve(), 0)
    split = run.read_split()
    if "path" not in split:
        raise RunError(f"{manifest.run} has a split without paths of images: it is damaged.")
    if data is not None:
        return compare_data(recipe, data, split, inventory, workspace)
    return find_data(recipe, manifest.data, split, inventory, workspace)


def _place_weights(weights: str, workspace: Workspace) -> str:
    """Return where the checkpoint of an earlier run is, once that is imported as well."""
    if OF_RUN.fullmatch(weights):
        return str(workspace.folder / weights.removeprefix(f"{WORKSPACE}/"))
    return weights


def _place(run: Run, name: str, workspace: Workspace) -> Run:
    """Move a run among the others, under a name that no run has, in the trash neither."""
    for number in range(1, 1000):
        wanted = name if number == 1 else f"{name}-{number}"
        target = workspace.runs / wanted
        if target.exists() or (workspace.trash / wanted).exists():
            continue
        try:
            run.folder.rename(target)
        except OSError:
            if not target.exists():  # another process did not come first: the disk refuses
                raise
            continue
        return Run(target)
    raise RunError(f"{workspace.runs} holds a thousand runs called {name}.")


def _refusal(file: Path, error: DatasetError) -> RunError:
    words = str(error).split(" If you trust it")[0].split(" Download it again")[0]
    return RunError(f"{words.rstrip('.')}. No run was imported; export it again.")
