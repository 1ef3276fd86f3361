"""Which images belong together: those of a patient or study, and copies of one picture."""

import hashlib
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from xray_core.catalog import Catalog
from xray_core.errors import DatasetError
from xray_core.paths import open_file
from xray_core.splits.copies import Copies, connect


def group_images(
    catalog: Catalog, copies: Copies | None = None, read_files: bool = True
) -> pd.Series:
    """Return, for every image of the catalog, the name of its group; index kept.

    Two images are in one group if they share a patient or a study, or are the same file byte
    for byte, or, with `copies`, show the same picture. Groups join when an image links them. A
    group is called after the patient of its first image; after the study, or the image, where
    that is all there is. Without `read_files`, identical files are not looked for: much quicker
    where many files have the same size.
    """
    images = catalog.images
    # A graph of images (0..n-1), patients, studies and file contents: what is connected is a group.
    rows, nodes, n_nodes = [], [], len(images)
    links = [images["patient_id"], images["study_id"]]
    if read_files:
        links.append(digests_of_copies(catalog).reindex(images.index))
    for shared in links:
        code, names = pd.factorize(shared)
        known = np.flatnonzero(code >= 0)
        rows.append(known)
        nodes.append(n_nodes + code[known])
        n_nodes += len(names)
    if copies is not None:
        code, names = pd.factorize(copies.digests.reindex(images.index))
        known = np.flatnonzero(code >= 0)
        places = pd.Index(names)
        ends = [places.get_indexer(pd.Index(copies.joined[e])) for e in ("digest_a", "digest_b")]
        rows += [known, n_nodes + ends[0]]
        nodes += [n_nodes + code[known], n_nodes + ends[1]]
        n_nodes += len(names)
    group = connect(n_nodes, np.concatenate(rows), np.concatenate(nodes))[: len(images)]
    name = images["patient_id"].fillna("study " + images["study_id"]).fillna(images["image_id"])
    return name.groupby(group).transform("first").astype("string")


def bytes_to_compare(catalog: Catalog) -> int:
    """Return how many bytes `group_images` reads to find identical files."""
    return int(_maybe_copies(catalog)["file_size"].sum())


def _maybe_copies(catalog: Catalog) -> pd.DataFrame:
    """Return the present images whose file size another one shares."""
    present = catalog.present
    sizes = present["file_size"]
    return present[sizes.duplicated(keep=False) & sizes.notna()]


def digests_of_copies(catalog: Catalog) -> pd.Series:
    """Return a content digest for each present image whose file size another one shares."""
    maybe = _maybe_copies(catalog)
    digests = maybe["path"].map(lambda path: _digest(catalog.root / path))
    return digests[digests.duplicated(keep=False)]


def _digest(path: Path) -> str:
    try:
        with open_file(path) as file:
            return hashlib.file_digest(file, partial(hashlib.blake2b, digest_size=16)).hexdigest()
    except (OSError, DatasetError):
        return f"unreadable {path}"  # equal to no other file; decoding will report it
