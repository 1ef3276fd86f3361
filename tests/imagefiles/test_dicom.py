"""Reading DICOM files of every depth and compression, and refusing the rest in words."""

import subprocess
import sys
import warnings
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    RLELossless,
)

from tests.imagefiles.dicom_files import (
    build_dicom,
    build_lut,
    encode,
    encode_jpeg_lossless,
    write_dicom,
)
from xray_core.errors import ImageError
from xray_core.imagefiles import refusals
from xray_core.imagefiles.dicom import is_dicom, read_dicom_size
from xray_core.imagefiles.dicom import read_dicom as decode_dicom

WIDTH, HEIGHT = 48, 32
RAMP = np.linspace(0, 255, WIDTH * HEIGHT).reshape(HEIGHT, WIDTH).astype(np.uint8)
DEEP = RAMP.astype(np.uint16)


def read_dicom(path: Path) -> np.ndarray:
    """Return the pixels alone."""
    return decode_dicom(path).pixels


def shipped(name: str) -> Path:
    """Return a file that comes with pydicom."""
    path = get_testdata_file(name, download=False)
    assert path
    return Path(str(path))


@pytest.mark.parametrize(
    ("pixels", "bits"),
    [
        (RAMP, 8),
        (DEEP << 2, 10),
        (DEEP << 4, 12),
        (DEEP << 7, 15),
        (DEEP * 257, 16),
        ((RAMP.astype(np.int16) - 128) * 16, 12),
        ((RAMP.astype(np.int16) - 128) * 256, 16),
        ((RAMP.astype(np.int16) - 128).astype(np.int8), 8),
    ],
    ids=["8", "10", "12", "15", "16", "12 signed", "16 signed", "8 signed"],
)
def test_every_depth_gives_the_same_gray_levels(
    pixels: np.ndarray, bits: int, tmp_path: Path
) -> None:
    path = write_dicom(tmp_path / "a.dcm", pixels, BitsStored=bits, HighBit=bits - 1)

    image = read_dicom(path)

    assert image.dtype == np.uint8
    assert read_dicom_size(path) == (WIDTH, HEIGHT)
    np.testing.assert_array_equal(image, RAMP)


