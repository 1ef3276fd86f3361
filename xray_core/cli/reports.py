"""Reports as a person reads them on a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

ENDS = ("", "_low", "_high")
TOO_FEW = "too few to say"
PROBABILITY_FIGURES = ("auc", "average_precision", "brier", "log_loss", "calibration_error")


def format_figure(value: float | None, low: float | None, high: float | None) -> str:
    """Return a figure with its interval."""
    if value is None:
        return "cannot be computed"
    if low is None or high is None:
        return f"{value:.3f} (no interval: too few patients)"
    return f"{value:.3f} (95% interval {low:.3f} to {high:.3f})"


def _format_class(row: dict[str, Any], whole: Sequence[str], apart: Sequence[str]) -> list[str]:
    """Return a line for each figure of a class.

    Args:
        row: of the report's "per_class".
        whole: figures of which the row holds value and ends together; older reports lack some.
        apart: figures with the ends under names of their own.
    """
    figures = {name: row[name] for name in whole if name in row}
    figures |= {
        name: dict(zip(("value", "low", "high"), (row[name + end] for end in ENDS), strict=True))
        for name in apart
        if name in row
    }
    return _figure_lines(figures)


def _figure_lines(figures: Mapping[str, Any], before: str = "") -> list[str]:
    from xray_core.evaluation.metrics import METRICS, OF_POSITIVE

    titles = {name: metric.title for name, metric in METRICS.items()}
    titles |= {name: title for name, (title, _) in OF_POSITIVE.items()}
    return [
        f"  {before + titles.get(name, name):22} {format_figure(**figure)}"
        for name, figure in figures.items()
    ]


def _columns_lines(report: dict[str, Any]) -> list[str]:
    """Return what is known without the pixels."""
    from xray_core.evaluation.columns_baseline import NOT_COMPUTED, NOT_YET, name_columns

    baseline = report.get("columns_baseline")
    if baseline is None:
        return []
    if "missing" in baseline:
        missing = baseline["missing"]
        if missing in (NOT_COMPUTED, NOT_YET):
            missing += " `python -m xray_core evaluate RUN --columns` computes it."
        return [f"Without the pixels: {missing}"]
    lines = [f"Without the pixels, from {name_columns(baseline)} alone (n {baseline['n']:,}):"]
    return lines + _figure_lines(baseline["metrics"])


def _evaluated_on(report: dict[str, Any]) -> str:
    return (
        f"Evaluated on the {report['subset']} set: {report['n']:,} images of "
        f"{report['n_patients']:,} patients or groups; {len(report['left_out'])} left out."
    )


def _findings_text(report: dict[str, Any]) -> str:
    """Return the report of a multi-label task, one line a finding."""
    from xray_core.evaluation.multilabel import describe_thresholds

    lines = [_evaluated_on(report)]
    lines += _figure_lines(report["metrics"], "mean ")
    if left_out := report.get("not_in_means"):
        lines.append(
            f"  means over {len(report['in_means'])} of {len(report['classes'])} findings, without "
            f"those that no image has, or every one: {', '.join(left_out)}"
        )
    if words := describe_thresholds(report):
        lines.append(words)
    width = max(map(len, report["classes"]))
    for row in report["per_class"]:
        from_on = "" if row["threshold"] is None else f", called from {row['threshold']:.3g} on"
        few = f"; {TOO_FEW}: below 10 patients have it, or do not" if row["too_few"] else ""
        lines += [
            f"{row['class']:{width}}  present {row['n']:,}, absent {row['n_absent']:,}, unknown "
            f"{row['n_unknown']:,}{from_on}{few}",
            *_format_class(row, ("recall",), ("specificity", "precision", "npv", "f1")),
            *_format_class(row, ("mcc", *PROBABILITY_FIGURES), ()),
        ]
    lines += _columns_lines(report)
    return "\n".join([*lines, *_analysis_lines(report)])


def _masks_text(report: dict[str, Any]) -> str:
    """Return the report of a run that draws masks."""
    from xray_core.evaluation.masks import GOOD

    titles = {"dice": "Dice, mean of the images", "iou": "IoU, mean of the images"}
    lines = [_evaluated_on(report)]
    lines += [
        f"  {titles[name]:26} {format_figure(**figure)}"
        for name, figure in report["metrics"].items()
    ]
    lines += [
        f"  {'Dice, median':26} {report['median_dice']:.3f}",
        f"  {report['n_below']:,} of {report['n']:,} images have a Dice below {GOOD:g}.",
    ]
    return "\n".join([*lines, *_analysis_lines(report)])


def _analysis_lines(report: dict[str, Any]) -> list[str]:
    lines = _phase_lines(report.get("phases", []))
    if report.get("watched"):
        lines.append("The test set was watched as the validation set: expect less on new images.")
    if analysis := report.get("error_analysis"):
        errors = ", ".join(f"{r['name']} {r['error']['value']:.1%}" for r in analysis["levels"])
        lines += [f"Errors: {errors}.", analysis["verdict"]]
    return lines


def format_report(report: dict[str, Any]) -> str:
    """Return a report as a person reads it on a terminal."""
    from xray_core.splits import format_absence

    if report.get("multilabel"):
        return _findings_text(report)
    if report.get("masks"):
        return _masks_text(report)
    majority = report["majority"]
    lines = [_evaluated_on(report)]
    if absent := [row["class"] for row in report["per_class"] if not row["n"]]:
        lines.append(format_absence(report["subset"], absent))
    lines += _figure_lines(report["metrics"])
    lines += [f"  {'always ' + majority['class']:22} {majority['accuracy']:.3f} accuracy"]
    lines += _columns_lines(report)
    if outcomes := report.get("outcomes"):
        lines.append(
            f"{report['positive']} is positive: {outcomes['tp']:,} true positives (TP), "
            f"{outcomes['fp']:,} false positives (FP), {outcomes['fn']:,} false negatives (FN), "
            f"{outcomes['tn']:,} true negatives (TN)."
        )
    lines += ["Confusion matrix (rows true, columns predicted):"]
    width = max(map(len, report["classes"]))
    for scores, row in zip(report["per_class"], report["confusion"], strict=True):
        counts = " ".join(f"{n:6}" for n in row)
        lines.append(f"  {scores['class']:{width}} {counts}   n {scores['n']:,}")
    for scores in report["per_class"]:
        few = f"  {TOO_FEW}: {scores['n_patients']} patients" if scores.get("too_few") else ""
        lines += [f"{scores['class']}:{few}"]
        lines += _format_class(scores, ("recall",), ("specificity", "precision", "npv", "f1"))
        if len(report["classes"]) > 2:  # of two the figures above say it
            lines += _format_class(scores, ("mcc", *PROBABILITY_FIGURES), ())
    return "\n".join([*lines, *_analysis_lines(report)])


def _phase_lines(phases: list[dict[str, Any]]) -> list[str]:
    """Return what each phase reached on the validation set, where there are several."""
    if len(phases) < 2:
        return []
    lines = [f"Each phase on the images that it was validated on (n {phases[-1]['n']:,}):"]
    for phase in phases:
        figures = [
            f"{name} {figure['value']:.3f}"
            for name, figure in phase["metrics"].items()
            if figure["value"] is not None
        ]
        words = f"  {phase['name']}, {phase['epochs']} epochs, epoch {phase['epoch']}: "
        words += ", ".join(figures)
        if phase.get("only_class"):
            words += f"; answers {phase['only_class']} to every image"
        lines.append(words + (" (kept)" if phase["kept"] else ""))
    return lines
