"""Matplotlib for one drawing at a time: it keeps its settings for the whole process.

Not through pyplot, which would keep every figure and pick a window system; and imported where it
draws, since it takes half a second to load.
"""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SETTINGS: dict[Any, Any] = {
    "text.parse_math": False,  # names are shown to the letter, not as formulas
    "svg.fonttype": "none",  # letters stay letters: to be searched, and set in another type
    "svg.hashsalt": "xray-lab",  # the same figure is the same file
}
_drawing = Lock()


@contextmanager
def draw_alone() -> Iterator[None]:
    """Keep Matplotlib's settings to oneself."""
    from matplotlib import rc_context

    with _drawing, rc_context(SETTINGS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # a name in any script
        warnings.filterwarnings("ignore", ".*masked element to nan")  # an empty cell of a heat map
        yield


def write_drawing(figure: "Figure", kind: str, dpi: float | str = "figure") -> bytes:
    """Return a drawing as a file's content.

    Args:
        figure: drawn.
        kind: "png" or "svg".
        dpi: dots per inch of a PNG.
    """
    file = io.BytesIO()
    metadata: dict[str, Any] = {"Date": None} if kind == "svg" else {}
    figure.savefig(file, format=kind, dpi=dpi, metadata=metadata)
    return file.getvalue()