def test_bits_above_those_in_use_are_dropped(tmp_path: Path) -> None:
    pixels = (DEEP << 4) | 0x8000  # where old files keep an overlay

    path = write_dicom(tmp_path / "a.dcm", pixels, BitsStored=12, HighBit=11)

    np.testing.assert_array_equal(read_dicom(path), RAMP)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_the_order_of_bytes_does_not_matter(syntax: str, tmp_path: Path) -> None:
    pixels = DEEP.astype(">u2" if syntax == ExplicitVRBigEndian else "<u2")

    path = write_dicom(tmp_path / "a.dcm", pixels, None, syntax)

    np.testing.assert_array_equal(read_dicom(path), RAMP)


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        # Levels are 0, 10, ... 100. Without a window the used range is black to white.
        ({}, [0, 26, 51, 76, 102, 128, 153, 178, 204, 230, 255]),
        ({"RescaleSlope": -1, "RescaleIntercept": 7}, [255, 230, 204, 178, 153, 128, 102, 76, 51,
                                                       26, 0]),
        # The window of PS3.3 C.11.2.1.2.1: from centre - width / 2 to centre + width / 2 - 1.
        ({"WindowCenter": 50.5, "WindowWidth": 21}, [0] * 5 + [128] + [255] * 5),
        ({"WindowCenter": 50.5, "WindowWidth": 41}, [0] * 4 + [64, 128, 191] + [255] * 4),
        ({"WindowCenter": [50.5, 0], "WindowWidth": [41, 9]}, [0] * 4 + [64, 128, 191] + [255] * 4),
        ({"WindowCenter": 50, "WindowWidth": 40, "VOILUTFunction": "LINEAR_EXACT"},
         [0] * 4 + [64, 128, 191] + [255] * 4),
        ({"WindowCenter": 50, "WindowWidth": 40, "VOILUTFunction": "SIGMOID"},
         [2, 5, 12, 30, 69, 128, 186, 225, 243, 250, 253]),
        # The window is in rescaled units, and may be wider than what is used.
        ({"RescaleSlope": 2, "RescaleIntercept": -100, "WindowCenter": 0.5, "WindowWidth": 401},
         [64, 76, 89, 102, 115, 128, 140, 153, 166, 178, 191]),
        # A window that lets nothing through is none.
        ({"WindowCenter": 50, "WindowWidth": 0},
         [0, 26, 51, 76, 102, 128, 153, 178, 204, 230, 255]),
        ({"WindowCenter": 50.5, "WindowWidth": 1}, [0] * 5 + [128] + [255] * 5),
        # Lookup tables; their last entry also serves all levels above.
        ({"ModalityLUTSequence": build_lut([5, 5, 0], 49, 8)}, [255] * 6 + [0] * 5),
        ({"VOILUTSequence": build_lut([0, 1024, 2048, 4095], 49, 12)}, [0] * 5 + [64] + [255] * 5),
        ({"VOILUTSequence": build_lut([0, 1024, 2048, 4095], 49, 16)}, [0] * 5 + [64] + [255] * 5),
        ({"VOILUTSequence": build_lut([0, 255], 0, 8), "RescaleSlope": 0.1, "RescaleIntercept": -5},
         [0] * 6 + [255] * 5),
    ],
)  # fmt: skip
def test_the_file_says_what_is_black_and_white(
    elements: dict[str, Any], expected: list[int], tmp_path: Path
) -> None:
    pixels = np.arange(0, 101, 10, dtype=np.uint16)[None]

    plain = read_dicom(write_dicom(tmp_path / "a.dcm", pixels, **elements))
    inverse = {"PhotometricInterpretation": "MONOCHROME1"}
    inverted = read_dicom(write_dicom(tmp_path / "b.dcm", pixels, **elements, **inverse))

    np.testing.assert_allclose(plain[0].astype(int), expected, atol=1)
    np.testing.assert_array_equal(inverted, 255 - plain)  # last, after window and rescaling


