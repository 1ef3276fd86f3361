"""Trainings on a real Ray cluster of two nodes on this machine; minutes, so a group of its own.

Skipped where Ray is not installed; `pytest -m cluster` runs it where it is.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.cluster.nodes import LocalCluster, reachable
from tests.training.tiny import N_IMAGES, tiny_recipe
from xray_core.jobs import (
    QueueSettings,
    control,
    launchers,
    ray,
    resume_run,
    stop_run,
    submit,
    submit_recipe,
    worker,
    write_settings,
)
from xray_core.recipes import change_recipe
from xray_core.runs import Run, list_runs
from xray_core.synthetic.dataset import write_synthetic_dataset
from xray_core.workspace import Workspace

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(
        find_spec("ray") is None, reason="Ray is missing: pip install -r requirements-cluster.txt"
    ),
]

PATIENCE = 900  # seconds for a training to begin, on a machine that is busy otherwise


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cluster") / "data"
    write_synthetic_dataset(folder, N_IMAGES, size=64, seed=1)
    return folder


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with LocalCluster() as cluster, reachable(cluster):
        cluster.add_node()
        cluster.add_node()
        yield cluster


@pytest.fixture
def workspace(tmp_path: Path, cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace whose worker is a thread of this process: each test says when it works."""
    for module in (submit, control):
        monkeypatch.setattr(module, "ensure_worker", lambda workspace: None)
    monkeypatch.setattr(worker, "lower_priority", lambda: None)
    monkeypatch.setenv("XRAY_CHECKPOINT_SECONDS", "1")
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    return Workspace(tmp_path / "home")


@contextmanager
def working(workspace: Workspace) -> Iterator["Future[bool]"]:
    """Serve the workspace until nothing is left to do, which must come soon after the end."""
    with ThreadPoolExecutor(1) as pool:
        served = pool.submit(worker.run_worker, workspace, idle=1.0)
        try:
            yield served
        except BaseException:
            for run in list_runs(workspace.runs):  # or the worker would never come to its end
                stop_run(run, workspace)
            raise
        assert served.result(PATIENCE)


def submit_tiny(workspace: Workspace, data: Path, epochs: int) -> Run:
    recipe = change_recipe(tiny_recipe(), {"phases.train.epochs": epochs})
    return submit_recipe(recipe, data, workspace)


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until `condition` holds; fail if it does not."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.2)


def state_of(run: Run) -> str:
    return run.read_status().state


def n_epochs(run: Run) -> int:
    return len(run.read_epochs())


def node_of(run: Run) -> str:
    """Return Ray's name of the node that the run was last given to."""
    launcher = launchers.launcher_of(run.read_status().handle)
    assert isinstance(launcher, ray.RayLauncher)
    return str(launcher._find(run.read_status().handle).driver_node_id)


def events_of(run: Run) -> list[str]:
    return [event["event"] for event in run.read_events()]


def test_one_on_each_node_and_the_others_wait_in_rays_queue(
    workspace: Workspace, data: Path
) -> None:
    write_settings(workspace, QueueSettings(slots=9))  # more than the cluster has: Ray's own queue
    runs = [submit_tiny(workspace, data, 2) for _ in range(4)]
    most = 0
    with working(workspace) as served:
        while not served.done():
            most = max(most, sum(state_of(run) == "running" for run in runs))
            time.sleep(0.1)

    assert [state_of(run) for run in runs] == ["done"] * 4
    assert most == 2
    assert len({node_of(run) for run in runs}) == 2
    assert all("run folder:" in run.read_log() for run in runs)
    assert all(events_of(run)[:2] == ["queued", "started"] for run in runs)


def test_a_run_stops_after_its_batch_and_goes_on_from_there(
    workspace: Workspace, data: Path
) -> None:
    run = submit_tiny(workspace, data, 2000)
    with working(workspace):
        wait_for(lambda: n_epochs(run) > 1)
        stop_run(run, workspace)
    assert state_of(run) == "stopped"
    stood = n_epochs(run)

    resume_run(run, workspace)
    with working(workspace):
        wait_for(lambda: n_epochs(run) > stood + 1)
        stop_run(run, workspace)
    assert list(run.read_epochs()["epoch"]) == list(range(1, n_epochs(run) + 1))


def test_a_run_whose_node_dies_goes_on_on_the_other(
    workspace: Workspace, data: Path, cluster: LocalCluster
) -> None:
    runs = [submit_tiny(workspace, data, 2000) for _ in range(2)]
    with working(workspace):
        wait_for(lambda: all(n_epochs(run) > 1 for run in runs))
        nodes = {node_of(run): run for run in runs}
        cluster.nodes[1].kill()
        wait_for(lambda: any("lost" in events_of(run) for run in runs))
        [hit] = [run for run in runs if "lost" in events_of(run)]
        [other] = [run for run in runs if run != hit]
        stood, before = n_epochs(hit), next(node for node, run in nodes.items() if run == hit)
        assert state_of(other) == "running"
        stop_run(other, workspace)
        wait_for(lambda: n_epochs(hit) > stood + 1)
        after = node_of(hit)
        wait_for(lambda: launchers.choose_launcher().count_slots() == 1)
        stop_run(hit, workspace)

    assert after != before
    assert [state_of(run) for run in runs] == ["stopped", "stopped"]
    assert list(hit.read_epochs()["epoch"]) == list(range(1, n_epochs(hit) + 1))
    assert events_of(hit)[:5] == ["queued", "started", "lost", "resumed", "started"]


def test_a_run_whose_head_dies_is_lost_and_goes_on_without_a_cluster(
    workspace: Workspace, data: Path, cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray, "LOST_SECONDS", 5.0)
    run = submit_tiny(workspace, data, 2000)
    with working(workspace):
        wait_for(lambda: n_epochs(run) > 1)
        cluster.nodes[0].kill()
        wait_for(lambda: state_of(run) == "lost")
    stood = n_epochs(run)
    assert "cluster is lost" in run.read_status().message

    monkeypatch.delenv("XRAY_RAY_ADDRESS")
    resume_run(run, workspace)
    with working(workspace):
        wait_for(lambda: n_epochs(run) > stood + 1)
        assert launchers.is_local(run.read_status().handle)
        stop_run(run, workspace)
    assert list(run.read_epochs()["epoch"]) == list(range(1, n_epochs(run) + 1))
