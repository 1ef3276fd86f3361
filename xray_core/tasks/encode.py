"""From published findings to the targets of a model, by a task."""

from collections.abc import Mapping

import pandas as pd

from xray_core.catalog import LUNGS, Catalog
from xray_core.datasets import READERS
from xray_core.datasets.finding_states import combine_states, list_findings
from xray_core.errors import LabelError, UnlabelledError
from xray_core.tasks.guesses import PROPERTIES
from xray_core.tasks.states import ABSENT, count_states, name_states
from xray_core.tasks.table import tasks_of
from xray_core.tasks.targets import has_several
from xray_core.tasks.task import ANY, MASKS, SEPARATOR, Task


def list_classes(findings: pd.Series, task: Task) -> dict[str, tuple[str, ...]]:
    """Return class -> the findings it holds, also for a task that takes them from the data.

    Args:
        findings: as for `encode_labels`.
        task: the regrouping.
    """
    if task.classes:
        return dict(task.classes)
    known = _counted(findings, task).dropna().unique()
    names = sorted({name for text in known for name in text.split(SEPARATOR)} - {*task.negatives})
    return {name: (name,) for name in names}


def _counted(findings: pd.Series, task: Task) -> pd.Series:
    """Return the findings that count: all of an image, or its first; <NA> if it is left out."""
    counted = findings.str.split(SEPARATOR).str[0] if task.first_only else findings
    if task.fewest:
        counted = counted.mask(counted.map(counted.value_counts()) < task.fewest)
    if not task.left_out:
        return counted
    left_out = [
        text
        for text in counted.dropna().unique()
        if not {*task.left_out}.isdisjoint(text.split(SEPARATOR))
    ]
    return counted.mask(counted.isin(left_out))


def encode_labels(findings: pd.Series, task: Task) -> pd.DataFrame:
    """Encode published findings as model targets.

    Args:
        findings: shape (n,), findings joined by "|"; <NA> marks an unlabelled image.
        task: the regrouping to apply.

    Returns:
        uint8 DataFrame of shape (m, n_classes), m <= n, values 0 or 1, columns as
        `list_classes` orders them. Unlabelled images, and those that the task leaves out, have
        no row; the index is kept, so the result aligns with the catalog.

    Raises:
        LabelError: a finding is in no class and not a negative, or an image of a
            single-label task does not fall in exactly one class.

    >>> from xray_core.tasks import TASKS
    >>> encode_labels(pd.Series(["Typical Appearance"]), TASKS["siim_opacity"])
       no opacity  opacity
    0           0        1
    """
    classes = list_classes(findings, task)
    # A dataset has far fewer combinations than images.
    texts = _counted(findings, task).dropna()
    combination, combinations = pd.factorize(texts)
    of_combination = pd.Series(combinations, dtype="string").str.get_dummies(SEPARATOR)
    has_finding = of_combination.iloc[combination].set_axis(texts.index)
    unnamed = _find_unnamed(has_finding, classes, task)

    targets = pd.DataFrame(
        {
            name: has_finding.reindex(
                columns=[*group, *(unnamed if name == task.others else ())], fill_value=0
            ).any(axis=1)
            for name, group in classes.items()
        },
        index=texts.index,
    ).astype("uint8")
    if not task.multilabel:
        _check_one_class_each(targets)
    return targets


def encode_catalog(catalog: Catalog, task: Task) -> pd.DataFrame:
    """Encode the labels of every image of `catalog`; see `encode_labels`.

    Returns:
        Of a task with one class an image: as `encode_labels`. Of a multi-label task: Int8, shape
        (m, n_classes): 1 present, 0 absent, <NA> unknown, as the dataset says it of each finding;
        where it only names what is present, all else is absent. An image of which every class is
        unknown has no row. Of a task that asks for masks: 1 for each image that has one.

    Raises:
        LabelError: also when the task is made for another dataset, or nothing is labelled.
    """
    if task.asks == MASKS:
        return _encode_masks(catalog, task)
    if task.dataset not in (ANY, catalog.source):
        choices = ", ".join(tasks_of(catalog.source)) or "none yet"
        raise LabelError(
            f"This task is made for {task.dataset!r}, but {catalog.root} is "
            f"{catalog.source!r}. Tasks that fit: {choices}."
        )
    targets = encode_labels(get_labels(catalog, task), task)
    if task.multilabel:
        targets = _mark_unknown(targets, catalog, task)
    if task.fewest and targets.any().sum() < 2:
        raise UnlabelledError(f"{catalog.root}: {_explain_one_value(catalog, task)}")
    if targets.empty:
        raise UnlabelledError(f"{catalog.root}: {_explain_empty(catalog, task)}")
    return targets


