"""The Keras callback that records each batch, each epoch and the selected weights."""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pandas as pd
from keras import ops
from numpy.typing import NDArray

from xray_core.errors import RunError
from xray_core.evaluation.diagnose import DIVERGED
from xray_core.files import replaced_file
from xray_core.runs import Run
from xray_core.training.checkpoint import TrainingState, write_checkpoint
from xray_core.training.combined_labels import MERGED
from xray_core.training.inputs import PredictionBatches, TrainingBatches
from xray_core.training.losses import ENTROPY
from xray_core.training.progress import Progress
from xray_core.training.scores import (
    EpochScores,
    MaskScores,
    measure_loss,
    rounded,
    score_epoch,
    score_masks,
)

# Seconds of training that a killed process may cost.
CHECKPOINT_SECONDS = float(os.environ.get("XRAY_CHECKPOINT_SECONDS") or 20)
CHECKPOINT_SHARE = 0.05  # of the time that writing checkpoints may take; large models are slow
# Between two epochs it costs little to lose, and much to write, where an epoch is over in a moment.
EPOCHS_SECONDS = 5.0


class Recorder(keras.callbacks.Callback):  # type: ignore[misc]
    """Records a run through all of its phases, and knows where it stands.

    One call of `fit` trains one epoch, or what is left of it; then `select_epoch` predicts the
    validation set once, which serves all: loss, accuracy, counts of right and wrong answers, and
    the stored probabilities.

    Args:
        run: the folder written to.
        progress: told of each batch; raises StopRequested through it.
        training: what is trained on.
        validation: images of the validation set, in the order of `actual`.
        actual: int: their classes, or the states of their findings, see `scores.score_epoch`; or
            their masks, see `scores.score_masks`.
        image_ids: their names.
        classes: in the order of the model's output.
        position: where the training goes on; the metric log ends there.
        keep_last: whether the newest epoch is always the one to keep, not the best.
    """

    def __init__(
        self,
        run: Run,
        progress: Progress,
        training: TrainingBatches,
        validation: PredictionBatches,
        actual: NDArray[Any],
        image_ids: list[str],
        classes: list[str],
        position: TrainingState,
        keep_last: bool = False,
    ) -> None:
        super().__init__()
        self._run, self._progress = run, progress
        self._training, self.validation = training, validation
        self._actual, self._image_ids, self._classes = actual, image_ids, classes
        self.position, self._keep_last = position, keep_last
        self.evaluated: Any = (
            None  # the model whose answers count, with all variables of a training
        )
        self._answer: Callable[[], NDArray[np.float32]] | None = None
        self.phase = ""
        self.phase_losses: list[float] = []  # validation loss of each epoch of the present phase
        self._saved_at, self._save_seconds = time.monotonic(), 0.0
        self._saved = position  # that the checkpoint tells
        self._kept: list[Any] | None = None  # weights of the best epoch that no file holds yet

    @property
    def n_validation(self) -> int:
        """Images of the validation set."""
        return len(self._actual)

    @property
    def _has_masks(self) -> bool:
        return self._actual.ndim == 3

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._began = time.monotonic() - self.position.seconds
        self._seen_by_keras, self._sums_of_keras = 0, {"loss": 0.0, "accuracy": 0.0}
        if self._has_masks:
            self._sums_of_keras["dice"] = 0.0
        here = self.position
        self._progress.update(
            now=self._progress.status.step != "training",  # the first batch may take long
            step="training",
            message=f"Epoch {here.epoch + 1}: training.",
            phase=self.phase,
            epoch=here.epoch + 1,
            done=here.batch,
            total=self._training.n_batches,
        )

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        # Keras reports the mean since fit began; a batch's own value is the difference.
        here = self.position
        size = self._training.batch_length(here.batch)
        seen = self._seen_by_keras + size
        values = {}
        for name in self._sums_of_keras:
            total = self._mean(name, logs or {}) * seen
            values[name] = total - self._sums_of_keras[name]
            self._sums_of_keras[name] = total
        self._seen_by_keras = seen
        self._check_finite("loss", values["loss"])
        hits = values["accuracy"]
        if self._actual.ndim == 1:
            hits = round(hits)  # whole images: undoes the rounding of the running mean
        n_batches = self._training.n_batches
        self._run.append_metrics(
            {
                "kind": "batch",
                "phase": self.phase,
                "epoch": here.epoch + 1,
                "batch": here.batch + 1,
                "step": here.epoch * n_batches + here.batch + 1,
                "loss": round(values["loss"] / size, 6),
                "accuracy": round(hits / size, 6),
                **({"dice": round(values["dice"] / size, 6)} if self._has_masks else {}),
                "time": round(time.time(), 2),
            }
        )
        self._move(
            batch=here.batch + 1,
            loss_sum=here.loss_sum + values["loss"],
            hits=here.hits + hits,
            dice_sum=here.dice_sum + values.get("dice", 0.0),
            seconds=time.monotonic() - self._began,
        )
        # Weights that wait are written between epochs only: here some backends hold others.
        pause = max(CHECKPOINT_SECONDS, self._save_seconds / CHECKPOINT_SHARE)
        if self._kept is None and time.monotonic() - self._saved_at > pause:
            self.save_checkpoint()
        self._progress.update(
            step="training",
            message=f"Epoch {here.epoch + 1}: training.",
            phase=self.phase,
            epoch=here.epoch + 1,
            done=here.batch + 1,
            total=n_batches,
            seconds_left=self._seconds_left(n_batches),
        )

    def select_epoch(self) -> None:
        """Validate the epoch whose batches are all trained; write its figures down."""
        here = self.position
        n_batches = self._training.n_batches
        self._progress.update(
            message=f"Epoch {here.epoch + 1}: validating.", done=n_batches, total=n_batches
        )
        began = time.monotonic()
        val_loss, scores, table = self._validate()
        n_images = self._training.n_images
        loss, accuracy = here.loss_sum / n_images, here.hits / n_images
        epoch, seconds = here.epoch + 1, here.seconds + time.monotonic() - began

        table.insert(0, "image_id", self._image_ids)
        self._run.write_table(f"validation/epoch-{epoch:04d}.parquet", table)
        if self._keep_last or here.best_loss is None or val_loss < here.best_loss:
            self._move(best_loss=val_loss, best_epoch=epoch)
            self._kept = self.evaluated.get_weights()
        self._run.append_metrics(
            {
                "kind": "epoch",
                "phase": self.phase,
                "epoch": epoch,
                "step": epoch * n_batches,
                "loss": round(loss, 6),
                "accuracy": round(accuracy, 6),
                **({"dice": round(here.dice_sum / n_images, 6)} if self._has_masks else {}),
                "val_loss": val_loss,
                **scores.line,
                "learning_rate": self._learning_rate(),
                "best_epoch": self.position.best_epoch,
                "seconds": round(seconds, 2),
                "time": round(time.time(), 2),
            }
        )
        self.phase_losses.append(val_loss)
        figure, trained, validated = "accuracy", accuracy, scores.accuracy
        if isinstance(scores, MaskScores):
            figure, trained, validated = "Dice", here.dice_sum / n_images, scores.dice
        print(
            f"epoch {epoch} ({self.phase}): loss {loss:.4f}, {figure} {trained:.4f}, "
            f"validation loss {val_loss:.4f}, {figure} {validated:.4f}, {seconds:.1f} s",
            file=sys.stderr,  # standard output belongs to the command's answer
            flush=True,
        )
        nothing = {"batch": 0, "loss_sum": 0.0, "hits": 0.0, "dice_sum": 0.0, "seconds": 0.0}
        self._move(epoch=epoch, epoch_seconds=seconds, **nothing)
        pause = max(EPOCHS_SECONDS, self._save_seconds / CHECKPOINT_SHARE)
        if time.monotonic() - self._saved_at >= min(CHECKPOINT_SECONDS, pause):
            self.save_checkpoint()
        is_kept = epoch == self.position.best_epoch
        kept = {"val_accuracy": rounded(scores.accuracy)} if is_kept else {}
        if is_kept and isinstance(scores, MaskScores):
            kept["val_dice"] = rounded(scores.dice)
        self._progress.update(now=True, epoch=epoch, **kept)

    def _validate(self) -> tuple[float, EpochScores, pd.DataFrame]:
        """Return loss, figures, and what the model says of each image of the validation set."""
        if self._has_masks:
            masks = score_masks(self.evaluated, self.validation, self._actual)
            self._check_finite("validation loss", masks.loss)
            return masks.loss, masks, masks.table
        if self._answer:
            probabilities = self._answer().astype("float64")
        else:
            probabilities = self.evaluated.predict(self.validation, verbose=0).astype("float64")
        val_loss = measure_loss(self._actual, probabilities)
        self._check_finite("validation loss", val_loss)  # first: nothing else can be said of NaN
        names = [f"p_{name}" for name in self._classes]
        table = pd.DataFrame(probabilities.astype("float32"), columns=names)
        return val_loss, score_epoch(self._actual, probabilities), table

    def start_phase(self, number: int, name: str) -> None:
        """Say that the phase numbered `number`, from 0, is trained from now on."""
        self.phase = name
        epochs = self._run.read_epochs()  # of this phase there are some where it goes on
        own = epochs[epochs["phase"] == name] if len(epochs) else epochs
        self.phase_losses = own["val_loss"].tolist() if len(own) else []
        self._answer = None
        self._move(phase=number)

    def end_phase(self) -> None:
        """Write down all that is not yet."""
        if self.position is not self._saved:
            self.save_checkpoint()

    def evaluate_by(self, answer: Callable[[], NDArray[np.float32]]) -> None:
        """Take the probabilities of the validation images from `answer` until the phase ends."""
        self._answer = answer

    def report_progress(self, message: str, done: int, total: int) -> None:
        """Say what is done between two epochs. Raises StopRequested if the run shall stop."""
        self._progress.update(step="preparing", message=message, done=done, total=total)

    def save_selected(self) -> None:
        """Write the weights of the best epoch, if they wait for it."""
        if self._kept is None:
            return
        self._take_variables()
        present = self.evaluated.get_weights()
        self.evaluated.set_weights(self._kept)
        try:
            with replaced_file(self._run.best_checkpoint) as partial:
                self.evaluated.save(partial)
        finally:
            self.evaluated.set_weights(present)
        self._kept = None

    def save_checkpoint(self) -> None:
        """Write down all that the training needs to go on from here, the best weights included."""
        began = time.monotonic()
        self._take_variables()
        self.save_selected()  # first: the position tells which epoch's they are
        log = self._run.metrics_path
        self._move(
            log_bytes=log.stat().st_size if log.exists() else 0,
            n_training=self._training.n_training,
        )
        # What is trained may be a part of the model alone; what is written down is all of it.
        write_checkpoint(
            self._run.last_checkpoint, self.evaluated, self.model.optimizer, self.position
        )
        self._saved = self.position
        self._saved_at = time.monotonic()
        self._save_seconds = self._saved_at - began

    def _take_variables(self) -> None:
        """Give the model the values that are trained, where a backend holds them elsewhere."""
        if keras.backend.backend() == "jax":
            self.model.jax_state_sync()  # within fit the variables are not the model's

    def _move(self, **changes: Any) -> None:
        self.position = replace(self.position, **changes)

    def _check_finite(self, name: str, value: float) -> None:
        if not np.isfinite(value):
            raise RunError(
                f"The {name} became {value} in epoch {self.position.epoch + 1}: {DIVERGED}. "
                f"Choose a smaller phases.{self.phase}.learning_rate."
            )

    def _mean(self, name: str, logs: dict[str, float]) -> float:
        """Return Keras' mean of "loss" or "accuracy", of what is evaluated.

        Where something else than the cross-entropy of the evaluated classes is learnt, that is a
        metric of its own.
        """
        prefix = f"{MERGED}_" if f"{MERGED}_accuracy" in logs else ""
        if name == "loss" and f"{prefix}{ENTROPY}" in logs:
            name = ENTROPY
        return float(logs[name if name == "loss" else f"{prefix}{name}"])

    def _seconds_left(self, n_batches: int) -> float:
        """Estimate from this epoch's pace, and the last epoch's length with its validation."""
        here = self.position
        pace = here.seconds / here.batch
        epoch_seconds = max(here.epoch_seconds, pace * n_batches)
        epochs_after = self._progress.status.n_epochs - here.epoch - 1
        return round(pace * (n_batches - here.batch) + epochs_after * epoch_seconds, 1)

    def _learning_rate(self) -> float:
        return float(ops.convert_to_numpy(self.model.optimizer.learning_rate))
