"""Training losses: cross-entropy, focal loss and that of masks, and what the log reports of them.

Where an image may show several findings, its target is a mass for each of them and each state,
shape (n_classes, 2): present, absent; see `find_masses`. What is unknown has no mass, so that it
costs nothing and changes no weight.
"""

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from xray_core.evaluation.findings import DEFAULT_THRESHOLD
from xray_core.evaluation.masks import SMOOTH
from xray_core.recipes import Recipe

PIXELS = (1, 2, 3)  # axes of a batch of masks
ENTROPY = "categorical_crossentropy"  # metric: the plain loss, by which the log can be compared


def build_loss(recipe: Recipe, finding_weights: NDArray[np.float32] | None = None) -> Any:
    """Return the loss of `recipe`, of targets and probabilities (batch, n_outputs).

    Args:
        recipe: its loss.
        finding_weights: of a multi-label task, shape (n_classes, 2): how much it counts where a
            finding is present, and where it is absent; None: 1 each.
    """
    smoothing = recipe.label_smoothing
    if recipe.asks_masks:
        return MaskLoss()
    if recipe.multilabel:
        gamma = recipe.focal_gamma if recipe.loss == "focal" else 0.0
        return FindingsLoss(finding_weights, gamma, smoothing)
    if recipe.loss == "focal":
        # Lin et al. weigh classes by alpha; here that is what class_weights and sampling do.
        return keras.losses.CategoricalFocalCrossentropy(
            alpha=1.0, gamma=recipe.focal_gamma, label_smoothing=smoothing
        )
    return keras.losses.CategoricalCrossentropy(label_smoothing=smoothing)


def build_metrics(recipe: Recipe, *, plain: bool) -> list[Any]:
    """Return what is logged beside the loss: the accuracy, and the plain loss if `plain`."""
    if recipe.asks_masks:  # the loss is what is evaluated
        metrics = [keras.metrics.MeanMetricWrapper(_share_of_pixels, name="accuracy")]
        return [*metrics, keras.metrics.MeanMetricWrapper(_dice_of_calls, name="dice")]
    if recipe.multilabel:
        metrics = [keras.metrics.MeanMetricWrapper(_share_right, name="accuracy")]
        return [*metrics, keras.metrics.MeanMetricWrapper(_cost, name=ENTROPY)][: 1 + plain]
    # Objects, not names: with all variables there before the first step, TensorFlow traces it once
    # and not twice, which takes half the time.
    metrics = [keras.metrics.CategoricalAccuracy("accuracy")]
    return [*metrics, keras.metrics.CategoricalCrossentropy(ENTROPY)][: 1 + plain]


def is_plain(recipe: Recipe) -> bool:
    """Whether what is learnt is what the validation loss is: cross-entropy of whole targets.

    Of masks it always is, see `MaskLoss`.

    Of a multi-label task, where weights are of findings and not of images, weights count, too.
    """
    if recipe.asks_masks:
        return True
    weighed = recipe.multilabel and recipe.class_weights == "balanced"
    return recipe.loss == "cross_entropy" and not recipe.label_smoothing and not weighed


