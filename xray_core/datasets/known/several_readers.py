"""Datasets that several radiologists labelled apart: what any of them names is present.

VinDr-CXR      verified: the tables below annotations/, their columns, three rows for each training
               image (45,000), in public programs; numbers, readers and licence on PhysioNet. What
               the column of other diseases is called differs between the two tables, so either
               name is read
VinBigData     verified: the header of train.csv, 15,000 images of which 10,606 have no
               finding, three readers for each, in public programs; `width` and `height` of
               the copy in 512 px and dim0 (height) and dim1 (width) of those in other sizes,
               in programs that read or wrote them
"""

import pandas as pd

from xray_core.catalog import Remark
from xray_core.datasets.known.entry import KnownDataset, KnownTable, Prepared
from xray_core.datasets.reader import N_EXAMPLES, count_remark

VINDR_FINDINGS = (
    *("Aortic enlargement", "Atelectasis", "Calcification", "Cardiomegaly", "Clavicle fracture"),
    *("Consolidation", "Edema", "Emphysema", "Enlarged PA", "ILD", "Infiltration"),
    *("Lung Opacity", "Lung cavity", "Lung cyst", "Mediastinal shift", "Nodule/Mass"),
    *("Pleural effusion", "Pleural thickening", "Pneumothorax", "Pulmonary fibrosis"),
    *("Rib fracture", "Other lesion", "COPD", "Lung tumor", "Pneumonia", "Tuberculosis"),
)
VINBIGDATA_LABELS = (
    *("Aortic enlargement", "Atelectasis", "Calcification", "Cardiomegaly", "Consolidation"),
    *("ILD", "Infiltration", "Lung Opacity", "Nodule/Mass", "Other lesion", "Pleural effusion"),
    *("Pleural thickening", "Pneumothorax", "Pulmonary fibrosis", "No finding"),
)
VINDR_OTHER = "Other disease"
VINDR_NONE = "No finding"
VINDR_BOX = {
    "label": "class_name",
    "x1": "x_min",
    "y1": "y_min",
    "x2": "x_max",
    "y2": "y_max",
}


def _unite_readers(table: KnownTable, rows: pd.DataFrame) -> Prepared:
    """Make one row of the readers' rows of each image: what any of them names is present.

    No finding counts where all say so. Boxes are kept as every reader drew them; that a reader saw
    nothing to be boxed is no label.
    """
    if table.on:
        is_none = rows["class_name"].str.lower().eq(VINDR_NONE.lower()).fillna(False)
        rows["class_name"] = rows["class_name"].mask(is_none.astype(bool))
        return Prepared(rows)
    others = [name for name in ("Other diseases", VINDR_OTHER) if name in rows]
    rows = rows.rename(columns={name: VINDR_OTHER for name in others})
    if not others:
        rows[VINDR_OTHER] = pd.Series(pd.NA, rows.index, dtype="string")
    findings = [*VINDR_FINDINGS, VINDR_OTHER]
    votes = rows[[*findings, VINDR_NONE]].apply(pd.to_numeric, errors="coerce")
    by_image = votes.groupby(rows["image_id"], sort=False)
    most, least = by_image.max(), by_image.min()
    united = most.assign(**{VINDR_NONE: least[VINDR_NONE]})
    disagree = (most != least) & most.notna()
    several = list(united.index[disagree.any(axis=1)])
    message = (
        "Images whose readers disagree, called by all that any of them names, and "
        f"{VINDR_NONE!r} where all say so: {len(several):,}."
    )
    remark = Remark(
        "readers_disagree", len(several), message, tuple(several[:N_EXAMPLES]), tuple(several)
    )
    text = united.astype("Int64").astype("string").reset_index()
    nameless = rows[rows["image_id"].isna()]
    return Prepared(pd.concat([text, nameless], ignore_index=True), (remark,))


def _settle_readers(table: KnownTable, rows: pd.DataFrame) -> Prepared:
    """Blank what readers say who saw nothing on an image where another drew a box."""
    if "class_name" not in rows:
        return Prepared(rows)
    is_none = rows["class_name"].str.lower().eq("no finding").fillna(False).astype(bool)
    sides = ["x_min", "y_min", "x_max", "y_max"]
    rows.loc[is_none, sides] = pd.NA  # some copies write a box of one px
    boxed = set(rows.loc[~is_none & rows["class_name"].notna(), "image_id"])
    contrary = is_none & rows["image_id"].isin(boxed)
    rows["class_name"] = rows["class_name"].mask(contrary)
    pairs = rows[~is_none].groupby(["image_id", "class_name"])["rad_id"].nunique()
    alone = pairs.index[pairs == 1].get_level_values("image_id")
    names = list(dict.fromkeys(rows.loc[contrary, "image_id"]))
    return Prepared(
        rows,
        (
            count_remark(
                "readers_disagree",
                names,
                "Images on which one reader saw nothing and another drew a box, which counts",
            ),
            count_remark(
                "one_reader",
                list(alone),
                "Findings of an image that one of its readers alone boxed, which count all the "
                "same",
            ),
        ),
    )


