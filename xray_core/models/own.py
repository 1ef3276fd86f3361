"""Small networks built from scratch: the demo's, and two from the published notebooks."""

from typing import Any

import keras
from keras import layers


def build_demo_cnn(n_classes: int, size: int, weights: str) -> keras.Model:
    """Four convolutions with batch normalisation and one dense layer: learns in a minute.

    Made for the drawn data, where a student wants to see a curve move at once.

    Args and returns: see `xray_core.models`; `weights` is always "random".
    """
    image, x = _rescaled_image(size)
    for block, filters in enumerate((16, 32, 64, 64), start=1):
        last = block == 4
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"conv{block}")(x)
        x = layers.BatchNormalization(momentum=0.9, name=f"norm{block}")(x)
        x = layers.ReLU(name="features" if last else f"relu{block}")(x)
        if not last:
            x = layers.MaxPooling2D(name=f"pool{block}")(x)
    # Flattened, not pooled: on a few hundred films the place of a shadow tells as much as its look.
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dropout(0.2, name="dropout")(x)
    return keras.Model(image, _probabilities(x, n_classes), name="demo_cnn")


def build_pneumonia_cnn(n_classes: int, size: int, weights: str) -> keras.Model:
    """The CNN of the published Kermany pneumonia notebook.

    Conv32 - pool - Conv64 - Conv64 - pool - Dense128 - Dropout .5 - Dense1 sigmoid. With two
    classes the one sigmoid p becomes the probabilities (1 - p, p), whose cross-entropy is the
    published binary one; with more classes the output is a softmax.

    Args and returns: see `xray_core.models`; `weights` is always "random".
    """
    image, x = _rescaled_image(size)
    x = layers.Conv2D(32, 3, activation="relu", name="conv1")(x)
    x = layers.MaxPooling2D(name="pool1")(x)
    x = layers.Conv2D(64, 3, activation="relu", name="conv2")(x)
    x = layers.Conv2D(64, 3, activation="relu", name="features")(x)
    x = layers.MaxPooling2D(name="pool2")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(128, activation="relu", name="dense1")(x)
    x = layers.Dropout(0.5, name="dropout")(x)
    if n_classes > 2:
        return keras.Model(image, _probabilities(x, n_classes), name="pneumonia_cnn")
    positive = layers.Dense(1, activation="sigmoid", dtype="float32", name="score")(x)
    # Fixed weights turn p into (1 - p, p) with a layer that every backend can save and load.
    negative = layers.Rescaling(-1.0, offset=1.0, dtype="float32", name="complement")(positive)
    both = layers.Concatenate(dtype="float32", name="probabilities")([negative, positive])
    return keras.Model(image, both, name="pneumonia_cnn")


def build_cnn9(n_classes: int, size: int, weights: str) -> keras.Model:
    """The 9-layer CNN of the thesis' experiment 6.1.

    Conv64 k7 - pool - Conv128 k3 - pool - Conv256 k3 - pool - Dense128 - Dropout .5 -
    Dense64 - Dropout .5 - Dense softmax; padding "same", ReLU throughout. Nearly all of its
    weights are in the first dense layer: 46 million at 299 px.

    Args and returns: see `xray_core.models`; `weights` is always "random".
    """
    image, x = _rescaled_image(size)
    for block, (filters, kernel) in enumerate(((64, 7), (128, 3), (256, 3)), start=1):
        name = "features" if block == 3 else f"conv{block}"
        x = layers.Conv2D(filters, kernel, padding="same", activation="relu", name=name)(x)
        x = layers.MaxPooling2D(name=f"pool{block}")(x)
    x = layers.Flatten(name="flatten")(x)
    for block, units in enumerate((128, 64), start=1):
        x = layers.Dense(units, activation="relu", name=f"dense{block}")(x)
        x = layers.Dropout(0.5, name=f"dropout{block}")(x)
    return keras.Model(image, _probabilities(x, n_classes), name="cnn9")


def _rescaled_image(size: int) -> tuple[Any, Any]:
    image = keras.Input((size, size, 1), name="image")
    return image, layers.Rescaling(1 / 255, name="rescale")(image)


def _probabilities(x: Any, n_classes: int) -> Any:
    # float32 whatever the precision policy: half-precision probabilities ruin loss and AUC.
    return layers.Dense(n_classes, activation="softmax", dtype="float32", name="probabilities")(x)
