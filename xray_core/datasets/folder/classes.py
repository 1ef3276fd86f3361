"""A folder whose names of folders or files label the images, or whose boxes do, as a catalog."""

import posixpath
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pandas as pd

from xray_core.catalog import BOX_COLUMNS, Catalog, Remark, build_catalog
from xray_core.datasets.boxes import fit_boxes
from xray_core.datasets.folder.annotations import Annotations
from xray_core.datasets.folder.branches import Place
from xray_core.datasets.folder.files import FolderFiles, unread_tables_remark
from xray_core.datasets.folder.finding_names import renamed_remark, replace_bars
from xray_core.datasets.folder.findings import (
    NO_FINDING,
    spelling_remark,
    unify_labels,
)
from xray_core.datasets.folder.labels_in_names import label_of_name
from xray_core.datasets.folder.layout import Layout
from xray_core.datasets.folder.mapping import FOLDER, FolderMapping
from xray_core.datasets.folder.names import CLASS, read_name, unify_spelling, without_suffix
from xray_core.datasets.folder.patients import add_patients
from xray_core.datasets.folder.sizes import add_original_sizes
from xray_core.datasets.kermany_names import read_kermany_name
from xray_core.datasets.reader import count_remark, refused_remark
from xray_core.tables.cells import SEPARATOR


def read_classes(
    files: FolderFiles, layout: Layout, annotations: Annotations | None = None
) -> Catalog:
    """Return the catalog of a folder whose folders are classes, with boxes where there are any.

    An image in a folder of a subset but of no class is kept, unlabelled; one that lies in neither
    is left out.
    """
    kept, stray = list[str](), list[str]()
    for path in files.images:
        place = layout.places[posixpath.dirname(path)]
        (kept if place.label or place.subset else stray).append(path)
    labels = {path: layout.places[posixpath.dirname(path)].label for path in kept}
    unlabelled = [path for path, label in labels.items() if not label]
    others = ((w, label, n) for w, (label, n) in layout.spellings.items())
    causes = {path: cause for path, label in labels.items() if (cause := _name_cause(path, label))}
    labels |= {path: f"{labels[path]}{SEPARATOR}{cause}" for path, cause in causes.items()}
    remarks = [
        count_remark(
            "cause_from_name",
            list(causes),
            "Pneumonias whose cause is read from the name of the file, as Kermany's are",
        ),
        count_remark("stray_file", stray, "Images left out, as they lie in no class folder"),
        count_remark("unlabelled_image", unlabelled, "Images in no class folder, left unlabelled"),
        spelling_remark(others),
        renamed_remark(layout.renamed),
        *_remark_folders(files, layout),
    ]
    return _build(files, layout.places, labels, remarks, annotations)


def read_annotated(files: FolderFiles, layout: Layout, annotations: Annotations) -> Catalog:
    """Return the catalog of a folder that only boxes label.

    An image that the annotations name, but with no box, is called `NO_FINDING`; one that they do
    not name is kept, unlabelled.
    """
    labels = {
        path: SEPARATOR.join(annotations.labels.get(path, ()))
        or (NO_FINDING if path in annotations.annotated else "")
        for path in files.images
    }
    unlabelled = [path for path, label in labels.items() if not label]
    unboxed = [path for path, label in labels.items() if label == NO_FINDING]
    remarks = [
        count_remark(
            "unlabelled_image",
            unlabelled,
            f"Images that no {annotations.format} file names, left unlabelled",
        ),
        count_remark(
            "no_finding", unboxed, f"Images on which no box is drawn, called {NO_FINDING!r}"
        ),
    ]
    return _build(files, layout.places, labels, remarks, annotations)


def read_named(files: FolderFiles, mapping: FolderMapping) -> Catalog:
    """Return the catalog of a folder whose names of files hold the label."""
    named = {path: label_of_name(path, mapping.label_in_name) for path in files.images}
    renamed = {label: new for label in named.values() if (new := replace_bars(label)) != label}
    named = {path: renamed.get(label, label) for path, label in named.items()}
    written = Counter(filter(None, named.values()))
    spelling, remark = unify_labels(written)
    labels = {path: spelling.get(label, "") for path, label in named.items()}
    unlabelled = [path for path, label in labels.items() if not label]
    remarks = [
        remark,
        renamed_remark(renamed),
        count_remark(
            "unlabelled_image", unlabelled, "Images whose name holds no label, left unlabelled"
        ),
    ]
    return _build(files, files.layout.places, labels, remarks, None)


