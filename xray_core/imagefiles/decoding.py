"""Decoding image files that nobody vouches for: odd formats, size limits, clear refusals.

These functions run in the children of `xray_core.bounded`, where a file that loops, takes all
memory or brings a decoder down costs nobody else anything; `images.py` has the doors to them.

Pillow does the decoding, but for DICOM, which has a module of its own. On radiographs Pillow
is within a tenth of OpenCV's speed (`benchmarks/decode.py`), refuses truncated files and
prints nothing about damaged ones.

Photos and some exports are stored sideways or mirrored, with an EXIF orientation that says so.
It is applied to pixels and sizes alike: widths, heights and boxes mean the upright image, which
is what programs show in which people draw boxes. A damaged orientation counts as none, and so
does what stands behind a PNG's pixels, as sizes are read from the header alone.
"""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, UnidentifiedImageError
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

from xray_core.errors import ImageError
from xray_core.imagefiles import dicom
from xray_core.imagefiles.grays import (
    DecodedImage,
    GrayValues,
    StoredGrays,
    count_values,
    find_gray_range,
    to_8_bits,
)
from xray_core.imagefiles.raw_jsrt import SIDE, is_jsrt, read_jsrt, read_jsrt_values
from xray_core.imagefiles.raw_jsrt import SUFFIX as JSRT_SUFFIX
from xray_core.imagefiles.refusals import check_size, explain_refusal
from xray_core.imagefiles.sources import Source, count_bytes, open_source, read_source

Grays = TypeVar("Grays", np.uint8, np.uint16)

# A closed list: Pillow would otherwise also try formats that start other programs.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")
EXIF_KEYS = {"exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp"}
# EXIF orientation -> the step along rows and columns, after the sides are swapped from 5 on.
TURNS = {2: (1, -1), 3: (-1, -1), 4: (-1, 1), 5: (1, 1), 6: (1, -1), 7: (-1, -1), 8: (-1, 1)}
SILENCE = ("ignore", None, Warning, re.compile("PIL.TiffImagePlugin"), 0)  # of damaged EXIF
TURNED = "TIFF"  # the format that Pillow turns upright by itself
START_OF_SCAN = b"\xff\xda"
MAX_SCANNED = 1_000_000_000  # pixels, over all passes of a JPEG; 10 passes are usual
PHOTOMETRIC = 262  # TIFF's tag for what black and white are


def measure_file(source: Source) -> tuple[int, int]:
    """Return (width, height) in px from the file's header; no pixel is decoded.

    Raises:
        ImageError: the file is missing, empty, no image, or larger than
            `refusals.MAX_PIXELS`; a DICOM file also for what `read_dicom_size` refuses.
    """
    with explain_refusal(source):
        if is_jsrt(source):
            return SIDE, SIDE
        if not _is_dicom_name(source):
            try:
                with _open(source) as image:
                    width, height = image.size
                    lies = image.format != TURNED and _read_orientation(image) >= 5
                    return (height, width) if lies else (width, height)
            except UnidentifiedImageError as error:
                _refuse_unless_dicom(source, error)
        return dicom.read_dicom_size(source)


def decode_file(source: Source, at_least: int | None = None) -> DecodedImage:
    """Decode one image. Colour becomes luminance, transparency is dropped.

    Deeper pixels lose their low bits, see `grays.to_8_bits`, and `dicom_grays` for DICOM.

    Args:
        source: a file of one of `FORMATS` or DICOM, whatever its suffix says, or JSRT's .img. Of a
            file with several images the first is read; DICOM with several is refused.
        at_least: px; if given, a JPEG may be decoded at 1/2, 1/4 or 1/8 of its size, as long
            as both sides stay at least this long. Many times faster for a small result.

    Raises:
        ImageError: the file is missing, empty, no image, damaged, truncated, of a kind that
            has no gray levels, or larger than `refusals.MAX_PIXELS`; a DICOM file also for
            what `read_dicom` refuses.
    """
    with explain_refusal(source):
        if source.suffix.lower() == JSRT_SUFFIX:
            return read_jsrt(source)
        if not _is_dicom_name(source):
            try:
                with _open(source) as image:
                    orientation = _read_orientation(image)
                    decoded = _to_gray(source, image, at_least)
                    pixels = decoded.pixels
                    if image.format != TURNED:
                        pixels = _turn(pixels, orientation)
                    several = bool(getattr(image, "is_animated", False))
                    return replace(
                        decoded, pixels=pixels, orientation=orientation, is_first=several
                    )
            except UnidentifiedImageError as error:
                _refuse_unless_dicom(source, error)
        return dicom.read_dicom(source)


def read_values(source: Source) -> GrayValues | None:
    """Read one image as the values that its file means; None of 8 bits without a unit, or colour.

    Raises:
        ImageError: see `decode_file`.
    """
    with explain_refusal(source):
        if source.suffix.lower() == JSRT_SUFFIX:
            return read_jsrt_values(source)
        if not _is_dicom_name(source):
            try:
                with _open(source) as image:
                    return _read_deep(image)
            except UnidentifiedImageError as error:
                _refuse_unless_dicom(source, error)
        return dicom.read_dicom_values(source)


def _read_deep(image: Image.Image) -> GrayValues | None:
    if not image.mode.startswith("I"):
        return None
    pixels = np.asarray(image)
    lowest, highest = int(pixels.min()), int(pixels.max())
    stored = StoredGrays(16, float(lowest), float(highest), *_read_photometric(image))
    step = max(1.0, (highest - lowest) / (2**16 - 1))  # wider only of 32 bits
    steps = np.rint((pixels.astype(np.float64) - lowest) / step).astype(np.uint16)
    if image.format != TURNED:
        steps = _turn(steps, _read_orientation(image))
    return GrayValues(steps, float(lowest), step, stored)


