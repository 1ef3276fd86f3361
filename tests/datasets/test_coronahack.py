"""What only the CoronaHack reader does."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.datasets.fakes import fake_coronahack, write_image
from xray_core.catalog import Remark
from xray_core.datasets import detect_dataset, kermany, open_dataset
from xray_core.datasets.coronahack import (
    CAUSES,
    find_root,
    name_finding,
    read_coronahack,
)
from xray_core.errors import DatasetError, XrayError

TABLE, SUMMARY = "Chest_xray_Corona_Metadata.csv", "Chest_xray_Corona_dataset_Summary.csv"
IMAGES = "Coronahack-Chest-XRay-Dataset/Coronahack-Chest-XRay-Dataset"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    fake_coronahack(tmp_path / "corona")
    return tmp_path / "corona"


def remarks_of(folder: Path) -> dict[str, Remark]:
    return {remark.kind: remark for remark in read_coronahack(folder).remarks}


def rows_of(folder: Path) -> pd.DataFrame:
    return read_coronahack(folder).images.set_index("image_id")


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


@pytest.mark.parametrize(
    ("image_id", "patient", "finding", "split"),
    [
        ("train/IM-0128-0001.jpeg", "train/IM-0128", "normal", "training"),
        ("train/NORMAL2-IM-1427-0001.jpeg", "train/NORMAL2-IM-1427", "normal", "training"),
        ("train/person12_bacteria_47.jpeg", "train/person12", "bacterial pneumonia", "training"),
        ("test/person1_virus_6.jpeg", "test/person1", "viral pneumonia", "test"),
        ("test/COVID19_81.jpg", None, "COVID-19", "test"),
        ("train/SARS-Fig9a.1.png", None, "SARS", "training"),
        ("train/strep-day3.jpg", None, "Streptococcus", "training"),
        ("train/ards.jpg", None, "ARDS", "training"),
    ],
)
def test_patient_finding_and_split_of_each_kind_of_row(
    folder: Path, image_id: str, patient: str | None, finding: str, split: str
) -> None:
    row = rows_of(folder).loc[image_id]

    assert row["patient_id"] == patient if patient else pd.isna(row["patient_id"])
    assert [row["findings"], row["published_split"]] == [finding, split]


def test_in_a_table_divided_anew_a_name_is_of_the_published_child(folder: Path) -> None:
    change(
        folder / TABLE,
        "person1_virus_6.jpeg,Pneumonia,TEST",
        "person1_virus_6.jpeg,Pneumonia,TRAIN",
    )

    assert rows_of(folder).loc["train/person1_virus_6.jpeg", "patient_id"] == "test/person1"
    assert remarks_of(folder)["moved_image"].count == 1


def test_an_image_is_found_by_subset_and_name_or_by_a_name_that_is_unique(folder: Path) -> None:
    paths = rows_of(folder)["path"]

    assert paths["train/SARS-Fig9a.1.png"] == f"{IMAGES}/train/SARS-Fig9a.1.PNG"
    assert paths["train/NORMAL2-IM-1427-0001.jpeg"] == f"{IMAGES}/test/NORMAL2-IM-1427-0001.jpeg"


def test_a_name_that_two_files_bear_is_not_guessed_between(folder: Path) -> None:
    write_image(folder / "elsewhere" / "NORMAL2-IM-1427-0001.jpeg")

    assert pd.isna(rows_of(folder).loc["train/NORMAL2-IM-1427-0001.jpeg", "path"])


def test_one_file_is_not_given_to_two_rows(folder: Path) -> None:
    change(folder / TABLE, "7,ards.jpg,", "7,person1_virus_6.jpeg,")

    paths = rows_of(folder)["path"]

    assert paths["test/person1_virus_6.jpeg"].endswith("test/person1_virus_6.jpeg")
    assert pd.isna(paths["train/person1_virus_6.jpeg"])


def test_rows_without_image_and_images_without_row_are_counted(folder: Path) -> None:
    remarks = remarks_of(folder)

    assert {kind: remark.count for kind, remark in remarks.items()} == {
        "absent_image": 1,
        "stray_file": 1,
        "unknown_patient": 4,
        "patients_from_names": 4,
        "summary_mismatch": 1,
    }
    assert remarks["absent_image"].examples == ("train/ards.jpg",)
    assert remarks["stray_file"].examples == (f"{IMAGES}/train/unheard_of.jpeg",)
    assert remarks["summary_mismatch"].examples == ("COVID-19: 1 rows, 0 in the summary",)


def test_a_summary_that_agrees_is_no_remark_and_none_is_no_issue(folder: Path) -> None:
    with (folder / SUMMARY).open("a") as file:
        file.write("6,Pnemonia,Virus,COVID-19,1\n")
    assert "summary_mismatch" not in remarks_of(folder)

    (folder / SUMMARY).unlink()
    assert "summary_mismatch" not in remarks_of(folder)


def test_a_summary_of_unknown_labels_alone_is_a_remark(folder: Path) -> None:
    head = (folder / SUMMARY).read_text().splitlines()[0]
    (folder / SUMMARY).write_text(f"{head}\n0,Fracture,,,5\n1,Fracture,,,6\n")

    examples = remarks_of(folder)["summary_mismatch"].examples
    assert "COVID-19: 1 rows, 0 in the summary" in examples


def test_a_summary_that_cannot_be_read_is_a_remark(folder: Path) -> None:
    (folder / SUMMARY).write_text("a,b\n1,2\n")

    assert "has no column 'Label'" in remarks_of(folder)["unreadable_table"].message


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("Pnemonia,TRAIN,ARDS", "Pnemonia,TRAIN,Dengue", "unclear_label"),
        ("0001.jpeg,Normal,TRAIN,,\r\n1", "0001.jpeg,Normal,TRAIN,,Virus\r\n1", "unclear_label"),
        ("7,ards.jpg", "7,", "nameless_row"),
        ("7,ards.jpg", "7,strep-day3.jpg", "repeated_row"),
        ("Pnemonia,TEST", "Pnemonia,BOTH", "unclear_subset"),
    ],
)
def test_a_row_of_issues_is_counted_and_the_rest_is_read(
    folder: Path, old: str, new: str, kind: str
) -> None:
    change(folder / TABLE, old.replace("\r\n", "\n"), new.replace("\r\n", "\n"))

    assert remarks_of(folder)[kind].count == 1
    assert rows_of(folder)["path"].notna().sum() >= 6


@pytest.mark.parametrize("place", ["", "chest_xray"])
def test_the_tree_of_kermany_serves_and_the_folder_is_still_coronahack(
    folder: Path, place: str
) -> None:
    shutil.rmtree(folder / "Coronahack-Chest-XRay-Dataset")
    for name in ("train/NORMAL/IM-0128-0001.jpeg", "test/PNEUMONIA/person1_virus_6.jpeg"):
        write_image(folder / place / name)

    assert detect_dataset(folder) == "coronahack"
    assert kermany.find_root(folder) is None
    present = read_coronahack(folder).present
    assert present["image_id"].tolist() == ["test/person1_virus_6.jpeg", "train/IM-0128-0001.jpeg"]


def test_images_behind_a_link_are_read_and_a_new_one_is_seen(folder: Path, tmp_path: Path) -> None:
    shutil.move(folder / "Coronahack-Chest-XRay-Dataset", tmp_path / "elsewhere")
    (folder / "link").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (tmp_path / "elsewhere" / "back").symlink_to(folder, target_is_directory=True)
    assert len(open_dataset(folder, tmp_path / "cache").present) == 7

    write_image(tmp_path / "elsewhere/Coronahack-Chest-XRay-Dataset/train/ards.jpg")

    assert len(open_dataset(folder, tmp_path / "cache").present) == 8


def test_the_parent_of_one_such_folder_will_do_and_of_two_will_not(folder: Path) -> None:
    assert find_root(folder.parent) == folder

    fake_coronahack(folder.parent / "copy")
    assert find_root(folder.parent) is None


def test_a_missing_column_is_named(folder: Path) -> None:
    change(folder / TABLE, "Dataset_type", "Subset")

    with pytest.raises(DatasetError, match="has no column 'Dataset_type'"):
        read_coronahack(folder)


cells = st.text() | st.sampled_from(["Normal", "pnemonia", "Virus", "COVID-19", "bacteria", "|"])


@settings(deadline=None, derandomize=True, max_examples=50)
@given(cells, cells, cells)
def test_whatever_the_labels_hold_the_finding_is_known_or_none(a: str, b: str, c: str) -> None:
    try:
        finding = name_finding(a, b, c)
    except XrayError:
        return
    assert finding in {"normal", *CAUSES.values(), None}


def test_the_real_table_has_the_known_counts(real_data: Path, tmp_path: Path) -> None:
    for file in (real_data / "coronahack").iterdir():
        shutil.copy(file, tmp_path)
    (tmp_path / "images").symlink_to(real_data / "kermany-224", target_is_directory=True)

    catalog = read_coronahack(tmp_path)

    assert len(catalog.images) == 6197
    assert len(catalog.present) == 5840
    assert catalog.images["findings"].value_counts().to_dict() == {
        "bacterial pneumonia": 2772,
        "normal": 1576,
        "viral pneumonia": 1493,
        "COVID-19": 345,
        "Streptococcus": 5,
        "SARS": 4,
        "ARDS": 2,
    }
    remarks = {remark.kind: remark for remark in catalog.remarks}
    assert remarks["summary_mismatch"].examples == ("COVID-19: 345 rows, 58 in the summary",)
    assert remarks["absent_image"].count == 357
    assert remarks["patients_from_names"].count == 5840
    assert not {"moved_image", "uncertain_patient"} & set(remarks)
    assert "stray_file" not in remarks
