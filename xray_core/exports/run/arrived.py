"""The files of a run that arrives, read once before it is among the others.

Hashes say that a file is the one that was listed, not that it is what its name says. What every
page would stumble over is refused here, by the file's name in the archive: the folder in which it
is looked at is gone by the time anybody reads of it.
"""

import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from xray_core.errors import OtherVersionError, RunError
from xray_core.files import open_plain, read_json, read_lines
from xray_core.records import build_record, read_table
from xray_core.runs import Run
from xray_core.runs.external import ABOUT, read_notes
from xray_core.runs.opening import OPENED, Line
from xray_core.runs.origin import FILE as ORIGIN
from xray_core.runs.origin import read_origin


def _read_predictions(run: Run) -> Any:
    """Read predictions of classes, or of masks."""
    # Evaluations on other data have no recipe of their own, and are of classes.
    has_masks = run.holds("recipe.json") and run.read_recipe().asks_masks
    return run.read_masks() if has_masks else run.read_predictions()


# What has a reader of its own; of other files only the kind is checked.
READERS: dict[str, Callable[[Run], Any]] = {
    "report.json": Run.read_report,
    "data.json": Run.read_data,
    "submission.json": Run.read_submission,
    "split.parquet": Run.read_split,
    "predictions.parquet": _read_predictions,
    "training_predictions.parquet": Run.read_training_predictions,
    "columns_predictions.parquet": Run.read_columns_predictions,
    ORIGIN: read_origin,
    ABOUT: read_notes,
}
NETWORK = ("config.json", "model.weights.h5")  # members of a .keras file


def check_files(run: Run) -> None:
    """Raise RunError if a file of a run, or of its evaluations elsewhere, is not what it says."""
    for path in sorted(run.folder.rglob("*")):
        if path.is_dir():
            continue
        if reader := READERS.get(path.name):
            reader(Run(path.parent))
            continue
        try:
            _check_kind(path)
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            raise RunError(f"{path} is damaged: {error}.") from error


@contextmanager
def name_as_archived(run: Run, archive: str) -> Iterator[None]:
    """Let an error on a file of a run that arrives name it as the archive does.

    Args:
        run: where its files are for now.
        archive: name of the file that was given.
    """
    try:
        yield
    except OtherVersionError as error:
        raise RunError(
            f"{archive}: the run was made by another version of X-ray Lab, which wrote its files "
            "in another way. No run was imported; open it with that version, or train the recipe "
            "again."
        ) from error
    except RunError as error:
        words = str(error).replace(f"{run.folder}{os.sep}", "").rstrip(".")
        raise RunError(f"{archive}: {words}. No run was imported; export it again.") from error


def _check_kind(path: Path) -> None:
    """Raise ValueError, BadZipFile or OSError unless a file is of the kind that its name says."""
    if path.suffix == ".json" and not isinstance(read_json(path), dict):
        raise ValueError("it holds no object")
    if path.suffix == ".parquet":
        with open_plain(path) as table:
            read_table(table, ())
    if path.suffix in (".keras", ".npz"):
        with open_plain(path) as file, zipfile.ZipFile(file) as archive:
            missing = set(NETWORK) - set(archive.namelist())
        if path.suffix == ".keras" and missing:
            raise ValueError(f"it holds no network: {', '.join(sorted(missing))} is missing")
    if path.name == OPENED:
        lines, n_others = read_lines(path)
        if n_others:
            raise ValueError(f"{n_others:,} of its lines are no openings")
        for line in lines:
            build_record(Line, line, "opening")
