"""What the pages look up in a catalog again and again, computed once for every session."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from pages.components.grid import Box
from xray_core import eda
from xray_core.catalog import Catalog, relative_boxes


@dataclass(frozen=True)
class Tables:
    """Read-only tables of one catalog under one task; see `xray_core.eda`.

    Attributes:
        catalog: what they were computed from.
        task: the name of the task.
        labels: index of `catalog.images`.
        counts: images and patients of each class.
        boxes: image_id -> its boxes, (x, y, width, height) as fractions of the image. A dict,
            since looking up twenty images in a table takes longer than drawing them.
        masks: image_id -> places of its masks in `catalog.masks`.
        places: image_id -> index in `catalog.images`, of each image whose file is present.
    """

    catalog: Catalog
    task: str
    labels: pd.Series
    counts: pd.DataFrame
    boxes: Mapping[str, tuple[Box, ...]]
    masks: Mapping[str, list[int]]
    places: Mapping[str, int]

    def pick_images(self, image_ids: Iterable[str]) -> pd.DataFrame:
        """Return the rows of `catalog.images` in the order given; absent ones are left out."""
        wanted = [self.places[name] for name in image_ids if name in self.places]
        return self.catalog.images.loc[wanted]


# Keyed by the catalog's identity, which nothing else can take on: the result holds it.
@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs={Catalog: id})
def read_tables(catalog: Catalog, task_name: str) -> Tables:
    """Return the tables of `catalog` for the task called `task_name`."""
    boxes: dict[str, list[Box]] = {}
    table = relative_boxes(catalog)[["image_id", "x", "y", "width", "height"]]
    for image_id, *box in table.itertuples(index=False, name=None):
        boxes.setdefault(image_id, []).append(tuple(box))
    masks: dict[str, list[int]] = {}
    for place, image_id in enumerate(catalog.masks["image_id"].tolist()):
        masks.setdefault(image_id, []).append(place)
    return Tables(
        catalog=catalog,
        task=task_name,
        labels=eda.name_labels(catalog, task_name),
        counts=eda.count_labels(catalog, task_name),
        boxes={image_id: tuple(image_boxes) for image_id, image_boxes in boxes.items()},
        masks=masks,
        places=dict(zip(catalog.present["image_id"], catalog.present.index, strict=True)),
    )
