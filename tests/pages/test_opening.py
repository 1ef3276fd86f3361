"""The test set on the pages: no figure of it before somebody opens it, and who did from then on."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import OpenPage
from tests.pages.fake_runs import fake_run, write_report
from tests.pages.shown import list_everything
from xray_core.recipes import PUBLISHED, change_recipe
from xray_core.runs import Run, Submission
from xray_core.runs.always_open import read_always, write_always_open
from xray_core.runs.opening import is_open, open_test, openings_of
from xray_core.tasks import TASKS
from xray_core.workspace import Workspace

FIRST, SECOND = "20260301-100000-demo_cnn", "20260301-110000-demo_cnn"
FIGURE = {"value": 0.7317, "low": 0.7219, "high": 0.7413}
# What the test report says of images, and nothing else does.
OF_THE_TEST_SET = re.compile(r"(?<![\d.])(0?\.7317|0\.732|73\.2|73\.17|4,?421|1,?371|2,?106|26\.8)")


@pytest.fixture
def workspace(workspace: Workspace) -> Workspace:
    write_always_open(workspace, False)
    return workspace


def finish(workspace: Workspace, name: str = FIRST, seed: int = 0) -> Run:
    """Write a finished run whose test figures are like no others."""
    run = fake_run(workspace, "done", name, change_recipe(PUBLISHED["demo_cnn"], {"seed": seed}))
    write_report(run, workspace)
    report = run.read_report()
    report["confusion"], report["n"] = [[1371, 413], [531, 2106]], 4421
    report["metrics"] = dict.fromkeys(report["metrics"], FIGURE)
    for row in report["per_class"]:
        row["recall"] = FIGURE
    error = {"value": 0.2683, "low": 0.25, "high": 0.28}
    levels = ("training", "validation", "test")
    report["error_analysis"] = {
        "levels": [{"name": level, "n": 10, "error": error | {"value": 0.1}} for level in levels],
        "steps": [{"name": "variance", "to": "validation", "value": 0.1, "low": 0, "high": 0.2}],
        "verdict": "Nothing is clear.",
    }
    report["error_analysis"]["levels"][2]["error"] = error
    run.write_json("report.json", report)
    run.write_submission(Submission("ann", sweep="pair"))
    return run


def words_on(app: AppTest) -> str:
    return " ".join(list_everything(app))


def press(app: AppTest, label: str) -> AppTest:
    [button] = [one for one in app.button if one.label == label]
    return button.click().run()


def test_no_page_shows_a_figure_of_a_closed_test_set(
    workspace: Workspace, open_page: OpenPage
) -> None:
    run = finish(workspace)
    finish(workspace, SECOND, seed=1)
    tabs = [tab.label for tab in open_page("evaluate", run=run.name).tabs]
    pages = [open_page("evaluate", run=run.name, result=tab) for tab in tabs]
    pages += [open_page("runs"), open_page("runs", run=run.name), open_page("runs", sweep="pair")]
    pages += [
        open_page("home"),
        open_page("compare"),
        open_page("compare", runs=f"{FIRST},{SECOND}"),
    ]
    for app in pages:
        assert not app.exception
        assert not OF_THE_TEST_SET.findall(words_on(app))
    assert "The test set is closed" in words_on(pages[0])
    assert "validation images" in words_on(pages[0])

    open_test(run, workspace)
    assert OF_THE_TEST_SET.search(words_on(open_page("evaluate", run=run.name)))
    assert "73.2% (72.2 to 74.1), n = 4,421" in words_on(open_page("runs"))


def test_a_click_that_says_what_it_means_opens_the_test_set_once(
    workspace: Workspace, open_page: OpenPage
) -> None:
    run = finish(workspace)
    app = open_page("evaluate", run=run.name)
    app.session_state[f"open_test_{run.name}_True"] = True
    app.run()
    assert "It can say that once" in words_on(app)
    assert "has not been opened in this task" in words_on(app)
    other = open_page("evaluate", run=run.name)  # a second window, open since before
    other.session_state[f"open_test_{run.name}_True"] = True
    other.run()

    press(app, "Open it now")
    press(other, "Open it now")

    assert [opening.how for opening in openings_of(run, workspace)] == ["click"]
    for window in (app, other):
        assert "test images" in words_on(window)
        assert "was opened once in this task" in words_on(window)
    conditions = words_on(open_page("evaluate", run=run.name, result="How it was evaluated"))
    assert conditions.count("was opened once in this task") == 2  # in the verdict and there


def test_always_open_is_a_setting_that_is_said(workspace: Workspace, open_page: OpenPage) -> None:
    run, other = finish(workspace), finish(workspace, SECOND, seed=1)
    app = open_page("evaluate", run=run.name)
    app.session_state[f"open_test_{run.name}_True"] = True
    app.run()
    app.toggle(key="always_open").set_value(True).run()

    assert read_always(workspace).always_open
    assert "every test set is always open" in words_on(app)
    openings = openings_of(run, workspace)
    assert {opening.run: opening.how for opening in openings} == {
        run.name: "always",
        other.name: "always",
    }
    write_always_open(workspace, False)
    assert is_open(run, workspace)
    assert is_open(other, workspace), "it could be looked at, too"


def test_the_test_sets_of_a_sweep_are_opened_together(
    workspace: Workspace, open_page: OpenPage
) -> None:
    runs = [finish(workspace, name, seed) for seed, name in enumerate((FIRST, SECOND))]
    app = open_page("runs", sweep="pair")
    app.session_state["open_sweep"] = True
    app.run()

    press(app, "Open now")

    assert len(openings_of(runs[0], workspace)) == 2
    assert "2 runs opened." in words_on(app)
    assert OF_THE_TEST_SET.search(words_on(app))


def test_without_a_validation_set_nothing_is_shown_but_how_to_open_it(
    workspace: Workspace, open_page: OpenPage
) -> None:
    run = finish(workspace)
    report = run.read_report()
    del report["validation"]
    run.write_json("report.json", report)
    predictions = run.read_predictions()
    run.write_table("predictions.parquet", predictions[predictions["subset"] == "test"])

    app = open_page("evaluate", run=run.name)

    assert "nothing to show of it before its test set is opened" in words_on(app)
    assert not OF_THE_TEST_SET.search(words_on(app))


def test_the_leaderboard_goes_by_the_validation_set_and_leads_to_the_comparison(
    workspace: Workspace, open_page: OpenPage
) -> None:
    for seed, (name, value) in enumerate(((FIRST, 0.95), (SECOND, 0.6))):
        run = finish(workspace, name, seed)
        report = run.read_report()
        metrics = report["validation"]["metrics"]
        metrics["auc"] = {"value": value, "low": value - 0.04, "high": value + 0.04}
        report["metrics"]["auc"] = {"value": 1 - value, "low": 0.0, "high": 1.0}
        run.write_json("report.json", report)
        open_test(run, workspace)

    task = PUBLISHED["demo_cnn"].task
    elsewhere = open_page("compare", task=next(name for name in TASKS if name != task))
    assert "demo: 2 runs" in words_on(elsewhere)
    app = open_page("compare", task=task, ticked=[FIRST, SECOND])
    table = app.dataframe[0].value
    assert table["run"].tolist() == [FIRST, SECOND]
    assert table["place"].tolist() == ["1", "2"]
    assert table["test"].str.startswith(("0.050", "0.400")).all()
    press(app, "Compare 2")
    assert app.query_params["runs"] == f"{FIRST},{SECOND}"
    assert not app.exception
