"""The callback that writes down what happens: each batch, each epoch, the best weights."""

import sys
import time
from typing import Any

import keras
import numpy as np
import pandas as pd
from keras import ops
from numpy.typing import NDArray

from xray_core.errors import RunError
from xray_core.evaluation.metrics import (
    confusion_counts,
    cross_entropy,
    recall_per_class,
    summarise,
)
from xray_core.runs import Run, replaced_file
from xray_core.training.inputs import PredictionBatches, TrainingBatches
from xray_core.training.progress import Progress


class Recorder(keras.callbacks.Callback):  # type: ignore[misc]
    """Records a run through all of its phases.

    Puts `val_loss` and `val_accuracy` into Keras' logs, so it must stand before callbacks
    that wait for them. Validation is predicted once per epoch and serves all: loss,
    accuracy, confusion matrix, recall, and the stored probabilities.

    Args:
        run: the folder written to.
        progress: told of each batch; raises StopRequested through it.
        training: told of each new epoch, so that order and augmentation change.
        validation: images of the validation part, in the order of `actual`.
        actual: int, shape (n,): their classes.
        image_ids: their names.
        classes: in the order of the model's output.
    """

    def __init__(
        self,
        run: Run,
        progress: Progress,
        training: TrainingBatches,
        validation: PredictionBatches,
        actual: NDArray[np.int64],
        image_ids: list[str],
        classes: list[str],
    ) -> None:
        super().__init__()
        self._run, self._progress = run, progress
        self._training, self._validation = training, validation
        self._actual, self._image_ids, self._classes = actual, image_ids, classes
        self.epoch = 0  # finished epochs, through all phases
        self.phase = ""
        self.best_loss = float("inf")
        self.best_epoch = 0
        self._epoch_seconds = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._began = time.monotonic()
        self._sums = {"loss": 0.0, "accuracy": 0.0}
        self._seen = 0
        self._training.start_epoch(self.epoch + 1)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        # Keras reports the mean since the epoch began; a batch's own value is the difference.
        size = self._training.batch_length(batch)
        seen = self._seen + size
        values = {}
        for name in self._sums:
            total = float((logs or {})[name]) * seen
            values[name] = (total - self._sums[name]) / size
            self._sums[name] = total
        self._seen = seen
        self._check_finite("loss", values["loss"])
        n_batches = len(self._training)
        self._run.append_metrics(
            {
                "kind": "batch",
                "phase": self.phase,
                "epoch": self.epoch + 1,
                "batch": batch + 1,
                "step": self.epoch * n_batches + batch + 1,
                "loss": round(values["loss"], 6),
                # A share of whole images: undo the rounding of the running mean.
                "accuracy": round(round(values["accuracy"] * size) / size, 6),
                "time": round(time.time(), 2),
            }
        )
        self._progress.update(
            step="training",
            message=f"Epoch {self.epoch + 1}: training.",
            phase=self.phase,
            epoch=self.epoch + 1,
            done=batch + 1,
            total=n_batches,
            seconds_left=self._seconds_left(batch + 1, n_batches),
        )

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        logs = {} if logs is None else logs
        self._progress.update(message=f"Epoch {self.epoch + 1}: validating.")
        probabilities = self.model.predict(self._validation, verbose=0).astype("float64")
        confusion = confusion_counts(self._actual, probabilities.argmax(axis=1), len(self._classes))
        summary = summarise(self._actual, probabilities)
        logs["val_loss"] = cross_entropy(self._actual, probabilities)
        self._check_finite("validation loss", logs["val_loss"])
        logs["val_accuracy"] = summary["accuracy"]
        self.epoch += 1
        self._epoch_seconds = time.monotonic() - self._began

        self._write_validation(probabilities)
        self.keep_last()
        if logs["val_loss"] < self.best_loss:
            self.best_loss, self.best_epoch = logs["val_loss"], self.epoch
            self._save(self._run.best_checkpoint)
        recall = [None if np.isnan(r) else round(r, 6) for r in recall_per_class(confusion)]
        self._run.append_metrics(
            {
                "kind": "epoch",
                "phase": self.phase,
                "epoch": self.epoch,
                "step": self.epoch * len(self._training),
                "loss": round(float(logs["loss"]), 6),
                "accuracy": round(float(logs["accuracy"]), 6),
                "val_loss": round(logs["val_loss"], 6),
                "val_accuracy": round(logs["val_accuracy"], 6),
                "val_auc": None if np.isnan(summary["auc"]) else round(summary["auc"], 6),
                "learning_rate": self._learning_rate(),
                "confusion": confusion.tolist(),
                "recall": recall,
                "best_epoch": self.best_epoch,
                "seconds": round(self._epoch_seconds, 2),
                "time": round(time.time(), 2),
            }
        )
        print(
            f"epoch {self.epoch} ({self.phase}): loss {logs['loss']:.4f}, accuracy "
            f"{logs['accuracy']:.4f}, validation loss {logs['val_loss']:.4f}, accuracy "
            f"{logs['val_accuracy']:.4f}, {self._epoch_seconds:.1f} s",
            file=sys.stderr,  # standard output belongs to the command's answer
            flush=True,
        )
        self._progress.update(now=True, epoch=self.epoch)

    def keep_last(self) -> None:
        """Save the present weights; for a training that is stopped within an epoch."""
        self._save(self._run.folder / "checkpoints" / "last.keras")

    def _check_finite(self, name: str, value: float) -> None:
        if not np.isfinite(value):
            raise RunError(
                f"The {name} became {value} in epoch {self.epoch + 1}: the training diverged. "
                f"Choose a smaller phases.{self.phase}.learning_rate."
            )

    def _seconds_left(self, done: int, n_batches: int) -> float:
        """Estimate from this epoch's pace, and the last epoch's length with its validation."""
        elapsed = time.monotonic() - self._began
        epoch_seconds = max(self._epoch_seconds, elapsed / done * n_batches)
        epochs_after = self._progress.status.n_epochs - self.epoch - 1
        return round(elapsed / done * (n_batches - done) + epochs_after * epoch_seconds, 1)

    def _learning_rate(self) -> float:
        return float(ops.convert_to_numpy(self.model.optimizer.learning_rate))

    def _write_validation(self, probabilities: NDArray[np.float64]) -> None:
        table: dict[str, Any] = {"image_id": self._image_ids}
        for column, name in enumerate(self._classes):
            table[f"p_{name}"] = probabilities[:, column].astype("float32")
        self._run.write_table(f"validation/epoch-{self.epoch:04d}.parquet", pd.DataFrame(table))

    def _save(self, path: Any) -> None:
        with replaced_file(path) as partial:
            self.model.save(partial)
