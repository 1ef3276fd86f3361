"""The run index: one table of all runs, with what a few small files say.

<XRAY_HOME>/
    runs/<name>/notes.json   tags and note of a run, if somebody wrote any
    trash/<name>/            a run that was thrown away, whole, until the trash is emptied

The table reads a few small files of each run and never its metric log, so that hundreds of runs
take a fraction of a second; a run whose files have not changed is not read again.
"""

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from xray_core.errors import DatasetError, OtherVersionError, RunError, XrayError
from xray_core.files import read_json, stamp_file
from xray_core.recipes.titles import format_setting
from xray_core.registry import name_roots
from xray_core.runs.collection import list_runs
from xray_core.runs.evaluated import find_validated
from xray_core.runs.folder import Run
from xray_core.runs.notes import read_notes
from xray_core.runs.opening import OPENED, count_always, has_own_opening, list_opened
from xray_core.runs.origin import FILE as ORIGIN
from xray_core.runs.origin import read_origin
from xray_core.tasks import MASKS, find_task
from xray_core.workspace import Workspace

OTHER_VERSION = "other version"  # the state, in the table, of a run that this one does not read
DAMAGED = "damaged"  # the state, in the table, of a run whose own files cannot be read

REPORTED = ("accuracy", "balanced_accuracy", "auc", "dice")  # each with its interval
ENDS = {"": "value", "_low": "low", "_high": "high"}
TEST_FIGURES = [*(f"{name}{end}" for name in REPORTED for end in ENDS), "n"]
FIGURES = [*(f"val_{name}" for name in TEST_FIGURES), *TEST_FIGURES]
# The states of a run's test set; the last two have nothing to open.
CLOSED, OPEN, NO_TEST, WATCHED_TEST = "closed", "open", "none", "watched"
NOTHING_OPEN: dict[str, None] = dict.fromkeys(TEST_FIGURES)

# The table's columns and what stands in them where a run's files say nothing.
BLANK: dict[str, Any] = {
    "name": "",
    "nickname": "",
    "state": DAMAGED,
    "message": "",
    "recipe": "",
    "title": "",
    "changes": "",
    "data": "",
    "user": "",
    "sweep": "",
    "tags": (),
    "note": "",
    "created_at": "",
    "started_at": "",
    "ended_at": "",
    "epoch": 0,
    "n_epochs": 0,
    **dict.fromkeys(FIGURES),
    "test_set": "",
    "multilabel": False,
    "masks": False,
    "dataset": "",
    "folder": "",
    "task": "",
    "images": "",
    "validated": "",
    "origin": "",
}
TIMES = ["created_at", "started_at", "ended_at"]
# Whatever changes in a row changes one of these; the recipe is written once.
WATCHED = ("status.json", "notes.json", "submission.json", "report.json", ORIGIN, OPENED)


