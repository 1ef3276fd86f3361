"""Label views: named regroupings of a dataset's published findings into classes.

A catalog keeps findings exactly as the authors published them. A label view says which
findings make up which class, so one catalog serves many tasks and a recipe names its
task in one word. Views are data: to add one, add an entry to `LABEL_VIEWS`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from xray_core.catalog import Catalog
from xray_core.errors import LabelError

SEPARATOR = "|"
NEGATIVE, TYPICAL = "Negative for Pneumonia", "Typical Appearance"
INDETERMINATE, ATYPICAL = "Indeterminate Appearance", "Atypical Appearance"


@dataclass(frozen=True)
class LabelView:
    """A regrouping of published findings.

    Attributes:
        dataset: reader name, as in `xray_core.datasets.READERS`.
        classes: class -> the findings it gathers. Order is the model's output order. Empty:
            every finding of the dataset is a class, in alphabetical order.
        question: the task in words, for a person who chooses.
        column: the catalog column that holds the findings.
        negatives: findings that mean "none of the classes"; their targets are all zero.
        multilabel: whether an image may belong to several classes.
        first_only: whether only the first of an image's findings counts.
        source: where the grouping comes from.
    """

    dataset: str
    classes: Mapping[str, tuple[str, ...]]
    question: str = ""
    column: str = "findings"
    negatives: tuple[str, ...] = ()
    multilabel: bool = False
    first_only: bool = False
    source: str = ""


LABEL_VIEWS = {
    "siim_study": LabelView(
        dataset="siim_covid19",
        # The order in which the thesis prints its confusion matrices.
        classes={
            "atypical": (ATYPICAL,),
            "indeterminate": (INDETERMINATE,),
            "negative": (NEGATIVE,),
            "typical": (TYPICAL,),
        },
        question="Which of the four study appearances?",
        source="SIIM-FISABIO-RSNA COVID-19 Detection, study level",
    ),
    "siim_image": LabelView(
        dataset="siim_covid19",
        classes={"none": ("none",), "opacity": ("opacity",)},
        question="Did a radiologist draw a box on this image?",
        column="image_findings",
        source="SIIM-FISABIO-RSNA COVID-19 Detection, image level",
    ),
    "siim_opacity": LabelView(
        dataset="siim_covid19",
        classes={
            "no_opacity": (NEGATIVE,),
            "opacity": (TYPICAL, INDETERMINATE, ATYPICAL),
        },
        question="Does the study show any opacity?",
        source="the three appearances with an opacity, gathered",
    ),
    "siim_typical": LabelView(
        dataset="siim_covid19",
        classes={"other": (NEGATIVE, INDETERMINATE, ATYPICAL), "typical": (TYPICAL,)},
        question="Is the appearance typical of COVID-19?",
        source="typical against all else",
    ),
    "siim_3class": LabelView(
        dataset="siim_covid19",
        classes={
            "negative": (NEGATIVE,),
            "typical": (TYPICAL,),
            "other": (ATYPICAL, INDETERMINATE),
        },
        question="Negative, typical, or an opacity of another kind?",
        source="atypical and indeterminate, the two small classes, gathered",
    ),
    "kermany_pneumonia": LabelView(
        dataset="kermany",
        classes={
            "normal": ("normal",),
            "pneumonia": ("bacterial pneumonia", "viral pneumonia"),
        },
        question="Does the child have pneumonia?",
        source="the class folders; doi:10.1016/j.cell.2018.02.010",
    ),
    "kermany_cause": LabelView(
        dataset="kermany",
        classes={
            "normal": ("normal",),
            "bacterial": ("bacterial pneumonia",),
            "viral": ("viral pneumonia",),
        },
        question="Normal, bacterial or viral pneumonia?",
        source="the file names; doi:10.1016/j.cell.2018.02.010",
    ),
}


def find_view(name: str) -> LabelView:
    """Return the view called `name`. Raises LabelError, with the choices, if there is none."""
    if name not in LABEL_VIEWS:
        raise LabelError(f"Unknown label view {name!r}. Choose one of: {', '.join(LABEL_VIEWS)}.")
    return LABEL_VIEWS[name]


def views_of(dataset: str) -> dict[str, LabelView]:
    """Return the views that fit the reader called `dataset`."""
    return {name: view for name, view in LABEL_VIEWS.items() if view.dataset == dataset}


def list_classes(findings: pd.Series, view: LabelView) -> dict[str, tuple[str, ...]]:
    """Return class -> the findings it gathers, also for a view that takes them from the data.

    Args:
        findings: as for `encode_labels`.
        view: the regrouping.
    """
    if view.classes:
        return dict(view.classes)
    known = _counted(findings, view).dropna().unique()
    names = sorted({name for text in known for name in text.split(SEPARATOR)} - {*view.negatives})
    return {name: (name,) for name in names}


def _counted(findings: pd.Series, view: LabelView) -> pd.Series:
    """Return the findings that count: all of an image, or its first."""
    return findings.str.split(SEPARATOR).str[0] if view.first_only else findings


def encode_labels(findings: pd.Series, view: LabelView) -> pd.DataFrame:
    """Encode published findings as model targets.

    Args:
        findings: shape (n,), findings joined by "|"; <NA> marks an unlabelled image.
        view: the regrouping to apply.

    Returns:
        uint8 DataFrame of shape (m, n_classes), m <= n, values 0 or 1, columns as
        `list_classes` orders them. Unlabelled images are left out; the index is kept, so the
        result aligns with the catalog.

    Raises:
        LabelError: a finding is in no class and not a negative, or an image of a
            single-label view does not fall in exactly one class.

    >>> encode_labels(pd.Series(["Typical Appearance"]), LABEL_VIEWS["siim_opacity"])
       no_opacity  opacity
    0           0        1
    """
    classes = list_classes(findings, view)
    # A dataset has far fewer combinations than images.
    texts = _counted(findings, view).dropna()
    combination, combinations = pd.factorize(texts)
    of_combination = pd.Series(combinations, dtype="string").str.get_dummies(SEPARATOR)
    has_finding = of_combination.iloc[combination].set_axis(texts.index)
    _check_findings_known(has_finding, classes, view)

    targets = pd.DataFrame(
        {
            name: has_finding.reindex(columns=list(group), fill_value=0).max(axis=1)
            for name, group in classes.items()
        },
        index=texts.index,
    ).astype("uint8")
    if not view.multilabel:
        _check_one_class_each(targets)
    return targets


def encode_catalog(catalog: Catalog, view: LabelView) -> pd.DataFrame:
    """Encode the labels of every image of `catalog`; see `encode_labels`.

    Raises:
        LabelError: also when the view is made for another dataset, or nothing is labelled.
    """
    if view.dataset != catalog.source:
        choices = ", ".join(views_of(catalog.source)) or "none yet"
        raise LabelError(
            f"This label view is made for {view.dataset!r}, but {catalog.root} is "
            f"{catalog.source!r}. Views that fit: {choices}."
        )
    targets = encode_labels(catalog.images[view.column], view)
    if targets.empty:
        raise LabelError(f"{catalog.root}: no image is labelled in {view.column!r}.")
    return targets


def class_of(targets: pd.DataFrame) -> pd.Series:
    """Return each image's class name, for single-label targets; index kept.

    >>> class_of(pd.DataFrame({"normal": [1, 0], "pneumonia": [0, 1]})).tolist()
    ['normal', 'pneumonia']
    """
    kind = pd.CategoricalDtype(list(targets.columns))
    names = targets.columns.to_numpy()[targets.to_numpy().argmax(axis=1)]
    return pd.Series(names, index=targets.index, name="class", dtype=kind)


def _check_findings_known(
    has_finding: pd.DataFrame, classes: Mapping[str, tuple[str, ...]], view: LabelView
) -> None:
    known = {finding for group in classes.values() for finding in group}
    unknown = has_finding.columns.difference([*known, *view.negatives])
    if not unknown.empty:
        counts = ", ".join(f"{name!r} ({has_finding[name].sum()} images)" for name in unknown)
        raise LabelError(
            f"Findings in no class of this {view.dataset} view: {counts}. "
            "Put each in a class, or in `negatives`."
        )


def _check_one_class_each(targets: pd.DataFrame) -> None:
    wrong = targets.index[targets.sum(axis=1) != 1]
    if not wrong.empty:
        raise LabelError(
            f"{len(wrong)} images fall in no class or in several (first: row {wrong[0]}). "
            "Is this view multilabel?"
        )
