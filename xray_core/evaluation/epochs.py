"""What a run answered on the validation set after an epoch, and which of it is wrong.

Of a task of one class an image; `finding_answers` has that of several.
"""

import numpy as np
import pandas as pd

from xray_core.evaluation.metrics import predict_classes
from xray_core.evaluation.report import PREFIX
from xray_core.evaluation.shares import share_interval
from xray_core.runs import Run


def read_answers(run: Run, epoch: int) -> pd.DataFrame:
    """Return the answers on the validation images after an epoch.

    Args:
        run: that has validated this epoch.
        epoch: from 1.

    Returns:
        One row an image that has a prediction: image_id, group, actual, predicted, and
        probability, that of the predicted class, in [0, 1].

    Raises:
        RunError: the split or what was answered is not there, or is damaged.
    """
    answers, split = run.read_validation(epoch), run.read_split()
    columns = [name for name in answers.columns if name.startswith(PREFIX)]
    answers = answers.dropna(subset=columns)
    values = answers[columns].to_numpy("float64")
    classes = np.array([name.removeprefix(PREFIX) for name in columns], dtype=object)
    table = pd.DataFrame(
        {
            "image_id": answers["image_id"].to_numpy(),
            "predicted": classes[predict_classes(values)],
            "probability": values.max(axis=1),
        }
    )
    truth = split[["image_id", "group", "class"]].rename(columns={"class": "actual"})
    return table.merge(truth.drop_duplicates("image_id"), on="image_id")


def list_wrong(answers: pd.DataFrame, n_most: int) -> pd.DataFrame:
    """Return at most so many wrong rows of `read_answers`, the most confident first."""
    wrong = answers[answers["actual"] != answers["predicted"]]
    return wrong.sort_values("probability", ascending=False, kind="stable").head(n_most)


def accuracy_interval(answers: pd.DataFrame) -> tuple[float, float]:
    """Return the 95% interval of the accuracy, by resampling patients; seeded, so repeatable.

    Args:
        answers: as `read_answers` returns; of none, nothing is known: 0 to 1.
    """
    right = (answers["actual"] == answers["predicted"]).to_numpy("bool")
    return share_interval(right, answers["group"])
