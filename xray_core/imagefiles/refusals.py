"""Why an image file that nobody vouches for is refused: too large, missing, forbidden, damaged."""

from collections.abc import Iterator
from contextlib import contextmanager

from xray_core.errors import DatasetError, ImageError
from xray_core.files import format_bytes
from xray_core.imagefiles.sources import Source

MAX_PIXELS = 50_000_000  # the largest radiographs have about 20 MP
MAX_BYTES = 200_000_000  # of the pixels as stored; such a radiograph has 40 MB


def check_size(source: Source, width: int, height: int, n_bytes: int = 1) -> None:
    """Refuse an image of more than `MAX_PIXELS` or `MAX_BYTES`, by its header.

    Args:
        source: named in the message.
        width: px.
        height: px.
        n_bytes: of a pixel, as it is stored.

    Raises:
        ImageError: it is too large.
    """
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"{source} is {width} x {height} px; at most {MAX_PIXELS / 1e6:.0f} megapixels "
            "are read. Scale it down first."
        )
    if width * height * n_bytes > MAX_BYTES:
        raise ImageError(
            f"{source} is {width} x {height} px of {n_bytes} bytes each; at most "
            f"{format_bytes(MAX_BYTES)} are read. Save it in gray, or scale it down first."
        )


@contextmanager
def explain_refusal(source: Source) -> Iterator[None]:
    """Let whatever goes wrong inside leave as an `ImageError` that names the file and why."""
    try:
        yield
    except (ImageError, MemoryError):
        raise  # a full memory says nothing about the file: it must not be remembered as damaged
    except DatasetError as error:  # of the gate, `paths.open_file`
        raise ImageError(str(error)) from error
    except PermissionError as error:
        raise ImageError(
            f"{source} may not be read by this user. Change its permissions."
        ) from error
    except FileNotFoundError as error:
        raise ImageError(f"{source} does not exist.") from error
    except ImportError as error:
        raise ImageError(
            f"{source} cannot be read, as the package {error.name} is not installed. "
            "Install what requirements.txt names."
        ) from error
    except Exception as error:  # decoders of damaged bytes raise almost anything
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ImageError(f"{source} is damaged: {reason}. Replace or delete it.") from error