@pytest.mark.parametrize(
    ("elements", "inverted"),
    [
        ({"PresentationLUTShape": "IDENTITY"}, False),
        ({"PresentationLUTShape": "INVERSE"}, True),
        ({"PhotometricInterpretation": "MONOCHROME1"}, True),
        # The standard demands both together: they mean one inversion.
        ({"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "INVERSE"}, True),
    ],
)
def test_either_of_two_elements_inverts(
    elements: dict[str, Any], inverted: bool, tmp_path: Path
) -> None:
    image = read_dicom(write_dicom(tmp_path / "a.dcm", RAMP, **elements))

    np.testing.assert_array_equal(image, 255 - RAMP if inverted else RAMP)


SIGNED = {"BitsStored": 16, "HighBit": 15}
TWELVE = {"BitsStored": 12, "HighBit": 11}


@pytest.mark.parametrize("kind", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize(
    ("padding", "elements"),
    [
        (-20_000, {**SIGNED, "PixelPaddingValue": -20_000}),
        (-20_000, {**SIGNED, "PixelPaddingValue": 45_536}),  # without its sign
        (65_535, {"PixelPaddingValue": 65_535}),
        (60_000, {"PixelPaddingValue": 65_535, "PixelPaddingRangeLimit": 50_000}),
        (0, {"PixelPaddingValue": 0}),
        # Needs more bits than are said to be in use: decoding would make real values of it.
        (65_535, {**TWELVE, "PixelPaddingValue": 65_535}),
        (-20_000, {**TWELVE, "PixelPaddingValue": -20_000}),
        (0, {"PixelPaddingValue": 0, "WindowCenter": 2009, "WindowWidth": 3826}),
    ],
)
def test_padding_counts_in_no_range_and_is_black(
    padding: int, elements: dict[str, Any], kind: str, tmp_path: Path
) -> None:
    image = (RAMP.astype(np.int64) * 15 + 96).astype(np.int16 if padding < 0 else np.uint16)
    if elements.get("BitsStored") == 12 and padding < 0:
        image -= 2048
    image[:, :20] = padding

    dataset = build_dicom(image, PhotometricInterpretation=kind, **elements)
    if elements["PixelPaddingValue"] > 32_767:  # US, whatever the pixels are
        dataset.add_new("PixelPaddingValue", "US", elements["PixelPaddingValue"])
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    seen = read_dicom(tmp_path / "a.dcm")

    assert (seen[:, :20] == 0).all()
    visible, expected = seen[:, 20:], RAMP[:, 20:].astype(float)
    if "WindowCenter" not in elements:
        expected = 255 * (expected - expected.min()) / np.ptp(expected)
    if kind == "MONOCHROME1":
        expected = 255 - expected
    np.testing.assert_allclose(visible, expected, atol=1)


@pytest.mark.parametrize(
    "elements",
    [
        {"PixelPaddingValue": 300},  # which no pixel has
        {"PixelPaddingValue": 0, "PixelPaddingRangeLimit": 65_535},  # which all have
        {"PixelPaddingValue": None},
    ],
)
def test_padding_that_hides_nothing_or_all_is_none(
    elements: dict[str, Any], tmp_path: Path
) -> None:
    value = elements.pop("PixelPaddingValue")
    dataset = build_dicom(DEEP, **elements)
    dataset.add_new("PixelPaddingValue", "US", value)
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)

    np.testing.assert_array_equal(read_dicom(tmp_path / "a.dcm"), RAMP)


@pytest.mark.parametrize("hot", [65_535, 12_000])
def test_a_hot_pixel_leaves_the_image_visible(hot: int, tmp_path: Path) -> None:
    pixels = DEEP << 4
    pixels[7, 7] = hot

    image = decode_dicom(write_dicom(tmp_path / "a.dcm", pixels))

    expected = RAMP.copy()
    expected[7, 7] = 255
    np.testing.assert_array_equal(image.pixels, expected)
    assert image.n_isolated == 1


@pytest.mark.parametrize(
    ("values", "first", "bits", "n_entries"),
    [
        ((0, 4095), 0, 12, 4096),  # the first value is 0
        ((0, 4095), -100, 16, 4196),
        ((-1024, 3071), -1024, 12, 4096),
        ((0, 4095), 1000, 12, 500),
        ((0, 4095), 0, 8, 4096),  # more entries than 8 bits count
        ((0, 65535), 0, 16, 65536),  # as many as the descriptor has to call 0
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_voi_table_may_begin_anywhere(
    values: tuple[int, int], first: int, bits: int, n_entries: int, packed: bool, tmp_path: Path
) -> None:
    pixels = np.linspace(0, values[1] - values[0], RAMP.size).reshape(RAMP.shape)
    entries = np.linspace(0, 2**bits - 1, n_entries).round().astype(int)
    table = build_lut(entries.tolist(), first, bits)
    if packed or n_entries == 2**16:  # more than a list of an element may have
        kind = "u1" if bits == 8 else "<u2"
        table[0].add_new("LUTData", "OW", entries.astype(kind).tobytes())

    path = write_dicom(
        tmp_path / "a.dcm",
        pixels.round().astype(np.uint16),
        VOILUTSequence=table,
        RescaleSlope=1,
        RescaleIntercept=values[0],
    )

    places = np.clip(pixels.round() + values[0] - first, 0, n_entries - 1).astype(int)
    expected = 255 * entries[places] / (2**bits - 1)
    np.testing.assert_allclose(read_dicom(path), expected, atol=0.6)


GRAY_FILES = (
    "693_J2KI.dcm", "CT_small.dcm", "J2K_pixelrep_mismatch.dcm", "JPEG2000.dcm",
    "JPEGLSNearLossless_16.dcm", "JPGExtended.dcm", "MR_small_RLE.dcm", "MR_small_expb.dcm",
    "examples_overlay.dcm",
)  # fmt: skip


@pytest.mark.parametrize("name", GRAY_FILES)
def test_gray_levels_are_those_of_pydicom(name: str) -> None:
    dataset = dcmread(shipped(name))
    values = apply_modality_lut(dataset.pixel_array, dataset)
    shown = np.asarray(apply_voi_lut(values, dataset), float)
    low, span = shown.min(), np.ptp(shown)
    if "WindowWidth" in dataset:  # shown from the lowest to the highest value that its bits hold
        least = -(2 ** (dataset.BitsStored - 1)) if dataset.PixelRepresentation else 0
        ends = np.array([least, least + 2**dataset.BitsStored - 1])
        low, high = apply_modality_lut(ends, dataset)
        span = high - low

    np.testing.assert_allclose(read_dicom(shipped(name)), 255 * (shown - low) / span, atol=1)


@pytest.mark.parametrize(
    ("side", "reason"),
    [
        (50_000, "50000 x 50000 px; at most 50 megapixels"),
        (16, "says 48 x 32 px before its pixels, and 16 x 16 px behind"),
    ],
)
def test_what_stands_behind_the_pixels_is_checked_as_well(
    side: int, reason: str, tmp_path: Path
) -> None:
    path = write_dicom(tmp_path / "a.dcm", RAMP)
    with path.open("ab") as file:  # the rows once more: the last word counts
        file.write(b"\x28\0\x10\0US\2\0" + side.to_bytes(2, "little"))
        file.write(b"\x28\0\x11\0US\2\0" + side.to_bytes(2, "little"))

    with pytest.raises(ImageError, match=reason):
        read_dicom(path)


def test_an_image_of_one_level_is_black(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a.dcm", np.full((3, 4), 700, np.uint16))

    np.testing.assert_array_equal(read_dicom(path), np.zeros((3, 4)))


@pytest.mark.parametrize("name", ["rle", "jpeg", "jpeg 2000", "jpeg lossless 12", "lossless 16"])
def test_every_compression_gives_the_same_gray_levels(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    match name:
        case "rle":
            dataset = build_dicom(DEEP * 257)
            dataset.compress(RLELossless)
            dataset.save_as(path, enforce_file_format=True)
        case "jpeg":
            write_dicom(path, RAMP, encode(RAMP, "JPEG", quality=95), JPEGBaseline8Bit)
        case "jpeg 2000":
            frame = encode(DEEP * 257, "JPEG2000", no_jp2=True)
            write_dicom(path, DEEP * 257, frame, JPEG2000Lossless)
        case "jpeg lossless 12":
            frame = encode_jpeg_lossless(DEEP << 4, 12)
            depth = {"BitsStored": 12, "HighBit": 11}
            write_dicom(path, DEEP << 4, frame, JPEGLosslessSV1, **depth)
        case _:
            frame = encode_jpeg_lossless(DEEP * 257, 16)
            write_dicom(path, DEEP * 257, frame, JPEGLosslessSV1)

    assert read_dicom_size(path) == (WIDTH, HEIGHT)
    atol = 6 if name == "jpeg" else 0
    np.testing.assert_allclose(read_dicom(path).astype(int), RAMP.astype(int), atol=atol)


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("MR_small_jpeg_ls_lossless.dcm", "MR_small.dcm"),
        ("MR_small_jp2klossless.dcm", "MR_small.dcm"),
        ("SC_rgb_jpeg_gdcm.dcm", "SC_rgb_rle.dcm"),  # lossless JPEG, in colour
    ],
)
def test_files_of_other_programs_agree(name: str, same: str) -> None:
    np.testing.assert_array_equal(read_dicom(shipped(name)), read_dicom(shipped(same)))


def test_jpeg_of_12_bits_is_read() -> None:
    image = read_dicom(shipped("JPGExtended.dcm"))

    assert image.shape == (1024, 256)
    assert len(np.unique(image)) > 100


def test_colour_becomes_luminance(tmp_path: Path) -> None:
    pixels = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [90, 90, 90]]], np.uint8)

    image = read_dicom(write_dicom(tmp_path / "a.dcm", pixels))

    np.testing.assert_allclose(image, [[76, 150, 29, 90]], atol=1)


def test_only_the_suffix_lets_a_file_without_the_mark_pass(tmp_path: Path) -> None:
    for syntax in (ImplicitVRLittleEndian, ExplicitVRBigEndian):
        pixels = DEEP.astype(">u2" if syntax == ExplicitVRBigEndian else "<u2")
        dataset = build_dicom(pixels, None, syntax)
        del dataset.file_meta
        implicit, little = syntax == ImplicitVRLittleEndian, syntax != ExplicitVRBigEndian
        dataset.save_as(tmp_path / "a.dcm", implicit_vr=implicit, little_endian=little)
        np.testing.assert_array_equal(read_dicom(tmp_path / "a.dcm"), RAMP)
        assert read_dicom_size(tmp_path / "a.dcm") == (WIDTH, HEIGHT)

    (tmp_path / "a.dcm").rename(tmp_path / "a")
    assert not is_dicom(tmp_path / "a")
    assert is_dicom(tmp_path / "gone.DICOM")
    assert is_dicom(write_dicom(tmp_path / "b", RAMP))


BOTH = (read_dicom_size, read_dicom)


@pytest.mark.parametrize("read", BOTH)
@pytest.mark.parametrize(
    ("elements", "reason"),
    [
        ({"NumberOfFrames": 30}, "holds 30 frames; only single images"),
        ({"Rows": 60_000, "Columns": 60_000}, "is 60000 x 60000 px; at most 50 megapixels"),
        ({"Rows": 0}, "holds no image"),
        ({"Columns": None}, "holds no image"),
        ({"PixelData": None}, "holds no pixels"),
        ({"BitsAllocated": 1}, "has 1 bits a pixel; 8 or 16 are read"),
        ({"BitsAllocated": 32}, "has 32 bits a pixel; 8 or 16 are read"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "of the kind PALETTE COLOR of 8 bits"),
        ({"PhotometricInterpretation": None}, "of the kind None"),
        ({"PhotometricInterpretation": "RGB", "BitsAllocated": 16}, "of the kind RGB of 16 bits"),
    ],
)  # fmt: skip
def test_what_the_header_rules_out_is_refused_before_decoding(
    read: Any, elements: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    path = write_dicom(tmp_path / "a.dcm", RAMP, **elements)

    with pytest.raises(ImageError, match=rf"a\.dcm .*{reason}"):
        read(path)


@pytest.mark.parametrize("read", BOTH)
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", r"is empty \(0 bytes\)"),
        (b"hello", "is no DICOM image, though its name says so"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "is no DICOM image, though its name says so"),
        (bytes(128) + b"DICM", "holds no image"),
        (bytes(128) + b"DICM" + b"\2\0\0\0UL\4\0\xff", "is damaged"),
    ],
)
def test_a_file_of_something_else_is_named_with_the_reason(
    read: Any, content: bytes, reason: str, tmp_path: Path
) -> None:
    (tmp_path / "a.dcm").write_bytes(content)

    with pytest.raises(ImageError, match=rf"a\.dcm {reason}"):
        read(tmp_path / "a.dcm")


