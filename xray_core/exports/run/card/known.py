"""What is known of a run that a checklist asks for: key -> plain text."""

from collections.abc import Mapping
from typing import Any

from xray_core.audit.issue import count_of
from xray_core.evaluation.intervals import N_ROUNDS
from xray_core.exports.run.facts import (
    LEARNING,
    describe_environment,
    describe_leaks,
    describe_model,
    describe_result,
    describe_size,
    describe_split,
    describe_threshold,
    format_figure,
    list_baselines,
    list_limits,
    list_people,
    list_settings,
    list_subsets,
    title_of,
)
from xray_core.exports.run.material import External, Material
from xray_core.exports.run.paths import hide_in_recipe
from xray_core.recipes import Recipe, changeable_fields
from xray_core.recipes.titles import field_title, value_title
from xray_core.runs.origin import AVERAGE

PREPARING, CHANGING, LEARNT = "preprocess.", "augment.", "phases."


def list_known(material: Material) -> dict[str, str]:
    """Return what is known, key -> sentence; a key without anything known is left out.

    Raises:
        RunError: the run has no result that may be shown.
    """
    recipe, report, data = material.recipe, material.report, material.data
    known = {
        "kind": f"Deep learning: a convolutional neural network. {material.question}",
        "question": f"A network was to answer: {material.question}",
        "use": f"{LEARNING} Its users are students; it has no clinical role.",
        "result": describe_result(material),
        "design": "Retrospective: the images had been taken and labelled before.",
        "source": _describe_source(material),
        "labels": (
            f"The labels are those that the dataset came with. Classes: "
            f"{', '.join(report['classes'])}."
        ),
        "size": _describe_size(material),
        "metrics": f"{', '.join(title_of(key, report) for key in report['metrics'])}.",
        "uncertainty": f"95% intervals, of {N_ROUNDS:,} resamplings of whole patients.",
        "internal": (
            f"On the {report['subset']} set of the same dataset: "
            f"{describe_size(report, str(data.get('grouped_by', '')))}."
        ),
        "external": _describe_externals(material),
        "performance": "; ".join(
            f"{title_of(key, report)} {format_figure(key, figure)}"
            for key, figure in report["metrics"].items()
        )
        + ".",
        "baselines": " ".join(
            f"Beside it, {name}: accuracy {accuracy}, AUC {area}."
            if area
            else f"{name[0].upper()}{name[1:]}: {accuracy}."
            for name, accuracy, area in list_baselines(report)
        ),
        "accuracy": _describe_classes(report),
        "failures": _describe_failures(report),
        "limits": " ".join(list_limits(material)),
        "predictors": _describe_predictors(recipe),
        "readers": "" if recipe.tabular else "None: the pixels need no reader.",
        "output": f"{_describe_output(report)} {describe_threshold(material)}".strip(),
        "people": _format_rows(*list_people(material)),
        "counts": _format_rows(*list_subsets(material)),
        "eligibility": " ".join(str(words) for words in data.get("left_out", [])),
    }
    known |= _describe_untrained(material) if material.origin else _describe_training(material)
    return {key: words for key, words in known.items() if words}


def _describe_training(material: Material) -> dict[str, str]:
    """Return what only a training of ours can say."""
    recipe, data = material.recipe, material.data
    chosen = "the last" if recipe.selected_epoch == "last" else "that of the lowest validation loss"
    return {
        "split": describe_split(material),
        "disjoint": (
            f"Kept together: {data['grouped_by']}. {describe_leaks(data)}"
            if "grouped_by" in data
            else ""
        ),
        "selection": recipe.selection
        and value_title("selection", recipe.selection)
        or "All images of the dataset that the task gives a label.",
        "missing": _describe_missing(material),
        "preprocessing": _list_settings(material, PREPARING)
        + " Each image is read as gray levels, and values are scaled within the network.",
        "augmentation": f"Random changes of training images: {_list_settings(material, CHANGING)}",
        "model": f"{describe_model(material)}.",
        "software": describe_environment(material),
        "weights": f"{value_title('weights', _cut(material))}; random seed {recipe.seed}.",
        "training": _list_settings(material, LEARNT)
        + f" {field_title('batch_size')} {recipe.batch_size}; "
        f"{field_title('loss').lower()} {value_title('loss', recipe.loss)}.",
        "chosen": (
            f"Of {count_of(len(material.epochs), 'epoch')} {chosen} was kept"
            + (
                f", number {material.epochs['best_epoch'].iloc[-1]}."
                if len(material.epochs)
                else "."
            )
        ),
        "ensemble": "None: one network.",
        "imbalance": (
            f"{field_title('class_weights')}: "
            f"{value_title('class_weights', recipe.class_weights)}; "
            f"{field_title('sampling').lower()}: {value_title('sampling', recipe.sampling)}. "
            + (
                "Probabilities were calibrated on the validation set."
                if recipe.calibrate
                else "Probabilities were not recalibrated."
            )
        ),
        "updating": "None.",
        "protocol": (
            "recipe.json in the run folder has every setting, the network is "
            "checkpoints/best.keras, and train.py trains it anew without X-ray Lab."
        ),
        "availability": (
            "Network, script, predictions and notebook are in the archive that this card came "
            "with. The images are where the dataset's authors publish them."
        ),
    }


