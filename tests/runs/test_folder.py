"""The run folder: readable and true whatever was killed in mid-write."""

import json
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from tests.run_files import batch_line, epoch_line
from xray_core.errors import OtherVersionError, RunError
from xray_core.files import read_jsonl, replaced_file
from xray_core.processes import is_alive, own_handle, start_detached, terminate
from xray_core.recipes import PUBLISHED, Recipe
from xray_core.runs import Run, Status, Submission, create_run, find_run, folder, list_runs
from xray_core.runs.status import FORMAT


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    """A recipe bound to a data folder."""
    (tmp_path / "data").mkdir()
    return replace(PUBLISHED["demo_cnn"], data_folder=str(tmp_path / "data"))


@pytest.fixture
def run(recipe: Recipe, tmp_path: Path) -> Run:
    return create_run(recipe, tmp_path / "runs")


@pytest.fixture
def dead_handle(tmp_path: Path) -> str:
    """The handle of a process that has ended."""
    handle = start_detached([sys.executable, "-c", ""], tmp_path / "dead.txt")
    while is_alive(handle):
        time.sleep(0.01)
    return handle


def test_a_new_run_holds_its_recipe_and_waits(run: Run, recipe: Recipe) -> None:
    status = run.read_status()

    assert run.read_recipe() == recipe
    assert status.state == "queued"
    assert not status.has_ended
    assert status.n_epochs == recipe.n_epochs
    assert datetime.fromisoformat(status.created_at).utcoffset() == timedelta(0)
    assert run.name.endswith("-demo_cnn")
    assert sorted(path.name for path in run.folder.iterdir()) == ["recipe.json", "status.json"]


@pytest.mark.parametrize("folder", ["", "no-such-folder"])
def test_a_run_needs_a_data_folder(folder: str, recipe: Recipe, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=f"'{folder}' does not exist"):
        create_run(replace(recipe, data_folder=folder), tmp_path / "runs")

    assert not (tmp_path / "runs").exists()


def test_a_disk_that_refuses_is_named(recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file in the way")

    with pytest.raises(RunError, match=f"No run could be made in {tmp_path / 'runs'}"):
        create_run(recipe, tmp_path / "runs")


def test_runs_made_at_once_by_threads_get_names_of_their_own(
    recipe: Recipe, tmp_path: Path
) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: create_run(recipe, tmp_path / "runs"), range(40)))

    assert len({run.name for run in made}) == 40
    assert len(list_runs(tmp_path / "runs")) == 40


