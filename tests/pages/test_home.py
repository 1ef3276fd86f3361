"""The Home page: the first thing a visitor sees."""

import html
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.home import activity, browse, data_card
from tests.datasets.fakes import fake_kermany
from tests.datasets.kinds import TABLES, draw_kind
from tests.pages.conftest import OpenPage
from tests.pages.fake_runs import fake_run, record_processes, write_report
from tests.pages.shown import count_elements, list_html, read_heading
from tests.pages.test_explore import read_grid
from xray_core.errors import DatasetError
from xray_core.jobs import JobQueue
from xray_core.processes import own_handle
from xray_core.recipes import PUBLISHED
from xray_core.registry import list_datasets
from xray_core.runs import Run, create_run, list_runs
from xray_core.workspace import Workspace


@pytest.fixture
def run(workspace: Workspace) -> Run:
    recipe = replace(PUBLISHED["demo_cnn"], data_folder=str(workspace.demo_data))
    return create_run(recipe, workspace.runs)


def read_rows(app: AppTest, key: str) -> list[dict[str, Any]]:
    """Return the rows of a list as they are sent to the browser; none where it is not shown."""
    boxes = [one for one in app.get("bidi_component") if f"-{key}" in one.proto.id]
    return json.loads(boxes[0].proto.json)["rows"] if boxes else []


def words_of(app: AppTest) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", " ".join(list_html(app))))


def test_a_first_visit_shows_what_to_do_and_drawn_data(open_page: OpenPage) -> None:
    app = open_page("home")
    said = words_of(app)

    assert "For learning, never for diagnosis." in said
    assert "Train your first network" in said
    assert "About 1 minute" in said
    assert "Images stay on the computer that runs X-ray Lab." in said
    assert "Nothing runs." in said
    assert "No result yet" in said
    [demo] = read_rows(app, "home_datasets")
    assert (demo["title"], demo["note"]) == ("demo", "synthetic, no real patients")
    assert (demo["value"], demo["value_note"]) == ("48 images", "chosen")
    tiles = read_grid(app, "home_images")["tiles"]
    assert len({tile["title"] for tile in tiles}) == len(tiles) == 3
    assert count_elements(app) <= 22


