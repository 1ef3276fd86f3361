"""Reading DICOM files that nobody vouches for, as gray levels that look as on a reading screen.

Here the header is read and checked; `dicom_pixels` decodes, and `dicom_grays` knows what the stored
pixels mean.
pydicom is imported on first use: it would add a quarter second to the start of the web app.

Source: DICOM PS3.3, C.7.6.3 (pixels); PS3.10, 7.1 (the mark)
"""

import logging
import re
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from xray_core.errors import DatasetError, ImageError
from xray_core.files import format_bytes
from xray_core.imagefiles.dicom_grays import measure_values, show_pixels
from xray_core.imagefiles.dicom_pixels import COLOUR, MONOCHROME, SYNTAXES, decode_pixels
from xray_core.imagefiles.grays import DecodedImage, GrayValues, StoredGrays
from xray_core.imagefiles.refusals import check_size, explain_refusal
from xray_core.imagefiles.sources import Source, count_bytes, open_source

if TYPE_CHECKING:
    from pydicom import FileDataset

SUFFIXES = (".dcm", ".dicom")
MAX_BYTES = 1_000_000_000  # of a file; the largest radiograph, uncompressed, has about 50 MB
MARK_AT, MARK = 128, b"DICM"
NO_DICOM = "is no DICOM image, though its name says so. Replace or delete it."
SILENCE = ("ignore", None, Warning, re.compile("pydicom"), 0)


def is_dicom(source: Source) -> bool:
    """Whether a file's suffix says that it is DICOM, or else its bytes 128 to 131."""
    if source.suffix.lower() in SUFFIXES:
        return True
    try:
        with open_source(source) as file:
            file.seek(MARK_AT)
            return file.read(len(MARK)) == MARK
    except (OSError, DatasetError):
        return False


def read_dicom_size(source: Source) -> tuple[int, int]:
    """Return (width, height) in px from the file's header; no pixel is decoded.

    Raises:
        ImageError: see `read_dicom`; damage to the pixels themselves is not noticed.
    """
    with explain_refusal(source), open_source(source) as file:
        header = _read_header(source, file)
        size = _check_header(source, header)
        _check_pixels(source, file)
        return size


def read_dicom_texts(source: Source, keywords: Sequence[str]) -> tuple[str, ...]:
    """Return elements of the file's header as text, e.g. "PatientAge"; "" for one that lacks.

    Raises:
        ImageError: see `read_dicom`; damage to the pixels themselves is not noticed.
    """
    with explain_refusal(source), open_source(source) as file:
        header = _read_header(source, file)
        return tuple(str(header.get(name) or "").strip() for name in keywords)


def read_dicom(source: Source) -> DecodedImage:
    """Read one radiograph as gray levels; colour becomes luminance.

    Args:
        source: a DICOM file. One without the mark DICM is accepted if its suffix is one of
            `SUFFIXES`.

    Raises:
        ImageError: the file is missing, empty, no DICOM, damaged, truncated, larger than
            `MAX_PIXELS`, without pixels, with several frames, or of a kind or compression
            that is not read. Sizes are refused by what the headers say, before decoding.
    """
    with explain_refusal(source):
        pixels, dataset = _open_pixels(source)
        if pixels.ndim == 3:
            grays = np.array(Image.fromarray(pixels).convert("L"))
            kind = str(dataset.PhotometricInterpretation)
            return DecodedImage(grays, StoredGrays(8, float(grays.min()), float(grays.max()), kind))
        return show_pixels(source, pixels, dataset)


def read_dicom_values(source: Source) -> GrayValues | None:
    """Read one radiograph as the values that it means; None of colour.

    Raises:
        ImageError: see `read_dicom`.
    """
    with explain_refusal(source):
        pixels, dataset = _open_pixels(source)
        return None if pixels.ndim == 3 else measure_values(source, pixels, dataset)


def _open_pixels(source: Source) -> tuple[npt.NDArray[Any], "FileDataset"]:
    """Return the pixels as stored, and all elements; see `decode_pixels`."""
    from pydicom import dcmread

    with open_source(source) as file:
        header = _read_header(source, file)
        size = _check_header(source, header)  # before the pixels fill the memory
        _check_pixels(source, file)
        file.seek(0)
        dataset = dcmread(file, force=True)
    late = _check_header(source, dataset)  # what stands behind the pixels overrules the rest
    if late != size:
        raise ImageError(
            f"{source} is damaged: it says {size[0]} x {size[1]} px before its pixels, and "
            f"{late[0]} x {late[1]} px behind them. Replace or delete it."
        )
    dataset.file_meta = header.file_meta
    return decode_pixels(source, dataset), dataset


def _read_header(source: Source, file: BinaryIO) -> "FileDataset":
    """Return all elements before the pixels, transfer syntax filled in; leave `file` there."""
    from pydicom import dcmread
    from pydicom.filereader import _read_file_meta_info, read_preamble
    from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

    # pydicom warns and logs about every oddity that it reads. Not catch_warnings: images are
    # read in threads, and it is not made for them.
    if SILENCE not in warnings.filters:
        warnings.filterwarnings("ignore", module="pydicom")
        logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    n_bytes = count_bytes(source)
    if n_bytes == 0:
        raise ImageError(f"{source} is empty (0 bytes); expected a DICOM file.")
    if n_bytes > MAX_BYTES:
        raise ImageError(
            f"{source} has {format_bytes(n_bytes)}; at most {format_bytes(MAX_BYTES)} are read. "
            "Leave it out, or save a smaller copy."
        )
    has_mark = read_preamble(file, force=True) is not None
    try:
        syntax = _read_file_meta_info(file).get("TransferSyntaxUID")
        # Checked first: pydicom would unpack a deflated file whatever size it unpacks to.
        if syntax is not None and syntax not in SYNTAXES:
            raise ImageError(
                f"{source} is stored as {syntax.name}, which is not read. Save it uncompressed, "
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
        raise ImageError(f"{source} {NO_DICOM}") from error
    if not has_mark and "Rows" not in header:
        raise ImageError(f"{source} {NO_DICOM}")
    return header


def _check_header(source: Source, header: "FileDataset") -> tuple[int, int]:
    """Return (width, height) in px, or refuse what the header says cannot be read."""
    width, height = int(header.get("Columns") or 0), int(header.get("Rows") or 0)
    if width < 1 or height < 1:
        raise ImageError(f"{source} holds no image, as reports and plans do. Leave it out.")
    n_frames = int(header.get("NumberOfFrames") or 1)
    if n_frames != 1:
        raise ImageError(
            f"{source} holds {n_frames:,} frames; only single images are read. Save the frame "
            "that you want as a file of its own."
        )
    check_size(source, width, height)
    if header.get("BitsAllocated") not in (8, 16):
        raise ImageError(
            f"{source} has {header.get('BitsAllocated')} bits a pixel; 8 or 16 are read. "
            "Convert it first."
        )
    kind = header.get("PhotometricInterpretation")
    if kind not in (*MONOCHROME, *COLOUR) or (kind in COLOUR and header.BitsAllocated != 8):
        raise ImageError(
            f"{source} holds pixels of the kind {kind} of {header.BitsAllocated} bits; read are "
            f"{' and '.join(MONOCHROME)}, and 8-bit colour ({', '.join(COLOUR)}). Convert it first."
        )
    return width, height


def _check_pixels(source: Source, file: BinaryIO) -> None:
    """Refuse a file that ends where its pixels should begin."""
    if not file.read(1):
        raise ImageError(f"{source} holds no pixels. Replace it with a complete copy.")
