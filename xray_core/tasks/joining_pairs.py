"""The pairs of tasks by which two datasets can be joined, the best first."""

from collections.abc import Mapping, Sequence

from xray_core.catalog import Catalog
from xray_core.datasets import READERS
from xray_core.datasets.finding_states import list_findings
from xray_core.datasets.union_any import NAME
from xray_core.errors import DatasetError, LabelError
from xray_core.tasks.joined_counts import count_joined
from xray_core.tasks.joining import Pair
from xray_core.tasks.matching import (
    LEAST_CLASSES,
    knows_classes,
    list_given,
    list_matches,
    match_classes,
)
from xray_core.tasks.table import tasks_of
from xray_core.tasks.task import SEPARATOR

UNIONS = (NAME, "siim_radiography")  # readers of unions, which are no members of another


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
