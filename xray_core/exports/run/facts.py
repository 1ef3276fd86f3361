"""What a run's report and its model card both say: plain text, sentence by sentence, row by row."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from xray_core.audit.issue import count_of
from xray_core.evaluation.metrics import METRICS, OF_POSITIVE
from xray_core.evaluation.thresholds.kept import read_threshold
from xray_core.exports.run.material import Material
from xray_core.exports.run.paths import hide_in_recipe
from xray_core.files import parse_time
from xray_core.models import MODELS
from xray_core.recipes import PUBLISHED, changeable_fields
from xray_core.recipes.titles import field_title, value_title
from xray_core.splits import (
    METHOD_TITLES,
    SUBSETS,
    describe_grouping,
    format_absence,
    format_leaks,
)

LEARNING = "For learning, never for diagnosis."
# Metrics that are shown as 85.2 %; all others as 0.852.
SHARES = ("accuracy", "balanced_accuracy", "sensitivity", "specificity", "ppv", "npv")
CANNOT = "none"  # where a figure cannot be computed
# Setting -> the one that it depends on, and with which values of that it does nothing.
DEPENDENT = {
    "preprocess.gamma": ("preprocess.contrast", ("none", "equalize_hist", "clahe", "log")),
    "preprocess.clip_limit": ("preprocess.contrast", ("none", "equalize_hist", "gamma", "log")),
    "preprocess.border": ("preprocess.region", ("whole", "without_lungs", "lungs_only")),
    "focal_gamma": ("loss", ("cross_entropy",)),
    "split.fold": ("split.folds", (0,)),
}
Figure = Mapping[str, float | None]
PACKAGES = 8  # named in a sentence


def format_value(key: str, value: float | None) -> str:
    """Return a metric for a person.

    >>> format_value("accuracy", 0.8523), format_value("auc", 0.8523), format_value("auc", None)
    ('85.2 %', '0.852', 'none')
    """
    if value is None:
        return CANNOT
    return f"{100 * value:.1f} %" if key in SHARES else f"{value:.3f}".replace("-", "−")


def format_interval(key: str, figure: Figure) -> str:
    """Return a metric's 95% interval for a person; "" where it has none.

    >>> format_interval("auc", {"value": 0.8, "low": 0.7, "high": 0.9})
    '0.700 to 0.900'
    """
    low, high = figure.get("low"), figure.get("high")
    if low is None or high is None:
        return ""
    first = format_value(key, low).removesuffix(" %") if key in SHARES else format_value(key, low)
    return f"{first} to {format_value(key, high)}"


def format_figure(key: str, figure: Figure) -> str:
    """Return a metric and its interval for a person."""
    interval = format_interval(key, figure)
    value = format_value(key, figure["value"])
    return f"{value} ({interval})" if interval else value


def title_of(key: str, report: Mapping[str, Any]) -> str:
    """Return what a metric of a report is called, e.g. "sensitivity of opacity"."""
    if key in OF_POSITIVE:
        return f"{OF_POSITIVE[key][0]} of {report.get('positive', 'the positive class')}"
    title = METRICS[key].title if key in METRICS else key.replace("_", " ")
    # Macro F1 says by its name that it is a mean.
    return f"mean {title}" if report.get("multilabel") and key != "f1_macro" else title


def describe_size(report: Mapping[str, Any], grouped_by: str) -> str:
    """Return of how many images and patients a report is."""
    owner = grouped_by.partition(";")[0]
    images = count_of(report["n"], "image")
    if owner.startswith("image (neither"):
        return f"n = {images}; the patients are not known"
    plural = {"patient": "patients", "study": "studies"}
    if owner in plural:
        return f"n = {images} of {count_of(report['n_patients'], owner, plural[owner])}"
    return f"n = {images} of {report['n_patients']:,} patients or groups"


def describe_result(material: Material) -> str:
    """Return the result in one or two sentences, in natural frequencies where that can be."""
    report = material.report
    size = describe_size(report, str(material.data.get("grouped_by", "")))
    if report.get("multilabel"):
        area = report["metrics"]["auc"]
        measured = sum(row["auc"]["value"] is not None for row in report["per_class"])
        return (
            f"Mean AUC over {measured} of {count_of(len(report['classes']), 'finding')} on the "
            f"{report['subset']} set: {format_figure('auc', area)}; {size}."
        )
    accuracy, majority = report["metrics"]["accuracy"], report["majority"]
    if accuracy["value"] is None:
        return f"Nothing can be computed; {size}."
    interval = ""
    if accuracy["low"] is not None:
        interval = (
            f" (95% interval {100 * accuracy['low']:.0f} to {100 * accuracy['high']:.0f}; {size})"
        )
    return (
        f"Right in {100 * accuracy['value']:.0f} of 100 images of the {report['subset']} set"
        f"{interval or f' ({size})'}. Always answering “{majority['class']}” would be right in "
        f"{100 * majority['accuracy']:.0f}."
    )


def describe_threshold(material: Material) -> str:
    """Return which threshold is kept with the run; "" where the most probable class counts."""
    kept = read_threshold(material.run)
    if kept is None:
        return ""
    words = f" {kept.words.rstrip('.')}." if kept.words else ""
    return (
        f"A threshold is kept with the run: {kept.value:.3f}, chosen on the {kept.chosen_on} set."
        f"{words} The figures here are those of the most probable class."
    )


def list_baselines(report: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return name, accuracy and AUC of what is reached without a look at the pixels."""
    rows = []
    if "majority" in report:
        majority = report["majority"]
        rows.append(
            (
                f"always “{majority['class']}”",
                format_value("accuracy", majority["accuracy"]),
                format_value("auc", 0.5),
            )
        )
    baseline = report.get("columns_baseline") or {}
    if metrics := baseline.get("metrics"):
        names = ", ".join(map(str, baseline.get("columns", [])))
        n = f"; n = {baseline['n']:,}" if "n" in baseline else ""
        rows.append(
            (
                f"logistic regression on {names} alone{n}",
                format_figure("accuracy", metrics["accuracy"]) if "accuracy" in metrics else "",
                format_figure("auc", metrics["auc"]) if "auc" in metrics else "",
            )
        )
    elif missing := baseline.get("missing"):
        rows.append(("columns alone", str(missing), ""))
    return rows


