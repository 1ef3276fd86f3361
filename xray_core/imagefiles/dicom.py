"""Reading DICOM files that nobody vouches for, as gray levels that look as on a reading screen.

What the stored pixels mean is the matter of `dicom_grays`; here they are found and decoded.
pydicom is imported on first use: it would add a quarter second to the start of the web app.

Source: DICOM PS3.3, C.7.6.3 (pixels); PS3.10, 7.1 (the mark)
"""

import logging
import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from xray_core.errors import DatasetError, ImageError
from xray_core.files import format_bytes
from xray_core.imagefiles.dicom_grays import show_pixels
from xray_core.imagefiles.grays import DecodedImage
from xray_core.imagefiles.refusals import check_size, explain_refusal
from xray_core.paths import open_file

if TYPE_CHECKING:
    from pydicom import FileDataset

SUFFIXES = (".dcm", ".dicom")
MAX_BYTES = 1_000_000_000  # of a file; the largest radiograph, uncompressed, has about 50 MB
MARK_AT, MARK = 128, b"DICM"
MONOCHROME = ("MONOCHROME1", "MONOCHROME2")
COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT", "YBR_ICT")
# Transfer syntax -> the decoder that pydicom shall take. Left to choose, it takes GDCM where
# that is installed, and GDCM ends the whole process over some damaged files.
SYNTAXES = {
    "1.2.840.10008.1.2": "",  # uncompressed, implicit VR
    "1.2.840.10008.1.2.1": "",  # uncompressed, explicit VR
    "1.2.840.10008.1.2.2": "",  # uncompressed, big endian
    "1.2.840.10008.1.2.5": "pydicom",  # run lengths
    "1.2.840.10008.1.2.4.50": "pylibjpeg",  # JPEG baseline
    "1.2.840.10008.1.2.4.51": "pylibjpeg",  # JPEG extended, 12 bits
    "1.2.840.10008.1.2.4.57": "pylibjpeg",  # JPEG lossless
    "1.2.840.10008.1.2.4.70": "pylibjpeg",  # JPEG lossless, first order prediction
    "1.2.840.10008.1.2.4.80": "pylibjpeg",  # JPEG-LS lossless
    "1.2.840.10008.1.2.4.81": "pylibjpeg",  # JPEG-LS
    "1.2.840.10008.1.2.4.90": "pylibjpeg",  # JPEG 2000 lossless
    "1.2.840.10008.1.2.4.91": "pylibjpeg",  # JPEG 2000
}
NO_DICOM = "is no DICOM image, though its name says so. Replace or delete it."
SILENCE = ("ignore", None, Warning, re.compile("pydicom"), 0)


def is_dicom(path: Path) -> bool:
    """Whether a file's suffix says that it is DICOM, or else its bytes 128 to 131."""
    if path.suffix.lower() in SUFFIXES:
        return True
    try:
        with open_file(path) as file:
            file.seek(MARK_AT)
            return file.read(len(MARK)) == MARK
    except (OSError, DatasetError):
        return False


def read_dicom_size(path: Path) -> tuple[int, int]:
    """Return (width, height) in px from the file's header; no pixel is decoded.

    Raises:
        ImageError: see `read_dicom`; damage to the pixels themselves is not noticed.
    """
    with explain_refusal(path), open_file(path) as file:
        header = _read_header(path, file)
        size = _check_header(path, header)
        _check_pixels(path, file)
        return size


def read_dicom_texts(path: Path, keywords: Sequence[str]) -> tuple[str, ...]:
    """Return elements of the file's header as text, e.g. "PatientAge"; "" for one that lacks.

    Raises:
        ImageError: see `read_dicom`; damage to the pixels themselves is not noticed.
    """
    with explain_refusal(path), open_file(path) as file:
        header = _read_header(path, file)
        return tuple(str(header.get(name) or "").strip() for name in keywords)


def read_dicom(path: Path) -> DecodedImage:
    """Read one radiograph as gray levels; colour becomes luminance.

    Args:
        path: a DICOM file. One without the mark DICM is accepted if its suffix is one of
            `SUFFIXES`.

    Raises:
        ImageError: the file is missing, empty, no DICOM, damaged, truncated, larger than
            `MAX_PIXELS`, without pixels, with several frames, or of a kind or compression
            that is not read. Sizes are refused by what the headers say, before decoding.
    """
    with explain_refusal(path):
        from pydicom import dcmread

        with open_file(path) as file:
            header = _read_header(path, file)
            _check_header(path, header)  # before the pixels fill the memory
            _check_pixels(path, file)
            file.seek(0)
            dataset = dcmread(file, force=True)
        _check_header(path, dataset)  # what stands behind the pixels may say something else
        dataset.file_meta = header.file_meta
        pixels = _decode(path, dataset)
        if pixels.ndim == 3:
            return DecodedImage(np.array(Image.fromarray(pixels).convert("L")))
        return show_pixels(path, pixels, dataset)


