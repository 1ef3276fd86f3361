"""RSNA Pneumonia Detection Challenge: radiographs in three classes, with boxes around opacities.

26,684 training images of 1024 x 1024 px, as published or in a copy of another format and size:

    stage_2_train_labels.csv          patientId, x, y, width, height, Target; a row for each box,
                                      and one without a box for an image that has none
    stage_2_detailed_class_info.csv   patientId, class; a row for each row of the other table
    stage_2_train_images/*.dcm        or .png or .jpg in any folder; the name is the patientId
    stage_2_test_images/*.dcm         3,000 images without labels, which are left out
    pneumonia-challenge-dataset-mappings_2018.json
                                      optional, from the RSNA: which image of NIH ChestX-ray14
                                      each one is, and with that its patient

The first stage, with 25,684 of these images, has the same files under names with stage_1.

Known issues:
    - A patientId is one image. The images were chosen from NIH ChestX-ray14, where most patients
      have several, so without the mapping one patient can be in several subsets of a split.
    - For the same reason a union with NIH ChestX-ray14 would hold these images twice. COVID-19
      Radiography took images from here, too.
    - Normal 8,851, No Lung Opacity / Not Normal 11,821, Lung Opacity 6,012; 9,555 boxes. Opacity
      is what a radiologist saw, which is not yet pneumonia.
    - Most images with an opacity are AP, taken lying, and most normal ones are PA.
    - The headers hold ages up to 155 years.
    - The test images were labelled for the challenge, but these labels are not in its files.

Source: Shih et al., Radiology: Artificial Intelligence 1 (2019), doi:10.1148/ryai.2019180041
"""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from xray_core.catalog import BOX_COLUMNS, Catalog, Remark, build_catalog
from xray_core.datasets.boxes import fit_boxes
from xray_core.datasets.nih_tables import GENDERS, MAX_PX, VIEWS, is_among
from xray_core.datasets.reader import (
    Reader,
    absent_remark,
    claims_all,
    count_remark,
    find_holder,
    refused_remark,
)
from xray_core.errors import DatasetError, XrayError
from xray_core.imagefiles.dicom import SUFFIXES as DICOM_SUFFIXES
from xray_core.imagefiles.images import is_image_name, read_texts
from xray_core.paths import is_file, read_data_json, walk_folders
from xray_core.tables.cells import parse_age
from xray_core.tables.text import read_table

STAGES = ("stage_2", "stage_1")  # the later one goes first
LABEL_CSV, CLASS_CSV = "{}_train_labels.csv", "{}_detailed_class_info.csv"
MAPPING_JSON = "pneumonia-challenge-dataset-mappings_2018.json"
CLASSES = ("Normal", "No Lung Opacity / Not Normal", "Lung Opacity")
OPACITY = "Lung Opacity"
SIDES = ["x", "y", "width", "height"]
SIZE = 1024  # px, both sides of every image as published, on which the boxes were drawn
HEADER = ("PatientAge", "PatientSex", "ViewPosition")
EXPECTS = (
    f"{LABEL_CSV.format(STAGES[0])}, {CLASS_CSV.format(STAGES[0])} (or the same of stage_1) and a "
    "folder of images named after their patientId"
)


def find_root(folder: Path) -> Path | None:
    """Return `folder`, or its only sub-folder, that holds both CSVs; see `Reader.find_root`."""
    return find_holder(folder, lambda place: bool(_find_stage(place)))


def _find_stage(folder: Path) -> str:
    """Return the later stage of which both tables are there, or ""."""
    tables = (LABEL_CSV, CLASS_CSV)
    complete = (s for s in STAGES if all((folder / table.format(s)).is_file() for table in tables))
    return next(complete, "")


def read_rsna_pneumonia(folder: Path) -> Catalog:
    """Read the folder that holds both CSVs, or its parent.

    Only tables and names are read, and of DICOM files the header, for age, gender and view:
    about a thousand files a second.

    Returns:
        A catalog with one row per patientId of the tables, also where the file is absent.
        `findings` is one of `CLASSES`. `patient_id` is that of NIH ChestX-ray14 where the
        mapping gives it, else <NA>.

    Raises:
        DatasetError: a CSV is missing or lacks a column, no row can be used, or the mapping is
            there and is not what it should be.
    """
    root = find_root(folder)
    if root is None:
        raise DatasetError(f"{folder} is not RSNA Pneumonia Detection: expected {EXPECTS}.")
    stage = _find_stage(root)
    labels = read_table(root / LABEL_CSV.format(stage), ("patientId", *SIDES, "Target"))
    classes = read_table(root / CLASS_CSV.format(stage), ("patientId", "class"))

    images, remarks = _join_tables(classes, labels)
    images, patient_remark = _add_patients(images, root)
    images, file_remarks = _add_paths(images, root)
    images, age_remark = _add_headers(images, root)
    boxes, box_remarks = _place_boxes(labels, images)
    remarks += [*file_remarks, patient_remark, age_remark, *box_remarks]
    return build_catalog(root, "rsna_pneumonia", images, boxes, remarks)