def run_table(workspace: Workspace) -> pd.DataFrame:
    """Return one row a run, newest first; reads no metric log.

    Returns:
        name; nickname, "" where it has none; state, one of `STATES`, "other version" or "damaged";
        message; recipe, title; data, the dataset's name here, or else its folder's; changes, the
        settings in which the recipe differs from its parent, e.g. "Image size, px 64"; user;
        sweep; tags (tuple of str) and note; created_at, started_at, ended_at (UTC, NaT where it
        has not happened); epoch, n_epochs. On the validation set, with the weights that are kept,
        val_accuracy, val_balanced_accuracy and val_auc, each with the ends of its 95% interval
        (`_low`, `_high`), and val_n, its images; before a run is finished val_accuracy alone. Where
        masks is true, as the task asks for them, it is val_dice instead. The
        same of the test set, without "val_", where it is open: test_set is "closed", "open",
        "none" where there is none, "watched" where it was the validation set, too, and "" where
        nothing is evaluated yet. Figures are in [0, 1], NaN where there is none. multilabel:
        whether an image may have several classes; then the AUC is the mean over the findings, and
        val_accuracy, of a run under way, the share of right labels. dataset, folder (of the data,
        links followed), task; images: how they were divided, as `_sign_images` says; "" where a
        file says it. validated: what two runs have in common that were validated on the same
        images; "" where there is no validation set. origin: where its predictions come from, in
        words, if no training here made them.
    """
    rows: list[dict[str, Any]] = []
    for run in list_runs(workspace.runs):
        folder = str(run.folder)
        row = _read_row(folder, tuple(stamp_file(f"{folder}/{name}") for name in WATCHED))
        if row["state"] == "running":  # whether its process is alive, no file says
            row = row | read_state(run)
        rows.append(row)
    closed = [row["name"] for row in rows if row["test_set"] == CLOSED]
    opened = list_opened(workspace)
    if unopened := [Run(workspace.runs / name) for name in closed if name not in opened]:
        opened |= count_always(unopened, workspace)
    for place, row in enumerate(rows):
        if row["test_set"] == CLOSED:
            rows[place] = row | ({"test_set": OPEN} if row["name"] in opened else NOTHING_OPEN)
    names = _name_data({row["data"] for row in rows}, workspace)
    known = _built.get(workspace.runs)
    if known is None or known[0] != rows or known[1] != names:
        known = _built[workspace.runs] = (rows, names, _build_table(rows, names))
        for older in list(_built)[:-N_BUILT]:
            _built.pop(older, None)
    return known[2].copy(deep=False)


# Folder of runs -> rows, names of their data, and the table of them: to build it takes ten times
# as long as to see that no row is another. Of several threads each keeps a whole one.
_built: dict[Path, tuple[list[dict[str, Any]], dict[str, str], pd.DataFrame]] = {}
N_BUILT = 4


