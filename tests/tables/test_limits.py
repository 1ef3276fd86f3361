"""Tables made to fill the memory: refused at once, with the limit."""

import io
import time
import zipfile
from pathlib import Path

import openpyxl
import pytest

from xray_core.errors import DatasetError
from xray_core.tables import limits, workbooks
from xray_core.tables.sheet import read_sheet
from xray_core.tables.text import read_table
from xray_core.tables.workbooks import read_workbook

HEADER = "image,label\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (",".join(["c"] * 100_000) + "\n" + "1," * 100_000, "100,000 columns; at most 1,000"),
        (HEADER + "a.png,b\n" + "1," * 100_000, "100,001 columns"),
        (HEADER + "a" * (limits.MAX_LINE_BYTES + limits.PORTION), "a line of more than 17 MB"),
        (HEADER + '"' * (limits.MAX_LINE_BYTES + limits.PORTION), "a line of more than 17 MB"),
    ],
    ids=["columns", "a long row", "a line", "quotes"],
)
def test_a_table_beyond_all_measure_is_refused_with_the_limit(
    text: str, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(text)
    begun = time.process_time()

    with pytest.raises(DatasetError, match=words):
        read_sheet(path)
    with pytest.raises(DatasetError, match=words):
        read_table(path, ("image", "label"))
    assert time.process_time() - begun < 2


def test_a_table_of_more_cells_than_fit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_CELLS", 50)
    path = tmp_path / "labels.csv"
    path.write_text(HEADER + "a.png,b\n" * 100)

    for read in (read_sheet, lambda file: read_table(file, ("image",))):
        with pytest.raises(DatasetError, match="more than 50 cells"):
            read(path)


def test_a_first_line_that_does_not_fit_the_sample_loses_no_column(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    names = ["image", "label", *(f"{'c' * 40}{number}" for number in range(900))]
    path.write_text(",".join(names) + "\n" + "a.png,b" + ",1" * 900 + "\n")

    with pytest.raises(DatasetError, match="a first line of more than 32,768 characters"):
        read_sheet(path)
    assert read_table(path, names[-1:]).iloc[0, 0] == "1"


def test_a_cell_in_the_last_corner_of_a_sheet_makes_no_millions_of_empty_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbooks, "MAX_ROWS", 20_000)
    path = tmp_path / "labels.xlsx"
    workbook = openpyxl.Workbook()
    workbook.active.append(["image", "label"])
    workbook.active.append(["a.png", "normal"])
    workbook.active["AZ19000"] = "far"
    workbook.save(path)

    assert read_sheet(path).rows.shape == (2, 3)
    assert read_workbook(path, ("image",))["image"].tolist() == ["a.png"]

    workbook.active["XFD21000"] = "beyond"
    workbook.save(path)
    with pytest.raises(DatasetError, match="more than 20,000 rows"):
        read_sheet(path)


def rewrite(path: Path, member: str, old: bytes, new: bytes) -> None:
    """Replace a text in a member of a workbook."""
    content = io.BytesIO(path.read_bytes())
    with zipfile.ZipFile(content) as before, zipfile.ZipFile(path, "w") as after:
        for name in before.namelist():
            text = before.read(name)
            after.writestr(name, text.replace(old, new) if name == member else text)


@pytest.mark.parametrize(
    ("member", "new", "words"),
    [
        ("xl/styles.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><styleSheet', "declares a document type"),
        ("xl/styles.xml", b" " * 9_000_000 + b"<styleSheet", "its xl/styles.xml has 9.0 MB"),
        ("xl/worksheets/sheet1.xml", b"<v>" * 1_001_000 + b"<worksheet", "more than 1,000,000"),
    ],
    ids=["entities", "styles", "cells"],
)
def test_a_workbook_made_to_fill_the_memory_is_refused(
    member: str, new: bytes, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "labels.xlsx"
    openpyxl.Workbook().save(path)
    rewrite(path, member, new.rpartition(b"<")[1] + new.rpartition(b"<")[2], new)

    with pytest.raises(DatasetError, match=words):
        read_sheet(path)
