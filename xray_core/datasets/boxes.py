"""Fitting published boxes into their images, so that every box of a catalog can be drawn."""

import numpy as np
import pandas as pd

from xray_core.catalog import Remark
from xray_core.datasets.reader import count_remark


def fit_boxes(boxes: pd.DataFrame, images: pd.DataFrame) -> tuple[pd.DataFrame, list[Remark]]:
    """Clip boxes to their image; leave out those of unknown place or without an area.

    Args:
        boxes: `BOX_COLUMNS`, px of the original image, as published.
        images: `image_id`, unique, and `original_width`, `original_height`, px or <NA>.

    Returns:
        The boxes that lie in their image, and remarks of kind "unplaced_box" (the original
        size is unknown), "empty_box" and "clipped_box", also where the count is 0.
    """
    sizes = images.set_index("image_id")[["original_width", "original_height"]]
    limits = sizes.astype("float64").reindex(boxes["image_id"]).to_numpy()
    starts = boxes[["x", "y"]].to_numpy()
    ends = starts + boxes[["width", "height"]].to_numpy()
    low, high = np.clip(starts, 0, limits), np.clip(ends, 0, limits)

    unplaced = np.isnan(limits).any(axis=1)
    empty = ~unplaced & ~(high > low).all(axis=1)
    over = (low != starts) | (high != ends)
    clipped = ~unplaced & ~empty & over.any(axis=1)

    fitted = boxes.copy()
    fitted.loc[clipped, ["x", "y"]] = low[clipped]
    fitted.loc[clipped, ["width", "height"]] = (high - low)[clipped]
    remarks = [
        count_remark(kind, list(boxes.loc[rows, "image_id"]), what)
        for kind, rows, what in (
            ("unplaced_box", unplaced, "Boxes left out, as their image's original size is unknown"),
            ("empty_box", empty, "Boxes left out, as no area of them lies in their image"),
            ("clipped_box", clipped, "Boxes clipped to their image"),
        )
    ]
    return fitted[~unplaced & ~empty].reset_index(drop=True), remarks
