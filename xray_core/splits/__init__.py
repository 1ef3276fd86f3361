"""Splits: which image trains, which validates, which tests; no patient in two subsets.

Images that belong together stay together: those of one patient or one study, as far as
these are known, and copies of the same file under other names; in a clean split all that shows the
same picture. Each subset holds each class, where the class has groups enough.
"""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from xray_core.catalog import Catalog
from xray_core.errors import RecipeError
from xray_core.splits.copies import Copies
from xray_core.splits.dividing import divide_folds, divide_groups
from xray_core.splits.given import OPEN, count_fixed, find_given, hold_out_target_domain, list_sites
from xray_core.splits.grouping import group_images
from xray_core.splits.leaks import (
    Leaks,
    check_leaks,
    count_leaks,
    count_loose,
    describe_grouping,
    describe_groups,
    format_leaks,
)
from xray_core.splits.sampling import sample_groups
from xray_core.splits.several import (
    add_states,
    count_subsets,
    describe_unmeasured,
    strata_of,
)
from xray_core.splits.spec import (
    EXTERNAL_METHODS,
    FOLDED_METHODS,
    GIVEN_METHODS,
    LEAKY_METHODS,
    METHOD_TITLES,
    METHODS,
    MOST_FOLDS,
    SUBSETS,
    TARGET_DOMAIN,
    UNTESTED_METHODS,
    SplitSpec,
)
from xray_core.splits.thesis import FIRST_TESTED
from xray_core.splits.unused import describe_unused
from xray_core.tasks import STATE, has_several

__all__ = [
    "EXTERNAL_METHODS",
    "FOLDED_METHODS",
    "GIVEN_METHODS",
    "LEAKY_METHODS",
    "METHODS",
    "METHOD_TITLES",
    "MOST_FOLDS",
    "SUBSETS",
    "TARGET_DOMAIN",
    "UNTESTED_METHODS",
    "Copies",
    "Leaks",
    "SplitSpec",
    "check_leaks",
    "count_fixed",
    "count_leaks",
    "count_loose",
    "count_subsets",
    "describe_absent",
    "describe_grouping",
    "describe_groups",
    "describe_unused",
    "fitting_methods",
    "format_absence",
    "format_leaks",
    "hold_out_target_domain",
    "list_sites",
    "split_by_tables",
    "split_catalog",
]

MAX_COUNTED_CLASSES = 5  # classes whose images a refusal counts


def split_catalog(
    catalog: Catalog,
    targets: pd.DataFrame,
    spec: SplitSpec,
    copies: Copies | None = None,
    read_files: bool = True,
) -> pd.DataFrame:
    """Divide the labelled images that are present into training, validation and test.

    Args:
        catalog: the dataset.
        targets: shape (m, n_classes), as `tasks.encode_catalog` returns; index of the catalog.
            Where an image may have several classes, it is drawn by the rarest that it shows.
        spec: how to divide.
        copies: for "clean": which images show the same picture; see `audit.find_copies`. Other
            methods do not look at it.
        read_files: see `grouping.group_images`.

    Returns:
        One row per image, sorted by image_id: image_id, path, group (images that belong
        together, see `group_images`), class, subset (one of `SUBSETS`). Left out are images that
        the method puts in no subset, and what a sample (`spec.n_images`) does without. Of a
        multi-label task, class is the label in words, see `tasks.label_in_words`, and there is a
        column y_<class> for each class: Int8, 1 present, 0 absent, <NA> unknown.

    Raises:
        RecipeError: a test set is asked for that the dataset does not have, "clean" without
            `copies`, or a subset that is drawn would lack a class. Where the test set is given
            (`GIVEN_METHODS`), only the training set must hold each class; see `describe_absent`.
    """
    if spec.method == "clean" and copies is None:
        raise RecipeError("split.method=clean needs to know which images show the same picture.")
    if spec.method != "clean":
        copies = None
    images = catalog.present.loc[lambda table: table.index.isin(targets.index)]
    groups = group_images(catalog, copies, read_files)
    table = images[["image_id", "path"]].assign(
        group=groups[images.index], **{"class": strata_of(targets)[images.index]}
    )
    given = find_given(catalog, images, groups, spec)
    if given is not None:
        table, given = table[given.notna()], given[given.notna()]
    chosen = sample_groups(table, given, spec)
    table, given = table[chosen], None if given is None else given[chosen]
    # By image, the table still tells the patients: intervals are drawn over them.
    drawn = table.assign(group=table["image_id"]) if spec.method == "image" else table
    subset = _divide(drawn, given, spec)
    subset = pd.Series(pd.Categorical(subset, categories=list(SUBSETS)), index=subset.index)
    if has_several(targets):
        table = add_states(table.assign(subset=subset), targets)
    else:
        _check_subsets(drawn.assign(subset=subset), spec)
    return table.assign(subset=subset).sort_values("image_id", ignore_index=True)


