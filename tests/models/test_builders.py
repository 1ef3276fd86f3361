"""Every model of the table, against the builder contract; and the published sizes."""

import functools
import inspect
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from keras.src import applications  # the file names of the weights are no public constants

from xray_core.errors import RecipeError
from xray_core.models import (
    CLASS_OUTPUT,
    HEADS,
    MODELS,
    build_model,
    check_weights,
    efficientnet_lite,
    weights_file,
    weights_url,
)
from xray_core.models.applications import Application
from xray_core.models.saved import load_saved_model
from xray_core.workspace import Workspace

# Those that answer with classes; what draws masks has tests of its own at the end.
CLASSIFIERS = [name for name, card in MODELS.items() if card.output == CLASS_OUTPUT]
PRETRAINED = [name for name, card in MODELS.items() if card.pretrained]
SMALL = [name for name, card in MODELS.items() if card.builder.startswith("own:")]
# Large networks of Keras' own layers take seconds each to train and to load. Without this variable
# that is checked for two of them, and each layer of the others is one that loads anywhere.
IN_FULL = (
    CLASSIFIERS
    if "XRAY_EVERY_MODEL" in os.environ
    else [
        name for name in CLASSIFIERS if name not in PRETRAINED or name in ("mobilenet_v2", "vgg16")
    ]
)
SAVED = IN_FULL if len(IN_FULL) == len(CLASSIFIERS) else [*SMALL, "mobilenet_v2", "vgg16"]
N_TABULAR = 5  # numbers beside the image, for the models that take them
SMALLEST: dict[str, dict[str, float]] = {"mobilenet_v2": {"alpha": 0.35}}


