"""What the network says of the image that is open, how sure it may be, and what looks alike."""

from pathlib import Path

import numpy as np
import streamlit as st
from xray_core.evaluation.nearest import TEST, VALIDATION, Features, K

from pages.components.frame import escape_markdown
from pages.components.nearest import recall_features, show_nearest
from pages.components.small_type import show_muted
from pages.inside.map_process import offer_map
from pages.predict.judged import Judged
from pages.predict.words import Basis, format_alarm, format_answer, format_remarks
from xray_core.errors import XrayError
from xray_core.evaluation.calibrate import read_calibration
from xray_core.files import stamp_file
from xray_core.recipes import Recipe
from xray_core.runs import Run

NO_FEATURES = (
    "Nobody knows yet whether these images are like the training images of this run, or which of "
    "them are nearest: what the network sees of its own images was not computed."
)
NO_TRAINING = "It is not known what this network has learned from, so nothing says what is like it."
SOURCE = "limit after Sun et al. 2022, arXiv:2204.06507"


def show_single(run: Run, judged: Judged, place: int) -> None:
    """Show the answer for an image, the warnings about it, and the nearest training images.

    Args:
        run: that predicts.
        judged: all of the images.
        place: of this one.
    """
    upload = judged.uploads[place]
    if place not in judged.rows:
        st.error(escape_markdown(upload.reason), icon=":material/broken_image:")
        show_muted("The other images are predicted without it.")
        return
    try:
        features = recall_features(run)
    except XrayError:  # the map of images says what is wrong with them
        features = None
    row = judged.rows[place]
    distances = list(judged.answer.get("distances", [[]])[row]) if features is not None else []
    share = _share_nearer(features, distances)
    if judged.is_unlike(place):
        subset, alarms = VALIDATION, None
        if features is not None:
            subset = TEST if TEST in features.about["called_unlike"] else VALIDATION
            alarms = features.called_unlike
        st.warning(format_alarm(share, alarms, subset), icon=":material/warning:")
    with st.container(border=True):
        html = format_answer(judged, place, read_basis(run, judged.recipe))
        if share is not None and not judged.is_unlike(place):
            html += (
                '<div class="muted">Like the training images: nearer to them than '
                f"{100 * (1 - share):.0f} of 100 validation images are ({SOURCE}).</div>"
            )
        st.html(html + format_remarks(upload.remarks))
    _show_alike(run, judged.recipe, features, list(judged.answer["nearest"][row]), distances)


def _show_alike(
    run: Run,
    recipe: Recipe,
    features: Features | None,
    nearest: list[str],
    distances: list[float],
) -> None:
    if features is None:
        show_muted(NO_FEATURES)
        offer_map(run, "Compute it")
    elif not len(features.training):
        show_muted(NO_TRAINING)
    elif nearest:
        known = min(len(nearest), len(distances))
        show_nearest(recipe, nearest[:known], distances[:known], "predict_nearest")


def _share_nearer(features: Features | None, distances: list[float]) -> float | None:
    """Return the share of validation images that are nearer to the training images."""
    if features is None or not distances:
        return None
    images = features.images
    held = images.loc[images["subset"] == VALIDATION, "distance"].dropna().to_numpy("float64")
    if not len(held):
        return None
    return float(np.mean(held < distances[min(K, len(distances)) - 1]))


def read_basis(run: Run, recipe: Recipe) -> Basis:
    """Return on what the numbers of a run rest. Raises RunError."""
    stamp = stamp_file(str(run.folder / "predictions.parquet"))
    n, prevalence = _count(str(run.folder), list(recipe.class_names), stamp)
    return Basis(not recipe.multilabel and read_calibration(run) is not None, n, prevalence)


@st.cache_data(max_entries=64, show_spinner=False)
def _count(folder: str, names: list[str], stamp: object) -> tuple[int, dict[str, float]]:
    table = Run(Path(folder)).read_predictions()
    held = table[(table["subset"] == VALIDATION) & table["predicted"].notna()]
    if "actual" not in held or held.empty:
        return len(held), {}
    return len(held), {name: float((held["actual"] == name).mean()) for name in names}
