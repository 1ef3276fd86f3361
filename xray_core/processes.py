"""Processes that outlive the app: started detached, found again by pid and start time.

A pid alone is no identity: the system gives it to another process later. A handle is
"pid:start time". On Linux, where start times are counted from the boot, it is
"pid:seconds since the boot:which boot", so that no change of the clock makes a process look dead.
What differs between Linux, macOS and Windows in processes and signals is in this module alone.
"""

import errno
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import psutil
from filelock import FileLock, Timeout

PROJECT = Path(__file__).parents[1]
START_TOLERANCE = 2.0  # seconds that two readings of one start time may differ
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
AUTOGROUP = Path("/proc/self/autogroup")
# Windows would open a console for it, or let a Ctrl-C in ours reach it.
NO_CONSOLE, OWN_GROUP = 0x08000000, 0x00000200

# What TensorFlow prints for its own developers when it is imported, such as
# "I0000 00:00:1796016240.983793   21460 port.cc:153] oneDNN custom operations are on."
NOISE = re.compile(
    r"[IW]\d{4} \d\d:\d\d:|WARNING: All log messages before absl|To enable the following instruct"
)
LEVEL = "TF_CPP_MIN_LOG_LEVEL"
GPU_DEVICES = (Path("/dev/nvidiactl"), Path("/dev/dxg"))  # Linux, and WSL
PASS_ON = """
import re, sys
noise = re.compile(sys.argv[1])
for line in sys.stdin.buffer:
    if not noise.match(line.decode(errors="replace")):
        sys.stderr.buffer.write(line)
        sys.stderr.buffer.flush()
"""

_started: list[subprocess.Popen[bytes]] = []  # those that we shall have to reap


def xray_command(*arguments: str) -> list[str]:
    """Return the command line of `python -m xray_core <arguments>` with this Python."""
    return [sys.executable, "-m", "xray_core", *arguments]


def own_handle() -> str:
    """Return the handle of the calling process."""
    return handle_of(os.getpid())


def handle_of(pid: int) -> str:
    """Return the handle of the process that now has this pid; one of nothing if it has ended."""
    try:
        return _handle_of(psutil.Process(pid))
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return f"{pid}:0"


def start_detached(
    command: list[str], log: Path, environment: Mapping[str, str] | None = None
) -> str:
    """Start `command` so that it survives the end of this process; return its handle.

    Args:
        command: the argument list; it runs in the project's folder.
        log: file that its output is appended to. A pipe would kill it with its reader.
        environment: variables added to ours.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = _start(command, environment, subprocess.DEVNULL, output, subprocess.STDOUT)
    return handle_of(process.pid)


def can_poll_pipes() -> bool:
    """Whether a pipe can be read without waiting: not on Windows before Python 3.12."""
    return hasattr(os, "set_blocking")


def start_with_pipes(
    command: list[str], log: Path, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start `command` as `start_detached` does, with pipes to and from it; see `can_poll_pipes`.

    Args:
        command: the argument list; it runs in the project's folder.
        log: file that its complaints are appended to.
        environment: variables added to ours.

    Returns:
        The process; reading its output returns at once, None while there is nothing.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as complaints:
        process = _start(command, environment, subprocess.PIPE, subprocess.PIPE, complaints)
    assert process.stdout  # it was asked for
    os.set_blocking(process.stdout.fileno(), False)
    return process


def start_pipes_only(
    command: list[str], log: Path, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start `command` with pipes to and from it, reading which waits; it ends with this process.

    Args:
        command: the argument list; it runs in the project's folder.
        log: file that its complaints are written to, in the place of those of an earlier one.
        environment: variables added to ours.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as complaints:
        pipe = subprocess.PIPE
        return _start(command, environment, pipe, pipe, complaints, buffered=0)


def _start(
    command: list[str],
    environment: Mapping[str, str] | None,
    *streams: int | BinaryIO,
    buffered: int = -1,
) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        command,
        cwd=PROJECT,
        env={**os.environ, **(environment or {})},
        stdin=streams[0],
        stdout=streams[1],
        stderr=streams[2],
        bufsize=buffered,
        start_new_session=True,  # of no effect on Windows
        creationflags=NO_CONSOLE | OWN_GROUP if sys.platform == "win32" else 0,
    )
    # Nobody waits for it: reaped when the next one starts, it is no zombie for long.
    _started[:] = [earlier for earlier in _started if earlier.poll() is None]
    _started.append(process)
    return process


def stop_on_signals(stop: Callable[[], None]) -> None:
    """Take SIGTERM and Ctrl-C for a request to stop; a second Ctrl-C ends this process at once.

    On Windows no process sends SIGTERM to another: there it is Ctrl-C alone.

    Args:
        stop: called with each of them, between two steps of whatever runs.
    """

    def ask(number: int, _: object) -> None:
        stop()
        if number == signal.SIGINT:
            print("Stopping after this batch; Ctrl-C again ends at once.", file=sys.stderr)
            signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)


def is_local(handle: str) -> bool:
    """Whether `handle` is of a process on this machine, and not of another launcher's."""
    return not handle or handle[0].isdigit()


