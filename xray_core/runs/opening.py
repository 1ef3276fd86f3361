"""Who has opened which test set, when, and how often: a test set is one only while nobody looks.

<XRAY_HOME>/openings.jsonl    one line an opening: time, by, run, how, and of which data and task
<run>/opened.jsonl            the run's own opening, which moves with its folder

A run is opened once, however often and from however many windows it is clicked. The line of the
workspace is written first: whatever is killed between the two, no look goes uncounted.
"""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from filelock import FileLock

from xray_core.errors import RunError
from xray_core.files import (
    append_line,
    append_lines,
    read_lines,
    stamp_file,
    utc_now,
)
from xray_core.records import build_record
from xray_core.runs.always_open import read_always, read_always_open
from xray_core.runs.folder import Run
from xray_core.workspace import Workspace, clean_user

OPENED = "opened.jsonl"
HOWS = ("click", "command", "always")  # "always": by the setting of the workspace
LOCK_SECONDS = 20.0


@dataclass(frozen=True)
class Opening:
    """One opening of a test set.

    Attributes:
        time: ISO 8601, UTC.
        by: whose name; "" if nobody said.
        run: name of the run whose figures were shown.
        how: one of `HOWS`.
        external: whether the run was trained on other data, and evaluated on this.
    """

    time: str
    by: str
    run: str
    how: str
    external: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class Line(Opening):
    """A line of openings.jsonl: an opening, and of what.

    Attributes:
        folder: of the dataset, links followed.
        task: by its name.
    """

    folder: str
    task: str


def needs_opening(report: Mapping[str, Any]) -> bool:
    """Whether a report has figures of a test set on which nothing was chosen."""
    return report.get("subset") == "test" and not report.get("watched")


def open_test(run: Run, workspace: Workspace, by: str = "", how: str = "click") -> bool:
    """Open the test set of a finished run, and write down that it was.

    Args:
        run: with a report.
        workspace: the folders.
        by: who opens it; "" if nobody said.
        how: one of `HOWS`.

    Returns:
        Whether this counts as an opening: not where it is open already, or nothing was closed.

    Raises:
        RunError: it has no report, or the disk refuses.
    """
    if how not in HOWS:
        raise ValueError(f"how is {how!r}; it is one of: {', '.join(HOWS)}")
    if not needs_opening(run.read_report()):
        return False
    line = _build_line(run, by, how)
    try:
        return bool(_write_openings([(run, line)], workspace))
    except OSError as error:
        raise RunError(f"The opening cannot be written down: {error.strerror or error}.") from error


def note_external(
    run: Run, folder: Path, task: str, workspace: Workspace, by: str = "", how: str = "click"
) -> bool:
    """Count an evaluation on another dataset as an opening of that: it was asked for to be seen.

    Returns:
        Whether it counts: the same run on the same data and task counts once.

    Raises:
        RunError: the disk refuses.
    """
    line = Line(utc_now(), by, run.name, how, _follow(str(folder)), task, external=True)
    try:
        with _lock(workspace):
            keys = {_key(old) for old in _read_lines(workspace) if old.run == run.name}
            if _key(line) in keys:
                return False
            append_line(workspace.openings, asdict(line), lasting=True)
    except OSError as error:
        raise RunError(f"The opening cannot be written down: {error.strerror or error}.") from error
    return True


def adopt_openings(run: Run, workspace: Workspace) -> int:
    """Count the openings that a run brought along from another workspace; return how many are new.

    They count for the data and task that its recipe names here; a look that is counted there
    already, by the same person at the same moment, is the same one.

    Raises:
        RunError: its recipe is damaged, or the disk refuses.
    """
    recipe, own = run.read_recipe(), _read_log(str(run.folder / OPENED)).lines
    place = _follow(recipe.data_folder)
    try:
        with _lock(workspace):
            known = {
                _look(old)
                for old in _read_lines(workspace)
                if _key(old) == (place, recipe.task) and not old.external
            }
            new = [line for line in own if _look(line) not in known]
            for old in new:
                line = Line(old.time, old.by, run.name, old.how, place, recipe.task)
                append_line(workspace.openings, asdict(line), lasting=True)
    except OSError as error:
        raise RunError(f"The opening cannot be written down: {error.strerror or error}.") from error
    return len(new)


def is_open(run: Run, workspace: Workspace) -> bool:
    """Whether the test figures of a run may be shown: it was opened, or all always are.

    Where all are, to ask counts as an opening: whoever asks can show them.
    """
    if has_own_opening(run) or run.name in list_opened(workspace):
        return True
    with suppress(RunError):  # without a report there is nothing to show
        if read_always_open(workspace) and needs_opening(run.read_report()):
            return run.name in count_always([run], workspace)
    return False


def count_always(runs: Sequence[Run], workspace: Workspace) -> frozenset[str]:
    """Count the runs whose figures can be seen because every test set is always open here.

    An opening is written down once for each run, all in one go, in the name of who let all test
    sets lie open.

    Args:
        runs: finished, with a test set that was not watched.
        workspace: the folders.

    Returns:
        The names of those that are open by it: none where test sets are not always open, nor where
        it cannot be written down, for then nobody could know of the look.
    """
    with suppress(RunError, OSError):  # who opens one alone is told
        setting = read_always(workspace)
        if not setting.always_open:
            return frozenset()
        lines = [(run, _build_always(run, setting.by)) for run in runs]
        _write_openings(lines, workspace)
        return frozenset(run.name for run in runs)
    return frozenset()


