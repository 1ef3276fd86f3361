"""Small networks built from scratch: the demo's, and those of the published notebooks."""

from typing import Any

import keras
from keras import layers

from xray_core.models.heads import one_sigmoid, probabilities


def build_demo_cnn(n_classes: int, size: int, weights: str, multilabel: bool) -> keras.Model:
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
    # Flattened, not pooled: on a few hundred images the place of a shadow tells as much as its
    # look.
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dropout(0.2, name="dropout")(x)
    return keras.Model(image, probabilities(x, n_classes, multilabel), name="demo_cnn")


def build_pneumonia_cnn(n_classes: int, size: int, weights: str, multilabel: bool) -> keras.Model:
    """The CNN of the published Kermany pneumonia notebook.

    Conv32 - pool - Conv64 - Conv64 - pool - Dense128 - Dropout .5 - Dense1 sigmoid, which is
    kept for two classes; see `heads.one_sigmoid`.

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
    return keras.Model(image, one_sigmoid(x, n_classes, multilabel), name="pneumonia_cnn")


def build_cnn9(
    n_classes: int, size: int, weights: str, multilabel: bool, channels: float
) -> keras.Model:
    """The 9-layer CNN of the thesis' experiment 6.1.

    Conv64 k7 - pool - Conv128 k3 - pool - Conv256 k3 - pool - Dense128 - Dropout .5 -
    Dense64 - Dropout .5 - Dense softmax; padding "same". Nearly all of its weights are in the
    first dense layer: 45,240,260 at 299 px with four classes.

    The thesis names ReLU for the dense layers and leaves the activation of the convolutions open;
    chosen here: ReLU as well. It reads images of 299x299x3, gray repeated three times, in which
    there is no more to see than in one channel: one is the default here, three are an option, with
    6,272 more weights in the first kernel.

    Args and returns: see `xray_core.models`; `weights` is always "random". `channels`: 1, or 3 as
    the thesis has it.
    """
    image, x = _rescaled_image(size)
    if channels == 3:
        x = layers.Concatenate(name="to_rgb")([x, x, x])
    x = _convolutions(x, ((64, 7), (128, 3), (256, 3)))
    x = layers.Flatten(name="flatten")(x)
    for block, units in enumerate((128, 64), start=1):
        x = layers.Dense(units, activation="relu", name=f"dense{block}")(x)
        x = layers.Dropout(0.5, name=f"dropout{block}")(x)
    return keras.Model(image, probabilities(x, n_classes, multilabel), name="cnn9")


def build_xnet_cnn(n_classes: int, size: int, weights: str, multilabel: bool) -> keras.Model:
    """The CNN of the X-Net project for the first diagnosis among 15 (NIH ChestX-ray14, 256 px).

    The document says: several convolutions, of which the filters grow while the kernels shrink,
    max pooling, dropout, ReLU, Flatten, Dense with softmax. It gives no numbers. Chosen here:
    Conv16 k9 - Conv32 k7 - Conv64 k5 - Conv128 k3, padding "same", a pooling after each, one
    Dropout .25 before Flatten.

    Args and returns: see `xray_core.models`; `weights` is always "random".
    """
    image, x = _xnet_branch(size)
    return keras.Model(image, probabilities(x, n_classes, multilabel), name="xnet_cnn")


def build_xnet_dual(
    n_classes: int, size: int, weights: str, multilabel: bool, n_tabular: int
) -> keras.Model:
    """The dual classifier of the X-Net project: the image, and what is known of the patient.

    The document says that one classifier joins the image branch with a branch of age, follow-up,
    view and gender, and no more. Chosen here: the branch of `build_xnet_cnn` up to its Flatten;
    beside it a Dense 16 with ReLU; both concatenated before the output layer.

    Args and returns: see `xray_core.models`; `weights` is always "random". `n_tabular` is the
    length of "tabular", the second input.
    """
    image, x = _xnet_branch(size)
    tabular = keras.Input((n_tabular,), name="tabular")
    y = layers.Dense(16, activation="relu", name="tabular_dense")(tabular)
    x = layers.Concatenate(name="joined")([x, y])
    inputs = {"image": image, "tabular": tabular}
    return keras.Model(inputs, probabilities(x, n_classes, multilabel), name="xnet_dual")


def build_vgg_mini(
    n_classes: int, size: int, weights: str, multilabel: bool, ending: str
) -> keras.Model:
    """The small VGG of the CoronaHack article: 3x3 convolutions and one sigmoid.

    The article says that the filters were 32 - 64 - 128 - 512 - 1, with kernels of 3x3, ReLU in
    hidden layers, and an input of 300x300x1. The 1 is the output, a dense layer; whether the 512
    are filters as well, or a dense layer before it as VGG has, it leaves open: the default here
    is a fourth convolution, the other reading is an option. Padding and pooling it leaves open,
    too; chosen here, after VGG: padding "same", a pooling after each convolution, Flatten. Its one
    sigmoid is kept for two classes; see `heads.one_sigmoid`.

    Args and returns: see `xray_core.models`; `weights` is always "random". `ending`: "conv512", or
    "dense512" for three convolutions and Dense 512 with ReLU.
    """
    image, x = _rescaled_image(size)
    blocks = ((32, 3), (64, 3), (128, 3), (512, 3))
    x = _convolutions(x, blocks if ending == "conv512" else blocks[:3])
    x = layers.Flatten(name="flatten")(x)
    if ending == "dense512":
        x = layers.Dense(512, activation="relu", name="dense512")(x)
    return keras.Model(image, one_sigmoid(x, n_classes, multilabel), name="vgg_mini")


def _xnet_branch(size: int) -> tuple[Any, Any]:
    """Return the input and the flattened features of the X-Net CNN, (batch, n_features)."""
    image, x = _rescaled_image(size)
    x = _convolutions(x, ((16, 9), (32, 7), (64, 5), (128, 3)))
    x = layers.Dropout(0.25, name="dropout")(x)
    return image, layers.Flatten(name="flatten")(x)


def _rescaled_image(size: int) -> tuple[Any, Any]:
    image = keras.Input((size, size, 1), name="image")
    return image, layers.Rescaling(1 / 255, name="rescale")(image)


def _convolutions(x: Any, blocks: tuple[tuple[int, int], ...]) -> Any:
    """Return `x` after a padded ReLU convolution and a pooling for each (filters, kernel)."""
    for block, (filters, kernel) in enumerate(blocks, start=1):
        name = "features" if block == len(blocks) else f"conv{block}"
        x = layers.Conv2D(filters, kernel, padding="same", activation="relu", name=name)(x)
        x = layers.MaxPooling2D(name=f"pool{block}")(x)
    return x
