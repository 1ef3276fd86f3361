"""Dividing images that may have several classes each: by the rarest that they show."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from xray_core.catalog import Catalog, build_catalog
from xray_core.errors import RecipeError
from xray_core.splits import (
    SplitSpec,
    check_leaks,
    count_subsets,
    describe_absent,
    split_catalog,
)

CLASSES = ["frequent", "rare", "hardly"]


def draw(n: int = 400) -> tuple[Catalog, pd.DataFrame]:
    """Return images, two of each patient, and their states; a tenth of the rare are unknown."""
    rng = np.random.default_rng(0)
    rows = [
        {"image_id": f"i{k:03d}", "path": f"{k:03d}.png", "patient_id": f"p{k // 2}"}
        for k in range(n)
    ]
    catalog = build_catalog(Path("nowhere"), "folder", rows)
    states = (rng.random((n, 3)) < [0.5, 0.1, 0.03]).astype("int64")
    targets = pd.DataFrame(states, catalog.images.index, CLASSES).astype("Int8")
    targets["rare"] = targets["rare"].mask(rng.random(n) < 0.1)
    return catalog, targets


def test_rare_findings_are_in_each_subset_and_no_patient_is_in_two() -> None:
    catalog, targets = draw()
    spec = SplitSpec(validation=0.2, test=0.2)

    split = split_catalog(catalog, targets, spec, read_files=False)

    assert not check_leaks(split, catalog, spec, read_files=False)
    assert list(split.filter(like="y_")) == [f"y_{name}" for name in CLASSES]
    in_order = split.set_index("image_id").loc[catalog.images["image_id"]]
    for name in CLASSES:
        has, had = in_order[f"y_{name}"].to_list(), targets[name].to_list()
        assert all(a is b or a == b for a, b in zip(has, had, strict=True))
        n = int(targets[name].sum())
        shown = split[f"y_{name}"].eq(1).groupby(split["subset"], observed=True).sum()
        assert shown["test"] == pytest.approx(0.2 * n, abs=2 + 0.03 * n)
        assert shown["validation"] == pytest.approx(0.2 * n, abs=2 + 0.03 * n)
    shows = targets.eq(1).fillna(False).to_numpy(bool)
    labels = [set(label.split("|")) - {"none"} for label in in_order["class"]]
    assert labels == [set(np.array(CLASSES)[row]) for row in shows]
    counts = count_subsets(split, CLASSES)
    assert counts["n_images"] == {
        "training": 240,
        "validation": pytest.approx(80, abs=4),
        "test": pytest.approx(80, abs=4),
    }
    unknown = sum(counts["unknown"][subset]["rare"] for subset in counts["unknown"])
    assert unknown == targets["rare"].isna().sum() > 0


def test_what_training_cannot_learn_is_refused_and_what_cannot_be_told_is_said() -> None:
    catalog, targets = draw()
    for n, subset in ((0, "training"), (1, "validation")):
        targets["hardly"] = pd.Series(0, targets.index, dtype="Int8")
        targets.iloc[:n, 2] = 1
        if subset == "training":
            with pytest.raises(RecipeError, match="training set would hold no image.*hardly: 0"):
                split_catalog(catalog, targets, SplitSpec(), read_files=False)
        else:
            split = split_catalog(catalog, targets, SplitSpec(), read_files=False)
            words = describe_absent(split, CLASSES)
            assert len(words) == 2
            assert "validation set shows hardly" in words[0]
            assert words[0].endswith("Its threshold is 0.5.")
            assert "test set shows hardly" in words[1]
            always = split.assign(y_hardly=pd.Series(1, split.index, dtype="Int8"))
            for watched in (False, True):
                seen = always[always["subset"] != "validation"] if watched else always
                words = describe_absent(seen, CLASSES)
                assert "training set of which it is known shows hardly" in words[0]
                assert words[1].startswith(
                    f"Every image of the {'test' if watched else 'validation'} set of which it is "
                    "known shows hardly. Specificity, ROC curve and AUC of this class"
                )
                assert words[1].endswith("Its threshold is 0.5.")
                assert len(words) == 3 - watched
