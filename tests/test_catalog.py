"""The catalog: what it refuses, and that it comes back from disk as it was."""

import ast
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from xray_core.catalog import (
    BOX_COLUMNS,
    COLUMNS,
    LUNGS,
    MASK_COLUMNS,
    OF_FINDING,
    TABLES,
    Catalog,
    Remark,
    build_catalog,
    read_catalog,
    relative_boxes,
    write_catalog,
)
from xray_core.errors import DatasetError

ROOT = Path("dataset")
ROWS = [
    {"image_id": "b", "path": "b.png", "original_width": 400, "original_height": 200},
    {"image_id": "a", "path": None, "findings": "Mass|Nodule", "original_width": 100},
]
BOX = {"image_id": "b", "finding": "Mass", "x": 100.0, "y": 50.0, "width": 200.0, "height": 20.0}
REMARK = Remark("absent_image", 1, "1 of 2 images is absent.", ("a",))


def small_catalog() -> Catalog:
    return build_catalog(ROOT, "made_up", ROWS, [BOX], [REMARK])


CHANGED: dict[str, Catalog] = {
    column: build_catalog(ROOT, "made_up", [ROWS[0] | {column: value}, ROWS[1]], [BOX], [REMARK])
    for column, value in {
        "path": "c.png",
        "patient_id": "p1",
        "findings": "Mass",
        "published_split": "test",
        "site": "here",
        "age": 0.0,
        "file_size": 0,
        "original_width": 500,
    }.items()
} | {
    "box": build_catalog(ROOT, "made_up", ROWS, [BOX | {"x": 99.0}], [REMARK]),
    "no box": build_catalog(ROOT, "made_up", ROWS, [], [REMARK]),
    "remark": build_catalog(ROOT, "made_up", ROWS, [BOX], [replace(REMARK, examples=("b",))]),
    "mask": build_catalog(
        ROOT, "made_up", ROWS, [BOX], [REMARK], [{"image_id": "b", "kind": LUNGS, "path": "m.png"}]
    ),
    "state": build_catalog(
        ROOT, "made_up", ROWS, [BOX], [REMARK], (), pd.DataFrame({"image_id": ["b"], "Mass": [1]})
    ),
    "root": build_catalog(Path("other"), "made_up", ROWS, [BOX], [REMARK]),
}


def test_an_equal_catalog_has_the_same_digest_also_from_disk(tmp_path: Path) -> None:
    write_catalog(small_catalog(), tmp_path / "kept")

    digests = {small_catalog().digest, read_catalog(tmp_path / "kept").digest}

    assert len(digests) == 1


def test_whatever_differs_gives_a_catalog_another_digest() -> None:
    digests = {name: one.digest for name, one in CHANGED.items()} | {"": small_catalog().digest}

    assert len(set(digests.values())) == len(CHANGED) + 1, digests


def test_columns_are_complete_typed_and_sorted_by_image() -> None:
    images = small_catalog().images

    assert images.dtypes.astype(str).to_dict() == COLUMNS
    assert images["image_id"].tolist() == ["a", "b"]
    assert images.index.tolist() == [0, 1]
    assert images["source"].tolist() == ["made_up", "made_up"]
    assert images["patient_id"].isna().all()


def test_rows_may_come_as_a_table() -> None:
    assert build_catalog(ROOT, "made_up", pd.DataFrame(ROWS)).images["path"].tolist()[1] == "b.png"


def test_a_dataset_without_boxes_has_an_empty_box_table_with_its_columns() -> None:
    boxes = build_catalog(ROOT, "made_up", ROWS).boxes

    assert boxes.empty
    assert boxes.dtypes.astype(str).to_dict() == BOX_COLUMNS


def test_present_leaves_out_absent_files_and_keeps_the_index() -> None:
    assert small_catalog().present.index.tolist() == [1]


def test_remarks_that_never_happened_are_dropped() -> None:
    never = Remark("stray_file", 0, "Stray files: 0.")

    assert build_catalog(ROOT, "made_up", ROWS, remarks=[never, REMARK]).remarks == (REMARK,)


@pytest.mark.parametrize("rows", [[], pd.DataFrame()])
def test_no_rows_is_an_error(rows: list[dict[str, str]] | pd.DataFrame) -> None:
    with pytest.raises(DatasetError, match="no image that the 'made_up' reader understands"):
        build_catalog(ROOT, "made_up", rows)


def test_a_repeated_image_is_an_error_that_names_it() -> None:
    with pytest.raises(DatasetError, match="but 1 repeat .first: 'b'"):
        build_catalog(ROOT, "made_up", [*ROWS, ROWS[0]])


def test_a_box_of_no_image_is_an_error_that_names_it() -> None:
    with pytest.raises(DatasetError, match="1 boxes belong to no image .first: 'z'"):
        build_catalog(ROOT, "made_up", ROWS, [BOX, {**BOX, "image_id": "z"}])


def test_a_mask_of_no_image_is_an_error_that_names_it() -> None:
    with pytest.raises(DatasetError, match=r"1 masks belong to no image \(first: 'x'\)"):
        build_catalog(ROOT, "made_up", ROWS, masks=[{"image_id": "x", "kind": LUNGS, "path": "m"}])


