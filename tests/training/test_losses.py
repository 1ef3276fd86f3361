"""Losses against their formulas."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from tests.training.tiny import tiny_recipe
from xray_core.recipes import Recipe, change_recipe
from xray_core.training.losses import (
    FindingsLoss,
    build_loss,
    build_metrics,
    find_masses,
    is_plain,
    weigh_findings,
)

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


STATES = np.array([[1, 0, -1], [0, 1, -1], [1, 1, -1], [0, -1, -1]])
SEVERAL = np.array([[0.8, 0.3, 0.5], [0.4, 0.9, 0.1], [0.6, 0.7, 0.0], [0.2, 0.2, 1.0]], "float32")


def several() -> Recipe:
    """Return a recipe of a multi-label task."""
    return change_recipe(tiny_recipe(), {"task": "folder_findings", "class_weights": "none"})


def test_the_loss_of_several_findings_is_the_mean_over_those_that_are_known() -> None:
    loss = build_loss(several())

    each = keras.losses.BinaryCrossentropy(reduction=None)
    known = STATES >= 0
    expected = [
        float(each((STATES[row] == 1)[known[row]][None].astype("float32"), p[known[row]][None])[0])
        for row, p in enumerate(SEVERAL)
    ]
    assert float(loss(find_masses(STATES), SEVERAL)) == pytest.approx(np.mean(expected), rel=1e-5)
    accuracy, plain = build_metrics(several(), plain=True)
    plain.update_state(find_masses(STATES), SEVERAL)
    assert float(plain.result()) == pytest.approx(np.mean(expected), rel=1e-5)
    accuracy.update_state(find_masses(STATES), SEVERAL)
    assert float(accuracy.result()) == pytest.approx(1.0)


def build_shared(n_classes: int, bias: float = 0.0) -> keras.Model:
    """Build a layer that all findings share, and outputs whose first two are always the same."""
    keras.utils.set_random_seed(3)
    x = keras.Input((5,))
    shared = keras.layers.Dense(4, activation="tanh", name="shared")(x)
    model = keras.Model(x, keras.layers.Dense(n_classes, activation="sigmoid", name="own")(shared))
    rng = np.random.default_rng(1)
    model.get_layer("shared").set_weights([rng.normal(size=(5, 4)), rng.normal(size=4)])
    kernel, biases = rng.normal(size=(4, 3)), np.array([0.1, -0.2, bias])
    model.get_layer("own").set_weights([kernel[:, :n_classes], biases[:n_classes]])
    return model


@pytest.mark.parametrize("bias", [0.5, 1e4, -1e4])  # with which the third probability is 1 or 0
@pytest.mark.parametrize(
    ("gamma", "smoothing", "weights"),
    [(0.0, 0.0, None), (2.0, 0.1, np.array([[3, 0.6], [2, 0.7], [9, 0.5]], "float32"))],
)
def test_a_masked_finding_changes_no_gradient_of_the_shared_layers(
    gamma: float, smoothing: float, weights: np.ndarray | None, bias: float
) -> None:
    x = np.random.default_rng(2).normal(size=(4, 5)).astype("float32")
    steps = {}
    for n_classes in (2, 3):
        model = build_shared(n_classes, bias)
        own = weights if weights is None else weights[:n_classes]
        model.compile(keras.optimizers.SGD(1.0), FindingsLoss(own, gamma, smoothing))
        before = [model.get_layer(name).get_weights() for name in ("shared", "own")]
        loss = model.train_on_batch(x, find_masses(STATES[:, :n_classes]))
        after = [model.get_layer(name).get_weights() for name in ("shared", "own")]
        steps[n_classes] = [
            had - has
            for olds, news in zip(before, after, strict=True)
            for had, has in zip(olds, news, strict=True)
        ]
        assert np.isfinite(loss)
        assert all(np.isfinite(step).all() for step in steps[n_classes])

    for with_third, without in zip(steps[3][:2], steps[2][:2], strict=True):
        assert np.abs(without).max() > 1e-3
        np.testing.assert_allclose(with_third, without, rtol=0, atol=1e-6)
    kernel, biases = steps[3][2:]
    assert (kernel[:, 2] == 0).all()
    assert biases[2] == 0
    np.testing.assert_allclose(kernel[:, :2], steps[2][2], rtol=0, atol=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("gamma", [0.0, 2.0])
def test_what_two_mixed_images_cost_is_the_mix_of_what_they_cost(
    gamma: float, smoothing: float
) -> None:
    weights = np.array([[3, 0.6], [2, 0.7], [9, 0.5]], "float32")
    loss, masses = FindingsLoss(weights, gamma, smoothing), find_masses(STATES)
    p = SEVERAL[:1]

    mixed = float(loss(0.3 * masses[:1] + 0.7 * masses[3:], p))

    assert mixed == pytest.approx(
        0.3 * float(loss(masses[:1], p)) + 0.7 * float(loss(masses[3:], p)), rel=1e-5
    )


def test_present_and_absent_weigh_the_same_in_sum() -> None:
    states = np.array([[1, 1, 1], [0, 1, -1], [0, 1, 1], [0, 1, 0]])

    weights = weigh_findings(states)

    for k, n_known in enumerate((4, 4, 3)):
        sums = [
            weights[k, 0] * (states[:, k] == 1).sum(),
            weights[k, 1] * (states[:, k] == 0).sum(),
        ]
        assert sum(sums) == pytest.approx(n_known)
        assert k == 1 or sums[0] == pytest.approx(sums[1])  # of the second there is one kind alone
    assert not is_plain(replace(several(), class_weights="balanced"))
