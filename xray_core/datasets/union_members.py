"""One dataset of a union: what its labels and findings count as there, and what is lost.

Either each image has one class, or several findings, each of them present, absent or unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from xray_core.catalog import Catalog, Remark
from xray_core.datasets.finding_states import align_states, combine_states
from xray_core.datasets.folder.findings import NO_FINDING
from xray_core.datasets.reader import count_remark
from xray_core.errors import DatasetError

SEPARATOR = "|"  # between the findings of one image
STATE_WORDS = {1: "present", 0: "absent"}  # of a finding
N_NAMED = 5  # labels that a remark names


@dataclass(frozen=True)
class Member:
    """One dataset of a union, and what its labels count as.

    Attributes:
        name: of the source in the union, unique in it; begins the ids of its images.
        reader: that reads it.
        folder: its root; relative ones count from the union's folder.
        classes: label, as the dataset has it -> class in the union. Images of other labels are
            unlabelled there. With several findings an image: finding -> class; other findings
            are left out.
        column: of the catalog, that holds the labels.
        finding: instead of a column, a finding that is "present" or "absent"; "" for none.
        multilabel: whether an image may have several classes.
        negatives: labels that mean "no finding"; of a multi-label union only.
    """

    name: str
    reader: str
    folder: str
    classes: Mapping[str, str]
    column: str = "findings"
    finding: str = ""
    multilabel: bool = False
    negatives: tuple[str, ...] = ()


@dataclass(frozen=True)
class MemberLabels:
    """What the union says of a member's images.

    Attributes:
        findings: the class of each, of several joined by "|"; index of the catalog's images.
        states: of a multi-label union, one Int8 column a class: 1, 0 or <NA>; index likewise.
        remarks: on what the union does not say.
    """

    findings: pd.Series
    states: pd.DataFrame
    remarks: list[Remark]


def read_member_labels(catalog: Catalog, member: Member) -> MemberLabels:
    """Return what the union says of the images of one of its datasets.

    Raises:
        DatasetError: the dataset no longer says of `member.finding` whether it is present.
    """
    return (_read_findings if member.multilabel else _read_classes)(catalog, member)


def find_losses(labels: pd.Series, classes: Mapping[str, str]) -> pd.Series:
    """Return which images have a class, and a further finding that it does not hold.

    Args:
        labels: findings joined by "|", or <NA>.
        classes: as of a `Member` with one class an image.

    Returns:
        bool, index of `labels`.
    """
    losing = {
        text
        for text in labels.dropna().unique()
        if text in classes
        and any(classes.get(name) != classes[text] for name in text.split(SEPARATOR))
    }
    return labels.isin(losing)


def _read_classes(catalog: Catalog, member: Member) -> MemberLabels:
    rows, labels = catalog.images, _read_labels(catalog, member)
    classes = labels.map(dict(member.classes)).astype("string")
    other = labels.notna() & classes.isna()
    counts = labels[other].value_counts()
    losing = find_losses(labels, member.classes)
    remarks = [
        count_remark(
            "unlabelled_before",
            list(rows.loc[labels.isna(), "image_id"]),
            f"{member.name}: images that have no label for this question in their own dataset",
        ),
        count_remark(
            "other_label",
            list(rows.loc[other, "image_id"]),
            f"{member.name}: images of classes that the union does not have, unlabelled here "
            f"({_name_counts(counts)})",
        ),
        count_remark(
            "lost_finding",
            list(rows.loc[losing, "image_id"]),
            f"{member.name}: images with several findings, of which only the first counts here, "
            "as the union has one class an image",
        ),
    ]
    return MemberLabels(classes, pd.DataFrame(index=rows.index), remarks)


def _read_labels(catalog: Catalog, member: Member) -> pd.Series:
    """Return the labels that the union goes by; index of `catalog.images`."""
    if not member.finding:
        return catalog.images[member.column]
    states = catalog.finding_states
    if member.finding not in states.columns:
        raise DatasetError(
            f"{member.folder} no longer says whether {member.finding!r} is present. Join the "
            "datasets anew."
        )
    words = states.set_index("image_id")[member.finding].map(STATE_WORDS)
    return catalog.images["image_id"].map(words).astype("string")


def _read_findings(catalog: Catalog, member: Member) -> MemberLabels:
    named = _name_findings(catalog.images[member.column])
    groups: dict[str, list[str]] = {}
    for finding, name in member.classes.items():
        groups.setdefault(name, []).append(finding)
    own = {
        name: named.reindex(columns=findings, fill_value=0).max(axis=1)
        for name, findings in groups.items()
    }
    states = combine_states(pd.DataFrame(own).astype("Int8"), catalog, groups)
    return MemberLabels(
        _join_present(states), states, _remark_findings(catalog, member, named, states)
    )


def _name_findings(labels: pd.Series) -> pd.DataFrame:
    """Return of each labelled image which findings its label names: 0 or 1, a column each."""
    code, texts = pd.factorize(labels.dropna())
    of_text = pd.Series(texts, dtype="string").str.get_dummies(SEPARATOR)
    return of_text.iloc[code].set_axis(labels.dropna().index)


def _join_present(states: pd.DataFrame) -> pd.Series:
    """Return the classes that are present, joined; `NO_FINDING` where all are absent."""
    present = states.eq(1).fillna(False).astype(bool)
    words = pd.Series("", index=states.index, dtype="object")
    for name in states.columns:
        gap = words.where(words == "", words + SEPARATOR)
        words = words.mask(present[name], gap + name)
    absent = states.eq(0).fillna(False).astype(bool).all(axis=1)
    called = words.mask(absent, NO_FINDING).astype("string")
    return called.mask(called == "")


def _remark_findings(
    catalog: Catalog, member: Member, named: pd.DataFrame, states: pd.DataFrame
) -> list[Remark]:
    ids, given = catalog.images["image_id"], align_states(catalog)
    shown = given.eq(1).fillna(False).astype(bool)
    for finding in named.columns:
        has_it = named[finding].reindex(ids.index, fill_value=0).eq(1)
        shown[finding] = has_it | shown[finding] if finding in shown else has_it
    left_out = shown.drop(columns=[*member.classes, *member.negatives], errors="ignore")
    counts = left_out.sum().sort_values(ascending=False)
    before = ids.index.difference(named.index).intersection(given.index[given.isna().all(axis=1)])
    unknown = states.index[states.isna().all(axis=1)].difference(before)
    return [
        count_remark(
            "unlabelled_before",
            list(ids[before]),
            f"{member.name}: images of which their own dataset says nothing",
        ),
        count_remark(
            "unknown_here",
            list(ids[unknown]),
            f"{member.name}: images of which no finding of the union is known, though others are",
        ),
        count_remark(
            "other_finding",
            list(ids[left_out.any(axis=1)]),
            f"{member.name}: images with a finding that the union does not have, which is left "
            f"out ({_name_counts(counts[counts > 0])})",
        ),
    ]


def _name_counts(counts: pd.Series) -> str:
    """Return the first of them in words, such as "'SARS' 1, 'ARDS' 2, and 3 more"."""
    shown = [f"{name!r} {n:,}" for name, n in counts.head(N_NAMED).items()]
    more = [f"and {len(counts) - N_NAMED:,} more"] if len(counts) > N_NAMED else []
    return ", ".join([*shown, *more])
