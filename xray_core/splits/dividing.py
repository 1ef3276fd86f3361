"""Dividing a table into parts: whole groups, classes in like proportion, none left without one."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

REST = "train"  # the part of all that no other part takes


def divide_groups(
    table: pd.DataFrame,
    fractions: Mapping[str, float],
    seed: int,
    of_each: int = 1,
    of_rest: int = 1,
) -> pd.Series:
    """Give each row a part: whole groups, classes in like proportion; the rest is "train".

    Where the proportions would leave a part without a class that has groups enough, one of them
    moves there, from the part that can spare it best. All else stays.

    Args:
        table: with columns group and class.
        fractions: part -> its share of the rows, in [0, 1]; of 0 the part is empty.
        seed: another seed, another division.
        of_each: how many groups of each class a part shall have, the rest excepted.
        of_rest: likewise the rest, which may be divided again.

    Returns:
        The part of each row; index of `table`.
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
    holds = np.zeros((len(groups), len(names)), dtype=bool)
    holds[groups.index.get_indexer(pd.Index(table["group"])), classes] = True
    place = fill_parts(place, holds, np.array(list(least.values())))
    parts = np.array(list(least))[place]
    return table["group"].map(pd.Series(parts, index=groups.index))


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
    parts = divide_groups(table, dict.fromkeys(names, 1 / folds), seed, each, each)
    return parts.replace(REST, str(folds)) == str(fold)


def fill_parts(
    place: NDArray[np.int64], holds: NDArray[np.bool_], least: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Move as few groups as it takes for each part to hold each class, where it can be had.

    A group goes only where its own part keeps enough of all that the group holds. Where each group
    is of one class, a class that has as many groups as are wanted reaches every part.

    Args:
        place: int (n_groups,), part of each group, 0..n_parts-1.
        holds: (n_groups, n_classes), whether a group has an image of a class.
        least: int (n_parts,), how many groups of each class a part shall hold.

    Returns:
        int (n_groups,), the part of each group; `place` itself where nothing is lacking.
    """
    counts = np.array([holds[place == part].sum(axis=0) for part in range(len(least))])
    rarest_first = np.argsort(counts.sum(axis=0), kind="stable")
    for level in range(1, int(least.max()) + 1):
        wanted = np.minimum(least, level)  # one for each before the second for anybody
        for one in rarest_first:
            if counts[:, one].sum() < wanted.sum():
                continue  # what there is stays where the proportions put it
            for part in np.flatnonzero(counts[:, one] < wanted):
                while counts[part, one] < wanted[part]:
                    richest_first = np.argsort(least - counts[:, one], kind="stable")
                    surplus = counts - wanted[:, None]
                    group = _find_spare(one, place, holds, surplus, richest_first)
                    if group is None:
                        break
                    counts[place[group]] -= holds[group]
                    counts[part] += holds[group]
                    place = np.where(np.arange(len(place)) == group, part, place)
    return place


def _find_spare(
    one: int,
    place: NDArray[np.int64],
    holds: NDArray[np.bool_],
    surplus: NDArray[np.int64],
    order: NDArray[np.int64],
) -> int | None:
    """Return a group with class `one` that its part can do without, or None.

    Args:
        one: the class.
        place: as `fill_parts` takes it.
        holds: likewise.
        surplus: int (n_parts, n_classes), groups of a class that a part has more than it needs.
        order: int (n_parts,), in which the parts are asked.
    """
    for part in order:
        able = (place == part) & holds[:, one]
        able &= ~holds[:, surplus[part] <= 0].any(axis=1)
        found = np.flatnonzero(able)
        if len(found):
            return int(found[0])  # the order is drawn by the seed
    return None
