"""Tables of a catalog's image files: their sizes."""

import pandas as pd

from xray_core.catalog import Catalog


def image_sizes(catalog: Catalog) -> pd.DataFrame:
    """Count the present images by size on disk and size of the original radiograph.

    Returns:
        Columns kind ("on disk", "original"), width, height (px), images; largest groups
        first. Unmeasured sizes are left out.
    """
    kinds = {"on disk": ("width", "height"), "original": ("original_width", "original_height")}
    tables = []
    for kind, columns in kinds.items():
        sizes = catalog.present[list(columns)].dropna().set_axis(["width", "height"], axis=1)
        counts = sizes.value_counts().rename("images").reset_index()
        tables.append(counts.assign(kind=kind))
    return pd.concat(tables, ignore_index=True)[["kind", "width", "height", "images"]]
