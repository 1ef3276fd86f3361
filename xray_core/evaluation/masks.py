"""Figures of masks: how well what a network draws covers what is there, image by image.

Dice is 2 |A ∩ B| / (|A| + |B|) and IoU |A ∩ B| / |A ∪ B|, of the pixels inside the true mask and
inside the drawn one; both are 1 where both are empty. Sources: Dice 1945, doi:10.2307/1932409;
Jaccard 1912, doi:10.1111/j.1469-8137.1912.tb05611.x
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.errors import RunError
from xray_core.evaluation.findings import DEFAULT_THRESHOLD
from xray_core.evaluation.intervals import N_ROUNDS, bootstrap_intervals

SMOOTH = 1.0  # pixels added above and below, so that the Dice of an empty mask has a slope
TINY = 1e-7
MASK_FIGURES = ("dice", "iou")
GOOD = 0.9  # a Dice that a reader of lung masks would call good; see docs/lungs.md
# Columns of predictions.parquet of a run that draws masks; the rest is as in other runs.
MASK_PREDICTIONS = {
    "dice": "float64",
    "iou": "float64",
    "share": "float64",  # of the image's area that is drawn as inside
    "true_share": "float64",  # the same of the true mask
    "outline": "string",  # of what is drawn, and of the true mask: paths as SVG has them
    "true_outline": "string",
}

Masks = NDArray[np.uint8]
Floats = NDArray[np.float64]


def measure_overlap(inside: Masks, drawn: Masks) -> dict[str, Floats]:
    """Return Dice, IoU, the share of right pixels ("accuracy"), and both shares of the area.

    Args:
        inside: uint8 (n, h, w), 1 where it is true.
        drawn: uint8 (n, h, w), 1 where a network says so.

    Returns:
        Name -> float64 (n,), in [0, 1]: dice, iou, accuracy, share, true_share.
    """
    n, area = len(inside), inside[0].size if len(inside) else 1
    true, said = inside.reshape(n, -1) > 0, drawn.reshape(n, -1) > 0
    both = (true & said).sum(axis=1).astype("float64")
    n_true, n_said = true.sum(axis=1), said.sum(axis=1)
    either = n_true + n_said - both
    with np.errstate(invalid="ignore"):
        dice = np.where(either > 0, 2 * both / (n_true + n_said), 1.0)
        iou = np.where(either > 0, both / either, 1.0)
    return {
        "dice": dice,
        "iou": iou,
        "accuracy": (true == said).mean(axis=1),
        "share": n_said / area,
        "true_share": n_true / area,
    }


def measure_loss(inside: Masks, probabilities: NDArray[np.float32]) -> Floats:
    """Return the loss of each image, float64 (n,): one minus Dice, plus binary cross-entropy.

    Args:
        inside: uint8 (n, h, w).
        probabilities: float32 (n, h, w), of each pixel, that it is inside.
    """
    n = len(inside)
    true = inside.reshape(n, -1).astype("float64")
    p = probabilities.reshape(n, -1).astype("float64")
    both, areas = (true * p).sum(axis=1), true.sum(axis=1) + p.sum(axis=1)
    clipped = np.clip(p, TINY, 1 - TINY)
    entropy = -np.where(true > 0, np.log(clipped), np.log(1 - clipped)).mean(axis=1)
    loss: Floats = 1 - (2 * both + SMOOTH) / (areas + SMOOTH) + entropy
    return loss


def call_pixels(probabilities: NDArray[np.float32]) -> Masks:
    """Return which pixels are called inside, uint8, of the shape of their probabilities."""
    called: Masks = (probabilities >= DEFAULT_THRESHOLD).astype(np.uint8)
    return called


def report_masks(
    predictions: pd.DataFrame, subset: str = "", n_rounds: int = N_ROUNDS
) -> dict[str, Any]:
    """Return the report of a run that draws masks, of one subset.

    Args:
        predictions: image_id, group, subset and `MASK_PREDICTIONS`; NaN where an image or its
            mask could not be read.
        subset: "" for "test", or "validation" where there is none.
        n_rounds: of the intervals; patients are resampled.

    Returns:
        Plain data for JSON, see `runs.mask_shapes.MaskReport`.

    Raises:
        RunError: no image of that subset has a prediction.
    """
    subset = subset or ("test" if (predictions["subset"] == "test").any() else "validation")
    rows = predictions[predictions["subset"] == subset]
    kept = rows[rows["dice"].notna()]
    if kept.empty:
        raise RunError(f"None of the {len(rows)} images of the {subset} set has a prediction.")
    groups = pd.factorize(kept["group"])[0].astype("int64")
    values = kept[list(MASK_FIGURES)].to_numpy("float64")
    return {
        "masks": True,
        "subset": subset,
        "n": len(kept),
        "n_patients": int(groups.max()) + 1,
        "left_out": rows.loc[rows["dice"].isna(), "image_id"].tolist(),
        "classes": sorted(kept["actual"].unique()),
        "metrics": measure_means(values, groups, n_rounds),
        "median_dice": float(np.median(values[:, 0])),
        "n_below": int((values[:, 0] < GOOD).sum()),
    }


def mean_dice_interval(measured: pd.DataFrame, split: pd.DataFrame) -> tuple[float, float] | None:
    """Return the ends of the 95% interval of the mean Dice; None of a single patient.

    Args:
        measured: image_id, dice and iou, see `Run.read_mask_validation`.
        split: see `Run.read_split`.
    """
    rows = measured.merge(split.drop_duplicates("image_id"), on="image_id")
    if rows.empty:
        return None
    groups = pd.factorize(rows["group"])[0].astype("int64")
    dice = measure_means(rows[list(MASK_FIGURES)].to_numpy("float64"), groups)["dice"]
    return None if dice["low"] is None or dice["high"] is None else (dice["low"], dice["high"])


def measure_means(
    values: Floats, groups: NDArray[np.int64], n_rounds: int = N_ROUNDS
) -> dict[str, dict[str, float | None]]:
    """Return the means of `MASK_FIGURES` over the images, with 95% intervals by patient.

    Args:
        values: (n, 2), Dice and IoU of each image.
        groups: (n,), the patient of each, 0..n_groups-1.
        n_rounds: resamplings; seeded, so repeatable.

    Returns:
        Name -> value, low, high; of a single patient nothing is known of others, and the ends are
        None.
    """
    n_groups = int(groups.max()) + 1
    sums = np.stack(
        [np.bincount(groups, weights=column, minlength=n_groups) for column in values.T]
    )
    counts = np.bincount(groups, minlength=n_groups).astype("float64")

    def measure(draws: Floats) -> dict[str, Floats]:
        return {"means": ((sums @ draws) / (counts @ draws)).T}

    ends = bootstrap_intervals(measure, groups, np.random.default_rng(0), n_rounds)["means"]
    return {
        name: {
            "value": float(values[:, k].mean()),
            "low": float(ends[0][k]) if n_groups > 1 else None,
            "high": float(ends[1][k]) if n_groups > 1 else None,
        }
        for k, name in enumerate(MASK_FIGURES)
    }
