"""Features made by hand: what the map of images reads, without any network."""

from typing import Any

import numpy as np
import pandas as pd

from xray_core.evaluation.nearest import (
    Features,
    count_called_unlike,
    find_limit,
    find_nearest,
    shorten,
)
from xray_core.evaluation.neighbours import count_alike
from xray_core.runs import Run
from xray_core.runs.explained import stamp_network
from xray_core.runs.features import About, write_features

WIDTH = 4


def about_of(**changes: Any) -> About:
    """Return what stands beside features of which nothing was measured."""
    empty = About(
        checkpoint=[],
        subsets=[],
        unreadable=0,
        limit=None,
        called_unlike={},
        alike={},
        map=None,
    )
    return {**empty, **changes}  # type: ignore[typeddict-item]


def write_fake_features(run: Run, images: pd.DataFrame) -> pd.DataFrame:
    """Write features of images, every second of which is of the training set; return the table.

    Those of a label lie beside each other, and so they do on the map: at x = 0, 1 and so on by
    their label, at y = 0, 1 and so on by their number.

    Args:
        run: with a file for its network.
        images: image_id and label; subset, group and predicted where they are known.
    """
    rng = np.random.default_rng(0)
    n = len(images)
    usual = {
        "subset": np.where(np.arange(n) % 2, "test", "training"),
        "group": images["image_id"],
        "predicted": images["label"],
    }
    table = images.assign(**{name: usual[name] for name in usual if name not in images})
    codes = pd.factorize(table["label"])[0]
    vectors = np.eye(WIDTH)[codes % WIDTH] + rng.normal(0, 0.1, (n, WIDTH))
    vectors = vectors.astype("float32")
    table = table.assign(nearest=pd.NA, distance=np.nan)
    table = table.astype({name: "string" for name in table if name != "distance"})
    features = Features(table.reset_index(drop=True), shorten(vectors), about_of())
    others = np.flatnonzero(table["subset"] != "training")
    places, distances = find_nearest(
        features, vectors[others], 1, table["group"].to_numpy(object)[others]
    )
    table = features.images
    table.loc[others, "nearest"] = table["image_id"].to_numpy(object)[places[:, 0]]
    table.loc[others, "distance"] = distances[:, 0].astype("float64")
    limit = find_limit(distances[:, 0])
    about = about_of(
        checkpoint=stamp_network(run),
        subsets=sorted(set(table["subset"])),
        limit=limit,
        called_unlike={name: dict(v) for name, v in count_called_unlike(table, limit).items()},
        alike={"label": count_alike(table, "label")},
        map={"n": n, "n_all": n + 3, "perplexity": 30.0, "seed": 0},
    )
    points = table[["image_id"]].assign(x=codes.astype("float64"), y=np.arange(n, dtype="float64"))
    write_features(run, vectors, table, about, points)
    return table