def test_runs_made_at_once_by_processes_get_names_of_their_own(
    recipe: Recipe, tmp_path: Path
) -> None:
    (tmp_path / "recipe.json").write_text(recipe.to_json())
    code = (
        "import sys; from pathlib import Path; from xray_core.recipes import Recipe;"
        "from xray_core.runs import create_run; folder = Path(sys.argv[1]);"
        "recipe = Recipe.from_json((folder / 'recipe.json').read_text());"
        "[create_run(recipe, folder / 'runs') for _ in range(15)]"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    handles = [start_detached(command, tmp_path / "log.txt") for _ in range(3)]
    while any(map(is_alive, handles)):
        time.sleep(0.05)

    assert (tmp_path / "log.txt").read_text() == ""
    assert len(list_runs(tmp_path / "runs")) == 45


def test_a_run_whose_process_is_gone_is_lost(run: Run, dead_handle: str) -> None:
    run.write_status(Status("running", message="Epoch 2.", epoch=2, handle=dead_handle))

    status = run.read_status()

    assert (status.state, status.epoch, status.has_ended) == ("lost", 2, True)
    assert "process is gone" in status.message


def test_a_run_whose_process_lives_is_running(run: Run) -> None:
    run.write_status(Status("running", handle=own_handle()))

    assert run.read_status().state == "running"


@pytest.mark.parametrize("state", ["queued", "done", "failed", "stopped"])
def test_a_last_word_stands_though_the_process_is_gone(
    state: str, run: Run, dead_handle: str
) -> None:
    run.write_status(Status(state, handle=dead_handle))

    assert run.read_status().state == state


def test_a_last_word_said_while_we_look_is_heard(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run.write_status(Status("running", handle="1:0"))

    def ends_meanwhile(handle: str) -> bool:
        run.write_status(Status("done", handle=handle))
        return False

    monkeypatch.setattr(folder, "is_alive", ends_meanwhile)

    assert run.read_status().state == "done"


def test_fields_of_a_later_version_are_passed_over(run: Run) -> None:
    run.write_json("status.json", {"format": FORMAT, "state": "done", "from_the_future": 1})

    assert run.read_status().state == "done"


@pytest.mark.parametrize(
    ("given", "version"), [({}, "an earlier"), ({"format": FORMAT + 1}, "a later")]
)
def test_a_run_of_another_version_is_not_read_and_not_called_damaged(
    run: Run, given: dict[str, int], version: str
) -> None:
    status = {"state": "done", "best": 3, "created_at": "2026-03-01T10:00:00+00:00"}
    run.write_json("status.json", status | given)
    run.write_json("report.json", {"part": "test"})
    before = {path.name: path.read_bytes() for path in run.folder.iterdir()}

    for read in (
        run.read_status,
        run.read_recipe,
        run.read_report,
        run.read_split,
        run.read_epochs,
    ):
        with pytest.raises(OtherVersionError, match=f"made by {version} version .* unchanged"):
            read()

    assert {path.name: path.read_bytes() for path in run.folder.iterdir()} == before


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "3", "\ufeff"])
def test_a_damaged_status_is_an_error_that_names_the_file(text: str, run: Run) -> None:
    (run.folder / "status.json").write_text(text, encoding="utf-8")

    with pytest.raises(RunError, match=r"status\.json is damaged"):
        run.read_status()


def test_a_damaged_recipe_is_an_error(run: Run) -> None:
    (run.folder / "recipe.json").write_text("{")

    with pytest.raises(RunError, match=r"recipe\.json is damaged"):
        run.read_recipe()


def test_the_status_is_replaced_as_a_whole(run: Run) -> None:
    """A reader that looks all the time never sees half a file."""
    handle = own_handle()
    run.write_status(Status("running", message="x" * 100_000, handle=handle))

    def write() -> None:
        for _ in range(150):
            run.write_status(Status("running", message="y" * 100_000, handle=handle))

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        while not writing.done():
            assert run.read_status().message[:1] in ("x", "y")
        writing.result()


