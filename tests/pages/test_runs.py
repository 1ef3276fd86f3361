"""The Runs page, on runs made by hand."""

import os
import shutil

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import OpenPage
from tests.pages.fake_runs import N_BATCHES, N_EPOCHS, fake_run, record_processes
from xray_core.home import Home
from xray_core.jobs import JobQueue
from xray_core.processes import own_handle
from xray_core.recipes import PUBLISHED, change_recipe
from xray_core.runs import list_runs


@pytest.fixture(autouse=True)
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    return record_processes(monkeypatch)


def words_on(app: AppTest) -> str:
    texts = [*app.markdown, *app.caption, *app.info, *app.warning, *app.success, *app.error]
    return " ".join(str(one.value) for one in texts).replace("\\", "")


def press(app: AppTest, label: str) -> AppTest:
    [button] = [one for one in app.button if one.label == label]
    return button.click().run()


def test_first_visit_says_what_to_do(open_page: OpenPage) -> None:
    app = open_page("runs")

    assert "No training yet" in app.info[0].value


def test_unknown_run_is_said_with_the_newest(workspace: Home, open_page: OpenPage) -> None:
    run = fake_run(workspace, "failed")

    app = open_page("runs", run="nonsense")

    assert "no run 'nonsense'" in words_on(app)
    assert run.name in words_on(app)


def test_address_cannot_lead_out_of_the_runs_folder(workspace: Home, open_page: OpenPage) -> None:
    run = fake_run(workspace, "failed")
    shutil.copytree(run.folder, workspace.folder / "outside")

    app = open_page("runs", run="../outside")

    assert "no run" in words_on(app)


def test_list_shows_every_ended_run_newest_first(workspace: Home, open_page: OpenPage) -> None:
    states = ["done", "failed", "stopped", "lost"]
    for hour, state in enumerate(states):
        fake_run(workspace, state, f"20260301-1{hour}0000-demo_cnn", message=f"it is {state}")

    table = open_page("runs").dataframe[0].value

    assert table["state"].str[0].tolist() == states[::-1]
    assert table["message"].tolist() == [f"it is {state}" for state in states[::-1]]
    assert table["accuracy"].tolist() == pytest.approx([0.8] * 4)
    assert set(table["took"]) == {"1 min 00 s"}


@pytest.mark.parametrize("state", ["done", "failed", "stopped", "lost"])
def test_ended_run_shows_why_and_can_be_trained_again(
    workspace: Home, open_page: OpenPage, state: str, commands: list[list[str]]
) -> None:
    run = fake_run(workspace, state, message="The reason.")

    app = open_page("runs", run=run.name)
    assert "The reason." in words_on(app)
    assert len(app.get("vega_lite_chart")) == 2
    app = press(app, "Train again")

    assert not app.exception
    [again] = [one for one in list_runs(workspace.runs) if one.name != run.name]
    assert again.read_recipe() == run.read_recipe()
    assert app.query_params["run"] == again.name
    assert "worker" in commands[-1]


def test_vanished_process_is_shown_as_lost(workspace: Home, open_page: OpenPage) -> None:
    run = fake_run(workspace, "running", handle="1:1.00")

    app = open_page("runs", run=run.name)

    assert "lost" in words_on(app)
    assert "Its process is gone" in words_on(app)


def test_running_run_shows_progress_device_and_epochs(workspace: Home, open_page: OpenPage) -> None:
    run = fake_run(
        workspace,
        "running",
        handle=own_handle(),
        step="training",
        message="Epoch 2: training.",
        done=1,
        total=N_BATCHES,
        seconds_left=130.0,
        cpu_percent=150.0,
        memory_mb=900.0,
    )

    app = open_page("runs", run=run.name)

    values = {one.label: one.value for one in app.metric}
    assert values["Epoch"] == f"2 of {PUBLISHED['demo_cnn'].n_epochs}"
    assert values["Left, about"] == "2 min 10 s"
    assert values["Validation accuracy, best epoch (2)"] == "80.0%"
    assert "900 MB" in words_on(app)
    assert app.slider[0].value == N_EPOCHS


def test_slider_goes_back_and_stays_there_while_epochs_come(
    workspace: Home, open_page: OpenPage
) -> None:
    run = fake_run(workspace, "running", handle=own_handle(), step="training")
    app = open_page("runs", run=run.name)
    app.slider[0].set_value(1).run()
    [row] = [line for line in run.read_metrics() if line.get("epoch") == 2 and "recall" in line]
    run.append_metrics({**row, "epoch": 3, "step": 9})
    app.run()

    assert (app.slider[0].max, app.slider[0].value) == (3, 1)
    assert "Epoch 1 " in app.get("html")[0].proto.body


