"""Types of the files that only a run on several findings has; see `shapes`."""

from typing import Any, NotRequired, TypedDict

from xray_core.records import build_record
from xray_core.runs.shapes import (
    N_OUTCOMES,
    ColumnsBaseline,
    ErrorAnalysis,
    Figure,
    PhaseEntry,
    Rates,
    check_curves,
    is_square,
)


class Thresholds(TypedDict):
    """thresholds.json: the probability from which on a finding is called, class by class."""

    rule: str
    chosen_on: str
    thresholds: dict[str, float]
    fallback: NotRequired[list[str]]  # of which that subset could not tell; at 0.5
    by_hand: NotRequired[dict[str, str]]  # kept by a person instead: how each was chosen, in words


FindingRow = TypedDict(
    "FindingRow",
    {
        "class": str,
        "n": int,
        "n_absent": int,
        "n_unknown": int,
        "n_patients": int,
        "n_patients_absent": NotRequired[int],  # of whom an image does not show it
        "too_few": bool,
        "threshold": float | None,
        "counts": list[int],
        "auc": Figure,
        "average_precision": Figure,
        "recall": Figure,
        "precision": float | None,
        "precision_low": float | None,
        "precision_high": float | None,
        "specificity": float | None,
        "specificity_low": float | None,
        "specificity_high": float | None,
        "npv": NotRequired[float | None],  # older reports have these not
        "mcc": NotRequired[Figure],
        "brier": NotRequired[Figure],
        "log_loss": NotRequired[Figure],
        "calibration_error": NotRequired[Figure],
        "f1": float | None,
        "f1_low": float | None,
        "f1_high": float | None,
    },
)


class MeanMetrics(TypedDict):
    """Means over the findings of a multi-label task."""

    auc: Figure
    average_precision: Figure
    balanced_accuracy: Figure
    f1_macro: Figure
    mcc: NotRequired[Figure]  # older reports have these not
    brier: NotRequired[Figure]
    log_loss: NotRequired[Figure]
    calibration_error: NotRequired[Figure]


class ErrorsTogether(TypedDict):
    """Images on which two findings are wrong at once: as many rows and columns as findings."""

    missed: list[list[int]]
    alarmed: list[list[int]]


class FindingsReport(TypedDict):
    """report.json of a multi-label task; see `evaluation.multilabel.report_findings`."""

    multilabel: bool
    subset: str
    n: int
    n_patients: int
    left_out: list[str]
    classes: list[str]
    metrics: MeanMetrics
    in_means: NotRequired[list[str]]  # findings that are in the means: some show them, some do not
    not_in_means: NotRequired[list[str]]
    per_class: list[FindingRow]
    thresholds: Thresholds | None
    chosen_here: NotRequired[bool]  # whether they were chosen on the images that are evaluated
    errors_together: ErrorsTogether
    roc: dict[str, Rates]
    columns_baseline: NotRequired[ColumnsBaseline]
    validation: NotRequired[dict[str, Any]]  # a report of its own; see `report.report_run`
    error_analysis: NotRequired[ErrorAnalysis | None]
    watched: NotRequired[bool]
    phases: NotRequired[list[PhaseEntry]]


def check_findings_report(report: FindingsReport) -> None:
    """Raise ValueError if the tables of a report on several findings do not belong together."""
    n_classes = len(report["classes"])
    if n_classes != len(report["per_class"]):
        raise ValueError(f"report.per_class is not of its {n_classes} classes")
    for kind in ("missed", "alarmed"):
        counts = report["errors_together"][kind]
        if len(counts) != n_classes or not is_square(counts):
            raise ValueError(f"report.errors_together.{kind} is not of its {n_classes} classes")
    if any(len(row["counts"]) != N_OUTCOMES for row in report["per_class"]):
        raise ValueError(f"report.per_class has counts that are not {N_OUTCOMES}")
    check_curves(report)
    if "validation" in report:
        validation = build_record(FindingsReport, report["validation"], "report.validation")
        check_findings_report(validation)
