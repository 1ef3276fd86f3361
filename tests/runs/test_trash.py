"""The trash: whole runs, until it is emptied; and what runs take on the disk."""

from pathlib import Path

import pytest
from filelock import FileLock

from tests.runs.made_runs import NAME, make_run
from xray_core.errors import RunError
from xray_core.processes import own_handle
from xray_core.runs import Run, list_runs, trash
from xray_core.runs.trash import (
    disk_use,
    empty_trash,
    list_trash,
    restore_run,
    trash_run,
    trash_size,
)
from xray_core.workspace import Workspace


def test_disk_use_counts_every_file_below(workspace: Workspace) -> None:
    run = make_run(workspace)
    before = disk_use(run)
    (run.folder / "checkpoints").mkdir()
    run.best_checkpoint.write_bytes(b"\0" * 5000)

    assert disk_use(run) - before == 5000
    assert disk_use(Run(workspace.runs / "nobody")) == 0


@pytest.mark.parametrize("state", ["done", "failed", "stopped", "lost"])
def test_an_ended_run_goes_into_the_trash_and_comes_back_whole(
    workspace: Workspace, state: str
) -> None:
    run = make_run(workspace, state=state)
    before = {path.name: path.read_bytes() for path in run.folder.iterdir()}

    assert trash_run(run, workspace) == NAME
    assert list_runs(workspace.runs) == []
    assert list_trash(workspace) == [NAME]
    assert trash_size(workspace) >= sum(map(len, before.values()))

    assert restore_run(NAME, workspace) == run
    assert list_trash(workspace) == []
    after = {path.name: path.read_bytes() for path in run.folder.iterdir()}
    assert {name: after[name] for name in before} == before


def test_a_waiting_or_running_run_is_never_trashed(workspace: Workspace) -> None:
    waiting = make_run(workspace, "20260301-110000-demo_cnn", "queued")
    running = make_run(workspace, state="running", handle=own_handle())

    with pytest.raises(RunError, match="waits in the queue. Cancel it first"):
        trash_run(waiting, workspace)
    with pytest.raises(RunError, match="is running. Stop it first"):
        trash_run(running, workspace)

    assert len(list_runs(workspace.runs)) == 2
    assert list_trash(workspace) == []


def test_a_run_that_a_process_holds_is_never_trashed_whatever_its_status(
    workspace: Workspace,
) -> None:
    run = make_run(workspace, state="stopped")

    with FileLock(run.folder / ".lock"), pytest.raises(RunError, match="still being trained"):
        trash_run(run, workspace)

    assert run.read_status().state == "stopped"
    assert trash_run(run, workspace) == NAME


def test_a_dead_process_and_a_damaged_status_keep_no_run_from_the_trash(
    workspace: Workspace,
) -> None:
    lost = make_run(workspace, state="running", handle="1:1.00")
    damaged = make_run(workspace, "20260302-100000-demo_cnn")
    (damaged.folder / "status.json").write_text("{", encoding="utf-8")

    trash_run(lost, workspace)
    trash_run(damaged, workspace)

    assert list_trash(workspace) == [damaged.name, lost.name]


def test_trashing_twice_says_that_it_is_gone_and_makes_nothing(workspace: Workspace) -> None:
    run = make_run(workspace)
    trash_run(run, workspace)

    with pytest.raises(RunError, match="gone"):
        trash_run(run, workspace)

    assert not run.folder.exists()


def test_two_runs_of_one_name_lie_side_by_side_in_the_trash(workspace: Workspace) -> None:
    trash_run(make_run(workspace, message="first"), workspace)
    trash_run(make_run(workspace, message="second"), workspace)

    assert list_trash(workspace) == [f"{NAME}-2", NAME]
    assert restore_run(f"{NAME}-2", workspace).read_status().message == "second"


def test_restoring_overwrites_no_run(workspace: Workspace) -> None:
    trash_run(make_run(workspace, message="old"), workspace)
    new = make_run(workspace, message="new")

    with pytest.raises(RunError, match="There is a run .* again"):
        restore_run(NAME, workspace)

    assert new.read_status().message == "new"
    assert list_trash(workspace) == [NAME]


@pytest.mark.parametrize("name", ["nobody", "", "..", "../runs", "."])
def test_only_what_is_in_the_trash_can_be_restored(workspace: Workspace, name: str) -> None:
    make_run(workspace)

    with pytest.raises(RunError, match="no run"):
        restore_run(name, workspace)


def test_emptying_deletes_for_good_and_touches_nothing_else(workspace: Workspace) -> None:
    kept = make_run(workspace, "20260302-100000-demo_cnn")
    trash_run(make_run(workspace), workspace)

    assert empty_trash(workspace) == 1

    assert list_trash(workspace) == []
    assert list(workspace.trash.iterdir()) == []
    assert trash_size(workspace) == 0
    assert list_runs(workspace.runs) == [kept]
    assert empty_trash(workspace) == 0


def test_a_half_deleted_run_is_no_run_and_goes_next_time(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    trash_run(make_run(workspace), workspace)

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(trash.shutil, "rmtree", refuse)
    with pytest.raises(PermissionError):
        empty_trash(workspace)
    assert list_trash(workspace) == []
    monkeypatch.undo()

    empty_trash(workspace)

    assert list(workspace.trash.iterdir()) == []
