"""A standby process, kept ready by the worker so that a training begins at once.

It costs the memory of an imported TensorFlow (see `benchmarks/README.md`) while it waits.
"""

import json
from collections.abc import Mapping
from contextlib import suppress

from xray_core.processes import handle_of, start_with_pipes, terminate, xray_command
from xray_core.runs import Run
from xray_core.workspace import Workspace


class StandbyProcess:
    """One process that waits for a run; it ends by itself when its owner does.

    Args:
        workspace: the folders; the standby process's messages go to its worker.log.
    """

    def __init__(self, workspace: Workspace) -> None:
        environment = {"XRAY_HOME": str(workspace.folder)}
        self._process = start_with_pipes(
            xray_command("standby"), workspace.folder / "worker.log", environment
        )
        self._home, self._handle = workspace, handle_of(self._process.pid)
        self._is_ready = False

    @property
    def is_alive(self) -> bool:
        """Whether it still waits, or gets ready to."""
        return self._process.poll() is None

    @property
    def is_ready(self) -> bool:
        """Whether it has imported everything and waits."""
        words = self._process.stdout
        if not self._is_ready and words and not words.closed and words.read():
            self._is_ready = True
            words.close()
        return self._is_ready and self.is_alive

    def hand_over(self, run: Run, environment: Mapping[str, str]) -> str | None:
        """Let it train `run`; return its handle, or None if it died before it could take it.

        Args:
            run: whose folder it is told.
            environment: variables added to those that it has.
        """
        order = {
            "run": str(run.folder),
            "home": str(self._home.folder),
            "log": str(run.log_path),
            "environment": dict(environment),
        }
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:  # it was killed meanwhile
            return None
        finally:
            self._close_pipes()
        return self._handle if self.is_alive else None

    def close(self) -> None:
        """End it, unless it was handed a run."""
        if self._process.stdin and not self._process.stdin.closed:
            self._close_pipes()  # its input ends, and so does it; at once if it is importing
            terminate(self._handle)

    def _close_pipes(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with suppress(OSError):  # what could not be written to a dead process
                    pipe.close()
