"""A Ray cluster of several nodes on this one machine, with ports, folders and a token of its own.

Each node is what a machine of its own would be: `ray start` with everything beneath it. Whatever
else runs on this machine is left alone, other Ray clusters included.
"""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

import psutil

PATIENCE = 300  # seconds for a node to start, on a machine that is busy otherwise
START = "from ray.scripts.scripts import main; main()"  # the command `ray` of this environment


class Node:
    """One node: a `ray start --block` and all its processes."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str], log: Path):
        self.name, self.log = name, log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_up(self) -> None:
        end = time.monotonic() + PATIENCE
        while "Ray runtime started" not in self.log.read_text(errors="replace"):
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{self.name} did not start:\n{self.log.read_text()}")
            time.sleep(0.2)

    def kill(self) -> None:
        """End everything at once, trainings included, as a power cut would."""
        with suppress(psutil.NoSuchProcess):
            top = psutil.Process(self._process.pid)
            family = [top, *top.children(recursive=True)]
            for sent in (signal.SIGSTOP, signal.SIGKILL):  # nobody sees another one die
                for one in family:
                    with suppress(psutil.NoSuchProcess):
                        one.send_signal(sent)
        self._process.wait(PATIENCE)


class LocalCluster:
    """A head and any number of further nodes; a context that ends them all.

    Args:
        slots: trainings at once on each node.
    """

    def __init__(self, slots: int = 1) -> None:
        # Short: Ray puts sockets in it, whose paths may have 107 characters.
        self._folder = Path(tempfile.mkdtemp(prefix="xray-"))
        self._slots, self.nodes = slots, list[Node]()
        self._port, dashboard = _free_port(), _free_port()
        self.address = f"http://127.0.0.1:{dashboard}"
        self._token = secrets.token_hex(32)
        # What whoever talks to the cluster needs, too.
        self.environment = {
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": self._token,
            "RAY_USAGE_STATS_ENABLED": "0",
        }
        self._head = [
            "--head",
            f"--port={self._port}",
            "--dashboard-host=127.0.0.1",
            f"--dashboard-port={dashboard}",
            f"--ray-client-server-port={_free_port()}",
            f"--temp-dir={self._folder / 't'}",
        ]

    def add_node(self) -> Node:
        """Start the head, or one more node, and wait until it is up."""
        number = len(self.nodes)
        own = [f"--address=127.0.0.1:{self._port}"] if number else self._head
        command = [
            *(sys.executable, "-c", START, "start", "--block"),
            *own,
            *("--num-cpus=1", "--num-gpus=0", "--object-store-memory=80000000"),
            *("--min-worker-port=0", "--max-worker-port=0"),
            f"--dashboard-agent-listen-port={_free_port()}",
            f"--resources={json.dumps({'xray_slot': self._slots})}",
            "--disable-usage-stats",
        ]
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("RAY_")},
            **self.environment,
            # On a busy machine all takes longer than Ray is ready to wait by itself.
            "RAY_raylet_start_wait_time_s": str(PATIENCE),
            "RAY_agent_register_timeout_ms": str(PATIENCE * 1000),
            "RAY_health_check_timeout_ms": "60000",
            # A node notices after this many seconds that its head is gone; usually 60.
            "RAY_gcs_rpc_server_reconnect_timeout_s": "10",
        }
        node = Node(f"node {number + 1}", command, environment, self._folder / f"node{number}.log")
        self.nodes.append(node)
        node.wait_until_up()
        return node

    def __enter__(self) -> "LocalCluster":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for node in reversed(self.nodes):
            node.kill()
        for process in self._own_processes():  # whoever was no child any more
            with suppress(psutil.NoSuchProcess):
                process.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _own_processes(self) -> Iterator[psutil.Process]:
        """Find all processes that were started with the cluster's token."""
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                is_own = process.environ().get("RAY_AUTH_TOKEN") == self._token
                if is_own and process.pid != os.getpid():
                    yield process


@contextmanager
def reachable(cluster: LocalCluster) -> Iterator[None]:
    """Let this process, and those that it starts, talk to the cluster."""
    before = dict(os.environ)
    for key in [key for key in os.environ if key.startswith("RAY_")]:
        del os.environ[key]
    os.environ.update(cluster.environment, XRAY_RAY_ADDRESS=cluster.address)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
