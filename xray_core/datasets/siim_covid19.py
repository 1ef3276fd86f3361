"""SIIM-FISABIO-RSNA COVID-19 Detection: radiographs with study appearances and boxes.

6,334 training images of 6,054 studies, as published or in a resized copy:

    train_study_level.csv   id, one column per appearance (one of them is 1)
    train_image_level.csv   id, boxes, label, StudyInstanceUID
    meta.csv                optional: image_id, dim0 (original height), dim1 (original width)
    patients.csv            optional, not official: imageid, studyid, patientid
    train/<study>/<series>/<image_id>.dcm   the original radiographs, 120 GB of DICOM
    train/<image_id>.jpg                    or .png, resized, mostly stretched to a square
    lung_masks/<image_id>.png               optional, not official; see `lung_files`

Resized copies on Kaggle hold train, test and meta.csv without the two tables: such a folder is
opened for looking, without labels or boxes.

Known issues:
    - `boxes` is x, y, width, height; `label` repeats them as x1, y1, x2, y2. Both in px of
      the original radiograph, so without meta.csv no box can be placed on a resized image.
      meta.csv comes with resized copies only; a DICOM file gives its own size.
    - One box starts left of its image (x = -3.56).
    - 304 images labelled "none" belong to a study that is not negative.
    - The official release names no patients, and about 1,200 patients have several studies.
    - 50 groups of images are identical to the pixel; 31 of them carry conflicting labels.

Source: Lakhani et al., J Digit Imaging 36 (2023), doi:10.1007/s10278-022-00706-8
"""

from collections.abc import Iterator, Sequence
from math import isfinite
from pathlib import Path

import numpy as np
import pandas as pd

from xray_core.catalog import BOX_COLUMNS, Catalog, Remark, build_catalog
from xray_core.datasets.boxes import fit_boxes
from xray_core.datasets.lung_files import read_lung_files
from xray_core.datasets.reader import (
    Reader,
    absent_remark,
    claims_all,
    count_remark,
    find_holder,
    refused_remark,
)
from xray_core.errors import DatasetError, XrayError
from xray_core.files import parse_json
from xray_core.imagefiles.dicom import SUFFIXES as DICOM_SUFFIXES
from xray_core.imagefiles.images import is_image_name, read_sizes
from xray_core.paths import is_file, is_folder, list_folder, walk_folders
from xray_core.tables.cells import parse_subset
from xray_core.tables.text import read_table

STUDY_CSV, IMAGE_CSV = "train_study_level.csv", "train_image_level.csv"
META_CSV, PATIENTS_CSV = "meta.csv", "patients.csv"
META_COLUMNS = ("image_id", "dim0", "dim1")
IMAGE_FOLDER, TEST_FOLDER = "train", "test"
COMPETITION = "https://www.kaggle.com/competitions/siim-covid19-detection"
APPEARANCES = (
    "Negative for Pneumonia",
    "Typical Appearance",
    "Indeterminate Appearance",
    "Atypical Appearance",
)
IMAGE_FINDINGS = ("none", "opacity")
EXPECTS = (
    f"{STUDY_CSV}, {IMAGE_CSV} and the folder {IMAGE_FOLDER}, "
    "of resized images or of DICOM files in folders of study and series"
)


def find_root(folder: Path) -> Path | None:
    """Return `folder`, or its only sub-folder, that holds both CSVs; see `Reader.find_root`.

    Where neither is there, meta.csv beside the images will do.
    """
    return find_holder(folder, _holds_tables) or find_holder(folder, _holds_images_alone)


def _holds_tables(folder: Path) -> bool:
    return (folder / STUDY_CSV).is_file() and (folder / IMAGE_CSV).is_file()


def _holds_images_alone(folder: Path) -> bool:
    """Whether a folder is a resized copy without the competition's tables."""
    if not (folder / META_CSV).is_file() or not is_folder(folder / IMAGE_FOLDER):
        return False
    try:
        read_table(folder / META_CSV, META_COLUMNS)
    except DatasetError:
        return False
    return not any((folder / table).is_file() for table in (STUDY_CSV, IMAGE_CSV))


