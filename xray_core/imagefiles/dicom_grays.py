"""From the stored pixels of a DICOM file to gray levels that look as on a reading screen.

Stored pixels pass the modality lookup table (or rescale slope and intercept), then the VOI
lookup table (or window), which says what range the radiographer wanted to see; where neither
is given, the used range fills black to white, but for isolated values (`find_gray_range`).
MONOCHROME1 and PresentationLUTShape INVERSE both say that the highest value is black; a file
that says both, as the standard wants it, is inverted once. Padding, which fills up what the
detector did not see, counts in no range and becomes black last.

Source: DICOM PS3.3, C.7.5.1.1.2 (padding), C.7.6.3 (pixels), C.8.11.3 (presentation LUT shape),
C.11.1 (modality LUT) and C.11.2 (VOI LUT)
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from xray_core.errors import ImageError
from xray_core.imagefiles.grays import (
    DecodedImage,
    GrayValues,
    StoredGrays,
    count_values,
    find_gray_range,
    look_up,
)
from xray_core.imagefiles.sources import Source

if TYPE_CHECKING:
    from pydicom import Dataset, FileDataset

UNCOMPRESSED = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2")
Mask = npt.NDArray[np.bool_]


def show_pixels(
    source: Source, pixels: npt.NDArray[np.integer], dataset: "FileDataset"
) -> DecodedImage:
    """Return decoded pixels as they are meant to be seen.

    Args:
        source: named in messages.
        pixels: shape (h, w), as stored, of at most 16 bits.
        dataset: the file's elements.

    Raises:
        ImageError: rescaling or window is not finite.
    """
    n_isolated = 0
    levels = _Levels(pixels, dataset)
    with np.errstate(all="ignore"):
        values = _rescale(levels.all, dataset)
        shades = _window(values, dataset)
        if shades is None and np.isfinite(values).all():
            counts = count_values(levels.seen)[1]
            start, end = find_gray_range(values, counts)
            n_isolated = int(counts[(values < start) | (values > end)].sum())
            shades = np.clip((values - start) / ((end - start) or 1), 0, 1)
    if shades is None or not np.isfinite(shades).all() or not np.isfinite(values).all():
        raise ImageError(
            f"{source} is damaged: its rescaling or window is not finite. Replace or delete it."
        )
    table = np.rint(255 * shades).astype(np.uint8)
    if is_inverted(dataset):
        table = 255 - table
    return DecodedImage(levels.look_up(table, 0), _describe(values, dataset), n_isolated)


class _Levels:
    """The stored levels of an image without its padding: 65,536 at most, of millions of pixels.

    Attributes:
        seen: pixels that are no padding.
        all: int64, each level from the lowest to the highest of them.
    """

    def __init__(self, pixels: npt.NDArray[np.integer], dataset: "FileDataset") -> None:
        self._padding, self._shape = find_padding(pixels, dataset), pixels.shape
        self.seen = pixels if self._padding is None else pixels[~self._padding]
        self.all = np.arange(int(self.seen.min()), int(self.seen.max()) + 1, dtype=np.int64)

    def look_up(self, table: npt.NDArray[Any], padding: int) -> npt.NDArray[Any]:
        """Return the entry of `table`, one for each of `all`, for each pixel, or `padding`."""
        entries: npt.NDArray[Any] = look_up(self.seen, int(self.all[0]), table)
        if self._padding is None:
            return entries
        image = np.full(self._shape, padding, table.dtype)
        image[~self._padding] = entries
        return image


def measure_values(
    source: Source, pixels: npt.NDArray[np.integer], dataset: "FileDataset"
) -> GrayValues:
    """Return decoded pixels as the values that the file means, without any window.

    Args:
        source: named in messages.
        pixels: shape (h, w), as stored, of at most 16 bits.
        dataset: the file's elements.

    Raises:
        ImageError: rescaling is not finite.
    """
    levels = _Levels(pixels, dataset)
    with np.errstate(all="ignore"):
        values = _rescale(levels.all, dataset)
    if not np.isfinite(values).all():
        raise ImageError(f"{source} is damaged: its rescaling is not finite. Replace or delete it.")
    stored = _describe(values, dataset)
    span = stored.highest - stored.lowest
    first, step = float(values[0]), float(values[-1] - values[0]) / max(1, len(values) - 1)
    table = (levels.all - levels.all[0]).astype(np.uint16)
    if not np.allclose(values, first + step * table, atol=1e-6 * span):  # a lookup table
        first, step = stored.lowest, span / (2**16 - 1)
        table = np.rint((values - first) / step).astype(np.uint16)
    black = stored.highest if stored.is_inverted else stored.lowest
    padding = round((black - first) / step) if step else 0
    return GrayValues(levels.look_up(table, padding), first, step, stored)


def _describe(values: npt.NDArray[np.float64], dataset: "FileDataset") -> StoredGrays:
    """Return what is stored, of which `values` are all that occur, and some between."""
    centre, width = find_window(dataset)
    return StoredGrays(
        bits=int(dataset.BitsStored),
        lowest=float(values.min()),
        highest=float(values.max()),
        kind=str(dataset.PhotometricInterpretation),
        is_inverted=is_inverted(dataset),
        level=centre,
        width=width,
    )


def find_window(dataset: "FileDataset") -> tuple[float | None, float | None]:
    """Return middle and length of the window that a file asks for; None, None for none."""
    if dataset.get("VOILUTSequence"):
        return None, None
    centre, width = (_first(dataset.get(name)) for name in ("WindowCenter", "WindowWidth"))
    if centre is None or width is None or width <= 0:
        return None, None
    return centre, width


def is_inverted(dataset: "FileDataset") -> bool:
    """Whether the highest value is meant to be black."""
    kind, shape = dataset.PhotometricInterpretation, dataset.get("PresentationLUTShape")
    return bool(kind == "MONOCHROME1" or shape == "INVERSE")


def find_padding(pixels: npt.NDArray[np.integer], dataset: "FileDataset") -> Mask | None:
    """Return which pixels are padding, shape (h, w); None if none is, or if all would be.

    A padding value that needs more bits than the pixels are said to have is looked for in the
    file's bytes, as decoding drops those bits.
    """
    value, limit = (
        _whole_number(dataset.get(name)) for name in ("PixelPaddingValue", "PixelPaddingRangeLimit")
    )
    if value is None:
        return None
    ends = sorted(_as_stored(end, dataset) for end in (value, value if limit is None else limit))
    bits, signed = int(dataset.BitsStored), dataset.PixelRepresentation == 1
    least, most = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    stored: npt.NDArray[np.integer] = pixels
    if ends[0] < least or ends[1] > most:
        if dataset.file_meta.TransferSyntaxUID not in UNCOMPRESSED:
            return None
        order = "<" if dataset.file_meta.TransferSyntaxUID.is_little_endian else ">"
        kind = f"{order}{'i' if signed else 'u'}{dataset.BitsAllocated // 8}"
        stored = np.frombuffer(dataset.PixelData, kind, pixels.size).reshape(pixels.shape)
    padding: Mask = (stored >= ends[0]) & (stored <= ends[1])
    return padding if padding.any() and not padding.all() else None


def _as_stored(value: int, dataset: "FileDataset") -> int:
    """Return a value with the sign of the pixels: some files write it with the other."""
    bits = int(dataset.BitsAllocated)
    value %= 2**bits
    return value - 2**bits if dataset.PixelRepresentation == 1 and value >> (bits - 1) else value


def _window(
    values: npt.NDArray[np.float64], dataset: "FileDataset"
) -> npt.NDArray[np.float64] | None:
    """Return how bright each of `values` is to be shown, 0 (black) to 1 (white); None: unsaid."""
    if dataset.get("VOILUTSequence"):
        shades, top = _look_up(values, dataset.VOILUTSequence[0], dataset)
        return shades / max(top, 1)
    centre, width = find_window(dataset)
    if centre is None or width is None:
        return None
    match dataset.get("VOILUTFunction"):
        case "SIGMOID":
            return np.asarray(1 / (1 + np.exp(-4 * (values - centre) / width)))
        case "LINEAR_EXACT":
            return np.clip((values - centre) / width + 0.5, 0, 1)
        case _:
            return np.clip((values - (centre - 0.5)) / max(width - 1, 1e-9) + 0.5, 0, 1)


def _rescale(levels: npt.NDArray[np.int64], dataset: "FileDataset") -> npt.NDArray[np.float64]:
    """Return what `levels` stand for, such as optical density."""
    from pydicom.pixels.processing import apply_rescale

    if dataset.get("ModalityLUTSequence"):
        values, _ = _look_up(levels.astype(np.float64), dataset.ModalityLUTSequence[0], dataset)
        return values
    return np.asarray(apply_rescale(levels, dataset), dtype=np.float64)


def _look_up(
    values: npt.NDArray[np.float64], table: "Dataset", dataset: "FileDataset"
) -> tuple[npt.NDArray[np.float64], int]:
    """Return `values` after a lookup table, and the highest value that its bits can hold.

    The first and the last entry serve all values before and behind. pydicom's own function is
    not asked: it counts entries in as many bits as they have, so that 4,096 entries of 8 bits,
    or a value 65,536 above the first, overflow.
    """
    n_entries, first = (int(number) for number in table.LUTDescriptor[:2])
    n_entries = n_entries or 2**16  # which 16 bits cannot say
    content = table.LUTData
    if not isinstance(content, bytes):
        words = np.atleast_1d(np.asarray(content, np.int64)) & 0xFFFF
        content, order = words.astype("<u2").tobytes(), "<"
    else:
        order = "<" if dataset.file_meta.TransferSyntaxUID.is_little_endian else ">"
    kind = f"{order}u2" if len(content) >= 2 * n_entries else "u1"  # two entries in a word
    entries = np.frombuffer(content, kind, n_entries).astype(np.float64)
    # Some files write a first value below 0 without its sign.
    if first >= 2**15 and values.min() < 0 and values.max() < first:
        first -= 2**16
    places = np.clip(np.rint(values) - first, 0, n_entries - 1)
    # Some tables declare 16 bits for 12-bit entries: believe the entries.
    return entries[places.astype(np.int64)], 2 ** int(entries.max()).bit_length() - 1


def _first(value: Any) -> float | None:
    """Return a number, or the first of several; a file may offer more than one window."""
    if value is None or value == "":
        return None
    return float(value) if isinstance(value, (str, int, float)) else _first(next(iter(value), None))


def _whole_number(value: Any) -> int | None:
    """Return a number as `_first` does; None for bytes, whose sense a file of unknown VR hides."""
    number = None if isinstance(value, bytes) else _first(value)
    return None if number is None else int(number)
