"""Reports as a person reads them on a terminal."""

from typing import Any


def format_figure(value: float | None, low: float | None, high: float | None) -> str:
    """Return a figure with its interval."""
    if value is None:
        return "cannot be computed"
    return f"{value:.3f} (95% interval {low:.3f} to {high:.3f})"


def _evaluated_on(report: dict[str, Any]) -> str:
    return (
        f"Evaluated on the {report['subset']} set: {report['n']:,} images of "
        f"{report['n_patients']:,} patients or groups; {len(report['left_out'])} left out."
    )


def _findings_text(report: dict[str, Any]) -> str:
    """Return the report of a multi-label task, one line a finding."""
    from xray_core.evaluation.multilabel import describe_thresholds

    lines = [_evaluated_on(report)]
    lines += [
        f"  mean {name:18} {format_figure(**metric)}" for name, metric in report["metrics"].items()
    ]
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
        few = "; too few to say: below 10 patients have it, or do not" if row["too_few"] else ""
        lines += [
            f"{row['class']:{width}}  present {row['n']:,}, absent {row['n_absent']:,}, unknown "
            f"{row['n_unknown']:,}{from_on}{few}",
            f"  {'AUC':18} {format_figure(**row['auc'])}",
            f"  {'recall':18} {format_figure(**row['recall'])}",
        ]
        for kind in ("precision", "specificity", "f1"):
            ends = row[kind], row[f"{kind}_low"], row[f"{kind}_high"]
            lines.append(f"  {kind:18} {format_figure(*ends)}")
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
    majority = report["majority"]
    lines = [_evaluated_on(report)]
    if absent := [row["class"] for row in report["per_class"] if not row["n"]]:
        lines.append(format_absence(report["subset"], absent))
    lines += [
        f"  {name:18} {format_figure(**metric)}" for name, metric in report["metrics"].items()
    ]
    lines += [f"  {'always ' + majority['class']:18} {majority['accuracy']:.3f} accuracy"]
    lines += ["Confusion matrix (rows true, columns predicted):"]
    width = max(map(len, report["classes"]))
    for scores, row in zip(report["per_class"], report["confusion"], strict=True):
        counts = " ".join(f"{n:6}" for n in row)
        lines.append(f"  {scores['class']:{width}} {counts}   n {scores['n']:,}")
    for scores in report["per_class"]:
        lines += [f"{scores['class']}:", f"  {'recall':18} {format_figure(**scores['recall'])}"]
        for kind in ("precision", "specificity", "f1"):
            ends = scores[kind], scores[f"{kind}_low"], scores[f"{kind}_high"]
            lines.append(f"  {kind:18} {format_figure(*ends)}")
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
