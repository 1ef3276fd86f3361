"""Copies: which images show the same picture, as their pixels tell, and which of them are joined.

Images with identical pixels are one picture. Images that look the same without being identical
(`audit.near_identical`) are one in nearly all cases, but a chain of such pairs, a like b and b like
c, could join half of a dataset. So a chain that would hold more than `LARGEST_SHARE` of the
images is joined only where two of them are all but identical, and not at all if that still makes
so long a chain: then the images are too much alike to tell. What is left apart is counted.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

LARGEST_SHARE = 0.2  # of the images
SMALL_CHAIN = 8  # images; so many may be one picture in a small dataset, too
ALL_BUT_IDENTICAL = 0.98  # least similarity within a chain that is too long


@dataclass(frozen=True)
class Copies:
    """What is known of copies among the images of a catalog.

    Attributes:
        digests: strings, index of the catalog: equal where pixels are; <NA> where nobody knows.
        pairs: digest_a, digest_b, similarity (in [-1, 1]) of those that look the same; two
            different digests of `digests` each, every pair once.
    """

    digests: pd.Series
    pairs: pd.DataFrame

    @cached_property
    def joined(self) -> pd.DataFrame:
        """The rows of `pairs` that a split keeps together."""
        if self.pairs.empty:
            return self.pairs
        alike = self.pairs["similarity"].to_numpy() >= ALL_BUT_IDENTICAL
        joined: pd.DataFrame = self.pairs[self._are_short() | (alike & self._are_short(alike))]
        return joined

    def _are_short(self, chosen: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
        """Return which of `pairs` are in a short chain of those `chosen`, or of all."""
        codes, names = pd.factorize(self.digests)
        sizes = np.bincount(codes[codes >= 0], minlength=len(names))
        places = pd.Index(names)
        ends = [places.get_indexer(pd.Index(self.pairs[end])) for end in ("digest_a", "digest_b")]
        chain = connect(len(names), *(ends if chosen is None else [end[chosen] for end in ends]))
        n_images = np.bincount(chain, weights=sizes)
        short: NDArray[np.bool_] = n_images[chain[ends[0]]] <= max(
            SMALL_CHAIN, LARGEST_SHARE * sizes.sum()
        )
        return short

    @property
    def n_left_apart(self) -> int:
        """How many pairs look the same but are not joined, as their chain is too long."""
        return len(self.pairs) - len(self.joined)

    @property
    def n_identical(self) -> int:
        """How many groups of images have identical pixels."""
        counts = self.digests.value_counts()
        return int((counts > 1).sum())


def connect(n_nodes: int, first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return the number of the component that each of the nodes 0..n_nodes-1 is in.

    Args:
        n_nodes: how many.
        first: one end of each edge.
        second: the other end, likewise.
    """
    # Here, not above: every page imports this package, and few of them split anything.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(first)), (first, second)), shape=(n_nodes, n_nodes))
    component: NDArray[np.int32] = connected_components(graph, directed=False)[1]
    return component
