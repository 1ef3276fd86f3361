"""Starts the app, the checks or the command line in `.venv`, made first where need be.

Needs the standard library only, and parses on old Pythons too, so that they get a sentence.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import socket
import sys
import time
from pathlib import Path

from venv_setup import ROOT, StartError, prepare, read_text, run, venv_python

OLDEST, NEWEST = (3, 11), (3, 13)
APP, DEV, GPU = "requirements.txt", "requirements-dev.txt", "requirements-gpu.txt"

USAGE = """\
Usage, in the folder of this file:
  python3 start.py [--gpu] [--port N] [OPTION ...]   open the app; options go to `streamlit run`
  python3 start.py [--gpu] test [OPTION ...]         run every check; options go to pytest
  python3 start.py [--gpu] -- COMMAND ...            run `python -m xray_core COMMAND ...`
  python3 start.py --help                            show this

The first start makes .venv and installs the pinned requirements in it (3 GB on disk);
later starts install again only when the requirement files have changed.
  --gpu     also install what TensorFlow needs for an NVIDIA GPU (Linux only)
  --port N  serve on this port; the default stands in .streamlit/config.toml"""

LINT_IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"
CHECKS = {
    "ruff check": ["-m", "ruff", "check", "."],
    "ruff format": ["-m", "ruff", "format", "--check", "."],
    "mypy": ["-m", "mypy"],
    "lint-imports": ["-c", LINT_IMPORTS],
    # A file's tests share fixtures. Three processes on two cores: tests also wait. The order is
    # that of tests/conftest.py: what takes longest first.
    "pytest": ["-m", "pytest", "-n", "3", "--dist", "loadfile", "--no-loadscope-reorder"],
}


def main(arguments: list[str]) -> int:
    """Do what the command line asks; return the exit status."""
    try:
        if {"-h", "--help"} & set(arguments[:1]):
            print(USAGE)
            return 0
        check_python(sys.version_info[:3])
        end = arguments.index("--") if "--" in arguments else len(arguments)
        rest = [word for word in arguments[:end] if word != "--gpu"] + arguments[end:]
        extra = [GPU] if len(rest) < len(arguments) else []
        if extra and sys.platform != "linux":
            print("--gpu: TensorFlow uses NVIDIA GPUs on Linux only (on Windows: in WSL2).")
        if rest[:1] == ["test"]:
            prepare([DEV, *extra])
            return run_checks(rest[1:])
        if rest[:1] == ["--"]:
            prepare([APP, *extra])
            return hand_over(["-m", "xray_core", *rest[1:]])
        options = streamlit_options(rest)
        check_port(options)
        prepare([APP, *extra])
        return hand_over(["-m", "pages.components.serve", *options])
    except StartError as error:
        print(error, file=sys.stderr)
        return error.status
    except KeyboardInterrupt:
        return 130  # what a shell reports for Ctrl-C


def check_python(version: tuple[int, ...]) -> None:
    """Refuse a Python for which the pinned packages have no builds."""
    if OLDEST <= tuple(version[:2]) <= NEWEST:
        return
    names = [f"python3.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    fitting = next(filter(shutil.which, names), None)
    raise StartError(
        "X-ray Lab needs Python 3.11, 3.12 or 3.13; this is Python "
        f"{'.'.join(map(str, version))} ({sys.executable}). "
        + (
            f"This machine has a fitting one: run `{fitting} start.py`."
            if fitting
            else "Install one from https://www.python.org/downloads/ and run start.py with it."
        )
    )


def streamlit_options(arguments: list[str]) -> list[str]:
    """Spell --port in Streamlit's way and leave the other options as they are."""
    if arguments and not arguments[0].startswith("-"):
        raise StartError(f"start.py knows no {arguments[0]!r}.\n\n{USAGE}", 2)
    return [re.sub(r"^--port(?=$|=)", "--server.port", argument) for argument in arguments]


def check_port(options: list[str]) -> None:
    """Refuse a port that nobody can listen on, before minutes go into an installation."""
    text = server_setting(options, "port", "8501")
    if not (text.isdecimal() and 1 <= int(text) <= 65535):
        raise StartError(f"--port takes a number from 1 to 65535, not {text!r}.", 2)
    port, address = int(text), server_setting(options, "address", "")
    try:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        socket.create_server((address, port), family=family).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            problem = f"Port {port} is busy; perhaps X-ray Lab is already open there."
        else:
            problem = f"Cannot listen on {address or 'any address'}, port {port}: {error}."
        other = port + 1 if 1024 <= port < 65535 else 8600
        advice = f"To use another port: python3 start.py --port {other}"
        raise StartError(f"{problem} {advice}", 2) from error


def server_setting(options: list[str], name: str, default: str) -> str:
    """Return a [server] setting as Streamlit finds it: options, environment, config.toml."""
    flag = f"--server.{name}"
    for option, following in zip(options, [*options, ""][1:], strict=True):
        if option == flag:
            return following
        if option.startswith(f"{flag}="):
            return option[len(flag) + 1 :]
    from_environment = os.environ.get(f"STREAMLIT_SERVER_{name.upper()}")
    if from_environment is not None:
        return from_environment
    import tomllib  # new in Python 3.11: at the top, it would keep older ones from their sentence

    settings = tomllib.loads(read_text(ROOT / ".streamlit" / "config.toml"))
    return str(settings.get("server", {}).get(name, default))


def hand_over(arguments: list[str]) -> int:
    """Become the environment's Python with these arguments; its exit status is then ours."""
    command = [venv_python(), *arguments]
    if os.name == "nt":  # Windows cannot replace a process
        return run(command)
    os.chdir(ROOT)
    sys.stdout.flush()
    os.execv(command[0], command)


def run_checks(pytest_options: list[str]) -> int:
    """Run every check, also after one has failed; return 0 when all have passed, else 1."""
    provide_chromium()
    summary, failed = [], []
    for name, arguments in CHECKS.items():
        print(f"\n=== {name}", flush=True)
        began = time.monotonic()
        options = pytest_options if name == "pytest" else []
        status = run([venv_python(), *arguments, *options])
        if status != 0:
            failed.append(name)
        verdict = "passed" if status == 0 else f"FAILED with status {status}"
        summary.append(f"  {name:<13}{time.monotonic() - began:>7.1f} s  {verdict}")
        print(f"=== {summary[-1].strip()}", flush=True)
    print("", "Summary", *summary, sep="\n")
    print(f"Failed: {', '.join(failed)}" if failed else "All checks passed")
    return 1 if failed else 0


def provide_chromium() -> None:
    """Install Chromium for the browser tests where that is ours to do, else say what follows."""
    skipped = "the browser tests will be skipped"
    if any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        return
    # Not on Ubuntu: its package of that name is a pointer to a snap, which containers cannot run.
    if not re.search('^ID="?debian', read_text(Path("/etc/os-release")), re.MULTILINE):
        print(f"No Chromium or Chrome on the PATH: {skipped}. Install one to run them.")
        return
    if os.geteuid() != 0:
        print(f"No Chromium: {skipped}. To run them: sudo apt-get install chromium")
        return
    for command in ("apt-get update", "apt-get install -y chromium"):
        print(f"Chromium for the browser tests: {command}", flush=True)
        if run(["env", "DEBIAN_FRONTEND=noninteractive", *command.split()]) != 0:
            print(f"`{command}` failed: {skipped}.", flush=True)
            return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
