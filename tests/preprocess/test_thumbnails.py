"""Thumbnails: made once, made anew when the file changes, never an error for one bad file."""

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.datasets.fakes import write_image
from xray_core.errors import CostlyImageError, XrayError
from xray_core.imagefiles.images import read_image
from xray_core.preprocess import thumbnails
from xray_core.preprocess.thumbnails import create_thumbnails, decode_thumbnail


def size_of(jpeg: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
        return image.size


@pytest.fixture
def image(tmp_path: Path) -> Path:
    write_image(tmp_path / "image.png", (120, 60))
    return tmp_path / "image.png"


def test_a_thumbnail_keeps_the_proportions_and_is_never_larger_than_the_file(
    image: Path, tmp_path: Path
) -> None:
    [small] = create_thumbnails([image], 40, tmp_path / "kept")
    [whole] = create_thumbnails([image], 500, tmp_path / "kept")

    assert size_of(small.jpeg) == (40, 20)
    assert size_of(whole.jpeg) == (120, 60)


def test_the_second_time_it_is_read_from_the_disk(
    image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = create_thumbnails([image], 40, tmp_path / "kept")

    def refuse(function: object, items: list[object]) -> Iterator[bytes]:
        assert not items, "decoded again"
        return iter(())

    monkeypatch.setattr(thumbnails, "map_bounded", refuse)
    assert create_thumbnails([image], 40, tmp_path / "kept") == first


@pytest.mark.parametrize("length", [0, 100])
def test_one_that_was_cut_off_is_made_anew(image: Path, tmp_path: Path, length: int) -> None:
    first = create_thumbnails([image], 40, tmp_path / "kept")
    [kept] = (tmp_path / "kept").rglob("*.jpg")
    kept.write_bytes(kept.read_bytes()[:length])

    assert create_thumbnails([image], 40, tmp_path / "kept") == first


def test_a_changed_file_gets_a_new_one(image: Path, tmp_path: Path) -> None:
    [before] = create_thumbnails([image], 40, tmp_path / "kept")

    write_image(image, (60, 120), seed=1)
    os.utime(image, ns=(1, 1))
    [after] = create_thumbnails([image], 40, tmp_path / "kept")

    assert size_of(before.jpeg) == (40, 20)
    assert size_of(after.jpeg) == (20, 40)


def test_bad_files_give_a_reason_and_the_others_their_thumbnail(
    image: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty.jpg"
    empty.touch()

    missing, good, bad = create_thumbnails(
        [tmp_path / "missing.jpg", image, empty], 40, tmp_path / "kept"
    )

    assert "missing.jpg cannot be read" in missing.reason
    assert good.jpeg
    assert not good.reason
    assert "empty.jpg is empty" in bad.reason
    assert not bad.jpeg


def test_old_and_new_ones_come_in_the_order_that_was_asked_for(image: Path, tmp_path: Path) -> None:
    write_image(tmp_path / "tall.png", (60, 120))
    create_thumbnails([image], 40, tmp_path / "kept")

    found = create_thumbnails([tmp_path / "tall.png", image, image], 40, tmp_path / "kept")

    assert [size_of(one.jpeg) for one in found] == [(20, 40), (40, 20), (40, 20)]


def test_a_thumbnail_has_the_pixels_of_its_image(image: Path, tmp_path: Path) -> None:
    [whole] = create_thumbnails([image], 500, tmp_path / "kept")

    pixels = decode_thumbnail(whole)

    assert pixels.shape == (60, 120)
    assert abs(pixels.astype(float) - read_image(image)).mean() < 10  # JPEG loses a little


def test_nothing_half_written_stays(image: Path, tmp_path: Path) -> None:
    create_thumbnails([image, image, image], 40, tmp_path / "kept")

    [kept] = [path for path in (tmp_path / "kept").rglob("*") if path.is_file()]
    assert kept.suffix == ".jpg"


def test_what_takes_too_long_is_not_tried_at_each_look(
    image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[object] = []

    def refuse(function: object, items: list[object]) -> Iterator[XrayError]:
        tries.extend(items)
        return iter([CostlyImageError("takes too long")] * len(items))

    monkeypatch.setattr(thumbnails, "map_bounded", refuse)
    for _ in range(2):
        [thumbnail] = create_thumbnails([image], 40, tmp_path / "kept")
        assert thumbnail.reason == "takes too long"
    assert len(tries) == 1

    os.utime(image, (1, 1))  # another file, maybe
    create_thumbnails([image], 40, tmp_path / "kept")
    assert len(tries) == 2
