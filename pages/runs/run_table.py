"""The cells of the table of runs: state, progress, scores with intervals, curve, the rest."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import streamlit as st

from pages.components.run_state import COLORS, format_duration, progress_share
from pages.runs.run_filters import OTHER_VERSION, STATE_OPTIONS
from pages.runs.scores import format_score
from xray_core.errors import RunError
from xray_core.evaluation.diagnose import DIVERGED
from xray_core.jobs import estimate_starts, queue_view, read_settings
from xray_core.recipes.titles import use_titles
from xray_core.runs import Run
from xray_core.runs.curves import Curve, read_curve
from xray_core.runs.index import CLOSED, NO_TEST, WATCHED_TEST
from xray_core.runs.trash import disk_use
from xray_core.workspace import Workspace

STATE_COLORS = [{**COLORS, OTHER_VERSION: "gray"}.get(state, "red") for state in STATE_OPTIONS]
DISK_TTL = 300  # seconds for which the size of an ended run is believed
N_POINTS = 40  # of a curve in a cell; more than it has pixels helps nobody
ALWAYS = ("run", "state", "progress", "validation", "created", "recipe", "data", "duration")
CELL_TYPES = {
    "created": pa.timestamp("ms", "UTC"),
    "tags": pa.list_(pa.string()),
    "curve": pa.list_(pa.float64()),
}
NOW = ("turn", "waits", "share", "left", "curve", "diverged", "starts")  # columns of `add_now`
OUTSIDE = 1e6  # the turn of a run that waits outside of the queue, or is passed over


def add_now(runs: pd.DataFrame, workspace: Workspace) -> pd.DataFrame:
    """Return `index.run_table` with what it takes a look at queue, processes and logs to know.

    Returns:
        Also score, by which runs are put in order (on the validation set: accuracy, of several
        findings their mean AUC, of masks their Dice; NaN where there is none), duration (seconds,
        NaN until it has ended), turn (what is next in the queue has the highest number; running
        ones more, ended ones 0), waits (for what, in words), share (of its way, in [0, 1]), left
        and starts (seconds until it ends or begins, NaN where nobody can say), curve
        (`curves.Curve`) and diverged.
    """
    queue = queue_view(workspace)
    jobs = {job["run"]: job for job in queue.to_dict("records")}
    now: dict[str, list[Any]] = {name: [] for name in NOW}
    told = ("name", "state", "epoch", "n_epochs", "message")
    for name, state, epoch, n_epochs, message in zip(*(runs[c] for c in told), strict=True):
        run, job = Run(workspace.runs / name), jobs.get(name)
        share, left = _read_progress(run, state, epoch, n_epochs)
        now["turn"].append(_find_turn(state, job))
        now["waits"].append(job["waits_for"] if job and state == "queued" else "")
        now["share"].append(share)
        now["left"].append(left)
        now["curve"].append(Curve() if state == "queued" else read_curve(run))
        now["diverged"].append(state == "failed" and DIVERGED in message)
    lefts = dict(zip(runs["name"], now["left"], strict=True))
    starts = estimate_starts(queue, read_settings(workspace), lefts)
    now["starts"] = [starts.get(name) for name in runs["name"]]
    duration = (runs["ended_at"] - runs["started_at"]).dt.total_seconds()
    numbers: dict[str, Any] = {"score": _list_scores(runs, now["curve"])}
    numbers |= {name: np.array(now.pop(name), dtype="float64") for name in ("left", "starts")}
    return runs.assign(**now, **numbers, duration=duration)


def _list_scores(runs: pd.DataFrame, curves: Sequence[Curve]) -> "pd.Series[float]":
    areas = [curve.selected_score if curve.area else None for curve in curves]
    under_way = pd.Series(areas, index=runs.index, dtype="float64")
    area = runs["val_auc"].fillna(under_way)
    score = runs["val_accuracy"].where(~runs["multilabel"], area)
    return score.where(~runs["masks"], runs["val_dice"])


def _find_turn(state: str, job: dict[str, Any] | None) -> float:
    if state == "running":
        return 2 * OUTSIDE
    if state != "queued":
        return 0.0
    position = job and job["position"]
    return 1.0 if position is None or pd.isna(position) else OUTSIDE - float(position)


def _read_progress(run: Run, state: str, epoch: int, n_epochs: int) -> tuple[float, float | None]:
    """Return how much of its way a run has behind it, and the seconds that are left."""
    if state == "running":
        try:
            status = run.read_status()
        except RunError:  # damaged since
            return 0.0, None
        return progress_share(status), status.seconds_left
    if state == "done":
        return 1.0, None
    return (min(max(epoch / n_epochs, 0.0), 1.0) if n_epochs > 0 else 0.0), None


def add_sizes(runs: pd.DataFrame, workspace: Workspace) -> pd.DataFrame:
    """Return the table with disk, the bytes of each run's folder."""
    with st.spinner("Measuring …"):
        keys = runs[["name", "state", "ended_at"]].astype("str").itertuples(index=False)
        sizes = [_read_size(str(workspace.runs / key.name), tuple(key)) for key in keys]
    return runs.assign(disk=sizes)


