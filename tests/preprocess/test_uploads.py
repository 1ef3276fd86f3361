"""Whatever is dropped gives a row with pixels or a reason, in little time, and is kept nowhere."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.preprocess.bad_uploads import draw, encode, list_bad, list_odd, pack
from xray_core.bounded import close_pool, pool
from xray_core.imagefiles.sources import Content
from xray_core.preprocess import uploads
from xray_core.preprocess.images import read_preprocessed
from xray_core.preprocess.spec import PreprocessSpec
from xray_core.preprocess.uploads import Upload, read_sources, read_uploads

SPEC = PreprocessSpec(size=64)
BAD, ODD = list_bad(), list_odd()
MOST_MEMORY = 1_000_000_000  # bytes of a process that decodes
MOST_TIME = 20.0  # seconds; a busy machine takes longer to begin a process


def read(*files: tuple[str, bytes]) -> list[Upload]:
    return list(read_uploads(files, SPEC))


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Path]]:
    """Folders where something could be left: for temporary files, of the workspace, here."""
    folders = [tmp_path_factory.mktemp(name) for name in ("temporary", "home", "here")]
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("TMPDIR", "TEMP", "TMP"):
            patch.setenv(variable, str(folders[0]))
        patch.setattr("tempfile.tempdir", None)
        patch.setenv("XRAY_HOME", str(folders[1]))
        patch.chdir(folders[2])
        close_pool()  # the children shall know these folders
        yield folders
    close_pool()


def list_files(folders: list[Path]) -> list[str]:
    return [str(path) for folder in folders for path in folder.rglob("*")]


def find_peak() -> int:
    """Return the most bytes that any decoding process has had; 0 where nobody knows."""
    peaks = [0]
    for child in pool._POOL._all:
        status = Path(f"/proc/{child.process.pid}/status")
        if status.exists():
            peaks += [
                int(line.split()[1]) * 1024
                for line in status.read_text().splitlines()
                if line.startswith("VmHWM")
            ]
    return max(peaks)


@pytest.mark.parametrize("what", BAD)
def test_a_bad_file_is_a_row_with_a_reason_and_leaves_nothing(
    what: str, places: list[Path]
) -> None:
    name, content, words = BAD[what]
    start = time.monotonic()
    rows = []
    for row in read_uploads([(name, content)], SPEC):
        assert list_files(places) == []
        rows.append(row)

    [row] = rows
    assert row.prepared is None
    assert (row.shown, row.more, row.remarks) == (b"", (), ())
    assert words in row.reason
    assert row.reason.startswith(name.split("/")[0])
    assert "\n" not in row.reason
    assert len(row.reason) < 400
    assert time.monotonic() - start < MOST_TIME
    assert find_peak() < MOST_MEMORY
    assert list_files(places) == []


@pytest.mark.parametrize("what", ODD)
def test_an_odd_file_is_prepared_and_remarked_on(what: str, places: list[Path]) -> None:
    name, content, words = ODD[what]

    [row] = read((name, content))

    assert row.prepared is not None
    assert row.prepared.shape == (64, 64)
    assert any(words in remark for remark in row.remarks)
    assert row.reason == ""


def test_a_good_file_is_prepared_as_in_training_whether_in_memory_on_the_disk_or_in_a_zip(
    tmp_path: Path,
) -> None:
    large = np.kron(draw(), np.ones((4, 4), np.uint8))
    files = {"a.png": encode(draw()), "b.jpg": encode(large, "JPEG")}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "c.zip").write_bytes(pack(*files.items()))
    expected = [read_preprocessed(tmp_path / name, SPEC) for name in files]

    dropped = read(*files.items(), ("c.zip", (tmp_path / "c.zip").read_bytes()))
    on_disk = list(read_sources([tmp_path / name for name in (*files, "c.zip")], SPEC))

    for rows in (dropped, on_disk):
        for row, pixels in zip(rows, expected * 2, strict=True):
            np.testing.assert_array_equal(row.prepared, pixels)
            assert row.remarks == row.more == ()
    assert [row.name for row in dropped] == ["a.png", "b.jpg", "c.zip/a.png", "c.zip/b.jpg"]
    assert all(row.shown.startswith(b"\xff\xd8") for row in dropped)
    assert not any(row.shown for row in on_disk)


def test_each_way_of_preparing_that_is_asked_for_is_given() -> None:
    ways = [SPEC, PreprocessSpec(size=32, contrast="clahe")]

    [row] = read_uploads([("a.png", encode(draw()))], ways)

    [plain], [other] = (read_uploads([("a.png", encode(draw()))], way) for way in ways)
    np.testing.assert_array_equal(row.prepared, plain.prepared)
    np.testing.assert_array_equal(row.more[0], other.prepared)


def test_rows_come_in_the_order_of_the_files_and_are_counted_on_the_way() -> None:
    png, told = encode(draw()), list[tuple[int, int]]()
    packed = pack(("in/a.png", png), ("in/folder/", b""), ("in/b.txt", b"no"), ("../c.png", png))
    files = [("a.png", png), ("a.png", png), ("x.zip", packed), ("b.pdf", b"%PDF"), ("a.png", b"")]

    rows = list(read_uploads(files, SPEC, lambda done, total: told.append((done, total))))

    assert [row.name for row in rows] == [
        "a.png",
        "a (2).png",
        "x.zip/in/a.png",
        "x.zip/in/b.txt",
        "x.zip",
        "b.pdf",
        "a (3).png",
    ]
    assert [row.prepared is not None for row in rows] == [True, True, True, *[False] * 4]
    assert told == [(n, 7) for n in range(1, 8)]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\x00\n\x1b[31mb.png", "a���[31mb.png"),
        ("..\\up\\a.png", "../up/a.png"),
        ("\u202egnp.a", "�gnp.a"),
        ("\ud800.png", "�.png"),
        ("", "without a name"),
        ("x" * 1000 + ".png", "x" * 159 + "…" + "x" * 36 + ".png"),
    ],
)
def test_any_name_can_be_shown_and_names_nothing_on_the_disk(name: str, shown: str) -> None:
    [row] = read((name, encode(draw())))

    assert row.name == shown
    assert row.prepared is not None


def test_more_images_than_are_read_at_once_are_counted_in_a_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(uploads, "MOST_IMAGES", 2)
    monkeypatch.setattr(uploads, "MOST_BYTES", 30_000)
    png = encode(draw())
    rows = read(("a.png", png), ("long.png", bytes(30_001)), ("c.png", png), ("d.png", png))

    assert [row.name for row in rows] == ["a.png", "long.png", "2 more"]
    assert "an image of at most 30 kB is read" in rows[1].reason
    assert "at most 2 are read at once" in rows[2].reason


def test_what_lies_in_memory_is_not_looked_for_on_the_disk(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encode(draw()))
    name = os.fspath(tmp_path / "a.png")

    [row] = read_sources([Content(name, b"")], SPEC)

    assert "is empty" in row.reason
