"""One image of which nobody knows where it comes from: prepared for a network, and looked over.

Runs in the children of `xray_core.bounded`, which load this module and no tables.
"""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from xray_core.errors import ImageError
from xray_core.imagefiles.decoding import decode_file, measure_file
from xray_core.imagefiles.grays import DecodedImage
from xray_core.imagefiles.refusals import explain_refusal
from xray_core.imagefiles.sources import Content, Source, open_source
from xray_core.preprocess.fingerprint_file import START, names_lens
from xray_core.preprocess.images import Pixels, apply_preprocess
from xray_core.preprocess.marks import LETTERS, PATTERN, count_letters, measure_pattern
from xray_core.preprocess.spec import MIN_SIZE, PreprocessSpec
from xray_core.preprocess.thumbnails import encode_jpeg

PHOTO = (
    "{} looks like a photo of a screen: {}. A network that learnt from radiographs does worse on "
    "such a photo. Give the image file itself, as the screen's program exports it."
)
JPEG = b"\xff\xd8\xff"


def prepare_here(
    name: str, data: bytes | None, settings: dict[str, Any], shown_side: int
) -> dict[str, Any]:
    """Return an image as a network takes it, and what is odd about it; for `map_bounded`.

    Args:
        name: of the file; its path where it lies on the disk.
        data: its content where it lies in memory.
        settings: the fields of a `PreprocessSpec`.
        shown_side: px, the longer side of a copy for looking at; 0: none is made.

    Returns:
        prepared: uint8 (size, size); shown: JPEG; remarks: sentences.

    Raises:
        ImageError: it cannot be read, is tiny, or looks like a photo of a screen.
    """
    source: Source = Path(name) if data is None else Content(name, data)
    spec = PreprocessSpec(**settings)
    with explain_refusal(source):
        # As `images.preprocess_here` reads it, or the network would see another image.
        at_least = spec.size if spec.contrast == "none" else None
        decoded = decode_file(source, at_least)
        whole = _decode_whole(source, decoded, at_least)
        _refuse_photo(source, whole)
        shown = _shrink(whole, shown_side) if shown_side else b""
        return {
            "prepared": apply_preprocess(decoded.pixels, spec),
            "shown": shown,
            "remarks": _find_remarks(decoded, whole, spec),
        }


def _decode_whole(source: Source, decoded: DecodedImage, at_least: int | None) -> Pixels:
    """Return all pixels of an image; a JPEG may have been decoded at a part of its size."""
    with open_source(source) as file:
        may_be_part = at_least is not None and file.read(len(JPEG)) == JPEG
    if not may_be_part or decoded.pixels.shape[::-1] == tuple(measure_file(source)):
        return decoded.pixels
    return decode_file(source).pixels


def _refuse_photo(source: Source, whole: Pixels) -> None:
    height, width = whole.shape
    if min(height, width) < MIN_SIZE:
        raise ImageError(
            f"{source} is {width} x {height} px, which shows nothing; {MIN_SIZE} px are the least. "
            "Give the image in its full size."
        )
    with open_source(source) as file:
        if names_lens(file.read(START)):
            raise ImageError(PHOTO.format(source, "its file names a camera's lens"))
    if (measure_pattern(whole) or 0.0) > PATTERN:
        why = "its pixels have the regular pattern that screen and camera make together"
        raise ImageError(PHOTO.format(source, why))


def _find_remarks(decoded: DecodedImage, whole: Pixels, spec: PreprocessSpec) -> list[str]:
    remarks = []
    if count_letters(whole) >= LETTERS:
        remarks.append("Bears text in its pixels, as it seems: a network can go by it.")
    if whole.min() == whole.max():
        remarks.append("Has one gray level alone, so it shows nothing.")
    if decoded.is_first:
        remarks.append("Holds several images, of which the first is taken.")
    if decoded.stored.kind not in ("gray", "MONOCHROME1", "MONOCHROME2"):
        remarks.append("Is stored in colour; its brightness is taken.")
    if max(whole.shape) < spec.size:
        height, width = whole.shape
        remarks.append(f"Is smaller ({width} × {height} px) than the network's {spec.size} px.")
    return remarks


def _shrink(whole: Pixels, side: int) -> bytes:
    small = Image.fromarray(np.ascontiguousarray(whole))
    small.thumbnail((side, side), Image.Resampling.BICUBIC)
    return encode_jpeg(small)
