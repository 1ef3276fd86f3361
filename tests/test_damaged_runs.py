"""Whatever a file of a run holds: its readers return or raise RunError, and others never notice."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.run_files import (
    READERS,
    RECIPE,
    TABLES,
    VALIDATION,
    batch_line,
    epoch_line,
    write_whole_run,
)
from xray_core.errors import RunError
from xray_core.evaluation.calibrate import read_calibration
from xray_core.evaluation.diagnose import diagnose_run
from xray_core.evaluation.sweeps import summarise_sweep
from xray_core.files import read_json
from xray_core.jobs import JobQueue, queue_view
from xray_core.jobs.attempts import read_attempt
from xray_core.jobs.rebuild import find_jobs
from xray_core.runs import Run, create_run, index, list_runs
from xray_core.runs.goals import read_goals
from xray_core.runs.index import list_running, run_table
from xray_core.runs.notes import read_notes
from xray_core.runs.origin import read_origin
from xray_core.workspace import Workspace

WHOLE, DAMAGED = "20260301-100000-demo_cnn", "20260301-110000-demo_cnn"

JSON_FILES = (
    "recipe.json",
    "status.json",
    "submission.json",
    "attempt.json",
    "notes.json",
    "goals.json",
    "data.json",
    "report.json",
    "calibration.json",
)
LOGS = ("metrics.jsonl", "events.jsonl", "device.jsonl", "opened.jsonl")
CONTENTS: dict[str, bytes] = {
    "empty": b"",
    "cut": b'{"state": "done", "epo',
    "no text": b'{"state": "\xff\xfe"}',
    "deep": b'{"a": ' * 20_000,
    "deep and whole": b'{"a": ' * 200 + b"1" + b"}" * 200 + b"\n",
    "a list": b'[{"state": "done"}]\n',
    "a number": b"3\n",
    "an empty object": b"{}\n",
    "NULs": b"\0" * 500,
    "half a sign": b'{"state": "done", "user": "\\ud800", "note": "\\ud800", "kind": "batch"}\n',
}
ODD: tuple[Any, ...] = (None, True, -1, 10**30, 1e300, "\ud800", "a\0b", [[]], {"a": 1})

# The readers of one file alone.
OWN: dict[str, tuple[Callable[[Run], object], ...]] = {
    "recipe.json": (Run.read_recipe,),
    "status.json": (Run.read_status,),
    "submission.json": (Run.read_submission,),
    "attempt.json": (read_attempt,),
    "notes.json": (read_notes,),
    "goals.json": (read_goals,),
    "data.json": (Run.read_data, diagnose_run),
    "report.json": (Run.read_report, diagnose_run),
    "calibration.json": (read_calibration,),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that has every file that a run can have."""
    return write_whole_run(tmp_path_factory.mktemp("whole") / WHOLE)


@pytest.fixture
def workspace(whole: Run, tmp_path: Path) -> Iterator[Workspace]:
    """A workspace with that run twice."""
    workspace = Workspace(tmp_path / "home")
    for name in (WHOLE, DAMAGED):
        shutil.copytree(whole.folder, workspace.runs / name)
    yield workspace
    index._read_row.cache_clear()


def check_all(workspace: Workspace) -> None:
    """Fail if a reader raises anything but RunError, or if the whole run suffers."""
    damaged = Run(workspace.runs / DAMAGED)
    for read in READERS:
        with suppress(RunError):
            read(damaged)
    table = run_table(workspace)
    assert table["name"].tolist() == [DAMAGED, WHOLE]
    assert table["state"].tolist()[1] == "done"
    assert table["accuracy"].tolist()[1] == 0.75
    assert list_running(list_runs(workspace.runs)) in ([], [DAMAGED])
    find_jobs(workspace.runs)


@pytest.mark.parametrize("name", ["recipe.json", "report.json"])
def test_a_group_with_a_damaged_run_is_an_error_in_words(name: str, workspace: Workspace) -> None:
    (workspace.runs / DAMAGED / name).write_bytes(b"")

    with pytest.raises(RunError, match=f"{name} is damaged"):
        summarise_sweep(list_runs(workspace.runs), n_rounds=2)


def test_nothing_is_wrong_with_the_whole_run(workspace: Workspace) -> None:
    for read in READERS:
        value = read(Run(workspace.runs / WHOLE))
        assert value is not None or read is read_origin  # it was trained here
    check_all(workspace)


@pytest.mark.parametrize("name", [*JSON_FILES, *LOGS, *TABLES, VALIDATION])
def test_a_damaged_file_of_one_run_is_one_error_in_words_and_one_bad_row(
    name: str, workspace: Workspace
) -> None:
    for content in CONTENTS.values():
        (workspace.runs / DAMAGED / name).write_bytes(content)
        check_all(workspace)
    if name in JSON_FILES[:4]:  # what the queue is made again from
        JobQueue(workspace.queue).list_jobs()
        queue_view(workspace)
    (workspace.runs / DAMAGED / name).unlink()
    (workspace.runs / DAMAGED / name).mkdir()
    if name != "status.json":  # then it is no run
        check_all(workspace)
    if hasattr(os, "mkfifo"):  # nobody writes into it, and nobody waits for that
        (workspace.runs / DAMAGED / name).rmdir()
        os.mkfifo(workspace.runs / DAMAGED / name)
        if name != "status.json":
            check_all(workspace)


