"""The worker: every queued run is trained once and has a last word, whoever is killed."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.jobs.fake_training import fake_command
from xray_core.home import Home
from xray_core.jobs import worker
from xray_core.jobs.queue import JobQueue
from xray_core.processes import is_alive, own_handle, start_detached, terminate
from xray_core.runs import Run, Status

SLOW = 30  # seconds that nothing here should take


def make_queued_run(home: Home, name: str, behaviour: str = "done") -> Run:
    """Queue a run whose training behaves so; see `fake_training`."""
    run = Run(home.runs / name)
    run.write_status(Status("queued"))
    (run.folder / "behaviour").write_text(behaviour)
    JobQueue(home.queue).submit(name)
    return run


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until `condition` holds; fail if it does not."""
    end = time.monotonic() + SLOW
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def quick_fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainings are fake, and the worker looks more often than it would."""
    monkeypatch.setattr(worker, "xray_command", fake_command)
    monkeypatch.setattr(worker, "lower_priority", lambda: None)  # this process is the tests'
    monkeypatch.setattr(worker, "POLL", 0.02)
    monkeypatch.delenv("XRAY_HOME", raising=False)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A workspace; what still trains in it when the test ends is killed."""
    home = Home(tmp_path / "home")
    yield home
    for job in JobQueue(home.queue).list_jobs():
        terminate(job.handle, kill=True)


@pytest.fixture
def start_worker(home: Home) -> Iterator[Callable[[], str]]:
    """Start workers as processes of their own; they are killed when the test ends."""
    handles: list[str] = []

    def start() -> str:
        environment = {"XRAY_HOME": str(home.folder), "FAKE_IDLE": "30"}
        log = home.folder / "worker.log"
        handles.append(start_detached(fake_command("worker"), log, environment))
        return handles[-1]

    yield start
    for handle in handles:
        kill(handle)


def kill(handle: str) -> None:
    """Kill one process, and none of its children, as the system would."""
    if is_alive(handle):
        os.kill(int(handle.split(":")[0]), signal.SIGKILL)
        wait_for(lambda: not is_alive(handle))


def times_trained(run: Run) -> int:
    path = run.folder / "trained.txt"
    return len(path.read_text().splitlines()) if path.exists() else 0


def state_of(run: Run) -> str:
    return run.read_status().state


def test_it_trains_what_is_queued_and_ends(home: Home) -> None:
    runs = [make_queued_run(home, name) for name in "abc"]

    assert worker.run_worker(home, idle=0.1)

    assert [state_of(run) for run in runs] == ["done"] * 3
    assert [times_trained(run) for run in runs] == [1] * 3
    assert JobQueue(home.queue).list_jobs() == []
    assert not worker.worker_is_running(home)


def test_one_after_the_other_in_the_order_of_submission(home: Home) -> None:
    runs = [make_queued_run(home, name) for name in ("z", "a", "m")]

    worker.run_worker(home, idle=0.1)

    moments = [
        float(moment)
        for run in runs
        for moment in (run.read_status().started_at, run.read_status().ended_at)
    ]
    assert moments == sorted(moments)


def test_as_many_at_once_as_there_are_slots(home: Home) -> None:
    runs = [make_queued_run(home, name, "wait") for name in "abc"]
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(worker.run_worker, home, 2, 0.1)
        wait_for(lambda: [state_of(run) for run in runs] == ["running", "running", "queued"])
        time.sleep(0.2)
        assert state_of(runs[2]) == "queued"
        (runs[1].folder / "go").touch()
        wait_for(lambda: [state_of(run) for run in runs] == ["running", "done", "running"])
        for run in runs:
            (run.folder / "go").touch()
        assert working.result(SLOW)


def test_a_training_runs_in_the_workspace_of_its_worker_and_logs_to_its_run(home: Home) -> None:
    run = make_queued_run(home, "run")

    worker.run_worker(home, idle=0.1)

    assert (run.folder / "trained.txt").read_text().strip() == str(home.folder)
    assert run.read_log() == "training"


