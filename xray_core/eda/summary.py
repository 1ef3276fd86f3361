"""The counts that tell at a glance whether a dataset was read as expected."""

from typing import Any

from xray_core.catalog import Catalog
from xray_core.eda.labels import count_combinations, count_labels
from xray_core.splits import SUBSETS
from xray_core.tasks import tasks_of


def summarise_catalog(catalog: Catalog) -> dict[str, Any]:
    """Return the counts that tell at a glance whether a dataset was read as expected.

    Returns:
        Plain data for JSON: folder, dataset (the reader's name), images (rows), absent (of them
        without a file), boxes, masks (images with one), unlabelled (images), patients and studies
        (0 where none are published), label_combinations (sets of findings as published, joined
        by "|" -> images, the most frequent first), tasks (name -> class -> images), subsets
        (training, validation and test as published -> images; 0 where none is), remarks.
    """
    images = catalog.images
    combinations = count_combinations(catalog)
    tasks = {}
    for name in tasks_of(catalog.source):
        counts = count_labels(catalog, name).set_index("class")["images"]
        tasks[name] = {str(k): int(n) for k, n in counts.items()}
    published = images["published_split"].value_counts()
    return {
        "folder": str(catalog.root),
        "dataset": catalog.source,
        "images": len(images),
        "absent": int(images["path"].isna().sum()),
        "boxes": len(catalog.boxes),
        "masks": int(images["mask_path"].notna().sum()),
        "unlabelled": int(images["findings"].isna().sum()),
        "patients": int(images["patient_id"].nunique()),
        "studies": int(images["study_id"].nunique()),
        "label_combinations": dict(
            zip(combinations["findings"], combinations["images"].tolist(), strict=True)
        ),
        "tasks": tasks,
        "subsets": {name: int(published.get(name, 0)) for name in SUBSETS},
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
