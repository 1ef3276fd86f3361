"""The counts that tell at a glance whether a dataset was read as expected."""

from typing import Any

from xray_core.catalog import Catalog
from xray_core.eda.labels import count_combinations, count_labels
from xray_core.eda.shares import cross_labels, measure_imbalance
from xray_core.errors import LabelError
from xray_core.splits import SUBSETS
from xray_core.tasks import describe_classless, find_task, tasks_of


def summarise_catalog(catalog: Catalog) -> dict[str, Any]:
    """Return the counts that tell at a glance whether a dataset was read as expected.

    Returns:
        Plain data for JSON: folder, dataset (the reader's name), images (rows), absent (of them
        without a file), boxes, masks, unlabelled (images), patients and studies
        (0 where none are published), label_combinations (sets of findings as published, joined
        by "|" -> images, the most frequent first), tasks (name -> class -> images), imbalance
        (name of a task -> images of its largest class for each of its smallest), unanswered
        (name of a task -> why no image has a label for it), no_class (name of a task -> sentences
        on findings that are no class of it), study_and_image_labels (as
        `cross_labels` counts them), subsets
        (training, validation and test as published -> images; 0 where none is), remarks, notes
        (how the folder was opened).
    """
    images = catalog.images
    combinations = count_combinations(catalog)
    tasks, imbalance, unanswered, no_class = {}, {}, {}, {}
    for name in tasks_of(catalog.source):
        try:
            labels = count_labels(catalog, name)
        except LabelError as error:  # nothing is labelled, or not as this task asks
            unanswered[name] = str(error)
            continue
        if words := describe_classless(catalog, find_task(name)):
            no_class[name] = words
        counts = labels.set_index("class")["images"]
        tasks[name] = {str(k): int(n) for k, n in counts.items()}
        if uneven := measure_imbalance(labels):
            imbalance[name] = round(uneven.ratio, 3)
    published = images["published_split"].value_counts()
    return {
        "folder": str(catalog.root),
        "dataset": catalog.source,
        "images": len(images),
        "absent": int(images["path"].isna().sum()),
        "boxes": len(catalog.boxes),
        "masks": len(catalog.masks),
        "unlabelled": int(images["findings"].isna().sum()),
        "patients": int(images["patient_id"].nunique()),
        "studies": int(images["study_id"].nunique()),
        "label_combinations": dict(
            zip(combinations["findings"], combinations["images"].tolist(), strict=True)
        ),
        "tasks": tasks,
        "imbalance": imbalance,
        "unanswered": unanswered,
        "no_class": no_class,
        "study_and_image_labels": cross_labels(catalog).to_dict("records"),
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
        "notes": list(catalog.notes),
    }
