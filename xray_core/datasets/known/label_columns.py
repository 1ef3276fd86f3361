"""Datasets whose tables have one column of labels, or of regions where something is seen.

PadChest             verified: the columns, in the authors' description of them; the table's names,
                     Projection, -1 for no birth, and the labels 'normal', 'unchanged', 'exclude'
                     and 'suboptimal study' in public programs
SIIM-ACR             verified: train-rle.csv with its blank before EncodedPixels, -1, relative run
                     lengths, 1,024 x 1,024 px and the tree of DICOM files, in public programs; of
                     the copy as PNG, its tables' columns new_filename and has_pneumo, and its
                     folders
"""

import pandas as pd

from xray_core.datasets.known.entry import KnownDataset, KnownTable, Prepared
from xray_core.datasets.reader import count_remark
from xray_core.tables.cells import parse_number
from xray_core.tables.labels import LIST, split_cell
from xray_core.tables.regions import make_absolute

# Labels of PadChest of which a network may be asked; the report names all that is seen.
PADCHEST_FINDINGS = (
    *("normal", "pneumonia", "pleural effusion", "cardiomegaly", "atelectasis", "infiltrates"),
    *("nodule", "COPD signs", "pneumothorax", "consolidation"),
)
# They say nothing of what else is seen, or that the image is of no use.
PADCHEST_VAGUE = ("exclude", "suboptimal study", "unchanged")
SIIM_ACR_SIDE = 1024  # px, of all its originals


def _split_labels(cell: str) -> frozenset[str]:
    """Return the labels of a cell, in small letters."""
    return frozenset(name.casefold() for name in split_cell(cell, LIST))


def _read_padchest(table: KnownTable, rows: pd.DataFrame) -> Prepared:
    """Add ages at the time of the study, and the state of each finding."""
    born = pd.to_numeric(rows["PatientBirth"], errors="coerce")
    studied = pd.to_numeric(rows["StudyDate_DICOM"].str[:4], errors="coerce")
    age = (studied - born).where(born > 0)
    rows["age"] = age.astype("Float64").round().astype("Int64").astype("string")
    labels = [_split_labels(cell) for cell in rows["Labels"].fillna("")]
    is_vague = pd.Series([not names.isdisjoint(PADCHEST_VAGUE) for names in labels], rows.index)
    for finding in PADCHEST_FINDINGS:
        states = [
            "1" if finding.casefold() in names else "0" if names and not vague else None
            for names, vague in zip(labels, is_vague, strict=True)
        ]
        rows[finding] = pd.Series(states, rows.index, dtype="string")
    words = ", ".join(map(repr, PADCHEST_VAGUE))
    what = f"Images labelled {words}, on which what is not named is taken as unknown"
    return Prepared(rows, (count_remark("vague_label", list(rows.loc[is_vague, "ImageID"]), what),))


def _read_pneumothorax(table: KnownTable, rows: pd.DataFrame) -> Prepared:
    """Name what run lengths and 0 or 1 say, and count runs from the first pixel."""
    names = {False: "no pneumothorax", True: "pneumothorax"}
    if "has_pneumo" in rows:
        number = rows["has_pneumo"].map(lambda cell: parse_number(str(cell)), na_action="ignore")
        rows["label"] = number.map({0.0: names[False], 1.0: names[True]}).astype("string")
        unclear = list(rows.loc[rows["label"].isna(), "new_filename"].dropna())
        what = "Images labelled neither 0 nor 1, left unlabelled"
        return Prepared(rows, (count_remark("unclear_label", unclear, what),))
    cells = rows["EncodedPixels"].str.strip()
    runs = cells.map(lambda cell: make_absolute(str(cell), relative=True), na_action="ignore")
    rows["label"] = runs.map(lambda text: names[bool(text)], na_action="ignore").astype("string")
    rows["EncodedPixels"] = runs.where(runs.notna(), cells).replace("", "-1").astype("string")
    rows["side"] = str(SIIM_ACR_SIDE)
    return Prepared(rows)


PADCHEST = KnownDataset(
    name="padchest",
    title="PadChest",
    expects="PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv, and its images in any folders",
    about=(
        "160,868 radiographs of about 67,000 patients from San Juan Hospital in Spain, in several "
        "view positions: 174 findings and 19 diagnoses in the reports, 27% of which physicians "
        "labelled, a network the rest."
    ),
    known_issues=(
        "A label counts only as it is written: 'atypical pneumonia' is no 'pneumonia' here.",
        "'unchanged' refers to an earlier report, 'exclude' and 'suboptimal study' to the image: "
        "what such an image is not labelled with is unknown.",
        "Lateral views have the labels of their report.",
        "Ages are the year of the study less that of birth.",
    ),
    address="https://bimcv.cipf.es/bimcv-projects/padchest/",
    citation="Bustos et al., Med Image Anal 66 (2020) 101797, arXiv:1901.07441",
    licence="for research, after registration with BIMCV",
    not_on_kaggle="Register with BIMCV, and download its zip files from there.",
    tables=(
        KnownTable(
            "PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv",
            {
                "path": "ImageID",
                "label": "Labels",
                "patient": "PatientID",
                "study": "StudyID",
                "gender": "PatientSex_DICOM",
                "view_position": "Projection",
            },
            file=r"PADCHEST_chest_x_rays?_images_labels_.*\.csv(\.gz)?",
            needs=("StudyDate_DICOM", "PatientBirth", "MethodLabel"),
            added={"age": "age"},
            added_findings=PADCHEST_FINDINGS,
        ),
    ),
    separator=LIST,
    prepare=_read_padchest,
)

SIIM_ACR = KnownDataset(
    name="siim_acr",
    title="SIIM-ACR Pneumothorax Segmentation",
    expects=(
        "train-rle.csv (ImageId, EncodedPixels) and dicom-images-train/, or "
        "stage_1_train_images.csv, png_images/ and png_masks/"
    ),
    about=(
        "12,047 radiographs of NIH ChestX-ray14 in the first stage, in which radiologists outlined "
        "every pneumothorax; the masks are run lengths."
    ),
    known_issues=(
        "The images are NIH's, under other names: a network trained on NIH has seen them.",
        "Run lengths count from the end of the run before.",
        "Patients are not named in the tables, so that no split can keep them apart.",
        "Images of the test set have no labels in train-rle.csv, and are left out.",
    ),
    address="https://www.kaggle.com/c/siim-acr-pneumothorax-segmentation",
    citation="Filice et al., J Digit Imaging 33 (2020) 490, doi:10.1007/s10278-019-00299-9",
    licence="the rules of the competition",
    kaggle="vbookshelf/pneumothorax-chest-xray-images-and-masks",
    tables=(
        KnownTable(
            "train-rle.csv",
            {"path": "ImageId", "runs": "EncodedPixels"},
            added={"label": "label", "original_width": "side", "original_height": "side"},
            subset="training",
        ),
        *(
            KnownTable(
                f"stage_1_{name}_images.csv",
                {"path": "new_filename"},
                needs=("ImageId", "has_pneumo"),
                added={"label": "label"},
                subset=subset,
                images="png_images",
            )
            for name, subset in (("train", "training"), ("test", "test"))
        ),
    ),
    images=r"(^|/)(\d+(\.\d+){5,}|\d+_(train|test)_[01]_)\.\w+$",
    masks="pneumothorax",
    unmarked=("no pneumothorax",),
    prepare=_read_pneumothorax,
)

LABEL_COLUMNS = (PADCHEST, SIIM_ACR)
