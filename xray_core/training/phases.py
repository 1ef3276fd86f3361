"""The phases of a training, one after the other, from wherever it stands."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import keras

from xray_core.models.saved import load_saved_model
from xray_core.recipes import Phase, Recipe
from xray_core.runs import Run
from xray_core.training.checkpoint import TrainingState, restore_checkpoint
from xray_core.training.combined_labels import COMBINED, MERGED, expose_combined
from xray_core.training.devices import choose_compiler
from xray_core.training.features import (
    EVENT,
    CutModel,
    compute_features,
    cut_model,
    evaluate_features,
)
from xray_core.training.freezing import freeze_layers
from xray_core.training.inputs import TrainingBatches
from xray_core.training.losses import build_loss, build_metrics, is_plain
from xray_core.training.optimizers import build_optimizer, set_rate
from xray_core.training.recorder import Recorder

FEATURES_BATCH_SIZE = 64  # images that go through a frozen base at once


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
    """Train all phases; the selected weights of a phase are carried into the next.

    Args:
        model: built, uncompiled, and left so; its layers are trained in place. With combined
            targets, see `training.combined_labels`.
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
    begin: TrainingState = recorder.position
    recorder.evaluated = model
    # What is kept is never compiled: anybody can open it, without the optimizer and its schedule.
    whole = expose_combined(model) if recipe.combined_labels else _same_layers(model)
    for number, phase in enumerate(recipe.phases):
        if number < begin.phase:
            continue
        goes_on = resumes and number == begin.phase
        if number and not goes_on:
            load_selected_weights(model, run)
        freeze_layers(whole, phase)
        cut, why_not = None, ""
        if phase.trainable == "head":
            n_images = training.n_training + recorder.n_validation
            cut, why_not = cut_model(whole, recipe, phase, n_images)
        trained = cut.head if cut else whole
        _compile(trained, recipe, phase, training, on_gpu)
        if goes_on:
            restore_checkpoint(run.last_checkpoint, model, trained.optimizer)
        recorder.start_phase(number, phase.name)
        recorder.set_model(trained)
        training.replace_images(None)
        if cut:
            _store_features(cut, run, training, recorder)
        elif why_not:
            words = f"Phase {phase.name}: each epoch computes the features of all images anew"
            run.append_event(EVENT, f"{words}: {why_not}.", "training")
        try:
            _fit_epochs(trained, phase, training, recorder)
        finally:
            recorder.save_selected()  # also where the training diverged
        recorder.end_phase()


def _fit_epochs(model: Any, phase: Phase, training: TrainingBatches, recorder: Recorder) -> None:
    """Train and evaluate one epoch after the other until the phase is over."""
    while not phase_is_over(phase, recorder.phase_losses):
        here = recorder.position
        if here.batch < training.n_batches:
            training.start_epoch(here.epoch + 1, here.batch)
            set_rate(model.optimizer, phase, recorder.phase_losses)
            model.fit(training, epochs=1, shuffle=False, verbose=0, callbacks=[recorder])
        recorder.select_epoch()


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


def load_selected_weights(model: Any, run: Run) -> None:
    """Set the weights of `model` to those of the epoch that is kept so far."""
    # Not model.load_weights: files of older runs hold an optimizer, which may be another phase's.
    kept = load_saved_model(run.best_checkpoint)
    model.set_weights(kept.get_weights())


def _same_layers(model: Any) -> Any:
    """Return another model of the layers and weights of `model`."""
    return keras.Model(model.input, model.output, name=model.name)


def _store_features(cut: CutModel, run: Run, training: TrainingBatches, recorder: Recorder) -> None:
    """Compute the features of all images, and let them be trained and evaluated on."""
    n_training, n_validation = training.n_training, recorder.n_validation
    n_images = n_training + n_validation

    def report_progress(done: int) -> None:
        recorder.report_progress(
            f"Computing features: {done:,} of {n_images:,} images.", done, n_images
        )

    images = training.unchanged_images(FEATURES_BATCH_SIZE)
    training.replace_images(compute_features(cut.body, images, n_training, report_progress))
    validation = compute_features(
        cut.body, recorder.validation, n_validation, lambda done: report_progress(n_training + done)
    )
    recorder.evaluate_by(partial(evaluate_features, cut.evaluate, validation))
    sentence = "computed once: the base is frozen and nothing is augmented."
    run.append_event(EVENT, f"Features of {n_images:,} images {sentence}", "training")


def _compile(
    model: Any, recipe: Recipe, phase: Phase, training: TrainingBatches, on_gpu: bool
) -> None:
    both = len(model.outputs) == 2
    loss = build_loss(recipe, training.finding_weights)
    # Where what is learnt is not what is evaluated, what can be compared is logged as well.
    metrics = build_metrics(recipe, plain=both or not is_plain(recipe))
    model.compile(
        optimizer=build_optimizer(phase, training.n_batches),
        loss={COMBINED: loss} if both else loss,
        metrics={MERGED: metrics} if both else metrics,
        jit_compile=choose_compiler(on_gpu=on_gpu),
    )
    model.optimizer.build(model.trainable_variables)
