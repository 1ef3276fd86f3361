"""CoronaHack: one table over Kermany's children and some hundred COVID-19 images.

5,910 rows in the first release, 6,197 in a later copy:

    Chest_xray_Corona_Metadata.csv              X_ray_image_name, Label, Dataset_type, and the
                                                columns Label_1_ and Label_2_Virus_category
    Chest_xray_Corona_dataset_Summary.csv       optional: the number of rows of each kind
    Coronahack-Chest-XRay-Dataset/Coronahack-Chest-XRay-Dataset/{train,test}/*.jpeg

Wherever `train` and `test` lie below the table, and whatever folders lie in them, an image is
found by its folder and name, or by its name alone if only one bears it. So the tree of the
Kermany dataset serves for the rows that were taken from it.

Findings, the most specific that the three label columns give (Label, Label_1, Label_2):

    Normal                              normal
    Pnemonia, bacteria                  bacterial pneumonia
    Pnemonia, bacteria, Streptococcus   Streptococcus
    Pnemonia, Virus                     viral pneumonia
    Pnemonia, Virus, COVID-19           COVID-19
    Pnemonia, Virus, SARS               SARS
    Pnemonia, Stress-Smoking, ARDS      ARDS

Known issues:
    - The label is spelt Pnemonia; other copies write Pneumonia. The order of columns varies.
    - The Normal, bacterial and viral images are Kermany's children, those of COVID-19, SARS,
      ARDS and Streptococcus come from elsewhere: the source gives COVID-19 away.
    - The later copy has 345 rows of COVID-19, its summary still counts 58.
    - Patients are read from Kermany's names only; see `kermany_names`.

Source: P. Govindaraj, Kaggle (2020), praveengovi/coronahack-chest-xraydataset
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePath

import pandas as pd

from xray_core.catalog import Catalog, Remark, build_catalog
from xray_core.datasets.kermany import CORONAHACK_CSV
from xray_core.datasets.kermany_names import name_kermany_patients, named_remark, remark_kermany
from xray_core.datasets.reader import (
    Reader,
    absent_remark,
    claims_all,
    count_remark,
    find_holder,
    refused_remark,
)
from xray_core.errors import DatasetError
from xray_core.imagefiles.images import is_image_name
from xray_core.paths import is_file, walk_folders
from xray_core.tables.text import read_table

TITLE = "CoronaHack chest X-rays"
SUMMARY_CSV = "Chest_xray_Corona_dataset_Summary.csv"
NAME, SUBSET = "X_ray_image_name", "Dataset_type"
LABELS = ("Label", "Label_1_Virus_category", "Label_2_Virus_category")
SUBSETS = {"train": "training", "test": "test"}  # folder, and word of the table -> subset
PNEUMONIA = ("pnemonia", "pneumonia")
# (Label_1, Label_2) of a pneumonia -> finding.
CAUSES = {
    ("bacteria", ""): "bacterial pneumonia",
    ("bacteria", "streptococcus"): "Streptococcus",
    ("virus", ""): "viral pneumonia",
    ("virus", "covid-19"): "COVID-19",
    ("virus", "sars"): "SARS",
    ("stress-smoking", "ards"): "ARDS",
}
EXPECTS = f"{CORONAHACK_CSV} and, somewhere below, the folders train and test"

Key = tuple[str, str]  # folder ("train", "test" or ""), file name in lower case


def find_root(folder: Path) -> Path | None:
    """Return `folder`, or its only sub-folder, that holds the table; see `Reader.find_root`."""
    return find_holder(folder, lambda place: (place / CORONAHACK_CSV).is_file())


def name_finding(label: str, label_1: str = "", label_2: str = "") -> str | None:
    """Return the finding that three cells give; None if they are unknown or contradict.

    >>> name_finding("Pnemonia", "Virus", "COVID-19"), name_finding("Normal", "Virus")
    ('COVID-19', None)
    """
    label, cause, kind = (text.strip().casefold() for text in (label, label_1, label_2))
    if label in PNEUMONIA:
        return CAUSES.get((cause, kind))
    return "normal" if (label, cause, kind) == ("normal", "", "") else None


def read_coronahack(folder: Path) -> Catalog:
    """Read the folder that holds the table, or its parent.

    Returns:
        A catalog with one row per row of the table, also where the file is absent. `image_id`
        is "train/IM-0128-0001.jpeg"; `findings` as the module's docstring lists them.

    Raises:
        DatasetError: the table is missing or lacks a column, or no row can be used.
    """
    root = find_root(folder)
    if root is None:
        raise DatasetError(f"{folder} is not {TITLE}: expected {EXPECTS}.")
    images, remarks = _read_rows(root)
    files, file_remarks = _list_files(root)
    keys = _match_files(list(zip(images["folder"], images["file"].str.lower(), strict=True)), files)
    images["path"] = [files[key] if key else None for key in keys]
    stray = [files[key] for key in files.keys() - set(keys)]
    remarks += [
        absent_remark(images, "Coronahack-Chest-XRay-Dataset/{train,test}/<name>"),
        count_remark("stray_file", sorted(stray), "Images left out, as no row names them"),
        *file_remarks,
        *_check_summary(root, images["findings"]),
    ]
    return build_catalog(root, "coronahack", images, remarks=remarks)


def _read_rows(root: Path) -> tuple[pd.DataFrame, list[Remark]]:
    """Return image_id, folder, file, patient_id, findings and published_split."""
    table = read_table(root / CORONAHACK_CSV, (NAME, SUBSET, *LABELS)).fillna("")
    table["file"] = [text.replace("\\", "/").rpartition("/")[2] for text in table[NAME]]
    table["folder"] = table[SUBSET].str.lower().where(lambda word: word.isin(SUBSETS), "")
    nameless = table["file"] == ""
    table["image_id"] = (table["folder"] + "/" + table["file"]).str.removeprefix("/")
    repeated = table["image_id"].duplicated() & ~nameless
    images = table[~nameless & ~repeated].reset_index(drop=True)
    images["findings"] = _name_findings(images)
    images["published_split"] = images["folder"].map(SUBSETS)
    stems = images["file"].map(lambda file: PurePath(file).stem)
    images["patient_id"] = name_kermany_patients(stems, images["published_split"])
    named = images.loc[images["patient_id"].notna(), "image_id"]
    n_nameless = int(nameless.sum())
    unclear, without_subset, unknown = (
        list(images.loc[images[column].isna(), "image_id"])
        for column in ("findings", "published_split", "patient_id")
    )
    return images, [
        Remark("nameless_row", n_nameless, f"Rows left out, as they lack a name: {n_nameless:,}."),
        count_remark(
            "repeated_row",
            list(table.loc[repeated, "image_id"]),
            "Rows left out, as they repeat an image",
        ),
        count_remark("unclear_label", unclear, "Images of an unknown label, left unlabelled"),
        count_remark(
            "unclear_subset", without_subset, f"Images whose {SUBSET} is neither TRAIN nor TEST"
        ),
        named_remark(list(named)),
        *remark_kermany(images, stems),
        count_remark("unknown_patient", unknown, "Images whose names give no patient"),
    ]


def _name_findings(table: pd.DataFrame) -> list[str | None]:
    return [name_finding(*labels) for labels in table[list(LABELS)].itertuples(index=False)]


def _list_files(root: Path) -> tuple[dict[Key, str], list[Remark]]:
    """Return (train, test or "", name in lower case) -> path of an image file, from `root`."""
    files: dict[Key, str] = {}
    repeated, refused = [], list[str]()
    for folder, names in walk_folders(root, refused):
        steps = (step.lower() for step in reversed(folder.split("/")))
        kind = next((step for step in steps if step in SUBSETS), "")
        for name in filter(is_image_name, names):
            path = f"{folder}/{name}" if folder else name
            if (kind, name.lower()) in files:
                repeated.append(path)
            else:
                files[kind, name.lower()] = path
    return files, [
        count_remark("repeated_name", repeated, "Images left out, as they occur twice"),
        refused_remark(refused),
    ]


def _match_files(rows: Sequence[Key], files: dict[Key, str]) -> list[Key | None]:
    """Return the key in `files` of each row: by folder and name, or by a name that is unique."""
    keys: list[Key | None] = [row if row in files else None for row in rows]
    free = files.keys() - set(rows)
    n_files = Counter(name for _, name in free)
    n_rows = Counter(row[1] for row, key in zip(rows, keys, strict=True) if key is None)
    of_name = {name: (folder, name) for folder, name in free if n_files[name] == 1}
    return [
        of_name.get(name) if key is None and n_rows[name] == 1 else key
        for (_, name), key in zip(rows, keys, strict=True)
    ]


def _check_summary(root: Path, findings: pd.Series) -> list[Remark]:
    """Compare the number of rows of each finding with the authors' summary, if it is there."""
    if not is_file(root / SUMMARY_CSV):
        return []
    try:
        table = read_table(root / SUMMARY_CSV, (*LABELS, "Image_Count")).fillna("")
    except DatasetError as error:
        return [Remark("unreadable_table", 1, f"The summary cannot be read: {error}")]
    # As a column: a list of nothing but None pandas would take for names of an index.
    named = pd.Series(_name_findings(table), index=table.index, dtype="object")
    summed = pd.to_numeric(table["Image_Count"], errors="coerce").groupby(named)
    counts = findings.value_counts()
    both = pd.DataFrame({"ours": counts, "theirs": summed.sum()}).fillna(0).astype(float)
    differing = both[both["ours"] != both["theirs"]]
    names = [f"{name}: {ours:,.0f} rows, {theirs:,.0f} in the summary"
             for name, ours, theirs in differing.itertuples()]  # fmt: skip
    message = f"Findings whose number of rows differs from {SUMMARY_CSV}"
    return [count_remark("summary_mismatch", names, message)]


READER = Reader(
    title=TITLE,
    expects=EXPECTS,
    find_root=find_root,
    read=read_coronahack,
    claims=claims_all,
    citation="P. Govindaraj, CoronaHack: Chest X-Ray-Dataset, Kaggle (2020)",
    licence="as its sources allow; Kermany's images CC BY 4.0",
    address="https://www.kaggle.com/datasets/praveengovi/coronahack-chest-xraydataset",
    about=(
        "The Kermany images of children and some hundred of COVID-19, SARS and other pneumonias, "
        "with the cause of each pneumonia: 5,910 rows, 6,197 in a later copy."
    ),
    known_issues=(
        "The COVID-19 images come from other sources than the rest: a model may learn the source.",
        "The label is spelt Pnemonia in some copies.",
        "Some rows have no image and some images no row.",
        "Patients are read from the names of the images from Kermany only.",
    ),
    kaggle="praveengovi/coronahack-chest-xraydataset",
)
