"""Reading image files that nobody vouches for: size limits, odd formats, clear refusals.

Pillow does the decoding. On radiographs it is within a tenth of OpenCV's speed
(`benchmarks/decode.py`), refuses truncated files and prints nothing about damaged ones.

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
from xray_core.datasets.reader import N_EXAMPLES
from xray_core.errors import ImageError

MAX_PIXELS = 50_000_000  # 50 MB decoded; the largest radiographs have about 20 MP
# A closed list: Pillow would otherwise also try formats that start other programs.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff")
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
        ImageError: the file is missing, empty, no image, or larger than `MAX_PIXELS`.
    """
    with _open(path) as image:
        return image.size


def read_image(path: Path, at_least: int | None = None) -> npt.NDArray[np.uint8]:
    """Read one image as gray levels.

    Args:
        path: a file of one of `FORMATS`, whatever its suffix says.
        at_least: px; if given, a JPEG may be decoded at 1/2, 1/4 or 1/8 of its size, as long
            as both sides stay at least this long. Many times faster for a small result.

    Returns:
        Shape (height, width), uint8, 0 (black) to 255 (white). Colour becomes luminance,
        transparency is dropped. Deeper pixels lose their low bits: the highest bit in use
        becomes the top one, so 12 bits in a 16-bit file do not come out black.

    Raises:
        ImageError: the file is missing, empty, no image, damaged, truncated, of a kind that
            has no gray levels, or larger than `MAX_PIXELS`.
    """
    with _open(path) as image:
        image.draft("L", (at_least, at_least) if at_least else None)
        if image.mode.startswith("I"):
            return _to_8_bits(np.asarray(image))
        if image.mode == "F":
            raise ImageError(f"{path} has floating point pixels; convert it to 8 or 16 bits.")
        # A palette with transparency has no direct way to gray in Pillow.
        source = image.convert("RGBA") if image.mode == "P" else image
        return np.array(source.convert("L"))


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
        return None, None, path.stat().st_size if path.is_file() else None, str(error)


@contextmanager
def _open(path: Path) -> Iterator[Image.Image]:
    """Open `path` with only its header read; whatever goes wrong inside is an ImageError."""
    try:
        with Image.open(path, formats=FORMATS) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise ImageError(
                    f"{path} is {width} x {height} px; at most {MAX_PIXELS / 1e6:.0f} megapixels "
                    "are read. Scale it down first."
                )
            yield image
    except (ImageError, MemoryError):
        raise  # a full memory says nothing about the file: it must not be remembered as damaged
    except PermissionError as error:
        raise ImageError(f"{path} may not be read by this user. Change its permissions.") from error
    except FileNotFoundError as error:
        raise ImageError(f"{path} does not exist.") from error
    except UnidentifiedImageError as error:
        reason = "is empty (0 bytes)" if path.stat().st_size == 0 else "is not an image"
        raise ImageError(f"{path} {reason}; expected {', '.join(FORMATS)}.") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(f"{path} is too large: {error}") from error
    except Exception as error:  # decoders of damaged bytes raise almost anything
        raise ImageError(f"{path} is damaged: {error}. Replace or delete it.") from error


def _to_8_bits(pixels: npt.NDArray[np.integer]) -> npt.NDArray[np.uint8]:
    """Shift deep pixels, shape (h, w), so that the highest bit in use becomes the eighth."""
    surplus = max(0, int(pixels.max()).bit_length() - 8)
    shifted: npt.NDArray[np.integer] = np.maximum(pixels, 0) >> surplus
    return shifted.astype(np.uint8)