@pytest.fixture(scope="module", autouse=True)
def bases_are_built_once() -> Iterator[None]:
    """Let all models of a network share its base: hundreds of layers, seconds to build."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Application, "build_base", functools.cache(Application.build_base))
        lite0 = functools.cache(efficientnet_lite.build_lite0_base)
        patch.setattr(efficientnet_lite, "build_lite0_base", lite0)
        yield


def build_small(name: str, n_classes: int = 3, **options: Any) -> Any:
    """Build the model at its smallest size, with random weights of a fixed seed."""
    keras.utils.set_random_seed(0)
    options = {**SMALLEST.get(name, {}), **options}
    if MODELS[name].tabular:
        options["n_tabular"] = N_TABULAR
    return build_model(name, n_classes, MODELS[name].min_size, "random", **options)


# For the tests that change nothing about the model.
shared = functools.cache(build_small)


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("XRAY_HOME", str(tmp_path))
    return Workspace(tmp_path)


@contextmanager
def left_as_it_was(model: Any) -> Iterator[None]:
    """Give the model its weights back at the end, and let all of them be trained."""
    weights = model.get_weights()
    yield
    model.trainable = True
    model.compiled = False
    model.set_weights(weights)


@functools.cache
def shared_answer(name: str) -> np.ndarray:
    return answer(shared(name), noise(shared(name)))


def noise(model: Any, n: int = 2) -> Any:
    """Return a batch of noise: images, or a mapping where the model takes more than these."""
    rng = np.random.default_rng(0)
    size = model.get_layer("image").output.shape[1]
    images = rng.integers(0, 256, (n, size, size, 1)).astype("float32")
    if not isinstance(model.input, dict):
        return images
    n_beside = model.get_layer("tabular").output.shape[1]
    return {"image": images, "tabular": rng.normal(size=(n, n_beside)).astype("float32")}


def answer(model: Any, batch: Any) -> np.ndarray:
    """Return what `model.predict` would, without its compilation of seconds."""
    values: np.ndarray = keras.ops.convert_to_numpy(model(batch, training=False))
    return values


@pytest.mark.parametrize(
    ("name", "n_classes"),
    [(name, n) for name in [*SMALL, "mobilenet_v2"] for n in (2, 4)]
    + [(name, 3) for name in CLASSIFIERS],
)
def test_gray_pixels_in_probabilities_out(name: str, n_classes: int) -> None:
    model = shared(name) if n_classes == 3 else shared(name, n_classes)
    size = MODELS[name].min_size

    probabilities = shared_answer(name) if n_classes == 3 else answer(model, noise(model))

    shapes = {"image": (None, size, size, 1), "tabular": (None, N_TABULAR)}
    found = keras.tree.map_structure(lambda one: one.shape, model.input)
    assert found == (shapes if MODELS[name].tabular else shapes["image"])
    assert probabilities.shape == (2, n_classes)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert (probabilities >= 0).all()
    assert not model.compiled


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_layers_that_others_look_for_have_their_names(name: str) -> None:
    model = shared(name)

    assert isinstance(model.get_layer("image"), keras.layers.InputLayer)
    assert len(model.get_layer("features").output.shape) == 4, "the last spatial map"
    assert model.layers[-1].name == "probabilities"
    has_base = any(layer.name == "base" for layer in model.layers)
    assert has_base == bool(MODELS[name].pretrained)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_no_convolution_comes_after_the_features(name: str) -> None:
    model = shared(name)

    names = [layer.name for layer in model.layers]
    behind = model.layers[names.index("features") + 1 :]
    assert not any(isinstance(layer, keras.layers.Conv2D) for layer in behind)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_pixels_are_scaled_inside_the_model(name: str) -> None:
    """Whatever [0, 255] means to a network is its own business: none sees values above 1."""
    model = shared(name)
    rescale = model.get_layer("rescale")
    inner = keras.Model(model.get_layer("image").output, rescale.output)
    size = MODELS[name].min_size

    white, black = (
        answer(inner, np.full((1, size, size, 1), value, "float32")) for value in (255, 0)
    )

    np.testing.assert_allclose(white, 1, atol=1e-6)
    assert black.min() == black.max()
    assert black.max() in (0, -1) or name == "efficientnet_lite0" and black.max() == -127 / 128


@pytest.mark.parametrize("name", IN_FULL)
def test_the_answer_depends_on_the_image_and_not_on_the_rest_of_the_batch(name: str) -> None:
    model = shared(name)
    together = shared_answer(name)
    alone = answer(model, keras.tree.map_structure(lambda values: values[:1], noise(model)))

    np.testing.assert_allclose(together[:1], alone, atol=1e-5)
    # Through the 52 random convolutions of MobileNetV2 too little comes to be told apart.
    assert MODELS[name].pretrained or np.ptp(together, axis=0).max() > 1e-6


@pytest.mark.parametrize("name", [name for name in CLASSIFIERS if name not in IN_FULL])
def test_a_base_is_made_of_layers_that_any_process_can_load(name: str) -> None:
    for layer in layers_within(shared(name).get_layer("base")):
        assert type(layer).__module__.startswith("keras.src."), layer.name
        assert not isinstance(layer, keras.layers.Lambda), layer.name


def layers_within(model: Any) -> Iterator[Any]:
    for layer in model.layers:
        yield layer
        yield from layers_within(layer) if hasattr(layer, "layers") else ()


@pytest.mark.parametrize("name", SAVED)
def test_a_saved_model_predicts_the_same(name: str, tmp_path: Path) -> None:
    model = shared(name)
    model.save(tmp_path / "model.keras")

    again = load_saved_model(tmp_path / "model.keras")

    np.testing.assert_allclose(answer(again, noise(model)), shared_answer(name), atol=1e-6)


@pytest.mark.parametrize("name", IN_FULL)
def test_one_step_of_training_changes_the_weights(name: str) -> None:
    model = shared(name)
    with left_as_it_was(model):
        before = model.get_weights()

        assert np.isfinite(train_one_step(model))

        after = model.get_weights()
    assert any(not np.array_equal(a, b) for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize("name", [name for name in IN_FULL if name in PRETRAINED])
def test_one_step_with_a_frozen_base_changes_the_head_alone(name: str) -> None:
    model = shared(name)
    base, head = model.get_layer("base"), model.get_layer("probabilities")
    with left_as_it_was(model):
        base.trainable = False
        base_before, head_before = base.get_weights(), head.get_weights()

        assert np.isfinite(train_one_step(model))

        # Its bias: so little comes through some random networks that the kernel stays as it is.
        assert not np.array_equal(head.get_weights()[1], head_before[1])
        for ours, theirs in zip(base.get_weights(), base_before, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def train_one_step(model: Any) -> float:
    model.compile("sgd", "categorical_crossentropy", run_eagerly=True)
    return float(model.train_on_batch(noise(model), np.eye(3, dtype="float32")[[0, 1]]))


@pytest.mark.parametrize("name", MODELS)
def test_the_card_names_its_builder_its_source_and_its_options(name: str) -> None:
    card = MODELS[name]
    module, function = card.builder.split(":")
    build = getattr(import_module(f"xray_core.models.{module}"), function)

    assert list(inspect.signature(build).parameters) == [
        "n_classes",
        "size",
        "weights",
        "multilabel",
        *(["n_tabular"] if card.tabular else []),
        *card.options,
    ]
    assert card.title
    assert card.source
    assert build.__doc__


def test_an_unknown_model_is_answered_with_the_choices() -> None:
    with pytest.raises(RecipeError, match=f"'resnet'. Choose one of: {', '.join(MODELS)}"):
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
    assert cnn9_parameters(299, 4) == 45_240_260
    in_color = build_model("cnn9", 4, 40, channels=3)
    assert in_color.count_params() == cnn9_parameters(40, 4) + 49 * 2 * 64, "gray, three times"
    with_weights = [layer for layer in model.layers if layer.weights]
    assert [type(layer).__name__ for layer in with_weights] == ["Conv2D"] * 3 + ["Dense"] * 3
    counted = (keras.layers.Conv2D, keras.layers.MaxPooling2D, keras.layers.Dense)
    assert sum(isinstance(layer, counted) for layer in model.layers) == 9


def n_trainable(model: Any, ending: str = "") -> int:
    weights = [weight for weight in model.trainable_weights if weight.path.endswith(ending)]
    return sum(int(np.prod(weight.shape)) for weight in weights)


def test_alexnet_has_the_published_size() -> None:
    """That of torchvision's AlexNet, with 1000 classes on 224 px; more pixels make no difference.

    https://pytorch.org/vision/stable/models/generated/torchvision.models.alexnet.html
    """
    assert n_trainable(build_model("alexnet", 1000, 224)) == 61_100_840
    assert n_trainable(build_model("alexnet", 3, 300)) == 61_100_840 - 997 * 4097


def test_googlenet_has_the_published_size() -> None:
    """That of its authors' Caffe model without auxiliary heads; see `classics.INCEPTIONS` too."""
    model = build_model("googlenet", 1000, 224)

    assert n_trainable(model) - n_trainable(model, "gamma") == 6_998_552
    assert model.get_layer("features").output.shape[1:] == (7, 7, 1024)


