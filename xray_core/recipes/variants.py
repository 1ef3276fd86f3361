"""Several recipes from one: the folds of a cross-validation, the points of a small grid."""

import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from xray_core.errors import RecipeError
from xray_core.recipes.changes import change_recipe
from xray_core.recipes.schema import Recipe

MAX_TRAININGS = 60  # trainings that are submitted together
FOLD_FIELDS = ("split.folds", "split.fold")
SITE_FIELD = "split.site"  # its values are sites that are tested in turn


def vary_recipe(
    recipe: Recipe, grid: Mapping[str, Sequence[Any]] | None = None, folds: int = 0
) -> list[Recipe]:
    """Return one recipe for each combination of values, and for each fold of it.

    Args:
        recipe: where all of them begin.
        grid: field -> values, as `change_recipe` takes them; see there for the fields' names. Who
            varies split.site tests on one site after the other: split.method=site need not be set.
        folds: 0, or the folds of a cross-validation; see `SplitSpec`.

    Returns:
        The first field varies slowest, the fold fastest.

    Raises:
        RecipeError: a field or value is refused, is listed twice, or there would be more than 60.
    """
    axes = {field: list(values) for field, values in (grid or {}).items()}
    for field, values in axes.items():
        if not values:
            raise RecipeError(f"{field} is to be varied, but no value is given.")
    if folds:
        axes |= {"split.folds": [folds], "split.fold": list(range(1, folds + 1))}
    if SITE_FIELD in axes:
        axes |= {"split.method": ["site"]}
    number = math.prod(map(len, axes.values()))
    if number > MAX_TRAININGS:
        raise RecipeError(f"These are {number:,} trainings; keep to {MAX_TRAININGS} at once.")
    variants = []
    for point in product(*axes.values()):
        variant = change_recipe(recipe, dict(zip(axes, point, strict=True)))
        if variant in variants:
            raise RecipeError(f"A value is listed twice: {', '.join(map(str, point))}.")
        variants.append(variant)
    return variants


def setting_of(recipe: Recipe) -> dict[str, Any]:
    """Return what a variant changes, but for the fold: the folds of one setting have it alike."""
    return {field: value for field, value in recipe.changes.items() if field != "split.fold"}
