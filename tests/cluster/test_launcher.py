"""The Ray launcher against a cluster that is a few lines of Python: what it asks and concludes.

What a real cluster does is tested in `test_two_nodes.py`.
"""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from filelock import FileLock

from xray_core.errors import JobError
from xray_core.jobs import JobQueue, launchers, ray, resume_run, stop_run, worker
from xray_core.jobs.order import Job
from xray_core.jobs.ray import ANSWER_SECONDS, COUNT_SECONDS, LOST_SECONDS, RayLauncher
from xray_core.jobs.supervision import Supervisor
from xray_core.runs import Run, Status, Submission
from xray_core.workspace import Workspace

ADDRESS = "http://head:8265"
SILENCE = ConnectionError("nobody answers")


class FakeCluster:
    """Stands in for a cluster's Jobs API: knows jobs and nodes, and may be out of reach."""

    def __init__(self) -> None:
        self.nodes: list[dict[str, float]] = [{"xray_slot": 1.0}, {"xray_slot": 1.0}]
        self.jobs: dict[str, Any] = {}
        self.problem: Exception | None = None
        self.n_asked = 0

    def list_resources(self) -> list[dict[str, float]]:
        self._answer()
        return self.nodes

    def list_jobs(self) -> list[Any]:
        self._answer()
        return list(self.jobs.values())

    def get_job_info(self, name: str) -> Any:
        self._answer()
        if name not in self.jobs:
            raise RuntimeError(f"Request failed with status code 404: Job {name} does not exist.")
        return self.jobs[name]

    def submit_job(self, *, submission_id: str, metadata: dict[str, str], **options: Any) -> None:
        self._answer()
        self.jobs[submission_id] = SimpleNamespace(
            submission_id=submission_id,
            metadata=metadata,
            status="PENDING",
            message="",
            error_type=None,
            options=options,
        )

    def stop_job(self, name: str) -> None:
        self._answer()
        self.jobs[name].status = "STOPPED"

    @property
    def job(self) -> Any:
        """The newest."""
        return list(self.jobs.values())[-1]

    def _answer(self) -> None:
        self.n_asked += 1
        if self.problem:
            raise self.problem


class FakeClock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def launcher(
    cluster: FakeCluster, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> RayLauncher:
    """The launcher that everything gets that asks for Ray's."""
    launcher = RayLauncher(ADDRESS, lambda address: cluster, clock)
    monkeypatch.setattr(launchers, "_ray_launcher", lambda address: launcher)
    return launcher


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "my home")


def make_run(workspace: Workspace, name: str = "run", gpus: int = 1) -> Run:
    run = Run(workspace.runs / name)
    run.write_json("recipe.json", {})
    run.write_submission(Submission(gpus=gpus))
    run.write_status(Status("queued"))
    return run


