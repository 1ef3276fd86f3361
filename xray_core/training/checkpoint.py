"""Checkpoints: the whole state of a training in one file, so that it resumes exactly.

Keras' BackupAndRestore repeats the interrupted epoch and forgets the state of callbacks; here
the next batch is the one after the last that was trained. The file is plain NumPy (no pickle):

    model_0000 …      every variable of the model, the states of its random generators included
    optimizer_0000 …  every variable of the optimizer
    position          JSON, see `TrainingState`
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from keras import ops

from xray_core.errors import RunError
from xray_core.files import open_plain, replaced_file

UNREADABLE = (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile)


@dataclass(frozen=True)
class TrainingState:
    """How far a training has come.

    Attributes:
        phase: index of the present phase.
        epoch: finished epochs, through all phases.
        batch: finished batches of the present epoch.
        loss_sum, hits: of these batches: loss times images, and images rightly classified.
        dice_sum: of a task that asks for masks, the Dice of their images, added up.
        seconds: that the present epoch has taken so far.
        epoch_seconds: that the last finished epoch took.
        best_loss, best_epoch: of the epoch whose weights are kept, by default that of the lowest
            validation loss; None and 0 before the first epoch ends.
        log_bytes: length of the metric log; what stands behind is trained again.
        n_training: images of the training set, by which a changed dataset is noticed.
    """

    phase: int = 0
    epoch: int = 0
    batch: int = 0
    loss_sum: float = 0.0
    hits: float = 0.0
    dice_sum: float = 0.0
    seconds: float = 0.0
    epoch_seconds: float = 0.0
    best_loss: float | None = None
    best_epoch: int = 0
    log_bytes: int = 0
    n_training: int = 0


def write_checkpoint(path: Path, model: Any, optimizer: Any, position: TrainingState) -> None:
    """Write down where a training stands; the previous file stays until this one is whole."""
    arrays: dict[str, Any] = {
        f"{owner}_{number:04d}": ops.convert_to_numpy(variable)
        for owner, variables in _variables(model, optimizer)
        for number, variable in enumerate(variables)
    }
    text = json.dumps(asdict(position)).encode()
    arrays["position"] = np.frombuffer(text, dtype="uint8")
    with replaced_file(path) as partial, partial.open("wb") as file:
        np.savez(file, **arrays)
        file.flush()
        os.fsync(file.fileno())  # a rename alone may outlive the content when the power fails


def read_training_state(path: Path) -> TrainingState | None:
    """Return the position, or None if there is no checkpoint.

    Raises:
        RunError: the file is damaged.
    """
    if not path.is_file():
        return None
    try:
        with open_plain(path) as file, np.load(file, allow_pickle=False) as arrays:
            return TrainingState(**json.loads(arrays["position"].tobytes()))
    except UNREADABLE as error:
        raise _damaged(path, error) from error


def restore_checkpoint(path: Path, model: Any, optimizer: Any) -> None:
    """Set all variables of `model` and `optimizer`, built, to those of the checkpoint.

    Raises:
        RunError: the file is damaged, or of another model or optimizer.
    """
    try:
        with open_plain(path) as file, np.load(file, allow_pickle=False) as arrays:
            for owner, variables in _variables(model, optimizer):
                stored = [name for name in arrays.files if name.startswith(f"{owner}_")]
                if len(stored) != len(variables):
                    raise ValueError(f"{len(stored)} {owner} variables, not {len(variables)}")
                for name, variable in zip(sorted(stored), variables, strict=True):
                    variable.assign(arrays[name])
    except UNREADABLE as error:
        raise _damaged(path, error) from error


def _variables(model: Any, optimizer: Any) -> list[tuple[str, list[Any]]]:
    return [("model", model.variables), ("optimizer", optimizer.variables)]


def _damaged(path: Path, error: Exception) -> RunError:
    return RunError(
        f"The checkpoint {path} cannot be used ({error}). Restart the run from the beginning."
    )
