"""The fixed steps of preprocessing, as pure functions on uint8 gray arrays.

pandas and scikit-image are imported where they are needed: the processes that decode load this
module, and begin in a third of the time without.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_core.bounded import map_bounded, run_bounded
from xray_core.errors import ImageError, XrayError
from xray_core.imagefiles.images import read_image
from xray_core.preprocess.regions import LungPlace, explain_missing, find_view
from xray_core.preprocess.spec import PreprocessSpec

if TYPE_CHECKING:
    import pandas as pd

Pixels = NDArray[np.uint8]
T = TypeVar("T", bound=np.generic)
LEVELS = np.arange(256, dtype=np.uint8)


def read_preprocessed(path: Path, spec: PreprocessSpec, lungs: LungPlace = None) -> Pixels:
    """Read one image file and apply `spec` to it; the one way from a file to network pixels.

    Args:
        path: an image file of any kind that `read_image` understands.
        spec: the steps.
        lungs: where they are, for a region that needs it.

    Returns:
        uint8 (size, size), gray, 0 is black.

    Raises:
        ImageError: the file cannot be read, or it must be known where its lungs are; the message
            says why.
    """
    return run_bounded(preprocess_here, str(path), asdict(spec), lungs)


def read_all_preprocessed(
    paths: Sequence[Path], spec: PreprocessSpec, lungs: Sequence[LungPlace] | None = None
) -> Iterator[Pixels | XrayError]:
    """Yield what `read_preprocessed` returns or raises for each path, in order."""
    each = lungs if lungs is not None else [None] * len(paths)
    settings = asdict(spec)
    return map_bounded(
        preprocess_here, [(str(path), settings, own) for path, own in zip(paths, each, strict=True)]
    )


def preprocess_here(path: str, settings: dict[str, Any], lungs: LungPlace = None) -> Pixels:
    """Return a file preprocessed, by the fields of a `PreprocessSpec`; for `run_bounded`."""
    spec = PreprocessSpec(**settings)
    if spec.needs_lungs and (lungs is None or isinstance(lungs, str)):  # before it is decoded
        raise ImageError(explain_missing(spec, lungs))
    # A large JPEG decodes about twice as fast at 1/2 or 1/4 size, which averages pixels much
    # as shrinking would; contrast depends on the gray levels as published, so it gets them all.
    at_least = spec.size if spec.contrast == "none" else None
    return apply_preprocess(read_image(Path(path), at_least=at_least), spec, lungs)


def apply_preprocess(image: Pixels, spec: PreprocessSpec, lungs: LungPlace = None) -> Pixels:
    """Hide what is not to be seen of `image`, change its contrast, then make it a square.

    Args:
        image: uint8 (h, w), gray.
        spec: the steps.
        lungs: where they are, for a region that needs it.

    Returns:
        uint8 (size, size).

    Raises:
        ImageError: see `find_view`.
    """
    if spec.region == "whole":
        return resize_square(CONTRAST[spec.contrast](image, spec), spec.size, spec.resize)
    view = find_view(place_picture(image.shape[:2], spec.size, spec.resize), spec, lungs)
    if spec.contrast != "none":  # or the gray levels that are left would tell of the others
        image = CONTRAST[spec.contrast](view.hide_before(image), spec)
    # In the square, where an edge lies between two pixels: in the file, what is left of it after
    # resizing would tell the size of the file, and so the hospital.
    return view.hide(resize_square(image, spec.size, spec.resize))


def resize_square(image: Pixels, size: int, how: str) -> Pixels:
    """Resize `image` to a square, stretched or with black borders.

    Args:
        image: uint8 (h, w).
        size: px, height = width of the result.
        how: "stretch" ignores the aspect ratio; "pad" keeps it and centres the image between
            black borders, the odd pixel going to the right or the bottom.

    Returns:
        uint8 (size, size).
    """
    top, left, height, width = place_picture(image.shape[:2], size, how)
    square = np.zeros((size, size), np.uint8)
    square[top : top + height, left : left + width] = _resize(image, height, width)
    return square


def place_picture(shape: tuple[int, int], size: int, how: str) -> tuple[int, int, int, int]:
    """Return where an image lies in the square: top, left, height and width, px.

    Args:
        shape: (h, w) of the image.
        size: see `resize_square`.
        how: likewise.
    """
    if how == "stretch":
        return 0, 0, size, size
    scale = size / max(shape)
    height, width = (max(1, round(side * scale)) for side in shape)
    return (size - height) // 2, (size - width) // 2, height, width


def cut_padding(square: NDArray[T], width: int, height: int, how: str) -> NDArray[T]:
    """Return what `resize_square` made of an image, without the borders that it added.

    Args:
        square: (size, size), of any type.
        width: px, of the image, of which the proportions count.
        height: likewise.
        how: as there; a stretched image has no borders.

    Returns:
        (h, w), the whole image, still scaled.
    """
    if how == "stretch":
        return square
    top, left, n_rows, n_columns = place_picture((height, width), len(square), how)
    return square[top : top + n_rows, left : left + n_columns]


def _resize(image: Pixels, height: int, width: int) -> Pixels:
    # Averaging every pixel (INTER_AREA) is right for shrinking only, so a side that grows
    # waits for the second step; whichever step has nothing to do just copies.
    shrunk = cv2.resize(
        image,
        (min(width, image.shape[1]), min(height, image.shape[0])),
        interpolation=cv2.INTER_AREA,
    )
    resized = cv2.resize(shrunk, (width, height), interpolation=cv2.INTER_LINEAR)
    return resized.astype(np.uint8, copy=False)


def equalize_hist(image: Pixels) -> Pixels:
    """Spread the gray levels evenly, as `skimage.exposure.equalize_hist` does.

    Args:
        image: uint8 (h, w).

    Returns:
        uint8 (h, w); a pixel's level is 255 times the share of pixels no brighter than it.
    """
    from skimage.exposure import cumulative_distribution

    # scikit-image's own function looks up the same curve in floating point for each pixel;
    # once for each gray level gives the same result about 40 times faster.
    share, levels = cumulative_distribution(image)  # type: ignore[no-untyped-call]
    return _look_up(image, np.round(np.interp(LEVELS, levels, share) * 255))


def clahe(image: Pixels, clip_limit: float) -> Pixels:
    """Equalise 8 x 8 tiles apart, with limited contrast, as OpenCV's CLAHE does.

    Args:
        image: uint8 (h, w).
        clip_limit: above 0; the higher, the stronger.

    Returns:
        uint8 (h, w).
    """
    return cv2.createCLAHE(clipLimit=clip_limit).apply(image).astype(np.uint8, copy=False)


def gamma(image: Pixels, exponent: float) -> Pixels:
    """Raise gray levels to a power, as `skimage.exposure.adjust_gamma` does.

    Args:
        image: uint8 (h, w).
        exponent: above 0; below 1 brightens, above 1 darkens.

    Returns:
        uint8 (h, w).
    """
    from skimage.exposure import adjust_gamma

    return _look_up(image, adjust_gamma(LEVELS, exponent))  # type: ignore[no-untyped-call]


def log(image: Pixels) -> Pixels:
    """Brighten dark levels logarithmically, as `skimage.exposure.adjust_log` does.

    Args:
        image: uint8 (h, w).

    Returns:
        uint8 (h, w).
    """
    from skimage.exposure import adjust_log

    return _look_up(image, adjust_log(LEVELS))  # type: ignore[no-untyped-call]


def intensity_histogram(image: Pixels) -> "pd.DataFrame":
    """Count the pixels of each gray level.

    Args:
        image: uint8, any shape.

    Returns:
        256 rows: level (0..255), count (pixels), cdf (share of pixels at or below, in [0, 1]).
    """
    import pandas as pd

    count = np.bincount(image.ravel(), minlength=256)
    return pd.DataFrame({"level": LEVELS, "count": count, "cdf": count.cumsum() / image.size})


def _look_up(image: Pixels, table: NDArray[np.generic]) -> Pixels:
    return cv2.LUT(image, table.astype(np.uint8)).astype(np.uint8, copy=False)


# The choices of `PreprocessSpec.contrast`.
CONTRAST: dict[str, Callable[[Pixels, PreprocessSpec], Pixels]] = {
    "none": lambda image, spec: image,
    "equalize_hist": lambda image, spec: equalize_hist(image),
    "clahe": lambda image, spec: clahe(image, spec.clip_limit),
    "gamma": lambda image, spec: gamma(image, spec.gamma),
    "log": lambda image, spec: log(image),
}
