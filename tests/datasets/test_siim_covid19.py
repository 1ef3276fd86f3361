"""What only the SIIM-FISABIO-RSNA COVID-19 reader does."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.datasets.fakes import write_image
from tests.imagefiles.dicom_files import write_dicom
from xray_core.catalog import Catalog, relative_boxes
from xray_core.datasets import open_dataset
from xray_core.datasets.siim_covid19 import parse_boxes, read_siim_covid19
from xray_core.errors import DatasetError, XrayError


def remark_counts(catalog: Catalog) -> dict[str, int]:
    return {remark.kind: remark.count for remark in catalog.remarks}


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text("latin-1")
    assert old in text
    path.write_text(text.replace(old, new), "latin-1")


def test_each_image_has_its_study_appearance_and_its_own_finding(siim_folder: Path) -> None:
    images = read_siim_covid19(siim_folder).images.set_index("image_id")

    assert images["findings"].to_dict() == {
        "000a312787f2": "Typical Appearance",
        "000c3a3f293f": "Negative for Pneumonia",
        "0012ff7358bc": "Indeterminate Appearance",
        "001398f4ff4f": "Atypical Appearance",
        "001bd15d1891": "Indeterminate Appearance",
    }
    assert images["image_findings"].tolist() == ["opacity", "none", "opacity", "none", "none"]
    assert images["study_id"].nunique() == 4
    assert images["patient_id"].tolist() == ["aaaa", "aaaa", "bbbb", "cccc", "bbbb"]


def test_dim0_is_the_height_and_dim1_the_width(siim_folder: Path) -> None:
    images = read_siim_covid19(siim_folder).images

    assert set(images["original_height"]) == {200}
    assert set(images["original_width"]) == {400}


def test_files_are_found_whatever_their_case_and_suffix(siim_folder: Path) -> None:
    catalog = read_siim_covid19(siim_folder)

    paths = catalog.images["path"].astype(object).where(catalog.images["path"].notna(), None)
    assert paths.tolist() == [
        "train/000a312787f2.jpg",
        "train/000C3A3F293F.JPG",
        "train/0012ff7358bc.png",
        None,
        "train/001bd15d1891.jfif",
    ]


def test_absent_stray_and_clipped_are_counted_once_each(siim_folder: Path) -> None:
    catalog = read_siim_covid19(siim_folder)

    assert remark_counts(catalog) == {"absent_image": 1, "stray_file": 1, "clipped_box": 1}
    assert "1 of 5 images are absent" in catalog.remarks[0].message


def test_boxes_are_clipped_to_their_image_and_keep_their_far_edge(siim_folder: Path) -> None:
    boxes = read_siim_covid19(siim_folder).boxes

    assert boxes[["x", "y", "width", "height"]].to_numpy().tolist() == [
        [0.0, 50.0, 100.0, 100.0],
        [200.0, 50.0, 200.0, 150.0],
        [1.0, 2.0, 3.0, 4.0],
    ]
    assert set(boxes["finding"]) == {"opacity"}


def test_boxes_scale_by_width_and_height_apart(siim_folder: Path) -> None:
    boxes = relative_boxes(read_siim_covid19(siim_folder))

    assert boxes.loc[1, ["x", "y", "width", "height"]].tolist() == [0.5, 0.25, 0.5, 0.75]


def test_the_parent_of_one_such_folder_will_do_and_of_two_will_not(siim_folder: Path) -> None:
    assert read_siim_covid19(siim_folder.parent).root == siim_folder

    (siim_folder.parent / "copy").mkdir()
    for name in ("train_image_level.csv", "train_study_level.csv"):
        (siim_folder.parent / "copy" / name).write_bytes((siim_folder / name).read_bytes())
    with pytest.raises(DatasetError, match="expected train_study_level.csv"):
        read_siim_covid19(siim_folder.parent)


def test_without_meta_the_boxes_are_left_out_and_said_to_be(siim_folder: Path) -> None:
    (siim_folder / "meta.csv").unlink()

    catalog = read_siim_covid19(siim_folder)

    assert catalog.boxes.empty
    assert catalog.images["original_width"].isna().all()
    assert remark_counts(catalog)["unplaced_box"] == 3
    assert remark_counts(catalog)["unknown_original_size"] == 5


@pytest.mark.parametrize("height", ["?", "", "0", "-1"])
def test_an_image_that_meta_lacks_loses_only_its_own_boxes(siim_folder: Path, height: str) -> None:
    change(siim_folder / "meta.csv", "0012ff7358bc,200,400", f"0012ff7358bc,{height},400")

    catalog = read_siim_covid19(siim_folder)

    assert catalog.boxes["image_id"].tolist() == ["000a312787f2", "000a312787f2"]
    assert remark_counts(catalog)["unplaced_box"] == 1


def test_without_patients_the_patient_is_unknown(siim_folder: Path) -> None:
    (siim_folder / "patients.csv").unlink()

    catalog = read_siim_covid19(siim_folder)

    assert catalog.images["patient_id"].isna().all()
    assert remark_counts(catalog)["unknown_patient"] == 5


@pytest.mark.parametrize(
    ("file", "old", "new", "kind"),
    [
        ("train_study_level.csv", "28dddc8559b2_study", "other_study", "unlabelled_image"),
        ("train_study_level.csv", "28dddc8559b2_study,0,0,0,1", "28dddc8559b2_study,1,0,0,1",
         "unlabelled_image"),
        ("train_image_level.csv", "001398f4ff4f", "000a312787f2", "repeated_row"),
        ("train_image_level.csv", "001398f4ff4f_image", "", "nameless_row"),
        ("train_image_level.csv", "'x': 1, ", "", "broken_boxes"),
        ("train_image_level.csv", "'width': 3", "'width': -3", "empty_box"),
        ("train_image_level.csv", ",none 1 0 0 1 1,28", ",unsure,28", "unclear_label"),
    ],
)  # fmt: skip
def test_a_row_of_issues_is_counted_and_the_rest_is_read(
    siim_folder: Path, file: str, old: str, new: str, kind: str
) -> None:
    change(siim_folder / file, old, new)

    catalog = read_siim_covid19(siim_folder)

    assert remark_counts(catalog)[kind] == 1
    assert len(catalog.images) >= 4


def test_a_study_with_two_appearances_is_left_unlabelled(siim_folder: Path) -> None:
    change(siim_folder / "train_study_level.csv", "5776db0cec75_study,0", "5776db0cec75_study,1")

    images = read_siim_covid19(siim_folder).images.set_index("image_id")

    assert pd.isna(images.loc["000a312787f2", "findings"])


@pytest.mark.parametrize(
    ("file", "column"),
    [
        ("train_image_level.csv", "boxes"),
        ("train_study_level.csv", "Typical Appearance"),
        ("meta.csv", "dim1"),
        ("patients.csv", "patientid"),
    ],
)
def test_a_missing_column_is_named_with_those_that_are_there(
    siim_folder: Path, file: str, column: str
) -> None:
    change(siim_folder / file, column, "renamed")

    with pytest.raises(DatasetError, match=rf"{file} has no column '{column}'.*'renamed'"):
        read_siim_covid19(siim_folder)


@pytest.mark.parametrize("content", [b"", b'id,boxes,label,StudyInstanceUID\n"open'])
def test_a_table_that_is_no_csv_is_named(siim_folder: Path, content: bytes) -> None:
    (siim_folder / "train_image_level.csv").write_bytes(content)

    with pytest.raises(DatasetError, match="train_image_level.csv is not a readable CSV"):
        read_siim_covid19(siim_folder)


def test_a_table_without_rows_is_refused(siim_folder: Path) -> None:
    header = b"id,boxes,label,StudyInstanceUID\n"
    (siim_folder / "train_image_level.csv").write_bytes(header)

    with pytest.raises(DatasetError, match="holds no image"):
        read_siim_covid19(siim_folder)


BROKEN_BOXES = [
    "[", "1", "[1]", "[{}]", "[{'x': 1}]", "__import__('os').getcwd()", "[None]", "(" * 1000,
    "[{'x': 'a', 'y': 1, 'width': 1, 'height': 1}]", "\0", "-" * 100_000 + "1",
    "[{'x': 1e999, 'y': 1, 'width': 1, 'height': 1}]", "9" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("text", BROKEN_BOXES, ids=lambda text: text[:20])
def test_broken_boxes_are_refused(text: str) -> None:
    with pytest.raises(DatasetError, match="box"):
        parse_boxes(text)


literals = st.recursive(
    st.none() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["x", "y", "width", "height"]), inner)
    ),
)


@settings(deadline=None, derandomize=True)
@given(st.text() | literals.map(repr))
def test_whatever_a_cell_of_boxes_holds_it_is_read_or_refused(text: str) -> None:
    try:
        boxes = parse_boxes(text)
    except XrayError:
        return
    assert all(len(box) == 4 for box in boxes)


# Study, series and name of the original files; 001398f4ff4f is absent here as well.
ORIGINALS = (
    "5776db0cec75/81456c9c5423/000a312787f2.dcm",
    "FF0879EB20ED/d8a644cc4f93/000C3A3F293F.DCM",
    "9d514ce429a7/22897cd1daa0/0012ff7358bc.dcm",
    "9d514ce429a7/4d47bc042ee6/001bd15d1891.dicom",
)


@pytest.fixture
def original_folder(siim_folder: Path) -> Path:
    """The folder as the authors publish it: DICOM of 400 x 200 px, no meta.csv, no patients."""
    for path in (siim_folder / "train").glob("*.*"):
        if path.is_file():
            path.unlink()
    for name in ("meta.csv", "patients.csv"):
        (siim_folder / name).unlink()
    pixels = np.random.default_rng(0).integers(0, 4096, (200, 400)).astype(np.uint16)
    for name in ORIGINALS:
        write_dicom(siim_folder / "train" / name, pixels, BitsStored=12, HighBit=11)
    (siim_folder / "train" / "5776db0cec75" / ".DS_Store").write_bytes(b"clutter")
    return siim_folder


def test_the_original_dicom_files_are_found(original_folder: Path) -> None:
    catalog = read_siim_covid19(original_folder)

    assert list(catalog.present["path"]) == [f"train/{name}" for name in ORIGINALS]
    assert catalog.images["study_id"].nunique() == 4
    assert remark_counts(catalog) == {
        "absent_image": 1, "unknown_original_size": 1, "unknown_patient": 5, "clipped_box": 1,
    }  # fmt: skip


def test_a_dicom_file_gives_its_own_size_to_place_the_boxes(
    original_folder: Path, tmp_path: Path
) -> None:
    catalog = open_dataset(original_folder, tmp_path / "cache")

    present = catalog.present
    assert set(present["original_width"]) == set(present["width"]) == {400}
    assert set(present["original_height"]) == set(present["height"]) == {200}
    assert len(catalog.boxes) == 3
    boxes = relative_boxes(catalog)
    assert boxes.loc[1, ["x", "y", "width", "height"]].tolist() == [0.5, 0.25, 0.5, 0.75]


def test_only_a_dicom_file_that_meta_lacks_is_opened(
    original_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(paths: list[Path]) -> list[tuple[int, int]]:
        opened.extend(path.name for path in paths)
        return [(40, 20)] * len(paths)

    opened: list[str] = []
    monkeypatch.setattr("xray_core.datasets.siim_covid19.read_sizes", read)
    (original_folder / "meta.csv").write_text("image_id,dim0,dim1\n000a312787f2,300,600\n")

    images = read_siim_covid19(original_folder).images.set_index("image_id")

    assert sorted(opened) == ["000C3A3F293F.DCM", "0012ff7358bc.dcm", "001bd15d1891.dicom"]
    assert list(images.loc["000a312787f2", ["original_width", "original_height"]]) == [600, 300]
    assert list(images.loc["0012ff7358bc", ["original_width", "original_height"]]) == [40, 20]


def test_a_broken_dicom_file_loses_only_its_own_boxes(
    original_folder: Path, tmp_path: Path
) -> None:
    (original_folder / "train" / ORIGINALS[2]).write_bytes(b"")

    catalog = open_dataset(original_folder, tmp_path / "cache")

    assert set(catalog.boxes["image_id"]) == {"000a312787f2"}
    counts = remark_counts(catalog)
    assert (counts["unplaced_box"], counts["unreadable_image"]) == (1, 1)


def test_a_file_in_another_studys_folder_is_kept_and_named(original_folder: Path) -> None:
    folder = original_folder / "train"
    (folder / "5776db0cec75").rename(folder / "28dddc8559b2")

    catalog = read_siim_covid19(original_folder)

    (remark,) = (one for one in catalog.remarks if one.kind == "misplaced_file")
    assert remark.examples == ("train/28dddc8559b2/81456c9c5423/000a312787f2.dcm",)
    studies = catalog.images.set_index("image_id")["study_id"]
    assert studies["000a312787f2"] == "5776db0cec75"


def test_a_resized_copy_goes_before_the_original(original_folder: Path) -> None:
    (original_folder / "train").rename(original_folder / "TRAIN")
    write_image(original_folder / "TRAIN" / "000a312787f2.jpg")

    catalog = read_siim_covid19(original_folder)

    assert catalog.images["path"][0] == "TRAIN/000a312787f2.jpg"
    assert remark_counts(catalog)["repeated_name"] == 1
    assert remark_counts(catalog)["unplaced_box"] == 2  # the copy does not tell its original size


def test_the_real_tables_have_the_known_counts(real_data: Path) -> None:
    catalog = read_siim_covid19(real_data / "siim-covid19")

    images = catalog.images
    assert images["findings"].value_counts().to_dict() == {
        "Typical Appearance": 3007,
        "Negative for Pneumonia": 1736,
        "Indeterminate Appearance": 1108,
        "Atypical Appearance": 483,
    }
    assert images["image_findings"].value_counts().to_dict() == {"opacity": 4294, "none": 2040}
    not_negative = images["findings"] != "Negative for Pneumonia"
    assert (not_negative & (images["image_findings"] == "none")).sum() == 304
    assert images["study_id"].nunique() == 6054
    assert images["patient_id"].nunique() == 3261
    assert len(images) == 6334
    assert len(catalog.boxes) == 7853
    assert remark_counts(catalog) == {"absent_image": 1269, "clipped_box": 1}
