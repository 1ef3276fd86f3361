"""A sample of a dataset: whole groups, about so many images, each class in its proportion."""

import pandas as pd

from xray_core.splits.dividing import REST, divide_groups
from xray_core.splits.spec import SplitSpec

SAMPLE = "sample"


def sample_groups(table: pd.DataFrame, given: pd.Series | None, spec: SplitSpec) -> "pd.Series":
    """Return which rows are in a sample of about `spec.n_images`.

    It is drawn of all images that would be divided, before they are. What is known by then stays:
    an image of a given test set is tested if it is in the sample, and the sample holds as large a
    part of that set as of the rest. Each class keeps groups enough for each subset, where it has
    them, so that a sample of very few images may hold more.

    Args:
        table: with columns group and class.
        given: the subsets that are settled already, index of `table`; None: none is.
        spec: how many images, and the seed.

    Returns:
        bool, index of `table`; True everywhere where no more images than asked for are there.
    """
    if not 0 < spec.n_images < len(table):
        return pd.Series(True, index=table.index)
    strata = table["class"].astype(str)
    if given is not None:
        strata = given.astype(str) + " " + strata
    groups_of_class = max(len(spec.subsets), spec.folds + 1 if spec.folds else 0)
    drawn = divide_groups(
        table.assign(**{"class": strata}),
        {SAMPLE: spec.n_images / len(table)},
        spec.seed,
        of_each=groups_of_class,
        of_rest=0,
    )
    return drawn != REST
