"""The live view of one run below its strip: curves at the left, the validation set at the right."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from pages.components.confusion import show_confusion
from pages.components.diagnosis import show_diagnosis
from pages.components.figure import list_files, show_menu
from pages.components.frame import format_message, show_errors
from pages.components.next_runs import show_next_runs
from pages.components.origin import read_origin_of, show_doubt, show_remarks
from pages.components.small_type import show_muted
from pages.runs.findings import holds_findings, show_epoch_areas, show_wrong_findings
from pages.runs.masks import holds_dice, show_epoch_dice
from pages.runs.metric_tail import Metrics, read_metrics
from pages.runs.run_details import show_details
from pages.runs.run_notes import show_notes
from pages.runs.strip import show_strip
from pages.runs.sweep_reports import show_together
from pages.runs.wrong import show_wrong
from xray_core.audit.issue import count_of
from xray_core.errors import RunError
from xray_core.evaluation.shown import read_validation_report
from xray_core.figures.printed import plot_printed_curves
from xray_core.figures.training import (
    OF_FINDINGS,
    OF_MASKS,
    TITLES,
    ZOOM,
    Window,
    curve_table,
    list_metrics,
    plot_learning_curve,
)
from xray_core.recipes import Recipe
from xray_core.runs import Run, Status
from xray_core.runs.origin import Origin
from xray_core.runs.shapes import count_validated

TICK, SLOW_TICK = "1s", "2s"
SMOOTHING = {"each batch": 1, "mean of 10": 10, "mean of 50": 50}  # batches that a point stands for
NO_EPOCHS = pd.DataFrame(columns=["step", "epoch", "best_epoch"])


def show_run(run: Run, recipe: Recipe, status: Status, stopping: bool, about: str) -> None:
    """Show a run; looks again by itself until the run has ended.

    Args:
        run: shown.
        recipe: its own.
        status: by which the rest of the page was drawn. Read anew here, a run that ends while the
            page is drawn would keep the buttons of a running one.
        stopping: likewise, whether the run was asked to stop.
        about: what it trains, for Markdown.
    """
    tick, slow = (None, None) if status.has_ended else (TICK, SLOW_TICK)
    st.fragment(show_strip, run_every=tick)(run, status.state, stopping, about)
    show_notes(run)
    if origin := read_origin_of(run):
        _show_untrained(run, origin)
    else:
        st.fragment(_show_figures, run_every=slow)(run, recipe, status)
    if status.state == "done":
        show_next_runs(run)
    st.fragment(show_details, run_every=slow)(run, recipe)


def _show_untrained(run: Run, origin: Origin) -> None:
    """Show what a run is made of that was not trained here, and what it says of the validation set.

    What the test set says is for Evaluate, where it is opened.
    """
    left, right = st.columns([5, 7], gap="medium")
    with left:
        if origin.doubt:
            show_doubt(origin)
        show_remarks(origin, run)
    with right:
        try:
            report = read_validation_report(run, run.read_report())
        except RunError as error:
            show_muted(format_message(error))
            return
        show_together(
            f"On the {report['subset']} set", report, "All figures are on the page Evaluate."
        )


def _show_figures(run: Run, recipe: Recipe, status: Status) -> None:
    with show_errors():
        metrics = read_metrics(run)
    left, right = st.columns([7, 5], gap="medium")
    with left:
        if metrics.batches.empty:
            if not status.has_ended:
                show_muted("The curves begin with the first batch.")
        else:
            _show_curves(run, recipe, metrics)
        with st.container(key="diagnosis_place"):  # always there: what follows keeps its place
            show_diagnosis(run, metrics.epochs)
    with right:
        if len(metrics.epochs):
            _show_epoch(run, recipe, metrics)
        elif not status.has_ended:
            show_muted("What it gets right and wrong appears here after the first epoch.")


def _show_curves(run: Run, recipe: Recipe, metrics: Metrics) -> None:
    several = recipe.multilabel
    names = list_metrics(metrics.epochs, several)
    if recipe.asks_masks:  # also before the first epoch
        names = OF_MASKS
    key = f"curves_{run.name}_{len(names)}"
    smooth = SMOOTHING.get(str(st.session_state.get("smooth")), 1)
    epochs = NO_EPOCHS if metrics.epochs.empty else metrics.epochs
    _, _, points = _build_points(metrics.batches, epochs, names, _visible(key), smooth)
    titles = OF_FINDINGS if several else TITLES
    st.vega_lite_chart(
        points,
        plot_learning_curve(names, titles=titles),
        key=key,
        on_select="rerun",
        selection_mode=ZOOM,
        alt=_describe_curves(metrics, several),
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.segmented_control(
            "The pale line shows",
            list(SMOOTHING),
            default="each batch",
            required=True,
            key="smooth",
            bind="query-params",
            label_visibility="collapsed",
        )
        show_muted(
            "Pale: batches. Points: epochs; ringed: the selected one. "
            "Drag to pan, pinch or Ctrl and scroll to zoom, double-click to see all."
        )
        with st.container(width="content"):
            show_menu(
                f"{run.name}-curves",
                list_files(
                    lambda: plot_printed_curves(points, names, titles),
                    points,
                    f"Learning curves · training and validation set · {run.read_nickname()} "
                    f"({run.name})",
                ),
            )


# Keyed by the identity of the tables, which nothing else can take on: the result holds them.
@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs={pd.DataFrame: id})
def _build_points(
    batches: pd.DataFrame,
    epochs: pd.DataFrame,
    names: tuple[str, ...],
    window: Window | None,
    smooth: int,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    return batches, epochs, curve_table(batches, epochs, names, window, smooth)


def _describe_curves(metrics: Metrics, several: bool) -> str:
    has_masks = metrics.kept is not None and "val_dice" in metrics.kept
    words = "Loss and Dice of each batch and epoch, training and validation"
    if not has_masks:
        words = "Loss and accuracy of each batch and epoch, training and validation"
    if several:
        words = (
            "Loss of each batch and epoch, training and validation, and mean AUC of the findings"
        )
    if (kept := metrics.kept) is None:
        return words
    score = f"the accuracy {kept['val_accuracy']:.1%}"
    if has_masks:
        score = f"the mean Dice {kept['val_dice']:.3f}"
    elif several:
        area = kept["val_auc"]
        score = "the mean AUC unknown" if pd.isna(area) else f"the mean AUC {area:.3f}"
    return (
        f"{words}; after {count_of(len(metrics.epochs), 'epoch')}. "
        f"At the selected epoch {kept['epoch']} the validation loss is {kept['val_loss']:.4f}, "
        f"{score}"
    )


def _visible(key: str) -> Window | None:
    """Return the range of batches that the chart shows, once somebody zoomed into it."""
    state: Any = st.session_state.get(key)
    window = state and state["selection"].get(ZOOM, {}).get("step")
    return (float(window[0]), float(window[1])) if window else None


def _show_epoch(run: Run, recipe: Recipe, metrics: Metrics) -> None:
    """Show one epoch on the validation set: matrix or AUCs, figures, and what is wrong."""
    epochs = metrics.epochs
    classes = list(recipe.class_names)
    number = _choose_epoch(run, int(epochs["epoch"].max()))
    rows = epochs[epochs["epoch"] == number]
    fits = holds_findings if recipe.multilabel else _holds_matrix
    if recipe.asks_masks:
        fits = holds_dice
    if rows.empty or not fits(rows.iloc[-1], classes):
        st.info(f"The log of this run holds no figures of epoch {number} that can be read.")
        return
    row = rows.iloc[-1]
    is_kept = row["epoch"] == epochs["best_epoch"].iloc[-1]
    note = f"Epoch {row['epoch']}{' — its weights are kept' if is_kept else ''}. "
    note += f"n = {count_of(count_validated(row), 'validation image')}."
    if recipe.asks_masks:
        show_epoch_dice(run, recipe, row, note)
        show_muted(_describe_epoch(recipe, row))
        return
    if recipe.multilabel:
        show_epoch_areas(run, classes, row, note)
    else:
        show_confusion(classes, row["confusion"], note, key=f"matrix_{run.name}")
    show_muted(_describe_epoch(recipe, row))
    if recipe.multilabel:
        show_wrong_findings(run, recipe, number)
    else:
        show_wrong(run, recipe, number)


def _holds_matrix(row: "pd.Series[Any]", classes: Sequence[str]) -> bool:
    counts = row.get("confusion")
    return isinstance(counts, list) and len(counts) == len(classes)


def _describe_epoch(recipe: Recipe, row: "pd.Series[Any]") -> str:
    """Return the figures of an epoch; of several findings, what is said rightly is called that."""
    area = "" if pd.isna(row["val_auc"]) else f", AUC {row['val_auc']:.3f}"
    validation, training = f"accuracy {row['val_accuracy']:.1%}{area}", f"{row['accuracy']:.1%}"
    if recipe.multilabel:
        area = "cannot be computed" if pd.isna(row["val_auc"]) else f"{row['val_auc']:.3f}"
        validation = f"mean AUC {area}, {row['val_accuracy']:.1%} of the labels right at 50%"
        training = f"{training} of the labels right"
    elif recipe.asks_masks:
        validation = f"mean Dice {row['val_dice']:.3f}, mean IoU {row['val_iou']:.3f}"
        training = f"mean Dice {row['dice']:.3f}"
    else:
        training = f"accuracy {training}"
    return (
        f"Validation: loss {row['val_loss']:.4f}, {validation}. "
        f"Training: loss {row['loss']:.4f}, {training}. Learning rate "
        f"{row['learning_rate']:.2g} at its end{_name_phase(recipe, row['phase'])}, "
        f"{row['seconds']:.1f} s."
    )


def _name_phase(recipe: Recipe, name: str) -> str:
    return f" (phase {name.replace('_', ' ')})" if len(recipe.phases) > 1 else ""


def _choose_epoch(run: Run, newest: int) -> int:
    """Let the user choose an epoch; the slider follows the newest until it is moved back."""
    if newest == 1:
        return 1
    # Another slider for each range: what a slow browser still says of the last one is no move.
    key, kept = f"epoch_{run.name}_{newest}", f"epoch_kept_{run.name}"
    chosen = min(int(st.session_state.get(kept) or newest), newest)

    def keep() -> None:
        moved = int(st.session_state[key])
        st.session_state[kept] = None if moved == newest else moved

    return int(st.slider("Validation set after epoch", 1, newest, chosen, key=key, on_change=keep))
