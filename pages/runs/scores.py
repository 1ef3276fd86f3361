"""Figures of runs with their intervals, as words; what costs something is computed once."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from xray_core.errors import RunError
from xray_core.evaluation.epochs import accuracy_interval, read_answers
from xray_core.evaluation.finding_answers import mean_area_interval, read_finding_answers
from xray_core.evaluation.masks import mean_dice_interval
from xray_core.evaluation.shown import read_validation_report
from xray_core.files import stamp_file
from xray_core.runs import Run

Interval = tuple[float, float]
FINAL_FILES = ("report.json", "predictions.parquet")


@dataclass(frozen=True)
class Final:
    """The validation score of a finished run: accuracy, mean AUC of several findings, or Dice.

    Attributes:
        value, low, high: None where it cannot be computed.
        n: images.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int

    @property
    def interval(self) -> Interval | None:
        """The ends of its 95% interval."""
        return None if self.low is None or self.high is None else (self.low, self.high)


def read_interval(run: Run, epoch: int) -> Interval | None:
    """Return the 95% interval of the validation accuracy after an epoch.

    None where the run keeps no answers of that epoch, or they cannot be read.
    """
    return _read_interval(str(run.folder), epoch, _stamp(run, epoch))


def read_area_interval(run: Run, epoch: int) -> Interval | None:
    """Return the 95% interval of the mean validation AUC of several findings after an epoch.

    None where the run keeps no answers of that epoch, or they cannot be read.
    """
    return _read_area_interval(str(run.folder), epoch, _stamp(run, epoch))


def read_dice_interval(run: Run, epoch: int) -> Interval | None:
    """Return the 95% interval of the mean validation Dice after an epoch; None as above."""
    return _read_dice_interval(str(run.folder), epoch, _stamp(run, epoch))


def read_final(run: Run) -> Final | None:
    """Return the figures of the final predictions on the validation set; None before there are any.

    They are computed once, and differ from those after the epoch where the predictions do: by
    test-time augmentation, or calibration.
    """
    stamps = tuple(stamp_file(str(run.folder / name)) for name in FINAL_FILES)
    return _read_final(str(run.folder), stamps)


def format_interval(interval: Interval | None, share: bool = True) -> str:
    """Return e.g. " (86.1 to 96.0)"; "" where there is none.

    Args:
        interval: its two ends.
        share: whether they are shares of images, in percent; else to three digits.
    """
    if not interval:
        return ""
    scale, form = (100, ".1f") if share else (1, ".3f")
    return f" ({scale * interval[0]:{form}} to {scale * interval[1]:{form}})"


def format_score(value: float, low: float, high: float, n: float, share: bool = True) -> str:
    """Return a figure for a cell, e.g. "86.4% (79.5 to 92.1), n = 118"; "" where there is none.

    Args:
        value: NaN where the run has none.
        low: of the 95% interval; NaN where it cannot be computed.
        high: likewise.
        n: images; NaN or 0 where nobody counted.
        share: whether it is a share of images, shown in percent.
    """
    if value != value:
        return ""
    scale, form = (100, ".1f") if share else (1, ".3f")
    words = f"{scale * value:{form}}{'%' * share}"
    if low == low and high == high:
        words += f" ({scale * low:{form}} to {scale * high:{form}})"
    return f"{words}, n = {n:,.0f}" if n == n and n > 0 else words


def _stamp(run: Run, epoch: int) -> object:
    return stamp_file(str(run.folder / f"validation/epoch-{epoch:04d}.parquet"))


@st.cache_data(max_entries=512, show_spinner=False)
def _read_final(folder: str, stamps: object) -> Final | None:
    run = Run(Path(folder))
    if not run.holds("report.json"):
        return None
    try:
        report = read_validation_report(run, run.read_report())
    except RunError:  # as below
        return None
    name = "dice" if report.get("masks") else "auc" if report.get("multilabel") else "accuracy"
    figure = report["metrics"][name]
    return Final(figure["value"], figure["low"], figure["high"], report["n"])


@st.cache_data(max_entries=512, show_spinner=False)
def _read_interval(folder: str, epoch: int, stamp: object) -> Interval | None:
    if stamp is None:
        return None
    try:
        answers = read_answers(Run(Path(folder)), epoch)
    except RunError:  # where the run's own page needs them, it says what is wrong
        return None
    return accuracy_interval(answers) if len(answers) else None


@st.cache_data(max_entries=512, show_spinner=False)
def _read_dice_interval(folder: str, epoch: int, stamp: object) -> Interval | None:
    if stamp is None:
        return None
    run = Run(Path(folder))
    try:
        return mean_dice_interval(run.read_mask_validation(epoch), run.read_split())
    except RunError:  # as above
        return None


@st.cache_data(max_entries=512, show_spinner=False)
def _read_area_interval(folder: str, epoch: int, stamp: object) -> Interval | None:
    if stamp is None:
        return None
    try:
        return mean_area_interval(read_finding_answers(Run(Path(folder)), epoch))
    except RunError:  # as above
        return None