def list_settings(material: Material) -> list[tuple[str, str, bool]]:
    """Return title, value and whether it was changed of each setting of the recipe."""
    recipe = material.recipe
    hidden = hide_in_recipe(recipe, material.workspace)["weights"]
    fields = changeable_fields(recipe) | {"weights": hidden}
    return [
        (field_title(name), _show(name, value), name in recipe.changes)
        for name, value in fields.items()
        # What is off, and was not turned off by hand, says nothing.
        if name in recipe.changes
        or name.endswith("seed")
        or (value not in (None, "", 0, 0.0, False) and _applies(name, fields))
    ]


def _applies(name: str, fields: Mapping[str, Any]) -> bool:
    """Whether a setting does anything: some count only together with another."""
    return name not in DEPENDENT or fields.get(DEPENDENT[name][0]) not in DEPENDENT[name][1]


def list_changes(material: Material) -> list[str]:
    """Return how the recipe differs from the one it was made from, e.g. "Epochs 24 → 2" each."""
    recipe = material.recipe
    parent = PUBLISHED.get(recipe.parent)
    before = changeable_fields(parent) if parent else {}
    return [
        f"{field_title(key)} {_show(key, before.get(key))} → {_show(key, value)}"
        for key, value in recipe.changes.items()
        if key != "weights"
    ]


def _show(field: str, value: Any) -> str:
    return "default" if value is None else value_title(field, value)


def describe_model(material: Material) -> str:
    """Return the network in a phrase."""
    card = MODELS[material.recipe.model]
    size = material.recipe.preprocess.size
    return f"{card.title} ({card.source}), on gray images of {size} × {size} px"


def describe_split(material: Material) -> str:
    """Return how the images were divided, and what is in several subsets all the same."""
    method, data = material.recipe.split.method, material.data
    as_said = material.origin is not None and material.origin.as_said
    words = "As the file says" if as_said else METHOD_TITLES[method]
    if not as_said and (grouped_by := data.get("grouped_by")):
        words += f", {describe_grouping(method, grouped_by)}"
    return f"{words}. {describe_leaks(data)}"


def describe_leaks(data: Mapping[str, Any]) -> str:
    """Return what is in several subsets, counted; or that nothing is, or was counted."""
    kinds, groups = data.get("leaks"), data.get("groups_in_several_subsets")
    if groups is None and kinds is None:
        return "Nobody counted what is in several subsets."
    if groups or any((kinds or {}).values()):
        what = format_leaks(kinds) if kinds else f"{groups:,} patients or identical files"
        return f"In several subsets: {what}."
    return "No patient and no identical file is in two subsets."


def list_subsets(material: Material) -> tuple[list[str], list[list[str]]]:
    """Return the head and the rows of a table of the subsets: images of each class."""
    subsets = material.data.get("subsets", {})
    classes = list(dict.fromkeys(name for counts in subsets.values() for name in counts))
    n_images = material.data.get("n_images") or {}
    rows = []
    for subset in (name for name in SUBSETS if name in subsets):
        counts = subsets[subset]
        total = n_images.get(subset, sum(counts.values()))
        rows.append([subset, *(f"{counts.get(name, 0):,}" for name in classes), f"{total:,}"])
    return ["subset", *classes, "images"], rows


