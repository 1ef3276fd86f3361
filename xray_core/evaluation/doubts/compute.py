"""Which labels the predictions speak against, by confident learning (cleanlab).

Northcutt, Jiang and Chuang 2021 (arXiv:1911.00068): of each class the mean probability that images
with its label get is a threshold; an image that reaches that of another class, and not by its own
label, counts as one whose label is likely wrong. Where several findings may be present, each is a
question of its own, as in Thyagarajan et al. 2022 (arXiv:2211.13895), asked of the images on which
it is known.

cleanlab brings scikit-learn, so that pages do not call `find_doubts`: a process of its own does,
and what it found is read from the files that `kept` writes.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.evaluation.doubts.gather import OutOfFold
from xray_core.evaluation.intervals import find_ends
from xray_core.evaluation.measured import Figure
from xray_core.evaluation.multilabel import states_of
from xray_core.runs.folder import PROBABILITY
from xray_core.tasks import ABSENT, PRESENT

N_ROUNDS = 200  # of patients drawn anew, for the interval of the count
SEED = 0  # of these draws
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Doubts:
    """What cleanlab says of the labels.

    Attributes:
        table: one row a label; of one class an image has one, of several findings one of each
            that is known. image_id; group, its patient; run, that tested it; finding ("" where an
            image has one class); label and suggested, what the network says instead, in words;
            p_label and p_suggested, its probabilities of both, in [0, 1]; quality, cleanlab's
            score of the label, in [0, 1], low where it is in doubt; is_doubtful; rank, from 1, the
            most doubtful first.
        expected: how many labels cleanlab counts as wrong, which are the doubtful ones; its 95%
            interval is by patient.
        skipped: findings that are present, or absent, on every image: there is nothing to compare.
    """

    table: pd.DataFrame
    expected: Figure
    skipped: tuple[str, ...]


def find_doubts(
    answers: OutOfFold,
    progress: Callable[[int, int], None] | None = None,
    n_rounds: int = N_ROUNDS,
) -> Doubts:
    """Return how doubtful each label is; imports cleanlab.

    Args:
        answers: predictions of networks that never saw the patient.
        progress: called with (done, total), in rounds.
        n_rounds: for the interval.
    """
    table, classes = answers.table, list(answers.classes)
    values = table[[PROBABILITY + name for name in classes]].to_numpy("float64")
    questions: list[tuple[str, Ints, Ints, Floats, list[str]]] = []
    skipped = []
    if answers.multilabel:
        states = states_of(table, classes)
        for k, name in enumerate(classes):
            rows = np.flatnonzero(states[:, k] >= 0)
            if len(set(states[rows, k])) < 2:
                skipped.append(name)
                continue
            both = np.column_stack([1 - values[rows, k], values[rows, k]])
            questions.append((name, rows, states[rows, k], both, [ABSENT, PRESENT]))
    else:
        labels = pd.Categorical(table["actual"], categories=classes).codes.astype("int64")
        questions.append(("", np.arange(len(table)), labels, _normalise(values), classes))
    asked = [
        _ask(table.iloc[rows], name, labels, probabilities, words)
        for name, rows, labels, probabilities, words in questions
    ]
    doubts = pd.concat(asked, ignore_index=True) if asked else _ask_nothing()
    order = np.lexsort((doubts["quality"], ~doubts["is_doubtful"]))
    doubts = doubts.iloc[order].reset_index(drop=True)
    doubts["rank"] = np.arange(1, len(doubts) + 1)
    patients = pd.factorize(table["group"])[0].astype("int64")
    rounds = [
        _count_in_rounds(patients[rows], labels, probabilities, len(set(patients)), n_rounds, note)
        for (_, rows, labels, probabilities, _), note in zip(
            questions, _share_progress(progress, len(questions), n_rounds), strict=True
        )
    ]
    value = int(doubts["is_doubtful"].sum())
    low, high = map(float, find_ends(np.sum(rounds, axis=0))) if rounds else (0.0, 0.0)
    return Doubts(doubts, {"value": float(value), "low": low, "high": high}, tuple(skipped))


def _ask(
    rows: pd.DataFrame, finding: str, labels: Ints, probabilities: Floats, words: list[str]
) -> pd.DataFrame:
    """Return the rows of `Doubts.table` of one question, without their rank."""
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    every = np.arange(len(labels))
    others = probabilities.copy()
    others[every, labels] = -1
    suggested = others.argmax(axis=1)
    return pd.DataFrame(
        {
            "image_id": rows["image_id"].to_numpy(),
            "group": rows["group"].to_numpy(),
            "run": rows["run"].to_numpy(),
            "finding": finding,
            "label": np.array(words, dtype=object)[labels],
            "suggested": np.array(words, dtype=object)[suggested],
            "p_label": probabilities[every, labels],
            "p_suggested": probabilities[every, suggested],
            "quality": get_label_quality_scores(labels, probabilities),
            # Those that are counted, by the method's own definition: of other filters the list
            # has another length than the count. In this process, as it is soon done.
            "is_doubtful": find_label_issues(
                labels, probabilities, filter_by="confident_learning", n_jobs=1
            ),
        }
    ).astype(dict.fromkeys(("image_id", "group", "run", "finding", "label", "suggested"), "string"))


def _count(labels: Ints, probabilities: Floats) -> int:
    from cleanlab.count import num_label_issues

    return int(num_label_issues(labels, probabilities))


def _count_in_rounds(
    patients: Ints,
    labels: Ints,
    probabilities: Floats,
    n_patients: int,
    n_rounds: int,
    note: Callable[[int], None],
) -> Floats:
    """Return cleanlab's count of wrong labels among patients drawn with replacement, (n_rounds,).

    Each question draws the same patients.
    """
    rng = np.random.default_rng(SEED)
    order = np.argsort(patients, kind="stable")
    sizes = np.bincount(patients, minlength=n_patients)
    starts = np.cumsum(sizes) - sizes
    counts = np.zeros(n_rounds)
    for number in range(n_rounds):
        drawn = rng.integers(0, n_patients, n_patients)
        rows = np.concatenate(
            [order[starts[patient] : starts[patient] + sizes[patient]] for patient in drawn]
        )
        if len(np.unique(labels[rows])) > 1:
            counts[number] = _count(labels[rows], probabilities[rows])
        note(number + 1)
    return counts


def _share_progress(
    progress: Callable[[int, int], None] | None, n_questions: int, n_rounds: int
) -> list[Callable[[int], None]]:
    """Return for each question what it tells of its rounds."""

    def follow(place: int) -> Callable[[int], None]:
        def note(done: int) -> None:
            if progress is not None:
                progress(place * n_rounds + done, n_questions * n_rounds)

        return note

    return [follow(place) for place in range(n_questions)]


def _normalise(values: Floats) -> Floats:
    """Return probabilities that add up to 1 to the last digit, as cleanlab asks; (n, n_classes)."""
    clipped = np.clip(values, 0, None)
    normal: Floats = clipped / np.maximum(clipped.sum(axis=1, keepdims=True), 1e-12)
    return normal


def _ask_nothing() -> pd.DataFrame:
    empty: dict[str, object] = dict.fromkeys(
        ("image_id", "group", "run", "finding", "label", "suggested"), pd.Series(dtype="string")
    )
    numbers = dict.fromkeys(("p_label", "p_suggested", "quality"), pd.Series(dtype="float64"))
    return pd.DataFrame({**empty, **numbers, "is_doubtful": pd.Series(dtype=bool)})
