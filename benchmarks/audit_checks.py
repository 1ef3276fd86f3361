"""How often the audit's checks call images that nobody altered, and find altered ones.

Run it from the project folder: python -m benchmarks.audit_checks FOLDER …

FOLDER holds images, which are only read; of a dataset that the app reads, those it lists. A tenth
of them is altered in memory, the others stay, and the checks see all of them; repeated until 100
have been altered.
A called image that nobody altered may rightly be called so: look at it with --list.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from PIL import Image, ImageDraw, ImageFont

from xray_core.audit.burnt_in import has_text
from xray_core.audit.lateral import is_odd
from xray_core.audit.orientation import is_mirrored, is_turned
from xray_core.audit.poses import find_poses
from xray_core.audit.screens import is_photo
from xray_core.catalog import Catalog, build_catalog
from xray_core.datasets import open_dataset
from xray_core.errors import DatasetError
from xray_core.imagefiles.images import is_image_file, read_image
from xray_core.preprocess.fingerprint_file import fingerprint_image
from xray_core.preprocess.fingerprints import read_fingerprints
from xray_core.preprocess.images import Pixels

SHARE, ENOUGH, MOST = 0.1, 100, 300  # of the images that are altered; in all; at once
OF_PIXELS = {"photo of a screen", "text"}  # checks that look at each image alone
PHOTO = 1000  # px of a photo
WORDS = ("PORTABLE", "AP SUPINE", "14:32:07", "Sedestacion", "2020/03/11", "Erect PA", "ICU 4")
CHECKS: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "negative": lambda table: table["is_negative"],
    "turned": is_turned,
    "mirrored": is_mirrored,
    "lateral": is_odd,
    "photo of a screen": is_photo,
    "text": has_text,
}


def turn(image: Pixels, rng: np.random.Generator) -> Pixels:
    """Turn an image by one to three quarters."""
    return np.ascontiguousarray(np.rot90(image, rng.integers(1, 4)))


def write_words(image: Pixels, rng: np.random.Generator, share: float) -> Pixels:
    """Write a few words near the upper or lower edge, letters `share` of the longer side high."""
    words = WORDS[rng.integers(len(WORDS))]
    font = ImageFont.load_default(share * max(image.shape) / 0.72)
    canvas = Image.fromarray(image)
    draw = ImageDraw.Draw(canvas)
    left, top, right, bottom = draw.textbbox((0, 0), words, font=font)
    height, width = image.shape
    x = int(rng.uniform(2, max(3, width - (right - left) - 2)))
    edge = rng.uniform(0.02, 0.12) if rng.random() < 0.8 else rng.uniform(0.82, 0.9)
    y = int(edge * height)
    under = image[y : y + int(bottom - top), x : x + int(right - left)]
    draw.text((x - left, y - top), words, font=font, fill=255 if np.median(under) < 170 else 0)
    return np.array(canvas)


def photograph(image: Pixels, rng: np.random.Generator, side: int = PHOTO) -> Pixels:
    """Return what a camera sees of a screen that shows the image.

    The screen is tilted and has a dark frame; its pixels are 1 to 2.2 of the camera's and glow in
    stripes; corners are darker; blur, noise and JPEG follow.
    """
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    margin = rng.uniform(0.02, 0.12)
    seen = (corners * (1 - 2 * margin) + margin + rng.uniform(-0.04, 0.04, (4, 2))) * side
    n_pixels = side * (1 - 2 * margin) / rng.uniform(1.0, 2.2)
    there = cv2.getPerspectiveTransform(seen.astype(np.float32), corners * np.float32(n_pixels))
    rows, columns = np.mgrid[:side, :side]
    points = np.stack([columns, rows], axis=2).reshape(1, -1, 2).astype(np.float32)
    u, v = cv2.perspectiveTransform(points, there).reshape(side, side, 2).transpose(2, 0, 1)
    height, width = image.shape
    across, down = (u / n_pixels * width).astype(np.float32), (v / n_pixels * height)
    picture = cv2.remap(image.astype(np.float32), across, down.astype(np.float32), cv2.INTER_LINEAR)
    glow = rng.uniform(0.05, 0.35)
    picture *= 0.8 * (1 + glow * np.cos(2 * np.pi * u) + 0.7 * glow * np.cos(2 * np.pi * v))
    outside = np.maximum(np.abs(u - n_pixels / 2), np.abs(v - n_pixels / 2)) - n_pixels / 2
    picture[outside > 0] = 15
    picture[outside > rng.uniform(0.01, 0.05) * n_pixels] = rng.uniform(10, 120)
    corner = ((columns / side - 0.5) ** 2 + (rows / side - 0.5) ** 2) * rng.uniform(0.2, 0.7)
    picture = cv2.GaussianBlur(picture * (1 - corner), (0, 0), rng.uniform(0.4, 0.8))
    noisy = np.clip(picture + 8 + rng.normal(0, 3, picture.shape), 0, 255).astype(np.uint8)
    return cv2.imdecode(cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 85])[1], 0)


def shrink(image: Pixels, side: int) -> Pixels:
    """Return a square image made small."""
    return cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)


# What is done -> the check that should find it, and how.
ALTERATIONS: dict[str, tuple[str, Callable[[Pixels, np.random.Generator], Pixels]]] = {
    "inverted": ("negative", lambda image, rng: 255 - image),
    "turned by 90, 180 or 270°": ("turned", turn),
    "mirrored": ("mirrored", lambda image, rng: np.ascontiguousarray(image[:, ::-1])),
    "letters of 2.5 % of the side": ("text", lambda image, rng: write_words(image, rng, 0.025)),
    "letters of 4 % of the side": ("text", lambda image, rng: write_words(image, rng, 0.04)),
    f"photo of {PHOTO} px": ("photo of a screen", photograph),
    "photo made 512 px": (
        "photo of a screen",
        lambda image, rng: shrink(photograph(image, rng), 512),
    ),
    "photo made 256 px": (
        "photo of a screen",
        lambda image, rng: shrink(photograph(image, rng), 256),
    ),
}


def open_images(folder: Path, cache: Path) -> Catalog:
    """Return a dataset, or all images of a folder whose labels nobody has explained."""
    try:
        return open_dataset(folder, cache)
    except DatasetError:
        files = sorted(path for path in folder.rglob("*") if is_image_file(path))
        names = [path.relative_to(folder).as_posix() for path in files]
        return build_catalog(folder, "folder", [{"image_id": n, "path": n} for n in names])


def check_all(fingerprints: pd.DataFrame) -> pd.DataFrame:
    """Return which images each check calls, a column of bool each."""
    poses = find_poses(fingerprints["signature"])
    if poses is None:
        raise SystemExit("These images are no chests.")
    table = fingerprints.join(poses)
    return pd.DataFrame(
        {name: check(table).fillna(False).astype(bool) for name, check in CHECKS.items()}
    )


def measure_detection(catalog: Catalog, fingerprints: pd.DataFrame, name: str) -> tuple[int, int]:
    """Return how many altered images the check calls, and how many were altered."""
    check, alter = ALTERATIONS[name]
    rng = np.random.default_rng(0)
    n_called = n_altered = 0
    share = 1.0 if check in OF_PIXELS else SHARE
    n_rows = max(1, min(MOST, int(share * len(fingerprints))))
    while n_altered < ENOUGH:
        rows = rng.permutation(fingerprints.index)[:n_rows]
        altered = fingerprints.loc[rows].copy() if check in OF_PIXELS else fingerprints.copy()
        for row in rows:
            image = alter(read_image(catalog.root / catalog.images.at[row, "path"]), rng)
            for column, value in fingerprint_image(image).items():
                altered.at[row, column] = pd.NA if value is None else value
        if check not in OF_PIXELS:
            altered = altered.join(find_poses(altered["signature"]))
        n_called += int(CHECKS[check](altered.loc[rows]).fillna(False).sum())
        n_altered += len(rows)
    return n_called, n_altered


def measure(folder: Path, lists: bool) -> None:
    """Print two tables of one dataset."""
    with tempfile.TemporaryDirectory() as temporary:
        catalog = open_images(folder, Path(temporary))
        fingerprints = read_fingerprints(catalog, Path(temporary))
        fingerprints = fingerprints[fingerprints["signature"].notna()]
        called = check_all(fingerprints)
        print(f"\n{folder.name}: {len(fingerprints):,} images")
        views = catalog.images["view_position"].reindex(called.index)
        lateral = views == "LATERAL"
        for name in CHECKS:
            others = called.loc[~lateral.fillna(False).astype(bool), name]
            print(
                f"{'called ' + name:<32}{others.sum():>8,} of {len(others):,} {others.mean():.2%}"
            )
            if lists:
                print("   ", *catalog.images.loc[others.index[others], "path"])
        if lateral.any():
            n_right = called.loc[lateral.fillna(False).astype(bool), "lateral"].sum()
            print(f"{'lateral by the table':<32}{n_right:>8,} of {lateral.sum():,} called lateral")
        for name in ALTERATIONS:
            n_called, n_altered = measure_detection(catalog, fingerprints, name)
            share = n_called / n_altered
            print(f"{name:<32}{n_called:>8,} of {n_altered:,} {share:.1%}", flush=True)


def main() -> None:
    """Print the tables of each dataset."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--list", action="store_true", help="name the images that are called")
    options = parser.parse_args()
    for folder in options.folders:
        measure(folder, options.list)


if __name__ == "__main__":
    main()
