"""What single layers of a network answer, whatever networks they lie within.

A base that is a network of its own, as those of keras.applications are, has its layers outside of
the graph of the whole network: `keras.Model(whole.inputs, layer_within.output)` is refused as not
connected. So a layer is listened to while the network is called.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras

from xray_core.errors import RunError

FEATURES, PROBABILITIES = "features", "probabilities"  # layers; see `xray_core.models`
ONE_SIGMOID = "score"  # instead of the second; see `models.heads.one_sigmoid`
LEAST = 1e-30  # probability, of which there still is a logarithm
LINEAR = ("softmax", "sigmoid")  # activations before which the scores lie


@contextmanager
def listening(layer: Any, hear: Callable[[Any, Any], Any]) -> Iterator[None]:
    """Let `hear(input, output)` return what `layer` answers, for as long as the context is open.

    Only calls of the network itself are heard; `predict` compiles it, and then never calls again.

    Args:
        layer: of a network, at any depth.
        hear: is told what goes in (its first argument) and what would come out.
    """
    call = layer.call

    def call_and_tell(*given: Any, **named: Any) -> Any:
        return hear(given[0], call(*given, **named))

    layer.call = call_and_tell
    try:
        yield
    finally:
        del layer.__dict__["call"]  # that of its class is in its place again


def list_layers(model: Any) -> list[Any]:
    """Return the layers of a network and of those within it, in their order, without networks."""
    layers = []
    for layer in model.layers:
        layers += list_layers(layer) if isinstance(layer, keras.Model) else [layer]
    return layers


def find_last_map(model: Any) -> Any:
    """Return the layer whose answer is the last spatial map.

    Args:
        model: built by `xray_core.models`, or trained elsewhere.

    Returns:
        The layer "features", or else the last one that answers (batch, height, width, channels).

    Raises:
        RunError: no layer does.
    """
    layers = list_layers(model)
    named = [layer for layer in layers if layer.name == FEATURES]
    maps = [layer for layer in layers if len(getattr(layer.output, "shape", ())) == 4]
    if not (named or maps):
        raise RunError(
            f"The network {model.name} has no layer with a map of the image, so no heat map can "
            "be made of it. Choose a convolutional network."
        )
    return (named or maps)[-1]


class Scores:
    """The scores of a network's classes: what becomes probabilities by softmax or sigmoid.

    Args:
        model: the network. Where its last layer is no dense one, as of a network from elsewhere,
            a class' score is the logarithm of its odds. Where labels are combined (see
            `training.combined_labels`), it is that of which the softmax is the summed probability.
    """

    def __init__(self, model: Any) -> None:
        layers = {layer.name: layer for layer in list_layers(model)}
        last = layers.get(PROBABILITIES) or list(layers.values())[-1]
        self._is_single = not _is_linear(last) and ONE_SIGMOID in layers
        last = layers[ONE_SIGMOID] if self._is_single else last
        self._layer = last if _is_linear(last) else None
        self._n_classes = int(model.outputs[0].shape[-1])
        self._given: Any = None

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Within the context the network may be called, and `of` asked."""
        if self._layer is None:
            yield
            return
        with listening(self._layer, self._hear):
            yield

    def _hear(self, given: Any, answer: Any) -> Any:
        self._given = given
        return answer

    def of(self, probabilities: Any) -> Any:
        """Return the scores, (batch, n_classes), of the call that answered `probabilities`."""
        if self._layer is None:
            kept = keras.ops.clip(keras.ops.cast(probabilities, "float32"), 1e-7, 1 - 1e-7)
            return keras.ops.log(kept) - keras.ops.log1p(-kept)
        kernel, given = self._layer.kernel, keras.ops.cast(self._given, "float32")
        scores = keras.ops.matmul(given, keras.ops.cast(kernel, "float32"))
        if self._layer.use_bias:
            scores = scores + keras.ops.cast(self._layer.bias, "float32")
        if self._is_single:
            return keras.ops.concatenate([-scores, scores], axis=-1)
        if scores.shape[-1] == self._n_classes:
            return scores
        summed = keras.ops.log(keras.ops.maximum(probabilities, LEAST))
        return summed + keras.ops.logsumexp(scores, axis=-1, keepdims=True)


def _is_linear(layer: Any) -> bool:
    return (
        isinstance(layer, keras.layers.Dense)
        and getattr(layer.activation, "__name__", "") in LINEAR
    )
