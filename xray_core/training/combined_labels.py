"""Learning combined labels, where the authors published more than is asked.

Whether an image shows an opacity is easier to learn together with what kind it is: each
combination of published labels becomes an output of its own, and the probability of a class is
the sum over its combinations. Only the training differs; the saved model answers the question.
"""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray

COMBINED = "probabilities"  # layer of the model's own output, here of the combinations
MERGED = "merged"  # layer of the classes that are evaluated


@dataclass(frozen=True)
class CombinedLabels:
    """The combinations among the training images.

    Attributes:
        names: of the combinations, most frequent first.
        targets: float32 (n_images, n_combinations), 0 or 1.
        classes: int (n_combinations,): the class that each belongs to.
    """

    names: list[str]
    targets: NDArray[np.float32]
    classes: NDArray[np.int64]


def find_combinations(labels: pd.Series, actual: NDArray[np.int64]) -> CombinedLabels:
    """Return the combinations that training images have.

    Args:
        labels: str, shape (n_images,): the published labels of each; see `tasks.combine_labels`.
        actual: int, shape (n_images,): class of each.
    """
    pairs = pd.Series(list(zip(actual.tolist(), labels.tolist(), strict=True)))
    ordered = list(pairs.value_counts().index)
    numbers = pairs.map({pair: number for number, pair in enumerate(ordered)}).to_numpy()
    return CombinedLabels(
        names=[name for _, name in ordered],
        targets=np.eye(len(ordered), dtype="float32")[numbers],
        classes=np.array([number for number, _ in ordered], dtype="int64"),
    )


def merge_output(model: Any, classes: NDArray[np.int64], n_classes: int) -> Any:
    """Return `model` with its outputs, one a combination, summed to the classes that are evaluated.

    Args:
        model: under the builder contract, with one output a combination.
        classes: int (n_combinations,): the class that each belongs to.
        n_classes: how many are evaluated.
    """
    merged = keras.layers.Dense(
        n_classes, use_bias=False, trainable=False, dtype="float32", name=MERGED
    )
    evaluated = keras.Model(model.input, merged(model.output), name=model.name)
    merged.set_weights([np.eye(n_classes, dtype="float32")[classes]])
    return evaluated


def expose_combined(evaluated: Any) -> Any:
    """Return the model to train: layers and weights of `evaluated`, with both outputs."""
    outputs = {COMBINED: evaluated.get_layer(COMBINED).output, MERGED: evaluated.output}
    return keras.Model(evaluated.input, outputs, name="combined")