def read_siim_covid19(folder: Path) -> Catalog:
    """Read the folder that holds both CSVs, or its parent.

    Only tables and names are read; but where an image is DICOM and meta.csv lacks it, its
    header is read for the original size, in px, which its boxes need.

    Returns:
        A catalog with one row per row of train_image_level.csv, also where the file is
        absent. `findings` is the study's appearance, `image_findings` "none" or "opacity".
        Every box lies inside its image; one that cannot be placed is left out and counted.

    Raises:
        DatasetError: a CSV is missing or lacks a column, or no row can be used.
    """
    root = find_root(folder)
    if root is None:
        raise DatasetError(f"{folder} is not SIIM-FISABIO-RSNA COVID-19: expected {EXPECTS}.")
    if not _holds_tables(root):
        return _read_images_alone(root)

    images, remarks = _read_image_rows(root)
    images, study_remark = _add_appearances(images, root)
    images, patient_remark = _add_patients(images, root)
    images, file_remarks = _add_paths(images, root)
    images, size_remark = _add_original_sizes(images, root)
    boxes, box_remarks = _read_boxes(images)
    masks, mask_remarks = read_lung_files(root, images["image_id"])
    remarks += [study_remark, size_remark, patient_remark]
    remarks += [*file_remarks, *box_remarks, *mask_remarks]
    return build_catalog(root, "siim_covid19", images, boxes, remarks, masks)


def _read_images_alone(root: Path) -> Catalog:
    """Read a resized copy without the competition's tables: sizes and subsets, no labels."""
    table = read_table(root / META_CSV, META_COLUMNS, optional=("split",))
    ids = _clean_ids(table["image_id"], "_image")
    usable = ids.notna() & ~ids.duplicated()
    images = pd.DataFrame({"image_id": ids[usable].reset_index(drop=True), "study_id": pd.NA})
    subsets = table["split"].map(parse_subset, na_action="ignore").astype("string")
    images["published_split"] = _look_up(images["image_id"], ids, subsets)
    images, patient_remark = _add_patients(images, root)
    images, file_remarks = _add_paths(images, root, (IMAGE_FOLDER, TEST_FOLDER))
    images, size_remark = _add_original_sizes(images, root)
    missing = Remark(
        "missing_table",
        2,
        f"{STUDY_CSV} and {IMAGE_CSV} are missing, so nothing is labelled and no box is known: "
        f"download both from {COMPETITION} and put them beside {META_CSV}.",
        (STUDY_CSV, IMAGE_CSV),
    )
    remarks = [missing, patient_remark, *file_remarks, size_remark]
    return build_catalog(root, "siim_covid19", images, remarks=remarks)


def parse_boxes(text: str) -> list[tuple[float, float, float, float]]:
    """Return (x, y, width, height) of each box in a cell of the column `boxes`.

    Raises:
        DatasetError: the text is no list of boxes, or a number is not finite.

    >>> parse_boxes("[{'x': 10.5, 'y': 20, 'width': 30, 'height': 40}]")
    [(10.5, 20.0, 30.0, 40.0)]
    """
    try:
        boxes = [
            (float(box["x"]), float(box["y"]), float(box["width"]), float(box["height"]))
            # As JSON: Python 3.11 parses its own literals badly in several threads at once.
            for box in parse_json(text.replace("'", '"'), finite=False)
        ]
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise DatasetError(f"Not a list of boxes: {text[:80]!r}.") from error
    if not all(isfinite(number) for box in boxes for number in box):
        raise DatasetError(f"A box has a number that is not finite: {text[:80]!r}.")
    return boxes


def _read_image_rows(root: Path) -> tuple[pd.DataFrame, list[Remark]]:
    """Return image_id, study_id, image_findings and the text of `boxes`."""
    table = read_table(root / IMAGE_CSV, ("id", "boxes", "label", "StudyInstanceUID"))
    images = pd.DataFrame(
        {
            "image_id": _clean_ids(table["id"], "_image"),
            "study_id": _clean_ids(table["StudyInstanceUID"], "_study"),
            "image_findings": table["label"].str.split().str[0].str.lower(),
            "boxes": table["boxes"],
        }
    )
    nameless = images["image_id"].isna()
    n_nameless = int(nameless.sum())
    repeated = images["image_id"].duplicated() & ~nameless
    unclear = ~images["image_findings"].isin(IMAGE_FINDINGS)
    images.loc[unclear, "image_findings"] = pd.NA
    remarks = [
        Remark("nameless_row", n_nameless, f"Rows left out, as they lack an id: {n_nameless:,}."),
        count_remark(
            "repeated_row",
            list(images.loc[repeated, "image_id"]),
            "Rows left out, as they repeat an image",
        ),
        count_remark(
            "unclear_label",
            list(images.loc[unclear & ~nameless, "image_id"]),
            "Images labelled neither none nor opacity, left unlabelled",
        ),
    ]
    return images[~nameless & ~repeated].reset_index(drop=True), remarks


