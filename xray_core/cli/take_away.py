"""The commands `export` and `import`: what is handed in of a run, and a run on its way."""

import argparse
import os
from pathlib import Path
from typing import Any

from xray_core.cli.answer import Add, Answer, save_answer, show_progress
from xray_core.errors import RunError
from xray_core.typed_paths import parse_path
from xray_core.workspace import Workspace

ALL = "all"
WITH_FIGURES = ("predictions", "report", "notebook", "card")  # of the subset that may be shown
CHOICES = (ALL, "model", "checkpoint", *WITH_FIGURES, "script", "tensorboard")


def add_take_away(add: Add) -> None:
    """Add the two commands."""
    export = add("export", export_run, "Write a run, or what can be handed in of it, to a file.")
    export.add_argument("run", help="name of a run")
    export.add_argument(
        "--out",
        required=True,
        metavar="PATH",
        help="file or folder to be made; in a folder that is there, or that ends in a slash, the "
        "usual name is taken",
    )
    export.add_argument(
        "--what",
        choices=CHOICES,
        default=ALL,
        help="all: one zip, which `import` takes into another workspace",
    )
    export.add_argument("--save", type=Path, metavar="FILE", help="write the JSON there")
    take = add("import", import_archive, "Take a run that was exported into this workspace.")
    take.add_argument("file", type=parse_path, help="the zip that `export` wrote")
    take.add_argument(
        "--data", type=parse_path, metavar="FOLDER", help="the dataset that it was trained on"
    )
    take.set_defaults(datasets=("data",))


def export_run(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Write a run as one zip, or a part of it."""
    from xray_core.exports.run import write_run
    from xray_core.files import format_bytes
    from xray_core.jobs.background import note_progress
    from xray_core.runs import find_run

    run, out = find_run(workspace.runs, options.run), Path(options.out).absolute()
    into = options.out.endswith(("/", os.sep)) or out.is_dir()
    if options.what != ALL:
        return _export_part(options, workspace, out, into=into)
    if into:
        out /= f"{run.name}.zip"
    progress = note_progress(options.save) if options.save else show_progress("files")
    done = write_run(run, workspace, out, progress)
    answer = {
        "run": run.name,
        "file": str(done.file),
        "files": done.n_files,
        "bytes": done.n_bytes,
        "missing": list(done.missing),
    }
    save_answer(answer, options.save)
    lines = [f"{run.name}, {done.n_files:,} files, {format_bytes(done.n_bytes)}: {done.file}."]
    return answer, "\n".join([*lines, *(f"Not in it: {words}" for words in done.missing)])


def import_archive(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Take an exported run into the workspace."""
    from xray_core.exports.run import import_run

    done = import_run(options.file, workspace, options.data, progress=show_progress("files"))
    answer = {
        "run": done.run.name,
        "folder": str(done.run.folder),
        "name_before": done.name_before,
        "data": str(done.data.folder) if done.data.folder else None,
        "images": done.data.n_images,
        "images_there": done.data.n_there,
        "images_other": done.data.n_other,
        "files": done.n_files,
        "bytes": done.n_bytes,
        "said": list(done.said),
    }
    return answer, "\n".join([f"{done.run.name} is in this workspace.", *done.said])


def _export_part(
    options: argparse.Namespace, workspace: Workspace, out: Path, *, into: bool
) -> Answer:
    from xray_core.exports.run import make_part, write_part
    from xray_core.exports.run.material import read_material
    from xray_core.runs import find_run

    material = read_material(find_run(workspace.runs, options.run), workspace)
    try:
        written = write_part(make_part(options.what, material, out, into=into))
    except OSError as error:
        raise RunError(f"{out} cannot be written: {error.strerror or error}.") from error
    answer: dict[str, Any] = {
        "run": options.run,
        "what": options.what,
        "files": [str(path) for path in written],
        "closed": material.closed,
    }
    save_answer(answer, options.save)
    lines = [str(path) for path in written]
    if material.closed and options.what in WITH_FIGURES:
        lines.append("note: the test set is closed; figures are of the validation set.")
    return answer, "\n".join(lines)
