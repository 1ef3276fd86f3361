"""Boxes in annotation files beside a known dataset's images, and what its mask files surround."""

from dataclasses import replace

import pandas as pd

from xray_core.catalog import LUNGS, OF_FINDING, Catalog, add_remarks
from xray_core.datasets.folder.annotations import find_annotations
from xray_core.datasets.folder.classes import place_boxes
from xray_core.datasets.folder.files import FolderFiles
from xray_core.datasets.known.entry import KnownDataset
from xray_core.tables.cells import SEPARATOR


def add_annotations(known: KnownDataset, files: FolderFiles, catalog: Catalog) -> Catalog:
    """Return `catalog` with the boxes of COCO, Pascal VOC or YOLO files.

    What its boxes say of an image counts instead of its folder, where both are labels.
    """
    annotations = find_annotations(files.root, files.images, files.inventory.others)
    if annotations is None:
        return catalog
    images = catalog.images.copy()
    boxes, remarks = place_boxes(files, images, annotations)
    boxes["finding"] = boxes["finding"].map(lambda name: known.labels.get(name, name))
    boxes = boxes.astype(catalog.boxes.dtypes.to_dict())
    named = boxes.drop_duplicates(["image_id", "finding"]).groupby("image_id")["finding"]
    of_boxes = images["image_id"].map(named.agg(SEPARATOR.join)).astype("string")
    images["findings"] = of_boxes.fillna(images["findings"])
    images = images.astype(catalog.images.dtypes.to_dict())
    boxes = boxes.sort_values(["image_id", "x", "y"], ignore_index=True)
    return add_remarks(replace(catalog, images=images, boxes=boxes), remarks)


def name_masks(finding: str, catalog: Catalog) -> Catalog:
    """Return `catalog` with mask files that surround `finding`, and not the lungs."""
    is_file = catalog.masks["path"].notna() & catalog.masks["kind"].eq(LUNGS)
    masks = catalog.masks.copy()
    masks.loc[is_file, ["kind", "finding"]] = [OF_FINDING, finding]
    no_lungs = pd.Series(pd.NA, catalog.images.index, dtype="string")
    images = catalog.images.assign(mask_path=no_lungs)
    return replace(catalog, masks=masks, images=images)
