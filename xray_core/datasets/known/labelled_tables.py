"""Datasets whose tables have a column of 1, 0 and perhaps -1 for each finding.

CheXpert. Verified: the header of train.csv and valid.csv, -1 for uncertain and blanks for what a
report does not mention, in several public programs that read them and in a copy's description
(223,414 and 234 rows); the numbers, in the paper.
"""

import pandas as pd

from xray_core.datasets.known.entry import KnownDataset, KnownTable, Prepared

CHEXPERT_FINDINGS = (
    "No Finding",
    "Enlarged Cardiomediastinum",
    "Cardiomegaly",
    "Lung Opacity",
    "Lung Lesion",
    "Edema",
    "Consolidation",
    "Pneumonia",
    "Atelectasis",
    "Pneumothorax",
    "Pleural Effusion",
    "Pleural Other",
    "Fracture",
    "Support Devices",
)
CHEXPERT_COLUMNS = {
    "path": "Path",
    "gender": "Sex",
    "age": "Age",
    "view_position": "AP/PA",
}


def _add_lateral_views(table: KnownTable, rows: pd.DataFrame) -> Prepared:
    """Let the column of AP and PA, which is blank of lateral views, say so of them."""
    is_lateral = rows["Frontal/Lateral"].str.lower().eq("lateral").fillna(False).astype(bool)
    rows["AP/PA"] = rows["AP/PA"].mask(is_lateral, "LATERAL")
    return Prepared(rows)


CHEXPERT = KnownDataset(
    name="chexpert",
    title="CheXpert",
    expects="train.csv or valid.csv with CheXpert's 19 columns, and train/ or valid/",
    about=(
        "224,316 radiographs of 65,240 patients from Stanford Hospital, frontal and lateral: 14 "
        "observations, read from the reports by a program; those of 234 validation images by "
        "three radiologists."
    ),
    known_issues=(
        "A blank means that the report does not mention the finding. It is taken as unknown here, "
        "while many publications take it as absent.",
        "-1 means that the report is uncertain, as 'may represent pneumonia' is. It is taken as "
        "unknown.",
        "The labels of the training images come from a program that reads the reports, so some "
        "are wrong.",
        "No Finding does not exclude Support Devices: both may be 1.",
        "The small version has 8-bit JPEG of about 390 x 320 px.",
    ),
    address="https://stanfordmlgroup.github.io/competitions/chexpert/",
    citation="Irvin et al., AAAI 2019, doi:10.1609/aaai.v33i01.3301590, arXiv:1901.07031",
    licence="Stanford University Dataset Research Use Agreement: research, no redistribution",
    kaggle="ashery/chexpert",
    tables=(
        KnownTable(
            "train.csv",
            CHEXPERT_COLUMNS,
            findings=CHEXPERT_FINDINGS,
            needs=("Frontal/Lateral",),
            subset="training",
            gives="nothing of train/ is labelled",
        ),
        KnownTable(
            "valid.csv",
            CHEXPERT_COLUMNS,
            findings=CHEXPERT_FINDINGS,
            needs=("Frontal/Lateral",),
            subset="validation",
            gives="nothing of valid/ is labelled",
        ),
    ),
    images=r"(?P<study>(?P<patient>patient\d+)/study\d+)/view\d+_(frontal|lateral)\.\w+$",
    prepare=_add_lateral_views,
)

LABELLED_TABLES = (CHEXPERT,)
