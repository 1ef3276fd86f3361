"""Usual ranges of a recipe's fields; other values are allowed, with a warning.

Ranges are those of the sources named beside them, or, of images, what an upright image can bear.
"""

from dataclasses import dataclass

from xray_core.recipes.changes import changeable_fields
from xray_core.recipes.phase import Phase
from xray_core.recipes.schema import Recipe

# The range in which these optimizers usually train convolutional networks from random weights.
# Keras' own defaults are 1e-3 for all but SGD, and 1e-2 for that.
USUAL_RATES = {
    "adam": (1e-4, 3e-3),
    "adamw": (1e-4, 3e-3),
    "nadam": (1e-4, 3e-3),
    "rmsprop": (1e-4, 3e-3),
    "sgd": (1e-3, 1e-1),
}
FINE_TUNING_FACTOR = 0.1  # of the lowest rate: what is learnt already is trained with smaller steps


@dataclass(frozen=True)
class Usual:
    """The usual values of a field: `low` to `high`, or `off`."""

    low: float
    high: float
    off: float | None = None


USUAL = {
    "batch_size": Usual(4, 256),  # Masters and Luschi 2018, arXiv:1804.07612
    "momentum": Usual(0.5, 0.99, off=0),  # Sutskever et al. 2013
    "weight_decay": Usual(1e-6, 0.1, off=0),  # Loshchilov and Hutter 2019, arXiv:1711.05101
    "dropout": Usual(0, 0.6),  # Srivastava et al. 2014: 40 to 80 % stay
    "label_smoothing": Usual(0, 0.2),  # Müller et al. 2019, arXiv:1906.02629
    "focal_gamma": Usual(0, 5),  # Lin et al. 2017, arXiv:1708.02002
    "mixup": Usual(0, 0.4),  # Zhang et al. 2018, arXiv:1710.09412
    "augment.zoom": Usual(0, 0.3),
    "augment.rotation": Usual(0, 20),
    "augment.shear": Usual(0, 20),
    "augment.shift": Usual(0, 0.2),
    "augment.brightness_min": Usual(0.5, 1),
    "augment.brightness_max": Usual(1, 1.5),
    "split.validation": Usual(0.05, 0.4),
    "split.test": Usual(0.05, 0.5, off=0),
}


def describe_unusual(recipe: Recipe) -> list[str]:
    """Return a sentence on each field whose value is outside of what is usual.

    Of the learning rate the usual range is that of its optimizer, and reaches further down where
    pretrained layers are trained on.
    """
    words = []
    for field, value in changeable_fields(recipe).items():
        usual = USUAL.get(field) or USUAL.get(field.rpartition(".")[2])
        if usual and value != usual.off and not usual.low <= value <= usual.high:
            words.append(f"{field} is {value:g}; {_format_range(usual)} is usual.")
    for phase in recipe.phases:
        low, high = _usual_rates(recipe, phase)
        if not low <= phase.learning_rate <= high:
            words.append(
                f"phases.{phase.name}.learning_rate is {phase.learning_rate:g}; {low:g} to "
                f"{high:g} is usual for {phase.optimizer}."
            )
    return words


def _format_range(usual: Usual) -> str:
    words = f"{usual.low:g} to {usual.high:g}"
    return words if usual.off is None else f"{usual.off:g} or {words}"


def _usual_rates(recipe: Recipe, phase: Phase) -> tuple[float, float]:
    low, high = USUAL_RATES[phase.optimizer]
    goes_on = recipe.weights != "random" and phase.trainable != "head"
    return (low * FINE_TUNING_FACTOR if goes_on else low), high
