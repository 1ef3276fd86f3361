"""The doubts about a dataset's labels on disk, with the first fold of the cross-validation.

<run of fold 1>/explained/doubts/
    doubts.parquet    one row a label, the most doubtful first; see `compute.Doubts.table`
    about.json        of which runs, how many labels, how many are in doubt

Where a fold was trained again since, or is gone, they are as good as not there.
"""

from dataclasses import asdict, dataclass, field

import pandas as pd

from xray_core.errors import RunError
from xray_core.evaluation.doubts.compute import Doubts
from xray_core.evaluation.doubts.folds import CrossValidation
from xray_core.evaluation.doubts.gather import OutOfFold
from xray_core.files import open_plain, stamp_file, utc_now
from xray_core.records import read_table
from xray_core.runs import Run
from xray_core.runs.opening import is_open, needs_opening
from xray_core.workspace import Workspace

TABLE, ABOUT = "explained/doubts/doubts.parquet", "explained/doubts/about.json"
TEXT = ("image_id", "group", "run", "finding", "label", "suggested")
ANEW = "Delete the folder explained/doubts; the doubts can then be computed anew."
NUMBERS = ("p_label", "p_suggested", "quality")


@dataclass(frozen=True)
class AboutDoubts:
    """about.json.

    Attributes:
        sweep: of the cross-validation.
        n_folds: its folds.
        runs: name of each run -> what changes with its predictions.
        task: by its name.
        multilabel: whether a label is that of one of several findings.
        n_images: that have a prediction.
        n_patients: these are of.
        n_labels: that were looked at.
        n_doubtful: that are in doubt.
        expected: how many cleanlab counts as wrong: value, low and high, 95% by patient.
        remarks: sentences on what is missing, with counts.
        version: of cleanlab.
        time: ISO 8601, UTC.
    """

    sweep: str
    n_folds: int
    runs: dict[str, list[int]]
    task: str
    multilabel: bool
    n_images: int
    n_patients: int
    n_labels: int
    n_doubtful: int
    expected: dict[str, float | None]
    remarks: list[str] = field(default_factory=list)
    version: str = ""
    time: str = ""


@dataclass(frozen=True)
class KeptDoubts:
    """What was kept.

    Attributes:
        about: how it was made.
        table: see `compute.Doubts.table`.
    """

    about: AboutDoubts
    table: pd.DataFrame


def write_doubts(
    validation: CrossValidation, answers: OutOfFold, doubts: Doubts, version: str
) -> AboutDoubts:
    """Keep doubts with the first fold, in place of those before.

    Args:
        validation: whose predictions they are of.
        answers: these predictions.
        doubts: what was computed.
        version: of cleanlab.

    Raises:
        OSError: the disk refuses.
    """
    run = validation.runs[1]
    remarks = answers.list_remarks()
    if doubts.skipped:
        remarks.append(
            f"Nothing to compare, as every known label is alike: {', '.join(doubts.skipped)}."
        )
    about = AboutDoubts(
        sweep=validation.sweep,
        n_folds=validation.n_folds,
        runs=_stamp(validation),
        task=run.read_recipe().task,
        multilabel=answers.multilabel,
        n_images=len(answers.table),
        n_patients=int(answers.table["group"].nunique()),
        n_labels=len(doubts.table),
        n_doubtful=int(doubts.table["is_doubtful"].sum()),
        expected=dict(doubts.expected),
        remarks=remarks,
        version=version,
        time=utc_now(),
    )
    (run.folder / ABOUT).unlink(missing_ok=True)  # until both files are the new ones
    run.write_table(TABLE, doubts.table)
    run.write_json(ABOUT, asdict(about))
    return about


def read_doubts(validation: CrossValidation) -> KeptDoubts | None:
    """Return the doubts of a cross-validation; None where they are to be computed (anew).

    Raises:
        RunError: a file is damaged.
    """
    run = validation.runs.get(1)
    if run is None or not run.holds(ABOUT):
        return None
    try:
        about = run.read_record(ABOUT, AboutDoubts)
    except RunError as error:
        raise RunError(f"{error} {ANEW}") from error
    if about.runs != _stamp(validation):
        return None
    return KeptDoubts(about, _read_table(run))


def hide_closed(table: pd.DataFrame, run: Run, workspace: Workspace) -> tuple[pd.DataFrame, int]:
    """Return the doubts that may be shown beside a run, and how many labels are not.

    Those on images of its own test set are not while that is closed: whoever looks at them knows
    where a network is wrong.

    Raises:
        RunError: a file of the run is damaged.
    """
    if not needs_opening(run.read_report()) or is_open(run, workspace):
        return table, 0
    split = run.read_split()
    closed = table["image_id"].isin(split.loc[split["subset"] == "test", "image_id"])
    return table[~closed].reset_index(drop=True), int(closed.sum())


def _stamp(validation: CrossValidation) -> dict[str, list[int]]:
    stamps = {}
    for run in validation.runs.values():
        stamp = stamp_file(str(run.folder / "predictions.parquet"))
        stamps[run.name] = list(stamp[:2]) if stamp else []  # a copied folder has other numbers
    return stamps


def _read_table(run: Run) -> pd.DataFrame:
    path = run.folder / TABLE
    try:
        with open_plain(path) as file:
            table = read_table(file, TEXT)
        for name in NUMBERS:
            if name not in table or not pd.api.types.is_float_dtype(table[name]):
                raise ValueError(f"its column {name} holds something else than numbers")
        if "is_doubtful" not in table or not pd.api.types.is_bool_dtype(table["is_doubtful"]):
            raise ValueError("its column is_doubtful does not say yes or no")
    except (OSError, ValueError) as error:
        raise RunError(f"{path} is damaged: {str(error).rstrip('.')}. {ANEW}") from error
    return table.assign(rank=range(1, len(table) + 1))