def vary_fields(values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield `values` with each of its fields left out, and with each odd value in its place."""
    for field in values:
        yield {name: value for name, value in values.items() if name != field}
        for odd in ODD:
            yield values | {field: odd}


def write_raw(path: Path, values: Any) -> None:
    """Write JSON as anybody might, without what our own writer makes good."""
    path.write_text(json.dumps(values) + "\n", encoding="utf-8")


@pytest.mark.parametrize("name", JSON_FILES)
def test_an_odd_value_in_a_file_of_one_run_is_one_bad_row(
    name: str, workspace: Workspace, whole: Run
) -> None:
    odd = list(vary_fields(read_json(whole.folder / name)))
    for number, values in enumerate(odd):
        run = Run(workspace.runs / f"20260301-12{number:04d}-demo_cnn")
        shutil.copytree(whole.folder, run.folder, copy_function=os.link)
        (run.folder / name).unlink()
        write_raw(run.folder / name, values)
        for read in OWN[name]:
            with suppress(RunError):
                read(run)

    table = run_table(workspace).set_index("name")
    assert len(table) == len(odd) + 2
    assert table.loc[WHOLE, ["state", "accuracy"]].tolist() == ["done", 0.75]
    assert (table["state"] == "damaged").any() == (name == "status.json")
    find_jobs(workspace.runs)


@pytest.mark.parametrize("line", [batch_line(9), epoch_line(9)], ids=["batch", "epoch"])
def test_a_line_with_an_odd_value_is_read_or_left_out(
    line: dict[str, Any], workspace: Workspace
) -> None:
    run = Run(workspace.runs / DAMAGED)
    whole_log = run.metrics_path.read_bytes()
    for odd in vary_fields(line):
        write_raw(run.metrics_path, odd)
        run.metrics_path.write_bytes(whole_log + run.metrics_path.read_bytes())
        assert len(run.read_metrics()) in (6, 7)
        diagnose_run(run)


@pytest.mark.parametrize("name", ["status.json", "report.json", "data.json", "notes.json"])
def test_an_empty_file_is_named_with_what_is_wrong(name: str, workspace: Workspace) -> None:
    run = Run(workspace.runs / DAMAGED)
    (run.folder / name).write_bytes(b"")
    read = {"status.json": run.read_status, "report.json": run.read_report}
    read |= {"data.json": run.read_data, "notes.json": lambda: read_notes(run)}

    with pytest.raises(RunError, match=f"{DAMAGED}/{name} is damaged: it is empty"):
        read[name]()


def test_the_report_of_the_validation_set_is_checked_as_its_own(workspace: Workspace) -> None:
    run = Run(workspace.runs / DAMAGED)
    report = run.read_report()
    whole = {**report, "subset": "validation"}
    run.write_json("report.json", {**report, "validation": whole})
    assert run.read_report()["validation"] == whole
    for odd in ({"subset": "validation"}, {**whole, "confusion": [[1]]}, [], None):
        run.write_json("report.json", {**report, "validation": odd})
        with pytest.raises(RunError, match=r"report\.json is damaged: report"):
            run.read_report()


@pytest.mark.parametrize(
    ("read", "name"),
    [
        (Run.read_split, "split.parquet"),
        (Run.read_predictions, "predictions.parquet"),
        (Run.read_training_predictions, "training_predictions.parquet"),
        (lambda run: run.read_validation(1), VALIDATION),
    ],
)
def test_a_cut_table_is_named_with_what_is_wrong(
    read: Callable[[Run], object], name: str, workspace: Workspace
) -> None:
    run = Run(workspace.runs / DAMAGED)
    path = run.folder / name
    for content in (b"", path.read_bytes()[:-9]):
        path.write_bytes(content)
        with pytest.raises(RunError, match=f"{name} is damaged: it is no Parquet table"):
            read(run)


def test_a_folder_that_may_not_be_looked_into_is_one_bad_row(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat, opened = Path.stat, Path.open

    def refuse(path: Path) -> None:
        if DAMAGED in path.parts[:-1]:
            raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "stat", lambda path, **how: (refuse(path), stat(path, **how))[1])
    monkeypatch.setattr(Path, "open", lambda path, *how: (refuse(path), opened(path, *how))[1])

    table = run_table(workspace)

    assert table["state"].tolist() == ["damaged", "done"]
    assert "status.json cannot be read: Permission denied" in table["message"].iloc[0]


@pytest.mark.parametrize("change", [{"data_folder": "/tmp/\udcff"}, {"name": "../outside"}])
def test_what_no_run_could_be_read_back_from_is_no_run(
    change: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "is_dir", lambda path: True)

    with pytest.raises(RunError, match="no text|can name no run"):
        create_run(replace(RECIPE, **change), tmp_path / "runs")

    assert not (tmp_path / "runs").exists()
