"""Joining two datasets with a common task into one, without copying an image.

Which of their tasks ask the same, `matching` says, or a person. What is written is
`datasets.union_any`'s: label by label, what it counts as.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from xray_core.catalog import Catalog
from xray_core.datasets import READERS, union
from xray_core.datasets.finding_states import list_findings
from xray_core.datasets.union_any import NAME, create_union_of
from xray_core.datasets.union_members import Member, find_losses
from xray_core.errors import DatasetError, LabelError
from xray_core.tasks.encode import encode_labels, get_labels, list_classes
from xray_core.tasks.matching import (
    LEAST_CLASSES,
    Match,
    encode_match,
    knows_classes,
    list_given,
    list_matches,
    match_classes,
)
from xray_core.tasks.table import find_task, tasks_of
from xray_core.tasks.targets import class_of
from xray_core.tasks.task import SEPARATOR

UNIONS = (NAME, "siim_radiography")  # readers of unions, which are no members of another
LARGE_DIFFERENCE = 0.1  # between the shares of a class in two sources that gives a source away


@dataclass(frozen=True)
class Pair:
    """A task of the first dataset, whose classes those of the union are, and one of the second.

    Attributes:
        task: of the first.
        match: of the second's classes.
    """

    task: str
    match: Match


def is_thesis_pair(first: Catalog, second: Catalog) -> bool:
    """Whether these are the two of which the reader `siim_radiography` is made."""
    return {first.source, second.source} == set(union.MEMBERS)


def list_pairs(first: Catalog, second: Catalog) -> list[Pair]:
    """Return the pairs of tasks by which two datasets can be joined, the best first.

    Pairs whose classes fit come before others. Of those: several findings an image before one
    class, where both datasets have several (where neither has, they are no choice); then pairs of
    which both datasets have images of two classes at least; then those with most images; then
    those that leave out the fewest classes of both.

    Raises:
        DatasetError: one of the two is a union itself.
    """
    for catalog in (first, second):
        if catalog.source in UNIONS:
            raise DatasetError(
                f"{catalog.root} is a union itself ({READERS[catalog.source].title}). Choose two "
                "datasets that are none."
            )
    several = [shows_several(catalog) for catalog in (first, second)]
    pairs = [
        Pair(name, match)
        for name, task in tasks_of(first.source).items()
        if not task.multilabel or any(several)
        for match in list_matches(second, list_given(first, name), multilabel=task.multilabel)
    ]
    return sorted(pairs, key=lambda pair: _rank(first, second, pair, all(several)))


def _rank(first: Catalog, second: Catalog, pair: Pair, several: bool) -> tuple[float, ...]:
    """Return what pairs are sorted by, the best the least; see `list_pairs`."""
    n_out = len(pair.match.absent) + len(pair.match.left_out)
    if not pair.match.fits:
        return True, pair.match.multilabel, 0, 0, n_out
    if pair.match.multilabel:
        return False, not several, 0, 0, n_out
    counts = count_joined(first, second, pair)
    has_two = bool((counts.gt(0).sum() >= LEAST_CLASSES).all())
    return False, several, not has_two, -int(counts.to_numpy().sum()), n_out


def shows_several(catalog: Catalog) -> bool:
    """Whether a dataset may say more than one thing of an image."""
    joined = catalog.images["findings"].str.contains(SEPARATOR, regex=False)
    return bool(joined.any()) or len(list_findings(catalog)) > 1


def find_pair(
    first: Catalog,
    second: Catalog,
    tasks: Sequence[str] = (),
    by_hand: Mapping[str, str] | None = None,
) -> Pair:
    """Return the tasks by which two datasets are joined.

    Args:
        first: the dataset whose classes the union gets.
        second: the other.
        tasks: one of each, by name; none for the pair that fits best.
        by_hand: class of the second -> class of the first; see `matching.match_classes`.

    Raises:
        LabelError: no pair fits, or those that are named do not; the message names the classes.
        DatasetError: see `list_pairs`.
    """
    pairs = list_pairs(first, second)
    if tasks:
        named = [pair for pair in pairs if (pair.task, pair.match.task) == tuple(tasks)]
        if not named:
            known = {pair.task for pair in pairs}, {pair.match.task for pair in pairs}
            raise LabelError(
                f"{' and '.join(tasks)} are no tasks of {first.root} and {second.root} that can be "
                f"joined: both with one class an image, or both with several. Choose "
                f"of {', '.join(sorted(known[0])) or 'none'} and of "
                f"{', '.join(sorted(known[1])) or 'none'}."
            )
        pairs = named
    if by_hand and pairs:
        chosen = next((pair for pair in pairs if knows_classes(pair.match, by_hand)), pairs[0])
        match = chosen.match
        changed = match_classes(
            match.task, match.given, match.wanted, by_hand, multilabel=match.multilabel
        )
        pairs = [Pair(chosen.task, changed)]
    if not pairs or not pairs[0].match.fits:
        ours = "; ".join(f"{pair.task}: {', '.join(pair.match.wanted)}" for pair in _each(pairs))
        theirs = "; ".join(
            dict.fromkeys(f"{p.match.task}: {', '.join(p.match.given)}" for p in pairs)
        )
        raise LabelError(
            f"{first.root} and {second.root} have no task in common, as far as the names of "
            f"classes tell. The first tells apart {ours or 'nothing'}; the second "
            f"{theirs or 'nothing'}. If some mean the same, name the two tasks and the classes."
        )
    return pairs[0]


def _each(pairs: Sequence[Pair]) -> list[Pair]:
    return list({pair.task: pair for pair in pairs}.values())


def join_datasets(folder: Path, first: Catalog, second: Catalog, pair: Pair) -> None:
    """Make one dataset of two in a new folder; see `union_any.create_union_of`.

    Raises:
        DatasetError: see there.
        LabelError: the classes do not fit.
    """
    create_union_of(folder, plan_members(first, second, pair))


def plan_members(first: Catalog, second: Catalog, pair: Pair) -> tuple[Member, Member]:
    """Return what the union's file says of the two."""
    kept = {name: name for name in pair.match.wanted if name not in pair.match.absent}
    names = _name_sources(first, second)
    return (
        _plan_member(first, names[0], pair.task, kept),
        _plan_member(second, names[1], pair.match.task, pair.match.classes),
    )


