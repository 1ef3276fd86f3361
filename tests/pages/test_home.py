"""The Home page: the first thing a visitor sees."""

import shutil
from dataclasses import replace

import pytest

from tests.pages.conftest import OpenPage
from tests.pages.fake_runs import record_processes
from tests.pages.shown import read_heading
from tests.pages.test_explore import read_grid
from xray_core.processes import own_handle
from xray_core.recipes import PUBLISHED
from xray_core.runs import Run, create_run
from xray_core.workspace import Workspace


@pytest.fixture
def run(workspace: Workspace) -> Run:
    recipe = replace(PUBLISHED["demo_cnn"], data_folder=str(workspace.demo_data))
    return create_run(recipe, workspace.runs)


def test_a_first_visit_shows_drawn_data_and_what_to_try(open_page: OpenPage) -> None:
    app = open_page("home")

    assert any("never for diagnosis" in caption.value for caption in app.caption)
    assert [metric.value for metric in app.metric][:2] == ["demo", "48"]
    assert app.metric[0].delta == "synthetic images"
    assert len(read_grid(app, "home_images")["tiles"]) == 6
    assert any("No training yet" in info.value for info in app.info)


@pytest.mark.parametrize("title", ["Explore", "Prepare", "Train"])
def test_each_card_leads_to_its_page(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, title: str
) -> None:
    record_processes(monkeypatch)  # Train would measure its network: seconds of TensorFlow
    app = open_page("home")

    app.button(key=f"go_{title}").click().run()

    assert not app.exception
    assert read_heading(app) == title


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
        )
    )

    app = open_page("home")

    [bar] = app.get("progress")
    assert bar.proto.value == 22  # % of the epochs: 4.5 of 20
    assert "Epoch 5 of 20" in bar.proto.text
    # Nobody queued it: a training of the command line counts as well.
    assert any("1 running, 0 waiting; 1 run in all." in caption.value for caption in app.caption)


def test_a_damaged_run_is_named_and_the_page_goes_on(open_page: OpenPage, run: Run) -> None:
    (run.folder / "status.json").write_text("{", encoding="utf-8")

    app = open_page("home")

    assert any("is damaged" in caption.value for caption in app.caption)


def test_without_any_data_the_demo_is_drawn(
    open_page: OpenPage, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(workspace.data)
    started = []
    monkeypatch.setattr("pages.components.dataset.start_drawing_demo", started.append)
    monkeypatch.setattr("pages.components.dataset.is_drawing_demo", lambda workspace: True)

    app = open_page("home")

    assert started == [workspace]
    assert not app.metric
    assert any("synthetic images" in one.value for one in app.markdown)
    assert app.get("progress")
