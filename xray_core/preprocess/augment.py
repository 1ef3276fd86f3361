"""Random changes to training images: one warp and one brightness factor for each image.

Flips, zoom, rotation, shear and shift are composed into a single affine map, so an image is
interpolated once. An image's change depends on (seed, epoch, index) alone, so it can be drawn
again whatever the batch, the order or the number of workers.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_core.preprocess.spec import AugmentSpec

Matrix = NDArray[np.float64]


def draw_transform(spec: AugmentSpec, size: int, rng: np.random.Generator) -> tuple[Matrix, float]:
    """Draw one random change. All eight numbers are always drawn, whatever `spec` asks.

    Args:
        spec: the ranges to draw from.
        size: px, height = width of the image.
        rng: the source of chance.

    Returns:
        (matrix, brightness): a float64 (2, 3) affine map from old to new (x, y) in px, origin at
        the centre of the top left pixel, y downwards; and the factor on the gray levels. Flips,
        zoom, rotation (positive is clockwise) and shear keep the image's centre in place.
    """
    # Drawing all of them keeps an image's zoom the same when, say, a flip is added.
    flip_x, flip_y, zoom, rotation, shear, shift_x, shift_y, bright = rng.random(8)
    scale = 1 + spec.zoom * _signed(zoom)
    angle = np.radians(spec.rotation * _signed(rotation))
    slope = np.tan(np.radians(spec.shear * _signed(shear)))
    sign_x = -1.0 if spec.horizontal_flip and flip_x < 0.5 else 1.0
    sign_y = -1.0 if spec.vertical_flip and flip_y < 0.5 else 1.0

    rotate = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    lean = np.array([[1.0, slope], [0.0, 1.0]])
    linear = scale * rotate @ lean @ np.diag([sign_x, sign_y])
    centre = np.full(2, (size - 1) / 2)
    shift = spec.shift * size * np.array([_signed(shift_x), _signed(shift_y)])
    matrix = np.column_stack([linear, centre - linear @ centre + shift])
    brightness = spec.brightness_min + bright * (spec.brightness_max - spec.brightness_min)
    return matrix, float(brightness)


def _signed(fraction: float) -> float:
    """Map [0, 1) to [-1, 1)."""
    return 2 * fraction - 1


def augment_image(
    image: NDArray[np.uint8], spec: AugmentSpec, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Return `image`, randomly changed; `image` itself where nothing changes.

    Args:
        image: uint8 (size, size).
        spec: the ranges to draw from.
        rng: the source of chance.

    Returns:
        uint8 (size, size), [0, 255]. Where the map leaves the old image, its border is repeated,
        as Keras does by default; gray levels above 255 become 255.
    """
    matrix, brightness = draw_transform(spec, image.shape[0], rng)
    changed = _warp(image, matrix)
    if brightness != 1:
        changed = cv2.convertScaleAbs(changed, alpha=brightness).astype(np.uint8, copy=False)
    return changed


def _warp(image: NDArray[np.uint8], matrix: Matrix) -> NDArray[np.uint8]:
    if np.array_equal(matrix, np.eye(2, 3)):
        return image
    return cv2.warpAffine(
        image,
        matrix,
        (image.shape[1], image.shape[0]),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    ).astype(np.uint8, copy=False)


def augment_masks(
    masks: NDArray[np.uint8], indices: NDArray[np.int64], spec: AugmentSpec, seed: int, epoch: int
) -> NDArray[np.float32]:
    """Return masks moved as `augment_batch` moves the images of the same numbers.

    Args:
        masks: uint8 (n, size, size), 1 inside.
        indices: as there.
        spec: likewise.
        seed: likewise.
        epoch: likewise.

    Returns:
        float32 (n, size, size), 0 or 1: a pixel is inside where half of it or more is.
    """
    if spec.is_none:
        return masks.astype(np.float32)
    moved = np.empty(masks.shape, np.float32)
    for row, (mask, index) in enumerate(zip(masks, indices, strict=True)):
        rng = np.random.default_rng([seed, epoch, int(index)])
        matrix, _ = draw_transform(spec, mask.shape[0], rng)
        moved[row] = _warp(mask * np.uint8(255), matrix) >= 128
    return moved


def augment_batch(
    images: NDArray[np.uint8], indices: NDArray[np.int64], spec: AugmentSpec, seed: int, epoch: int
) -> NDArray[np.float32]:
    """Return the images as the network gets them in `epoch`, each randomly changed.

    Args:
        images: uint8 (n, size, size).
        indices: int (n,), each image's fixed number in its dataset, 0 or more.
        spec: the ranges to draw from; if it changes nothing, the images are only converted.
        seed: of the run, 0 or more.
        epoch: 0 or more.

    Returns:
        float32 (n, size, size), [0, 255].
    """
    if spec.is_none:
        return images.astype(np.float32)
    changed = np.empty(images.shape, np.float32)
    for row, (image, index) in enumerate(zip(images, indices, strict=True)):
        rng = np.random.default_rng([seed, epoch, int(index)])
        changed[row] = augment_image(image, spec, rng)
    return changed
