"""The form of a recipe: five basic settings, all others under Advanced."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import streamlit as st

from pages.components.recipe_words import format_weights
from pages.components.small_type import show_muted, show_section
from pages.train.recipe_fields import (
    AUGMENTATIONS,
    HELP,
    OPEN_CHOICES,
    PHASE_ORDER,
    STEPS,
    TABS,
)
from pages.train.recipe_values import (
    FILE,
    Offers,
    change_field,
    find_fields,
    find_model,
    list_choices,
    neutral_value,
    path_key,
    widget_key,
)
from xray_core.catalog import TABULAR
from xray_core.glossary import explain
from xray_core.models import MODELS, RUN_MODEL
from xray_core.preprocess.spec import AugmentSpec
from xray_core.recipes import Recipe, changeable_fields
from xray_core.recipes.titles import field_title, phase_title, value_title

ADVANCED, TAB, AUGMENTATION = "advanced", "advanced_tab", "augmentation"
AS_IN_RECIPE, OWN = "As in the recipe", "Own"
N_COLUMNS = 2


def basic_fields(recipe: Recipe) -> list[str]:
    """Return the basic settings that are single fields; of several phases, those of the last."""
    phase = f"phases.{recipe.phases[-1].name}"
    return ["preprocess.size", f"{phase}.epochs", f"{phase}.learning_rate", "batch_size"]


def show_basic(recipe: Recipe, values: Mapping[str, Any]) -> None:
    """Show the five settings that matter most.

    Args:
        recipe: where the form begins.
        values: of all fields, as they stand; see `find_values`.
    """
    show_section("Settings", "the five that matter most")
    own = changeable_fields(recipe)
    with st.container(border=True, gap="small"):
        columns = st.columns(2, gap="small")
        for place, field in zip(itertools.cycle(columns), basic_fields(recipe), strict=False):
            with place:
                _show_field(recipe, field, own[field], {})
        _choose_augmentation(recipe, values)
    if len(recipe.phases) > 1:
        show_muted(
            f"This recipe trains in {len(recipe.phases)} phases. The epochs and the learning rate "
            "here are those of the last; those of the others stand under Advanced."
        )


def show_advanced(recipe: Recipe, values: Mapping[str, Any], offers: Offers) -> None:
    """Show all other settings, computed only while they are open.

    Args:
        recipe: where the form begins.
        values: of all fields, as they stand.
        offers: field -> what the dataset has of it: ways to split, sites.
    """
    own = {k: v for k, v in find_fields(recipe).items() if k not in basic_fields(recipe)}
    shown = [field for field in own if neutral_value(field, values) is None]
    changed = [field for field in shown if values[field] != own[field]]
    # Its words never change, or it would close itself.
    panel = st.expander("Advanced", icon=":material/tune:", key=ADVANCED, on_change="rerun")
    words = f"{len(changed)} changed: " if changed else "all as in the recipe"
    show_muted(f"{len(shown)} more settings, {words}{', '.join(map(field_title, changed))}")
    if panel.open:
        with panel:
            _show_tabs(recipe, own, shown, offers)
    if changed or any(values[field] != own for field, own in find_fields(recipe).items()):
        st.button(
            "Back to the recipe's settings",
            icon=":material/undo:",
            type="tertiary",
            on_click=_reset,
            args=(recipe,),
        )


def _show_tabs(
    recipe: Recipe, own: Mapping[str, Any], shown: Sequence[str], offers: Offers
) -> None:
    tabs = st.tabs(list(TABS), key=TAB, on_change="rerun")
    for tab, prefixes in zip(tabs, TABS.values(), strict=True):
        if not tab.open:
            continue
        with tab:
            keys = [key for prefix in prefixes for key in list_within(prefix, own) if key in shown]
            several = len(recipe.phases) > 1
            for phase, members in itertools.groupby(keys, _phase_of):
                if phase and several:
                    show_section(phase_title(phase), "phase")
                elif several and tab is tabs[0]:
                    show_section("Whole training")
                places = itertools.cycle(st.columns(N_COLUMNS, gap="small"))
                for key in members:
                    with next(places):
                        _show_field(recipe, key, own[key], offers)


def _phase_of(field: str) -> str:
    """Return the phase that a field belongs to; "" where it is one of the whole training."""
    return field.split(".")[1] if field.startswith("phases.") else ""


def list_within(prefix: str, fields: Mapping[str, Any]) -> list[str]:
    """Return the fields that are, or begin with, `prefix`; phase by phase in the form's order."""
    if not prefix.endswith("."):
        return [prefix] if prefix in fields else []
    keys = [key for key in fields if key.startswith(prefix)]
    if prefix == "phases.":
        phases = list(dict.fromkeys(key.rpartition(".")[0] for key in keys))
        keys = [f"{phase}.{name}" for phase in phases for name in PHASE_ORDER]
    return [key for key in keys if key in fields]