def count_joined(first: Catalog, second: Catalog, pair: Pair) -> pd.DataFrame:
    """Count the images of a union before it is made: those whose file is there.

    Returns:
        One row a class, index its name; one column a source: images, of several findings an
        image those that show it.
    """
    if pair.match.multilabel:
        return _count_states(first, second, pair)[0]
    columns = {}
    for catalog, member in zip((first, second), plan_members(first, second, pair), strict=True):
        labels = get_labels(catalog, find_task(pair.task if catalog is first else pair.match.task))
        present = labels[catalog.present.index].map(dict(member.classes))
        columns[member.name] = present.value_counts()
    return pd.DataFrame(columns).reindex(_kept(pair)).fillna(0).astype("int64")


def count_known(first: Catalog, second: Catalog, pair: Pair) -> pd.DataFrame | None:
    """Count the images of which each finding is known, as `count_joined`; None of one class."""
    if not pair.match.multilabel:
        return None
    return _count_states(first, second, pair)[1]


def _count_states(first: Catalog, second: Catalog, pair: Pair) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the images where each finding is present, and where it is known; see above."""
    own = match_classes(pair.task, pair.match.wanted, pair.match.wanted, multilabel=True)
    names = _name_sources(first, second)
    present, known = {}, {}
    for catalog, name, match in zip((first, second), names, (own, pair.match), strict=True):
        targets = encode_match(catalog, match)[_kept(pair)]
        here = targets[targets.index.isin(catalog.present.index)]
        present[name], known[name] = here.eq(1).sum(), here.notna().sum()
    return pd.DataFrame(present).astype("int64"), pd.DataFrame(known).astype("int64")


def _kept(pair: Pair) -> list[str]:
    """Return the classes of the union."""
    return [name for name in pair.match.wanted if name not in pair.match.absent]


def count_losing(first: Catalog, second: Catalog, pair: Pair) -> dict[str, int]:
    """Return source -> images of it that lose further findings, where they get one class."""
    if pair.match.multilabel:
        return {}
    counts = {}
    for catalog, member in zip((first, second), plan_members(first, second, pair), strict=True):
        task = find_task(pair.task if catalog is first else pair.match.task)
        labels = get_labels(catalog, task)[catalog.present.index]
        counts[member.name] = int(find_losses(labels, member.classes).sum())
    return {name: n for name, n in counts.items() if n}


def describe_losing(counts: Mapping[str, int]) -> str:
    """Say that further findings are lost, and how not to; "" where none is."""
    if not counts:
        return ""
    images = ", ".join(f"{name} {n:,}" for name, n in counts.items())
    return (
        "Images with several findings, of which only the first counts here, so that the others are "
        f"lost: {images}. To keep them, join by tasks with several findings an image, if both "
        "datasets have them."
    )


def warn_of_sources(counts: pd.DataFrame, known: pd.DataFrame | None = None) -> str:
    """Say how much of the label the source gives away; "" where its classes have like shares.

    Args:
        counts: as `count_joined` returns them.
        known: as `count_known` returns them.
    """
    if (counts.sum() == 0).any():
        return "One of the two has no image of these classes: there is nothing to join."
    if known is None and (single := [n for n in counts if (counts[n] > 0).sum() == 1]):
        classes = " and ".join(f"{name} has only “{counts[name].idxmax()}”" for name in single)
        return (
            f"{classes}: of these classes it has no image of another. The class goes with the "
            "source, so that a network may tell the sources apart instead of the classes. Choose "
            "tasks of which both datasets have two classes, or datasets that have."
        )
    shares = counts / (counts.sum() if known is None else known)
    apart = (shares.max(axis=1) - shares.min(axis=1)).sort_values(ascending=False)
    if apart.iloc[0] < LARGE_DIFFERENCE:
        return ""
    name = apart.index[0]
    said = " and ".join(f"{share:.0%} of {source}" for source, share in shares.loc[name].items())
    return (
        f"“{name}” are {said}. A network that can tell the sources apart, by their "
        "machine, size or marks, knows part of the label without looking at a lung. Test it on a "
        "source that it has not learned from."
    )


def _name_sources(first: Catalog, second: Catalog) -> tuple[str, str]:
    """Return the names of the two sources: of their readers, or of the folders; never the same."""
    if first.source != second.source:
        names = [
            catalog.root.name if READERS[catalog.source].generic else catalog.source
            for catalog in (first, second)
        ]
    else:
        names = [first.root.name, second.root.name]
    if names[0] == names[1]:  # folders of one name, in different places
        names = [f"{catalog.root.parent.name}-{catalog.root.name}" for catalog in (first, second)]
    clean = [name.replace("/", "-") for name in names]
    return (clean[0], clean[1] if clean[1] != clean[0] else f"{clean[1]}-2")


def _plan_member(catalog: Catalog, name: str, task: str, classes: Mapping[str, str]) -> Member:
    chosen = find_task(task)
    labels = get_labels(catalog, chosen)
    if chosen.multilabel:
        groups = list_classes(labels, chosen)
        return Member(
            name=name,
            reader=catalog.source,
            folder=str(catalog.root),
            classes={
                finding: classes[own]
                for own, group in groups.items()
                if own in classes
                for finding in group
            },
            column=chosen.column,
            multilabel=True,
            negatives=chosen.negatives,
        )
    # Those that the task names as well: their images may come to the folder later.
    named = [finding for group in chosen.classes.values() for finding in group]
    # And each of several findings by itself: whether the image's class holds it as well.
    alone = [finding for text in labels.dropna().unique() for finding in text.split(SEPARATOR)]
    texts = pd.Series(list(dict.fromkeys([*labels.dropna(), *named, *alone])), dtype="string")
    encoded = class_of(encode_labels(texts, chosen)).astype("object")
    return Member(
        name=name,
        reader=catalog.source,
        folder=str(catalog.root),
        classes={
            str(text): classes[name]
            for text, name in zip(texts[encoded.index], encoded, strict=True)
            if name in classes
        },
        column=chosen.column,
        finding=chosen.finding,
    )
