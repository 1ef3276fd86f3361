"""Changing settings of a recipe, and binding it to the dataset that it is trained on."""

import dataclasses
import difflib
import json
import math
import re
from collections.abc import Mapping
from typing import Any

from xray_core.catalog import TABULAR, Catalog
from xray_core.errors import RecipeError
from xray_core.models import MODELS
from xray_core.recipes.checks import check_choice
from xray_core.recipes.schema import Recipe, recipe_from_fields
from xray_core.tasks import encode_catalog, find_task

FIXED = (
    "name",
    "title",
    "source",
    "about",
    "published",
    "parent",
    "changes",
    "dataset",
    "data_folder",
    "classes",
)
ORDER = {"model": 0, "task": 1}
# Recipes that fit any dataset; their task is chosen with it.
ANY_DATASET = ("quick_cnn", "quick_mobilenet", "quick_efficientnet")
LISTS = ("tabular",)  # fields of several words; a change writes them with commas between


def change_recipe(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """Return `recipe` with some fields changed, its parent and the changes recorded.

    Args:
        recipe: a published recipe, or one with changes already.
        changes: field -> value; nested fields by dots ("preprocess.size",
            "phases.<name>.epochs", "model_options.head"). Strings are read as the
            field's type; a list is a text with commas or + between, "age,gender". A change of
            model keeps only the options that the new one has; one that takes tabular features
            gets all of them where the recipe has none, one that does not loses them. A recipe for
            any dataset that comes to a multi-label task is without class weights there, unless
            they are said: with them a rare finding is called too often, and a good epoch missed.

    Raises:
        RecipeError: an unknown field, a value of the wrong type, or one that is refused.
    """
    fields = json.loads(recipe.to_json())
    effective = {}
    # The model first: it decides which options there are. Then the task: it may decide the weights.
    for key, value in sorted(changes.items(), key=lambda change: ORDER.get(change[0], len(ORDER))):
        holder, last = _find_field(fields, key)
        present = _changeable(fields)[key]
        value = _coerce(key, value, present)
        if present != value:
            holder[last] = _words(value) if key in LISTS else value
            effective[key] = value
            if key == "task":
                fields["dataset"] = find_task(value).dataset or fields["dataset"]
                if _leaves_weights(recipe, value):
                    fields["class_weights"] = effective["class_weights"] = "none"
            if key == "model":
                _change_model(fields, value)
    if not effective:
        return recipe
    fields["parent"] = recipe.parent or recipe.name
    # Without the options of a model that was changed for another: they could not be made again.
    there = _changeable(fields)
    changes = {**recipe.changes, **effective}
    fields["changes"] = {key: value for key, value in changes.items() if key in there}
    return recipe_from_fields(fields)


def _leaves_weights(recipe: Recipe, task: str) -> bool:
    """Whether a change to `task` sets class weights, which nobody chose, to none."""
    return (
        recipe.name in ANY_DATASET
        and recipe.class_weights == "balanced"
        and "class_weights" not in recipe.changes
        and find_task(task).multilabel
        and not recipe.multilabel
    )


def bind_recipe(recipe: Recipe, catalog: Catalog) -> Recipe:
    """Return `recipe` with the folder, and if need be the classes, of the dataset to train on.

    Raises:
        LabelError: the task does not fit the dataset.
        RecipeError: no image has a value in any of the tabular features.
    """
    columns = list(recipe.tabular)
    if columns and catalog.present[columns].isna().to_numpy().all():
        raise RecipeError(
            f"tabular is {', '.join(columns)}, but {catalog.root} knows none of it of any "
            "image. Choose other columns, or a model that takes the image alone."
        )
    task = find_task(recipe.task)
    targets = encode_catalog(catalog, task)
    return dataclasses.replace(
        recipe,
        data_folder=str(catalog.root.resolve()),
        dataset=task.dataset or catalog.source,
        classes=() if task.classes else tuple(map(str, targets.columns)),
    )


def _find_field(fields: dict[str, Any], key: str) -> tuple[dict[str, Any], str]:
    """Return the mapping that holds the field `key`, and the field's name in it."""
    choices = list(_changeable(fields))
    if key not in choices:
        inside = [choice for choice in choices if choice.startswith(f"{key}.")]
        near = inside or difflib.get_close_matches(key, choices, 3, 0.5) or choices
        raise RecipeError(f"A recipe has no field {key!r}. Did you mean: {', '.join(near)}?")
    *parents, last = key.split(".")
    holder = fields
    for name in parents:
        if isinstance(holder, list):
            holder = next(item for item in holder if item["name"] == name)
        else:
            holder = holder[name]
    return holder, last


def _change_model(fields: dict[str, Any], model: str) -> None:
    """Put another model into `fields`; of the options it keeps those that it has."""
    check_choice("model", model, MODELS)
    fields["model"] = model
    options = fields["model_options"]
    fields["model_options"] = {k: v for k, v in options.items() if k in MODELS[model].options}
    if not MODELS[model].tabular:
        fields["tabular"] = []
    elif not fields["tabular"]:
        fields["tabular"] = list(TABULAR)


def changeable_fields(recipe: Recipe, model: str = "") -> dict[str, Any]:
    """Return every field of a recipe that may be changed, dotted name -> present value.

    Args:
        recipe: whose fields.
        model: if given, the fields are those of the recipe with this model instead of its own;
            they need not fit together yet.

    Raises:
        RecipeError: there is no such model.
    """
    fields = dataclasses.asdict(recipe)
    if model and model != recipe.model:
        _change_model(fields, model)
    return _changeable(fields)


def _changeable(fields: dict[str, Any]) -> dict[str, Any]:
    changeable: dict[str, Any] = {}
    for name, value in fields.items():
        if name in FIXED:
            continue
        if name == "phases":
            for phase in value:
                changeable |= {
                    f"phases.{phase['name']}.{k}": v for k, v in phase.items() if k != "name"
                }
        elif name == "model_options":
            options = {**MODELS[fields["model"]].options, **value}
            changeable |= {f"model_options.{k}": v for k, v in options.items()}
        elif name in LISTS:
            changeable[name] = ",".join(value)
        elif isinstance(value, dict):
            changeable |= {f"{name}.{k}": v for k, v in value.items()}
        else:
            changeable[name] = value
    return changeable


def _words(text: str) -> list[str]:
    return [word.strip() for word in re.split("[,+]", text) if word.strip()]


def _coerce(key: str, value: Any, present: Any) -> Any:
    """Return `value` as the type of the `present` one. Raises RecipeError."""
    if key in LISTS:
        words = _words(value) if isinstance(value, str) else value
        if isinstance(words, (list, tuple)) and all(isinstance(word, str) for word in words):
            return ",".join(words)
        raise RecipeError(f"{key} is {value!r}; it takes words with commas between.")
    kind = type(present)
    try:
        if kind is bool:
            words = {
                "true": True,
                "1": True,
                "yes": True,
                "false": False,
                "0": False,
                "no": False,
            }
            return words[str(value).strip().lower()]
        if kind is int and isinstance(value, str):
            return int(value)
        if kind is int and int(value) != value:
            raise ValueError
        if kind is float and not math.isfinite(float(value)):
            raise ValueError
        return kind(value)
    except (ValueError, KeyError, TypeError) as error:
        kinds = {
            bool: "true or false",
            int: "a whole number",
            float: "a number",
            str: "a text",
        }
        raise RecipeError(f"{key} is {value!r}; it takes {kinds[kind]}.") from error
