"""Background jobs: a queue of runs, and the worker that trains them one after the other."""

from xray_core.jobs.queue import Job, JobQueue
from xray_core.jobs.submit import stop_run, submit_recipe
from xray_core.jobs.worker import ensure_worker, run_worker, worker_is_running

__all__ = [
    "Job",
    "JobQueue",
    "ensure_worker",
    "run_worker",
    "stop_run",
    "submit_recipe",
    "worker_is_running",
]
