"""The form of a recipe: a widget for each field that may be changed."""

import itertools
from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.components.recipe_words import format_weights
from pages.train.recipe_fields import (
    CHOICES,
    DEPENDENT,
    HELP,
    OPEN_CHOICES,
    PHASE_ORDER,
    TABS,
)
from xray_core.catalog import TABULAR
from xray_core.glossary import explain
from xray_core.models import ASK, MODELS, RUN_MODEL, RUN_OF
from xray_core.recipes import Recipe, changeable_fields
from xray_core.recipes.titles import field_title, value_title
from xray_core.splits import METHODS
from xray_core.tasks import tasks_of

FILE = "A file"
WEIGHTS = ("random", "imagenet", FILE)
OWN_WEIGHTS = ("random", FILE)  # of a model without published weights
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
    if not MODELS[model].tabular:
        del fields["tabular"]
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
        "Back to the recipe's settings",
        icon=":material/undo:",
        type="tertiary",
        on_click=_reset,
        args=(recipe, fields),
    )
    return values


def change_field(recipe: Recipe, field: str, value: Any) -> None:
    """Enter `value` into the recipe's form, before the form is shown."""
    key = _widget_key(recipe, field)
    if field == "weights" and not _is_choice(value):
        st.session_state[_path_key(key)] = value
        value = FILE
    if field == "tabular":  # several words in the form, one text in a recipe
        value = value.split(",") if value else []
    st.session_state[key] = value


def _within(prefix: str, fields: dict[str, Any]) -> list[str]:
    """Return the fields that are, or begin with, `prefix`; phase by phase in the form's order."""
    if not prefix.endswith("."):
        return [prefix] if prefix in fields else []
    keys = [key for key in fields if key.startswith(prefix)]
    if prefix == "phases.":
        phases = list(dict.fromkeys(key.rpartition(".")[0] for key in keys))
        keys = [f"{phase}.{name}" for phase in phases for name in PHASE_ORDER]
    return [key for key in keys if key in fields]


def _neutral_value(field: str, values: dict[str, Any]) -> Any:
    """Return what `field` must be where another leaves it without a meaning; else None."""
    holder, dot, last = field.rpartition(".")
    if last not in DEPENDENT:
        return None
    other, meant, neutral = DEPENDENT[last]
    return None if values.get(f"{holder}{dot}{other}") in (*meant, None) else neutral


def _show_field(recipe: Recipe, field: str, value: Any, methods: Sequence[str]) -> Any:
    last = field.rpartition(".")[2]
    shared: dict[str, Any] = {
        "label": field_title(field),
        "key": _widget_key(recipe, field),
        "help": _help_of(field),
        "persist_state": "session",
    }
    titled: dict[str, Any] = {"format_func": lambda choice: value_title(field, choice)}
    if field == "model":
        models = list(MODELS)
        return st.selectbox(
            options=models,
            index=models.index(value),
            **titled,
            **shared,
        )
    if field == "task":
        tasks = [name for name, task in tasks_of(recipe.dataset).items() if not task.multilabel]
        return st.selectbox(options=tasks, index=tasks.index(value), **titled, **shared)
    if field == "tabular":
        return st.multiselect(options=TABULAR, default=value.split(","), **titled, **shared)
    choices = CHOICES.get(field) or CHOICES.get(last)
    if field == "split.method":
        choices = [method for method in METHODS if method in methods or method == value]
    if last in OPEN_CHOICES and choices:
        options = list(dict.fromkeys((*choices, value)))
        return st.selectbox(
            options=options, index=options.index(value), accept_new_options=True, **titled, **shared
        )
    if choices:
        return st.selectbox(options=choices, index=choices.index(value), **titled, **shared)
    if isinstance(value, bool):
        return st.toggle(value=value, **shared)
    # No limits here: the recipe knows them, and says in words which one was crossed.
    if isinstance(value, int):
        return st.number_input(value=value, step=1, **shared)
    step = 0.05 if value >= 0.01 or value == 0 else value / 10
    return st.number_input(value=float(value), step=step, format="%g", **shared)


def _help_of(field: str) -> str | None:
    """Return what a field means, and what to know of its values."""
    more = HELP.get(field) or HELP.get(field.rpartition(".")[2], "")
    return f"{explain(field_title(field))} {more}".strip() or None


def _show_weights(recipe: Recipe, value: str, model: str) -> str:
    choices, key = OWN_WEIGHTS, _widget_key(recipe, "weights")
    words = (
        f"The {RUN_MODEL} file of an earlier run, on the machine that runs this app. A run "
        "that has seen images that are tested now is refused."
    )
    if MODELS[model].pretrained:
        choices = WEIGHTS
        words = f"A file of weights without top, or t{words[1:]}"
    if _is_choice(value) and value not in choices and model == recipe.model:
        choices = (value, *choices)  # what this recipe alone begins with
    index = choices.index(value) if value in choices else 0
    chosen = st.selectbox(
        field_title("weights"),
        choices,
        index=index,
        format_func=format_weights,
        key=key,
        help=explain(field_title("weights")),
        persist_state="session",
    )
    if chosen != FILE:
        return str(chosen)
    return st.text_input(
        "Path of the weights file", key=_path_key(key), help=words, persist_state="session"
    ).strip()


def _is_choice(weights: str) -> bool:
    """Return whether a recipe's weights are one of the choices, rather than a file."""
    return weights in (*WEIGHTS, ASK) or weights.startswith(RUN_OF)


def _widget_key(recipe: Recipe, field: str) -> str:
    return f"changed_recipe.{recipe.name}.{field}"


def _path_key(weights_key: str) -> str:
    return f"{weights_key}_path"


def _reset(recipe: Recipe, fields: dict[str, Any]) -> None:
    for field, value in {**fields, **changeable_fields(recipe)}.items():
        change_field(recipe, field, value)
