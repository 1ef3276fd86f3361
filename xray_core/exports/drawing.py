"""Drawing a sample of a dataset: whole patients, classes in like proportion."""

import pandas as pd

from xray_core.catalog import Catalog
from xray_core.errors import DatasetError
from xray_core.splits import SplitSpec
from xray_core.splits.grouping import group_images
from xray_core.splits.sampling import sample_groups

UNLABELLED = "unlabelled"


def draw_sample(catalog: Catalog, labels: pd.Series, n_images: int, seed: int) -> pd.DataFrame:
    """Return about `n_images` of the images that are there, all those of a patient or none.

    Args:
        catalog: the dataset.
        labels: as `eda.name_labels` returns them; each of them is kept in proportion, and keeps
            groups enough to be divided into three subsets, where it has them.
        n_images: how many are wanted; a few more or less, as patients have several.
        seed: another seed, another sample.

    Returns:
        Rows of `catalog.images`, index kept.

    Raises:
        DatasetError: no image is there, or fewer than one is asked for.
    """
    present = catalog.present
    if present.empty:
        raise DatasetError(f"{catalog.root}: no image is in the folder, so none can be drawn.")
    if n_images < 1:
        raise DatasetError(f"A sample of {n_images:,} images was asked for; ask for 1 or more.")
    groups = group_images(catalog, read_files=False)
    table = pd.DataFrame(
        {
            "group": groups[present.index],
            "class": labels[present.index].fillna(UNLABELLED).astype(str),
        }
    )
    return present[sample_groups(table, None, SplitSpec(n_images=n_images, seed=seed))]
