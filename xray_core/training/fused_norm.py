"""Batch normalisation in one kernel: Keras composes it of several, which cost a CPU most of a step.

TensorFlow only; with another backend the layers stay as they are.
"""

from types import MethodType
from typing import Any

import keras

from xray_core.training.freezing import inner_layers


def fuse_batch_norm(model: Any) -> int:
    """Let the batch normalisation layers of `model` use TensorFlow's fused kernel.

    The kernel's values agree with those of Keras to float precision; only the moving variance
    takes n - 1 where Keras takes n pixels. Layers that the kernel does not know (another axis
    than the last, not four dimensions, renorm, synchronised) stay as they are. A saved model
    holds plain Keras layers.

    Args:
        model: built, uncompiled; its layers are changed in place, those of nested models too.

    Returns:
        How many layers now use the kernel; 0 with a backend other than TensorFlow.
    """
    if keras.backend.backend() != "tensorflow":
        return 0
    fused = [layer for layer in inner_layers(model) if fits(layer)]
    for layer in fused:
        layer.call = MethodType(_fused_call, layer)
    return len(fused)


def fits(layer: Any) -> bool:
    """Whether a layer is batch normalisation that the kernel knows."""
    return (
        type(layer) is keras.layers.BatchNormalization
        and layer.axis in (-1, 3)
        and len(layer.input.shape) == 4
        and not (layer.renorm or layer.synchronized)
        and layer.scale
        and layer.center
    )


def _fused_call(self: Any, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
    """Do what `BatchNormalization.call` does; masks do not occur with images."""
    import tensorflow as tf

    learns = bool(training and self.trainable)
    none: Any = tf.zeros(0)
    output, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=keras.ops.cast(inputs, "float32"),  # as Keras does: half precision overflows here
        scale=self.gamma,
        offset=self.beta,
        mean=none if learns else self.moving_mean,
        variance=none if learns else self.moving_variance,
        epsilon=self.epsilon,
        is_training=learns,
    )
    if learns:
        keep = self.momentum
        self.moving_mean.assign(self.moving_mean * keep + mean * (1 - keep))
        self.moving_variance.assign(self.moving_variance * keep + variance * (1 - keep))
    return keras.ops.cast(output, self.compute_dtype)
