"""The logs of a run, read on from where the last look ended; shared by all sessions.

A run that was resumed has a shorter metric log in the place of the old one, and writes on from
there: then all is read anew.
"""

from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import pandas as pd
import streamlit as st

from xray_core.files import open_plain, read_jsonl
from xray_core.runs import Run
from xray_core.runs.shapes import pick_batches, pick_epochs, pick_looks

BATCH_COLUMNS = ["step", "loss", "accuracy", "dice"]
N_KNOWN = 200  # bytes before the offset by which a log is known again: about one line


@dataclass(frozen=True)
class Metrics:
    """What a run has logged so far; read-only.

    Attributes:
        batches: step, loss, accuracy, and Dice, NaN where no masks are drawn; one row per batch.
        epochs: see `training.recorder`; one row per epoch.
    """

    batches: pd.DataFrame
    epochs: pd.DataFrame

    @property
    def kept(self) -> "pd.Series[Any] | None":
        """The row of the epoch whose weights are kept by now; None where the log has none."""
        if self.epochs.empty:
            return None
        rows = self.epochs[self.epochs["epoch"] == self.epochs["best_epoch"].iloc[-1]]
        return None if rows.empty else rows.iloc[0]


NOTHING = Metrics(pd.DataFrame(columns=BATCH_COLUMNS, dtype="float64"), pd.DataFrame())


class LogTail:
    """Follows one growing log of JSON lines."""

    def __init__(self, path: Path) -> None:
        self._path, self._offset, self._known = path, 0, b""

    def read(self) -> tuple[list[dict], bool]:
        """Return the new lines, and whether the log began anew, so that all older ones are void."""
        # Neither the size nor the number of the file tells it for sure: the new one may have
        # grown past the old, and the system gives a number to another file later. What stood
        # before the offset does: each line holds its time.
        anew = self._read_known() != self._known
        if anew:
            self._offset = 0
        lines, self._offset = read_jsonl(self._path, self._offset)
        self._known = self._read_known()
        return lines, anew

    def _read_known(self) -> bytes:
        try:
            with open_plain(self._path) as log:
                log.seek(max(0, self._offset - N_KNOWN))
                return log.read(min(self._offset, N_KNOWN))
        except FileNotFoundError:
            return b""


class MetricTail:
    """Follows the metric log of one run."""

    def __init__(self, path: Path) -> None:
        self._tail, self._lock, self._now = LogTail(path), Lock(), NOTHING

    def read(self) -> Metrics:
        """Return all that has been logged by now."""
        with self._lock:  # two sessions may look at the same instant
            lines, anew = self._tail.read()
            before = NOTHING if anew else self._now
            self._now = Metrics(
                _append(before.batches, pick_batches(lines), BATCH_COLUMNS),
                _append(before.epochs, pick_epochs(lines), None),
            )
            return self._now


class DeviceTail:
    """Follows the log of what one run asks of its machine."""

    def __init__(self, path: Path) -> None:
        self._tail, self._lock, self._now = LogTail(path), Lock(), pd.DataFrame()

    def read(self) -> pd.DataFrame:
        """Return one row a look at the hardware, read-only; empty before the first."""
        with self._lock:
            lines, anew = self._tail.read()
            self._now = _append(pd.DataFrame() if anew else self._now, pick_looks(lines), None)
            return self._now


def _append(table: pd.DataFrame, lines: list[dict], columns: list[str] | None) -> pd.DataFrame:
    if not lines:
        return table
    new = pd.DataFrame(lines, columns=columns)
    return new if table.empty else pd.concat([table, new], ignore_index=True)


@st.cache_resource(max_entries=64, show_spinner=False)
def _metric_tail(path: str) -> MetricTail:
    return MetricTail(Path(path))


@st.cache_resource(max_entries=64, show_spinner=False)
def _device_tail(path: str) -> DeviceTail:
    return DeviceTail(Path(path))


def read_metrics(run: Run) -> Metrics:
    """Return what `run` has logged by now; reads only what is new."""
    return _metric_tail(str(run.metrics_path)).read()


def read_device(run: Run) -> pd.DataFrame:
    """Return what `run` asked of its machine by now, one row a look; reads only what is new."""
    return _device_tail(str(run.folder / "device.jsonl")).read()
