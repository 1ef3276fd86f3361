"""What another dataset adds to a run's own result: a level of the error analysis, and a verdict."""

from collections.abc import Mapping
from typing import Any

from xray_core.evaluation.error_steps import CompleteAnalysis
from xray_core.evaluation.intervals import difference_interval

Report = Mapping[str, Any]
SHIFT = "distribution shift"
ELSEWHERE = "another dataset"  # begins the name of such a level
ALIKE = 0.05  # shares of the classes that differ by less are taken for the same


def add_external(complete: CompleteAnalysis, reports: Mapping[str, Report]) -> CompleteAnalysis:
    """Return an error analysis with a level for each evaluation on another dataset.

    Args:
        complete: as `complete_analysis` returns it.
        reports: name of the dataset -> the report there.

    Returns:
        The same with these levels at the end. The step up to each is from the last level before
        them; its interval takes the two for independent, which they are where images that the
        run knows were left out.
    """
    last = complete["levels"][-1]["error"]
    levels, steps = list(complete["levels"]), list(complete["steps"])
    for title, report in reports.items():
        name, error = f"{ELSEWHERE}: {title}", _error_of(report)
        levels.append({"name": name, "n": report["n"], "error": error})
        steps.append({"name": SHIFT, "to": name, **subtract(last, error)})
    return {**complete, "levels": levels, "steps": steps}


def _error_of(report: Report) -> dict[str, float | None]:
    """Return the error, measured as on the levels below; see `error_analysis.analyse_errors`."""
    key = "balanced_accuracy" if report.get("multilabel") else "accuracy"
    ends = {"value": "value", "low": "high", "high": "low"}
    figure = report["metrics"][key]
    return {to: None if figure[end] is None else 1 - figure[end] for to, end in ends.items()}


def subtract(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, float | None]:
    """Return `after` minus `before` with its interval; all None where one of them lacks a figure.

    Args:
        before: value, low, high.
        after: likewise, of other patients.
    """
    keys = ("value", "low", "high")
    if any(figure[key] is None for figure in (before, after) for key in keys):
        return {"value": None, "low": None, "high": None}
    low, high = difference_interval(before, after)
    return {"value": after["value"] - before["value"], "low": low, "high": high}


def compare_elsewhere(own: Report, report: Report) -> str:
    """Return in a sentence or two how a run does on another dataset, and what can be compared.

    Args:
        own: the run's own report.
        report: that on the other dataset.
    """
    if report.get("multilabel"):
        words = _say_change("mean AUC", own, report, "auc")
        return f"{words}; how frequent a finding is does not change it." if words else ""
    names = {"accuracy": "accuracy", "balanced_accuracy": "balanced accuracy"}
    changes = [_say_change(name, own, report, key) for key, name in names.items()]
    words = ", ".join(filter(None, changes))
    if not words:
        return ""
    words = f"{words[0].upper()}{words[1:]}. "
    shares = {name: (_share_of(own, name), _share_of(report, name)) for name in report["classes"]}
    name, (there, here) = max(shares.items(), key=lambda item: abs(item[1][0] - item[1][1]))
    if abs(there - here) < ALIKE:
        return f"{words}The classes have nearly the same shares in both, so both can be compared."
    return (
        f"{words}The classes have other shares here: {here:.0%} of the images are {name}, of its "
        f"own {there:.0%}. Accuracy depends on that, so compare the balanced accuracy, which "
        "weighs each class the same."
    )


def _share_of(report: Report, name: str) -> float:
    counts = {row["class"]: row["n"] for row in report["per_class"]}
    return float(counts.get(name, 0) / max(sum(counts.values()), 1))


def _say_change(name: str, own: Report, report: Report, key: str) -> str:
    """Return e.g. "accuracy falls by 8.2 points"; "" where it cannot be said."""
    before, after = own["metrics"].get(key), report["metrics"].get(key)
    if before is None or after is None:
        return ""
    step = subtract(before, after)
    value, low, high = step["value"], step["low"], step["high"]
    if value is None or low is None or high is None:
        return ""
    size = f"{abs(value):.3f}" if key == "auc" else f"{100 * abs(value):.1f} points"
    chance = " (which may be chance)" if low <= 0 <= high else ""
    if not value:
        return f"{name} stays the same"
    return f"{name} {'rises' if value > 0 else 'falls'} by {size}{chance}"
