"""Background jobs: a queue of runs, and the worker that trains them as slots are free."""

from xray_core.jobs.control import (
    can_resume,
    move_run,
    pause_run,
    restart_run,
    resume_run,
    set_priority,
    stop_run,
    unpause_run,
)
from xray_core.jobs.gpus import Gpu, find_gpus
from xray_core.jobs.order import Job
from xray_core.jobs.queue import JobQueue
from xray_core.jobs.settings import QueueSettings, read_settings, write_settings
from xray_core.jobs.submit import submit_recipe, submit_sweep
from xray_core.jobs.view import estimate_starts, queue_view
from xray_core.jobs.worker import ensure_worker, prepare_worker, run_worker, worker_is_running

__all__ = [
    "Gpu",
    "Job",
    "JobQueue",
    "QueueSettings",
    "can_resume",
    "estimate_starts",
    "ensure_worker",
    "find_gpus",
    "move_run",
    "pause_run",
    "prepare_worker",
    "queue_view",
    "read_settings",
    "restart_run",
    "resume_run",
    "run_worker",
    "set_priority",
    "stop_run",
    "submit_sweep",
    "submit_recipe",
    "unpause_run",
    "worker_is_running",
    "write_settings",
]
