"""Training losses: cross-entropy and focal loss, and what the log reports of them."""

from typing import Any

import keras

from xray_core.recipes import Recipe

ENTROPY = "categorical_crossentropy"  # metric: the plain loss, by which the log can be compared


def build_loss(recipe: Recipe) -> Any:
    """Return the loss of `recipe`, of targets and probabilities (batch, n_outputs)."""
    smoothing = recipe.label_smoothing
    if recipe.loss == "focal":
        # Lin et al. weigh classes by alpha; here that is what class_weights and sampling do.
        return keras.losses.CategoricalFocalCrossentropy(
            alpha=1.0, gamma=recipe.focal_gamma, label_smoothing=smoothing
        )
    return keras.losses.CategoricalCrossentropy(label_smoothing=smoothing)


def is_plain(recipe: Recipe) -> bool:
    """Whether what is learnt is what the validation loss is: cross-entropy of whole targets."""
    return recipe.loss == "cross_entropy" and not recipe.label_smoothing
