"""The file that a cell names: paths of other machines, other spellings, and never a guess."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xray_core.datasets.folder.finder import FileFinder, join_columns

ROOT = Path("/data/own")
PATHS = (
    "pics/a.png",
    "pics/b.jpg",
    "pics/sub/c.png",
    "one/same.png",
    "two/same.png",
    "train/t.png",
    "flat.png",
    "both.png",
    "both.jpg",
    "cafe\u0301/e\u0301.png",
    "Case/X.png",
    "case/x.png",
    "dicom/1_IM-1-1.dcm.png",
    "uid/1.2.840.png",
    "numbers/0012.png",
    "numbers/7.png",
    "p1/s1/view1.jpg",
    "p2/s1/view1.jpg",
)


def make_finder(*bases: str) -> FileFinder:
    return FileFinder(PATHS, ROOT, bases)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("pics/a.png", "pics/a.png"),
        ("a.png", "pics/a.png"),
        ("A.PNG", "pics/a.png"),
        (" a ", "pics/a.png"),
        ("a.dcm", "pics/a.png"),
        ("sub\\c.png", "pics/sub/c.png"),
        ("./pics/../pics//a.png", "pics/a.png"),
        ("../own/pics/a.png", "pics/a.png"),
        ("/data/own/pics/a.png", "pics/a.png"),
        ("file:///data/own/pics/a.png", "pics/a.png"),
        ("/kaggle/input/x/pics/a.png", "pics/a.png"),
        ("C:\\Users\\x\\pics\\a.png", "pics/a.png"),
        ("Own-v1.0/p2/s1/view1.jpg", "p2/s1/view1.jpg"),
        ("s1/view1.jpg", "several"),
        ("view1.jpg", "several"),
        ("p3/s1/view1.jpg", "several"),
        ("same.png", "several"),
        ("two/same.png", "two/same.png"),
        ("both", "several"),
        ("both.jpg", "both.jpg"),
        ("both.dcm", "several"),
        ("caf\u00e9/\u00c9.png", "cafe\u0301/e\u0301.png"),
        ("Case/X.png", "Case/X.png"),
        ("x.png", "case/x.png"),
        ("CASE/x.PNG", "several"),
        ("1_IM-1-1.dcm", "dicom/1_IM-1-1.dcm.png"),
        ("1_IM-1-1", "dicom/1_IM-1-1.dcm.png"),
        ("1.2.840", "uid/1.2.840.png"),
        ("1.2", "absent"),
        ("12", "numbers/0012.png"),
        ("12.0", "numbers/0012.png"),
        ("7.0", "numbers/7.png"),
        ("numbers/07.png", "numbers/7.png"),
        ("test/t.png", "absent"),
        ("valid/images/t.png", "absent"),
        ("../../etc/passwd", "absent"),
        ("/etc/passwd", "absent"),
        ("C:\\", "absent"),
        ("..", "absent"),
        ("/", "absent"),
        ("", ""),
        ("  ", ""),
    ],
)
def test_a_cell_names_a_file_of_the_folder_or_none(cell: str, expected: str) -> None:
    match = make_finder().find(cell)

    assert (match.path or match.reason) == expected
    assert not match.by_name_alone


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("C:/Users/x/xrays/a.png", "pics/a.png"),
        ("other/a.png", "pics/a.png"),
        ("images/t.png", "train/t.png"),
        ("x/flat.png", "flat.png"),
        ("archive/set/sub/c.png", "pics/sub/c.png"),
    ],
)
def test_where_only_the_name_fits_that_is_said(cell: str, expected: str) -> None:
    assert make_finder().find(cell) == (expected, "", True)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["x/a.png", "y/a.png"], ["several", "several"]),
        (["x/a.png", "x/a.png"], ["pics/a.png", "pics/a.png"]),
        (["x/a.png", "x/gone.png"], ["pics/a.png", "absent"]),
        (["x/a.png", "pics/a.png"], ["several", "pics/a.png"]),
        (["u/pics/a.png", "v/pics/a.png"], ["several", "several"]),
        (["u/pics/a.png", "u/pics/b.jpg"], ["pics/a.png", "pics/b.jpg"]),
        (["u/flat.png", "v/flat.png"], ["several", "several"]),
        (["own/flat.png", "v/flat.png"], ["flat.png", "several"]),
        (["a.png", "A.dcm"], ["pics/a.png", "pics/a.png"]),
        (["set/sub/c.png", "x/c.png"], ["several", "several"]),
        (["set/sub/c.png", "gone/c.png"], ["several", "several"]),
        (["12", "012"], ["several", "several"]),
        (["12", "12.0"], ["numbers/0012.png", "numbers/0012.png"]),
        (["12", "0012"], ["several", "numbers/0012.png"]),
    ],
)
def test_two_cells_never_reach_a_file_by_dropping_different_folders(
    cells: list[str], expected: list[str]
) -> None:
    matches = make_finder().find_all(pd.Series(cells, index=range(5, 5 + len(cells))))

    assert matches["path"].fillna(matches["reason"]).tolist() == expected
    assert matches.index.tolist() == list(range(5, 5 + len(cells)))


def test_hundreds_of_namesakes_are_told_apart_by_the_folders_next_to_them() -> None:
    paths = [f"data/train/p{number}/s1/view1.jpg" for number in range(300)]
    cells = pd.Series([f"Set-v1.0/train/p{number}/s1/view1.jpg" for number in range(300)])

    matches = FileFinder(paths, ROOT).find_all(cells)

    assert matches["path"].tolist() == paths
    assert matches["by_name_alone"].all()
    other = FileFinder(paths, ROOT).find_all(cells.str.replace("train", "valid"))
    assert set(other["reason"]) == {"absent"}
    assert FileFinder(paths, ROOT).find("p300/view1.jpg").reason == "several"


def test_a_column_may_hold_blanks_and_may_be_empty() -> None:
    cells = pd.Series(["a.png", pd.NA, "gone"], dtype="string")

    matches = make_finder().find_all(cells)

    assert matches["path"].tolist() == ["pics/a.png", None, None]
    assert matches["reason"].tolist() == ["", "", "absent"]
    assert make_finder().find_all(cells[:0]).columns.tolist() == ["path", "reason", "by_name_alone"]


def test_the_folder_of_the_table_goes_before_other_places() -> None:
    assert make_finder("two").find("same.png").path == "two/same.png"
    assert make_finder("two").find("SAME").path == "two/same.png"
    assert make_finder("one", "two").find("../two/same.png").path == "two/same.png"


def test_the_name_of_the_folder_itself_tells_subsets_apart() -> None:
    finder = FileFinder(["p1/a.png", "b.png"], Path("/data/Train"))

    matches = finder.find_all(pd.Series(["set/train/p1/a.png", "set/test/p1/a.png", "test/b.png"]))

    assert matches["path"].tolist() == ["p1/a.png", None, None]
    assert matches["reason"].tolist() == ["", "absent", "absent"]
    assert not matches["by_name_alone"].any()


def test_folders_and_names_in_two_columns_make_paths() -> None:
    folders = pd.Series([" two/ ", "one\\", None, "two"], dtype="string")
    names = pd.Series([" same.png", "/same.png", "a.png", None], dtype="string")

    paths = join_columns(folders, names)

    assert paths.isna().tolist() == [False, False, False, True]
    found = make_finder().find_all(paths)["path"].tolist()
    assert found == ["two/same.png", "one/same.png", "pics/a.png", None]


parts = st.sampled_from(
    ["a", "A", "\u00e9", "e\u0301", "1", "01", "train", "Test", "..", ".", "b c"]
)
names = st.tuples(parts, st.sampled_from(["", ".png", ".PNG", ".dcm.png", ".0"])).map("".join)
paths = st.tuples(st.lists(parts, max_size=3), names).map(
    lambda pair: "/".join((*pair[0], pair[1]))
)
cells = st.one_of(
    paths,
    st.text(max_size=12),
    st.tuples(st.sampled_from(["/", "C:\\", "file:///", "../", "x/"]), paths).map("".join),
)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.lists(paths, max_size=8, unique=True), st.lists(cells, max_size=8))
def test_whatever_cells_say_only_given_paths_come_out_and_exact_ones_are_themselves(
    tree: list[str], texts: list[str]
) -> None:
    finder = FileFinder(tree, Path("/data/a"), ("a",))

    matches = finder.find_all(pd.Series([*tree, *texts], dtype="object"))

    assert matches["path"].tolist()[: len(tree)] == tree
    assert set(matches["path"].dropna()) <= set(tree)
    assert set(matches.loc[matches["path"].isna(), "reason"]) <= {"", "absent", "several"}
    assert not matches.loc[matches["path"].notna(), "reason"].any()
