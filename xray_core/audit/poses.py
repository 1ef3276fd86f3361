"""How each chest lies in its image: turned, mirrored, seen from the front.

A mean frontal chest is laid over each image in thousands of ways, shifted, stretched and tilted
a little, to find where it fits best. Gray levels are set against their surroundings before, as
in `near_identical.py`. The mean begins with chests drawn by `xray_core.synthetic`, so what is
upright, and on which side the heart lies, is known even if a whole dataset is turned or mirrored;
then the dataset's own images make it fit the age and build of its patients. It tells much more
than images compared as they lie: the chance that a radiograph of SIIM scores above its own mirror
image is 0.97 instead of 0.76.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.audit.near_identical import NOISE, SURROUNDINGS
from xray_core.audit.negatives import compare_with_mean, find_suspects
from xray_core.preprocess.fingerprint_file import SIGNATURE_SIDE as SIDE
from xray_core.preprocess.images import resize_square
from xray_core.synthetic.cases import plan_cases
from xray_core.synthetic.dataset import draw_case

N_DRAWN, DRAWN_SIDE = 24, 64  # chests, px
N_SAMPLE = 1000  # images that make the mean fit the dataset
FEWEST_OWN = 30  # images; fewer are compared with the drawn chests themselves
WEIGHT_OF_DRAWN = 20  # images; with few of its own the dataset is compared with drawn chests
# Where the mean chest is laid: factors on width and height, px of the signature, radians.
SCALES = tuple(np.geomspace(0.57, 1.5, 8))
SHIFTS = tuple(np.arange(-6, 6.1, 1.5))
ANGLES = (-0.1, 0.0, 0.1)
USUAL = (0.28, 0.28, 6.0, 6.0, 0.1)  # of the logarithms of both factors, both shifts, the angle
PENALTY = 0.01  # of correlation for being that far from the middle
UPRIGHT = 0.6  # correlation of an image that need not be turned to see whether it fits better
BLOCK = 512  # images at a time; bounds the memory
TURNED = 0.05  # of correlation by which an image must fit better to count as turned
# Images whose heart lies on the other side so clearly are mirrored before the mean is taken again.
CERTAIN_SIDE, N_ROUNDS = 0.2, 2
# Where half the images fit a drawn chest no better, or each other, they are something else. In
# seven published sets half fit above 0.46 and 0.68; noise and clouds stay under 0.48 and 0.5.
NO_CHESTS, NO_KIND = 0.4, 0.5

Stack = NDArray[np.float32]  # (n, SIDE, SIDE)


@dataclass(frozen=True)
class _Means:
    """The mean chest.

    Attributes:
        chest: (SIDE, SIDE), the same on both sides.
        leaning: what it has on its right more than on its left, (SIDE²,).
        patterns: the chest laid in all ways, see `_move_all_ways`; 16 MB.
    """

    chest: NDArray[np.float32]
    leaning: NDArray[np.float32]
    patterns: NDArray[np.float32]


def find_poses(signatures: pd.Series) -> pd.DataFrame | None:
    """Return how the chest of each image lies.

    Args:
        signatures: of n images; missing ones are left out.

    Returns:
        None if the images are no chests. Else, index kept: is_negative (looks like one, and fits
        better inverted than turned), fit (correlation with the mean chest where and how it fits
        best), turn (degrees clockwise that make the image upright: 0, 90, 180 or 270), likeness
        (correlation of the image, so turned and laid, with the others), symmetry (with its own
        mirror image) and side (above 0: the heart is where it belongs; below: on the other
        side); all numbers but turn in [-1, 1].
    """
    signatures = signatures[signatures.notna()]
    if signatures.empty:
        return None
    relief = _describe_relief(_read(signatures))
    drawn = _draw_means()
    suspects = find_suspects(compare_with_mean(signatures))
    is_negative = _settle_suspects(relief, suspects, drawn.patterns)
    relief[is_negative] *= -1
    sample = relief[:: -(-len(relief) // N_SAMPLE)]
    fit, turn, ways = _search(sample, drawn.patterns)
    if np.median(fit) < NO_CHESTS:
        return None
    if len(sample) >= FEWEST_OWN:
        # Once: in further rounds the mean would drift, and grow or shrink with what it is laid on.
        laid = _normalise(_lay(_turn(sample, turn), ways))
        mean = laid.sum(axis=0) + WEIGHT_OF_DRAWN * drawn.chest.ravel()
        own = _move_all_ways(_make_symmetric(mean.reshape(SIDE, SIDE)))
        fit, turn, ways = _search(relief, own)
    likeness, symmetry, side = _compare(_lay(_turn(relief, turn), ways), drawn)
    if np.median(likeness) < NO_KIND:
        return None
    return pd.DataFrame(
        {
            "is_negative": is_negative,
            "fit": fit,
            "turn": 90 * turn,
            "likeness": likeness,
            "symmetry": symmetry,
            "side": side,
        },
        index=signatures.index,
    )


def _settle_suspects(
    relief: Stack, suspects: NDArray[np.bool_], patterns: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """Return which suspects are negatives: some fit better turned, being upside down."""
    is_negative = np.zeros(len(relief), bool)
    if suspects.any():
        (fit, *_), (inverted, *_) = (
            _search(way * relief[suspects], patterns) for way in (np.float32(1), np.float32(-1))
        )
        is_negative[suspects] = inverted > fit - TURNED
    return is_negative


def _compare(laid: Stack, drawn: _Means) -> tuple[NDArray[np.float32], ...]:
    """Return likeness, symmetry and side of each image laid like the mean."""
    vectors, mirrored = _normalise(laid), _normalise(laid[:, :, ::-1])
    others = vectors.sum(axis=0) - vectors + WEIGHT_OF_DRAWN * drawn.chest.ravel()
    leaning = vectors - mirrored
    sign = np.ones((len(laid), 1), np.float32)
    for _ in range(N_ROUNDS):
        turned = sign * leaning
        total = turned.sum(axis=0)
        # Which side is right, drawn chests tell; how far, the dataset's own do.
        right = 1 if total @ drawn.leaning >= 0 else -1
        side = _correlate(leaning, right * (total - turned) + WEIGHT_OF_DRAWN * drawn.leaning)
        sign = np.where(side < -CERTAIN_SIDE, -1, 1).astype(np.float32)[:, None]
    return _correlate(vectors, others), (vectors * mirrored).sum(axis=1), side


def _search(
    relief: Stack, patterns: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
    """Return how well a chest fits each image at best, after how many quarter turns, and where.

    Turns are clockwise; where is a row of `_list_ways` and a column of `_move_all_ways`.
    """
    _, penalty = _list_ways()
    small = _halve(relief)
    fit, way = _best_of(_normalise(small), patterns, penalty)
    turn = np.zeros(len(relief), np.int64)
    unsure = np.flatnonzero(fit < UPRIGHT)
    least = fit[unsure] + TURNED
    for quarters in (1, 2, 3):
        vectors = _normalise(np.rot90(small[unsure], -quarters, axes=(1, 2)))
        turned_fit, turned_way = _best_of(vectors, patterns, penalty)
        better = turned_fit > least
        changed = unsure[better]
        fit[changed], way[changed] = turned_fit[better], turned_way[better]
        turn[changed] = quarters
        least[better] = turned_fit[better]
    return fit, turn, way


def _best_of(
    vectors: NDArray[np.float32], patterns: NDArray[np.float32], penalty: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the highest correlation of each vector with a column of `patterns`, and which."""
    fit = np.empty(len(vectors), np.float32)
    way = np.empty(len(vectors), np.int64)
    for start in range(0, len(vectors), BLOCK):
        rows = slice(start, start + BLOCK)
        correlation = vectors[rows] @ patterns - penalty
        way[rows] = correlation.argmax(axis=1)
        fit[rows] = np.take_along_axis(correlation, way[rows, None], axis=1)[:, 0]
    return fit, way


