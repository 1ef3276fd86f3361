"""A recipe in words: what it is, and what a changed recipe changes in it."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.components.frame import escape_markdown
from xray_core.models import ASK, RUN_OF
from xray_core.recipes import PUBLISHED, Recipe, changeable_fields

METRIC_NAMES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "auc": "AUC",
    "f1_macro": "macro F1",
}


def show_changes(recipe: Recipe, before: str = "") -> None:
    """Say in one line how a recipe differs from the published one that it was made from."""
    words = f"{escape_markdown(before)} · " if before else ""
    if recipe.changes:
        words += f"changed: {format_changes(recipe)}"
    else:
        words += "as published, nothing changed"
    st.caption(words)


def format_changes(recipe: Recipe) -> str:
    """Return e.g. "preprocess.size 96 → 64", escaped for Markdown."""
    parent = PUBLISHED.get(recipe.parent)
    before: Mapping[str, Any] = changeable_fields(parent) if parent else {}
    return ", ".join(
        escape_markdown(f"{key} {_show(before.get(key))} → {_show(value)}")
        for key, value in recipe.changes.items()
    )


def format_published(recipe: Recipe) -> str:
    """Return the source's figures, e.g. "accuracy 86.0%"; "" where none is published."""
    return ", ".join(f"{metric_name(name)} {value:.1%}" for name, value in recipe.published.items())


def metric_name(key: str) -> str:
    """Return a metric's key as words: "recall_normal" → "recall of normal"."""
    kind, _, name = key.partition("_")
    if kind in ("recall", "precision"):
        return f"{kind} of {name.replace('_', ' ')}"
    return METRIC_NAMES.get(key, key)


def _show(value: Any) -> str:
    if value is None:
        return "default"
    return f"{value:g}" if isinstance(value, float) else str(value)


def format_weights(weights: str) -> str:
    """Return what a network begins with as words; of most it is the value itself."""
    if weights == ASK:
        return "a file that only you can have"
    if weights.startswith(RUN_OF):
        return f"the newest run of {weights.removeprefix(RUN_OF)}"
    return weights
