"""How fast images are augmented: our one composed warp against two other ways, on one thread.

    python benchmarks/augment.py

All ways apply the same drawn flip, zoom, rotation, shear, shift and brightness to the same
299 px images, taking turns, and each keeps its best round.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from skimage.transform import AffineTransform, warp

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from xray_core.preprocess.augment import augment_image, draw_transform
from xray_core.preprocess.spec import AugmentSpec

SIZE, N_IMAGES, ROUNDS = 299, 64, 5
SPEC = AugmentSpec(
    horizontal_flip=True,
    zoom=0.1,
    rotation=10.0,
    shear=5.0,
    shift=0.1,
    brightness_min=0.8,
    brightness_max=1.1,
)


def composed(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What training does."""
    return augment_image(image, SPEC, rng)


def stepwise(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One OpenCV call for each kind of change, as the steps are usually written down."""
    flip, zoom, rotation, shear, shift_x, shift_y, bright = rng.random(7) * 2 - 1
    centre = (SIZE - 1) / 2
    if flip < 0:
        image = cv2.flip(image, 1)
    slope = np.tan(np.radians(SPEC.shear * shear))
    matrices = (
        cv2.getRotationMatrix2D((centre, centre), 0, 1 + SPEC.zoom * zoom),
        cv2.getRotationMatrix2D((centre, centre), SPEC.rotation * rotation, 1),
        np.array([[1, slope, -slope * centre], [0, 1, 0]]),
        np.array([[1, 0, SPEC.shift * SIZE * shift_x], [0, 1, SPEC.shift * SIZE * shift_y]]),
    )
    for matrix in matrices:
        image = cv2.warpAffine(image, matrix, (SIZE, SIZE), borderMode=cv2.BORDER_REPLICATE)
    return cv2.convertScaleAbs(image, alpha=0.95 + 0.15 * bright)


def scikit_image(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The composed map, warped by scikit-image."""
    matrix, brightness = draw_transform(SPEC, SIZE, rng)
    inverse = AffineTransform(np.vstack([matrix, [0, 0, 1]])).inverse
    warped = warp(image, inverse, order=1, mode="edge", preserve_range=True)
    return np.clip(np.round(warped * brightness), 0, 255).astype(np.uint8)


WAYS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "one composed warp (ours)": composed,
    "OpenCV step by step": stepwise,
    "scikit-image, composed": scikit_image,
}


def main() -> None:
    """Measure and print the table."""
    cv2.setNumThreads(1)
    images = np.random.default_rng(0).integers(0, 256, (N_IMAGES, SIZE, SIZE), dtype=np.uint8)
    seconds = dict.fromkeys(WAYS, float("inf"))
    for _ in range(ROUNDS):
        for name, way in WAYS.items():
            started = time.perf_counter()
            for index, image in enumerate(images):
                way(image, np.random.default_rng([0, 0, index]))
            seconds[name] = min(seconds[name], time.perf_counter() - started)
    table = pd.DataFrame({"images/s": {name: N_IMAGES / s for name, s in seconds.items()}})
    table["ours is faster by"] = table["images/s"].iloc[0] / table["images/s"]
    print(table.to_string(formatters={"images/s": "{:,.0f}".format}, float_format="{:.1f}".format))


if __name__ == "__main__":
    main()