def _choose_augmentation(recipe: Recipe, values: Mapping[str, Any]) -> None:
    specs = {**AUGMENTATIONS, AS_IN_RECIPE: recipe.augment}
    now = {field.name: values[f"augment.{field.name}"] for field in fields(AugmentSpec)}
    standing = [name for name, spec in specs.items() if asdict(spec) == now]
    # As in the recipe where both are the same: nothing is changed then.
    chosen = AS_IN_RECIPE if AS_IN_RECIPE in standing else standing[0] if standing else OWN
    key = widget_key(recipe, AUGMENTATION)
    # Set at each look: the fields under Advanced decide, and this only changes them.
    st.session_state[key] = chosen

    def enter() -> None:
        spec = specs.get(st.session_state[key])
        for field, value in asdict(spec).items() if spec else ():
            change_field(recipe, f"augment.{field}", value)

    st.segmented_control(
        "Augmentation",
        [*specs, *([OWN] if chosen == OWN else [])],
        required=True,
        width="stretch",
        key=key,
        help=f"{explain('augmentation')} Each kind of change stands under Advanced.",
        on_change=enter,
    )


def _show_field(recipe: Recipe, field: str, value: Any, offers: Offers) -> None:
    last = field.rpartition(".")[2]
    shared: dict[str, Any] = {
        "label": f"{field_title(field)}{' (0: all)' * (field == 'split.n_images')}",
        "key": widget_key(recipe, field),
        "help": _help_of(field),
        "persist_state": "session",
    }
    if field == "weights":
        _show_weights(recipe, value, shared)
    elif field == "tabular":
        st.multiselect(
            options=TABULAR,
            default=value.split(","),
            format_func=lambda choice: value_title(field, choice),
            **shared,
        )
    elif choices := list_choices(recipe, field, value, offers):
        st.selectbox(
            options=choices,
            index=choices.index(value) if value in choices else 0,
            format_func=lambda choice: value_title(field, choice),
            accept_new_options=last in OPEN_CHOICES,
            **shared,
        )
    elif isinstance(value, bool):
        st.toggle(value=value, **shared)
    # No limits here: the recipe knows them, and says in words which one was crossed.
    elif isinstance(value, int):
        st.number_input(value=value, step=STEPS.get(field, STEPS.get(last, 1)), **shared)
    else:
        step = 0.05 if value >= 0.01 or value == 0 else value / 10
        st.number_input(value=float(value), step=step, format="%g", **shared)


def _help_of(field: str) -> str | None:
    """Return what a field means, and what to know of its values."""
    more = HELP.get(field) or HELP.get(field.rpartition(".")[2], "")
    return f"{explain(field_title(field))} {more}".strip() or None


def _show_weights(recipe: Recipe, value: str, shared: Mapping[str, Any]) -> None:
    choices = list_choices(recipe, "weights", value, {})
    words = (
        f"The {RUN_MODEL} file of an earlier run, on the machine that runs this app. A run "
        "that has seen images that are tested now is refused."
    )
    if MODELS[find_model(recipe)].pretrained:
        words = f"A file of weights without top, or t{words[1:]}"
    chosen = st.selectbox(
        options=choices,
        index=choices.index(value) if value in choices else 0,
        format_func=format_weights,
        **{**shared, "help": explain(field_title("weights"))},
    )
    if chosen == FILE:
        key = path_key(shared["key"])
        st.text_input("Path of the weights file", key=key, help=words, persist_state="session")


def _reset(recipe: Recipe) -> None:
    for field, value in {**find_fields(recipe), **changeable_fields(recipe)}.items():
        change_field(recipe, field, value)
