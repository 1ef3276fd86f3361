"""Reading CSV files, whatever program saved them last."""

from pathlib import Path

import pytest

from xray_core.datasets.tables import read_table
from xray_core.errors import DatasetError

ROWS = [["a", "Köln"], ["b", None]]


@pytest.mark.parametrize(
    "content",
    [
        "id,site\na,Köln\nb,\n".encode(),
        "id,site\na,Köln\nb,\n".encode("utf-8-sig"),
        "id,site\na,Köln\nb,\n".encode("latin-1"),
        "id,site\r\na,Köln\r\nb,\r\n".encode(),
        "id,site,,\na,Köln,,\nb,,,\n".encode(),
        "id,site\n\na,Köln\n,\nb,\n \n".encode(),
        " ID ,Site\n a ,Köln \nb,  \n".encode(),
        ",site,age,id\n0,Köln,57,a\n1,,,b\n".encode(),
        'id,site\n"a","Köln"\n"b",""\n'.encode(),
    ],
    ids=["plain", "BOM", "Latin-1", "CRLF", "stray columns", "blank rows", "blanks and capitals",
         "more columns", "quoted"],
)  # fmt: skip
def test_the_same_table_comes_out_however_it_was_saved(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_bytes(content)

    table = read_table(tmp_path / "table.csv", ("id", "site"))

    assert list(table) == ["id", "site"]
    assert table.index.tolist() == [0, 1]
    assert table.astype(object).where(table.notna(), None).to_numpy().tolist() == ROWS


def test_cells_stay_text(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("id,site\n007,NA\n1e3,None\n")

    table = read_table(tmp_path / "table.csv", ("id", "site"))

    assert table.to_numpy().tolist() == [["007", "NA"], ["1e3", "None"]]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not a readable CSV file"),
        (b'id,site\n"a', "is not a readable CSV file"),
        (b"id;site\na;b\n", "has no column 'id' or 'site'; it has: 'id;site'"),
        (b"\x00\xff\xfe\x01", "has no column 'id' or 'site'"),
    ],
)
def test_what_is_no_such_table_is_refused_by_name(
    content: bytes, reason: str, tmp_path: Path
) -> None:
    (tmp_path / "table.csv").write_bytes(content)

    with pytest.raises(DatasetError, match=rf"table\.csv {reason}"):
        read_table(tmp_path / "table.csv", ("id", "site"))


def test_a_missing_table_is_named_with_its_columns(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"table\.csv is missing.* id, site"):
        read_table(tmp_path / "table.csv", ("id", "site"))