@st.cache_data(max_entries=4000, ttl=DISK_TTL, show_spinner=False)
def _read_size(folder: str, state: Sequence[str]) -> int:
    """Return a run's bytes on disk; measured again when its state is another."""
    return disk_use(Run(Path(folder)))


def list_rows(runs: pd.DataFrame) -> list[Any]:
    """Return the rows of a table with their columns as attributes; quicker than `itertuples`."""
    columns = list(runs.columns)
    values = zip(*(runs[column].tolist() for column in columns), strict=True)
    return [SimpleNamespace(**dict(zip(columns, row, strict=True))) for row in values]


def call_run(row: Any) -> str:
    """Return what people call the run of a row: its nickname, or else its folder's name."""
    return str(row.nickname or row.name)


def call_row(row: Any) -> str:
    """Return what stands in the column of names, which is too narrow for a folder's name.

    Where there is no nickname, the recipe's title; when it was trained stands beside it.
    """
    return str(row.nickname or row.title or row.name)


def build_cells(rows: Sequence[Any]) -> pa.Table:
    """Return what stands in the cells; columns that say nothing of any run are left out.

    Args:
        rows: of `add_now`, as `list_rows` returns them.
    """
    cells: dict[str, list[Any]] = {
        "run": [call_row(row) for row in rows],
        "state": [[row.state] for row in rows],
        "progress": [round(row.share, 2) for row in rows],
        "now": [_describe_now(row) for row in rows],
        "validation": [format_validation(row) for row in rows],
        "auc": [format_run_score(row, "val_auc", share=False) for row in rows],
        "result": [format_result(row) for row in rows],
        "curve": [list(_thin(list_finite(row.curve.score))) for row in rows],
        "created": [None if pd.isna(row.created_at) else row.created_at for row in rows],
        "user": [row.user for row in rows],
        "recipe": [row.title for row in rows],
        "changes": [row.changes for row in rows],
        "data": [row.data for row in rows],
        "tags": [list(row.tags) for row in rows],
        "duration": [format_duration(s) if (s := row.duration) == s else "" for row in rows],
        "message": [_explain_end(row) for row in rows],
    }
    if rows and hasattr(rows[0], "disk"):
        cells["disk"] = [row.disk / 1e6 for row in rows]
    told = {name: values for name, values in cells.items() if name in ALWAYS or any(values)}
    # Not a data frame: to build one from lists, and Arrow from it, takes three times as long.
    return pa.table({name: pa.array(values, CELL_TYPES.get(name)) for name, values in told.items()})


def format_run_score(row: Any, name: str, share: bool = True) -> str:
    """Return a figure of a row's evaluation, with its interval and n.

    Args:
        row: of `index.run_table`.
        name: e.g. "val_auc", or "auc" of the test set where that is open.
        share: see `format_score`.
    """
    low, high = getattr(row, f"{name}_low"), getattr(row, f"{name}_high")
    n = row.val_n if name.startswith("val_") else row.n
    return format_score(getattr(row, name), low, high, n, share)


def format_result(row: Any) -> str:
    """Return what is known of a row's test set: its figure where it is open, or why there is none.

    Of several findings the figure is their mean AUC, of masks their mean Dice.
    """
    if row.test_set in (CLOSED, NO_TEST):
        return {CLOSED: "closed", NO_TEST: "no test set"}[row.test_set]
    figure = name_figure(row)
    words = format_run_score(row, figure, share=figure == "accuracy")
    return f"{words}, watched" if words and row.test_set == WATCHED_TEST else words


def name_figure(row: Any) -> str:
    """Return which figure tells how good a row's run is: "accuracy", "auc" or "dice"."""
    if row.masks:
        return "dice"
    return "auc" if row.multilabel else "accuracy"


