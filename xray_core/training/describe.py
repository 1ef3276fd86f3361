"""Size and cost of a recipe's model on this machine, measured."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import psutil

from xray_core.models import build_model
from xray_core.recipes import Recipe
from xray_core.training.devices import choose_compiler, prepare_device
from xray_core.training.freezing import check_layers, inner_layers
from xray_core.training.fused_norm import fuse_batch_norm
from xray_core.training.losses import build_loss, find_masses
from xray_core.training.tabular import typical_length

N_TIMED_STEPS = 3  # steps, after a first one
FEWEST_CLASSES = 2  # taken where nobody says how many the data has


def describe_recipe(
    recipe: Recipe, n_classes: int | None = None, began: float | None = None
) -> dict[str, Any]:
    """Build the recipe's model, time a few training steps on noise, and say what it is.

    The weights are random whatever the recipe says: they change neither size nor speed. Of
    tabular features the length is that of most datasets; see `tabular.typical_length`.

    Args:
        recipe: what would be trained.
        n_classes: outputs of the model, where the task takes them from the data.
        began: when this process did, in seconds since 1970; None: now.

    Returns:
        Plain data for JSON: parameters (number), layers (those of a base in its place; name,
        kind, output in words, shape of one image's output, parameters), device, seconds_per_step
        and images_per_second of a training of all layers, seconds_per_image of a prediction,
        seconds_to_start (until the model is built), seconds_to_compile (that the first step and
        the first prediction take longer than others), memory_mb (of this process after those
        steps).

    Raises:
        XrayError: the model cannot be built so, or a phase names a layer that it has not.
    """
    began = began or time.time()
    device = prepare_device()
    n_classes = n_classes or len(recipe.class_names) or FEWEST_CLASSES
    size = recipe.preprocess.size
    keras.config.set_dtype_policy(recipe.precision)
    n_beside = typical_length(recipe.tabular)
    beside = {"n_tabular": n_beside} if n_beside else {}
    beside |= {"multilabel": True} if recipe.multilabel else {}
    model = build_model(recipe.model, n_classes, size, "random", **recipe.model_options, **beside)
    check_layers(model, recipe)
    if device.startswith("CPU"):
        fuse_batch_norm(model)  # as a training does
    model.compile("adam", build_loss(recipe), jit_compile=choose_compiler(on_gpu=False))
    rng = np.random.default_rng(0)
    images: Any = rng.uniform(0, 255, (recipe.batch_size, size, size, 1)).astype("float32")
    if n_beside:
        noise = rng.normal(size=(recipe.batch_size, n_beside)).astype("float32")
        images = {"image": images, "tabular": noise}
    if recipe.asks_masks:
        targets = rng.integers(0, 2, images.shape).astype("float32")
    elif recipe.multilabel:
        targets = find_masses(rng.integers(0, 2, (recipe.batch_size, n_classes)))
    else:
        targets = np.eye(n_classes, dtype="float32")[rng.integers(0, n_classes, recipe.batch_size)]
    to_start = time.time() - began
    first_step, step = _time(lambda: model.train_on_batch(images, targets))
    first_prediction, predicting = _time(lambda: model.predict_on_batch(images))
    return {
        "parameters": int(model.count_params()),
        "layers": [_describe_layer(layer) for layer in _without_inner_inputs(model)],
        "device": device,
        "backend": keras.backend.backend(),
        "seconds_per_step": step,
        "images_per_second": recipe.batch_size / step,
        "seconds_per_image": predicting / recipe.batch_size,
        "seconds_to_start": to_start,
        "seconds_to_compile": max(0.0, first_step - step) + max(0.0, first_prediction - predicting),
        "memory_mb": psutil.Process().memory_info().rss / 2**20,
    }


def _time(work: Callable[[], object]) -> tuple[float, float]:
    """Return in seconds how long the first call takes, and the median of a few others."""
    seconds = []
    for _ in range(1 + N_TIMED_STEPS):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return seconds[0], float(np.median(seconds[1:]))


def _without_inner_inputs(model: Any) -> Iterator[Any]:
    for layer in inner_layers(model):
        if not isinstance(layer, keras.layers.InputLayer) or layer in model.layers:
            yield layer


def _describe_layer(layer: Any) -> dict[str, Any]:
    shape = [int(n) for n in layer.output.shape[1:]]
    return {
        "name": layer.name,
        "kind": type(layer).__name__,
        "output": " × ".join(["batch", *map(str, shape)]),
        "shape": shape,
        "parameters": int(layer.count_params()),
    }
