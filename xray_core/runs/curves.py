"""The curve of each run, one point an epoch: from its metric log, which holds far more.

A list of runs draws a small curve in each row. Of a log that has not changed nothing is read
again, so that of an ended run is read once; of its lines, those of batches are not parsed.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from xray_core.files import open_plain, parse_json, stamp_file
from xray_core.runs.folder import Run
from xray_core.runs.shapes import count_validated, pick_epochs

EPOCH_LINE = b'"kind": "epoch"'  # as `Run.append_metrics` writes it


@dataclass(frozen=True)
class Curve:
    """What a run has come to on the validation set, epoch by epoch.

    Attributes:
        epochs: their numbers, ascending, from 1.
        accuracy: in [0, 1], of each.
        loss: likewise; plain cross-entropy.
        selected: the epoch whose weights are kept; 0 before the first.
        n: images of the validation set; 0 before the first.
        area: of a run on several findings, their mean AUC in [0, 1] of each epoch, NaN where none
            could be computed; empty of all other runs.
        dice: of a run that draws masks, their mean Dice on the validation images; empty of others.
    """

    epochs: tuple[int, ...] = ()
    accuracy: tuple[float, ...] = ()
    loss: tuple[float, ...] = ()
    selected: int = 0
    n: int = 0
    area: tuple[float, ...] = ()
    dice: tuple[float, ...] = ()

    @property
    def score(self) -> tuple[float, ...]:
        """What tells how good each epoch is: Dice, mean AUC of several findings, or accuracy."""
        return self.dice or self.area or self.accuracy

    @property
    def selected_score(self) -> float | None:
        """The score of the selected epoch; None where the log has none of it."""
        if self.selected not in self.epochs:
            return None
        value = self.score[self.epochs.index(self.selected)]
        return None if math.isnan(value) else value


def read_curve(run: Run) -> Curve:
    """Return the curve of a run as it is now; an empty one where its log cannot be read."""
    path = str(run.metrics_path)
    return _read_curve(path, stamp_file(path))


@lru_cache(maxsize=4096)
def _read_curve(path: str, stamp: tuple[int, int, int] | None) -> Curve:
    if stamp is None:
        return Curve()
    try:
        with open_plain(Path(path)) as log:
            text = log.read()
    except OSError:  # the run's own page says what is wrong
        return Curve()
    lines = []
    for line in text.split(b"\n"):
        if EPOCH_LINE in line:
            try:
                values = parse_json(line, finite=False)
            except ValueError:
                continue  # the torn line of a killed writer
            if isinstance(values, dict):
                lines.append(values)
    by_number = {line["epoch"]: line for line in pick_epochs(lines)}
    if not by_number:
        return Curve()
    epochs = [by_number[number] for number in sorted(by_number)]
    return Curve(
        epochs=tuple(line["epoch"] for line in epochs),
        accuracy=tuple(float(line["val_accuracy"]) for line in epochs),
        loss=tuple(float(line["val_loss"]) for line in epochs),
        selected=epochs[-1]["best_epoch"],
        n=count_validated(epochs[-1]),
        area=tuple(
            float("nan") if line["val_auc"] is None else float(line["val_auc"])
            for line in epochs
            if "finding_counts" in line
        ),
        dice=tuple(float(line["val_dice"]) for line in epochs if "val_dice" in line),
    )
