"""Batches: each image once per epoch, in an order that can be repeated."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.training.tiny import tiny_recipe
from xray_core.preprocess.augment import augment_batch
from xray_core.preprocess.cache import ImageCache
from xray_core.preprocess.spec import AugmentSpec
from xray_core.training.inputs import PredictionBatches, TrainingBatches
from xray_core.training.losses import build_loss

N, SIZE = 23, 8
ROWS = np.arange(3, 3 + N)  # the first rows of the cache belong to another subset


@pytest.fixture
def cache() -> ImageCache:
    """A cache whose image i is all of gray level i."""
    levels = np.arange(30, dtype=np.uint8)[:, None, None]
    pixels = np.broadcast_to(levels, (30, SIZE, SIZE)).copy()
    return ImageCache(pixels, np.ones(30, bool), pd.DataFrame(), Path())


def make_batches(
    cache: ImageCache, augment: AugmentSpec | None = None, seed: int = 0, **options: int
) -> TrainingBatches:
    targets = np.eye(3, dtype="float32")[ROWS % 3]
    weights = np.array([1.0, 2.0, 0.5], "float32")
    augment = augment or AugmentSpec()
    return TrainingBatches(cache, ROWS, targets, weights, options.get("size", 5), augment, seed)


def levels_of(batches: TrainingBatches) -> list[int]:
    """Return the gray level, and so the row, of each image in the order of the epoch."""
    return [int(image[0, 0, 0]) for i in range(len(batches)) for image in batches[i][0]]


def test_an_epoch_shows_each_training_image_once_and_no_other(cache: ImageCache) -> None:
    batches = make_batches(cache)

    for epoch in (1, 2, 3):
        batches.start_epoch(epoch)
        assert sorted(levels_of(batches)) == ROWS.tolist()


def test_the_last_batch_holds_what_is_left(cache: ImageCache) -> None:
    batches = make_batches(cache)

    assert len(batches) == 5
    assert [len(batches[i][0]) for i in range(5)] == [5, 5, 5, 5, 3]
    assert [batches.batch_length(i) for i in range(5)] == [5, 5, 5, 5, 3]


def test_batches_have_the_shapes_and_types_that_the_models_want(cache: ImageCache) -> None:
    images, targets, weights = make_batches(cache)[0]

    assert (images.shape, images.dtype) == ((5, SIZE, SIZE, 1), np.float32)
    assert (targets.shape, targets.dtype) == ((5, 3), np.float32)
    assert (weights.shape, weights.dtype) == ((5,), np.float32)


def test_targets_and_weights_stay_with_their_images(cache: ImageCache) -> None:
    batches = make_batches(cache)
    batches.start_epoch(7)

    for i in range(len(batches)):
        images, targets, weights = batches[i]
        rows = images[:, 0, 0, 0].astype(int)
        assert targets.argmax(axis=1).tolist() == (rows % 3).tolist()
        assert weights.tolist() == [[1.0, 2.0, 0.5][row % 3] for row in rows]


def test_the_order_changes_with_epoch_and_seed_and_with_nothing_else(cache: ImageCache) -> None:
    first, again, other = make_batches(cache), make_batches(cache), make_batches(cache, seed=1)

    orders = []
    for batches in (first, again, other):
        of_one = []
        for epoch in (1, 2):
            batches.start_epoch(epoch)
            of_one.append(levels_of(batches))
        orders.append(of_one)

    assert orders[0] == orders[1]
    assert orders[0][0] != orders[0][1]
    assert orders[0][0] != orders[2][0]
    first.start_epoch(1)
    assert levels_of(first) == orders[0][0], "an epoch can be repeated"


def test_augmentation_is_that_of_the_image_and_the_epoch_whatever_batch_it_is_in(
    cache: ImageCache,
) -> None:
    augment = AugmentSpec(brightness_min=0.5, brightness_max=1.5)
    cache.pixels[...] += 100

    seen = []
    for size in (4, 9):
        batches = make_batches(cache, augment, seed=3, size=size)
        batches.start_epoch(2)
        images = np.concatenate([batches[i][0] for i in range(len(batches))])[..., 0]
        seen.append(images[np.argsort(batches._order)])
    expected = augment_batch(cache.pixels[ROWS], ROWS, augment, 3, 2)

    np.testing.assert_array_equal(seen[0], seen[1])
    np.testing.assert_array_equal(seen[0], expected)
    assert len(np.unique(expected - cache.pixels[ROWS])) > N / 2


def test_asking_twice_for_a_batch_gives_the_same_one(cache: ImageCache) -> None:
    batches = make_batches(cache, AugmentSpec(zoom=0.3, rotation=20))

    np.testing.assert_array_equal(batches[2][0], batches[2][0])


def test_an_epoch_goes_on_at_the_batch_after_those_that_are_trained(cache: ImageCache) -> None:
    batches = make_batches(cache, AugmentSpec(zoom=0.3))
    batches.start_epoch(4)
    whole = [batches[i] for i in range(5)]

    batches.start_epoch(4, first_batch=3)

    assert (len(batches), batches.n_batches, batches.n_images) == (2, 5, N)
    for i in range(2):
        for had, has in zip(whole[3 + i], batches[i], strict=True):
            np.testing.assert_array_equal(had, has)


# Of each image in the cache: its number, and its square.
TABULAR = np.stack([np.arange(30), np.arange(30) ** 2], axis=1).astype("float32")


def make_joined(cache: ImageCache, mixup: float = 0.0, **options: bool) -> TrainingBatches:
    targets = np.eye(3, dtype="float32")[ROWS % 3]
    return TrainingBatches(
        *(cache, ROWS, targets, np.ones(3, "float32"), 5, AugmentSpec(), 0),
        mixup=mixup,
        tabular=TABULAR,
        **options,
    )


@pytest.mark.parametrize("balanced", [False, True])
def test_tabular_features_stay_with_their_images(cache: ImageCache, balanced: bool) -> None:
    batches = make_joined(cache, balanced=balanced)
    batches.start_epoch(3)
    for i in range(len(batches)):
        joined, _, _ = batches[i]

        assert list(joined) == ["image", "tabular"]
        assert joined["tabular"].dtype == np.float32
        rows = joined["image"][:, 0, 0, 0].astype(int)
        np.testing.assert_array_equal(joined["tabular"], TABULAR[rows])


def test_mixup_mixes_tabular_features_as_their_images(cache: ImageCache) -> None:
    mixed, plain = make_joined(cache, mixup=0.8), make_joined(cache)
    for i in range(len(mixed)):
        joined, _, _ = mixed[i]

        # Both are linear in the number of the image, so they stay alike if mixed alike.
        np.testing.assert_allclose(joined["tabular"][:, 0], joined["image"][:, 0, 0, 0], rtol=1e-5)
    assert not np.array_equal(mixed[0][0]["tabular"], plain[0][0]["tabular"])


def test_unchanged_and_predicted_images_come_with_their_columns(cache: ImageCache) -> None:
    unchanged = make_joined(cache).unchanged_images(4)
    predicted = PredictionBatches(cache, ROWS[::-1], 4, mirrored=True, tabular=TABULAR)

    for batches, rows in ((unchanged, ROWS), (predicted, ROWS[::-1])):
        [joined] = batches[1]
        np.testing.assert_array_equal(joined["tabular"], TABULAR[rows[4:8]])
        np.testing.assert_array_equal(joined["image"][:, 0, 0, 0], rows[4:8])


# Of 23 images 15, 6 and 2 belong to the three classes.
UNEVEN = np.eye(3, dtype="float32")[np.repeat([0, 1, 2], [15, 6, 2])]


def make_balanced(cache: ImageCache, augment: AugmentSpec | None = None) -> TrainingBatches:
    weights = np.ones(3, "float32")
    return TrainingBatches(
        cache, ROWS, UNEVEN, weights, 5, augment or AugmentSpec(), 0, balanced=True
    )


def test_a_balanced_epoch_shows_each_class_alike_and_is_as_long_as_it_says(
    cache: ImageCache,
) -> None:
    batches = make_balanced(cache)

    assert (batches.n_images, batches.n_training, batches.n_batches, len(batches)) == (24, N, 5, 5)
    assert [batches.batch_length(i) for i in range(5)] == [5, 5, 5, 5, 4]
    seen = set()
    for epoch in (1, 2, 3, 4, 5, 6):
        batches.start_epoch(epoch)
        levels = levels_of(batches)
        targets = np.concatenate([batches[i][1] for i in range(5)])
        assert targets.sum(axis=0).tolist() == [8, 8, 8]
        assert targets.argmax(axis=1).tolist() == [
            int(UNEVEN[level - ROWS[0]].argmax()) for level in levels
        ]
        counts = np.bincount(levels, minlength=30)[ROWS]
        assert counts[:15].max() == 1, "of a frequent class no image comes twice"
        assert set(counts[15:21]) == {1, 2}, "all images of a class before one comes again"
        assert set(counts[21:]) == {4}
        seen |= set(levels)
    assert seen == set(ROWS.tolist()), "in some epoch each image is shown"


def test_a_balanced_epoch_is_shuffled_anew_each_time(cache: ImageCache) -> None:
    batches = make_balanced(cache)
    orders = []
    for epoch in (1, 2, 3, 1):
        batches.start_epoch(epoch)
        orders.append(levels_of(batches))
        classes = UNEVEN.argmax(axis=1)[np.array(orders[-1]) - ROWS[0]]
        assert np.bincount(classes).tolist() == [8, 8, 8]
        # Class by class there would be two changes; at random about sixteen of 23.
        assert np.count_nonzero(np.diff(classes)) > 8

    assert orders[0] != orders[1] != orders[2] != orders[0]
    assert orders[3] == orders[0]


def test_an_image_that_is_shown_again_in_an_epoch_is_changed_otherwise(cache: ImageCache) -> None:
    cache.pixels[...] = 100
    batches = make_balanced(cache, AugmentSpec(brightness_min=0.5, brightness_max=1.5))

    levels = levels_of(batches)
    again = make_balanced(cache, AugmentSpec(brightness_min=0.5, brightness_max=1.5))

    assert len(set(levels)) > 15, "two images make a third of the epoch"
    assert levels == levels_of(again)


def make_mixed(cache: ImageCache, alpha: float = 1.0, seed: int = 0) -> TrainingBatches:
    targets = np.eye(3, dtype="float32")[ROWS % 3]
    weights = np.array([1.0, 2.0, 0.5], "float32")
    combined = np.eye(30, dtype="float32")[ROWS]
    return TrainingBatches(
        cache, ROWS, targets, weights, 5, AugmentSpec(), seed, combined, mixup=alpha
    )


def test_mixup_blends_images_and_what_they_cost_alike(cache: ImageCache) -> None:
    cache.pixels[...] = 2 * np.arange(30, dtype=np.uint8)[:, None, None]
    batches = make_mixed(cache)
    shares = []

    for i in range(len(batches)):
        images, targets, weights = batches[i]
        assert (images.dtype, weights.dtype) == (np.float32, np.float32)
        # Tells which images were mixed, and in which shares once each weight is taken off again.
        weighed = targets["probabilities"] * weights[:, None]
        np.testing.assert_allclose(targets["probabilities"].sum(axis=1), 1, rtol=1e-6)
        fine = weighed / np.array([1.0, 2.0, 0.5])[np.arange(30) % 3]
        np.testing.assert_allclose(fine.sum(axis=1), 1, rtol=1e-5)
        np.testing.assert_allclose(images[:, 3, 4, 0], fine @ (2 * np.arange(30)), rtol=1e-5)
        classes = np.eye(3)[np.arange(30) % 3]
        np.testing.assert_allclose(targets["merged"], targets["probabilities"] @ classes, rtol=1e-5)
        np.testing.assert_allclose(weights, fine @ classes @ [1.0, 2.0, 0.5], rtol=1e-5)
        mixed = fine.max(axis=1)
        shares.append(float(mixed[mixed < 1].mean()) if (mixed < 1).any() else 1.0)
        for own in mixed[mixed < 1]:
            assert own == pytest.approx(shares[-1], abs=1e-5), "one proportion a batch"
    assert len(set(shares)) == len(batches), "another for each batch"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"label_smoothing": 0.2},
        {"loss": "focal", "focal_gamma": 2.0},
        {"loss": "focal", "focal_gamma": 2.0, "label_smoothing": 0.2},
    ],
    ids=["cross-entropy", "smoothed", "focal", "focal and smoothed"],
)
def test_the_loss_of_a_mixed_batch_is_the_mix_of_both_losses_each_with_its_own_weight(
    cache: ImageCache, changes: dict[str, Any]
) -> None:
    loss = build_loss(replace(tiny_recipe(), **changes))
    n_fine = 30
    for output, n_outputs in (("probabilities", n_fine), ("merged", 3)):
        mixed = make_mixed(cache)
        answers = np.random.default_rng(5).dirichlet(np.ones(n_outputs), size=5)
        for i in range(4):  # whole batches
            _, targets, weights = mixed[i]
            share, other = drawn_mixing(mixed, i)
            rows = ROWS[mixed._order[i * 5 : (i + 1) * 5]]
            own = np.eye(n_outputs)[rows if n_outputs == n_fine else rows % 3]
            of_class = np.array([1.0, 2.0, 0.5])[rows % 3]

            found = loss(targets[output], answers, sample_weight=weights)

            one = loss(own, answers, sample_weight=of_class)
            two = loss(own[other], answers, sample_weight=of_class[other])
            expected = share * float(one) + (1 - share) * float(two)
            assert float(found) == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_the_binary_loss_of_a_mixed_batch_is_the_mix_of_both_too(cache: ImageCache) -> None:
    mixed = make_mixed(cache)
    answers = np.random.default_rng(5).uniform(0.05, 0.95, (5, 3))

    def loss(targets: np.ndarray, weights: np.ndarray) -> float:
        each = -(targets * np.log(answers) + (1 - targets) * np.log(1 - answers)).mean(axis=1)
        return float((weights * each).mean())

    for i in range(4):
        _, targets, weights = mixed[i]
        share, other = drawn_mixing(mixed, i)
        rows = ROWS[mixed._order[i * 5 : (i + 1) * 5]]
        own, of_class = np.eye(3)[rows % 3], np.array([1.0, 2.0, 0.5])[rows % 3]
        expected = share * loss(own, of_class) + (1 - share) * loss(own[other], of_class[other])
        assert loss(targets["merged"], weights) == pytest.approx(expected, abs=1e-6)


def drawn_mixing(batches: TrainingBatches, batch: int) -> tuple[float, np.ndarray]:
    """Return the share and the order that a batch of five is mixed by, seen on the unit matrix."""
    subsets = batches._draw_mixing(batch, 5)(np.eye(5, dtype="float32"))
    share = float(np.diag(subsets).min())  # one that stays in its place has all of itself
    others = subsets - share * np.eye(5)
    assert 0 < share < 1
    return share, others.argmax(axis=1)


def test_mixing_is_that_of_seed_epoch_and_batch_wherever_the_epoch_goes_on(
    cache: ImageCache,
) -> None:
    batches, other = make_mixed(cache), make_mixed(cache, seed=1)
    batches.start_epoch(4)
    whole = [batches[i] for i in range(5)]
    other.start_epoch(4)

    batches.start_epoch(4, first_batch=3)

    np.testing.assert_array_equal(batches[0][0], whole[3][0])
    np.testing.assert_array_equal(batches[1][2], whole[4][2])
    assert not np.array_equal(other[0][0], whole[0][0])


def test_without_mixup_a_batch_is_as_it_was(cache: ImageCache) -> None:
    plain, off = make_batches(cache), make_mixed(cache, alpha=0.0)

    np.testing.assert_array_equal(off[1][0], plain[1][0])
    np.testing.assert_array_equal(off[1][1]["merged"], plain[1][1])


def test_predictions_see_the_images_in_order_and_as_they_are(cache: ImageCache) -> None:
    rows = np.array([9, 2, 29, 4, 4])

    batches = PredictionBatches(cache, rows, 2)

    assert len(batches) == 3
    images = np.concatenate([batches[i][0] for i in range(3)])
    assert (images.shape, images.dtype) == ((5, SIZE, SIZE, 1), np.float32)
    np.testing.assert_array_equal(images[..., 0], cache.pixels[rows])


def test_mirrored_predictions_see_left_and_right_exchanged() -> None:
    pixels = np.arange(4 * SIZE * SIZE, dtype=np.uint8).reshape(4, SIZE, SIZE)
    cache = ImageCache(pixels, np.ones(4, bool), pd.DataFrame(), Path())

    [images] = PredictionBatches(cache, np.array([3, 1]), 2, mirrored=True)[0]

    np.testing.assert_array_equal(images[..., 0], pixels[[3, 1], :, ::-1])
