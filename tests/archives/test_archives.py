"""Archives in the data folder: grouped, unpacked whole and safely, whatever is in them."""

import gzip
import io
import json
import os
import stat
import struct
import sys
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.datasets.fakes import FAKES
from xray_core.archives import members, unpacking, writing
from xray_core.archives import names as member_names
from xray_core.archives.groups import find_group, list_archives
from xray_core.archives.members import open_archive
from xray_core.archives.names import Skipped, safe_path
from xray_core.archives.unpacking import Unpacked, read_progress, unpack_archives
from xray_core.archives.writing import Progress, UnpackStopped
from xray_core.errors import DatasetError
from xray_core.registry import list_datasets
from xray_core.workspace import Workspace

Files = dict[str, bytes]
FILES: Files = {"images/1.png": b"one", "images/2.png": b"two" * 999, "table.csv": b"a,b\n"}
KINDS = ("zip", "tar", "tar.gz", "tgz", "tar.bz2", "tar.xz")


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr(writing, "RESERVED_BYTES", 0)  # a full disk is no bug of ours
    workspace = Workspace(tmp_path / "home")
    workspace.data.mkdir(parents=True)
    return workspace


def write_archive(path: Path, files: Files) -> None:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return
    kind = {".gz": "gz", ".tgz": "gz", ".bz2": "bz2", ".xz": "xz"}.get(path.suffix, "")
    with tarfile.open(path, f"w:{kind}") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


def read_tree(folder: Path) -> Files:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def unpack(workspace: Workspace, name: str, **options: Any) -> Unpacked:
    return unpack_archives(find_group(workspace, name), workspace, **options)


def counts(done: Unpacked) -> dict[str, int]:
    return {remark.kind: remark.count for remark in done.remarks}


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_becomes_a_folder_and_is_kept(kind: str, workspace: Workspace) -> None:
    archive = workspace.data / f"chest.{kind}"
    write_archive(archive, FILES)

    done = unpack(workspace, "chest")

    assert read_tree(workspace.data / "chest") == FILES
    assert (done.folder, done.n_files, done.remarks) == (workspace.data / "chest", 3, [])
    assert done.n_bytes == sum(map(len, FILES.values()))
    assert archive.is_file()
    assert not list(workspace.data.glob("*.partial"))
    assert list_archives(workspace)[0].waiting == ()


def test_the_kind_is_told_by_the_content_not_by_the_name(workspace: Workspace) -> None:
    write_archive(workspace.data / "a.zip", FILES)
    (workspace.data / "a.zip").rename(workspace.data / "a.tar.gz")

    unpack(workspace, "a.tar.gz")

    assert read_tree(workspace.data / "a") == FILES


def test_an_unpacked_dataset_is_in_the_registry(workspace: Workspace, tmp_path: Path) -> None:
    FAKES["kermany"](tmp_path / "chest_xray")
    with tarfile.open(workspace.data / "kermany.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "chest_xray", "chest_xray")
    assert list_datasets(workspace) == {}

    unpack(workspace, "kermany")

    assert list_datasets(workspace) == {"kermany": workspace.data / "kermany" / "chest_xray"}


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        (["b.zip", "a.tgz", "notes.txt", ".hidden.zip", "A.ZIP"], ["A", "a", "b"]),
        (["part_1.zip", "part_2.zip", "part_3.zip"], ["part"]),
        (["x.part1.tar", "x.part2.tar"], ["x"]),
        (["siim-256.zip", "siim-512.zip"], ["siim-256", "siim-512"]),
        (["covid-19.zip", "covid-20.zip"], ["covid-19", "covid-20"]),
        (["archive.zip", "archive (1).zip"], ["archive", "archive (1)"]),
        (["a.tar", "a.zip"], ["a", "a.zip"]),
        (["images_07.tar.gz"], ["nih-chestxray14"]),
        ([f"images_{n:03}.tar.gz" for n in range(1, 13)], ["nih-chestxray14"]),
    ],
)
def test_what_belongs_together_becomes_one_folder(
    names: list[str], groups: list[str], workspace: Workspace
) -> None:
    for name in names:
        (workspace.data / name).touch()
    if len(set(map(str.lower, names))) < len(names) and (workspace.data / "B.ZIP").exists():
        pytest.skip("upper and lower case are one here")

    assert [group.name for group in list_archives(workspace)] == groups


