"""Several recipes from one."""

from pathlib import Path

import pytest

from xray_core.catalog import build_catalog
from xray_core.errors import RecipeError
from xray_core.recipes import PUBLISHED, change_recipe
from xray_core.recipes.sites import refuse_sites
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


def test_sites_are_tested_in_turn_and_one_that_holds_all_of_a_class_is_named() -> None:
    names = ("Normal", "COVID")
    sites = ["north"] * 40 + ["east"] * 40 + ["south"] * 20
    rows = [
        {"image_id": f"i{i}", "path": f"i{i}.png", "findings": names[i % 2], "site": site}
        for i, site in enumerate(sites)
    ]
    catalog = build_catalog(Path("nowhere"), "covid19_radiography", rows)
    recipe = change_recipe(PUBLISHED["quick_cnn"], {"task": "radiography_covid"})

    refusals = refuse_sites(recipe, catalog)
    splits = [one.split for one in vary_recipe(recipe, {"split.site": list(refusals)})]

    assert [(one.method, one.site) for one in splits] == [
        ("site", site) for site in ("north", "east", "south")
    ]
    assert set(refusals.values()) == {""}
    catalog.images.loc[catalog.images["site"] == "east", "findings"] = "COVID"
    catalog.images.loc[catalog.images["site"] == "south", "findings"] = "COVID"
    refusals = refuse_sites(recipe, catalog)
    assert "Without the site north, the training set would hold no image of" in refusals["north"]
    assert refusals["east"] == refusals["south"] == ""
