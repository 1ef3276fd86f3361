"""The verdict in one sentence, and what speaks against trusting it."""

from html import escape
from pathlib import Path
from typing import Any

import streamlit as st

from pages.components.frame import escape_markdown, format_message, show_errors
from pages.components.mask_words import format_masks_verdict
from pages.components.origin import read_origin_of
from xray_core.audit.issue import count_of
from xray_core.evaluation.columns_baseline import name_columns
from xray_core.evaluation.diagnose import diagnose_run
from xray_core.evaluation.training_checks.history import CheckResult
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.splits import format_absence

N_NAMED = 4  # findings that a verdict names
WATCHED = ("metrics.jsonl", "status.json", "report.json", "data.json", "recipe.json")


def show_verdict_line(report: dict[str, Any], grouped_by: str = "") -> None:
    """Say in how many of a hundred images the network is right, and what is easily reached."""
    st.html(f'<h2 class="verdict">{format_verdict(report, grouped_by)}</h2>')


def format_verdict(report: dict[str, Any], grouped_by: str = "") -> str:
    """Return the verdict as HTML, in natural frequencies.

    Args:
        report: as `evaluation.build_report` returns.
        grouped_by: see `format_owners`.
    """
    if report.get("masks"):
        return format_masks_verdict(report, format_owners(report, grouped_by))
    if report.get("multilabel"):
        return _format_findings_verdict(report, grouped_by)
    accuracy, majority = report["metrics"]["accuracy"], report["majority"]
    right = f"{100 * accuracy['value']:.0f}"
    interval = ""
    if accuracy["low"] is not None:
        interval = f"{100 * accuracy['low']:.0f} to {100 * accuracy['high']:.0f}; "
    constant = (
        f"Always answering “{escape(majority['class'])}” would be right in "
        f"{100 * majority['accuracy']:.0f}."
    )
    if only := find_only_answer(report):
        constant += f" It answers “{escape(only)}” to every image: it tells no classes apart."
    return (
        f"Right in {right} of 100 {escape(report['subset'])} images "
        f"<small>({interval}n = {report['n']:,}, {format_owners(report, grouped_by)})"
        f"</small>. {constant}{_format_columns(report, 'accuracy')}"
    )


def _format_columns(report: dict[str, Any], key: str) -> str:
    """Return what is reached without the pixels, as HTML; "" where nobody computed it."""
    baseline = report.get("columns_baseline") or {}
    figure = baseline.get("metrics", {}).get(key)
    if not figure or figure["value"] is None:
        return ""
    names = escape(name_columns(baseline))
    if key == "accuracy":
        reached = "{:.0f} <small>({:.0f} to {:.0f})</small>"
        reached = reached.format(*(100 * figure[end] for end in ("value", "low", "high")))
    else:
        reached = "{value:.2f} <small>({low:.2f} to {high:.2f})</small>".format(**figure)
    return f" From {names} alone, without the image: {reached}."


def find_only_answer(report: dict[str, Any]) -> str:
    """Return the class that is answered to every image; "" where there are several."""
    answered = [sum(column) for column in zip(*report["confusion"], strict=True)]
    names = [name for name, n in zip(report["classes"], answered, strict=True) if n]
    return str(names[0]) if len(names) == 1 else ""


def format_owners(report: dict[str, Any], grouped_by: str) -> str:
    """Return of how many patients the images are, as far as patients are known.

    Args:
        report: of the images.
        grouped_by: as data.json has it; "" if not known.
    """
    if grouped_by.startswith("image (neither"):
        return "patients unknown"
    owners = {"patient": "patients", "study": "studies"}
    owner, n = grouped_by.partition(";")[0], report["n_patients"]
    if owner in owners:
        return f"of {count_of(n, owner, owners[owner])}"
    return f"of {n:,} patients or groups"


