"""Dividing a table into subsets: whole groups, classes in like proportion, none left out."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

REST = "training"  # the subset of all that no other subset takes
# How far a subset's images of a class may be from their share: more than both, and groups move.
UNEVEN_SHARE, UNEVEN_IMAGES = 0.1, 2
MOST_MOVES = 200


def divide_groups(
    table: pd.DataFrame,
    fractions: Mapping[str, float],
    seed: int,
    of_each: int = 1,
    of_rest: int = 1,
) -> pd.Series:
    """Give each row a subset: whole groups, classes in like proportion; the rest is "training".

    Where a large group has spoilt the proportions, others move to correct them. Where they would
    leave a subset without a class that has groups enough, one of them moves there, from the subset
    that can spare it best. All else stays.

    Args:
        table: with columns group and class.
        fractions: subset -> its share of the rows, in [0, 1]; of 0 the subset is empty.
        seed: another seed, another division.
        of_each: how many groups of each class a subset shall have, the rest excepted.
        of_rest: likewise the rest, which may be divided again.

    Returns:
        The subset of each row; index of `table`.
    """
    # A group counts with its rarest class, so that the small classes are spread most evenly.
    n_of_class = table["class"].map(table["class"].value_counts()).astype(int)
    rarest = table.assign(n=n_of_class).sort_values("n", kind="stable").groupby("group")["class"]
    groups = pd.DataFrame({"class": rarest.first(), "size": table.groupby("group").size()})
    groups = groups.iloc[np.random.default_rng(seed).permutation(len(groups))]
    by_class = groups.groupby("class", observed=True)["size"]
    # Where a group's middle lies in its class, as a fraction of the class' images.
    middle = (by_class.cumsum() - groups["size"] / 2) / by_class.transform("sum")
    edges = np.cumsum(list(fractions.values()))
    least = {name: of_each if share > 0 else 0 for name, share in fractions.items()}
    least[REST] = of_rest
    place = np.searchsorted(edges, middle, side="right")
    classes, names = pd.factorize(table["class"])
    sizes = np.zeros((len(groups), len(names)), dtype=np.int64)
    np.add.at(sizes, (groups.index.get_indexer(pd.Index(table["group"])), classes), 1)
    shares = np.array([*fractions.values(), 1 - sum(fractions.values())])
    place = even_out(place, sizes, shares)
    place = fill_subsets(place, sizes > 0, np.array(list(least.values())))
    subsets = np.array(list(least))[place]
    return table["group"].map(pd.Series(subsets, index=groups.index))


def divide_folds(table: pd.DataFrame, folds: int, fold: int, seed: int) -> "pd.Series[bool]":
    """Return which rows are in one of several equal folds; each row is in one of them.

    Args:
        table: with columns group and class.
        folds: how many, 2 or more.
        fold: which one, from 1.
        seed: another seed, other folds.
    """
    names = [str(number) for number in range(1, folds)]
    # The others are divided into what trains and what validates; of two folds that is one alone.
    each = 2 if folds == 2 else 1
    subsets = divide_groups(table, dict.fromkeys(names, 1 / folds), seed, each, each)
    return subsets.replace(REST, str(folds)) == str(fold)


def even_out(
    place: NDArray[np.int64], sizes: NDArray[np.int64], shares: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Move as few groups as it takes for each subset to have its share of each class.

    Always that group moves which brings the counts nearest to the shares, by the sum of squared
    differences over what is due. It ends where all is near enough, or no group would help.

    Args:
        place: int (n_groups,), subset of each group, 0..n_subsets-1.
        sizes: int (n_groups, n_classes), images of each class in a group.
        shares: float (n_subsets,), of all images, in [0, 1]; nothing moves to one of 0.

    Returns:
        int (n_groups,), the subset of each group; `place` itself where all is near enough.
    """
    due = shares[:, None] * sizes.sum(axis=0)
    weight = 1 / np.maximum(due, 1)
    every = np.arange(len(place))
    allowed = np.maximum(UNEVEN_SHARE * due, UNEVEN_IMAGES)
    for _ in range(MOST_MOVES):
        over = np.array([sizes[place == subset].sum(axis=0) for subset in range(len(shares))]) - due
        if (np.abs(over) <= allowed).all():
            break
        # What the sum changes by when a group leaves its subset, and when it enters each.
        slope, own = 2 * sizes @ (weight * over).T, sizes**2 @ weight.T
        change = slope + own + (own - slope)[every, place][:, None]
        change[every, place] = 0
        change[:, shares <= 0] = np.inf
        group, subset = np.unravel_index(change.argmin(), change.shape)
        if change[group, subset] > -1e-9:
            break
        place = np.where(every == group, subset, place)
    return place


def fill_subsets(
    place: NDArray[np.int64], holds: NDArray[np.bool_], least: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Move as few groups as it takes for each subset to hold each class, where it can be had.

    A group goes only where its own subset keeps enough of all that the group holds. Where each
    group is of one class, a class that has as many groups as are wanted reaches every subset.

    Args:
        place: int (n_groups,), subset of each group, 0..n_subsets-1.
        holds: (n_groups, n_classes), whether a group has an image of a class.
        least: int (n_subsets,), how many groups of each class a subset shall hold.

    Returns:
        int (n_groups,), the subset of each group; `place` itself where nothing is lacking.
    """
    counts = np.array([holds[place == subset].sum(axis=0) for subset in range(len(least))])
    rarest_first = np.argsort(counts.sum(axis=0), kind="stable")
    for level in range(1, int(least.max()) + 1):
        wanted = np.minimum(least, level)  # one for each before the second for anybody
        for class_index in rarest_first:
            if counts[:, class_index].sum() < wanted.sum():
                continue  # what there is stays where the proportions put it
            for subset in np.flatnonzero(counts[:, class_index] < wanted):
                while counts[subset, class_index] < wanted[subset]:
                    richest_first = np.argsort(least - counts[:, class_index], kind="stable")
                    surplus = counts - wanted[:, None]
                    group = _find_spare(class_index, place, holds, surplus, richest_first)
                    if group is None:
                        break
                    counts[place[group]] -= holds[group]
                    counts[subset] += holds[group]
                    place = np.where(np.arange(len(place)) == group, subset, place)
    return place


def _find_spare(
    class_index: int,
    place: NDArray[np.int64],
    holds: NDArray[np.bool_],
    surplus: NDArray[np.int64],
    order: NDArray[np.int64],
) -> int | None:
    """Return a group with class `class_index` that its subset can do without, or None.

    Args:
        class_index: the column of `holds`, from 0.
        place: as `fill_subsets` takes it.
        holds: likewise.
        surplus: int (n_subsets, n_classes), groups of a class that a subset has more than it needs.
        order: int (n_subsets,), in which the subsets are asked.
    """
    for subset in order:
        able = (place == subset) & holds[:, class_index]
        able &= ~holds[:, surplus[subset] <= 0].any(axis=1)
        spare = np.flatnonzero(able)
        if len(spare):
            return int(spare[0])  # the order is drawn by the seed
    return None
