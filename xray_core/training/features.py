"""Features of a frozen base, computed once: only the head is then trained, on what is stored.

Where the base does not learn and no image changes from epoch to epoch, its answers do not change
either. The model is cut behind its last layer whose answer is fixed and small: before the cut each
image goes through once, behind it the very layers of the model are trained, on batches in the very
order that images would come in.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import psutil
from numpy.typing import NDArray

from xray_core.files import format_bytes
from xray_core.recipes import Phase, Recipe
from xray_core.training.combined_labels import MERGED
from xray_core.training.devices import parallel_devices
from xray_core.training.freezing import BASE, inner_layers
from xray_core.training.inputs import PredictionBatches

FEATURES = "features"  # layer of the last spatial map; see `xray_core.models`
EVENT = "features"  # in a run's history: how a phase with a frozen base is trained, and why
MAX_FEATURE_BYTES = 2 * 2**30  # of stored features
# Of the memory that the machine has, not of what is free at the moment: a training that goes on
# after a kill must decide as it did before.
MAX_MEMORY_SHARE = 0.125
EVALUATED_ROWS = 256  # rows of features
# Layers without weights and without chance: what is stored may be their answer.
FIXED = (
    keras.layers.GlobalAveragePooling2D,
    keras.layers.Flatten,
    keras.layers.ReLU,
    keras.layers.Identity,
)


@dataclass(frozen=True)
class CutModel:
    """A model in two parts, which share its layers.

    Attributes:
        body: from images to features; nothing in it learns.
        head: from features to all that is trained, to be compiled in the model's place.
        evaluate: from features to the probabilities that are evaluated.
    """

    body: Any
    head: Any
    evaluate: Any


def cut_model(
    model: Any, recipe: Recipe, phase: Phase, n_images: int
) -> tuple[CutModel | None, str]:
    """Cut `model` where its features can be stored for `phase`.

    Args:
        model: what would be trained, built, its base frozen already as `phase` says; also with
            combined labels, see `training.combined_labels`.
        recipe: whose augmentation and mixing decide.
        phase: with `trainable` "head".
        n_images: of training and validation together.

    Returns:
        The parts and "", or None and why every image must go through the base in every epoch.
    """
    if reason := _changing_images(recipe):
        return None, reason
    names = [layer.name for layer in model.layers]
    if phase.trainable != "head" or BASE not in names or FEATURES not in names:
        return None, f"the model has no frozen layer {BASE!r} before a layer {FEATURES!r}"
    place = _last_fixed(model)
    body = keras.Model(model.input, place, name="body")
    if reason := _changing_body(body) or _too_large(place, n_images):
        return None, reason
    try:
        head = keras.Model(place, model.output, name="head")
    except ValueError:  # Keras' word for outputs that hang on more than `place`
        return None, "its outputs depend on more than its features"
    if [id(v) for v in head.trainable_variables] != [id(v) for v in model.trainable_variables]:
        return None, "not all that learns comes after the features"
    outputs = head.output
    evaluate = keras.Model(head.input, outputs[MERGED]) if isinstance(outputs, dict) else head
    return CutModel(body, head, evaluate), ""


def compute_features(
    body: Any, images: PredictionBatches, n_images: int, report_progress: Callable[[int], None]
) -> NDArray[np.floating[Any]]:
    """Return the features of `images`, in their order: shape (n_images, …).

    Args:
        body: as `CutModel` has it.
        images: in batches.
        n_images: in all batches together.
        report_progress: told after each batch how many images are done; may raise to end it.
    """
    features, done = np.empty(0), 0
    for number in range(len(images)):
        [batch] = images[number]
        answer = _answer(body, batch, images.batch_size)
        if not done:
            # NumPy has no bfloat16 of its own; its values are float32 with fewer digits.
            kind = answer.dtype if answer.dtype in (np.float16, np.float32) else np.float32
            features = np.empty((n_images, *answer.shape[1:]), kind)
        features[done : done + len(answer)] = answer
        done += len(answer)
        report_progress(done)
    return features


def evaluate_features(evaluate: Any, features: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Return the probabilities for `features`: float32 (n_images, n_classes).

    As `evaluate.predict` does, without a pipeline of data, which takes longer than so small a
    model.
    """
    size = min(EVALUATED_ROWS, len(features))
    parts = [
        _answer(evaluate, features[first : first + size], size)
        for first in range(0, len(features), size)
    ]
    return np.concatenate(parts)


def _answer(model: Any, batch: NDArray[Any], size: int) -> NDArray[Any]:
    """Return what `model` answers to `batch`, of at most `size` rows."""
    # Filled up: a batch of another length is traced anew, which takes as long as many batches.
    whole = np.resize(batch, (size, *batch.shape[1:]))
    return np.asarray(model.predict_on_batch(whole))[: len(batch)]


def _changing_images(recipe: Recipe) -> str:
    """Return why the images themselves need to be dealt out, or "" if they need not."""
    if not recipe.augment.is_none:
        return "the images are augmented"
    if recipe.mixup:
        return "the images of a batch are mixed"
    if recipe.tabular:
        return "the model takes tabular features beside the image"
    if parallel_devices():
        return "several GPUs share each batch"
    return ""


def _last_fixed(model: Any) -> Any:
    """Return the output of the last layer, from the features on, that stands in `FIXED`."""
    place = model.get_layer(FEATURES).output
    while True:
        users = [
            layer
            for layer in model.layers
            if any(tensor is place for tensor in keras.tree.flatten(layer.input))
        ]
        if len(users) != 1 or type(users[0]) not in FIXED:
            return place
        place = users[0].output


def _changing_body(body: Any) -> str:
    """Return why the body may answer otherwise in the next epoch, or "" if it cannot."""
    layers = list(inner_layers(body))
    norms = [layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization)]
    if body.trainable_variables or any(norm.trainable for norm in norms):
        return "layers before the features learn"
    if len(body.variables) > len(body.weights):  # states of random generators are no weights
        return "the base has dropout, which is drawn anew for each batch even where it is frozen"
    return ""


def _too_large(place: Any, n_images: int) -> str:
    """Return that the features of so many images would not fit into memory, or "" if they do."""
    most = min(MAX_FEATURE_BYTES, int(psutil.virtual_memory().total * MAX_MEMORY_SHARE))
    size = np.dtype("float16" if place.dtype == "float16" else "float32").itemsize
    needed = n_images * math.prod(place.shape[1:]) * size
    if needed <= most:
        return ""
    return (
        f"the features of {n_images:,} images would take {format_bytes(needed)} of memory, "
        f"and at most {format_bytes(most)} are used for it"
    )
