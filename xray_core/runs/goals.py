"""The errors that a run is measured against, which people enter: `goals.json` of its folder."""

from dataclasses import asdict, dataclass

from xray_core.errors import RunError
from xray_core.runs.folder import Run

FILE = "goals.json"


@dataclass(frozen=True)
class Goals:
    """What the error of a network is compared with; shares in [0, 1], None where not entered.

    Attributes:
        target_error: that is aimed at.
        human_error: of people at the same task, which stands for the least that is possible.
    """

    target_error: float | None = None
    human_error: float | None = None

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if value is not None and not 0 <= value <= 1:
                raise RunError(
                    f"The {name.replace('_', ' ')} is {value:g}; give a share of wrong answers, "
                    "from 0 to 1, such as 0.1."
                )


def read_goals(run: Run) -> Goals:
    """Return what was entered for a run; nothing where nobody has.

    Raises:
        RunError: the file is damaged.
    """
    if not run.holds(FILE):
        return Goals()
    try:
        return run.read_record(FILE, Goals)
    except RunError as error:
        raise RunError(f"{error} Enter the target and the human error anew.") from error


def write_goals(run: Run, goals: Goals) -> None:
    """Replace what was entered for a run."""
    run.write_json(FILE, asdict(goals))
