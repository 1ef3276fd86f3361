"""Reading workbooks that nobody vouches for."""

import zipfile
from pathlib import Path

import openpyxl
import pytest

from xray_core.errors import DatasetError
from xray_core.tables import workbooks
from xray_core.tables.workbooks import read_workbook


def write(path: Path, rows: list[list[object]]) -> Path:
    workbook = openpyxl.Workbook()
    for row in rows:
        workbook.worksheets[0].append(row)
    workbook.save(path)
    return path


def test_columns_are_found_whatever_their_case_and_order(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", [["url", "x", "File Name "], ["u", 1, " n "], [None, 2, 7]])

    table = read_workbook(path, ("FILE NAME", "URL"))

    assert table.to_dict("list") == {"FILE NAME": ["n", "7"], "URL": ["u", ""]}


def test_blank_rows_are_left_out(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", [[], ["name"], ["a"], [], [" "], ["b"]])

    assert read_workbook(path, ("name",))["name"].tolist() == ["a", "b"]


@pytest.mark.parametrize("rows", [[], [["name", None, "size"]]])
def test_a_missing_column_is_named_with_those_that_are_there(
    tmp_path: Path, rows: list[list[object]]
) -> None:
    path = write(tmp_path / "a.xlsx", rows)

    with pytest.raises(DatasetError, match=r"a\.xlsx has no column 'URL'; it has: ('name'|none)"):
        read_workbook(path, ("URL",))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"name,url\na,b\n"])
def test_a_file_that_is_no_workbook_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.xlsx").write_bytes(content)

    with pytest.raises(DatasetError, match=r"a\.xlsx is not a readable workbook"):
        read_workbook(tmp_path / "a.xlsx", ("name",))


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml"])
@pytest.mark.parametrize("content", [b"", b"<a>", b"<a/>"])
def test_a_workbook_with_a_broken_part_is_refused(
    tmp_path: Path, part: str, content: bytes
) -> None:
    whole = write(tmp_path / "whole.xlsx", [["name"], ["a"]])
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(tmp_path / "a.xlsx", "w") as target:
        for one in source.namelist():
            target.writestr(one, content if one == part else source.read(one))

    with pytest.raises(DatasetError, match=r"a\.xlsx (is not a readable workbook|has no column)"):
        read_workbook(tmp_path / "a.xlsx", ("name",))


def test_a_workbook_that_unpacks_to_too_much_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.xlsx", [["name"], ["a"]])
    monkeypatch.setattr(workbooks, "MAX_BYTES", 1000)
    monkeypatch.setattr(openpyxl, "load_workbook", None)  # calling it would say otherwise

    with pytest.raises(DatasetError, match="it unpacks to [0-9]+ kB"):
        read_workbook(path, ("name",))


def test_a_sheet_that_claims_a_million_rows_is_read_no_further_than_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.xlsx", [["name"], *([str(i)] for i in range(9))])
    monkeypatch.setattr(workbooks, "MAX_ROWS", 4)

    assert read_workbook(path, ("name",))["name"].tolist() == ["0", "1", "2"]
