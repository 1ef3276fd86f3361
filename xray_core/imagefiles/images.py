"""Reading image files that nobody vouches for: size limits, odd formats, clear refusals.

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
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, UnidentifiedImageError
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

from xray_core.errors import ImageError
from xray_core.imagefiles import dicom
from xray_core.imagefiles.grays import DecodedImage, count_values, find_gray_range, to_8_bits
from xray_core.imagefiles.other_formats import INDEX
from xray_core.imagefiles.refusals import check_size, explain_refusal
from xray_core.paths import is_hidden, open_file

# A closed list: Pillow would otherwise also try formats that start other programs.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")
SUFFIXES = (
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif",
    *dicom.SUFFIXES,
)  # fmt: skip
VAGUE = ("", ".ima", ".dic", ".dc3")  # suffixes of files that may be DICOM
EXIF_KEYS = {"exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp"}
# EXIF orientation -> the step along rows and columns, after the sides are swapped from 5 on.
TURNS = {2: (1, -1), 3: (-1, -1), 4: (-1, 1), 5: (1, 1), 6: (1, -1), 7: (-1, -1), 8: (-1, 1)}
SILENCE = ("ignore", None, Warning, re.compile("PIL.TiffImagePlugin"), 0)  # of damaged EXIF
TURNED = "TIFF"  # the format that Pillow turns upright by itself
PHOTOMETRIC = 262  # TIFF's tag for what black and white are


def is_image_name(name: str) -> bool:
    """Whether a relative path names an image, and not what an operating system left beside it.

    >>> [is_image_name(name) for name in ("a.JPG", "._a.jpg", "__MACOSX/a.jpg", "a.csv")]
    [True, False, False, False]
    """
    return name.lower().endswith(SUFFIXES) and not any(map(is_hidden, name.split("/")))


def is_image_file(path: Path) -> bool:
    """Whether a file's name is an image's, or, where it has no telling suffix, its first bytes.

    Hospital exports and discs hold DICOM files called IM000001, by numbers (1.2.840.113) or
    with one of `VAGUE`. Only such names are looked into, and only for DICOM's mark. A file that
    cannot be opened is no image.

    Args:
        path: a file; only its last part counts as name.
    """
    name = path.name
    if is_image_name(name):
        return True
    suffix = path.suffix.lower()
    tells = suffix not in VAGUE and not suffix[1:].isdecimal()
    if tells or is_hidden(name) or name.lower() == INDEX:
        return False
    return dicom.is_dicom(path)


def read_size(path: Path) -> tuple[int, int]:
    """Return (width, height) in px from the file's header; no pixel is decoded.

    Raises:
        ImageError: the file is missing, empty, no image, or larger than
            `refusals.MAX_PIXELS`; a DICOM file also for what `read_dicom_size` refuses.
    """
    with explain_refusal(path):
        if not _is_dicom_name(path):
            try:
                with _open(path) as image:
                    width, height = image.size
                    lies = image.format != TURNED and _read_orientation(image) >= 5
                    return (height, width) if lies else (width, height)
            except UnidentifiedImageError as error:
                _refuse_unless_dicom(path, error)
        return dicom.read_dicom_size(path)


def read_image(path: Path, at_least: int | None = None) -> npt.NDArray[np.uint8]:
    """Read one image as gray levels; see `decode_image`, which also says what was done to it.

    Returns:
        Shape (height, width), uint8, 0 (black) to 255 (white).
    """
    return decode_image(path, at_least).pixels


def decode_image(path: Path, at_least: int | None = None) -> DecodedImage:
    """Decode one image. Colour becomes luminance, transparency is dropped.

    Deeper pixels lose their low bits, see `grays.to_8_bits`, and `dicom_grays` for DICOM.

    Args:
        path: a file of one of `FORMATS` or DICOM, whatever its suffix says. Of a file with
            several images the first is read; DICOM with several is refused.
        at_least: px; if given, a JPEG may be decoded at 1/2, 1/4 or 1/8 of its size, as long
            as both sides stay at least this long. Many times faster for a small result.

    Raises:
        ImageError: the file is missing, empty, no image, damaged, truncated, of a kind that
            has no gray levels, or larger than `refusals.MAX_PIXELS`; a DICOM file also for
            what `read_dicom` refuses.
    """
    with explain_refusal(path):
        if not _is_dicom_name(path):
            try:
                with _open(path) as image:
                    orientation = _read_orientation(image)
                    decoded = _to_gray(path, image, at_least)
                    pixels = decoded.pixels
                    if image.format != TURNED:
                        pixels = _turn(pixels, orientation)
                    return DecodedImage(pixels, decoded.n_isolated, orientation)
            except UnidentifiedImageError as error:
                _refuse_unless_dicom(path, error)
        return dicom.read_dicom(path)


def _is_dicom_name(path: Path) -> bool:
    return path.suffix.lower() in dicom.SUFFIXES


def _refuse_unless_dicom(path: Path, error: UnidentifiedImageError) -> None:
    """Raise an ImageError about a file that Pillow does not know, unless it is DICOM.

    Pillow is asked first, so that only the odd file is opened twice.
    """
    if not dicom.is_dicom(path):
        reason = "is empty (0 bytes)" if path.stat().st_size == 0 else "is not an image"
        raise ImageError(f"{path} {reason}; expected {', '.join(FORMATS)} or DICOM.") from error


@contextmanager
def _open(path: Path) -> Iterator[Image.Image]:
    """Open `path` with only its header read, and refuse it if it is too large."""
    if SILENCE not in warnings.filters:  # not catch_warnings: images are read in threads
        warnings.filterwarnings("ignore", module="PIL.TiffImagePlugin")
    try:
        with open_file(path) as file, Image.open(file, formats=FORMATS) as image:
            check_size(path, *image.size)
            yield image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(f"{path} is too large: {error}") from error


def _to_gray(path: Path, image: Image.Image, at_least: int | None) -> DecodedImage:
    """Decode `image` as it is stored; see `decode_image`."""
    image.draft("L", (at_least, at_least) if at_least else None)
    if image.mode.startswith("I"):
        deep = to_8_bits(np.asarray(image))
        # Pillow inverts a TIFF whose white is 0 only where it has 8 bits.
        if isinstance(image, TiffImageFile) and image.tag_v2.get(PHOTOMETRIC) == 0:
            return DecodedImage(255 - deep.pixels, deep.n_isolated)
        return deep
    if image.mode == "F":
        raise ImageError(f"{path} has floating point pixels; convert it to 8 or 16 bits.")
    has_more = isinstance(image, PngImageFile) and any(
        str(tile.args).endswith("16B") for tile in image.tile
    )
    # A palette with transparency has no direct way to gray in Pillow.
    source = image.convert("RGBA") if image.mode == "P" else image
    grays = np.array(source.convert("L"))
    if has_more and find_gray_range(*count_values(grays))[1] < 128:
        return to_8_bits(_decode_deep_colour(path))
    return DecodedImage(grays)


def _decode_deep_colour(path: Path) -> npt.NDArray[np.integer]:
    """Return the luminance of a PNG with 16 bits a channel, whose low ones Pillow drops.

    Asked for the dark ones alone, which may hold 12 bits. Pillow has decoded the file before:
    OpenCV accepts damaged ones, too.
    """
    import cv2  # on first use: few files need it, and the start would take longer

    with open_file(path) as file:
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


def _turn(pixels: npt.NDArray[np.uint8], orientation: int) -> npt.NDArray[np.uint8]:
    """Return pixels, shape (h, w), upright; from orientation 5 on their shape is (w, h)."""
    if orientation == 1:
        return pixels
    if orientation >= 5:
        pixels = pixels.T
    rows, columns = TURNS[orientation]
    return np.ascontiguousarray(pixels[::rows, ::columns])
