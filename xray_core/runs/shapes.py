"""Types of a run's files, as far as their readers rely on them.

A file of another shape is damaged, and a line of a log that is of another shape is left out. More
fields than these may be there.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

from xray_core.records import build_record, fits

SUBSETS = ("test", "validation")  # a report is of one of these
N_OUTCOMES = 4  # of the calls of a finding: TN, FP, FN, TP


class Figure(TypedDict):
    """A metric with its 95% interval; None where it cannot be computed."""

    value: float | None
    low: float | None
    high: float | None


class Rates(TypedDict):
    """The points of a ROC curve, as many of each."""

    false_positive_rate: list[float]
    true_positive_rate: list[float]


class Metrics(TypedDict):
    """What is said of all classes together."""

    accuracy: Figure
    balanced_accuracy: Figure
    auc: Figure
    f1_macro: Figure
    average_precision: NotRequired[Figure]  # older reports have these and what follows not
    mcc: NotRequired[Figure]
    brier: NotRequired[Figure]
    log_loss: NotRequired[Figure]
    calibration_error: NotRequired[Figure]
    sensitivity: NotRequired[Figure]  # of the positive of two classes, as are those that follow
    specificity: NotRequired[Figure]
    ppv: NotRequired[Figure]
    npv: NotRequired[Figure]
    f1: NotRequired[Figure]


# By this syntax, as `class` is no name in Python.
ClassRow = TypedDict(
    "ClassRow",
    {
        "class": str,
        "recall": Figure,
        "precision": float | None,
        "precision_low": NotRequired[float | None],  # older reports have no interval of it
        "precision_high": NotRequired[float | None],
        "specificity": float | None,
        "npv": NotRequired[float | None],
        "f1": float | None,
        "auc": NotRequired[Figure],
        "average_precision": NotRequired[Figure],
        "mcc": NotRequired[Figure],
        "brier": NotRequired[Figure],
        "log_loss": NotRequired[Figure],
        "calibration_error": NotRequired[Figure],
        "n": int,
        "n_patients": NotRequired[int],
        "too_few": NotRequired[bool],
    },
)
Majority = TypedDict("Majority", {"class": str, "accuracy": float})


class Level(TypedDict):
    """One level of the error analysis."""

    name: str
    n: int
    error: Figure


class Step(TypedDict):
    """The step from one level to the next."""

    name: str
    to: str
    value: float | None
    low: float | None
    high: float | None


class ErrorAnalysis(TypedDict):
    """See `evaluation.error_analysis.analyse_errors`."""

    levels: list[Level]
    steps: list[Step]
    verdict: str


class PhaseEntry(TypedDict):
    """What a phase reached; see `evaluation.phases.report_phases`."""

    name: str
    epochs: int
    best_epoch: int
    last_epoch: int
    epoch: int
    kept: bool
    n: int
    n_patients: int
    metrics: dict[str, Figure]
    confusion: NotRequired[list[list[int]]]
    only_class: NotRequired[str | None]
    finding_auc: NotRequired[dict[str, Figure]]


class Outcomes(TypedDict):
    """Images of two classes by what was said of them; positive is the second class."""

    tp: int
    fp: int
    fn: int
    tn: int


class ColumnsBaseline(TypedDict):
    """See `evaluation.columns_baseline.report_columns`; either `missing` or all of the others."""

    missing: NotRequired[str]
    columns: NotRequired[list[str]]
    left_out: NotRequired[dict[str, str]]
    n: NotRequired[int]
    metrics: NotRequired[dict[str, Figure]]


class Report(TypedDict):
    """report.json; see `evaluation.report.build_report`."""

    subset: str
    n: int
    n_patients: int
    left_out: list[str]
    classes: list[str]
    metrics: Metrics
    per_class: list[ClassRow]
    confusion: list[list[int]]
    roc: dict[str, Rates]
    majority: Majority
    positive: NotRequired[str]  # of two classes, as are the outcomes
    outcomes: NotRequired[Outcomes]
    columns_baseline: NotRequired[ColumnsBaseline]
    validation: NotRequired[dict[str, Any]]  # a report of its own; see `report.report_run`
    error_analysis: NotRequired[ErrorAnalysis | None]
    watched: NotRequired[bool]
    phases: NotRequired[list[PhaseEntry]]
    images: NotRequired[str]  # see `evaluated.sign_images`


class Unreadable(TypedDict):
    """An image file that could not be decoded."""

    path: str
    reason: str


class DataNotes(TypedDict):
    """data.json; see `training.data.prepare_data`."""

    folder: str
    remarks: list[str]
    unreadable: list[Unreadable]
    grouped_by: str
    joined: NotRequired[dict[str, int] | None]
    groups_in_several_subsets: NotRequired[int | None]
    leaks: NotRequired[dict[str, int | None]]
    left_out: NotRequired[list[str]]
    subsets: dict[str, dict[str, int]]
    unknown: NotRequired[dict[str, dict[str, int]]]  # of a multi-label task; so is n_images
    n_images: NotRequired[dict[str, int]]


class BatchLine(TypedDict):
    """A line of metrics.jsonl of the kind "batch"."""

    step: int
    loss: float
    accuracy: float
    dice: NotRequired[float]  # of a task that asks for masks


class EpochLine(TypedDict):
    """A line of metrics.jsonl of the kind "epoch"."""

    phase: str
    epoch: int
    step: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    val_auc: float | None
    learning_rate: float
    confusion: NotRequired[list[list[int]]]  # of a multi-label task there is the next instead
    finding_counts: NotRequired[list[list[int]]]
    finding_auc: NotRequired[list[float | None]]
    finding_spread: NotRequired[list[float | None]]
    n_validation: NotRequired[int]
    dice: NotRequired[float]  # of a task that asks for masks; then the accuracy is of its pixels
    val_dice: NotRequired[float]
    val_iou: NotRequired[float]
    best_epoch: int
    seconds: float


class EventLine(TypedDict):
    """A line of events.jsonl."""

    time: str
    event: str
    cause: str
    by: str


class DeviceLine(TypedDict):
    """A line of device.jsonl."""

    time: str
    cpu_percent: float
    memory_mb: float
    gpu_percent: NotRequired[float | None]
    gpu_memory_mb: NotRequired[float | None]


Lines = list[dict[str, Any]]


def pick_batches(lines: Lines) -> Lines:
    """Return the whole lines of batches among those of a metric log."""
    return [
        line
        for line in lines
        if line.get("kind") == "batch" and fits(BatchLine, line) and _are_shares(line["accuracy"])
    ]


def pick_epochs(lines: Lines) -> Lines:
    """Return the whole lines of epochs among those of a metric log."""
    return [
        line
        for line in lines
        if line.get("kind") == "epoch"
        and fits(EpochLine, line)
        and line["epoch"] > 0
        and _are_shares(line["accuracy"], line["val_accuracy"], line["val_auc"])
        and _has_counts(line)
    ]


def count_validated(line: Mapping[str, Any]) -> int:
    """Return of how many validation images a whole line of an epoch tells."""
    if "confusion" in line:
        return sum(map(sum, line["confusion"]))
    if "val_dice" in line:
        return int(line["n_validation"])
    # Of a multi-label task each image is known for some findings, and no finding for all.
    return int(line.get("n_validation") or max(map(sum, line["finding_counts"])))


def pick_events(lines: Lines) -> Lines:
    """Return the whole lines among those of a log of events."""
    return [line for line in lines if fits(EventLine, line)]


def pick_looks(lines: Lines) -> Lines:
    """Return the whole lines among those of a log of the hardware."""
    return [line for line in lines if fits(DeviceLine, line)]


def check_report(report: Report) -> None:
    """Raise ValueError if the tables of a report do not belong together."""
    n_classes = len(report["classes"])
    if not n_classes == len(report["per_class"]) == len(report["confusion"]):
        raise ValueError(f"report.per_class or .confusion is not of its {n_classes} classes")
    if not is_square(report["confusion"]):
        raise ValueError("report.confusion has rows of several lengths, or counts below 0")
    check_curves(report)
    if "validation" in report:
        check_report(build_record(Report, report["validation"], "report.validation"))


def check_curves(report: Mapping[str, Any]) -> None:
    """Raise ValueError if a report is of no known subset, or a curve has uneven points."""
    if report["subset"] not in SUBSETS:
        choices = ", ".join(SUBSETS)
        raise ValueError(f"report.subset is {report['subset']!r}; it is one of {choices}")
    for name, rates in report["roc"].items():
        if len(rates["false_positive_rate"]) != len(rates["true_positive_rate"]):
            raise ValueError(f"report.roc.{name} has more of one rate than of the other")


def _has_counts(line: dict[str, Any]) -> bool:
    """Whether a line of an epoch has what a task of its kind has."""
    if "val_dice" in line:
        shares = (line.get("dice"), line["val_dice"], line.get("val_iou"))
        return None not in shares and _are_shares(*shares) and line.get("n_validation", 0) > 0
    return is_square(line["confusion"]) if "confusion" in line else _has_findings(line)


def _has_findings(line: dict[str, Any]) -> bool:
    """Whether a line of an epoch has what a multi-label task has, of as many findings each."""
    counts, areas = line.get("finding_counts") or [], line.get("finding_auc") or []
    spreads = line.get("finding_spread", areas)
    return (
        bool(counts)
        and len(counts) == len(areas) == len(spreads)
        and all(len(row) == N_OUTCOMES and min(row) >= 0 for row in counts)
        and _are_shares(*areas)
        and line.get("n_validation", 0) >= 0
    )


def _are_shares(*values: float | None) -> bool:
    return all(value is None or 0 <= value <= 1 for value in values)


def is_square(counts: Sequence[Sequence[int]]) -> bool:
    """Whether it is a confusion matrix: as many columns as rows, of counts."""
    return bool(counts) and all(len(row) == len(counts) and min(row) >= 0 for row in counts)
