"""Where the app writes: one folder, `XRAY_HOME`, and the fixed places in it.

<XRAY_HOME>/
    data/       datasets: synthetic demo data, and what a user puts there
    runs/       one folder per training; the truth about it
    exports/    prepared images and samples that the app was asked for
    trash/      runs that were thrown away, until it is emptied
    cache/      catalogs, decoded images, model summaries; may be deleted at any time
    queue.db    the order in which runs wait
    openings.jsonl  who opened which test set, and when; see `runs.opening`
"""

import os
from dataclasses import dataclass
from pathlib import Path

MAX_USER_LENGTH = 40  # characters


@dataclass(frozen=True)
class Workspace:
    """The folders of one workspace; making the object touches no disk."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def runs(self) -> Path:
        return self.folder / "runs"

    @property
    def exports(self) -> Path:
        return self.folder / "exports"

    @property
    def trash(self) -> Path:
        return self.folder / "trash"

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    @property
    def queue(self) -> Path:
        return self.folder / "queue.db"

    @property
    def marks(self) -> Path:
        return self.folder / "marks"

    @property
    def openings(self) -> Path:
        return self.folder / "openings.jsonl"

    @property
    def demo_data(self) -> Path:
        return self.data / "demo"


def find_workspace() -> Workspace:
    """Return the workspace named by the environment variable XRAY_HOME, else ./workspace."""
    return Workspace(Path(os.environ.get("XRAY_HOME") or "workspace").expanduser().absolute())


def clean_user(text: str) -> str:
    """Return a person's name as it is kept: one line of at most 40 characters, no control sign."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:MAX_USER_LENGTH]
