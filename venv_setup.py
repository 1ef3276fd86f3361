"""Makes `.venv` and installs the pinned requirements in it, for start.py.

Needs the standard library only.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

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
    """Install the requirement files with pip, show how far it is, and stamp .venv at the end."""
    stamp = json.loads(read_text(stamp_file()) or "{}")
    stamp_file().unlink(missing_ok=True)  # until we are through, nothing is known to be there
    log = VENV / "install.log"
    # Bytecode for all of it takes 20 to 35 s; written by Python as needed, it adds 3 s to the
    # first start of the app. Wheels only: a missing one must not end in a search for a compiler.
    options = "--disable-pip-version-check --no-input --progress-bar off --no-compile"
    command = [venv_python(), "-m", "pip", "install", *options.split(), "--only-binary=:all:"]
    command += [word for name in names for word in ("-r", str(ROOT / name))]
    began = time.monotonic()
    print(f"Installing {' and '.join(names)} in .venv; the full log is {log}", flush=True)
    if watch_pip(command, log, PipProgress(names)) != 0:
        raise StartError(failure_report(log))
    if sys.dont_write_bytecode:  # then every process would compile it all again for itself
        print("  compiling, as Python is told here not to keep bytecode as it goes", flush=True)
        # No look at the status: it only says that some package has a file for other Pythons.
        run([venv_python(), "-m", "compileall", "-qq", "-j", "0", str(site_packages())])
    present = {name for asked in names for name in requirement_texts(asked)}
    present |= {name for name, was in stamp.items() if was == digest(name)}
    partial = stamp_file().with_suffix(".partial")
    partial.write_text(json.dumps({name: digest(name) for name in sorted(present)}))
    partial.replace(stamp_file())
    print(f"Installed in {time.monotonic() - began:.0f} s", flush=True)


def watch_pip(command: list[str], log: Path, progress: PipProgress) -> int:
    """Run pip with its output in `log`, report on it as that grows; return its exit status."""
    with log.open("wb") as output, log.open(encoding="utf-8", errors="replace") as reader:
        pip = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
        half_line = ""
        try:
            while True:
                status = pip.poll()
                *lines, half_line = (half_line + reader.read()).split("\n")
                for line in lines:
                    progress.read(line)
                progress.tick()
                if status is not None:
                    return status
                time.sleep(0.3)
        finally:
            pip.terminate()  # does nothing to one that has ended
            pip.wait()
            progress.close()


class PipProgress:
    """Says what pip is at: on a terminal in one live line, elsewhere in a line per package."""

    def __init__(self, names: list[str]) -> None:
        texts = {key: text for name in names for key, text in requirement_texts(name).items()}
        pins = re.findall(r"^([^#\s=[]+).*==", "\n".join(texts.values()), re.MULTILINE)
        self.pins = len(set(pins))
        self.collected = self.to_install = 0
        self.arrived: list[str] = []
        self.before = installed_packages()
        self.live = sys.stdout.isatty()
        self.text = "starting pip"
        self.began = time.monotonic()

    def read(self, line: str) -> None:
        """Take in one line of pip's output."""
        collects = r"Collecting ([^\s;]+)|Processing (?:\S*[/\\])?([^-\s]+-[^-\s]+)"
        if match := re.match(collects, line):
            self.collected += 1
            what = (match[1] or match[2].replace("-", " ")).replace("==", " ")
            self.say(f"collecting {what} ({self.collected} of {max(self.pins, self.collected)})")
        elif line.startswith("Requirement already satisfied: "):
            self.collected += 1
            self.text = "checking what is there already"
        elif line.startswith("Ignoring "):
            self.pins -= 1  # a pin for another system
        elif match := re.match(r"\s+Downloading ([^-\s]+)\S* (\([\d.]+ [MG]B\))", line):
            self.say(f"downloading {match[1]} {match[2]}")
        elif line.startswith("Installing collected packages: "):
            self.to_install = line.count(",") + 1
            self.say(f"installing {self.to_install} packages")

    def tick(self) -> None:
        """Look for packages that have arrived, and keep the clock of the live line going."""
        if self.to_install:
            for package in sorted(installed_packages() - self.before - {*self.arrived}):
                self.arrived.append(package)
                of = max(self.to_install, len(self.arrived))
                self.say(f"installed {package} ({len(self.arrived)} of {of})")
        if self.live:
            self.draw(f"  {self.text}, {time.monotonic() - self.began:.0f} s")

    def say(self, text: str) -> None:
        """Show one step."""
        self.text = text
        if not self.live:
            print(f"  {text}", flush=True)

    def close(self) -> None:
        """Leave no live line behind."""
        if self.live:
            self.draw("", end="\r")

    def draw(self, line: str, end: str = "") -> None:
        """Put `line` in place of the live line."""
        width = shutil.get_terminal_size().columns - 1
        print("\r" + line[:width].ljust(width), end=end, flush=True)


def site_packages() -> Path:
    """Return the folder that pip installs into."""
    version = "python{}.{}".format(*sys.version_info[:2])
    return VENV / ("Lib" if os.name == "nt" else f"lib/{version}") / "site-packages"


def installed_packages() -> set[str]:
    """Return name and version of each installed package; pip writes INSTALLER near the end."""
    return {file.parent.stem.replace("-", " ") for file in site_packages().glob("*/INSTALLER")}


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
