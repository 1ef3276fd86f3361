"""Trainings on several machines: each one is a job of a Ray cluster.

All machines see the workspace and the data under the same paths, so that a training works on its
run folder wherever it is; Ray chooses the machine, and lets a job wait while none is free. Ray
is optional (requirements-cluster.txt), and imported only when a cluster is asked for the first
time; see docs/cluster.md.
"""

import os
import re
import shlex
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from secrets import token_hex
from typing import Any, TypeVar

from xray_core.errors import JobError, RunError
from xray_core.processes import PROJECT, xray_command
from xray_core.runs import Run, Submission
from xray_core.workspace import Workspace

PREFIX = "ray:"  # of a handle; what follows is Ray's submission id
SLOT = "xray_slot"  # the resource of which a node without GPUs declares one for each training
TIMEOUT_SECONDS = 10.0  # seconds for one answer of the cluster
ANSWER_SECONDS = 2.0  # seconds for which an answer holds
COUNT_SECONDS = 10.0  # seconds for which the count of GPUs and slots holds
# A node that has lost the head ends its trainings after a minute by itself. Twice that later
# nobody can be training there, and until then it may be a cable that somebody plugs in again.
LOST_SECONDS = 120.0  # seconds
STOP_SECONDS = 30  # that Ray leaves a training between SIGTERM and SIGKILL
PASSED_ON = ("XRAY_", "KERAS_", "TF_", "XLA_")  # what of our environment trainings get there
PENDING, ENDED = "PENDING", ("SUCCEEDED", "FAILED", "STOPPED")
# Not any 404: at a wrong address somebody else may answer.
UNKNOWN_JOB = re.compile(r"status code 404: Job .* does not exist")
MAX_NODES = 10_000  # dead ones included; Ray takes no higher number
LONGEST_WORDS = 300  # characters of what Ray says about an end

T = TypeVar("T")