def list_people(material: Material) -> tuple[list[str], list[list[str]]]:
    """Return the head and the rows of a table of the patients: how many, their age and sex."""
    people = material.people
    if people.empty or people[["age", "gender"]].isna().all(axis=None):
        return [], []
    rows = []
    for subset in SUBSETS:
        part = people[people["subset"] == subset]
        if part.empty:
            continue
        ages = pd.to_numeric(part["age"], errors="coerce")
        known = ages.dropna()
        age = f"{known.mean():.0f} ± {known.std(ddof=0):.0f}" if len(known) else "unknown"
        if len(known) < len(part):
            age += f" (known of {len(known):,})" if len(known) else ""
        sexes = part["gender"].dropna().astype(str).value_counts()
        sex = ", ".join(f"{name} {n:,}" for name, n in sexes.items()) or "unknown"
        if 0 < sexes.sum() < len(part):
            sex += f", unknown {len(part) - int(sexes.sum()):,}"
        rows.append([subset, f"{len(part):,}", f"{part['group'].nunique():,}", age, sex])
    return ["subset", "images", "patients or groups", "age, years (mean ± SD)", "sex"], rows


def describe_choice(material: Material) -> str:
    """Return ", on which the epoch was chosen" of the validation set, where it was."""
    chose = not material.origin and material.recipe.selected_epoch == "best"
    return ", on which the epoch was chosen" if chose else ""


def list_limits(material: Material) -> list[str]:
    """Return what must be known before the figures are believed, most important first."""
    report, data, recipe = material.report, material.data, material.recipe
    limits = []
    if material.closed:
        limits.append(
            "The test set has not been opened: all figures are of the validation set"
            f"{describe_choice(material)}. Expect less on new images."
        )
    elif report["subset"] == "validation":
        limits.append(
            "There is no test set: all figures are of the validation set. Expect less on new "
            "images."
        )
    if report.get("watched"):
        limits.append("The test set was watched as the validation set, too: its figures flatter.")
    if material.origin and material.origin.doubt:
        limits.append(material.origin.doubt)
    if data.get("groups_in_several_subsets") or any((data.get("leaks") or {}).values()):
        limits.append(f"{describe_leaks(data)} The result looks better than it is.")
    absent = [row["class"] for row in report["per_class"] if not row["n"]]
    if absent and not report.get("multilabel"):
        limits.append(format_absence(report["subset"], absent))
    few = [row["class"] for row in report["per_class"] if row.get("too_few") and row["n"]]
    if few:
        limits.append(f"Too few patients to say anything of: {', '.join(few)}.")
    limits += [
        f"{check.title} {check.evidence}"
        for check in material.checks
        if check.severity == "serious"
    ]
    if unread := len(data.get("unreadable", [])):
        limits.append(f"Not read, and in no subset: {count_of(unread, 'image file')}.")
    limits += [str(words) for words in data.get("left_out", [])]
    if all(external.n_known for external in material.externals):
        limits.append("Not tested on images of another hospital or source.")
    if not material.origin:
        limits.append(
            f"One training with one random seed ({recipe.seed}): another seed gives other figures, "
            "which the intervals do not cover."
        )
    limits += [f"Known of the dataset: {words}" for words in material.reader.known_issues]
    return [*limits, LEARNING]


def describe_time(material: Material) -> str:
    """Return when the run was made, and how long it took."""
    status = material.status
    begin, end = parse_time(status.started_at), parse_time(status.ended_at)
    if not end:
        return ""
    day = f"{end:%Y-%m-%d}"
    if not begin:
        return day
    minutes = (end - begin).total_seconds() / 60
    length = f"{minutes:.0f} min" if minutes >= 2 else f"{60 * minutes:.0f} s"
    return f"{day}, {length} from start to result"


def describe_environment(material: Material) -> str:
    """Return on what and with which versions it was trained, a sentence; "" if nobody wrote it."""
    environment = material.environment
    if not environment:
        return ""
    packages: Mapping[str, str] = environment.get("packages") or {}
    versions = ", ".join(f"{name} {version}" for name, version in list(packages.items())[:PACKAGES])
    return (
        f"Python {environment.get('python', '?')}, {versions}; Keras on "
        f"{environment.get('backend', '?')}; {environment.get('device', '?')}; "
        f"{environment.get('platform', '?')}."
    )
