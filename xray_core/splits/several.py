"""Dividing images that may have several classes each: by the rarest, and what a subset lacks."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from xray_core.errors import RecipeError
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
            `describe_unshown`: the other classes have figures.
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


def list_shown(split: pd.DataFrame, classes: Sequence[str]) -> set[str] | None:
    """Return the classes that an image of `split` shows; None of a task of one class an image."""
    columns = [STATE + name for name in classes]
    if not all(name in split for name in columns):
        return None
    shown = find_present(split[columns]).sum(axis=0)
    return {name for name, n in zip(classes, shown, strict=True) if n}


def format_unshown(subset: str, absent: Sequence[str]) -> str:
    """Return what it costs a multi-label task that no image of `subset` shows these classes."""
    alone = len(absent) == 1
    words = (
        f"No image of the {subset} set shows {', '.join(absent)}. Recall, ROC curve and AUC of "
        f"{'this class' if alone else 'these classes'} cannot be had there; means are those over "
        "the other classes."
    )
    if subset == "validation":
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
