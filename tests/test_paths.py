"""The gate for paths: what may be named, what is followed, and that no opening waits for ever."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.datasets.fakes import write_image
from tests.odd_files import ODD, write_odd_files
from xray_core.archives.members import open_archive
from xray_core.datasets.folder.mapping import MAPPING_FILE, read_mapping
from xray_core.datasets.union import UNION_JSON, find_members
from xray_core.errors import DatasetError, XrayError
from xray_core.imagefiles.dicom import is_dicom, read_dicom, read_dicom_size, read_dicom_texts
from xray_core.imagefiles.images import read_image, read_size
from xray_core.paths import (
    find_allowed,
    is_file,
    is_folder,
    list_folder,
    open_file,
    read_bytes,
    walk_folders,
)
from xray_core.preprocess.thumbnails import create_thumbnails
from xray_core.tables.sheet import read_sheet
from xray_core.tables.text import read_table
from xray_core.tables.workbooks import read_workbook
from xray_core.workspace import find_workspace


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one folder that may be read, beside `out`, which may not, and the workspace."""
    for name in ("root", "out"):
        write_image(tmp_path / name / "secret.png")
    monkeypatch.setenv("XRAY_DATA_ROOTS", str(tmp_path / "root"))
    monkeypatch.setenv("XRAY_HOME", str(tmp_path / "home"))
    return tmp_path / "root"


def test_what_may_be_read_is_returned_without_links(root: Path) -> None:
    (root / "link").symlink_to(root)

    assert find_allowed(root / "link" / "a" / ".." / "b") == root / "b"
    assert find_allowed(find_workspace().runs / "x") == find_workspace().runs / "x"


def test_without_roots_everything_may_be_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XRAY_DATA_ROOTS")

    assert find_allowed(root.parent / "out") == root.parent / "out"
    with pytest.raises(DatasetError, match="is no path"):
        find_allowed(Path("a\0b"))


def test_no_answer_tells_what_lies_outside(root: Path) -> None:
    out = root.parent / "out"
    (root / "link").symlink_to(out)
    (out / "loop").symlink_to("loop")
    named = [out / "secret.png", out / "no", out / "loop", root / "link", root / "../out"]
    named += [Path("~nobody_of_this_name/a"), Path("~root/a"), Path("a\0b")]

    answers = set()
    for path in named:
        with pytest.raises(DatasetError) as caught:
            find_allowed(path)
        answers.add(str(caught.value).replace(str(path), "PATH"))

    assert answers == {
        f"PATH lies outside the folders that this app may read: {root}. "
        "Ask whoever runs the app to add it to XRAY_DATA_ROOTS."
    }


@pytest.mark.parametrize("path", [Path("/", "ä" * 200), Path("/", *["folder"] * 1000)])
@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other limits")
def test_a_path_that_no_disk_can_hold_is_refused_with_the_limit(path: Path) -> None:
    with pytest.raises(DatasetError, match="a name of 255 bytes and a path of 4,095 are possible"):
        find_allowed(path)
    assert not is_file(path)


def test_a_folder_that_begins_like_a_root_lies_outside(root: Path) -> None:
    with pytest.raises(DatasetError, match="outside"):
        find_allowed(root.with_name("root2") / "a")


def test_what_a_link_in_the_workspaces_data_leads_to_may_be_read(root: Path) -> None:
    find_workspace().data.mkdir(parents=True)
    with pytest.raises(DatasetError, match="outside"):
        find_allowed(root.parent / "out")

    (find_workspace().data / "big").symlink_to(root.parent / "out")

    assert find_allowed(find_workspace().data / "big") == root.parent / "out"
    assert read_bytes(find_workspace().data / "big" / "secret.png").startswith(b"\x89PNG")


def test_a_link_out_is_refused_where_the_system_does_not_tell_of_open_files(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def readlink(path: str) -> str:
        if path.startswith("/proc"):
            raise FileNotFoundError(2, "No such file or directory", path)
        return read(path)

    read = os.readlink
    monkeypatch.setattr(os, "readlink", readlink)  # as where there is no /proc
    (root / "link.png").symlink_to(root.parent / "out" / "secret.png")

    assert read_bytes(root / "secret.png")
    with pytest.raises(DatasetError, match="outside"):
        read_bytes(root / "link.png")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="another system than Linux")
def test_the_systems_own_files_are_no_data(tmp_path: Path) -> None:
    (tmp_path / "x.png").symlink_to("/proc/self/environ")

    assert not is_file(tmp_path / "x.png")
    assert list_folder(tmp_path).refused == ["x.png"]
    for path in (tmp_path / "x.png", Path("/proc/self/environ")):
        with pytest.raises(DatasetError, match="nothing in /proc or /sys is read"):
            open_file(path)
        with pytest.raises(DatasetError, match="nothing in /proc or /sys is read"):
            find_allowed(path)


