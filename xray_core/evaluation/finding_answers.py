"""What a run on several findings answered on the validation set after an epoch, label by label."""

import numpy as np
import pandas as pd

from xray_core.evaluation.finding_rounds import measure_findings
from xray_core.evaluation.findings import DEFAULT_THRESHOLD, UNKNOWN_STATE
from xray_core.evaluation.multilabel import classes_of, states_of
from xray_core.runs import Run
from xray_core.runs.folder import PROBABILITY
from xray_core.tasks import STATE

MISSED, CALLED = "missed", "called"  # what is wrong: present and not called, or the reverse
N_ROUNDS = 200  # resamplings: a page waits for them, and the report computes its own


def read_finding_answers(run: Run, epoch: int) -> pd.DataFrame:
    """Return the answers on the validation images after an epoch.

    Args:
        run: that answers for several findings and has validated this epoch.
        epoch: from 1.

    Returns:
        One row an image that has a prediction: image_id, group, and of each class y_<class>
        (Int8; 1 present, 0 absent, <NA> unknown) and p_<class> in [0, 1].

    Raises:
        RunError: the split or what was answered is not there, or is damaged.
    """
    answers, split = run.read_validation(epoch), run.read_split()
    columns = [PROBABILITY + name for name in classes_of(answers)]
    states = [name for name in split.columns if str(name).startswith(STATE)]
    truth = split[["image_id", "group", *states]].drop_duplicates("image_id")
    return answers.dropna(subset=columns)[["image_id", *columns]].merge(truth, on="image_id")


def list_wrong_findings(answers: pd.DataFrame, kind: str, n_most: int) -> pd.DataFrame:
    """Return the labels that are most wrong, of each image only one.

    First the most confident of each finding, by how confident they are; then the second of each.
    Otherwise the rarest finding, of which probabilities stray most, would often be all that is
    shown.

    Args:
        answers: as `read_finding_answers` returns.
        kind: `MISSED` for findings that are present and of a probability below 0.5, `CALLED` for
            findings that are absent and of one from 0.5 on.
        n_most: rows at most.

    Returns:
        image_id, finding, probability.
    """
    classes = classes_of(answers)
    states = states_of(answers, classes)
    values = answers[[PROBABILITY + name for name in classes]].to_numpy("float64")
    called = values >= DEFAULT_THRESHOLD
    wrong = (states == 1) & ~called if kind == MISSED else (states == 0) & called
    row, k = np.nonzero(wrong)
    labels = pd.DataFrame(
        {
            "image_id": answers["image_id"].to_numpy()[row],
            "finding": np.array(classes, dtype=object)[k],
            "probability": values[row, k],
        }
    )
    ordered = labels.sort_values("probability", ascending=kind == MISSED, kind="stable")
    # An image that stands in the way of a finding does so once for each row that is returned.
    waiting = ordered.groupby("finding").head(2 * n_most)
    chosen: list[pd.DataFrame] = []
    while len(waiting) and len(chosen) < n_most:
        in_turn = waiting
        while len(in_turn) and len(chosen) < n_most:
            chosen.append(in_turn.head(1))
            image, finding = chosen[-1].iloc[0][["image_id", "finding"]]
            waiting = waiting[waiting["image_id"] != image]
            in_turn = in_turn[(in_turn["image_id"] != image) & (in_turn["finding"] != finding)]
    return pd.concat(chosen, ignore_index=True) if chosen else ordered


def count_wrong_findings(answers: pd.DataFrame) -> dict[str, int]:
    """Return `MISSED` and `CALLED` -> labels that are wrong so, at a probability of 0.5."""
    classes = classes_of(answers)
    states = states_of(answers, classes)
    called = answers[[PROBABILITY + name for name in classes]].to_numpy() >= DEFAULT_THRESHOLD
    return {
        MISSED: int(((states == 1) & ~called).sum()),
        CALLED: int(((states == 0) & called).sum()),
    }


def mean_area_interval(answers: pd.DataFrame) -> tuple[float, float] | None:
    """Return the 95% interval of the mean AUC, by resampling patients; seeded, so repeatable.

    Args:
        answers: as `read_finding_answers` returns.

    Returns:
        None where it cannot be computed.
    """
    if answers.empty:
        return None
    classes = classes_of(answers)
    states = states_of(answers, classes)
    values = answers[[PROBABILITY + name for name in classes]].to_numpy("float64")
    figures = measure_findings(
        states,
        values,
        (values >= DEFAULT_THRESHOLD) & (states != UNKNOWN_STATE),
        pd.factorize(answers["group"])[0].astype("int64"),
        np.random.default_rng(0),
        N_ROUNDS,
    )
    area = figures["mean_auc"][0]
    return None if area["low"] is None or area["high"] is None else (area["low"], area["high"])