def _build_table(rows: list[dict[str, Any]], names: dict[str, str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(BLANK))
    table["data"] = table["data"].map(names)
    for column in TIMES:
        times = pd.to_datetime(table[column], utc=True, errors="coerce", format="ISO8601")
        table[column] = times.dt.as_unit("ms")
    table[FIGURES] = table[FIGURES].astype("float64")
    table[["multilabel", "masks"]] = table[["multilabel", "masks"]].astype(bool)
    texts = [column for column, blank in BLANK.items() if blank == "" and column not in TIMES]
    return table.astype(
        {"epoch": "int64", "n_epochs": "int64", "state": "str"} | dict.fromkeys(texts, "str")
    )


def _name_data(folders: set[str], workspace: Workspace) -> dict[str, str]:
    """Return data folder -> name of the dataset here, or of the folder where none is known."""
    names: dict[Path, str | None] = {}
    with suppress(DatasetError):  # a damaged list of datasets, of which the pages of data tell
        names = name_roots(workspace, [Path(folder) for folder in folders if folder])
    return {folder: names.get(Path(folder)) or Path(folder).name for folder in folders}


def list_running(runs: Sequence[Run]) -> list[str]:
    """Return the names of those that are trained now, in the queue or past it.

    Reads their states alone, those that have not changed once: pages ask every two seconds.
    """
    return [
        run.name
        for run in runs
        if _says_running(str(run.folder), stamp_file(f"{run.folder}/status.json"))
        and read_state(run)["state"] == "running"  # whether its process is alive, no file says
    ]


@lru_cache(maxsize=4096)
def _says_running(folder: str, stamp: tuple[int, int, int] | None) -> bool:
    return _read_object(Run(Path(folder)), "status.json").get("state") == "running"


@lru_cache(maxsize=4096)
def _read_row(folder: str, stamps: tuple[tuple[int, int, int] | None, ...]) -> dict[str, Any]:
    run = Run(Path(folder))
    row = BLANK | {"name": run.name} | read_state(run)
    recipe = _read_object(run, "recipe.json")
    with suppress(XrayError):  # a task of another version
        task = find_task(str(recipe.get("task", "")))
        row |= {"multilabel": task.multilabel, "masks": task.asks == MASKS}
    data = str(recipe.get("data_folder", ""))  # what it is called here, `run_table` finds out
    row |= {"recipe": str(recipe.get("name", "")), "title": str(recipe.get("title", ""))}
    row["changes"] = _format_changes(recipe.get("changes"))
    wish = _read_object(run, "submission.json")
    row |= {"data": data, "user": str(wish.get("user", "")), "sweep": str(wish.get("sweep", ""))}
    row |= {"folder": os.path.realpath(data) if data else "", "images": _sign_images(recipe)}
    row |= {name: str(recipe.get(name, "")) for name in ("dataset", "task")}
    row["nickname"] = str(wish.get("nickname", ""))
    with suppress(RunError):  # the run's own page says that they are damaged
        row |= asdict(read_notes(run))
    with suppress(RunError):  # likewise
        origin = read_origin(run)
        if origin:
            row["origin"] = origin.words
            row["images"] = "" if origin.as_said else row["images"]
    return row | _read_figures(run, row["images"])


def _read_figures(run: Run, images: str) -> dict[str, Any]:
    """Return what the final report says; nothing of a figure that could not be computed.

    Args:
        run: the run.
        images: what stands for its validation images where its predictions cannot be read.
    """
    report = _read_object(run, "report.json")
    if report.get("subset") == "validation":
        figures = _list_figures(report, "val_")
        return {"test_set": NO_TEST, "validated": _sign_validated(run, report, images), **figures}
    if report.get("subset") != "test":
        return {}
    row = _list_figures(report, "")
    if report.get("watched"):
        return {"test_set": WATCHED_TEST, **row, **_list_figures(report, "val_")}
    row["validated"] = _sign_validated(run, report, images)
    row |= _list_figures(report.get("validation"), "val_")
    return {"test_set": OPEN if has_own_opening(run) else CLOSED, **row}


def _sign_validated(run: Run, report: dict[str, Any], images: str) -> str:
    validated = find_validated(run, report)
    return images if validated is None else validated


def _list_figures(report: Any, start: str) -> dict[str, Any]:
    row: dict[str, Any] = {}
    with suppress(KeyError, TypeError, ValueError, OverflowError):
        row[f"{start}n"] = float(report["n"])
    for name in REPORTED:
        for end, key in ENDS.items():
            with suppress(KeyError, TypeError, ValueError, OverflowError):
                row[f"{start}{name}{end}"] = float(report["metrics"][name][key])
    return row


def _sign_images(recipe: dict[str, Any]) -> str:
    """Return what a recipe says of the division of the images, as JSON."""
    split = recipe.get("split")
    settings = (
        {key: value for key, value in split.items() if key != "allow_leaks"}
        if (isinstance(split, dict))
        else {}
    )
    return json.dumps([settings, recipe.get("selection", "")], sort_keys=True)


def read_state(run: Run) -> dict[str, Any]:
    """Return what the status says, or why it cannot be read."""
    try:
        status = run.read_status()
    except OtherVersionError as error:
        values = _read_object(run, "status.json")
        times = {name: str(values.get(name, "")) for name in TIMES}
        return {"state": OTHER_VERSION, "message": str(error), **times}
    except RunError as error:
        return {"state": DAMAGED, "message": str(error)}
    told = ("state", "message", "epoch", "n_epochs", "val_accuracy", "val_dice", *TIMES)
    return {name: getattr(status, name) for name in told}


def _read_object(run: Run, name: str) -> dict[str, Any]:
    """Return a JSON object of the run; empty if it is not there or damaged."""
    try:
        values = read_json(run.folder / name)
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def _format_changes(changes: Any) -> str:
    if not isinstance(changes, dict):
        return ""
    return ", ".join(format_setting(field, _shorten(value)) for field, value in changes.items())


def _shorten(value: Any) -> Any:
    """Return a value, of the path of a file its name alone, of a run's model that of the run."""
    if not isinstance(value, str) or not Path(value).is_absolute():
        return value
    path = Path(value)
    run = Run(path.parents[1]) if len(path.parents) > 2 else None
    return run.name if run and run.best_checkpoint == path else path.name
