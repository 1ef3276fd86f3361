"""Evaluations of a finished run on other datasets, beside its own.

<run>/external/<dataset>-<hash of what was asked>/
    about.json           which dataset, task and classes; what was left out, and why
    predictions.parquet  one row an image, as the run's own, with its classes
    report.json          as the run's own; its subset is "test", for nothing was chosen by it

A folder is there as a whole or not at all, whatever is killed. It is read as a `Run`.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict
from uuid import uuid4

import pandas as pd
from filelock import FileLock

from xray_core.errors import RunError
from xray_core.runs.folder import Run
from xray_core.runs.shapes import Unreadable

FOLDER, ABOUT = "external", "about.json"
LONGEST_NAME = 40  # characters of the dataset's folder in a name


class Notes(TypedDict):
    """about.json.

    Attributes:
        folder: of the dataset.
        dataset: its reader.
        task: of the dataset, by its name.
        classes: class of the task -> class of the run.
        reasons: class of the task -> why.
        counts: class of the task -> images that were evaluated.
        left_out: sentences on the images that were not, with counts.
        seen: how many of the images the run knows, and of what kind; see `runs.exposure`.
        keeps_seen: whether these were evaluated all the same.
        n_images: how many were asked for, whole patients; 0: all.
        remarks: sentences on what else is to be known.
        unreadable: files that could not be decoded.
        time: when, ISO 8601, UTC.
    """

    folder: str
    dataset: str
    task: str
    classes: dict[str, str]
    reasons: dict[str, str]
    counts: dict[str, int]
    left_out: list[str]
    seen: dict[str, int]
    keeps_seen: bool
    n_images: int
    remarks: list[str]
    unreadable: list[Unreadable]
    time: str


def list_externals(run: Run) -> list[Run]:
    """Return the folders of a run's evaluations on other datasets, newest first.

    Raises:
        RunError: the folder cannot be listed.
    """
    try:
        folders = [path for path in (run.folder / FOLDER).glob("[!.]*") if path.is_dir()]
        ordered = sorted(folders, key=lambda path: (path.stat().st_mtime_ns, path.name))
    except OSError as error:
        raise RunError(f"{run.folder / FOLDER} cannot be listed: {error.strerror}.") from error
    return [Run(path) for path in reversed(ordered)]


def read_notes(place: Run) -> dict[str, Any]:
    """Return what an evaluation was of; see `Notes`. Raises RunError."""
    return dict(place.read_record(ABOUT, Notes))


def name_external(folder: Path, asked: Mapping[str, Any]) -> str:
    """Return the name of an evaluation: the same whenever the same is asked of the same dataset."""
    words = re.sub(r"[^a-z0-9]+", "-", folder.name.lower()).strip("-")[:LONGEST_NAME] or "data"
    content = json.dumps([str(folder), asked], sort_keys=True)
    return f"{words}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"


def write_external(
    run: Run, name: str, notes: Notes, predictions: pd.DataFrame, report: Mapping[str, Any]
) -> Run:
    """Write an evaluation into its run's folder, replacing that of the same name; return it.

    Raises:
        RunError: the disk refuses.
    """
    folder = run.folder / FOLDER
    try:
        folder.mkdir(exist_ok=True)
        with FileLock(folder / ".lock"):
            for left in folder.glob(".*.partial"):  # of a process that was killed
                shutil.rmtree(left)
            draft = Run(folder / f".{uuid4().hex}.partial")
            draft.folder.mkdir()
            draft.write_table("predictions.parquet", predictions)
            draft.write_json("report.json", report)
            draft.write_json(ABOUT, notes)
            shutil.rmtree(folder / name, ignore_errors=True)
            draft.folder.rename(folder / name)
    except OSError as error:
        raise RunError(f"{folder} cannot be written to: {error.strerror or error}.") from error
    return Run(folder / name)
