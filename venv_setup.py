"""Makes `.venv` and installs the pinned requirements in it, for start.py.

Needs the standard library only.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from install_progress import PipProgress, UvProgress, watch
from uv_setup import find_uv, read_pip_settings, uv_command, uv_variables

UV = "requirements-uv.txt"
ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"

ADVICE = {
    "No space left": "The disk is full: .venv needs 3 GB, and pip about 1 GB more while it works.",
    "NewConnectionError|NameResolutionError|timed out|ProxyError|SSLError": (
        "The package index could not be reached: check the network and the proxy settings."
    ),
    "No matching distribution": (
        "A package has no build for this system: use a 64-bit Python 3.11 to 3.13 on Linux, "
        "Windows, or macOS 13 and later on Apple silicon."
    ),
}


class StartError(Exception):
    """Something the person at the keyboard can put right; `status` is our exit status."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


def prepare(names: list[str]) -> None:
    """Bring .venv to what the requirement files `names` say; do nothing where it is there."""
    problem = venv_problem()
    if problem:
        make_venv(problem)
    if not is_installed(names):
        install(names)


def venv_python() -> str:
    """Return the path of the environment's Python."""
    return str(VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def venv_problem() -> str | None:
    """Say why .venv has to be made, or None when it is fine."""
    if not VENV.exists():
        return "Making .venv"
    ours = "{}.{}".format(*sys.version_info[:2])
    ask = [venv_python(), "-c", "import sys, pip; print('%d.%d' % sys.version_info[:2])"]
    try:
        theirs = subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "Making .venv again: it has no working Python with pip"
    if theirs != ours:
        return f"Making .venv again: it belongs to Python {theirs}, and this is {ours}"
    # Its programs carry the folder they were made in, and do not start from another one.
    command = re.search("^command = (.*)$", read_text(VENV / "pyvenv.cfg"), re.MULTILINE)
    if command and not command[1].endswith((str(VENV), str(VENV.resolve()))):
        return "Making .venv again: it was made in another folder"
    return None


def make_venv(reason: str) -> None:
    """Make .venv anew."""
    if not all(map(importlib.util.find_spec, ("venv", "ensurepip"))):
        raise StartError(
            "This Python cannot make virtual environments: its module venv or ensurepip is "
            "missing. On Debian or Ubuntu: `sudo apt install python3-venv` (or "
            f"`python{sys.version_info[0]}.{sys.version_info[1]}-venv`). Elsewhere: install "
            "Python from https://www.python.org/downloads/."
        )
    import venv

    print(reason, flush=True)
    try:
        venv.create(VENV, clear=True, symlinks=os.name != "nt", with_pip=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise StartError(f"Cannot make {VENV}: {error}. Delete it and try again.") from error


def read_text(path: Path) -> str:
    """Return the text of a file, or nothing when there is no such file."""
    return path.read_text(encoding="utf-8") if path.exists() else ""


def requirement_texts(name: str) -> dict[str, str]:
    """Return, by name, the texts of a requirement file and of those it includes with -r."""
    texts = {name: read_text(ROOT / name)}
    for included in re.findall(r"^-r\s+(\S+)", texts[name], re.MULTILINE):
        texts.update(requirement_texts(included))
    return texts


def all_texts(names: list[str]) -> dict[str, str]:
    """Return, by name, the texts of requirement files and of those they include."""
    return {key: text for name in names for key, text in requirement_texts(name).items()}


def digest(name: str) -> str:
    """Return a hash of a requirement file and of those it includes."""
    return hashlib.sha256("".join(requirement_texts(name).values()).encode()).hexdigest()


def stamp_file() -> Path:
    """Return the file that tells which requirement files, with which digests, are installed."""
    return VENV / "installed.json"


def is_installed(names: list[str]) -> bool:
    """Whether the last installation ended well and included these very requirement files."""
    stamp = json.loads(read_text(stamp_file()) or "{}")
    return all(stamp.get(name) == digest(name) for name in names)


def install(names: list[str]) -> None:
    """Install the requirement files, show how far it is, and stamp .venv at the end.

    With uv, and with pip where uv cannot be had or fails.
    """
    stamp = json.loads(read_text(stamp_file()) or "{}")
    stamp_file().unlink(missing_ok=True)  # until we are through, nothing is known to be there
    log = VENV / "install.log"
    began = time.monotonic()
    print(f"Installing {' and '.join(names)} in .venv", flush=True)
    if not (install_with_uv(names) or install_with_pip(names, log)):
        raise StartError(failure_report(log))
    # Neither writes bytecode: for all of it that takes 20 to 35 s; written by Python as needed, it
    # adds 3 s to the first start of the app.
    if sys.dont_write_bytecode:  # then every process would compile it all again for itself
        print("  compiling, as Python is told here not to keep bytecode as it goes", flush=True)
        # No look at the status: it only says that some package has a file for other Pythons.
        run([venv_python(), "-m", "compileall", "-qq", "-j", "0", str(site_packages())])
    present = set(all_texts(names))
    present |= {name for name, was in stamp.items() if was == digest(name)}
    partial = stamp_file().with_suffix(".partial")
    partial.write_text(json.dumps({name: digest(name) for name in sorted(present)}))
    partial.replace(stamp_file())
    print(f"Installed in {time.monotonic() - began:.0f} s", flush=True)


def install_with_uv(names: list[str]) -> bool:
    """Install with uv, fetched first where need be; say why and return False if it cannot be."""
    log = VENV / "install-uv.log"
    uv = find_uv(programs()) or fetch_uv(log)
    if uv is None:
        print(f"  uv cannot be put into .venv ({last_words(log)}), so pip installs", flush=True)
        return False
    settings = read_pip_settings(venv_python(), ROOT)
    command = uv_command(uv, venv_python(), settings, [ROOT / name for name in names])
    print(f"  with uv; the full log is {log}", flush=True)
    try:
        status = watch(command, ROOT, log, UvProgress(), uv_variables(settings, dict(os.environ)))
    except OSError as error:  # the program cannot be started
        log.write_text(str(error), encoding="utf-8")
        status = 1
    if status != 0:
        print(f"  uv failed ({last_words(log)}), so pip tries", flush=True)
    return status == 0


def fetch_uv(log: Path) -> str | None:
    """Put uv into .venv with pip and return its path; None if that failed."""
    print("  fetching uv", flush=True)
    command = [*pip_command([UV]), "--retries", "1"]  # without a network it is soon known
    with log.open("wb") as output:
        subprocess.run(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, check=False)
    return find_uv(programs())


def install_with_pip(names: list[str], log: Path) -> bool:
    """Install with pip; return whether it ended well."""
    print(f"  with pip; the full log is {log}", flush=True)
    progress = PipProgress("\n".join(all_texts(names).values()), site_packages())
    return watch(pip_command(names), ROOT, log, progress, dict(os.environ)) == 0


def pip_command(names: list[str]) -> list[str]:
    """Return the command line by which pip installs requirement files."""
    # Wheels only: a missing one must not end in a search for a compiler.
    options = "--disable-pip-version-check --no-input --progress-bar off --no-compile"
    command = [venv_python(), "-m", "pip", "install", *options.split(), "--only-binary=:all:"]
    return command + [word for name in names for word in ("-r", str(ROOT / name))]


def programs() -> Path:
    """Return the folder of the environment's programs."""
    return Path(venv_python()).parent


def last_words(log: Path) -> str:
    """Return the lines of a log that most likely tell the reason, in one."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    lines = [line.strip(" ×╰─▶\t") for line in text.splitlines()]
    told = [line for line in lines if re.match("(error|cause)", line, re.IGNORECASE)]
    return "; ".join(told or [*filter(None, lines)][-1:] or ["without a word"])[:300]


def site_packages() -> Path:
    """Return the folder that pip installs into."""
    version = "python{}.{}".format(*sys.version_info[:2])
    return VENV / ("Lib" if os.name == "nt" else f"lib/{version}") / "site-packages"


def failure_report(log: Path) -> str:
    """Return what to tell when pip has failed: its last lines and what to do."""
    text = log.read_text(encoding="utf-8", errors="replace")
    advice = [advice for pattern, advice in ADVICE.items() if re.search(pattern, text)]
    last_lines = "\n".join(f"  {line}" for line in text.splitlines()[-12:])
    return (
        f"The installation failed. The last lines of {log}:\n{last_lines}\n"
        f"{' '.join(advice) or 'They should name the reason.'} "
        "Then run start.py again: it takes what is there already as done."
    )


def run(command: list[str]) -> int:
    """Run a program in the project's folder; return its exit status."""
    with subprocess.Popen(command, cwd=ROOT) as child:
        try:
            return child.wait()
        except KeyboardInterrupt:
            child.wait()  # it got the same Ctrl-C and ends in its own way
            raise
