"""What may be shown of a run: no figure of its test set before that is opened."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.run_files import CLASSES, RECIPE, prediction_rows, report_of
from xray_core.evaluation.shown import (
    NothingToShowError,
    describe_openings,
    shown_report,
    shown_subset,
)
from xray_core.runs import Run
from xray_core.runs.opening import Opening, open_test
from xray_core.workspace import Workspace

FIGURE = {"value": 0.3, "low": 0.2, "high": 0.4}
ANALYSIS = {
    "levels": [
        {"name": name, "n": 40, "error": FIGURE} for name in ("training", "validation", "test")
    ],
    "steps": [
        {"name": "variance", "to": "validation", "value": 0.1, "low": 0.05, "high": 0.2},
        {"name": "choice on validation", "to": "test", "value": 0.31, "low": 0.2, "high": 0.4},
    ],
    "verdict": "The largest clear step is choice on validation (+31.0 points).",
}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def write_run(workspace: Workspace, **report: Any) -> Run:
    run = Run(workspace.runs / "a")
    run.write_json("recipe.json", json.loads(RECIPE.to_json()))
    run.write_json("report.json", report_of([[3, 1], [1, 9]], CLASSES) | report)
    return run


def test_the_validation_report_is_shown_until_the_test_set_is_opened(workspace: Workspace) -> None:
    validation = report_of([[5, 0], [2, 6]], CLASSES, "validation")
    run = write_run(workspace, validation=validation, error_analysis=ANALYSIS, phases=[])
    before = shown_report(run, workspace)
    assert before.closed
    assert before.openings == []
    assert shown_subset(run, workspace) == before.report["subset"] == "validation"
    assert before.report["confusion"] == [[5, 0], [2, 6]]
    assert "test" not in json.dumps(before.report)
    assert "variance (+10.0 points)" in before.report["error_analysis"]["verdict"]
    open_test(run, workspace, "ann")
    after = shown_report(run, workspace)
    assert not after.closed
    assert [opening.by for opening in after.openings] == ["ann"]
    assert shown_subset(run, workspace) == "test"
    assert after.report["confusion"] == [[3, 1], [1, 9]]


def test_of_a_run_of_before_the_figures_come_from_its_predictions(workspace: Workspace) -> None:
    run = write_run(workspace)
    rows = prediction_rows(CLASSES)
    both = pd.concat([rows, rows.assign(subset="validation", image_id=list("wxyz"))])
    run.write_table("predictions.parquet", both)
    shown = shown_report(run, workspace)
    assert (shown.closed, shown.report["subset"], shown.report["n"]) == (True, "validation", 4)
    assert shown.report["metrics"]["accuracy"]["value"] == 0.5
    assert shown.report["majority"]["class"] == CLASSES[-1]
    open_test(run, workspace)
    opened = shown_report(run, workspace).report
    assert opened["n"] == 14, "of other predictions than these"
    run.write_json("report.json", report_of([[1, 1], [1, 1]], CLASSES))
    opened = shown_report(run, workspace).report
    assert (opened["subset"], opened["n"]) == ("test", 4)
    assert {"mcc", "sensitivity"} <= set(opened["metrics"]) == set(shown.report["metrics"])
    assert set(opened["per_class"][0]) == set(shown.report["per_class"][0])


def test_without_a_validation_set_the_way_on_is_said(workspace: Workspace) -> None:
    run = write_run(workspace)
    run.write_table("predictions.parquet", prediction_rows(CLASSES))
    with pytest.raises(NothingToShowError, match="before its test set is opened"):
        shown_report(run, workspace)


@pytest.mark.parametrize("report", [{"watched": True}, {"subset": "validation"}])
def test_what_was_chosen_on_is_not_closed(workspace: Workspace, report: dict[str, Any]) -> None:
    run = write_run(workspace, **report)
    assert not shown_report(run, workspace).closed
    assert shown_subset(run, workspace) == report.get("subset", "test")


def test_openings_are_said_in_words() -> None:
    run = Run(Path("a"))
    times = [f"2026-03-0{day}T10:05:00+00:00" for day in (1, 2)]
    openings = [Opening(times[0], "ann", "a", "click"), Opening(times[1], "ben", "b", "command")]
    assert describe_openings(run, openings) == [
        "Its test set was opened on 2026-03-01 at 10:05 UTC by ann.",
        "The test set of this dataset was opened 2 times in this task by 2 people, last on "
        "2026-03-02 at 10:05 UTC by ben.",
    ]
    nameless = [Opening(times[0], "", name, "click") for name in "bc"]
    assert describe_openings(run, nameless)[0].startswith(
        "The test set of this dataset was opened 2 times in this task, last on"
    )
    words = describe_openings(run, [*nameless, openings[1]])[0]
    assert "opened 3 times in this task, 2 times without a name, last on" in words
    (never,) = describe_openings(run, [])
    assert "has not been opened" in never
    assert "always open" in " ".join(describe_openings(run, [], always=True))
