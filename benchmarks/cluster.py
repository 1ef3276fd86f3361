"""Six short trainings on a Ray cluster of two nodes, one of which dies on the way.

    python -m benchmarks.cluster

Starts the cluster on this machine, with ports and folders of its own and one slot on each node,
and lets the worker hand all six to it at once. Three are long: when two of those train, one is
stopped; when the other two do, everything on the second node is killed. Prints what became of
each run and what was seen on the way. Needs requirements-cluster.txt.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tests.cluster.nodes import LocalCluster, reachable
from tests.training.tiny import N_IMAGES, tiny_recipe
from xray_core.jobs import QueueSettings, stop_run, submit_recipe, write_settings
from xray_core.jobs.launchers import choose_launcher
from xray_core.jobs.ray import RayLauncher
from xray_core.processes import start_detached, terminate, xray_command
from xray_core.recipes import change_recipe
from xray_core.runs import Run
from xray_core.synthetic.dataset import write_synthetic_dataset
from xray_core.workspace import Workspace

SHORT, LONG = 4, 3000  # epochs; the long ones are still at it when they are to be stopped
PATIENCE = 1800.0  # seconds


@dataclass
class Watch:
    """What is seen of the runs while they train."""

    runs: list[Run]
    launcher: RayLauncher
    nodes: dict[str, str]  # Ray's name → ours
    where: dict[str, list[str]] = field(default_factory=dict)  # run → the nodes that it was on
    most: int = 0
    most_waiting: int = 0
    began: float = field(default_factory=time.monotonic)

    def look(self) -> None:
        """Note who trains where, and how many train and wait at once."""
        states = []
        for run in self.runs:
            handle = run.read_status().handle
            events = [event["event"] for event in run.read_events()]
            states.append((run.read_status().state, "started" in events))
            job = self.launcher._find(handle) if handle else None
            if job is not None and job.driver_node_id:
                name = self.nodes[job.driver_node_id]
                seen = self.where.setdefault(run.name, [])
                if seen[-1:] != [name]:
                    seen.append(name)
        self.most = max(self.most, sum(state == "running" for state, _ in states))
        # Started by the worker, and not yet by Ray: in Ray's queue, or about to begin.
        waiting = sum(state == "queued" and started for state, started in states)
        self.most_waiting = max(self.most_waiting, waiting)

    def until(self, condition: Callable[[], bool]) -> None:
        """Look again and again until `condition` holds."""
        while not condition():
            if time.monotonic() - self.began > PATIENCE:
                states = [(run.name, run.read_status().state) for run in self.runs]
                raise TimeoutError(f"It never happened. {states}")
            self.look()
            time.sleep(0.2)


@contextmanager
def working(workspace: Workspace) -> Iterator[None]:
    """Have a worker in a process of its own, as the app does."""
    variables = {"XRAY_HOME": str(workspace.folder)}
    handle = start_detached(
        xray_command("worker", "--stay"), workspace.folder / "worker.log", variables
    )
    try:
        yield
    finally:
        terminate(handle, kill=True)


def main() -> None:
    """Run it all and print the table."""
    os.environ.update(XRAY_CHECKPOINT_SECONDS="1", TF_CPP_MIN_LOG_LEVEL="3")
    with tempfile.TemporaryDirectory() as folder, LocalCluster() as cluster, reachable(cluster):
        start = time.monotonic()
        for _ in range(2):
            cluster.add_node()
        print(f"two nodes up after {time.monotonic() - start:.0f} s")
        workspace, data = Workspace(Path(folder) / "home"), Path(folder) / "data"
        write_synthetic_dataset(data, N_IMAGES, size=64, seed=1)
        write_settings(
            workspace, QueueSettings(slots=6)
        )  # more than the cluster has: Ray's own queue
        with working(workspace):
            report(*play(workspace, data, cluster))


def play(workspace: Workspace, data: Path, cluster: LocalCluster) -> tuple[Watch, dict[str, str]]:
    """Submit the six, stop one, kill a node; return what was seen, and what was done to whom."""
    from ray.util.state import list_nodes  # Ray reads its token when it is imported

    short, long = (
        change_recipe(tiny_recipe(), {"phases.train.epochs": epochs}) for epochs in (SHORT, LONG)
    )
    launcher = choose_launcher()
    assert isinstance(launcher, RayLauncher)
    runs = [
        submit_recipe(recipe, data, workspace) for recipe in (short, short, short, long, long, long)
    ]
    nodes = {
        node.node_id: "head" if node.is_head_node else "node 2"
        for node in list_nodes(cluster.address, detail=True)
    }
    watch, done_to = Watch(runs, launcher, nodes), dict[str, str]()

    def training() -> list[Run]:  # the long ones that do
        alive = [run for run in runs[3:] if run.read_status().state == "running"]
        return [run for run in alive if len(run.read_epochs()) > 1]

    watch.until(lambda: len(training()) == 2)
    stopped = training()[0]
    asked = time.monotonic()
    stop_run(stopped, workspace)
    watch.until(lambda: stopped.read_status().state == "stopped")
    done_to[stopped.name] = f"stopped within {time.monotonic() - asked:.1f} s"

    watch.until(lambda: len(training()) == 2)
    victim = next(run for run in training() if watch.where[run.name][-1] == "node 2")
    stood = len(victim.read_epochs())
    killed = time.monotonic()
    cluster.nodes[1].kill()
    watch.until(lambda: "lost" in [event["event"] for event in victim.read_events()])
    done_to[victim.name] = f"lost {time.monotonic() - killed:.0f} s after the kill"
    for run in training():  # the other long one makes room on the node that is left
        if run != victim:
            stop_run(run, workspace)
            done_to[run.name] = "stopped, to make room"
    watch.until(lambda: len(victim.read_epochs()) > stood + 1)
    done_to[victim.name] += f", went on from epoch {stood}"
    stop_run(victim, workspace)
    watch.until(lambda: all(run.read_status().has_ended for run in runs))
    return watch, done_to


def report(watch: Watch, done_to: dict[str, str]) -> None:
    """Print one row a run, and what was seen of all."""
    print("\n| run | ran on | state | epochs, each once | events | s | remark |")
    print("|---|---|---|---|---|---|---|")
    for number, run in enumerate(watch.runs, 1):
        epochs = [int(epoch) for epoch in run.read_epochs().get("epoch", [])]
        whole = "yes" if epochs == list(range(1, len(epochs) + 1)) else "NO"
        events = run.read_events()
        began, ended = (
            datetime.fromisoformat(next(e for e in order if e["event"] != "queued")["time"])
            for order in (events, events[::-1])
        )
        cells = (
            number,
            ", then ".join(watch.where.get(run.name, [])),
            run.read_status().state,
            f"{len(epochs)}, {whole}",
            " ".join(event["event"] for event in events),
            f"{(ended - began).total_seconds():.0f}",
            done_to.get(run.name, ""),
        )
        print("| " + " | ".join(map(str, cells)) + " |")
    print(f"\nmost at once: {watch.most}; handed to Ray and not begun: up to {watch.most_waiting}")
    print(f"all of it: {time.monotonic() - watch.began:.0f} s")


if __name__ == "__main__":
    main()
