"""Reading CSV files, whatever program saved them last."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xray_core.errors import DatasetError, XrayError
from xray_core.tables.text import read_table

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


@pytest.mark.parametrize(
    "content",
    [
        "id,site,\n007,Köln,\n",
        "id,site\n007,Köln,\n",
        "id,site\n007,Köln,,,\n",
        "ID,_Site_#\n007,Köln\n",
        '"id","Si-te"\n007,Köln\n',
        "place,id\nKöln,007\n",
        "i.d,id,place,site\n0,007,Ulm,Köln\n",
        "i.d,site (old),site_,id\n0,Ulm,Köln,007\n",
    ],
    ids=["comma in all", "comma in rows", "commas in rows", "underscores", "quoted and hyphenated",
         "other name", "exact name first", "exact name before an alias"],
)  # fmt: skip
def test_headers_differ_and_rows_may_be_longer_than_theirs(content: str, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(content, encoding="utf-8")

    table = read_table(tmp_path / "table.csv", ("id", "site"), aliases={"site": ("place",)})

    assert table.to_numpy().tolist() == [["007", "Köln"]]


@pytest.mark.parametrize(
    "content",
    [
        "id,size[width,height]\na,1,2\nb,3,4\n",
        'id,"size[width,height]"\na,1,2\nb,3,4\n',
        'id,"size[width,height]",\na,1,2\nb,3,4\n',
        'id,"size[width,height]"\na,1,2,\nb,3,4,\n',
    ],
    ids=["bare", "quoted", "quoted, with room", "quoted, and a comma after each row"],
)
def test_a_comma_in_the_brackets_of_a_header_makes_two_columns(
    content: str, tmp_path: Path
) -> None:
    (tmp_path / "table.csv").write_text(content)

    table = read_table(tmp_path / "table.csv", ("id", "size[width", "height"))

    assert table.to_numpy().tolist() == [["a", "1", "2"], ["b", "3", "4"]]


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
@pytest.mark.parametrize("surplus", ["", ","])
def test_what_stands_far_down_in_a_table_is_read_alike(
    tmp_path: Path, encoding: str, surplus: str
) -> None:
    rows = f"a,Ulm{surplus}\n" * 30_000 + f"b,Köln{surplus}\n"
    (tmp_path / "table.csv").write_text(f"sep=,\nid,site\n{rows}", encoding=encoding)

    table = read_table(tmp_path / "table.csv", ("id", "site"))

    assert len(table) == 30_001
    assert table.iloc[[0, -1]].to_numpy().tolist() == [["a", "Ulm"], ["b", "Köln"]]


def test_brackets_that_repeat_a_name_are_left_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text('id,"a[x,y]","b[x,y]",,\na,1,2,3,4\n')

    table = read_table(tmp_path / "table.csv", ("id",), optional=("y",))

    assert table["y"].isna().all()


def test_an_optional_column_that_is_absent_is_empty(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("id,age\na,57\n")

    table = read_table(tmp_path / "table.csv", ("id",), optional=("age", "site"))

    assert list(table) == ["id", "age", "site"]
    assert table["age"].tolist() == ["57"]
    assert table["site"].isna().all()
    assert set(table.dtypes.astype(str)) == {"string"}


@settings(deadline=None, derandomize=True, max_examples=30)
@given(st.lists(st.text(st.characters(codec="utf-8"))), st.lists(st.text('ab,"\r\n\t |_#[]é1')))
def test_whatever_a_file_holds_it_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, header: list[str], rows: list[str]
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_text("\n".join([",".join(["id", *header]), *rows]), encoding="utf-8", newline="")

    try:
        table = read_table(path, ("id",), optional=("site",), aliases={"site": ("#", "1")})
    except XrayError:
        return
    assert list(table) == ["id", "site"]


def test_cells_stay_text(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("id,site\n007,NA\n1e3,None\n")

    table = read_table(tmp_path / "table.csv", ("id", "site"))

    assert table.to_numpy().tolist() == [["007", "NA"], ["1e3", "None"]]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not a readable CSV file"),
        (b'id,site\n"a', "is not a readable CSV file"),
        (b"id:site\na:b\n", "has no column 'id' or 'site'; it has: 'id:site'"),
        (b"\x00\xff\xfe\x01", "is no text: it holds 1 NUL"),
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