def _build_line(run: Run, by: str, how: str) -> Line:
    recipe = run.read_recipe()
    return Line(utc_now(), by, run.name, how, _follow(recipe.data_folder), recipe.task)


def _build_always(run: Run, by: str) -> Line:
    with suppress(RunError):  # of what data, a damaged recipe does not say; the look counts
        return _build_line(run, by, "always")
    return Line(utc_now(), by, run.name, "always", folder="", task="")


def _write_openings(lines: Sequence[tuple[Run, Line]], workspace: Workspace) -> list[Line]:
    """Write down the openings of those that are closed, and return those that nobody counted."""
    with _lock(workspace):
        lines = [(run, line) for run, line in lines if not has_own_opening(run)]
        known = {old.run: old for old in reversed(_read_lines(workspace)) if not old.external}
        new = [line for _, line in lines if line.run not in known]
        if new:
            append_lines(workspace.openings, [asdict(line) for line in new], lasting=True)
        for run, line in lines:
            append_line(run.folder / OPENED, asdict(known.get(run.name, line)), lasting=True)
    return new


def has_own_opening(run: Run) -> bool:
    """Whether a run's own folder says that its test set was opened; not so if it is damaged."""
    with suppress(RunError):  # whoever opens it is told
        return bool(_read_log(str(run.folder / OPENED)).lines)
    return False


def list_opened(workspace: Workspace) -> frozenset[str]:
    """Return the names of the runs that were opened, as the workspace has written it down.

    Of a log that cannot be read none is; whoever opens one is told.
    """
    with suppress(RunError):
        return _name_opened(str(workspace.openings), stamp_file(str(workspace.openings)))
    return frozenset()


def find_opening(run: Run, workspace: Workspace) -> Opening | None:
    """Return the opening of a run; None where it is closed, or open by the setting alone."""
    lines = [line for line in _read_lines(workspace) if _is_of(line, run.name)]
    lines += _read_log(str(run.folder / OPENED)).lines
    return lines[0] if lines else None


def openings_of(run: Run, workspace: Workspace) -> list[Opening]:
    """Return every opening of the test set of a run's data and task, by whatever run, in order.

    Raises:
        RunError: the recipe of the run cannot be read.
    """
    recipe = run.read_recipe()
    lines = openings_on(recipe.data_folder, recipe.task, workspace)
    if not any(_is_of(line, run.name) for line in lines) and (own := find_opening(run, workspace)):
        # Brought along from another workspace, or of the run that this one was imported from.
        lines = [line for line in lines if line.external or _look(line) != _look(own)]
        lines.append(replace(own, run=run.name))
    return sorted(lines, key=lambda line: line.time)


def openings_on(folder: str, task: str, workspace: Workspace) -> list[Opening]:
    """Return every opening of the test set of a dataset, in one task, in order."""
    key = (_follow(folder), task)
    lines: list[Opening] = [
        line for line in _read_lines(workspace) if (line.folder, line.task) == key
    ]
    return lines


def list_openings(workspace: Workspace) -> list[Line]:
    """Return every opening in the workspace, and of what, in the order written."""
    return list(_read_lines(workspace))


def count_damaged(workspace: Workspace) -> int:
    """Return how many lines of the workspace's openings cannot be read, and are passed over."""
    return _read_log(str(workspace.openings)).n_damaged


@dataclass(frozen=True)
class _Log:
    lines: tuple[Line, ...]
    n_damaged: int


def _read_log(path: str) -> _Log:
    return _parse_log(path, stamp_file(path))


@lru_cache(maxsize=4096)
def _parse_log(path: str, stamp: object) -> _Log:
    if stamp is None:
        return _Log((), 0)
    try:
        values, n_damaged = read_lines(Path(path))
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror or error}.") from error
    lines = []
    for fields in values:
        try:
            line = build_record(Line, fields, "opening")
            lines.append(replace(line, by=clean_user(line.by)))  # may come with an archive
        except ValueError:
            n_damaged += 1
    return _Log(tuple(lines), n_damaged)


@lru_cache(maxsize=16)
def _name_opened(path: str, stamp: object) -> frozenset[str]:
    return frozenset(line.run for line in _parse_log(path, stamp).lines if not line.external)


def _read_lines(workspace: Workspace) -> tuple[Line, ...]:
    return _read_log(str(workspace.openings)).lines


def _look(line: Opening) -> tuple[str, str, str]:
    return line.time, line.by, line.how


def _is_of(line: Opening, name: str) -> bool:
    return line.run == name and not line.external


def _key(line: Line) -> tuple[str, str]:
    return line.folder, line.task


def _follow(folder: str) -> str:
    return os.path.realpath(folder) if folder else ""


def _lock(workspace: Workspace) -> FileLock:
    workspace.folder.mkdir(parents=True, exist_ok=True)
    return FileLock(workspace.folder / ".openings.lock", timeout=LOCK_SECONDS)