def _explain_one_value(catalog: Catalog, task: Task) -> str:
    """Return why there is nothing to guess: all images, or all but a few, have one value."""
    counts = get_labels(catalog, task).value_counts()
    if counts.empty:
        return f"the {PROPERTIES[task.column]} is known of no image, so it cannot be guessed."
    named = ", ".join(f"{name} ({n:,} images)" for name, n in counts.head(5).items())
    return (
        f"to guess the {PROPERTIES[task.column]}, at least {task.fewest} images of two values "
        f"each are needed. There are: {named}."
    )


def _encode_masks(catalog: Catalog, task: Task) -> pd.DataFrame:
    """Return 1 for each image that has a lung mask, in the one class of the task."""
    has_mask = find_masked(catalog)
    if not has_mask.any():
        raise UnlabelledError(
            f"{catalog.root}: no image has a lung mask, from which a network could learn where the "
            "lungs are. Choose a dataset with lung masks."
        )
    [name] = task.classes
    return pd.DataFrame({name: 1}, index=catalog.images.index[has_mask], dtype="uint8")


def find_masked(catalog: Catalog) -> pd.Series:
    """Return for each image whether it has a lung mask of its own, bool."""
    masked = catalog.masks.loc[catalog.masks["kind"] == LUNGS, "image_id"]
    # As objects: `isin` between columns of strings is many times slower.
    return catalog.images["image_id"].astype(object).isin(masked.astype(object))


def _explain_empty(catalog: Catalog, task: Task) -> str:
    """Return why a task labels no image, and what to do."""
    n_labelled = int(get_labels(catalog, task).notna().sum())
    if n_labelled and task.multilabel and not list_classes(get_labels(catalog, task), task):
        return (
            f"no image shows any finding: all {n_labelled:,} that are labelled are labelled as "
            "without one, so that a network has nothing to tell apart. Add images that show one, "
            "or correct the table if some of these do."
        )
    asked = ""
    if task.finding and catalog.images["findings"].notna().any():
        asked = f" for this task, as of {task.finding!r} it is unknown of each"
    return f"no image is labelled{asked}, so that a network has nothing to learn. " + (
        "Choose another task." if asked else "The import notes say what is missing."
    )


def get_labels(catalog: Catalog, task: Task) -> pd.Series:
    """Return the labels that a task regroups, one for each image: findings, or a finding's state.

    Raises:
        LabelError: the catalog has no such finding.
    """
    if task.asks == MASKS:
        [name] = task.classes
        return pd.Series(name, catalog.images.index, dtype="string").where(find_masked(catalog))
    if task.finding:
        return name_states(catalog, task.finding)
    labels = catalog.images[task.column]
    if task.column == "source":  # readers' names are code
        titles = {name: reader.title for name, reader in READERS.items()}
        return labels.map(lambda name: titles.get(name, name), na_action="ignore").astype("string")
    return labels


def _mark_unknown(targets: pd.DataFrame, catalog: Catalog, task: Task) -> pd.DataFrame:
    """Return targets as Int8: <NA> where the dataset does not say whether a class is present.

    Args:
        targets: as `encode_labels` returns them.
        catalog: the dataset; `finding_states` adds images that no label names.
        task: the regrouping.
    """
    named = targets.astype("Int8")
    if not list_findings(catalog):
        return named
    labels = get_labels(catalog, task)
    passed_over = labels.notna() & _counted(labels, task).isna()
    known = combine_states(named, catalog, list_classes(labels, task))
    return known[~passed_over & known.notna().any(axis=1)]


