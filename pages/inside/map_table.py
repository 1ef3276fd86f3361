"""Map of images: what is known of its points, how they can be coloured, which can be picked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from xray_core.evaluation.nearest import TRAINING, Features
from xray_core.evaluation.neighbours import TRAITS
from xray_core.figures.places import RIGHT, UNKNOWN, WRONG
from xray_core.selection import name_column, name_value
from xray_core.tasks import STATE, spell_findings

LABEL, PREDICTION, SUBSET, SIZE = "label", "prediction", "subset", "size"
ALL = "all"
STATES = {1: "present", 0: "absent"}  # of a finding
# Picks that hang on no colour -> what they are called.
MISTAKEN, OTHER_LABEL, UNLIKE = "wrong", "other", "unlike"
PICKS = {
    MISTAKEN: "predicted wrongly",
    OTHER_LABEL: "nearest has another label",
    UNLIKE: "unlike the training images",
}
KIND = "kind:"  # begins a pick of what has one colour


@dataclass(frozen=True, eq=False)
class Points:
    """The images on the map that may be shown.

    Attributes:
        table: a row an image, index 0..n-1: image_id, subset, group, label, predicted, nearest,
            distance, x, y, and a column of text for each of `colors`.
        colors: column -> what it is called.
        subsets: that there are, the one that is evaluated first.
    """

    table: pd.DataFrame
    colors: Mapping[str, str]
    subsets: Sequence[str]


def build_points(features: Features, places: pd.DataFrame, shown: str) -> Points:
    """Return the points of a map.

    Args:
        features: of the run.
        places: as `runs.features.read_map` returns them.
        shown: the subset whose figures may be shown; images of the test set are left out where
            that is the validation set.
    """
    images = features.images
    allowed = images[images["subset"].isin([TRAINING, "validation", shown])]
    table = places.merge(allowed, on="image_id").reset_index(drop=True)
    right = table["predicted"] == table["label"]
    table[PREDICTION] = right.map({True: RIGHT, False: WRONG}).astype("string")
    colors = {LABEL: "Label", PREDICTION: "Right or wrong", SUBSET: "Subset"}
    for column in table.columns:
        if column.startswith(STATE):
            named = table[column].map(STATES).astype("string")
            table[column] = named.fillna(UNKNOWN)
            colors[column] = f"Finding: {spell_findings(column.removeprefix(STATE))}"
    for column in TRAITS:
        if column in table:
            table[column] = [
                name_value(column, value) if isinstance(value, str) else UNKNOWN
                for value in table[column]
            ]
            colors[column] = "Image size" if column == SIZE else name_column(column)
    there = set(table["subset"])
    order = dict.fromkeys((shown, "validation", TRAINING))
    return Points(table, colors, [name for name in order if name in there])


def list_picks(points: Points, features: Features, kinds: Sequence[str]) -> dict[str, str]:
    """Return what can be picked without a lasso -> what it is called.

    Args:
        points: of the map.
        features: of the run.
        kinds: that have a colour.
    """
    table = points.table
    picks = {KIND + kind: kind for kind in kinds}
    if WRONG not in kinds and (table[PREDICTION] == WRONG).any():
        picks[MISTAKEN] = PICKS[MISTAKEN]
    if table["nearest"].notna().any():
        picks[OTHER_LABEL] = PICKS[OTHER_LABEL]
    if features.limit is not None:
        picks[UNLIKE] = PICKS[UNLIKE]
    return picks


def find_picked(table: pd.DataFrame, pick: str, features: Features) -> pd.DataFrame:
    """Return the rows that a pick is of.

    Args:
        table: rows of `Points.table`, with their `kind`.
        pick: one of `list_picks`.
        features: of the run.
    """
    if pick.startswith(KIND):
        return table[table["kind"] == pick.removeprefix(KIND)]
    if pick == MISTAKEN:
        return table[table[PREDICTION] == WRONG]
    if pick == UNLIKE:
        return table[(table["distance"] > features.limit).to_numpy(bool, na_value=False)]
    labels = dict(zip(features.images["image_id"], features.images["label"], strict=True))
    other = table["nearest"].map(labels)
    return table[(other.notna() & (other != table["label"])).to_numpy(bool)]