def test_the_first_lung_mask_is_the_images_own_and_a_lesion_is_none(tmp_path: Path) -> None:
    masks = [
        {"image_id": "b", "kind": OF_FINDING, "finding": "Mass", "path": "lesion.png"},
        {"image_id": "b", "kind": LUNGS, "path": "left.png"},
        {"image_id": "b", "kind": LUNGS, "path": "right.png"},
        {"image_id": "a", "kind": OF_FINDING, "runs": "1 2"},
    ]
    states = pd.DataFrame({"image_id": ["b", "a"], "Mass": [1, None], "Edema": [0, 1]})
    catalog = build_catalog(ROOT, "made_up", ROWS, masks=masks, finding_states=states)

    write_catalog(catalog, tmp_path / "kept")
    kept = read_catalog(tmp_path / "kept")

    assert kept.images["mask_path"].fillna("-").tolist() == ["-", "left.png"]
    assert kept.masks.dtypes.astype(str).to_dict() == MASK_COLUMNS
    assert len(kept.masks) == len(masks)
    assert kept.finding_states["image_id"].tolist() == ["a", "b"]
    assert kept.finding_states["Mass"].fillna(-1).tolist() == [-1, 1]
    assert kept.digest == catalog.digest


def test_relative_boxes_divide_x_by_the_width_and_y_by_the_height() -> None:
    boxes = relative_boxes(small_catalog())

    assert list(boxes) == list(BOX_COLUMNS)
    assert boxes.loc[0, ["x", "y", "width", "height"]].tolist() == [0.25, 0.25, 0.5, 0.1]


def test_relative_boxes_of_no_boxes() -> None:
    assert relative_boxes(build_catalog(ROOT, "made_up", ROWS)).empty


def test_a_catalog_comes_back_from_disk_as_it_was(tmp_path: Path) -> None:
    catalog = small_catalog()

    write_catalog(catalog, tmp_path / "deep" / "kept")
    again = read_catalog(tmp_path / "deep" / "kept")

    pd.testing.assert_frame_equal(again.images, catalog.images)
    pd.testing.assert_frame_equal(again.boxes, catalog.boxes)
    assert (again.root, again.source, again.remarks) == (ROOT, "made_up", (REMARK,))


def test_writing_again_replaces_and_leaves_nothing_else(tmp_path: Path) -> None:
    write_catalog(small_catalog(), tmp_path / "kept")
    write_catalog(build_catalog(ROOT, "made_up", ROWS[:1]), tmp_path / "kept")

    assert len(read_catalog(tmp_path / "kept").images) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_folder_that_is_no_catalog_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="is not a catalog of this version"):
        read_catalog(tmp_path)


@pytest.mark.parametrize("about", ["", "[]", "{}", '{"remarks": []}', '{"root": 1, "remarks": []}'])
def test_a_damaged_description_is_refused(about: str, tmp_path: Path) -> None:
    write_catalog(small_catalog(), tmp_path / "kept")
    (tmp_path / "kept" / "catalog.json").write_text(about)

    with pytest.raises(DatasetError, match="is not a catalog of this version"):
        read_catalog(tmp_path / "kept")


def test_a_catalog_with_other_columns_is_refused(tmp_path: Path) -> None:
    write_catalog(small_catalog(), tmp_path / "kept")
    small_catalog().images.drop(columns="view_position").to_parquet(
        tmp_path / "kept" / "images.parquet"
    )

    with pytest.raises(DatasetError, match="view_position"):
        read_catalog(tmp_path / "kept")


@pytest.mark.parametrize("file", ["images.parquet", "boxes.parquet", "catalog.json"])
def test_bytes_changed_at_random_are_read_or_refused(file: str, tmp_path: Path) -> None:
    write_catalog(small_catalog(), tmp_path / "kept")
    path = tmp_path / "kept" / file
    content = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    rng = np.random.default_rng(0)

    refused = 0
    for _ in range(30):
        damaged = content.copy()
        damaged[rng.integers(0, len(content), 3)] = rng.integers(0, 256, 3)
        path.write_bytes(damaged.tobytes())
        try:
            read_catalog(tmp_path / "kept")
        except DatasetError:
            refused += 1
    assert refused > 0


def test_the_manual_explains_every_column_in_the_same_order() -> None:
    manual = (Path(__file__).parents[1] / "docs" / "catalog.md").read_text(encoding="utf-8")

    columns, _, _ = manual.partition("## In numbers")
    explained = re.findall(r"^\| `(\w+)` \|", columns, flags=re.MULTILINE)

    assert explained == [name for columns in TABLES.values() for name in columns]
    assert "`catalog.finding_states`" in columns


def list_kinds() -> set[str]:
    """Return the kinds of remarks that the code makes, as it is written."""
    kinds = set()
    for file in (Path(__file__).parents[1] / "xray_core").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if node.func.id not in ("Remark", "count_remark"):
                    continue
                named = [word.value for word in node.keywords if word.arg == "kind"]
                kinds |= {
                    given.value
                    for given in [*node.args[:1], *named]
                    if isinstance(given, ast.Constant)
                }
    return kinds


def test_the_manual_explains_every_kind_of_remark() -> None:
    manual = (Path(__file__).parents[1] / "docs" / "catalog.md").read_text(encoding="utf-8")
    _, _, remarks = manual.partition("## Remarks")
    table, _, _ = remarks.partition("## In numbers")
    rows = re.findall(r"^\| ([a-z_, ]+) \|", table, flags=re.MULTILINE)
    explained = {kind for row in rows for kind in row.split(", ")}

    kinds = list_kinds()

    assert {"unread_image", "unreadable_image", "not_selected"} <= kinds
    assert kinds - explained == set()
