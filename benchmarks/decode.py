"""How fast one image file becomes gray levels: `read_image` (Pillow) against OpenCV.

Drawn images, so that it runs on any machine; one thread, the ways in turn.
Run it from the project folder: python -m benchmarks.decode
"""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", "50000000")  # read when cv2 is imported

import cv2
import numpy as np

from xray_core.imagefiles.images import read_image, read_size

AT_LEAST = 224  # px
N_IMAGES, N_ROUNDS = 8, 7
REDUCED = (
    (8, cv2.IMREAD_REDUCED_GRAYSCALE_8),
    (4, cv2.IMREAD_REDUCED_GRAYSCALE_4),
    (2, cv2.IMREAD_REDUCED_GRAYSCALE_2),
    (1, cv2.IMREAD_GRAYSCALE),
)


def decode_with_opencv(path: Path) -> object:
    """Decode as far reduced as `AT_LEAST` allows; the size comes from the header."""
    short_side = min(read_size(path))
    flag = next(flag for scale, flag in REDUCED if scale == 1 or short_side // scale >= AT_LEAST)
    return cv2.imread(str(path), flag if path.suffix == ".jpg" else cv2.IMREAD_GRAYSCALE)


WAYS: dict[str, Callable[[Path], object]] = {
    "read_size (header only)": read_size,
    "read_image, full": read_image,
    "OpenCV, full": lambda path: cv2.imread(str(path), cv2.IMREAD_GRAYSCALE),
    f"read_image, at least {AT_LEAST} px": lambda path: read_image(path, AT_LEAST),
    f"OpenCV, at least {AT_LEAST} px": decode_with_opencv,
}


def draw_images(folder: Path, suffix: str, width: int, height: int) -> list[Path]:
    """Write smooth noise with some grain, which compresses about as a radiograph does."""
    rng = np.random.default_rng(0)
    paths = [folder / f"{width}x{height}-{number}{suffix}" for number in range(N_IMAGES)]
    for path in paths:
        smooth = cv2.resize(rng.normal(128, 50, (12, 12)), (width, height))
        pixels = np.clip(smooth + rng.normal(0, 3, (height, width)), 0, 255).astype(np.uint8)
        cv2.imwrite(str(path), pixels)
    return paths


def main() -> None:
    """Print one table."""
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        sets = {
            "JPEG 1500x1200": draw_images(folder, ".jpg", 1500, 1200),
            "JPEG 224x224": draw_images(folder, ".jpg", 224, 224),
            "PNG 1024x1024": draw_images(folder, ".png", 1024, 1024),
        }
        speeds: dict[tuple[str, str], list[float]] = {}
        for _ in range(N_ROUNDS):
            for name, paths in sets.items():
                for way, decode in WAYS.items():
                    start = perf_counter()
                    for path in paths:
                        decode(path)
                    speeds.setdefault((way, name), []).append(len(paths) / (perf_counter() - start))
    print(f"images/s, median of {N_ROUNDS} rounds\n")
    print(f"{'':<28}" + "".join(f"{name:>16}" for name in sets))
    for way in WAYS:
        print(f"{way:<28}" + "".join(f"{median(speeds[way, name]):>16.0f}" for name in sets))


if __name__ == "__main__":
    main()
