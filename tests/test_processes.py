"""Processes that outlive the app, and are never mistaken for another."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from filelock import FileLock

from xray_core import processes
from xray_core.processes import (
    BOOT_ID,
    PROJECT,
    can_poll_pipes,
    is_alive,
    is_local,
    is_locked,
    own_handle,
    restart_with,
    start_detached,
    start_with_pipes,
    terminate,
    xray_command,
)

SLEEP = "import time; time.sleep(60)"
Start = Callable[..., str]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start Python code detached; whatever still runs at the end of the test is killed."""
    handles: list[str] = []

    def start(code: str, **environment: str) -> str:
        command = [sys.executable, "-c", code]
        handles.append(start_detached(command, tmp_path / "log.txt", environment))
        return handles[-1]

    yield start
    for handle in handles:
        terminate(handle, kill=True)
        wait_for(lambda handle=handle: not is_alive(handle))  # reaps it too


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until `condition` holds; fail if it does not."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


def test_a_process_is_alive_until_it_ends_and_a_zombie_is_not(start: Start) -> None:
    handle = start(SLEEP)
    assert is_alive(handle)

    terminate(handle)

    wait_for(lambda: not is_alive(handle))
    assert not psutil.pid_exists(int(handle.split(":")[0])), "it was left behind as a zombie"


def test_a_lock_is_held_until_it_is_let_go_of_and_asking_takes_it_from_nobody(
    tmp_path: Path,
) -> None:
    path = tmp_path / ".lock"
    assert not is_locked(path)

    with FileLock(path):
        assert is_locked(path)
        assert is_locked(path)

    assert not is_locked(path)


def test_output_goes_to_the_log_and_is_appended(start: Start, tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text("before\n")

    handle = start("import os, sys; print(os.environ['ASKED']); sys.exit('a\\nb')", ASKED="yes")

    wait_for(lambda: not is_alive(handle))
    assert (tmp_path / "log.txt").read_text().split() == ["before", "yes", "a", "b"]


def test_it_runs_in_the_project_folder_so_that_the_package_is_found(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    handle = start("import xray_core; print(xray_core.__path__[0])")

    wait_for(lambda: not is_alive(handle))
    assert (tmp_path / "log.txt").read_text().strip() == str(PROJECT / "xray_core")


@pytest.mark.skipif(sys.platform == "win32", reason="sessions are a POSIX notion")
def test_it_lies_in_a_session_of_its_own_that_no_ctrl_c_reaches(start: Start) -> None:
    pid = int(start(SLEEP).split(":")[0])

    assert os.getsid(pid) == pid != os.getsid(0)


def test_it_outlives_the_process_that_started_it(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from xray_core.processes import start_detached;"
        f"print(start_detached([sys.executable, '-c', {SLEEP!r}], Path(sys.argv[1])))"
    )
    handle = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "log.txt")],
        cwd=PROJECT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()

    assert is_alive(handle)

    terminate(handle, kill=True)
    wait_for(lambda: not is_alive(handle))


def test_another_process_with_the_same_pid_is_not_mistaken_for_it(start: Start) -> None:
    handle = start(SLEEP)
    pid, started, *boot = handle.split(":")
    earlier = ":".join([pid, f"{float(started) - 60:.2f}", *boot])

    assert not is_alive(earlier)
    terminate(earlier, kill=True)
    assert is_alive(handle), "a process that merely reuses the pid was ended"


@pytest.mark.skipif(not BOOT_ID.exists(), reason="start times are counted from the boot on Linux")
def test_a_process_of_before_the_machine_was_restarted_is_dead(start: Start) -> None:
    pid, started, boot = start(SLEEP).split(":")

    assert not is_alive(f"{pid}:{started}:{boot[::-1]}")


