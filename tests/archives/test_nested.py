"""Archives within archives, names as old Windows writes them, and archives for other programs."""

import bz2
import gzip
import io
import lzma
import os
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.archives.test_archives import (
    FILES,
    Files,
    counts,
    cut,
    read_tree,
    replace_bytes,
    unpack,
    workspace,
    write_archive,
)
from xray_core.archives import members, nested, unpacking
from xray_core.archives.groups import list_archives
from xray_core.archives.writing import UnpackStopped
from xray_core.errors import DatasetError
from xray_core.registry import list_datasets
from xray_core.workspace import Workspace

__all__ = ["workspace"]  # a fixture


def packed(files: Files, kind: str = "zip") -> bytes:
    buffer = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
    else:
        with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
            for name, content in files.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def encrypted(content: bytes) -> bytes:
    start = content.index(b"PK\x01\x02") + 8
    return content[:start] + b"\x01" + content[start + 1 :]


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
@pytest.mark.parametrize("outer", ["zip", "tar.gz"])
def test_archives_within_an_archive_become_folders_named_after_them(
    outer: str, kind: str, workspace: Workspace
) -> None:
    inner = {
        f"xrays/train.{kind}": packed({"train/a/1.png": b"1", "train/b/2.png": b"2"}, kind),
        f"xrays/test.{kind}": packed({"a/3.png": b"3", "b/4.png": b"4"}, kind),
        f"xrays/val.{kind}": packed({"val/5.png": b"5", "other.csv": b"x"}, kind),
        f"xrays/Extra.{kind}": packed({"extra/6.png": b"6"}, kind),
    }
    write_archive(workspace.data / f"chest.{outer}", {**inner, "notes.txt": b"n"})

    done = unpack(workspace, "chest")

    assert read_tree(workspace.data / "chest") == {
        "xrays/train/a/1.png": b"1",
        "xrays/train/b/2.png": b"2",
        "xrays/test/a/3.png": b"3",
        "xrays/test/b/4.png": b"4",
        "xrays/val/val/5.png": b"5",
        "xrays/val/other.csv": b"x",
        "xrays/Extra/6.png": b"6",
        "notes.txt": b"n",
    }
    assert (done.n_files, done.n_bytes, done.remarks) == (8, 8, [])
    assert not list(workspace.data.glob(".*.partial"))


def test_deeper_than_three_they_stay_packed_and_are_counted(workspace: Workspace) -> None:
    content = packed({"1.png": b"x"})
    for level in (4, 3, 2, 1):
        content = packed({f"{level}.zip": content, f"{level}.txt": b"t"})
    (workspace.data / "a.zip").write_bytes(content)

    done = unpack(workspace, "a")

    assert sorted(read_tree(workspace.data / "a")) == [
        "1.txt", "1/2.txt", "1/2/3.txt", "1/2/3/4.txt", "1/2/3/4.zip",
    ]  # fmt: skip
    assert counts(done) == {"still_packed": 1}
    assert "1/2/3/4.zip lies more than 3 archives deep" in done.remarks[0].examples[0]


def test_one_that_cannot_be_unpacked_stops_no_other_and_is_named(workspace: Workspace) -> None:
    whole = packed({"1.png": os.urandom(2_000)})
    inner = {
        "bad.zip": whole[:-700],
        "secret.zip": encrypted(whole),
        "old.rar": b"Rar!\x1a\x07\x00",
        "good.zip": whole,
    }
    write_archive(workspace.data / "a.zip", inner)

    done = unpack(workspace, "a")

    assert sorted(read_tree(workspace.data / "a")) == [
        "bad.zip", "good/1.png", "old.rar", "secret.zip",
    ]  # fmt: skip
    [remark] = done.remarks
    assert (remark.kind, remark.count, done.n_files) == ("still_packed", 3, 4)
    assert [words.partition(",")[0] for words in remark.examples] == [
        "bad.zip is damaged",
        "old.rar is a RAR archive",
        "secret.zip is encrypted",
    ]


def test_the_same_files_twice_are_kept_once_and_others_never_mixed(workspace: Workspace) -> None:
    inner = {
        "same/1.png": b"1",
        "same/more.png": b"m",
        "same.zip": packed({"same/1.png": b"1"}),
        "other/1.png": b"1",
        "other.zip": packed({"1.png": b"2"}),
    }
    write_archive(workspace.data / "a.zip", inner)

    done = unpack(workspace, "a")

    assert read_tree(workspace.data / "a") == {
        "same/1.png": b"1",
        "same/more.png": b"m",
        "other/1.png": b"1",
        "other.zip/1.png": b"2",
    }
    assert (done.n_files, counts(done)) == (4, {"repeated_archive": 1})


def test_all_together_count_as_one_bomb(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "ALWAYS_ALLOWED_BYTES", 10**6)
    monkeypatch.setattr(members, "MAX_UNPACKED_RATIO", 1)
    bomb = packed({"zeros.csv": bytes(6 * 10**5)})
    write_archive(workspace.data / "a.zip", {f"{number}.zip": bomb for number in range(4)})

    done = unpack(workspace, "a")

    assert counts(done) == {"still_packed": 3}
    assert sum(map(len, read_tree(workspace.data / "a").values())) < 10**6
    assert all("unpacks to more than" in words for words in done.remarks[0].examples)


