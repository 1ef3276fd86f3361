"""A run on another dataset, and two datasets joined: the dialogs, and what they start and show."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.datasets.fakes import fake_coronahack, fake_kermany
from tests.pages.conftest import OpenPage
from tests.pages.fake_runs import fake_run, write_report
from tests.pages.finding_runs import fake_findings_run
from tests.pages.test_evaluate import read_component, words_on
from xray_core.datasets import open_dataset
from xray_core.jobs.background import BackgroundState
from xray_core.runs import Run
from xray_core.runs.external import Notes, list_externals, write_external
from xray_core.workspace import Workspace


@pytest.fixture
def run(workspace: Workspace) -> Run:
    run = fake_run(workspace, "done")
    write_report(run, workspace)
    run.best_checkpoint.parent.mkdir()
    run.best_checkpoint.touch()
    return run


@pytest.fixture
def other(workspace: Workspace) -> Path:
    """A second dataset: folders of the classes Normal, Opacity and Device."""
    catalog = open_dataset(workspace.demo_data, workspace.cache)
    for number, path in enumerate(catalog.present["path"].head(9)):
        name = ("Normal", "Opacity", "Device")[number % 3]
        place = workspace.data / "hospital" / name / f"{number}.jpg"
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(catalog.root / path, place)
    return workspace.data / "hospital"


def notes_of(folder: Path, task: str = "siim_opacity", dataset: str = "siim_covid19") -> Notes:
    return {
        "folder": str(folder),
        "dataset": dataset,
        "task": task,
        "classes": {"no opacity": "no opacity", "opacity": "opacity"},
        "reasons": {"no opacity": "they are called the same"},
        "counts": {"no opacity": 20, "opacity": 28},
        "left_out": ["7 images of “Device” are left out: the run has no such class."],
        "seen": {"trained": 0, "chosen": 0, "patients": 0},
        "keeps_seen": False,
        "n_images": 0,
        "remarks": ["A *remark*."],
        "unreadable": [],
        "time": "2026-03-01T10:00:00+00:00",
    }


def write_place(run: Run, folder: Path, name: str = "hospital-1234", **notes: Any) -> Run:
    """Write an evaluation elsewhere that says what the run's own says."""
    about: Any = {**notes_of(folder), **notes}
    return write_external(run, name, about, run.read_predictions(), run.read_report())


def test_the_result_elsewhere_stands_beside_that_of_the_own_test_set(
    run: Run, workspace: Workspace, open_page: OpenPage
) -> None:
    own = open_page("evaluate", run=run.name)
    write_place(run, workspace.demo_data)

    app = open_page("evaluate", run=run.name, on="hospital-1234")
    words, table = words_on(app), app.table[0].value

    assert "100 test images" in words_on(own)
    assert "100 external images" in words
    [choice] = [group for group in app.get("button_group") if group.label == "Evaluated on"]
    assert [option.content for option in choice.proto.options] == ["Its own dataset", "demo"]
    accuracy = run.read_report()["metrics"]["accuracy"]["value"]
    row = table.loc["accuracy"]
    assert row["its own test set"].startswith(f"{accuracy:.1%} (")
    assert row["here"] == row["its own test set"]
    assert row["difference"].startswith("+0.0 points (-")
    assert read_component(app, "matrix")["classes"][0]["name"] == "no opacity"
    assert "The classes have nearly the same shares in both" in words
    assert "tested on demo" in words
    app = open_page("evaluate", run=run.name, on="hospital-1234", cell="0-0")
    assert read_component(app, "matrix")["picked"] == [0, 0]


def test_another_dataset_is_a_level_of_the_error_analysis_and_stays_chosen(
    run: Run, workspace: Workspace, open_page: OpenPage
) -> None:
    place = write_place(run, workspace.demo_data)
    error = {"value": 0.2, "low": 0.1, "high": 0.3}
    levels = [{"name": name, "n": 9, "error": error} for name in ("training", "validation")]
    steps = [{"name": "variance", "to": "validation", "value": 0.0, "low": -0.1, "high": 0.1}]
    analysis = {"levels": levels, "steps": steps, "verdict": "Measured."}
    run.write_json("report.json", {**run.read_report(), "error_analysis": analysis})
    app = open_page("evaluate", run=run.name, result="Error analysis")

    last = app.table[-1].value.iloc[-1]
    assert last["images"] == "another dataset: demo"
    assert last["step"].startswith("distribution shift: ")

    app.session_state["places_chosen"] = {run.name: place.name}
    app.query_params.clear()
    app.run()  # as when the page is opened from the navigation
    assert app.query_params["on"] == place.name
    assert "100 external images" in words_on(app)


