"""The leak lab: by how much a split by image flatters, where patients have several images.

Two runs of one recipe and seed, one divided by image, one by patient: by image, the network has
trained on other images of the patients that it is tested on. The difference of the two is what the
leak is worth. Each pair is tested on two different sets of images, so that chance in who is tested
is part of the interval.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.errors import RunError
from xray_core.evaluation.common_images import build_answers
from xray_core.evaluation.intervals import N_ROUNDS, bootstrap_rounds
from xray_core.evaluation.lab_runs import LabRun
from xray_core.evaluation.leak_pairs import Pair, pair_runs
from xray_core.evaluation.paired import measure_network
from xray_core.recipes.labs import BY_IMAGE
from xray_core.runs import Run
from xray_core.runs.opening import is_open, needs_opening
from xray_core.wilson import CONFIDENCE_LEVEL, Z_SCORE
from xray_core.workspace import Workspace

FIGURES = ("auc", "accuracy")
TEST, VALIDATION, TRAINING = "test", "validation", "training"
FEWEST_ROUNDS = 20  # of resampling in which a figure can be computed, for an interval
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Inflation:
    """A figure by image, by patient, and the difference.

    Attributes:
        name: in `FIGURES`.
        by_image, by_patient: means over the pairs, in [0, 1].
        value: by image less by patient.
        low, high: of its 95% interval; NaN where it cannot be computed.
        of_pairs: the difference of each pair.
    """

    name: str
    by_image: float
    by_patient: float
    value: float
    low: float
    high: float
    of_pairs: tuple[float, ...]


@dataclass(frozen=True)
class Shared:
    """How many evaluated images have a patient that the network has trained on.

    Attributes:
        n: images with one, mean over the pairs' runs by image.
        n_images: that are evaluated, likewise.
        n_by_patient: with one in the runs by patient; 0 where the split keeps its word.
    """

    n: float
    n_images: float
    n_by_patient: float


@dataclass(frozen=True)
class LeakLab:
    """What the lab has come to by now.

    Attributes:
        pairs: of every pair of seeds, done or not.
        subset: that the figures are of: the test set once it is open in all runs that are done.
        closed: runs that are done and whose test set is not open.
        inflations: AUC first; empty while no pair is done.
        shared: None likewise.
        covers: what chance the interval allows for, a sentence.
        verdict: the answer in a sentence; "" while no pair is done.
    """

    pairs: tuple[Pair, ...]
    subset: str
    closed: tuple[str, ...]
    inflations: tuple[Inflation, ...]
    shared: Shared | None
    covers: str
    verdict: str

    @property
    def n_done(self) -> int:
        """How many pairs are done."""
        return sum(pair.is_done for pair in self.pairs)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return vars(self) | {
            "pairs": [vars(pair) for pair in self.pairs],
            "closed": list(self.closed),
            "inflations": [
                {name: _plain(value) for name, value in vars(entry).items()}
                for entry in self.inflations
            ],
            "shared": vars(self.shared) if self.shared else None,
        }


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and np.isnan(value) else value


def read_leak_lab(
    runs: Sequence[LabRun], workspace: Workspace, n_rounds: int = N_ROUNDS
) -> LeakLab:
    """Return what runs divided by image and by patient come to.

    The figures are of the test sets once these are open in all runs that count, else of the
    validation sets, which are divided in the same way.

    Args:
        runs: see `find_leak_runs` and `pick_leak_runs`.
        workspace: the folders.
        n_rounds: resamplings of patients.

    Raises:
        RunError: a file of one of the runs is damaged.
    """
    pairs = pair_runs(runs)
    done = [pair for pair in pairs if pair.is_done]
    networks = [
        (Run(workspace.runs / pair.by_image), Run(workspace.runs / pair.by_patient))
        for pair in done
    ]
    closed = tuple(
        entry.name for both in networks for entry in both if _is_closed(entry, workspace)
    )
    subset = VALIDATION if closed or not done else TEST
    if not done:
        return LeakLab(pairs, subset, (), (), None, "", "")
    one_split = len({pair.split_seed for pair in done}) < len(done)
    sides = [[_measure(both[side], subset, n_rounds) for both in networks] for side in (0, 1)]
    inflations = tuple(
        entry
        for name in FIGURES
        if (entry := _compare(name, sides[0], sides[1], one_split)) is not None
    )
    shared = _count_shared(networks, subset)
    covers = _describe_interval(len(done), one_split)
    return LeakLab(
        pairs, subset, closed, inflations, shared, covers, _conclude(inflations, shared, subset)
    )


def _is_closed(run: Run, workspace: Workspace) -> bool:
    return needs_opening(run.read_report()) and not is_open(run, workspace)


@dataclass(frozen=True)
class _Side:
    """Figures of one run: on its images, and in rounds of resampled patients; by name."""

    values: dict[str, float]
    rounds: dict[str, Floats]


def _measure(run: Run, subset: str, n_rounds: int) -> _Side:
    table = run.read_predictions()
    rows = table[(table["subset"] == subset) & table["predicted"].notna()]
    if rows.empty:
        raise RunError(f"{run.name} has no predictions on its {subset} set. Leave it out.")
    answers = build_answers([run], [rows.set_index("image_id")])
    measure = measure_network(answers)
    once = measure(np.ones((answers.n_patients, 1)))
    # One seed for all: runs of one split are resampled alike, so that their mean swings as much as
    # its test set makes it.
    rng = np.random.default_rng(0 if run.read_recipe().split.method == BY_IMAGE else 1)
    rounds = bootstrap_rounds(measure, answers.patients, rng, n_rounds)
    return _Side({name: float(value[0]) for name, value in once.items()}, rounds)


def _compare(
    name: str, by_image: Sequence[_Side], by_patient: Sequence[_Side], one_split: bool
) -> Inflation | None:
    """Return the inflation of one figure; None where a run has no such figure."""
    if any(name not in side.values for side in (*by_image, *by_patient)):
        return None
    first = np.array([side.values[name] for side in by_image])
    second = np.array([side.values[name] for side in by_patient])
    apart = first - second
    value = float(apart.mean())
    low, high = find_interval(
        apart,
        np.array([side.rounds[name] for side in by_image]),
        np.array([side.rounds[name] for side in by_patient]),
        one_split,
    )
    return Inflation(
        name, float(first.mean()), float(second.mean()), value, low, high, tuple(map(float, apart))
    )


def find_interval(
    apart: Floats, by_image: Floats, by_patient: Floats, one_split: bool
) -> tuple[float, float]:
    """Return the 95% interval of the mean difference.

    One pair: how far it swings when the patients of both test sets are drawn anew, each by itself.
    Several pairs with a split each: Student's, over the pairs. Several seeds on one split: the
    pairs share their test sets, so that Student's alone would leave out who happens to be tested;
    both parts are added as independent ones.

    Args:
        apart: the difference of each of k pairs.
        by_image: the figure of each run by image in rounds of resampled patients, shape (k, r).
        by_patient: likewise.
        one_split: whether pairs share a split.
    """
    from scipy.special import stdtrit  # here: a page without such a lab opens without it

    value, n = float(apart.mean()), len(apart)
    swings = by_image.mean(axis=0) - by_patient.mean(axis=0)
    swings = swings[~np.isnan(swings)]  # rounds in which a class was not drawn
    if np.isnan(value) or len(swings) < FEWEST_ROUNDS:
        return np.nan, np.nan
    tested = Z_SCORE * float(np.std(swings, ddof=1))
    if n == 1:
        return value - tested, value + tested
    reach = float(stdtrit(n - 1, (1 + CONFIDENCE_LEVEL) / 2)) * float(np.std(apart, ddof=1))
    reach /= np.sqrt(n)
    if one_split:
        reach = float(np.hypot(reach, tested))
    return value - reach, value + reach


def _count_shared(networks: Sequence[tuple[Run, Run]], subset: str) -> Shared:
    counts = np.array(
        [[count_shared(run.read_split(), subset) for run in both] for both in networks]
    )
    n, n_images = counts[:, 0].mean(axis=0)
    return Shared(float(n), float(n_images), float(counts[:, 1, 0].mean()))


def count_shared(split: pd.DataFrame, subset: str) -> tuple[int, int]:
    """Return how many images of a subset have a patient in the training set, and how many it has.

    Args:
        split: see `splits.split_catalog`; its groups are patients, where these are known.
        subset: "test" or "validation".
    """
    trained = set(split.loc[split["subset"] == TRAINING, "group"])
    groups = split.loc[split["subset"] == subset, "group"]
    return int(groups.isin(trained).sum()), len(groups)


def _describe_interval(n_pairs: int, one_split: bool) -> str:
    if n_pairs == 1:
        return (
            "The interval allows for who is tested, of both runs, and not for the random seed: "
            "train more seeds for that."
        )
    if one_split:
        return (
            f"The interval allows for the random seed, over {n_pairs} pairs, and for who is "
            "tested: all pairs have one split by image and one by patient."
        )
    return f"The interval allows for the random seed and the split, over {n_pairs} pairs."


def _conclude(inflations: Sequence[Inflation], shared: Shared, subset: str) -> str:
    if not inflations:
        return ""
    auc = inflations[0]
    if np.isnan(auc.value) or np.isnan(auc.low):
        return "The AUC or its interval cannot be computed: one of the classes has too few images."
    figures = (
        f"By image the AUC is {auc.by_image:.3f}, by patient {auc.by_patient:.3f}: "
        f"{auc.value:+.3f} ({auc.low:+.3f} to {auc.high:+.3f})."
    ).replace("-", "−")
    where = f"{shared.n:,.0f} of {shared.n_images:,.0f} {subset} images have a patient in training"
    if auc.low > 0:
        return f"{figures} The split by image flatters: {where}."
    if auc.high < 0:
        return f"{figures} By image it is worse, though {where}: chance in who is tested, or few."
    return f"{figures} No sign that the split by image flatters here, although {where}."