def _join_tables(classes: pd.DataFrame, labels: pd.DataFrame) -> tuple[pd.DataFrame, list[Remark]]:
    """Return one row per image of either table, with its class; ids in lower case in both."""
    for table in (classes, labels):
        table["patientId"] = table["patientId"].str.lower()
    n_nameless = int(classes["patientId"].isna().sum() + labels["patientId"].isna().sum())
    ids = pd.concat([classes["patientId"], labels["patientId"]]).dropna().drop_duplicates()
    images = pd.DataFrame({"image_id": ids.reset_index(drop=True)})
    images["original_width"] = images["original_height"] = SIZE

    names = {_stretch(name): name for name in CLASSES}
    given = classes.dropna().assign(name=lambda table: table["class"].map(_stretch).map(names))
    unclear = given.loc[given["name"].isna(), "patientId"].drop_duplicates()
    of_image = given.dropna().drop_duplicates(["patientId", "name"])
    conflicting = of_image.loc[of_image["patientId"].duplicated(), "patientId"].drop_duplicates()
    first = of_image.drop_duplicates("patientId").set_index("patientId")["name"]
    images["findings"] = images["image_id"].map(first).astype("string")

    known = images["findings"].notna()
    positive = labels.loc[labels["Target"].str.fullmatch(r"1(\.0*)?").fillna(False), "patientId"]
    is_positive = is_among(images["image_id"], positive)
    contradicted = known & (is_positive != (images["findings"] == OPACITY).fillna(False))
    unlabelled = ~known & ~is_among(images["image_id"], unclear)
    return images, [
        Remark(
            "nameless_row", n_nameless, f"Rows left out, as they lack a patientId: {n_nameless:,}."
        ),
        count_remark("unlabelled_image", list(images.loc[unlabelled, "image_id"]),
                     "Images without a class, left unlabelled"),
        count_remark("unclear_label", list(unclear), "Images with a class of an unknown name"),
        count_remark("conflicting_rows", list(conflicting),
                     "Images with several classes, of which the first counts"),
        count_remark("contradicted_label", list(images.loc[contradicted, "image_id"]),
                     "Images whose Target contradicts their class, which is believed"),
    ]  # fmt: skip


def _stretch(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))


def _add_patients(images: pd.DataFrame, root: Path) -> tuple[pd.DataFrame, Remark]:
    """Add the patients of NIH ChestX-ray14, eight digits, where the mapping is there."""
    patients = _read_mapping(root / MAPPING_JSON) if is_file(root / MAPPING_JSON) else {}
    images["patient_id"] = images["image_id"].map(patients).astype("string")
    unknown = images.loc[images["patient_id"].isna(), "image_id"]
    message = (
        f"Images without a patient, which {MAPPING_JSON} of the RSNA would give: one patient may "
        "be in several subsets of a split"
    )
    return images, count_remark("unknown_patient", list(unknown), message)


def _read_mapping(path: Path) -> dict[str, str]:
    """Return patientId -> patient of NIH ChestX-ray14, in front of the name of its image."""
    try:
        rows = read_data_json(path)
        names = {str(row["subset_img_id"]).lower(): str(row["img_id"]) for row in rows}
    except (ValueError, TypeError, KeyError) as error:
        raise DatasetError(
            f"{path} is not the mapping of the RSNA: it must be a JSON list of objects with "
            "subset_img_id and img_id. Replace or delete it."
        ) from error
    patients = {name: image.partition("_")[0] for name, image in names.items()}
    return {name: patient for name, patient in patients.items() if patient.isdecimal()}