@pytest.mark.parametrize("name", ["status.json", "report.json"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    name: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.write_json(name, {"state": "queued", "message": "old"})
    before = sorted(run.folder.iterdir())

    def write_half(path: Path, text: str, **_: str) -> None:
        path.write_bytes(text.encode()[: len(text) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", write_half)
    with pytest.raises(OSError, match="No space"):
        run.write_json(name, {"state": "running", "message": "new"})

    assert json.loads((run.folder / name).read_bytes())["message"] == "old"
    assert sorted(run.folder.iterdir()) == before


def test_a_kept_suffix_lets_writers_that_go_by_it_work(tmp_path: Path) -> None:
    with replaced_file(tmp_path / "new" / "weights.keras") as partial:
        assert partial.suffix == ".keras"
        partial.write_text("w")

    assert [path.name for path in (tmp_path / "new").iterdir()] == ["weights.keras"]


def test_a_half_written_last_line_is_dropped_and_read_once_it_is_whole(run: Run) -> None:
    run.append_metrics(batch_line(1))
    run.append_metrics(epoch_line(1))
    with run.metrics_path.open("a") as log:
        log.write('{"kind": "batch", "st')

    assert [line["kind"] for line in run.read_metrics()] == ["batch", "epoch"]
    _, offset = read_jsonl(run.metrics_path)
    with run.metrics_path.open("a") as log:
        log.write('ep": 2}\n')
    lines, end = read_jsonl(run.metrics_path, offset)

    assert lines == [{"kind": "batch", "step": 2}]
    assert end == run.metrics_path.stat().st_size


def test_reading_on_gives_each_line_once(tmp_path: Path) -> None:
    """Whatever moment the reader looks at, it gets each line once and in order."""
    text = "".join(json.dumps({"step": i, "name": "é"}) + "\n" for i in range(20)).encode()
    path = tmp_path / "metrics.jsonl"
    steps: list[int] = []
    offset = 0
    for written in range(0, len(text) + 7, 7):
        path.write_bytes(text[:written])
        lines, offset = read_jsonl(path, offset)
        steps += [line["step"] for line in lines]

    assert steps == list(range(20))


def test_a_torn_line_in_the_middle_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1}\n{"ste{"step": 2}\n{"step": 3}\n')

    assert [line["step"] for line in read_jsonl(path)[0]] == [1, 3]


def test_no_log_yet_is_no_error(run: Run) -> None:
    assert read_jsonl(run.metrics_path) == ([], 0)
    assert run.read_epochs().empty
    assert run.read_log() == ""


def test_epochs_are_a_table_without_the_batches(run: Run) -> None:
    run.append_metrics(batch_line(1, loss=3.0))
    run.append_metrics(epoch_line(1, loss=2.0))
    run.append_metrics(epoch_line(2, loss=1.0))

    assert run.read_epochs()["loss"].tolist() == [2.0, 1.0]


def test_the_log_ends_with_its_last_lines(run: Run) -> None:
    run.log_path.write_bytes(b"".join(b"line %d\n" % i for i in range(50_000)) + b"caf\xe9\n")

    assert run.read_log(3).splitlines() == ["line 49998", "line 49999", "caf\ufffd"]


@pytest.mark.parametrize(
    "read",
    [Run.read_split, Run.read_predictions, Run.read_report, lambda run: run.read_validation(1)],
)
def test_what_is_not_there_yet_is_an_error_in_words(
    read: Callable[[Run], object], run: Run
) -> None:
    with pytest.raises(RunError, match=rf"Run {run.name} has no .* \(yet\)"):
        read(run)


def test_tables_come_back_as_written(run: Run) -> None:
    table = pd.DataFrame({"image_id": pd.array(["a", "b"], "string"), "p_x": [0.5, None]})

    run.write_table("validation/epoch-0012.parquet", table)

    pd.testing.assert_frame_equal(run.read_validation(12), table)


def test_asking_to_stop_again_keeps_the_time_of_the_first_request(run: Run) -> None:
    run.request_stop()
    os.utime(run.stop_path, (1000, 1000))

    run.request_stop()

    assert run.stop_path.stat().st_mtime == 1000


def test_runs_are_listed_newest_first_and_other_folders_are_passed_over(tmp_path: Path) -> None:
    for name in ("20260101-000000-a", "20260301-000000-b", "20260201-000000-c"):
        Run(tmp_path / name).write_status(Status("done"))
    (tmp_path / "20260401-000000-being_made").mkdir()
    (tmp_path / "notes.txt").touch()

    assert [run.name[-1] for run in list_runs(tmp_path)] == ["b", "c", "a"]
    assert list_runs(tmp_path / "none") == []


def test_a_run_is_found_by_its_name(run: Run) -> None:
    assert find_run(run.folder.parent, run.name) == run


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../runs", "../outside", "/etc", "x/y", "gone", "a\0b", "n" * 5000]
)
def test_no_name_leads_out_of_the_runs_folder(name: str, run: Run) -> None:
    outside = Run(run.folder.parent.parent / "outside")
    outside.write_status(Status("done"))
    Run(outside.folder.parent).write_status(Status("done"))

    with pytest.raises(RunError, match=f"Newest: {run.name}"):
        find_run(run.folder.parent, name)


def test_an_absolute_name_does_not_lead_out_either(run: Run, tmp_path: Path) -> None:
    Run(tmp_path / "outside").write_status(Status("done"))

    with pytest.raises(RunError, match="There is no run"):
        find_run(run.folder.parent, str(tmp_path / "outside"))


def test_where_there_is_no_run_the_message_says_so(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="Newest: none yet"):
        find_run(tmp_path / "runs", "any")


def test_a_killed_run_is_lost_with_what_it_wrote(run: Run, tmp_path: Path) -> None:
    handle = start_detached([sys.executable, "-c", "import time; time.sleep(60)"], run.log_path)
    run.write_status(Status("running", handle=handle))
    run.append_metrics(epoch_line(1))
    assert run.read_status().state == "running"

    terminate(handle, kill=True)
    while is_alive(handle):
        time.sleep(0.01)

    assert run.read_status().state == "lost"
    assert len(run.read_epochs()) == 1


def test_a_submitted_run_says_from_the_beginning_who_asked(recipe: Recipe, tmp_path: Path) -> None:
    wish = Submission("ann", priority=2, rank=7.0, paused=True, gpus=2)

    run = create_run(recipe, tmp_path / "runs", wish)

    assert run.read_submission() == wish
    assert [event["event"] for event in run.read_events()] == ["queued"]


def test_where_nobody_submitted_there_is_a_default(run: Run) -> None:
    assert run.read_submission() == Submission(user="", priority=0, rank=0.0, paused=False, gpus=1)
    run.write_json("submission.json", {"user": "bob", "from_the_future": 1})
    assert run.read_submission() == Submission("bob")


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_a_damaged_submission_is_an_error_that_names_the_file(text: str, run: Run) -> None:
    run.submission_path.write_text(text)

    with pytest.raises(RunError, match=r"submission\.json is damaged"):
        run.read_submission()


def test_events_tell_when_what_happened_and_why(run: Run) -> None:
    assert run.read_events() == []

    run.append_event("queued", "It waits.", "ann")
    run.append_event("started", "Its turn – at last.")

    first, second = run.read_events()
    assert (first["event"], first["cause"], first["by"]) == ("queued", "It waits.", "ann")
    assert (second["event"], second["cause"], second["by"]) == (
        "started",
        "Its turn – at last.",
        "",
    )
    times = [datetime.fromisoformat(one["time"]) for one in (first, second)]
    assert times[0].utcoffset() == timedelta(0)
    assert times == sorted(times)


def test_a_torn_event_costs_only_itself(run: Run) -> None:
    run.append_event("queued", "")
    with (run.folder / "events.jsonl").open("a") as log:
        log.write('{"event": "torn')
    run.append_event("started", "")

    assert [event["event"] for event in run.read_events()] == ["queued", "started"]


def test_events_noted_at_once_are_all_there(run: Run) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: run.append_event(f"e{n}", "x" * 500), range(100)))

    assert sorted(event["event"] for event in run.read_events()) == sorted(
        f"e{n}" for n in range(100)
    )


def test_while_a_run_is_being_stopped_its_message_says_how_far_that_is(run: Run) -> None:
    run.write_status(Status("running", message="Epoch 3: training.", handle=own_handle()))
    run.append_event("stopping", "Stopping after the present batch.")
    assert run.read_status().message == "Epoch 3: training.", "nobody has asked"

    run.request_stop()
    assert run.read_status().message == "Stopping after the present batch."
    run.append_event("killed", "Its processes were killed.")
    assert run.read_status().message == "Its processes were killed."
    run.append_event("moved", "…")
    assert run.read_status().message == "Epoch 3: training."


def test_only_its_launcher_can_tell_of_a_process_on_another_machine(run: Run) -> None:
    run.write_status(Status("running", handle="ray:abc"))

    assert run.read_status().state == "running"