@pytest.mark.parametrize("read", BOTH)
def test_a_missing_and_a_huge_file_are_refused(
    read: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ImageError, match="does not exist"):
        read(tmp_path / "a.dcm")

    monkeypatch.setattr("xray_core.imagefiles.dicom.MAX_BYTES", 1_000)
    with pytest.raises(ImageError, match="at most 1 kB are read"):
        read(write_dicom(tmp_path / "a.dcm", RAMP))


@pytest.mark.parametrize("read", BOTH)
@pytest.mark.parametrize(
    ("syntax", "name"),
    [
        # Deflated, a small file could unpack to one that fills the memory.
        (DeflatedExplicitVRLittleEndian, "Deflated Explicit VR Little Endian"),
        ("1.2.840.10008.1.2.4.102", "MPEG-4 AVC/H.264 High Profile / Level 4.1"),
        ("1.2.3.4", "1.2.3.4"),
    ],
)
def test_an_unknown_compression_is_refused(
    read: Any, syntax: str, name: str, tmp_path: Path
) -> None:
    dataset = build_dicom(RAMP, b"frame" * 4, syntax)
    with warnings.catch_warnings(action="ignore"):
        dataset.save_as(tmp_path / "a.dcm", implicit_vr=False, little_endian=True)

    with pytest.raises(ImageError, match=rf"is stored as {name}.*, which is not read. Save it"):
        read(tmp_path / "a.dcm")


