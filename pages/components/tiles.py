"""Tiles of a catalog's images: thumbnail, boxes and label, ready for the grid."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from pages.components.grid import RealValues, Tile, as_data_address
from pages.components.masks import DrawnMasks, draw_masks
from pages.components.tables import Tables
from xray_core.figures.colors import color_classes
from xray_core.preprocess.real_values import RealImage, read_real_images
from xray_core.preprocess.thumbnails import create_thumbnails, decode_thumbnail
from xray_core.preprocess.window import BONES, FULL, LUNGS, Window, find_window
from xray_core.tasks import SEPARATOR
from xray_core.workspace import find_workspace

TILE_SIDE = 256  # px, of a tile in the grid
LARGE_SIDE = 1024  # px, of an image in the viewer


def build_tiles(
    tables: Tables, images: pd.DataFrame, side: int = TILE_SIDE, with_masks: bool = False
) -> list[Tile]:
    """Return a tile for each row of `images`, with a thumbnail of at most `side` px.

    Args:
        tables: of the images' catalog.
        images: rows of `catalog.images` whose file is present.
        side: px.
        with_masks: whether the tiles carry the masks of lungs and findings, where there are any.
    """
    root = tables.catalog.root
    paths = [root / path for path in images["path"]]
    thumbnails = create_thumbnails(paths, side, find_workspace().cache / "thumbnails")
    masks = draw_masks(tables, images, side) if with_masks else {}
    colors = color_classes(list(tables.counts["class"]))
    tiles = []
    for image_id, label, ratio, thumbnail in zip(
        images["image_id"],
        tables.labels[images.index],
        ratios_of(images["width"], images["height"]),
        thumbnails,
        strict=True,
    ):
        boxes = tables.boxes.get(image_id, ())
        title = name_label(label)
        unread = "" if thumbnail.jpeg else "cannot be read"
        n_boxes = f"{len(boxes)} box{'es' * (len(boxes) != 1)}" if boxes else ""
        drawn = masks.get(image_id, DrawnMasks())
        names = ", ".join(outline.name for outline in drawn.outlines)
        outlined = f"outlined: {names}" if names else ""
        lungs = "lung mask" if drawn.lungs else ""
        tiles.append(
            Tile(
                id=image_id,
                title=title,
                note=", ".join(filter(None, [n_boxes, names])),
                alt=", ".join(
                    filter(None, [f"X-ray {image_id}", title, n_boxes, lungs, outlined, unread])
                ),
                src=as_data_address(thumbnail.jpeg),
                mask=drawn.lungs,
                outlines=drawn.outlines,
                unread=drawn.unread,
                reason=thumbnail.reason.replace(f"{root}/", ""),
                ratio=ratio,
                boxes=boxes,
                color=colors.get(title, ""),
            )
        )
    return tiles


def add_real_values(
    tables: Tables, images: pd.DataFrame, tiles: list[Tile]
) -> tuple[list[Tile], list[RealImage]]:
    """Return the tiles with the values of their files, if all of the files have such.

    Args:
        tables: of the images' catalog.
        images: rows of `catalog.images` whose file is present.
        tiles: of these, in their order.

    Returns:
        The tiles, and their images; as they were, and none, where a file has 256 gray levels.
    """
    files = [tables.catalog.root / path for path in images["path"]]
    real = [_read_real(str(file), _stamp(file)) for file in files]
    there = [image for image in real if image is not None]
    if len(there) < len(tiles):
        return tiles, []
    return [
        replace(
            tile,
            real=RealValues(
                as_data_address(image.png, "png"),
                image.first,
                image.step,
                image.stored.is_inverted,
            ),
        )
        for tile, image in zip(tiles, there, strict=True)
    ], there


# cache_resource, not cache_data: megabytes need not be copied at each rerun.
@st.cache_resource(max_entries=16, show_spinner=False)
def _read_real(file: str, stamp: tuple[int, int]) -> RealImage | None:
    return read_real_images([Path(file)], LARGE_SIDE)[0]


def _stamp(file: Path) -> tuple[int, int]:
    """Return what changes with a file; of one that is gone the same."""
    try:
        status = file.stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


def ratios_of(widths: pd.Series, heights: pd.Series) -> list[float]:
    """Return width / height of each image, 1 where it is unknown."""
    # By NumPy: of twenty images, a division by pandas takes longer than all else.
    sides = (side.to_numpy("float64", na_value=np.nan) for side in (widths, heights))
    return [float(ratio) for ratio in np.nan_to_num(np.divide(*sides), nan=1.0)]


def list_windows(tables: Tables, images: pd.DataFrame) -> list[Window]:
    """Return the presets for the viewer of these images; none if no image can be read."""
    paths = [tables.catalog.root / path for path in images["path"]]
    # Percentiles hardly change with the size, and the grid has made these copies already.
    small = create_thumbnails(paths, TILE_SIDE, find_workspace().cache / "thumbnails")
    pixels = [decode_thumbnail(thumbnail) for thumbnail in small if thumbnail.jpeg]
    return [FULL, LUNGS, BONES, find_window(pixels)] if pixels else []


def name_label(label: str) -> str:
    """Return an entry of `eda.name_labels` as words for a person."""
    if pd.isna(label):
        return "unlabelled"
    return label.replace(SEPARATOR, ", ") or "none of the classes"
