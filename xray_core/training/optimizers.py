"""Optimizer and learning rate schedule of a phase.

Nothing here is remembered from batch to batch: a rate follows from the optimizer's step, which
the checkpoint holds, and from the validation losses that are written down. So a training that
goes on after a kill has the rates of one that was never interrupted.
"""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops
from keras.optimizers import schedules

from xray_core.recipes import Phase
from xray_core.recipes.phase import DROPPING

LEVEL = "level"  # variable of the optimizer: the rate that a warm-up rises to, where it drops later


def build_optimizer(phase: Phase, steps_per_epoch: int) -> Any:
    """Return the optimizer of `phase`, its rate that of the first step.

    Args:
        phase: optimizer, schedule and what belongs to them.
        steps_per_epoch: batches of a whole epoch.
    """
    rate: Any = float(phase.learning_rate)
    rising = phase.warm_up * steps_per_epoch
    if phase.schedule == "cosine":
        rate = schedules.CosineDecay(rate, phase.epochs * steps_per_epoch - rising)
    if phase.schedule == "inverse_time":
        rate = schedules.InverseTimeDecay(rate, decay_steps=1, decay_rate=phase.decay)
    if phase.warm_up:
        rate = WarmUp(phase.learning_rate, rising, rate)
    kinds = {
        "adam": keras.optimizers.Adam,
        "nadam": keras.optimizers.Nadam,
        "rmsprop": keras.optimizers.RMSprop,
        "sgd": keras.optimizers.SGD,
        "adamw": keras.optimizers.AdamW,
    }
    own = {"sgd": {"momentum": phase.momentum}, "adamw": {"weight_decay": phase.weight_decay}}
    optimizer = kinds[phase.optimizer](learning_rate=rate, **own.get(phase.optimizer, {}))
    if phase.warm_up and phase.schedule in DROPPING:
        begin = keras.initializers.Constant(phase.learning_rate)
        # Owned by the optimizer: so it is in the checkpoint, and every backend sees it change.
        rate.after = optimizer.add_variable((), begin, name=LEVEL)
    return optimizer


def set_rate(optimizer: Any, phase: Phase, losses: Sequence[float]) -> None:
    """Let the rate of `optimizer` be that of the next epoch, where it changes between epochs.

    Args:
        optimizer: as `build_optimizer` made it; Keras may have wrapped it for half precision.
        phase: that it belongs to.
        losses: validation loss after each of the phase's epochs so far.
    """
    if phase.schedule not in DROPPING:
        return
    rate = phase.learning_rate * phase.decay ** count_drops(phase, losses)
    if phase.warm_up:
        [level] = [variable for variable in optimizer.variables if variable.name == LEVEL]
        level.assign(rate)
    else:
        optimizer.learning_rate = rate  # of the variable, so that no step is traced anew


def count_drops(phase: Phase, losses: Sequence[float]) -> int:
    """Return how often the rate has been multiplied by the phase's `decay` by now.

    Epochs of the warm-up do not count. "plateau" decides as Keras' ReduceLROnPlateau does with
    min_delta=0: after a drop it waits for another `decay_epochs` epochs without a lower loss.

    Args:
        phase: of schedule "step" or "plateau".
        losses: validation loss after each of its epochs so far.
    """
    own = losses[phase.warm_up :]
    if phase.schedule == "step":
        return len(own) // phase.decay_epochs
    drops, waited, best = 0, 0, float("inf")
    for loss in own:
        if loss < best:
            best, waited = loss, 0
        else:
            waited += 1
        if waited == phase.decay_epochs:
            drops, waited = drops + 1, 0
    return drops


@keras.saving.register_keras_serializable("xray_core")
class WarmUp(schedules.LearningRateSchedule):  # type: ignore[misc]
    """A rate that rises from 0 in a straight line, and then does what another one does.

    Args:
        peak: the rate at the end of the rise.
        steps: batches that the rise takes, at least 1.
        after: the rate from then on: a number, a variable, or a schedule that begins there.
    """

    def __init__(self, peak: float, steps: int, after: Any) -> None:
        super().__init__()
        self.peak, self.steps, self.after = peak, steps, after

    def __call__(self, step: Any) -> Any:
        """Return the rate of the step numbered `step`, from 0."""
        step = ops.cast(step, "float32")
        later = self.after
        if callable(later):
            later = later(ops.maximum(step - self.steps, 0.0))
        later = ops.convert_to_tensor(later, "float32")  # JAX compiles no step with a variable here
        return ops.where(step < self.steps, self.peak * step / self.steps, later)

    def get_config(self) -> dict[str, Any]:
        """Return what a saved model keeps of it; a variable as the number that it is."""
        after = self.after if callable(self.after) else float(ops.convert_to_numpy(self.after))
        after = keras.saving.serialize_keras_object(after)
        return {"peak": self.peak, "steps": self.steps, "after": after}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "WarmUp":
        """Return what `get_config` described."""
        return cls(**{**config, "after": keras.saving.deserialize_keras_object(config["after"])})
