"""Which layers of a model's base a phase trains; what follows the base is always trained."""

import difflib
from collections.abc import Iterator
from typing import Any

import keras

from xray_core.errors import RecipeError
from xray_core.recipes import Phase, Recipe

BASE = "base"  # layer that holds the pretrained part; see `xray_core.models`
N_NEAR = 3  # names told where one is wrong


def check_layers(model: Any, recipe: Recipe) -> None:
    """Raise RecipeError if a phase begins at a layer that the base of `model` has not."""
    for phase in recipe.phases:
        kind, _, name = phase.trainable.partition(":")
        if kind != "from":
            continue
        names = [layer.name for base in _bases(model) for layer in base.layers]
        if name.strip() not in names:
            near = difflib.get_close_matches(name, names, N_NEAR, 0.4) or names[-N_NEAR:]
            raise RecipeError(
                f"phases.{phase.name}.trainable is {phase.trainable!r}, but the base of "
                f"{recipe.model} has no layer {name.strip()!r}. Did you mean: {', '.join(near)}?"
            )


def freeze_layers(model: Any, phase: Phase) -> None:
    """Let the layers of the base learn or not, as `phase` says; compile `model` afterwards.

    A batch normalisation that does not learn keeps its statistics, too, and normalises by them.

    Args:
        model: under the builder contract; changed in place. Without a base nothing happens.
        phase: its `trainable` and `batch_norm`; a layer that it names is in the base.
    """
    for base in _bases(model):
        base.trainable = phase.trainable != "head"
        for layer in base.layers[: _first_trained(base, phase.trainable)]:
            layer.trainable = False
        if phase.batch_norm == "frozen":
            for layer in inner_layers(base):
                if isinstance(layer, keras.layers.BatchNormalization):
                    layer.trainable = False


def inner_layers(model: Any) -> Iterator[Any]:
    """Yield the layers of `model`, those of nested models in their place."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from inner_layers(layer)
        else:
            yield layer


def _bases(model: Any) -> list[Any]:
    return [layer for layer in model.layers if layer.name == BASE]


def _first_trained(base: Any, trainable: str) -> int:
    """Return the number of the first layer of `base` that learns, from 0 in their order."""
    kind, _, rest = trainable.partition(":")
    n_layers = len(base.layers)
    if kind == "top":
        return n_layers - max(1, round(float(rest) * n_layers))
    if kind == "from":
        return [layer.name for layer in base.layers].index(rest.strip())
    return 0