def format_validation(row: Any) -> str:
    """Return the validation score of a row's selected epoch, and n; "" where there is none.

    With its interval as soon as the run is finished.
    """
    figure = name_figure(row)
    before = {"auc": "AUC ", "dice": "Dice "}.get(figure, "")
    if row.val_n == row.val_n:  # it is finished
        words = format_run_score(row, f"val_{figure}", share=figure == "accuracy")
        return before + words if words else words
    n = f", n = {row.curve.n:,}" if row.curve.n else ""
    if row.curve.area or row.curve.dice:
        # What it says of several findings is mostly right for whoever says "none", and of pixels
        # for whoever says that none is inside.
        score = row.curve.selected_score
        return "" if score is None else f"{before}{score:.3f}{n}"
    if row.masks:
        return "" if row.val_dice != row.val_dice else f"{before}{row.val_dice:.3f}{n}"
    if row.val_accuracy != row.val_accuracy:
        return ""
    return f"{row.val_accuracy:.1%}{n}"


def list_finite(values: Sequence[float]) -> list[float]:
    """Return the values that are numbers: a small curve has no room for gaps."""
    return [value for value in values if value == value]


def _thin(values: Sequence[float]) -> Sequence[float]:
    return values[:: -(-len(values) // N_POINTS)] if len(values) > N_POINTS else values


def _describe_now(row: Any) -> str:
    """Return how far a run is that is under way; of one that waits, for what and since when."""
    if row.state == "queued":
        if not row.waits:
            return "in no queue"
        words = f"waits for {row.waits}"
        if row.starts == row.starts:
            return f"starts in about {format_duration(row.starts)}"  # its page says for what
        if pd.isna(row.created_at):
            return words
        seconds = (datetime.now(UTC) - row.created_at).total_seconds()
        return f"{words}, {format_duration(seconds)} by now"
    if row.state == "running":
        words = f"epoch {row.epoch} of {row.n_epochs}" if row.epoch else "begins"
        return words + (f", {format_duration(row.left)} left" if row.left == row.left else "")
    return ""


def _explain_end(row: Any) -> str:
    if row.state in ("queued", "running"):
        return ""
    return f"diverged: {use_titles(row.message)}" if row.diverged else use_titles(row.message)


def _column_config() -> dict[str, Any]:
    column = st.column_config
    return {
        "run": column.TextColumn("Name", width=115),
        "state": column.MultiselectColumn(
            "State", options=STATE_OPTIONS, color=STATE_COLORS, width=80
        ),
        "progress": column.ProgressColumn(
            "Progress", format="percent", min_value=0, max_value=1, width=75
        ),
        "now": column.TextColumn("Now", width=170),
        "validation": column.TextColumn(
            "Validation",
            width=200,
            help="Accuracy on the validation set with the weights that are kept, with its 95% "
            "confidence interval and the number of images; of a run on several findings their mean "
            "AUC, of one that draws masks their mean Dice. Of a finished run it is that of the "
            "final predictions, after test-time "
            "augmentation and calibration where the recipe has them, as on Evaluate and Compare; "
            "before, and of runs of older versions, that of the epoch. Runs are chosen by it.",
        ),
        "auc": column.TextColumn(
            "AUC", width=190, help="On the validation set; of several findings their mean."
        ),
        "result": column.TextColumn(
            "Test",
            width=200,
            help="Accuracy on the test set, or the mean AUC of several findings, or the mean Dice "
            "of masks: once somebody has opened it, on the page Evaluate. No run is chosen by it.",
        ),
        "curve": column.LineChartColumn(
            "Curve",
            width=70,
            y_min=0,
            y_max=1,
            help="Validation accuracy, or mean AUC of several findings, or Dice, over the epochs.",
        ),
        "created": column.DatetimeColumn("When", format="distance", width=110),
        "user": column.TextColumn("By", width=80),
        "recipe": column.TextColumn("Made from", width=200, help="The recipe."),
        "changes": column.TextColumn(
            "Changed", width=180, help="What its recipe has otherwise than as published."
        ),
        "data": column.TextColumn("Data", width=90),
        "tags": column.ListColumn("Tags", width=120),
        "duration": column.TextColumn("Duration", width=95),
        "message": column.TextColumn("How it ended", width=300),
        "disk": column.NumberColumn("Disk", format="%.1f MB"),
    }


COLUMNS = _column_config()
