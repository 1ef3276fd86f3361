"""Every model of the table, against the builder contract; and the published sizes."""

import functools
import inspect
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from xray_core.errors import RecipeError
from xray_core.home import Home
from xray_core.models import MODELS, build_model, check_weights, weights_file

SMALLEST: dict[str, dict[str, float]] = {"mobilenet_v2": {"alpha": 0.35}}


def build_small(name: str, n_classes: int = 3) -> Any:
    """Build the model at its smallest size, with random weights of a fixed seed."""
    keras.utils.set_random_seed(0)
    options = SMALLEST.get(name, {})
    return build_model(name, n_classes, MODELS[name].min_size, "random", **options)


# For the tests that change nothing about the model.
shared = functools.cache(build_small)


def noise(model: Any, n: int = 4) -> np.ndarray:
    size = model.input_shape[1]
    return np.random.default_rng(0).integers(0, 256, (n, size, size, 1)).astype("float32")


def answer(model: Any, images: np.ndarray) -> np.ndarray:
    """Return what `model.predict` would, without its compilation of seconds."""
    values: np.ndarray = keras.ops.convert_to_numpy(model(images, training=False))
    return values


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("name", MODELS)
def test_gray_pixels_in_probabilities_out(name: str, n_classes: int) -> None:
    model = shared(name, n_classes)
    size = MODELS[name].min_size

    probabilities = answer(model, noise(model))

    assert model.input_shape == (None, size, size, 1)
    assert probabilities.shape == (4, n_classes)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert (probabilities >= 0).all()
    assert not model.compiled


@pytest.mark.parametrize("name", MODELS)
def test_layers_that_others_look_for_have_their_names(name: str) -> None:
    model = shared(name)

    assert isinstance(model.get_layer("image"), keras.layers.InputLayer)
    assert len(model.get_layer("features").output.shape) == 4, "the last spatial map"
    assert model.layers[-1].name == "probabilities"
    has_base = any(layer.name == "base" for layer in model.layers)
    assert has_base == bool(MODELS[name].pretrained)


@pytest.mark.parametrize("name", MODELS)
def test_no_convolution_comes_after_the_features(name: str) -> None:
    model = shared(name)

    names = [layer.name for layer in model.layers]
    behind = model.layers[names.index("features") + 1 :]
    assert not any(isinstance(layer, keras.layers.Conv2D) for layer in behind)


@pytest.mark.parametrize("name", MODELS)
def test_pixels_are_scaled_inside_the_model(name: str) -> None:
    """Whatever [0, 255] means to a network is its own business: none sees values above 1."""
    model = shared(name)
    rescale = model.get_layer("rescale")
    inner = keras.Model(model.input, rescale.output)
    size = MODELS[name].min_size

    white, black = (
        answer(inner, np.full((1, size, size, 1), value, "float32")) for value in (255, 0)
    )

    np.testing.assert_allclose(white, 1, atol=1e-6)
    assert black.min() == black.max()
    assert black.max() in (0, -1)


@pytest.mark.parametrize("name", MODELS)
def test_the_answer_depends_on_the_image_and_not_on_the_rest_of_the_batch(name: str) -> None:
    model = shared(name)
    images = noise(model)

    together = answer(model, images)
    alone = answer(model, images[:1])

    np.testing.assert_allclose(together[:1], alone, atol=1e-5)
    # Through the 52 random convolutions of MobileNetV2 too little comes to be told apart.
    assert MODELS[name].pretrained or np.ptp(together, axis=0).max() > 1e-6


@pytest.mark.parametrize("name", MODELS)
def test_a_saved_model_predicts_the_same(name: str, tmp_path: Path) -> None:
    model = shared(name)
    model.save(tmp_path / "model.keras")

    again = keras.models.load_model(tmp_path / "model.keras", compile=False, safe_mode=True)

    images = noise(model)
    np.testing.assert_allclose(answer(again, images), answer(model, images), atol=1e-6)


