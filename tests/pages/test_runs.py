"""The Runs page, on runs made by hand."""

import html
import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.components.user import COOKIE
from pages.runs import metric_tail, run_actions
from pages.runs import run_table as table_page
from pages.runs.metric_tail import DeviceTail, MetricTail
from pages.runs.run_filters import filter_runs, sort_runs
from tests.pages.conftest import APP, OpenPage
from tests.pages.fake_runs import (
    LEAKY_WEIGHTS,
    N_BATCHES,
    N_EPOCHS,
    fake_run,
    record_processes,
    write_report,
)
from tests.pages.shown import list_html, read_heading
from tests.run_files import device_line
from xray_core.evaluation.diagnose import DIVERGED
from xray_core.jobs import JobQueue, QueueSettings, queue_view, read_settings, write_settings
from xray_core.processes import own_handle
from xray_core.recipes import PUBLISHED, Recipe, change_recipe
from xray_core.runs import Run, Submission, list_runs
from xray_core.runs.index import run_table
from xray_core.runs.notes import Notes, read_notes, write_notes
from xray_core.runs.trash import list_trash, trash_run
from xray_core.splits import format_absence
from xray_core.workspace import Workspace, clean_user


@pytest.fixture(autouse=True)
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    return record_processes(monkeypatch)


def words_on(app: AppTest) -> str:
    texts = [*app.markdown, *app.caption, *app.info, *app.warning, *app.success, *app.error]
    plain = [html.unescape(re.sub("<[^>]*>", "", text)) for text in list_html(app)]
    plain += [one.get("caption", "") for one in components_of(app)]  # of a confusion matrix
    return " ".join([*(str(one.value) for one in texts), *plain]).replace("\\", "")


def components_of(app: AppTest) -> list[dict[str, Any]]:
    return [json.loads(box.proto.json or "{}") for box in app.get("bidi_component")]


def labels_of(app: AppTest) -> list[str]:
    return [one.label for one in app.button]


def submitted(
    workspace: Workspace, name: str, user: str = "", state: str = "queued", **wish: object
) -> Run:
    """Make a run that was submitted, and queue it if it waits."""
    run = fake_run(workspace, state, name)
    run.write_submission(Submission(user, **{"nickname": name, **wish}))  # type: ignore[arg-type]
    if state == "queued":
        JobQueue(workspace.queue).submit(name, run.read_submission())
    return run


def unfold(app: AppTest, *keys: str) -> AppTest:
    """Open popovers and expanders, as a click on them does."""
    for key in keys:
        app.session_state[key] = True
    return app.run()


def press(app: AppTest, label: str) -> AppTest:
    [button] = [one for one in app.button if one.label == label]
    return button.click().run()