def test_slider_follows_the_newest_epoch(workspace: Home, open_page: OpenPage) -> None:
    run = fake_run(workspace, "running", handle=own_handle(), step="training")
    app = open_page("runs", run=run.name)
    row = run.read_metrics()[-1]
    run.append_metrics({**row, "epoch": 3, "step": 9})
    app.run()

    assert app.slider[0].value == 3


def test_half_written_line_is_no_error(workspace: Home, open_page: OpenPage) -> None:
    run = fake_run(workspace, "running", handle=own_handle())
    with run.metrics_path.open("a", encoding="utf-8") as log:
        log.write('{"kind": "batch", "st')

    app = open_page("runs", run=run.name)

    assert app.slider[0].max == N_EPOCHS


def test_queued_runs_say_how_many_are_before_them(workspace: Home, open_page: OpenPage) -> None:
    names = [f"20260301-1{hour}0000-demo_cnn" for hour in range(3)]
    for name in names:
        fake_run(workspace, "queued", name)
        JobQueue(workspace.queue).submit(name)

    assert "next to start" in words_on(open_page("runs", run=names[0]))
    assert "waits for 2 before it" in words_on(open_page("runs", run=names[2]))
    assert "waits for 1 before it" in words_on(open_page("runs"))


def test_waiting_runs_wake_a_worker(
    workspace: Home, open_page: OpenPage, commands: list[list[str]]
) -> None:
    run = fake_run(workspace, "queued")
    JobQueue(workspace.queue).submit(run.name)

    open_page("runs")
    assert commands == []  # submitted just now: its worker is on the way
    os.utime(run.folder / "status.json", (0, 0))
    open_page("runs")

    assert "worker" in commands[-1]


def test_nothing_waiting_wakes_nobody(
    workspace: Home, open_page: OpenPage, commands: list[list[str]]
) -> None:
    fake_run(workspace, "done")

    open_page("runs")

    assert commands == []


def test_stop_asks_once_and_stops_the_queued_run(workspace: Home, open_page: OpenPage) -> None:
    run = fake_run(workspace, "queued")
    JobQueue(workspace.queue).submit(run.name)
    app = press(open_page("runs", run=run.name), "Yes, stop it")

    assert run.read_status().state == "stopped"
    assert "out of the queue" in words_on(app)


def test_stop_asks_the_running_run(workspace: Home, open_page: OpenPage) -> None:
    run = fake_run(workspace, "running", handle=own_handle())
    app = press(open_page("runs", run=run.name), "Yes, stop it")

    assert run.stop_path.exists()
    assert "Stopping after the present batch" in words_on(app)
    assert "Yes, stop it" not in [one.label for one in app.button]


def test_changes_leaks_and_unreadable_files_are_said(workspace: Home, open_page: OpenPage) -> None:
    recipe = change_recipe(PUBLISHED["demo_cnn"], {"batch_size": 4})
    run = fake_run(workspace, "done", recipe=recipe, leaks=7)

    words = words_on(open_page("runs", run=run.name))

    assert "batch_size 16 → 4" in words
    assert "7 patients or identical files are in several parts" in words
    assert "1 images could not be read" in words


def test_damaged_status_does_not_hide_the_other_runs(workspace: Home, open_page: OpenPage) -> None:
    fake_run(workspace, "done", "20260301-100000-demo_cnn")
    damaged = fake_run(workspace, "done", "20260301-110000-demo_cnn")
    (damaged.folder / "status.json").write_text("{", encoding="utf-8")

    app = open_page("runs")

    assert len(app.dataframe[0].value) == 1
    assert "1 run folders have a damaged status" in words_on(app)
    assert "damaged" in words_on(open_page("runs", run=damaged.name))


def test_log_is_shown_once_it_is_opened(workspace: Home, open_page: OpenPage) -> None:
    run = fake_run(workspace, "failed")
    app = open_page("runs", run=run.name)
    assert not app.code
    app.session_state["log"] = True
    app.run()

    assert "all is well" in app.code[0].value


def test_list_survives_a_run_without_metrics(workspace: Home, open_page: OpenPage) -> None:
    run = fake_run(workspace, "failed")
    run.metrics_path.unlink()

    assert pd.isna(open_page("runs").dataframe[0].value["accuracy"][0])
