"""Beginning with the weights of a model that an earlier run kept."""

import logging
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from xray_core.errors import RecipeError
from xray_core.models import build_model
from xray_core.models.weights import transfer_weights


def selected_model(path: Path, name: str = "demo_cnn", size: int = 32, **options: float) -> Any:
    """Save a model of three classes, as a run keeps it, and return it."""
    keras.utils.set_random_seed(1)
    model = build_model(name, 3, size, **options)
    model.save(path)
    return model


def same(ours: Any, theirs: Any, layer: str) -> bool:
    pairs = zip(ours.get_layer(layer).weights, theirs.get_layer(layer).weights, strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("name", ["demo_cnn", "vgg_mini"])
def test_a_model_of_the_same_question_takes_everything_over(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    theirs = selected_model(tmp_path / "best.keras", name)

    ours = build_model(name, 3, 32, str(tmp_path / "best.keras"))

    for mine, yours in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, yours)
    assert not caplog.records


def test_what_does_not_fit_other_classes_begins_at_random_and_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "best.keras"
    theirs = selected_model(path)

    with caplog.at_level(logging.WARNING):
        ours = build_model("demo_cnn", 2, 32, str(path))

    assert all(same(ours, theirs, f"{kind}{n}") for kind in ("conv", "norm") for n in (1, 2, 3, 4))
    assert np.ptp(ours.get_layer("probabilities").kernel) > 0
    [record] = caplog.records
    assert "did not fit and begin at random: probabilities." in record.getMessage()
    assert str(path) in record.getMessage()


def test_another_size_takes_over_what_sees_no_whole_image(tmp_path: Path) -> None:
    theirs = selected_model(tmp_path / "best.keras", "cnn9")
    ours = build_model("cnn9", 3, 48)

    unfit = transfer_weights(ours, tmp_path / "best.keras")

    assert unfit == ["dense1"]
    assert same(ours, theirs, "dense2")
    assert same(ours, theirs, "probabilities")


def with_base(filters: int, normalised: bool = False) -> Any:
    image = keras.Input((8, 8, 1), name="image")
    base = keras.Sequential(
        [keras.layers.Conv2D(filters, 3), keras.layers.Conv2D(4, 3)], name="base"
    )
    x = keras.layers.GlobalAveragePooling2D()(base(image))
    if normalised:
        x = keras.layers.BatchNormalization(name="head_norm")(x)
    output = keras.layers.Dense(3, activation="softmax", name="probabilities")
    return keras.Model(image, output(x), name="with_base")


def test_a_base_is_taken_over_whole_with_any_head(tmp_path: Path) -> None:
    theirs, ours = with_base(2), with_base(2, normalised=True)
    theirs.save(tmp_path / "best.keras")

    assert transfer_weights(ours, tmp_path / "best.keras") == ["head_norm"]

    assert same(ours, theirs, "base")
    assert same(ours, theirs, "probabilities")


def test_a_model_of_which_only_the_output_fits_is_refused(tmp_path: Path) -> None:
    """The weights of an output mean nothing behind another base."""
    with_base(2).save(tmp_path / "best.keras")

    with pytest.raises(RecipeError, match="No layer of with_base before its output fits"):
        transfer_weights(with_base(3), tmp_path / "best.keras")


def test_a_model_of_another_network_is_refused(tmp_path: Path) -> None:
    selected_model(tmp_path / "best.keras", "vgg_mini")

    with pytest.raises(RecipeError, match=r"best\.keras, which is 'vgg_mini'\. Choose the file of"):
        build_model("demo_cnn", 3, 32, str(tmp_path / "best.keras"))


def test_a_model_with_code_of_its_own_is_refused(tmp_path: Path) -> None:
    image = keras.Input((32, 32, 1))
    x = keras.layers.Lambda(lambda pixels: pixels / 255, output_shape=(32, 32, 1))(image)
    keras.Model(image, x).save(tmp_path / "best.keras")

    with pytest.raises(RecipeError, match=r"best\.keras cannot be read as a saved model: .*ambda"):
        build_model("demo_cnn", 3, 32, str(tmp_path / "best.keras"))


@pytest.mark.parametrize("content", ["no model at all", ""])
def test_a_file_that_is_no_model_is_named(content: str, tmp_path: Path) -> None:
    (tmp_path / "best.keras").write_text(content)

    with pytest.raises(RecipeError, match=r"best\.keras cannot be read as a saved model"):
        build_model("demo_cnn", 3, 32, str(tmp_path / "best.keras"))


@pytest.mark.parametrize("weights", ["imagenet", "my.weights.h5"])
def test_a_network_without_published_weights_takes_no_others(weights: str) -> None:
    with pytest.raises(RecipeError, match="demo_cnn has no published weights"):
        build_model("demo_cnn", 3, 32, weights)
