"""What of a run's metric log goes into TensorBoard's charts, and under which names."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from xray_core.errors import RunError
from xray_core.exports.run.events.records import (
    encode_record,
    encode_scalar,
    encode_text,
    encode_version,
)
from xray_core.files import parse_time
from xray_core.runs import Run

TRAINING, VALIDATION = "training", "validation"
# Chart -> name in a line of the log, of each of the two files.
BATCHES = {"batch/loss": "loss", "batch/accuracy": "accuracy", "batch/Dice": "dice"}
EPOCHS = {
    TRAINING: {
        "epoch/loss": "loss",
        "epoch/accuracy": "accuracy",
        "epoch/Dice": "dice",
        "epoch/learning rate": "learning_rate",
        "epoch/seconds": "seconds",
    },
    VALIDATION: {
        "epoch/loss": "val_loss",
        "epoch/accuracy": "val_accuracy",
        "epoch/AUC": "val_auc",
        "epoch/Dice": "val_dice",
    },
}


def list_event_files(run: Run, recipe: str) -> dict[str, bytes]:
    """Return the event files of a run: path below the folder of the logs -> content.

    Batches are at their step, epochs at their number, each at the time at which it was logged; what
    is no number, as an AUC that cannot be computed, is left out.

    Args:
        run: that has been trained.
        recipe: its recipe as JSON, which goes along as a text.

    Raises:
        RunError: nothing has been learned yet, or a file of the run cannot be read.
    """
    lines = run.read_metrics()
    if not lines:
        raise RunError(f"{run.name} has no metrics yet: nothing has been learned.")
    started = parse_time(run.read_stored_status().started_at)
    begin = float(lines[0].get("time") or (started.timestamp() if started else 0.0))
    files = {}
    for subset in (TRAINING, VALIDATION):
        events = [encode_version(begin)]
        if subset == TRAINING:
            events.append(encode_text(begin, "recipe", f"```json\n{recipe}\n```"))
        time = begin
        for line in lines:
            time = float(line.get("time") or time)  # older logs have no times
            events += [
                encode_scalar(time, step, tag, value)
                for step, tag, value in _list_scalars(line, subset)
            ]
        name = f"events.out.tfevents.{int(begin):010d}.xraylab.{subset}"
        files[f"{subset}/{name}"] = b"".join(map(encode_record, events))
    return files


def _list_scalars(line: Mapping[str, Any], subset: str) -> Iterator[tuple[int, str, float]]:
    """Yield step, chart and value of what a line says of a subset."""
    is_epoch = line["kind"] == "epoch"
    if is_epoch:
        charts, step = EPOCHS[subset], line["epoch"]
    else:
        charts, step = BATCHES if subset == TRAINING else {}, line["step"]
    for tag, name in charts.items():
        value = line.get(name)
        if value is not None and math.isfinite(value):
            yield step, tag, float(value)
