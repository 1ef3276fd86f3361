"""The measured description of a recipe's model."""

import json

import pytest

from tests.training.tiny import tiny_recipe
from xray_core.models import build_model
from xray_core.recipes import PUBLISHED, change_recipe
from xray_core.training.describe import describe_recipe


def test_it_tells_the_models_size_and_the_speed_of_this_machine() -> None:
    recipe = tiny_recipe()

    answer = describe_recipe(recipe)

    model = build_model(recipe.model, 2, recipe.preprocess.size)
    assert answer["parameters"] == model.count_params()
    assert sum(layer["parameters"] for layer in answer["layers"]) == answer["parameters"]
    assert [layer["name"] for layer in answer["layers"]] == [layer.name for layer in model.layers]
    assert answer["layers"][0]["output"] == "batch × 32 × 32 × 1"
    assert answer["layers"][0]["shape"] == [32, 32, 1]
    assert answer["images_per_second"] == pytest.approx(
        recipe.batch_size / answer["seconds_per_step"]
    )
    assert answer["images_per_second"] > 0
    assert 0 < answer["seconds_per_image"] < answer["seconds_per_step"]
    assert 0 < answer["seconds_to_start"] < 100
    assert answer["seconds_to_compile"] > 0, "the first step is compiled"
    assert answer["memory_mb"] > 0
    assert answer["device"]
    json.dumps(answer, allow_nan=False)


def test_pretrained_weights_are_not_fetched_to_describe_a_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from xray_core.training import describe

    asked: list[tuple[object, ...]] = []

    def build_small(*arguments: object, **options: float) -> object:
        asked.append((*arguments, options))
        return build_model("demo_cnn", 2, 32)

    monkeypatch.setattr(describe, "build_model", build_small)
    recipe = change_recipe(
        PUBLISHED["siim_mobilenet_opacity"], {"preprocess.size": 32, "batch_size": 2}
    )

    describe_recipe(recipe)

    assert asked == [("mobilenet_v2", 2, 32, "random", dict(recipe.model_options))]


def test_the_layers_of_a_base_are_told_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    # No step of so many layers is needed to list them.
    monkeypatch.setattr("xray_core.training.describe._time", lambda _: (2.0, 1.0))
    changes = {"preprocess.size": 32, "batch_size": 2}
    recipe = change_recipe(PUBLISHED["siim_mobilenet_opacity"], changes)

    answer = describe_recipe(recipe)

    assert answer["seconds_to_compile"] == 2  # one for the first step, one for the first prediction
    names = [layer["name"] for layer in answer["layers"]]
    assert names.index("to_rgb") < names.index("Conv1") < names.index("probabilities")
    assert "base" not in names
    assert [layer["kind"] for layer in answer["layers"]].count("InputLayer") == 1
    assert sum(layer["parameters"] for layer in answer["layers"]) == answer["parameters"]