def is_alive(handle: str) -> bool:
    """Whether the very process behind `handle` still runs; a zombie does not.

    One that exists and may not be looked at counts as running: nobody can tell that it has ended.
    """
    try:
        process = _find(handle)
        if process is None:
            return False
        if process.status() != psutil.STATUS_ZOMBIE:
            return True
        process.wait(timeout=0)  # ours: reap it, so that its pid is free again
    except psutil.AccessDenied:
        return True
    except (psutil.NoSuchProcess, psutil.TimeoutExpired):
        pass  # gone meanwhile, or another process' child: dead either way
    return False


def is_locked(path: Path) -> bool:
    """Whether a process holds the lock file `path`, which is made where it is missing.

    To tell, the lock is held for an instant: who takes it in earnest waits that long.
    """
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


def terminate(handle: str, *, kill: bool = False) -> None:
    """Ask the process and its children to end, or end them at once; no error if it is gone.

    Windows knows no way to ask: there, both end them at once.

    Raises:
        PermissionError: one of them belongs to somebody else; the others were ended.
    """
    try:
        process = _find(handle)
    except psutil.AccessDenied as error:
        raise _not_ours(handle) from error
    if process is None:
        return
    family = [process]
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):  # then it goes alone
        family = [*process.children(recursive=True), process]
    refused = []
    for member in family:
        try:
            if kill:
                member.kill()
            else:
                member.terminate()
        except psutil.NoSuchProcess:
            pass  # it ended by itself meanwhile
        except psutil.AccessDenied:
            refused.append(str(member.pid))
    if refused:
        raise _not_ours(", ".join(refused))


@contextmanager
def quiet_import() -> Iterator[None]:
    """Keep the lines of `NOISE` out of standard error while Keras is imported within.

    TensorFlow writes them before any of its settings is heeded, past Python, straight to this
    process' standard error; so a small process beside it passes on all others. It does so to the
    end even where this one breaks off: a word on why must not be lost.
    """
    # Without a GPU it reports as an error that it finds no driver of one.
    os.environ.setdefault(LEVEL, "2" if any(path.exists() for path in GPU_DEVICES) else "3")
    if "keras" in sys.modules:
        yield
        return
    sys.stderr.flush()
    before = os.dup(2)
    command = [sys.executable, "-I", "-S", "-c", PASS_ON, NOISE.pattern]
    # In a session of its own: Ctrl-C is for us, and it ends when we do.
    reader = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    assert reader.stdin  # it was asked for
    os.dup2(reader.stdin.fileno(), 2)
    reader.stdin.close()
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(before, 2)
        os.close(before)
        reader.wait()


def lower_priority() -> None:
    """Let this process give way to interactive ones, so that a training never stalls the app."""
    process = psutil.Process()
    if sys.platform == "win32":
        process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    else:
        process.nice(max(process.nice(), 5))
        # Linux may share the processor among sessions before it looks at niceness, and a detached
        # process is a session of its own: lower that as well, where there is such a thing.
        with suppress(OSError):
            AUTOGROUP.write_text("5", encoding="ascii")


def restart_with(variables: Mapping[str, str]) -> None:
    """Begin this process' command anew with these variables added; nothing if there are none.

    It stays the same process: pid, start time, session, pipes and log are as they were.

    Args:
        variables: those that are read only when a process starts.
    """
    if variables:
        command = [sys.executable, *sys.orig_argv[1:]]
        os.execve(sys.executable, command, {**os.environ, **variables})


def _handle_of(process: psutil.Process) -> str:
    start = _seconds_after_boot(process.pid)
    return f"{process.pid}:{start}" if start else f"{process.pid}:{process.create_time():.2f}"


def _seconds_after_boot(pid: int) -> str:
    """Return "start in seconds since the boot:which boot"; empty where the system tells neither."""
    try:
        # The name, in brackets, may hold anything; the start is the 20th field behind it.
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        ticks = int(stat.rpartition(")")[2].split()[19])
        boot = BOOT_ID.read_text()[:8]
    except (OSError, ValueError, IndexError):
        return ""
    return f"{ticks / os.sysconf('SC_CLK_TCK'):.2f}:{boot}"


def _not_ours(process: str) -> PermissionError:
    words = f"Process {process} belongs to another user and cannot be ended by this one"
    return PermissionError(errno.EPERM, words)


def _find(handle: str) -> psutil.Process | None:
    """Return the process behind `handle`; None if it has ended.

    Raises:
        psutil.AccessDenied: there is such a process, and whether it is this one nobody may know.
    """
    pid, _, start = handle.partition(":")
    try:
        process = psutil.Process(int(pid))
        if ":" in start:
            same = start == _seconds_after_boot(process.pid)
        else:  # not Linux, or written by an earlier version
            same = abs(process.create_time() - float(start)) < START_TOLERANCE
    except (ValueError, psutil.NoSuchProcess):
        return None
    return process if same else None
