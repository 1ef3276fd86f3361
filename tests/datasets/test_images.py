"""Reading image files that may be odd, damaged or hostile."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from xray_core.datasets import images
from xray_core.datasets.images import is_image_name, read_image, read_size
from xray_core.errors import ImageError

WIDTH, HEIGHT = 96, 64
RAMP = np.linspace(0, 255, WIDTH * HEIGHT).reshape(HEIGHT, WIDTH).astype(np.uint8)


def save(path: Path, kind: str) -> Path:
    """Write `RAMP` as an image of `kind`; return `path`."""
    gray = Image.fromarray(RAMP)
    match kind:
        case "rgba":
            gray.convert("RGBA").save(path, "PNG")
        case "palette":
            gray.convert("P").save(path, "PNG")
        case "transparent palette":
            gray.convert("P").save(path, "PNG", transparency=bytes([0, 128, 255]))
        case "16 bit":
            Image.fromarray(RAMP.astype(np.uint16) * 257).save(path, "PNG")
        case "12 bit in 16":
            Image.fromarray(RAMP.astype(np.uint16) * 16).save(path, "PNG")
        case "8 bit in 16":
            Image.fromarray(RAMP.astype(np.uint16)).save(path, "TIFF")
        case "cmyk":
            gray.convert("CMYK").save(path, "JPEG", quality=95)
        case "progressive":
            gray.convert("RGB").save(path, "JPEG", quality=95, progressive=True)
        case "rotated":
            exif = Image.Exif()
            exif[0x0112] = 6
            gray.save(path, "JPEG", quality=95, exif=exif)
        case _:
            gray.convert("RGB" if kind == "WEBP" else "L").save(path, kind, quality=95)
    return path


KINDS = (
    "JPEG", "PNG", "WEBP", "BMP", "TIFF", "rgba", "palette", "transparent palette", "16 bit",
    "12 bit in 16", "8 bit in 16", "cmyk", "progressive", "rotated",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_gives_the_same_gray_levels(kind: str, tmp_path: Path) -> None:
    path = save(tmp_path / "scan.jpg", kind)  # whatever it is, it is called .jpg

    image = read_image(path)

    assert image.dtype == np.uint8
    assert read_size(path) == (WIDTH, HEIGHT)
    # Loose for the lossy formats; black, white and the order of levels must hold.
    np.testing.assert_allclose(image.astype(int), RAMP.astype(int), atol=12)


@pytest.mark.parametrize(
    ("at_least", "expected"),
    [
        (None, (64, 96)),
        (64, (64, 96)),
        (33, (64, 96)),
        (32, (32, 48)),
        (10, (16, 24)),
        (1, (8, 12)),
    ],
)
def test_a_jpeg_is_decoded_smaller_only_as_far_as_asked(
    at_least: int | None, expected: tuple[int, int], tmp_path: Path
) -> None:
    path = save(tmp_path / "scan.jpg", "JPEG")

    image = read_image(path, at_least)

    assert image.shape == expected
    assert image.mean() == pytest.approx(RAMP.mean(), abs=3)


def test_only_jpeg_is_decoded_smaller(tmp_path: Path) -> None:
    assert read_image(save(tmp_path / "scan.png", "PNG"), at_least=8).shape == RAMP.shape


@pytest.mark.parametrize("kind", ["JPEG", "progressive", "PNG", "WEBP", "BMP", "TIFF"])
@pytest.mark.parametrize("share", [0.3, 0.5, 0.8])
def test_a_truncated_file_is_refused(kind: str, share: float, tmp_path: Path) -> None:
    path = save(tmp_path / "scan.jpg", kind)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])

    with pytest.raises(ImageError, match=r"scan\.jpg is "):
        read_image(path)


@pytest.mark.parametrize("at_least", [None, 16])
def test_a_jpeg_that_lacks_only_its_end_is_refused(at_least: int | None, tmp_path: Path) -> None:
    path = save(tmp_path / "scan.jpg", "JPEG")
    path.write_bytes(path.read_bytes()[:-30])

    with pytest.raises(ImageError, match=r"scan\.jpg is damaged: .*truncated"):
        read_image(path, at_least)


@pytest.mark.parametrize("read", [read_image, read_size])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"hello", "is not an image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "is not an image"),
        (b"\xff\xd8\xff", "is not an image"),
    ],
)
def test_a_file_that_is_no_image_is_named_with_the_reason(
    read: object, content: bytes, reason: str, tmp_path: Path
) -> None:
    (tmp_path / "scan.png").write_bytes(content)

    with pytest.raises(ImageError, match=rf"scan\.png {reason}"):
        read(tmp_path / "scan.png")  # type: ignore[operator]


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="does not exist"):
        read_image(tmp_path / "scan.png")
    with pytest.raises(ImageError, match="damaged: .*directory"):
        read_image(tmp_path)


@pytest.mark.parametrize("size", [(8_000, 7_000), (10_000, 10_000), (40_000, 40_000)])
def test_a_small_file_that_unpacks_to_a_huge_image_is_refused(
    size: tuple[int, int], tmp_path: Path
) -> None:
    # One bit a pixel keeps the test itself small; only the header is ever read.
    header = save(tmp_path / "scan.bmp", "BMP").read_bytes()
    sides = b"".join(side.to_bytes(4, "little") for side in size)
    (tmp_path / "scan.bmp").write_bytes(header[:18] + sides + header[26:])

    for read in (read_size, read_image):
        with pytest.raises(ImageError, match="megapixels|too large"):
            read(tmp_path / "scan.bmp")


def test_the_limit_is_on_pixels_not_on_sides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(tmp_path / "scan.png", "PNG")
    monkeypatch.setattr(images, "MAX_PIXELS", WIDTH * HEIGHT)
    assert read_size(path) == (WIDTH, HEIGHT)

    monkeypatch.setattr(images, "MAX_PIXELS", WIDTH * HEIGHT - 1)
    with pytest.raises(ImageError, match="96 x 64 px"):
        read_size(path)


def test_floating_point_pixels_are_refused(tmp_path: Path) -> None:
    Image.fromarray(RAMP.astype(np.float32)).save(tmp_path / "scan.tif")

    with pytest.raises(ImageError, match="floating point"):
        read_image(tmp_path / "scan.tif")


def test_reading_is_silent(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = save(tmp_path / "scan.jpg", "JPEG")
    content = bytearray(path.read_bytes())
    content[700:720] = bytes(20)
    path.write_bytes(content)

    read_image(path)

    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "name",
    ["a.jpg", "a.JPG", "a.jpeg", "a.jfif", "a.webp", "a.bmp", "a.tif", "a.PNG", "deep/er/a.png"],
)
def test_names_of_images(name: str) -> None:
    assert is_image_name(name)


@pytest.mark.parametrize(
    "name", ["a.csv", "jpg", "._a.jpg", ".a.jpg", "__MACOSX/a.jpg", ".cache/a.jpg", "a.jpg.txt"]
)
def test_names_of_other_things(name: str) -> None:
    assert not is_image_name(name)


def test_the_real_odd_images_are_read(real_data: Path) -> None:
    paths = sorted((real_data / "covid-chestxray" / "images").iterdir())

    for path in paths:
        image = read_image(path)
        assert image.shape == read_size(path)[::-1]
        assert image.std() > 10
    assert len(paths) == 40


@pytest.mark.parametrize(
    ("trouble", "raised", "words"),
    [
        (MemoryError("full"), MemoryError, "full"),
        (PermissionError(13, "no"), ImageError, "may not be read"),
    ],
)
def test_trouble_of_the_machine_is_not_called_damage(
    trouble: Exception,
    raised: type[Exception],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise trouble

    monkeypatch.setattr("xray_core.datasets.images.Image.open", fail)

    with pytest.raises(raised, match=words):
        read_image(tmp_path / "film.png")
