"""The standby process: waits, trains what it is handed, and dies with its owner."""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.training.tiny import tiny_recipe
from xray_core.jobs import launchers, standby
from xray_core.jobs.launchers import LocalLauncher
from xray_core.jobs.standby import StandbyProcess
from xray_core.machine import allocator_variables
from xray_core.processes import is_alive, terminate
from xray_core.runs import Run, create_run
from xray_core.synthetic.dataset import write_synthetic_dataset
from xray_core.workspace import Workspace

# Stands in for `python -m xray_core standby`: the same words, without Keras.
STAND_IN = """
import json, os, sys, time
time.sleep({delay})
print("ready", flush=True)
line = sys.stdin.readline()
if line:
    order = json.loads(line)
    with open(order["log"], "a") as log:
        log.write(json.dumps([order, os.getpid()]))
    time.sleep(30)
"""


@pytest.fixture
def start_standby(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., StandbyProcess]:
    def start_standby(delay: float = 0.0) -> StandbyProcess:
        script = STAND_IN.format(delay=delay)
        monkeypatch.setattr(standby, "xray_command", lambda *_: [sys.executable, "-c", script])
        return StandbyProcess(Workspace(tmp_path / "home"))

    return start_standby


def wait_for(what: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_standby_process_is_ready_once_it_says_so(
    start_standby: Callable[..., StandbyProcess],
) -> None:
    standby = start_standby(delay=0.3)
    assert not standby.is_ready

    wait_for(lambda: standby.is_ready)

    assert standby.is_ready, "and stays so"
    standby.close()
    wait_for(lambda: not standby.is_alive)
    assert not standby.is_ready


def test_it_is_told_run_home_log_and_environment(
    start_standby: Callable[..., StandbyProcess], tmp_path: Path
) -> None:
    standby, run = start_standby(), Run(tmp_path / "run")
    run.folder.mkdir()
    wait_for(lambda: standby.is_ready)

    handle = standby.hand_over(run, {"CUDA_VISIBLE_DEVICES": "1"})

    assert handle
    wait_for(lambda: run.log_path.exists() and bool(run.log_path.read_text()))
    order, pid = json.loads(run.log_path.read_text())
    assert order == {
        "run": str(run.folder),
        "home": str(tmp_path / "home"),
        "log": str(run.log_path),
        "environment": {"CUDA_VISIBLE_DEVICES": "1"},
    }
    assert handle.startswith(f"{pid}:")
    standby.close()
    assert is_alive(handle), "it is a training now, and no longer its owner's to end"
    standby._process.kill()
    standby._process.wait()
    assert not is_alive(handle)


def test_one_that_was_killed_takes_no_run(
    start_standby: Callable[..., StandbyProcess], tmp_path: Path
) -> None:
    standby = start_standby()
    wait_for(lambda: standby.is_ready)
    standby._process.kill()
    standby._process.wait()

    assert standby.hand_over(Run(tmp_path), {}) is None
    standby.close()


def test_it_ends_when_its_owner_is_gone(start_standby: Callable[..., StandbyProcess]) -> None:
    standby = start_standby()
    wait_for(lambda: standby.is_ready)
    assert standby._process.stdin

    standby._process.stdin.close()  # what the system does for an owner that was killed

    wait_for(lambda: not standby.is_alive)


def test_a_launcher_keeps_one_ready_while_nothing_runs_and_hands_it_the_next_run(
    start_standby: Callable[..., StandbyProcess], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_standby().close()
    launcher, workspace, run = LocalLauncher(), Workspace(tmp_path / "home"), Run(tmp_path / "run")
    run.folder.mkdir()
    monkeypatch.setattr(launchers, "start_detached", lambda *_: "cold")

    assert not launcher.prepare(workspace, standby=False, idle=True)
    assert not launcher.prepare(workspace, standby=True, idle=False), "not beside a training"
    assert launcher.start(run, workspace, {}) == "cold"
    assert launcher.prepare(workspace, standby=True, idle=True)
    assert launcher._standby
    wait_for(lambda: bool(launcher._standby and launcher._standby.is_ready))
    handle = launcher.start(run, workspace, {})

    assert is_alive(handle)
    terminate(handle, kill=True)
    wait_for(lambda: not is_alive(handle))
    assert launcher.prepare(workspace, standby=True, idle=True), "the next one"
    assert not launcher.prepare(workspace, standby=False, idle=True), "switched off"


def test_a_launcher_starts_no_second_standby_process_where_the_first_died(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        standby, "xray_command", lambda *_: [sys.executable, "-c", "raise SystemExit"]
    )
    launcher, workspace = LocalLauncher(), Workspace(tmp_path / "home")
    assert launcher.prepare(workspace, standby=True, idle=True)

    wait_for(lambda: not launcher.prepare(workspace, standby=True, idle=True))

    assert not launcher.prepare(workspace, standby=True, idle=True)


def test_a_real_standby_process_trains_a_run_to_its_end(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "home")
    write_synthetic_dataset(tmp_path / "data", 40, size=64, seed=1)
    run = create_run(replace(tiny_recipe(), data_folder=str(tmp_path / "data")), workspace.runs)
    standby = StandbyProcess(workspace)
    try:
        wait_for(lambda: standby.is_ready or not standby.is_alive, 120)
        assert standby.is_ready, (workspace.folder / "worker.log").read_text()[-2000:]
        handle = standby.hand_over(run, {})
        wait_for(lambda: run.read_status().has_ended or not is_alive(str(handle)), 120)
    finally:
        standby.close()

    status = run.read_status()
    assert (status.state, status.handle) == ("done", handle), status.message
    assert "epoch 2" in run.read_log()
    environment = json.loads((run.folder / "environment.json").read_text())
    assert allocator_variables().items() <= environment["allocator"].items()
