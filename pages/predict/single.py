"""What the network says of the image that is open, how sure it may be, and what looks alike."""

from pathlib import Path

import numpy as np
import streamlit as st

from pages.components.frame import escape_markdown
from pages.components.nearest import recall_features, show_nearest
from pages.components.small_type import show_muted
from pages.inside.map_process import offer_map
from pages.predict.predicted import Predicted
from pages.predict.words import Basis, format_alarm, format_answer, format_like
from xray_core.evaluation.calibrate import read_calibration
from xray_core.evaluation.conformal import Conformal, Coverage, measure_coverage, read_conformal
from xray_core.evaluation.nearest import TEST, VALIDATION, Features, K
from xray_core.evaluation.shown import shown_subset
from xray_core.files import stamp_file
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.workspace import Workspace

NO_FEATURES = (
    "Nobody knows yet whether these images are like the training images of this run, and which of "
    "those are nearest: for that the network must look at its own images first."
)


def show_single(run: Run, predicted: Predicted, place: int, workspace: Workspace) -> None:
    """Show the answer for an image, the warnings about it, and the nearest training images.

    Args:
        run: that predicts.
        predicted: all of the images.
        place: of this one.
        workspace: it says whether the test set is open.

    Raises:
        RunError: a file of the run is damaged.
    """
    upload = predicted.uploads[place]
    if place not in predicted.rows:
        st.error(escape_markdown(upload.reason), icon=":material/broken_image:")
        if predicted.rows:
            show_muted("The other images are predicted without it.")
        return
    row, answer = predicted.rows[place], predicted.answer
    features = recall_features(run) if "distances" in answer else None
    distances = [float(far) for far in answer["distances"][row]] if features else []
    share = _share_nearer(features, distances)
    if predicted.is_unlike(place) and features is not None:
        subset = TEST if TEST in features.about["called_unlike"] else VALIDATION
        words = format_alarm(share, features.called_unlike, subset)
        st.warning(words, icon=":material/warning:")
    with st.container(border=True):
        html = format_answer(predicted, place, read_basis(run, predicted.recipe, workspace))
        if share is not None and not predicted.is_unlike(place):
            html += format_like(share)
        st.html(html)
    if features is not None:
        shown = min(len(answer["nearest"][row]), len(distances))
        show_nearest(
            predicted.recipe,
            answer["nearest"][row][:shown],
            distances[:shown],
            "predict_nearest",
        )
    elif run.best_checkpoint.is_file() and recall_features(run) is None:
        show_muted(NO_FEATURES)
        offer_map(run, "Let it look")
    else:
        show_muted(" ".join(answer.get("notes", ())))


def _share_nearer(features: Features | None, distances: list[float]) -> float | None:
    """Return the share of validation images that are nearer to the training images."""
    if features is None or not distances:
        return None
    images = features.images
    held = images.loc[images["subset"] == VALIDATION, "distance"].dropna().to_numpy("float64")
    if not len(held):
        return None
    return float(np.mean(held < distances[min(K, len(distances)) - 1]))


def read_basis(run: Run, recipe: Recipe, workspace: Workspace) -> Basis:
    """Return on what the numbers of a run rest. Raises RunError."""
    stamps = [stamp_file(str(run.folder / name)) for name in ("predictions.parquet", "report.json")]
    subset = shown_subset(run, workspace)
    n, prevalence, conformal, coverage = _measure(
        str(run.folder), list(recipe.class_names), subset, stamps
    )
    calibrated = not recipe.multilabel and read_calibration(run) is not None
    return Basis(calibrated, n, prevalence, conformal, coverage)


@st.cache_data(max_entries=64, show_spinner=False)
def _measure(
    folder: str, names: list[str], subset: str, stamps: object
) -> tuple[int, dict[str, float], Conformal | None, Coverage | None]:
    run = Run(Path(folder))
    table = run.read_predictions()
    held = table[(table["subset"] == VALIDATION) & table["predicted"].notna()]
    shares = {}
    if "actual" in held and len(held):
        shares = {name: float((held["actual"] == name).mean()) for name in names}
    conformal = read_conformal(run)
    if isinstance(conformal, str):
        return len(held), shares, None, None
    coverage = measure_coverage(conformal, table, TEST) if subset == TEST else None
    return len(held), shares, conformal, coverage
