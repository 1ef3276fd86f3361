"""The child: runs one function after the other for `pool.py`, within limits that the system keeps.

Started by `pool.py`; requests come on standard input, answers leave on what was standard output.
It ends when its input is closed, so with whoever started it.

Where there are such limits (not on Windows), one call may take `SECONDS` of processor time, or the
system ends the process; and the process may have `MEMORY` bytes, or Python and the decoders get
no more.
"""

import contextlib
import importlib
import math
import os
import signal
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from xray_core.bounded.messages import ChildGone, read_message, write_message
from xray_core.errors import XrayError

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

SECONDS = 3  # of processor time for one call, and one more for each
BYTES_A_SECOND = 10_000_000  # of the file; JPEG 2000, the slowest, decodes about as many
MAX_BYTES = 200_000_000  # of a file that count for that
MEMORY = 950_000_000  # bytes of data in all; 50 megapixels of 16 bits take about half
PACKAGE = "xray_core."  # no function from elsewhere is called
SETTINGS = ("XRAY_DATA_ROOTS", "XRAY_HOME")  # variables that say which files may be read

OWN_ENDS = ("SIGXCPU", "SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL")

is_child = False  # whether this process is one; calls within it are not handed on


def serve(requests: Any, answers: Any) -> None:
    """Answer requests until there are no more.

    A request is {"function": "module:name", "items": [arguments, ...], "place": ...}, and the
    answer a list, for each item {"value": ...}, {"refused": [class, text]} for an XrayError,
    {"no_memory": True}, or {"failed": text} for a fault of ours.
    """
    write_message(answers, "ready")
    place: object = None
    while True:
        try:
            request = read_message(requests)
        except ChildGone:
            return
        if request["place"] != place:
            place = request["place"]
            _move(**request["place"])
        write_message(answers, [_answer(request["function"], item) for item in request["items"]])


def _find(name: str) -> Callable[..., Any]:
    module, _, attribute = name.partition(":")
    if not module.startswith(PACKAGE):
        raise ValueError(f"no function from {module} is called here")
    return getattr(importlib.import_module(module), attribute)  # type: ignore[no-any-return]


def _answer(name: str, arguments: Sequence[Any]) -> dict[str, Any]:
    _grant_time(arguments)
    try:
        return {"value": _find(name)(*arguments)}
    except XrayError as error:
        return {"refused": [type(error).__name__, str(error)]}
    except MemoryError:
        return {"no_memory": True}
    except Exception:
        return {"failed": traceback.format_exc()}


def _move(folder: str, settings: dict[str, str | None]) -> None:
    """Stand where the caller stands, so that names mean the same files and the same may be read."""
    with contextlib.suppress(OSError):  # a folder that is gone: only absolute names mean something
        os.chdir(folder)
    for name, value in settings.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _grant_time(arguments: Sequence[Any]) -> None:
    if not resource:
        return
    seconds = SECONDS + min(_count_bytes(arguments), MAX_BYTES) // BYTES_A_SECOND
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time()) + seconds, hard))


def _count_bytes(arguments: Sequence[Any]) -> int:
    """Return the length of the file that a function reads; it comes along, or its path is first."""
    contents = [len(value) for value in arguments if isinstance(value, bytes)]
    if contents or not (arguments and isinstance(arguments[0], str)):
        return sum(contents)
    with contextlib.suppress(OSError, ValueError):
        return Path(arguments[0]).stat().st_size
    return 0


def is_own_end(status: int) -> bool:
    """Whether a child with this exit status ended over what it was doing: its time, or a crash."""
    return -status in {getattr(signal, name, None) for name in OWN_ENDS}


def explain_end(status: int) -> str:
    """Return what a file did to a child that ended over it with this exit status."""
    if -status == getattr(signal, "SIGXCPU", None):
        return "takes more processor time to decode than a good image of its size"
    if -status == getattr(signal, "SIGKILL", None):
        return "was not decoded, as the system ended its decoder; the memory may be full"
    return f"brings its decoder down (exit status {status})"


def main() -> None:
    """Serve whoever started this process."""
    global is_child
    is_child = True
    # Ctrl-C and the end of a family of processes are for whoever started it, and end it, too.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    requests, answers = os.fdopen(os.dup(0), "rb", 0), os.fdopen(os.dup(1), "wb", 0)
    os.dup2(2, 1)  # what a decoder prints is no answer
    if resource:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the end of a call is no crash to keep
        # Not the address space, most of which is libraries that lie in memory once for all.
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    with contextlib.suppress(BrokenPipeError):
        serve(requests, answers)
    os._exit(0)  # nothing is left to tidy up