def describe_left_out(catalog: Catalog, task: Task, targets: pd.DataFrame) -> list[str]:
    """Return sentences on the images, files present, that a task has no label for, and why.

    Args:
        catalog: the dataset.
        task: that was encoded.
        targets: as `encode_catalog` returns them.
    """
    present = catalog.present
    out = present[~present.index.isin(targets.index)]
    labels = get_labels(catalog, task).loc[out.index]
    unlabelled = labels.isna()
    passed_over = ~unlabelled & _counted(labels, task).isna()
    counts = (
        (
            unlabelled,
            _explain_unlabelled(task),
        ),
        (passed_over, "with a finding that the task leaves out"),
    )
    words = [
        f"{n:,} of {len(present):,} images are left out: {why}."
        for rows, why in counts
        if (n := int(rows.sum()))
    ]
    if has_several(targets):
        unknown = targets.loc[targets.index.isin(present.index)].isna().sum()
        n_images = int(targets.index.isin(present.index).sum())
        words += [
            f"Of {n:,} of {n_images:,} images it is unknown whether {name} is present; there it "
            "counts neither as present nor as absent."
            for name, n in unknown.items()
            if n
        ]
    return words + describe_classless(catalog, task)


def _explain_unlabelled(task: Task) -> str:
    if task.asks == MASKS:
        return "without a lung mask"
    if task.finding:
        return f"of {task.finding!r} it is unknown whether it is present"
    return "unlabelled"


def describe_classless(catalog: Catalog, task: Task) -> list[str]:
    """Return sentences on findings that are no class of a task that takes its classes from data.

    Args:
        catalog: the dataset; only where it gives states of findings it knows of such.
        task: the regrouping; of one class an image it asks of no other findings.
    """
    if task.classes or not task.multilabel:
        return []
    classes = list_classes(get_labels(catalog, task), task)
    counts = count_states(catalog).set_index("finding")
    counts = counts[~counts.index.isin([*classes, *task.negatives])]
    unknown = counts[counts[ABSENT] == 0].index.tolist()
    absent = counts.loc[counts[ABSENT] > 0, ABSENT]
    words = []
    if len(absent):
        names = ", ".join(f"{name} (absent on {n:,})" for name, n in absent.items())
        words.append(f"Present on no image, and therefore no class: {names}.")
    if unknown:
        words.append(
            f"Of none of {len(catalog.images):,} images it is known whether they are present, and "
            f"therefore no class: {', '.join(unknown)}."
        )
    return words


def combine_labels(catalog: Catalog) -> pd.Series:
    """Return each image's published labels in one string, of the study and of the image itself.

    These combinations are finer than a task's classes, which merge some of them.
    """
    images = catalog.images
    own = images["image_findings"]
    labels = images["findings"].fillna("")
    return labels.where(own.isna(), labels + " / " + own.fillna(""))


def _find_unnamed(
    has_finding: pd.DataFrame, classes: Mapping[str, tuple[str, ...]], task: Task
) -> list[str]:
    """Return the findings that count as `Task.others`; raise if it says nothing of them."""
    known = {finding for group in classes.values() for finding in group}
    unknown = has_finding.columns.difference([*known, *task.negatives])
    if task.others is None and not unknown.empty:
        counts = ", ".join(f"{name!r} ({has_finding[name].sum()} images)" for name in unknown)
        raise LabelError(
            f"Findings in no class of this {task.dataset} task: {counts}. "
            "Put each in a class, in `negatives` or in `left_out`."
        )
    return list(unknown)


def _check_one_class_each(targets: pd.DataFrame) -> None:
    wrong = targets.index[targets.sum(axis=1) != 1]
    if not wrong.empty:
        raise LabelError(
            f"{len(wrong)} images fall in no class or in several (first: row {wrong[0]}). "
            "Is this task multilabel?"
        )
