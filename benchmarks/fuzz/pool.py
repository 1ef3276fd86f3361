"""Reading one input after the other in a process of its own, which may hang, crash or swell.

The process tells before each input which one it is; when it falls silent or ends, that input is a
finding, and another process goes on with the next one.
"""

import multiprocessing
import os
import resource
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import psutil

from xray_core.errors import XrayError
from xray_core.processes import PROJECT

TIME_LIMIT = 10.0  # seconds of processor time for one input; nearly all take milliseconds
PATIENCE = 120.0  # seconds, whatever it waits for; the machine may be busy
SLOW = 5.0  # seconds of processor time from which on it is a finding
MEMORY_LIMIT = 6 * 2**30  # bytes of address space
SWELL = 2**30  # bytes by which the process may grow with one input
RESTART_AFTER = 500  # inputs; what a process keeps is then gone
FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Outcome:
    """What came of one input.

    Attributes:
        index: of the input.
        kind: "read", the name of an XrayError, "left out", or what is a finding.
        place: of a finding: the line of our code, and what was raised there.
    """

    index: int
    kind: str
    place: str = ""

    @property
    def is_finding(self) -> bool:
        """Whether something else came out than a result, an error in words or a remark."""
        return bool(self.place)


def run_inputs(
    feed: Callable[[int], str],
    indices: range,
    seconds: float | None = None,
    load: Callable[[], object] = lambda: None,
) -> Iterator[Outcome]:
    """Yield what comes of each input.

    Args:
        feed: reads the input of an index; returns "read" or "left out", or raises.
        indices: of the inputs.
        seconds: after which no further input is begun; None for no end.
        load: called once in each process, for what takes long and is no input's fault.
    """
    end = time.monotonic() + seconds if seconds else float("inf")
    place = 0
    while place < len(indices) and time.monotonic() < end:
        rest = indices[place : place + RESTART_AFTER]
        for outcome in _run_process(feed, rest, end, load):
            place += 1
            yield outcome


def feed_here(feed: Callable[[int], str], index: int) -> Outcome:
    """Return what comes of one input in this process."""
    begun = time.process_time()
    before = _peak()
    try:
        kind = feed(index)
    except XrayError as error:
        kind = type(error).__name__
    except Exception as error:
        return Outcome(index, type(error).__name__, _locate(error))
    if (spent := time.process_time() - begun) > SLOW:
        return Outcome(index, "slow", f"{spent:.0f} s")
    if (grown := _peak() - before) > SWELL:
        return Outcome(index, "memory", f"{grown / 2**30:.1f} GiB")
    return Outcome(index, kind)


def _run_process(
    feed: Callable[[int], str], indices: range, end: float, load: Callable[[], object]
) -> Iterator[Outcome]:
    """Yield the outcomes of one process, until it has ended one way or the other."""
    ours, theirs = FORK.Pipe()
    process = FORK.Process(target=_work, args=(theirs, feed, indices, load), daemon=False)
    process.start()
    theirs.close()
    begun = None
    try:
        while True:
            if not _wait(ours, process.pid or 0):
                yield Outcome(begun if begun is not None else indices[0], "hang", "no answer")
                return
            try:
                message = ours.recv()
            except EOFError:
                process.join()
                if begun is None and process.exitcode:
                    raise SystemExit("What these inputs need cannot be loaded.") from None
                if begun is not None:
                    number = -(process.exitcode or 0)
                    name = signal.Signals(number).name if number > 0 else f"exit {-number}"
                    yield Outcome(begun, "crash", name)
                return
            if isinstance(message, Outcome):
                begun = None
                yield message
                if time.monotonic() > end or message.kind == "memory":
                    return
            else:
                begun = message
    finally:
        process.kill()
        process.join()
        ours.close()


def _wait(pipe: Connection, pid: int) -> bool:
    """Wait for the next word of a process; return whether there is one within the limits."""
    end, before = time.monotonic() + PATIENCE, _cpu_seconds(pid)
    while not pipe.poll(min(1.0, PATIENCE)):
        if time.monotonic() > end or _cpu_seconds(pid) - before > TIME_LIMIT:
            return False
    return True


def _cpu_seconds(pid: int) -> float:
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def _work(
    pipe: Connection, feed: Callable[[int], str], indices: range, load: Callable[[], object]
) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device
        for stream in (1, 2):  # decoders in C write to them about each damaged file
            os.dup2(nowhere.fileno(), stream)
    load()
    pipe.send(None)
    for index in indices:
        pipe.send(index)
        pipe.send(feed_here(feed, index))


def _peak() -> int:
    """Return the most memory that this process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _locate(error: Exception) -> str:
    """Return the last line of our code on the way to an error, and the error."""
    frames = traceback.extract_tb(error.__traceback__)
    rooms = [str(PROJECT / room) for room in ("xray_core", "pages")]
    own = [frame for frame in frames if frame.filename.startswith(tuple(rooms))]
    frame = (own or frames)[-1]
    name = Path(frame.filename).relative_to(PROJECT) if own else Path(frame.filename).name
    return f"{name}:{frame.lineno} {type(error).__name__}: {str(error)[:220]!r}"