def test_numbered_archives_get_a_folder_each_and_nih_its_tables(workspace: Workspace) -> None:
    for number in (1, 2):
        # The first as published; the second holds its own name, as zipped by hand.
        top = "images_002/" * (number == 2)
        name = f"images_{number:03}" + (".zip" if number == 2 else ".tar.gz")
        write_archive(workspace.data / name, {f"{top}images/{number}.png": b"x"})
    (workspace.data / "Data_Entry_2017_v2020.csv").write_bytes(b"Image Index")
    (workspace.data / "train_val_list.txt").write_bytes(b"1.png")
    (workspace.data / "other.csv").write_bytes(b"no")

    unpack(workspace, "nih-chestxray14")

    assert read_tree(workspace.data / "nih-chestxray14") == {
        "images_001/images/1.png": b"x",
        "images_002/images/2.png": b"x",
        "Data_Entry_2017_v2020.csv": b"Image Index",
        "train_val_list.txt": b"1.png",
    }


def test_archives_and_tables_that_come_later_join_the_others(workspace: Workspace) -> None:
    write_archive(workspace.data / "images_001.tar.gz", {"images/1.png": b"x"})
    unpack(workspace, "nih-chestxray14")
    write_archive(workspace.data / "images_002.tar.gz", {"images/2.png": b"y"})
    (workspace.data / "BBox_List_2017.csv").write_bytes(b"boxes")

    [group] = list_archives(workspace)
    assert [path.name for path in group.waiting] == ["images_002.tar.gz", "BBox_List_2017.csv"]
    assert unpack(workspace, "nih-chestxray14").n_files == 1

    assert sorted(read_tree(group.folder)) == [
        "BBox_List_2017.csv",
        "images_001/images/1.png",
        "images_002/images/2.png",
    ]
    assert list_archives(workspace)[0].waiting == ()


def test_a_folder_unpacked_by_hand_is_left_alone(workspace: Workspace) -> None:
    write_archive(workspace.data / "a.zip", FILES)
    (workspace.data / "a").mkdir()
    (workspace.data / "a" / "mine.txt").touch()

    assert list_archives(workspace)[0].waiting == ()
    with pytest.raises(DatasetError, match="is there already. To unpack a again, delete"):
        unpack(workspace, "a")

    assert list(read_tree(workspace.data / "a")) == ["mine.txt"]


