"""Values that are unusual are named with the field, the value and what is usual."""

from typing import Any

import pytest

from xray_core.recipes import PUBLISHED, change_recipe, changeable_fields
from xray_core.recipes.usual import USUAL, describe_unusual

DEMO = PUBLISHED["demo_cnn"]
MOBILENET = PUBLISHED["siim_mobilenet_opacity"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"phases.train.learning_rate": 5}, "learning_rate is 5; 0.0001 to 0.003 is usual for a"),
        ({"phases.train.learning_rate": 1e-7}, "learning_rate is 1e-07; 0.0001 to 0.003 is usual"),
        ({"phases.train.optimizer": "sgd", "phases.train.momentum": 0.2}, "0 or 0.5 to 0.99 is"),
        ({"batch_size": 1}, "batch_size is 1; 4 to 256 is usual"),
        ({"mixup": 0.9}, "mixup is 0.9; 0 to 0.4 is usual"),
        ({"augment.rotation": 90}, "augment.rotation is 90; 0 to 20 is usual"),
        ({"split.test": 0.02}, "split.test is 0.02; 0 or 0.05 to 0.5 is usual"),
    ],
)
def test_what_is_unusual_is_named(changes: dict[str, Any], words: str) -> None:
    [said] = describe_unusual(change_recipe(DEMO, changes))

    assert words in said


def test_each_unusual_value_is_named_by_itself() -> None:
    changes = {"model_options.dropout": 0.9, "label_smoothing": 0.5, "augment.zoom": 0.6}

    said = " ".join(describe_unusual(change_recipe(MOBILENET, changes)))

    assert said.count("is usual") == 3


def test_what_is_usual_or_switched_off_is_not_said() -> None:
    changes = {"mixup": 0.2, "split.test": 0, "phases.train.learning_rate": 3e-3}

    assert describe_unusual(change_recipe(DEMO, changes)) == []
    assert describe_unusual(MOBILENET) == []


def test_pretrained_layers_may_be_trained_with_smaller_steps() -> None:
    slow = {"phases.fine_tune.learning_rate": 2e-5}

    assert describe_unusual(change_recipe(MOBILENET, slow)) == []
    assert describe_unusual(change_recipe(MOBILENET, {**slow, "weights": "random"}))


def test_every_usual_range_is_that_of_a_field_that_there_is() -> None:
    fields = {field for recipe in PUBLISHED.values() for field in changeable_fields(recipe)}

    for name, usual in USUAL.items():
        assert usual.low < usual.high
        assert any(name in (field, field.rpartition(".")[2]) for field in fields), name