def _read_header(path: Path, file: BinaryIO) -> "FileDataset":
    """Return all elements before the pixels, transfer syntax filled in; leave `file` there."""
    from pydicom import dcmread
    from pydicom.filereader import _read_file_meta_info, read_preamble
    from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

    # pydicom warns and logs about every oddity that it reads. Not catch_warnings: images are
    # read in threads, and it is not made for them.
    if SILENCE not in warnings.filters:
        warnings.filterwarnings("ignore", module="pydicom")
        logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    n_bytes = path.stat().st_size
    if n_bytes == 0:
        raise ImageError(f"{path} is empty (0 bytes); expected a DICOM file.")
    if n_bytes > MAX_BYTES:
        raise ImageError(
            f"{path} has {format_bytes(n_bytes)}; at most {format_bytes(MAX_BYTES)} are read. "
            "Leave it out, or save a smaller copy."
        )
    has_mark = read_preamble(file, force=True) is not None
    try:
        syntax = _read_file_meta_info(file).get("TransferSyntaxUID")
        # Checked first: pydicom would unpack a deflated file whatever size it unpacks to.
        if syntax is not None and syntax not in SYNTAXES:
            raise ImageError(
                f"{path} is stored as {syntax.name}, which is not read. Save it uncompressed, "
                "as JPEG, JPEG-LS, JPEG 2000 or run lengths."
            )
        file.seek(0)
        header = dcmread(file, stop_before_pixels=True, force=True)
        if syntax is None:
            implicit, little = header.original_encoding
            native = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
            header.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else native
    except (ImageError, MemoryError):
        raise
    except Exception as error:
        if has_mark:
            raise
        raise ImageError(f"{path} {NO_DICOM}") from error
    if not has_mark and "Rows" not in header:
        raise ImageError(f"{path} {NO_DICOM}")
    return header


def _check_header(path: Path, header: "FileDataset") -> tuple[int, int]:
    """Return (width, height) in px, or refuse what the header says cannot be read."""
    width, height = int(header.get("Columns") or 0), int(header.get("Rows") or 0)
    if width < 1 or height < 1:
        raise ImageError(f"{path} holds no image, as reports and plans do. Leave it out.")
    n_frames = int(header.get("NumberOfFrames") or 1)
    if n_frames != 1:
        raise ImageError(
            f"{path} holds {n_frames:,} frames; only single images are read. Save the frame "
            "that you want as a file of its own."
        )
    check_size(path, width, height)
    if header.get("BitsAllocated") not in (8, 16):
        raise ImageError(
            f"{path} has {header.get('BitsAllocated')} bits a pixel; 8 or 16 are read. "
            "Convert it first."
        )
    kind = header.get("PhotometricInterpretation")
    if kind not in (*MONOCHROME, *COLOUR) or (kind in COLOUR and header.BitsAllocated != 8):
        raise ImageError(
            f"{path} holds pixels of the kind {kind} of {header.BitsAllocated} bits; read are "
            f"{' and '.join(MONOCHROME)}, and 8-bit colour ({', '.join(COLOUR)}). Convert it first."
        )
    return width, height


def _check_pixels(path: Path, file: BinaryIO) -> None:
    """Refuse a file that ends where its pixels should begin."""
    if not file.read(1):
        raise ImageError(f"{path} holds no pixels. Replace it with a complete copy.")


def _decode(path: Path, dataset: "FileDataset") -> npt.NDArray[Any]:
    """Return the stored pixels, shape (h, w), or RGB, shape (h, w, 3) and uint8."""
    from pydicom.encaps import get_frame
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.pixels.utils import pixel_array

    if not dataset.get("PixelData"):  # pydicom drops an element that the file's end cuts off
        raise ImageError(f"{path} is damaged: its pixels are cut off. Replace or delete it.")
    syntax = dataset.file_meta.TransferSyntaxUID
    plugin = SYNTAXES[syntax]
    if plugin and plugin not in get_decoder(syntax).available_plugins:
        raise ImageError(
            f"{path} is stored as {syntax.name}, and the package that decodes it is missing. "
            "Install what requirements.txt names: pylibjpeg, pylibjpeg-libjpeg, "
            "pylibjpeg-openjpeg."
        )
    shape = (int(dataset.Rows), int(dataset.Columns))
    if plugin == "pylibjpeg":
        inner = find_coded_size(get_frame(dataset.PixelData, 0, number_of_frames=1))
        # A few bytes can claim a size whose decoding takes all memory.
        if inner != shape[::-1]:
            raise ImageError(
                f"{path} is damaged: its header says {shape[1]} x {shape[0]} px and its "
                f"compressed pixels say {f'{inner[0]} x {inner[1]} px' if inner else 'nothing'}. "
                "Replace or delete it."
            )
    pixels: npt.NDArray[Any] = pixel_array(dataset, decoding_plugin=plugin)
    return pixels


def find_coded_size(code: bytes) -> tuple[int, int] | None:
    """Return the (width, height) in px that JPEG, JPEG-LS or JPEG 2000 data claims, or None.

    >>> find_coded_size(bytes.fromhex("ffd8 ffc0 0011 08 0040 0060 03"))
    (96, 64)
    """
    if (start := code.find(b"\xff\x4f\xff\x51")) >= 0:  # JPEG 2000, boxed or not
        sides = [int.from_bytes(code[start + i : start + i + 4], "big") for i in (8, 12, 16, 20)]
        return sides[0] - sides[2], sides[1] - sides[3]
    at = 2
    while at + 9 <= len(code) and code[at] == 0xFF:
        marker = code[at + 1]
        # JPEG starts a frame with C0 to CF, but for C4, C8 and CC; JPEG-LS with F7.
        if marker == 0xF7 or (0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)):
            return (
                int.from_bytes(code[at + 7 : at + 9], "big"),
                int.from_bytes(code[at + 5 : at + 7], "big"),
            )
        at += 1 if marker == 0xFF else 2 + int.from_bytes(code[at + 2 : at + 4], "big")
    return None