def test_resnet18_has_the_published_size() -> None:
    """11.69 million, as torchvision counts it.

    https://pytorch.org/vision/stable/models/generated/torchvision.models.resnet18.html
    """
    model = build_model("resnet18", 1000, 224)

    assert n_trainable(model) == 11_689_512
    assert model.get_layer("features").output.shape[1:] == (7, 7, 512)
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    shortcuts = [layer for layer in convolutions if "shortcut" in layer.name]
    assert (len(convolutions) - len(shortcuts), len(shortcuts)) == (17, 3), "17 and Dense are 18"


def test_the_vgg_mini_has_the_published_filters_and_one_sigmoid() -> None:
    model = build_model("vgg_mini", 2, 300)

    kernels = [layer.kernel.shape for layer in model.layers if layer.weights]
    assert kernels[:4] == [(3, 3, 1, 32), (3, 3, 32, 64), (3, 3, 64, 128), (3, 3, 128, 512)]
    assert kernels[4:] == [(18 * 18 * 512, 1)], "300 -> 150 -> 75 -> 37 -> 18"

    other = build_model("vgg_mini", 2, 32, ending="dense512")
    kernels = [layer.kernel.shape for layer in other.layers if layer.weights]
    assert kernels == [(3, 3, 1, 32), (3, 3, 32, 64), (3, 3, 64, 128), (2048, 512), (512, 1)]


def test_the_xnet_cnns_filters_grow_while_its_kernels_shrink() -> None:
    model = build_model("xnet_cnn", 15, 256)

    layers = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    filters, kernels = zip(*[(a.filters, a.kernel_size[0]) for a in layers], strict=True)
    assert list(filters) == sorted(set(filters))
    assert list(kernels) == sorted(set(kernels), reverse=True)
    assert model.get_layer("probabilities").units == 15


