"""Where trainings run: in processes of this machine, or wherever another launcher puts them.

A launcher starts the very command that a person would type, and finds what it started again by
a handle, also after the worker itself was killed and started anew.
"""

import os
from collections.abc import Mapping
from functools import cache
from typing import Protocol

from xray_core.jobs.gpus import find_gpus
from xray_core.jobs.standby import StandbyProcess
from xray_core.processes import is_alive, is_local, start_detached, terminate, xray_command
from xray_core.runs import Run
from xray_core.workspace import Workspace

RAY_ADDRESS = "XRAY_RAY_ADDRESS"  # the variable that sends trainings to a Ray cluster


class Launcher(Protocol):
    """Starts trainings and ends them."""

    def start(self, run: Run, workspace: Workspace, environment: Mapping[str, str]) -> str:
        """Start the training of `run` and return its handle.

        Args:
            run: the training's output goes to its log.
            workspace: the folders.
            environment: variables added to those that the training has anyway.
        """

    def prepare(self, workspace: Workspace, *, standby: bool, idle: bool) -> bool:
        """Get ready for the next training while there is nothing else to do.

        Args:
            workspace: the folders.
            standby: whether something may be kept ready.
            idle: whether nothing runs or waits.

        Returns:
            Whether something is kept ready.
        """

    def is_alive(self, handle: str) -> bool:
        """Whether the training behind `handle` runs, or waits to."""

    def terminate(self, handle: str, *, kill: bool = False) -> None:
        """Ask the training to end, or end it at once; no error if it is gone."""

    def explain(self, handle: str) -> str:
        """Return in words why the training behind `handle` is gone without a last word."""

    def is_reachable(self) -> bool:
        """Whether trainings can be started now, as far as this launcher goes."""

    def count_slots(self) -> int:
        """Return how many trainings may run at once where nobody set a number.

        Raises:
            JobError: that cannot be told now.
        """


class LocalLauncher:
    """Starts each training as a process of this machine that outlives the worker."""

    def __init__(self) -> None:
        self._standby: StandbyProcess | None = None
        self._keeps_dying = False

    def prepare(self, workspace: Workspace, *, standby: bool, idle: bool) -> bool:
        if self._standby and not (standby and self._standby.is_alive):
            # Whatever is wrong, it would be wrong again; a training then says so in its log.
            self._keeps_dying = standby and not self._standby.is_ready
            self._standby.close()
            self._standby = None
        if standby and idle and self._standby is None and not self._keeps_dying:
            self._standby = StandbyProcess(workspace)
        return self._standby is not None

    def start(self, run: Run, workspace: Workspace, environment: Mapping[str, str]) -> str:
        standby, self._standby = self._standby, None
        if standby and standby.is_ready and (handle := standby.hand_over(run, environment)):
            return handle
        if standby:
            standby.close()  # it would only slow this one's start by its own
        variables = {"XRAY_HOME": str(workspace.folder), **environment}
        return start_detached(xray_command("run", str(run.folder)), run.log_path, variables)

    def is_alive(self, handle: str) -> bool:
        return is_alive(handle)

    def terminate(self, handle: str, *, kill: bool = False) -> None:
        terminate(handle, kill=kill)

    def explain(self, handle: str) -> str:
        return "Its process was killed, or the machine was restarted."

    def is_reachable(self) -> bool:
        return True

    def count_slots(self) -> int:
        return max(1, len(find_gpus()))


def choose_launcher() -> Launcher:
    """Return the launcher for new trainings: Ray's where XRAY_RAY_ADDRESS names a cluster."""
    address = os.environ.get(RAY_ADDRESS, "")
    return _ray_launcher(address) if address else LocalLauncher()


def launcher_of(handle: str) -> Launcher:
    """Return the launcher that `handle` came from, whichever is used for new trainings now."""
    if is_local(handle):
        return LocalLauncher()
    return _ray_launcher(os.environ.get(RAY_ADDRESS, ""))


@cache  # it remembers since when its cluster has been silent
def _ray_launcher(address: str) -> Launcher:
    from xray_core.jobs.ray import RayLauncher  # only where it is used: Ray is optional

    launcher: Launcher = RayLauncher(address)
    return launcher
