"""What only the RSNA Pneumonia Detection reader does."""

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.datasets.fakes import RSNA_IDS, fake_rsna_pneumonia, write_image
from xray_core.catalog import Catalog, relative_boxes
from xray_core.datasets import detect_dataset, open_dataset
from xray_core.datasets.rsna_pneumonia import MAPPING_JSON, find_root, read_rsna_pneumonia
from xray_core.errors import DatasetError
from xray_core.splits import SplitSpec, describe_groups
from xray_core.splits.grouping import group_images
from xray_core.tasks import TASKS, class_of, encode_catalog

LABELS, CLASSES = "stage_2_train_labels.csv", "stage_2_detailed_class_info.csv"
OTHER = "No Lung Opacity / Not Normal"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    fake_rsna_pneumonia(tmp_path / "rsna")
    return tmp_path / "rsna"


def remark_counts(catalog: Catalog) -> dict[str, int]:
    return {remark.kind: remark.count for remark in catalog.remarks}


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8-sig")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_each_image_has_its_class_and_its_file_whatever_the_format(folder: Path) -> None:
    images = read_rsna_pneumonia(folder).images

    assert images["image_id"].tolist() == RSNA_IDS[:6]
    assert images["findings"].tolist() == [
        OTHER, "Lung Opacity", OTHER, "Normal", "Lung Opacity", "Normal",
    ]  # fmt: skip
    assert images["path"].tolist()[0] == f"stage_2_train_images/{RSNA_IDS[0]}.dcm"
    assert images["path"].tolist()[4] == f"stage_2_train_images/{RSNA_IDS[4].upper()}.PNG"
    assert images["path"].isna().tolist() == [False] * 5 + [True]
    assert set(images["original_width"]) == set(images["original_height"]) == {1024}


def test_the_header_of_a_dicom_file_gives_age_gender_and_view(folder: Path) -> None:
    images = read_rsna_pneumonia(folder).images

    assert images["age"].fillna(-1).tolist() == [51, -1, -1, 60, -1, -1]
    assert images["gender"].fillna("?").tolist() == ["F", "M", "?", "M", "?", "?"]
    assert images["view_position"].fillna("?").tolist() == ["PA", "AP", "?", "PA", "?", "?"]


def test_what_is_odd_is_counted_and_named_once(folder: Path) -> None:
    catalog = read_rsna_pneumonia(folder)

    assert remark_counts(catalog) == {
        "absent_image": 1,
        "stray_file": 1,
        "test_image": 1,
        "unknown_patient": 6,
        "impossible_age": 1,
        "clipped_box": 1,
    }
    assert "1 of 6 images are absent" in catalog.remarks[0].message


def test_boxes_are_in_pixels_of_the_published_image_and_lie_in_it(folder: Path) -> None:
    catalog = read_rsna_pneumonia(folder)

    boxes = catalog.boxes
    assert boxes["image_id"].tolist() == [RSNA_IDS[1], RSNA_IDS[1], RSNA_IDS[4]]
    assert boxes[["x", "y", "width", "height"]].to_numpy().tolist() == [
        [264, 0, 213, 371],
        [562, 152, 256, 453],
        [512, 256, 256, 128],
    ]
    last = relative_boxes(catalog).iloc[2]
    assert last[["x", "y", "width", "height"]].tolist() == [0.5, 0.25, 0.25, 0.125]


def test_without_the_mapping_a_split_goes_by_image_and_says_so(folder: Path) -> None:
    catalog = read_rsna_pneumonia(folder)

    assert catalog.images["patient_id"].isna().all()
    assert "neither patient nor study is published" in describe_groups(catalog, SplitSpec())


def test_with_the_mapping_images_of_one_patient_stay_together(folder: Path) -> None:
    rows = [
        {"subset_img_id": RSNA_IDS[0], "img_id": "00000007_000.png", "orig_labels": ["Mass"]},
        {"subset_img_id": RSNA_IDS[1].upper(), "img_id": "00000007_003.png"},
        {"subset_img_id": RSNA_IDS[2], "img_id": "00000008_000.png"},
        {"subset_img_id": "", "img_id": ""},
    ]
    (folder / MAPPING_JSON).write_text(json.dumps(rows))

    catalog = read_rsna_pneumonia(folder)

    assert catalog.images["patient_id"].tolist()[:3] == ["00000007", "00000007", "00000008"]
    assert remark_counts(catalog)["unknown_patient"] == 3
    assert group_images(catalog, read_files=False).nunique() == 5


@pytest.mark.parametrize("text", ["", "{}x", '{"a": 1}', "[1]", '[{"img_id": "1_0.png"}]', "null"])
def test_a_mapping_that_is_none_is_refused_by_name(folder: Path, text: str) -> None:
    (folder / MAPPING_JSON).write_text(text)

    with pytest.raises(DatasetError, match="mappings_2018.json is not the mapping of the RSNA"):
        read_rsna_pneumonia(folder)


