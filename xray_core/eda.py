"""Tables for exploring a catalog: counts, sizes, boxes; all computed from its columns alone."""

from typing import Any

import pandas as pd

from xray_core.catalog import Catalog
from xray_core.labels import SEPARATOR, encode_catalog, views_of

BOX_FILTERS = ("all", "with", "without")


def count_labels(catalog: Catalog, view_name: str) -> pd.DataFrame:
    """Count images and patients per class of a label view.

    Returns:
        Columns class, images, present (images whose file is there), patients (0 where no
        patient is published); one row per class, in the view's order. An image of several
        classes counts in each.
    """
    targets = encode_catalog(catalog, views_of(catalog.source)[view_name])
    images = catalog.images.loc[targets.index]
    rows = []
    for name in targets:
        of_class = images[(targets[name] == 1).to_numpy()]
        rows.append(
            {
                "class": name,
                "images": len(of_class),
                "present": int(of_class["path"].count()),
                "patients": of_class["patient_id"].nunique(),
            }
        )
    return pd.DataFrame(rows)


def name_labels(catalog: Catalog, view_name: str) -> pd.Series:
    """Return each image's class in a label view, as a word.

    Returns:
        Index of `catalog.images`; several classes of one image are joined by "|", "" means none
        of the classes, <NA> that the image is unlabelled.
    """
    targets = encode_catalog(catalog, views_of(catalog.source)[view_name])
    names = pd.Series("", index=targets.index, dtype="string")
    for class_name in targets:
        names += (targets[class_name] == 1).map({True: f"{class_name}{SEPARATOR}", False: ""})
    return names.str.removesuffix(SEPARATOR).reindex(catalog.images.index).rename("label")


def filter_images(
    catalog: Catalog, labels: pd.Series, wanted: str = "", boxes: str = "all", part: str = ""
) -> pd.DataFrame:
    """Return the present images that pass every filter, in the catalog's order.

    Args:
        catalog: the dataset.
        labels: as `name_labels` returns them.
        wanted: a class that the image must have; "" takes all, unlabelled ones too.
        boxes: one of `BOX_FILTERS`.
        part: a part of the published split; "" takes all.

    Returns:
        Rows of `catalog.images` with a column "label" added, index kept.
    """
    images = catalog.present.assign(label=labels)
    if wanted:
        # Between separators, so that a class whose name holds another's is not mistaken for it.
        fenced = SEPARATOR + images["label"].fillna("") + SEPARATOR
        images = images[fenced.str.contains(f"{SEPARATOR}{wanted}{SEPARATOR}", regex=False)]
    if boxes != "all":
        has_box = images["image_id"].isin(catalog.boxes["image_id"])
        images = images[has_box if boxes == "with" else ~has_box]
    if part:
        images = images[images["published_split"] == part]
    return images


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


def boxes_per_image(catalog: Catalog) -> pd.DataFrame:
    """Count images by how many boxes they carry.

    Returns:
        Columns boxes, images; from 0 to the most boxes on one image.
    """
    n_boxes = catalog.boxes["image_id"].value_counts()
    per_image = catalog.images["image_id"].map(n_boxes).fillna(0).astype(int)
    counts = per_image.value_counts().reindex(range(int(per_image.max()) + 1), fill_value=0)
    return counts.rename_axis("boxes").rename("images").reset_index()


def summarise_catalog(catalog: Catalog) -> dict[str, Any]:
    """Return the counts that tell at a glance whether a dataset was read as expected.

    Returns:
        Plain data for JSON: folder, source, images (rows), absent, boxes, patients, studies
        (0 where none are published), label_views (name -> class -> images), parts
        (published part -> images), remarks.
    """
    images = catalog.images
    label_views = {}
    for name in views_of(catalog.source):
        counts = count_labels(catalog, name).set_index("class")["images"]
        label_views[name] = {str(k): int(n) for k, n in counts.items()}
    parts = images["published_split"].value_counts()
    return {
        "folder": str(catalog.root),
        "source": catalog.source,
        "images": len(images),
        "absent": int(images["path"].isna().sum()),
        "boxes": len(catalog.boxes),
        "patients": int(images["patient_id"].nunique()),
        "studies": int(images["study_id"].nunique()),
        "label_views": label_views,
        "parts": {str(k): int(n) for k, n in parts.items()},
        "remarks": [
            {
                "kind": remark.kind,
                "count": remark.count,
                "message": remark.message,
                "examples": list(remark.examples),
            }
            for remark in catalog.remarks
        ],
    }
