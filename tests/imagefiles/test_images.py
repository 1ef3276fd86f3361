"""Reading image files that may be odd, damaged or hostile."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.imagefiles.dicom_files import write_dicom
from xray_core.errors import ImageError
from xray_core.imagefiles import refusals
from xray_core.imagefiles.decoding import decode_file, measure_file
from xray_core.imagefiles.images import (
    decode_image,
    is_image_file,
    is_image_name,
    read_image,
    read_size,
)

WIDTH, HEIGHT = 96, 64
N_HOT = 6  # at most 0.1 % of the pixels
RAMP = np.linspace(0, 255, WIDTH * HEIGHT).reshape(HEIGHT, WIDTH).astype(np.uint8)


def save(path: Path, kind: str) -> Path:
    """Write `RAMP` as an image of `kind`; return `path`."""
    gray = Image.fromarray(RAMP)
    match kind:
        case "rgba":
            gray.convert("RGBA").save(path, "PNG")
        case "la":
            gray.convert("LA").save(path, "PNG")
        case "dicom":
            write_dicom(path, RAMP)
        case "palette":
            gray.convert("P").save(path, "PNG")
        case "transparent palette":
            gray.convert("P").save(path, "PNG", transparency=bytes([0, 128, 255]))
        case "16 bit":
            Image.fromarray(RAMP.astype(np.uint16) * 257).save(path, "PNG")
        case "12 bit in 16":
            Image.fromarray(RAMP.astype(np.uint16) * 16).save(path, "PNG")
        case "16 bit tiff":
            Image.fromarray(RAMP.astype(np.uint16) * 257).save(path, "TIFF")
        case "8 bit in 16":
            Image.fromarray(RAMP.astype(np.uint16)).save(path, "TIFF")
        case "16 bit colour" | "12 bit colour in 16":
            deep = RAMP.astype(np.uint16) * (16 if kind.startswith("12") else 257)
            path.write_bytes(cv2.imencode(".png", np.dstack([deep] * 3))[1].tobytes())
        case "cmyk":
            gray.convert("CMYK").save(path, "JPEG", quality=95)
        case "progressive":
            gray.convert("RGB").save(path, "JPEG", quality=95, progressive=True)
        case "16 bit tiff, white is 0":
            stored = Image.fromarray(65535 - RAMP.astype(np.uint16) * 257)
            stored.save(path, "TIFF", tiffinfo={262: 0})
        case _:
            gray.convert("RGB" if kind == "WEBP" else "L").save(path, kind, quality=95)
    return path


KINDS = (
    "JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "rgba", "la", "palette", "transparent palette",
    "16 bit", "16 bit tiff", "16 bit tiff, white is 0", "12 bit in 16", "8 bit in 16", "cmyk",
    "16 bit colour", "12 bit colour in 16",
    "progressive", "dicom",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_gives_the_same_gray_levels(kind: str, tmp_path: Path) -> None:
    path = save(tmp_path / "scan.jpg", kind)  # whatever it is, it is called .jpg

    image = read_image(path)

    assert image.dtype == np.uint8
    assert read_size(path) == (WIDTH, HEIGHT)
    # Loose for the lossy formats; black, white and the order of levels must hold.
    np.testing.assert_allclose(image.astype(int), RAMP.astype(int), atol=12)


# EXIF orientation -> what it does to an upright image that is stored so.
STORED = {
    1: lambda image: image,
    2: np.fliplr,
    3: lambda image: np.rot90(image, 2),
    4: np.flipud,
    5: np.transpose,
    6: np.rot90,  # the camera's right side was at the top
    7: lambda image: np.rot90(image, 2).T,
    8: lambda image: np.rot90(image, -1),
}


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "16 bit"])
def test_exif_turns_pixels_and_sizes_upright(kind: str, orientation: int, tmp_path: Path) -> None:
    upright = cv2.GaussianBlur(np.pad(np.eye(40, 56, dtype=np.uint8) * 255, 8), (0, 0), 4) * 3
    upright[:12, :20] = 255  # no side like another
    exif = Image.Exif()
    exif[0x0112] = orientation
    deep = 257 if kind == "16 bit" else 1
    stored = np.ascontiguousarray(STORED[orientation](upright)).astype(
        np.uint16 if deep > 1 else np.uint8
    )
    path = tmp_path / "scan.jpg"
    Image.fromarray(stored * stored.dtype.type(deep)).save(
        path, "PNG" if deep > 1 else kind, exif=exif, quality=95
    )

    for image in (read_image(path), read_image(path, at_least=40)):
        np.testing.assert_allclose(image.astype(int), upright.astype(int), atol=12)
    assert read_size(path) == (72, 56)
    assert decode_image(path).orientation == orientation


def test_a_small_copy_is_upright_too(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.rot90(np.repeat(RAMP, 4, axis=0))).save(tmp_path / "a.jpg", exif=exif)

    small = read_image(tmp_path / "a.jpg", at_least=32)

    assert small.shape == (128, 48)
    assert small[:40].mean() + 100 < small[-40:].mean()


@pytest.mark.parametrize(
    "orientation", [b"", b"\0\0", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\0\1"]
)
def test_damaged_exif_counts_as_none(orientation: bytes, tmp_path: Path) -> None:
    path = tmp_path / "scan.jpg"
    Image.fromarray(RAMP).save(path, exif=b"Exif\0\0" + orientation)

    assert read_size(path) == (WIDTH, HEIGHT)
    assert read_image(path).shape == RAMP.shape


def test_an_inverted_cmyk_jpeg_is_not_read_as_a_negative(tmp_path: Path) -> None:
    path = save(tmp_path / "scan.jpg", "cmyk")
    content = path.read_bytes()
    assert b"Adobe" in content  # whose files hold 255 minus the ink

    seen_by_others = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)

    assert read_image(path)[:8].mean() < 40 < 200 < read_image(path)[-8:].mean()
    np.testing.assert_allclose(read_image(path).astype(int), seen_by_others.astype(int), atol=4)


def test_one_bit_a_pixel_becomes_black_and_white(tmp_path: Path) -> None:
    Image.fromarray(RAMP > 127).save(tmp_path / "scan.png")

    np.testing.assert_array_equal(read_image(tmp_path / "scan.png"), 255 * (RAMP > 127))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_hot_pixels_leave_a_deep_image_visible(kind: str, tmp_path: Path) -> None:
    deep = RAMP.astype(np.uint16) * 16
    deep.flat[5000 : 5000 + N_HOT] = np.linspace(9_000, 65_535, N_HOT)

    Image.fromarray(deep).save(tmp_path / "scan", kind)
    image = decode_image(tmp_path / "scan")

    expected = RAMP.copy()
    expected.flat[5000 : 5000 + N_HOT] = 255
    np.testing.assert_array_equal(image.pixels, expected)
    assert image.n_isolated == N_HOT


def test_of_several_images_in_a_file_the_first_is_read(tmp_path: Path) -> None:
    first, second = Image.fromarray(RAMP), Image.fromarray(255 - RAMP)
    for name in ("scan.gif", "scan.tiff"):
        first.save(tmp_path / name, save_all=True, append_images=[second])
        np.testing.assert_array_equal(read_image(tmp_path / name), RAMP)


@pytest.mark.parametrize("name", ["scan.dcm", "scan.DICOM", "scan.png", "scan"])
def test_dicom_is_known_by_its_name_or_its_mark(name: str, tmp_path: Path) -> None:
    path = write_dicom(tmp_path / name, RAMP)

    np.testing.assert_array_equal(read_image(path, at_least=8), RAMP)
    assert read_size(path) == (WIDTH, HEIGHT)


@pytest.mark.parametrize("read", [read_image, read_size])
def test_refused_dicom_says_why(read: object, tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "scan.dcm", RAMP, NumberOfFrames=2)

    with pytest.raises(ImageError, match=r"scan\.dcm holds 2 frames"):
        read(path)  # type: ignore[operator]


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


@pytest.mark.parametrize("kind", ["JPEG", "progressive", "PNG", "WEBP", "BMP", "TIFF", "GIF"])
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
    with pytest.raises(ImageError, match="is no plain file"):
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
    monkeypatch.setattr(refusals, "MAX_PIXELS", WIDTH * HEIGHT)
    assert measure_file(path) == (WIDTH, HEIGHT)

    monkeypatch.setattr(refusals, "MAX_PIXELS", WIDTH * HEIGHT - 1)
    with pytest.raises(ImageError, match="96 x 64 px"):
        measure_file(path)


def test_jsrt_images_are_read_the_dense_black(tmp_path: Path) -> None:
    density = np.zeros((2048, 2048), ">u2")
    density[:, 1024:] = 4095
    density[:100, :100] = 2048
    (tmp_path / "JPCLN001.IMG").write_bytes(density.tobytes())

    decoded = decode_image(tmp_path / "JPCLN001.IMG")

    assert is_image_file(tmp_path / "JPCLN001.IMG")
    assert read_size(tmp_path / "JPCLN001.IMG") == (2048, 2048)
    assert decoded.pixels[0, 0] == 127
    assert decoded.pixels[2000, 0] == 255
    assert decoded.pixels[0, 2000] == 0
    assert (decoded.stored.bits, decoded.stored.highest) == (12, 4095)
    assert decoded.stored.is_inverted


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"\0" * 8192, "has 8,192 bytes"), (b"\xff\x0f" * 2048**2, "values up to 65,295")],
)
def test_other_img_files_are_refused(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "scan.img").write_bytes(content)

    with pytest.raises(ImageError, match=words):
        read_image(tmp_path / "scan.img")


def test_what_takes_long_or_much_is_refused_by_its_header(tmp_path: Path) -> None:
    deep = np.zeros((5100, 5100, 4), np.uint16)
    cv2.imwrite(str(tmp_path / "deep.png"), deep, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    Image.new("L", (4000, 4000)).save(tmp_path / "scans.jpg", progressive=True)
    content = (tmp_path / "scans.jpg").read_bytes()
    start = content.index(b"\xff\xda")
    (tmp_path / "scans.jpg").write_bytes(content[:-2] + content[start:-2] * 12 + content[-2:])

    with pytest.raises(ImageError, match="of 8 bytes each; at most 200 MB"):
        read_image(tmp_path / "deep.png")
    with pytest.raises(ImageError, match=r"in \d+ passes"):
        read_image(tmp_path / "scans.jpg")


def test_what_is_stored_comes_with_the_image(tmp_path: Path) -> None:
    described = {
        kind: decode_image(save(tmp_path / "scan.jpg", kind)).stored
        for kind in ("PNG", "16 bit", "16 bit tiff, white is 0", "rgba", "dicom")
    }

    assert {kind: stored.bits for kind, stored in described.items()} == {
        "PNG": 8, "16 bit": 16, "16 bit tiff, white is 0": 16, "rgba": 8, "dicom": 8,
    }  # fmt: skip
    assert described["16 bit"].highest == 65535
    assert described["rgba"].kind == "colour"
    assert [kind for kind, stored in described.items() if stored.is_inverted] == [
        "16 bit tiff, white is 0"
    ]


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
    ["a.jpg", "a.JPG", "a.jpeg", "a.jfif", "a.webp", "a.bmp", "a.tif", "a.gif", "a.PNG", "a.dcm",
     "a.DCM", "a.dicom", "deep/er/a.png"],
)  # fmt: skip
def test_names_of_images(name: str) -> None:
    assert is_image_name(name)


@pytest.mark.parametrize(
    "name", ["a.csv", "jpg", "._a.jpg", ".a.jpg", "__MACOSX/a.jpg", ".cache/a.jpg", "a.jpg.txt"]
)
def test_names_of_other_things(name: str) -> None:
    assert not is_image_name(name)


@pytest.fixture(scope="module")
def whole_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole")
    return {kind: save(folder / "scan", kind).read_bytes() for kind in KINDS}


@settings(deadline=None, derandomize=True, max_examples=80)
@given(data=st.data())
def test_whatever_byte_is_changed_the_file_is_read_or_refused(
    data: st.DataObject, whole_files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = bytearray(whole_files[data.draw(st.sampled_from(KINDS))])
    places = st.integers(0, 200) | st.integers(0, len(content) - 1)  # half of them in the header
    changes = st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=6)
    for place, value in data.draw(changes):
        content[min(place, len(content) - 1)] = value
    end = data.draw(st.just(len(content)) | st.integers(0, len(content)))

    read_or_refuse(bytes(content[:end]), tmp_path_factory.getbasetemp() / "changed.png")


@settings(deadline=None, derandomize=True, max_examples=50)
@given(
    head=st.sampled_from([b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"II*\0"]),
    rest=st.binary(max_size=200),
)
def test_whatever_bytes_a_file_holds_it_is_read_or_refused(
    head: bytes, rest: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    read_or_refuse(head + rest, tmp_path_factory.getbasetemp() / "random.png")


def read_or_refuse(content: bytes, path: Path) -> None:
    path.write_bytes(content)
    for read in (read_size, read_image):
        try:
            result = read(path)
        except ImageError:
            continue
        assert isinstance(result, tuple) or result.dtype == np.uint8


def test_the_real_odd_images_are_read(real_data: Path) -> None:
    paths = sorted((real_data / "covid-chestxray" / "images").iterdir())
    paths.append(real_data / "odd" / "rsna_monochrome2.dcm")

    for path in paths:
        image = read_image(path)
        assert image.shape == read_size(path)[::-1]
        assert image.std() > 10
    assert len(paths) == 41


@pytest.mark.parametrize(
    ("problem", "raised", "words"),
    [
        (MemoryError("full"), MemoryError, "full"),
        (PermissionError(13, "no"), ImageError, "may not be read"),
    ],
)
def test_failure_of_the_machine_is_not_called_damage(
    problem: Exception,
    raised: type[Exception],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise problem

    monkeypatch.setattr("xray_core.imagefiles.decoding.open_source", fail)

    with pytest.raises(raised, match=words):
        decode_file(tmp_path / "image.png")
