"""Splits: which image trains, which validates, which tests; no patient in two parts.

Images that belong together stay together: those of one patient or one study, as far as
these are published, and copies of the same file under other names.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from xray_core.catalog import Catalog
from xray_core.errors import DatasetError, RecipeError
from xray_core.labels import class_of
from xray_core.paths import read_bytes

PARTS = ("train", "validation", "test")
METHODS = ("patient", "clean", "published", "production", "image")
LEAKY_METHODS = ("published", "image")  # the others keep groups together
FOLDED_METHODS = ("patient", "clean", "image")  # the others have a test part that is given
MOST_FOLDS = 20
PRODUCTION = "siim_covid19"  # the source whose images a production split holds out
PUBLISHED_PARTS = {"train": "train", "val": "train", "test": "test"}


@dataclass(frozen=True)
class SplitSpec:
    """How a dataset is divided.

    Attributes:
        method: "patient": our own, grouped and stratified. "clean": the same, and images with
            identical pixels stay together whatever their file format. "published": the
            authors' test part, and validation taken from their training part by patient.
            "production": of a union, `test` of the images of `PRODUCTION` are the test part;
            its other images and all external ones are divided by `validation`. "image": at
            random by image, as many notebooks do; patients leak.
        validation: fraction of all images (of the part left to train on, for "published"
            and "production"), above 0.
        test: fraction of all images (of those of `PRODUCTION`, for "production"); 0 judges on
            validation; ignored by "published".
        seed: another seed, another split.
        folds: 0, or the number of equal parts of a cross-validation, 2 to 20. One of them is the
            test part, instead of `test`, and `validation` is a fraction of the others. Each image
            is tested in one of the folds.
        fold: which one is the test part, from 1.
        production_only: of "production": whether the external images are left out, so that a
            network can be trained on the rest of `PRODUCTION` alone and judged on the same images.
        allow_leaks: whether a split that has one patient in several parts may be trained on, and
            whether starting weights may have been trained on what is tested.
    """

    method: str = "patient"
    validation: float = 0.15
    test: float = 0.15
    seed: int = 0
    folds: int = 0
    fold: int = 1
    production_only: bool = False
    allow_leaks: bool = False

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise RecipeError(
                f"split.method is {self.method!r}; choose one of: {', '.join(METHODS)}."
            )
        if not (0 < self.validation < 1 and 0 <= self.test < 1 and self.validation + self.test < 1):
            raise RecipeError(
                f"split.validation is {self.validation} and split.test is {self.test}; choose "
                "fractions above 0 (test may be 0) that leave something to train on."
            )
        if self.seed < 0:
            raise RecipeError(f"split.seed is {self.seed}; choose 0 or above.")
        if self.folds and not 2 <= self.folds <= MOST_FOLDS:
            raise RecipeError(f"split.folds is {self.folds}; choose 0, or 2 to {MOST_FOLDS}.")
        if self.folds and self.method not in FOLDED_METHODS:
            raise RecipeError(
                f"split.folds is {self.folds}, but the test part of split.method={self.method} is "
                f"given. Set split.method to one of: {', '.join(FOLDED_METHODS)}."
            )
        if self.production_only and self.method != "production":
            raise RecipeError(
                "split.production_only is true, but only split.method=production has external "
                "images to leave out. Set it to false."
            )
        if not 1 <= self.fold <= max(1, self.folds):
            raise RecipeError(f"split.fold is {self.fold}; choose 1 to {max(1, self.folds)}.")

    @property
    def has_test(self) -> bool:
        """Whether there is a test part."""
        return self.method == "published" or self.folds > 0 or self.test > 0


def split_catalog(
    catalog: Catalog,
    targets: pd.DataFrame,
    spec: SplitSpec,
    pixels: pd.Series | None = None,
    read_files: bool = True,
) -> pd.DataFrame:
    """Divide the labelled images that are present into training, validation and test.

    Args:
        catalog: the dataset.
        targets: shape (m, n_classes), as `labels.encode_labels` returns; index of the catalog.
        spec: how to divide.
        pixels: for "clean": a digest of each image's pixels, index of the catalog, <NA> where
            it cannot be read; see `preprocess.fingerprints`.
        read_files: see `group_images`.

    Returns:
        One row per image, sorted by image_id: image_id, path, group (images that belong
        together, see `group_images`), class, part (one of `PARTS`). With "published", images
        that the authors put in no part are left out.

    Raises:
        RecipeError: the published or production split is asked for and there is none, "clean"
            without `pixels`, or a part would be empty or lack a class.
    """
    if spec.method == "clean" and pixels is None:
        raise RecipeError("split.method=clean needs the digest of each image's pixels.")
    images = catalog.present.loc[lambda table: table.index.isin(targets.index)]
    if spec.method == "published":
        images = images[images["published_split"].notna()]
    table = images[["image_id", "path"]].assign(
        group=group_images(catalog, pixels, read_files)[images.index],
        **{"class": class_of(targets)[images.index]},
    )
    if spec.method == "published":
        published = images["published_split"].map(PUBLISHED_PARTS).astype("object")
        if not (published == "test").any() or not (published == "train").any():
            raise RecipeError(
                f"{catalog.root} comes without a published test part. Set split.method=patient."
            )
        inner = published == "train"
        part = published.copy()
        part[inner] = _divide(table[inner], {"validation": spec.validation}, spec.seed)
    elif spec.method == "production":
        held_out = hold_out_production(catalog, images.assign(group=table["group"]), spec)
        if spec.production_only:
            table = table[images["source"] == PRODUCTION]
            held_out = held_out[table.index]
        part = pd.Series("test", index=table.index, dtype="object")
        rest = table[~held_out]
        part[rest.index] = _divide(rest, {"validation": spec.validation}, spec.seed)
    else:
        # By image, the table still tells the patients: intervals are drawn over them.
        by_image = table.assign(group=table["image_id"])
        whole = by_image if spec.method == "image" else table
        if spec.folds:
            part = _divide_folds(whole, spec)
        else:
            fractions = {"validation": spec.validation, "test": spec.test}
            part = _divide(whole, fractions, spec.seed)
    table = table.assign(part=pd.Categorical(part, categories=list(PARTS)))
    _check_parts(table, spec)
    return table.sort_values("image_id", ignore_index=True)


def hold_out_production(catalog: Catalog, images: pd.DataFrame, spec: SplitSpec) -> pd.Series:
    """Choose the hidden test part of a union: `spec.test` of the images of `PRODUCTION`.

    It is divided by the published findings, not by the classes of a label view, so that one
    seed hides the same images whatever the view. A group that also holds an external image
    stays in the rest.

    Args:
        catalog: the union, for its name.
        images: rows of `catalog.images` with a column `group`; see `group_images`.
        spec: the fraction `test` and the seed.

    Returns:
        bool, index of `images`, True for what is held out.

    Raises:
        RecipeError: the images are no union with `PRODUCTION`.
    """
    own = images["source"] == PRODUCTION
    if own.all() or not own.any():
        raise RecipeError(
            f"{catalog.root} is no union of {PRODUCTION} with external images, so no "
            "production part can be held out. Set split.method=patient."
        )
    alone = images[own & ~images["group"].isin(images.loc[~own, "group"])]
    alone = alone.assign(**{"class": alone["findings"].fillna("unlabelled")})
    parts = _divide(alone, {"test": spec.test}, spec.seed)
    return (parts == "test").reindex(images.index, fill_value=False)


def fitting_methods(catalog: Catalog) -> list[str]:
    """Return those of `METHODS` that can divide `catalog`."""
    published = catalog.images["published_split"].dropna().unique()
    unfit = set()
    if "test" not in published or len(published) < 2:
        unfit.add("published")
    own = catalog.images["source"] == PRODUCTION
    if own.all() or not own.any():
        unfit.add("production")
    return [method for method in METHODS if method not in unfit]


def group_images(
    catalog: Catalog, pixels: pd.Series | None = None, read_files: bool = True
) -> pd.Series:
    """Return, for every image of the catalog, the name of its group; index kept.

    Two images are in one group if they share a patient or a study, or are the same file byte
    for byte, or have the same digest in `pixels`. Groups join when an image links them. A group
    is called after the patient of its first image; after the study, or the image, where that is
    all there is. Without `read_files`, identical files are not looked for: much quicker where
    many files have the same size.
    """
    # Here, not above: every page imports this module, and few of them split anything.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    images = catalog.images
    # A graph of images (0..n-1), patients, studies and file contents: what is connected is a group.
    rows, nodes, n_nodes = [], [], len(images)
    links = [images["patient_id"], images["study_id"]]
    if read_files:
        links.append(_digests_of_copies(catalog).reindex(images.index))
    if pixels is not None:
        links.append(pixels.reindex(images.index))
    for shared in links:
        code, names = pd.factorize(shared)
        known = np.flatnonzero(code >= 0)
        rows.append(known)
        nodes.append(n_nodes + code[known])
        n_nodes += len(names)
    ends = (np.concatenate(rows), np.concatenate(nodes))
    graph = coo_array((np.ones(len(ends[0])), ends), shape=(n_nodes, n_nodes))
    group = connected_components(graph, directed=False)[1][: len(images)]
    name = images["patient_id"].fillna("study " + images["study_id"]).fillna(images["image_id"])
    return name.groupby(group).transform("first").astype("string")


def count_leaks(split: pd.DataFrame, catalog: Catalog, read_files: bool = True) -> int:
    """Return how many patients (studies where unknown, or identical files) are in several parts."""
    # Not split["group"]: a split by image has groups of one.
    of_image = group_images(catalog, read_files=read_files)
    groups = split["image_id"].map(of_image.set_axis(catalog.images["image_id"]))
    return int((split.groupby(groups)["part"].nunique() > 1).sum())


def check_leaks(
    split: pd.DataFrame, catalog: Catalog, spec: SplitSpec, read_files: bool = True
) -> int:
    """Return `count_leaks`, or raise RecipeError where `spec` allows none and there are some."""
    leaks = count_leaks(split, catalog, read_files)
    if leaks and not spec.allow_leaks:
        raise RecipeError(
            f"With split.method={spec.method}, {leaks:,} patients (or studies, or identical files) "
            "are in several parts, so the test would be too easy. Set split.method=clean, or, "
            "to see what a leak does, split.allow_leaks=true; the run then says so."
        )
    return leaks


def describe_groups(catalog: Catalog, spec: SplitSpec) -> str:
    """Return in words what a split of `catalog` goes by."""
    if spec.method == "image":
        return "image"
    by = "patient" if catalog.images["patient_id"].notna().any() else "study"
    if catalog.images["study_id"].isna().all() and by == "study":
        by = "image (neither patient nor study is published)"
    joined = "identical pixels" if spec.method == "clean" else "identical files"
    return f"{by}; {joined} joined"


def bytes_to_compare(catalog: Catalog) -> int:
    """Return how many bytes `group_images` reads to find identical files."""
    return int(_maybe_copies(catalog)["file_size"].sum())


def _maybe_copies(catalog: Catalog) -> pd.DataFrame:
    """Return the present images whose file size another one shares."""
    present = catalog.present
    sizes = present["file_size"]
    return present[sizes.duplicated(keep=False) & sizes.notna()]


def _digests_of_copies(catalog: Catalog) -> pd.Series:
    """Return a content digest for each present image whose file size another one shares."""
    maybe = _maybe_copies(catalog)
    digests = maybe["path"].map(lambda path: _digest(catalog.root / path))
    return digests[digests.duplicated(keep=False)]


def _digest(path: Path) -> str:
    try:
        return hashlib.blake2b(read_bytes(path), digest_size=16).hexdigest()
    except (OSError, DatasetError):
        return f"unreadable {path}"  # equal to no other file; decoding will report it


def _divide(table: pd.DataFrame, fractions: dict[str, float], seed: int) -> pd.Series:
    """Give each row a part: whole groups, classes in like proportion; the rest is "train"."""
    # A group counts with its rarest class, so that the small classes are spread most evenly.
    n_of_class = table["class"].map(table["class"].value_counts()).astype(int)
    rarest = table.assign(n=n_of_class).sort_values("n", kind="stable").groupby("group")["class"]
    groups = pd.DataFrame({"class": rarest.first(), "size": table.groupby("group").size()})
    groups = groups.iloc[np.random.default_rng(seed).permutation(len(groups))]
    by_class = groups.groupby("class", observed=True)["size"]
    # Where a group's middle lies in its class, as a fraction of the class' images.
    middle = (by_class.cumsum() - groups["size"] / 2) / by_class.transform("sum")
    edges = np.cumsum(list(fractions.values()))
    parts = np.array([*fractions, "train"])[np.searchsorted(edges, middle, side="right")]
    return table["group"].map(pd.Series(parts, index=groups.index))


def _divide_folds(table: pd.DataFrame, spec: SplitSpec) -> pd.Series:
    """Give each row a part: one of equal folds is the test part, wherever the others go."""
    names = [str(number) for number in range(1, spec.folds)]
    fold = _divide(table, dict.fromkeys(names, 1 / spec.folds), spec.seed)
    fold = fold.replace("train", str(spec.folds))  # the rest
    part = pd.Series("test", index=table.index, dtype="object")
    rest = table[fold != str(spec.fold)]
    part[rest.index] = _divide(rest, {"validation": spec.validation}, spec.seed)
    return part


def _check_parts(table: pd.DataFrame, spec: SplitSpec) -> None:
    counts = pd.crosstab(table["class"], table["part"], dropna=False)
    needed = [part for part in PARTS if part != "test" or spec.has_test]
    for part in needed:
        missing = counts.index[counts.get(part, 0) == 0] if part in counts else counts.index
        if len(missing):
            raise RecipeError(
                f"The {part} part would hold no image of {', '.join(map(str, missing))} "
                f"({len(table)} labelled images in {table['group'].nunique()} groups in all). "
                "Use more images, other split fractions, or another label view."
            )
