"""The images of the JSRT database: gray values alone, without a header.

2,048 x 2,048 pixels of 16 bits, most significant byte first, 12 bits in use. The scanner wrote
optical density, of which the highest is black; so they are inverted for looking at.

Source: Shiraishi et al., AJR 174 (2000), doi:10.2214/ajr.174.1.1740071
"""

import numpy as np

from xray_core.errors import ImageError
from xray_core.imagefiles.grays import DecodedImage, GrayValues, StoredGrays
from xray_core.imagefiles.sources import Content, Source, count_bytes, read_source
from xray_core.paths import is_file

SUFFIX = ".img"
SIDE = 2048  # px
BITS = 12
N_BYTES = 2 * SIDE * SIDE


def is_jsrt(source: Source) -> bool:
    """Whether a file has the suffix and the exact length of such an image; it is not opened."""
    if source.suffix.lower() != SUFFIX:
        return False
    try:
        is_there = isinstance(source, Content) or is_file(source)
        return is_there and count_bytes(source) == N_BYTES
    except OSError:
        return False


def read_jsrt(source: Source) -> DecodedImage:
    """Read an image of the JSRT database. Raises as `read_jsrt_values`."""
    values = read_jsrt_values(source)
    grays = 255 - (values.steps >> (BITS - 8)).astype(np.uint8)
    return DecodedImage(grays, values.stored)


def read_jsrt_values(source: Source) -> GrayValues:
    """Read an image of the JSRT database as it is stored.

    Raises:
        ImageError: the file has another length, or values of more than 12 bits.
    """
    content = read_source(source)
    values = np.frombuffer(content, ">u2") if len(content) == N_BYTES else np.empty(0, ">u2")
    if not len(values) or values.max() >= 2**BITS:
        what = f"values up to {values.max():,}" if len(values) else f"{len(content):,} bytes"
        raise ImageError(
            f"{source} has {what}; of {SUFFIX.upper()} files those of JSRT are read, which have "
            f"{N_BYTES:,} bytes and values of {BITS} bits. Convert it to 16-bit PNG."
        )
    steps = values.reshape(SIDE, SIDE).astype(np.uint16)
    stored = StoredGrays(BITS, float(steps.min()), float(steps.max()), is_inverted=True)
    return GrayValues(steps, 0.0, 1.0, stored)
