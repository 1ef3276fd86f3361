"""Optimizers and their rates, held against Keras' own and against the formulas."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from xray_core.recipes import Phase
from xray_core.training.devices import choose_compiler
from xray_core.training.optimizers import WarmUp, build_optimizer, count_drops, set_rate

STEPS = 10  # batches of an epoch


def rates_of(phase: Phase, losses: list[float]) -> list[float]:
    """Return the rate at the end of each epoch whose validation losses are given."""
    optimizer = build_optimizer(phase, STEPS)
    rates = []
    for epoch in range(len(losses)):
        set_rate(optimizer, phase, losses[:epoch])
        optimizer.iterations.assign((epoch + 1) * STEPS)
        rates.append(float(optimizer.learning_rate))
    return rates


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [0.2] * 6),
        ({"schedule": "step", "decay": 0.1, "decay_epochs": 2}, [0.2, 0.2, 0.02, 0.02, 2e-3, 2e-3]),
        (
            {"schedule": "inverse_time", "decay": 0.001},
            [0.2 / (1 + 0.001 * step) for step in range(10, 70, 10)],
        ),
        ({"schedule": "cosine"}, [0.1 * (1 + np.cos(np.pi * k / 6)) for k in range(1, 7)]),
        ({"warm_up": 4}, [0.05, 0.1, 0.15, 0.2, 0.2, 0.2]),
        (
            {"warm_up": 2, "schedule": "step", "decay": 0.5, "decay_epochs": 1},
            [0.1, 0.2, 0.2, 0.1, 0.05, 0.025],
        ),
        (
            {"warm_up": 2, "schedule": "cosine"},
            [0.1, 0.2, *(0.1 * (1 + np.cos(np.pi * k / 4)) for k in range(1, 5))],
        ),
        (
            {"warm_up": 1, "schedule": "inverse_time", "decay": 0.01},
            [0.2, *(0.2 / (1 + 0.01 * step) for step in range(10, 60, 10))],
        ),
    ],
)
def test_the_rate_of_each_epoch_is_what_the_schedule_says(
    settings: dict[str, Any], expected: list[float]
) -> None:
    phase = Phase("p", 6, learning_rate=0.2, **settings)

    assert rates_of(phase, [1.0] * 6) == pytest.approx(expected, rel=1e-5, abs=1e-8)


def test_within_the_warm_up_the_rate_rises_batch_by_batch() -> None:
    optimizer = build_optimizer(Phase("p", 6, learning_rate=0.2, warm_up=2), STEPS)

    rises = []
    for step in (0, 1, 10, 19, 20, 21):
        optimizer.iterations.assign(step)
        rises.append(float(optimizer.learning_rate))

    assert rises == pytest.approx([0, 0.01, 0.1, 0.19, 0.2, 0.2])


@pytest.mark.parametrize(
    "losses",
    [
        [1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4],
        [1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6],
        [1.0, 1.0, 0.9, 0.95, 0.95, 0.8, 0.9],
        [0.5, 0.6, 0.4, 0.41, 0.42, 0.43, 0.39],
    ],
)
@pytest.mark.parametrize("warm_up", [0, 1])
def test_a_plateau_is_one_where_keras_sees_one(losses: list[float], warm_up: int) -> None:
    phase = Phase(
        "p", 9, learning_rate=0.2, schedule="plateau", decay=0.5, decay_epochs=2, warm_up=warm_up
    )
    keras_drops = keras.callbacks.ReduceLROnPlateau("val_loss", 0.5, 2, min_delta=0)
    model = keras.Sequential()
    model.optimizer = keras.optimizers.SGD(0.2)
    keras_drops.set_model(model)
    keras_drops.on_train_begin()
    for epoch, loss in enumerate(losses[warm_up:]):
        keras_drops.on_epoch_end(epoch, {"val_loss": loss})

    optimizer = build_optimizer(phase, STEPS)
    optimizer.iterations.assign(len(losses) * STEPS)
    set_rate(optimizer, phase, losses)

    assert float(optimizer.learning_rate) == pytest.approx(float(model.optimizer.learning_rate))
    assert 0.2 * 0.5 ** count_drops(phase, losses) == pytest.approx(float(optimizer.learning_rate))


def test_what_an_optimizer_is_told_reaches_it() -> None:
    sgd = build_optimizer(Phase("p", 1, optimizer="sgd", momentum=0.9), STEPS)
    adamw = build_optimizer(Phase("p", 1, optimizer="adamw", weight_decay=0.05), STEPS)

    assert sgd.momentum == 0.9
    assert (type(adamw).__name__, adamw.weight_decay) == ("AdamW", 0.05)


def test_weight_decay_takes_its_share_of_the_rate_off_a_weight() -> None:
    optimizer = build_optimizer(
        Phase("p", 1, optimizer="adamw", learning_rate=0.1, weight_decay=0.5), STEPS
    )
    weight = keras.Variable([2.0, -4.0])

    optimizer.apply([keras.ops.zeros(2)], [weight])

    np.testing.assert_allclose(keras.ops.convert_to_numpy(weight), [1.9, -3.8], rtol=1e-6)


@pytest.mark.parametrize("warm_up", [0, 1])
def test_a_rate_that_drops_makes_no_step_to_be_traced_anew(warm_up: int) -> None:
    phase = Phase("p", 4, schedule="step", decay=0.5, decay_epochs=1, warm_up=warm_up)
    traced = []

    class Noting(keras.losses.Loss):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            traced.append(1)
            return keras.ops.mean((y_true - y_pred) ** 2, axis=-1)

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(build_optimizer(phase, 2), Noting(), jit_compile=choose_compiler(on_gpu=False))
    model.optimizer.build(model.trainable_variables)
    rates, counts = [], []
    for epoch in range(4):
        set_rate(model.optimizer, phase, [1.0] * epoch)
        model.fit(np.ones((4, 2)), np.ones((4, 1)), 2, verbose=0)
        rates.append(float(model.optimizer.learning_rate))
        counts.append(len(traced))

    assert len(set(counts)) == 1
    assert len(set(rates)) == 4 - warm_up


def test_in_half_precision_the_rate_drops_as_well() -> None:
    phase = Phase("p", 4, schedule="step", decay=0.5, decay_epochs=1, warm_up=1)
    optimizer = keras.optimizers.LossScaleOptimizer(build_optimizer(phase, 2))

    set_rate(optimizer, phase, [1.0, 1.0])
    optimizer.iterations.assign(4)

    assert float(optimizer.learning_rate) == pytest.approx(phase.learning_rate / 2)


@pytest.mark.parametrize("schedule", ["constant", "cosine", "plateau"])
def test_a_model_saved_with_a_warm_up_can_be_loaded(schedule: str, tmp_path: Path) -> None:
    drop = {"decay": 0.5, "decay_epochs": 1} if schedule == "plateau" else {}
    phase = Phase("p", 4, schedule=schedule, warm_up=1, **drop)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(build_optimizer(phase, 2), "mse")
    model.save(tmp_path / "model.keras")

    again = keras.models.load_model(tmp_path / "model.keras", compile=False)
    warm_up = WarmUp.from_config(model.optimizer.get_config()["learning_rate"]["config"])

    np.testing.assert_array_equal(again.get_weights()[0], model.get_weights()[0])
    for step in (0, 1, 3):
        model.optimizer.iterations.assign(step)
        assert float(warm_up(step)) == pytest.approx(float(model.optimizer.learning_rate))