def test_the_very_command_runs_in_the_workspace_with_its_handle_and_log(
    workspace: Workspace,
    launcher: RayLauncher,
    cluster: FakeCluster,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setenv("SECRET", "mine")
    run = make_run(workspace)

    handle = launcher.start(run, workspace, {"XRAY_CHECKPOINT_SECONDS": "1"})

    options = cluster.job.options
    variables = options["runtime_env"]["env_vars"]
    assert handle == f"ray:{cluster.job.submission_id}"
    assert (
        f"exec {sys.executable} -m xray_core run '{run.folder}' >> '{run.log_path}' 2>&1"
        in options["entrypoint"]
    )
    assert "unset OMP_NUM_THREADS" in options["entrypoint"]
    assert variables["XRAY_HOME"] == str(workspace.folder)
    assert variables["XRAY_HANDLE"] == handle
    assert variables["KERAS_BACKEND"] == "jax"
    assert variables["XRAY_CHECKPOINT_SECONDS"] == "1"
    assert "SECRET" not in variables


@pytest.mark.parametrize(
    ("nodes", "gpus", "reserved"),
    [
        ([{"xray_slot": 2.0}], 4, {"entrypoint_resources": {"xray_slot": 1}}),
        ([{"GPU": 1.0}, {"GPU": 4.0}], 2, {"entrypoint_num_gpus": 2}),
        ([{"GPU": 1.0}, {"GPU": 4.0}], 5, {"entrypoint_num_gpus": 4}),  # no node has five
        ([{"GPU": 1.0, "xray_slot": 1.0}], 0, {"entrypoint_num_gpus": 1}),
    ],
)
def test_what_a_training_reserves(
    workspace: Workspace,
    launcher: RayLauncher,
    cluster: FakeCluster,
    nodes: list[dict[str, float]],
    gpus: int,
    reserved: dict[str, Any],
) -> None:
    cluster.nodes = nodes
    launcher.start(make_run(workspace, gpus=gpus), workspace, {})

    options = cluster.job.options
    assert {key: options[key] for key in options if key.startswith("entrypoint_")} == reserved


def test_slots_are_counted_anew_as_nodes_come_and_go(
    launcher: RayLauncher, cluster: FakeCluster, clock: FakeClock
) -> None:
    assert launcher.count_slots() == 2
    cluster.nodes.append({"xray_slot": 3.0, "CPU": 64.0})
    clock.now += COUNT_SECONDS
    assert launcher.count_slots() == 5
    cluster.nodes.append({"GPU": 4.0})
    clock.now += COUNT_SECONDS
    assert launcher.count_slots() == 4


def test_a_cluster_without_gpus_and_slots_says_what_to_do(
    workspace: Workspace, launcher: RayLauncher, cluster: FakeCluster
) -> None:
    cluster.nodes = [{"CPU": 8.0}]

    with pytest.raises(JobError, match="--resources '{\"xray_slot\": 1}'"):
        launcher.start(make_run(workspace), workspace, {})
    assert cluster.jobs == {}


def test_a_run_that_was_handed_over_already_is_not_handed_over_twice(
    workspace: Workspace, launcher: RayLauncher, cluster: FakeCluster
) -> None:
    run, other = make_run(workspace), make_run(workspace, "other")
    first = launcher.start(run, workspace, {})
    launcher.start(other, workspace, {})

    assert launcher.start(run, workspace, {}) == first
    assert len(cluster.jobs) == 2

    cluster.jobs[first.removeprefix("ray:")].status = "FAILED"
    assert launcher.start(run, workspace, {}) != first
    assert len(cluster.jobs) == 3


@pytest.mark.parametrize(
    ("status", "alive"),
    [("PENDING", True), ("RUNNING", True), ("SUCCEEDED", False), ("STOPPED", False)],
)
def test_who_is_alive(
    workspace: Workspace, launcher: RayLauncher, cluster: FakeCluster, status: str, alive: bool
) -> None:
    handle = launcher.start(make_run(workspace), workspace, {})
    cluster.job.status = status

    assert launcher.is_alive(handle) == alive


def test_one_that_waits_for_a_node_and_is_to_stop_is_as_good_as_ended(
    workspace: Workspace, launcher: RayLauncher, cluster: FakeCluster
) -> None:
    run = make_run(workspace)
    handle = launcher.start(run, workspace, {})
    run.request_stop()
    assert not launcher.is_alive(handle)

    cluster.job.status = "RUNNING"  # from here on it has something to save
    assert launcher.is_alive(handle)


def test_a_job_that_the_cluster_does_not_know_is_gone(launcher: RayLauncher) -> None:
    assert not launcher.is_alive("ray:of-another-time")
    assert "head was started anew" in launcher.explain("ray:of-another-time")
    assert launcher.is_reachable()


def test_while_the_cluster_is_silent_nobody_is_dead_until_it_must_be_lost(
    workspace: Workspace, launcher: RayLauncher, cluster: FakeCluster, clock: FakeClock
) -> None:
    handle = launcher.start(make_run(workspace), workspace, {})
    cluster.job.status = "RUNNING"
    cluster.problem = SILENCE
    assert launcher.is_alive(handle)
    clock.now += LOST_SECONDS - 1
    assert launcher.is_alive(handle)

    cluster.problem = None  # the clock begins anew with the next silence
    clock.now += ANSWER_SECONDS
    assert launcher.is_alive(handle)
    cluster.problem = SILENCE
    clock.now += ANSWER_SECONDS
    assert launcher.is_alive(handle)
    clock.now += LOST_SECONDS
    assert not launcher.is_alive(handle)
    assert not launcher.is_reachable()
    assert "lost" in launcher.explain(handle)


def test_a_cluster_that_refuses_is_not_lost(
    workspace: Workspace, launcher: RayLauncher, cluster: FakeCluster, clock: FakeClock
) -> None:
    handle = launcher.start(make_run(workspace), workspace, {})
    cluster.problem = RuntimeError("Request failed with status code 401: no token")
    for _ in range(3):
        assert launcher.is_alive(handle)
        clock.now += LOST_SECONDS
    clock.now += COUNT_SECONDS
    with pytest.raises(JobError, match="refuses: .* no token"):
        launcher.count_slots()


def test_a_silent_cluster_is_not_asked_once_more_for_each_of_many_runs(
    launcher: RayLauncher, cluster: FakeCluster, clock: FakeClock
) -> None:
    cluster.problem = SILENCE
    for number in range(30):
        assert launcher.is_alive(f"ray:{number}")
    assert cluster.n_asked == 1
    clock.now += ANSWER_SECONDS
    launcher.is_alive("ray:0")
    assert cluster.n_asked == 2


def test_an_answer_holds_for_a_moment(
    workspace: Workspace, launcher: RayLauncher, cluster: FakeCluster, clock: FakeClock
) -> None:
    handle = launcher.start(make_run(workspace), workspace, {})
    asked = cluster.n_asked
    for _ in range(10):
        launcher.is_alive(handle)
    assert cluster.n_asked == asked + 1
    clock.now += ANSWER_SECONDS
    launcher.is_alive(handle)
    assert cluster.n_asked == asked + 2


def test_terminate_stops_what_has_not_ended(
    workspace: Workspace, launcher: RayLauncher, cluster: FakeCluster
) -> None:
    handle = launcher.start(make_run(workspace), workspace, {})
    launcher.terminate(handle)
    assert cluster.job.status == "STOPPED"

    launcher.terminate("ray:nobody")  # no error


@pytest.mark.parametrize(
    ("error_type", "message", "words"),
    [
        ("JobErrorType.JOB_SUPERVISOR_ACTOR_DIED", "Job supervisor\n died", "node is lost"),
        ("JOB_SUPERVISOR_ACTOR_START_TIMEOUT", "900 s", "RAY_JOB_START_TIMEOUT_SECONDS"),
        (None, "exit code 2:\n cannot create log.txt", "exit code 2: cannot create log.txt"),
    ],
)
def test_why_it_is_gone(
    workspace: Workspace,
    launcher: RayLauncher,
    cluster: FakeCluster,
    error_type: Any,
    message: str,
    words: str,
) -> None:
    handle = launcher.start(make_run(workspace), workspace, {})
    cluster.job.status, cluster.job.error_type = "FAILED", error_type
    cluster.job.message = message

    assert words in launcher.explain(handle)


class ClusterWorkspace:
    """A run that trains on the cluster, and what the worker does about it."""

    def __init__(self, workspace: Workspace, launcher: RayLauncher) -> None:
        self.workspace, self.queue = workspace, JobQueue(workspace.queue)
        self.run = make_run(workspace)
        self.supervisor = Supervisor(workspace, self.queue, launcher)
        self.queue.submit(self.run.name)
        self.start()

    def start(self) -> None:
        job = self.queue.claim_next(9)
        assert job is not None
        self.supervisor.start(job)
        self.run.write_status(Status("running", handle=self.job.handle, started_at="now"))

    @property
    def job(self) -> Job:
        job = self.queue.find(self.run.name)
        assert job is not None
        return job

    def look(self) -> str:
        """Let the worker look after the run; return its state, as the pages see it."""
        self.supervisor.look_after(self.job)
        return self.run.read_status().state

    def events(self) -> list[str]:
        return [event["event"] for event in self.run.read_events()]


@pytest.fixture
def on_cluster(
    workspace: Workspace,
    launcher: RayLauncher,
    cluster: FakeCluster,
    monkeypatch: pytest.MonkeyPatch,
) -> ClusterWorkspace:
    monkeypatch.setattr("xray_core.jobs.control.ensure_worker", lambda workspace: None)
    on_cluster = ClusterWorkspace(workspace, launcher)
    cluster.job.status = "RUNNING"
    return on_cluster


def test_a_run_elsewhere_is_not_called_lost_for_want_of_a_process_here(
    on_cluster: ClusterWorkspace, cluster: FakeCluster
) -> None:
    assert on_cluster.look() == "running"
    cluster.problem = SILENCE
    assert on_cluster.look() == "running"


def test_after_its_node_is_lost_a_run_goes_on_on_another(
    on_cluster: ClusterWorkspace, cluster: FakeCluster
) -> None:
    first = cluster.job
    first.status, first.error_type = "FAILED", "JOB_SUPERVISOR_ACTOR_DIED"
    assert on_cluster.look() == "queued"
    assert on_cluster.events() == ["started", "lost", "resumed"]
    assert "node is lost" in on_cluster.run.read_status().message

    on_cluster.start()
    assert cluster.job is not first
    assert on_cluster.events()[-1] == "started"


def test_after_the_head_is_lost_a_run_is_lost_and_can_be_resumed(
    on_cluster: ClusterWorkspace, cluster: FakeCluster, clock: FakeClock
) -> None:
    cluster.problem = SILENCE
    assert on_cluster.look() == "running"
    clock.now += LOST_SECONDS
    assert on_cluster.look() == "lost"
    assert on_cluster.queue.list_jobs() == []
    assert on_cluster.events() == ["started", "lost"]

    cluster.problem = None
    cluster.jobs.clear()  # a new head knows nothing of the old one's jobs
    clock.now += COUNT_SECONDS
    resume_run(on_cluster.run, on_cluster.workspace)
    on_cluster.start()
    assert on_cluster.look() == "running"


def test_a_run_that_still_trains_out_of_reach_is_left_to_it(
    on_cluster: ClusterWorkspace, cluster: FakeCluster, clock: FakeClock
) -> None:
    cluster.problem = SILENCE
    assert on_cluster.look() == "running"
    clock.now += LOST_SECONDS
    # A training holds it as long as it lives, on whichever machine.
    with FileLock(on_cluster.run.folder / ".lock"):
        assert on_cluster.look() == "running"


def test_stopping_one_that_waits_for_a_node_takes_no_time(
    on_cluster: ClusterWorkspace, cluster: FakeCluster
) -> None:
    cluster.job.status = "PENDING"
    on_cluster.run.write_status(Status("queued"))
    stop_run(on_cluster.run, on_cluster.workspace)

    assert on_cluster.look() == "stopped"


def test_while_the_cluster_is_silent_all_wait_in_our_queue(
    workspace: Workspace, launcher: RayLauncher, cluster: FakeCluster
) -> None:
    for name in "abc":
        make_run(workspace, name)
        JobQueue(workspace.queue).submit(name)
    cluster.problem = SILENCE

    assert worker._Service(workspace, launcher).look()  # there is something to wait for
    assert {job.state for job in JobQueue(workspace.queue).list_jobs()} == {"queued"}
    assert "does not answer" in (workspace.folder / "worker.log").read_text()


def test_the_worker_hands_over_as_many_as_the_cluster_holds(
    workspace: Workspace, launcher: RayLauncher, cluster: FakeCluster
) -> None:
    for name in "abc":
        make_run(workspace, name)
        JobQueue(workspace.queue).submit(name)

    worker._Service(workspace, launcher).look()

    assert len(cluster.jobs) == 2
    assert [job.state for job in JobQueue(workspace.queue).list_jobs()] == ["started"] * 2 + [
        "queued"
    ]


def test_without_ray_or_an_address_the_error_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with pytest.raises(JobError, match="Set XRAY_RAY_ADDRESS"):
        ray._connect("")
    monkeypatch.setitem(sys.modules, "ray.job_submission", None)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(JobError, match=r"pip install -r requirements-cluster\.txt"):
        ray._connect(ADDRESS)
    monkeypatch.setenv("RAY_ADDRESS", "http://elsewhere:8265")
    with pytest.raises(JobError, match="Remove RAY_ADDRESS"):
        ray._connect(ADDRESS)
