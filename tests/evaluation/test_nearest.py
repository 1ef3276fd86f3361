"""The nearest training images: the right ones, of other patients, with a limit by hand."""

import numpy as np
import pandas as pd
import pytest

from tests.pages.fake_features import about_of, write_fake_features
from xray_core.errors import RunError
from xray_core.evaluation.nearest import (
    NOBODY,
    Features,
    K,
    count_called_unlike,
    find_limit,
    find_nearest,
    read_features,
    shorten,
)
from xray_core.evaluation.neighbours import count_alike, list_traits
from xray_core.evaluation.shares import measure_share
from xray_core.runs import Run
from xray_core.runs.explained import find_explained
from xray_core.runs.features import ABOUT, read_map

N, WIDTH = 700, 6  # more than are compared at once


def draw_features(seed: int = 0) -> Features:
    rng = np.random.default_rng(seed)
    images = pd.DataFrame(
        {
            "image_id": [f"image {n}" for n in range(N)],
            "subset": np.where(np.arange(N) % 3 == 0, "validation", "training"),
            "group": [f"patient {n // 4}" for n in range(N)],
            "label": "a",
        }
    )
    vectors = shorten(rng.normal(size=(N, WIDTH)).astype("float32"))
    return Features(images, vectors, about_of())


def test_the_nearest_are_those_that_comparing_each_with_each_finds() -> None:
    features = draw_features()
    wanted = features.vectors[features.images["subset"] == "validation"]
    groups = features.images["group"][features.images["subset"] == "validation"].tolist()

    places, distances = find_nearest(features, 7 * wanted, K, groups)

    for row, (vector, group) in enumerate(zip(wanted, groups, strict=True)):
        far = np.linalg.norm(features.vectors.astype("float64") - vector, axis=1)
        allowed = (features.images["subset"] == "training") & (features.images["group"] != group)
        order = np.argsort(np.where(allowed, far, np.inf), kind="stable")[:K]
        assert places[row].tolist() == order.tolist()
        assert distances[row] == pytest.approx(far[order], abs=1e-3)
    assert len(wanted) > 0


def test_a_stranger_is_compared_with_everybody_and_finds_his_own_image() -> None:
    features = draw_features()
    place = int(features.training[10])

    places, distances = find_nearest(features, features.vectors[[place]])

    assert places[0, 0] == place
    assert distances[0, 0] == pytest.approx(0, abs=1e-3)
    assert np.all(np.diff(distances[0]) >= 0)


def test_where_there_are_too_few_training_images_nobody_stands_in_their_place() -> None:
    images = pd.DataFrame(
        {"image_id": list("abc"), "subset": ["training", "training", "test"], "group": list("xyx")}
    )
    features = Features(images, np.eye(3, 2, dtype="float32"), about_of(limit=1.0))

    places, distances = find_nearest(features, features.vectors[[2]], K, ["x"])

    assert places.tolist() == [[1, NOBODY]]
    assert distances[0].tolist() == [1.0, np.inf]  # to the image of zeros, as long as it is
    assert features.is_unlike(distances).tolist() == [True]
    nobody = Features(images.iloc[2:], features.vectors[2:], about_of())
    empty = find_nearest(nobody, features.vectors[[2]])
    assert empty[0].shape == (1, 0)
    assert nobody.is_unlike(empty[1]).tolist() == [False]


def test_the_limit_is_kept_by_95_of_100_validation_images() -> None:
    distances = np.arange(1, 102, dtype="float64")
    assert find_limit(np.append(distances, np.inf)) == 96
    assert find_limit(np.array([])) is None
    images = pd.DataFrame(
        {
            "subset": ["training", *["validation"] * 101, "test", "test"],
            "group": [str(n // 2) for n in range(104)],
            "distance": [np.nan, *distances, 95.0, 97.0],
        }
    )

    shares = count_called_unlike(images, 96.0)

    assert shares["validation"]["value"] == pytest.approx(5 / 101)
    assert shares["test"]["value"] == 0.5
    assert shares["test"]["n_patients"] == 1
    assert count_called_unlike(images, None) == {}
    assert (
        Features(images, np.zeros((0, 1), "float32"), about_of(called_unlike=shares)).called_unlike
        == (shares["test"])
    )


def test_the_interval_of_a_share_is_wider_where_patients_have_many_images() -> None:
    hits = np.arange(200) % 4 < 1
    alone = measure_share(hits, pd.Series(range(200)))
    many = measure_share(np.sort(hits), pd.Series(np.arange(200) // 10))

    assert alone["value"] == many["value"] == 0.25
    assert alone["low"] is not None
    assert many["low"] is not None
    assert 0 < many["low"] < alone["low"] < 0.25
    assert (many["n"], many["n_patients"]) == (200, 20)
    assert measure_share(hits[:0], pd.Series([], dtype=str))["value"] is None


def test_alike_is_the_share_of_nearest_images_with_the_same_entry_beside_chance() -> None:
    images = pd.DataFrame(
        {
            "image_id": list("abcdefgh"),
            "subset": ["training"] * 4 + ["validation"] * 4,
            "group": list("abcdefgh"),
            "label": ["x", "x", "x", "y", "x", "y", "y", "y"],
            "site": ["1", "2", None, "2", "1", None, "2", "2"],
            "nearest": [None, None, None, None, "a", "b", "d", None],
        }
    ).astype("string")

    label = count_alike(images, "label")
    site = count_alike(images, "site")

    assert set(label) == {"validation"}
    assert label["validation"]["value"] == pytest.approx(2 / 3)
    assert label["validation"]["n"] == 3
    assert label["validation"]["chance"] == pytest.approx((3 / 4 + 1 / 4 + 1 / 4) / 3)
    assert site["validation"]["value"] == 1.0
    assert site["validation"]["n"] == 2, "of one the site is unknown"
    assert site["validation"]["chance"] == pytest.approx((1 / 3 + 2 / 3) / 2)


def test_traits_are_those_that_differ_and_sizes_become_fifths() -> None:
    n = 100
    images = pd.DataFrame(
        {
            "source": ["one"] * n,
            "site": ["here", "there"] * (n // 2),
            "view_position": [pd.NA] * n,
            "gender": ["F"] * n,
            "age": [30.0, 50.0] * (n // 2),
            "width": [100] * n,
            "height": [100] * n,
            "original_width": range(1000, 1000 + n),
            "original_height": [500] * n,
        }
    )

    traits = list_traits(images)

    assert list(traits) == ["site", "age_group", "size"]
    assert traits["size"].value_counts().tolist() == [20] * 5


def test_features_of_other_weights_are_absent_and_damaged_ones_an_error(
    tmp_path: pytest.TempPathFactory,
) -> None:
    run = Run(tmp_path / "run")  # type: ignore[operator]
    run.best_checkpoint.parent.mkdir(parents=True)
    run.best_checkpoint.write_bytes(b"weights")
    assert read_features(run) is None
    write_fake_features(run, pd.DataFrame({"image_id": list("abcdef"), "label": list("xyxyxy")}))

    features = read_features(run)

    assert features is not None
    assert np.linalg.norm(features.vectors, axis=1) == pytest.approx(np.ones(6))
    assert read_map(run)["image_id"].tolist() == list("abcdef")
    vectors = find_explained(run, "features/features.npy")
    vectors.write_bytes(vectors.read_bytes()[:-3])
    with pytest.raises(RunError, match=r"features\.npy is damaged"):
        read_features(run)
    find_explained(run, ABOUT).write_text('{"limit": "far"}')
    assert read_features(run) is None, "of no known weights"
    run.best_checkpoint.write_bytes(b"other weights")
    assert read_features(run) is None
