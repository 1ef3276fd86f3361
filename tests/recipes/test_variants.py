"""Several recipes from one."""

import pytest

from xray_core.errors import RecipeError
from xray_core.recipes import PUBLISHED
from xray_core.recipes.variants import MAX_TRAININGS, setting_of, vary_recipe

DEMO = PUBLISHED["demo_cnn"]


def test_each_combination_of_values_comes_once_and_each_fold() -> None:
    recipes = vary_recipe(DEMO, {"batch_size": ["8", "16"], "seed": [1, 2]}, folds=3)

    points = [(one.batch_size, one.seed, one.split.folds, one.split.fold) for one in recipes]
    assert points == [
        (size, seed, 3, fold) for size in (8, 16) for seed in (1, 2) for fold in (1, 2, 3)
    ]
    assert {one.parent for one in recipes} == {"demo_cnn"}


def test_the_folds_of_one_setting_have_it_alike() -> None:
    recipes = vary_recipe(DEMO, {"seed": [1, 2]}, folds=2)

    assert [setting_of(recipe) for recipe in recipes] == [
        {"seed": seed, "split.folds": 2} for seed in (1, 1, 2, 2)
    ]


def test_without_folds_or_values_there_is_one() -> None:
    assert vary_recipe(DEMO) == [DEMO]


@pytest.mark.parametrize(
    ("grid", "folds", "words"),
    [
        ({"seed": []}, 0, "seed is to be varied, but no value"),
        ({"seed": [1, 2, 1]}, 0, "listed twice: 1"),
        ({"seed": range(MAX_TRAININGS + 1)}, 0, f"61 trainings; keep to {MAX_TRAININGS}"),
        ({"seeds": [1]}, 0, "no field 'seeds'"),
        ({"batch_size": ["many"]}, 0, "a whole number"),
        ({}, 1, "split.folds is 1; choose 0, or 2 to 20"),
    ],
)
def test_what_cannot_be_varied_is_said(grid: dict, folds: int, words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        vary_recipe(DEMO, grid, folds)
