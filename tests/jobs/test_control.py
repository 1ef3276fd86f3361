"""What a user does to runs: it counts at once, stands in the run folder, and happens once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from xray_core.errors import JobError, RunError
from xray_core.jobs import (
    JobQueue,
    QueueSettings,
    can_resume,
    control,
    move_run,
    pause_run,
    queue_view,
    restart_run,
    resume_run,
    set_priority,
    stop_run,
    unpause_run,
    write_settings,
)
from xray_core.jobs.attempts import Attempt, read_attempt, write_attempt
from xray_core.processes import own_handle
from xray_core.recipes import PUBLISHED
from xray_core.runs import Run, Status, Submission, create_run
from xray_core.workspace import Workspace

pytestmark = pytest.mark.usefixtures("asked")


@pytest.fixture
def submit(workspace: Workspace, tmp_path: Path) -> Callable[..., Run]:
    """Submit a run as a user does, without a dataset."""

    def submit(user: str = "", **wish: Any) -> Run:
        queue = JobQueue(workspace.queue)
        submission = Submission(user, rank=queue.next_rank(), **wish)
        recipe = PUBLISHED["demo_cnn"].__class__(
            **{**PUBLISHED["demo_cnn"].__dict__, "data_folder": str(tmp_path)}
        )
        run = create_run(recipe, workspace.runs, submission)
        queue.submit(run.name, submission)
        return run

    return submit


def waiting(workspace: Workspace) -> list[str]:
    return [job.run for job in JobQueue(workspace.queue).list_jobs()]


def last_event(run: Run) -> tuple[str, str]:
    event = run.read_events()[-1]
    return event["event"], event["by"]


@pytest.mark.parametrize("state", ["stopped", "failed", "lost"])
def test_a_run_that_ended_early_is_queued_again_behind_the_others(
    state: str, workspace: Workspace, submit: Callable[..., Run], asked: list[Workspace]
) -> None:
    run, other = submit("ann", priority=2), submit("ann", priority=2)
    JobQueue(workspace.queue).end(run.name)
    run.request_stop()
    write_attempt(run, Attempt(deaths=3))
    run.write_status(Status(state, epoch=4, started_at="then", ended_at="now", handle="1:0"))
    assert can_resume(run)

    assert "goes on from the beginning" in resume_run(run, workspace, "bob")

    status = run.read_status()
    assert (status.state, status.epoch, status.ended_at) == ("queued", 4, "")
    assert not run.stop_path.exists()
    assert waiting(workspace) == [other.name, run.name]
    assert run.read_submission() == Submission("ann", priority=2, rank=3.0)
    assert read_attempt(run) == Attempt()
    assert last_event(run) == ("resumed", "bob")
    assert asked == [workspace]
    assert not can_resume(run)


def test_a_run_that_was_trained_by_hand_can_be_resumed_too(
    workspace: Workspace, submit: Callable[..., Run]
) -> None:
    run = submit()
    JobQueue(workspace.queue).end(run.name)
    run.submission_path.unlink()
    run.write_status(Status("running", handle="1:0"))
    run.last_checkpoint.parent.mkdir()
    run.last_checkpoint.touch()
    assert can_resume(run)

    assert "goes on from its last checkpoint" in resume_run(run, workspace)

    assert waiting(workspace) == [run.name]


def test_clicks_on_resume_at_once_queue_the_run_once(
    workspace: Workspace, submit: Callable[..., Run]
) -> None:
    run = submit()
    stop_run(run, workspace)
    with ThreadPoolExecutor(6) as pool:
        said = list(pool.map(lambda _: resume_run(run, workspace), range(6)))

    assert sum("is queued again" in one for one in said) == 1
    assert sum("under way already" in one for one in said) == 5
    assert waiting(workspace) == [run.name]
    assert [event["event"] for event in run.read_events()].count("resumed") == 1


def test_a_run_that_is_done_is_not_resumed(
    workspace: Workspace, submit: Callable[..., Run]
) -> None:
    run = submit()
    JobQueue(workspace.queue).end(run.name)
    run.write_status(Status("done"))

    with pytest.raises(JobError, match="is done; there is nothing to go on with. Restart it"):
        resume_run(run, workspace)
    assert not can_resume(run)


def test_a_run_that_dies_under_the_workers_eyes_goes_on_by_itself(
    workspace: Workspace, submit: Callable[..., Run]
) -> None:
    run = submit()
    JobQueue(workspace.queue).claim_next(1)
    run.write_status(Status("running", handle="1:0"))

    assert "goes on by itself" in resume_run(run, workspace)
    run.request_stop()
    with pytest.raises(JobError, match="is just being stopped"):
        resume_run(run, workspace)


def test_a_run_without_a_status_cannot_be_resumed(workspace: Workspace, tmp_path: Path) -> None:
    assert not can_resume(Run(tmp_path))
    with pytest.raises(RunError, match=r"has no status\.json"):
        resume_run(Run(tmp_path), workspace)


def test_asking_twice_to_stop_is_one_event(
    workspace: Workspace, submit: Callable[..., Run]
) -> None:
    run = submit()
    JobQueue(workspace.queue).claim_next(1)
    run.write_status(Status("running", handle=own_handle()))

    for _ in range(2):
        assert "stops after its present batch" in stop_run(run, workspace, "ann")

    assert [event["event"] for event in run.read_events()] == ["queued", "stopping"]
    assert run.read_status().message == "Stopping after the present batch."


def test_a_run_that_waits_to_go_on_is_taken_out_with_what_it_learned(
    workspace: Workspace, submit: Callable[..., Run]
) -> None:
    run = submit()
    run.write_status(Status("queued", started_at="yesterday"))

    assert "out of the queue" in stop_run(run, workspace, "ann")

    status = run.read_status()
    assert (status.state, status.message) == ("stopped", "Taken out of the queue.")
    assert last_event(run) == ("cancelled", "ann")
    assert can_resume(run)


def test_a_queued_run_that_is_in_no_queue_can_be_stopped(
    workspace: Workspace, submit: Callable[..., Run]
) -> None:
    run = submit()
    JobQueue(workspace.queue).end(run.name)

    stop_run(run, workspace)

    assert run.read_status().state == "stopped"


def test_a_killed_run_that_nobody_has_looked_after_yet_can_be_stopped(
    workspace: Workspace, submit: Callable[..., Run], asked: list[Workspace]
) -> None:
    run = submit()
    JobQueue(workspace.queue).claim_next(1)
    run.write_status(Status("running", handle="1:0"))
    assert run.read_status().state == "lost"

    stop_run(run, workspace)

    assert run.stop_path.exists(), "so that the worker does not resume it"
    assert asked == [workspace]


def test_restart_submits_the_same_recipe_for_the_same_user(
    siim_folder: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xray_core.jobs.submit.ensure_worker", lambda workspace: None)
    run = control.submit_recipe(PUBLISHED["demo_cnn"], siim_folder, workspace, "ann", 4)

    again = restart_run(run, workspace)

    assert again.name != run.name
    assert again.read_recipe() == run.read_recipe()
    wish = again.read_submission()
    assert wish == Submission("ann", 4, rank=2.0, nickname=wish.nickname)
    assert wish.nickname not in ("", run.read_nickname())


def test_a_paused_run_stays_in_the_queue_and_starts_when_the_pause_is_lifted(
    workspace: Workspace, submit: Callable[..., Run], asked: list[Workspace]
) -> None:
    run, other = submit(), submit()
    for _ in range(2):
        pause_run(run, workspace, "ann")

    assert run.read_submission().paused
    assert waiting(workspace) == [other.name, run.name]
    assert [event["event"] for event in run.read_events()] == ["queued", "paused"]

    unpause_run(run, workspace, "bob")

    assert last_event(run) == ("unpaused", "bob")
    assert waiting(workspace) == [run.name, other.name]
    assert asked == [workspace]


def test_priority_puts_a_run_before_others(
    workspace: Workspace, submit: Callable[..., Run]
) -> None:
    first, second = submit(), submit()

    set_priority(second, workspace, 1, "ann")

    assert waiting(workspace) == [second.name, first.name]
    assert second.read_submission().priority == 1
    assert last_event(second) == ("moved", "ann")
    with pytest.raises(JobError, match="out of bounds"):
        set_priority(first, workspace, 1000)


@pytest.mark.parametrize(
    ("which", "places", "expected"),
    [(2, -1, "acb"), (2, -9, "cab"), (0, 1, "bac"), (0, 9, "bca"), (1, 0, "abc")],
)
def test_a_run_is_moved_among_its_users(
    which: int, places: int, expected: str, workspace: Workspace, submit: Callable[..., Run]
) -> None:
    runs = dict(zip("abc", [submit("ann") for _ in "abc"], strict=True))
    before = waiting(workspace)

    move_run(runs["abc"[which]], workspace, places)

    assert waiting(workspace) == [runs[letter].name for letter in expected]
    by_folder = sorted(runs.values(), key=lambda run: run.read_submission().rank)
    assert [run.name for run in by_folder] == waiting(workspace), (
        "a rebuilt queue has the same order"
    )
    assert (waiting(workspace) == before) == (expected == "abc")


def test_a_run_that_a_worker_claims_while_it_is_moved_is_no_traceback(
    workspace: Workspace, submit: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, other = submit("ann"), submit("ann")
    queue = JobQueue(workspace.queue)
    read = JobQueue.read

    def read_and_claim(self: JobQueue) -> Any:
        found = read(self)
        queue.claim_next(1)  # a worker is always faster
        return found

    monkeypatch.setattr(JobQueue, "read", read_and_claim)

    assert "is number 2 of 2" in move_run(run, workspace, 1)
    monkeypatch.undo()

    assert queue.find(run.name).state == "started"  # type: ignore[union-attr]
    assert waiting(workspace) == [run.name, other.name]


def test_nobody_moves_a_run_before_anothers_turn(
    workspace: Workspace, submit: Callable[..., Run]
) -> None:
    bobs = submit("bob")
    anns = submit("ann")

    assert "number 1 of 1" in move_run(anns, workspace, -5)

    assert waiting(workspace) == [bobs.name, anns.name]


@pytest.mark.parametrize(
    "change",
    [pause_run, unpause_run, lambda *a: set_priority(*a, 1), lambda *a: move_run(*a, 1)],
)
def test_what_was_started_can_no_longer_be_moved_or_paused(
    change: Callable[..., str], workspace: Workspace, submit: Callable[..., Run]
) -> None:
    run, ended = submit(), submit()
    JobQueue(workspace.queue).claim_next(1)
    JobQueue(workspace.queue).end(ended.name)

    with pytest.raises(JobError, match="has been started; only a run that waits"):
        change(run, workspace)
    with pytest.raises(JobError, match="is not in the queue"):
        change(ended, workspace)


def test_the_view_says_what_each_run_waits_for(
    workspace: Workspace, submit: Callable[..., Run]
) -> None:
    running, again, bobs, third, paused = [
        submit(user) for user in ("ann", "ann", "bob", "bob", "bob")
    ]
    JobQueue(workspace.queue).claim_next(1)
    pause_run(paused, workspace)

    view = queue_view(workspace)
    assert view["run"].tolist() == [one.name for one in (running, bobs, again, third, paused)]
    assert view["state"].tolist() == ["started", *["queued"] * 4]
    assert view["position"].astype("object").where(view["position"].notna(), None).tolist() == [
        None,
        1,
        2,
        3,
        None,
    ]
    assert view["waits_for"].tolist() == [
        "",
        "the next free slot",
        "1 run before it",
        "2 runs before it",
        "somebody to lift its pause",
    ]

    write_settings(workspace, QueueSettings(per_user=1))
    assert "another run of ann to end: 1 at once" in queue_view(workspace)["waits_for"].tolist()[2]
    write_settings(workspace, QueueSettings(paused=True))
    assert (
        queue_view(workspace)["waits_for"].tolist()[1] == "somebody to lift the pause of the queue"
    )


def test_the_view_of_an_empty_queue_has_its_columns(workspace: Workspace) -> None:
    view = queue_view(workspace)

    assert view.empty
    assert list(view) == [
        "run",
        "user",
        "state",
        "priority",
        "paused",
        "position",
        "waits_for",
    ]
