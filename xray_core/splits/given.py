"""Subsets that are settled before anything is drawn: a test set that comes from elsewhere."""

import pandas as pd

from xray_core.catalog import Catalog
from xray_core.errors import RecipeError
from xray_core.splits.dividing import divide_groups
from xray_core.splits.spec import SUBSETS, TARGET_DOMAIN, UNTESTED_METHODS, SplitSpec
from xray_core.splits.thesis import divide_as_thesis, divide_by_table, find_thesis_test

OPEN = "open"  # of an image that has no subset yet
PUBLISHED_SUBSETS = {"training": OPEN, "validation": OPEN, "test": "test"}
SHOWN_SITES = 8  # that a refusal names


def find_given(
    catalog: Catalog, images: pd.DataFrame, groups: pd.Series, spec: SplitSpec
) -> pd.Series | None:
    """Return the subset of each image as far as the method of `spec` settles it.

    Args:
        catalog: the dataset.
        images: the rows of `catalog.images` that are divided.
        groups: of every image of the catalog; see `grouping.group_images`.
        spec: how to divide.

    Returns:
        object, index of `images`: a subset, `OPEN` for what is yet to be divided, or <NA> for what
        is in no subset. None where the method gives nothing.

    Raises:
        RecipeError: the catalog has no such test set.
    """
    if spec.method == "published":
        return _find_published(catalog, images)
    if spec.method == "target_domain":
        held_out = hold_out_target_domain(catalog, images.assign(group=groups[images.index]), spec)
        return _leave_external_out(_keep_open(held_out), images, spec)
    if spec.method == "thesis":
        return divide_as_thesis(catalog, spec)[images.index]
    if spec.method in UNTESTED_METHODS:
        return divide_by_table(catalog, spec)[images.index]
    tested = find_tested_owners(catalog, spec)
    if tested is None:
        return None
    owned = groups.isin(groups[tested]) & ~tested
    subset = _keep_open(tested).mask(owned, pd.NA)[images.index]
    return _leave_external_out(subset, images, spec)


def count_fixed(catalog: Catalog, spec: SplitSpec) -> dict[str, int]:
    """Return how many images the thesis' own subsets have, those whose file is absent included.

    Returns:
        Subset -> images, of the subsets that the method of `spec` takes from the thesis.
    """
    if spec.method == "thesis_patients":
        return {"test": int(find_thesis_test(catalog).sum())}
    if spec.method == "thesis":
        counts = divide_as_thesis(catalog, spec).value_counts()
    elif spec.method in UNTESTED_METHODS:
        counts = divide_by_table(catalog, spec).value_counts()
    else:
        return {}
    return {name: int(counts[name]) for name in SUBSETS if name in counts}


def find_tested_owners(catalog: Catalog, spec: SplitSpec) -> "pd.Series[bool] | None":
    """Return which images are tested, where no other image of their patients may be used.

    Returns:
        bool, index of `catalog.images`; None where the method of `spec` gives no such test set.

    Raises:
        RecipeError: the catalog has no such test set.
    """
    if spec.method == "thesis_patients":
        return find_thesis_test(catalog)
    return _find_site(catalog, spec.site) if spec.method == "site" else None


def _keep_open(tested: "pd.Series[bool]") -> pd.Series:
    return tested.map({True: "test", False: OPEN}).astype("object")


def _leave_external_out(subset: pd.Series, images: pd.DataFrame, spec: SplitSpec) -> pd.Series:
    own = images["source"] == TARGET_DOMAIN
    return subset.where(own, pd.NA) if spec.target_domain_only else subset


def _find_published(catalog: Catalog, images: pd.DataFrame) -> pd.Series:
    """Return the authors' test set, the rest open; <NA> where they say nothing of an image."""
    published = images["published_split"].map(PUBLISHED_SUBSETS).astype("object")
    if not (published == "test").any() or not (published == OPEN).any():
        raise RecipeError(
            f"{catalog.root} comes without a published test set. Set split.method=patient."
        )
    return published


def hold_out_target_domain(catalog: Catalog, images: pd.DataFrame, spec: SplitSpec) -> pd.Series:
    """Choose the external test set of a union: `spec.test` of the images of `TARGET_DOMAIN`.

    It is divided by the published findings, not by the classes of a task, so that one
    seed holds out the same images whatever the task. A group that also holds an external image
    stays in the rest.

    Args:
        catalog: the union, for its name.
        images: rows of `catalog.images` with a column `group`; see `grouping.group_images`.
        spec: the fraction `test` and the seed.

    Returns:
        bool, index of `images`, True for what is held out.

    Raises:
        RecipeError: the images are no union with `TARGET_DOMAIN`.
    """
    own = images["source"] == TARGET_DOMAIN
    if own.all() or not own.any():
        raise RecipeError(
            f"{catalog.root} is no union of {TARGET_DOMAIN} with external images, so no "
            "external test set can be held out. Set split.method=patient."
        )
    alone = images[own & ~images["group"].isin(images.loc[~own, "group"])]
    alone = alone.assign(**{"class": alone["findings"].fillna("unlabelled")})
    # What is left is divided into what trains and what validates.
    subsets = divide_groups(alone, {"test": spec.test}, spec.seed, of_rest=2)
    return (subsets == "test").reindex(images.index, fill_value=False)


def list_sites(catalog: Catalog) -> list[str]:
    """Return the sites that are known of the images that are present, that of most images first."""
    return [str(site) for site in catalog.present["site"].value_counts().index]


def _find_site(catalog: Catalog, site: str) -> "pd.Series[bool]":
    sites = list_sites(catalog)
    if site not in sites:
        there = ", ".join(sites[:SHOWN_SITES]) or "none is known of any image"
        more = f" and {len(sites) - SHOWN_SITES:,} more" if len(sites) > SHOWN_SITES else ""
        raise RecipeError(
            f"split.site is {site!r}, but no image of {catalog.root} is from there. Its sites: "
            f"{there}{more}."
        )
    return (catalog.images["site"] == site).fillna(False).astype(bool)
