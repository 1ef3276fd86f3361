"""Fingerprints: of what is decoded, not of the file; read once, and again when a file changes."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from tests.datasets.fakes import write_image
from xray_core.catalog import Catalog, build_catalog
from xray_core.preprocess import fingerprints
from xray_core.preprocess.cache import BuildStopped
from xray_core.preprocess.fingerprint_file import fingerprint_image
from xray_core.preprocess.fingerprints import COLUMNS, read_fingerprints, read_kept_digests


def make_catalog(root: Path, *names: str | None) -> Catalog:
    rows = [{"image_id": f"{i:02d}", "path": name} for i, name in enumerate(names)]
    return build_catalog(root, "made_up", rows)


@pytest.fixture
def five(tmp_path: Path) -> Catalog:
    names = [f"image{i}.png" for i in range(5)]
    for seed, name in enumerate(names):
        write_image(tmp_path / name, seed=seed)
    return make_catalog(tmp_path, *names)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are decoded from now on."""
    read: list[str] = []

    def read_and_note(
        function: Callable[..., object], items: Sequence[Sequence[str]]
    ) -> Iterator[object]:
        for [path] in items:
            read.append(Path(path).name)
            yield function(path)

    monkeypatch.setattr(fingerprints, "map_bounded", read_and_note)
    return read


def test_a_png_of_a_jpegs_pixels_has_the_same_digest_and_another_image_has_not(
    tmp_path: Path,
) -> None:
    write_image(tmp_path / "a.jpg", seed=1)
    Image.open(tmp_path / "a.jpg").save(tmp_path / "b.png")
    write_image(tmp_path / "c.jpg", seed=2)

    found = read_fingerprints(make_catalog(tmp_path, "a.jpg", "b.png", "c.jpg"), tmp_path / "cache")

    digests = found["digest"].tolist()
    assert digests[0] == digests[1] != digests[2]
    assert found["format"].tolist() == ["JPEG", "PNG", "JPEG"]


def test_what_an_audit_has_left_is_found_without_reading_an_image(
    five: Catalog, tmp_path: Path, reads: list[str]
) -> None:
    assert read_kept_digests(tmp_path, tmp_path / "cache").empty
    found = read_fingerprints(five, tmp_path / "cache").set_axis(five.images["path"])["digest"]
    reads.clear()
    (tmp_path / "image0.png").unlink()
    write_image(tmp_path / "image1.png", seed=9)

    kept = read_kept_digests(tmp_path, tmp_path / "cache")

    assert kept.to_dict() == found.drop("image1.png").to_dict()
    assert reads == []


def test_the_shape_is_part_of_the_digest() -> None:
    wide, high = np.zeros((2, 8), np.uint8), np.zeros((8, 2), np.uint8)

    assert fingerprint_image(wide)["digest"] != fingerprint_image(high)["digest"]


def test_brightness_and_contrast_are_mean_and_standard_deviation() -> None:
    image = np.array([[0, 0, 200, 200]] * 4, np.uint8)

    found = fingerprint_image(image)

    assert (found["brightness"], found["contrast"]) == (100.0, 100.0)
    assert len(found["signature"]) == 32 * 32


def test_bits_are_the_files_and_a_lens_is_what_exif_names(tmp_path: Path) -> None:
    deep = np.linspace(0, 4095, 64, dtype=np.uint16).reshape(8, 8)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    for name, tags in (("lens", {33437: IFDRational(18, 10)}), ("scanner", {271: "a maker"})):
        exif = Image.Exif()
        exif.get_ifd(34665).update(tags)
        Image.new("L", (8, 8)).save(tmp_path / f"{name}.jpg", exif=exif)
    names = ("deep.png", "lens.jpg", "scanner.jpg")

    read = read_fingerprints(make_catalog(tmp_path, *names), tmp_path / "cache")

    assert read["bits"].tolist() == [16, 8, 8]
    assert read["highest"].tolist() == [4095, 0, 0]
    assert read["camera"].tolist() == [False, True, False]
    assert read["pattern"].isna().all()  # too small


def test_an_absent_image_is_unknown_and_an_unreadable_one_has_a_reason(tmp_path: Path) -> None:
    write_image(tmp_path / "good.png")
    (tmp_path / "bad.jpg").write_bytes(b"\xff\xd8\xff no more")
    catalog = make_catalog(tmp_path, "good.png", None, "bad.jpg", "gone.png")

    found = read_fingerprints(catalog, tmp_path / "cache")

    assert list(found) == list(COLUMNS)
    assert found.index.equals(catalog.images.index)
    assert found["digest"].notna().tolist() == [True, False, False, False]
    assert found["reason"].notna().tolist() == [False, False, True, True]
    assert "bad.jpg is" in found["reason"][2]
    assert "does not exist" in found["reason"][3]


def test_only_new_and_changed_files_are_read_again(
    five: Catalog, tmp_path: Path, reads: list[str]
) -> None:
    first = read_fingerprints(five, tmp_path / "cache")
    assert sorted(reads) == five.images["path"].tolist()
    reads.clear()

    again = read_fingerprints(five, tmp_path / "cache")
    assert reads == []
    pd.testing.assert_frame_equal(first, again)

    write_image(tmp_path / "image3.png", size=(20, 20), seed=99)
    changed = read_fingerprints(five, tmp_path / "cache")
    assert reads == ["image3.png"]
    assert (changed["digest"] != first["digest"]).tolist() == [False, False, False, True, False]
    pd.testing.assert_frame_equal(changed, read_fingerprints(five, tmp_path / "cache"))


def test_a_stopped_reading_goes_on_where_it_stood(
    five: Catalog, tmp_path: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprints, "PORTION_FILES", 2)
    seen: list[tuple[int, int]] = []
    with pytest.raises(BuildStopped, match="3 of 5"):
        read_fingerprints(
            five, tmp_path / "cache", lambda *one: seen.append(one), lambda: len(seen) == 3
        )
    assert seen == [(1, 5), (2, 5), (3, 5)]
    reads.clear()

    found = read_fingerprints(five, tmp_path / "cache")

    assert sorted(reads) == ["image3.png", "image4.png"]
    assert found["digest"].notna().all()
    assert len(list((tmp_path / "cache").rglob("*.parquet"))) == 1


def test_a_damaged_portion_is_read_again(five: Catalog, tmp_path: Path, reads: list[str]) -> None:
    first = read_fingerprints(five, tmp_path / "cache")
    (portion,) = (tmp_path / "cache").rglob("*.parquet")
    portion.write_bytes(b"cut off")
    reads.clear()

    pd.testing.assert_frame_equal(read_fingerprints(five, tmp_path / "cache"), first)
    assert len(reads) == 5


def test_what_could_not_be_read_is_tried_again(tmp_path: Path) -> None:
    catalog = make_catalog(tmp_path, "late.png")
    assert read_fingerprints(catalog, tmp_path / "cache")["reason"].notna().all()

    write_image(tmp_path / "late.png")

    assert read_fingerprints(catalog, tmp_path / "cache")["reason"].isna().all()