def test_an_unknown_name_is_answered_with_what_is_there(workspace: Workspace) -> None:
    write_archive(workspace.data / "a.zip", FILES)

    with pytest.raises(DatasetError, match=r"no archive 'b': .* holds a\. .*\.tar\.gz"):
        find_group(workspace, "b")


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_a_killed_unpacking_goes_on_and_writes_nothing_twice(
    kind: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {f"{number}.png": bytes([number]) * 50 for number in range(9)}
    write_archive(workspace.data / f"a.{kind}", files)
    asked = iter(range(99))
    with pytest.raises(UnpackStopped, match="Stopped with 5 files of a"):
        unpack(workspace, "a", should_stop=lambda: next(asked) == 5)
    assert list_datasets(workspace) == {}
    assert not (workspace.data / "a").exists()
    partial = workspace.data / ".a.partial" / "files"
    assert len(read_tree(partial)) == 5
    (partial / "4.png").write_bytes(b"cut")  # a machine that lost its power
    before = {path.name: path.stat().st_mtime_ns for path in partial.iterdir()}

    assert unpack(workspace, "a").n_files == 9

    assert read_tree(workspace.data / "a") == files
    after = {path.name: path.stat().st_mtime_ns for path in (workspace.data / "a").iterdir()}
    assert [name for name in before if before[name] != after[name]] == ["4.png"]


def test_finished_archives_of_a_series_are_not_read_again(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        write_archive(
            workspace.data / f"p_{number}.zip", {"../x": b"", "1.png": b"x", "2.png": b"y"}
        )
    asked = iter(range(99))
    with pytest.raises(UnpackStopped):
        unpack(workspace, "p", should_stop=lambda: next(asked) == 3)  # within the second
    opened: list[str] = []

    def open_noted(path: Path) -> Any:
        opened.append(path.name)
        return open_archive(path)

    monkeypatch.setattr(unpacking, "open_archive", open_noted)
    done = unpack(workspace, "p")

    assert set(opened) == {"p_2.zip"}
    assert done.n_files == 4
    assert counts(done)["unsafe_name"] >= 2  # that of the first is remembered


def test_an_archive_that_was_replaced_is_begun_anew(workspace: Workspace) -> None:
    write_archive(workspace.data / "a.zip", {"old/1.png": b"o", "old/2.png": b"o"})
    asked = iter(range(99))
    with pytest.raises(UnpackStopped):
        unpack(workspace, "a", should_stop=lambda: next(asked) == 1)
    write_archive(workspace.data / "a.zip", {"new/1.png": b"new"})
    os.utime(workspace.data / "a.zip", (1, 1))

    unpack(workspace, "a")

    assert read_tree(workspace.data / "a") == {"new/1.png": b"new"}


def test_two_processes_do_not_unpack_the_same(workspace: Workspace) -> None:
    write_archive(workspace.data / "a.zip", FILES)

    with FileLock(workspace.data / ".a.lock"), pytest.raises(DatasetError, match="Another process"):
        unpack(workspace, "a")

    assert not (workspace.data / "a").exists()


def test_progress_is_told_and_can_be_read_by_others(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "TICK_SECONDS", 0)
    write_archive(workspace.data / "a.zip", FILES)
    group = find_group(workspace, "a")
    told: list[Progress] = []
    read: list[Progress | None] = []

    def tell(now: Progress) -> None:
        told.append(now)
        read.append(read_progress(group))

    assert read_progress(group) is None
    unpack(workspace, "a", progress=tell)

    assert read == told
    assert [now.read for now in told] == sorted(now.read for now in told)
    assert told[-1] == Progress(group.size, group.size, 3, sum(map(len, FILES.values())))
    assert read_progress(group) is None


UNSAFE = (
    *("/etc/passwd", "../out.png", "a/../../out.png", "..", "C:/out.png", "C:out.png"),
    *("..\\out.png", "\\out.png", "a\\..\\..\\out", ".. /out.png", "a/...", "line\nbreak.png"),
    *("n" * 300, "/".join(["deep" * 20] * 20)),
)
HIDDEN = (
    *("__MACOSX/._1.png", "a/.DS_Store", "._table.csv", "Thumbs.db", "a/__MACOSX/b.png"),
    "a/.cache/b.png",
)


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_members_that_lead_elsewhere_are_left_out_and_hidden_ones_in_silence(
    kind: str, workspace: Workspace
) -> None:
    write_archive(
        workspace.data / f"a.{kind}", {**dict.fromkeys((*UNSAFE, *HIDDEN), b"!"), **FILES}
    )

    done = unpack(workspace, "a")

    assert read_tree(workspace.data / "a") == FILES
    assert counts(done) == {"unsafe_name": len(UNSAFE)}
    assert done.remarks[0].examples[:2] == UNSAFE[:2]
    assert sorted(path.name for path in workspace.data.glob("[!.]*")) == ["a", f"a.{kind}"]


def test_links_and_devices_are_left_out_of_a_tar(workspace: Workspace, tmp_path: Path) -> None:
    kinds = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE)
    with tarfile.open(workspace.data / "a.tar", "w") as tar:
        for number, kind in enumerate(kinds):
            info = tarfile.TarInfo(f"way{number}")
            info.type, info.linkname = kind, str(tmp_path)
            tar.addfile(info)
        for name in ("way0/out.png", "1.png"):
            info = tarfile.TarInfo(name)
            info.size = 1
            tar.addfile(info, io.BytesIO(b"x"))

    done = unpack(workspace, "a")

    assert counts(done) == {"link": 5}
    assert read_tree(workspace.data / "a") == {"way0/out.png": b"x", "1.png": b"x"}
    assert not any(path.is_symlink() for path in (workspace.data / "a").rglob("*"))
    assert not (tmp_path / "out.png").exists()


def test_links_are_left_out_of_a_zip(workspace: Workspace) -> None:
    with zipfile.ZipFile(workspace.data / "a.zip", "w") as archive:
        link = zipfile.ZipInfo("way")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc")
        archive.writestr("1.png", b"x")

    done = unpack(workspace, "a")

    assert counts(done) == {"link": 1}
    assert list(read_tree(workspace.data / "a")) == ["1.png"]


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_of_repeated_names_the_first_is_kept(workspace: Workspace) -> None:
    with zipfile.ZipFile(workspace.data / "a.zip", "w") as archive:
        for name, content in (("1", b"first"), ("./1", b"second"), ("1/2", b"x"), ("d/e", b"y")):
            archive.writestr(name, content)
        archive.writestr("d", b"a file where a folder is")

    done = unpack(workspace, "a")

    assert read_tree(workspace.data / "a") == {"1": b"first", "d/e": b"y"}
    assert counts(done) == {"repeated_name": 3}


@pytest.mark.parametrize(("system", "refused"), [("win32", 5), ("linux", 0), ("darwin", 0)])
def test_on_windows_more_names_are_refused(
    system: str, refused: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    names = ("a/con.png", "NUL", "what?.png", "a. /b", "b.")

    assert [safe_path(name) for name in names].count(None) == refused
    assert safe_path("console/nulls.png") == "console/nulls.png"


name_parts = st.sampled_from(
    ["..", ".", "/", "//", "\\", "C:", "a", "~", " ", "\0", "files", "current", "..;", "__MACOSX"]
)
names = st.text(max_size=30) | st.lists(name_parts | st.text(max_size=3), max_size=8).map("".join)


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
@settings(max_examples=40, deadline=None)
@given(found=st.lists(names, min_size=1, max_size=6), kind=st.sampled_from(["zip", "tar"]))
def test_no_name_writes_outside_the_folder(found: list[str], kind: str) -> None:
    with TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder) / "inner" / "home")
        workspace.data.mkdir(parents=True)
        path = workspace.data / f"a.{kind}"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(writing, "RESERVED_BYTES", 0)
            if kind == "zip":
                with zipfile.ZipFile(path, "w") as archive:
                    for name in found:
                        info = zipfile.ZipInfo("x")
                        info.filename = name  # unchecked
                        archive.writestr(info, b"evil")
            else:
                write_archive(path, dict.fromkeys(found, b"evil"))
            try:
                done = unpack(workspace, "a")
            except DatasetError as error:
                assert "holds no file that can be unpacked" in str(error)  # noqa: PT017
                done = None

        evil = [one for one in Path(folder).rglob("*") if one.is_file() and one != path]
        written = [one for one in evil if one.read_bytes() == b"evil"]
        assert all(one.is_relative_to(workspace.data / "a") for one in written)
        assert len(written) == (done.n_files if done else 0)