def test_a_result_that_is_damaged_or_gone_leaves_the_own_in_reach(
    run: Run, workspace: Workspace, open_page: OpenPage
) -> None:
    place = write_place(run, workspace.demo_data)
    write_place(run, workspace.demo_data, "whole-1", n_images=50)
    (place.folder / "about.json").write_text("{", encoding="utf-8")

    app = open_page("evaluate", run=run.name, on="hospital-1234")
    assert "about.json is damaged" in app.error[0].value
    [choice] = app.get("button_group")
    names = [option.content for option in choice.proto.options]
    assert names[1:] == ["demo, 48 images", "hospital-1234 (cannot be read)"]
    app = open_page("evaluate", run=run.name, on="nowhere")
    assert not app.error
    assert "100 test images" in words_on(app)


def test_findings_are_compared_one_by_one(workspace: Workspace, open_page: OpenPage) -> None:
    run = fake_findings_run(workspace, "done")
    notes = {"task": "nih_findings", "dataset": "nih_chestxray14", "classes": {"mass": "mass"}}
    write_place(run, workspace.data / "nih", **notes)

    app = open_page("evaluate", run=run.name, on="hospital-1234")

    assert "Mean AUC" in words_on(app)
    table = app.table[-1].value
    area = next(row for row in run.read_report()["per_class"] if row["class"] == "mass")["auc"]
    assert table.loc["AUC of mass", "here"].startswith(f"{area['value']:.3f} (")


def test_another_dataset_is_chosen_with_its_classes_and_the_process_started(
    run: Run, other: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(
        "pages.evaluate.external_start.start_background",
        lambda workspace, name, arguments: started.append([name, *arguments]),
    )
    app = open_page("evaluate", run=run.name)

    press(app, "Test on another dataset")
    choices = {box.label: box for box in app.selectbox}
    assert choices["Dataset"].options == ["hospital"]
    assert choices["Normal counts as"].value == "no opacity"
    assert choices["Device counts as"].value == "left out"
    choices["Opacity counts as"].set_value("left out").run()
    assert button(app, "Start").disabled
    next(box for box in app.selectbox if box.label == "Device counts as").set_value("opacity").run()
    app.number_input[0].set_value(6).run()
    press(app, "Start")

    assert started == [
        [
            f"external-{run.name}",
            *("evaluate", run.name, "--data", str(other), "--task", "folder_class"),
            *("--map=Device=opacity", "--map=Normal=no opacity", "--map=Opacity="),
            *("--n-images", "6"),
        ]
    ]
    assert not [box for box in app.selectbox if box.label == "Dataset"]


def test_a_process_shows_how_far_it_is_can_be_cancelled_and_opens_its_result(
    run: Run, workspace: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = {"now": BackgroundState("running", 334, 500)}
    forgotten: list[str] = []

    def forget(_: Workspace, name: str) -> None:
        forgotten.append(name)
        states["now"] = BackgroundState("missing")

    monkeypatch.setattr(
        "pages.components.watched_process.read_background", lambda *_: states["now"]
    )
    for module in ("pages.evaluate.external", "pages.components.watched_process"):
        monkeypatch.setattr(f"{module}.forget_background", forget)
    app = open_page("evaluate", run=run.name)
    assert "decoding images, 34 of 100 images …" in app.get("progress")[0].proto.text
    press(app, "Cancel")
    assert forgotten == [f"external-{run.name}"]
    assert not app.get("progress")
    assert "Stopped." in app.info[0].value

    states["now"] = BackgroundState("failed", reason="No image is left.")
    app = open_page("evaluate", run=run.name)
    assert app.error[0].value == "No image is left."
    press(app, "Close")
    assert not app.error

    place = write_place(run, workspace.demo_data)
    states["now"] = BackgroundState("done", result={"external": place.name})
    app = open_page("evaluate", run=run.name)
    assert "100 external images" in words_on(app)
    assert [found.name for found in list_externals(run)] == [place.name]


def test_two_datasets_are_joined_and_opened(open_page: OpenPage, workspace: Workspace) -> None:
    fake_kermany(workspace.data / "kermany")
    fake_coronahack(workspace.data / "corona")
    app = open_page("home")
    press(app, "Join two datasets")

    pick(app, "First dataset", "kermany")
    pick(app, "Second dataset", "demo")
    assert "have no task in common" in app.warning[0].value
    assert button(app, "Join").disabled
    pick(app, "Second dataset", "corona")
    table = app.table[0].value
    assert table.loc["normal"].tolist() == ["3", "2"]
    app.text_input(key="join_name_kermany_corona").set_value("demo").run()
    press(app, "Join")
    assert "There is a dataset 'demo' already" in app.error[0].value
    app.text_input(key="join_name_kermany_corona").set_value("both").run()
    press(app, "Join")

    catalog = open_dataset(workspace.data / "both", workspace.cache)
    assert catalog.source == "union"
    assert set(catalog.images["source"]) == {"kermany", "coronahack"}
    assert app.session_state["data"] == "both"


def press(app: AppTest, label: str) -> None:
    button(app, label).click().run()
    assert not app.exception, app.exception[0].value


def button(app: AppTest, label: str) -> Any:
    return next(each for each in app.button if each.label == label)


def pick(app: AppTest, label: str, value: str) -> None:
    next(box for box in app.selectbox if box.label == label).set_value(value).run()