def find_masses(states: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the targets of images that may show several findings.

    Args:
        states: shape (n, n_classes): 1 present, 0 absent, -1 unknown; of an image one is known.

    Returns:
        float32, shape (n, n_classes, 2): the share of the image's known findings in which this
        one is present, and absent; all shares of an image sum to 1.

    >>> find_masses(np.array([[1, 0, -1]])).tolist()
    [[[0.5, 0.0], [0.0, 0.5], [0.0, 0.0]]]
    """
    n_known = (states >= 0).sum(axis=1)[:, None, None]
    masses: NDArray[np.float32] = (np.stack([states == 1, states == 0], axis=-1) / n_known).astype(
        "float32"
    )
    return masses


def weigh_findings(states: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return weights by which present and absent count the same in sum, for each finding.

    Args:
        states: of the training images, as `find_masses` takes them; each finding is present in
            one at least.

    Returns:
        float32, shape (n_classes, 2); 1 on average over the images of which it is known.
    """
    counts = np.stack([(states == 1).sum(axis=0), (states == 0).sum(axis=0)], axis=-1)
    # A finding that is present wherever it is known has nothing to be weighed against.
    weights = counts.sum(axis=1, keepdims=True) / (2 * np.maximum(counts, 1))
    weights[(counts == 0).any(axis=1)] = 1.0
    weighed: NDArray[np.float32] = weights.astype("float32")
    return weighed


class FindingsLoss(keras.losses.Loss):  # type: ignore[misc]
    """Binary cross-entropy over the findings that are known, or its focal form.

    What it costs is a straight line in the target's masses, so that mixed images cost the mix of
    what the two cost.

    Args:
        weights: shape (n_classes, 2), see `build_loss`.
        gamma: focal: what is present counts (1 - p) ** gamma times, what is absent p ** gamma
            times, p being the probability that it is present; 0: plain (Lin et al. 2017).
        smoothing: share of each known finding's mass that is spread over both states.
    """

    def __init__(
        self,
        weights: NDArray[np.float32] | None = None,
        gamma: float = 0.0,
        smoothing: float = 0.0,
    ) -> None:
        super().__init__(name="findings")
        self._weights, self._gamma, self._smoothing = weights, gamma, smoothing

    def call(self, y_true: Any, y_pred: Any) -> Any:
        masses = ops.cast(y_true, "float32")
        if self._weights is not None:
            masses = masses * ops.convert_to_tensor(self._weights)
        if self._smoothing:
            both = ops.sum(masses, axis=-1, keepdims=True)
            masses = (1 - self._smoothing) * masses + self._smoothing * both / 2
        states = _probabilities_of_states(y_pred)
        costs = -ops.log(states)
        if self._gamma:
            costs = costs * (1 - states) ** self._gamma
        return ops.sum(masses * costs, axis=(-2, -1))


def _probabilities_of_states(y_pred: Any) -> Any:
    """Return the probabilities of present and absent, (batch, n_classes, 2), none of them 0."""
    tiny = keras.config.epsilon()
    p = ops.clip(ops.cast(y_pred, "float32"), tiny, 1 - tiny)
    return ops.stack([p, 1 - p], axis=-1)


def _cost(y_true: Any, y_pred: Any) -> Any:
    """Return what each image costs without weights: (batch,)."""
    return ops.sum(-y_true * ops.log(_probabilities_of_states(y_pred)), axis=(-2, -1))


def _share_right(y_true: Any, y_pred: Any) -> Any:
    """Return the share of each image's known findings that are right at 0.5: (batch,)."""
    called = ops.cast(y_pred >= 0.5, "float32")
    share = ops.stack([called, 1 - called], axis=-1)
    return ops.sum(y_true * share, axis=(-2, -1))


class MaskLoss(keras.losses.Loss):  # type: ignore[misc]
    """One minus the Dice coefficient, plus the binary cross-entropy of the pixels; of each image.

    Dice does not mind how large the lungs are, and cross-entropy tells each pixel how wrong it is,
    also where nothing is right yet. `evaluation.masks.measure_loss` computes the same.

    Source: Milletari et al. 2016, arXiv:1606.04797; the sum of both as Isensee et al. 2021,
    doi:10.1038/s41592-020-01008-z, have it.
    """

    def __init__(self) -> None:
        super().__init__(name="masks")

    def call(self, y_true: Any, y_pred: Any) -> Any:
        inside, p = ops.cast(y_true, "float32"), ops.cast(y_pred, "float32")
        both = ops.sum(inside * p, axis=PIXELS)
        areas = ops.sum(inside, axis=PIXELS) + ops.sum(p, axis=PIXELS)
        dice = (2 * both + SMOOTH) / (areas + SMOOTH)
        tiny = keras.config.epsilon()
        p = ops.clip(p, tiny, 1 - tiny)
        entropy = -(inside * ops.log(p) + (1 - inside) * ops.log(1 - p))
        return 1 - dice + ops.mean(entropy, axis=PIXELS)


def _share_of_pixels(y_true: Any, y_pred: Any) -> Any:
    """Return the share of each image's pixels that are right at 0.5: (batch,)."""
    called = ops.cast(y_pred >= DEFAULT_THRESHOLD, "float32")
    return ops.mean(ops.cast(called == ops.cast(y_true, "float32"), "float32"), axis=PIXELS)


def _dice_of_calls(y_true: Any, y_pred: Any) -> Any:
    """Return the Dice coefficient of each image at 0.5: (batch,); 1 where both are empty."""
    called, inside = ops.cast(y_pred >= DEFAULT_THRESHOLD, "float32"), ops.cast(y_true, "float32")
    both = ops.sum(called * inside, axis=PIXELS)
    areas = ops.sum(called, axis=PIXELS) + ops.sum(inside, axis=PIXELS)
    return ops.where(areas > 0, 2 * both / ops.maximum(areas, 1.0), 1.0)