def replace_bytes(path: Path, start: int, new: bytes) -> None:
    content = bytearray(path.read_bytes())
    content[start : start + len(new)] = new
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])


def spoil(path: Path) -> None:
    replace_bytes(path, path.stat().st_size // 2, b"\xaa" * 40)


NOISE = {f"{number}.png": os.urandom(3_000) for number in range(20)}


@pytest.mark.parametrize("damage", [cut, spoil])
@pytest.mark.parametrize("kind", ["zip", "tar.gz", "tar.bz2", "tar.xz"])
def test_a_damaged_archive_is_named_and_nothing_appears(
    kind: str, damage: Callable[[Path], None], workspace: Workspace
) -> None:
    write_archive(workspace.data / f"a.{kind}", NOISE)
    damage(workspace.data / f"a.{kind}")

    with pytest.raises(DatasetError, match=rf"^a\.{kind} is damaged, .*Download it again"):
        unpack(workspace, "a")

    assert list_datasets(workspace) == {}
    assert not (workspace.data / "a").exists()


@pytest.mark.parametrize("n_bytes", [0, 100, 512, 4_096, 7_000, 3 * 3_584])  # 3,584 a member
def test_a_tar_that_ends_too_soon_is_noticed(n_bytes: int, workspace: Workspace) -> None:
    write_archive(workspace.data / "a.tar", NOISE)
    (workspace.data / "a.tar").write_bytes((workspace.data / "a.tar").read_bytes()[:n_bytes])

    with pytest.raises(DatasetError, match=r"^a\.tar is damaged"):
        unpack(workspace, "a")


def test_a_header_that_is_damaged_is_not_taken_for_the_end(workspace: Workspace) -> None:
    write_archive(workspace.data / "a.tar", NOISE)
    replace_bytes(workspace.data / "a.tar", 3 * 3_584, b"\xaa" * 512)

    with pytest.raises(DatasetError, match=r"^a\.tar is damaged"):
        unpack(workspace, "a")


def test_the_checksum_at_the_end_is_checked(workspace: Workspace) -> None:
    write_archive(workspace.data / "a.tar.gz", NOISE)
    replace_bytes(
        workspace.data / "a.tar.gz", (workspace.data / "a.tar.gz").stat().st_size - 8, b"none"
    )

    with pytest.raises(DatasetError, match=r"^a\.tar\.gz is damaged.*CRC"):
        unpack(workspace, "a")


def test_a_web_page_in_place_of_an_archive_is_no_archive(workspace: Workspace) -> None:
    (workspace.data / "a.zip").write_bytes(b"<html>Please sign in</html>" * 40)

    with pytest.raises(DatasetError, match=r"^a\.zip is damaged, not whole yet, or no archive"):
        unpack(workspace, "a")


def test_an_encrypted_zip_is_refused_before_anything_is_written(workspace: Workspace) -> None:
    write_archive(workspace.data / "a.zip", FILES)
    content = (workspace.data / "a.zip").read_bytes()
    replace_bytes(workspace.data / "a.zip", content.index(b"PK\x01\x02") + 8, b"\x01")

    with pytest.raises(DatasetError, match=r"a\.zip is encrypted. Unpack it with its password"):
        unpack(workspace, "a")

    assert read_tree(workspace.data / ".a.partial" / "files") == {}


def test_an_unknown_compression_says_what_to_use_instead(workspace: Workspace) -> None:
    write_archive(workspace.data / "a.zip", {"1.png": b"x"})
    content = (workspace.data / "a.zip").read_bytes()
    replace_bytes(workspace.data / "a.zip", content.index(b"PK\x01\x02") + 10, struct.pack("<H", 9))
    replace_bytes(workspace.data / "a.zip", 8, struct.pack("<H", 9))

    with pytest.raises(DatasetError, match="cannot read .*7-Zip"):
        unpack(workspace, "a")


def bomb(path: Path, n_bytes: int) -> None:
    write_archive(path, {"0.csv": b"honest", "zeros.csv": bytes(n_bytes)})


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "tar.xz"])
def test_a_bomb_is_stopped(
    kind: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "ALWAYS_ALLOWED_BYTES", 10**6)
    bomb(workspace.data / f"a.{kind}", 5 * 10**6)

    with pytest.raises(DatasetError, match=rf"^a\.{kind} unpacks to more than 1.0 MB"):
        unpack(workspace, "a")

    written = read_tree(workspace.data / ".a.partial")
    assert sum(map(len, written.values())) < 3 * 10**6


