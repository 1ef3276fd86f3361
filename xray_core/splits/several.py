"""Dividing images that may have several classes each: by the rarest, and what a subset lacks."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from xray_core.errors import RecipeError
from xray_core.splits.spec import SUBSETS
from xray_core.tasks import STATE, class_of, find_present, has_several, rarest_of

MAX_COUNTED_CLASSES = 5  # classes whose images a refusal counts


def strata_of(targets: pd.DataFrame) -> pd.Series:
    """Return by what each image is drawn: its class, or the rarest of several; index kept."""
    return rarest_of(targets) if has_several(targets) else class_of(targets)


def add_states(table: pd.DataFrame, targets: pd.DataFrame) -> pd.DataFrame:
    """Return the table of a split with labels in words, and the state of each class.

    Args:
        table: with a column subset; index of the catalog.
        targets: of a multi-label task.

    Raises:
        RecipeError: no training image shows some class. What validation or test lacks is said, see
            `describe_unmeasured`: the other classes have figures.
    """
    own = targets.loc[table.index]
    shown = find_present(own)
    in_training = (table["subset"] == "training").to_numpy()
    missing = own.columns[shown[in_training].sum(axis=0) == 0]
    if len(missing):
        counts = dict(zip(own.columns, shown.sum(axis=0).tolist(), strict=True))
        there = "; ".join(f"{name}: {counts[name]:,}" for name in missing[:MAX_COUNTED_CLASSES])
        raise RecipeError(
            f"The training set would hold no image that shows {', '.join(map(str, missing))} "
            f"(in all {len(own):,} images, {there}). A network has to see each class: use more "
            "images, other split fractions, or another task."
        )
    return table.assign(**{"class": class_of(own)}).join(own.add_prefix(STATE))


def describe_unmeasured(split: pd.DataFrame, classes: Sequence[str]) -> list[str]:
    """Say which classes no image of a subset shows, or every one of which it is known.

    Args:
        split: of a multi-label task, as `split_catalog` returns it.
        classes: of the task.
    """
    states = split[[STATE + name for name in classes]].set_axis(list(classes), axis=1)
    chosen_on = "validation" if (split["subset"] == "validation").any() else "test"
    words = []
    for subset in SUBSETS:
        own = states[(split["subset"] == subset).to_numpy()]
        if own.empty:
            continue
        shows, lacks = own.eq(1).any(), own.eq(0).any()
        chooses = subset == chosen_on
        if absent := list(own.columns[~shows]):
            words.append(format_unshown(subset, absent, chooses=chooses))
        if always := list(own.columns[shows & ~lacks]):
            words.append(format_always(subset, always, chooses=chooses))
    return words


def format_unshown(subset: str, absent: Sequence[str], *, chooses: bool) -> str:
    """Return what it costs a multi-label task that no image of `subset` shows these classes.

    Args:
        subset: validation or test.
        absent: the classes.
        chooses: whether the thresholds are chosen on this subset.
    """
    words = f"No image of the {subset} set shows {', '.join(absent)}."
    return f"{words} {_format_cost('Recall', len(absent), chooses=chooses)}"


def format_always(subset: str, always: Sequence[str], *, chooses: bool) -> str:
    """Return what it costs that all images of `subset` show these classes, where it is known.

    Args:
        subset: any.
        always: the classes.
        chooses: see `format_unshown`.
    """
    words = f"Every image of the {subset} set of which it is known shows {', '.join(always)}."
    if subset == "training":
        return f"{words} A network cannot learn there what an image without it looks like."
    return f"{words} {_format_cost('Specificity', len(always), chooses=chooses)}"


def _format_cost(figure: str, n_classes: int, *, chooses: bool) -> str:
    alone = n_classes == 1
    words = (
        f"{figure}, ROC curve and AUC of {'this class' if alone else 'these classes'} cannot be "
        "had there; means are those over the other classes."
    )
    if chooses:
        words += f" {'Its threshold is' if alone else 'Their thresholds are'} 0.5."
    return words


def count_subsets(split: pd.DataFrame, classes: Sequence[str]) -> dict[str, Any]:
    """Return how many images of each subset show each class, as data.json holds it.

    Returns:
        "subsets": subset -> class -> images; of a multi-label task also "unknown", likewise, those
        of which it is not known, and "n_images": subset -> images.
    """
    columns = [STATE + name for name in classes]
    if not all(name in split for name in columns):
        return {"subsets": pd.crosstab(split["subset"], split["class"]).to_dict("index")}
    states = split[columns].set_axis(list(classes), axis=1)
    subset = split["subset"].astype(str).to_numpy()
    present = states.eq(1).fillna(False)
    return {
        "subsets": present.astype(int).groupby(subset).sum().T.to_dict(),
        "unknown": states.isna().astype(int).groupby(subset).sum().T.to_dict(),
        "n_images": pd.Series(subset).value_counts().to_dict(),
    }