@lru_cache(maxsize=1)
def _draw_means() -> _Means:
    """Return the mean of drawn chests, each laid like the mean of all."""
    drawings = [draw_case(case, DRAWN_SIDE).image for case in plan_cases(N_DRAWN, seed=0)]
    small = [resize_square(drawing, SIDE, "stretch") for drawing in drawings]
    relief = _describe_relief(np.stack(small).astype(np.float32))
    chest = _make_symmetric(_normalise(relief).mean(axis=0).reshape(SIDE, SIDE))
    _, _, ways = _search(relief, _move_all_ways(chest))
    laid = _lay(relief, ways)
    vectors = _normalise(laid)
    leaning = (vectors - _normalise(laid[:, :, ::-1])).mean(axis=0)
    mean = _make_symmetric(vectors.mean(axis=0).reshape(SIDE, SIDE))
    return _Means(mean, leaning, _move_all_ways(mean))


@lru_cache(maxsize=1)
def _list_ways() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the ways to lay the mean: matrices (n, 2, 3) for OpenCV, and each one's penalty."""
    ways = np.array(list(product(SCALES, SCALES, SHIFTS, SHIFTS, ANGLES)))
    wide, high, across, down, angle = ways.T
    cos, sin = np.cos(angle), np.sin(angle)
    linear = np.stack([wide * cos, -wide * sin, high * sin, high * cos], axis=1).reshape(-1, 2, 2)
    middle = np.full(2, (SIDE - 1) / 2)
    shift = np.stack([across, down], axis=1) + middle - linear @ middle
    away = np.column_stack([np.log(wide), np.log(high), across, down, angle]) / USUAL
    penalty = PENALTY * (away**2).sum(axis=1)
    matrices = np.concatenate([linear, shift[..., None]], axis=2)
    return matrices.astype(np.float32), penalty.astype(np.float32)


