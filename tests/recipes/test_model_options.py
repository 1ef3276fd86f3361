"""The options of a recipe's model: numbers and words; and the weights that it begins with."""

import dataclasses
import json
from typing import Any

import pytest

from xray_core.errors import RecipeError
from xray_core.models import HEADS
from xray_core.recipes import PUBLISHED, Recipe, change_recipe, changeable_fields

DEMO = PUBLISHED["demo_cnn"]
MOBILENET = dataclasses.replace(
    PUBLISHED["siim_mobilenet_opacity"], model_options={"alpha": 0.35, "dropout": 0.3}
)


@pytest.mark.parametrize("head", [head for head in HEADS if head != "pool"])
def test_an_option_can_be_a_word(head: str) -> None:
    changed = change_recipe(MOBILENET, {"model_options.head": head})

    assert changed.model_options == {"alpha": 0.35, "dropout": 0.3, "head": head}
    assert changed.changes == {"model_options.head": head}
    assert Recipe.from_json(changed.to_json()) == changed


def test_the_default_of_an_option_that_is_not_set_is_no_change() -> None:
    assert changeable_fields(MOBILENET)["model_options.head"] == "pool"
    assert change_recipe(MOBILENET, {"model_options.head": "pool"}) is MOBILENET


def test_an_option_that_was_set_can_be_set_back() -> None:
    changed = change_recipe(MOBILENET, {"model_options.head": "pool_norm"})

    back = change_recipe(changed, {"model_options.head": "pool"})

    assert back.model_options["head"] == "pool"


def test_another_model_keeps_the_head() -> None:
    changed = change_recipe(MOBILENET, {"model": "xception", "model_options.head": "pool_norm"})

    assert changed.model_options == {"dropout": 0.3, "head": "pool_norm"}


@pytest.mark.parametrize("value", ["pools", "", 2, None])
def test_a_wrong_word_is_answered_with_the_choices(value: Any) -> None:
    with pytest.raises(RecipeError, match=r"options\.head is .*Choose one of: pool, pool_norm, "):
        change_recipe(MOBILENET, {"model_options.head": value})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"head": 2}, r"recipe\.model_options\.head is 2\.0\. Choose one of: pool"),
        ({"head": True}, r"recipe\.model_options\.head is True"),
        ({"alpha": "wide"}, r"recipe\.model_options\.alpha is 'wide'; it takes a number"),
        ({"alpha": None}, r"recipe\.model_options\.alpha is None"),
        ({"alpha": [1]}, r"recipe\.model_options\.alpha is \[1\]"),
        ({"heads": "pool"}, r"recipe\.model_options\.heads is 'pool'"),
        ({"depth": 3}, "mobilenet_v2 has no option depth; it has: alpha, dropout, head"),
    ],
)
def test_an_odd_option_in_a_file_is_named(options: dict[str, Any], message: str) -> None:
    fields = {**json.loads(MOBILENET.to_json()), "model_options": options}

    with pytest.raises(RecipeError, match=message):
        Recipe.from_json(json.dumps(fields))


def test_every_model_may_begin_with_the_model_of_a_run() -> None:
    changed = change_recipe(DEMO, {"weights": "runs/a/checkpoints/best.keras"})

    assert changed.weights == "runs/a/checkpoints/best.keras"


def test_weights_without_top_are_for_pretrained_networks() -> None:
    with pytest.raises(RecipeError, match=r"random, or to the path of the \.keras file of an"):
        change_recipe(DEMO, {"weights": "my.weights.h5"})
