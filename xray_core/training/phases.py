"""The phases of a training, one after the other, from wherever it stands."""

from collections.abc import Sequence
from typing import Any

import keras

from xray_core.recipes import Phase, Recipe
from xray_core.runs import Run
from xray_core.training.checkpoint import Position, restore_checkpoint
from xray_core.training.finer import FINE, GATHERED, expose_finer
from xray_core.training.inputs import TrainingBatches
from xray_core.training.recorder import Recorder

LOSS = "categorical_crossentropy"


def fit_phases(
    model: Any,
    recipe: Recipe,
    run: Run,
    training: TrainingBatches,
    recorder: Recorder,
    *,
    on_gpu: bool,
    resumes: bool,
) -> None:
    """Train all phases; the kept weights of a phase are carried into the next.

    Args:
        model: built, uncompiled; trained in place. With finer targets, see `training.finer`.
        recipe: its phases.
        run: the folder of its checkpoints.
        training: what is trained on.
        recorder: writes everything down; its position is where the training goes on.
        on_gpu: whether XLA may compile the steps.
        resumes: whether there is a checkpoint to go on from.

    Raises:
        StopRequested: through the recorder, after a batch or an epoch.
        RunError: the training diverged, or the checkpoint cannot be used.
    """
    begin: Position = recorder.position
    recorder.judged = model
    trained = expose_finer(model) if recipe.finer_targets else model
    for number, phase in enumerate(recipe.phases):
        if number < begin.phase:
            continue
        goes_on = resumes and number == begin.phase
        if number and not goes_on:
            take_kept_weights(model, run)
        _compile(trained, phase, training.n_batches, on_gpu)
        if goes_on:
            restore_checkpoint(run.last_checkpoint, trained)
        recorder.start_phase(number, phase.name)
        recorder.set_model(trained)
        while not phase_is_over(phase, recorder.phase_losses):
            here = recorder.position
            if here.batch < training.n_batches:
                training.start_epoch(here.epoch + 1, here.batch)
                trained.fit(training, epochs=1, shuffle=False, verbose=0, callbacks=[recorder])
            recorder.judge_epoch()


def phase_is_over(phase: Phase, losses: Sequence[float]) -> bool:
    """Whether a phase has had its epochs, or its patience is at an end.

    As Keras' EarlyStopping decides, but from what is written down, so that a resumed training
    decides alike.

    Args:
        phase: its epochs and patience.
        losses: validation loss after each of its epochs so far.
    """
    if len(losses) >= phase.epochs:
        return True
    if not losses or not phase.patience:
        return False
    best = losses.index(min(losses))
    return len(losses) - 1 - best >= phase.patience


def take_kept_weights(model: Any, run: Run) -> None:
    """Set the weights of `model` to those of the epoch that is kept so far."""
    # Not model.load_weights, which also loads the optimizer, and that may be another phase's.
    kept = keras.models.load_model(run.best_checkpoint, compile=False, safe_mode=True)
    model.set_weights(kept.get_weights())


def _compile(model: Any, phase: Phase, steps_per_epoch: int, on_gpu: bool) -> None:
    for layer in model.layers:
        if layer.name == "base":
            layer.trainable = phase.trainable == "all"
    both = len(model.outputs) == 2
    # Objects, not names: with all variables there before the first step, TensorFlow traces it once
    # and not twice, which takes half the time.
    accuracy = keras.metrics.CategoricalAccuracy("accuracy")
    entropy = keras.metrics.CategoricalCrossentropy(LOSS)
    model.compile(
        optimizer=_build_optimizer(phase, steps_per_epoch),
        loss={FINE: LOSS} if both else LOSS,
        # What is learnt with finer targets is not what is judged: log what can be compared.
        metrics={GATHERED: [accuracy, entropy]} if both else [accuracy],
        # XLA slows these networks on a CPU (measured: 0.67 to 0.84 of the speed).
        jit_compile="auto" if on_gpu else False,
    )
    model.optimizer.build(model.trainable_variables)


def _build_optimizer(phase: Phase, steps_per_epoch: int) -> Any:
    rate: Any = phase.learning_rate
    if phase.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, phase.epochs * steps_per_epoch)
    kinds = {
        "adam": keras.optimizers.Adam,
        "nadam": keras.optimizers.Nadam,
        "rmsprop": keras.optimizers.RMSprop,
        "sgd": keras.optimizers.SGD,
    }
    return kinds[phase.optimizer](learning_rate=rate)
