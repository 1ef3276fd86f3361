"""What each convolution of a network answers to an image, and what the first one looks for."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import cv2
import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from xray_core.errors import RunError
from xray_core.explain.batches import LEAST, Images
from xray_core.explain.capture import list_layers, listening

CONVOLUTIONS = (
    layers.Conv2D,
    layers.DepthwiseConv2D,
    layers.SeparableConv2D,
    layers.Conv2DTranspose,
)
NORMS = (layers.BatchNormalization, layers.LayerNormalization, layers.GroupNormalization)
CURVES = (layers.ReLU, layers.Activation, layers.LeakyReLU, layers.PReLU, layers.ELU)
N_SHOWN = 16  # channels of a layer
MOST_SIDE = 112  # px, of a map that is kept; larger ones are averaged


@dataclass(frozen=True, eq=False)
class LayerMaps:
    """What a convolution answers to one image.

    Attributes:
        name: of its layer.
        height, width: px, of its maps.
        n_channels: how many maps there are.
        n_silent: of these, how many are 0 at every place of this image.
        channels: which ones are shown, from 0, the strongest first: by the mean of their values
            without sign.
        lows, highs: of each of these, its lowest and its highest value.
        maps: uint8 (n, height, width), at most `MOST_SIDE` px on either side, each on its own
            scale: 0 for its lowest value, 255 for its highest; all 0 where both are the same.
    """

    name: str
    height: int
    width: int
    n_channels: int
    n_silent: int
    channels: list[int]
    lows: list[float]
    highs: list[float]
    maps: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Filters:
    """What the first convolution looks for.

    Attributes:
        name: of its layer.
        images: uint8 (n, height, width), each on its own scale around 0, which is 128: brighter
            where a bright pixel raises its answer, darker where it lowers it.
        n_colors: channels of the image that it looks at; those of a gray image are the same, and
            so its filters are their sum.
    """

    name: str
    images: NDArray[np.uint8]
    n_colors: int


def list_convolutions(model: Any) -> list[tuple[Any, Any]]:
    """Return each convolution of a network with the layer that ends it, in their order.

    A batch normalisation and an activation right behind a convolution belong to it: what the next
    layers see is what comes out of these.

    Raises:
        RunError: the network has none.
    """
    every = list_layers(model)
    consumers: dict[int, list[Any]] = {}
    for layer in every:
        tensors = layer.input if isinstance(layer.input, list | tuple) else [layer.input]
        for tensor in tensors:
            consumers.setdefault(id(tensor), []).append(layer)
    pairs = [
        (layer, _find_end(layer, consumers)) for layer in every if isinstance(layer, CONVOLUTIONS)
    ]
    if not pairs:
        raise RunError(
            f"The network {model.name} has no convolution, so there is nothing to show of it. "
            "Choose a convolutional network."
        )
    return pairs


def _find_end(layer: Any, consumers: dict[int, list[Any]]) -> Any:
    """Return the activation or norm right behind a convolution, or the convolution itself."""
    for kinds in (NORMS, CURVES):
        after = consumers.get(id(layer.output), [])
        if len(after) == 1 and isinstance(after[0], kinds):
            [layer] = after
    return layer


def read_activations(model: Any, image: Images, n_shown: int = N_SHOWN) -> Iterator[LayerMaps]:
    """Yield what each convolution of a network answers to one image, in their order.

    Args:
        model: a network, not compiled.
        image: one, as `gradcam.map_images` takes them: float32 (1, size, size, 1), gray levels in
            [0, 255].
        n_shown: how many channels of each layer are kept at most.

    Raises:
        RunError: the network has no convolution.
    """
    pairs = list_convolutions(model)
    answers: dict[int, LayerMaps] = {}
    with ExitStack() as stack:
        for convolution, end in pairs:

            def hear(_: Any, answer: Any, name: str = convolution.name, key: int = id(end)) -> Any:
                answers[key] = summarise_maps(name, _as_maps(answer), n_shown)
                return answer

            stack.enter_context(listening(end, hear))
        model(image, training=False)
    yield from (answers[id(end)] for _, end in pairs)


def _as_maps(answer: Any) -> NDArray[np.float32]:
    """Return a layer's answer to one image, (1, height, width, n), as (n, height, width)."""
    values = keras.ops.convert_to_numpy(keras.ops.cast(answer, "float32"))
    return np.moveaxis(np.asarray(values)[0], -1, 0)


def summarise_maps(name: str, maps: NDArray[np.float32], n_shown: int = N_SHOWN) -> LayerMaps:
    """Return what is kept of a layer's maps.

    Args:
        name: of the layer.
        maps: float32 (n, height, width).
        n_shown: how many are kept at most.
    """
    n, height, width = maps.shape
    strength = np.abs(maps).mean(axis=(1, 2))
    kept = np.argsort(-strength, kind="stable")[:n_shown]
    low, high = maps[kept].min(axis=(1, 2)), maps[kept].max(axis=(1, 2))
    small = [_shrink(values) for values in maps[kept]]
    return LayerMaps(
        name=name,
        height=height,
        width=width,
        n_channels=n,
        n_silent=int((~maps.any(axis=(1, 2))).sum()),
        channels=kept.tolist(),
        lows=low.tolist(),
        highs=high.tolist(),
        maps=np.stack([_scale(values) for values in small]),
    )


def _shrink(values: NDArray[np.float32]) -> NDArray[np.float32]:
    height, width = values.shape
    if max(height, width) <= MOST_SIDE:
        return values
    size = (min(width, MOST_SIDE), min(height, MOST_SIDE))
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)


def _scale(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    low, high = float(values.min()), float(values.max())
    if high - low <= LEAST:
        return np.zeros(values.shape, np.uint8)
    return np.asarray(np.rint((values - low) / (high - low) * 255), np.uint8)


def read_filters(model: Any) -> Filters:
    """Return the filters of the first convolution of a network.

    Raises:
        RunError: the network has no convolution.
    """
    layer, _ = list_convolutions(model)[0]
    kernel = layer.kernel if hasattr(layer, "kernel") else layer.depthwise_kernel
    weights = np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(kernel, "float32")))
    if isinstance(layer, layers.Conv2DTranspose):
        weights = np.swapaxes(weights, 2, 3)
    _, _, n_colors, _ = weights.shape
    filters = np.moveaxis(weights.sum(axis=2), -1, 0)
    return Filters(layer.name, np.stack([_centre(values) for values in filters]), n_colors)


def _centre(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    most = max(float(np.abs(values).max()), LEAST)
    return np.asarray(np.rint(128 + values / most * 127), np.uint8)


def describe_layers(layers: Sequence[LayerMaps]) -> list[dict[str, Any]]:
    """Return what is known of each layer, without its maps, as a table has it."""
    return [
        {
            "layer": layer.name,
            "maps": layer.n_channels,
            "height": layer.height,
            "width": layer.width,
            "silent": layer.n_silent,
        }
        for layer in layers
    ]
