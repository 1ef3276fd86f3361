"""One image of which nobody knows where it comes from: prepared for a network, and looked over.

Runs in the children of `xray_core.bounded`, which load this module and no tables.
"""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from xray_core.errors import ImageError
from xray_core.imagefiles.decoding import decode_file
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
    name: str, data: bytes | None, settings: list[dict[str, Any]], shown_side: int
) -> dict[str, Any]:
    """Return an image as a network takes it, and what is odd about it; for `map_bounded`.

    Args:
        name: of the file; its path where it lies on the disk.
        data: its content where it lies in memory.
        settings: the fields of each `PreprocessSpec` that it is prepared by.
        shown_side: px, the longer side of a copy for looking at; 0: none is made.

    Returns:
        prepared: uint8 (size, size) by each; shown: JPEG; remarks: sentences.

    Raises:
        ImageError: it cannot be read, is tiny, or looks like a photo of a screen.
    """
    source: Source = Path(name) if data is None else Content(name, data)
    specs = [PreprocessSpec(**each) for each in settings]
    with explain_refusal(source):
        whole = decode_file(source)
        start = _read_start(source)
        _refuse_photo(source, whole.pixels, start)
        is_jpeg = start.startswith(JPEG)  # which alone can be decoded at a part of its size
        prepared = []
        for spec in specs:
            # A large JPEG is decoded at a part of its size where `images.preprocess_here` does so,
            # or the network would see another image than in training.
            by_part = is_jpeg and spec.contrast == "none"
            by_part = by_part and min(whole.pixels.shape) >= 2 * spec.size
            decoded = decode_file(source, spec.size) if by_part else whole
            prepared.append(apply_preprocess(decoded.pixels, spec))
        return {
            "prepared": prepared,
            "shown": _shrink(whole.pixels, shown_side) if shown_side else b"",
            "remarks": _find_remarks(whole, max(spec.size for spec in specs)),
        }


def _read_start(source: Source) -> bytes:
    with open_source(source) as file:
        return file.read(START)


def _refuse_photo(source: Source, whole: Pixels, start: bytes) -> None:
    height, width = whole.shape
    if min(height, width) < MIN_SIZE:
        raise ImageError(
            f"{source} is {width} x {height} px, which shows nothing; {MIN_SIZE} px are the least. "
            "Give the image in its full size."
        )
    if names_lens(start):
        raise ImageError(PHOTO.format(source, "its file names a camera's lens"))
    if (measure_pattern(whole) or 0.0) > PATTERN:
        why = "its pixels have the regular pattern that screen and camera make together"
        raise ImageError(PHOTO.format(source, why))


def _find_remarks(decoded: DecodedImage, size: int) -> list[str]:
    remarks, (height, width) = [], decoded.pixels.shape
    if count_letters(decoded.pixels) >= LETTERS:
        remarks.append("Bears text in its pixels, as it seems: a network can go by it.")
    if decoded.pixels.min() == decoded.pixels.max():
        remarks.append("Has one gray level alone, so it shows nothing.")
    if decoded.is_first:
        remarks.append("Holds several images, of which the first is taken.")
    if decoded.stored.kind not in ("gray", "MONOCHROME1", "MONOCHROME2"):
        remarks.append("Is stored in colour; its brightness is taken.")
    if max(height, width) < size:
        remarks.append(f"Is smaller ({width} × {height} px) than the network's {size} px.")
    return remarks


def _shrink(whole: Pixels, side: int) -> bytes:
    small = Image.fromarray(np.ascontiguousarray(whole))
    small.thumbnail((side, side), Image.Resampling.BICUBIC)
    return encode_jpeg(small)
