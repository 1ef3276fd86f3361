"""Tiles of a catalog's images: thumbnail, boxes and label, ready for the grid."""

import pandas as pd

from pages.parts.grid import Tile, as_data_address
from pages.parts.tables import Tables
from xray_core.home import find_home
from xray_core.labels import SEPARATOR
from xray_core.preprocess.thumbnails import create_thumbnails


def build_tiles(tables: Tables, images: pd.DataFrame, side: int = 256) -> list[Tile]:
    """Return a tile for each row of `images`, with a thumbnail of at most `side` px.

    Args:
        tables: of the images' catalog.
        images: rows of `catalog.images` whose file is present.
        side: px.
    """
    root = tables.catalog.root
    paths = [root / path for path in images["path"]]
    thumbnails = create_thumbnails(paths, side, find_home().cache / "thumbnails")
    classes = list(tables.counts["class"])
    tiles = []
    for image_id, label, ratio, thumbnail in zip(
        images["image_id"],
        tables.labels[images.index],
        images["width"].astype("float64") / images["height"].astype("float64"),
        thumbnails,
        strict=True,
    ):
        boxes = tables.boxes.get(image_id, ())
        title = name_label(label)
        unread = "" if thumbnail.jpeg else "cannot be read"
        n_boxes = f"{len(boxes)} box{'es' * (len(boxes) != 1)}" if boxes else ""
        tiles.append(
            Tile(
                id=image_id,
                title=title,
                note=n_boxes,
                alt=", ".join(filter(None, [f"X-ray {image_id}", title, n_boxes, unread])),
                src=as_data_address(thumbnail.jpeg),
                reason=thumbnail.reason.replace(f"{root}/", ""),
                ratio=ratio if ratio > 0 else 1.0,
                boxes=boxes,
                color=classes.index(title) if title in classes else -1,
            )
        )
    return tiles


def name_label(label: str) -> str:
    """Return an entry of `eda.name_labels` as words for a person."""
    if pd.isna(label):
        return "unlabelled"
    return label.replace(SEPARATOR, ", ") or "none of the classes"
