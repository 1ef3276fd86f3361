"""A few images of each class, to look at: always the same, of different patients."""

from collections.abc import Sequence

import pandas as pd

from xray_core.catalog import Catalog

SEED = 0  # the same images at each visit


def pick_samples(
    catalog: Catalog, members: pd.Series, classes: Sequence[str], n_images: int
) -> dict[str, list[str]]:
    """Return image ids of each class, drawn at random with a fixed seed.

    Args:
        catalog: the dataset; only images whose file is there are drawn.
        members: as `list_members` returns them.
        classes: of which images are wanted.
        n_images: of each class; fewer where there are not so many. A patient gives one, as long
            as there are others.

    Returns:
        Class -> image ids; a class without an image has an empty list.
    """
    present = catalog.present[["image_id", "patient_id"]]
    samples = {}
    for name in classes:
        rows = present[present.index.isin(members.index[(members == name).to_numpy()])]
        drawn = rows.sample(frac=1, random_state=SEED)
        repeated = drawn["patient_id"].notna() & drawn["patient_id"].duplicated()
        ordered = pd.concat([drawn[~repeated], drawn[repeated]])
        samples[name] = ordered["image_id"].head(n_images).tolist()
    return samples
