"""Reading whole tables, whatever program saved them: CSV of all kinds, lists and workbooks."""

import csv
import gzip
import io
import re
from datetime import datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xray_core.errors import DatasetError, XrayError
from xray_core.tables import decoding
from xray_core.tables.sheet import MISSING_WORDS, Sheet, read_header, read_sheet
from xray_core.tables.text import read_table

PLAIN = "file,label\na.png,Köln\nb.png,Ulm – “x”\n"
ROWS = [["a.png", "Köln"], ["b.png", "Ulm – “x”"]]


def read(folder: Path, content: str | bytes, name: str = "table.csv", **options: object) -> Sheet:
    data = content.encode() if isinstance(content, str) else content
    (folder / name).write_bytes(data)
    return read_sheet(folder / name, **options)  # type: ignore[arg-type]


def listed(rows: pd.DataFrame) -> list[list[object]]:
    return rows.astype(object).where(rows.notna(), None).to_numpy().tolist()


@pytest.mark.parametrize(
    ("encoding", "name", "separator", "line_end"),
    [
        ("utf-8", "utf-8", ",", "\n"),
        ("utf-8", "utf-8", "|", "\r"),
        ("utf-8-sig", "utf-8", ";", "\r\n"),
        ("utf-16", "utf-16", "\t", "\r\n"),
        ("utf-16", "utf-16", ",", "\n"),
        ("utf-16-le", "utf-16", ";", "\n"),
        ("utf-16-be", "utf-16", "|", "\n"),
        ("utf-32", "utf-32", ",", "\r\n"),
        ("cp1252", "windows-1252", ";", "\r\n"),
        ("cp1252", "windows-1252", "\t", "\r"),
    ],
)
def test_encoding_separator_and_line_ends_do_not_matter(
    tmp_path: Path, encoding: str, name: str, separator: str, line_end: str
) -> None:
    text = PLAIN.replace(",", separator).replace("\n", line_end)

    sheet = read(tmp_path, text.encode(encoding))

    assert list(sheet.rows) == ["file", "label"]
    assert listed(sheet.rows) == ROWS
    assert (sheet.encoding, sheet.separator, sheet.has_header) == (name, separator, True)
    assert (sheet.missing_words, sheet.notes) == ({}, ())
    table = read_table(tmp_path / "table.csv", ("file", "label"))
    assert listed(table) == ROWS


def test_bytes_that_windows_lacks_are_latin_1(tmp_path: Path) -> None:
    sheet = read(tmp_path, b"file,label\na.png,K\xf6ln\x81\n")

    assert (sheet.encoding, sheet.rows["label"][0][:4]) == ("latin-1", "Köln")


def test_a_damaged_character_of_utf_8_is_counted_and_spoils_no_other(tmp_path: Path) -> None:
    sheet = read(tmp_path, "file,label\na.png,äöüßé\n".encode() + b"b.png,\xe4\n")

    assert sheet.rows["label"].tolist() == ["äöüßé", "\ufffd"]
    assert "in the cells: 1." in sheet.notes[0]