def test_too_many_files_in_all_are_left_packed(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "MAX_FILES", 10)
    inner = {f"{number}.png": b"x" for number in range(6)}
    write_archive(workspace.data / "a.zip", {"1.zip": packed(inner), "2.zip": packed(inner)})

    done = unpack(workspace, "a")

    assert counts(done) == {"still_packed": 1}
    assert len(read_tree(workspace.data / "a")) == done.n_files == 7


@pytest.mark.parametrize("killed_after", range(3, 11))
def test_a_killed_unpacking_goes_on_wherever_it_stood(
    killed_after: int, workspace: Workspace
) -> None:
    deep = packed({f"{number}.png": bytes([number]) for number in range(3)})
    inner = {"a.zip": packed({"a/x.png": b"x", "a/deep.zip": deep}), "b.zip": packed({"y": b"y"})}
    write_archive(workspace.data / "c.zip", {**inner, "bad.zip": b"PK\x05\x06"})
    asked = iter(range(99))

    with pytest.raises(UnpackStopped):
        unpack(workspace, "c", should_stop=lambda: next(asked) == min(killed_after, 8))
    assert list_datasets(workspace) == {}
    done = unpack(workspace, "c")

    assert read_tree(workspace.data / "c") == {
        **{f"a/deep/{number}.png": bytes([number]) for number in range(3)},
        **{"a/x.png": b"x", "b/y": b"y", "bad.zip": b"PK\x05\x06"},
    }
    assert (done.n_files, counts(done)) == (6, {"still_packed": 1})