VINDR = KnownDataset(
    name="vindr_cxr",
    title="VinDr-CXR",
    expects=(
        "annotations/image_labels_train.csv or image_labels_test.csv, and train/ or test/ with "
        "their images"
    ),
    about=(
        "18,000 PA radiographs from two hospitals in Hanoi: 22 findings with boxes and 6 "
        "diagnoses, of each training image by three of 17 radiologists apart, of each of the 3,000 "
        "test images by five together."
    ),
    known_issues=(
        "Readers of training images disagree often. Here an image has every finding that one of "
        "its three readers names, and no finding only where all three say so.",
        "Boxes of several readers around one lesion are all kept.",
        "Boxes are in px of the DICOM originals: a copy as PNG has none, unless a table gives the "
        "originals' sizes.",
        "No patients are published, so that no split can keep them apart.",
        "15,000 of the images are those of the VinBigData competition.",
    ),
    address="https://physionet.org/content/vindr-cxr/",
    citation="Nguyen et al., Sci Data 9 (2022) 429, doi:10.1038/s41597-022-01498-w",
    licence="PhysioNet Credentialed Health Data License: after a course, no redistribution",
    not_on_kaggle="Ask for access on PhysioNet. Kaggle has the 15,000 images of VinBigData.",
    tables=tuple(
        table
        for subset, name in (("training", "train"), ("test", "test"))
        for table in (
            KnownTable(
                f"image_labels_{name}.csv",
                {"path": "image_id"},
                places=("annotations", ""),
                findings=(*VINDR_FINDINGS, VINDR_NONE),
                added_findings=(VINDR_OTHER,),
                subset=subset,
                gives=f"nothing of {name}/ is labelled",
            ),
            KnownTable(
                f"annotations_{name}.csv",
                VINDR_BOX,
                places=("annotations", ""),
                needs=("image_id",),
                on="image_id",
                subset=subset,
                gives=f"no boxes of {name}/ are known",
            ),
        )
    ),
    images=r"(^|/)[0-9a-f]{32}\.\w+$",
    original=True,
    prepare=_unite_readers,
)

VINBIGDATA = KnownDataset(
    name="vinbigdata",
    title="VinBigData Chest X-ray Abnormalities Detection",
    expects="train.csv with image_id, class_name, class_id, rad_id and boxes, and train/",
    about=(
        "15,000 PA radiographs, those of VinDr-CXR's training set: boxes of 14 findings that "
        "three of 17 radiologists drew apart; 10,606 images have none."
    ),
    known_issues=(
        "Boxes of several readers around one lesion are all kept, and an image has every finding "
        "that one of them boxed.",
        "Boxes are in px of the DICOM originals. A copy in another size needs the columns width "
        "and height, or a train_meta.csv with image_id, dim0 (height) and dim1 (width).",
        "No patients are published, so that no split can keep them apart.",
        "The competition's 3,000 test images come without labels, and are left out.",
    ),
    address="https://www.kaggle.com/c/vinbigdata-chest-xray-abnormalities-detection",
    citation="Nguyen et al., Sci Data 9 (2022) 429, doi:10.1038/s41597-022-01498-w",
    licence="the rules of the competition",
    kaggle="awsaf49/vinbigdata-512-image-dataset",
    tables=(
        KnownTable(
            "train.csv",
            {
                "path": "image_id",
                "label": "class_name",
                "x1": "x_min",
                "y1": "y_min",
                "x2": "x_max",
                "y2": "y_max",
            },
            needs=("class_id", "rad_id"),
            maybe={"original_width": "width", "original_height": "height"},
            subset="training",
        ),
        KnownTable(
            "train_meta.csv",
            {"original_height": "dim0", "original_width": "dim1"},
            needs=("image_id",),
            on="image_id",
        ),
    ),
    images=r"(^|/)[0-9a-f]{32}\.\w+$",
    labels={name: name for name in VINBIGDATA_LABELS},
    original=True,
    prepare=_settle_readers,
)

SEVERAL_READERS = (VINDR, VINBIGDATA)
