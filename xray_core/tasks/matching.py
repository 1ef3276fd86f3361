"""Classes of one task matched with those of another: to evaluate elsewhere, or to join datasets.

By their names, see `class_names`, or as a person says who knows better.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from xray_core.catalog import Catalog
from xray_core.errors import LabelError
from xray_core.tasks.class_names import match_names, plain_name
from xray_core.tasks.encode import encode_catalog, get_labels, list_classes
from xray_core.tasks.table import TASKS, find_task, tasks_of
from xray_core.tasks.targets import class_of

LEAST_CLASSES = 2  # with fewer there is nothing to tell apart
BY_HAND = "said by hand"


@dataclass(frozen=True)
class Match:
    """Which classes of a dataset's task stand for which that are wanted.

    Attributes:
        task: the dataset's, by its name.
        given: its classes.
        wanted: those that images of the dataset are to get.
        classes: given -> wanted. Images of a class that is not in it are left out; of a
            multi-label task only the class is.
        reasons: given -> why it is taken for the wanted one, of each in `classes`.
        multilabel: whether an image may have several of both.
    """

    task: str
    given: tuple[str, ...]
    wanted: tuple[str, ...]
    classes: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    multilabel: bool = False

    @property
    def left_out(self) -> tuple[str, ...]:
        """The given classes whose images are left out."""
        return tuple(name for name in self.given if name not in self.classes)

    @property
    def absent(self) -> tuple[str, ...]:
        """The wanted classes of which the dataset has no image."""
        there = set(self.classes.values())
        return tuple(name for name in self.wanted if name not in there)

    @property
    def fits(self) -> bool:
        """Whether enough classes are there to tell apart; of several at once, one is enough."""
        return len(self.wanted) - len(self.absent) >= (1 if self.multilabel else LEAST_CLASSES)


def match_classes(
    task: str,
    given: Sequence[str],
    wanted: Sequence[str],
    by_hand: Mapping[str, str] | None = None,
    *,
    multilabel: bool = False,
) -> Match:
    """Return which of the classes `given` stands for which of those `wanted`.

    Args:
        task: whose classes are given.
        given: in their order.
        wanted: likewise.
        by_hand: given -> wanted, instead of what the names say; "" leaves the class out. Capitals,
            blanks, - and _ do not matter.
        multilabel: whether an image may have several of both.

    Raises:
        LabelError: `by_hand` names a class that is not there.
    """
    same = match_names(given, wanted, multilabel=multilabel)
    classes = {name: other for name, (other, _) in same.items()}
    reasons = {name: why for name, (_, why) in same.items()}
    for written, meant in (by_hand or {}).items():
        name = _find_class(written, given, f"of task {task!r}")
        other = _find_class(meant, wanted, "that are wanted") if meant else ""
        if other and other == classes.get(name):
            continue  # as the names say, too
        classes.pop(name, None)
        reasons.pop(name, None)
        if other:
            classes[name], reasons[name] = other, BY_HAND
    ordered = {name: classes[name] for name in given if name in classes}
    return Match(task, tuple(given), tuple(wanted), ordered, reasons, multilabel)


def list_matches(
    catalog: Catalog, wanted: Sequence[str], *, multilabel: bool = False
) -> list[Match]:
    """Return how each task of a dataset fits the classes `wanted`.

    Those that answer most of them first, then those that leave the fewest of their own out.

    Args:
        catalog: the dataset.
        wanted: the classes.
        multilabel: whether an image may have several of them: of the dataset's tasks those count
            that are likewise.
    """
    matches = [
        match_classes(name, list_given(catalog, name), wanted, multilabel=multilabel)
        for name, task in tasks_of(catalog.source).items()
        if task.multilabel == multilabel
    ]
    return sorted(matches, key=lambda match: (len(match.absent), len(match.left_out)))


def find_match(
    catalog: Catalog,
    wanted: Sequence[str],
    task: str = "",
    by_hand: Mapping[str, str] | None = None,
    *,
    multilabel: bool = False,
) -> Match:
    """Return how a dataset can answer with the classes `wanted`.

    Args:
        catalog: the dataset.
        wanted: the classes.
        task: of the dataset; "" for the one that fits best.
        by_hand: see `match_classes`.
        multilabel: see `list_matches`.

    Raises:
        LabelError: no task fits, or the one that is named does not; the message names the classes.
    """
    matches = list_matches(catalog, wanted, multilabel=multilabel)
    if task and task not in (fitting := [match.task for match in matches]):
        kind = "several classes" if multilabel else "one class"
        raise LabelError(
            f"Task {task!r} is none with {kind} an image of {catalog.root}. Choose one of: "
            f"{', '.join(fitting) or 'none'}."
        )
    matches = [match for match in matches if task in ("", match.task)]
    if by_hand and matches:  # without a name, the task whose classes are named
        named = [match for match in matches if knows_classes(match, by_hand)] or matches[:1]
        matches = [
            match_classes(m.task, m.given, wanted, by_hand, multilabel=multilabel) for m in named
        ]
        matches.sort(key=lambda match: len(match.absent))
    if not matches or not matches[0].fits:
        raise LabelError(_explain_misfit(catalog, wanted, matches))
    return matches[0]


def encode_match(catalog: Catalog, match: Match) -> pd.DataFrame:
    """Encode the labels of a dataset with the wanted classes.

    Returns:
        One column for each of `match.wanted`; the index is the catalog's. uint8, one column is 1,
        without images that are unlabelled, or of a class that is left out. Of a multi-label match
        Int8: 1 present, 0 absent, <NA> unknown, as it is of a class that no given one stands for;
        without images of which all is unknown.

    Raises:
        LabelError: see `encode_catalog`.
    """
    targets = encode_catalog(catalog, find_task(match.task))
    if match.multilabel:
        return combine_given(targets, match)
    classes = class_of(targets).astype("object")
    meant = classes.map(match.classes).dropna()
    columns = {name: (meant == name).astype("uint8") for name in match.wanted}
    return pd.DataFrame(columns, index=meant.index)


def combine_given(targets: pd.DataFrame, match: Match) -> pd.DataFrame:
    """Return the wanted classes of multi-label targets; see `encode_match`."""
    columns = {}
    for name in match.wanted:
        given = targets[[own for own, meant in match.classes.items() if meant == name]]
        state = pd.Series(pd.NA, index=targets.index, dtype="Int8")
        if len(given.columns):
            state = state.mask(given.eq(0).fillna(False).all(axis=1).astype(bool), 0)
            state = state.mask(given.eq(1).fillna(False).any(axis=1).astype(bool), 1)
        columns[name] = state
    combined = pd.DataFrame(columns, index=targets.index)
    return combined[combined.notna().any(axis=1)]


def list_given(catalog: Catalog, task: str) -> list[str]:
    """Return the classes of a task, also where it takes them from the dataset."""
    chosen = TASKS[task]
    if chosen.classes:
        return list(chosen.classes)
    return [str(name) for name in list_classes(get_labels(catalog, chosen), chosen)]


def count_given(catalog: Catalog, task: str) -> dict[str, int]:
    """Return class -> images of it whose file is there.

    Raises:
        LabelError: see `encode_catalog`.
    """
    targets = encode_catalog(catalog, find_task(task))
    present = targets[targets.index.isin(catalog.present.index)]
    return {str(name): int(n) for name, n in present.eq(1).sum().items()}


def parse_mapping(pairs: Iterable[str]) -> dict[str, str]:
    """Return given -> wanted of pairs as a person types them, "Normal=no opacity".

    Raises:
        LabelError: one is of another form.
    """
    mapping = {}
    for pair in pairs:
        given, equals, wanted = (word.strip() for word in pair.partition("="))
        if not equals or not given:
            raise LabelError(
                f'{pair!r} maps no class. Write "theirs=ours", such as "Normal=no opacity", or '
                '"theirs=" to leave the class out.'
            )
        mapping[given] = wanted
    return mapping


def _find_class(written: str, classes: Sequence[str], whose: str) -> str:
    if written in classes:
        return written
    near = [name for name in classes if plain_name(name) == plain_name(written)]
    if len(near) != 1:
        raise LabelError(f"There is no class {written!r} {whose}. Choose of: {', '.join(classes)}.")
    return near[0]


def knows_classes(match: Match, by_hand: Mapping[str, str]) -> bool:
    """Whether every class that is mapped by hand is one of the task's."""
    plain = {plain_name(name) for name in match.given}
    return all(plain_name(name) in plain for name in by_hand)


def _explain_misfit(catalog: Catalog, wanted: Sequence[str], matches: Sequence[Match]) -> str:
    tasks = "; ".join(f"{match.task}: {', '.join(match.given)}" for match in matches)
    return (
        f"{catalog.root} answers fewer than {LEAST_CLASSES} of the classes {', '.join(wanted)}, as "
        f"far as their names tell. What it tells apart: {tasks or 'nothing'}. If some of these "
        'mean the same, say so by hand, "theirs=ours" for each, and name the task.'
    )