def _format_findings_verdict(report: dict[str, Any], grouped_by: str) -> str:
    area, rows = report["metrics"]["auc"], report["per_class"]
    n = f"n = {report['n']:,}, {format_owners(report, grouped_by)}"
    measured = sum(row["auc"]["value"] is not None for row in rows)
    over = f"over {measured} finding{'s' * (measured != 1)}"
    if measured < len(rows):
        over = f"over {measured} of {len(rows)} findings"
    few = [row["class"] for row in rows if row["too_few"] and row["auc"]["value"] is not None]
    names = escape(", ".join(few)) if len(few) <= N_NAMED else f"{len(few)} of them, pale below"
    note = f" <small>Too few patients to say anything of {names}.</small>" if few else ""
    if area["value"] is None:
        return f"No AUC can be computed <small>({n})</small>."
    interval = "" if area["low"] is None else f"{area['low']:.2f} to {area['high']:.2f}; "
    return (
        f"Mean AUC {area['value']:.2f} {over} <small>({interval}{n})</small>. Of 100 pairs of an "
        f"image with a finding and one without, {100 * area['value']:.0f} are put in the right "
        f"order; guessing gets 50.{_format_columns(report, 'auc')}{note}"
    )


def _format_unmeasured(report: dict[str, Any]) -> str:
    """Return why some of several findings have no AUC, in plain text; "" where all have one."""
    rows = [row for row in report["per_class"] if row["auc"]["value"] is None]
    reasons = {
        "No image of the {subset} set has {names}.": lambda row: row["n_absent"] and not row["n"],
        "Every image of the {subset} set of which it is known has {names}.": lambda row: (
            row["n"] and not row["n_absent"]
        ),
        "Of no image of the {subset} set it is known whether it has {names}.": lambda row: (
            not row["n"] and not row["n_absent"]
        ),
    }
    words = [
        sentence.format(subset=report["subset"], names=", ".join(names))
        for sentence, applies in reasons.items()
        if (names := [row["class"] for row in rows if applies(row)])
    ]
    return " ".join([*words, "The means are those over the other findings."]) if words else ""


def list_choices(recipe: Recipe, report: dict[str, Any]) -> list[str]:
    """Return what a training took from the images that it was validated on, in words."""
    choices = {
        "its best epoch": recipe.selected_epoch == "best",
        "its stop": any(phase.patience for phase in recipe.phases),
        "its learning rate": any(phase.schedule == "plateau" for phase in recipe.phases),
        "its thresholds": bool(report.get("thresholds")),
    }
    return [words for words, applies in choices.items() if applies]


def show_doubts(run: Run, recipe: Recipe, report: dict[str, Any], *, closed: bool = False) -> None:
    """Say what must be known before the figures are believed; most runs have nothing of it.

    Args:
        run: evaluated.
        recipe: its own.
        report: that is shown.
        closed: whether there is a test set that nobody has opened, so that it is the validation's.
    """
    choices = ", ".join(list_choices(recipe, report))
    if report["subset"] == "validation" and not closed:
        chose = f", which the training also went by ({choices}): expect less on new images."
        none = (
            ". This training took nothing from it; who compares recipes by it should expect less "
            "on new images."
        )
        if read_origin_of(run) is not None:
            none = "."
        st.warning(
            f"There is no test set. Here it is the validation set{chose if choices else none}",
            icon=":material/warning:",
        )
    if report.get("watched"):  # reports of older runs do not say
        st.warning(
            "The test set was watched as the validation set, too"
            + (f": the training went by it ({choices})." if choices else ".")
            + " Expect less on new images.",
            icon=":material/warning:",
        )
    if words := format_absent(report):
        st.warning(escape_markdown(words), icon=":material/warning:")
    with show_errors():
        doubts = [check for check in diagnose_ended(run) if check.severity == "serious"]
    if doubts:
        st.error(
            "  \n".join(
                f"**{format_message(doubt.title)}** {format_message(doubt.evidence)}"
                for doubt in doubts
            ),
            icon=":material/error:",
        )


def format_absent(report: dict[str, Any]) -> str:
    """Return which classes the evaluated images do not show, and what that costs; "" for none."""
    if report.get("masks"):
        return ""
    if report.get("multilabel"):
        return _format_unmeasured(report)
    absent = [row["class"] for row in report["per_class"] if not row["n"]]
    return format_absence(report["subset"], absent) if absent else ""


def diagnose_ended(run: Run) -> list[CheckResult]:
    """Return what `diagnose_run` says of an ended run; looked at again when a file of it changes.

    Raises:
        RunError: see `diagnose_run`.
    """
    return _diagnose(str(run.folder), tuple(_stamp(run.folder / name) for name in WATCHED))


@st.cache_resource(max_entries=64, show_spinner=False)
def _diagnose(folder: str, stamps: tuple[int, ...]) -> list[CheckResult]:
    return diagnose_run(Run(Path(folder)))


def _stamp(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0
