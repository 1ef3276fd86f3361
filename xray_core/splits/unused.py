"""Which labelled images a split puts in no subset, and why."""

import pandas as pd

from xray_core.catalog import Catalog
from xray_core.splits.given import find_tested_owners
from xray_core.splits.grouping import group_images
from xray_core.splits.spec import TARGET_DOMAIN, SplitSpec


def describe_unused(
    catalog: Catalog, targets: pd.DataFrame, split: pd.DataFrame, spec: SplitSpec
) -> list[str]:
    """Return sentences on the labelled images, files present, that are in no subset.

    Args:
        catalog: what was divided.
        targets: as `tasks.encode_catalog` returns them.
        split: as `split_catalog` returns.
        spec: how it was divided.
    """
    present = catalog.present
    labelled = present[present.index.isin(targets.index)]
    unused = labelled[~labelled["image_id"].isin(split["image_id"])]
    external = unused["source"] != TARGET_DOMAIN
    if not spec.target_domain_only:
        external &= False
    unlisted = unused["published_split"].isna() & (spec.method == "published")
    owned = pd.Series(False, index=unused.index)
    tested = find_tested_owners(catalog, spec)
    if tested is not None and len(unused):
        groups = group_images(catalog, read_files=False)
        # A sample leaves out images of the test set itself, too.
        owned = groups[unused.index].isin(groups[tested]) & ~tested[unused.index] & ~external
        if not spec.n_images:  # the rest are copies of tested files
            owned = ~external
    sampled = ~external & ~unlisted & ~owned
    counts = (
        (unlisted, "the authors put them in no subset"),
        (external, "they are external, and only the target domain is used"),
        (owned, "they belong to patients of the test set"),
        (sampled, f"of all, a sample of about {spec.n_images:,} is used"),
    )
    return [
        f"{n:,} of {len(present):,} images {'is' if n == 1 else 'are'} left out: {why}."
        for rows, why in counts
        if (n := int(rows.sum()))
    ]