@pytest.mark.parametrize("share", [0.4, 0.7, 0.98])
@pytest.mark.parametrize("kind", ["plain", "jpeg", "jpeg 2000", "jpeg lossless"])
def test_a_truncated_file_is_refused(kind: str, share: float, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (128, 128), dtype=np.uint8)
    path = tmp_path / "a.dcm"
    match kind:
        case "plain":
            write_dicom(path, noise)
        case "jpeg":
            write_dicom(path, noise, encode(noise, "JPEG"), JPEGBaseline8Bit)
        case "jpeg 2000":
            write_dicom(path, noise, encode(noise, "JPEG2000", no_jp2=True), JPEG2000Lossless)
        case _:
            write_dicom(path, noise, encode_jpeg_lossless(noise, 8), JPEGLosslessSV1)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])

    with pytest.raises(ImageError, match=r"a\.dcm is damaged"):
        read_dicom(path)


@pytest.mark.parametrize("kind", ["JPEG", "JPEG2000"])
def test_compressed_pixels_may_not_claim_another_size_than_the_header(
    kind: str, tmp_path: Path
) -> None:
    options = {"no_jp2": True} if kind == "JPEG2000" else {}
    frame = encode(np.tile(RAMP, (2, 2)), kind, **options)
    syntax = JPEG2000Lossless if kind == "JPEG2000" else JPEGBaseline8Bit

    path = write_dicom(tmp_path / "a.dcm", RAMP, frame, syntax)

    # A few bytes that claim 30,000 x 30,000 would otherwise take gigabytes to decode.
    with pytest.raises(ImageError, match="says 48 x 32 px and its compressed pixels say 96 x 64"):
        read_dicom(path)


