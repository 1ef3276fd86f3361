"""Training history: what a run has recorded so far, as arrays that the checks read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from xray_core.evaluation.training_checks.collapse import (
    FindingScores,
    Floats,
    Ints,
    only_answer,
)
from xray_core.evaluation.training_checks.guessing import entropy, finding_entropy
from xray_core.recipes import Phase, Recipe

# One odd epoch happens to every training, two in a row to many: what lasts three is said.
LASTING_EPOCHS = 3
# Before that many batches of a phase nothing is checked: batch normalisation, whose averages
# usually take over 1% of each batch, still depends on its start (0.99^300 = 5%), and so do
# the averages of Adam.
SETTLED_STEPS = 300
WINDOW_EPOCHS = 10  # epochs looked back on, so that swings that are over are not held against a run
# The loss of one image varies by about 1.5 around the mean where classes are taken for equally
# likely; of a multi-label task in proportion to what guessing costs there.
LOSS_SPREAD = 1.5
# A share of n images lies within two standard errors of the truth 19 times of 20. A hundred
# epochs are a hundred chances to stray, so warnings begin at four: once in 16,000.
N_STANDARD_ERRORS = 4.0


@dataclass(frozen=True)
class CheckResult:
    """One thing that seems to go wrong.

    Attributes:
        kind: short fixed name, e.g. "overfitting".
        severity: "serious" or "warning", as in an audit.
        title: what it is, in one sentence.
        evidence: the figures that it is read from.
        advice: what to try next, with recipe fields as key=value.
    """

    kind: str
    severity: str
    title: str
    evidence: str
    advice: str


@dataclass(frozen=True)
class TrainingHistory:
    """The present phase of a run, one value per finished epoch, and what the run works on.

    Attributes:
        recipe: what was asked.
        phase: the one that is trained, or was trained last.
        epochs: their numbers, from 1 through all phases.
        steps: batches of this phase at the end of each epoch.
        loss, accuracy: of training, the mean while the epoch went on.
        val_loss, val_accuracy: of validation, after it.
        confusions: of the last `WINDOW_EPOCHS` epochs at most; rows true, columns predicted. None
            of a multi-label task, which has `findings` instead.
        train_counts: training images of each class, in the order of `confusions`; of a multi-label
            task, of each finding, those that show it and those that do not: (n_classes, 2).
        selected_epoch: the epoch whose weights are kept, maybe of an earlier phase.
        selected_accuracy: its accuracy in validation.
        ended: whether nothing more will come.
        report: the final evaluation, if there is one; see `report.build_report`.
        leaks: patients or identical files in several subsets; None if nobody counted.
        grouped_by: what the split keeps together, in words; "" if not known.
        findings: of a multi-label task: what the validation set came to, as many epochs as
            `confusions` would be of.
    """

    recipe: Recipe
    phase: Phase
    epochs: Ints
    steps: Ints
    loss: Floats
    accuracy: Floats
    val_loss: Floats
    val_accuracy: Floats
    confusions: list[Ints]
    train_counts: Ints
    selected_epoch: int
    selected_accuracy: float
    ended: bool = False
    report: Mapping[str, Any] | None = None
    leaks: int | None = None
    grouped_by: str = ""
    findings: list[FindingScores] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.epochs)

    @property
    def is_settled(self) -> bool:
        """Whether the phase has lasted long enough for its curves to be checked."""
        return len(self) >= LASTING_EPOCHS and int(self.steps[-1]) >= SETTLED_STEPS

    @property
    def recent(self) -> slice:
        """The epochs after the phase settled, at most the last `WINDOW_EPOCHS`."""
        first = int(np.searchsorted(self.steps, SETTLED_STEPS))
        return slice(max(first, len(self) - WINDOW_EPOCHS), len(self))

    @property
    def multilabel(self) -> bool:
        """Whether an image may have several classes."""
        return bool(self.findings)

    @cached_property
    def val_counts(self) -> Ints:
        """Validation images of each class; of a multi-label task, those that show each finding."""
        if self.multilabel:
            return self.findings[-1].present_absent[:, 0]
        counts: Ints = self.confusions[-1].sum(axis=1)
        return counts

    @property
    def n_validation(self) -> int:
        """Validation images."""
        return self.findings[-1].n_images if self.multilabel else int(self.val_counts.sum())

    @property
    def collapsed(self) -> bool:
        """Whether the newest epoch answers nearly all validation images alike."""
        if self.multilabel:
            return self.findings[-1].is_constant
        return only_answer(self.confusions[-1]) is not None

    @property
    def loss_spread(self) -> float:
        """How much the loss of one validation image varies around the mean, roughly."""
        if not self.multilabel:
            return LOSS_SPREAD
        return LOSS_SPREAD * self.val_guess_loss / self.fresh_loss

    @cached_property
    def val_guess_loss(self) -> float:
        """The lowest validation loss that one answer for all images can reach."""
        if self.multilabel:
            return finding_entropy(self.findings[-1].present_absent)
        return entropy(self.val_counts)

    @cached_property
    def guess_loss(self) -> float:
        """The lowest training loss that one answer for all images can reach."""
        if self.multilabel and self.recipe.class_weights == "none":
            return finding_entropy(self.train_counts)
        # Classes of equal weight are best guessed evenly. With combined labels, the loss that is
        # written down is that of the evaluated classes, without weights.
        if self.recipe.class_weights == "balanced" and not self.recipe.combined_labels:
            return self.fresh_loss
        return entropy(self.train_counts)

    @property
    def fresh_loss(self) -> float:
        """The loss of a network that takes all classes for equally likely, as new ones do."""
        return float(np.log(2 if self.multilabel else len(self.train_counts)))

    @cached_property
    def guess_accuracy(self) -> float:
        """The training accuracy of the best one answer for all images."""
        if self.multilabel:
            known = self.train_counts.sum(axis=1)
            return float((self.train_counts.max(axis=1)[known > 0] / known[known > 0]).mean())
        return float(self.train_counts.max() / max(int(self.train_counts.sum()), 1))

    @property
    def n_training(self) -> int:
        """Training images; of a multi-label task, those of which its best known finding is."""
        if self.multilabel:
            return int(self.train_counts.sum(axis=1).max())
        return int(self.train_counts.sum())

    @property
    def ranks(self) -> bool:
        """Whether the mean AUC of a multi-label task has lately been above what chance explains."""
        lasting = self.findings[-LASTING_EPOCHS:]
        return bool(lasting) and all(scores.ranks for scores in lasting)

    def name(self, k: int) -> str:
        """Return the name of class `k`."""
        names = self.recipe.class_names
        return names[k] if k < len(names) else f"class {k + 1}"
