"""Paths as people give them: typed, pasted, dropped; and what is offered where nothing is there."""

import os
import re
import sys
import unicodedata
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xray_core.datasets.named import LOOK, NamedFolder, find_named_folder, find_typed_folder
from xray_core.errors import DatasetError
from xray_core.typed_paths import parse_path

WAYS = {
    "as it is": "{path}",
    "blanks": "  {path} \n",
    "slash at the end": "{path}/",
    "double quotes": '"{path}"',
    "single quotes": "'{path}'",
    "typographic quotes": "“{path}”",
    "German quotes": "„{path}“",
    "blanks within quotes": '" {path}/ "',
    "half a pair, as Windows leaves it": '{path}/"',
    "the sign that Windows copies along": "\u202a{path}",
    "address": "file://{quoted}",
    "address with a host": "file://localhost{quoted}/",
    "short address": "file:{quoted}",
    "address without a slash": "file:/{quoted}",
    "dropped into a terminal": "{escaped} ",
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_path_is_understood_however_it_is_given(way: str, tmp_path: Path) -> None:
    folder = tmp_path / "My x-rays (1) & Müller's"
    folder.mkdir()
    quoted = str(folder).replace(" ", "%20").replace("ü", "%C3%BC").replace("'", "%27")
    escaped = str(folder)
    for sign in " ()&'":
        escaped = escaped.replace(sign, f"\\{sign}")

    typed = way.format(path=folder, quoted=quoted, escaped=escaped)

    assert parse_path(typed) == folder
    assert find_typed_folder(typed) == NamedFolder(folder)


def test_home_is_understood_and_an_unknown_user_is_left_for_the_gate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))

    assert parse_path(" '~/x' ") == tmp_path / "x"
    assert parse_path("~nobody_of_that_name/x") == Path("~nobody_of_that_name/x")
    with pytest.raises(DatasetError, match="is no path"):
        find_typed_folder("~nobody_of_that_name/x")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows allows no such names")
@pytest.mark.parametrize("name", ["'quoted'", "back\\ slash", "blank ", "%20", "“x”"])
def test_what_is_there_to_the_letter_is_meant_to_the_letter(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()

    assert parse_path(str(tmp_path / name)) == tmp_path / name
    assert parse_path(f'"{tmp_path / name}"') in (tmp_path / name, tmp_path / name.strip())


@pytest.mark.parametrize("typed", ["", "  ", '""', "' '", "\u202a", '"'])
def test_nothing_is_no_path(typed: str) -> None:
    with pytest.raises(DatasetError, match="No path was given. Type one"):
        parse_path(typed)


@pytest.mark.parametrize("system", ["win32", "linux"])
def test_backslashes_of_windows_are_kept(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", system)

    assert str(parse_path('"C:\\data\\chest x"')) == "C:\\data\\chest x"
    assert str(parse_path("C:\\data\\chest\\ x")) == "C:\\data\\chest x"
    assert parse_path("file:///C:/data/chest%20x").as_posix() == "C:/data/chest x"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=30) | st.text("\"'\\~/ f:ile%0.", max_size=20))
def test_no_text_raises_anything_else(typed: str) -> None:
    with suppress(DatasetError):
        assert find_typed_folder(typed).folder.exists()


@pytest.mark.parametrize("name", ["labels.csv", "labels.TSV", "x.xlsx", "_annotations.coco.json"])
def test_who_names_a_table_means_its_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()

    assert find_named_folder(tmp_path / name) == NamedFolder(tmp_path, name)


@pytest.mark.parametrize(
    ("name", "words"), [("a.zip", "is an archive. Put it into"), ("a.png", "Name the folder")]
)
def test_other_files_are_refused_with_what_to_do(name: str, words: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()

    with pytest.raises(DatasetError, match=words):
        find_named_folder(tmp_path / name)


@pytest.mark.parametrize(
    "missing",
    ["chest_xry", "Chest_Xray", "chest xray", unicodedata.normalize("NFD", "chést_xray")],
)
def test_a_folder_of_nearly_the_same_name_is_offered(missing: str, tmp_path: Path) -> None:
    (tmp_path / "chest_xray" / "train").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    if (tmp_path / missing).exists():
        pytest.skip("upper and lower case are one here")

    with pytest.raises(DatasetError, match="does not exist. Did you mean .*/chest_xray[?]"):
        find_named_folder(tmp_path / missing)
    with pytest.raises(DatasetError, match=r"exist\. Did you mean .*/chest_xray/train[?]"):
        find_named_folder(tmp_path / missing / "train")


def test_without_such_a_name_the_nearest_folder_is_named_with_what_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abcdefg":
        (tmp_path / f"set_{name}").mkdir()

    with pytest.raises(DatasetError) as caught:
        find_named_folder(tmp_path / "gone" / "deeper")
    gone = tmp_path / "gone" / "deeper"
    words = f"{gone} does not exist. {tmp_path} does and holds the folders set_a,"
    assert str(caught.value).startswith(words)
    assert "set_e, …" in str(caught.value)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DatasetError, match="set_q does not exist. Did you mean"):
        find_typed_folder("set_q")


@pytest.mark.parametrize("missing", ["x/../data", "set_a/../data", "x/y/../../data"])
def test_steps_up_are_taken_before_the_nearest_folder_is_named(
    missing: str, tmp_path: Path
) -> None:
    (tmp_path / "set_a").mkdir()

    words = f"{tmp_path} does and holds the folders set_a. Look"
    with pytest.raises(DatasetError, match=re.escape(words)):
        find_named_folder(tmp_path / missing)
    with pytest.raises(DatasetError, match=r"Did you mean .*/set_a\?"):
        find_named_folder(tmp_path / "x" / ".." / "set_a")


@pytest.mark.skipif(sys.platform == "win32", reason="it is one of this system")
@pytest.mark.parametrize("missing", ["/x/../no_such_data", "/no_such_data", "/no_such/x/y"])
def test_of_the_whole_machine_nothing_is_listed(missing: str) -> None:
    with pytest.raises(DatasetError) as caught:
        find_typed_folder(missing)

    assert str(caught.value) == f"{missing} does not exist. {LOOK}"


@pytest.mark.skipif(sys.platform == "win32", reason="it is one of this system")
def test_a_path_of_windows_elsewhere_is_said_to_be_one() -> None:
    with pytest.raises(DatasetError, match="is a path of Windows"):
        find_typed_folder("C:\\Users\\me\\chest_xray")


def test_nothing_is_said_of_what_may_not_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("root", "out/secret"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.setenv("XRAY_DATA_ROOTS", str(tmp_path / "root"))

    messages = []
    for name in ("secret", "secrt", "gone"):
        with pytest.raises(DatasetError) as caught:
            find_typed_folder(os.fspath(tmp_path / "out" / name))
        messages.append(str(caught.value).replace(name, ""))
    assert len(set(messages)) == 1
    assert "lies outside the folders that this app may read" in messages[0]
