"""The tabular features of a recipe: which, for which models, and how they are changed."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from tests.datasets.fakes import fake_nih_chestxray14, fake_siim_covid19
from xray_core.catalog import COLUMNS, TABULAR
from xray_core.datasets import open_dataset
from xray_core.errors import RecipeError
from xray_core.recipes import PUBLISHED, Recipe, bind_recipe, change_recipe, changeable_fields
from xray_core.recipes.variants import vary_recipe

DUAL, ALONE = PUBLISHED["xnet_dual"], PUBLISHED["xnet_cnn15"]


def test_the_dual_differs_from_the_image_alone_in_nothing_else() -> None:
    told = {"name": "", "title": "", "about": "", "model": "", "tabular": ()}

    assert dataclasses.replace(DUAL, **told | {"model": "xnet_cnn"}) == dataclasses.replace(
        ALONE, **told | {"model": "xnet_cnn"}
    )
    assert DUAL.tabular == ("age", "gender", "view_position", "follow_up")
    assert set(TABULAR) <= set(COLUMNS)


@pytest.mark.parametrize(
    ("recipe", "columns", "message"),
    [
        (DUAL, (), "tabular is empty, but xnet_dual takes .* one of: age, gender, view_position"),
        (
            DUAL,
            ("age", "site"),
            "tabular is 'site'. Choose one of: age, gender, view_position, follow",
        ),
        (DUAL, ("age", "age"), "tabular is age, age; name a column once"),
        (ALONE, ("age",), "tabular is age, but xnet_cnn takes the image alone.*: xnet_dual"),
    ],
)
def test_columns_that_do_not_fit_are_refused(
    recipe: Recipe, columns: tuple[str, ...], message: str
) -> None:
    with pytest.raises(RecipeError, match=message):
        dataclasses.replace(recipe, tabular=columns)
    with pytest.raises(RecipeError, match=message):
        change_recipe(recipe, {"tabular": ",".join(columns)})


@pytest.mark.parametrize(
    "value",
    ["age,view_position", " age , view_position", "age+view_position", ["age", "view_position"]],
)
def test_columns_are_chosen_by_a_text_or_a_list(value: Any) -> None:
    changed = change_recipe(DUAL, {"tabular": value})

    assert changed.tabular == ("age", "view_position")
    assert changed.changes == {"tabular": "age,view_position"}
    assert change_recipe(DUAL, changed.changes) == changed, "as the command line hands it on"
    assert Recipe.from_json(changed.to_json()) == changed
    assert changeable_fields(changed)["tabular"] == "age,view_position"
    assert change_recipe(DUAL, {"tabular": "age,gender,view_position,follow_up"}) is DUAL


@pytest.mark.parametrize("value", [3, None, ["age", 3]])
def test_what_is_no_list_of_words_is_refused(value: Any) -> None:
    with pytest.raises(RecipeError, match="tabular is .*; it takes words with commas between"):
        change_recipe(DUAL, {"tabular": value})


def test_columns_in_a_file_are_a_list_of_words() -> None:
    fields = json.loads(DUAL.to_json())

    with pytest.raises(RecipeError, match=r"recipe.tabular\[0\] is 3"):
        Recipe.from_json(json.dumps(fields | {"tabular": [3]}))
    with pytest.raises(RecipeError, match="recipe.tabular is 'age'"):
        Recipe.from_json(json.dumps(fields | {"tabular": "age"}))
    del fields["tabular"]
    with pytest.raises(RecipeError, match="tabular is empty"):
        Recipe.from_json(json.dumps(fields))


def test_another_model_brings_its_columns_or_loses_them() -> None:
    assert change_recipe(ALONE, {"model": "xnet_dual"}).tabular == TABULAR
    assert change_recipe(DUAL, {"model": "xnet_cnn"}).tabular == ()
    few = change_recipe(ALONE, {"tabular": "age", "model": "xnet_dual"})
    assert few.tabular == ("age",)
    assert change_recipe(ALONE, few.changes) == few


def test_columns_can_be_varied_in_a_grid() -> None:
    grid = {"tabular": ["age", "age+view_position"]}

    assert [one.tabular for one in vary_recipe(DUAL, grid)] == [("age",), ("age", "view_position")]


def test_a_dataset_that_knows_none_of_the_columns_is_refused_before_any_training(
    tmp_path: Path,
) -> None:
    fake_nih_chestxray14(tmp_path / "nih")
    fake_siim_covid19(tmp_path / "siim")
    nih, siim = (open_dataset(tmp_path / name, tmp_path / "cache") for name in ("nih", "siim"))

    assert bind_recipe(DUAL, nih).tabular == TABULAR
    with pytest.raises(
        RecipeError, match="tabular is age, gender, view_position, follow_up, but .*siim"
    ):
        bind_recipe(change_recipe(DUAL, {"task": "siim_opacity"}), siim)
