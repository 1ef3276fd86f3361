"""Boxes in annotation files beside a known dataset's images, and what its mask files surround."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from xray_core.catalog import LUNGS, OF_FINDING, Catalog, Remark, add_remarks
from xray_core.datasets.folder.annotations import find_annotations
from xray_core.datasets.folder.classes import place_boxes
from xray_core.datasets.folder.files import FolderFiles
from xray_core.datasets.known.entry import KnownDataset
from xray_core.datasets.reader import count_remark
from xray_core.tables.cells import SEPARATOR


def add_annotations(known: KnownDataset, files: FolderFiles, catalog: Catalog) -> Catalog:
    """Return `catalog` with the boxes of COCO, Pascal VOC or YOLO files.

    What its boxes say of an image counts instead of its folder, where both are labels.
    """
    annotations = find_annotations(files.root, files.images, files.inventory.others)
    if annotations is None:
        message = (
            "The boxes are in annotation files, of which none is there, so no box is known. Get "
            f"them from {known.address}."
        )
        missing = Remark("missing_table", int(catalog.boxes.empty), message, ("annotations",))
        return add_remarks(catalog, [missing])
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


def drop_masks(labels: Sequence[str], catalog: Catalog) -> Catalog:
    """Return `catalog` without files of masks of a finding whose images are labelled otherwise."""
    masks = catalog.masks
    findings = catalog.images.set_index("image_id")["findings"]
    is_file = masks["path"].notna() & masks["kind"].eq(OF_FINDING)
    empty = is_file & masks["image_id"].map(findings).isin(labels)
    words = " or ".join(map(repr, labels))
    what = f"Masks left out, as their images are labelled {words}, so that they mark nothing"
    remark = count_remark("empty_mask", list(masks.loc[empty, "path"]), what)
    return add_remarks(replace(catalog, masks=masks[~empty].reset_index(drop=True)), [remark])


def name_masks(finding: str, catalog: Catalog) -> Catalog:
    """Return `catalog` with mask files that surround `finding`, and not the lungs."""
    is_file = catalog.masks["path"].notna() & catalog.masks["kind"].eq(LUNGS)
    masks = catalog.masks.copy()
    masks.loc[is_file, ["kind", "finding"]] = [OF_FINDING, finding]
    no_lungs = pd.Series(pd.NA, catalog.images.index, dtype="string")
    images = catalog.images.assign(mask_path=no_lungs)
    return replace(catalog, masks=masks, images=images)