def _name_cause(path: str, label: str) -> str:
    """Return the kind of pneumonia that a name of Kermany's gives; "" for any other."""
    named = read_kermany_name(without_suffix(posixpath.basename(path)))
    fits = named and unify_spelling(label) == "pneumonia" and named.finding != "normal"
    return named.finding if named and fits else ""


def _build(
    files: FolderFiles,
    places: Mapping[str, Place],
    labels: Mapping[str, str],
    remarks: list[Remark],
    annotations: Annotations | None,
) -> Catalog:
    """Return a catalog of the images in `labels`: image -> its label, or ""."""
    ids = files.ids
    rows = [_build_row(ids[path], path, label, places) for path, label in labels.items()]
    images, patient_remarks = add_patients(pd.DataFrame(rows))
    masks = [
        {"image_id": ids[m.image], "kind": m.kind, "finding": m.finding or None, "path": m.path}
        for m in files.masks
        if m.image in labels
    ]
    unmasked = [m.path for m in files.masks if m.image not in labels]
    remarks += [
        count_remark("lone_mask", unmasked, "Masks left out, as their image is"),
        *files.remarks,
        unread_tables_remark(files),
        *patient_remarks,
        refused_remark(files.refused),
    ]
    boxes = pd.DataFrame(columns=list(BOX_COLUMNS))
    if annotations is not None:
        boxes, box_remarks = place_boxes(files, images, annotations)
        remarks += box_remarks
    return build_catalog(files.root, FOLDER, images, boxes, remarks, masks)


def _build_row(image_id: str, path: str, label: str, places: Mapping[str, Place]) -> dict[str, Any]:
    place = places.get(posixpath.dirname(path), Place())
    return {
        "image_id": image_id,
        "path": path,
        "findings": label or None,
        "published_split": place.subset or None,
        "patient_id": place.patient or None,
        "study_id": place.study or None,
        "site": place.site or None,
    }


def place_boxes(
    files: FolderFiles, images: pd.DataFrame, annotations: Annotations
) -> tuple[pd.DataFrame, list[Remark]]:
    """Return the boxes of images that are kept, fitted into them, and remarks."""
    ids = dict(zip(images["path"], images["image_id"], strict=True))
    boxes = annotations.boxes[annotations.boxes["path"].isin(ids)].copy()
    frames = boxes.drop_duplicates("path").set_index("path")
    for side in ("width", "height"):
        images[f"original_{side}"] = images["path"].map(frames[f"frame_{side}"]).astype("Int64")
    boxed = set(boxes["path"])
    add_original_sizes(files.root, images, images["path"].isin(boxed))
    boxes.insert(0, "image_id", boxes["path"].map(ids))
    fitted, remarks = fit_boxes(boxes[list(BOX_COLUMNS)].reset_index(drop=True), images)
    return fitted, [*annotations.remarks, *remarks]


def _remark_folders(files: FolderFiles, layout: Layout) -> list[Remark]:
    """Return remarks on what the names of folders were taken for, and on empty ones."""
    empty = sorted(
        {
            name
            for folder in files.inventory.empty_folders
            if read_name(name := posixpath.basename(folder)) == CLASS
            and replace_bars(name) not in layout.classes
        }
    )
    patients = {p.patient for p in layout.places.values() if p.patient and p.label}
    sites = {p.site for p in layout.places.values() if p.site}
    inner = [] if layout.maybe_patients else list(layout.inner)
    numbered = sorted(layout.classes) if layout.numbered else []
    return [
        count_remark("empty_class", empty, "Class folders without an image"),
        count_remark(
            "patients_from_folders", sorted(patients), "Patients are read from the names of folders"
        ),
        count_remark(
            "maybe_patients",
            list(layout.maybe_patients),
            "Folders inside the classes, passed over, that may be patients; the mapping's entry "
            "`folders` can say so",
        ),
        count_remark("inner_folder", inner, "Folders inside the classes, passed over"),
        count_remark("site_folder", sorted(sites), "Folders around the classes, taken for sites"),
        count_remark(
            "numbered_class", numbered, "Classes called by numbers, whose meaning nothing says"
        ),
    ]
