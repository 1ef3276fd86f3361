"""MobileNetV2 with ImageNet, local or random weights and a fresh classification head."""

from pathlib import Path

import keras
from keras import layers

from xray_core.errors import RecipeError
from xray_core.models import weights_file

WEIGHTS_URL = "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v2/"
# Keras' 0.999 needs thousands of steps to forget ImageNet's statistics; a fine-tuning has hundreds.
NORM_MOMENTUM = 0.99
ALPHAS = (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)


def build_mobilenet_v2(
    n_classes: int, size: int, weights: str, alpha: float, dropout: float
) -> keras.Model:
    """MobileNetV2 (Sandler et al. 2018, arXiv:1801.04381) with a new head.

    Args:
        n_classes: number of outputs.
        size: px, height = width, at least 32.
        weights: "imagenet", "random", or the path of a file of weights without top.
        alpha: width multiplier, above 0; with "imagenet" one of `ALPHAS`.
        dropout: rate before the last layer, 0 to below 1.

    Returns:
        A model under the contract of `xray_core.models`; the gray image is repeated to
        three channels and scaled to [-1, 1] inside.

    Raises:
        RecipeError: an impossible alpha, or the weights cannot be had or do not fit.
    """
    if not alpha > 0 or (weights == "imagenet" and alpha not in ALPHAS):
        raise RecipeError(
            f"model_options.alpha is {alpha}; ImageNet weights exist for "
            f"{', '.join(map(str, ALPHAS))}, random weights take any above 0."
        )
    if not 0 <= dropout < 1:
        raise RecipeError(f"model_options.dropout is {dropout}; choose 0 to below 1.")

    base = keras.applications.MobileNetV2(
        input_shape=(size, size, 3),
        alpha=alpha,
        include_top=False,
        weights=None,
        name="base",
    )
    _load_weights(base, weights, alpha)
    for layer in base.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = NORM_MOMENTUM

    image = keras.Input((size, size, 1), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="rescale")(image)
    x = layers.Concatenate(name="to_rgb")([x, x, x])
    x = layers.Identity(name="features")(base(x))
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    # float32 whatever the precision policy: half-precision probabilities ruin loss and AUC.
    x = layers.Dense(n_classes, activation="softmax", dtype="float32", name="probabilities")(x)
    return keras.Model(image, x, name="mobilenet_v2")


def _load_weights(base: keras.Model, weights: str, alpha: float) -> None:
    if weights == "random":
        return
    path = Path(weights).expanduser() if weights != "imagenet" else _imagenet_weights(alpha)
    try:
        base.load_weights(path)
    except (ValueError, OSError) as error:
        reason = str(error).splitlines()[0]  # Keras goes on with the values of the weights
        raise RecipeError(
            f"{path} does not hold weights of MobileNetV2 without top for alpha {alpha}: {reason}"
        ) from error


def _imagenet_weights(alpha: float) -> Path:
    """Return the local file of ImageNet weights, downloading it into Keras' cache if need be."""
    own = weights_file("mobilenet_v2", alpha=alpha)
    if own.is_file():
        return own
    try:
        return Path(keras.utils.get_file(own.name, WEIGHTS_URL + own.name, cache_subdir="models"))
    except Exception as error:  # Keras wraps every failed download in a bare Exception
        raise RecipeError(
            f"The ImageNet weights {own.name} are not on this machine and could not be "
            f"downloaded. On a machine with internet, fetch {WEIGHTS_URL}{own.name} and put it "
            f"at {own}; or set weights to the path of such a file, or to random."
        ) from error
