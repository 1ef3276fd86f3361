"""The map of images: features of many numbers laid out on a plane, by t-SNE."""

import numpy as np
from numpy.typing import NDArray

from xray_core.runs.features import MapNotes

MOST_IMAGES = 5000  # on a map: the time grows faster than their number
N_COMPONENTS = 50  # numbers an image that PCA leaves to t-SNE
PERPLEXITY = 30.0  # neighbours that an image is laid beside
LEAST_IMAGES = 5
SEED = 0


def draw_groups(
    groups: NDArray[np.object_], most: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return places of at most `most` images, whole patients, drawn at random; in order.

    Args:
        groups: (n,), whose image each is.
        most: images.
        rng: where the draw comes from.
    """
    if len(groups) <= most:
        return np.arange(len(groups))
    names, codes = np.unique(groups.astype(str), return_inverse=True)
    counts = np.bincount(codes)
    order = rng.permutation(len(names))
    fits = np.cumsum(counts[order]) <= most
    drawn = np.zeros(len(names), bool)
    drawn[order[fits]] = True
    return np.flatnonzero(drawn[codes])


def lay_out(
    vectors: NDArray[np.float32], groups: NDArray[np.object_]
) -> tuple[NDArray[np.int64], NDArray[np.float64], MapNotes] | None:
    """Return where images lie on the map; None of fewer than `LEAST_IMAGES`.

    Source: van der Maaten and Hinton 2008, J Mach Learn Res 9; PCA first, as they advise.

    Args:
        vectors: float32 (n, d), each of length 1.
        groups: (n,), the patient of each: a draw takes whole ones.

    Returns:
        Places of the n_drawn images in `vectors`; float (n_drawn, 2), their x and y, without unit;
        how they were made.
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    drawn = draw_groups(groups, MOST_IMAGES, np.random.default_rng(SEED))
    if len(drawn) < LEAST_IMAGES:
        return None
    shown = vectors[drawn].astype("float64")
    n_components = min(N_COMPONENTS, *shown.shape)
    shown = PCA(n_components, random_state=SEED).fit_transform(shown)
    perplexity = min(PERPLEXITY, (len(drawn) - 1) / 3)
    # With a single number an image there is no second component to begin from.
    begin = "pca" if shown.shape[1] > 1 else "random"
    tsne = TSNE(perplexity=perplexity, init=begin, random_state=SEED)
    notes = MapNotes(n=len(drawn), n_all=len(vectors), perplexity=perplexity, seed=SEED)
    # On one core: beside a training, several that wait for each other take many times as long.
    with threadpool_limits(1):
        points = tsne.fit_transform(shown)
    return drawn, points.astype("float64"), notes
