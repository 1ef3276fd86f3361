"""The counts that tell at a glance whether a dataset was read as expected."""

from typing import Any

from xray_core.catalog import Catalog
from xray_core.eda.labels import count_labels
from xray_core.tasks import tasks_of


def summarise_catalog(catalog: Catalog) -> dict[str, Any]:
    """Return the counts that tell at a glance whether a dataset was read as expected.

    Returns:
        Plain data for JSON: folder, source, images (rows), absent, boxes, patients, studies
        (0 where none are published), tasks (name -> class -> images), subsets
        (published subset -> images), remarks.
    """
    images = catalog.images
    tasks = {}
    for name in tasks_of(catalog.source):
        counts = count_labels(catalog, name).set_index("class")["images"]
        tasks[name] = {str(k): int(n) for k, n in counts.items()}
    subsets = images["published_split"].value_counts()
    return {
        "folder": str(catalog.root),
        "source": catalog.source,
        "images": len(images),
        "absent": int(images["path"].isna().sum()),
        "boxes": len(catalog.boxes),
        "patients": int(images["patient_id"].nunique()),
        "studies": int(images["study_id"].nunique()),
        "tasks": tasks,
        "subsets": {str(k): int(n) for k, n in subsets.items()},
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
