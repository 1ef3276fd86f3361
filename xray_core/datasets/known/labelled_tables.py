"""Datasets whose tables have a column of 1, 0 and perhaps -1 for each finding.

CheXpert       verified: the header of train.csv and valid.csv, 1, 0, -1 and blanks, and 223,414
               and 234 rows, in public programs that read them and a copy's description; the
               numbers of images and patients, in the paper
MIMIC-CXR-JPG  verified: the columns of the tables of metadata and of the split, and the names of
               all tables with and without .gz, in public programs; numbers and licence on
               PhysioNet. Nobody may pass it on, so no real file was at hand
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
# The large version comes in archives, of which one holds the tables.
CHEXPERT_PLACES = ("", "CheXpert-v1.0 batch 1 (validate & csv)")
OF_REPORTS = (
    "A blank means that the report does not mention the finding. It is taken as unknown here, "
    "while many publications take it as absent.",
    "-1 means that the report is uncertain, as 'may represent pneumonia' is. It is taken as "
    "unknown.",
    "The labels come from a program that reads the reports, so some are wrong.",
    "No Finding does not exclude Support Devices: both may be 1.",
)


def _add_lateral_views(table: KnownTable, rows: pd.DataFrame) -> Prepared:
    """Let the column of AP and PA, which is blank of lateral views, say so of them."""
    if "Frontal/Lateral" not in rows:  # of the test set, whose names say it
        return Prepared(rows)
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
    known_issues=(*OF_REPORTS, "The small version has 8-bit JPEG of a few hundred px."),
    address="https://stanfordmlgroup.github.io/competitions/chexpert/",
    citation="Irvin et al., AAAI 2019, doi:10.1609/aaai.v33i01.3301590, arXiv:1901.07031",
    licence="Stanford University Dataset Research Use Agreement: research, no redistribution",
    kaggle="ashery/chexpert",
    tables=(
        KnownTable(
            "train.csv",
            CHEXPERT_COLUMNS,
            places=CHEXPERT_PLACES,
            findings=CHEXPERT_FINDINGS,
            needs=("Frontal/Lateral",),
            subset="training",
            gives="nothing of train/ is labelled",
        ),
        KnownTable(
            "valid.csv",
            CHEXPERT_COLUMNS,
            places=CHEXPERT_PLACES,
            findings=CHEXPERT_FINDINGS,
            needs=("Frontal/Lateral",),
            subset="validation",
            gives="nothing of valid/ is labelled",
        ),
        KnownTable(
            "test.csv",
            {"path": "Path"},
            file=r"test(_labels)?\.csv",
            places=CHEXPERT_PLACES,
            maybe={role: name for role, name in CHEXPERT_COLUMNS.items() if role != "path"},
            findings=CHEXPERT_FINDINGS,
            subset="test",
            kind="test",
            is_extra=True,
        ),
    ),
    images=r"(?P<study>(?P<patient>patient\d+)/study\d+)/view\d+_(frontal|lateral)\.\w+$",
    prepare=_add_lateral_views,
)

MIMIC = KnownDataset(
    name="mimic_cxr_jpg",
    title="MIMIC-CXR-JPG",
    expects="mimic-cxr-2.0.0-metadata.csv(.gz), -split.csv(.gz) or -chexpert.csv(.gz), and files/",
    about=(
        "377,110 radiographs of 227,827 studies from Beth Israel Deaconess Medical Center in "
        "Boston: 14 observations of each study, read from the reports by two programs."
    ),
    known_issues=(
        *OF_REPORTS,
        "Labels are of a study, so a lateral and a frontal view have the same.",
        "NegBio's labels are read only where CheXpert's are absent.",
        "Ages and sexes are not in these tables, but in those of MIMIC-IV.",
    ),
    address="https://physionet.org/content/mimic-cxr-jpg/",
    citation="Johnson et al. 2019, arXiv:1901.07042; PhysioNet, doi:10.13026/jsn5-t979",
    licence="PhysioNet Credentialed Health Data License: after a course, no redistribution",
    not_on_kaggle="Ask for access on PhysioNet, and download what you need of files/ from there.",
    tables=(
        KnownTable(
            "mimic-cxr-2.0.0-metadata.csv.gz",
            {
                "path": "dicom_id",
                "patient": "subject_id",
                "study": "study_id",
                "view_position": "ViewPosition",
            },
            file=r"mimic-cxr-2\.\d\.\d-metadata\.csv(\.gz)?",
            maybe={"original_width": "Columns", "original_height": "Rows"},
            on="dicom_id",
            kind="metadata",
            gives="view positions are unknown",
        ),
        KnownTable(
            "mimic-cxr-2.0.0-split.csv.gz",
            {"path": "dicom_id", "patient": "subject_id", "study": "study_id", "split": "split"},
            file=r"mimic-cxr-2\.\d\.\d-split\.csv(\.gz)?",
            on="dicom_id",
            kind="split",
            gives="the published subsets are unknown",
        ),
        *(
            KnownTable(
                f"mimic-cxr-2.0.0-{program}.csv.gz",
                {"patient": "subject_id"},
                file=rf"mimic-cxr-2\.\d\.\d-{program}\.csv(\.gz)?",
                needs=("study_id",),
                findings=CHEXPERT_FINDINGS,
                on="study_id",
                kind="labels",
                gives="nothing is labelled",
            )
            for program in ("chexpert", "negbio")
        ),
    ),
    images=r"(p\d\d/p(?P<patient>\d{8})/s(?P<study>\d{8})/)?([0-9a-f]{8}-){4}[0-9a-f]{8}\.\w+$",
)

LABELLED_TABLES = (CHEXPERT, MIMIC)