def _add_appearances(images: pd.DataFrame, root: Path) -> tuple[pd.DataFrame, Remark]:
    table = read_table(root / STUDY_CSV, ("id", *APPEARANCES))
    is_one = table[list(APPEARANCES)].apply(pd.to_numeric, errors="coerce").eq(1).fillna(False)
    named = pd.Series(np.asarray(APPEARANCES)[is_one.to_numpy(bool).argmax(axis=1)], dtype="string")
    # A study with no appearance, or with two, is left unlabelled instead of guessed.
    named = named.where(is_one.sum(axis=1) == 1)
    images["findings"] = _look_up(images["study_id"], _clean_ids(table["id"], "_study"), named)
    unlabelled = images.loc[images["findings"].isna(), "image_id"]
    message = f"Images without exactly one appearance in {STUDY_CSV}, left unlabelled"
    return images, count_remark("unlabelled_image", list(unlabelled), message)


def _add_original_sizes(images: pd.DataFrame, root: Path) -> tuple[pd.DataFrame, Remark]:
    """Add original_width and original_height, from meta.csv or else a DICOM file's header."""
    sizes = ["original_width", "original_height"]
    images[sizes] = pd.NA
    if is_file(root / META_CSV):
        table = read_table(root / META_CSV, META_COLUMNS)
        ids = _clean_ids(table["image_id"], "_image")
        dims = table[["dim0", "dim1"]].apply(pd.to_numeric, errors="coerce")
        dims = dims.where(dims > 0).round()
        images["original_width"] = _look_up(images["image_id"], ids, dims["dim1"])
        images["original_height"] = _look_up(images["image_id"], ids, dims["dim0"])
    images[sizes] = images[sizes].astype("Int64")
    is_dicom = images["path"].str.lower().str.endswith(DICOM_SUFFIXES).fillna(False).astype(bool)
    paths = images.loc[is_dicom & images[sizes].isna().any(axis=1), "path"]
    # What cannot be read is counted and named when the images are measured.
    measured = [
        (None, None) if isinstance(size, XrayError) else size
        for size in read_sizes([root / path for path in paths])
    ]
    if measured:
        images.loc[paths.index, sizes] = pd.DataFrame(measured, paths.index, sizes, "Int64")
    unknown = images.loc[images[sizes].isna().any(axis=1), "image_id"]
    message = (
        f"Images without an original size, so without boxes; {META_CSV} would give it "
        "(image_id, dim0 = height, dim1 = width), as would the original DICOM files"
    )
    return images, count_remark("unknown_original_size", list(unknown), message)


def _add_patients(images: pd.DataFrame, root: Path) -> tuple[pd.DataFrame, Remark]:
    images["patient_id"] = pd.NA
    if is_file(root / PATIENTS_CSV):
        table = read_table(root / PATIENTS_CSV, ("imageid", "patientid"))
        ids = _clean_ids(table["imageid"], "_image")
        images["patient_id"] = _look_up(images["image_id"], ids, table["patientid"].str.lower())
    unknown = images.loc[images["patient_id"].isna(), "image_id"]
    message = f"Images without a patient in {PATIENTS_CSV}, to be grouped by study when splitting"
    return images, count_remark("unknown_patient", list(unknown), message)