@pytest.mark.parametrize(
    ("file", "old", "new", "kind", "count"),
    [
        (CLASSES, f"{RSNA_IDS[3]},Normal", "", "unlabelled_image", 1),
        (CLASSES, f"{RSNA_IDS[3]},Normal", f"{RSNA_IDS[3]},Odd", "unclear_label", 1),
        (CLASSES, f"{RSNA_IDS[3]},Normal", f"{RSNA_IDS[3]},Normal\n{RSNA_IDS[3]},{OTHER}",
         "conflicting_rows", 1),
        (CLASSES, f"{RSNA_IDS[3]},Normal", f"{RSNA_IDS[3]},Lung Opacity", "contradicted_label", 1),
        (CLASSES, f"{RSNA_IDS[3]},Normal", ",Normal", "nameless_row", 1),
        (LABELS, "152.0", "here", "broken_boxes", 1),
        (LABELS, "152.0", "inf", "broken_boxes", 1),
        (LABELS, "152.0", "", "broken_boxes", 1),
        (LABELS, "256.0,453.0", "0,453.0", "empty_box", 1),
        (LABELS, f"{RSNA_IDS[4]},512,256,256,128,1", f"{RSNA_IDS[4]},,,,,0", "contradicted_label",
         1),
    ],
)  # fmt: skip
def test_an_odd_row_is_counted_and_the_rest_read(
    folder: Path, file: str, old: str, new: str, kind: str, count: int
) -> None:
    change(folder / file, old, new)

    catalog = read_rsna_pneumonia(folder)

    assert remark_counts(catalog)[kind] == count
    assert len(catalog.images) == 6


def test_class_names_may_be_spelt_with_other_blanks_and_capitals(folder: Path) -> None:
    change(folder / CLASSES, OTHER, "no lung opacity/not normal")

    images = read_rsna_pneumonia(folder).images

    assert (images["findings"] == OTHER).sum() == 2


@pytest.mark.parametrize(
    ("file", "column"), [(LABELS, "Target"), (LABELS, "width"), (CLASSES, "class")]
)
def test_a_table_without_a_column_is_refused_with_the_columns_it_has(
    folder: Path, file: str, column: str
) -> None:
    change(folder / file, column, "Other")

    with pytest.raises(DatasetError, match=f"{file} has no column '{column}'; it has: 'patientId'"):
        read_rsna_pneumonia(folder)


def test_the_first_stage_is_read_and_the_second_goes_before_it(folder: Path) -> None:
    for name in (LABELS, CLASSES):
        (folder / name).rename(folder / name.replace("stage_2", "stage_1"))
    assert len(read_rsna_pneumonia(folder).images) == 6

    for name in (LABELS, CLASSES):
        text = (folder / name.replace("stage_2", "stage_1")).read_text("utf-8-sig")
        lines = [line for line in text.splitlines() if RSNA_IDS[5] not in line]
        (folder / name).write_text("\n".join(lines))
    assert len(read_rsna_pneumonia(folder).images) == 5


def test_the_parent_of_one_such_folder_will_do_and_half_of_its_tables_will_not(
    folder: Path,
) -> None:
    assert find_root(folder.parent) == folder
    assert detect_dataset(folder.parent) == "rsna_pneumonia"

    (folder / CLASSES).unlink()

    assert find_root(folder) is None


def test_a_folder_of_copies_beside_the_originals_adds_none(folder: Path) -> None:
    write_image(folder / "png" / f"{RSNA_IDS[0]}.png")
    write_image(folder / f"{RSNA_IDS[5]}.jpg")

    catalog = read_rsna_pneumonia(folder)

    assert catalog.images["path"].tolist()[0].endswith(".dcm")
    assert catalog.images["path"].tolist()[5] == f"{RSNA_IDS[5]}.jpg"
    assert remark_counts(catalog)["repeated_name"] == 1


def test_a_damaged_file_loses_only_its_own_header(folder: Path, tmp_path: Path) -> None:
    (folder / "stage_2_train_images" / f"{RSNA_IDS[0]}.dcm").write_bytes(b"")

    catalog = open_dataset(folder, tmp_path / "cache")

    assert catalog.images["age"].fillna(-1).tolist()[:4] == [-1, -1, -1, 60]
    assert remark_counts(catalog)["unreadable_image"] == 1


def test_the_views_ask_what_the_source_asked(folder: Path) -> None:
    catalog = read_rsna_pneumonia(folder)

    def count(task: str) -> dict[str, int]:
        classes: pd.Series = class_of(encode_catalog(catalog, TASKS[task]))
        return {str(name): int(n) for name, n in classes.value_counts().items()}

    assert count("rsna_opacity3") == {"normal": 2, "not normal": 2, "opacity": 2}
    assert count("rsna_abnormal") == {"abnormal": 4, "normal": 2}
    assert count("rsna_normal_opacity") == {"normal": 2, "opacity": 2}
