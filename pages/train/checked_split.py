"""What the split of a recipe makes of a dataset, known before the start; computed once for all.

Identical files are looked for where that takes a moment: the split is that of the training then.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd
import streamlit as st

from pages.train.finding_counts import count_findings, count_present
from xray_core.audit.same_picture import read_kept_copies
from xray_core.catalog import Catalog
from xray_core.errors import RecipeError, UnlabelledError
from xray_core.splits import (
    LEAKY_METHODS,
    SUBSETS,
    UNTESTED_METHODS,
    Copies,
    Leaks,
    SplitSpec,
    count_fixed,
    count_leaks,
    count_loose,
    describe_absent,
    describe_groups,
    describe_unused,
    split_by_tables,
    split_catalog,
)
from xray_core.splits.grouping import bytes_to_compare
from xray_core.tasks import describe_left_out, encode_catalog, find_task
from xray_core.workspace import find_workspace

QUICK_BYTES = 64 * 2**20  # that are read while somebody waits: a moment
TABLE_METHODS = ("thesis", *UNTESTED_METHODS, "image")  # that look at no group


@dataclass(frozen=True)
class CheckedSplit:
    """A split as the training will draw it, or, where that takes long, by the tables alone.

    Attributes:
        catalog: what was divided.
        refusal: why it cannot be divided so; "" if it can.
        absent: sentences on classes that a subset lacks.
        left_out: sentences on images that the task has no label for.
        subsets: subset -> images.
        classes: class -> images, of all subsets.
        evaluated: class -> images of the subset that is evaluated at the end.
        leaks: what is in several subsets; None: the split keeps together what belongs together.
        loose: pairs of images that look the same, which the split does not keep together; None:
            nobody has compared the images yet.
        grouped_by: what the split keeps together, in words.
        method: of the split.
        findings: of a multi-label task: as `count_findings` returns them; else None.
        counts: images, one row a class and one column a subset; None of a multi-label task.
        shared: images that are evaluated whose patient or study has others that train.
        fixed: subset -> images that it has by the tables, the absent ones included; empty where no
            subset is that of the thesis.
        watched: whether the test set is watched as the validation set.
        provisional: why the training may divide otherwise, a sentence; "" where it will not.
    """

    catalog: Catalog
    refusal: str = ""
    absent: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    subsets: Mapping[str, int] = field(default_factory=dict)
    classes: Mapping[str, int] = field(default_factory=dict)
    evaluated: Mapping[str, int] = field(default_factory=dict)
    leaks: Leaks | None = None
    loose: int | None = None
    grouped_by: str = ""
    method: str = ""
    findings: pd.DataFrame | None = None
    counts: pd.DataFrame | None = None
    shared: int = 0
    fixed: Mapping[str, int] = field(default_factory=dict)
    watched: bool = False
    provisional: str = ""


def check_split(catalog: Catalog, task_name: str, spec: SplitSpec) -> CheckedSplit:
    """Return what `spec` makes of `catalog`; read-only and shared."""
    return _check_split(catalog, task_name, spec, _read_copies(catalog))


@st.cache_resource(max_entries=8, show_spinner=False, ttl="1m", hash_funcs={Catalog: id})
def _read_copies(catalog: Catalog) -> Copies | None:
    """Return what an audit or a training has left on copies; no image is read."""
    return read_kept_copies(catalog, find_workspace().cache)


def _count(copies: Copies) -> tuple[int, int]:
    return int(copies.digests.notna().sum()), len(copies.pairs)


# Keyed by the catalog's identity, which nothing else can take on: the result holds it.
@st.cache_resource(max_entries=64, show_spinner=False, hash_funcs={Catalog: id, Copies: _count})
def _check_split(
    catalog: Catalog, task_name: str, spec: SplitSpec, copies: Copies | None
) -> CheckedSplit:
    task = find_task(task_name)
    try:
        targets = encode_catalog(catalog, task)
        split, provisional = _divide(catalog, targets, spec, copies)
    except (RecipeError, UnlabelledError) as error:
        return CheckedSplit(catalog, str(error))
    classes = list(targets.columns)
    n_images = split["subset"].value_counts()
    last = "test" if n_images["test"] else "validation"

    def count(labels: pd.Series) -> dict[str, int]:
        counts = labels.value_counts()
        return {name: int(counts.get(name, 0)) for name in classes}

    leaks, loose = _find_leaks(catalog, split, spec, copies)
    findings = count_findings(split, classes) if task.multilabel else None
    return CheckedSplit(
        catalog,
        absent=describe_absent(split, classes),
        left_out=[
            *describe_left_out(catalog, task, targets),
            *describe_unused(catalog, targets, split, spec),
        ],
        subsets={name: int(n_images[name]) for name in SUBSETS},
        classes=count_present(findings) if findings is not None else count(split["class"]),
        evaluated=(
            count_present(findings, last)
            if findings is not None
            else count(split.loc[split["subset"] == last, "class"])
        ),
        leaks=leaks,
        loose=loose,
        grouped_by=describe_groups(catalog, spec),
        method=spec.method,
        findings=findings,
        counts=None if findings is not None else _count_classes(split, classes),
        shared=_count_shared(split, last),
        fixed=count_fixed(catalog, spec),
        watched=spec.validate_on_test,
        provisional=provisional,
    )


def _divide(
    catalog: Catalog, targets: pd.DataFrame, spec: SplitSpec, copies: Copies | None
) -> tuple[pd.DataFrame, str]:
    """Return the split, and `CheckedSplit.provisional`."""
    known = spec.method != "clean" or copies is not None
    if known and bytes_to_compare(catalog) <= QUICK_BYTES:
        return split_catalog(catalog, targets, spec, copies), ""
    split = split_by_tables(catalog, targets, spec)
    if spec.method in TABLE_METHODS and not spec.n_images:
        return split, ""  # whatever the files hold
    sought = "identical files" if known else "images that look the same"
    return split, (
        f"The counts are provisional: {sought} are looked for at the start, and stay together "
        "then, so that some images may come into another subset."
    )


def _count_classes(split: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    counts = pd.crosstab(split["class"].astype(str), split["subset"].astype(str))
    return counts.reindex(index=classes, columns=list(SUBSETS), fill_value=0)


def _count_shared(split: pd.DataFrame, subset: str) -> int:
    trained = split.loc[split["subset"] == "training", "group"]
    return int(split.loc[split["subset"] == subset, "group"].isin(trained).sum())


def _find_leaks(
    catalog: Catalog, split: pd.DataFrame, spec: SplitSpec, copies: Copies | None
) -> tuple[Leaks | None, int | None]:
    """Return `CheckedSplit.leaks` and `CheckedSplit.loose`."""
    if spec.method in LEAKY_METHODS:
        leaks = count_leaks(split, catalog, copies, read_files=False)
        return leaks, leaks.near_identical
    # The others keep together what the tables say; which subset a loose pair is in, they draw.
    if copies is None:
        return None, None
    return None, copies.n_left_apart if spec.method == "clean" else count_loose(catalog, copies)
