"""The queue under load, and killed workers: short, and with trainings that are fake."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benchmarks.queue_load import run_load
from tests.jobs.fake_training import fake_command
from tests.jobs.test_worker import (
    events_of,
    kill,
    make_queued_run,
    quick_fakes,  # noqa: F401 - used by every test here
    times_trained,
    wait_for,
)
from xray_core.jobs import JobQueue, QueueSettings, control, worker, write_settings
from xray_core.processes import start_detached
from xray_core.workspace import Workspace

N_KILLS = 3
N_DEATHS = 5  # of a fake training that gets further each time


def test_clients_that_submit_watch_and_cancel_at_once_lose_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "ensure_worker", lambda workspace: None)
    with ThreadPoolExecutor(9) as pool:
        states, times = run_load(Workspace(tmp_path / "home"), 2.0, 8, pool)

    assert set(states) <= {"done", "stopped"}
    assert states["done"] > 0
    assert len(times["submit"]) == states.total()


def test_whoever_is_killed_each_run_ends_once_and_none_is_lost(tmp_path: Path) -> None:
    rng, workspace = random.Random(4), Workspace(tmp_path / "home")
    write_settings(workspace, QueueSettings(slots=2))
    runs = [make_queued_run(workspace, name, "advance") for name in "ab"]
    environment = {"XRAY_HOME": str(workspace.folder)}
    for _ in range(N_KILLS):
        serving = start_detached(
            fake_command("worker"), workspace.folder / "worker.log", environment
        )
        wait_for(lambda: worker.worker_is_running(workspace))
        time.sleep(rng.uniform(0, 1))
        kill(serving)
    assert worker.run_worker(workspace, idle=0.1)

    assert [times_trained(run) for run in runs] == [N_DEATHS + 1] * 2
    assert [events_of(run).count("done") for run in runs] == [1] * 2
    assert [run.read_stored_status().state for run in runs] == ["done"] * 2
    assert JobQueue(workspace.queue).list_jobs() == []
