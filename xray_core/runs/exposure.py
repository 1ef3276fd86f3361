"""Which images of another dataset a finished run knows, before it is evaluated on them."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from xray_core.audit.same_picture import find_copies
from xray_core.catalog import Catalog
from xray_core.runs.folder import Run
from xray_core.runs.seen import Past, Seen, describe_images, read_past_of
from xray_core.runs.starting_weights import find_related, find_same
from xray_core.workspace import Workspace

TRAINED, CHOSEN, PATIENTS = "trained", "chosen", "patients"
MOST_COMPARED = 30_000  # images whose looks are compared, of both datasets together


def read_exposure(run: Run, catalog: Catalog, workspace: Workspace) -> Past:
    """Return what the weights of a finished run have seen, all runs behind it included."""
    return read_past_of(str(run.best_checkpoint), catalog.source, workspace)


def mark_seen(
    past: Past, catalog: Catalog, workspace: Workspace, fingerprints: pd.DataFrame | None = None
) -> pd.Series:
    """Say of each image of a dataset whether the weights know it.

    Args:
        past: as `read_exposure` returns it.
        catalog: the dataset.
        workspace: the folders; digests that an audit left in its cache are compared.
        fingerprints: of some of its images, as `read_fingerprints` returns them: these are also
            compared by their looks with the pictures that were trained on, as far as these have
            been read.

    Returns:
        Strings, index of `catalog.images`: `TRAINED`: a run has learned from this picture;
        `CHOSEN`: it chose an epoch; `PATIENTS`: other images of the same patient or study did;
        <NA> where nothing of it is known.
    """
    known = describe_images(catalog, workspace)
    known = known.assign(joined=known["group"])
    kinds = pd.Series(pd.NA, index=known.index, dtype="string")
    for earlier in past.seen:
        images, alike = earlier.images, _find_alike(earlier, fingerprints, workspace)
        of_train, of_choice = (
            find_same(known, images[images["subset"] == subset])
            | known["digest"].isin(alike.loc[alike["subset"] == subset, "digest"])
            for subset in ("training", "validation")
        )
        related = find_related(known, images, of_train | of_choice)
        kinds = kinds.mask(related & kinds.isna(), PATIENTS)
        kinds = kinds.mask(of_choice & (kinds != TRAINED).fillna(True), CHOSEN)
        kinds = kinds.mask(of_train, TRAINED)
    return kinds.set_axis(catalog.images.index)


def list_uncompared(past: Past) -> list[str]:
    """Say of which runs not all pixels are known, so that copies may be missed."""
    words = []
    for earlier in past.seen:
        if n := int(earlier.images["digest"].isna().sum()):
            words.append(
                f"Of {n:,} of the {len(earlier.images):,} images that {earlier.run} learned from, "
                "nobody has read the pixels: copies of them under other names are not noticed. "
                "Audit its dataset and evaluate again."
            )
    return [*past.unknown, *words]


def _find_alike(
    earlier: Seen, fingerprints: pd.DataFrame | None, workspace: Workspace
) -> pd.DataFrame:
    """Return which pictures of another dataset look like those that an earlier run has seen.

    Returns:
        digest, and subset of the picture that it looks like.
    """
    nothing = pd.DataFrame({"digest": [], "subset": []}, dtype="object")
    if fingerprints is None or earlier.signatures.empty:
        return nothing
    ours = fingerprints[["digest", "signature"]].dropna().drop_duplicates("digest")
    theirs = earlier.signatures.rename_axis("digest").reset_index()
    both = pd.concat([theirs, ours], ignore_index=True).drop_duplicates("digest")
    if len(both) > MOST_COMPARED:
        return nothing
    both = both.astype({"digest": "string"})
    pairs = _pair(
        find_copies(both, workspace.cache).joined, set(ours["digest"]), set(theirs["digest"])
    )
    subsets = earlier.images.drop_duplicates("digest").set_index("digest")["subset"]
    return pairs.assign(subset=pairs["theirs"].map(subsets))[["digest", "subset"]]


def _pair(pairs: pd.DataFrame, ours: Iterable[str], theirs: Iterable[str]) -> pd.DataFrame:
    """Return the pairs between two sets of pictures, whichever comes first: digest, theirs."""
    ends = pairs[["digest_a", "digest_b"]].astype("object").to_numpy().reshape(-1, 2)
    both_ways = pd.DataFrame(np.concatenate([ends, ends[:, ::-1]]), columns=["digest", "theirs"])
    return both_ways[both_ways["digest"].isin(ours) & both_ways["theirs"].isin(theirs)]
