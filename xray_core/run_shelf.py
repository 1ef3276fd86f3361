"""The shelf of runs: one table of all of them, tags and notes, disk use, and a bin.

<XRAY_HOME>/
    runs/<name>/notes.json   tags and note of a run, if somebody wrote any
    bin/<name>/              a run that was thrown away, whole, until the bin is emptied

The table reads a few small files of each run and never its metric log, so that hundreds of runs
take a fraction of a second; a run whose files have not changed is not read again.
"""

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock, Timeout

from xray_core.errors import RunError
from xray_core.files import read_json
from xray_core.home import Home
from xray_core.runs import Run, list_runs

DAMAGED = "damaged"  # the state, in the table, of a run whose own files cannot be read
MOST_TAGS, LONGEST_TAG, LONGEST_NOTE = 20, 40, 10_000
DELETING = ".deleting-"  # begins the name of a folder in the bin that is no run any more

# The table's columns and what stands in them where a run's files say nothing.
BLANK: dict[str, Any] = {
    "name": "",
    "state": DAMAGED,
    "message": "",
    "recipe": "",
    "title": "",
    "changes": "",
    "data": "",
    "user": "",
    "group": "",
    "tags": (),
    "note": "",
    "created_at": "",
    "started_at": "",
    "ended_at": "",
    "epoch": 0,
    "n_epochs": 0,
    "val_accuracy": None,
    "accuracy": None,
    "auc": None,
    "part": "",
}
TIMES = ["created_at", "started_at", "ended_at"]
FIGURES = ["val_accuracy", "accuracy", "auc"]
# Whatever changes in a row changes one of these; the recipe is written once.
WATCHED = ("status.json", "notes.json", "submission.json", "report.json")


@dataclass(frozen=True)
class Notes:
    """What people wrote on a run.

    Attributes:
        tags: short words to find it by, each once, in the order given.
        note: free text.
    """

    tags: tuple[str, ...] = ()
    note: str = ""


def clean_tags(words: Sequence[str]) -> tuple[str, ...]:
    """Return tags without surrounding or doubled spaces, each once, none empty.

    Raises:
        RunError: one is too long, or there are too many.
    """
    tags = tuple(dict.fromkeys(tag for word in words if (tag := " ".join(word.split()))))
    if longest := next((tag for tag in tags if len(tag) > LONGEST_TAG), ""):
        raise RunError(f"The tag {longest!r} is longer than {LONGEST_TAG} signs. Shorten it.")
    if len(tags) > MOST_TAGS:
        raise RunError(f"{len(tags)} tags are too many for one run; keep to {MOST_TAGS}.")
    return tags


def read_notes(run: Run) -> Notes:
    """Return what was written on a run; empty where nothing was.

    Raises:
        RunError: the file is damaged.
    """
    if not run.holds("notes.json"):
        return Notes()
    try:
        return run.read_record("notes.json", Notes)
    except RunError as error:
        raise RunError(f"{error} Save tags and note anew.") from error


def write_notes(run: Run, notes: Notes) -> None:
    """Replace tags and note of a run.

    Raises:
        RunError: a tag or the note is too long, or there are too many tags.
    """
    if len(notes.note) > LONGEST_NOTE:
        raise RunError(
            f"The note has {len(notes.note):,} signs; keep to {LONGEST_NOTE:,}, or put the rest "
            "into a file beside the run."
        )
    run.write_json("notes.json", asdict(Notes(clean_tags(notes.tags), notes.note.strip())))


def run_table(home: Home) -> pd.DataFrame:
    """Return one row a run, newest first; reads no metric log.

    Returns:
        name; state, one of `STATES` or "damaged"; message; recipe, title, data (names);
        changes, what the recipe has otherwise than as published, e.g. "preprocess.size 64";
        user; group; tags (tuple of str) and note; created_at, started_at, ended_at (UTC, NaT
        where it has not happened); epoch, n_epochs; val_accuracy, of the epoch whose weights
        are kept; accuracy and auc of the final report, and the part that it judged, "test" or
        "validation". Figures are in [0, 1], NaN where there is none.
    """
    rows = []
    for run in list_runs(home.runs):
        folder = str(run.folder)
        row = _read_row(folder, tuple(_stamp(f"{folder}/{name}") for name in WATCHED))
        if row["state"] == "running":  # whether its process is alive, no file says
            row = row | _read_state(run)
        rows.append(row)
    table = pd.DataFrame(rows, columns=list(BLANK))
    for column in TIMES:
        times = pd.to_datetime(table[column], utc=True, errors="coerce", format="ISO8601")
        table[column] = times.dt.as_unit("ms")
    table[FIGURES] = table[FIGURES].astype("float64")
    texts = [column for column, blank in BLANK.items() if blank == "" and column not in TIMES]
    return table.astype(
        {"epoch": "int64", "n_epochs": "int64", "state": "str"} | dict.fromkeys(texts, "str")
    )


def list_running(runs: Sequence[Run]) -> list[str]:
    """Return the names of those that are trained now, in the queue or past it.

    Reads their states alone: fifteen times as fast as `run_table` in a process that is new.
    """
    return [run.name for run in runs if _read_state(run)["state"] == "running"]


def disk_use(run: Run) -> int:
    """Return the bytes of all files of a run; 0 if its folder is gone."""
    return _folder_size(str(run.folder))


