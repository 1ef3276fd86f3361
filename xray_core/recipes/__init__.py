"""Recipes: everything needed to train one model, as plain data.

To add a recipe: write it in the module of its source under `published/`, and add one line
to `PUBLISHED`.
"""

import re
from dataclasses import replace
from pathlib import Path

from xray_core.errors import LabelError, RecipeError
from xray_core.files import MAX_JSON_BYTES, open_plain, read_at_most
from xray_core.recipes.changes import ANY_DATASET, bind_recipe, change_recipe, changeable_fields
from xray_core.recipes.published.corona_notebook import CORONA_VGG_MINI
from xray_core.recipes.published.kermany_notebook import (
    PNEUMONIA_CNN,
    PNEUMONIA_CNN_WATCHED,
    WATCHED,
)
from xray_core.recipes.published.nih_findings import (
    NIH_DENSENET121_FINDINGS,
    NIH_MOBILENET_FINDINGS,
)
from xray_core.recipes.published.own import (
    DEMO_CNN,
    KERMANY_MOBILENET_CAUSE,
    LUNGS_UNET,
    QUICK_CNN,
    QUICK_EFFICIENTNET,
    QUICK_MOBILENET,
    SIIM_EFFICIENTNET_OPACITY,
    SIIM_MOBILENET,
    on_thesis_test,
)
from xray_core.recipes.published.siim_union import (
    CORRECTED,
    EXPERIMENTS,
    EXTERNAL,
    PROPER,
    divide_properly,
    repair,
)
from xray_core.recipes.published.tang2020 import TANG_2020
from xray_core.recipes.published.xnet import XNET_CNN15, XNET_DUAL
from xray_core.recipes.schema import Phase, Recipe, recipe_from_fields
from xray_core.tasks import tasks_of

PUBLISHED: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        DEMO_CNN,
        PNEUMONIA_CNN,
        PNEUMONIA_CNN_WATCHED,
        KERMANY_MOBILENET_CAUSE,
        *SIIM_MOBILENET,
        *map(on_thesis_test, SIIM_MOBILENET),
        SIIM_EFFICIENTNET_OPACITY,
        on_thesis_test(SIIM_EFFICIENTNET_OPACITY),
        *EXPERIMENTS,
        *map(divide_properly, EXTERNAL),
        CORONA_VGG_MINI,
        XNET_CNN15,
        XNET_DUAL,
        NIH_DENSENET121_FINDINGS,
        NIH_MOBILENET_FINDINGS,
        *TANG_2020,
        QUICK_CNN,
        QUICK_MOBILENET,
        QUICK_EFFICIENTNET,
        LUNGS_UNET,
        *map(repair, EXPERIMENTS),
    )
}


def find_recipe(name: str) -> Recipe:
    """Return the recipe called `name`. Raises RecipeError, with the choices, if there is none."""
    if name not in PUBLISHED:
        raise RecipeError(f"Unknown recipe {name!r}. Choose one of: {', '.join(PUBLISHED)}.")
    return PUBLISHED[name]


def read_recipe(path: Path) -> Recipe:
    """Return the recipe in a JSON file, as `Recipe.to_json` writes it.

    Raises:
        RecipeError: there is no such file, it holds no recipe, or its name could name no run.
    """
    try:
        with open_plain(path) as file:
            recipe = Recipe.from_json(read_at_most(file, MAX_JSON_BYTES).decode("utf-8"))
    except FileNotFoundError as error:
        raise RecipeError(
            f"There is no recipe file {str(path)!r}. Give the path of a file of a recipe as JSON, "
            f"or the name of a recipe: {', '.join(PUBLISHED)}."
        ) from error
    except OSError as error:
        raise RecipeError(f"{path} cannot be read: {error.strerror}.") from error
    except (RecipeError, LabelError, ValueError) as error:
        raise RecipeError(f"{path} holds no recipe that can be used: {error}") from error
    if not re.fullmatch(r"\w[\w-]*", recipe.name):
        raise RecipeError(
            f"{path}: name is {recipe.name!r}, after which no run can be named. Use letters, "
            "digits, - and _."
        )
    return recipe


def recipes_for(dataset: str, task: str = "", *, has_masks: bool = False) -> dict[str, Recipe]:
    """Return the recipes that fit the reader called `dataset`, those made for it first.

    Those for any dataset are changed to the `task`, or to the first one of the dataset. Those that
    learn lung masks come last.

    Args:
        dataset: the reader's name.
        task: the name of one.
        has_masks: whether the dataset has lung masks.
    """
    learns_masks = {name: recipe for name, recipe in PUBLISHED.items() if recipe.asks_masks}
    fitting = {
        name: recipe
        for name, recipe in PUBLISHED.items()
        if recipe.dataset == dataset and name not in learns_masks
    }
    tasks = list(tasks_of(dataset))
    for name in ANY_DATASET:
        if tasks and (name not in fitting or fitting[name].task != task):
            task = task if task in tasks else tasks[0]
            fitting[name] = change_recipe(PUBLISHED[name], {"task": task})
    if has_masks:
        fitting |= {n: replace(recipe, dataset=dataset) for n, recipe in learns_masks.items()}
    return fitting


__all__ = [
    "ANY_DATASET",
    "CORRECTED",
    "PROPER",
    "PUBLISHED",
    "WATCHED",
    "Phase",
    "Recipe",
    "bind_recipe",
    "change_recipe",
    "changeable_fields",
    "find_recipe",
    "read_recipe",
    "recipe_from_fields",
    "recipes_for",
]
