"""Columns that only case tells apart: none is ever read in place of another."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.tables.test_workbooks import write
from xray_core.datasets.folder.mapping import FolderMapping, MappedTable
from xray_core.datasets.folder.rows import FolderTables, read_rows
from xray_core.errors import DatasetError
from xray_core.tables.text import read_table
from xray_core.tables.workbooks import read_workbook


def from_text(folder: Path, header: list[str], cells: list[str], name: str) -> pd.Series:
    path = folder / "a.csv"
    path.write_text(f"{','.join(header)}\n{','.join(cells)}\n", "utf-8")
    return read_table(path, ("id",), optional=(name,))[name]


def from_workbook(folder: Path, header: list[str], cells: list[str], name: str) -> pd.Series:
    return read_workbook(write(folder / "a.xlsx", [header, cells]), (name,))[name]


def from_mapped(folder: Path, header: list[str], cells: list[str], name: str) -> pd.Series:
    from_text(folder, header, cells, "id")
    table = MappedTable("a.csv", {"path": "id", "label": name})
    return read_rows(FolderTables(folder, ()), FolderMapping(tables=(table,))).rows["label"]


@pytest.mark.parametrize("read", [from_text, from_workbook, from_mapped])
@pytest.mark.parametrize(
    ("header", "name", "read_as"),
    [
        (["Edema", "edema"], "edema", "second"),
        (["Edema", "edema"], "Edema", "first"),
        (["EDEMA", "Mass"], "edema", "first"),
        (["Mass", "Édema"], "édema", "second"),
        (["Edema", "EDEMA"], "edema", None),
    ],
)
def test_a_column_spelt_to_the_letter_goes_first_and_two_others_are_refused(
    read: Callable[..., pd.Series],
    header: list[str],
    name: str,
    read_as: str | None,
    tmp_path: Path,
) -> None:
    rows = (tmp_path, ["id", *header], ["x1", "first", "second"], name)

    if read_as:
        assert read(*rows).tolist() == [read_as]
    else:
        with pytest.raises(DatasetError, match=r"may be 'edema', .*: 'Edema', 'EDEMA'\. Name"):
            read(*rows)
