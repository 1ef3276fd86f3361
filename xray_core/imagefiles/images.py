"""Reading image files that nobody vouches for: size limits, odd formats, clear refusals.

Pillow does the decoding, but for DICOM, which has a module of its own. On radiographs Pillow
is within a tenth of OpenCV's speed (`benchmarks/decode.py`), refuses truncated files and
prints nothing about damaged ones.

Pixels are returned as stored: an EXIF orientation is not applied, so that widths, heights
and boxes always mean the same thing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from xray_core.errors import ImageError
from xray_core.imagefiles import dicom
from xray_core.imagefiles.refusals import check_size, explain_refusal
from xray_core.paths import is_hidden, open_file

# A closed list: Pillow would otherwise also try formats that start other programs.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")
SUFFIXES = (
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif",
    *dicom.SUFFIXES,
)  # fmt: skip


def is_image_name(name: str) -> bool:
    """Whether a relative path names an image, and not what an operating system left beside it.

    >>> [is_image_name(name) for name in ("a.JPG", "._a.jpg", "__MACOSX/a.jpg", "a.csv")]
    [True, False, False, False]
    """
    return name.lower().endswith(SUFFIXES) and not any(map(is_hidden, name.split("/")))


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
                    return image.size
            except UnidentifiedImageError as error:
                _refuse_unless_dicom(path, error)
        return dicom.read_dicom_size(path)


def read_image(path: Path, at_least: int | None = None) -> npt.NDArray[np.uint8]:
    """Read one image as gray levels.

    Args:
        path: a file of one of `FORMATS` or DICOM, whatever its suffix says. Of a file with
            several images the first is read; DICOM with several is refused.
        at_least: px; if given, a JPEG may be decoded at 1/2, 1/4 or 1/8 of its size, as long
            as both sides stay at least this long. Many times faster for a small result.

    Returns:
        Shape (height, width), uint8, 0 (black) to 255 (white). Colour becomes luminance,
        transparency is dropped. Deeper pixels lose their low bits: the highest bit in use
        becomes the top one, so 12 bits in a 16-bit file do not come out black.

    Raises:
        ImageError: the file is missing, empty, no image, damaged, truncated, of a kind that
            has no gray levels, or larger than `refusals.MAX_PIXELS`; a DICOM file also for
            what `read_dicom` refuses.
    """
    with explain_refusal(path):
        if not _is_dicom_name(path):
            try:
                with _open(path) as image:
                    return _to_gray(path, image, at_least)
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
    try:
        with open_file(path) as file, Image.open(file, formats=FORMATS) as image:
            check_size(path, *image.size)
            yield image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(f"{path} is too large: {error}") from error


def _to_gray(path: Path, image: Image.Image, at_least: int | None) -> npt.NDArray[np.uint8]:
    """Decode `image` as gray levels, shape (h, w); see `read_image`."""
    image.draft("L", (at_least, at_least) if at_least else None)
    if image.mode.startswith("I"):
        return _to_8_bits(np.asarray(image))
    if image.mode == "F":
        raise ImageError(f"{path} has floating point pixels; convert it to 8 or 16 bits.")
    # A palette with transparency has no direct way to gray in Pillow.
    source = image.convert("RGBA") if image.mode == "P" else image
    return np.array(source.convert("L"))


def _to_8_bits(pixels: npt.NDArray[np.integer]) -> npt.NDArray[np.uint8]:
    """Shift deep pixels, shape (h, w), so that the highest bit in use becomes the eighth."""
    surplus = max(0, int(pixels.max()).bit_length() - 8)
    shifted: npt.NDArray[np.integer] = np.maximum(pixels, 0) >> surplus
    return shifted.astype(np.uint8)
