"""The fingerprint of one image file: what the audit wants to know of its pixels and first bytes.

Apart from `fingerprints.py`, as decoding processes load this, and no tables.
"""

import hashlib
from pathlib import Path
from typing import Any

import cv2

from xray_core.errors import DatasetError, ImageError
from xray_core.imagefiles.images import decode_image
from xray_core.paths import open_file
from xray_core.preprocess.images import Pixels, resize_square
from xray_core.preprocess.marks import count_letters, measure_pattern

SIGNATURE_SIDE = 32  # px
START = 64 * 1024  # bytes in which a JPEG has its EXIF
EXIF = b"Exif\0\0"
# The entry of the aperture (FNumber): tag 33437, of type 5, 1 value, in either order of bytes.
# A scanner or an export of a radiograph has none. Source: Exif 3.0, 4.6.6.4
APERTURES = (b"\x9d\x82\5\0\1\0\0\0", b"\x82\x9d\0\5\0\0\0\1")
FIRST_BYTES = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG": "PNG",
    b"RIFF": "WEBP",
    b"BM": "BMP",
    b"GIF8": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
}


def fingerprint_file(path: str) -> dict[str, Any]:
    """Return `fingerprints.COLUMNS` of a file, those that are known; for `map_bounded`."""
    start = _read_start(Path(path))
    names = (name for first, name in FIRST_BYTES.items() if start.startswith(first))
    row: dict[str, Any] = {"format": next(names, None)}
    try:
        image = decode_image(Path(path))
    except ImageError as error:
        return {**row, "reason": str(error)}
    done = {
        "n_isolated": image.n_isolated,
        "orientation": image.orientation,
        "bits": image.stored.bits,
        "highest": image.stored.highest,
        "camera": names_lens(start),
    }
    return {**row, **fingerprint_image(image.pixels), **done}


def fingerprint_image(image: Pixels) -> dict[str, Any]:
    """Return those of `fingerprints.COLUMNS` that gray pixels have, uint8 (h, w)."""
    height, width = image.shape
    content = hashlib.blake2b(f"{height} {width} ".encode(), digest_size=16)
    content.update(image.tobytes())
    mean, deviation = cv2.meanStdDev(image)
    return {
        "digest": content.hexdigest(),
        "signature": resize_square(image, SIGNATURE_SIDE, "stretch").tobytes(),
        "brightness": float(mean[0, 0]),
        "contrast": float(deviation[0, 0]),
        "n_letters": count_letters(image),
        "pattern": measure_pattern(image),
    }


def names_lens(start: bytes) -> bool:
    """Whether the EXIF in a file's first bytes names an aperture, as that of a camera does."""
    return EXIF in start and any(mark in start for mark in APERTURES)


def _read_start(path: Path) -> bytes:
    try:
        with open_file(path) as file:
            return bytes(file.read(START))
    except (OSError, DatasetError):
        return b""
