"""Masks of a page's images, ready for its tiles: lungs as areas, findings as outlines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import pandas as pd
import streamlit as st

from pages.components.grid import Outline, Tile, as_data_address
from pages.components.small_type import show_muted
from pages.components.tables import Tables
from xray_core.catalog import LUNGS, OF_FINDING
from xray_core.errors import XrayError
from xray_core.preprocess.mask_pixels import unite_masks
from xray_core.preprocess.masks import draw_path, read_mask
from xray_core.preprocess.thumbnails import (
    Thumbnail,
    create_thumbnails,
    decode_mask,
    encode_mask,
    unite_thumbnails,
)
from xray_core.tasks import SEPARATOR, spell_findings
from xray_core.workspace import find_workspace

UNNAMED = "finding"
N_KEPT = 1024  # outlines; as text, a few kB each


@dataclass(frozen=True)
class DrawnMasks:
    """The masks of one image.

    Attributes:
        lungs: an image as a `data:` address, white where the lungs are; "" if there is none.
        outlines: one for each finding that is marked.
        unread: of each mask that cannot be drawn, why.
    """

    lungs: str = ""
    outlines: tuple[Outline, ...] = ()
    unread: tuple[str, ...] = ()


def list_masks(tables: Tables, image_id: str, kind: str) -> pd.DataFrame:
    """Return the masks of one kind that an image has, rows of `catalog.masks`."""
    masks = tables.catalog.masks.iloc[tables.masks.get(image_id, [])]
    return masks[(masks["kind"] == kind).to_numpy(bool)]


def name_finding(finding: str) -> str:
    """Return what a mask surrounds, as words."""
    if pd.isna(finding) or not finding:
        return UNNAMED
    return spell_findings(finding.replace(SEPARATOR, ", "))


def draw_masks(tables: Tables, images: pd.DataFrame, side: int) -> dict[str, DrawnMasks]:
    """Return image_id -> its masks, of the images that have any.

    Args:
        tables: of their catalog.
        images: rows of `catalog.images`.
        side: px, the longer side of masks at most.
    """
    of_image = {name: tables.masks[name] for name in images["image_id"] if name in tables.masks}
    if not of_image:
        return {}
    # All at once: a few rows of a table take as long as hundreds.
    places = [place for at in of_image.values() for place in at]
    masks = tables.catalog.masks[["kind", "finding", "path"]].iloc[places]
    columns = (masks[name].tolist() for name in masks.columns)
    rows = {at: row for at, *row in zip(places, *columns, strict=True)}
    thumbnails = _read_thumbnails(tables, {at: path for at, (*_, path) in rows.items()}, side)
    root = f"{tables.catalog.root}/"
    return {
        name: _put_together([(*rows[at][:2], thumbnails[at]) for at in of_this], root)
        for name, of_this in of_image.items()
    }


def show_unread(tiles: Sequence[Tile]) -> None:
    """Say how many masks of these tiles cannot be drawn, and why the first cannot."""
    reasons = [reason for tile in tiles for reason in tile.unread]
    if reasons:
        words = "masks here are" if len(reasons) > 1 else "mask here is"
        show_muted(f"{len(reasons):,} {words} not drawn. {reasons[0]}")


def _read_thumbnails(tables: Tables, files: Mapping[int, str], side: int) -> dict[int, Thumbnail]:
    """Return place in `catalog.masks` -> that mask; `files` has <NA> for those in run lengths."""
    paths = {at: tables.catalog.root / path for at, path in files.items() if pd.notna(path)}
    folder = find_workspace().cache / "thumbnails"
    read = create_thumbnails(list(paths.values()), side, folder, are_masks=True)
    thumbnails = dict(zip(paths, read, strict=True))
    for place in files.keys() - paths.keys():
        _, thumbnails[place] = _decode_runs(tables, place, side)
    return thumbnails


# Keyed by the tables' identity, which nothing else can take on: the result holds them.
@st.cache_resource(max_entries=N_KEPT, show_spinner=False, hash_funcs={Tables: id})
def _decode_runs(tables: Tables, place: int, side: int) -> tuple[Tables, Thumbnail]:
    catalog = tables.catalog
    try:
        return tables, encode_mask(read_mask(catalog, catalog.masks.iloc[place]), side)
    except XrayError as error:
        return tables, Thumbnail(reason=str(error))


def _put_together(masks: Sequence[tuple[str, str, Thumbnail]], root: str) -> DrawnMasks:
    """Return the masks of one image, of which those of the lungs, and of each finding, are one.

    Args:
        masks: kind, finding and thumbnail of each.
        root: what a reason need not say of a path.
    """
    lungs, findings = list[bytes](), dict[str, list[bytes]]()
    for kind, finding, thumbnail in masks:
        if kind == LUNGS:
            lungs.append(thumbnail.jpeg)
        elif kind == OF_FINDING:
            findings.setdefault(name_finding(finding), []).append(thumbnail.jpeg)
    paths = {name: _trace(tuple(jpegs)) for name, jpegs in findings.items()}
    return DrawnMasks(
        _unite(tuple(lungs)),
        tuple(Outline(name, path) for name, path in paths.items() if path),
        tuple(mask.reason.replace(root, "") for *_, mask in masks if mask.reason),
    )


# Both remember by the masks' content, which cannot go stale.
@lru_cache(N_KEPT // 4)  # these are larger
def _unite(jpegs: tuple[bytes, ...]) -> str:
    """Return masks, united, as a `data:` address; "" if none is given."""
    return as_data_address(unite_thumbnails([Thumbnail(jpeg) for jpeg in jpegs]).jpeg)


@lru_cache(N_KEPT)
def _trace(jpegs: tuple[bytes, ...]) -> str:
    """Return the outlines of masks, united, as a path of SVG, `UNITS` along either side."""
    masks = [decode_mask(Thumbnail(jpeg)) for jpeg in jpegs if jpeg]
    return draw_path(unite_masks(masks)) if masks else ""
