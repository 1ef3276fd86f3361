"""The worker: every queued run is trained once and has a last word, whoever is killed."""

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock

from tests.jobs.fake_training import fake_command
from xray_core.jobs import (
    QueueSettings,
    can_resume,
    launchers,
    pause_run,
    read_settings,
    resume_run,
    stop_run,
    supervision,
    unpause_run,
    worker,
    write_settings,
)
from xray_core.jobs.gpus import Gpu
from xray_core.jobs.queue import JobQueue
from xray_core.processes import is_alive, own_handle, start_detached, terminate
from xray_core.runs import Run, Status, Submission
from xray_core.workspace import Workspace

SLOW = 100  # seconds that nothing here should take


def make_queued_run(workspace: Workspace, name: str, behaviour: str = "done") -> Run:
    """Queue a run whose training behaves so; see `fake_training`."""
    run, queue = Run(workspace.runs / name), JobQueue(workspace.queue)
    wish = Submission(rank=queue.next_rank())
    run.write_json("recipe.json", {})
    run.write_submission(wish)
    run.write_status(Status("queued"))
    (run.folder / "behaviour").write_text(behaviour)
    queue.submit(name, wish)
    return run


def events_of(run: Run) -> list[str]:
    return [event["event"] for event in run.read_events()]


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until `condition` holds; fail if it does not."""
    end = time.monotonic() + SLOW
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def quick_fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainings are fake, and the worker looks more often than it would."""
    for module in (launchers, worker):
        monkeypatch.setattr(module, "xray_command", fake_command)
    monkeypatch.setattr(worker, "lower_priority", lambda: None)  # this process is the tests'
    monkeypatch.setattr(worker, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(worker, "find_gpus", list)
    monkeypatch.delenv("XRAY_HOME", raising=False)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """A workspace; what still trains in it when the test ends is killed."""
    workspace = Workspace(tmp_path / "home")
    yield workspace
    for job in JobQueue(workspace.queue).list_jobs():
        terminate(job.handle, kill=True)


@pytest.fixture
def start_worker(workspace: Workspace) -> Iterator[Callable[[], str]]:
    """Start workers as processes of their own; they are killed when the test ends."""
    handles: list[str] = []

    def start() -> str:
        environment = {"XRAY_HOME": str(workspace.folder), "FAKE_IDLE": "30"}
        log = workspace.folder / "worker.log"
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


def serve(workspace: Workspace) -> bool:
    """Be the worker until nothing is left to do."""
    return worker.run_worker(workspace, idle=0.1)


@contextmanager
def serving(workspace: Workspace) -> Iterator[Future[bool]]:
    """Have a worker at work; if the test fails, it has nothing to do any more."""
    with ThreadPoolExecutor(1) as pool:
        try:
            yield pool.submit(serve, workspace)
        except BaseException:
            shutil.rmtree(workspace.runs)
            raise


def delete(folder: Path) -> bool:
    """Delete a folder; tell whether it is gone, for something may be written in it meanwhile."""
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def times_trained(run: Run) -> int:
    path = run.folder / "trained.txt"
    return len(path.read_text().splitlines()) if path.exists() else 0


def state_of(run: Run) -> str:
    return run.read_status().state


def test_it_trains_what_is_queued_and_ends(workspace: Workspace) -> None:
    runs = [make_queued_run(workspace, name) for name in "abc"]

    assert worker.run_worker(workspace, idle=0.1)

    assert [state_of(run) for run in runs] == ["done"] * 3
    assert [times_trained(run) for run in runs] == [1] * 3
    assert JobQueue(workspace.queue).list_jobs() == []
    assert not worker.worker_is_running(workspace)


def test_one_after_the_other_in_the_order_of_submission(workspace: Workspace) -> None:
    runs = [make_queued_run(workspace, name) for name in ("z", "a", "m")]

    worker.run_worker(workspace, idle=0.1)

    moments = [
        float(moment)
        for run in runs
        for moment in (run.read_status().started_at, run.read_status().ended_at)
    ]
    assert moments == sorted(moments)


def test_as_many_at_once_as_there_are_slots(workspace: Workspace) -> None:
    runs = [make_queued_run(workspace, name, "wait") for name in "abc"]
    write_settings(workspace, QueueSettings(slots=2))
    with serving(workspace) as working:
        wait_for(lambda: [state_of(run) for run in runs] == ["running", "running", "queued"])
        time.sleep(0.2)
        assert state_of(runs[2]) == "queued"
        (runs[1].folder / "go").touch()
        wait_for(lambda: [state_of(run) for run in runs] == ["running", "done", "running"])
        for run in runs:
            (run.folder / "go").touch()
        assert working.result(SLOW)


def test_a_training_runs_in_the_workspace_of_its_worker_and_logs_to_its_run(
    workspace: Workspace,
) -> None:
    run = make_queued_run(workspace, "run")

    worker.run_worker(workspace, idle=0.1)

    assert (run.folder / "trained.txt").read_text() == f"{workspace.folder} -\n"
    assert run.read_log() == "training"


def test_the_last_word_of_a_training_is_left_as_it_is(workspace: Workspace) -> None:
    run = make_queued_run(workspace, "run")

    worker.run_worker(workspace, idle=0.1)

    assert run.read_status().message == "mine"


def test_a_training_that_never_begins_is_tried_again_and_has_failed_then(
    workspace: Workspace,
) -> None:
    run = make_queued_run(workspace, "run", "die")

    worker.run_worker(workspace, idle=0.1)

    status = run.read_status()
    assert status.state == "failed"
    assert "ended before it began, 4 times in a row: I was never born." in status.message
    assert status.ended_at
    assert events_of(run) == ["started", "resumed"] * 3 + ["started", "failed"]


def test_a_training_that_is_killed_again_and_again_is_lost_and_the_next_one_starts(
    workspace: Workspace,
) -> None:
    lost, following = make_queued_run(workspace, "a", "vanish"), make_queued_run(workspace, "b")

    worker.run_worker(workspace, idle=0.1)

    assert (state_of(lost), state_of(following)) == ("lost", "done")
    stored = lost.read_stored_status()
    assert stored.state == "lost", "a reader on another machine could not tell from the handle"
    assert "killed 4 times in a row without getting any further" in stored.message
    assert times_trained(lost) == 4
    last = lost.read_events()[-1]
    assert (last["event"], last["cause"], last["by"]) == ("lost", stored.message, "worker")


def test_a_training_that_gets_further_each_time_is_resumed_as_often_as_it_takes(
    workspace: Workspace,
) -> None:
    run = make_queued_run(workspace, "run", "advance")

    worker.run_worker(workspace, idle=0.1)

    assert (state_of(run), times_trained(run)) == ("done", 6)
    assert events_of(run) == ["started", "resumed"] * 5 + ["started", "done"]


def test_a_training_asked_to_stop_has_the_last_word(workspace: Workspace) -> None:
    run = make_queued_run(workspace, "run", "wait")
    with serving(workspace) as working:
        wait_for(lambda: state_of(run) == "running")
        run.request_stop()
        assert working.result(SLOW)

    assert (state_of(run), run.read_status().message) == ("stopped", "mine")


def test_a_run_that_is_to_stop_before_it_was_started_is_not_started(workspace: Workspace) -> None:
    run = make_queued_run(workspace, "run")
    run.request_stop()

    worker.run_worker(workspace, idle=0.1)

    assert (state_of(run), times_trained(run)) == ("stopped", 0)


def test_a_training_that_is_killed_after_a_request_to_stop_is_stopped(workspace: Workspace) -> None:
    run = make_queued_run(workspace, "run", "vanish")
    JobQueue(workspace.queue).claim_next(1)
    JobQueue(workspace.queue).set_handle("run", "1:0")
    run.write_status(Status("running", handle="1:0"))
    run.request_stop()

    worker.run_worker(workspace, idle=0.1)

    assert state_of(run) == "stopped"
    assert "no checkpoint yet; resumed, it begins anew" in run.read_status().message
    assert times_trained(run) == 0


def test_a_training_that_does_not_heed_is_ended_by_force(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "STOP_SECONDS", 1)
    run = make_queued_run(workspace, "run", "deaf")
    with serving(workspace) as working:
        wait_for(lambda: state_of(run) == "running")
        time.sleep(1.5)
        assert state_of(run) == "running", "nobody had asked it to stop"
        stop_run(run, workspace, "ann")
        assert run.read_status().message == "Stopping after the present batch."
        wait_for(lambda: "asked to end" in run.read_status().message)
        assert state_of(run) == "running"
        assert working.result(SLOW)

    assert state_of(run) == "stopped"
    assert "did not heed and was killed" in run.read_status().message
    assert events_of(run) == ["started", "stopping", "terminated", "killed", "stopped"]
    assert can_resume(run)


def test_runs_that_were_deleted_while_they_waited_are_passed_over(workspace: Workspace) -> None:
    gone, following = make_queued_run(workspace, "a"), make_queued_run(workspace, "b")
    shutil.rmtree(gone.folder)

    worker.run_worker(workspace, idle=0.1)

    assert state_of(following) == "done"
    assert not gone.folder.exists()
    assert JobQueue(workspace.queue).list_jobs() == []


def test_a_damaged_status_does_not_stop_the_worker(workspace: Workspace) -> None:
    damaged, following = make_queued_run(workspace, "a"), make_queued_run(workspace, "b")
    JobQueue(workspace.queue).claim_next(1)
    (damaged.folder / "status.json").write_text("{")

    worker.run_worker(workspace, idle=0.1)

    assert state_of(following) == "done"
    assert JobQueue(workspace.queue).list_jobs() == []


def test_a_training_outlives_its_killed_worker_and_the_next_worker_adopts_it(
    workspace: Workspace, start_worker: Callable[[], str]
) -> None:
    run, following = make_queued_run(workspace, "a", "wait"), make_queued_run(workspace, "b")
    first = start_worker()
    wait_for(lambda: state_of(run) == "running")

    kill(first)

    assert state_of(run) == "running"
    wait_for(lambda: not worker.worker_is_running(workspace))  # the system frees the lock
    with serving(workspace) as working:
        time.sleep(0.3)
        assert state_of(following) == "queued", "its slot is taken by the adopted training"
        (run.folder / "go").touch()
        assert working.result(SLOW)
    assert (state_of(run), state_of(following)) == ("done", "done")
    assert (times_trained(run), times_trained(following)) == (1, 1)


def test_worker_and_training_killed_together_cost_nothing(
    workspace: Workspace, start_worker: Callable[[], str]
) -> None:
    run = make_queued_run(workspace, "run", "wait")
    first = start_worker()
    wait_for(lambda: state_of(run) == "running")
    training = run.read_status().handle

    kill(first)
    terminate(training, kill=True)
    wait_for(lambda: not is_alive(training) and not worker.worker_is_running(workspace))
    assert state_of(run) == "lost", "while nobody is there to resume it"
    (run.folder / "go").touch()
    worker.run_worker(workspace, idle=0.1)

    assert (state_of(run), times_trained(run)) == ("done", 2)


def test_a_run_claimed_by_a_worker_that_died_before_starting_it_is_started(
    workspace: Workspace,
) -> None:
    run = make_queued_run(workspace, "run")
    JobQueue(workspace.queue).claim_next(1)

    worker.run_worker(workspace, idle=0.1)

    assert (state_of(run), times_trained(run)) == ("done", 1)


def test_a_run_whose_worker_died_before_noting_its_process_is_not_started_again(
    workspace: Workspace,
) -> None:
    run = make_queued_run(workspace, "run", "wait")
    JobQueue(workspace.queue).claim_next(1)
    start_detached(
        fake_command("run", str(run.folder)), run.log_path, {"XRAY_HOME": str(workspace.folder)}
    )
    wait_for(lambda: state_of(run) == "running")

    with serving(workspace) as working:
        time.sleep(0.3)
        assert state_of(run) == "running"
        (run.folder / "go").touch()
        assert working.result(SLOW)

    assert (state_of(run), times_trained(run)) == ("done", 1)


def test_of_two_workers_one_serves_and_the_other_ends_at_once(workspace: Workspace) -> None:
    run = make_queued_run(workspace, "run", "wait")
    with serving(workspace) as working:
        wait_for(lambda: state_of(run) == "running")

        assert worker.worker_is_running(workspace)
        assert worker.run_worker(workspace, idle=0.1) is False

        (run.folder / "go").touch()
        assert working.result(SLOW)
    assert times_trained(run) == 1


def test_looking_whether_a_worker_runs_keeps_none_from_starting(workspace: Workspace) -> None:
    """A page that looks holds the lock for an instant; that is no rival."""
    run = make_queued_run(workspace, "run")
    lock = FileLock(worker._lock_file(workspace))
    lock.acquire()
    with serving(workspace) as working:
        time.sleep(0.15)
        lock.release()
        assert working.result(SLOW)

    assert state_of(run) == "done"


def test_what_is_submitted_while_the_worker_ends_is_trained(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = worker._serve
    late: list[Run] = []

    def serve_then_submit(*arguments: object) -> None:
        look(*arguments)  # type: ignore[arg-type]
        if not late:  # after the last look at the queue, with the lock still held
            late.append(make_queued_run(workspace, "late"))
            assert worker.worker_is_running(workspace)  # so `ensure_worker` would start none

    monkeypatch.setattr(worker, "_serve", serve_then_submit)

    worker.run_worker(workspace, idle=0.1)

    assert state_of(late[0]) == "done"


def test_a_worker_is_started_where_none_runs_and_again_after_it_ended(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_IDLE", "0.2")
    first = make_queued_run(workspace, "first")
    with ThreadPoolExecutor(4) as pool:  # four clicks at once
        list(pool.map(worker.ensure_worker, [workspace] * 4))
    wait_for(lambda: state_of(first) == "done")
    wait_for(lambda: not worker.worker_is_running(workspace))

    second = make_queued_run(workspace, "second")
    worker.ensure_worker(workspace)
    wait_for(lambda: state_of(second) == "done")
    wait_for(lambda: not worker.worker_is_running(workspace))

    assert (times_trained(first), times_trained(second)) == (1, 1)
    log = workspace.folder / "worker.log"
    wait_for(lambda: log.read_text().count("True") >= 2)


def test_no_worker_is_started_where_one_runs(
    workspace: Workspace, start_worker: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    start_worker()
    wait_for(lambda: worker.worker_is_running(workspace))
    started: list[object] = []
    monkeypatch.setattr(worker, "start_detached", lambda *arguments: started.append(arguments))

    worker.ensure_worker(workspace)

    assert started == []


def test_a_run_that_is_running_elsewhere_keeps_its_place(workspace: Workspace) -> None:
    """A job without a handle whose run says "running" is someone's: it is left alone."""
    run = make_queued_run(workspace, "run")
    JobQueue(workspace.queue).claim_next(1)
    run.write_status(Status("running", handle=own_handle()))
    with serving(workspace) as working:
        time.sleep(0.3)
        run.write_status(Status("done"))
        assert working.result(SLOW)

    assert times_trained(run) == 0


def test_slots_can_be_changed_while_the_worker_is_at_work(workspace: Workspace) -> None:
    runs = [make_queued_run(workspace, name, "wait") for name in "abc"]
    with serving(workspace) as working:
        wait_for(lambda: [state_of(run) for run in runs] == ["running", "queued", "queued"])
        write_settings(workspace, QueueSettings(slots=3))
        wait_for(lambda: [state_of(run) for run in runs] == ["running"] * 3)
        for run in runs:
            (run.folder / "go").touch()
        assert working.result(SLOW)


def test_damaged_settings_leave_those_that_held_before(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_settings(workspace, QueueSettings(paused=True))
    run = make_queued_run(workspace, "run")
    first_read = threading.Event()

    def read(workspace: Workspace) -> QueueSettings:
        settings = read_settings(workspace)
        first_read.set()
        return settings

    monkeypatch.setattr(worker, "read_settings", read)
    with serving(workspace) as working:
        assert first_read.wait(SLOW)
        (workspace.folder / "queue.json").write_text("{")
        log = workspace.folder / "worker.log"
        wait_for(lambda: log.exists() and "queue.json cannot be used" in log.read_text())
        assert state_of(run) == "queued", "the queue is still paused"
        write_settings(workspace, QueueSettings())
        assert working.result(SLOW)
    assert log.read_text().count("cannot be used") == 1, "said once"
    assert "settings: all is well again" in log.read_text()


def test_no_two_runs_share_a_gpu(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "find_gpus", lambda: [Gpu(n, "H200", 1e5) for n in (0, 2)])
    write_settings(workspace, QueueSettings(slots=5))
    runs = [make_queued_run(workspace, name, "wait") for name in "abc"]
    with serving(workspace) as working:
        wait_for(lambda: [state_of(run) for run in runs] == ["running", "running", "queued"])
        time.sleep(0.2)
        assert state_of(runs[2]) == "queued", "a third GPU there is not, whatever the slots"
        (runs[1].folder / "go").touch()
        wait_for(lambda: state_of(runs[2]) == "running")
        for run in runs:
            (run.folder / "go").touch()
        assert working.result(SLOW)
    seen = [(run.folder / "trained.txt").read_text().split()[1] for run in runs]
    assert seen == ["0", "2", "2"]
    assert "on GPU 2" in runs[1].read_events()[0]["cause"]


def test_a_paused_run_is_passed_over_until_the_pause_is_lifted(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xray_core.jobs.control.ensure_worker", lambda workspace: None)
    paused, following = make_queued_run(workspace, "a"), make_queued_run(workspace, "b")
    pause_run(paused, workspace, "ann")
    with serving(workspace) as working:
        wait_for(lambda: state_of(following) == "done")
        time.sleep(0.1)
        assert state_of(paused) == "queued"
        unpause_run(paused, workspace, "ann")
        assert working.result(SLOW)
    assert events_of(paused) == ["paused", "unpaused", "started", "done"]


def test_a_stopped_run_goes_on_when_it_is_resumed(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xray_core.jobs.control.ensure_worker", lambda workspace: None)
    run = make_queued_run(workspace, "run", "wait")
    with serving(workspace) as working:
        wait_for(lambda: state_of(run) == "running")
        stop_run(run, workspace)
        wait_for(lambda: state_of(run) == "stopped")
        assert "goes on from the beginning" in resume_run(run, workspace)
        (run.folder / "go").touch()
        assert working.result(SLOW)

    assert (state_of(run), times_trained(run)) == ("done", 2)
    assert not run.stop_path.exists()


@pytest.mark.parametrize("damage", ["deleted", "damaged", "emptied"])
def test_a_queue_file_that_goes_in_mid_training_costs_no_run(
    workspace: Workspace, damage: str
) -> None:
    running, following = make_queued_run(workspace, "a", "wait"), make_queued_run(workspace, "b")
    with serving(workspace) as working:
        wait_for(lambda: state_of(running) == "running")
        if damage == "deleted":
            workspace.queue.unlink()
        else:
            workspace.queue.write_bytes(b"no database, " * 1000 if damage == "damaged" else b"")
        log = workspace.folder / "worker.log"
        wait_for(lambda: log.exists() and "queue.db" in log.read_text())
        assert state_of(following) == "queued", "its slot is taken by the one that runs"
        (running.folder / "go").touch()
        assert working.result(SLOW)

    assert [state_of(run) for run in (running, following)] == ["done", "done"]
    assert [times_trained(run) for run in (running, following)] == [1, 1]
    assert len(list(workspace.folder.glob("queue.db.damaged-*"))) == (damage != "deleted")


def test_a_submitted_run_that_never_came_to_the_queue_is_found(workspace: Workspace) -> None:
    run = make_queued_run(workspace, "run")
    JobQueue(workspace.queue).end("run")

    with serving(workspace) as working:
        wait_for(lambda: state_of(run) == "done")
        assert working.result(SLOW)

    assert "run was in no queue" in (workspace.folder / "worker.log").read_text()


def test_a_run_that_somebody_trains_by_hand_is_let_be(workspace: Workspace) -> None:
    run = make_queued_run(workspace, "run")
    run.submission_path.unlink()
    JobQueue(workspace.queue).end("run")

    worker.run_worker(workspace, idle=0.1)

    assert (state_of(run), times_trained(run)) == ("queued", 0)


def test_a_training_that_another_process_has_locked_is_not_taken_for_dead(
    workspace: Workspace,
) -> None:
    """However its handle looks: the lock of a training dies with it and not before."""
    run = make_queued_run(workspace, "run")
    queue = JobQueue(workspace.queue)
    queue.claim_next(1)
    queue.set_handle("run", "1:0")
    run.write_status(Status("running", handle="1:0"))
    lock = FileLock(run.folder / ".lock", thread_local=False)
    lock.acquire()  # before the worker looks for the first time
    with serving(workspace) as working:
        time.sleep(0.3)
        assert run.read_stored_status().state == "running"
        run.write_status(Status("done"))
        lock.release()
        assert working.result(SLOW)
    assert times_trained(run) == 0


def test_the_worker_outlasts_a_disk_that_refuses(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, write = make_queued_run(workspace, "run"), Run.write_json
    full = threading.Event()
    full.set()

    def refuse(self: Run, name: str, values: object) -> None:
        if full.is_set():
            raise OSError(28, "No space left on device")
        write(self, name, values)

    monkeypatch.setattr(Run, "write_json", refuse)
    with serving(workspace) as working:
        log = workspace.folder / "worker.log"
        wait_for(lambda: log.exists() and "run: [Errno 28] No space left" in log.read_text())
        time.sleep(0.2)
        assert (state_of(run), times_trained(run)) == ("queued", 0)
        full.clear()
        assert working.result(SLOW)

    assert (state_of(run), times_trained(run)) == ("done", 1)


def test_a_full_disk_starts_nothing(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_queued_run(workspace, "run")
    monkeypatch.setattr(supervision, "MIN_FREE_BYTES", 2**80)
    with serving(workspace) as working:
        log = workspace.folder / "worker.log"
        wait_for(lambda: log.exists() and "the disk is full" in log.read_text())
        assert times_trained(run) == 0
        monkeypatch.setattr(supervision, "MIN_FREE_BYTES", 0)
        assert working.result(SLOW)

    assert state_of(run) == "done"


def test_a_run_whose_folder_is_deleted_while_it_trains_frees_its_slot(workspace: Workspace) -> None:
    gone, following = make_queued_run(workspace, "a", "deaf"), make_queued_run(workspace, "b")
    with serving(workspace) as working:
        wait_for(lambda: state_of(gone) == "running")
        wait_for(lambda: delete(gone.folder))
        assert working.result(SLOW)

    assert state_of(following) == "done"
    assert not gone.folder.exists()


def test_a_worker_that_stays_takes_over_from_the_one_that_ends(workspace: Workspace) -> None:
    class EndOfTest(Exception):
        pass

    def stop_staying() -> None:
        raise EndOfTest

    run = make_queued_run(workspace, "run", "wait")
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(serve, workspace)
        wait_for(lambda: state_of(run) == "running")
        launcher = launchers.LocalLauncher()
        second = pool.submit(worker.run_worker, workspace, stay=True, launcher=launcher)
        time.sleep(0.1)
        assert not second.done()
        (run.folder / "go").touch()
        assert first.result(SLOW)
        wait_for(lambda: worker.worker_is_running(workspace))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(time, "sleep", lambda seconds: stop_staying())
            with pytest.raises(EndOfTest):
                second.result(SLOW)


def test_nothing_stands_by_where_its_pipe_could_not_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("XRAY_STANDBY", raising=False)
    assert worker._may_stand_by(QueueSettings())

    monkeypatch.setattr(worker, "can_poll_pipes", lambda: False)

    assert not worker._may_stand_by(QueueSettings())
