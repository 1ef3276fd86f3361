"""Networks of keras.applications, with ImageNet, local or random weights and a fresh head.

The gray image is repeated to three channels and scaled as the published weights expect it.
"""

from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

from xray_core.errors import RecipeError
from xray_core.models.heads import attach_head, probabilities
from xray_core.models.weights import load_base_weights

# Keras' 0.999 needs thousands of steps to forget ImageNet's statistics; a fine-tuning has hundreds.
NORM_MOMENTUM = 0.99
ALPHAS = (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)


@dataclass(frozen=True)
class Scaling:
    """How ImageNet pixels were scaled: to [0, 1], then (value - mean) / deviation by channel.

    Attributes:
        mean: three numbers; empty: the pixels are scaled by `factor` and `offset` and no more.
        deviation: three numbers, the divisors.
        factor: of a pixel in [0, 255], where there is no mean.
        offset: what is added then.
    """

    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()
    factor: float = 1 / 127.5
    offset: float = -1.0


SYMMETRIC = Scaling()  # "tf" in keras.applications
# "torch" there.
STANDARDISED = Scaling(mean=(0.485, 0.456, 0.406), deviation=(0.229, 0.224, 0.225))
# "caffe" there: blue, green and red of [0, 255] less their mean, not divided.
CENTRED = Scaling(
    mean=(103.939 / 255, 116.779 / 255, 123.68 / 255), deviation=(1 / 255, 1 / 255, 1 / 255)
)


@dataclass(frozen=True)
class Application:
    """The builder of a network of keras.applications, under the contract of `xray_core.models`.

    Called with n_classes, size, weights and multilabel as every builder, and with

        head: one of `xray_core.models.HEADS`; see `heads.attach_head`.
        dropout: rate before the last layer, 0 to below 1.

    Raises RecipeError: an impossible dropout, or the weights cannot be had or do not fit.

    Attributes:
        name: in `MODELS`, where its source is.
        function: in keras.applications.
        scaling: of its pixels.
        scales_inside: whether Keras' network would scale its pixels by itself; it is told not
            to, so that all networks are scaled in the same, visible place.
    """

    name: str
    function: str
    scaling: Scaling
    scales_inside: bool = False

    def __call__(
        self, n_classes: int, size: int, weights: str, multilabel: bool, head: str, dropout: float
    ) -> keras.Model:
        base = self.build_base(size)
        return self.assemble(base, n_classes, weights, multilabel, head, dropout)

    def build_base(self, size: int, **settings: Any) -> keras.Model:
        """Return the network without top, with random weights, named "base"."""
        if self.scales_inside:
            settings["include_preprocessing"] = False
        build = getattr(keras.applications, self.function)
        base = build(input_shape=(size, size, 3), include_top=False, weights=None, **settings)
        # Not by its argument `name`, in which some networks look up what they are.
        return keras.Model(base.input, base.output, name="base")

    def assemble(
        self,
        base: keras.Model,
        n_classes: int,
        weights: str,
        multilabel: bool,
        head: str,
        dropout: float,
        **options: float,
    ) -> keras.Model:
        """Return the model of image, scaling, base and head.

        Args:
            base: see `build_base`.
            n_classes: number of outputs.
            weights: "imagenet", "random", or the path of a file of weights without top.
            multilabel: whether an image can have several classes at once.
            head: one of `xray_core.models.HEADS`.
            dropout: rate before the last layer, 0 to below 1.
            options: those of the base, to find its weights.
        """
        if not 0 <= dropout < 1:
            raise RecipeError(f"model_options.dropout is {dropout}; choose 0 to below 1.")
        load_base_weights(base, self.name, weights, **options)
        _, size, _, _ = base.input_shape
        image = keras.Input((size, size, 1), name="image")
        x = layers.Identity(name="features")(base(self._scale(image)))
        x = attach_head(x, head, dropout)
        return keras.Model(image, probabilities(x, n_classes, multilabel), name=self.name)

    def _scale(self, image: Any) -> Any:
        if not self.scaling.mean:
            x = layers.Rescaling(self.scaling.factor, self.scaling.offset, name="rescale")(image)
            return layers.Concatenate(name="to_rgb")([x, x, x])
        x = layers.Rescaling(1 / 255, name="rescale")(image)
        x = layers.Concatenate(name="to_rgb")([x, x, x])
        # float32: the variance of the centred scaling is too small a number for half precision.
        return layers.Normalization(
            mean=list(self.scaling.mean),
            variance=[deviation**2 for deviation in self.scaling.deviation],
            dtype="float32",
            name="standardise",
        )(x)


build_vgg16 = Application("vgg16", "VGG16", CENTRED)
build_vgg19 = Application("vgg19", "VGG19", CENTRED)
build_resnet50 = Application("resnet50", "ResNet50", CENTRED)
build_inception_v3 = Application("inception_v3", "InceptionV3", SYMMETRIC)
build_xception = Application("xception", "Xception", SYMMETRIC)
build_densenet121 = Application("densenet121", "DenseNet121", STANDARDISED)
build_efficientnet_v2_b0 = Application(
    "efficientnet_v2_b0", "EfficientNetV2B0", STANDARDISED, scales_inside=True
)
build_convnext_tiny = Application("convnext_tiny", "ConvNeXtTiny", STANDARDISED, scales_inside=True)
_MOBILENET_V2 = Application("mobilenet_v2", "MobileNetV2", SYMMETRIC)


def build_mobilenet_v2(
    n_classes: int,
    size: int,
    weights: str,
    multilabel: bool,
    alpha: float,
    dropout: float,
    head: str,
) -> keras.Model:
    """MobileNetV2 (Sandler et al. 2018, arXiv:1801.04381); as the other networks, and narrower.

    Args:
        n_classes: number of outputs.
        size: px, height = width, at least 32.
        weights: "imagenet", "random", or the path of a file of weights without top.
        multilabel: whether an image can have several classes at once.
        alpha: width multiplier, above 0; with "imagenet" one of `ALPHAS`.
        dropout: rate before the last layer, 0 to below 1.
        head: one of `xray_core.models.HEADS`.

    Raises:
        RecipeError: an impossible option, or the weights cannot be had or do not fit.
    """
    if not alpha > 0 or (weights == "imagenet" and alpha not in ALPHAS):
        raise RecipeError(
            f"model_options.alpha is {alpha}; ImageNet weights exist for "
            f"{', '.join(map(str, ALPHAS))}, random weights take any above 0."
        )
    base = _MOBILENET_V2.build_base(size, alpha=alpha)
    for layer in base.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = NORM_MOMENTUM
    return _MOBILENET_V2.assemble(base, n_classes, weights, multilabel, head, dropout, alpha=alpha)
