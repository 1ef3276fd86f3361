"""Image files that nobody vouches for: their names, sizes, texts and gray levels.

The doors to `decoding.py`: whatever is read here is read in a child process, within limits of time
and memory, see `xray_core.bounded`. Each costs a tenth of a millisecond on top of decoding, or
less where many files are read at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from xray_core.bounded import map_bounded, run_bounded
from xray_core.errors import XrayError
from xray_core.imagefiles import dicom, raw_jsrt
from xray_core.imagefiles.grays import DecodedImage, StoredGrays
from xray_core.imagefiles.other_formats import INDEX
from xray_core.paths import is_hidden

SUFFIXES = (
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif",
    *dicom.SUFFIXES, raw_jsrt.SUFFIX,
)  # fmt: skip
TELLING = tuple(suffix for suffix in SUFFIXES if suffix != raw_jsrt.SUFFIX)  # of images alone
VAGUE = ("", ".ima", ".dic", ".dc3")  # suffixes of files that may be DICOM


def is_image_name(name: str) -> bool:
    """Whether a relative path names an image, and not what an operating system left beside it.

    >>> [is_image_name(name) for name in ("a.JPG", "._a.jpg", "__MACOSX/a.jpg", "a.csv")]
    [True, False, False, False]
    """
    return name.lower().endswith(TELLING) and not any(map(is_hidden, name.split("/")))


def is_image_file(path: Path) -> bool:
    """Whether a file's name is an image's, or, where it has no telling suffix, its first bytes.

    Hospital exports and discs hold DICOM files called IM000001, by numbers (1.2.840.113) or
    with one of `VAGUE`. Only such names are looked into, and only for DICOM's mark. A file that
    cannot be opened is no image. Of .img files those of JSRT's length are.

    Args:
        path: a file; only its last part counts as name.
    """
    name = path.name
    if is_image_name(name):
        return True
    suffix = path.suffix.lower()
    if suffix == raw_jsrt.SUFFIX:
        return not is_hidden(name) and raw_jsrt.is_jsrt(path)
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
    width, height = run_bounded(measure_here, str(path))
    return width, height


def read_sizes(paths: Sequence[Path]) -> Iterator[tuple[int, int] | XrayError]:
    """Yield what `read_size` returns or raises for each path, in order."""
    for size in map_bounded(measure_here, [(str(path),) for path in paths]):
        yield size if isinstance(size, XrayError) else (size[0], size[1])


def read_texts(
    paths: Sequence[Path], keywords: Sequence[str]
) -> Iterator[tuple[str, ...] | XrayError]:
    """Yield what `dicom.read_dicom_texts` returns or raises for each path, in order."""
    for texts in map_bounded(read_texts_here, [(str(path), list(keywords)) for path in paths]):
        yield texts if isinstance(texts, XrayError) else tuple(texts)


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
        path: a file of one of `decoding.FORMATS` or DICOM, whatever its suffix says. Of a file
            with several images the first is read; DICOM with several is refused.
        at_least: px; if given, a JPEG may be decoded at 1/2, 1/4 or 1/8 of its size, as long
            as both sides stay at least this long. Many times faster for a small result.

    Raises:
        ImageError: the file is missing, empty, no image, damaged, truncated, of a kind that
            has no gray levels, larger than `refusals.MAX_PIXELS`, or takes more time or memory
            than a good image does; a DICOM file also for what `read_dicom` refuses.
    """
    decoded = run_bounded(decode_here, str(path), at_least)
    return DecodedImage(**{**decoded, "stored": StoredGrays(**decoded["stored"])})


def decode_here(path: str, at_least: int | None) -> dict[str, Any]:
    """Return the entries of `DecodedImage`; for `run_bounded`."""
    from xray_core.imagefiles.decoding import decode_file

    decoded = decode_file(Path(path), at_least)
    return {**vars(decoded), "stored": asdict(decoded.stored)}


def measure_here(path: str) -> Sequence[int]:
    """Return width and height; for `run_bounded`."""
    from xray_core.imagefiles.decoding import measure_file

    return measure_file(Path(path))


def read_texts_here(path: str, keywords: Sequence[str]) -> Sequence[str]:
    """Return elements of a DICOM header; for `run_bounded`."""
    return dicom.read_dicom_texts(Path(path), keywords)
