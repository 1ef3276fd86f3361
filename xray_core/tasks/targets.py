"""Targets: what is said of them in words, of one class an image and of several."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.tasks.task import SEPARATOR

NOTHING = "none"  # the label of an image that shows none of the classes of a multi-label task
STATE = "y_"  # begins the columns of tables that hold the state of a class: 1, 0 or <NA>


def has_several(targets: pd.DataFrame) -> bool:
    """Whether these are the targets of a multi-label task, as `encode_catalog` returns them."""
    return bool(len(targets.columns)) and all(kind == pd.Int8Dtype() for kind in targets.dtypes)


def find_present(targets: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which classes each image shows, shape (n, n_classes); what is unknown is not shown."""
    present: NDArray[np.bool_] = targets.eq(1).fillna(False).to_numpy(bool)
    return present


def class_of(targets: pd.DataFrame) -> pd.Series:
    """Return each image's class name; of several classes the label in words. Index kept.

    >>> class_of(pd.DataFrame({"normal": [1, 0], "pneumonia": [0, 1]})).tolist()
    ['normal', 'pneumonia']
    """
    if has_several(targets):
        words = label_in_words(find_present(targets), list(targets.columns))
        return pd.Series(words, index=targets.index, name="class", dtype="string")
    kind = pd.CategoricalDtype(list(targets.columns))
    names = targets.columns.to_numpy()[targets.to_numpy().argmax(axis=1)]
    return pd.Series(names, index=targets.index, name="class", dtype=kind)


def rarest_of(targets: pd.DataFrame) -> pd.Series:
    """Return of each image the rarest class that it shows, or `word_of_nothing`; index kept.

    Args:
        targets: of a multi-label task.

    >>> rarest_of(pd.DataFrame({"a": [1, 1, 0], "b": [0, 1, None]}, dtype="Int8")).tolist()
    ['a', 'b', 'none']
    """
    present = find_present(targets)
    order = present.sum(axis=0).argsort(kind="stable")
    names = targets.columns.to_numpy(dtype=object)[order][present[:, order].argmax(axis=1)]
    names = np.where(present.sum(axis=1) > 0, names, word_of_nothing(list(targets.columns)))
    return pd.Series(names, index=targets.index, name="class", dtype="object")


def word_of_nothing(classes: Sequence[str]) -> str:
    """Return what an image is labelled that shows none of `classes`: none of their names.

    >>> word_of_nothing(["none", "none of these"])
    'none of these of these'
    """
    word = NOTHING
    while word in classes:
        word += " of these"
    return word


def label_in_words(present: NDArray[np.bool_], classes: Sequence[str]) -> NDArray[Any]:
    """Return the label of each image: the classes that it shows, joined by "|", or "none".

    Args:
        present: shape (n, n_classes).
        classes: in the order of the columns.

    >>> label_in_words(np.array([[True, True], [False, False]]), ["a", "b"]).tolist()
    ['a|b', 'none']
    """
    nothing = word_of_nothing(classes)
    # There are far fewer combinations than images.
    kinds, kind = np.unique(present, axis=0, return_inverse=True)
    names = np.array(classes, dtype=object)
    words = [SEPARATOR.join(names[row]) or nothing for row in kinds]
    labels: NDArray[Any] = np.array(words, dtype=object)[kind.ravel()]
    return labels
