"""Several runs on the same images: is one really better, and how sure is that.

What decides is the paired bootstrap by patient. DeLong's and McNemar's tests stand beside it, as
they are what is published most; both take each image for independent.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from xray_core.evaluation.answers import Answers
from xray_core.evaluation.common_images import read_evaluated_runs
from xray_core.evaluation.delong import compare_areas, standardise_difference
from xray_core.evaluation.intervals import N_ROUNDS
from xray_core.evaluation.measured import Figure
from xray_core.evaluation.metrics import evaluated_classes
from xray_core.evaluation.paired import (
    LOWER_IS_BETTER,
    Difference,
    compare_figures,
    list_pairs,
)
from xray_core.evaluation.paired_tests import holm_adjust, mcnemar_p, normal_p
from xray_core.runs import Run
from xray_core.workspace import Workspace

SURE = 0.05  # corrected p values below it are believed


@dataclass(frozen=True)
class PairedTest:
    """One test of a pair.

    Attributes:
        p: of no difference, two-sided; None where it cannot be computed.
        adjusted: corrected for the number of pairs, after Holm.
        z: standard errors by which the first is above the second; None where there is none such.
    """

    p: float | None
    adjusted: float | None
    z: float | None = None


@dataclass(frozen=True)
class RunPair:
    """Two of the runs, first and second.

    Attributes:
        first, second: their places.
        n_only_first: images that the first alone gets right; of several findings, those of which
            it gets more right than the second.
        n_only_second: likewise.
        differences: name of each figure -> first less second.
        adjusted: name -> p of the difference, corrected for the number of pairs; None where there
            is none.
        mcnemar: None for several findings.
        delong: None unless there are two classes.
    """

    first: int
    second: int
    n_only_first: int
    n_only_second: int
    differences: dict[str, Difference]
    adjusted: dict[str, float | None]
    mcnemar: PairedTest | None
    delong: PairedTest | None

    def differs(self, figure: str) -> bool:
        """Whether the two differ by more than luck explains, however many pairs there are."""
        difference, adjusted = self.differences[figure], self.adjusted[figure]
        if difference.low is None or difference.high is None:
            return False
        apart = difference.low > 0 or difference.high < 0
        return apart and (adjusted is None or adjusted < SURE)


@dataclass(frozen=True)
class Comparison:
    """What a comparison of runs comes to.

    Attributes:
        names: of the runs' folders.
        subset: "test" or "validation": whose images they are compared on.
        answers: of the runs to these images.
        figures: name -> figure of each run, the name that decides first.
        pairs: each two of the runs.
        notes: what has to be known of the images; sentences.
        cautions: what has to be known of the tests; likewise.
        whole: whether these are all images of that set of each run.
        seeds_alone: whether the runs are one recipe with other seeds.
        elsewhere: places of runs that no training here has made.
    """

    names: list[str]
    subset: str
    answers: Answers
    figures: dict[str, list[Figure]]
    pairs: list[RunPair]
    notes: list[str]
    cautions: list[str]
    whole: bool
    seeds_alone: bool
    elsewhere: frozenset[int]

    @property
    def deciding(self) -> str:
        """The figure that decides where none is asked for."""
        return next(iter(self.figures))

    def find_pair(self, first: int, second: int) -> RunPair:
        """Return the pair of two runs, in the order of the runs."""
        wanted = tuple(sorted((first, second)))
        return next(pair for pair in self.pairs if (pair.first, pair.second) == wanted)

    def find_best(self, figure: str) -> int | None:
        """Return the place of the run with the best figure; None where none has any."""
        sign = -1 if figure in LOWER_IS_BETTER else 1
        known = {
            place: sign * row["value"]
            for place, row in enumerate(self.figures[figure])
            if row["value"] is not None
        }
        return max(known, key=lambda place: known[place]) if known else None

    def find_gain(self, figure: str) -> tuple[int, int, float] | None:
        """Return the best run, the next one that is behind it, and by how much.

        Returns:
            None where none is behind.
        """
        best = self.find_best(figure)
        gains = []
        for pair in self.pairs:
            value = pair.differences[figure].value
            if best in (pair.first, pair.second) and value:
                gains.append((abs(value), pair.first if pair.second == best else pair.second))
        if best is None or not gains:
            return None
        gain, second = min(gains)
        return best, second, gain

    def list_sole(self, place: int) -> list[int]:
        """Return the images that one run alone gets right, by their numbers.

        Of several findings, those of which it gets more right than each other run.
        """
        right = self.answers.count_right()
        others = np.delete(right, place, axis=0).max(axis=0)
        return [int(number) for number in np.flatnonzero(right[place] > others)]


def compare_runs(
    runs: Sequence[Run], workspace: Workspace, *, common: bool = False, n_rounds: int = N_ROUNDS
) -> Comparison:
    """Compare 2 to 8 finished runs of one task on the images that all of them evaluate.

    Args:
        runs: in the order that their letters follow.
        workspace: the folders.
        common: see `common_images.read_evaluated_runs`.
        n_rounds: resamplings of patients; seeded, so repeatable.

    Raises:
        OtherImagesError: they evaluate different images, and `common` is not said.
        RunError: see `common_images.read_evaluated_runs`.
    """
    evaluated = read_evaluated_runs(runs, workspace, common=common)
    answers = evaluated.answers
    figures, differences = compare_figures(answers, np.random.default_rng(0), n_rounds)
    pairs = pair_answers(answers, differences)
    cautions = [*_describe_clusters(answers), *_describe_many(pairs)]
    return Comparison(
        [run.name for run in runs],
        evaluated.subset,
        answers,
        figures,
        pairs,
        evaluated.notes,
        cautions,
        evaluated.whole,
        evaluated.seeds_alone,
        evaluated.elsewhere,
    )


def pair_answers(answers: Answers, differences: dict[str, list[Difference]]) -> list[RunPair]:
    """Return each pair with its differences and tests, corrected for their number.

    Args:
        answers: of the runs.
        differences: as `paired.compare_figures` returns them.
    """
    places = list_pairs(answers.n_networks)
    right = answers.count_right()
    only = [(int((right[a] > right[b]).sum()), int((right[b] > right[a]).sum())) for a, b in places]
    adjusted = {name: _adjust([row.p for row in rows]) for name, rows in differences.items()}
    # Its probabilities of a class are no answers of one kind, where an image may have several.
    mcnemar = None if answers.multilabel else _test([mcnemar_p(*counts) for counts in only])
    delong = _test_areas(answers, places)
    return [
        RunPair(
            first,
            second,
            *only[number],
            {name: rows[number] for name, rows in differences.items()},
            {name: values[number] for name, values in adjusted.items()},
            mcnemar[number] if mcnemar else None,
            delong[number] if delong else None,
        )
        for number, (first, second) in enumerate(places)
    ]


def _test_areas(answers: Answers, places: Sequence[tuple[int, int]]) -> list[PairedTest] | None:
    if answers.multilabel or len(answers.classes) != 2:
        return None
    [positive] = evaluated_classes(2)
    is_positive = answers.states[:, positive] == 1
    areas, covariance = compare_areas(is_positive, answers.probabilities[:, :, positive])
    scores = [standardise_difference(areas, covariance, a, b) for a, b in places]
    tests = _test([normal_p(z) for z in scores])
    return [
        replace(test, z=None if np.isnan(z) else z) for test, z in zip(tests, scores, strict=True)
    ]


def _test(p_values: Sequence[float]) -> list[PairedTest]:
    known = [None if np.isnan(p) else p for p in p_values]
    return [PairedTest(*row) for row in zip(known, _adjust(known), strict=True)]


def _adjust(p_values: Sequence[float | None]) -> list[float | None]:
    adjusted = holm_adjust([np.nan if p is None else p for p in p_values])
    return [None if np.isnan(p) else p for p in adjusted]


def _describe_clusters(answers: Answers) -> list[str]:
    n_images, n_patients = len(answers.image_ids), answers.n_patients
    if n_images == n_patients or answers.multilabel:
        return []
    return [
        f"The {n_images:,} images are of {n_patients:,} patients or groups. DeLong's and McNemar's "
        "tests take each image for independent and are surer than they should be; the intervals, "
        "for which patients are resampled, decide."
    ]


def _describe_many(pairs: Sequence[RunPair]) -> list[str]:
    if len(pairs) < 2:
        return []
    return [
        f"Of {len(pairs)} pairs some look different by luck: a difference is believed only if it "
        "also holds after Holm's correction for their number."
    ]