def _divide(table: pd.DataFrame, given: pd.Series | None, spec: SplitSpec) -> pd.Series:
    """Return the subset of each image; `given` as `find_given` returns it, without <NA>."""
    if given is None and not spec.folds:
        fractions = {"validation": spec.validation_share, "test": spec.test}
        return divide_groups(table, fractions, spec.seed)
    if given is None:
        tested = divide_folds(table, spec.folds, spec.fold, spec.seed)
        given = tested.map({True: "test", False: OPEN})
    subset = given.astype("object")
    rest = table[given == OPEN]
    if len(rest):
        shares = {"validation": spec.validation_share}
        subset[rest.index] = divide_groups(rest, shares, spec.seed)
    return subset


def split_by_tables(catalog: Catalog, targets: pd.DataFrame, spec: SplitSpec) -> pd.DataFrame:
    """Divide as `split_catalog` does, but quickly, for somebody waits: no file is read.

    Copies under other names or in other formats are not joined, so a few images may be in another
    subset than at last. The classes have groups enough, or not, all the same.
    """
    if spec.method == "clean":
        spec = replace(spec, method="patient")  # the same, but for copies
    return split_catalog(catalog, targets, spec, read_files=False)


def fitting_methods(catalog: Catalog) -> list[str]:
    """Return those of `METHODS` that can divide `catalog`."""
    published = catalog.images["published_split"].dropna().unique()
    unfit = set()
    if "test" not in published or len(published) < 2:
        unfit.add("published")
    own = catalog.images["source"] == TARGET_DOMAIN
    if own.all() or not own.any():
        unfit.add("target_domain")
    labelled = catalog.images[own & catalog.images["findings"].notna()]
    # Others of the same layout, as drawn ones, could be divided so, too, but are not those.
    if not labelled["image_id"].str.endswith(FIRST_TESTED).any():
        unfit |= {"thesis", "thesis_patients", *UNTESTED_METHODS}
    if not own.all():
        unfit |= set(UNTESTED_METHODS)
    if len(list_sites(catalog)) < 2:
        unfit.add("site")
    return [method for method in METHODS if method not in unfit]


def _check_subsets(table: pd.DataFrame, spec: SplitSpec) -> None:
    """Raise RecipeError where a subset that is drawn lacks a class; `table` as it was divided."""
    counts = pd.crosstab(table["class"], table["subset"], dropna=False)
    needed = list(spec.subsets)
    # Where the test set is given, it is what it is; but nobody can learn what is not there.
    drawn = ["training"] if spec.method in GIVEN_METHODS else needed
    for subset in drawn:
        missing = counts.index[counts[subset] == 0]
        if len(missing):
            there = "; ".join(
                _count_class(table, name, needed) for name in missing[:MAX_COUNTED_CLASSES]
            )
            without = f"Without the site {spec.site}, the" if spec.method == "site" else "The"
            raise RecipeError(
                f"{without} {subset} set would hold no image of {', '.join(map(str, missing))} "
                f"({len(table):,} labelled images in {table['group'].nunique():,} groups in all). "
                f"{there}. Each subset needs a group (a patient, or what else stays together) of "
                "each class: use more images, other split fractions, or another task."
            )


def _count_class(table: pd.DataFrame, name: str, subsets: Sequence[str]) -> str:
    """Return e.g. "b: 2 images in 1 group (train 1, validation 0, test 0)", which are groups."""
    own = table[table["class"] == name]
    n_images, n_groups = len(own), own["group"].nunique()
    groups_of = own.groupby("subset", observed=False)["group"].nunique()
    where = ", ".join(f"{subset} {groups_of[subset]:,}" for subset in subsets)
    return (
        f"{name}: {n_images:,} image{'s' * (n_images != 1)} in {n_groups:,} "
        f"group{'s' * (n_groups != 1)} ({where})"
    )


def describe_absent(split: pd.DataFrame, classes: Sequence[str]) -> list[str]:
    """Say of each subset that is evaluated which classes it lacks, and what that costs.

    Of a multi-label task also which classes every image shows; see `describe_unmeasured`.

    Args:
        split: as `split_catalog` returns.
        classes: of the task.
    """
    if all(STATE + name in split for name in classes):
        return describe_unmeasured(split, classes)
    words = []
    for subset in SUBSETS[1:]:
        own = split[split["subset"] == subset]
        there = set(own["class"].astype(str))
        if len(own) and (absent := [name for name in classes if name not in there]):
            words.append(format_absence(subset, absent))
    return words


def format_absence(subset: str, absent: Sequence[str]) -> str:
    """Return what it costs that `subset` has no image of the classes `absent`, one at least."""
    return (
        f"No image of {', '.join(absent)} is in the {subset} set. There, recall, ROC curve and AUC "
        f"of {'this class' if len(absent) == 1 else 'these classes'} cannot be had, nor the AUC "
        "over all classes; balanced accuracy is the mean over the other classes."
    )
