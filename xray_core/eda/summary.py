"""The counts that tell at a glance whether a dataset was read as expected."""

from typing import Any

from xray_core.catalog import Catalog
from xray_core.eda.labels import count_labels
from xray_core.labels import views_of


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