def test_the_last_word_of_a_training_is_left_as_it_is(home: Home) -> None:
    run = make_queued_run(home, "run")

    worker.run_worker(home, idle=0.1)

    assert run.read_status().message == "mine"


def test_a_training_that_ends_before_it_begins_has_failed(home: Home) -> None:
    run = make_queued_run(home, "run", "die")

    worker.run_worker(home, idle=0.1)

    status = run.read_status()
    assert status.state == "failed"
    assert "its log says why" in status.message
    assert status.ended_at
    assert run.read_log() == "I was never born."


def test_a_training_that_is_killed_is_lost_and_the_next_one_starts(home: Home) -> None:
    lost, following = make_queued_run(home, "a", "vanish"), make_queued_run(home, "b")

    worker.run_worker(home, idle=0.1)

    assert (state_of(lost), state_of(following)) == ("lost", "done")
    stored = lost._stored_status()
    assert stored.state == "lost", "a reader on another machine could not tell from the handle"
    assert "was killed" in stored.message
    assert times_trained(lost) == 1


def test_a_training_asked_to_stop_has_the_last_word(home: Home) -> None:
    run = make_queued_run(home, "run", "wait")
    run.request_stop()

    worker.run_worker(home, idle=0.1)

    assert (state_of(run), run.read_status().message) == ("stopped", "mine")


def test_a_training_that_is_killed_after_a_request_to_stop_is_stopped(home: Home) -> None:
    run = make_queued_run(home, "run", "vanish")
    run.request_stop()

    worker.run_worker(home, idle=0.1)

    assert (state_of(run), run.read_status().message) == ("stopped", "Stopped on request.")


def test_a_training_that_does_not_heed_is_ended_by_force(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "PATIENCE", 0.3)
    run = make_queued_run(home, "run", "deaf")
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(worker.run_worker, home, 1, 0.1)
        wait_for(lambda: state_of(run) == "running")
        time.sleep(0.8)
        assert state_of(run) == "running", "nobody had asked it to stop"
        run.request_stop()
        assert working.result(SLOW)

    assert state_of(run) == "stopped"


def test_runs_that_were_deleted_while_they_waited_are_passed_over(home: Home) -> None:
    gone, following = make_queued_run(home, "a"), make_queued_run(home, "b")
    shutil.rmtree(gone.folder)

    worker.run_worker(home, idle=0.1)

    assert state_of(following) == "done"
    assert not gone.folder.exists()
    assert JobQueue(home.queue).list_jobs() == []


def test_a_damaged_status_does_not_stop_the_worker(home: Home) -> None:
    damaged, following = make_queued_run(home, "a"), make_queued_run(home, "b")
    JobQueue(home.queue).claim_next(1)
    (damaged.folder / "status.json").write_text("{")

    worker.run_worker(home, idle=0.1)

    assert state_of(following) == "done"
    assert JobQueue(home.queue).list_jobs() == []


def test_a_training_outlives_its_killed_worker_and_the_next_worker_adopts_it(
    home: Home, start_worker: Callable[[], str]
) -> None:
    run, following = make_queued_run(home, "a", "wait"), make_queued_run(home, "b")
    first = start_worker()
    wait_for(lambda: state_of(run) == "running")

    kill(first)

    assert state_of(run) == "running"
    wait_for(lambda: not worker.worker_is_running(home))  # the system frees the lock
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(worker.run_worker, home, 1, 0.1)
        time.sleep(0.3)
        assert state_of(following) == "queued", "its slot is taken by the adopted training"
        (run.folder / "go").touch()
        assert working.result(SLOW)
    assert (state_of(run), state_of(following)) == ("done", "done")
    assert (times_trained(run), times_trained(following)) == (1, 1)


def test_worker_and_training_killed_together_leave_a_lost_run(
    home: Home, start_worker: Callable[[], str]
) -> None:
    run = make_queued_run(home, "run", "wait")
    first = start_worker()
    wait_for(lambda: state_of(run) == "running")
    training = run.read_status().handle

    kill(first)
    terminate(training, kill=True)
    wait_for(lambda: not is_alive(training) and not worker.worker_is_running(home))
    worker.run_worker(home, idle=0.1)

    assert state_of(run) == "lost"
    assert times_trained(run) == 1


