"""Progress: what a running training tells the world through its status file."""

import os
import time
from dataclasses import replace
from typing import Any

import psutil

from xray_core.files import utc_now
from xray_core.processes import own_handle
from xray_core.runs import Run, Status
from xray_core.training.devices import read_gpu_use

STATUS_SECONDS = 0.5  # seconds between two status files
DEVICE_SECONDS = 2.0  # seconds between two looks at the hardware


class StopRequested(Exception):
    """Somebody asked the run to stop; the training ends after its present batch."""


class Progress:
    """Keeps the status file of one run current, without writing it at every batch."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._process = psutil.Process()
        # Over the first milliseconds the use of a processor comes out as any figure: wait with it.
        self._written, self._sampled = 0.0, time.monotonic()
        before = run.read_status()
        self.status: Status = replace(
            before,
            state="running",
            message="Starting.",
            # A launcher on several machines knows its processes by names of its own.
            handle=os.environ.get("XRAY_HANDLE") or own_handle(),
            started_at=before.started_at or utc_now(),
            ended_at="",
        )
        self._process.cpu_percent()  # the first call only starts the clock
        self._run.write_status(self.status)

    def update(self, *, now: bool = False, **fields: Any) -> None:
        """Change fields of the status; write it if due, or at once.

        A new message begins without figures, unless it brings its own: what was done and the total
        belong to the words before it.

        Raises:
            StopRequested: the run was asked to stop.
        """
        if "message" in fields:
            fields = {"done": 0, "total": 0} | fields
        self.status = replace(self.status, **fields)
        clock = time.monotonic()
        if clock - self._sampled > DEVICE_SECONDS:
            self._sample(clock)
        if now or clock - self._written > STATUS_SECONDS:
            self._written = clock
            self._run.write_status(self.status)
        self.check_stop()

    def check_stop(self) -> None:
        """Raise StopRequested if the run was asked to stop."""
        if self._run.stop_path.exists():
            raise StopRequested

    def _sample(self, clock: float) -> None:
        """Note what the training uses of the hardware."""
        self._sampled = clock
        memory = self._process.memory_info().rss / 2**20
        use: dict[str, Any] = {"cpu_percent": self._process.cpu_percent(), "memory_mb": memory}
        use |= read_gpu_use()
        self.status = replace(self.status, **use)
        rounded = {name: round(value, 1) for name, value in use.items()}
        self._run.append_device({"time": utc_now(), **rounded})

    def end(self, state: str, message: str) -> None:
        """Write the last word."""
        if self.status.memory_mb is None:  # it was over before the hardware was first looked at
            self._sample(time.monotonic())
        self.status = replace(
            self.status, state=state, message=message, seconds_left=None, ended_at=utc_now()
        )
        self._run.write_status(self.status)
        self._run.append_event(state, message, "training")
