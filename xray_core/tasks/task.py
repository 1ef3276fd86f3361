"""The `Task` class: a question with its classes."""

from collections.abc import Mapping
from dataclasses import dataclass

SEPARATOR = "|"  # between the findings of one image
ANY = "any"  # instead of a reader: a task that asks for a column which any dataset may have
CLASSES, MASKS = "classes", "masks"  # what a task asks of an image; see `Task.asks`


@dataclass(frozen=True)
class Task:
    """A regrouping of published findings.

    Attributes:
        dataset: reader name, as in `xray_core.datasets.READERS`; or `ANY`.
        classes: class -> the findings it holds. Order is the model's output order. Empty:
            every finding of the dataset is a class, in alphabetical order.
        question: the task in words, for a person who chooses.
        column: the catalog column that holds the findings.
        finding: instead, one finding of `Catalog.finding_states`, which is "present" or "absent";
            where it is unknown, the image is unlabelled. "" for none.
        negatives: findings that mean "none of the classes"; their targets are all zero.
        others: what a finding that no class, `negatives` or `left_out` names counts as: a class, or
            "" for none of them; None is an error. For a vocabulary too large to be listed.
        left_out: findings whose images are in no subset, as if they were unlabelled.
        fewest: images of a finding, in the whole dataset, with fewer of which it is left out.
        multilabel: whether an image may belong to several classes.
        first_only: whether only the first of an image's findings counts.
        asks: `CLASSES`; or `MASKS`: which pixels of an image belong to the one class, as the
            lung masks of the catalog show it. An image without one is unlabelled.
        source: where the grouping comes from.
    """

    dataset: str
    classes: Mapping[str, tuple[str, ...]]
    question: str = ""
    column: str = "findings"
    finding: str = ""
    negatives: tuple[str, ...] = ()
    others: str | None = None
    left_out: tuple[str, ...] = ()
    fewest: int = 0
    multilabel: bool = False
    first_only: bool = False
    asks: str = CLASSES
    source: str = ""


def spell_findings(text: str) -> str:
    """Return findings as they are shown; files keep the authors' names.

    Args:
        text: a finding, or several joined by `SEPARATOR`.

    >>> spell_findings("Effusion|Pleural_Thickening")
    'Effusion + Pleural Thickening'
    """
    return text.replace("_", " ").replace(SEPARATOR, " + ")