def _add_paths(
    images: pd.DataFrame, root: Path, folders: Sequence[str] = (IMAGE_FOLDER,)
) -> tuple[pd.DataFrame, list[Remark]]:
    studies = dict(zip(images["image_id"], images["study_id"], strict=True))
    paths: dict[str, str] = {}
    stray, repeated, misplaced = list[str](), list[str](), list[str]()
    refused = list_folder(root).refused
    tests = [] if TEST_FOLDER in folders else [*_list_files(root, refused, [TEST_FOLDER])]
    for path, study in _list_files(root, refused, folders):
        name = path.rpartition("/")[2]
        image_id = name.rpartition(".")[0].lower()
        if not is_image_name(name) or image_id not in studies:
            stray.append(path)
        elif image_id in paths:
            repeated.append(path)
        else:
            paths[image_id] = path
            if study and study != studies[image_id] and pd.notna(studies[image_id]):
                misplaced.append(path)
    images["path"] = images["image_id"].map(paths).astype("string")
    expected = (
        f"{IMAGE_FOLDER}/<image id>.jpg or .png, or {IMAGE_FOLDER}/<study>/<series>/<image id>.dcm"
    )
    return images, [
        absent_remark(images, expected),
        count_remark(
            "stray_file", stray, f"Files in {IMAGE_FOLDER}/ left out, as no row names them"
        ),
        count_remark(
            "test_image",
            [path for path, _ in tests if is_image_name(path)],
            "Test images left out, as they come without labels",
        ),
        count_remark("repeated_name", repeated, "Files left out, as their image occurs twice"),
        count_remark(
            "misplaced_file",
            misplaced,
            f"Images in the folder of another study than {IMAGE_CSV} says, which is believed",
        ),
        refused_remark(refused),
    ]


def _list_files(
    root: Path, refused: list[str], folders: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Yield (path relative to `root`, study) of the files in the image folders, the flat first.

    The study is the folder's name in lower case, "" for a file that is not two folders deep.
    """
    # On most systems Train is not train.
    tops = [name for name in list_folder(root).folders if name.lower() in folders]
    for top in reversed(tops):
        for inside, files in walk_folders(root, refused, top):
            steps = inside.split("/")
            study = steps[1].lower() if len(steps) == 3 else ""
            for name in files:
                yield f"{inside}/{name}", study


def _read_boxes(images: pd.DataFrame) -> tuple[pd.DataFrame, list[Remark]]:
    """Return the boxes as published, px of the original image."""
    rows: list[tuple[str, str, float, float, float, float]] = []
    broken: list[str] = []
    for image_id, text in images[["image_id", "boxes"]].dropna().itertuples(index=False):
        try:
            rows += [(image_id, "opacity", *box) for box in parse_boxes(text)]
        except DatasetError:
            broken.append(image_id)
    boxes = pd.DataFrame(rows, columns=list(BOX_COLUMNS)).astype(dict(BOX_COLUMNS))
    boxes, remarks = fit_boxes(boxes, images)
    message = "Images whose boxes cannot be read, left without boxes"
    return boxes, [count_remark("broken_boxes", broken, message), *remarks]


def _clean_ids(ids: pd.Series, ending: str) -> pd.Series:
    return ids.str.lower().str.removesuffix(ending)


def _look_up(keys: pd.Series, ids: pd.Series, values: pd.Series) -> pd.Series:
    """Return the value of each key; where an id repeats, its first value counts."""
    usable = ids.notna() & ~ids.duplicated()
    return keys.map(pd.Series(values[usable].to_numpy(), index=ids[usable], dtype=values.dtype))


READER = Reader(
    title="SIIM-FISABIO-RSNA COVID-19 Detection",
    expects=EXPECTS,
    find_root=find_root,
    read=read_siim_covid19,
    claims=claims_all,
    citation="Lakhani et al., J Digit Imaging 36 (2023), doi:10.1007/s10278-022-00706-8",
    licence="academic and non-commercial use",
    address=COMPETITION,
    about=(
        "6,334 radiographs of 6,054 studies: for each study the appearance of COVID-19 "
        "pneumonia, typical, indeterminate, atypical or none, and 7,853 boxes around opacities."
    ),
    known_issues=(
        "The official release names no patients, but about 1,200 patients have several studies: "
        "a split by image or study leaks.",
        "50 groups of images are identical to the pixel; 31 of them carry conflicting labels.",
        "304 images without an opacity belong to a study that is not negative.",
        "Resized copies stretch the images to a square, so boxes scale by width and height apart.",
        "One box starts outside its image; it is clipped.",
    ),
    kaggle="xhlulu/siim-covid19-resized-to-256px-jpg",
)
