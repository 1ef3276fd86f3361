"""Commands that open a test set, and those that go by the validation set until it is open."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.run_files import CLASSES, prediction_rows, write_whole_run
from xray_core import cli
from xray_core.evaluation import report_run
from xray_core.runs import Run
from xray_core.runs.always_open import read_always_open
from xray_core.runs.opening import OPENED
from xray_core.workspace import Workspace

NAME = "20260301-100000-demo_cnn"
Call = Callable[..., tuple[int, Any]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A finished run with a validation set on which it was right more often, all closed."""
    run = write_whole_run(tmp_path / "runs" / NAME)
    (run.folder / OPENED).unlink()
    tested = prediction_rows(CLASSES)
    held = tested.assign(
        subset="validation", image_id=tested["image_id"] + " held", predicted=tested["actual"]
    )
    for name in CLASSES:
        held[f"p_{name}"] = (held["actual"] == name).astype("float64") * 0.8 + 0.1
    run.write_table("predictions.parquet", pd.concat([tested, held], ignore_index=True))
    run.write_json("report.json", report_run(run))
    return run


@pytest.fixture
def call(run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    monkeypatch.setenv("XRAY_HOME", str(run.folder.parents[1]))

    def call(*arguments: str) -> tuple[int, Any]:
        status = cli.main(list(arguments))
        out, err = capsys.readouterr()
        return status, json.loads(out) if "--json" in arguments else out + err

    return call


def accuracy_of(answer: dict[str, Any]) -> float:
    return float(answer["metrics"]["accuracy"]["value"])


def test_evaluate_prints_the_validation_set_until_it_is_told_to_open(
    call: Call, tmp_path: Path
) -> None:
    _, words = call("evaluate", NAME)
    assert "Evaluated on the validation set" in words
    assert "The test set is closed" in words
    assert f"`xray open {NAME}` opens it, once." in words
    _, closed = call("evaluate", NAME, "--json", "--save", str(tmp_path / "kept.json"))
    assert json.loads((tmp_path / "kept.json").read_text()) == closed
    assert (closed["test_set"], accuracy_of(closed), closed["openings"]) == ("closed", 1.0, [])

    _, opened = call("evaluate", NAME, "--open-test", "--user", "ann", "--json")
    assert (opened["test_set"], accuracy_of(opened)) == ("open", 0.5)
    [opening] = opened["openings"]
    assert (opening["by"], opening["how"], opening["run"]) == ("ann", "command", NAME)
    assert "Evaluated on the test set" in call("evaluate", NAME)[1]
    status, words = call("evaluate", NAME, "--open-test", "--data", str(Path.cwd()))
    assert status == cli.REFUSED
    assert "Leave one of both out" in words


def test_open_counts_once_and_lists_what_was_opened(call: Call) -> None:
    assert "None was opened yet." in call("open")[1]
    assert call("open", NAME, "--user", "ann\n\x1b[31m", "--json")[1]["counted"]
    assert call("open", "--json")[1]["openings"][0]["by"] == "ann [31m"
    assert not call("open", NAME, "--json")[1]["counted"]
    assert "was opened once in this task" in call("open", NAME)[1]
    assert [row["run"] for row in call("open", "--json")[1]["openings"]] == [NAME]
    assert call("open", "gone")[0] == cli.REFUSED


def test_always_open_is_set_and_said(call: Call, run: Run) -> None:
    workspace = Workspace(run.folder.parents[1])
    call("open", "--always", "--user", "ann")
    assert read_always_open(workspace)
    words = call("evaluate", NAME)[1]
    assert "Evaluated on the test set" in words
    assert "every test set is always open" in words
    assert call("evaluate", NAME, "--json")[1]["openings"][0]["how"] == "always"
    call("open", "--no-always")
    assert not read_always_open(workspace)


def test_runs_and_leaderboard_go_by_the_validation_set(call: Call) -> None:
    [row] = call("runs", "--json")[1]
    assert (row["test_set"], row["val_accuracy"], row["accuracy"]) == ("closed", 1.0, None)
    [board] = call("leaderboard", "--json", "--by", "accuracy")[1]
    assert board["entries"][0]["validation"]["value"] == 1.0
    assert board["entries"][0]["test"] is None
    words = call("leaderboard")[1]
    assert "validation 1.000" in words
    assert "test closed" in words
    call("open", NAME)
    [row] = call("runs", "--json")[1]
    assert (row["test_set"], row["accuracy"]) == ("open", 0.5)
    status, words = call("leaderboard", "--task", "nih_abnormal")
    assert status == cli.REFUSED
    assert "There are: " in words


def test_a_threshold_shows_no_closed_test_set_and_is_chosen_on_none(call: Call, run: Run) -> None:
    run.write_table("predictions.parquet", prediction_rows(CLASSES))  # all are tested
    run.write_json("report.json", report_run(run))
    for rule in ([], ["--at", "0.5"]):
        status, words = call("threshold", NAME, *rule)
        assert status == cli.REFUSED
        assert "before its test set is opened" in words
        assert "sensitivity" not in words
    call("open", NAME)
    status, words = call("threshold", NAME, "--keep")
    assert status == cli.REFUSED
    assert "no rule can choose" in words
    assert call("threshold", NAME, "--at", "0.5", "--keep", "--json")[1]["chosen_on"] == "test"
