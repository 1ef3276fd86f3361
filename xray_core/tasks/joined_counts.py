"""A union of two datasets before it is made: its images, and what it loses and gives away."""

from collections.abc import Mapping

import pandas as pd

from xray_core.catalog import Catalog
from xray_core.datasets.union_members import find_losses
from xray_core.tasks.encode import get_labels
from xray_core.tasks.joining import Pair, list_kept, name_sources, plan_members
from xray_core.tasks.matching import encode_match, match_classes
from xray_core.tasks.table import find_task

LARGE_DIFFERENCE = 0.1  # between the shares of a class in two sources that gives a source away


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
    return pd.DataFrame(columns).reindex(list_kept(pair)).fillna(0).astype("int64")


def count_known(first: Catalog, second: Catalog, pair: Pair) -> pd.DataFrame | None:
    """Count the images of which each finding is known, as `count_joined`; None of one class."""
    if not pair.match.multilabel:
        return None
    return _count_states(first, second, pair)[1]


def _count_states(first: Catalog, second: Catalog, pair: Pair) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the images where each finding is present, and where it is known; see above."""
    own = match_classes(pair.task, pair.match.wanted, pair.match.wanted, multilabel=True)
    names = name_sources(first, second)
    present, known = {}, {}
    for catalog, name, match in zip((first, second), names, (own, pair.match), strict=True):
        targets = encode_match(catalog, match)[list_kept(pair)]
        here = targets[targets.index.isin(catalog.present.index)]
        present[name], known[name] = here.eq(1).sum(), here.notna().sum()
    return pd.DataFrame(present).astype("int64"), pd.DataFrame(known).astype("int64")


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
