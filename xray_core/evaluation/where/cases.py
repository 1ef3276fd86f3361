"""Which boxed images of a run are scored, for which class; every other one is left out and counted.

A case is an image and a class whose map is held against boxes: those of the finding by that name
where the task has it as a class, and else all boxes of the image, for its true class.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.catalog import Catalog, relative_boxes
from xray_core.preprocess.spec import PreprocessSpec
from xray_core.preprocess.squares import place_boxes
from xray_core.tasks.class_names import is_negative, plain_name

SIDES = ["x", "y", "width", "height"]


@dataclass(frozen=True, eq=False)
class Case:
    """An image, a class, and the boxes that its map should be hot in.

    Attributes:
        image_id: of the image.
        group: its patient, or what stands for one.
        target: the class.
        boxes: float (n, 4): x, y, width, height as fractions of the square that the network sees.
    """

    image_id: str
    group: str
    target: str
    boxes: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Cases:
    """What is scored, and what is not.

    Attributes:
        cases: in the order of their images.
        left_out: why, in words -> how many images or boxes.
    """

    cases: list[Case]
    left_out: dict[str, int] = field(default_factory=dict)


def find_cases(
    predictions: pd.DataFrame,
    catalog: Catalog,
    classes: Sequence[str],
    preprocess: PreprocessSpec,
    *,
    multilabel: bool,
) -> Cases:
    """Return the cases among the images of one set.

    Args:
        predictions: of the set: image_id, group, predicted (<NA>: it could not be read), and
            actual unless the task is multi-label.
        catalog: of the dataset.
        classes: of the task, in their order.
        preprocess: how its images become the network's square.
        multilabel: whether an image may have several classes.
    """
    left_out: Counter[str] = Counter()
    boxes = relative_boxes(catalog)
    boxes = boxes[boxes["image_id"].isin(predictions["image_id"])]
    ratios = _find_ratios(catalog)
    by_image = dict(list(boxes.groupby("image_id", sort=True)))
    named = {plain_name(name): name for name in classes}
    cases = []
    actual_classes = [None] * len(predictions) if multilabel else predictions["actual"].tolist()
    for image_id, group, predicted, actual in sorted(
        zip(
            predictions["image_id"].tolist(),
            predictions["group"].tolist(),
            predictions["predicted"].notna().tolist(),
            actual_classes,
            strict=True,
        ),
        key=itemgetter(0),
    ):
        own = by_image.get(image_id)
        if own is None:
            continue
        if not predicted:
            left_out["images that cannot be read"] += 1
            continue
        placed = _place(own, ratios.get(image_id, np.nan), preprocess.resize)
        there: NDArray[np.bool_] = np.asarray(
            np.isfinite(placed).all(axis=1) & (placed[:, 2:] > 0).all(axis=1)
        )
        if n_nowhere := int((~there).sum()):
            left_out["boxes outside of their image, or in one of unknown size"] += n_nowhere
        targets = [
            named.get(plain_name(finding)) if pd.notna(finding) else None
            for finding in own["finding"]
        ]
        for target in dict.fromkeys(
            target if target is not None else actual
            for target, is_there in zip(targets, there, strict=True)
            if is_there
        ):
            chosen = np.array([(name or actual) == target for name in targets]) & there
            if target is None:
                left_out["boxes of a finding that is no class of the task"] += int(chosen.sum())
            elif target not in targets and _is_nothing(target, classes):
                left_out[f"boxed images whose true class is “{target}”"] += 1
            else:
                cases.append(Case(image_id, group, target, placed[chosen]))
    return Cases(cases, dict(left_out))


def _is_nothing(name: str, classes: Sequence[str]) -> bool:
    """Whether there is nothing to look for in an image of this class."""
    return name == classes[0] if len(classes) == 2 else is_negative(name)


def _find_ratios(catalog: Catalog) -> dict[str, float]:
    """Return image_id -> width / height; that of the original where the file's is unknown."""
    images = catalog.images
    ratios: NDArray[np.float64] = np.full(len(images), np.nan)
    for sides in (("original_width", "original_height"), ("width", "height")):
        width, height = (images[side].to_numpy("float64", na_value=np.nan) for side in sides)
        ratios = np.where(np.isfinite(width / height), width / height, ratios)
    return dict(zip(images["image_id"], ratios.tolist(), strict=True))


def _place(boxes: pd.DataFrame, ratio: float, resize: str) -> NDArray[np.float64]:
    """Return the boxes of an image in the square, cut off where they leave it."""
    own = boxes[SIDES].to_numpy("float64")
    ends = np.clip(own[:, :2] + own[:, 2:], 0, 1)
    starts = np.clip(own[:, :2], 0, 1)
    return place_boxes(np.concatenate([starts, ends - starts], axis=1), ratio, resize)
