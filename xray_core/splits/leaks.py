"""Leaks: what a split has in several subsets, counted by kind, and what it keeps together."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

import pandas as pd

from xray_core.catalog import Catalog
from xray_core.errors import RecipeError
from xray_core.splits.copies import Copies
from xray_core.splits.grouping import digests_of_copies, group_images
from xray_core.splits.spec import BY_ROW_METHODS, LEAKY_METHODS, SplitSpec

# Field of `Leaks` -> what it counts, one and several.
KINDS = {
    "patients": ("patient", "patients"),
    "studies": ("study", "studies"),
    "identical": ("group of identical images", "groups of identical images"),
    "near_identical": ("pair of images that look the same", "pairs of images that look the same"),
}


@dataclass(frozen=True)
class Leaks:
    """How much is in several subsets of a split.

    Attributes:
        patients: whose images are.
        studies: likewise.
        identical: groups of identical files, or of identical pixels where these are known.
        near_identical: pairs of images that look the same; None where nobody compared them.
        groups: of images that belong together by any of these; see `group_images`.
        by_tables: of these groups, those that patients, studies and identical files make.
    """

    patients: int
    studies: int
    identical: int
    near_identical: int | None
    groups: int
    by_tables: int

    def __bool__(self) -> bool:
        return self.groups > 0

    def to_dict(self) -> dict[str, int | None]:
        """Return the counts of `KINDS`, for JSON."""
        return {kind: count for kind, count in asdict(self).items() if kind in KINDS}


def count_leaks(
    split: pd.DataFrame, catalog: Catalog, copies: Copies | None = None, read_files: bool = True
) -> Leaks:
    """Count what is in several subsets.

    Args:
        split: as `split_catalog` returns.
        catalog: what was divided.
        copies: which images show the same picture; None: nobody knows.
        read_files: whether identical files are looked for, where `copies` does not tell.
    """
    images = catalog.images
    subset = images["image_id"].map(split.set_index("image_id")["subset"].astype("object"))

    def count(groups: pd.Series) -> int:
        return int((subset.groupby(groups.reindex(images.index)).nunique() > 1).sum())

    # Not split["group"]: a split by image has groups of one. An image in no subset links nobody.
    placed = replace(catalog, images=images[subset.notna()])
    by_tables = count(group_images(placed, read_files=read_files))
    files = digests_of_copies(catalog) if read_files else pd.Series(dtype="string")
    pixels = files if copies is None else copies.digests
    return Leaks(
        patients=count(images["patient_id"]),
        studies=count(images["study_id"]),
        # Of files that cannot be read no pixels are known, and they may be one file all the same.
        identical=max(count(files), count(pixels)),
        near_identical=None if copies is None else _count_pairs(copies, subset),
        groups=by_tables if copies is None else count(group_images(placed, copies, read_files)),
        by_tables=by_tables,
    )


def _count_pairs(copies: Copies, subset: pd.Series) -> int:
    """Return how many joined pairs have images in two subsets; an image stands for its copies."""
    placed = pd.DataFrame({"digest": copies.digests.astype(object), "subset": subset}).dropna()
    placed = placed.drop_duplicates()
    bits = {name: 1 << place for place, name in enumerate(placed["subset"].unique())}
    where = placed["subset"].map(bits).astype(int).groupby(placed["digest"]).sum()
    ends = [copies.joined[end].astype(object).map(where) for end in ("digest_a", "digest_b")]
    there = ends[0].notna() & ends[1].notna()
    a, b = (end[there].astype(int) for end in ends)
    # Both in one and the same subset, and nowhere else, is no leak.
    return int(((a != b) | ((a & (a - 1)) > 0)).sum())


def count_loose(catalog: Catalog, copies: Copies) -> int:
    """Return how many pairs of images that look the same no split but a clean one keeps together.

    No file is read, and it is the same for each seed: those of one patient or study stay together.
    """
    groups = group_images(catalog, read_files=False)
    owners = groups.groupby(copies.digests.astype(object)).agg(frozenset)
    a, b = (copies.joined[end].astype(object).map(owners) for end in ("digest_a", "digest_b"))
    return sum(len(first | second) > 1 for first, second in zip(a, b, strict=True))


def check_leaks(
    split: pd.DataFrame,
    catalog: Catalog,
    spec: SplitSpec,
    copies: Copies | None = None,
    read_files: bool = True,
) -> Leaks:
    """Return `count_leaks`, or raise RecipeError where a leak is not allowed and there is one.

    A split by patient keeps patients, studies and identical files together. It promises nothing
    of images that only look the same, so these are counted and do not end a training.

    Args:
        split: as for `count_leaks`.
        catalog: likewise.
        spec: how it was divided, and whether it may leak.
        copies: as for `count_leaks`.
        read_files: likewise.
    """
    leaks = count_leaks(split, catalog, copies, read_files)
    counted = leaks.groups if spec.method in (*LEAKY_METHODS, "clean") else leaks.by_tables
    if counted and not spec.allow_leaks:
        better = "thesis_patients" if spec.method == "thesis" else "clean"
        raise RecipeError(
            f"With split.method={spec.method}, {format_leaks(leaks.to_dict())} are in several "
            f"subsets, so the test would be too easy. Set split.method={better}, or, to see what a "
            "leak does, split.allow_leaks=true; the run then says so."
        )
    return leaks


def format_leaks(counts: Mapping[str, int | None]) -> str:
    """Return in words what is in several subsets, one kind at least.

    >>> format_leaks({"patients": 1, "studies": 0, "identical": 0, "near_identical": 358})
    '1 patient and 358 pairs of images that look the same'
    """
    words = [
        f"{n:,} {KINDS[kind][n != 1]}" for kind in KINDS if (n := counts.get(kind) or 0) > 0
    ] or ["no patients"]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def describe_groups(catalog: Catalog, spec: SplitSpec) -> str:
    """Return in words what a split of `catalog` goes by."""
    if spec.method == "image":
        return "image"
    joined = "images that look the same" if spec.method == "clean" else "identical files"
    return f"{_describe_owners(catalog)}; {joined} joined"


def describe_grouping(method: str, grouped_by: str) -> str:
    """Return in words how a run was divided; where its subsets were given, patients count less.

    Args:
        method: of the split.
        grouped_by: as `describe_groups` returns it.

    >>> describe_grouping("thesis_folders", "patient; identical files joined")
    "by the rows of the thesis' table, which does not keep patients together"
    """
    if method in BY_ROW_METHODS:
        return "by the rows of the thesis' table, which does not keep patients together"
    if method == "published":
        return f"the authors' test set as it is, the rest grouped by {grouped_by}"
    return f"grouped by {grouped_by}"


def _describe_owners(catalog: Catalog) -> str:
    """Return by what images are kept together, and for how many that is known."""
    present = catalog.present
    n_known = {what: int(present[f"{what}_id"].notna().sum()) for what in ("patient", "study")}
    for what, n in n_known.items():
        if present.empty or n == len(present):
            return what
        if n:
            rest = "study" if what == "patient" and n_known["study"] else "image"
            return f"{what} where known ({n:,} of {len(present):,} images), else {rest}"
    return "image (neither patient nor study is published)"
