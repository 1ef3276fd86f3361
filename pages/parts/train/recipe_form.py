"""The what-if form: a widget for each field of a recipe that may be changed."""

import itertools
from collections.abc import Sequence
from typing import Any

import streamlit as st

from xray_core.labels import find_view, views_of
from xray_core.models import HEADS, MODELS, RUN_MODEL
from xray_core.preprocess.spec import CONTRASTS, RESIZES
from xray_core.recipes import Recipe, changeable_fields
from xray_core.recipes.phase import BATCH_NORMS, DROPPING, OPTIMIZERS, SCHEDULES, TRAINABLE
from xray_core.recipes.schema import (
    CLASS_WEIGHTS,
    FOCAL_GAMMA,
    JUDGED_EPOCHS,
    LOSSES,
    PRECISIONS,
    SAMPLINGS,
)
from xray_core.splits import METHODS

FILE = "a file"
WEIGHTS = ("random", "imagenet", FILE)
OWN_WEIGHTS = ("random", FILE)  # of a model without published weights
CHOICES = {
    "preprocess.resize": RESIZES,
    "preprocess.contrast": CONTRASTS,
    "class_weights": CLASS_WEIGHTS,
    "judged_epoch": JUDGED_EPOCHS,
    "precision": PRECISIONS,
    "loss": LOSSES,
    "sampling": SAMPLINGS,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "head": HEADS,
    "batch_norm": BATCH_NORMS,
    "trainable": (*TRAINABLE, "top:0.3"),
}
OPEN_CHOICES = ("trainable",)  # any other text may be entered, too
# Field -> the one beside it that it belongs to, that one's values with which it has a meaning, and
# its value otherwise, when it is not shown.
DEPENDENT: dict[str, tuple[str, tuple[str, ...], Any]] = {
    "momentum": ("optimizer", ("sgd",), 0.0),
    "weight_decay": ("optimizer", ("adamw",), 0.0),
    "decay": ("schedule", (*DROPPING, "inverse_time"), 0.0),
    "decay_epochs": ("schedule", DROPPING, 0),
    "focal_gamma": ("loss", ("focal",), FOCAL_GAMMA),
}
# The fields of a phase, what belongs together side by side.
PHASE_ORDER = (
    "epochs",
    "patience",
    "trainable",
    "batch_norm",
    "optimizer",
    "momentum",
    "weight_decay",
    "learning_rate",
    "schedule",
    "decay",
    "decay_epochs",
    "warm_up",
)
# Tab -> the fields in it, and those that begin with a prefix; in this order.
TABS = {
    "Training": (
        "model",
        "phases.",
        "batch_size",
        "precision",
        "judged_epoch",
        "average_mirror",
        "calibrate",
        "seed",
        "weights",
        "model_options.",
    ),
    "Loss and sampling": (
        "loss",
        "focal_gamma",
        "label_smoothing",
        "class_weights",
        "sampling",
        "mixup",
        "finer_targets",
    ),
    "Images": ("preprocess.",),
    "Augmentation": ("augment.",),
    "Labels and split": ("label_view", "split."),
}
LABELS = {
    "size": "Image size, px",
    "learning_rate": "Learning rate",
    "patience": "Patience, epochs",
    "decay_epochs": "Decay, epochs",
    "warm_up": "Warm-up, epochs",
    "batch_norm": "Batch normalisation",
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
    "model": "The options below are those of the model that is chosen here.",
    "patience": "Stop after so many epochs without a lower validation loss; 0 never stops early.",
    "optimizer": "sgd can have momentum, adamw has weight decay.",
    "schedule": "cosine: the learning rate falls to zero over the epochs of the phase. step, "
    "plateau: it drops by a factor. inverse_time: rate / (1 + decay × step).",
    "decay": "step, plateau: the factor, such as 0.1. inverse_time: per batch, such as 0.001.",
    "decay_epochs": "step: the rate drops after so many epochs, again and again. plateau: after so "
    "many without a lower validation loss.",
    "warm_up": "Over so many epochs the learning rate rises from zero; then the schedule begins.",
    "momentum": "How much of the last step goes into the next: 0 to below 1, often 0.9.",
    "weight_decay": "Each step takes this share of the learning rate off every weight.",
    "trainable": "head: the pretrained part is frozen. top:0.3: the last 30 % of its layers are "
    "trained. from:NAME: its layer NAME and those after it. Type your own.",
    "batch_norm": "frozen: the pretrained part normalises by the statistics that it came with.",
    "loss": "focal: images that are right already count for less.",
    "focal_gamma": "How much less: 0 is plain cross-entropy, 2 the source's choice.",
    "label_smoothing": "This share of each target is spread over all classes; 0: none.",
    "sampling": "balanced: each epoch shows as many images of each class; rare ones repeatedly. "
    "Then class weights must be none.",
    "mixup": "Blend each image and its target with another of the batch; 0: off, often 0.2.",
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
# Field of a phase that treats a pretrained base by itself -> its value where there is none.
BASE_ONLY = {"trainable": "all", "batch_norm": "train"}
N_COLUMNS = 3


def show_form(recipe: Recipe, methods: Sequence[str]) -> dict[str, Any]:
    """Show a widget for each changeable field; return field -> value, changed or not.

    A field that has no meaning beside what another says is not shown. What was typed is kept for
    each recipe while the session lasts.

    Args:
        recipe: where the form begins.
        methods: the ways to split that fit the dataset.
    """
    # Read before it is shown: it decides which fields there are.
    model = str(st.session_state.get(_widget_key(recipe, "model"), recipe.model))
    fields = changeable_fields(recipe, model)
    if not MODELS[model].pretrained:
        # There is no base to freeze. Where the recipe freezes one, the field is shown with the
        # refusal, and can be changed.
        fields = {k: v for k, v in fields.items() if v != BASE_ONLY.get(k.rpartition(".")[2])}
    values: dict[str, Any] = {}
    for tab, (_, prefixes) in zip(st.tabs(list(TABS)), TABS.items(), strict=True):
        with tab:
            places = itertools.cycle(st.columns(N_COLUMNS))
            for key in (key for prefix in prefixes for key in _within(prefix, fields)):
                neutral = _neutral_value(key, fields | values)
                if neutral is not None:
                    values[key] = neutral
                    continue
                with next(places):
                    if key == "weights":
                        values[key] = _show_weights(recipe, fields[key], model)
                    else:
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
    key = _widget_key(recipe, field)
    if field == "weights" and value not in WEIGHTS:
        st.session_state[_path_key(key)] = value
        value = FILE
    st.session_state[key] = value


def _within(prefix: str, fields: dict[str, Any]) -> list[str]:
    """Return the fields that are, or begin with, `prefix`; phase by phase in the form's order."""
    if not prefix.endswith("."):
        return [prefix] if prefix in fields else []
    found = [key for key in fields if key.startswith(prefix)]
    if prefix == "phases.":
        phases = list(dict.fromkeys(key.rpartition(".")[0] for key in found))
        found = [f"{phase}.{name}" for phase in phases for name in PHASE_ORDER]
    return [key for key in found if key in fields]


def _neutral_value(field: str, values: dict[str, Any]) -> Any:
    """Return what `field` must be where another leaves it without a meaning; else None."""
    holder, dot, last = field.rpartition(".")
    if last not in DEPENDENT:
        return None
    other, meant, neutral = DEPENDENT[last]
    return None if values.get(f"{holder}{dot}{other}") in (*meant, None) else neutral


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
    if field == "model":
        models = list(MODELS)
        return st.selectbox(
            options=models,
            index=models.index(value),
            format_func=lambda name: MODELS[name].title,
            **shared,
        )
    if field == "label_view":
        views = [name for name, view in views_of(recipe.dataset).items() if not view.multilabel]
        words = {name: f"{name}: {find_view(name).question}" for name in views}
        return st.selectbox(
            options=views, index=views.index(value), format_func=words.__getitem__, **shared
        )
    choices = CHOICES.get(field) or CHOICES.get(last)
    if field == "split.method":
        choices = [method for method in METHODS if method in methods or method == value]
    if last in OPEN_CHOICES and choices:
        options = list(dict.fromkeys((*choices, value)))
        return st.selectbox(
            options=options, index=options.index(value), accept_new_options=True, **shared
        )
    if choices:
        return st.selectbox(options=choices, index=choices.index(value), **shared)
    if isinstance(value, bool):
        return st.toggle(value=value, **shared)
    # No limits here: the recipe knows them, and says in words which one was crossed.
    if isinstance(value, int):
        return st.number_input(value=value, step=1, **shared)
    step = 0.05 if value >= 0.01 or value == 0 else value / 10
    return st.number_input(value=float(value), step=step, format="%g", **shared)


def _show_weights(recipe: Recipe, value: str, model: str) -> str:
    choices, key = OWN_WEIGHTS, _widget_key(recipe, "weights")
    words = f"The {RUN_MODEL} file of an earlier run, on the machine that runs this app."
    if MODELS[model].pretrained:
        choices = WEIGHTS
        words = f"A file of weights without top, or t{words[1:]}"
    index = choices.index(value) if value in choices else 0
    chosen = st.selectbox("Weights", choices, index=index, key=key, persist_state="session")
    if chosen != FILE:
        return str(chosen)
    return st.text_input(
        "Path of the weights file", key=_path_key(key), help=words, persist_state="session"
    ).strip()


def _widget_key(recipe: Recipe, field: str) -> str:
    return f"what_if.{recipe.name}.{field}"


def _path_key(weights_key: str) -> str:
    return f"{weights_key}_path"


def _reset(recipe: Recipe, fields: dict[str, Any]) -> None:
    for field, value in {**fields, **changeable_fields(recipe)}.items():
        change_field(recipe, field, value)