@pytest.mark.parametrize("instant", ["unlink", "rename", "append"])
def test_a_process_killed_between_two_steps_of_moving_loses_nothing(
    instant: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its power goes before the archive is deleted, its folder moved or the log written."""
    write_archive(
        workspace.data / "c.zip",
        {"a.zip": packed({"a/1": b"1"}), "a/2": b"2", "b.zip": packed({"b/3": b"3"})},
    )

    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        if instant == "append":
            patch.setattr(nested, "append_jsonl", fail)
        else:
            patch.setattr(Path, instant, fail)
        with pytest.raises(KeyboardInterrupt):
            unpack(workspace, "c")
    if instant == "append":
        (workspace.data / ".c.partial" / "nested.jsonl").write_bytes(b'{"archive": "half a li')
    done = unpack(workspace, "c")

    assert read_tree(workspace.data / "c") == {"a.zip/1": b"1", "a/2": b"2", "b/3": b"3"}
    assert (done.n_files, done.remarks) == (3, [])


BACKSLASHES = {
    "all of them": {"xrays\\covid\\1.png": b"1", "xrays\\normal\\2.png": b"2", "xrays\\": b""},
    "some of them": {"xrays\\covid\\1.png": b"1", "xrays/normal/2.png": b"2"},
    "both in a name": {"xrays\\covid/1.png": b"1", "xrays/normal\\2.png": b"2"},
}


@pytest.mark.parametrize("files", BACKSLASHES.values(), ids=BACKSLASHES)
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_backslashes_lie_between_folders_and_lead_nowhere_else(
    kind: str, files: Files, workspace: Workspace
) -> None:
    unsafe = ("..\\1.png", "\\1.png", "C:\\1.png", "a\\..\\..\\1.png", "\\\\host\\share\\1.png")
    hidden = {"__MACOSX\\._1.png": b"!", "xrays\\Thumbs.db": b"!"}
    kept = {name: content for name, content in files.items() if content or kind == "zip"}
    write_archive(workspace.data / f"a.{kind}", {**kept, **dict.fromkeys(unsafe, b"!"), **hidden})

    done = unpack(workspace, "a")

    expected = {"xrays/covid/1.png": b"1", "xrays/normal/2.png": b"2"}
    assert read_tree(workspace.data / "a") == expected
    assert counts(done) == {"unsafe_name": len(unsafe)}


FOREIGN = {
    "7z": (["chest.7z"], "7-Zip archive", "it"),
    "7z in parts": (["chest.7z.001", "chest.7z.002"], "7-Zip archive", "chest.7z.001"),
    "rar": (["chest.rar"], "RAR archive", "it"),
    "rar in parts": (["chest.part1.rar", "chest.part2.rar"], "RAR archive", "chest.part1.rar"),
    "old rar in parts": (["chest.rar", "chest.r00", "chest.r01"], "RAR archive", "chest.rar"),
    "split zip": (["chest.z01", "chest.z02", "chest.zip"], "zip that was split", "chest.zip"),
    "split by 7-Zip": (["chest.zip.001", "chest.zip.002"], "zip that was split", "chest.zip.001"),
    "split tar": (["chest.tar.gz.001"], "tar archive that was split", "chest.tar.gz.001"),
    "zstd": (["chest.tar.zst"], "Zstandard archive", "it"),
}


@pytest.mark.parametrize(("names", "kind", "opened"), FOREIGN.values(), ids=FOREIGN)
def test_what_another_program_unpacks_is_named_with_what_to_do(
    names: list[str], kind: str, opened: str, workspace: Workspace
) -> None:
    for name in names:
        (workspace.data / name).write_bytes(b"x")
    write_archive(workspace.data / "good.zip", FILES)

    [chest, good] = list_archives(workspace)

    assert (chest.name, good.refusal) == ("chest", "")
    assert sorted(path.name for path in chest.waiting) == sorted(names)
    with pytest.raises(DatasetError, match=rf"{kind}.*[Uu]npack {opened} with 7-Zip"):
        unpack(workspace, "chest")
    (workspace.data / "chest").mkdir()  # unpacked by hand
    assert list_archives(workspace)[0].waiting == ()


@pytest.mark.parametrize("start", [b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07\x01", b"\x28\xb5\x2f\xfd"])
def test_what_is_named_zip_and_is_another_kind_is_told(start: bytes, workspace: Workspace) -> None:
    (workspace.data / "a.zip").write_bytes(start + bytes(99))

    with pytest.raises(DatasetError, match=r"^a\.zip is a .* archive\. Unpack it with 7-Zip"):
        unpack(workspace, "a")


def test_the_last_file_of_a_split_zip_alone_is_told(workspace: Workspace) -> None:
    write_archive(workspace.data / "a.zip", FILES)
    content = (workspace.data / "a.zip").read_bytes()
    replace_bytes(workspace.data / "a.zip", content.index(b"PK\x01\x02") + 34, struct.pack("<H", 2))

    with pytest.raises(DatasetError, match=r"^a\.zip .*split"):
        unpack(workspace, "a")


@pytest.mark.parametrize(
    ("suffix", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)]
)
def test_a_single_packed_file_is_unpacked_whatever_is_in_it(
    suffix: str, pack: object, workspace: Workspace
) -> None:
    assert callable(pack)
    content = os.urandom(70_000)
    (workspace.data / f"table.csv.{suffix}").write_bytes(pack(content))
    (workspace.data / f"inner.zip.{suffix}").write_bytes(pack(packed({"1.png": b"x"})))
    write_archive(workspace.data / "x.tar", FILES)
    (workspace.data / f"hidden.{suffix}").write_bytes(pack((workspace.data / "x.tar").read_bytes()))

    for name in ("table.csv", "inner.zip", "hidden"):
        unpack(workspace, name)

    assert read_tree(workspace.data / "table.csv") == {"table.csv": content}
    assert read_tree(workspace.data / "inner.zip") == {"inner/1.png": b"x"}
    assert read_tree(workspace.data / "hidden") == FILES
    cut(workspace.data / f"table.csv.{suffix}")
    (workspace.data / "table.csv").rename(workspace.data / "elsewhere")
    with pytest.raises(DatasetError, match=rf"^table\.csv\.{suffix} is damaged"):
        unpack(workspace, "table.csv")


def test_one_damaged_archive_of_a_series_stops_no_other_and_leaves_nothing(
    workspace: Workspace,
) -> None:
    for number in range(1, 5):
        files = {f"{number}-{name}.png": os.urandom(9_000) for name in "abc"}
        write_archive(workspace.data / f"part_{number}.tar.gz", files)
    cut(workspace.data / "part_2.tar.gz")

    with pytest.raises(DatasetError, match=r"^part_2.* is damaged.*The other .* \(3\) are unpack"):
        unpack(workspace, "part")
    assert not (workspace.data / "part").exists()
    files = workspace.data / ".part.partial" / "files"
    stamps = {name: (files / name).stat().st_mtime_ns for name in read_tree(files)}
    (workspace.data / "part_2.tar.gz").rename(workspace.data / "notes.txt")
    done = unpack(workspace, "part")

    assert sorted(read_tree(workspace.data / "part")) == [
        f"part_{number}/{number}-{name}.png" for number in (1, 3, 4) for name in "abc"
    ]
    assert done.n_files == 9
    for name in read_tree(workspace.data / "part"):  # not read again
        assert (workspace.data / "part" / name).stat().st_mtime_ns == stamps[name]


def test_a_damaged_archive_of_a_series_is_replaced_by_a_whole_one(workspace: Workspace) -> None:
    for number in (1, 2):
        write_archive(workspace.data / f"p_{number}.tar.gz", {f"old{number}": os.urandom(9_000)})
    cut(workspace.data / "p_2.tar.gz")
    with pytest.raises(DatasetError, match=r"p_2\.tar\.gz is damaged"):
        unpack(workspace, "p")
    write_archive(workspace.data / "p_2.tar.gz", {"new": b"new"})

    assert unpack(workspace, "p").n_files == 2
    assert sorted(read_tree(workspace.data / "p")) == ["p_1/old1", "p_2/new"]
