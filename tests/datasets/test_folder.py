"""The reader of folders of any origin: class folders, split folders, and mapped tables."""

import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.datasets.fakes import FAKE_SIZE, fake_folder, fake_kermany, fake_siim_covid19
from tests.datasets.fakes import write_image as draw
from xray_core.catalog import Catalog, relative_boxes
from xray_core.datasets import detect_dataset, find_dataset, open_dataset
from xray_core.datasets.folder import find_root, read_folder
from xray_core.datasets.folder.decide import guess_mapping
from xray_core.datasets.folder.files import FolderFiles, sort_files
from xray_core.datasets.folder.mapping import (
    ROLES,
    FolderMapping,
    MappedTable,
    format_mapping,
    parse_mapping,
    place_in_workspace,
    read_mapping,
    write_mapping,
)
from xray_core.datasets.folder.patients import add_patients
from xray_core.datasets.folder.rows import FolderTables
from xray_core.datasets.folder.table import MappingPreview, preview_mapping
from xray_core.datasets.inventory import take_inventory
from xray_core.errors import DatasetError, XrayError
from xray_core.tasks import TASKS, encode_catalog, list_findings

TABLE = """file,finding,person,set,projection,years,sex,hospital
a.png,clear,p1,Training,PA,57,F,x
b,Mass; Nodule,p1,valid,AP Supine,060Y,male,x
sub/c.png,,p2,dev,Axial,411Y,?,x
gone.png,clear,p3,test,L,006M,M,x
../../etc/passwd,clear,p4,,,,,x
/etc/passwd,clear,p4,,,,,x
,clear,p4,,,,,x
"""
COLUMNS = {
    "path": "file",
    "label": "finding",
    "patient": "person",
    "split": "set",
    "view_position": "projection",
    "age": "years",
    "gender": "sex",
}


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XRAY_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder with a table of seven rows, three of their images and one more."""
    folder = tmp_path / "own"
    for seed, name in enumerate(("pics/a.png", "pics/b.jpg", "pics/sub/c.png", "pics/more.png")):
        draw(folder / name, seed=seed)
    (folder / "list.csv").write_text(TABLE, "utf-8")
    return folder


def write_images(folder: Path, *names: str) -> Path:
    for name in names:
        draw(folder / name)
    return folder


def mapping_of(columns: dict[str, str], **options: Any) -> FolderMapping:
    images = options.pop("images", "")
    return FolderMapping(tables=(MappedTable("list.csv", columns, images=images),), **options)


def map_table(folder: Path, columns: dict[str, str], table: str | None = None) -> Catalog:
    if table is not None:
        (folder / "list.csv").write_text(table, "utf-8")
    write_mapping(folder, mapping_of(columns))
    return read_folder(folder)


def list_files(folder: Path) -> FolderFiles:
    return sort_files(take_inventory(folder))


def guess_table(folder: Path) -> MappedTable:
    guess = guess_mapping(list_files(folder))
    assert guess is not None
    [table] = guess.tables
    return table


def preview(folder: Path, mapping: FolderMapping) -> MappingPreview:
    files = list_files(folder)
    return preview_mapping(files, FolderTables(folder, files.images), mapping)


def remark_counts(catalog: Catalog) -> dict[str, int]:
    return {remark.kind: remark.count for remark in catalog.remarks}


def listed(column: pd.Series) -> list[object]:
    return [None if pd.isna(value) else value for value in column]


def test_split_folders_give_the_subset_and_class_folders_the_label(tmp_path: Path) -> None:
    fake_folder(tmp_path)

    catalog = read_folder(tmp_path)

    rows = catalog.images[["image_id", "findings", "published_split"]].to_numpy().tolist()
    assert rows == [
        ["Train/0_clear/a", "0_clear", "training"],
        ["Train/1_opaque/images/b", "1_opaque", "training"],
        ["VALID/0_clear/a", "0_clear", "validation"],
        ["test/1_opaque/ward 3/c", "1_opaque", "test"],
    ]
    masks = dict(zip(catalog.images["image_id"], listed(catalog.images["mask_path"]), strict=True))
    assert masks.pop("Train/1_opaque/images/b") == "Train/1_opaque/masks/b.png"
    assert set(masks.values()) == {None}
    assert remark_counts(catalog) == {"guessed_mask": 1, "inner_folder": 1, "unknown_patient": 4}


def test_the_first_level_is_the_class_however_deep_the_images_lie(tmp_path: Path) -> None:
    write_images(tmp_path, "COVID/p1/day 2/a.png", "COVID/p1/b.png", "normal/p1/c.png", "top.png")

    catalog = read_folder(tmp_path)

    assert catalog.images["findings"].tolist() == ["COVID", "COVID", "normal"]
    assert catalog.images["published_split"].isna().all()
    assert remark_counts(catalog)["stray_file"] == 1


def test_two_files_of_one_stem_are_two_images(tmp_path: Path) -> None:
    write_images(tmp_path, "a/x.png", "a/x.jpg", "b/y.png")

    assert read_folder(tmp_path).images["image_id"].tolist() == ["a/x.jpg", "a/x.png", "b/y"]


def test_both_views_take_their_classes_from_the_data(tmp_path: Path) -> None:
    fake_folder(tmp_path)
    catalog = read_folder(tmp_path)

    for task in ("folder_class", "folder_findings"):
        targets = encode_catalog(catalog, TASKS[task])
        assert targets.sum().to_dict() == {"0_clear": 2, "1_opaque": 2}


def test_names_as_those_of_nih_give_the_patients_of_those_that_have_them(tmp_path: Path) -> None:
    write_images(tmp_path, "a/00000231_013.png", "b/00000231_000.png")

    catalog = read_folder(tmp_path)
    assert catalog.images["patient_id"].tolist() == ["00000231", "00000231"]
    assert catalog.images["follow_up"].tolist() == [13, 0]
    assert remark_counts(catalog) == {"patients_from_names": 2}

    write_images(tmp_path, "b/scan.png")
    catalog = read_folder(tmp_path)
    assert listed(catalog.images["patient_id"]) == ["00000231", "00000231", None]
    assert remark_counts(catalog) == {"patients_from_names": 2, "unknown_patient": 1}


@pytest.mark.parametrize("n_others", [1, 60])
def test_a_name_counts_for_its_own_image_however_many_others_there_are(
    n_others: int, tmp_path: Path
) -> None:
    for name in (
        "a/00000231_013.png",
        "b/00000231_000.png",
        "b/person12_virus_26.jpeg",
        *(f"a/scan{number}.png" for number in range(n_others)),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    catalog = read_folder(tmp_path)

    known = catalog.images.dropna(subset="patient_id").set_index("path")["patient_id"]
    assert known.tolist() == ["00000231", "00000231", "test/person12"]
    assert remark_counts(catalog)["unknown_patient"] == n_others


def test_two_sources_of_patients_are_joined_where_they_name_one_and_kept_apart_elsewhere() -> None:
    images = pd.DataFrame(
        [
            # The table calls NIH's patient 231 so, of one of the two images.
            ("x/00000231_013", "231"),
            ("x/00000231_014", None),
            # Its own patients are called as one of NIH's and one of Kermany's.
            ("x/scan1", "00000007"),
            ("x/00000007_000", None),
            ("x/scan2", "BACTERIA-12"),
            ("x/BACTERIA-12-0001", None),
            ("x/scan3", "12"),
            ("x/person12_virus_26", None),
            # A name that the table gives two patients stays what it is.
            ("x/00000009_000", "9"),
            ("x/00000009_001", "10"),
            ("x/00000009_002", None),
            ("x/scan4", None),
        ],
        columns=["image_id", "patient_id"],
    )

    filled, remarks = add_patients(images)

    assert [None if pd.isna(who) else who for who in filled["patient_id"]] == [
        "231",
        "231",
        "00000007",
        "00000007 (by name)",
        "BACTERIA-12",
        "BACTERIA-12 (by name)",
        "12",
        "test/person12",
        "9",
        "10",
        "00000009",
        None,
    ]
    assert filled["follow_up"].tolist()[:2] == [13, 14]
    counts = {remark.kind: remark.count for remark in remarks}
    assert (counts["patients_from_names"], counts["unknown_patient"]) == (5, 1)


@pytest.mark.parametrize(
    "names",
    [
        ["images/a.png"],
        ["images/a.png", "masks/a.png"],
        ["images_001/images/a.png", "images_002/images/b.png"],
        ["train/a.png", "test/b.png"],
        ["one/a.png", "b.png"],
        ["train/one/a.png", "test/one/b.png"],
        ["one/train/covid/a.png", "one/train/normal/b.png", "two/train/covid/c.png"],
        ["set1/train/x/a.png", "set2/train/x/b.png"],
        ["parts1/train/a.png", "parts2/val/b.png"],
        [f"patient{number}/a.png" for number in range(201)],
    ],
    ids=lambda names: names[0],
)
def test_what_has_no_class_folders_is_not_claimed(tmp_path: Path, names: list[str]) -> None:
    for name in names:  # empty files: only names are looked at
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    assert find_root(tmp_path) is None
    with pytest.raises(DatasetError, match="class|patients|side by side"):
        read_folder(tmp_path)


@pytest.mark.parametrize("fake", [fake_kermany, fake_siim_covid19, fake_folder])
def test_a_parent_of_two_datasets_is_not_claimed(fake: object, tmp_path: Path) -> None:
    assert callable(fake)
    fake(tmp_path / "one")
    fake(tmp_path / "two")

    with pytest.raises(DatasetError, match="several datasets side by side: one|repeat a subfolder"):
        find_dataset(tmp_path)


def test_folders_around_the_dataset_do_no_harm(tmp_path: Path) -> None:
    fake_folder(tmp_path / "archive" / "data")

    assert find_dataset(tmp_path) == ("folder", tmp_path / "archive" / "data")


def test_a_published_dataset_is_left_to_its_own_reader(kermany_folder: Path) -> None:
    assert detect_dataset(kermany_folder) == "kermany"


def test_links_are_followed_unless_they_lead_out_of_the_roots(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = write_images(tmp_path / "outside", "x.png", "deep/y.png")
    folder = write_images(tmp_path / "own", "a/a.png", "b/b.png")
    (folder / "a/x.png").symlink_to(outside / "x.png")
    (folder / "a/deep").symlink_to(outside / "deep")
    (folder / "b/again.png").symlink_to(folder / "a/a.png")

    linked = ["a/a.png", "a/deep/y.png", "a/x.png", "b/again.png", "b/b.png"]
    assert read_folder(folder).images["path"].tolist() == linked

    monkeypatch.setenv("XRAY_DATA_ROOTS", str(folder))
    catalog = read_folder(folder)

    assert catalog.images["path"].tolist() == ["a/a.png", "b/again.png", "b/b.png"]
    assert remark_counts(catalog)["refused_file"] == 2


def test_a_file_name_that_is_no_text_is_left_out(tmp_path: Path) -> None:
    folder = write_images(tmp_path, "a/a.png", "b/b.png")
    try:
        Path(str(folder / "a").encode().decode() + "/r\udcf6ntgen.png").touch()
    except OSError:
        pytest.skip("this file system has no such names")

    assert remark_counts(read_folder(folder))["refused_file"] == 1


def test_a_mapped_table_says_what_its_columns_say(own: Path) -> None:
    write_mapping(own, mapping_of(COLUMNS, separator=";"))

    images = read_folder(own).images.set_index("image_id")

    assert list(images.index) == ["etc/passwd", "gone", "pics/a", "pics/b", "pics/sub/c"]
    images = images.drop(index="etc/passwd")  # a file that is not here, and stays unread
    assert listed(images["path"]) == [None, "pics/a.png", "pics/b.jpg", "pics/sub/c.png"]
    assert listed(images["findings"]) == ["clear", "clear", "Mass|Nodule", None]
    assert listed(images["patient_id"]) == ["p3", "p1", "p1", "p2"]
    assert listed(images["published_split"]) == ["test", "training", "validation", "validation"]
    assert listed(images["view_position"]) == ["LATERAL", "PA", "AP", None]
    assert listed(images["age"]) == [0.5, 57.0, 60.0, None]
    assert listed(images["gender"]) == ["M", "F", "M", None]


def test_rows_without_a_file_and_files_without_a_row_are_counted(own: Path) -> None:
    catalog = map_table(own, COLUMNS)

    assert remark_counts(catalog) == {
        "nameless_row": 1,
        "missing_word": 1,
        "possible_separator": 1,
        "absent_image": 2,
        "stray_file": 1,
        "unlabelled_image": 1,
        "unclear_cell": 1,  # the last of two remarks: view, age
    }
    assert sum(remark.kind == "unclear_cell" for remark in catalog.remarks) == 2


def test_several_rows_of_an_image_are_one_image_with_several_boxes(own: Path) -> None:
    table = (
        "file,finding,x0,y0,w,h\n"
        "a.png,Mass,1,2,3,4\n"
        "a.png,Nodule,0,0,6,4\n"
        "a.png,Mass,9,1,30,2\n"  # reaches beyond the image
        "b.jpg,clear,,,,\n"
        "c.png,Mass,1,2,3,\n"  # lacks a side
    )
    box = {"x": "x0", "y": "y0", "width": "w", "height": "h"}

    catalog = map_table(own, {"path": "file", "label": "finding", **box}, table)

    images = catalog.images.set_index("image_id")
    assert images.loc["pics/a", "findings"] == "Mass|Nodule"
    assert len(images) == 3
    assert listed(images["original_width"]) == [FAKE_SIZE[0], None, None]
    rows = catalog.boxes.drop(columns="image_id").to_numpy().tolist()
    assert rows == [["Nodule", 0, 0, 6, 4], ["Mass", 1, 2, 3, 4], ["Mass", 9, 1, 3, 2]]
    assert {"clipped_box": 1, "broken_boxes": 1}.items() <= remark_counts(catalog).items()
    assert relative_boxes(catalog).loc[0, ["width", "height"]].tolist() == [0.5, 0.5]


def test_corners_in_px_of_a_larger_original_are_scaled(own: Path) -> None:
    table = "file,a,b,c,d,ow,oh\na.png,100,50,300,150,400,200\nb.jpg,1,1,2,2,,\n"
    corners = {"x1": "a", "y1": "b", "x2": "c", "y2": "d"}
    size = {"original_width": "ow", "original_height": "oh"}

    catalog = map_table(own, {"path": "file", **corners, **size}, table)

    [box] = relative_boxes(catalog)[["x", "y", "width", "height"]].to_numpy().tolist()
    assert box == [0.25, 0.25, 0.5, 0.5]
    assert remark_counts(catalog)["unplaced_box"] == 1


def test_two_patients_for_one_image_are_named(own: Path) -> None:
    table = "file,finding,person\na.png,clear,p1\na.png,clear,p2\n"

    catalog = map_table(own, {"path": "file", "label": "finding", "patient": "person"}, table)

    assert catalog.images["patient_id"].tolist() == ["p1"]
    assert remark_counts(catalog)["conflicting_rows"] == 1


def test_masks_are_no_images_of_the_table(own: Path) -> None:
    (own / "pics").rename(own / "images")
    draw(own / "masks/a_mask.png")

    images = map_table(own, COLUMNS).images.set_index("image_id")

    assert images.loc["images/a", "mask_path"] == "masks/a_mask.png"
    assert images["mask_path"].count() == 1


def test_columns_are_guessed_from_their_names_and_from_their_cells(own: Path) -> None:
    guess = guess_mapping(list_files(own))

    assert guess is not None
    assert guess.separator == ";"
    assert guess_table(own).columns == {
        "path": "file",
        "label": "finding",
        "patient": "person",
        "split": "set",
        "site": "hospital",
        "view_position": "projection",
        "gender": "sex",
    }


def test_a_column_of_existing_images_is_found_whatever_its_name(own: Path) -> None:
    (own / "list.csv").write_text("id,Bildname,Diagnosis\n1,a.png,x\n2,b,y\n", "utf-8")

    assert guess_table(own).columns == {"path": "Bildname", "label": "Diagnosis"}


def test_beside_corners_width_and_height_are_of_the_image(own: Path) -> None:
    header = "filename,width,height,class,xmin,ymin,xmax,ymax"
    rows = "a.png,12,8,x,1,1,2,2\nb.jpg,12,8,y,1,1,2,2\n"
    (own / "list.csv").write_text(f"{header}\n{rows}", "utf-8")

    guess = guess_table(own)
    assert guess.box_roles == ("x1", "y1", "x2", "y2")
    assert guess.columns["original_width"] == "width"


def test_a_table_of_something_else_is_no_suggestion(own: Path) -> None:
    (own / "list.csv").write_text("epoch,loss\n1,2\n", "utf-8")

    assert guess_mapping(list_files(own)) is None


def test_a_preview_counts_what_would_be_read(own: Path) -> None:
    seen = preview(own, mapping_of(COLUMNS, separator=";"))

    assert (seen.rows, seen.rows_with_image) == (6, 3)
    assert seen.labels == {"clear": 1, "Mass": 1, "Nodule": 1}
    assert (seen.unlabelled, seen.patients, seen.boxes) == (1, 2, 0)
    assert seen.subsets == {"training": 1, "validation": 2}


def test_a_mapping_is_kept_beside_the_data(own: Path, workspace: Path) -> None:
    mapping = mapping_of({"path": "file"}, separator="|", images="pics")

    assert write_mapping(own, mapping) == own / "xray_dataset.json"

    assert read_mapping(own) == mapping
    assert detect_dataset(own) == "folder"
    assert not workspace.exists()
    assert not [path for path in own.iterdir() if "partial" in path.name]


def test_where_the_folder_is_read_only_the_workspace_keeps_the_mapping(own: Path) -> None:
    mapping = mapping_of({"path": "file"})
    own.chmod(0o555)

    assert write_mapping(own, mapping) == place_in_workspace(own)

    own.chmod(0o755)
    assert read_mapping(own) == mapping
    assert not (own / "xray_dataset.json").exists()
    assert find_root(own) == own
    write_mapping(own, mapping)
    assert not place_in_workspace(own).exists()  # it would count before the newer one


def test_where_the_disk_refuses_the_workspace_keeps_the_mapping(own: Path) -> None:
    (own / "xray_dataset.json").mkdir()  # which no file can replace
    mapping = mapping_of({"path": "file"})

    assert write_mapping(own, mapping) == place_in_workspace(own)
    assert read_mapping(own) == mapping
    assert not [path for path in own.iterdir() if "partial" in path.name]


def test_a_mapping_changed_in_the_workspace_is_seen_at_the_next_opening(
    own: Path, tmp_path: Path
) -> None:
    own.chmod(0o555)
    write_mapping(own, mapping_of({"path": "file"}))
    before = open_dataset(own, tmp_path / "cache")
    write_mapping(own, mapping_of({"path": "file", "label": "finding"}))

    after = open_dataset(own, tmp_path / "cache")
    own.chmod(0o755)

    assert before.images["findings"].isna().all()
    assert after.images["findings"].notna().any()


def one_table(file: str = "a.csv", **columns: object) -> str:
    return json.dumps({"tables": [{"file": file, "columns": {"path": "a", **columns}}]})


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "must be an object"),
        ('{"tables": {}}', "`tables` must be a list"),
        ('{"tables": [{"columns": {"path": "a"}}]}', "lacks `file`"),
        ('{"tables": [{"file": "a.csv"}]}', "one of both"),
        ('{"tables": [{"file": "a.csv", "on": "id"}]}', "lacks 'path'"),
        ('{"tables": [{"file": "a.csv", "colums": {}}]}', "Unknown entry 'colums'"),
        ('{"tables": [{"file": "a.csv", "columns": ["path"]}]}', "`columns` must name"),
        (one_table(path=3), "`path` must be plain text"),
        (one_table(path=" "), "has no name"),
        (one_table(lable="b"), "Unknown role 'lable'"),
        (one_table(x="b"), "need y, width, height"),
        (one_table("../a.csv"), "inside the dataset folder"),
        (one_table("/a.csv"), "inside the dataset folder"),
        (one_table("a\0"), "text with a NUL in it"),
        (one_table(path="\ud800"), "half a sign"),
        ('{"tables": [{"file": "a.csv", "columns": {"path": "a"}, "images": ".."}]}', "inside"),
        ('{"tables": [{"file": "a", "columns": {"path": "a"}, "subset": "x"}]}', "`subset` is 'x'"),
        ('{"separator": "----"}', "`separator` is '----'"),
        ('{"uncertain": "maybe"}', "`uncertain` is 'maybe'"),
        ('{"folders": ["klass"]}', "`folders` has 'klass'"),
        ('{"folders": "class"}', "`folders` must be a list"),
        ('{"reader": "nobody"}', "no reader called 'nobody'"),
    ],
)
def test_a_damaged_mapping_says_why_and_what_to_do(own: Path, content: str, why: str) -> None:
    (own / "xray_dataset.json").write_text(content, "utf-8")

    with pytest.raises(DatasetError, match=rf"{why}.*(Repair it, or delete it|Choose one of)"):
        find_dataset(own)


def test_a_mapping_that_is_no_text_is_damaged(own: Path) -> None:
    (own / "xray_dataset.json").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(DatasetError, match="damaged"):
        read_folder(own)


def test_boxes_given_twice_are_refused() -> None:
    roles = (*("x", "y", "width", "height"), *("x1", "y1", "x2", "y2"))

    with pytest.raises(DatasetError, match="twice"):
        MappedTable("a.csv", {"path": "a", **dict.fromkeys(roles, "b")})


def test_a_table_that_is_a_link_out_of_the_roots_is_refused(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own / "list.csv").rename(tmp_path / "elsewhere.csv")
    (own / "list.csv").symlink_to(tmp_path / "elsewhere.csv")
    monkeypatch.setenv("XRAY_DATA_ROOTS", str(own))

    with pytest.raises(DatasetError, match=r"list\.csv lies outside the folders"):
        map_table(own, COLUMNS)


def test_a_table_or_column_that_went_away_is_named(own: Path) -> None:
    with pytest.raises(DatasetError, match=r"list\.csv has no column 'file'.*'image'"):
        map_table(own, COLUMNS, TABLE.replace("file", "image", 1))
    (own / "list.csv").unlink()
    with pytest.raises(DatasetError, match=r"list\.csv is missing"):
        read_folder(own)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
names = st.sampled_from(["tables", "folders", "separator", "reader", "blank"])
columns = st.dictionaries(st.sampled_from(ROLES) | st.text(max_size=3), anything, max_size=4)
tables = st.lists(st.fixed_dictionaries({"file": st.text(max_size=3), "columns": columns}))


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.text() | st.dictionaries(names, anything | tables).map(json.dumps))
def test_whatever_a_mapping_file_holds_it_is_read_or_refused(text: str) -> None:
    try:
        mapping = parse_mapping(text)
    except XrayError:
        return
    assert parse_mapping(format_mapping(mapping)) == mapping


cells = st.sampled_from(
    ["a.png", "b", "c", "../x", "/x", "", "1", "-1e308", "1e999", "nan", "12", '"', "\ufeff", "a|b"]
) | st.text(st.characters(codec="utf-8"), max_size=6)


@settings(
    deadline=None,
    derandomize=True,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rows=st.lists(st.tuples(*[cells] * 9), max_size=5))
def test_whatever_cells_hold_they_are_read_or_refused(
    own: Path, rows: list[tuple[str, ...]]
) -> None:
    roles = ("path", "label", "patient", "age", "original_width", "x1", "y1", "x2", "y2")
    header = ",".join(roles) + ",original_height"
    lines = [",".join((*row, row[4])) for row in rows]
    (own / "list.csv").write_text("\n".join([header, *lines]), "utf-8")
    mapping = mapping_of({role: role for role in (*roles, "original_height")})
    write_mapping(own, mapping)

    try:
        guess_mapping(list_files(own))
        seen = preview(own, mapping)
        catalog = read_folder(own)
    except XrayError:
        return
    assert len(catalog.images) <= seen.rows
    assert set(catalog.present["path"]) <= set(list_files(own).images)
    assert (relative_boxes(catalog)[["x", "y"]].to_numpy() >= 0).all()


def test_the_real_thousand_images_are_read_with_their_leaking_patients(real_data: Path) -> None:
    catalog = read_folder(real_data / "nih-1000-64px")

    images = catalog.images
    assert images["published_split"].value_counts().to_dict() == {
        "training": 600,
        "validation": 200,
        "test": 200,
    }
    assert images["findings"].value_counts().to_dict() == {"0_normal": 500, "1_abnormal": 500}
    assert remark_counts(catalog) == {"patients_from_names": 1000}
    assert (images.groupby("patient_id")["published_split"].nunique() > 1).sum() == 30


def test_the_real_covid_table_is_understood_without_help(real_data: Path) -> None:
    guess = guess_mapping(list_files(real_data / "covid-chestxray"))

    assert guess is not None
    assert {
        role: guess.tables[0].columns[role] for role in ("path", "label", "patient", "age")
    } == {
        "path": "filename",
        "label": "finding",
        "patient": "patientid",
        "age": "age",
    }
    seen = preview(real_data / "covid-chestxray", guess)
    assert (seen.rows, seen.rows_with_image) == (673, 43)
    assert seen.patients == 17


def map_findings(folder: Path, header: tuple[str, ...], findings: tuple[str, ...]) -> Catalog:
    """Read a table of four images: of each column one image shows its finding."""
    rows = [f"{i}.png,{','.join(str(int(i == k)) for k in range(len(header)))}\n" for i in range(4)]
    folder.mkdir()
    (folder / "list.csv").write_text(f"file,{','.join(header)}\n{''.join(rows)}", "utf-8")
    table = MappedTable("list.csv", {"path": "file"}, findings)
    write_mapping(folder, FolderMapping(tables=(table,)))
    return read_folder(folder)


@pytest.mark.parametrize(
    ("header", "called", "kind", "names"),
    [
        (("Edema", "edema"), ("Edema", "edema"), "alike_findings", "'Edema' and 'edema'"),
        (("A b", "a  B", "c"), ("A b", "a  B", "c"), "alike_findings", "'A b' and 'a  B'"),
        (("image_id", "c"), ("image_id (finding)", "c"), "renamed_finding", "'image_id' as"),
        (("a|b", "a", "b"), ("a/b", "a", "b"), "renamed_finding", "'a|b' as 'a/b'"),
        (("a|b", "a/b"), ("a/b (finding)", "a/b"), "renamed_finding", "as 'a/b (finding)'"),
    ],
)
def test_each_column_is_a_finding_of_its_own_whatever_it_is_called(
    header: tuple[str, ...], called: tuple[str, ...], kind: str, names: str, tmp_path: Path
) -> None:
    catalog = map_findings(tmp_path / "set", header, header)

    assert list_findings(catalog) == list(called)
    targets = encode_catalog(catalog, TASKS["folder_findings"])
    assert sorted(targets.columns) == sorted(called)
    shown = {name: catalog.images.loc[targets[name].eq(1), "image_id"].tolist() for name in called}
    assert shown == {name: [str(place)] for place, name in enumerate(called)}
    [remark] = [remark for remark in catalog.remarks if remark.kind == kind]
    assert (remark.count, names in remark.message) == (1, True)


@pytest.mark.parametrize("findings", [("Edema", "edema"), ("EDEMA", "edema"), ("edema", "Edema")])
def test_two_findings_never_share_a_column(findings: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="has no column 'edema'; it has: 'file', 'Edema'"):
        map_findings(tmp_path / "set", ("Edema",), findings)


@pytest.mark.skipif(sys.platform == "win32", reason="no such name of a folder there")
@pytest.mark.parametrize(
    ("paths", "mapping"),
    [
        (("a|b/{i}.png", "c/{i}.png"), None),
        (("a|b/p{i}/1.png", "c/p{i}/1.png"), FolderMapping(folders=("class", "patient"))),
        (("x_{i}_a|b.png", "y_{i}_c.png"), FolderMapping(label_in_name="end")),
    ],
)
def test_a_bar_in_a_name_of_a_folder_or_file_makes_no_two_classes(
    paths: tuple[str, ...], mapping: FolderMapping | None, tmp_path: Path
) -> None:
    write_images(tmp_path, *(path.format(i=i) for path in paths for i in range(2)))
    if mapping is not None:
        write_mapping(tmp_path, mapping)

    catalog = read_folder(tmp_path)

    assert catalog.images["findings"].value_counts().to_dict() == {"a/b": 2, "c": 2}
    assert remark_counts(catalog)["renamed_finding"] == 1
