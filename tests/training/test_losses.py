"""Losses against their formulas."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from tests.training.tiny import tiny_recipe
from xray_core.training.losses import build_loss, is_plain

TARGETS = np.array([[1, 0, 0], [0, 0, 1]], "float32")
P = np.array([[0.7, 0.2, 0.1], [0.3, 0.3, 0.4]], "float32")


def test_cross_entropy_is_what_keras_calls_sparse_on_the_numbers_of_the_classes() -> None:
    loss = build_loss(tiny_recipe())

    assert float(loss(TARGETS, P)) == pytest.approx(-np.log([0.7, 0.4]).mean(), rel=1e-5)
    sparse = keras.losses.SparseCategoricalCrossentropy()(TARGETS.argmax(axis=1), P)
    assert float(loss(TARGETS, P)) == pytest.approx(float(sparse), rel=1e-6)


def test_the_focal_loss_is_that_of_the_paper() -> None:
    loss = build_loss(replace(tiny_recipe(), loss="focal", focal_gamma=3.0))

    p = np.array([0.7, 0.4])
    assert float(loss(TARGETS, P)) == pytest.approx(((1 - p) ** 3 * -np.log(p)).mean(), rel=1e-5)


def test_with_gamma_0_the_focal_loss_is_the_cross_entropy() -> None:
    recipe = replace(tiny_recipe(), label_smoothing=0.1)
    focal = replace(recipe, loss="focal", focal_gamma=0.0)

    expected = float(build_loss(recipe)(TARGETS, P))
    assert float(build_loss(focal)(TARGETS, P)) == pytest.approx(expected, rel=1e-5)


def test_smoothing_spreads_its_share_over_all_classes() -> None:
    loss = build_loss(replace(tiny_recipe(), label_smoothing=0.3))

    smoothed = 0.7 * TARGETS + 0.1
    expected = -(smoothed * np.log(P)).sum(axis=1).mean()
    assert float(loss(TARGETS, P)) == pytest.approx(expected, rel=1e-5)


def test_sample_weights_count_in_every_loss() -> None:
    weights = np.array([2.0, 0.0], "float32")
    for recipe in (tiny_recipe(), replace(tiny_recipe(), loss="focal", label_smoothing=0.1)):
        loss = build_loss(recipe)

        weighed = float(loss(TARGETS, P, sample_weight=weights))
        assert weighed == pytest.approx(float(loss(TARGETS[:1], P[:1])), rel=1e-5)


def test_only_plain_cross_entropy_is_logged_as_it_is_learnt() -> None:
    recipe = tiny_recipe()

    assert is_plain(recipe)
    assert not is_plain(replace(recipe, loss="focal"))
    assert not is_plain(replace(recipe, label_smoothing=0.1))