def test_one_click_starts_the_demo_and_opens_it(
    open_page: OpenPage, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = record_processes(monkeypatch)
    fake_kermany(workspace.data / "chest_xray")
    app = open_page("home", data="chest_xray")

    [button] = [one for one in app.button if one.label == "Start now"]
    button.click().run()

    assert not app.exception
    [run] = list_runs(workspace.runs)
    assert run.read_recipe().name == "demo_cnn"
    assert Path(run.read_recipe().data_folder) == workspace.demo_data
    assert [job.run for job in JobQueue(workspace.queue).list_jobs()] == [run.name]
    assert [command[3] for command in commands] == ["worker"]
    assert app.query_params["run"] == run.name
    assert read_heading(app) == "Runs"


def test_the_demo_data_is_drawn_first_where_it_is_missing(
    open_page: OpenPage, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_processes(monkeypatch)
    fake_kermany(workspace.data / "chest_xray")
    kept = shutil.move(workspace.demo_data, workspace.folder / "kept")
    started: list[Workspace] = []
    monkeypatch.setattr("pages.components.dataset.start_drawing_demo", started.append)
    monkeypatch.setattr("pages.components.dataset.is_drawing_demo", lambda workspace: True)
    app = open_page("home")

    [button] = [one for one in app.button if one.label == "Start now"]
    button.click().run()
    assert started == [workspace]
    assert not list_runs(workspace.runs)
    shutil.move(kept, workspace.demo_data)
    app.run()

    assert len(list_runs(workspace.runs)) == 1
    assert read_heading(app) == "Runs"


def test_the_images_lead_to_explore(open_page: OpenPage) -> None:
    app = open_page("home")
    [button] = [one for one in app.button if one.label == "Look at the images first"]
    button.click().run()

    assert read_heading(app) == "Explore"


def test_a_training_that_runs_is_shown_with_its_progress(open_page: OpenPage, run: Run) -> None:
    status = run.read_status()
    run.write_status(
        replace(
            status,
            state="running",
            handle=own_handle(),
            step="training",
            message="Epoch 5: training.",
            epoch=5,
            n_epochs=20,
            done=1,
            total=2,
            seconds_left=75.0,
        )
    )

    app = open_page("home")

    [row] = read_rows(app, "home_running")
    assert row["share"] == pytest.approx(4.5 / 20)  # of the epochs
    assert (row["value"], row["value_note"]) == ("22%", "1 min 15 s left")
    assert row["title"] == run.read_nickname()
    assert "Epoch 5 of 20" in row["note"]
    # Nobody queued it: a training of the command line counts as well.
    assert "1 running, 0 waiting" in words_of(app)


def test_a_run_that_waits_is_shown_with_what_for(open_page: OpenPage, workspace: Workspace) -> None:
    for number in (1, 2):
        name = f"2026030{number}-100000-demo_cnn"
        JobQueue(workspace.queue).submit(fake_run(workspace, "queued", name).name)

    app = open_page("home")

    rows = read_rows(app, "home_running")
    assert [row["note"] for row in rows] == ["waits for the next free slot"] + [
        "waits for 1 run before it"
    ]
    assert "No worker is running; the Runs page starts one." in words_of(app)


def test_the_last_results_come_with_interval_and_number(
    open_page: OpenPage, workspace: Workspace
) -> None:
    run = fake_run(workspace, "done")
    write_report(run, workspace)
    report = run.read_report()
    fake_run(workspace, "failed", "20260302-100000-demo_cnn", message="phases.train.epochs is 0.")

    app = open_page("home")

    failed, done = read_rows(app, "home_results")
    accuracy = report["metrics"]["accuracy"]
    low, value, high = (f"{100 * accuracy[name]:.0f}" for name in ("low", "value", "high"))
    assert done["value"] == f"{value}% right ({low} to {high})"
    assert done["value_note"] == f"test set, n = {report['n']}"
    assert "Epochs is 0" in failed["note"]
    assert failed["value"] == ""


@pytest.mark.parametrize(("with_report", "heading"), [(True, "Evaluate"), (False, "Runs")])
def test_a_result_opens_on_evaluate_one_without_on_its_own_page(
    open_page: OpenPage, workspace: Workspace, with_report: bool, heading: str
) -> None:
    run = fake_run(workspace, "done")
    if with_report:
        write_report(run, workspace)
    app = open_page("home")
    app.session_state[activity.OPENED] = ("evaluate" if with_report else "runs", run.name)

    app.run()

    assert read_heading(app) == heading
    assert app.query_params["run"] == run.name


def test_a_damaged_run_is_named_and_the_page_goes_on(open_page: OpenPage, run: Run) -> None:
    (run.folder / "status.json").write_text("{", encoding="utf-8")
    (run.folder / "report.json").write_text("{", encoding="utf-8")

    app = open_page("home")

    [row] = read_rows(app, "home_results")
    assert "is damaged" in row["note"]


def test_a_dataset_is_chosen_by_a_click_and_opens_in_explore(
    open_page: OpenPage, workspace: Workspace
) -> None:
    fake_kermany(workspace.data / "chest_xray")
    app = open_page("home")
    assert [row["title"] for row in read_rows(app, "home_datasets")] == ["demo", "chest_xray"]
    app.session_state["data"] = "chest_xray"  # what a click does, see below
    app.session_state[data_card.CHOSEN] = True

    app.run()

    assert read_heading(app) == "Explore"
    assert app.selectbox(key="data_choice").value == "chest_xray"


def look_at_datasets() -> None:
    import streamlit as st

    from pages.home import data_card

    if clicked := st.session_state.pop("clicked", None):
        data_card._open(clicked)  # the callback of a click
    data_card.show_data("demo")


def test_a_folder_that_waits_to_be_mapped_is_asked_for_where_datasets_are(
    workspace: Workspace,
) -> None:
    draw_kind(workspace.data / "hospital", TABLES["comma"])
    app = AppTest.from_function(look_at_datasets, default_timeout=60).run()
    row, demo = read_rows(app, "home_datasets")
    assert (row["title"], row["value"], demo["title"]) == ("hospital", "not read yet", "demo")

    app.session_state["clicked"] = row["id"]
    app.run()

    assert not app.exception
    assert not app.button(key="map.save").disabled
    assert "Image file ← filename" in words_of(app)


def test_a_dataset_that_cannot_be_read_leaves_the_cards_in_reach(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path) -> None:
        raise DatasetError(f"{folder} is gone.")

    monkeypatch.setattr("pages.components.context.open_folder", refuse)
    app = open_page("home")

    assert "is gone" in app.error[0].value
    assert [one for one in app.button if one.label == "Start now"]
    assert "demo" in [row["title"] for row in read_rows(app, "home_datasets")]


def look_for_folders() -> None:
    import streamlit as st

    from pages.home import browse
    from xray_core.workspace import find_workspace

    if clicked := st.session_state.pop("clicked", None):
        browse._enter(clicked)  # the callback of a click
    st.session_state["place"] = browse.browse_folders(find_workspace())


def test_folders_are_looked_through_within_the_roots_alone(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "class" / "x-rays" / "inner").mkdir(parents=True)
    monkeypatch.setenv("XRAY_DATA_ROOTS", str(tmp_path / "class"))
    app = AppTest.from_function(look_for_folders, default_timeout=30).run()

    def click(chosen: str) -> Any:
        app.session_state["clicked"] = chosen
        app.run()
        assert not app.exception
        return app.session_state["place"]

    names = [row["title"] for row in read_rows(app, "browse")]
    assert names == [workspace.data.name, "class"]
    assert click(str(tmp_path / "class" / "x-rays")) == tmp_path / "class" / "x-rays"
    assert [row["title"] for row in read_rows(app, "browse")] == ["Up", "inner"]
    assert click(browse.UP) == tmp_path / "class"
    assert click(browse.UP) is None  # above all roots again
    for outside in (str(tmp_path), "/", "/nowhere/\0", str(workspace.runs)):
        assert click(outside) is None


def test_a_folder_that_was_looked_for_is_added(
    open_page: OpenPage, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_kermany(tmp_path / "class" / "chest_xray")
    monkeypatch.setenv("XRAY_DATA_ROOTS", str(tmp_path / "class"))
    app = open_page("home")
    app.session_state["adding"] = True
    app.session_state[browse.PLACE] = str(tmp_path / "class" / "chest_xray")
    app.run()

    app.button(key="add_browsed").click().run()

    assert not app.exception
    assert "chest_xray" in list_datasets(workspace)
    assert app.selectbox(key="data_choice").value == "chest_xray"


def test_a_path_is_added_as_it_is_pasted_and_a_wrong_one_answered_with_the_right(
    open_page: OpenPage, workspace: Workspace, tmp_path: Path
) -> None:
    fake_kermany(tmp_path / "my x-rays")
    app = open_page("home")
    app.session_state["adding"] = True
    app.run()

    def add(typed: str) -> None:
        [field] = [one for one in app.text_input if one.label.startswith("Folder on")]
        field.set_value(typed)
        [button] = [one for one in app.button if one.label == "Add"]
        button.click().run()
        assert not app.exception

    add(f"“{tmp_path}/my xrays”")
    [error] = app.error
    assert f"Did you mean {tmp_path}/my x-rays?" in error.value.replace("\\", "")
    assert "my x-rays" not in list_datasets(workspace)
    add(f"file://{tmp_path}/my%20x-rays/")
    assert "my x-rays" in list_datasets(workspace)


def test_without_any_data_the_demo_is_drawn(
    open_page: OpenPage, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(workspace.data)
    started = []
    monkeypatch.setattr("pages.components.dataset.start_drawing_demo", started.append)
    monkeypatch.setattr("pages.components.dataset.is_drawing_demo", lambda workspace: True)

    app = open_page("home")

    assert started == [workspace]
    assert "The demo data is being drawn" in words_of(app)
    assert any("synthetic images" in one.value for one in app.markdown)
    assert app.get("progress")
    assert [one for one in app.button if one.label == "Start now"]
