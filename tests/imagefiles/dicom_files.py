"""Writing small DICOM files of every kind that the reader promises to read or to refuse."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian

Pixels = npt.NDArray[Any]


def build_dicom(
    pixels: Pixels,
    frame: bytes | None = None,
    syntax: str = ExplicitVRLittleEndian,
    **elements: Any,
) -> Dataset:
    """Return a radiograph of 8- or 16-bit `pixels`, shape (h, w) or (h, w, 3).

    Args:
        pixels: as stored.
        frame: the same pixels compressed; None to store them as they are.
        syntax: the transfer syntax.
        elements: set last; None leaves an element out.
    """
    bits = 8 * pixels.dtype.itemsize
    colour = pixels.ndim == 3
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1"  # computed radiography
    dataset.SOPInstanceUID = "1.2.3"
    dataset.SamplesPerPixel = 3 if colour else 1
    if colour:
        dataset.PlanarConfiguration = 0
    dataset.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    dataset.Rows, dataset.Columns = pixels.shape[:2]
    dataset.BitsAllocated = dataset.BitsStored = bits
    dataset.HighBit = bits - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    dataset.PixelData = pixels.tobytes() if frame is None else encapsulate([frame])
    dataset["PixelData"].VR = "OB" if bits == 8 or frame is not None else "OW"
    for name, value in elements.items():
        if value is None:
            delattr(dataset, name)
        else:
            setattr(dataset, name, value)
    return dataset


def write_dicom(path: Path, pixels: Pixels, *args: Any, **elements: Any) -> Path:
    """Write what `build_dicom` builds; return `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    build_dicom(pixels, *args, **elements).save_as(path, enforce_file_format=True)
    return path


def build_lut(entries: list[int], first: int, bits: int) -> list[Dataset]:
    """Return a modality or VOI lookup table, whose first entry is for the level `first`."""
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if first < 0 else "US", [len(entries) % 2**16, first, bits])
    item.add_new("LUTData", "US", entries)
    return [item]


def encode(pixels: Pixels, kind: str, **options: Any) -> bytes:
    """Return gray `pixels` in a format that Pillow writes."""
    content = BytesIO()
    Image.fromarray(pixels).save(content, kind, **options)
    return content.getvalue()


def encode_jpeg_lossless(pixels: Pixels, bits: int) -> bytes:
    """Return gray `pixels`, shape (h, w), as lossless JPEG; nothing that is installed writes it.

    Every difference to the pixel on the left gets a 5-bit code for its length, then its bits.

    Source: ITU-T T.81, annex H
    """
    levels = pixels.astype(np.int64)
    left = np.roll(levels, 1, axis=1)
    left[1:, 0] = levels[:-1, 0]  # a row starts from the one above
    left[0, 0] = 1 << (bits - 1)
    text = ""
    for step in ((levels - left + 2**15) % 2**16 - 2**15).ravel().tolist():
        n_bits = abs(step).bit_length()
        text += f"{n_bits:05b}"
        if 0 < n_bits < 16:  # a length of 16 has only one step to stand for
            text += f"{step if step > 0 else step + (1 << n_bits) - 1:0{n_bits}b}"
    text += "1" * (-len(text) % 8)
    code = int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\x00")
    height, width = pixels.shape
    size = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    lengths = bytes([0, 0, 0, 0, 17, *[0] * 11])
    return b"".join(
        (
            b"\xff\xd8\xff\xc3\x00\x0b" + bytes([bits]) + size + b"\x01\x01\x11\x00",
            b"\xff\xc4\x00\x24\x00" + lengths + bytes(range(17)),
            b"\xff\xda\x00\x08\x01\x01\x00\x01\x00\x00" + code + b"\xff\xd9",
        )
    )
