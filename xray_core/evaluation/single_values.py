"""The figures of one set of predictions by scikit-learn, under the names that `measured` has.

scikit-learn takes a second to import: the report of a training asks for these, pages for the same
figures of `measured`, which its tests hold to these.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from xray_core.evaluation.class_rounds import calibration_error
from xray_core.evaluation.measured import OF_CLASS
from xray_core.evaluation.metrics import cross_entropy, evaluated_classes, predict_classes

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def score_predictions(actual: Ints, probabilities: Floats) -> dict[str, list[float]]:
    """Return each figure; see `measured.measure_predictions`. NaN where it cannot be computed.

    The log loss and the calibration error are ours: scikit-learn clips the first far lower than
    Keras does, and has not the other.

    Args:
        actual: int, shape (n,), classes 0..n_classes-1.
        probabilities: float, shape (n, n_classes).
    """
    from sklearn.metrics import accuracy_score, matthews_corrcoef

    predicted, classes = predict_classes(probabilities), range(probabilities.shape[1])
    each = [score_class(actual == k, probabilities[:, k], predicted == k) for k in classes]
    rows = {name: [row[name] for row in each] for name in each[0]}
    evaluated = evaluated_classes(len(classes))

    def mean(name: str) -> float:
        return float(np.mean([rows[name][k] for k in evaluated]))

    one_class = len(np.unique(actual)) == 1
    return {
        "accuracy": [float(accuracy_score(actual, predicted))],
        "balanced_accuracy": [_mean_of_known(rows["recall"])],
        "auc": [mean("auc")],
        "f1_macro": [_mean_of_known(rows["f1"])],
        "average_precision": [mean("average_precision")],
        "mcc": [float("nan") if one_class else float(matthews_corrcoef(actual, predicted))],
        "brier": [sum(rows["brier"]) / 2],
        "log_loss": [cross_entropy(actual, probabilities)],
        "calibration_error": [mean("calibration_error")],
        **{name: rows[name] for name in ("recall", "precision", "specificity", "npv", "f1")},
        "area": [rows["auc"][k] for k in evaluated],
        **{key: rows[name] for name, key in OF_CLASS.items()},
    }


def score_class(is_class: Bools, probabilities: Floats, called: Bools) -> dict[str, float]:
    """Return the figures of one class against the rest, or of one finding.

    Args:
        is_class: shape (n,).
        probabilities: of the class, shape (n,), in [0, 1].
        called: whether it is predicted, shape (n,).
    """
    from sklearn.metrics import (
        average_precision_score,
        brier_score_loss,
        f1_score,
        matthews_corrcoef,
        precision_score,
        recall_score,
        roc_auc_score,
    )

    nan = float("nan")
    both = 0 < is_class.sum() < len(is_class)

    def score(function: Callable[..., float], turned: bool = False) -> float:
        truth, call = (~is_class, ~called) if turned else (is_class, called)
        return float(function(truth, call, zero_division=np.nan))

    if not len(is_class):
        names = ("recall", "precision", "specificity", "npv", "f1", "auc", *OF_CLASS)
        return dict.fromkeys(names, nan)
    clipped = np.stack([1 - probabilities, probabilities], axis=1)
    return {
        "recall": score(recall_score) if is_class.any() else nan,
        "precision": score(precision_score),
        "specificity": score(recall_score, turned=True) if not is_class.all() else nan,
        "npv": score(precision_score, turned=True),
        "f1": score(f1_score),
        "auc": float(roc_auc_score(is_class, probabilities)) if both else nan,
        "average_precision": float(average_precision_score(is_class, probabilities))
        if both
        else nan,
        "mcc": float(matthews_corrcoef(is_class, called)) if both else nan,
        "brier": float(brier_score_loss(is_class, probabilities, pos_label=True)),
        "log_loss": cross_entropy(is_class.astype("int64"), clipped),
        "calibration_error": calibration_error(is_class, probabilities),
    }


def _mean_of_known(values: list[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