def _move_all_ways(chest: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the chest laid in each way and halved, as columns of mean 0 and length 1."""
    # Where each pixel comes from; the middle of four averages them, as halving would.
    at = np.arange(0.5, SIDE, 2)
    there = np.stack([*np.meshgrid(at, at), np.ones((SIDE // 2,) * 2)]).reshape(3, -1)
    there = there.astype(np.float32)
    matrices, _ = _list_ways()
    moved = []
    for start in range(0, len(matrices), BLOCK):  # OpenCV's maps are shorter than 32768
        linear, shift = np.split(matrices[start : start + BLOCK], [2], axis=2)
        inverse = np.linalg.inv(linear)
        x, y = np.moveaxis(np.concatenate([inverse, -inverse @ shift], axis=2) @ there, 1, 0)
        moved.append(cv2.remap(chest, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
    patterns = np.asarray(np.concatenate(moved)[:, None], np.float32)
    return np.ascontiguousarray(_normalise(patterns).T)


def _lay(relief: Stack, ways: NDArray[np.int64]) -> Stack:
    """Return images moved back, so that all chests lie alike."""
    matrices = _list_ways()[0][ways]
    backwards = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    laid = [
        cv2.warpAffine(
            image, matrix, (SIDE, SIDE), flags=backwards, borderMode=cv2.BORDER_REPLICATE
        )
        for image, matrix in zip(relief, matrices, strict=True)
    ]
    return np.stack(laid).astype(np.float32, copy=False)


def _turn(relief: Stack, turn: NDArray[np.int64]) -> Stack:
    """Return images after so many quarter turns clockwise each."""
    upright = relief.copy()
    for quarters in (1, 2, 3):
        upright[turn == quarters] = np.rot90(relief[turn == quarters], -quarters, axes=(1, 2))
    return upright


def _describe_relief(images: Stack) -> Stack:
    """Return the local contrast of images, in about [-3, 3]."""

    def blur(image: NDArray[np.float32]) -> NDArray[np.float32]:
        blurred = cv2.GaussianBlur(image, (0, 0), SURROUNDINGS, borderType=cv2.BORDER_REPLICATE)
        return blurred.astype(np.float32, copy=False)

    relief = np.empty_like(images)
    for row, image in enumerate(images):
        detail = image - blur(image)
        relief[row] = detail / (np.sqrt(blur(detail * detail)) + NOISE)
    return relief


def _read(signatures: pd.Series) -> Stack:
    pixels = np.frombuffer(b"".join(signatures), np.uint8)
    return pixels.reshape(-1, SIDE, SIDE).astype(np.float32)


def _halve(images: Stack) -> Stack:
    halved = images.reshape(len(images), SIDE // 2, 2, SIDE // 2, 2).mean(axis=(2, 4))
    return np.asarray(halved, np.float32)


def _make_symmetric(image: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray((image + image[:, ::-1]) / 2, np.float32)


def _normalise(images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return images as vectors of mean 0 and length 1, or 0 if of one gray level."""
    pixels = images.reshape(len(images), images.shape[1] * images.shape[2])
    vectors = np.asarray(pixels - pixels.mean(axis=1, keepdims=True), np.float32)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(length > 0, length, 1), np.float32)


def _correlate(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the cosine of each row of `first` with that of `second`; 0 for a row of zeros."""
    length = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    cosine = (first * second).sum(axis=1) / np.where(length > 0, length, 1)
    return np.asarray(cosine, np.float32)