class RayLauncher:
    """Hands trainings to a Ray cluster.

    Args:
        address: of the cluster's head, "http://host:8265".
        connect: returns a client for an address; by default, one of Ray's Jobs API.
        clock: seconds, never set back.
    """

    def __init__(
        self,
        address: str,
        connect: Callable[[str], Any] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address = address
        self._connect, self._clock = connect or _connect, clock
        self._client: Any = None
        self._problem, self._tried = "", 0.0
        self._down_since: float | None = None  # while the cluster does not answer
        self._seen: dict[str, tuple[float, Any]] = {}  # handle → when, and what Ray said
        self._nodes: tuple[float, list[dict[str, float]]] | None = None

    def start(self, run: Run, workspace: Workspace, environment: Mapping[str, str]) -> str:
        """Hand the training of `run` to the cluster and return its handle.

        One that was handed over before, by a worker that was killed then, is found again.

        Raises:
            JobError: the cluster does not answer, or has neither GPUs nor slots.
        """
        folder = str(run.folder.absolute())
        for job in self._ask(lambda client: client.list_jobs()):
            if _folder_of(job) == folder and job.status not in ENDED:
                return f"{PREFIX}{job.submission_id}"
        name = f"{run.name}-{token_hex(4)}"  # Ray never takes an id twice
        resources = self._resources_for(run)
        log = shlex.quote(str(run.log_path.absolute()))
        command = shlex.join(xray_command("run", folder))
        variables = {
            **{key: value for key, value in os.environ.items() if key.startswith(PASSED_ON)},
            **environment,
            "XRAY_HOME": str(workspace.folder.absolute()),
            "XRAY_HANDLE": f"{PREFIX}{name}",
            "RAY_JOB_STOP_WAIT_TIME_S": str(STOP_SECONDS),
        }
        self._ask(
            lambda client: client.submit_job(
                # Ray sets OMP_NUM_THREADS to 1 where a job reserves no processors; TensorFlow
                # would then use one core.
                entrypoint=f"cd {shlex.quote(str(PROJECT))} && unset OMP_NUM_THREADS && "
                f"exec {command} >> {log} 2>&1",
                submission_id=name,
                metadata={"run": folder},
                runtime_env={"env_vars": variables},
                **resources,
            )
        )
        return f"{PREFIX}{name}"

    def prepare(self, workspace: Workspace, *, standby: bool, idle: bool) -> bool:
        """Keep nothing ready: nobody knows on which node the next training will be."""
        return False

    def is_alive(self, handle: str) -> bool:
        """Whether the training runs or waits for a node; while nobody can tell, it does.

        One that still waits for a node and is to stop counts as ended: there is nothing to save,
        and when its turn comes it sees that it is no longer wanted.
        """
        try:
            job = self._find(handle)
        except JobError:
            since = self._clock() if self._down_since is None else self._down_since
            return self._clock() - since < LOST_SECONDS
        if job is None or job.status in ENDED:
            return False
        return job.status != PENDING or not Run(Path(_folder_of(job))).stop_path.exists()

    def terminate(self, handle: str, *, kill: bool = False) -> None:
        """Have Ray ask the training to end, and kill it after `STOP_SECONDS`; it knows one way.

        Raises:
            JobError: the cluster does not answer.
        """
        job = self._find(handle)
        if job is not None and job.status not in ENDED:
            self._ask(lambda client: client.stop_job(job.submission_id))

    def explain(self, handle: str) -> str:
        """Return in words why the training is gone, as far as the cluster knows."""
        try:
            job = self._find(handle)
        except JobError as error:
            return f"The cluster is lost, and its trainings with it. {error}"
        if job is None:
            return "The cluster does not know it any more: its head was started anew."
        kind = str(job.error_type or "")
        if kind.endswith("SUPERVISOR_ACTOR_DIED"):
            return "Its node is lost: switched off, cut off from the others, or short of memory."
        if kind.endswith("START_TIMEOUT"):
            return (
                "No node became free for it within the time that Ray lets a job wait; see "
                "RAY_JOB_START_TIMEOUT_SECONDS in docs/cluster.md."
            )
        return f"Ray says: {' '.join(str(job.message).split())[-LONGEST_WORDS:]}"

    def is_reachable(self) -> bool:
        """Whether the cluster answers."""
        try:
            self._read_nodes()
        except JobError:
            return False
        return True

    def count_slots(self) -> int:
        """Return how many trainings the cluster can run at once: its GPUs, else its slots.

        Raises:
            JobError: it does not answer, or has neither.
        """
        total = self._count()
        return int(total["GPU"] or total[SLOT])

    def _resources_for(self, run: Run) -> dict[str, Any]:
        """Return what a job of `run` reserves, as arguments of Ray's `submit_job`."""
        if not self._count()["GPU"]:
            return {"entrypoint_resources": {SLOT: 1}}
        try:
            wanted = run.read_submission().gpus
        except RunError:
            wanted = Submission().gpus  # damaged: its wish is lost, and nothing else
        most = int(max(node.get("GPU", 0) for node in self._read_nodes()))
        return {"entrypoint_num_gpus": min(max(wanted, 1), most)}  # of one node, or it never starts

    def _count(self) -> Counter[str]:
        """Return what all nodes have together. Raises JobError."""
        total: Counter[str] = Counter()
        for node in self._read_nodes():
            total.update({name: int(node.get(name, 0)) for name in ("GPU", SLOT)})
        if not any(total.values()):
            raise JobError(
                f"The nodes of {self._address} have neither GPUs nor slots for trainings. Start "
                f"each with: ray start … --resources '{{\"{SLOT}\": 1}}'"
            )
        return total

    def _read_nodes(self) -> list[dict[str, float]]:
        """Return the resources of every node that lives. Raises JobError."""
        now = self._clock()
        if (
            self._nodes is None
            or self._down_since is not None
            or now - self._nodes[0] >= COUNT_SECONDS
        ):
            self._nodes = (now, self._ask(lambda client: client.list_resources()))
        return self._nodes[1]

    def _find(self, handle: str) -> Any:
        """Return what Ray says of a job, or None if it knows none. Raises JobError."""
        now = self._clock()
        self._seen = {
            key: seen for key, seen in self._seen.items() if now - seen[0] < ANSWER_SECONDS
        }
        if handle not in self._seen:
            name = handle.removeprefix(PREFIX)
            try:
                job = self._ask(lambda client: client.get_job_info(name))
            except LookupError:
                job = None
            self._seen[handle] = (now, job)
        return self._seen[handle][1]

    def _ask(self, question: Callable[[Any], T]) -> T:
        """Put a question to the cluster.

        Raises:
            LookupError: it knows no such job.
            JobError: it does not answer, or refuses.
        """
        now = self._clock()
        if self._down_since is not None and now - self._tried < ANSWER_SECONDS:
            raise JobError(self._problem)  # each try may take seconds, and there are many jobs
        try:
            self._client = self._client or self._connect(self._address)
            answer = question(self._client)
        except RuntimeError as error:  # it answers, but refuses
            self._down_since = None
            if UNKNOWN_JOB.search(str(error)):
                raise LookupError(str(error)) from error
            raise JobError(f"The Ray cluster {self._address} refuses: {error}") from error
        except (JobError, OSError) as error:
            self._tried = self._clock()
            if self._down_since is None:
                self._down_since = self._tried
            self._problem = (
                str(error)
                if isinstance(error, JobError)
                else f"The Ray cluster {self._address} does not answer: {error}"
            )
            raise JobError(self._problem) from error
        self._down_since = None
        return answer


def _folder_of(job: Any) -> str:
    """Return the run folder that a job trains; empty for one of somebody else."""
    return str((job.metadata or {}).get("run", ""))


def _connect(address: str) -> Any:
    """Return a client of the cluster's Jobs API whose every request ends in time.

    Raises:
        JobError: Ray is not installed, or would not go to that address.
        OSError: nobody answers there.
        RuntimeError: whoever answers there refuses.
    """
    if not address:
        raise JobError(
            "This run was started on a Ray cluster, and nobody says where that is. Set "
            "XRAY_RAY_ADDRESS, for example to http://head:8265."
        )
    for name in ("RAY_API_SERVER_ADDRESS", "RAY_ADDRESS"):
        if os.environ.get(name, address) != address:
            raise JobError(
                f"{name} is {os.environ[name]}, and Ray would go there instead of {address}. "
                f"Remove {name} from the environment."
            )
    try:
        from ray.exceptions import RayError
        from ray.job_submission import JobSubmissionClient
        from ray.util.state import list_nodes
        from ray.util.state.exception import RayStateApiException
    except ImportError as error:
        raise JobError(
            f"Ray is not installed here ({error}): pip install -r requirements-cluster.txt"
        ) from error

    class Client(JobSubmissionClient):  # type: ignore[misc]
        def _do_request(self, *arguments: Any, **options: Any) -> Any:
            try:
                return super()._do_request(*arguments, timeout=TIMEOUT_SECONDS, **options)
            except RayError as error:  # a token that is missing or wrong
                raise RuntimeError(str(error)) from error

        def list_resources(self) -> list[dict[str, float]]:
            try:
                # Ray 2.60 can leave out the dead ones itself, but then takes the list for cut off.
                nodes = list_nodes(
                    address, limit=MAX_NODES, timeout=int(TIMEOUT_SECONDS), detail=True
                )
            except (RayError, RayStateApiException) as error:
                raise RuntimeError(str(error)) from error
            return [node.resources_total for node in nodes if node.state == "ALIVE"]

    return Client(address if "://" in address else f"http://{address}")
