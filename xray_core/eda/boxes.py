"""Tables of a catalog's boxes: how many an image has, how large they are and where they lie."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.catalog import Catalog, relative_boxes
from xray_core.wilson import wilson_interval

SIDES = ("image left only", "image right only", "both sides")
AREA_STEP = 0.02  # of the image
GRID = 64  # cells along each side of a position map


def boxes_per_image(catalog: Catalog) -> pd.DataFrame:
    """Count images by how many boxes they carry.

    Returns:
        Columns boxes, images; from 0 to the most boxes on one image.
    """
    n_boxes = catalog.boxes["image_id"].value_counts()
    per_image = catalog.images["image_id"].map(n_boxes).fillna(0).astype(int)
    counts = per_image.value_counts().reindex(range(int(per_image.max()) + 1), fill_value=0)
    return counts.rename_axis("boxes").rename("images").reset_index()


def class_boxes(catalog: Catalog, members: pd.Series) -> pd.DataFrame:
    """Return every box with its class, as fractions of its image.

    Where the authors tell boxes apart by finding, the finding is the class; where all boxes
    are of one kind, a box takes the class, or the classes, of its image.

    Args:
        catalog: the dataset.
        members: as `list_members` returns them.

    Returns:
        Columns image_id, class (categorical), x, y, width, height in [0, 1], origin at the
        image's top left. A box of several classes is in several rows.
    """
    boxes = relative_boxes(catalog)
    if boxes["finding"].nunique() > 1:
        boxes["class"] = boxes["finding"].astype("category")
    else:
        # Only the few images with a box are looked up, which a join of all would not do.
        ids = catalog.images["image_id"]
        boxed = members[ids.isin(boxes["image_id"]).reindex(members.index).to_numpy()]
        of_image = pd.DataFrame({"image_id": ids.loc[boxed.index].to_numpy(), "class": boxed.array})
        boxes = boxes.merge(of_image, on="image_id")
        boxes["class"] = boxes["class"].cat.remove_unused_categories()
    return boxes[["image_id", "class", "x", "y", "width", "height"]]


def box_areas(boxes: pd.DataFrame) -> pd.DataFrame:
    """Count the boxes of each class by the share of the image that one covers.

    Args:
        boxes: as `class_boxes` returns them.

    Returns:
        Columns class, area (lower end of the step, in [0, 1)), boxes, share (of the class'
        boxes). Every class has every step up to the largest box.
    """
    area = (boxes["width"] * boxes["height"]).to_numpy()
    # A box of the whole image belongs to the last step, and rounding must not move 0.06 down.
    step = np.floor(area / AREA_STEP + 1e-9).clip(0, round(1 / AREA_STEP) - 1).astype(np.int64)
    names = boxes["class"].cat.categories
    counts = np.zeros((len(names), int(step.max(initial=0)) + 1), dtype=np.int64)
    np.add.at(counts, (boxes["class"].cat.codes.to_numpy(), step), 1)
    return pd.DataFrame(
        {
            "class": np.repeat(names.to_numpy(), counts.shape[1]),
            "area": np.tile(np.arange(counts.shape[1]) * AREA_STEP, len(names)),
            "boxes": counts.ravel(),
            "share": (counts / counts.sum(axis=1, keepdims=True).clip(1)).ravel(),
        }
    )


def map_boxes(boxes: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
    """Return where on the image the boxes of each class lie.

    Args:
        boxes: as `class_boxes` returns them.

    Returns:
        Class -> (64, 64), row 0 at the top: the share of the class' boxes that cover the
        cell's centre, in [0, 1].
    """
    # A cell's centre is at (i + 0.5) / GRID; a box covers those from its first to before its end.
    edges = {
        "left": boxes["x"],
        "right": boxes["x"] + boxes["width"],
        "top": boxes["y"],
        "bottom": boxes["y"] + boxes["height"],
    }
    cell = {
        name: np.ceil(edge.to_numpy() * GRID - 0.5 - 1e-9).clip(0, GRID).astype(np.int64)
        for name, edge in edges.items()
    }
    maps = {}
    for number, name in enumerate(boxes["class"].cat.categories):
        mine = boxes["class"].cat.codes.to_numpy() == number
        # Each box adds its four corners; summing along both axes then fills the boxes.
        corners = np.zeros((GRID + 1, GRID + 1))
        for vertical, horizontal, sign in (
            ("top", "left", 1),
            ("top", "right", -1),
            ("bottom", "left", -1),
            ("bottom", "right", 1),
        ):
            np.add.at(corners, (cell[vertical][mine], cell[horizontal][mine]), sign)
        covered = corners.cumsum(axis=0).cumsum(axis=1)[:GRID, :GRID]
        maps[str(name)] = covered / max(1, int(mine.sum()))
    return maps


def count_sides(boxes: pd.DataFrame) -> pd.DataFrame:
    """Count the images of each class whose boxes lie on one side or on both.

    A box lies on the side of its centre; the middle itself counts as right. Left is the left of
    the image, which on a frontal image is the patient's right.

    Args:
        boxes: as `class_boxes` returns them.

    Returns:
        Columns class, side (one of `SIDES`), images, n (images of the class with a box), share,
        low, high (Wilson's 95 % interval of the share, images taken as independent). Three rows
        for each class, in the order of `SIDES`.
    """
    on_left = boxes["x"] + boxes["width"] / 2 < 0.5
    sides = boxes.assign(left=on_left, right=~on_left)
    per_image = sides.groupby(["class", "image_id"], observed=True)[["left", "right"]].any()
    side = np.select([~per_image["right"], ~per_image["left"]], SIDES[:2], SIDES[2])
    of_class = per_image.index.get_level_values("class")
    counts = pd.crosstab(of_class, side).reindex(
        index=boxes["class"].cat.categories, columns=list(SIDES), fill_value=0
    )
    table = pd.DataFrame(
        {
            "class": np.repeat(counts.index.to_numpy(), len(SIDES)),
            "side": np.tile(SIDES, len(counts)),
            "images": counts.to_numpy().ravel(),
            "n": np.repeat(counts.sum(axis=1).to_numpy(), len(SIDES)),
        }
    )
    table = table[table["n"] > 0].reset_index(drop=True)
    low, high = wilson_interval(table["images"].to_numpy(), table["n"].to_numpy())
    return table.assign(share=table["images"] / table["n"], low=low, high=high)