def _describe_untrained(material: Material) -> dict[str, str]:
    """Return what can be said of predictions that no training here made."""
    origin = material.origin
    assert origin is not None  # its caller asked
    words = f"{origin.words}. {' '.join(origin.remarks)}".strip()
    members = f"The mean of the probabilities of {', '.join(origin.members)}."
    return {
        "model": words,
        "ensemble": members if origin.kind == AVERAGE else "",
        "split": describe_split(material),
        "missing": _describe_missing(material),
        "availability": "Predictions and notebook are in the archive that this card came with.",
    }


def _describe_source(material: Material) -> str:
    reader = material.reader
    parts = (reader.title, reader.citation, reader.address, f"Licence: {reader.licence}")
    return " ".join(f"{part.rstrip('.')}." for part in parts if part and part != "Licence: ")


def _describe_size(material: Material) -> str:
    report = material.report
    size = describe_size(report, str(material.data.get("grouped_by", "")))
    return f"{size} in the {report['subset']} set: what the dataset and the split gave."


def _describe_missing(material: Material) -> str:
    data, left = material.data, len(material.report["left_out"])
    unread = len(data.get("unreadable", []))
    words = f"{count_of(unread, 'image file')} could not be read and were left out; "
    words += f"{count_of(left, 'evaluated image')} had no prediction. Nothing was imputed."
    if material.recipe.tabular:
        words = words.replace(
            "Nothing was imputed.", "Gaps in the columns were filled as `tabular.json` says."
        )
    return words


def _describe_externals(material: Material) -> str:
    if not material.externals:
        return "Not done."
    return " ".join(map(_describe_external, material.externals))


def _describe_external(external: External) -> str:
    report, images = external.report, count_of(external.report["n"], "image")
    if external.n_known:
        return (
            f"On {external.name} none that counts: of {images} the network knows "
            f"{external.n_known:,}, from its training or of the same patients; they were "
            "kept on request."
        )
    return f"On {external.name}: {images}, AUC {format_figure('auc', report['metrics']['auc'])}."


def _describe_classes(report: Mapping[str, Any]) -> str:
    words = []
    for row in report["per_class"]:
        few = ", too few patients to say" if row.get("too_few") else ""
        recall = format_figure("sensitivity", row["recall"])
        part = f"{row['class']} (n = {row['n']:,}{few}): sensitivity {recall}"
        if row.get("specificity") is not None:
            figure = {
                "value": row["specificity"],
                "low": row.get("specificity_low"),
                "high": row.get("specificity_high"),
            }
            part += f", specificity {format_figure('specificity', figure)}"
        words.append(part)
    return "; ".join(words) + "."


def _describe_failures(report: Mapping[str, Any]) -> str:
    if "confusion" not in report:
        return ""
    names = report["classes"]
    wrong = [
        f"{n:,} of {sum(row):,} “{actual}” called “{said}”"
        for actual, row in zip(names, report["confusion"], strict=True)
        for said, n in zip(names, row, strict=True)
        if actual != said and n
    ]
    return "; ".join(wrong) + "." if wrong else "No image was predicted wrongly."


def _describe_predictors(recipe: Recipe) -> str:
    beside = ", ".join(value_title("tabular", column) for column in recipe.tabular)
    return f"The pixels of one image, all of them{f', and {beside}' if beside else ''}."


def _describe_output(report: Mapping[str, Any]) -> str:
    if not report.get("multilabel"):
        return "A probability for each class; predicted is the most probable one."
    limits = report.get("thresholds")
    chosen = f", chosen on the {limits['chosen_on']} set" if limits else ""
    return f"A probability for each finding; each is called from a threshold of its own{chosen}."


def _list_settings(material: Material, start: str) -> str:
    recipe = material.recipe
    titles = {field_title(name) for name in changeable_fields(recipe) if name.startswith(start)}
    rows = [f"{title} {value}" for title, value, _ in list_settings(material) if title in titles]
    return f"{'; '.join(rows)}." if rows else "none."


def _cut(material: Material) -> str:
    return str(hide_in_recipe(material.recipe, material.workspace)["weights"])


def _format_rows(head: list[str], rows: list[list[str]]) -> str:
    """Return a table in one line."""
    return " ".join(
        f"{row[0]}: "
        + ", ".join(f"{name} {cell}" for name, cell in zip(head[1:], row[1:], strict=True))
        + "."
        for row in rows
    )
