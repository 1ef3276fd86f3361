"""Joining two datasets with a common task into one, without copying an image.

Which of their tasks ask the same, `matching` says, or a person. What is written is
`datasets.union_any`'s: label by label, what it counts as.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from xray_core.catalog import Catalog
from xray_core.datasets import READERS, union
from xray_core.datasets.union_any import create_union_of
from xray_core.datasets.union_members import Member
from xray_core.tasks.encode import encode_labels, get_labels, list_classes
from xray_core.tasks.matching import (
    Match,
)
from xray_core.tasks.table import find_task
from xray_core.tasks.targets import class_of
from xray_core.tasks.task import SEPARATOR


@dataclass(frozen=True)
class Pair:
    """A task of the first dataset, whose classes those of the union are, and one of the second.

    Attributes:
        task: of the first.
        match: of the second's classes.
    """

    task: str
    match: Match


def is_thesis_pair(first: Catalog, second: Catalog) -> bool:
    """Whether these are the two of which the reader `siim_radiography` is made."""
    return {first.source, second.source} == set(union.MEMBERS)


def join_datasets(folder: Path, first: Catalog, second: Catalog, pair: Pair) -> None:
    """Make one dataset of two in a new folder; see `union_any.create_union_of`.

    Raises:
        DatasetError: see there.
        LabelError: the classes do not fit.
    """
    create_union_of(folder, plan_members(first, second, pair))


def plan_members(first: Catalog, second: Catalog, pair: Pair) -> tuple[Member, Member]:
    """Return what the union's file says of the two."""
    kept = {name: name for name in pair.match.wanted if name not in pair.match.absent}
    names = name_sources(first, second)
    return (
        _plan_member(first, names[0], pair.task, kept),
        _plan_member(second, names[1], pair.match.task, pair.match.classes),
    )


def list_kept(pair: Pair) -> list[str]:
    """Return the classes of the union."""
    return [name for name in pair.match.wanted if name not in pair.match.absent]


def name_sources(first: Catalog, second: Catalog) -> tuple[str, str]:
    """Return the names of the two sources: of their readers, or of the folders; never the same."""
    if first.source != second.source:
        names = [
            catalog.root.name if READERS[catalog.source].generic else catalog.source
            for catalog in (first, second)
        ]
    else:
        names = [first.root.name, second.root.name]
    if names[0] == names[1]:  # folders of one name, in different places
        names = [f"{catalog.root.parent.name}-{catalog.root.name}" for catalog in (first, second)]
    clean = [name.replace("/", "-") for name in names]
    return (clean[0], clean[1] if clean[1] != clean[0] else f"{clean[1]}-2")


def _plan_member(catalog: Catalog, name: str, task: str, classes: Mapping[str, str]) -> Member:
    chosen = find_task(task)
    labels = get_labels(catalog, chosen)
    if chosen.multilabel:
        groups = list_classes(labels, chosen)
        return Member(
            name=name,
            reader=catalog.source,
            folder=str(catalog.root),
            classes={
                finding: classes[own]
                for own, group in groups.items()
                if own in classes
                for finding in group
            },
            column=chosen.column,
            multilabel=True,
            negatives=chosen.negatives,
        )
    # Those that the task names as well: their images may come to the folder later.
    named = [finding for group in chosen.classes.values() for finding in group]
    # And each of several findings by itself: whether the image's class holds it as well.
    alone = [finding for text in labels.dropna().unique() for finding in text.split(SEPARATOR)]
    texts = pd.Series(list(dict.fromkeys([*labels.dropna(), *named, *alone])), dtype="string")
    encoded = class_of(encode_labels(texts, chosen)).astype("object")
    return Member(
        name=name,
        reader=catalog.source,
        folder=str(catalog.root),
        classes={
            str(text): classes[name]
            for text, name in zip(texts[encoded.index], encoded, strict=True)
            if name in classes
        },
        column=chosen.column,
        finding=chosen.finding,
    )
