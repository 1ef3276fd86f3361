"""Small JPEG copies of images for looking at: made once, then read from the disk."""

import hashlib
import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from xray_core.errors import ImageError
from xray_core.files import replaced_file
from xray_core.imagefiles.images import read_image

JPEG_QUALITY = 87  # below about 80, rings show around ribs and letters
JPEG_END = b"\xff\xd9"
VERSION = 2  # raise it when the same file gives another thumbnail
THREADS = 8  # they mostly wait for the disk, and decoding releases the lock


@dataclass(frozen=True)
class Thumbnail:
    """A small copy of an image, or the reason why there is none.

    Attributes:
        jpeg: the file's content; empty if the image cannot be read.
        reason: why it cannot be read, else "".
    """

    jpeg: bytes = b""
    reason: str = ""


def create_thumbnails(images: Sequence[Path], side: int, folder: Path) -> list[Thumbnail]:
    """Return a thumbnail of each image, made now or on an earlier call.

    A thumbnail belongs to the image's path, time of change and size in bytes, so a file that
    was replaced gets a new one.

    Args:
        images: any files; one that cannot be read gives a thumbnail with a reason.
        side: px, the longer side at most; a smaller image keeps its size.
        folder: where thumbnails are kept; may be deleted at any time.

    Returns:
        As many thumbnails as images, in their order; proportions are those of the file.

    Raises:
        OSError: the disk refuses to keep a thumbnail.
    """
    kept = [_find_thumbnail(image, side, folder) for image in images]
    missing = [image for image, thumbnail in zip(images, kept, strict=True) if thumbnail is None]
    if not missing:  # the usual case: starting threads would take longer than reading
        return [thumbnail for thumbnail in kept if thumbnail is not None]
    with ThreadPoolExecutor(THREADS) as pool:
        made = pool.map(lambda image: _create_thumbnail(image, side, folder), missing)
        return [next(made) if thumbnail is None else thumbnail for thumbnail in kept]


def decode_thumbnail(thumbnail: Thumbnail) -> NDArray[np.uint8]:
    """Return the pixels of a thumbnail that holds a file, uint8 (h, w), 0 is black."""
    with Image.open(io.BytesIO(thumbnail.jpeg), formats=["JPEG"]) as image:
        return np.array(image.convert("L"))


def _find_thumbnail(image: Path, side: int, folder: Path) -> Thumbnail | None:
    """Return the thumbnail that an earlier call kept, or why there can be none; else None."""
    try:
        jpeg = (folder / _name(image, side)).read_bytes()
        # One that the power cut off is drawn anew: thumbnails are not waited for to reach the disk.
        return Thumbnail(jpeg) if jpeg.endswith(JPEG_END) else None
    except FileNotFoundError:
        return None
    except ImageError as error:
        return Thumbnail(reason=str(error))


def _create_thumbnail(image: Path, side: int, folder: Path) -> Thumbnail:
    try:
        kept = folder / _name(image, side)
        jpeg = _encode(image, side)
    except ImageError as error:
        return Thumbnail(reason=str(error))
    with replaced_file(kept, lasting=False) as partial:
        partial.write_bytes(jpeg)
    return Thumbnail(jpeg)


def _name(image: Path, side: int) -> str:
    """Return the file name that stands for this state of `image`, under one of 256 folders."""
    try:
        stat = image.stat()
    except OSError as error:
        raise ImageError(f"{image} cannot be read: {error.strerror}.") from error
    state = (VERSION, str(image.absolute()), stat.st_mtime_ns, stat.st_size, side, JPEG_QUALITY)
    digest = hashlib.sha256(repr(state).encode()).hexdigest()
    return f"{digest[:2]}/{digest[2:32]}.jpg"


def _encode(image: Path, side: int) -> bytes:
    small = Image.fromarray(read_image(image, at_least=side))
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()
