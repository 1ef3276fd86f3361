"""Copies: which images show the same picture, as their pixels tell, and which of them are joined.

Images with identical pixels are one picture. Images that look the same without being identical
(`audit.near_identical`) are one in nearly all cases, but "looks the same" is no equivalence: a
likes b, b likes c, and a chain of such pairs could join half of a dataset. So a chain that
would hold more than `LARGEST_SHARE` of the images is joined only where two of them are all but
identical; what is left apart is counted.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

LARGEST_SHARE = 0.2  # of the images
SMALL_CHAIN = 20  # images; so many may be one picture in a small dataset, too
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
        codes, names = pd.factorize(self.digests)
        sizes = np.bincount(codes[codes >= 0], minlength=len(names))
        places = pd.Index(names)
        ends = [places.get_indexer(pd.Index(self.pairs[end])) for end in ("digest_a", "digest_b")]
        chain = connect(len(names), *ends)
        n_images = np.bincount(chain, weights=sizes)
        largest = max(SMALL_CHAIN, LARGEST_SHARE * sizes.sum())
        short = n_images[chain[ends[0]]] <= largest
        alike = self.pairs["similarity"].to_numpy() >= ALL_BUT_IDENTICAL
        joined: pd.DataFrame = self.pairs[short | alike]
        return joined

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
