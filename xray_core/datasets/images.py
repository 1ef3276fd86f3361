"""Reading image files that nobody vouches for: size limits, odd formats, clear refusals.

Pillow does the decoding, but for DICOM, which has a module of its own. On radiographs Pillow
is within a tenth of OpenCV's speed (`benchmarks/decode.py`), refuses truncated files and
prints nothing about damaged ones.

Pixels are returned as stored: an EXIF orientation is not applied, so that widths, heights
and boxes always mean the same thing.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image, UnidentifiedImageError

from xray_core.catalog import Catalog, Remark
from xray_core.datasets import dicom
from xray_core.datasets.reader import N_EXAMPLES
from xray_core.datasets.refusals import check_size, explain_trouble
from xray_core.errors import ImageError
from xray_core.paths import is_file, open_file

# A closed list: Pillow would otherwise also try formats that start other programs.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")
SUFFIXES = (
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif",
    *dicom.SUFFIXES,
)  # fmt: skip
MEASURE_THREADS = 8  # they mostly wait for the disk


def is_image_name(name: str) -> bool:
    """Whether a relative path names an image, and not what an operating system left beside it.

    >>> [is_image_name(name) for name in ("a.JPG", "._a.jpg", "__MACOSX/a.jpg", "a.csv")]
    [True, False, False, False]
    """
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(name).parts)
    return name.lower().endswith(SUFFIXES) and not hidden


def read_size(path: Path) -> tuple[int, int]:
    """Return (width, height) in px from the file's header; no pixel is decoded.

    Raises:
        ImageError: the file is missing, empty, no image, or larger than
            `refusals.MAX_PIXELS`; a DICOM file also for what `read_dicom_size` refuses.
    """
    with explain_trouble(path):
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
    with explain_trouble(path):
        if not _is_dicom_name(path):
            try:
                with _open(path) as image:
                    return _to_gray(path, image, at_least)
            except UnidentifiedImageError as error:
                _refuse_unless_dicom(path, error)
        return dicom.read_dicom(path)


def measure_images(catalog: Catalog, progress: Callable[[int, int], None] | None = None) -> Catalog:
    """Return `catalog` with width, height and file_size of each image that is there.

    A file whose header cannot be read keeps <NA> as width and height, and is counted in a
    remark of kind "unreadable_image".

    Args:
        catalog: as a reader returns it.
        progress: called with (done, total) after each image, total >= 1.
    """
    present = catalog.present
    widths, heights, sizes, refused = [], [], [], []
    with ThreadPoolExecutor(MEASURE_THREADS) as pool:
        paths = [catalog.root / path for path in present["path"]]
        for done, measured in enumerate(pool.map(_measure, paths), start=1):
            width, height, file_size, reason = measured
            widths.append(width)
            heights.append(height)
            sizes.append(file_size)
            if reason:
                refused.append(reason)
            if progress:
                progress(done, len(paths))
    images = catalog.images.copy()
    for column, values in (("width", widths), ("height", heights), ("file_size", sizes)):
        measured_column = pd.Series(values, index=present.index, dtype="Int64")
        images[column] = measured_column.reindex(images.index)
    if not refused:
        return replace(catalog, images=images)
    remark = Remark(
        kind="unreadable_image",
        count=len(refused),
        message=f"{len(refused):,} of {len(paths):,} image files cannot be read.",
        examples=tuple(refused[:N_EXAMPLES]),
    )
    return replace(catalog, images=images, remarks=(*catalog.remarks, remark))


def _measure(path: Path) -> tuple[int | None, int | None, int | None, str]:
    """Return (width, height, file size, "") or, for an unreadable file, why it is refused."""
    try:
        width, height = read_size(path)
        return width, height, path.stat().st_size, ""
    except ImageError as error:
        return None, None, path.stat().st_size if is_file(path) else None, str(error)


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
