"""The queue: however many ask at once, each job is given out once and in order."""

import sqlite3
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from xray_core.errors import JobError
from xray_core.jobs.order import Job
from xray_core.jobs.queue import JobQueue
from xray_core.processes import is_alive, start_detached

SLOTS = 1000  # as good as no limit


@pytest.fixture
def queue(tmp_path: Path) -> JobQueue:
    return JobQueue(tmp_path / "new folder" / "queue.db")


def claim(queue: JobQueue, slots: int = SLOTS) -> str | None:
    """Claim the next run; return its name."""
    job = queue.claim_next(slots)
    return job.run if job else None


def test_jobs_start_in_the_order_of_their_submission(queue: JobQueue) -> None:
    for name in ("c", "a", "b"):
        queue.submit(name)

    assert [job.run for job in queue.list_jobs()] == ["c", "a", "b"]
    assert [claim(queue) for _ in range(4)] == ["c", "a", "b", None]


def test_nothing_asked_nothing_written(queue: JobQueue, tmp_path: Path) -> None:
    assert queue.list_jobs() == []
    assert list(tmp_path.iterdir()) == []


def test_a_job_goes_from_queued_to_started_to_gone(queue: JobQueue) -> None:
    queue.submit("run")
    assert queue.list_jobs() == [Job("run", rank=1.0)]

    queue.claim_next(1)
    queue.set_handle("run", "12:34.5")
    assert queue.find("run") == Job("run", "started", "12:34.5", rank=1.0)

    queue.end("run")
    assert queue.list_jobs() == []
    assert queue.find("run") is None


def test_no_more_than_the_slots_are_started(queue: JobQueue) -> None:
    for name in "abcd":
        queue.submit(name)

    assert [claim(queue, 2) for _ in range(3)] == ["a", "b", None]
    queue.end("a")
    assert [claim(queue, 2) for _ in range(2)] == ["c", None]


def test_a_run_is_queued_once_however_often_it_is_submitted(queue: JobQueue) -> None:
    queue.submit("run")
    queue.claim_next(1)

    queue.submit("run")

    assert [job.state for job in queue.list_jobs()] == ["started"]


def test_ranks_are_given_out_once(queue: JobQueue) -> None:
    with ThreadPoolExecutor(4) as pool:
        ranks = list(pool.map(lambda _: queue.next_rank(), range(20)))

    assert sorted(ranks) == list(range(1, 21))


def test_a_waiting_job_can_be_cancelled_and_no_other(queue: JobQueue) -> None:
    queue.submit("started")
    queue.submit("waiting")
    queue.claim_next(1)

    assert queue.cancel("waiting")
    assert not queue.cancel("waiting")
    assert not queue.cancel("started")
    assert not queue.cancel("unknown")
    assert [job.run for job in queue.list_jobs()] == ["started"]
    queue.end("started")
    assert claim(queue) is None


def test_threads_that_claim_at_once_share_the_jobs(queue: JobQueue) -> None:
    names = [f"run{i}" for i in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(queue.submit, names))
        claimed = list(pool.map(lambda _: claim(queue), range(60)))

    assert Counter(claimed) == Counter({name: 1 for name in names} | {None: 20})


def test_threads_that_claim_at_once_respect_the_slots(queue: JobQueue) -> None:
    for i in range(20):
        queue.submit(f"run{i}")
    with ThreadPoolExecutor(8) as pool:
        claimed = list(pool.map(lambda _: claim(queue, 3), range(24)))

    claimed = [name for name in claimed if name]
    assert len(claimed) == len(set(claimed)) == 3


def test_processes_that_submit_and_claim_at_once_share_the_jobs(
    queue: JobQueue, tmp_path: Path
) -> None:
    code = (
        "import sys, time; from pathlib import Path; from xray_core.jobs.queue import JobQueue\n"
        "folder, me = Path(sys.argv[1]), sys.argv[2]\n"
        "queue = JobQueue(folder / 'new folder' / 'queue.db')\n"
        "while not (folder / 'go').exists(): time.sleep(0.001)\n"
        "for i in range(10): queue.submit(f'{me}{i}')\n"
        "while job := queue.claim_next(1000): print(job.run, flush=True)\n"
    )
    logs = [tmp_path / f"{me}.txt" for me in "abc"]
    handles = [
        start_detached([sys.executable, "-c", code, str(tmp_path), log.stem], log) for log in logs
    ]
    time.sleep(1)  # most of it for the imports, so that they set off together
    (tmp_path / "go").touch()
    while any(map(is_alive, handles)):
        time.sleep(0.05)

    claimed = [line for log in logs for line in log.read_text().splitlines()]
    assert sorted(claimed) == sorted(f"{me}{i}" for me in "abc" for i in range(10))
    assert claim(queue) is None


def test_a_claim_that_is_never_committed_is_undone(queue: JobQueue) -> None:
    queue.submit("run")

    def end_all_but_be_interrupted(db: sqlite3.Connection) -> None:
        db.execute("DELETE FROM jobs")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        queue._transact(end_all_but_be_interrupted)

    assert claim(queue) == "run"


@pytest.mark.parametrize("method", ["list_jobs", "claim_next", "submit", "cancel", "end"])
def test_a_disk_that_refuses_is_an_error_in_words(method: str, tmp_path: Path) -> None:
    path = tmp_path / "queue.db"
    path.mkdir()
    (tmp_path / "runs").mkdir()
    argument = {"list_jobs": (), "claim_next": (1,)}.get(method, ("run",))

    with pytest.raises(JobError, match=r"queue\.db cannot be used: .*safe in their folders"):
        getattr(JobQueue(path), method)(*argument)


def test_a_folder_that_cannot_be_made_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(JobError, match="cannot be used"):
        JobQueue(tmp_path / "file" / "queue.db").submit("run")
