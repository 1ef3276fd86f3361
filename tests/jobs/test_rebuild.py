"""The queue file is only an index: whatever becomes of it, the run folders know."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from xray_core.jobs.attempts import Attempt, count_death, write_attempt
from xray_core.jobs.order import Job
from xray_core.jobs.queue import JobQueue
from xray_core.processes import own_handle
from xray_core.runs import Run, Status, Submission
from xray_core.workspace import Workspace

OLD_SCHEMA = """
CREATE TABLE jobs (position INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL, handle TEXT NOT NULL DEFAULT '');
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def make_run(workspace: Workspace, name: str, status: Status, wish: Submission | None) -> Run:
    run = Run(workspace.runs / name)
    run.write_json("recipe.json", {})
    if wish:
        run.write_submission(wish)
    run.write_status(status)
    return run


def damage(path: Path, how: str) -> None:
    if how == "deleted":
        path.unlink()
    elif how == "no database":
        path.write_text("this is a text file, and a longer one than a header" * 100)
    elif how == "emptied":
        path.write_bytes(b"")
    else:
        content = bytearray(path.read_bytes())
        content[4096:] = b"\xff" * (len(content) - 4096)  # all but the header
        path.write_bytes(content)


@pytest.mark.parametrize("how", ["deleted", "no database", "emptied", "pages"])
def test_nothing_is_lost_with_the_queue_file(workspace: Workspace, how: str) -> None:
    running = Status("running", handle=own_handle())
    expected = [
        Job("z", "started", own_handle(), "ann", rank=1.0, devices="1"),
        Job("young", "started", own_handle(), rank=2.0),
        Job("b", user="bob", priority=2, rank=9.0),
        Job("c", user="bob", rank=3.0, gpus=2),
        Job("a", user="bob", rank=4.0),
        Job("paused", rank=5.0, paused=True),
    ]
    for job in expected:
        wish = Submission(job.user, job.priority, job.rank, job.paused, job.gpus)
        run = make_run(workspace, job.run, running if job.run == "z" else Status("queued"), wish)
        if job.state == "started":  # the younger one has not said so itself yet
            write_attempt(run, Attempt(own_handle(), job.devices))
    make_run(workspace, "by_hand", Status("queued"), None)
    for state in ("done", "failed", "stopped", "lost"):
        make_run(workspace, state, Status(state), Submission())
    queue = JobQueue(workspace.queue)
    assert queue.list_jobs() == expected
    damage(workspace.queue, how)

    assert queue.list_jobs() == expected
    assert queue.next_rank() == 10.0
    aside = [path.name for path in workspace.folder.glob("queue.db.damaged-*")]
    assert len(aside) == (how != "deleted")
    log = (workspace.folder / "worker.log").read_text()
    assert (f"kept as {aside[0]}" if aside else "was missing: 6 runs found again") in log


ODD_ROWS = {
    "no text": "UPDATE jobs SET user = CAST(x'ff' AS TEXT)",
    "no rank": "UPDATE jobs SET rank = NULL",
    "text for a rank": "UPDATE jobs SET rank = 'first'",
    "bytes for a name": "UPDATE jobs SET run = x'00ff'",
    "another state": "UPDATE jobs SET state = 'dreaming'",
    "priority": "UPDATE jobs SET priority = 1000000000000",
    "endless rank": "UPDATE jobs SET rank = 9e999",
    "devices": "UPDATE jobs SET devices = 'both'",
    "a name that leads out": "UPDATE jobs SET run = '../run'",
    "no last rank": "DELETE FROM last_rank",
    "odd last rank": "UPDATE last_rank SET rank = NULL",
    "odd turn": "INSERT INTO turns VALUES (NULL, 'soon')",
    "no table": "DROP TABLE turns",
}


@pytest.mark.parametrize("how", ODD_ROWS)
def test_a_queue_file_with_an_odd_row_is_kept_aside_and_made_anew(
    how: str, workspace: Workspace
) -> None:
    make_run(workspace, "run", Status("queued"), Submission("ann", rank=4.0))
    queue = JobQueue(workspace.queue)
    assert queue.list_jobs() == [Job("run", user="ann", rank=4.0)]
    with closing(sqlite3.connect(workspace.queue)) as db:
        # As a damaged page would: past all that SQLite checks when it writes.
        db.execute("PRAGMA writable_schema = ON")
        db.execute("UPDATE sqlite_schema SET sql = replace(sql, ' NOT NULL', '')")
        db.execute("PRAGMA writable_schema = RESET")
        db.execute(ODD_ROWS[how])
        db.commit()

    assert queue.next_rank() == 5.0
    assert queue.list_jobs() == [Job("run", user="ann", rank=4.0)]
    assert len(list(workspace.folder.glob("queue.db.damaged-*"))) == 1
    assert "is kept as" in (workspace.folder / "worker.log").read_text()


@pytest.mark.parametrize("method", ["list_jobs", "claim_next", "submit", "cancel", "end"])
def test_every_use_of_a_damaged_file_repairs_it(method: str, workspace: Workspace) -> None:
    make_run(workspace, "run", Status("queued"), Submission(rank=1.0))
    workspace.queue.write_bytes(b"damaged" * 1000)
    argument = {"list_jobs": (), "claim_next": (1,)}.get(method, ("other",))

    getattr(JobQueue(workspace.queue), method)(*argument)

    assert JobQueue(workspace.queue).find("run")


def test_a_run_whose_process_died_meanwhile_is_found_for_the_worker_to_resume(
    workspace: Workspace,
) -> None:
    make_run(workspace, "run", Status("running", handle="1:0"), Submission())

    [job] = JobQueue(workspace.queue).list_jobs()

    assert (job.state, job.handle) == ("started", "1:0")


def test_a_damaged_submission_costs_the_place_and_not_the_run(workspace: Workspace) -> None:
    run = make_run(workspace, "run", Status("queued"), Submission("ann", priority=5))
    run.submission_path.write_text("{")

    assert JobQueue(workspace.queue).list_jobs() == [Job("run")]


def test_what_an_earlier_version_left_keeps_its_order(workspace: Workspace) -> None:
    for name in "abc":
        make_run(workspace, name, Status("queued"), None)
    make_run(workspace, "running", Status("running", handle=own_handle()), None)
    make_run(workspace, "long_done", Status("done"), None)
    with closing(sqlite3.connect(workspace.queue)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(OLD_SCHEMA)
        rows = [("long_done", "ended"), ("running", "started"), ("c", "queued"), ("a", "queued")]
        db.executemany("INSERT INTO jobs (run, state) VALUES (?, ?)", rows)
        db.execute("INSERT INTO jobs (run, state) VALUES ('deleted', 'queued')")
        db.commit()

    jobs = JobQueue(workspace.queue).list_jobs()

    assert [(job.run, job.state) for job in jobs] == [
        ("running", "started"),
        ("c", "queued"),
        ("a", "queued"),
    ]
    assert not (workspace.runs / "deleted").exists()


def test_only_deaths_without_progress_are_counted(tmp_path: Path) -> None:
    run = Run(tmp_path)
    counts = []
    for grows in (False, False, "log", False, "checkpoint", False, False):
        if grows == "log":
            run.append_metrics({"kind": "batch"})
        elif grows:
            run.last_checkpoint.parent.mkdir()
            run.last_checkpoint.write_text("weights")
            run.cut_metrics(0)  # the next attempt goes on from it; that is no step back
        attempt = count_death(run)
        write_attempt(run, attempt)
        counts.append(attempt.deaths)

    assert counts == [1, 2, 0, 1, 0, 1, 2]
