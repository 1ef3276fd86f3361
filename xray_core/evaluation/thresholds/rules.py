"""Rules by which a threshold is chosen on the validation set."""

from dataclasses import dataclass

import numpy as np

from xray_core.errors import RecipeError
from xray_core.evaluation.findings import DEFAULT_THRESHOLD, choose_threshold
from xray_core.evaluation.thresholds.guarantee import GUARANTEED_LEVELS
from xray_core.evaluation.thresholds.images import ScoredImages
from xray_core.evaluation.thresholds.points import OperatingPoints, list_operating_points
from xray_core.evaluation.thresholds.prevalence import expected_cost

YOUDEN, COST, SENSITIVITY, GUARANTEED, BY_HAND = (
    "youden",
    "cost",
    "sensitivity",
    "guaranteed",
    "by hand",
)
# Rule -> what it does, for a person.
RULES = {
    YOUDEN: "sensitivity and specificity together are highest (Youden's index)",
    COST: "the errors cost least",
    SENSITIVITY: "the sensitivity is at least what is asked for",
    GUARANTEED: "the sensitivity is guaranteed for new patients",
    BY_HAND: "set by hand",
}
DEFAULT_SENSITIVITY, DEFAULT_COST = 0.9, 10.0
LEAST_COST, MOST_COST = 0.001, 1000.0
SAME = 1e-9  # figures that lie no further apart differ by rounding alone


@dataclass(frozen=True)
class Wish:
    """By which rule a threshold is to be chosen, and with what numbers.

    Attributes:
        rule: one of `RULES`.
        cost: of one missed patient, in wrongly alarmed ones; of the rule "cost".
        sensitivity: the least, in (0, 1); of the rules "sensitivity" and "guaranteed".
        prevalence: in (0, 1), of the rule "cost"; None: that of the images chosen on.
        at: the threshold, in [0, 1]; of the rule "by hand".
    """

    rule: str = YOUDEN
    cost: float = DEFAULT_COST
    sensitivity: float = DEFAULT_SENSITIVITY
    prevalence: float | None = None
    at: float = DEFAULT_THRESHOLD

    def __post_init__(self) -> None:
        """Refuse numbers that no rule can use.

        Raises:
            RecipeError: what is wrong, and what is allowed.
        """
        if self.rule not in RULES:
            raise RecipeError(f"There is no rule {self.rule!r}. Choose one of: {', '.join(RULES)}.")
        if not LEAST_COST <= self.cost <= MOST_COST:
            raise RecipeError(
                f"The cost of a missed patient is {self.cost:g}; it lies between {LEAST_COST:g} "
                f"and {MOST_COST:g}, in wrongly alarmed patients."
            )
        if not 0 < self.sensitivity < 1:
            raise RecipeError(
                f"The least sensitivity is {self.sensitivity:g}; it lies between 0 and 1, e.g. 0.9."
            )
        if self.rule == GUARANTEED and self.sensitivity not in GUARANTEED_LEVELS:
            levels = ", ".join(f"{level:g}" for level in GUARANTEED_LEVELS)
            raise RecipeError(
                f"A guarantee was not worked out for a sensitivity of {self.sensitivity:g}. Choose "
                f"one of: {levels}."
            )
        if self.prevalence is not None and not 0 < self.prevalence < 1:
            raise RecipeError(
                f"The prevalence is {self.prevalence:g}; it lies between 0 and 1, e.g. 0.1."
            )
        if not 0 <= self.at <= 1:
            raise RecipeError(f"The threshold is {self.at:g}; it is a number from 0 to 1.")


def choose_by_rule(images: ScoredImages, wish: Wish) -> float | None:
    """Return the threshold that a rule chooses; None where the images are of one kind.

    Of several thresholds that are equally good, Youden's index and a least sensitivity choose the
    highest, which alarms fewest; least cost the lowest, which misses fewest.

    Args:
        images: of the validation set.
        wish: the rule and its numbers. "guaranteed" is none of them: see `guarantee`.

    Returns:
        In [0, 1].

    Raises:
        ValueError: the rule chooses on no images.
    """
    if wish.rule == BY_HAND:
        return wish.at
    if not images.shows_both:
        return None
    if wish.rule == YOUDEN:
        return choose_threshold(images.is_positive.astype("int64"), images.scores)
    points = list_operating_points(images.is_positive, images.scores)
    if wish.rule == COST:
        return _choose_cheapest(points, wish)
    if wish.rule == SENSITIVITY:
        return _choose_sensitive(points, wish.sensitivity)
    raise ValueError(f"{wish.rule} does not choose on images")


def _choose_cheapest(points: OperatingPoints, wish: Wish) -> float:
    share = points.prevalence if wish.prevalence is None else wish.prevalence
    cost = expected_cost(points.sensitivity, points.specificity, share, wish.cost)
    cheapest = np.flatnonzero(cost <= cost.min() + SAME)
    return float(points.thresholds[cheapest[0]])


def _choose_sensitive(points: OperatingPoints, least: float) -> float:
    enough = np.flatnonzero(points.sensitivity >= least - SAME)
    return float(points.thresholds[enough[-1]])


def describe_wish(wish: Wish, subset: str = "validation") -> str:
    """Return in words how a threshold was chosen, for a person."""
    if wish.rule == BY_HAND:
        return "Set by hand."
    on = f"on the {subset} set"
    if wish.rule == COST:
        share = "" if wish.prevalence is None else f" at a prevalence of {wish.prevalence:.3g}"
        return (
            f"Where errors cost least {on}, if one missed patient costs as much as {wish.cost:g} "
            f"wrongly alarmed{share}."
        )
    if wish.rule == SENSITIVITY:
        return f"The highest with a sensitivity of at least {wish.sensitivity:g} {on}."
    if wish.rule == GUARANTEED:
        return (
            f"The highest for which a sensitivity of at least {wish.sensitivity:g} is guaranteed "
            f"with 95% confidence, from one image of each patient {on}."
        )
    return f"Where sensitivity and specificity together are highest {on} (Youden's index)."
