"""Well-known networks that keras.applications lacks, built from their papers.

Random weights only. The gray image is scaled to [-1, 1] and repeated to three channels, so that
the networks have the published number of parameters.
"""

from typing import Any

import keras
from keras import layers

from xray_core.models.heads import probabilities

ALEXNET_SIDE = 6  # px of the map that its dense layers see
# Filters of 1x1; of 1x1 and 3x3; of 1x1 and 5x5; of 1x1 after the pooling: table 1 of the paper.
INCEPTIONS = {
    "3a": (64, (96, 128), (16, 32), 32),
    "3b": (128, (128, 192), (32, 96), 64),
    "4a": (192, (96, 208), (16, 48), 64),
    "4b": (160, (112, 224), (24, 64), 64),
    "4c": (128, (128, 256), (24, 64), 64),
    "4d": (112, (144, 288), (32, 64), 64),
    "4e": (256, (160, 320), (32, 128), 128),
    "5a": (256, (160, 320), (32, 128), 128),
    "5b": (384, (192, 384), (48, 128), 128),
}
RESNET18_STAGES = ((64, 1), (128, 2), (256, 2), (512, 2))  # filters, first stride; two blocks each


def build_alexnet(n_classes: int, size: int, weights: str, multilabel: bool) -> keras.Model:
    """AlexNet (Krizhevsky et al. 2012) in the single-column version of Krizhevsky 2014.

    As torchvision builds it (arXiv:1404.5997): filters 64-192-384-256-256, no groups, no local
    response normalisation; 61.1 million parameters with 1000 classes at 224 px. The dense layers
    see a map of 6 px: larger ones are averaged to it, smaller ones (below 223 px) are taken as
    they are.

    Args and returns: see `xray_core.models`; `weights` is always "random".
    """
    image, x = _repeated_image(size)
    x = layers.ZeroPadding2D(2, name="pad1")(x)
    x = layers.Conv2D(64, 11, strides=4, activation="relu", name="conv1")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool1")(x)
    x = layers.Conv2D(192, 5, padding="same", activation="relu", name="conv2")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool2")(x)
    x = layers.Conv2D(384, 3, padding="same", activation="relu", name="conv3")(x)
    x = layers.Conv2D(256, 3, padding="same", activation="relu", name="conv4")(x)
    x = layers.Conv2D(256, 3, padding="same", activation="relu", name="features")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool5")(x)
    if x.shape[1] > ALEXNET_SIDE:
        x = layers.AdaptiveAveragePooling2D(ALEXNET_SIDE, name="average")(x)
    x = layers.Flatten(name="flatten")(x)
    for number in (6, 7):
        x = layers.Dropout(0.5, name=f"dropout{number}")(x)
        x = layers.Dense(4096, activation="relu", name=f"dense{number}")(x)
    return keras.Model(image, probabilities(x, n_classes, multilabel), name="alexnet")


def build_googlenet(n_classes: int, size: int, weights: str, multilabel: bool) -> keras.Model:
    """GoogLeNet, the first Inception network (Szegedy et al. 2014, arXiv:1409.4842, table 1).

    Without the two auxiliary heads and local response normalisations: batch normalisation after
    each convolution (Ioffe and Szegedy 2015, arXiv:1502.03167) brings the gradients down. Its
    offsets take the place of the published biases, so that there are the 7.0 million published
    parameters, and its scales besides.

    Args and returns: see `xray_core.models`; `weights` is always "random".
    """
    image, x = _repeated_image(size)
    x = _convolve(x, 64, 7, "1", strides=2)
    x = layers.MaxPooling2D(3, strides=2, padding="same", name="pool1")(x)
    x = _convolve(x, 64, 1, "2_reduce")
    x = _convolve(x, 192, 3, "2")
    x = layers.MaxPooling2D(3, strides=2, padding="same", name="pool2")(x)
    for block, filters in INCEPTIONS.items():
        x = _inception(x, block, *filters)
        if block in ("3b", "4e"):
            x = layers.MaxPooling2D(3, strides=2, padding="same", name=f"pool{block[0]}")(x)
    x = layers.Identity(name="features")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    x = layers.Dropout(0.4, name="dropout")(x)
    return keras.Model(image, probabilities(x, n_classes, multilabel), name="googlenet")


def build_resnet18(n_classes: int, size: int, weights: str, multilabel: bool) -> keras.Model:
    """ResNet-18 (He et al. 2015, arXiv:1512.03385): 11.69 million parameters with 1000 classes.

    Where a shortcut changes its shape it is a 1x1 convolution, option B of the paper.

    Args and returns: see `xray_core.models`; `weights` is always "random".
    """
    image, x = _repeated_image(size)
    x = _convolve(x, 64, 7, "1", strides=2)
    x = layers.MaxPooling2D(3, strides=2, padding="same", name="pool1")(x)
    for stage, (filters, strides) in enumerate(RESNET18_STAGES, start=2):
        x = _residual(x, filters, f"{stage}a", strides)
        x = _residual(x, filters, f"{stage}b", 1)
    x = layers.Identity(name="features")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(image, probabilities(x, n_classes, multilabel), name="resnet18")


def _repeated_image(size: int) -> tuple[Any, Any]:
    image = keras.Input((size, size, 1), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="rescale")(image)
    return image, layers.Concatenate(name="to_rgb")([x, x, x])


def _convolve(
    x: Any, filters: int, kernel: int, name: str, strides: int = 1, relu: bool = True
) -> Any:
    """Return `x` after a convolution without bias, batch normalisation and, if asked, ReLU."""
    x = layers.Conv2D(
        filters,
        kernel,
        strides=strides,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"conv{name}",
    )(x)
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"norm{name}")(x)
    return layers.ReLU(name=f"relu{name}")(x) if relu else x


def _inception(
    x: Any, block: str, ones: int, threes: tuple[int, int], fives: tuple[int, int], pooled: int
) -> Any:
    """Return four branches side by side: 1x1, 3x3, 5x5, and a pooling; see `INCEPTIONS`."""
    branches = [_convolve(x, ones, 1, f"{block}_1x1")]
    for kernel, (reduce, filters) in ((3, threes), (5, fives)):
        name = f"{block}_{kernel}x{kernel}"
        branches.append(_convolve(_convolve(x, reduce, 1, f"{name}_reduce"), filters, kernel, name))
    x = layers.MaxPooling2D(3, strides=1, padding="same", name=f"pool{block}")(x)
    branches.append(_convolve(x, pooled, 1, f"{block}_pool"))
    return layers.Concatenate(name=f"inception{block}")(branches)


def _residual(x: Any, filters: int, block: str, strides: int) -> Any:
    """Return two 3x3 convolutions of `x`, added to `x` itself or to its 1x1 convolution."""
    shortcut = x
    if strides > 1:
        shortcut = _convolve(x, filters, 1, f"{block}_shortcut", strides, relu=False)
    x = _convolve(x, filters, 3, f"{block}_1", strides)
    x = _convolve(x, filters, 3, f"{block}_2", relu=False)
    x = layers.Add(name=f"add{block}")([x, shortcut])
    return layers.ReLU(name=f"relu{block}")(x)
