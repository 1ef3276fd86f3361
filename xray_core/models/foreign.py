"""Networks from elsewhere, made to fit: gray images in [0, 255] in, one probability a class out.

What a network was fed with, no file says. Its input gives the size and the channels; the range of
the gray levels is assumed, and said, or chosen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers

from xray_core.errors import RecipeError
from xray_core.models import PIXELS, UNCHANGED

SCALING = ("Rescaling", "Normalization")  # layers by which a network scales gray levels itself
CHANNELS = (1, 3)


@dataclass(frozen=True)
class Adapted:
    """A network that fits.

    Attributes:
        model: input (n, size, size, 1), gray levels in [0, 255]; output (n, n_classes).
        changed: whether anything was put around the network.
        remarks: sentences on what was assumed.
    """

    model: Any
    changed: bool
    remarks: list[str]


def read_input_size(model: Any) -> int | None:
    """Return the px of the images that a network takes; None where any size will do.

    Raises:
        RecipeError: it takes no images, or such that are not square, gray or RGB.
    """
    shapes = [tuple(tensor.shape) for tensor in model.inputs]
    if len(shapes) != 1 or len(shapes[0]) != 4 or shapes[0][3] not in CHANNELS:
        raise RecipeError(
            f"The network takes {shapes}. One input is needed: images of 1 or 3 channels, the "
            "channels last."
        )
    height, width = shapes[0][1:3]
    if height != width:
        raise RecipeError(
            f"The network takes images of {height} x {width} px; only square ones are made here."
        )
    return None if height is None else int(height)


def adapt_network(
    model: Any, size: int, classes: Sequence[str], order: Sequence[str] = (), pixels: str = ""
) -> Adapted:
    """Return a network that takes gray images and answers with the classes of a task.

    Args:
        model: not compiled; see `read_input_size`.
        size: px of the images.
        classes: of the task, in their order.
        order: of the network's outputs; empty for that of `classes`.
        pixels: one of `PIXELS`, the range of gray levels that the network was trained on; "" for
            [0, 255].

    Raises:
        RecipeError: its answers are not as many as the classes, or `order` names others.
    """
    outputs = [tuple(tensor.shape) for tensor in model.outputs]
    single = len(classes) == 2 and outputs == [(None, 1)]
    if outputs != [(None, len(classes))] and not single:
        raise RecipeError(
            f"The network answers {outputs}, but the task has {len(classes)} classes: "
            f"{', '.join(classes)}. Choose the task that it was trained for."
        )
    if order and sorted(order) != sorted(classes):
        raise RecipeError(
            f"The network's classes are said to be {', '.join(order)}, but those of the task are "
            f"{', '.join(classes)}. Name each of these once."
        )
    scale, offset = PIXELS[pixels or UNCHANGED]
    channels, remarks = model.inputs[0].shape[3], [_describe_range(model, pixels)]
    image = keras.Input((size, size, 1), name="image")
    x = image
    if (scale, offset) != (1.0, 0.0):
        x = layers.Rescaling(scale, offset)(x)
    if channels > 1:
        x = layers.Concatenate()([x] * channels)
        remarks.append("It takes three channels: the gray image goes into each.")
    x = model(x)
    if single:
        negative = layers.Rescaling(-1.0, 1.0)(x)
        x = layers.Concatenate()([negative, x])
        order = order or classes
        remarks.append(
            f"It has one output, taken for the probability of {order[1]}; {order[0]} is the rest."
        )
    elif not order:
        remarks.append(
            f"Its outputs have no names and are taken in the order of the task: "
            f"{', '.join(classes)}."
        )
    if order and list(order) != list(classes):
        x = _reorder(x, [list(classes).index(name) for name in order])
    as_it_is = not single and list(order or classes) == list(classes)
    as_it_is &= tuple(model.inputs[0].shape) == (None, size, size, 1) and scale == 1.0
    if as_it_is:
        return Adapted(model, False, remarks)
    return Adapted(keras.Model(image, x), True, remarks)


def _describe_range(model: Any, pixels: str) -> str:
    if pixels:
        return f"Gray levels from {pixels.replace('..', ' to ')} go in, as was said."
    kinds = {type(layer).__name__ for layer in model._flatten_layers()}
    if kinds.intersection(SCALING):
        return "Gray levels from 0 to 255 go in: the network has a layer that scales them."
    return (
        "Gray levels from 0 to 255 go in, which is assumed: the network has no layer that scales "
        "them. If it was trained on 0 to 1 or -1 to 1, its answers are wrong; say so then."
    )


def _reorder(x: Any, places: Sequence[int]) -> Any:
    """Return the outputs in another order: the one at k goes to places[k]."""
    swap = layers.Dense(len(places), use_bias=False, name="order")
    y = swap(x)
    kernel = np.zeros((len(places), len(places)), "float32")
    kernel[np.arange(len(places)), places] = 1.0
    swap.set_weights([kernel])
    return y
