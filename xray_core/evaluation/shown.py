"""What may be shown of a run: its test figures once they are opened, until then the validation's.

Whoever shows, compares or hands out the figures of a run asks here, and never report.json itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from xray_core.errors import RunError
from xray_core.evaluation.error_analysis import leave_out_test
from xray_core.evaluation.masks import report_masks
from xray_core.evaluation.multilabel import is_multilabel, report_findings
from xray_core.evaluation.report import summarise_predictions
from xray_core.files import stamp_file
from xray_core.runs import Run
from xray_core.runs.opening import Opening, is_open, needs_opening, openings_of
from xray_core.workspace import Workspace

TEST, VALIDATION = "test", "validation"
EXPECTED = "mcc"  # a metric that every report of this version has
CARRIED = ("phases", "starting_weights")  # of a report: what it says of no test image


class NothingToShowError(RunError):
    """The test set is closed, and there are no figures of a validation set to show instead."""


@dataclass(frozen=True)
class ShownReport:
    """The report that may be shown.

    Attributes:
        report: of the test set; where that is closed of the validation set alone. See
            `report.report_run`.
        closed: whether there are test figures that nobody has opened.
        openings: of this dataset's test set in this task, by whatever run, in order; empty where
            there is no test set.
    """

    report: dict[str, Any]
    closed: bool
    openings: list[Opening]


def shown_report(
    run: Run, workspace: Workspace, report: Mapping[str, Any] | None = None
) -> ShownReport:
    """Return what may be shown of a finished run.

    Args:
        run: finished.
        workspace: the folders.
        report: its own, where it was computed anew; None: as it is stored.

    Raises:
        NothingToShowError: its test set is closed, and it has no predictions on a validation set.
        RunError: a file of it is damaged or missing.
    """
    if report is None:
        report = run.read_report()
    if not needs_opening(report):
        return ShownReport(_complete(run, report), closed=False, openings=[])
    is_shown = is_open(run, workspace)  # first: where all are always open, this counts
    openings = openings_of(run, workspace)
    if is_shown:
        return ShownReport(_complete(run, report), closed=False, openings=openings)
    return ShownReport(read_validation_report(run, report), closed=True, openings=openings)


def _complete(run: Run, report: Mapping[str, Any]) -> dict[str, Any]:
    """Return a report whose figures lie open, with those that an older version did not compute."""
    if report.get("masks") or EXPECTED in report["metrics"] or not run.holds("predictions.parquet"):
        return dict(report)
    measured = _measure(run, report, report["subset"])
    if measured["n"] != report["n"]:  # the predictions are not those that it was made of
        return dict(report)
    completed = dict(report) | measured
    areas = {row["class"]: row["auc"] for row in completed["per_class"]}
    completed["roc"] = {
        name: {**curve, "area": areas.get(name, curve.get("area"))}
        for name, curve in report.get("roc", {}).items()
    }
    return completed


def shown_subset(run: Run, workspace: Workspace) -> str:
    """Return of which set the figures are that may be shown: "test" or "validation".

    Raises:
        NothingToShowError: see `shown_report`.
        RunError: likewise.
    """
    report = run.read_report()
    if not needs_opening(report) or is_open(run, workspace):
        return str(report["subset"])
    if not isinstance(report.get("validation"), Mapping):
        _measure(run, report, VALIDATION) if report.get("masks") else _read_subset(run, VALIDATION)
    return VALIDATION


def read_validation_report(run: Run, report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the report of the validation set of a run, without any figure of its test set.

    Args:
        run: finished.
        report: its own, of the test set; of an older run without figures of its validation set
            these are computed from its predictions, without curves.

    Raises:
        NothingToShowError: see `shown_report`.
    """
    if not needs_opening(report):
        return dict(report)
    validation = report.get("validation")
    if not isinstance(validation, Mapping):
        validation = _measure(run, report, VALIDATION)
    shown = {name: report[name] for name in CARRIED if name in report} | dict(validation)
    analysis = validation.get("error_analysis") or report.get("error_analysis")
    if analysis:
        shown["error_analysis"] = leave_out_test(analysis)
    return shown


def _measure(run: Run, report: Mapping[str, Any], subset: str) -> dict[str, Any]:
    stamp = stamp_file(str(run.folder / "predictions.parquet"))
    return _summarise(str(run.folder), stamp, str(_majority(report)), subset)


@lru_cache(maxsize=64)
def _summarise(folder: str, stamp: object, majority: str, subset: str) -> dict[str, Any]:
    run = Run(Path(folder))
    if run.read_recipe().asks_masks:
        return report_masks(run.read_masks(), subset)
    rows = _read_subset(run, subset)
    if is_multilabel(rows):
        thresholds = run.read_report().get("thresholds")
        return {**report_findings(rows, thresholds, with_curves=False), "roc": {}}
    return {**summarise_predictions(rows, majority), "roc": {}}


def _read_subset(run: Run, subset: str) -> pd.DataFrame:
    """Return the predictions on one set; raises NothingToShowError without any."""
    predictions = run.read_predictions()
    rows: pd.DataFrame = predictions[predictions["subset"] == subset].reset_index(drop=True)
    if not rows["predicted"].notna().any():
        raise NothingToShowError(
            f"Run {run.name} has no predictions on a {subset} set, so there is nothing to show "
            "of it before its test set is opened."
        )
    return rows


def _majority(report: Mapping[str, Any]) -> object:
    return (report.get("majority") or {}).get("class", "")  # of several findings there is none


def describe_openings(run: Run, openings: Sequence[Opening], *, always: bool = False) -> list[str]:
    """Return who opened the test set of a run, and how often that of its data was; sentences.

    Args:
        run: of which it is asked.
        openings: of its dataset and task.
        always: whether every test set lies open in this workspace.
    """
    looks = [opening for opening in openings if opening.run == run.name and not opening.external]
    own = looks[0] if looks else None
    words = []
    if own:
        how = {"always": ", as every test set is always open in its workspace"}.get(own.how, "")
        words.append(f"Its test set was opened {_format_by(own)}{how}.")
    if always:
        words.append(
            "In this workspace every test set is always open: its figures were in sight while "
            "recipes were compared."
        )
    n, last = len(openings), openings[-1] if openings else None
    if n and last:
        times = "once" if n == 1 else f"{n:,} times"
        names = {opening.by for opening in openings if opening.by}
        people = f" by {len(names)} people" if len(names) > 1 else ""
        if names and (n_nameless := sum(not opening.by for opening in openings)):
            people += f", {'once' if n_nameless == 1 else f'{n_nameless:,} times'} without a name"
        most = f", last {_format_by(last)}" if n > 1 and last != own else ""
        words.append(f"The test set of this dataset was opened {times} in this task{people}{most}.")
    elif not always:
        words.append("The test set of this dataset has not been opened in this task.")
    return words


def _format_by(opening: Opening) -> str:
    day, _, clock = opening.time.partition("T")
    by = f" by {opening.by}" if opening.by else ""
    return f"on {day} at {clock[:5]} UTC{by}"