def test_a_handle_outlasts_a_change_of_the_clock(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Linux, psutil's start times move with the clock."""
    handle = start(SLEEP)
    process_time = psutil.Process.create_time
    if BOOT_ID.exists():
        monkeypatch.setattr(psutil.Process, "create_time", lambda self: process_time(self) + 3600)

    assert is_alive(handle)


def test_handles_that_an_earlier_version_wrote_are_still_understood(start: Start) -> None:
    pid = int(start(SLEEP).split(":")[0])
    started = psutil.Process(pid).create_time()

    assert is_alive(f"{pid}:{started:.2f}")
    assert not is_alive(f"{pid}:{started - 60:.2f}")


@pytest.mark.parametrize(("handle", "local"), [("12:3.4", True), ("", True), ("ray:12", False)])
def test_a_handle_tells_whether_it_is_of_this_machine(handle: str, local: bool) -> None:
    assert is_local(handle) == local


@pytest.mark.parametrize("handle", ["", "12", "x:y", "99999999:0", "1:2:3"])
def test_a_handle_of_nothing_is_dead_and_can_be_terminated(handle: str) -> None:
    terminate(handle)

    assert not is_alive(handle)


def test_we_are_alive() -> None:
    assert is_alive(own_handle())


def test_terminate_ends_the_children_too(start: Start, tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, time;"
        f"child = subprocess.Popen([sys.executable, '-c', {SLEEP!r}]);"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    handle = start(code)
    log = tmp_path / "log.txt"
    wait_for(lambda: log.read_text().endswith("\n"))
    child = psutil.Process(int(log.read_text()))

    terminate(handle, kill=True)

    wait_for(lambda: not is_alive(handle))
    wait_for(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_terminate_reaches_the_process_when_a_child_ended_meanwhile(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = start(SLEEP)
    gone = psutil.Popen([sys.executable, "-c", ""])
    gone.wait()
    monkeypatch.setattr(psutil.Process, "children", lambda self, recursive: [gone])

    terminate(handle)

    wait_for(lambda: not is_alive(handle))


def refuse(process: psutil.Process, *_: object, **__: object) -> None:
    raise psutil.AccessDenied(process.pid)


def test_what_may_not_be_ended_is_said_and_the_others_are_ended(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle, child = start(SLEEP), start(SLEEP)
    of_others = psutil.Process(1)
    mine = psutil.Process(int(child.split(":")[0]))
    monkeypatch.setattr(psutil.Process, "children", lambda self, recursive: [of_others, mine])
    terminate_one = psutil.Process.terminate
    monkeypatch.setattr(
        psutil.Process,
        "terminate",
        lambda self: refuse(self) if self.pid == 1 else terminate_one(self),
    )

    with pytest.raises(PermissionError, match="Process 1 belongs to another user"):
        terminate(handle)

    wait_for(lambda: not is_alive(handle) and not is_alive(child))


@pytest.mark.parametrize("method", ["status", "create_time"])
def test_a_process_that_may_not_be_looked_at_counts_as_alive(
    method: str, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = start(SLEEP).split(":")[0]
    handle = f"{pid}:{psutil.Process(int(pid)).create_time():.2f}"
    with monkeypatch.context() as patched:
        patched.setattr(psutil.Process, method, refuse)

        assert is_alive(handle)
        if method == "create_time":  # it may be another one that got its pid
            with pytest.raises(PermissionError, match="cannot be ended"):
                terminate(handle)
        assert not is_alive("99999999:0")
    assert is_alive(handle)


def test_children_that_may_not_be_listed_do_not_save_their_parent(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = start(SLEEP)
    monkeypatch.setattr(psutil.Process, "children", refuse)

    terminate(handle)

    wait_for(lambda: not is_alive(handle))


def test_a_process_that_ends_at_once_has_a_handle_all_the_same(start: Start) -> None:
    handles = [start("") for _ in range(3)]

    wait_for(lambda: not any(is_alive(handle) for handle in handles))


def test_a_command_runs_this_python_and_this_package() -> None:
    assert xray_command("runs", "--json") == [sys.executable, "-m", "xray_core", "runs", "--json"]


def test_priority_is_lowered_once_and_not_further() -> None:
    code = (
        "import psutil; from xray_core.processes import lower_priority;"
        "lower_priority(); first = psutil.Process().nice();"
        "lower_priority(); assert psutil.Process().nice() == first; print(first)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, check=True, capture_output=True, text=True
    )

    nice = int(run.stdout)
    if sys.platform == "win32":
        assert nice == psutil.BELOW_NORMAL_PRIORITY_CLASS
    else:
        assert nice >= 5


@pytest.mark.skipif(sys.platform == "win32", reason="there, an exec is another process")
def test_a_command_begins_anew_as_the_same_process(start: Start, tmp_path: Path) -> None:
    code = (
        "import os, sys; from xray_core.processes import own_handle, restart_with;"
        "print(own_handle(), os.environ.get('ASKED'), sys.argv, flush=True);"
        "restart_with({} if 'ASKED' in os.environ else {'ASKED': 'yes'})"
    )

    handle = start(code)

    wait_for(lambda: not is_alive(handle))
    lines = (tmp_path / "log.txt").read_text().splitlines()
    assert lines == [f"{handle} None ['-c']", f"{handle} yes ['-c']"]


def test_nothing_begins_anew_without_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "execve", lambda *_: pytest.fail("it began anew"))

    restart_with({})


@pytest.mark.parametrize(
    ("system", "flags"), [("linux", 0), ("darwin", 0), ("win32", 0x08000000 | 0x00000200)]
)
def test_on_windows_it_gets_no_console_and_no_ctrl_c(
    system: str, flags: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, object] = {}

    class Started:
        pid = 99999999

        def __init__(self, command: list[str], **options: object) -> None:
            asked.update(options)

        def poll(self) -> int:
            return 0

    monkeypatch.setattr(subprocess, "Popen", Started)
    monkeypatch.setattr(sys, "platform", system)

    assert start_detached(["x"], tmp_path / "log.txt") == "99999999:0"

    assert asked["creationflags"] == flags
    assert asked["start_new_session"] is True
    assert asked["cwd"] == PROJECT


@pytest.mark.skipif(not can_poll_pipes(), reason="Windows before Python 3.12")
def test_a_process_with_pipes_is_read_without_waiting(tmp_path: Path) -> None:
    code = "print(input(), flush=True); raise SystemExit('done')"
    process = start_with_pipes([sys.executable, "-c", code], tmp_path / "a" / "log.txt")
    assert process.stdin
    assert process.stdout

    assert process.stdout.read() is None

    process.stdin.write(b"hello\n")
    process.stdin.close()
    assert process.wait(20) == 1
    assert process.stdout.read().split() == [b"hello"]
    process.stdout.close()
    assert (tmp_path / "a" / "log.txt").read_text().split() == ["done"]


def test_where_pipes_cannot_be_polled_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "set_blocking")  # as on Windows before Python 3.12

    assert not can_poll_pipes()


@pytest.mark.parametrize("system", ["win32", "darwin", "linux"])
def test_each_system_gets_a_priority_in_its_own_words(
    system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_to: list[int] = []

    class Mine:
        def nice(self, value: int | None = None) -> int:
            if value is not None:
                set_to.append(value)
            return 0

    monkeypatch.setattr(psutil, "Process", Mine)
    monkeypatch.setattr(psutil, "BELOW_NORMAL_PRIORITY_CLASS", 16384, raising=False)
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(processes, "AUTOGROUP", Path("/nowhere/at/all"))  # as but on Linux

    processes.lower_priority()

    assert set_to == [16384 if system == "win32" else 5]


def test_signals_ask_to_stop_and_a_second_ctrl_c_ends_at_once(start: Start, tmp_path: Path) -> None:
    code = (
        "import signal; from xray_core.processes import stop_on_signals\n"
        "stop_on_signals(lambda: print('asked', flush=True))\n"
        "for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGINT, signal.SIGINT):\n"
        "    signal.raise_signal(number)"
    )

    handle = start(code)

    wait_for(lambda: not is_alive(handle))
    words = (tmp_path / "log.txt").read_text()
    assert words.count("asked\n") == 3
    assert "Ctrl-C again ends at once" in words
    assert "KeyboardInterrupt" in words