@pytest.mark.parametrize(
    ("text", "columns", "rows"),
    [
        ("file;label;age, years\na;x;50,5\nb;y;51,5\n", ["file", "label", "age, years"],
         [["a", "x", "50,5"], ["b", "y", "51,5"]]),
        ("a.png;0,5\nb.png;0,7\n", ["Column 1", "Column 2"], [["a.png", "0,5"], ["b.png", "0,7"]]),
        ("sep=;\nfile;a,b\nx;1\n", ["file", "a,b"], [["x", "1"]]),
        ("sep=,,\nfile,a;b\nx,1;2\n", ["file", "a;b"], [["x", "1;2"]]),
        ('file,"Box [x, y]"\na,"[1, 2]"\nb,\n', ["file", "Box [x, y]"],
         [["a", "[1, 2]"], ["b", None]]),
        ("file,Box [x,y],,\na,1,2,3\n", ["file", "Box [x", "y]", "Column 4"],
         [["a", "1", "2", "3"]]),
        ('id,"a[x,y]",\nq,1,2\n', ["id", "a[x", "y]"], [["q", "1", "2"]]),
        ('file,text\na,"one\ntwo, three"\n', ["file", "text"], [["a", "one\ntwo, three"]]),
        ("file,label,,\n\na,x,,\n,,,\nb,y,,\n", ["file", "label"], [["a", "x"], ["b", "y"]]),
        (",file,label\n7,a,x\n3,b,y\n", ["file", "label"], [["a", "x"], ["b", "y"]]),
        ("Unnamed: 0,file,Unnamed: 0.1\n0,a,x\n1,b,x\n", ["file", "Unnamed: 0.1"],
         [["a", "x"], ["b", "x"]]),
        (",file\n007,a\n008,b\n", ["Column 1", "file"], [["007", "a"], ["008", "b"]]),
        ("file,label,label\na,x,y\n", ["file", "label", "label (2)"], [["a", "x", "y"]]),
        ("Ward 3,,\nMay,,\nfile,label,age\na,x,5\n", ["file", "label", "age"], [["a", "x", "5"]]),
        ("Ward 3\nfile,label\na,x\nb,y\n", ["file", "label"], [["a", "x"], ["b", "y"]]),
        ("file,label\na,x\nfile,label\nb,y\n", ["file", "label"], [["a", "x"], ["b", "y"]]),
        ("file\na b\nc\n", ["file"], [["a b"], ["c"]]),
        ("file,label\na\nb\n", ["file", "label"], [["a", None], ["b", None]]),
        ("file\tlabel\n1\ta\tx\n2\tb\ty\n", ["file", "label"], [["a", "x"], ["b", "y"]]),
        (",0\na.png,x\nb.png,x\n", ["Column 1", "0"], [["a.png", "x"], ["b.png", "x"]]),
        ("file,label\na,x\n\x1a", ["file", "label"], [["a", "x"]]),
        ("0,1,2\na,x,9\nb,y,8\n", ["0", "1", "2"], [["a", "x", "9"], ["b", "y", "8"]]),
        ("file,label\na.png,,\n", ["file", "label"], [["a.png", None]]),
    ],
    ids=["comma in a header", "decimal comma", "semicolon named", "comma named", "quoted brackets",
         "bare brackets", "quoted brackets and blank names", "line break in a cell", "blank rows",
         "index without a name", "index named by pandas", "ids without a name", "repeated name",
         "titles as a spreadsheet saves them", "title", "header again", "a single column",
         "rows without labels", "row names of R", "series of pandas",
         "end of file of DOS", "numbered header", "one blank row longer than the header"],
)  # fmt: skip
def test_odd_tables_give_their_columns_and_rows(
    tmp_path: Path, text: str, columns: list[str], rows: list[list[object]]
) -> None:
    sheet = read(tmp_path, text)

    assert (list(sheet.rows), listed(sheet.rows)) == (columns, rows)
    assert set(sheet.rows.dtypes.astype(str)) == {"string"}


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (",file\n0,a\n1,b\n", "only numbers the rows"),
        ("file,label,label\na,x,y\n", "called 'label'"),
        ("Ward 3,,\nfile,label,age\na,x,5\n", "titles: 1 .Ward 3"),
        ("file,label\na,x\nfile,label\nb,y\n", "repeat the header: 1"),
        ("file,label\na,Effusion, Mass\nb,x\n", "more cells than the header: 1.*Effusion, Mass"),
        ("file,label,age\na,x\nb,y,5\n", "fewer cells.*: 1"),
        ("a.png,x\nb.png,y\n", "The first row is no header"),
    ],
)
def test_what_was_odd_is_noted(tmp_path: Path, text: str, note: str) -> None:
    [written] = read(tmp_path, text).notes

    assert re.search(note, written)


@pytest.mark.parametrize(
    ("text", "headed"),
    [
        ("a.png,normal\nb.png,opacity\n", False),
        ("12,normal\n13,opacity\n", False),
        ("scan,normal\nother,normal\nthird,opacity\nfourth,opacity\n", False),
        ("p001,f\np002,m\np003,m\n", False),
        ("0a0b0c0d-11112222-33334444,x\n0a0b0c0d-11112222-33334445,y\n", False),
        ("1.2.840.113619.2.1,x\n1.2.840.113619.2.2,y\n", False),
        ("2020-01-31,x\n2020-02-01,y\n", False),
        ("00000001_000,x\n00000001_001,y\n", False),
        ("known7,x\nknown8,yy\n", False),
        ("image,label\na.png,x\nb.png,x\n", True),
        ("image,2017\na.png,x\nb.png,y\n", True),
        ("file,age\na,5\nb,6\n", True),
        ("f1,x1\naa,12\nbb,13\n", True),
        ("No Finding,Mass\n1,0\n0,1\n", True),
        ("file,Mass\na.png,Mass\nb.png,Mass\nc.png,clear\nd.png,clear\n", True),
    ],
)
def test_a_first_row_like_those_below_is_no_header(tmp_path: Path, text: str, headed: bool) -> None:
    sheet = read(tmp_path, text, names_image=lambda cell: cell.startswith("known"))

    assert sheet.has_header == headed
    assert len(sheet.rows) == text.count("\n") - headed


