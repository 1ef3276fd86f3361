"""Which images a run left out, or took, because their labels were marked when it began.

<run>/marks.json    {"doubtful": [image ids]}, of a run whose selection asks for marks

Marks change while people look at images; a run that is resumed goes on with those of its beginning.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from xray_core.runs.folder import Run

FILE = "marks.json"


@dataclass(frozen=True)
class UsedMarks:
    """marks.json: ids of the images whose label was marked as doubtful."""

    doubtful: list[str]


def read_used_marks(run: Run) -> tuple[str, ...] | None:
    """Return the images that were marked as doubtful when a run began; None if it did not ask.

    Raises:
        RunError: its file is damaged.
    """
    return tuple(run.read_record(FILE, UsedMarks).doubtful) if run.holds(FILE) else None


def write_used_marks(run: Run, doubtful: Sequence[str]) -> None:
    """Keep which images were marked as doubtful when a run began. Raises OSError."""
    run.write_json(FILE, asdict(UsedMarks(list(doubtful))))
