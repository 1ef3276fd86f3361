"""The what-if form: a widget for each field of a recipe that may be changed."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from xray_core.labels import find_view, views_of
from xray_core.models import HEADS, MODELS
from xray_core.preprocess.spec import CONTRASTS, RESIZES
from xray_core.recipes import Recipe, changeable_fields
from xray_core.recipes.schema import (
    CLASS_WEIGHTS,
    JUDGED_EPOCHS,
    OPTIMIZERS,
    PRECISIONS,
    SCHEDULES,
    TRAINABLE,
)
from xray_core.splits import METHODS

WEIGHTS = ("random", "imagenet", "a file")
CHOICES = {
    "preprocess.resize": RESIZES,
    "preprocess.contrast": CONTRASTS,
    "class_weights": CLASS_WEIGHTS,
    "judged_epoch": JUDGED_EPOCHS,
    "precision": PRECISIONS,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "trainable": TRAINABLE,
    "head": HEADS,
}
# Tab -> the fields in it, and those that begin with a prefix; in this order.
TABS = {
    "Training": (
        "phases.",
        "batch_size",
        "class_weights",
        "precision",
        "finer_targets",
        "judged_epoch",
        "average_mirror",
        "calibrate",
        "seed",
        "weights",
        "model_options.",
    ),
    "Images": ("preprocess.",),
    "Augmentation": ("augment.",),
    "Labels and split": ("label_view", "split."),
}
LABELS = {
    "size": "Image size, px",
    "learning_rate": "Learning rate",
    "patience": "Patience, epochs",
    "rotation": "Rotation, ± degrees",
    "shear": "Shear, ± degrees",
    "zoom": "Zoom, ± fraction",
    "shift": "Shift, ± fraction",
    "label_view": "Label view",
    "split.seed": "Split seed",
    "folds": "Folds",
    "fold": "Fold that is tested",
    "split.method": "Split by",
    "validation": "Validation, fraction",
    "test": "Test, fraction",
}
HELP = {
    "patience": "Stop after so many epochs without a lower validation loss; 0 never stops early.",
    "schedule": "cosine: the learning rate falls to zero over the epochs of the phase.",
    "trainable": "head: the pretrained part is frozen.",
    "class_weights": "balanced: an image of a rare class counts for more.",
    "split.method": "patient: no patient in two parts. clean: nor identical pixels. published: the "
    "authors' test part. production: a union's hidden test. image: patients leak.",
    "allow_leaks": "Train although patients are in several parts; the run then says so.",
    "test": "0: there is no test part, and the validation part judges.",
    "folds": "0: one split. Else the images are divided into so many parts, and one of them tests.",
    "finer_targets": "Learn each combination of published labels as a class of its own, and add up "
    "the probabilities.",
    "judged_epoch": "best: of the lowest validation loss. last: suits a rate that falls to zero.",
    "average_mirror": "The final predictions are the mean over each image and its mirror image.",
    "calibrate": "Scale and shift the final probabilities to fit the validation part.",
    "precision": "mixed_bfloat16 can double the speed, or slow it: see the measured cost.",
    "seed": "Of weights, order and augmentation.",
    "resize": "squash ignores the proportions; pad keeps them and adds black borders.",
}
PRETRAINED_ONLY = ("weights", "trainable")
N_COLUMNS = 3


def show_form(recipe: Recipe, methods: Sequence[str]) -> dict[str, Any]:
    """Show a widget for each changeable field; return field -> value, changed or not.

    What was typed is kept for each recipe while the session lasts.

    Args:
        recipe: where the form begins.
        methods: the ways to split that fit the dataset.
    """
    fields = changeable_fields(recipe)
    if not MODELS[recipe.model].pretrained:
        # Nothing to choose: its weights are random, and there is no base to freeze.
        fields = {k: v for k, v in fields.items() if k.rpartition(".")[2] not in PRETRAINED_ONLY}
    values: dict[str, Any] = {}
    for tab, (_, prefixes) in zip(st.tabs(list(TABS)), TABS.items(), strict=True):
        with tab:
            shown = [key for prefix in prefixes for key in fields if _belongs(key, prefix)]
            columns = st.columns(N_COLUMNS)
            for number, key in enumerate(shown):
                with columns[number % N_COLUMNS]:
                    values[key] = _show_field(recipe, key, fields[key], methods)
    st.button(
        "Back to the published settings",
        icon=":material/undo:",
        type="tertiary",
        on_click=_reset,
        args=(recipe, fields),
    )
    return values


def change_field(recipe: Recipe, field: str, value: Any) -> None:
    """Enter `value` into the recipe's form, before the form is shown."""
    st.session_state[_widget_key(recipe, field)] = value


def _belongs(key: str, prefix: str) -> bool:
    return key.startswith(prefix) if prefix.endswith(".") else key == prefix


def _show_field(recipe: Recipe, field: str, value: Any, methods: Sequence[str]) -> Any:
    last = field.rpartition(".")[2]
    label = LABELS.get(field) or LABELS.get(last) or last.replace("_", " ").capitalize()
    if field.startswith("phases.") and len(recipe.phases) > 1:
        label = f"{field.split('.')[1].replace('_', ' ')}: {label[0].lower()}{label[1:]}"
    shared: dict[str, Any] = {
        "label": label,
        "key": _widget_key(recipe, field),
        "help": HELP.get(field) or HELP.get(last),
        "persist_state": "session",
    }
    if field == "label_view":
        views = [name for name, view in views_of(recipe.dataset).items() if not view.multilabel]
        words = {name: f"{name}: {find_view(name).question}" for name in views}
        return st.selectbox(
            options=views, index=views.index(value), format_func=words.__getitem__, **shared
        )
    if field == "weights":
        return _show_weights(value, shared)
    choices = CHOICES.get(field) or CHOICES.get(last)
    if field == "split.method":
        choices = [method for method in METHODS if method in methods or method == value]
    if choices:
        return st.selectbox(options=choices, index=choices.index(value), **shared)
    if isinstance(value, bool):
        return st.toggle(value=value, **shared)
    # No limits here: the recipe knows them, and says in words which one was crossed.
    if isinstance(value, int):
        return st.number_input(value=value, step=1, **shared)
    step = 0.05 if value >= 0.01 or value == 0 else value / 10
    return st.number_input(value=float(value), step=step, format="%g", **shared)


def _show_weights(value: str, shared: dict[str, Any]) -> str:
    index = WEIGHTS.index(value) if value in WEIGHTS else len(WEIGHTS) - 1
    chosen = st.selectbox(options=WEIGHTS, index=index, **shared)
    if chosen != WEIGHTS[-1]:
        return str(chosen)
    return st.text_input(
        "Path of the weights file",
        key=f"{shared['key']}_path",
        help="A file of weights without top, on the machine that runs this app.",
        persist_state="session",
    ).strip()


def _widget_key(recipe: Recipe, field: str) -> str:
    return f"what_if.{recipe.name}.{field}"


def _reset(recipe: Recipe, fields: dict[str, Any]) -> None:
    for field, value in fields.items():
        change_field(recipe, field, value)
