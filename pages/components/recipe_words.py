"""A recipe for a person: what it is, and what was changed in it."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.components.frame import escape_markdown
from xray_core.evaluation.metrics import METRICS, OF_POSITIVE
from xray_core.literature import results_of
from xray_core.models import MODELS, RUN_OF
from xray_core.recipes import (
    ANY_DATASET,
    CORRECTED,
    PROPER,
    PUBLISHED,
    WATCHED,
    Recipe,
    changeable_fields,
)
from xray_core.recipes.titles import field_title, value_title

AREA = "auc_"  # begins the key of the AUC of one finding of several
OWN = "X-ray Lab"  # origin of the recipes that nobody published before
TWINS = {  # what ends a recipe's name -> what was done to the published one
    CORRECTED: "corrected",
    PROPER: "divided as the source meant it",
    WATCHED: "the test set watched",
}
# Figures of which no page shows a share of images.
NO_SHARES = ("auc", "dice")
METRIC_NAMES = {
    **{key: metric.title for key, metric in METRICS.items()},
    **{key: title for key, (title, _) in OF_POSITIVE.items()},
    "dice": "Dice",
    "iou": "IoU",
}
# What a class has figures of, by the beginning of their keys.
KINDS_OF_CLASS = {kind: kind for kind in ("recall", "precision", "specificity")} | {
    "f1": "F1",
    "auc": "AUC",
}


def show_changes(recipe: Recipe, before: str = "") -> None:
    """Say in one line how a recipe differs from the published one that it was made from."""
    words = describe_changes(recipe)
    st.caption(
        f"{escape_markdown(before)} · {words}" if before else f"{words[0].upper()}{words[1:]}"
    )


def describe_changes(recipe: Recipe) -> str:
    """Return e.g. "changed: Image size, px 96 → 64", for Markdown, or that nothing was changed."""
    changes = format_changes(recipe)
    return f"changed: {changes}" if changes else unchanged(recipe)


def unchanged(recipe: Recipe) -> str:
    """Return how a recipe is called in which nothing was changed."""
    if recipe.origin == OWN:
        return "unchanged"
    for end, words in TWINS.items():
        if recipe.name.endswith(end):
            return f"{words}, nothing else changed"
    return "as published, nothing changed"


def format_changes(recipe: Recipe) -> str:
    """Return e.g. "Image size, px 96 → 64", escaped for Markdown."""
    return ", ".join(map(escape_markdown, list_changes(recipe)))


def list_changes(recipe: Recipe) -> list[str]:
    """Return what was changed, e.g. "Image size, px 96 → 64" each, as plain text.

    The task of a recipe for any dataset is no change: it has none of its own.
    """
    parent = PUBLISHED.get(recipe.parent)
    before: Mapping[str, Any] = changeable_fields(parent) if parent else {}
    return [
        f"{field_title(key)} {_show(key, before.get(key))} → {_show(key, value)}"
        for key, value in recipe.changes.items()
        if key != "task" or recipe.parent not in ANY_DATASET
    ]


def name_landmark(recipe: Recipe) -> str:
    """Return whose figures stand beside an unpublished recipe, e.g. "the thesis, Xception".

    Returns:
        "" where the figures are those of the recipe itself.
    """
    name = recipe.parent or recipe.name
    rows = results_of(name)
    if not rows or rows[0].recipe == name:
        return ""
    published = PUBLISHED[rows[0].recipe]
    origin = "the thesis" if published.origin.endswith("thesis") else published.origin
    return f"{origin}, {MODELS[published.model].title}"


def format_published(recipe: Recipe, at_most: int | None = None) -> str:
    """Return the source's figures, e.g. "accuracy 86.0%"; "" where none is published.

    Args:
        recipe: of the source.
        at_most: how many figures, accuracy first; None for all.
    """
    own = {name: value for name, value in recipe.published.items() if not name.startswith(AREA)}
    figures = sorted(own.items(), key=lambda figure: figure[0] != "accuracy")
    several = recipe.multilabel
    words = [
        f"{metric_name(name, several)} {_format_value(name, value)}" for name, value in figures
    ]
    areas = [value for name, value in recipe.published.items() if name.startswith(AREA)]
    if areas:
        words.append(f"AUC of {len(areas)} findings {min(areas):.3f} to {max(areas):.3f}")
    return ", ".join(words[:at_most])


def _format_value(name: str, value: float) -> str:
    return f"{value:.3f}" if name == "auc" else f"{value:.1%}"


def metric_name(key: str, several: bool = False) -> str:
    """Return a metric's key as words: "recall_normal" → "recall of normal".

    Args:
        key: of a report or of a recipe's published figures.
        several: whether it is one of several findings at once: their AUC is a mean.
    """
    if several and key == "auc":
        return "mean AUC"
    kind, _, name = key.partition("_")
    if kind in KINDS_OF_CLASS and name and key not in METRIC_NAMES:
        return f"{KINDS_OF_CLASS[kind]} of {name.replace('_', ' ')}"
    return METRIC_NAMES.get(key, key)


def _show(field: str, value: Any) -> str:
    if field == "weights" and isinstance(value, str):
        return format_weights(value)
    return "default" if value is None else value_title(field, value)


def format_weights(weights: str) -> str:
    """Return what a network begins with as words; of most it is the value itself."""
    if weights.startswith(RUN_OF):
        name = weights.removeprefix(RUN_OF)
        return f"The newest run of {PUBLISHED[name].title if name in PUBLISHED else name}"
    return value_title("weights", weights)
