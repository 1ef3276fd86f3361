"""Model catalogue. Importing this package never imports Keras; building a model does.

To add a model: write one builder in the module of its family, and one line in `MODELS`.
`tests/models/test_builders.py` then builds and checks it without further work.

The builder contract, `build_<name>(n_classes, size, weights, **options)`:
    in    (batch, size, size, 1) gray pixels in [0, 255]; rescaling is part of the model
    out   (batch, n_classes) float32, softmax probabilities; the model is not compiled
    layers "image" (input), "features" (last spatial map), "probabilities" (output), and
          "base" where there is a pretrained part that a phase can freeze
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from xray_core.errors import RecipeError
from xray_core.home import find_home


@dataclass(frozen=True)
class ModelCard:
    """What a person needs to choose a model; shown as is in the app.

    Attributes:
        title: for a person.
        builder: "module:function" inside xray_core.models.
        source: where the architecture is described.
        min_size: px, smallest image that passes its pooling layers.
        options: the builder's own options and their defaults.
        pretrained: file name of its ImageNet weights, with the options filled in; "" if none.
    """

    title: str
    builder: str
    source: str
    min_size: int = 16
    options: Mapping[str, float] = field(default_factory=dict)
    pretrained: str = ""


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
        "9-layer CNN", "own:build_cnn9", "Conv 64-128-256, Dense 128-64", min_size=16
    ),
    "mobilenet_v2": ModelCard(
        "MobileNetV2",
        "mobilenet:build_mobilenet_v2",
        "Sandler et al. 2018, arXiv:1801.04381",
        min_size=32,
        options={"alpha": 1.0, "dropout": 0.2},
        pretrained="mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{alpha}_224_no_top.h5",
    ),
}


def build_model(
    name: str, n_classes: int, size: int, weights: str = "random", **options: float
) -> Any:
    """Build the Keras model called `name` under the contract above.

    Args:
        name: key of `MODELS`.
        n_classes: number of outputs, at least 2.
        size: px, height = width.
        weights: "random", "imagenet", or the path of a weights file.
        options: of the model's card; the others keep their defaults.

    Raises:
        RecipeError: unknown name, or the weights cannot be had or do not fit.
    """
    if name not in MODELS:
        raise RecipeError(f"Unknown model {name!r}. Choose one of: {', '.join(MODELS)}.")
    card = MODELS[name]
    module, function = card.builder.split(":")
    build = getattr(import_module(f"{__name__}.{module}"), function)
    return build(n_classes, size, weights, **{**card.options, **options})


def weights_file(name: str, **options: float) -> Path:
    """Return where the file of ImageNet weights of a model is looked for, before any download."""
    card = MODELS[name]
    numbers = {key: float(value) for key, value in {**card.options, **options}.items()}
    return find_home().data / "weights" / card.pretrained.format(**numbers)


def check_weights(name: str, weights: str) -> None:
    """Raise RecipeError early if `weights` names a file that is not there."""
    if weights not in ("random", "imagenet") and not Path(weights).expanduser().is_file():
        raise RecipeError(
            f"There is no weights file {weights!r}. Give the path of a file, "
            "or set weights=imagenet or weights=random."
        )
