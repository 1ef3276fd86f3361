"""What stands in the form of a recipe: kept for the session, whether a widget shows it or not."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages.train.recipe_fields import CHOICES, DEPENDENT, OPEN_CHOICES
from xray_core.models import ASK, MODELS, RUN_OF
from xray_core.recipes import ANY_DATASET, Recipe, change_recipe, changeable_fields
from xray_core.recipes.schema import LOSSES, MASK_LOSS
from xray_core.splits import METHODS
from xray_core.tasks import find_task, tasks_of
from xray_core.typed_paths import parse_path

FILE = "A file"
SITE = "split.site"
WEIGHTS = ("random", "imagenet", FILE)
Offers = Mapping[str, Sequence[str]]  # field -> what the dataset has of it
OWN_WEIGHTS = ("random", FILE)  # of a model without published weights
# Field of a phase that treats a pretrained base by itself -> its value where there is none.
BASE_ONLY = {"trainable": "all", "batch_norm": "train"}
# Fields that have a meaning only where an image has one class.
ONE_CLASS_ONLY = ("combined_labels", "calibrate")
# Fields that have no meaning where masks are learnt.
OF_CLASSES = (
    *("focal_gamma", "label_smoothing", "class_weights", "sampling", "mixup", "combined_labels"),
    *("test_time_augmentation", "calibrate"),
)
BY_CLASS = "balanced"  # the way of sampling that needs one class an image


def find_fields(recipe: Recipe) -> dict[str, Any]:
    """Return the fields of the form as it stands, name -> the recipe's own value.

    Which there are, the chosen model decides. The task of a recipe for any dataset is chosen in
    the bar at the top.
    """
    model = find_model(recipe)
    fields = changeable_fields(recipe, model) | {"model": recipe.model}
    if not MODELS[model].pretrained:
        # There is no base to freeze. Where the recipe freezes one, the field is shown with the
        # refusal, and can be changed.
        fields = {k: v for k, v in fields.items() if v != BASE_ONLY.get(k.rpartition(".")[2])}
    if not MODELS[model].tabular:
        del fields["tabular"]
    if recipe.name in ANY_DATASET:
        del fields["task"]
    if recipe.asks_masks:
        fields = {k: v for k, v in fields.items() if k not in OF_CLASSES}
    if find_task(find_task_of(recipe)).multilabel:
        # Where the recipe has such a setting, it is shown with the refusal, and can be changed.
        fields = {k: v for k, v in fields.items() if k not in ONE_CLASS_ONLY or v}
    del fields["selection"]  # stands in the address, as on Explore; see `selection`
    return fields


def find_values(recipe: Recipe) -> dict[str, Any]:
    """Return field -> value as it stands; one without a meaning beside the others is neutral."""
    values = {field: _read(recipe, field, own) for field, own in find_fields(recipe).items()}
    neutral = {field: neutral_value(field, values) for field in values}
    return {k: v if neutral[k] is None else neutral[k] for k, v in values.items()}


def apply_values(recipe: Recipe, values: Mapping[str, Any]) -> Recipe:
    """Return the recipe as it stands in the form. Raises RecipeError where it is refused."""
    own = changeable_fields(recipe, str(values["model"]))
    changes = {field: value for field, value in values.items() if value != own.get(field)}
    if values["model"] != recipe.model:
        changes["model"] = values["model"]
    return change_recipe(recipe, changes)


def find_model(recipe: Recipe) -> str:
    """Return the model that stands in the form."""
    model = str(st.session_state.get(widget_key(recipe, "model"), recipe.model))
    return model if model in MODELS else recipe.model


def find_task_of(recipe: Recipe) -> str:
    """Return the task that stands in the form."""
    if recipe.name in ANY_DATASET:
        return recipe.task
    task = str(st.session_state.get(widget_key(recipe, "task"), recipe.task))
    return task if task in tasks_of(recipe.dataset) else recipe.task


def neutral_value(field: str, values: Mapping[str, Any]) -> Any:
    """Return what `field` must be where another leaves it without a meaning; else None."""
    holder, dot, last = field.rpartition(".")
    if last not in DEPENDENT:
        return None
    other, meant, neutral = DEPENDENT[last]
    return None if values.get(f"{holder}{dot}{other}") in (*meant, None) else neutral


def list_choices(recipe: Recipe, field: str, value: Any, offers: Offers) -> list[Any]:
    """Return what may be chosen for `field`; empty where it is typed.

    Args:
        recipe: where the form begins.
        field: dotted name.
        value: the recipe's own, which is always among them.
        offers: field -> what the dataset has of it: ways to split, sites.
    """
    last = field.rpartition(".")[2]
    if field == "model":
        output = MODELS[recipe.model].output
        return [name for name, card in MODELS.items() if card.output == output]
    if field == "task":
        return [recipe.task] if recipe.asks_masks else list(tasks_of(recipe.dataset))
    if field == "loss":
        return [name for name in LOSSES if (name == MASK_LOSS) == recipe.asks_masks]
    if field == "weights":
        model = find_model(recipe)
        choices = WEIGHTS if MODELS[model].pretrained else OWN_WEIGHTS
        if _is_choice(value) and value not in choices and model == recipe.model:
            return [value, *choices]  # what this recipe alone begins with
        return list(choices)
    if field == "split.method":
        fitting = offers.get(field, METHODS)
        return [method for method in METHODS if method in fitting or method == value]
    if field == SITE:
        return list(dict.fromkeys((*offers.get(field, ()), *([value] if value else ()))))
    choices = CHOICES.get(field) or CHOICES.get(last) or ()
    if field == "sampling" and find_task(find_task_of(recipe)).multilabel:
        choices = [choice for choice in choices if choice != BY_CLASS or choice == value]
    return list(dict.fromkeys((*choices, value))) if last in OPEN_CHOICES else list(choices)


def change_field(recipe: Recipe, field: str, value: Any) -> None:
    """Enter `value` into the recipe's form, before the form is shown."""
    key = widget_key(recipe, field)
    if field == "weights" and not _is_choice(value):
        st.session_state[path_key(key)] = value
        value = FILE
    if field == "tabular":  # several words in the form, one text in a recipe
        value = value.split(",") if value else []
    st.session_state[key] = value


def widget_key(recipe: Recipe, field: str) -> str:
    """Return the key under which the session keeps a field."""
    return f"changed_recipe.{recipe.name}.{field}"


def path_key(weights_key: str) -> str:
    """Return the key of the path that belongs to starting weights of a file."""
    return f"{weights_key}_path"


def _read(recipe: Recipe, field: str, own: Any) -> Any:
    key = widget_key(recipe, field)
    value = st.session_state.get(key)
    if field == "weights":
        choices = list_choices(recipe, field, own, {})
        value = value if value in choices else own if own in choices else choices[0]
        if value != FILE:
            return value
        typed = str(st.session_state.get(path_key(key), ""))
        return str(parse_path(typed)) if typed.strip() else ""
    if value is None:
        return own
    if field == "tabular":
        return ",".join(value)
    if field == SITE:  # which there are, the page knows
        return value
    # As the widget does: what cannot be chosen any longer makes way for the recipe's own.
    choices = list_choices(recipe, field, own, {})
    if choices and value not in choices and field.rpartition(".")[2] not in OPEN_CHOICES:
        return own
    return value


def _is_choice(weights: str) -> bool:
    """Return whether a recipe's weights are one of the choices, rather than a file."""
    return weights in (*WEIGHTS, ASK) or weights.startswith(RUN_OF)
