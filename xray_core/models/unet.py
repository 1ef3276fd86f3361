"""The small U-Net, which says of each pixel whether it belongs to what is looked for."""

from typing import Any

import keras
from keras import layers

DEPTH = 4  # halvings, as published
MULTIPLE = 2**DEPTH  # px; the sides of what is halved so often are a multiple of it


def build_unet(
    n_classes: int, size: int, weights: str, multilabel: bool, filters: float, dropout: float
) -> keras.Model:
    """The U-Net of Ronneberger et al. 2015, with fewer filters.

    As published: two 3x3 convolutions with ReLU a level, four halvings by pooling with twice the
    filters after each, and the same way up, joined at each level with what was there on the way
    down. Chosen here: an eighth of the 64 filters that it begins with (0.5 M weights instead of
    31 M, which minutes on two processors are enough for), batch normalisation (the article is
    older), padding "same" instead of ever smaller maps, doubling by repeating pixels instead of by
    transposed convolutions, which leave a chequered pattern (Odena et al. 2016,
    doi:10.23915/distill.00003), and dropout at the bottom.

    Args and returns: see `xray_core.models`; `n_classes` is 1 and `weights` always "random".
    `filters`: of the first level. `dropout`: rate at the bottom, 0 to below 1.
    """
    image = keras.Input((size, size, 1), name="image")
    x = layers.Rescaling(1 / 255, name="rescale")(image)
    # Sides that cannot be halved four times are enlarged with black, and cut again at the end.
    extra = -size % MULTIPLE
    edges = ((extra // 2, extra - extra // 2),) * 2
    if extra:
        x = layers.ZeroPadding2D(edges, name="enlarge")(x)
    first, levels = int(filters), []
    for level in range(DEPTH):
        x = _convolve_twice(x, first * 2**level, f"down{level + 1}")
        levels.append(x)
        x = layers.MaxPooling2D(name=f"pool{level + 1}")(x)
    x = _convolve_twice(x, first * MULTIPLE, "bottom")
    x = layers.Dropout(dropout, name="dropout")(x)
    for level in reversed(range(DEPTH)):
        x = layers.UpSampling2D(name=f"double{level + 1}")(x)
        x = _convolve(x, first * 2**level, f"up{level + 1}_conv0")
        x = layers.Concatenate(name=f"join{level + 1}")([levels[level], x])
        x = _convolve_twice(x, first * 2**level, f"up{level + 1}", last=level == 0)
    # float32 whatever the precision policy, as all probabilities.
    name = "enlarged" if extra else "probabilities"
    x = layers.Conv2D(1, 1, activation="sigmoid", dtype="float32", name=name)(x)
    if extra:
        x = layers.Cropping2D(edges, dtype="float32", name="probabilities")(x)
    return keras.Model(image, x, name="unet")


def _convolve_twice(x: Any, filters: int, name: str, *, last: bool = False) -> Any:
    x = _convolve(x, filters, f"{name}_conv1")
    return _convolve(x, filters, f"{name}_conv2", "features" if last else "")


def _convolve(x: Any, filters: int, name: str, activation: str = "") -> Any:
    x = layers.Conv2D(filters, 3, padding="same", use_bias=False, name=name)(x)
    x = layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(x)
    return layers.ReLU(name=activation or f"{name}_relu")(x)
