"""Decoding the pixels of a DICOM file, compressed or not, within the size that its header says."""

from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from xray_core.errors import ImageError
from xray_core.imagefiles.sources import Source

if TYPE_CHECKING:
    from pydicom import FileDataset

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


def decode_pixels(source: Source, dataset: "FileDataset") -> npt.NDArray[Any]:
    """Return the stored pixels of a file whose header has been checked.

    Args:
        source: named in messages.
        dataset: all elements of the file, with its transfer syntax.

    Returns:
        Shape (h, w), of 8 or 16 bits; or RGB, shape (h, w, 3) and uint8.

    Raises:
        ImageError: the pixels are cut off, of another size or shape than the header says, or
            their decoder is not installed. What decoders raise over damaged bytes goes through.
    """
    from pydicom.encaps import get_frame
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.pixels.utils import pixel_array

    if not dataset.get("PixelData"):  # pydicom drops an element that the file's end cuts off
        raise ImageError(f"{source} is damaged: its pixels are cut off. Replace or delete it.")
    syntax = dataset.file_meta.TransferSyntaxUID
    plugin = SYNTAXES[syntax]
    if plugin and plugin not in get_decoder(syntax).available_plugins:
        raise ImageError(
            f"{source} is stored as {syntax.name}, and the package that decodes it is missing. "
            "Install what requirements.txt names: pylibjpeg, pylibjpeg-libjpeg, "
            "pylibjpeg-openjpeg."
        )
    shape = (int(dataset.Rows), int(dataset.Columns))
    if plugin == "pylibjpeg":
        inner = find_coded_size(get_frame(dataset.PixelData, 0, number_of_frames=1))
        # A few bytes can claim a size whose decoding takes all memory.
        if inner != shape[::-1]:
            raise ImageError(
                f"{source} is damaged: its header says {shape[1]} x {shape[0]} px and its "
                f"compressed pixels say {f'{inner[0]} x {inner[1]} px' if inner else 'nothing'}. "
                "Replace or delete it."
            )
    pixels: npt.NDArray[Any] = pixel_array(dataset, decoding_plugin=plugin)
    whole = (*shape, 3) if dataset.PhotometricInterpretation in COLOUR else shape
    if pixels.shape != whole:  # samples, planes or frames that contradict the rest
        raise ImageError(
            f"{source} is damaged: its pixels have the shape {pixels.shape}, not {whole}. Replace "
            "or delete it."
        )
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