def _add_paths(images: pd.DataFrame, root: Path) -> tuple[pd.DataFrame, list[Remark]]:
    known = set(images["image_id"])
    paths: dict[str, str] = {}
    stray: list[str] = []
    repeated: list[str] = []
    tests: list[str] = []
    # DICOM first: a copy in another format has lost age, gender and view.
    refused: list[str] = []
    files = sorted(_list_files(root, refused), key=lambda path: (not _is_dicom(path), path))
    for path in files:
        image_id = path.rpartition("/")[2].rpartition(".")[0].lower()
        if not is_image_name(path) or image_id not in known:
            is_test = "test" in path.partition("/")[0].lower()
            (tests if is_test else stray).append(path)
        elif image_id in paths:
            repeated.append(path)
        else:
            paths[image_id] = path
    images["path"] = images["image_id"].map(paths).astype("string")
    return images, [
        absent_remark(images, "stage_2_train_images/<patientId>.dcm, or .png or .jpg"),
        count_remark("stray_file", stray, "Files left out, as no row names them"),
        count_remark("test_image", tests, "Test images left out, as they come without labels"),
        count_remark("repeated_name", repeated, "Files left out, as their image occurs twice"),
        refused_remark(refused),
    ]


def _is_dicom(path: str) -> bool:
    return path.lower().endswith(DICOM_SUFFIXES)


def _list_files(root: Path, refused: list[str]) -> Iterator[str]:
    """Yield the files in the folders under `root`, and the images in it, relative to it."""
    for inside, files in walk_folders(root, refused):
        for name in files:
            if inside:
                yield f"{inside}/{name}"
            elif is_image_name(name):  # beside the tables, only these
                yield name


def _add_headers(images: pd.DataFrame, root: Path) -> tuple[pd.DataFrame, Remark]:
    """Add age, gender and view of the images that are DICOM files."""
    paths = images["path"].dropna().loc[lambda column: column.map(_is_dicom)]
    # What cannot be read is counted and named when the images are measured.
    headers = [
        ("",) * len(HEADER) if isinstance(texts, XrayError) else texts
        for texts in read_texts([root / path for path in paths], HEADER)
    ]
    texts = pd.DataFrame(headers, paths.index, HEADER, "string").reindex(images.index)
    years = texts["PatientAge"].map(parse_age, na_action="ignore").astype("Float64")
    views = texts["ViewPosition"].str.upper()
    images["age"] = years
    images["gender"] = texts["PatientSex"].str.upper().map(GENDERS).astype("string")
    images["view_position"] = views.where(views.isin(VIEWS))
    wrong = images.loc[texts["PatientAge"].fillna("").ne("") & years.isna(), "image_id"]
    what = "Ages that are not understood or cannot be true, left empty"
    return images, count_remark("impossible_age", list(wrong), what)


def _place_boxes(labels: pd.DataFrame, images: pd.DataFrame) -> tuple[pd.DataFrame, list[Remark]]:
    """Return the boxes as published, px of the 1024 x 1024 image."""
    named = labels[labels["patientId"].notna()]
    rows = named[named[SIDES].notna().any(axis=1)]
    numbers = rows[SIDES].apply(pd.to_numeric, errors="coerce").astype("float64")
    usable = numbers.abs().le(MAX_PX).all(axis=1)
    boxes = pd.concat([rows["patientId"].rename("image_id"), numbers], axis=1)[usable]
    boxes.insert(1, "finding", OPACITY)
    boxes = boxes.astype(dict(BOX_COLUMNS)).drop_duplicates(ignore_index=True)
    boxes, remarks = fit_boxes(boxes, images)
    broken = list(rows.loc[~usable, "patientId"])
    return boxes, [count_remark("broken_boxes", broken, "Boxes that cannot be read"), *remarks]


READER = Reader(
    title="RSNA Pneumonia Detection Challenge",
    expects=EXPECTS,
    find_root=find_root,
    read=read_rsna_pneumonia,
    claims=claims_all,
    citation="Shih et al., Radiology: Artificial Intelligence 1 (2019), "
    "doi:10.1148/ryai.2019180041",
    licence="non-commercial use under the rules of the challenge; cite the paper and the NIH",
    address="https://www.kaggle.com/competitions/rsna-pneumonia-detection-challenge",
    kaggle="",
    not_on_kaggle="It is a competition's data: accept the rules on its page and download it there.",
    about=(
        "26,684 frontal radiographs from NIH ChestX-ray14, read by radiologists: normal, not "
        "normal without an opacity, or with an opacity, around which they drew 9,555 boxes."
    ),
    known_issues=(
        "A patientId is one image: one patient may have several, so a split can leak. With "
        f"{MAPPING_JSON} of the RSNA in the folder, patients are known.",
        "The images are in NIH ChestX-ray14, too, and some in COVID-19 Radiography: training on "
        "one and testing on another would leak.",
        "Most images with an opacity were taken from the front (AP), lying, and most normal ones "
        "from behind (PA): a network may learn that.",
        "An opacity is what a radiologist saw, not a diagnosis of pneumonia.",
        "Some ages are impossible (155 years); they are left empty.",
    ),
)
