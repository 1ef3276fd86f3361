"""The worker's log: <workspace>/worker.log, wherever the worker was started from."""

import sys
from contextlib import suppress

from xray_core.files import utc_now
from xray_core.workspace import Workspace


def write_log(workspace: Workspace, text: str) -> None:
    """Append a line with the present time; to standard error where the disk refuses."""
    line = f"{utc_now()} {text}"
    try:
        with (workspace.folder / "worker.log").open("a", encoding="utf-8") as log:
            log.write(line + "\n")
    except OSError:
        with suppress(OSError):  # that may lie on the same full disk; whoever says so must go on
            print(line, file=sys.stderr, flush=True)