def test_what_a_header_hides_is_counted_while_reading(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gzip file that says to hold 1 KB; zip files that say too little, and too much."""
    monkeypatch.setattr(members, "ALWAYS_ALLOWED_BYTES", 10**6)
    bomb(workspace.data / "a.tar.gz", 5 * 10**6)
    size = (workspace.data / "a.tar.gz").stat().st_size
    replace_bytes(workspace.data / "a.tar.gz", size - 4, struct.pack("<I", size + 1000))
    with pytest.raises(DatasetError, match="unpacks to more than 1.0 MB"):
        unpack(workspace, "a")

    for size in (3, 600_000):
        write_archive(workspace.data / "b.zip", {"1.csv": bytes(5 * 10**5)})
        directory = (workspace.data / "b.zip").read_bytes().index(b"PK\x01\x02")
        replace_bytes(workspace.data / "b.zip", directory + 24, struct.pack("<I", size))
        with pytest.raises(DatasetError, match=r"b\.zip is damaged"):
            unpack(workspace, "b")


def test_what_lies_behind_the_end_or_is_passed_over_counts_too(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "ALWAYS_ALLOWED_BYTES", 10**6)
    write_archive(workspace.data / "a.tar", FILES)
    content = (workspace.data / "a.tar").read_bytes()
    (workspace.data / "a.tar").unlink()
    (workspace.data / "a.tar.gz").write_bytes(gzip.compress(content + bytes(5 * 10**6)))
    with pytest.raises(DatasetError, match="unpacks to more than 1.0 MB"):
        unpack(workspace, "a")

    stream = io.BytesIO(content)
    checked = members._Checked(workspace.data / "a.tar.gz", stream, 10**6)
    with pytest.raises(DatasetError, match="unpacks to more than 1.0 MB"):
        checked.seek(2 * 10**6)
    assert stream.tell() == 0  # not even unpacked to be thrown away


def test_a_header_that_would_fill_the_memory_is_refused(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "MAX_READ_BYTES", 10**5)
    info = tarfile.TarInfo("n" * 200_000)
    info.size = 1
    with tarfile.open(workspace.data / "a.tar", "w", format=tarfile.GNU_FORMAT) as tar:
        tar.addfile(info, io.BytesIO(b"x"))

    with pytest.raises(DatasetError, match="a header of"):
        unpack(workspace, "a")


def test_files_that_are_too_large_are_left_out(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(member_names, "MAX_FILE_BYTES", 1_000)
    write_archive(workspace.data / "a.tar", FILES)

    done = unpack(workspace, "a")

    assert counts(done) == {"too_large": 1}
    assert "images/2.png" not in read_tree(workspace.data / "a")


def test_an_archive_with_nothing_to_unpack_is_an_error(workspace: Workspace) -> None:
    write_archive(workspace.data / "a.zip", {"../1.png": b"x"})

    with pytest.raises(DatasetError, match=r"a\.zip holds no file .* left out: 1\."):
        unpack(workspace, "a")


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_space_is_checked_before_anything_is_written(
    kind: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_archive(workspace.data / f"a.{kind}", NOISE)
    monkeypatch.setattr(writing.shutil, "disk_usage", lambda _: Usage(50_000))

    with pytest.raises(DatasetError, match="no space to unpack: about [0-9]+ kB are needed"):
        unpack(workspace, "a")

    assert read_tree(workspace.data / ".a.partial" / "files") == {}


class Usage:
    def __init__(self, free: int) -> None:
        self.free = free


def test_a_disk_that_fills_up_meanwhile_is_not_filled_to_the_last_byte(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_archive(workspace.data / "a.zip", NOISE)
    free = iter([10**9, *range(10_000, 0, -3_000)])
    monkeypatch.setattr(writing.shutil, "disk_usage", lambda _: Usage(next(free)))

    with pytest.raises(DatasetError, match="no space to unpack.*kept"):
        unpack(workspace, "a")
    kept = read_tree(workspace.data / ".a.partial" / "files")
    assert 0 < len(kept) < len(NOISE)
    assert all(kept[name] == NOISE[name] for name in kept)

    monkeypatch.undo()
    monkeypatch.setattr(writing, "RESERVED_BYTES", 0)
    unpack(workspace, "a")
    assert read_tree(workspace.data / "a") == NOISE


def test_what_is_unpacked_already_needs_no_space_again(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_archive(workspace.data / "a.zip", NOISE)  # 60,000 bytes
    asked = iter(range(99))
    with pytest.raises(UnpackStopped):
        unpack(workspace, "a", should_stop=lambda: next(asked) == 15)
    monkeypatch.setattr(writing.shutil, "disk_usage", lambda _: Usage(20_000))

    assert unpack(workspace, "a").n_files == 20


def test_a_disk_that_refuses_is_named(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_archive(workspace.data / "a.zip", FILES)

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing.shutil, "disk_usage", refuse)
    with pytest.raises(DatasetError, match="the disk ran full"):
        unpack(workspace, "a")


def test_the_size_of_a_gzip_file_is_guessed_from_its_end(workspace: Workspace) -> None:
    content = os.urandom(200_000)
    path = workspace.data / "a.tar.gz"
    path.write_bytes(gzip.compress(content))
    with open_archive(path) as archive:
        assert archive.declared == len(content)

    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 4)
    with path.open("ab") as file:  # as of a file of 4 GiB and 5 bytes
        file.write(struct.pack("<I", 5))
    with open_archive(path) as archive:
        assert archive.declared == 2**32 + 5


def test_names_of_any_kind_can_be_told() -> None:
    skipped = Skipped()
    for name in ("..\udcff", "a" * 500, *map(str, range(9))):
        skipped.add("unsafe_name", name)

    [remark] = skipped.remarks()
    assert (remark.count, len(remark.examples)) == (11, 5)
    assert max(map(len, remark.examples)) == 100
    json.dumps(remark.examples).encode("ascii")


def test_memory_stays_small_whatever_the_size_of_a_file(workspace: Workspace) -> None:
    with gzip.open(workspace.data / "a.tar.gz", "wb", compresslevel=1) as file:
        write_archive(workspace.data / "a.tar", {"big.png": os.urandom(6 * 2**20)})
        file.write((workspace.data / "a.tar").read_bytes())
    (workspace.data / "a.tar").unlink()
    tracemalloc.start()
    try:
        unpack(workspace, "a")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert (workspace.data / "a" / "big.png").stat().st_size == 6 * 2**20
    assert peak < 5 * 2**20
