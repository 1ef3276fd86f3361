"""Small JPEG copies of images for looking at: made once, then read from the disk."""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from xray_core.bounded import map_bounded
from xray_core.errors import CostlyImageError, ImageError, XrayError
from xray_core.files import replaced_file
from xray_core.imagefiles.images import read_image
from xray_core.preprocess.mask_pixels import Mask, read_mask_file, scale_mask, unite_masks

JPEG_QUALITY = 87  # below about 80, rings show around ribs and letters
JPEG_END = b"\xff\xd9"
VERSION = 2  # raise it when the same file gives another thumbnail
MASK_VERSION = 1  # the same, of masks

# Thumbnails that there are none of, and why: to find that out again would take seconds at each
# look. Other reasons are soon found, and may have gone, as a file's permissions.
_refused: dict[Path, str] = {}


@dataclass(frozen=True)
class Thumbnail:
    """A small copy of an image, or the reason why there is none.

    Attributes:
        jpeg: the file's content; empty if the image cannot be read.
        reason: why it cannot be read, else "".
    """

    jpeg: bytes = b""
    reason: str = ""


def create_thumbnails(
    images: Sequence[Path], side: int, folder: Path, are_masks: bool = False
) -> list[Thumbnail]:
    """Return a thumbnail of each image, made now or on an earlier call.

    A thumbnail belongs to the image's path, time of change and size in bytes, so a file that
    was replaced gets a new one.

    Args:
        images: any files; one that cannot be read gives a thumbnail with a reason.
        side: px, the longer side at most; a smaller image keeps its size.
        folder: where thumbnails are kept; may be deleted at any time.
        are_masks: whether the files are masks, of which thumbnails are white inside and black
            outside, whatever gray levels they are stored in.

    Returns:
        As many thumbnails as images, in their order; proportions are those of the file.

    Raises:
        OSError: the disk refuses to keep a thumbnail.
    """
    kept = [_find_thumbnail(image, side, folder, are_masks) for image in images]
    missing = [image for image, thumbnail in zip(images, kept, strict=True) if thumbnail is None]
    encoded = map_bounded(encode_here, [(str(image), side, are_masks) for image in missing])
    made = (
        _keep(image, side, folder, are_masks, jpeg)
        for image, jpeg in zip(missing, encoded, strict=True)
    )
    return [next(made) if thumbnail is None else thumbnail for thumbnail in kept]


def decode_thumbnail(thumbnail: Thumbnail) -> NDArray[np.uint8]:
    """Return the pixels of a thumbnail that holds a file, uint8 (h, w), 0 is black."""
    with Image.open(io.BytesIO(thumbnail.jpeg), formats=["JPEG"]) as image:
        return np.array(image.convert("L"))


def _find_thumbnail(image: Path, side: int, folder: Path, is_mask: bool) -> Thumbnail | None:
    """Return the thumbnail that an earlier call kept, or why there can be none; else None."""
    try:
        kept = folder / _name(image, side, is_mask)
        if kept in _refused:
            return Thumbnail(reason=_refused[kept])
        jpeg = kept.read_bytes()
        # One that the power cut off is drawn anew: thumbnails are not waited for to reach the disk.
        return Thumbnail(jpeg) if jpeg.endswith(JPEG_END) else None
    except FileNotFoundError:
        return None
    except ImageError as error:
        return Thumbnail(reason=str(error))


def _keep(
    image: Path, side: int, folder: Path, is_mask: bool, jpeg: bytes | XrayError
) -> Thumbnail:
    try:
        kept = folder / _name(image, side, is_mask)
    except ImageError as error:  # it was taken away meanwhile
        return Thumbnail(reason=str(error))
    if isinstance(jpeg, CostlyImageError):
        _refused[kept] = str(jpeg)
    if isinstance(jpeg, XrayError):
        return Thumbnail(reason=str(jpeg))
    with replaced_file(kept, lasting=False) as partial:
        partial.write_bytes(jpeg)
    return Thumbnail(jpeg)


def _name(image: Path, side: int, is_mask: bool) -> str:
    """Return the file name that stands for this state of `image`, under one of 256 folders."""
    try:
        stat = image.stat()
    except OSError as error:
        raise ImageError(f"{image} cannot be read: {error.strerror}.") from error
    state = (VERSION, str(image.absolute()), stat.st_mtime_ns, stat.st_size, side, JPEG_QUALITY)
    kind = ("mask", MASK_VERSION) if is_mask else ()
    digest = hashlib.sha256(repr((*state, *kind)).encode()).hexdigest()
    return f"{digest[:2]}/{digest[2:32]}.jpg"


def unite_thumbnails(masks: Sequence[Thumbnail]) -> Thumbnail:
    """Return the thumbnail of several masks of one image, such as its left and its right lung.

    Args:
        masks: as `create_thumbnails` makes them of masks; those without a file count for nothing.
    """
    there = [mask for mask in masks if mask.jpeg]
    if len(there) < 2:
        return there[0] if there else Thumbnail()
    united = unite_masks([decode_mask(mask) for mask in there])
    return encode_mask(united, max(united.shape))


def encode_mask(mask: Mask, side: int) -> Thumbnail:
    """Return the thumbnail of a mask, bool (h, w), of at most `side` px."""
    height, width = mask.shape
    share = min(1.0, side / max(height, width))
    small = scale_mask(mask, (max(1, round(width * share)), max(1, round(height * share))))
    return Thumbnail(encode_jpeg(Image.fromarray(small.astype(np.uint8) * 255)))


def decode_mask(thumbnail: Thumbnail) -> Mask:
    """Return the thumbnail of a mask as pixels, bool (h, w), True inside."""
    return decode_thumbnail(thumbnail) > 127


def encode_here(image: str, side: int, is_mask: bool) -> bytes:
    """Return the thumbnail of a file as JPEG; for `map_bounded`."""
    if is_mask:
        return encode_mask(read_mask_file(Path(image)), side).jpeg
    small = Image.fromarray(read_image(Path(image), at_least=side))
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    return encode_jpeg(small)


def encode_jpeg(small: Image.Image) -> bytes:
    """Return a small image as the content of a JPEG file."""
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()