def test_a_run_claimed_by_a_worker_that_died_before_starting_it_is_started(home: Home) -> None:
    run = make_queued_run(home, "run")
    JobQueue(home.queue).claim_next(1)

    worker.run_worker(home, idle=0.1)

    assert (state_of(run), times_trained(run)) == ("done", 1)


def test_a_run_whose_worker_died_before_noting_its_process_is_not_started_again(
    home: Home,
) -> None:
    run = make_queued_run(home, "run", "wait")
    JobQueue(home.queue).claim_next(1)
    start_detached(
        fake_command("run", str(run.folder)), run.log_path, {"XRAY_HOME": str(home.folder)}
    )
    wait_for(lambda: state_of(run) == "running")

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(worker.run_worker, home, 1, 0.1)
        time.sleep(0.3)
        assert state_of(run) == "running"
        (run.folder / "go").touch()
        assert working.result(SLOW)

    assert (state_of(run), times_trained(run)) == ("done", 1)


def test_of_two_workers_one_serves_and_the_other_ends_at_once(home: Home) -> None:
    run = make_queued_run(home, "run", "wait")
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(worker.run_worker, home, 1, 0.1)
        wait_for(lambda: state_of(run) == "running")

        assert worker.worker_is_running(home)
        assert worker.run_worker(home, idle=0.1) is False

        (run.folder / "go").touch()
        assert working.result(SLOW)
    assert times_trained(run) == 1


def test_looking_whether_a_worker_runs_keeps_none_from_starting(home: Home) -> None:
    """A page that looks holds the lock for an instant; that is no rival."""
    run = make_queued_run(home, "run")
    lock = worker._lock(home)
    lock.acquire()
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(worker.run_worker, home, 1, 0.1)
        time.sleep(0.15)
        lock.release()
        assert working.result(SLOW)

    assert state_of(run) == "done"


def test_what_is_submitted_while_the_worker_ends_is_trained(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve = worker._serve
    late: list[Run] = []

    def serve_then_submit(*arguments: object) -> None:
        serve(*arguments)  # type: ignore[arg-type]
        if not late:  # after the last look at the queue, with the lock still held
            late.append(make_queued_run(home, "late"))
            assert worker.worker_is_running(home)  # so `ensure_worker` would start none

    monkeypatch.setattr(worker, "_serve", serve_then_submit)

    worker.run_worker(home, idle=0.1)

    assert state_of(late[0]) == "done"


def test_a_worker_is_started_where_none_runs_and_again_after_it_ended(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_IDLE", "0.2")
    first = make_queued_run(home, "first")
    with ThreadPoolExecutor(4) as pool:  # four clicks at once
        list(pool.map(worker.ensure_worker, [home] * 4))
    wait_for(lambda: state_of(first) == "done")
    wait_for(lambda: not worker.worker_is_running(home))

    second = make_queued_run(home, "second")
    worker.ensure_worker(home)
    wait_for(lambda: state_of(second) == "done")
    wait_for(lambda: not worker.worker_is_running(home))

    assert (times_trained(first), times_trained(second)) == (1, 1)
    log = home.folder / "worker.log"
    wait_for(lambda: log.read_text().count("True") >= 2)


def test_no_worker_is_started_where_one_runs(
    home: Home, start_worker: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    start_worker()
    wait_for(lambda: worker.worker_is_running(home))
    started: list[object] = []
    monkeypatch.setattr(worker, "start_detached", lambda *arguments: started.append(arguments))

    worker.ensure_worker(home)

    assert started == []


def test_a_run_that_is_running_elsewhere_keeps_its_place(home: Home) -> None:
    """A job without a handle whose run says "running" is someone's: it is left alone."""
    run = make_queued_run(home, "run")
    JobQueue(home.queue).claim_next(1)
    run.write_status(Status("running", handle=own_handle()))
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(worker.run_worker, home, 1, 0.1)
        time.sleep(0.3)
        run.write_status(Status("done"))
        assert working.result(SLOW)

    assert times_trained(run) == 0
