"""A network cut before its classes: what its last layer sees, beside what it answers."""

from typing import Any

import keras

from xray_core.errors import RunError

MOST_FEATURES = 4096  # numbers an image; a wider map is averaged over its places
WITH_CLASSES = (
    keras.layers.Dense,
    keras.layers.Conv2D,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv2D,
)
PASSING_ON = (keras.layers.Dropout, keras.layers.Identity)  # what they are given, outside training
FEATURES, PROBABILITIES = "features", "probabilities"  # outputs


def build_with_features(model: Any) -> Any:
    """Return a model that gives what `model` answers, and what the layer before that sees.

    That layer is the last one with weights of its own: one that only sorts or sums answers, as
    behind combined labels or in a network from elsewhere, is passed over. Networks within networks
    are looked into.

    Args:
        model: built, with one output; its layers are shared.

    Returns:
        The same inputs; outputs "features", float (n, d), and "probabilities", as `model` has
        them. Where the layer sees a map, or more than `MOST_FEATURES` numbers of a flattened one,
        they are its means over all places.

    Raises:
        RunError: the network has no layer with weights.
    """
    seen = _find_seen(model)
    outputs = {FEATURES: seen, PROBABILITIES: model.output}
    return keras.Model(model.input, outputs, name="with_features")


def _find_seen(model: Any) -> Any:
    """Return the tensor that the last layer with classes takes, shape (n, d)."""
    tensor = model.outputs[0]
    while True:
        # Where a tensor comes from, Keras says nowhere else; a test holds it to that.
        layer, place, _ = tensor._keras_history
        if isinstance(layer, keras.layers.InputLayer):
            raise RunError(f"The network {model.name} has no layer that learns to tell classes.")
        inputs = layer._inbound_nodes[place].input_tensors
        if isinstance(layer, keras.Model):
            return keras.Model(layer.inputs, _find_seen(layer))(inputs)
        if isinstance(layer, WITH_CLASSES) and not _only_sorts(layer):
            return _flatten(_narrow(inputs[0]))
        tensor = inputs[-1]


def _only_sorts(layer: Any) -> bool:
    """Whether a layer adds each of its inputs to one output, unchanged."""
    if not isinstance(layer, keras.layers.Dense) or layer.use_bias:
        return False
    kernel = keras.ops.convert_to_numpy(layer.kernel)
    zero_or_one = bool(((kernel == 0) | (kernel == 1)).all())
    return zero_or_one and bool((kernel.sum(axis=1) == 1).all())


def _narrow(tensor: Any) -> Any:
    """Return the means over places where `tensor` is a flattened map of too many numbers."""
    if len(tensor.shape) != 2 or tensor.shape[1] <= MOST_FEATURES:
        return tensor
    layer, place, _ = tensor._keras_history
    inputs = layer._inbound_nodes[place].input_tensors
    if isinstance(layer, keras.layers.Flatten):
        return _flatten(inputs[0])
    if isinstance(layer, keras.layers.Concatenate):
        return keras.layers.Concatenate()([_narrow(part) for part in inputs])
    if isinstance(layer, PASSING_ON):
        return _narrow(inputs[0])
    return tensor


def _flatten(tensor: Any) -> Any:
    """Return the means over places of a map; what is none stays as it is."""
    if len(tensor.shape) == 4:
        return keras.layers.GlobalAveragePooling2D()(tensor)
    return tensor
