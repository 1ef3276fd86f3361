"""Runs that no training here has made: marked wherever they are shown, and asked for on pages."""

import json
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from streamlit.testing.v1 import AppTest

from pages.components import side_process
from tests.pages.conftest import OpenPage
from tests.pages.fake_runs import fake_run, record_processes, write_report
from tests.pages.test_evaluate import words_on
from xray_core.jobs.background import BackgroundState
from xray_core.recipes import PUBLISHED, change_recipe
from xray_core.runs import Run
from xray_core.runs.origin import AVERAGE, PREDICTIONS, Origin, write_origin
from xray_core.workspace import Workspace

MARK = "Predictions from elsewhere: a*b.csv"


@pytest.fixture
def added(workspace: Workspace) -> Run:
    run = fake_run(workspace, "done", name="20260301-100000-predictions", n_epochs=0, epoch=0)
    run.metrics_path.unlink()
    write_report(run, workspace)
    remarks = ("3 rows left out.",)
    write_origin(
        run,
        Origin(PREDICTIONS, MARK, file="a*b.csv", sha256="0" * 64, remarks=remarks, unchecked=True),
    )
    return run


def buttons_on(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def test_evaluate_says_whose_predictions_it_shows(open_page: OpenPage, added: Run) -> None:
    app = open_page("evaluate", run=added.name, result="How it was evaluated")
    words = words_on(app)
    assert f"**{MARK}.** Nobody checked which images it has learned from." in words
    assert "3 rows left out." in words
    labels = [tab.label for tab in app.tabs]
    assert not {"Training checks", "Error analysis"} & set(labels)
    assert not {"Change and train again", "Test on another dataset"} & set(buttons_on(app))
    assert "Add predictions" in buttons_on(app)


def test_its_own_page_has_no_curves_and_nothing_to_train_again(
    open_page: OpenPage, added: Run
) -> None:
    app = open_page("runs", run=added.name)
    assert MARK in words_on(app)
    assert "3 rows left out." in words_on(app)
    assert "Epoch" not in words_on(app)
    app.session_state[f"more_{added.name}"] = True
    labels = buttons_on(app.run())
    assert "Delete to the trash" in labels
    assert not {"Restart", "Change and train again"} & set(labels)


def test_a_member_that_is_gone_is_said(
    open_page: OpenPage, workspace: Workspace, added: Run
) -> None:
    words = "Average of 2 runs: a, b"
    write_origin(added, Origin(AVERAGE, words, members=("gone", added.name)))
    shown = words_on(open_page("evaluate", run=added.name, result="How it was evaluated"))
    assert f"**{words}.**" in shown
    assert "gone (deleted: the figures stay, but it predicts no more)" in shown
    assert "Nobody checked" not in shown


def test_two_ticked_runs_are_averaged_by_a_process(
    open_page: OpenPage, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(
        side_process, "start_background", lambda _, name, arguments: started.append(arguments)
    )
    monkeypatch.setattr(
        side_process, "read_background", lambda _, name: BackgroundState("running", 1, 4)
    )
    runs = [fake_run(workspace, "done", name=f"2026030{day}-100000-demo_cnn") for day in (1, 2)]
    for run in runs:
        write_report(run, workspace)
    names = [run.name for run in runs]
    app = open_page("runs", ticked=names)
    next(button for button in app.button if button.label == "Average 2").click().run()
    assert started == [["average", *sorted(names, reverse=True), "--by", ""]]
    assert "Cancel" in buttons_on(app)

    # Of several tasks it is refused at once, and nothing is started.
    other = change_recipe(PUBLISHED["quick_cnn"], {"task": "siim_study"})
    recipe = json.loads(other.to_json()) | {"data_folder": str(workspace.demo_data)}
    (Path(runs[1].folder) / "recipe.json").write_text(json.dumps(recipe), encoding="utf-8")
    app = open_page("runs", ticked=names)
    next(button for button in app.button if button.label == "Average 2").click().run()
    assert len(started) == 1
    assert "differ in their task: siim_study and siim_opacity" in words_on(app)


def test_a_suggested_run_is_entered_on_train_with_its_one_change(
    open_page: OpenPage, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_processes(monkeypatch)
    run = fake_run(workspace, "done")
    write_report(run, workspace)
    app = open_page("evaluate", run=run.name, result="Training checks")
    [link] = [one.proto for one in app.get("page_link") if "Image size" in one.proto.label]
    named = dict(parse_qsl(link.query_string))
    assert named["set"] == "preprocess.size=96"
    # No word of the address is changed, so that one step back leads here.
    train = open_page("train", **named)
    assert dict(train.query_params) == named
    taken = open_page("train", **{"from": run.name, "set": ["preprocess.size=96"]})
    assert taken.query_params["set"] == "preprocess.size=96"
    assert "from" not in taken.query_params
    refused = open_page("train", **{"from": run.name, "set": ["preprocess.size=many"]})
    assert "The run is taken over as it is." in words_on(refused)