def bin_run(run: Run, home: Home) -> str:
    """Move a run into the bin; return its name there.

    Raises:
        RunError: it waits or is being trained, or its folder is gone.
    """
    if not run.folder.is_dir():
        raise _gone(run.name)
    state = _read_state(run)["state"]  # a damaged one may go
    if state == "queued":
        raise RunError(f"{run.name} waits in the queue. Cancel it first, then delete it.")
    if state == "running":
        raise RunError(f"{run.name} is running. Stop it first, then delete it.")
    try:
        # Its training holds this lock to the very end. Not held while moving: Windows moves no
        # folder in which a file is open.
        with FileLock(run.folder / ".lock").acquire(timeout=0):
            pass
    except Timeout as error:
        raise RunError(
            f"{run.name} is still being trained by a process. Stop it first, then delete it."
        ) from error
    home.bin.mkdir(parents=True, exist_ok=True)
    for number in range(1, 1000):
        place = home.bin / (run.name if number == 1 else f"{run.name}-{number}")
        if place.exists():  # a run of this name was thrown away before
            continue
        try:
            run.folder.rename(place)
        except FileNotFoundError as error:
            raise _gone(run.name) from error
        return place.name
    raise RunError(f"{home.bin} holds a thousand runs called {run.name}. Empty the bin.")


def list_bin(home: Home) -> list[str]:
    """Return the names of the runs in the bin, newest first."""
    if not home.bin.is_dir():
        return []
    names = [path.name for path in home.bin.iterdir() if path.is_dir()]
    return sorted((name for name in names if not name.startswith(DELETING)), reverse=True)


def is_binned(home: Home, name: str) -> bool:
    """Whether a run called `name` lies in the bin, and no other one has its name by now."""
    return name in list_bin(home) and not (home.runs / name).exists()


def restore_run(name: str, home: Home) -> Run:
    """Take the run called `name` out of the bin.

    Raises:
        RunError: it is not in the bin, or another run has its name by now.
    """
    if name not in list_bin(home):  # it also keeps a name from leading out of the bin
        raise RunError(f"There is no run {name!r} in the bin; perhaps it was emptied meanwhile.")
    run = Run(home.runs / name)
    if run.folder.exists():
        raise RunError(f"There is a run {name!r} again. Delete that one before you restore this.")
    home.runs.mkdir(parents=True, exist_ok=True)
    try:
        (home.bin / name).rename(run.folder)
    except FileNotFoundError as error:
        raise _gone(name) from error
    return run


def bin_size(home: Home) -> int:
    """Return the bytes of all files in the bin."""
    return _folder_size(str(home.bin))


def empty_bin(home: Home) -> int:
    """Delete for good all that is in the bin; return the number of runs.

    Raises:
        OSError: the disk refuses; the runs that are left can still be restored.
    """
    names = list_bin(home)
    for name in names:
        with suppress(FileNotFoundError):  # somebody else empties or restores at this moment
            # At once out of the list: half a run must never be restored.
            (home.bin / name).rename(home.bin / f"{DELETING}{name}")
    if home.bin.is_dir():
        for path in home.bin.iterdir():
            if path.name.startswith(DELETING):
                with suppress(FileNotFoundError):
                    shutil.rmtree(path)
    return len(names)


def _gone(name: str) -> RunError:
    return RunError(f"The folder of {name} is gone; somebody else moved or deleted it.")


def _stamp(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - thousands of them: twice as fast as a Path
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


@lru_cache(maxsize=4096)
def _read_row(folder: str, stamps: tuple[tuple[int, int, int] | None, ...]) -> dict[str, Any]:
    run = Run(Path(folder))
    row = BLANK | {"name": run.name} | _read_state(run)
    recipe = _read_object(run, "recipe.json")
    data = Path(str(recipe.get("data_folder", ""))).name
    row |= {"recipe": str(recipe.get("name", "")), "title": str(recipe.get("title", ""))}
    row["changes"] = _changes_in_words(recipe.get("changes"))
    wish = _read_object(run, "submission.json")
    row |= {"data": data, "user": str(wish.get("user", "")), "group": str(wish.get("group", ""))}
    with suppress(RunError):  # the run's own page says that they are damaged
        row |= asdict(read_notes(run))
    report = _read_object(run, "report.json")
    with suppress(KeyError, TypeError, ValueError):  # a figure that could not be computed
        row["part"] = str(report["part"])
        row["accuracy"] = float(report["metrics"]["accuracy"]["value"])
        row["auc"] = float(report["metrics"]["auc"]["value"])
    return row


def _read_state(run: Run) -> dict[str, Any]:
    """Return what the status says, or "damaged" and why it cannot be read."""
    try:
        status = run.read_status()
    except RunError as error:
        return {"state": DAMAGED, "message": str(error)}
    told = ("state", "message", "epoch", "n_epochs", "val_accuracy", *TIMES)
    return {name: getattr(status, name) for name in told}


def _read_object(run: Run, name: str) -> dict[str, Any]:
    """Return a JSON object of the run; empty if it is not there or damaged."""
    try:
        values = read_json(run.folder / name)
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def _changes_in_words(changes: Any) -> str:
    if not isinstance(changes, dict):
        return ""
    return ", ".join(f"{field} {_short(value)}" for field, value in changes.items())


def _short(value: Any) -> str:
    """Return a value as words: of a file its name alone, of a run's model that of the run."""
    if not isinstance(value, str):
        return f"{value:g}" if isinstance(value, float) else str(value)
    path = Path(value)
    run = Run(path.parents[1]) if len(path.parents) > 2 else None
    return run.name if run and run.best_checkpoint == path else path.name


def _folder_size(folder: str) -> int:
    total = 0
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):  # a temporary file of a running training
                if entry.is_dir(follow_symlinks=False):
                    total += _folder_size(entry.path)
                else:
                    total += entry.stat(follow_symlinks=False).st_size
    return total
