"""Near-identical images: one image that was encoded, scaled, brightened or cropped a little anew.

All chest X-rays look alike, so gray levels themselves tell little. What is compared is the
32 x 32 signature after each pixel is set against its surroundings (local contrast): the
ribs and the heart's outline then count more than how bright the image is.
"""

from collections.abc import Iterator

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.preprocess.fingerprint_file import SIGNATURE_SIDE

# Where two images are called near-identical. Among 12.8 million pairs of a set of 5,065 images,
# every pair above it was of one patient; the highest pair of two patients had 0.918. See
# benchmarks/README.md, also for which copies are found.
THRESHOLD = 0.92
BLOCK = 4096  # images compared with as many at a time; bounds the memory
SURROUNDINGS = 3.0  # px of the signature, the width of what counts as near
NOISE = 4.0  # gray levels; a structure fainter than this does not count fully


def find_near_identical(
    fingerprints: pd.DataFrame, image_ids: pd.Series, threshold: float = THRESHOLD
) -> pd.DataFrame:
    """Return the pairs of images that look the same but are not identical to the pixel.

    Of images with identical pixels only the first takes part, and stands for the others.

    Args:
        fingerprints: of n images, as `read_fingerprints` returns them.
        image_ids: shape (n,), same index.
        threshold: in (0, 1]; the least similarity.

    Returns:
        image_id_a, image_id_b, similarity (in [-1, 1], 1 is the same), most similar first.
    """
    one_each = fingerprints[fingerprints["digest"].notna()].drop_duplicates("digest")
    names = image_ids[one_each.index].to_numpy()
    structure = describe_structure(one_each["signature"])
    blocks = list(_compare_blocks(structure, threshold))
    a, b, similarity = (np.concatenate(column) for column in zip(*blocks, strict=True))
    pairs = pd.DataFrame({"image_id_a": names[a], "image_id_b": names[b], "similarity": similarity})
    return pairs.sort_values("similarity", ascending=False, kind="stable", ignore_index=True)


def compare_signatures(first: pd.Series, second: pd.Series) -> NDArray[np.float64]:
    """Return the similarity of each pair of signatures, NaN where one is missing."""
    both = np.asarray(first.notna().to_numpy() & second.notna().to_numpy(), bool)
    similarity = np.full(len(both), np.nan)
    a, b = (
        describe_structure(signatures[both]).astype(np.float32) for signatures in (first, second)
    )
    similarity[both] = (a * b).sum(axis=1)
    return similarity


def describe_structure(signatures: pd.Series) -> NDArray[np.float16]:
    """Return the local contrast of each signature, as a unit vector.

    Args:
        signatures: n of them, none missing.

    Returns:
        float16 (n, 1024), each of length 1 and mean 0; all 0 for an image of one gray level.
        A product of two is their similarity.
    """
    structure = np.zeros((len(signatures), SIGNATURE_SIDE**2), np.float16)
    for row, signature in enumerate(signatures):
        image = np.frombuffer(signature, np.uint8).reshape(SIGNATURE_SIDE, SIGNATURE_SIDE)
        detail = image.astype(np.float32)
        detail -= _blur(detail)
        contrast = detail / (np.sqrt(_blur(detail * detail)) + NOISE)
        contrast -= contrast.mean()
        length = np.linalg.norm(contrast)
        if length > 0:
            structure[row] = (contrast / length).ravel()
    return structure


def _blur(image: NDArray[np.float32]) -> NDArray[np.float32]:
    blurred = cv2.GaussianBlur(image, (0, 0), SURROUNDINGS, borderType=cv2.BORDER_REPLICATE)
    return blurred.astype(np.float32, copy=False)


def _compare_blocks(
    structure: NDArray[np.float16], threshold: float
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]]:
    """Yield rows a < b and their similarity, for each block against those after it."""
    nothing = np.zeros(0, np.int64)
    yield nothing, nothing, np.zeros(0, np.float32)
    starts = range(0, len(structure), BLOCK)
    for top in starts:
        above = structure[top : top + BLOCK].astype(np.float32)
        for left in starts[top // BLOCK :]:
            beside = structure[left : left + BLOCK].astype(np.float32)
            similarity = above @ beside.T
            a, b = np.nonzero(similarity >= threshold)
            new = a + top < b + left
            a, b = a[new], b[new]
            yield a + top, b + left, similarity[a, b]
