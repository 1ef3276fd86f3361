"""A division that somebody else made: each image goes into the subset that is said of it."""

import pandas as pd

from xray_core.catalog import Catalog
from xray_core.splits.grouping import group_images
from xray_core.splits.spec import SUBSETS
from xray_core.tasks import STATE, class_of, has_several


def split_as_said(catalog: Catalog, targets: pd.DataFrame, subset: pd.Series) -> pd.DataFrame:
    """Return the labelled images that are present and are said to be in a subset.

    Args:
        catalog: the dataset.
        targets: as `tasks.encode_catalog` returns them.
        subset: one of `SUBSETS` for each image_id of the index; others are left out.

    Returns:
        As `split_catalog`, whatever classes a subset holds; and source.
    """
    images = catalog.present
    images = images[images.index.isin(targets.index) & images["image_id"].isin(subset.index)]
    own = targets.loc[images.index]
    kinds = pd.CategoricalDtype(list(SUBSETS))
    table = images[["image_id", "path"]].assign(
        group=group_images(catalog)[images.index],
        **{"class": class_of(own)},
        subset=images["image_id"].map(subset).astype(kinds),
        source=images["source"],
    )
    if has_several(targets):
        table = table.join(own.add_prefix(STATE))
    return table.sort_values("image_id", ignore_index=True)
