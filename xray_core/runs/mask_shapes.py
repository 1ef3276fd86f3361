"""Types of the files that only a run that draws masks has; see `shapes`."""

from typing import Any, NotRequired, TypedDict

from xray_core.records import build_record
from xray_core.runs.shapes import SUBSETS, Figure

# Columns of predictions.parquet, beside image_id, group and subset.
NUMBERS = ("dice", "iou", "share", "true_share")
OUTLINES = ("outline", "true_outline")


class MaskMetrics(TypedDict):
    """Means over the images."""

    dice: Figure
    iou: Figure


class MaskReport(TypedDict):
    """report.json of a task that asks for masks; see `evaluation.masks.report_masks`.

    `n_below`: images whose Dice is below `evaluation.masks.GOOD`.
    """

    masks: bool
    subset: str
    n: int
    n_patients: int
    left_out: list[str]
    classes: list[str]
    metrics: MaskMetrics
    median_dice: float
    n_below: int
    watched: NotRequired[bool]
    validation: NotRequired[dict[str, Any]]  # a report of its own; see `report.report_run`


def check_mask_report(report: MaskReport) -> None:
    """Raise ValueError if a report on masks is of no known subset."""
    if report["subset"] not in SUBSETS:
        choices = ", ".join(SUBSETS)
        raise ValueError(f"report.subset is {report['subset']!r}; it is one of {choices}")
    if "validation" in report:
        check_mask_report(build_record(MaskReport, report["validation"], "report.validation"))
