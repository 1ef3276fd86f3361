"""Negatives: inverted images among upright ones, lungs bright and bones dark.

Chest X-rays resemble each other, so an image and the mean of the others correlate; a negative
correlates the other way round. What is upright is what most images of the dataset are: nothing
is said of a dataset that is inverted as a whole.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.audit.issue import DataIssue, count_of, first_of, passed, rows_of
from xray_core.preprocess.fingerprint_file import SIGNATURE_SIDE

# An image is a negative if its correlation with the others' mean is below minus this, and it does
# not fit a chest better turned (`find_poses`). Among 13,085 published radiographs of seven sets
# none is called so; of the same images, inverted in memory, 97.7 % (SIIM), 98.4 % (Radiography),
# 99.5 % (Kermany) and 99.7 % (NIH) are found.
THRESHOLD = 0.3
FEWEST = 10  # images; the mean of fewer says little
SIDE = 16  # px, of the averaged signature; finer detail differs from image to image
N_ROUNDS = 3  # of turning images and taking the mean again; two suffice on all sets above


def check_negatives(images: pd.DataFrame, poses: pd.DataFrame | None = None) -> list[DataIssue]:
    """Find images that look like negatives of the others.

    Args:
        images: the audited table; image_id, path and signature count.
        poses: as `find_poses` returns them, which tells images that are upside down from
            negatives; None: nobody has looked, or the images are no chests.
    """
    known = images[images["signature"].notna()]
    if len(known) < FEWEST:
        return [passed("negative_image", f"With {len(known)} images negatives are not looked for.")]
    likeness = compare_with_mean(known["signature"])
    affected = known[["image_id", "path"]].assign(likeness=likeness)
    affected = affected[find_suspects(likeness)].sort_values("likeness", kind="stable")
    if poses is not None:
        affected = affected[poses["is_negative"].reindex(affected.index)]
    if affected.empty:
        return [passed("negative_image", "No image looks like a negative of the others.")]
    verb = "looks like a negative" if len(affected) == 1 else "look like negatives"
    return [
        DataIssue(
            code="negative_image",
            severity="warning",
            title=f"{count_of(len(affected), 'image')} of {len(known):,} {verb} of the others.",
            count=len(affected),
            why="In a negative air is bright and bone is dark: a network takes it for something "
            "else, and if most negatives are of one class, for that class.",
            advice="Look at them. Invert them, or leave them out.",
            examples=first_of(affected["image_id"]),
            table=rows_of(affected),
        )
    ]


def find_suspects(likeness: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which images look like negatives; of few images none does.

    Args:
        likeness: as `compare_with_mean` returns it.
    """
    return (likeness < -THRESHOLD) & (len(likeness) >= FEWEST)


def compare_with_mean(signatures: pd.Series) -> NDArray[np.float32]:
    """Return how each image correlates with the mean of the others, negatives turned.

    Args:
        signatures: of n >= 1 images, none missing.

    Returns:
        float32 (n,), in [-1, 1]; most are above 0. 0 for an image of one gray level.
    """
    vectors = _normalise(signatures)
    # The first principal component does not change with the sign of any image, so it tells
    # two opposite kinds apart whatever their shares.
    main = np.linalg.eigh(vectors.T @ vectors)[1][:, -1]
    likeness = vectors @ main
    for _ in range(N_ROUNDS):
        turned = vectors * np.where(likeness < 0, -1, 1).astype(np.float32)[:, None]
        others = turned.sum(axis=0) - turned  # without itself: few images would each find itself
        length = np.linalg.norm(others, axis=1)
        likeness = (vectors * others).sum(axis=1) / np.where(length > 0, length, 1)
    if (likeness < 0).sum() > (likeness > 0).sum():
        likeness = -likeness
    result: NDArray[np.float32] = likeness.astype(np.float32)
    return result


def _normalise(signatures: pd.Series) -> NDArray[np.float32]:
    """Return signatures averaged to `SIDE` px, as vectors of mean 0 and length 1, (n, SIDE²)."""
    step = SIGNATURE_SIDE // SIDE
    pixels = np.frombuffer(b"".join(signatures), np.uint8).reshape(-1, SIDE, step, SIDE, step)
    vectors = pixels.mean(axis=(2, 4), dtype=np.float32).reshape(len(pixels), -1)
    vectors -= vectors.mean(axis=1, keepdims=True)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    normalised: NDArray[np.float32] = vectors / np.where(length > 0, length, 1)
    return normalised
