"""What a published figure is: the figures of one network on one subset, and where they stand."""

from collections.abc import Mapping
from dataclasses import dataclass, field

YES, NO, PARTLY = "yes", "no", "partly"
SAME_IMAGES = (YES, NO, PARTLY)


@dataclass(frozen=True)
class PublishedResult:
    """The figures that a source publishes of one training, on one subset.

    Attributes:
        recipe: name of the recipe that repeats the training.
        place: where in the source the figures stand.
        images: the images that they were measured on, in words.
        n_images: how many these were; 0 where the source does not say.
        phase: name of the recipe's phase after which they were measured; "" for the last.
        subset: "training", "validation" or "test".
        metrics: name -> value: "accuracy", "loss", "auc", and with the name of a class
            "recall_", "precision_", "f1_" and "auc_" + class. As printed, shares of 1.
        spread: name -> standard deviation, where it is printed.
        matrix: confusion matrix, (K, K): rows are the true classes; empty if none is published.
        classes: of the matrix, the K classes in order, as our task calls them.
        same_images: whether ours are the same images: "yes", "no" or "partly".
        images_note: why not, or which are missing.
        note: slips of the source, networks that answer a single class, what was read off a curve.
    """

    recipe: str
    place: str
    images: str
    n_images: int = 0
    phase: str = ""
    subset: str = "test"
    metrics: Mapping[str, float] = field(default_factory=dict)
    spread: Mapping[str, float] = field(default_factory=dict)
    matrix: tuple[tuple[int, ...], ...] = ()
    classes: tuple[str, ...] = ()
    same_images: str = NO
    images_note: str = ""
    note: str = ""

    @property
    def majority(self) -> float | None:
        """The accuracy of always answering the most frequent class, 0 to 1; None: no matrix."""
        counts = [sum(row) for row in self.matrix]
        return max(counts) / sum(counts) if counts else None

    @property
    def figures(self) -> dict[str, float]:
        """`metrics`, and what follows from the matrix without being printed."""
        return {**compute_figures(self.matrix, self.classes), **self.metrics}


@dataclass(frozen=True)
class PublishedPoint:
    """A reader or a network as a point beside a ROC curve.

    Attributes:
        who: e.g. "radiologist 1".
        kind: "reader" or "network".
        sensitivity: recall of the positive class, 0 to 1.
        specificity: recall of the negative class, 0 to 1.
        positive: the positive class, as our task calls it.
        standard: what was taken for the truth.
        images: the images that they were measured on, in words.
        place: source and place in it.
        note: how exact the figures are.
    """

    who: str
    kind: str
    sensitivity: float
    specificity: float
    positive: str
    standard: str
    images: str
    place: str
    note: str = ""


LOW, HIGH = "_low", "_high"  # end the names of the ends of an interval


@dataclass(frozen=True)
class Citation:
    """A figure that the thesis cites from elsewhere.

    Attributes:
        what: what was measured, in words.
        figures: name -> value, in the unit that the name says; shares of 1 otherwise.
        source: authors, journal and year, as the thesis gives them.
        place: where the thesis cites it.
        note: what is to be known beside it.
    """

    what: str
    figures: Mapping[str, float]
    source: str
    place: str
    note: str = ""

    @property
    def words(self) -> str:
        """The figures as a person writes them, e.g. "AUC 0.98 (0.97 to 0.99), recall 90%"."""
        words = []
        for name, value in self.figures.items():
            if name.endswith((LOW, HIGH)):
                continue
            low, high = (self.figures.get(name + end) for end in (LOW, HIGH))
            between = f" ({low:g} to {high:g})" if low is not None and high is not None else ""
            if name.startswith(("seconds", "hours")):
                words.append(f"{value:g} {name}")
            elif name.startswith("auc"):
                words.append(f"AUC{name.removeprefix('auc')} {value:g}{between}")
            else:
                words.append(f"{name} {100 * value:g}%{between}")
        return ", ".join(words)


def compute_figures(
    matrix: tuple[tuple[int, ...], ...], classes: tuple[str, ...]
) -> dict[str, float]:
    """Return accuracy, and recall, precision and F1 of each class, of a confusion matrix.

    Args:
        matrix: counts, (K, K); rows are the true classes.
        classes: K names.

    Returns:
        Name -> share of 1; a precision or F1 without a single prediction is left out.
    """
    total = sum(map(sum, matrix))
    if not total:
        return {}
    figures = {"accuracy": sum(row[i] for i, row in enumerate(matrix)) / total}
    for i, name in enumerate(classes):
        right, actual = matrix[i][i], sum(matrix[i])
        predicted = sum(row[i] for row in matrix)
        figures[f"recall_{name}"] = right / actual
        if predicted:
            figures[f"precision_{name}"] = right / predicted
            figures[f"f1_{name}"] = 2 * right / (actual + predicted)
    return figures
