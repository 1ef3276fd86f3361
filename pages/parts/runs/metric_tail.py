"""The metric log of a run, read on from where the last look ended; shared by all sessions."""

from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import pandas as pd
import streamlit as st

from xray_core.runs import Run, read_jsonl

BATCH_COLUMNS = ["step", "loss", "accuracy"]


@dataclass(frozen=True)
class Metrics:
    """What a run has logged so far; read-only.

    Attributes:
        batches: step, loss, accuracy; one row per batch.
        epochs: see `training.recorder`; one row per epoch.
    """

    batches: pd.DataFrame
    epochs: pd.DataFrame


class MetricTail:
    """Follows one growing log."""

    def __init__(self, path: Path) -> None:
        self._path, self._offset, self._lock = path, 0, Lock()
        self._now = Metrics(pd.DataFrame(columns=BATCH_COLUMNS, dtype="float64"), pd.DataFrame())

    def read(self) -> Metrics:
        """Return all that has been logged by now."""
        with self._lock:  # two sessions may look at the same instant
            lines, self._offset = read_jsonl(self._path, self._offset)
            batches = [line for line in lines if line["kind"] == "batch"]
            epochs = [line for line in lines if line["kind"] == "epoch"]
            self._now = Metrics(
                _append(self._now.batches, batches, BATCH_COLUMNS),
                _append(self._now.epochs, epochs, None),
            )
            return self._now


def _append(table: pd.DataFrame, lines: list[dict], columns: list[str] | None) -> pd.DataFrame:
    if not lines:
        return table
    new = pd.DataFrame(lines, columns=columns)
    return new if table.empty else pd.concat([table, new], ignore_index=True)


@st.cache_resource(max_entries=64, show_spinner=False)
def _tail(path: str) -> MetricTail:
    return MetricTail(Path(path))


def read_metrics(run: Run) -> Metrics:
    """Return what `run` has logged by now; reads only what is new."""
    return _tail(str(run.metrics_path)).read()
