"""What only the NIH ChestX-ray14 reader does."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests.datasets.fakes import FAKES, write_image
from xray_core.catalog import Catalog, relative_boxes
from xray_core.datasets.nih_chestxray14 import read_nih_chestxray14
from xray_core.errors import DatasetError

TABLE = "Data_Entry_2017_v2020.csv"


@pytest.fixture
def nih_folder(tmp_path: Path) -> Path:
    """An NIH folder of six rows, five of them with an image."""
    FAKES["nih_chestxray14"](tmp_path / "nih")
    return tmp_path / "nih"


def remark_counts(catalog: Catalog) -> dict[str, int]:
    return {remark.kind: remark.count for remark in catalog.remarks}


def change(path: Path, old: str, new: str) -> None:
    text = path.read_bytes().decode("latin-1")
    assert old in text
    path.write_bytes(text.replace(old, new).encode("latin-1"))


def plain(column: pd.Series) -> list[object]:
    return column.astype(object).where(column.notna(), None).tolist()


def test_a_row_becomes_an_image_with_its_patient_and_all_findings(nih_folder: Path) -> None:
    images = read_nih_chestxray14(nih_folder).images

    assert images["image_id"].tolist() == [
        "00000001_000", "00000001_001", "00000002_000", "00000003_000", "00000004_000",
        "00000005_000",
    ]  # fmt: skip
    assert images["patient_id"].tolist() == [f"0000000{n}" for n in (1, 1, 2, 3, 4, 5)]
    assert images["findings"].tolist() == [
        "Cardiomegaly", "Cardiomegaly|Emphysema", "No Finding", "Hernia|Atelectasis",
        "Mass|Nodule", "Infiltration",
    ]  # fmt: skip


def test_what_is_known_of_the_patient_is_read_and_the_rest_is_empty(nih_folder: Path) -> None:
    images = read_nih_chestxray14(nih_folder).images

    assert plain(images["age"]) == [57, 58, 13 / 12, None, 1 / 365.25, None]
    assert plain(images["gender"]) == ["M", "M", "F", "F", "M", None]
    assert plain(images["follow_up"]) == [0, 1, 0, 0, 0, 0]
    assert plain(images["view_position"]) == ["PA", "PA", "AP", "PA", "AP", None]
    assert plain(images["original_width"]) == [2048, 2894, 2500, 2582, 2500, None]
    assert plain(images["original_height"]) == [3072, 2729, 2048, 2991, 2048, None]


def test_images_are_found_in_all_folders_of_images(nih_folder: Path) -> None:
    assert plain(read_nih_chestxray14(nih_folder).images["path"]) == [
        "images_001/images/00000001_000.png",
        "images_001/images/00000001_001.PNG",
        "images_002/images/00000002_000.png",
        "images_012/images/00000003_000.jpg",
        "images/images/00000004_000.png",
        None,
    ]


def test_all_that_was_odd_is_counted_once(nih_folder: Path) -> None:
    catalog = read_nih_chestxray14(nih_folder)

    assert remark_counts(catalog) == {
        "ignored_table": 1,  # the sample's
        "impossible_age": 1,
        "unknown_original_size": 1,
        "listed_twice": 1,
        "unlisted_image": 1,
        "absent_image": 1,
        "repeated_name": 1,
        "stray_file": 3,  # an archive, a README and an image without a row
        "broken_boxes": 1,
        "stray_box": 1,
        "unplaced_box": 1,
        "clipped_box": 1,
    }
    [absent] = [remark for remark in catalog.remarks if remark.kind == "absent_image"]
    assert "1 of 6 images are absent" in absent.message
    assert absent.examples == ("00000005_000",)


def test_boxes_are_scaled_from_1024_px_to_the_original_width_and_height(nih_folder: Path) -> None:
    catalog = read_nih_chestxray14(nih_folder)

    first = catalog.boxes.iloc[0]
    assert first.tolist() == ["00000001_000", "Infiltration", 1024, 768, 512, 384]
    sides = ["x", "y", "width", "height"]
    fractions = relative_boxes(catalog)[sides].to_numpy().tolist()
    assert fractions[0] == [512 / 1024, 256 / 1024, 256 / 1024, 128 / 1024]
    assert fractions[1] == pytest.approx([1000.5 / 1024, 0, 23.5 / 1024, 100.25 / 1024])


@pytest.mark.parametrize(
    ("lists", "splits"),
    [
        (
            ("train_val_list.txt", "test_list.txt"),
            ["training", "training", "test", "test", "test", None],
        ),
        (("train_val_list.txt",), ["training", "training", "training", "test", "test", "test"]),
        (("test_list.txt",), ["training", "training", "test", "test", "test", "training"]),
        ((), [None] * 6),
    ],
    ids=["both", "train", "test", "none"],
)
def test_the_official_lists_divide_the_images(
    nih_folder: Path, lists: tuple[str, ...], splits: list[str | None]
) -> None:
    for name in {"train_val_list.txt", "test_list.txt"} - {*lists}:
        (nih_folder / name).unlink()

    assert plain(read_nih_chestxray14(nih_folder).images["published_split"]) == splits


def test_an_empty_list_says_nothing(nih_folder: Path) -> None:
    (nih_folder / "test_list.txt").write_bytes(b"\r\n")

    splits = read_nih_chestxray14(nih_folder).images["published_split"]

    assert plain(splits) == ["training", "training", "training", "test", "test", "test"]


def test_the_newest_full_table_goes_before_the_older_and_the_sample(nih_folder: Path) -> None:
    header = b"Image Index,Finding Labels,Patient ID\n"
    (nih_folder / "Data_Entry_2017.csv").write_bytes(header + b"00000009_000.png,Mass,9\n")

    with_three = read_nih_chestxray14(nih_folder)
    (nih_folder / TABLE).unlink()
    with_two = read_nih_chestxray14(nih_folder)
    (nih_folder / "Data_Entry_2017.csv").unlink()
    with_the_sample = read_nih_chestxray14(nih_folder)

    assert [len(one.images) for one in (with_three, with_two, with_the_sample)] == [6, 1, 1]
    assert with_three.remarks[0].examples == ("Data_Entry_2017.csv", "sample_labels.csv")
    assert with_two.images["image_id"].tolist() == ["00000009_000"]
    assert with_the_sample.images["image_id"].tolist() == ["00000001_000"]
    assert "ignored_table" not in remark_counts(with_the_sample)


@pytest.mark.parametrize("inner", ["images", "sample/images", "sample/sample/images", "images_004"])
def test_the_other_layouts_of_the_images_are_read(tmp_path: Path, inner: str) -> None:
    (tmp_path / "sample").mkdir()
    for folder in (tmp_path, tmp_path / "sample"):  # the archive holds the table twice
        table = "Image Index,Finding Labels,Patient ID\n00000001_000.png,Mass,1\n"
        (folder / "sample_labels.csv").write_text(table)
    write_image(tmp_path / inner / "00000001_000.png")

    catalog = read_nih_chestxray14(tmp_path)

    assert catalog.images["path"].tolist() == [f"{inner}/00000001_000.png"]
    assert set(remark_counts(catalog)) == {"unknown_original_size"}


@pytest.mark.parametrize("depth", [1, 2])
def test_a_folder_around_the_dataset_will_do_and_around_two_will_not(
    nih_folder: Path, depth: int
) -> None:
    outer = nih_folder.parent
    if depth == 2:
        (outer / "archive").mkdir()
        nih_folder = nih_folder.rename(outer / "archive" / "nih")
    (outer / "__MACOSX").mkdir()

    assert read_nih_chestxray14(outer).root == nih_folder

    (nih_folder.parent / "copy").mkdir()
    shutil.copy(nih_folder / TABLE, nih_folder.parent / "copy")
    with pytest.raises(DatasetError, match=f"is not NIH ChestX-ray14: expected {TABLE}"):
        read_nih_chestxray14(outer)


def test_numbers_that_a_spreadsheet_saved_with_a_point_are_understood(nih_folder: Path) -> None:
    change(nih_folder / TABLE, ",1,1,58,M,PA,2894,2729", ",1.0,1.0,58.0,M,PA,2893.6,2729.0")

    catalog = read_nih_chestxray14(nih_folder)

    row = catalog.images.iloc[1]
    assert (row["patient_id"], row["follow_up"], row["age"]) == ("00000001", 1, 58)
    assert (row["original_width"], row["original_height"]) == (2894, 2729)


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("Cardiomegaly|Emphysema", "Cardiomegaly|Emphysemia", "unclear_label"),
        ("Cardiomegaly|Emphysema", "Cardiomegaly|No Finding", "unclear_label"),
        ("Cardiomegaly|Emphysema", "", "unlabelled_image"),
        (",1,1,58", ",1,,58", "unknown_patient"),
        (",1,1,58", ",first,1,58", "unclear_cell"),
        (",1,1,58", ",-1,1,58", "unclear_cell"),
        (",1,1,58", ",1,1,about sixty", "unclear_age"),
        (",58,M", ",58,X", "unclear_cell"),
        (",58,M,PA", ",58,M,sideways", "unclear_cell"),
        ("00000001_001.png", "00000002_000.png", "repeated_row"),
        ("00000001_001.png", "", "nameless_row"),
        ("00000001_001.png", ".png", "nameless_row"),
    ],
)
def test_a_row_of_issues_is_counted_and_the_rest_is_read(
    nih_folder: Path, old: str, new: str, kind: str
) -> None:
    change(nih_folder / TABLE, old, new)

    catalog = read_nih_chestxray14(nih_folder)

    assert remark_counts(catalog)[kind] == 1
    assert len(catalog.images) >= 5


@pytest.mark.parametrize("size", ["", "0", "-5", "wide", "1e300"])
def test_an_image_of_unknown_size_loses_its_boxes(nih_folder: Path, size: str) -> None:
    change(nih_folder / TABLE, ",2048,3072,", f",{size},3072,")

    catalog = read_nih_chestxray14(nih_folder)

    assert catalog.boxes["image_id"].tolist() == ["00000004_000"]
    assert remark_counts(catalog)["unplaced_box"] == 2
    assert remark_counts(catalog)["unknown_original_size"] == 2


@pytest.mark.parametrize("cell", ["", "?", "nan", "inf", "1e300", "0x10"])
def test_a_box_of_no_number_is_left_out(nih_folder: Path, cell: str) -> None:
    change(nih_folder / "BBox_List_2017.csv", ",512,", f",{cell},")

    catalog = read_nih_chestxray14(nih_folder)

    assert catalog.boxes["image_id"].tolist() == ["00000004_000"]
    assert remark_counts(catalog)["broken_boxes"] == 2


def test_without_a_table_of_boxes_there_are_none(nih_folder: Path) -> None:
    (nih_folder / "BBox_List_2017.csv").unlink()

    assert read_nih_chestxray14(nih_folder).boxes.empty


@pytest.mark.parametrize(
    ("file", "column", "title"),
    [
        (TABLE, "Finding Labels", "Finding Labels"),
        (TABLE, "Patient ID", "Patient ID"),
        ("BBox_List_2017.csv", "Bbox [x", "x"),
    ],
)
def test_a_missing_column_is_named_with_those_that_are_there(
    nih_folder: Path, file: str, column: str, title: str
) -> None:
    change(nih_folder / file, column, "renamed")

    with pytest.raises(DatasetError, match=rf"{file} has no column '{title}'.*'renamed'"):
        read_nih_chestxray14(nih_folder)


def test_a_table_without_rows_is_refused(nih_folder: Path) -> None:
    (nih_folder / TABLE).write_text("Image Index,Finding Labels,Patient ID\n")

    with pytest.raises(DatasetError, match="holds no image"):
        read_nih_chestxray14(nih_folder)


def test_the_real_tables_have_the_known_counts(real_data: Path) -> None:
    catalog = read_nih_chestxray14(real_data / "nih-chestxray14")

    images, boxes = catalog.images, catalog.boxes
    assert len(images) == 112_120
    assert images["patient_id"].nunique() == 30_805
    assert (images["patient_id"] == images["image_id"].str[:8]).all()
    assert images["findings"].nunique() == 836
    assert (len(boxes), boxes["image_id"].nunique(), boxes["finding"].nunique()) == (984, 880, 8)
    assert images["published_split"].value_counts().to_dict() == {
        "training": 86_524,
        "test": 25_596,
    }
    patients = images.groupby("published_split")["patient_id"].unique()
    assert not {*patients["training"]} & {*patients["test"]}
    known = ["age", "gender", "follow_up", "view_position", "original_width", "original_height"]
    assert images[known].notna().all(axis=None)
    assert remark_counts(catalog) == {"ignored_table": 1, "absent_image": 112_076}


def test_the_real_sample_has_the_known_counts_and_ages(real_data: Path, tmp_path: Path) -> None:
    for name in ("sample_labels.csv", "BBox_List_2017.csv", "train_val_list.txt"):
        shutil.copy(real_data / "nih-chestxray14" / name, tmp_path)

    catalog = read_nih_chestxray14(tmp_path)

    images = catalog.images
    assert len(images) == 5_606
    assert images["findings"].nunique() == 244
    assert images["age"].isna().sum() == 1
    infants = images["age"].nsmallest(2).tolist()
    assert infants[0] == pytest.approx(1 / 365.25)
    assert 13 / 12 in images["age"].tolist()
    counts = remark_counts(catalog)
    assert counts["impossible_age"] == 1
    assert counts["absent_image"] == 5_606
    assert counts["stray_box"] + len(catalog.boxes) == 984
    assert set(counts) == {"impossible_age", "absent_image", "stray_box"}