def _is_dicom_name(source: Source) -> bool:
    return source.suffix.lower() in dicom.SUFFIXES


def _refuse_unless_dicom(source: Source, error: UnidentifiedImageError) -> None:
    """Raise an ImageError about a file that Pillow does not know, unless it is DICOM.

    Pillow is asked first, so that only the odd file is opened twice.
    """
    if not dicom.is_dicom(source):
        reason = "is empty (0 bytes)" if count_bytes(source) == 0 else "is not an image"
        raise ImageError(f"{source} {reason}; expected {', '.join(FORMATS)} or DICOM.") from error


@contextmanager
def _open(source: Source) -> Iterator[Image.Image]:
    """Open `source` with only its header read, and refuse it if it is too large."""
    if SILENCE not in warnings.filters:  # not catch_warnings: images are read in threads
        warnings.filterwarnings("ignore", module="PIL.TiffImagePlugin")
    try:
        with open_source(source) as file, Image.open(file, formats=FORMATS) as image:
            check_size(source, *image.size, _count_bytes_of_pixel(image))
            _check_scans(source, image)
            yield image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(f"{source} is too large: {error}") from error


def _check_scans(source: Source, image: Image.Image) -> None:
    """Refuse a progressive JPEG that goes over its pixels more often than is of any use."""
    if not image.info.get("progressive"):
        return
    n_scans = read_source(source).count(START_OF_SCAN)  # no other bytes of coded pixels are so
    width, height = image.size
    if n_scans * width * height > MAX_SCANNED:
        raise ImageError(
            f"{source} is {width} x {height} px in {n_scans} passes, which takes too long to "
            "decode. Save it as a plain JPEG."
        )


def _count_bytes_of_pixel(image: Image.Image) -> int:
    """Return how many bytes a pixel of an opened image takes as it is stored."""
    is_deep = image.mode.startswith(("I", "F")) or _has_deep_channels(image)
    return len(image.getbands()) * (2 if is_deep else 1)


def _has_deep_channels(image: Image.Image) -> bool:
    """Whether an opened image is a PNG with 16 bits a channel, whose low ones Pillow drops."""
    return isinstance(image, PngImageFile) and any(
        str(tile.args).endswith("16B") for tile in image.tile
    )


def _to_gray(source: Source, image: Image.Image, at_least: int | None) -> DecodedImage:
    """Decode `image` as it is stored; see `decode_file`."""
    image.draft("L", (at_least, at_least) if at_least else None)
    if image.mode.startswith("I"):
        return _show_deep(np.asarray(image), *_read_photometric(image))
    if image.mode == "F":
        raise ImageError(f"{source} has floating point pixels; convert it to 8 or 16 bits.")
    has_more = _has_deep_channels(image)
    is_colour = image.mode not in ("1", "L", "LA", "La")
    # A palette with transparency has no direct way to gray in Pillow.
    plain = image.convert("RGBA") if image.mode == "P" else image
    grays = np.array(plain.convert("L"))
    if has_more and find_gray_range(*count_values(grays))[1] < 128:
        return _show_deep(_decode_deep_colour(source), "colour", False)
    bits = 16 if has_more else 1 if image.mode == "1" else 8
    lowest, highest = float(grays.min()), float(grays.max())
    return DecodedImage(
        grays, StoredGrays(bits, lowest, highest, "colour" if is_colour else "gray")
    )


def _show_deep(pixels: npt.NDArray[np.integer], kind: str, is_inverted: bool) -> DecodedImage:
    levels, n_isolated = to_8_bits(pixels)
    stored = StoredGrays(16, float(pixels.min()), float(pixels.max()), kind, is_inverted)
    return DecodedImage(255 - levels if is_inverted else levels, stored, n_isolated)


def _read_photometric(image: Image.Image) -> tuple[str, bool]:
    """Return the kind of a deep image, and whether its white is 0.

    Pillow inverts such a TIFF only where it has 8 bits.
    """
    return "gray", isinstance(image, TiffImageFile) and image.tag_v2.get(PHOTOMETRIC) == 0


def _decode_deep_colour(source: Source) -> npt.NDArray[np.integer]:
    """Return the luminance of a PNG with 16 bits a channel, whose low ones Pillow drops.

    Asked for the dark ones alone, which may hold 12 bits. Pillow has decoded the file before:
    OpenCV accepts damaged ones, too.
    """
    import cv2  # on first use: few files need it, and the start would take longer

    with open_source(source) as file:
        content = np.frombuffer(file.read(), np.uint8)
    depth = cv2.IMREAD_ANYDEPTH | cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION
    return np.asarray(cv2.imdecode(content, depth)).astype(np.uint16, copy=False)


def _read_orientation(image: Image.Image) -> int:
    """Return the EXIF orientation of an opened image, 1 (upright) to 8; nothing is decoded.

    Source: Exif 3.0, 4.6.5.1.6 (tag 274)
    """
    if image.format != TURNED and EXIF_KEYS.isdisjoint(image.info):
        return 1
    try:
        # Not `image.getexif()`, which decodes a PNG to look behind its pixels, too.
        orientation = Image.Image.getexif(image).get(ExifTags.Base.Orientation, 1)
    except Exception:  # of damaged bytes; the pixels are not less readable for it
        return 1
    return orientation if orientation in range(1, 9) else 1


def _turn(pixels: npt.NDArray[Grays], orientation: int) -> npt.NDArray[Grays]:
    """Return pixels, shape (h, w), upright; from orientation 5 on their shape is (w, h)."""
    if orientation == 1:
        return pixels
    if orientation >= 5:
        pixels = pixels.T
    rows, columns = TURNS[orientation]
    return np.ascontiguousarray(pixels[::rows, ::columns])