def test_compressed_pixels_of_another_shape_than_the_header_are_refused(tmp_path: Path) -> None:
    colour = Image.fromarray(np.dstack([RAMP] * 3))
    content = BytesIO()
    colour.save(content, "JPEG")

    path = write_dicom(tmp_path / "a.dcm", RAMP, content.getvalue(), JPEGBaseline8Bit)

    with pytest.raises(ImageError, match="is damaged"):
        read_dicom(path)


def test_compressed_pixels_that_are_none_are_refused(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a.dcm", RAMP, b"frame", JPEGBaseline8Bit)

    with pytest.raises(ImageError, match="its compressed pixels say nothing"):
        read_dicom(path)


def test_a_missing_decoder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_decoder(JPEG2000Lossless), "_available", {})
    frame = encode(RAMP, "JPEG2000", no_jp2=True)
    path = write_dicom(tmp_path / "a.dcm", RAMP, frame, JPEG2000Lossless)

    with pytest.raises(ImageError, match="Install what requirements.txt names: pylibjpeg, "):
        read_dicom(path)


@pytest.mark.parametrize("read", BOTH)
def test_a_missing_pydicom_is_no_damage(
    read: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_dicom(tmp_path / "a.dcm", RAMP)
    monkeypatch.setitem(sys.modules, "pydicom", None)

    with pytest.raises(ImageError, match="the package pydicom is not installed. Install what"):
        read(path)


@pytest.mark.parametrize("slope", ["nan", "inf"])
def test_numbers_that_are_not_finite_are_refused(slope: str, tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a.dcm", RAMP, RescaleSlope="1", RescaleIntercept="0")
    content = path.read_bytes()
    old, new = b"DS\x02\x001 ", b"DS\x04\x00" + slope.encode().ljust(4)
    assert old in content
    path.write_bytes(content.replace(old, new))

    with pytest.raises(ImageError, match="damaged"):
        read_dicom(path)


def test_reading_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    read_dicom(shipped("SC_rgb_jpeg.dcm"))  # its elements are not encoded as it says

    assert capfd.readouterr() == ("", "")


def test_a_full_memory_is_not_called_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MemoryError("full")

    path = write_dicom(tmp_path / "a.dcm", RAMP)
    monkeypatch.setattr("pydicom.pixels.utils.pixel_array", fail)

    with pytest.raises(MemoryError):
        read_dicom(path)


def test_the_limit_is_shared_with_other_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_dicom(tmp_path / "a.dcm", RAMP)
    monkeypatch.setattr(refusals, "MAX_PIXELS", RAMP.size)
    read_dicom(path)

    monkeypatch.setattr(refusals, "MAX_PIXELS", RAMP.size - 1)
    with pytest.raises(ImageError, match="megapixels"):
        read_dicom(path)


def test_pydicom_is_imported_on_first_use() -> None:
    code = "import sys, xray_core.datasets; sys.exit('pydicom' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def read_or_refuse(content: bytes, path: Path) -> None:
    path.write_bytes(content)
    for read in BOTH:
        try:
            result = read(path)
        except ImageError:
            continue
        assert isinstance(result, tuple) or result.dtype == np.uint8


@pytest.fixture(scope="module")
def whole_files(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    path = tmp_path_factory.mktemp("whole") / "a.dcm"
    window = {"WindowCenter": 50, "WindowWidth": 40, "RescaleSlope": 2, "RescaleIntercept": 1}
    lut = {"VOILUTSequence": build_lut([0, 1024, 2048, 4095], 49, 12)}
    written = (
        write_dicom(path, DEEP, **window).read_bytes(),
        write_dicom(path, DEEP, None, ImplicitVRLittleEndian, **lut).read_bytes()[132:],
        write_dicom(path, RAMP, encode(RAMP, "JPEG"), JPEGBaseline8Bit).read_bytes(),
        write_dicom(
            path, RAMP, encode(RAMP, "JPEG2000", no_jp2=True), JPEG2000Lossless
        ).read_bytes(),
        write_dicom(path, DEEP, encode_jpeg_lossless(DEEP, 16), JPEGLosslessSV1).read_bytes(),
    )
    return list(written)


@settings(deadline=None, derandomize=True, max_examples=80)
@given(data=st.data())
def test_whatever_byte_is_changed_the_file_is_read_or_refused(
    data: st.DataObject, whole_files: list[bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = bytearray(data.draw(st.sampled_from(whole_files)))
    # The header is short: let half of the changes hit it.
    places = st.integers(128, 900) | st.integers(0, len(content) - 1)
    for place, value in data.draw(
        st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=6)
    ):
        content[min(place, len(content) - 1)] = value
    end = data.draw(st.just(len(content)) | st.integers(0, len(content)))

    read_or_refuse(bytes(content[:end]), tmp_path_factory.getbasetemp() / "changed.dcm")


@settings(deadline=None, derandomize=True, max_examples=40)
@given(content=st.binary(max_size=400), has_mark=st.booleans())
def test_whatever_bytes_a_file_holds_it_is_read_or_refused(
    content: bytes, has_mark: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    head = bytes(128) + b"DICM" if has_mark else b""

    read_or_refuse(head + content, tmp_path_factory.getbasetemp() / "random.dcm")


def test_the_real_radiograph_is_read(real_data: Path) -> None:
    path = real_data / "odd" / "rsna_monochrome2.dcm"

    image = read_dicom(path)

    assert image.shape == (1024, 1024)
    assert read_dicom_size(path) == (1024, 1024)
    # The lungs are darker than the mediastinum between them, the air beside the neck black.
    assert image[300:700, 250:400].mean() + 50 < image[300:700, 500:600].mean()
    assert image[:60, :60].mean() < 40
