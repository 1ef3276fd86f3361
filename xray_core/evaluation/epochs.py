"""What a run answered on the validation set after an epoch, and which of it is wrong."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.evaluation.findings import DEFAULT_THRESHOLD, UNKNOWN_STATE
from xray_core.evaluation.intervals import bootstrap_intervals, settle_interval
from xray_core.evaluation.multilabel import states_of
from xray_core.evaluation.report import PREFIX
from xray_core.runs import Run
from xray_core.tasks import STATE, label_in_words


def read_answers(run: Run, epoch: int) -> pd.DataFrame:
    """Return the answers on the validation images after an epoch.

    Args:
        run: that has validated this epoch.
        epoch: from 1.

    Returns:
        One row an image that has a prediction: image_id, group, actual, predicted, and
        probability, that of the predicted class, in [0, 1]. Of a multi-label task actual and
        predicted are labels in words, of what is present and of what is called at 0.5; `wrong` are
        the findings that are wrong, joined by "|", "" if none is; and the probability is that of
        the surest wrong call, of its finding present or absent, or of the surest call where none
        is wrong; `share_right` is the share of the known findings that are right.

    Raises:
        RunError: the split or what was answered is not there, or is damaged.
    """
    answers, split = run.read_validation(epoch), run.read_split()
    columns = [name for name in answers.columns if name.startswith(PREFIX)]
    answers = answers.dropna(subset=columns)
    values = answers[columns].to_numpy("float64")
    names = [name.removeprefix(PREFIX) for name in columns]
    if all(STATE + name in split for name in names):
        return _compare_findings(answers["image_id"], values, names, split)
    classes = np.array([name.removeprefix(PREFIX) for name in columns], dtype=object)
    table = pd.DataFrame(
        {
            "image_id": answers["image_id"].to_numpy(),
            "predicted": classes[values.argmax(axis=1)],
            "probability": values.max(axis=1),
        }
    )
    truth = split[["image_id", "group", "class"]].rename(columns={"class": "actual"})
    return table.merge(truth.drop_duplicates("image_id"), on="image_id")


def _compare_findings(
    image_ids: pd.Series, values: NDArray[np.float64], classes: list[str], split: pd.DataFrame
) -> pd.DataFrame:
    """Return the answers of a multi-label task beside the truth; see `read_answers`."""
    truth = split.drop_duplicates("image_id").set_index("image_id")
    is_there = image_ids.isin(truth.index).to_numpy()
    image_ids, values = image_ids[is_there], values[is_there]
    truth = truth.loc[image_ids]
    states = states_of(truth, classes)
    called = values >= DEFAULT_THRESHOLD
    wrong = (states != UNKNOWN_STATE) & (called != (states == 1))
    sure = np.maximum(values, 1 - values)
    any_wrong = wrong.any(axis=1)
    names = label_in_words(wrong, classes)
    return pd.DataFrame(
        {
            "image_id": image_ids.to_numpy(),
            "group": truth["group"].to_numpy(),
            "actual": truth["class"].astype(str).to_numpy(),
            "predicted": label_in_words(called, classes),
            "wrong": np.where(any_wrong, names, ""),
            "probability": np.where(any_wrong[:, None] & ~wrong, 0, sure).max(axis=1),
            "share_right": 1 - wrong.sum(axis=1) / (states != UNKNOWN_STATE).sum(axis=1),
        }
    )


def list_wrong(answers: pd.DataFrame, n_most: int) -> pd.DataFrame:
    """Return at most so many wrong rows of `read_answers`, the most confident first.

    Of a multi-label task these are images with a wrong finding.
    """
    if "wrong" in answers:
        wrong = answers[answers["wrong"] != ""]
    else:
        wrong = answers[answers["actual"] != answers["predicted"]]
    return wrong.sort_values("probability", ascending=False, kind="stable").head(n_most)


def accuracy_interval(answers: pd.DataFrame) -> tuple[float, float]:
    """Return the 95% interval of the accuracy, by resampling patients; seeded, so repeatable.

    Of a multi-label task the accuracy is the share of known labels that are right at 0.5, the mean
    over images, as the metric log has it.

    Args:
        answers: as `read_answers` returns; of none, nothing is known: 0 to 1.
    """
    if answers.empty:
        return 0.0, 1.0
    if "share_right" in answers:
        right = answers["share_right"].to_numpy("float64")
    else:
        right = (answers["actual"] == answers["predicted"]).to_numpy("float64")
    groups = pd.factorize(answers["group"])[0].astype("int64")
    hits, images = np.bincount(groups, right), np.bincount(groups).astype("float64")
    low, high = bootstrap_intervals(
        lambda times: {"accuracy": (hits @ times) / (images @ times)},
        groups,
        np.random.default_rng(0),
    )["accuracy"]
    return settle_interval(float(right.mean()), float(low), float(high), [len(images)])