@pytest.mark.parametrize("name", MODELS)
def test_one_step_of_training_changes_the_weights(name: str) -> None:
    model = build_small(name)
    model.compile("sgd", "categorical_crossentropy", run_eagerly=True)
    before = [weights.copy() for weights in model.get_weights()]

    loss = model.train_on_batch(noise(model), np.eye(3, dtype="float32")[[0, 1, 2, 0]])

    assert np.isfinite(loss)
    assert any(not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize("name", MODELS)
def test_the_card_names_its_builder_its_source_and_its_options(name: str) -> None:
    card = MODELS[name]
    module, function = card.builder.split(":")
    build = getattr(import_module(f"xray_core.models.{module}"), function)

    assert list(inspect.signature(build).parameters) == [
        "n_classes",
        "size",
        "weights",
        *card.options,
    ]
    assert card.title
    assert card.source
    assert build.__doc__


def test_an_unknown_model_is_answered_with_the_choices() -> None:
    with pytest.raises(RecipeError, match="'resnet'. Choose one of: demo_cnn, "):
        build_model("resnet", 2, 64)


def test_the_pneumonia_cnn_has_the_published_size() -> None:
    """Conv32 - pool - Conv64 - Conv64 - pool - Dense128 - Dense1 on 150 px, unpadded."""
    flattened = 35 * 35 * 64  # 150 -> 148 -> 74 -> 72 -> 70 -> 35
    expected = (9 + 1) * 32 + (9 * 32 + 1) * 64 + (9 * 64 + 1) * 64 + (flattened + 1) * 128 + 129

    assert build_model("pneumonia_cnn", 2, 150).count_params() == expected == 10_091_201


def test_the_pneumonia_cnn_answers_with_one_sigmoid_and_its_complement() -> None:
    model = shared("pneumonia_cnn", 2)
    score = keras.Model(model.input, model.get_layer("score").output)
    images = noise(model)

    [p] = answer(score, images).T
    probabilities = answer(model, images)

    np.testing.assert_allclose(probabilities, np.stack([1 - p, p], axis=1), atol=1e-6)
    assert shared("pneumonia_cnn").get_layer("probabilities").units == 3


def cnn9_parameters(size: int, n_classes: int) -> int:
    """Conv64 k7, Conv128 k3, Conv256 k3, each padded and pooled; Dense 128, 64, n_classes."""
    side = size // 2 // 2 // 2
    convolutions = (49 + 1) * 64 + (9 * 64 + 1) * 128 + (9 * 128 + 1) * 256
    dense = (side * side * 256 + 1) * 128 + (128 + 1) * 64 + (64 + 1) * n_classes
    return convolutions + dense


def test_the_cnn9_has_the_published_layers_and_size() -> None:
    model = build_model("cnn9", 4, 40)

    assert model.count_params() == cnn9_parameters(40, 4)
    assert round(cnn9_parameters(299, 4) / 1e6) == 45
    with_weights = [layer for layer in model.layers if layer.weights]
    assert [type(layer).__name__ for layer in with_weights] == ["Conv2D"] * 3 + ["Dense"] * 3
    counted = (keras.layers.Conv2D, keras.layers.MaxPooling2D, keras.layers.Dense)
    assert sum(isinstance(layer, counted) for layer in model.layers) == 9


def test_mobilenet_has_the_published_size_without_its_top() -> None:
    base = build_model("mobilenet_v2", 4, 32, alpha=1.0).get_layer("base")

    assert base.count_params() == 2_257_984


def test_mobilenets_frozen_base_leaves_only_the_head_to_train() -> None:
    model = build_small("mobilenet_v2")
    model.get_layer("base").trainable = False

    assert [weight.path for weight in model.trainable_weights] == [
        "probabilities/kernel",
        "probabilities/bias",
    ]


@pytest.mark.parametrize(
    ("weights", "options", "message"),
    [
        ("random", {"alpha": 0}, "model_options.alpha is 0"),
        ("random", {"alpha": float("nan")}, "model_options.alpha is nan"),
        ("imagenet", {"alpha": 0.6}, "alpha is 0.6; ImageNet weights exist for 0.35, 0.5"),
        ("random", {"dropout": 1}, "model_options.dropout is 1; choose 0 to below 1"),
    ],
)
def test_impossible_options_are_refused_with_the_choices(
    weights: str, options: dict[str, float], message: str
) -> None:
    with pytest.raises(RecipeError, match=message):
        build_model("mobilenet_v2", 2, 32, weights, **options)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("XRAY_HOME", str(tmp_path))
    return Home(tmp_path)


def test_imagenet_weights_without_a_network_say_what_to_fetch_and_where_to_put_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object, **_: object) -> str:
        raise Exception("URL fetch failure on https://storage: None -- timed out")

    monkeypatch.setattr(keras.utils, "get_file", fail)

    with pytest.raises(RecipeError) as caught:
        build_model("mobilenet_v2", 2, 32, "imagenet", alpha=0.35)

    name = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5"
    assert f"mobilenet_v2/{name}" in str(caught.value)
    assert str(home.data / "weights" / name) in str(caught.value)
    assert "random" in str(caught.value)


def test_imagenet_weights_that_were_put_in_place_are_taken_without_a_network(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keras.utils, "get_file", pytest.fail)
    keras.utils.set_random_seed(1)
    base = keras.applications.MobileNetV2((32, 32, 3), 0.35, include_top=False, weights=None)
    path = weights_file("mobilenet_v2", alpha=0.35)
    path.parent.mkdir(parents=True)
    base.save(path)  # in the older format, as the published files are

    model = build_model("mobilenet_v2", 2, 32, "imagenet", alpha=0.35)

    for ours, theirs in zip(model.get_layer("base").weights, base.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_the_weights_of_a_whole_number_alpha_have_the_published_name(home: Home) -> None:
    assert "_1.0_224_" in weights_file("mobilenet_v2", alpha=1).name


# Keras warns a hundred times before it gives up.
@pytest.mark.filterwarnings("ignore:Skipping nested container")
@pytest.mark.parametrize("content", ["no weights at all", "another alpha"])
def test_a_file_of_other_weights_is_named(content: str, tmp_path: Path) -> None:
    path = tmp_path / "my.weights.h5"
    if content == "another alpha":
        other = keras.applications.MobileNetV2((32, 32, 3), 0.5, include_top=False, weights=None)
        other.save_weights(path)
    else:
        path.write_text(content)

    with pytest.raises(RecipeError, match=r"does not hold weights of MobileNetV2") as caught:
        build_model("mobilenet_v2", 2, 32, str(path), alpha=0.35)

    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 600, "a page of numbers helps nobody"


def test_a_weights_file_that_is_missing_is_noticed_before_any_training(tmp_path: Path) -> None:
    check_weights("mobilenet_v2", "imagenet")
    check_weights("demo_cnn", "random")
    with pytest.raises(RecipeError, match=r"no weights file .*gone\.h5"):
        check_weights("mobilenet_v2", str(tmp_path / "gone.h5"))


def test_the_table_of_models_can_be_read_without_keras() -> None:
    code = (
        "import sys; import xray_core.models, xray_core.recipes, xray_core.jobs, xray_core.cli;"
        "assert not {'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules)"
    )

    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