@pytest.mark.timeout(20)
def test_a_listing_tells_files_from_folders_and_from_what_is_refused(root: Path) -> None:
    inner = root / "a"
    inner.mkdir()
    write_odd_files(inner, root.parent / "out")
    (inner / "again.png").symlink_to(root / "secret.png")
    (inner / ".hidden").symlink_to("not there")

    found = list_folder(inner)

    assert found.files == ["again.png"]
    assert found.folders == ["above", "folder.png"]
    assert found.linked == {"above"}
    assert {name.partition(".")[0] for name in found.refused} == {*ODD} - {"above"}


@pytest.mark.timeout(20)
def test_a_walk_comes_to_each_folder_once_and_the_linked_ones_last(root: Path) -> None:
    for name in ("b/c", "far"):
        (root / name).mkdir(parents=True)
    (root / "a").symlink_to(root / "b")  # its own folder comes before the link
    (root / "b/c/up").symlink_to(root.parent)
    (root / "b/round").symlink_to(root)
    write_image(root / "b/c/x.png")
    refused: list[str] = []

    walked = list(walk_folders(root, refused))

    assert walked == [("", ["secret.png"]), ("b", []), ("b/c", ["x.png"]), ("far", [])]
    assert sorted(refused) == ["a", "b/c/up", "b/round"]


def test_a_walk_from_a_folder_that_may_not_be_read_yields_nothing_and_says_so(root: Path) -> None:
    (root / "train").symlink_to(root.parent / "out")
    refused: list[str] = []

    assert list(walk_folders(root, refused, "train")) == []
    assert list(walk_folders(root, refused, "test")) == []
    assert refused == ["train"]


def test_a_folder_may_be_reached_through_a_link_where_nothing_forbids_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "far").symlink_to(root.parent / "out")
    monkeypatch.delenv("XRAY_DATA_ROOTS")

    assert list(walk_folders(root, [])) == [("", ["secret.png"]), ("far", ["secret.png"])]


def _open_archive(path: Path) -> None:
    with open_archive(path):
        pass


def _make_thumbnail(path: Path) -> None:
    [made] = create_thumbnails([path], 32, path.parent / "kept")
    if made.reason:
        raise DatasetError(made.reason)


# Function -> the name that its file must have, if any.
OPENERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "open_file": (open_file, "x"),
    "read_image": (read_image, "x.png"),
    "read_size": (read_size, "x.png"),
    "read_dicom": (read_dicom, "x.dcm"),
    "read_dicom_size": (read_dicom_size, "x.dcm"),
    "read_dicom_texts": (lambda path: read_dicom_texts(path, ["PatientAge"]), "x.dcm"),
    "create_thumbnails": (_make_thumbnail, "x.png"),
    "read_table": (lambda path: read_table(path, ["a"]), "x.csv"),
    "read_sheet": (read_sheet, "x.csv"),
    "read_workbook": (lambda path: read_workbook(path, ["a"]), "x.xlsx"),
    "read_mapping": (lambda path: read_mapping(path.parent), MAPPING_FILE),
    "find_members": (lambda path: find_members(path.parent), UNION_JSON),
    "open_archive": (_open_archive, "x.zip"),
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", OPENERS)
def test_no_opening_waits_for_a_pipe(name: str, tmp_path: Path) -> None:
    read, file = OPENERS[name]
    os.mkfifo(tmp_path / file)

    if name == "read_mapping":  # which takes it for no mapping
        assert read(tmp_path / file) is None
    else:
        with pytest.raises(XrayError, match="is no plain file"):
            read(tmp_path / file)


@pytest.mark.parametrize("name", OPENERS)
def test_no_opening_follows_a_link_out_of_the_roots(name: str, root: Path) -> None:
    read, file = OPENERS[name]
    (root / file).symlink_to(root.parent / "out/secret.png")

    with pytest.raises(XrayError, match="lies outside the folders that this app may read"):
        read(root / file)


@pytest.mark.timeout(20)
def test_what_is_no_plain_file_is_not_opened(root: Path) -> None:
    inner = root / "a"
    inner.mkdir()
    write_odd_files(inner, root.parent / "out")

    for name in ("pipe.png", "socket.png", "folder.png", "above"):
        with pytest.raises(DatasetError, match="is no plain file"):
            open_file(inner / name)
    for name in ("out.png", "chain.png", "way_out/secret.png"):
        with pytest.raises(DatasetError, match="outside"):
            open_file(inner / name)
    for name in ("loop.png", "nowhere.png"):
        with pytest.raises(OSError, match=name):
            open_file(inner / name)
    assert not any(map(is_file, inner.iterdir()))
    assert [path.name for path in sorted(inner.iterdir()) if is_folder(path)] == [
        "above",
        "folder.png",
    ]
    assert not is_dicom(inner / "pipe.png")