def test_a_column_without_a_name_that_names_images_is_no_index(tmp_path: Path) -> None:
    sheet = read(tmp_path, ",label\n0,x\n1,y\n", names_image=lambda cell: cell in ("0", "1"))

    assert list(sheet.rows) == ["Column 1", "label"]


@pytest.mark.parametrize(
    ("text", "separator", "rows"),
    [
        ("0 a-0.png  neg drawn\n1 a-1.png pos drawn\n", " ",
         [["0", "a-0.png", "neg", "drawn"], ["1", "a-1.png", "pos", "drawn"]]),
        ("a.png\nb.png\n", "", [["a.png"], ["b.png"]]),
        ("CXR (1).png\nCXR (2).png\n", "", [["CXR (1).png"], ["CXR (2).png"]]),
        ("a.png|x y\nb.png|z z\n", "|", [["a.png", "x y"], ["b.png", "z z"]]),
    ],
)  # fmt: skip
def test_lists_of_files_in_a_text_file_are_tables(
    tmp_path: Path, text: str, separator: str, rows: list[list[str]]
) -> None:
    sheet = read(tmp_path, text, "a.txt", names_image=lambda cell: cell.startswith("CXR ("))

    assert (sheet.separator, sheet.has_header, listed(sheet.rows)) == (separator, False, rows)


def test_words_for_missing_cells_are_counted_and_none_in_small_letters_is_a_word(
    tmp_path: Path,
) -> None:
    words = [*sorted(MISSING_WORDS), "nan", "", " ", "none", "Nothing"]
    text = "file,label\n" + "".join(f'{n}.png,"{word}"\n' for n, word in enumerate(words))

    sheet = read(tmp_path, text)

    assert sheet.rows["label"].dropna().tolist() == ["none", "Nothing"]
    assert sheet.missing_words == {**dict.fromkeys(MISSING_WORDS, 1), "nan": 2}
    kept = read_table(tmp_path / "table.csv", ("label",))["label"]
    assert set(kept.dropna()) == {*MISSING_WORDS, "none", "Nothing"}


def test_a_row_longer_than_all_before_it_loses_no_cell(tmp_path: Path) -> None:
    lines = [f"{number}.png,x" for number in range(300)]

    sheet = read(tmp_path, "\n".join(["file,label", *lines, "last.png,x,y,z"]))

    assert listed(sheet.rows.tail(1)) == [["last.png", "x", "y", "z"]]
    assert list(sheet.rows) == ["file", "label", "Column 3", "Column 4"]


def test_a_cell_of_very_many_run_lengths_is_one_cell(tmp_path: Path) -> None:
    runs = " ".join(map(str, range(40_000)))

    sheet = read(tmp_path, f'file,runs,note\na,{runs},x\nb,"-1"\n')

    assert sheet.rows["runs"].tolist() == [runs, "-1"]


@pytest.mark.parametrize(
    ("content", "reason", "name"),
    [
        (b"", "is empty", "a.csv"),
        (b"\n ,\n", "is empty", "a.csv"),
        (b'file,label\na,"x\nb,y\n', "quotation mark is never closed", "a.csv"),
        (b'f,l,n\na,"x,1\nb,y,2\nc,y,3\nd",z,4\n', "quotation mark opens before", "a.csv"),
        (b'f,l\na.png,"x\nb.png,y\nc.png,y\nd.png",z\n', "closes 3 rows later", "a.csv"),
        (b"\x00\xff\xfe\x01", "is no text: it holds 1 NUL", "a.csv"),
        (b"\x01\x02\x03\x04,", "control characters", "a.csv"),
        (b"\xff\xfea", "is no text", "a.csv"),
        (b"\x89PNG\r\n\x1a\n", "is no table, but a PNG image", "a.csv"),
        (b"PK\x03\x04", "give it the ending .xlsx", "a.csv"),
        (b"\n<!DOCTYPE html><html>", "a web page: download", "a.csv"),
        (b"A chest X-ray set.\nTake care, it is large.\nBye.\n", "is no table", "a.txt"),
        (b"", "save it as .xlsx or as CSV", "a.xls"),
        (b"", "save it as .xlsx or as CSV", "a.ods"),
        (b"PK\x03\x04", "is not a readable workbook", "a.xlsx"),
    ],
)
def test_what_is_no_table_is_refused_with_the_reason(
    tmp_path: Path, content: bytes, reason: str, name: str
) -> None:
    with pytest.raises(DatasetError, match=reason):
        read(tmp_path, content, name)


