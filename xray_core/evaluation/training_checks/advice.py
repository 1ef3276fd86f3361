"""Advice: what to try next, in recipe fields and values."""

from xray_core.models import MODELS
from xray_core.recipes import Phase, Recipe
from xray_core.recipes.usual import USUAL_RATES

# How far outside of the usual range a rate is named as the likely cause.
HIGH_RATE_FACTOR, LOW_RATE_FACTOR = 3.0, 0.1
# The rate to begin with.
FIRST_RATES = {"adam": 1e-3, "adamw": 1e-3, "nadam": 1e-3, "rmsprop": 1e-3, "sgd": 1e-2}


def is_too_high(phase: Phase) -> bool:
    """Whether the learning rate is far above what is usual."""
    return phase.learning_rate > HIGH_RATE_FACTOR * USUAL_RATES[phase.optimizer][1]


def is_too_low(phase: Phase) -> bool:
    """Whether the learning rate is far below what is usual."""
    return phase.learning_rate < LOW_RATE_FACTOR * USUAL_RATES[phase.optimizer][0]


def lower_rate(phase: Phase) -> str:
    """Return the advice to learn more slowly."""
    rate = min(phase.learning_rate / 10, FIRST_RATES[phase.optimizer])
    return f"Set phases.{phase.name}.learning_rate={max(rate, 1e-9):g}."


def higher_rate(phase: Phase) -> str:
    """Return the advice to learn at a usual pace."""
    return f"Set phases.{phase.name}.learning_rate={FIRST_RATES[phase.optimizer]:g}."


def stability_advice(recipe: Recipe, phase: Phase) -> str:
    """Return the advice against swings from epoch to epoch."""
    words = lower_rate(phase)
    if phase.schedule == "constant":
        words = words.removesuffix(".") + f" and phases.{phase.name}.schedule=cosine."
    if recipe.batch_size < 32:
        words += " If that is not enough: batch_size=32."
    return words


def overfitting_advice(recipe: Recipe, phase: Phase) -> str:
    """Return the advice against overfitting: what this recipe does not do yet."""
    wishes = []
    if recipe.augment.is_none:
        wishes += ["augment.horizontal_flip=true", "augment.zoom=0.1", "augment.shift=0.05"]
    dropout = {**MODELS[recipe.model].options, **recipe.model_options}.get("dropout")
    if dropout is not None and float(dropout) < 0.5:
        wishes.append("model_options.dropout=0.5")
    if not phase.patience:
        wishes.append(f"phases.{phase.name}.patience=5")
    if recipe.selected_epoch == "last":
        wishes.append("selected_epoch=best")
    if not wishes:
        return "More images help most; then more augmentation, such as augment.rotation=10."
    return f"More images help most. Or set {', '.join(wishes)}."
