"""Heads and outputs: what comes after the last spatial map."""

from typing import Any

from keras import layers


def probabilities(x: Any, n_classes: int, multilabel: bool) -> Any:
    """Return the output layer "probabilities" on the features `x`.

    Args:
        x: (batch, n_features).
        n_classes: number of outputs.
        multilabel: whether an image can have several classes at once.

    Returns:
        float32 (batch, n_classes) in [0, 1]: a softmax, which sums to 1, or one sigmoid a class.
    """
    activation = "sigmoid" if multilabel else "softmax"
    # float32 whatever the precision policy: half-precision probabilities ruin loss and AUC.
    return layers.Dense(n_classes, activation=activation, dtype="float32", name="probabilities")(x)


def one_sigmoid(x: Any, n_classes: int, multilabel: bool) -> Any:
    """Return the output of a network that was published with one sigmoid for two classes.

    With two classes the sigmoid p becomes the probabilities (1 - p, p), whose cross-entropy is
    the published binary one; with more classes, or several at once, see `probabilities`.
    """
    if multilabel or n_classes > 2:
        return probabilities(x, n_classes, multilabel)
    positive = layers.Dense(1, activation="sigmoid", dtype="float32", name="score")(x)
    # Fixed weights turn p into (1 - p, p) with a layer that every backend can save and load.
    negative = layers.Rescaling(-1.0, offset=1.0, dtype="float32", name="complement")(positive)
    return layers.Concatenate(dtype="float32", name="probabilities")([negative, positive])


def attach_head(features: Any, head: str, dropout: float) -> Any:
    """Return the features that the output layer sees, (batch, n_features).

    The dropout comes right before the output layer. Sources: the SIIM-FISABIO-RSNA COVID-19
    thesis, by experiment.

    Args:
        features: (batch, height, width, channels), the last spatial map.
        head: one of `xray_core.models.HEADS`:
            "pool": global average pooling; 6.2, 6.3, 6.11.
            "pool_norm": the same, then batch normalisation; 6.9, 6.10, 9, 10.
            "pool_norm_relu": the same, then ReLU; 6.4 to 6.6 and 6.12, whose Flatten of a pooled
            map does nothing.
            "norm_flatten": batch normalisation, ReLU, Flatten of the whole map; 6.8, which names
            no pooling.
            "flatten_dense": Flatten, Dense 256 with ReLU; 6.7.
        dropout: rate, 0 to below 1.
    """
    x = features
    if head == "norm_flatten":
        x = layers.BatchNormalization(name="head_norm")(x)
        x = layers.ReLU(name="head_relu")(x)
    if head.startswith("pool"):
        x = layers.GlobalAveragePooling2D(name="pool")(x)
    else:
        x = layers.Flatten(name="flatten")(x)
    if head in ("pool_norm", "pool_norm_relu"):
        x = layers.BatchNormalization(name="head_norm")(x)
    if head == "pool_norm_relu":
        x = layers.ReLU(name="head_relu")(x)
    if head == "flatten_dense":
        x = layers.Dense(256, activation="relu", name="head_dense")(x)
    return layers.Dropout(dropout, name="dropout")(x)