def test_a_missing_or_too_large_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DatasetError, match=r"a\.csv cannot be read"):
        read_sheet(tmp_path / "a.csv")
    monkeypatch.setattr(decoding, "MAX_TABLE_BYTES", 1000)
    with pytest.raises(DatasetError, match="is larger than 1 kB"):
        read(tmp_path, "a" * 1001)


def test_the_first_sheet_that_holds_a_table_is_read_and_the_others_are_named(
    tmp_path: Path,
) -> None:
    workbook = openpyxl.Workbook()
    workbook.worksheets[0].title = "Read me"
    workbook.worksheets[0].append(["Notes on the data"])
    hidden, table, more = (workbook.create_sheet(name) for name in ("Old", "Images", "Sites"))
    hidden.append(["file", "label"])
    hidden.append(["wrong.png", "x"])
    hidden.sheet_state = "hidden"
    for row in ([], ["file", "age", None, "day"], ["a.png", 57.0, None, datetime(2020, 1, 31)],
                ["b.png", 5.5, None, "N/A"]):  # fmt: skip
        table.append(row)
    more.append(["site"])
    workbook.save(tmp_path / "a.xlsx")

    sheet = read_sheet(tmp_path / "a.xlsx")

    assert list(sheet.rows) == ["file", "age", "day"]
    assert listed(sheet.rows) == [["a.png", "57", "2020-01-31"], ["b.png", "5.5", None]]
    assert sheet.notes == ("Read is the sheet 'Images'; not read: 'Read me', 'Sites'.",)
    assert (sheet.encoding, sheet.separator, sheet.missing_words) == ("", "", {"N/A": 1})
    assert list(read_sheet(tmp_path / "a.xlsx", "Read me").rows) == ["Notes on the data"]
    with pytest.raises(DatasetError, match=r"no sheet 'None'; it has: 'Read me', 'Images'"):
        read_sheet(tmp_path / "a.xlsx", "None")


@settings(deadline=None, derandomize=True, max_examples=80)
@given(
    st.binary(max_size=80)
    | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.text('ab1,;|\t"\r\n .é#=-', max_size=80).map(str.encode),
    st.sampled_from(["any.csv", "any.txt", "any.xlsx"]),
)
def test_whatever_a_file_holds_it_is_a_sheet_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str
) -> None:
    try:
        sheet = read(tmp_path_factory.getbasetemp(), content, name)
    except XrayError:
        return
    columns = list(sheet.rows)
    assert columns
    assert len(set(columns)) == len(columns)
    assert all(columns)
    assert not sheet.rows.isin(["", *MISSING_WORDS]).any(axis=None)


cells = st.text('ab1,;|\t"\n é–', max_size=8).filter(
    lambda text: text.count("\n") < 3 and text.strip() not in MISSING_WORDS
)


@settings(deadline=None, derandomize=True, max_examples=40)
@given(
    st.lists(st.tuples(cells, cells), min_size=1, max_size=6),
    st.sampled_from(",;\t|"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
)
def test_what_was_written_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str]],
    separator: str,
    encoding: str,
) -> None:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=separator)
    named = [(f"im{number}.png", *row) for number, row in enumerate(rows)]
    writer.writerows([("file", "label", "note"), *named])

    sheet = read(tmp_path_factory.getbasetemp(), stream.getvalue().encode(encoding), "back.csv")

    assert listed(sheet.rows) == [[cell.strip() or None for cell in row] for row in named]
    assert (sheet.separator, sheet.has_header) == (separator, True)


def test_a_table_packed_by_gzip_is_read_as_it_was_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = gzip.compress(b"image;label\na.png;covid\n" + b"b.png;normal\n" * 1000)

    sheet = read(tmp_path, packed, "a.csv.gz")

    assert sheet.rows.iloc[0].to_dict() == {"image": "a.png", "label": "covid"}
    assert read_header(tmp_path / "a.csv.gz") == ["image", "label"]
    with pytest.raises(DatasetError, match="cannot be read"):
        read(tmp_path, packed[:-20], "a.csv.gz")
    monkeypatch.setattr(decoding, "MAX_UNPACKED_BYTES", 1000)  # packed, it is much smaller
    with pytest.raises(DatasetError, match="is larger than 1 kB, unpacked"):
        read(tmp_path, packed, "a.csv.gz")