def test_the_split_of_a_run_can_be_downloaded(
    workspace: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = fake_run(workspace, "done")
    table = pd.DataFrame(
        {
            "image_id": ["a", "b"],
            "group": ["p", "q"],
            "class": ["é", "no"],
            "subset": ["training", "test"],
        }
    )
    run.write_table("split.parquet", table)
    offered: dict[str, Callable[[], bytes]] = {}
    monkeypatch.setattr(
        st, "download_button", lambda _, make, file_name, **rest: offered.update({file_name: make})
    )

    assert not unfold(open_page("runs", run=run.name), "data_split").exception

    text = offered[f"{run.name}-split.csv"]().decode("utf-8-sig")
    assert text == "image_id,group,class,subset\na,p,é,training\nb,q,no,test\n"


def test_a_run_that_has_no_split_yet_offers_none(
    workspace: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = fake_run(workspace, "running")
    offered: list[str] = []
    monkeypatch.setattr(
        st, "download_button", lambda _, make, file_name, **rest: offered.append(file_name)
    )

    unfold(open_page("runs", run=run.name), "data_split")

    assert not [name for name in offered if name.endswith("-split.csv")]


def test_first_visit_says_what_to_do(open_page: OpenPage) -> None:
    app = open_page("runs")

    assert "No training yet" in app.info[0].value


def test_unknown_run_is_said_with_the_newest(workspace: Workspace, open_page: OpenPage) -> None:
    run = fake_run(workspace, "failed")

    app = open_page("runs", run="nonsense")

    assert "no run 'nonsense'" in words_on(app)
    assert run.name in words_on(app)


def test_address_cannot_lead_out_of_the_runs_folder(
    workspace: Workspace, open_page: OpenPage
) -> None:
    run = fake_run(workspace, "failed")
    shutil.copytree(run.folder, workspace.folder / "outside")

    app = open_page("runs", run="../outside")

    assert "no run" in words_on(app)


def test_list_shows_every_ended_run_newest_first(workspace: Workspace, open_page: OpenPage) -> None:
    states = ["done", "failed", "stopped", "lost"]
    for hour, state in enumerate(states):
        fake_run(workspace, state, f"20260301-1{hour}0000-demo_cnn", message=f"it is {state}")

    table = open_page("runs").dataframe[0].value

    assert table["state"].str[0].tolist() == states[::-1]
    assert table["message"].tolist() == [f"it is {state}" for state in states[::-1]]
    assert table["validation"].tolist() == ["80.0%, n = 15"] * 4
    assert [list(curve) for curve in table["curve"]] == [[0.7, 0.8]] * 4
    assert set(table["duration"]) == {"1 min 00 s"}


@pytest.mark.parametrize("state", ["done", "failed", "stopped", "lost"])
def test_ended_run_shows_why_and_can_be_trained_again(
    workspace: Workspace, open_page: OpenPage, state: str, commands: list[list[str]]
) -> None:
    run = fake_run(workspace, state, message="The reason.")

    app = open_page("runs", run=run.name)
    assert "The reason." in words_on(app)
    assert len(app.get("vega_lite_chart")) == 1
    app = press(unfold(app, f"more_{run.name}"), "Restart")

    assert not app.exception
    [again] = [one for one in list_runs(workspace.runs) if one.name != run.name]
    assert again.read_recipe() == run.read_recipe()
    assert app.query_params["run"] == again.name
    assert "worker" in commands[-1]


def test_vanished_process_is_shown_as_lost(workspace: Workspace, open_page: OpenPage) -> None:
    run = fake_run(workspace, "running", handle="1:1.00")

    app = open_page("runs", run=run.name)

    assert "lost" in words_on(app)
    assert "Its process is gone" in words_on(app)


def test_running_run_shows_progress_device_and_epochs(
    workspace: Workspace, open_page: OpenPage
) -> None:
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

    words, n_epochs = words_on(app), PUBLISHED["demo_cnn"].n_epochs
    [progress] = app.get("progress")
    assert progress.proto.text == f"Epoch 2 of {n_epochs}: training."
    assert "2 min 10 s left" in words
    assert "Validation accuracy 80.0% n = 15 · selected epoch 2" in words
    assert "900 MB" in words
    assert "The training goes on without this page" in words
    assert app.slider[0].value == N_EPOCHS


def test_slider_goes_back_and_stays_there_while_epochs_come(
    workspace: Workspace, open_page: OpenPage
) -> None:
    run = fake_run(workspace, "running", handle=own_handle(), step="training")
    app = open_page("runs", run=run.name)
    app.slider[0].set_value(1).run()
    [row] = [line for line in run.read_metrics() if line.get("epoch") == 2 and "recall" in line]
    run.append_metrics({**row, "epoch": 3, "step": 9})
    app.run()

    assert (app.slider[0].max, app.slider[0].value) == (3, 1)
    assert "Epoch 1. " in words_on(app)


def test_slider_follows_the_newest_epoch(workspace: Workspace, open_page: OpenPage) -> None:
    run = fake_run(workspace, "running", handle=own_handle(), step="training")
    app = open_page("runs", run=run.name)
    row = run.read_metrics()[-1]
    run.append_metrics({**row, "epoch": 3, "step": 9})
    app.run()

    assert app.slider[0].value == 3


def test_half_written_line_is_no_error(workspace: Workspace, open_page: OpenPage) -> None:
    run = fake_run(workspace, "running", handle=own_handle())
    with run.metrics_path.open("a", encoding="utf-8") as log:
        log.write('{"kind": "batch", "st')

    app = open_page("runs", run=run.name)

    assert app.slider[0].max == N_EPOCHS


def test_queued_runs_say_how_many_are_before_them(
    workspace: Workspace, open_page: OpenPage
) -> None:
    names = [f"20260301-1{hour}0000-demo_cnn" for hour in range(3)]
    for name in names:
        fake_run(workspace, "queued", name).write_submission(Submission(nickname=name))
        JobQueue(workspace.queue).submit(name)

    assert "waits for the next free slot" in words_on(open_page("runs", run=names[0]))
    assert "waits for 2 runs before it" in words_on(open_page("runs", run=names[2]))
    table = open_page("runs").dataframe[0].value
    assert table["run"].tolist() == names  # the next one first
    assert table["now"].str.split(",").str[0].tolist() == [
        "waits for the next free slot",
        "waits for 1 run before it",
        "waits for 2 runs before it",
    ]
    assert table["now"].str.endswith(" by now").all()


def test_the_next_run_says_in_how_long_it_starts(workspace: Workspace, open_page: OpenPage) -> None:
    running, waiting = (submitted(workspace, name_of(hour)) for hour in range(2))
    JobQueue(workspace.queue).claim_next(slots=1)
    for values in ({"state": "running"}, {"handle": own_handle(), "seconds_left": 130.0}):
        running.write_status(replace(running.read_stored_status(), **values))

    row = open_page("runs").dataframe[0].value.set_index("run").loc[waiting.name]
    assert row["now"] == "starts in about 2 min 10 s"
    words = words_on(open_page("runs", run=waiting.name))
    assert "It waits for the next free slot and starts in about 2 min 10 s." in words


def test_waiting_runs_wake_a_worker(
    workspace: Workspace, open_page: OpenPage, commands: list[list[str]]
) -> None:
    run = fake_run(workspace, "queued")
    JobQueue(workspace.queue).submit(run.name)

    open_page("runs")
    assert commands == []  # submitted just now: its worker is on the way
    os.utime(run.folder / "status.json", (0, 0))
    open_page("runs")

    assert "worker" in commands[-1]


def test_nothing_waiting_wakes_nobody(
    workspace: Workspace, open_page: OpenPage, commands: list[list[str]]
) -> None:
    fake_run(workspace, "done")

    open_page("runs")

    assert commands == []


def test_stop_asks_once_and_stops_the_queued_run(workspace: Workspace, open_page: OpenPage) -> None:
    run = fake_run(workspace, "queued")
    JobQueue(workspace.queue).submit(run.name)
    app = press(open_page("runs", run=run.name), "Cancel")

    assert run.read_status().state == "stopped"
    assert "out of the queue" in words_on(app)


def test_stop_asks_the_running_run(workspace: Workspace, open_page: OpenPage) -> None:
    run = fake_run(workspace, "running", handle=own_handle())
    app = press(unfold(open_page("runs", run=run.name), f"stop_{run.name}"), "Yes, stop it")

    assert run.stop_path.exists()
    assert "Stopping after the present batch" in words_on(app)
    assert "Yes, stop it" not in labels_of(app)
    [waiting] = [one for one in app.button if one.label == "Stopping …"]
    assert waiting.disabled
    run.append_event("terminated", "It did not stop: its processes were asked to end.", "worker")
    assert "its processes were asked to end" in words_on(app.run())


def test_a_run_that_ends_while_its_page_is_drawn_gets_the_buttons_of_one_that_has(
    workspace: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = fake_run(workspace, "running", handle=own_handle())
    ended = replace(run.read_status(), state="done", ended_at="2026-03-01T10:01:05+00:00")
    # After the state was read, before the strip is drawn.
    show = run_actions.show_actions
    monkeypatch.setattr(
        run_actions, "show_actions", lambda *given: (show(*given), run.write_status(ended))
    )

    app = open_page("runs", run=run.name)

    assert "See the result" in labels_of(app)
    assert "Yes, stop it" not in labels_of(app)


def test_what_is_open_stays_open_and_says_that_the_run_has_ended(
    workspace: Workspace, open_page: OpenPage
) -> None:
    run = fake_run(workspace, "running", handle=own_handle())
    app = open_page("runs", run=run.name)
    app.session_state[f"stop_{run.name}"] = True
    app.run()
    assert "nothing to stop" not in words_on(app)

    ended = replace(run.read_status(), state="done", ended_at="2026-03-01T10:01:05+00:00")
    run.write_status(ended)
    app.run()

    assert "There is nothing to stop: it is done." in words_on(app)
    assert "See the result" in labels_of(app)
    app.session_state[f"stop_{run.name}"] = False
    assert "nothing to stop" not in words_on(app.run())


def test_who_stops_a_run_needs_not_be_told_so_in_the_same_place(
    workspace: Workspace, open_page: OpenPage
) -> None:
    run = fake_run(workspace, "running", handle=own_handle())
    app = open_page("runs", run=run.name)
    app.session_state[f"stop_{run.name}"] = True

    assert "meanwhile" not in words_on(press(app.run(), "Yes, stop it"))
    app.session_state[f"stop_{run.name}"] = True
    assert "It was asked to stop meanwhile." in words_on(app.run())


def test_what_is_open_of_a_run_that_waits_stays_open_when_it_starts(
    workspace: Workspace, open_page: OpenPage
) -> None:
    run = submitted(workspace, "20260301-100000-demo_cnn")
    app = unfold(open_page("runs", run=run.name), f"place_{run.name}")
    assert "First" in labels_of(app)

    JobQueue(workspace.queue).claim_next(slots=1)
    run.write_status(replace(run.read_status(), state="running", handle=own_handle()))

    assert "It waits no longer: it is running." in words_on(app.run())


def test_a_run_that_no_queue_knows_is_seen_to_end_by_the_list(
    workspace: Workspace, open_page: OpenPage
) -> None:
    run = fake_run(workspace, "running", handle=own_handle())
    ended = replace(run.read_status(), state="done", ended_at="2026-03-01T10:01:05+00:00")
    app = open_page("runs")
    assert "1 running" in words_on(app)
    run.write_status(ended)

    app.run()

    assert app.dataframe[0].value["state"].tolist() == [["done"]]
    assert "running" not in words_on(app)


def test_changes_leaks_and_unreadable_files_are_said(
    workspace: Workspace, open_page: OpenPage
) -> None:
    recipe = change_recipe(PUBLISHED["demo_cnn"], {"batch_size": 4})
    run = fake_run(workspace, "done", recipe=recipe, leaks=7, weights=LEAKY_WEIGHTS)

    words = words_on(open_page("runs", run=run.name))

    assert "Batch size 16 → 4" in words
    assert "7 patients or identical files are in several subsets" in words
    leak = "36 of 80 test images were trained on by earlier"
    assert f"Here {leak}, so it scores too well." in words
    words = words_on(unfold(open_page("runs", run=run.name), "data_split"))
    assert f"with the weights of earlier, which began with those of first: {leak}; none of" in words
    assert "1 images could not be read" in words


def test_a_class_that_a_given_subset_lacks_is_said_of_the_run(
    workspace: Workspace, open_page: OpenPage
) -> None:
    run = fake_run(workspace, "done")
    data = json.loads((run.folder / "data.json").read_text(encoding="utf-8"))
    run.write_json("data.json", {**data, "absent": [format_absence("test", ["opacity"])]})

    app = open_page("runs", run=run.name)

    assert "No image of opacity is in the test set" in words_on(app)
    assert data["left_out"][0] in words_on(unfold(app, "data_split"))


def test_what_goes_wrong_is_named_once_there_is_enough_to_go_by(
    workspace: Workspace, open_page: OpenPage
) -> None:
    run = fake_run(workspace, "running", handle=own_handle(), step="training")
    row = {**run.read_metrics()[-1], "loss": 1.2, "confusion": [[0, 400], [0, 900]]}
    assert "Next:" not in words_on(open_page("runs", run=run.name))  # two epochs

    for epoch in (3, 4, 5):
        run.append_metrics({**row, "epoch": epoch, "step": 100 * epoch})
    words = words_on(open_page("runs", run=run.name))

    assert "It answers opacity to every image." in words
    assert "among them all 400 of other classes" in words
    assert "Next: Set Learning rate = 0.0002." in words.replace("**", "")


def test_diverged_run_is_named_without_a_curve(workspace: Workspace, open_page: OpenPage) -> None:
    message = f"The loss became nan in epoch 1: {DIVERGED}."
    run = fake_run(workspace, "failed", message=message)
    run.cut_metrics(0)

    app = open_page("runs", run=run.name)
    words = words_on(app)

    assert DIVERGED in app.error[0].value
    assert "The loss is no number any more" in words
    assert "Learning rate = 0.0002" in words


def test_damaged_status_does_not_hide_the_other_runs(
    workspace: Workspace, open_page: OpenPage
) -> None:
    fake_run(workspace, "done", "20260301-100000-demo_cnn")
    damaged = fake_run(workspace, "done", "20260301-110000-demo_cnn")
    (damaged.folder / "status.json").write_text("{", encoding="utf-8")

    app = open_page("runs")

    assert app.dataframe[0].value["state"].str[0].tolist() == ["damaged", "done"]
    assert "damaged" in words_on(open_page("runs", run=damaged.name))


def test_log_is_shown_once_it_is_opened(workspace: Workspace, open_page: OpenPage) -> None:
    run = fake_run(workspace, "failed")
    app = open_page("runs", run=run.name)
    assert not app.code
    app.session_state["log"] = True
    app.run()

    assert "all is well" in app.code[0].value


def test_list_survives_a_run_without_metrics(workspace: Workspace, open_page: OpenPage) -> None:
    run = fake_run(workspace, "failed")
    run.metrics_path.unlink()

    assert len(open_page("runs").dataframe[0].value) == 1


def name_of(hour: int) -> str:
    return f"20260301-{hour:02d}0000-demo_cnn"


def test_filters_in_the_address_choose_sort_and_count(
    workspace: Workspace, open_page: OpenPage
) -> None:
    for hour, state in enumerate(["done", "failed", "done", "stopped"]):
        run = submitted(workspace, name_of(hour), user="Ana" if hour % 2 == 0 else "", state=state)
        write_notes(run, Notes(("baseline",) if hour < 3 else (), f"remark{hour}"))

    app = open_page("runs", states="done", tags="baseline", users="Ana", order="oldest first")

    assert app.dataframe[0].value["run"].tolist() == [name_of(0), name_of(2)]
    assert "Filters (2)" in [panel.proto.popover.label for panel in app.get("popover")]
    assert app.dataframe[0].value["tags"].tolist() == [["baseline"], ["baseline"]]
    assert "changes" not in app.dataframe[0].value  # there are none
    assert "2 of 4 runs" in words_on(app)
    app.text_input(key="search").set_value("REMARK2 demo").run()
    assert app.dataframe[0].value["run"].tolist() == [name_of(2)]
    app.text_input(key="search").set_value("nowhere").run()
    assert not app.dataframe
    assert "No run passes the filters" in words_on(app)


def test_nonsense_in_the_address_filters_nothing(workspace: Workspace, open_page: OpenPage) -> None:
    fake_run(workspace, "done")

    app = open_page("runs", states="dreaming", tags="none", order="sideways", sizes="maybe")

    assert len(app.dataframe[0].value) == 1


def test_filter_and_order_of_the_table(workspace: Workspace) -> None:
    for hour, accuracy in enumerate([0.8, None, 0.9]):
        run = fake_run(workspace, "done", name_of(hour), val_accuracy=accuracy)
        write_notes(run, Notes(tuple("ab"[: hour + 1])))
    runs = table_page.add_now(run_table(workspace), workspace)

    best = sort_runs(runs, "best validation")["name"].tolist()
    assert best == [name_of(2), name_of(0), name_of(1)]
    both = filter_runs(runs, tags=["a", "b"])
    assert runs["name"][both].tolist() == [name_of(2), name_of(1)]
    assert filter_runs(runs, text="demo 010000").tolist() == [False, True, False]
    changed = runs.assign(changes=["", "preprocess.size 96", "preprocess.size 64"])
    assert filter_runs(changed, text="size 96").tolist() == [False, True, False]
    assert not filter_runs(runs, text="[").any()
    assert filter_runs(runs.iloc[:0], text="x").empty


def test_disk_use_is_measured_on_request_only_and_once(
    workspace: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_run(workspace, "done").best_checkpoint.parent.mkdir()
    run = fake_run(workspace, "failed", name_of(1))
    (run.folder / "large.bin").write_bytes(b"0" * 3_000_000)
    st.cache_data.clear()
    measured: list[str] = []
    real = table_page.disk_use

    def count(run: Run) -> int:
        measured.append(run.name)
        return real(run)

    monkeypatch.setattr(table_page, "disk_use", count)

    app = open_page("runs")
    assert "disk" not in app.dataframe[0].value
    assert measured == []
    unfold(app, "filters").toggle(key="pick_sizes").set_value(True).run()
    app.selectbox(key="pick_order").set_value("largest on disk").run()

    assert app.dataframe[0].value["disk"].iloc[0] == pytest.approx(3.0, abs=0.1)
    assert "All 2 runs together use 3.0 MB" in words_on(app)
    assert (app.query_params["sizes"], app.query_params["order"]) == ("true", "largest on disk")
    assert len(measured) == 2


def open_ticked(runs: list[Run]) -> AppTest:
    """Open the list with some runs ticked."""
    app = AppTest.from_file(str(APP), default_timeout=60)
    app.query_params["ticked"] = [run.name for run in runs]
    app.switch_page("pages/runs.py").run()
    assert not app.exception, app.exception[0].value
    return app


def test_ticked_runs_are_tagged_and_trashed_but_never_one_that_waits(
    workspace: Workspace, open_page: OpenPage
) -> None:
    runs = [fake_run(workspace, "done", name_of(hour)) for hour in range(2)]
    waiting = submitted(workspace, name_of(2), nickname="deft-owl")
    app = open_ticked([*runs, waiting])
    assert {"Tag 3", "Cancel 1"} <= {panel.proto.popover.label for panel in app.get("popover")}
    assert {"Pause 1", "Delete 3"} <= set(labels_of(app))

    app = unfold(app, "bulk_tag")
    app.session_state["bulk_tags"] = ["week 2"]
    press(app.run(), "Add tags")
    assert [read_notes(run).tags for run in [*runs, waiting]] == [("week 2",)] * 3
    assert "3 runs tagged." in words_on(app)
    press(app, "Delete 3")

    assert not app.exception
    assert sorted(list_trash(workspace)) == [name_of(0), name_of(1)]
    assert "2 runs moved to the trash." in words_on(app)
    assert "1 run refused: deft-owl waits in the queue" in words_on(app)
    assert waiting.folder.is_dir()
    press(app, "Restore them")
    assert list_trash(workspace) == []
    assert all(run.folder.is_dir() for run in runs)


def test_ticked_runs_are_stopped_cancelled_paused_and_resumed_together(
    workspace: Workspace, open_page: OpenPage
) -> None:
    running = fake_run(workspace, "running", name_of(0), handle=own_handle())
    waiting = [submitted(workspace, name_of(hour)) for hour in (1, 2)]
    stopped = fake_run(workspace, "stopped", name_of(3))
    app = open_ticked([running, *waiting, stopped])

    press(app, "Pause 2")
    assert queue_view(workspace)["paused"].tolist() == [True, True]
    assert "2 runs paused." in words_on(app)
    press(app, "Go on 2")
    assert queue_view(workspace)["paused"].tolist() == [False, False]
    app = unfold(app, "bulk_Cancel")
    assert "Cancel 2 runs: each leaves the queue. Its folder stays" in words_on(app)
    press(app, "Yes, cancel 2 runs")
    assert [run.read_status().state for run in waiting] == ["stopped", "stopped"]
    press(unfold(app, "bulk_Stop"), "Yes, stop 1 run")
    assert running.stop_path.exists()
    press(app, "Resume 3")

    assert not app.exception
    assert "3 runs queued again." in words_on(app)
    assert {run.read_status().state for run in [*waiting, stopped]} == {"queued"}


def test_of_many_refusals_two_are_explained(workspace: Workspace) -> None:
    runs = [submitted(workspace, name_of(hour)) for hour in range(4)]

    def refuse() -> None:
        from pages.runs.outcome import carry_out_for_all, show_outcome
        from xray_core.runs import list_runs
        from xray_core.runs.trash import trash_run
        from xray_core.workspace import find_workspace

        workspace = find_workspace()
        runs = list_runs(workspace.runs)
        carry_out_for_all("moved to the trash", lambda run: trash_run(run, workspace), runs)
        show_outcome()

    app = AppTest.from_function(refuse, default_timeout=60).run()

    [error] = [one.value.replace("\\", "") for one in app.error]
    assert error.startswith("4 runs refused: ")
    assert error.endswith("And 2 more.")
    assert error.count("waits in the queue") == 2
    assert not app.success
    assert all(run.folder.is_dir() for run in runs)


def test_ticked_runs_are_drawn_over_each_other_and_a_diverged_one_is_named(
    workspace: Workspace, open_page: OpenPage
) -> None:
    fine = fake_run(workspace, "done", name_of(0))
    fine.write_submission(Submission(nickname="swift-otter"))
    message = f"The loss became nan in epoch 3: {DIVERGED}."
    diverged = fake_run(workspace, "failed", name_of(1), message=message)
    fake_run(workspace, "done", name_of(2))

    words = words_on(open_ticked([fine, diverged]))

    assert "ticked runs; ringed: the selected epoch" in words
    assert "swift-otter 80.0%, n = 15, epoch 2" in words
    assert f"A {diverged.name} diverged after 2 epochs: its loss became no number" in words
    assert "newest 3 runs" in words_on(open_page("runs"))


def test_a_visitor_who_gave_a_name_sees_their_own_runs_first(
    workspace: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hour, user in enumerate(("Ana", "Ben")):
        submitted(workspace, name_of(hour), user=user, state="done")
    assert len(open_page("runs").dataframe[0].value) == 2  # no name: everyone's
    monkeypatch.setattr(type(st.context), "cookies", {COOKIE: "Ana"})

    app = open_page("runs")

    assert app.dataframe[0].value["run"].tolist() == [name_of(0)]
    assert len(open_page("runs", whose="Everyone's").dataframe[0].value) == 2


def test_a_run_goes_to_the_trash_and_comes_back_or_goes_for_good(
    workspace: Workspace, open_page: OpenPage
) -> None:
    run = fake_run(workspace, "done")

    app = open_page("runs", run=run.name)
    app = press(unfold(app, f"more_{run.name}"), "Delete to the trash")
    assert "run" not in app.query_params
    assert "is in the trash" in words_on(app)
    assert not app.dataframe
    app.session_state["trash"] = True  # a click on the popover
    app.run().multiselect(key="trashed").set_value([run.name]).run()
    press(app, "Restore")
    assert run.read_status().state == "done"
    assert len(app.dataframe[0].value) == 1

    app = open_page("runs", run=run.name)
    app = press(unfold(app, f"more_{run.name}"), "Delete to the trash")
    app.session_state["trash"] = True
    app.run().checkbox(key="trash_sure").check().run()
    press(app, "Empty the trash")
    assert not app.exception
    assert list_trash(workspace) == []
    assert "Deleted for good: 1 run." in words_on(app)
    assert "No training yet" in words_on(app.run())


def test_a_run_in_the_bin_says_so_at_its_own_link_and_comes_back(
    workspace: Workspace, open_page: OpenPage
) -> None:
    run = fake_run(workspace, "done")
    write_report(run, workspace)
    trash_run(run, workspace)

    assert "lies in the trash" in words_on(open_page("evaluate", run=run.name))
    app = open_page("runs", run=run.name)
    assert "lies in the trash. Restore it" in words_on(app)
    assert "no run" not in words_on(app)
    press(app, "Restore")

    assert list_trash(workspace) == []
    assert "Validation: loss" in words_on(app)


def test_a_waiting_or_running_run_offers_no_trash(
    workspace: Workspace, open_page: OpenPage
) -> None:
    submitted(workspace, name_of(0))
    fake_run(workspace, "running", name_of(1), handle=own_handle())

    for hour in range(2):
        shown = labels_of(unfold(open_page("runs", run=name_of(hour)), f"more_{name_of(hour)}"))
        assert "Change and train again" in shown
        assert not {"Delete to the trash", "Restart", "Resume"} & set(shown)


@pytest.mark.parametrize("state", ["stopped", "failed", "lost"])
def test_resume_queues_the_run_again_in_the_name_of_who_asked(
    workspace: Workspace, open_page: OpenPage, state: str, commands: list[list[str]]
) -> None:
    run = fake_run(workspace, state)
    run.last_checkpoint.parent.mkdir()
    run.last_checkpoint.touch()
    run.stop_path.touch()
    app = unfold(open_page("runs", run=run.name), "user_popover")
    app.text_input(key="user_field").set_value("  Ana ").run()

    press(app, "Resume")

    assert run.read_status().state == "queued"
    assert not run.stop_path.exists()
    assert "goes on from its last checkpoint" in words_on(app)
    assert "It waits for the next free slot" in words_on(app)
    assert [(one["event"], one["by"]) for one in run.read_events()] == [("resumed", "Ana")]
    assert "worker" in commands[-1]


def test_a_run_that_is_done_is_not_resumed(workspace: Workspace, open_page: OpenPage) -> None:
    run = fake_run(workspace, "done")

    shown = labels_of(unfold(open_page("runs", run=run.name), f"more_{run.name}"))

    assert "Resume" not in shown
    assert "Restart" in shown


def test_a_resumed_run_says_from_where(workspace: Workspace, open_page: OpenPage) -> None:
    run = fake_run(workspace, "running", handle=own_handle(), step="training")
    run.append_event("started", "Its turn has come; it was started.", "worker")
    assert "Its turn has come" not in words_on(open_page("runs", run=run.name))
    run.append_event("restored", "Goes on from epoch 2, batch 3.", "training")
    run.append_event("features", "Features of 60 images computed once.", "training")

    assert "Goes on from epoch 2, batch 3." in words_on(open_page("runs", run=run.name))


def test_a_click_that_came_too_late_is_answered_in_words(
    workspace: Workspace, open_page: OpenPage
) -> None:
    run = fake_run(workspace, "stopped")
    app = open_page("runs", run=run.name)
    run.write_status(replace(run.read_status(), state="done"))

    press(app, "Resume")

    assert not app.exception
    assert "there is nothing to go on with" in words_on(app)
    assert "Resume" not in labels_of(app)


def test_history_lists_what_happened_newest_first(
    workspace: Workspace, open_page: OpenPage
) -> None:
    run = fake_run(workspace, "stopped")
    run.append_event("stopping", "Stopping after the present batch.", "Ana")
    run.append_event("stopped", "Stopped on request.", "worker")
    app = open_page("runs", run=run.name)
    before = len(app.dataframe)
    app.session_state["history"] = True

    app.run()

    [history] = [one.value for one in app.dataframe if "cause" in one.value]
    assert len(app.dataframe) == before + 1
    assert history["event"].tolist() == ["stopped", "stopping"]
    assert history["by"].tolist() == ["worker", "Ana"]
    assert history["time"].notna().all()


def test_a_run_is_moved_in_the_queue_paused_and_cancelled(
    workspace: Workspace, open_page: OpenPage
) -> None:
    names = [name_of(hour) for hour in range(3)]
    for name in names:
        submitted(workspace, name, rank=float(name[9:11]))
    assert "3 waiting" in words_on(open_page("runs"))
    app = open_page("runs", run=names[2])
    assert "Up" not in labels_of(app)  # closed popovers hold nothing
    app = unfold(app, f"place_{names[2]}")

    press(app, "First")
    assert waiting_order(workspace) == [names[2], names[0], names[1]]
    press(app, "Down")
    assert waiting_order(workspace) == [names[0], names[2], names[1]]
    app.number_input(key=f"priority_{names[2]}").set_value(5).run()
    assert waiting_order(workspace)[0] == names[2]
    assert "has priority 5" in words_on(app)
    press(app, "Pause")
    assert waiting_order(workspace)[-1] == names[2]
    assert "waits for somebody to lift its pause" in words_on(app)
    press(app, "Go on")
    assert waiting_order(workspace)[0] == names[2]
    press(app, "Cancel")

    assert not app.exception
    assert Run(workspace.runs / names[2]).read_status().state == "stopped"
    assert waiting_order(workspace) == names[:2]


def waiting_order(workspace: Workspace) -> list[str]:
    return queue_view(workspace)["run"].tolist()


def test_slots_and_limits_are_kept(workspace: Workspace, open_page: OpenPage) -> None:
    submitted(workspace, name_of(0))
    app = open_page("runs")
    app.session_state["queue_settings"] = True
    app.run()
    app.number_input(key="slots").set_value(3)
    app.number_input(key="per_user").set_value(2)
    app.toggle(key="queue_paused").set_value(True)

    press(app, "Save")

    kept = read_settings(workspace)
    assert kept == QueueSettings(slots=3, per_user=2, paused=True)
    assert "The queue is paused" in words_on(app)


def test_saving_the_limits_keeps_what_else_was_set(
    workspace: Workspace, open_page: OpenPage
) -> None:
    submitted(workspace, name_of(0))
    write_settings(workspace, QueueSettings(standby=False))
    app = open_page("runs")
    app.session_state["queue_settings"] = True
    app.run()
    app.number_input(key="slots").set_value(2)

    press(app, "Save")

    assert read_settings(workspace) == QueueSettings(slots=2, standby=False)


def test_the_selected_epoch_is_the_one_that_the_log_names(
    workspace: Workspace, open_page: OpenPage
) -> None:
    """By the recipe it may be the last, whatever the validation loss says."""
    run = fake_run(workspace, "running", handle=own_handle(), step="training")
    [row] = [line for line in run.read_metrics() if line.get("epoch") == 2 and "recall" in line]
    worse = {"epoch": 3, "step": 9, "val_loss": 9.0, "val_accuracy": 0.25, "best_epoch": 3}
    run.append_metrics({**row, **worse})

    app = open_page("runs", run=run.name)

    assert "Validation accuracy 25.0% n = 15 · selected epoch 3" in words_on(app)
    assert "Epoch 3 — its weights are kept." in words_on(app)


def test_a_sweep_is_compared_and_leads_to_its_runs(
    workspace: Workspace, open_page: OpenPage
) -> None:
    for hour in (0, 1):
        recipe = change_recipe(PUBLISHED["demo_cnn"], {"split.folds": 2, "split.fold": hour + 1})
        run = fake_run(workspace, "done", name_of(hour), recipe)
        run.write_submission(Submission(sweep="folds"))
        write_report(run, workspace)

    app = unfold(open_page("runs"), "sweep_links")
    assert "folds: 2 of 2 done" in [one.label.replace("\\", "") for one in app.get("page_link")]
    app = open_page("runs", sweep="folds")

    settings, members = app.table[0].value, app.dataframe[0].value
    assert settings.iloc[0][["setting", "done"]].tolist() == ["unchanged", "2 of 2"]
    assert "±" in settings["accuracy"].iloc[0]
    assert members["run"].tolist() == [name_of(0), name_of(1)]
    assert members["result"].str.match(r"[0-9.]+% \([0-9.]+ to [0-9.]+\), n = \d+$").all()
    assert "Validation accuracy so far: **80.0%**, mean of 2 runs." in words_on(app)
    assert "fold 2" in words_on(app)  # named beside its curve
    assert "All folds together" in words_on(app)
    app = open_page("runs", sweep="folds", run=name_of(1))
    assert "Whole sweep" in labels_of(app)
    app = open_page("runs", sweep="nonsense")
    assert "no sweep 'nonsense' in this workspace. There is: folds" in words_on(app)


def test_a_diverged_run_of_a_sweep_is_named_and_never_ahead(
    workspace: Workspace, open_page: OpenPage
) -> None:
    for hour, rate in enumerate((5.0, 0.001)):
        recipe = change_recipe(PUBLISHED["demo_cnn"], {"phases.train.learning_rate": rate})
        message = f"The loss became nan in epoch 3: {DIVERGED}."
        run = fake_run(
            workspace, "done" if hour else "failed", name_of(hour), recipe, message=message
        )
        run.write_submission(Submission(sweep="rates"))
        write_report(run, workspace)
        if not hour:  # it was ahead before it diverged
            log = run.metrics_path.read_text().replace('"val_accuracy": 0.8', '"val_accuracy": 1.0')
            run.metrics_path.write_text(log)

    app = open_page("runs", sweep="rates")

    words = words_on(app)
    assert "Highest validation accuracy so far: **Learning rate 0.001**, 80.0%." in words
    assert "1 run diverged and counts for nothing." in words
    assert "Learning rate 5 diverged after 2 epochs" in words
    assert app.dataframe[0].value["state"].tolist() == ["done", "diverged"]  # best first


def test_networks_of_a_sweep_that_evaluate_the_same_images_are_evaluated_together(
    workspace: Workspace, open_page: OpenPage
) -> None:
    for hour in (0, 1, 2):
        recipe = change_recipe(PUBLISHED["demo_cnn"], {"seed": hour})
        run = fake_run(workspace, "done", name_of(hour), recipe)
        run.write_submission(Submission(sweep="pair"))
        write_report(run, workspace)

    app = open_page("runs", sweep="pair")

    assert not app.exception
    assert "3 networks together" in words_on(app)
    assert "±" in app.table[0].value["accuracy"].iloc[0]
    assert "3 of 3" in app.table[0].value["done"].tolist()
    assert "Noise floor: two runs that differ in the seed alone" in words_on(app)
    assert "3 runs on demo" in words_on(app)


def test_a_run_past_the_queue_is_shown_as_running(
    workspace: Workspace, open_page: OpenPage
) -> None:
    fake_run(
        workspace,
        "running",
        handle=own_handle(),
        step="training",
        message="Epoch 2: x",
        done=1,
        total=2,
        seconds_left=70.0,
    )

    app = open_page("runs")

    assert "1 running" in words_on(app)
    row = app.dataframe[0].value.iloc[0]
    n_epochs = PUBLISHED["demo_cnn"].n_epochs
    assert row["now"] == f"epoch 2 of {n_epochs}, 1 min 10 s left"
    assert row["progress"] == pytest.approx(1.5 / n_epochs, abs=0.006)


def test_a_name_is_kept_by_a_cookie_and_read_from_it(
    workspace: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = fake_run(workspace, "stopped")
    app = unfold(open_page("runs", run=run.name), "user_popover")
    assert COOKIE not in str(components_of(app))
    app.text_input(key="user_field").set_value("Zoë K").run()
    assert f"{COOKIE}=Zo%C3%AB%20K" in str(components_of(app))

    monkeypatch.setattr(type(st.context), "cookies", {COOKIE: "Zo%C3%AB%20K"})
    app = unfold(open_page("runs", run=run.name), "user_popover")
    assert app.text_input(key="user_field").value == "Zoë K"


def test_a_name_is_one_short_line() -> None:
    assert clean_user(" Ana\n\x00 B ") == "Ana B"
    assert len(clean_user("x" * 99)) == 40


def test_tags_and_note_are_shown_and_changed(workspace: Workspace, open_page: OpenPage) -> None:
    run = fake_run(workspace, "done")
    write_notes(run, Notes(("old",), "Looks [fine](x)."))
    app = open_page("runs", run=run.name)
    assert "Looks [fine](x)." in words_on(app)
    assert "old" in words_on(app)
    unfold(app, "notes")
    app.text_area(key=f"note_{run.name}").set_value("Better.")
    app.multiselect(key=f"tags_{run.name}").set_value([])

    press(app, "Save")

    assert read_notes(run) == Notes((), "Better.")


def test_damaged_notes_do_not_hide_the_run(workspace: Workspace, open_page: OpenPage) -> None:
    run = fake_run(workspace, "done")
    (run.folder / "notes.json").write_text("{", encoding="utf-8")

    app = open_page("runs", run=run.name)

    assert "notes.json is damaged" in words_on(app)
    assert len(app.get("vega_lite_chart")) == 1


def test_device_chart_is_there_where_something_was_measured(
    workspace: Workspace, open_page: OpenPage
) -> None:
    run = fake_run(workspace, "done")
    app = open_page("runs", run=run.name)
    assert "Device" not in [one.label for one in app.expander]
    for second in range(0, 20, 2):
        time_of = f"2026-03-01T10:00:{second:02d}+00:00"
        run.append_device({"time": time_of, "cpu_percent": 150.0, "memory_mb": 900.0})
    app.session_state["device"] = True

    app.run()

    assert len(app.get("plotly_chart")) == 1


def test_images_that_are_wrong_after_an_epoch_are_shown_most_confident_first(
    workspace: Workspace, open_page: OpenPage
) -> None:
    run = fake_run(workspace, "done")
    write_report(run, workspace, subset="validation")
    predictions = run.read_predictions()
    split = predictions[["image_id", "group", "subset"]].assign(**{"class": predictions["actual"]})
    run.write_table("split.parquet", split)
    probabilities = [name for name in predictions if name.startswith("p_")]
    answers = predictions[["image_id", *probabilities]]
    for epoch in (1, 2):
        run.write_table(f"validation/epoch-{epoch:04d}.parquet", answers)
    wrong = predictions[predictions["actual"] != predictions["predicted"]]

    app = open_page("runs", run=run.name)

    n, n_wrong = len(predictions), len(wrong)
    assert f"Wrong after epoch 2{n_wrong} of {n} validation images" in words_on(app)
    [grid] = [one for one in components_of(app) if "tiles" in one]
    assert [tile["id"] for tile in grid["tiles"]] == wrong["image_id"].head(6).tolist()
    [tile, *_] = grid["tiles"]
    first = wrong.iloc[0]
    assert tile["title"] == f"{first['actual']} → {first['predicted']}"
    assert (tile["note"], tile["src"][:11]) == ("80%", "data:image/")
    # Of a run that is done the final predictions count, and that the epoch gave another figure.
    assert re.search(r"Validation accuracy [\d.]+% \([\d.]+ to [\d.]+\) n = ", words_on(app))
    assert "(80.0% right after it, without the test-time augmentation" in words_on(app)

    shutil.rmtree(workspace.demo_data)
    app.run()
    assert not app.exception
    assert "The images are no longer where the run read them." in words_on(app)
    (run.folder / "validation" / "epoch-0002.parquet").write_bytes(b"PAR1")
    assert "What was answered after epoch 2 cannot be read" in words_on(app.run())


def test_the_tab_says_which_run_and_how_far(
    workspace: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles: list[str] = []
    monkeypatch.setattr(st, "set_page_config", lambda page_title, **_: titles.append(page_title))
    run = fake_run(workspace, "running", handle=own_handle(), step="training")
    run.write_submission(Submission(nickname="swift-otter"))

    app = open_page("runs", run=run.name)

    n_epochs = PUBLISHED["demo_cnn"].n_epochs
    assert titles[-1] == f"Run swift-otter · epoch 2 of {n_epochs} · X-ray Lab"
    assert "swift-otter" in words_on(app)
    assert run.name not in words_on(app)
    assert run.name in words_on(unfold(app, "recipe"))  # among the details


def test_the_batch_curve_can_be_smoothed(workspace: Workspace, open_page: OpenPage) -> None:
    run = fake_run(workspace, "done")
    app = open_page("runs", run=run.name, smooth="mean of 10")
    assert not app.exception
    assert app.segmented_control(key="smooth").value == "mean of 10"

    app = open_page("runs", run=run.name, smooth="nonsense")

    assert app.segmented_control(key="smooth").value == "each batch"


def batch(step: int, loss: float) -> dict[str, object]:
    return {"kind": "batch", "step": step, "loss": loss, "accuracy": 0.5}


@pytest.mark.parametrize("kept", [0, 2])
@pytest.mark.parametrize("n_more", [0, 1, 9])
def test_a_resumed_runs_log_is_read_anew(tmp_path: Path, kept: int, n_more: int) -> None:
    run = Run(tmp_path)
    tail = MetricTail(run.metrics_path)
    for step in range(1, 7):
        run.append_metrics(batch(step, 1 / step))
    lengths = [len(line) + 1 for line in run.metrics_path.read_bytes().splitlines()]
    assert len(tail.read().batches) == 6

    run.cut_metrics(sum(lengths[:kept]))
    for step in range(kept + 1, kept + 1 + n_more):  # 9 more: longer than the old log was
        run.append_metrics(batch(step, 2 / step))

    now = tail.read().batches
    assert now["step"].tolist() == list(range(1, kept + n_more + 1))
    assert now["loss"].iloc[kept:].tolist() == [2 / s for s in range(kept + 1, kept + n_more + 1)]
    run.append_metrics(batch(99, 9.0))
    assert tail.read().batches["step"].iloc[-1] == 99


def test_a_tail_reads_only_what_is_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(tmp_path)
    tail = MetricTail(run.metrics_path)
    assert tail.read().batches.empty
    offsets: list[int] = []
    real = metric_tail.read_jsonl
    monkeypatch.setattr(
        metric_tail, "read_jsonl", lambda path, at: (offsets.append(at), real(path, at))[1]
    )
    run.append_metrics(batch(1, 1.0))
    tail.read()
    with run.metrics_path.open("a") as log:
        log.write('{"kind": "batch", "st')
    assert len(tail.read().batches) == 1
    with run.metrics_path.open("a") as log:
        log.write('ep": 2, "loss": 0.5, "accuracy": 1}\n')
    assert tail.read().batches["step"].tolist() == [1, 2]
    assert offsets[0] == 0
    assert offsets[1] == offsets[2] > 0


def test_a_device_log_that_was_deleted_begins_anew(tmp_path: Path) -> None:
    run = Run(tmp_path)
    tail = DeviceTail(tmp_path / "device.jsonl")
    run.append_device(device_line())
    assert len(tail.read()) == 1
    (tmp_path / "device.jsonl").unlink()

    assert tail.read().empty


def test_among_five_hundred_runs_a_link_opens_without_looking_at_the_others(
    workspace: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = fake_run(workspace, "done")
    status = (run.folder / "status.json").read_bytes()
    for number in range(1, 500):
        folder = workspace.runs / f"20260302-{number:06d}-demo_cnn"
        folder.mkdir()
        (folder / "status.json").write_bytes(status)
        (folder / "metrics.jsonl").mkdir()  # a list that read it would fail
    open_page("runs", run=run.name)  # all imports done
    st.cache_resource.clear()
    read: list[Path] = []
    real = os.open
    monkeypatch.setattr(
        os, "open", lambda path, *a, **k: (read.append(Path(path)), real(path, *a, **k))[1]
    )

    open_page("runs", run=run.name)

    assert {path.parent for path in read if path.is_relative_to(workspace.runs)} == {run.folder}
    assert len(open_page("runs").dataframe[0].value) == 500


@pytest.mark.parametrize("state", ["queued", "done"])
def test_a_run_is_changed_and_trained_again(
    workspace: Workspace, open_page: OpenPage, state: str
) -> None:
    recipe = change_recipe(PUBLISHED["siim_mobilenet_opacity"], {"model_options.alpha": 0.5})
    run = fake_run(workspace, state, recipe=recipe)

    app = unfold(open_page("runs", run=run.name), f"more_{run.name}")
    app.session_state["advanced"] = True
    app = press(app, "Change and train again")

    assert not app.exception
    assert read_heading(app) == "Train"
    alpha = app.number_input(key="changed_recipe.siim_mobilenet_opacity.model_options.alpha")
    assert alpha.value == 0.5
    assert app.query_params["set"] == "model_options.alpha=0.5"
    assert "from" not in app.query_params


def test_the_recipe_of_a_run_can_be_taken_away(
    workspace: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered = {}
    monkeypatch.setattr(
        st, "download_button", lambda _, make, file_name, **rest: offered.update({file_name: make})
    )
    run = fake_run(workspace, "done")

    unfold(open_page("runs", run=run.name), "recipe")

    assert Recipe.from_json(offered[f"{run.name}.json"]()) == run.read_recipe()