def test_the_dual_joins_the_image_branch_of_the_xnet_cnn_with_the_tabular_one() -> None:
    """Conv16 k9, Conv32 k7, Conv64 k5, Conv128 k3, each pooled; Dense 16; one output layer."""
    size, n_classes, n_tabular = 256, 15, 10
    model = build_model("xnet_dual", n_classes, size, n_tabular=n_tabular)
    alone = build_model("xnet_cnn", n_classes, size)

    convolutions = (81 + 1) * 16 + (49 * 16 + 1) * 32 + (25 * 32 + 1) * 64 + (9 * 64 + 1) * 128
    flattened = (size // 16) ** 2 * 128
    dense = (n_tabular + 1) * 16 + (flattened + 16 + 1) * n_classes
    assert model.count_params() == convolutions + dense == 643_503
    names = [layer.name for layer in alone.layers]
    branch = names[: names.index("flatten") + 1]
    assert [model.get_layer(name).get_config() for name in branch] == [
        alone.get_layer(name).get_config() for name in branch
    ]


def test_the_duals_answer_depends_on_both_inputs() -> None:
    model = shared("xnet_dual")
    batch = noise(model)
    before = shared_answer("xnet_dual")

    for name in batch:
        changed = answer(model, batch | {name: batch[name][::-1]})
        assert np.abs(changed - before).max() > 1e-6, name


@pytest.mark.parametrize(
    ("name", "n_tabular", "message"),
    [
        ("xnet_dual", 0, "n_tabular is 0, but xnet_dual needs at least one number beside"),
        ("xnet_cnn", 3, "n_tabular is 3, but xnet_cnn takes none"),
    ],
)
def test_tabular_features_without_a_place_are_refused(
    name: str, n_tabular: int, message: str
) -> None:
    with pytest.raises(RecipeError, match=message):
        build_model(name, 2, 32, n_tabular=n_tabular)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_several_classes_at_once_have_a_sigmoid_each(name: str) -> None:
    model = build_small(name, 2, multilabel=True)

    output = model.get_layer("probabilities")
    assert output is model.layers[-1]
    assert (output.units, output.activation) == (2, keras.activations.sigmoid)
    assert output.compute_dtype == "float32"


def test_sigmoids_are_independent_of_each_other() -> None:
    model = build_small("vgg_mini", 2, multilabel=True)
    output = model.get_layer("probabilities")
    output.set_weights([np.zeros(output.kernel.shape), np.array([0.0, 9.0])])

    np.testing.assert_allclose(
        answer(model, noise(model)), [[0.5, 1 / (1 + np.exp(-9))]] * 2, atol=1e-6
    )


def test_efficientnet_lite0_has_the_published_size() -> None:
    """4.65 million, as its authors count it: https://github.com/tensorflow/tpu."""
    model = build_model("efficientnet_lite0", 1000, 32)

    assert n_trainable(model) == 4_652_008
    assert model.get_layer("base").count_params() == 3_413_024, "with the moving statistics"


def test_mobilenet_has_the_published_size_without_its_top() -> None:
    base = build_model("mobilenet_v2", 4, 32, alpha=1.0).get_layer("base")

    assert base.count_params() == 2_257_984


def test_mobilenets_frozen_base_leaves_only_the_head_to_train() -> None:
    model = build_small("mobilenet_v2")
    with left_as_it_was(model):
        model.get_layer("base").trainable = False

        assert [weight.path for weight in model.trainable_weights] == [
            "probabilities/kernel",
            "probabilities/bias",
        ]


# As keras.applications calls them; the last two would scale so inside.
SCALINGS = {
    "mobilenet_v2": "tf",
    "efficientnet_lite0": "(value - 127) / 128",
    "vgg16": "caffe",
    "vgg19": "caffe",
    "resnet50": "caffe",
    "inception_v3": "tf",
    "xception": "tf",
    "densenet121": "torch",
    "efficientnet_v2_b0": "torch",
    "convnext_tiny": "torch",
}


@pytest.mark.parametrize("name", PRETRAINED)
def test_a_base_sees_pixels_scaled_as_its_weights_expect(name: str) -> None:
    model = shared(name)
    base = model.get_layer("base")
    names = [layer.name for layer in model.layers]
    scaled = keras.Model(model.input, model.layers[names.index("base") - 1].output)
    images = noise(model)

    expected = np.repeat(images, 3, axis=-1)
    if name == "efficientnet_lite0":
        expected = (expected - 127) / 128
    else:
        expected = applications.imagenet_utils.preprocess_input(
            expected, data_format="channels_last", mode=SCALINGS[name]
        )

    np.testing.assert_allclose(answer(scaled, images), expected, atol=1e-4)
    within = (keras.layers.Rescaling, keras.layers.Normalization)
    assert not any(isinstance(layer, within) for layer in base.layers), "scaled once"


HEAD_LAYERS = {
    "pool": ["GlobalAveragePooling2D"],
    "pool_norm": ["GlobalAveragePooling2D", "BatchNormalization"],
    "pool_norm_relu": ["GlobalAveragePooling2D", "BatchNormalization", "ReLU"],
    "norm_flatten": ["BatchNormalization", "ReLU", "Flatten"],
    "flatten_dense": ["Flatten", "Dense"],
}


@pytest.mark.parametrize("head", HEADS)
def test_a_head_has_the_layers_of_the_thesis(head: str) -> None:
    model = build_small("mobilenet_v2", head=head, dropout=0.25)

    names = [layer.name for layer in model.layers]
    behind = model.layers[names.index("features") + 1 :]
    kinds = [type(layer).__name__ for layer in behind]
    assert kinds == [*HEAD_LAYERS[head], "Dropout", "Dense"]
    assert model.get_layer("dropout").rate == 0.25
    np.testing.assert_allclose(answer(model, noise(model)).sum(axis=1), 1, atol=1e-5)
    if head == "flatten_dense":
        assert (behind[1].units, behind[1].activation) == (256, keras.activations.relu)


@pytest.mark.parametrize("name", PRETRAINED)
def test_every_pretrained_network_offers_the_heads(name: str) -> None:
    assert MODELS[name].options["head"] == "pool"
    assert MODELS[name].options["dropout"] == (0.2 if name in DROPPING else 0.0)
    assert build_small(name, head="pool_norm").get_layer("head_norm")


DROPPING = ("mobilenet_v2", "efficientnet_lite0")  # with the dropout that they were published with
KERAS_MODULES = {
    "resnet50": "resnet",
    "densenet121": "densenet",
    "efficientnet_v2_b0": "efficientnet_v2",
    "convnext_tiny": "convnext",
}


@pytest.mark.parametrize("name", [name for name in PRETRAINED if name not in DROPPING])
def test_the_weights_are_those_that_keras_would_fetch(name: str, workspace: Workspace) -> None:
    module = import_module(f"keras.src.applications.{KERAS_MODULES.get(name, name)}")
    addresses = [value for value in vars(module).values() if isinstance(value, str)]

    url = weights_url(name)

    assert weights_file(name) == workspace.data / "weights" / Path(url).name
    if hasattr(module, "BASE_WEIGHTS_PATH") and name != "densenet121":
        file = url.removeprefix(module.BASE_WEIGHTS_PATH)
        key = file.removesuffix("_notop.h5").removesuffix("_weights_tf_dim_ordering_tf_kernels")
        source = inspect.getsource(module)
        assert key in module.WEIGHTS_HASHES or f'name="{key}"' in source
        assert file.removeprefix(key) in source
    else:
        assert url in addresses


@pytest.mark.parametrize(
    ("weights", "options", "message"),
    [
        ("random", {"alpha": 0}, "model_options.alpha is 0"),
        ("random", {"alpha": float("nan")}, "model_options.alpha is nan"),
        ("imagenet", {"alpha": 0.6}, "alpha is 0.6; ImageNet weights exist for 0.35, 0.5"),
        ("random", {"dropout": 1}, "model_options.dropout is 1; choose 0 to below 1"),
        ("random", {"head": "pol"}, "model_options.head is 'pol'. Choose one of: pool, pool_norm"),
        ("random", {"head": 2.0}, "model_options.head is 2.0. Choose one of: pool, pool_norm"),
        ("random", {"alpha": "pool"}, "model_options.alpha is 'pool'; it takes a number"),
        ("random", {"depth": 3.0}, "mobilenet_v2 has no option depth; it has: alpha, dropout"),
    ],
)
def test_impossible_options_are_refused_with_the_choices(
    weights: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(RecipeError, match=message):
        build_model("mobilenet_v2", 2, 32, weights, **options)


def test_imagenet_weights_without_a_network_say_what_to_fetch_and_where_to_put_it(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object, **_: object) -> str:
        raise Exception("URL fetch failure on https://storage: None -- timed out")

    monkeypatch.setattr(keras.utils, "get_file", fail)

    with pytest.raises(RecipeError) as caught:
        build_model("mobilenet_v2", 2, 32, "imagenet", alpha=0.35)

    name = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5"
    assert f"mobilenet_v2/{name}" in str(caught.value)
    assert str(workspace.data / "weights" / name) in str(caught.value)
    assert "random" in str(caught.value)


def test_imagenet_weights_that_were_put_in_place_are_taken_without_a_network(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
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


def test_the_weights_of_a_whole_number_alpha_have_the_published_name(workspace: Workspace) -> None:
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


def test_the_published_file_of_imagenet_weights_is_taken(real_data: Path) -> None:
    file = real_data / "weights" / weights_file("mobilenet_v2", alpha=0.35).name
    model = build_model("mobilenet_v2", 2, 32, str(file), alpha=0.35)

    statistics = model.get_layer("base").get_layer("bn_Conv1").get_weights()
    with h5py.File(file) as published:
        for ours, key in zip(
            statistics, ("gamma", "beta", "moving_mean", "moving_variance"), strict=True
        ):
            np.testing.assert_array_equal(ours, published[f"bn_Conv1/bn_Conv1/{key}"])


def test_a_weights_file_that_is_missing_is_noticed_before_any_training(tmp_path: Path) -> None:
    check_weights("mobilenet_v2", "imagenet")
    check_weights("demo_cnn", "random")
    with pytest.raises(RecipeError, match=r"no weights file .*gone\.h5"):
        check_weights("mobilenet_v2", str(tmp_path / "gone.h5"))


@pytest.mark.timeout(60)
def test_a_weights_file_is_taken_only_from_where_the_app_may_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XRAY_HOME", str(tmp_path / "home"))
    allowed, own = tmp_path / "in/my.h5", tmp_path / "home/runs/a/checkpoints/best.keras"
    for path in (allowed, own, tmp_path / "out/secret.h5"):
        path.parent.mkdir(parents=True)
        path.touch()
    (tmp_path / "in/link.h5").symlink_to(tmp_path / "out/secret.h5")
    os.mkfifo(tmp_path / "in/pipe.h5")
    monkeypatch.setenv("XRAY_DATA_ROOTS", str(tmp_path / "in"))

    check_weights("mobilenet_v2", str(allowed))
    check_weights("mobilenet_v2", str(own))
    for weights in ("out/secret.h5", "out/gone.h5", "in/link.h5", "out/../in/../out/secret.h5"):
        with pytest.raises(RecipeError, match="lies outside the folders that this app may read"):
            check_weights("mobilenet_v2", str(tmp_path / weights))
        with pytest.raises(RecipeError, match="lies outside the folders that this app may read"):
            build_model("mobilenet_v2", 2, 32, str(tmp_path / weights), alpha=0.35)
    for weights in ("in/pipe.h5", "in/gone.keras"):
        with pytest.raises(RecipeError, match="There is no weights file"):
            check_weights("mobilenet_v2", str(tmp_path / weights))
        with pytest.raises(RecipeError, match="There is no weights file"):
            build_model("mobilenet_v2", 2, 32, str(tmp_path / weights), alpha=0.35)


def test_what_is_not_called_a_weights_file_is_refused_whether_or_not_it_is_there(
    tmp_path: Path,
) -> None:
    (tmp_path / "shadow").touch()

    for name in ("shadow", "gone"):
        with pytest.raises(RecipeError, match=r"its name must end with \.keras or \.h5 or \.hdf5"):
            check_weights("mobilenet_v2", str(tmp_path / name))


def test_the_table_of_models_can_be_read_without_keras() -> None:
    code = (
        "import sys; import xray_core.models, xray_core.recipes, xray_core.jobs, xray_core.cli;"
        "assert not {'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules)"
    )

    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


def test_the_document_lists_every_model_with_its_smallest_size() -> None:
    text = (Path(__file__).parents[2] / "docs" / "models.md").read_text()

    for name, card in MODELS.items():
        [row] = [line for line in text.splitlines() if line.startswith(f"| `{name}` |")]
        assert f"| {card.min_size} px |" in row
    for head in HEADS:
        assert f"| `{head}` |" in text


@pytest.mark.parametrize("size", [48, 50])
def test_the_unet_says_of_each_pixel_whether_it_is_inside(size: int, tmp_path: Path) -> None:
    """Also where the side cannot be halved four times."""
    keras.utils.set_random_seed(0)
    model = build_model("unet", 1, size, filters=2)

    said = answer(model, noise(model))

    assert said.shape == (2, size, size, 1)
    assert said.dtype == np.float32
    assert 0 <= said.min() < said.max() <= 1
    assert not model.compiled
    assert [model.get_layer("image").name, model.layers[-1].name] == ["image", "probabilities"]
    assert model.get_layer("features").output.shape[-1] == 2
    model.save(tmp_path / "model.keras")
    again = load_saved_model(tmp_path / "model.keras")
    np.testing.assert_allclose(answer(again, noise(model)), said, atol=1e-6)


def test_the_unet_has_half_a_million_weights() -> None:
    assert build_model("unet", 1, 128).count_params() == 542_641
