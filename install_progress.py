"""Shows how far pip or uv is with an installation, for venv_setup.py.

Needs the standard library only.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path


def watch(
    command: list[str], folder: Path, log: Path, progress: Progress, variables: dict[str, str]
) -> int:
    """Run an installer in `folder` with its output in `log`, report on it as that grows.

    Returns its exit status. `variables` are its whole environment.
    """
    with log.open("wb") as output, log.open(encoding="utf-8", errors="replace") as reader:
        installer = subprocess.Popen(
            command, cwd=folder, env=variables, stdout=output, stderr=subprocess.STDOUT
        )
        half_line = ""
        try:
            while True:
                status = installer.poll()
                *lines, half_line = (half_line + reader.read()).split("\n")
                for line in lines:
                    progress.read(line)
                progress.tick()
                if status is not None:
                    return status
                time.sleep(0.3)
        finally:
            installer.terminate()  # does nothing to one that has ended
            installer.wait()
            progress.close()


class Progress:
    """Says what an installer is at: on a terminal in one live line, elsewhere in a line a step."""

    def __init__(self, text: str) -> None:
        self.live = sys.stdout.isatty()
        self.text = text
        self.began = time.monotonic()

    def read(self, line: str) -> None:
        """Take in one line of the installer's output."""

    def tick(self) -> None:
        """Keep the clock of the live line going."""
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


class PipProgress(Progress):
    """Counts what pip collects, and what arrives in the folder that it installs into."""

    def __init__(self, requirements: str, packages: Path) -> None:
        super().__init__("starting pip")
        self.packages = packages
        self.pins = len(set(re.findall(r"^([^#\s=[]+).*==", requirements, re.MULTILINE)))
        self.collected = self.to_install = 0
        self.arrived: list[str] = []
        self.before = installed_packages(packages)

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
        """Look for packages that have arrived, too."""
        if self.to_install:
            new = installed_packages(self.packages) - self.before
            for package in sorted(new - {*self.arrived}):
                self.arrived.append(package)
                of = max(self.to_install, len(self.arrived))
                self.say(f"installed {package} ({len(self.arrived)} of {of})")
        super().tick()


class UvProgress(Progress):
    """Says what uv downloads; the rest takes seconds."""

    def __init__(self) -> None:
        super().__init__("starting uv")
        self.downloading = self.downloaded = 0

    def read(self, line: str) -> None:
        """Take in one line of uv's output."""
        if match := re.match(r"Downloading (\S+) \(([\d.]+)([KMG]iB)\)", line):
            self.downloading += 1
            self.say(f"downloading {match[1]} ({match[2]} {match[3]})")
        elif match := re.match(r" Downloaded (\S+)", line):
            self.downloaded += 1
            self.say(f"downloaded {match[1]} ({self.downloaded} of {self.downloading})")
        elif match := re.match(r"(Resolved|Prepared|Installed) (\d+ packages?) in", line):
            self.say(f"{match[1].lower()} {match[2]}")


def installed_packages(packages: Path) -> set[str]:
    """Return name and version of each installed package; INSTALLER is written near the end."""
    return {file.parent.stem.replace("-", " ") for file in packages.glob("*/INSTALLER")}
