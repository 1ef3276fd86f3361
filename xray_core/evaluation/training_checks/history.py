"""Training history: what a run has recorded so far, as arrays that the checks read."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.recipes import Phase, Recipe

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# One odd epoch happens to every training, two in a row to many: what lasts three is said.
LASTING_EPOCHS = 3
# Before that many batches of a phase nothing is checked: batch normalisation, whose averages
# usually take over 1% of each batch, still depends on its start (0.99^300 = 5%), and so do
# the averages of Adam.
SETTLED_STEPS = 300
WINDOW_EPOCHS = 10  # epochs looked back on, so that swings that are over are not held against a run
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
        confusions: of the last `WINDOW_EPOCHS` epochs at most; rows true, columns predicted.
        train_counts: training images of each class, in the order of `confusions`.
        selected_epoch: the epoch whose weights are kept, maybe of an earlier phase.
        selected_accuracy: its accuracy in validation.
        ended: whether nothing more will come.
        report: the final evaluation, if there is one; see `report.build_report`.
        leaks: patients or identical files in several subsets; None if nobody counted.
        grouped_by: what the split keeps together, in words; "" if not known.
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

    @cached_property
    def val_counts(self) -> Ints:
        """Validation images of each class."""
        counts: Ints = self.confusions[-1].sum(axis=1)
        return counts

    @property
    def n_validation(self) -> int:
        """Validation images."""
        return int(self.val_counts.sum())

    @cached_property
    def guess_loss(self) -> float:
        """The lowest training loss that one answer for all images can reach."""
        # Classes of equal weight are best guessed evenly. With combined labels, the loss that is
        # written down is that of the evaluated classes, without weights.
        if self.recipe.class_weights == "balanced" and not self.recipe.combined_labels:
            return self.fresh_loss
        return entropy(self.train_counts)

    @property
    def fresh_loss(self) -> float:
        """The loss of a network that takes all classes for equally likely, as new ones do."""
        return float(np.log(len(self.train_counts)))

    def name(self, k: int) -> str:
        """Return the name of class `k`."""
        names = self.recipe.class_names
        return names[k] if k < len(names) else f"class {k + 1}"


def read_history(
    epochs: pd.DataFrame,
    recipe: Recipe,
    data: Mapping[str, Any] | None = None,
    report: Mapping[str, Any] | None = None,
    ended: bool = False,
) -> TrainingHistory:
    """Return the present phase of `epochs`, of which there is at least one.

    Args:
        epochs: as `Run.read_epochs` returns them.
        recipe: the run's.
        data: what data.json holds, if it is there.
        report: what report.json holds, if it is there.
        ended: whether the run has ended.
    """
    of_phase = (epochs["phase"] == epochs["phase"].iloc[-1]).to_numpy()
    rows = epochs[of_phase]
    before = epochs.loc[~of_phase, "step"]
    confusions = [
        np.array(confusion, dtype="int64") for confusion in rows["confusion"].iloc[-WINDOW_EPOCHS:]
    ]
    kept = epochs[epochs["epoch"] == epochs["best_epoch"].iloc[-1]]
    kept = kept if len(kept) else epochs.iloc[[-1]]
    phase = next(
        (candidate for candidate in recipe.phases if candidate.name == rows["phase"].iloc[-1]), None
    )
    train = (data or {}).get("subsets", {}).get("training", {})
    counts = np.array([int(train.get(name, 0)) for name in recipe.class_names], dtype="int64")
    val_counts: Ints = confusions[-1].sum(axis=1)
    return TrainingHistory(
        recipe=recipe,
        phase=phase or recipe.phases[-1],
        epochs=rows["epoch"].to_numpy("int64"),
        steps=rows["step"].to_numpy("int64") - int(before.max() if len(before) else 0),
        loss=rows["loss"].to_numpy("float64"),
        accuracy=rows["accuracy"].to_numpy("float64"),
        val_loss=rows["val_loss"].to_numpy("float64"),
        val_accuracy=rows["val_accuracy"].to_numpy("float64"),
        confusions=confusions,
        # Subsets are stratified: where nothing is known of training, validation tells the shares.
        train_counts=counts if counts.sum() and len(counts) == len(val_counts) else val_counts,
        selected_epoch=int(kept["epoch"].iloc[0]),
        selected_accuracy=float(kept["val_accuracy"].iloc[0]),
        ended=ended,
        report=report,
        leaks=(data or {}).get("groups_in_several_subsets"),
        grouped_by=str((data or {}).get("grouped_by", "")),
    )


def entropy(counts: Ints) -> float:
    """Return the lowest mean cross-entropy, in nats, of one answer for images of these classes.

    >>> round(entropy(np.array([483, 1108, 1736, 3007])), 2)
    1.21
    """
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())


def standard_error(share: float, n: int) -> float:
    """Return the standard error of a share of `n` images, above 0 also for none or all of them.

    >>> round(standard_error(0.5, 100), 3), round(standard_error(1.0, 100), 3)
    (0.05, 0.01)
    """
    if n < 1:
        return 1.0
    share = (share * n + 1) / (n + 2)  # one more of each kind: Laplace's rule
    return float(np.sqrt(share * (1 - share) / n))
