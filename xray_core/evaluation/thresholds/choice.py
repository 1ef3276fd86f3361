"""The threshold of a run by a rule: chosen on its validation set, from its files alone."""

from dataclasses import dataclass

import pandas as pd

from xray_core.evaluation.multilabel import classes_of
from xray_core.evaluation.thresholds.guarantee import Guaranteed, describe_guarantee
from xray_core.evaluation.thresholds.images import (
    ScoredImages,
    choosing_subset,
    positive_class,
    score_images,
)
from xray_core.evaluation.thresholds.kept import KeptThreshold
from xray_core.evaluation.thresholds.rules import (
    BY_HAND,
    GUARANTEED,
    Wish,
    choose_by_rule,
    describe_wish,
)

NOTHING_TO_CHOOSE_ON = (
    "The run has no predictions on a validation set, so no rule can choose a threshold: on the "
    "test set it would look better than it is. One can be set by hand."
)


@dataclass(frozen=True)
class Asked:
    """One class of a run's predictions, on the set where thresholds are chosen and where shown.

    Attributes:
        chosen_on: images of the validation set, or of what was watched in its place; none where
            there is neither, so that no rule can choose.
        shown: images of the subset whose figures are shown.
    """

    chosen_on: ScoredImages
    shown: ScoredImages

    @property
    def name(self) -> str:
        """The class."""
        return self.shown.name

    @property
    def same(self) -> bool:
        """Whether what is shown was chosen on, so that it is too good."""
        return self.chosen_on.subset == self.shown.subset

    @property
    def obstacle(self) -> str:
        """Why no rule can choose; "" where one can."""
        return "" if len(self.chosen_on.scores) else NOTHING_TO_CHOOSE_ON

    @property
    def beside(self) -> ScoredImages | None:
        """The images chosen on, where there are some, and others than those shown."""
        return None if self.same or self.obstacle else self.chosen_on


@dataclass(frozen=True)
class Choice:
    """A threshold, or why there is none.

    Attributes:
        threshold: in [0, 1]; None where the rule finds none.
        rule: one of `rules.RULES`.
        chosen_on: the subset; of a threshold by hand the one whose figures were in sight.
        words: how it was chosen, or why there is none.
    """

    threshold: float | None
    rule: str
    chosen_on: str
    words: str

    def keep(self, by: str) -> KeptThreshold:
        """Return it as a run keeps it.

        Args:
            by: who keeps it.

        Raises:
            ValueError: there is none.
        """
        if self.threshold is None:
            raise ValueError(self.words)
        return KeptThreshold(self.threshold, self.rule, self.chosen_on, self.words, by)


def ask_class(
    predictions: pd.DataFrame, shown: str, name: str = "", *, watched: bool = False
) -> Asked:
    """Return one class of a run's predictions as the rules need it.

    Args:
        predictions: as `Run.read_predictions` returns them.
        shown: the subset whose figures may be shown.
        name: a class or a finding; "": the second.
        watched: whether the test set was the validation set, too.

    Raises:
        RunError: there is no such class.
    """
    name = name or positive_class(classes_of(predictions))
    return Asked(
        score_images(predictions, name, choosing_subset(predictions, watched=watched)),
        score_images(predictions, name, shown),
    )


def choose(asked: Asked, wish: Wish, guaranteed: Guaranteed | None = None) -> Choice:
    """Return the threshold that a rule chooses for a class.

    Args:
        asked: the class.
        wish: the rule and its numbers.
        guaranteed: of the rule "guaranteed", what the run's guaranteed.json holds.

    Raises:
        RunError: that file says nothing of the class or the level.
        ValueError: the rule is "guaranteed", and the file was not given.
    """
    on = asked.chosen_on.subset
    if wish.rule == BY_HAND:
        return Choice(wish.at, BY_HAND, asked.shown.subset, describe_by_hand(asked))
    if asked.obstacle:
        return Choice(None, wish.rule, on, asked.obstacle)
    if wish.rule == GUARANTEED:
        if guaranteed is None:
            raise ValueError("the promises have not been worked out yet")
        level = guaranteed.find_level(asked.name, wish.sensitivity)
        words = describe_guarantee(guaranteed, asked.name, level)
        return Choice(level.threshold, GUARANTEED, guaranteed.chosen_on, words)
    threshold = choose_by_rule(asked.chosen_on, wish)
    if threshold is None:
        kind = "no" if not asked.chosen_on.n_positive else "every"
        words = f"No threshold can be chosen: {kind} image of the {on} set has {asked.name}."
        return Choice(None, wish.rule, on, words)
    return Choice(threshold, wish.rule, on, describe_wish(wish, on))


def describe_by_hand(asked: Asked) -> str:
    """Return in words what a threshold by hand was chosen on: what was in sight."""
    words = f"Set by hand, with the figures of the {asked.shown.subset} set in sight."
    if asked.shown.subset == "test":
        words += " So it was chosen on the test set, whose figures it makes look better."
    return words
