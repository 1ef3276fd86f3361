"""Where a run's predictions come from, if no training of this program made them.

    <run>/origin.json    what it is: an average of runs, a table of predictions, or a network

Such a folder is evaluated like any run, but has no epochs, curves or device; whoever would speak of
these asks here first. A run without the file was trained here.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from xray_core.errors import RunError
from xray_core.runs.folder import Run

FILE = "origin.json"
AVERAGE, PREDICTIONS, MODEL = "average", "predictions", "model"
MOST_NAMED = 3  # members in the name of an average
KINDS = (AVERAGE, PREDICTIONS, MODEL)
NOBODY_CHECKED = (
    "Nobody checked which images it has learned from. If some of those that are evaluated here "
    "were among them, the figures are too good."
)


@dataclass(frozen=True)
class Origin:
    """Where predictions come from.

    Attributes:
        kind: one of `KINDS`.
        words: what it is, for a person, such as "Predictions from elsewhere: mine.csv"; plain
            text with names that are not ours.
        members: names of the runs that are averaged; empty for the other kinds.
        file: name of the file that was given; "" for an average. It lies in the run folder.
        sha256: of that file, hexadecimal.
        by: who asked, as typed; "" for nobody in particular.
        remarks: sentences on what was left out, changed or assumed, with counts; plain text.
        unchecked: whether nobody knows which images were learned from.
        as_said: whether the file says which image is in which subset, so that the split of the
            recipe has no meaning.
    """

    kind: str
    words: str
    members: tuple[str, ...] = ()
    file: str = ""
    sha256: str = ""
    by: str = ""
    remarks: tuple[str, ...] = ()
    unchecked: bool = False
    as_said: bool = False

    @property
    def doubt(self) -> str:
        """What nobody can vouch for, in words; "" where all that was learned from is known."""
        return NOBODY_CHECKED if self.unchecked else ""


def read_origin(run: Run) -> Origin | None:
    """Return where a run's predictions come from; None where it was trained here.

    Raises:
        RunError: the file is damaged.
    """
    if not run.holds(FILE):
        return None
    origin = run.read_record(FILE, Origin)
    if origin.kind not in KINDS:
        raise RunError(
            f"{run.folder / FILE} is damaged: it names no known kind: {origin.kind[:40]!r}."
        )
    return origin


def write_origin(run: Run, origin: Origin) -> None:
    """Write where a run's predictions come from. Raises OSError."""
    run.write_json(FILE, asdict(origin))


def name_average(members: Sequence[str], longest: int | None = None) -> str:
    """Return what an average is called; no name in it is cut.

    >>> name_average(["swift-otter", "calm-heron"])
    'Average of swift-otter and calm-heron'
    >>> name_average(["swift-otter", "calm-heron", "keen-lark", "wise-owl"])
    'Average of swift-otter, calm-heron, keen-lark and 1 more'
    >>> name_average(["swift-otter", "calm-heron", "keen-lark", "wise-owl"], 40)
    'Average of swift-otter and 3 more'

    Args:
        members: what each is called.
        longest: characters at most, by naming fewer; None: three are named.
    """
    for n_named in range(min(MOST_NAMED, len(members)), 0, -1):
        named, rest = list(members[:n_named]), len(members) - n_named
        *first, last = [*named, f"{rest} more"] if rest else named
        name = f"Average of {', '.join(first)} and {last}" if first else f"Average of {last}"
        if longest is None or len(name) <= longest:
            return name
    return f"Average of {len(members)} runs"


def name_predictions(file: str) -> str:
    """Return what predictions from elsewhere are called."""
    return f"Predictions from elsewhere: {file}"


def name_model(file: str) -> str:
    """Return what a network from elsewhere is called."""
    return f"Network from elsewhere: {file}"
