"""Names in figures: shown to the letter, whatever markup or formula they hold."""

import json
from collections.abc import Callable

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from xray_core.figures import evaluation, explore, layers, sweeps
from xray_core.figures.explore.labels import STATES
from xray_core.figures.explore.stills import draw_distribution, draw_means
from xray_core.figures.text import escape_texts

MARK = "<a href='https://evil.example'>&lt;%{x}$x$</a>"
SHOWN = "&lt;a href='https://evil.example'&gt;&amp;lt;%{x}$x$&lt;/a&gt;"
OTHER = "plain"
CLASSES = [MARK, OTHER]
RATES = {"false_positive_rate": [0.0, 1.0], "true_positive_rate": [0.0, 1.0]}


def _by_class(n: int, x: str, count: str) -> pd.DataFrame:
    names = [MARK, *(f"c{i}" for i in range(n - 1))]
    rows = [(name, step, 0.5, 3) for name in names for step in (0.0, 0.1)]
    return pd.DataFrame(rows, columns=["class", x, "share", count])


def _sides() -> pd.DataFrame:
    rows = [(name, side, 2, 4, 0.5, 0.1, 0.9) for name in CLASSES for side in ("left", "both")]
    return pd.DataFrame(rows, columns=["class", "side", "images", "n", "share", "low", "high"])


PLOTS: dict[str, Callable[[], go.Figure]] = {
    "label_counts": lambda: explore.plot_label_counts(
        pd.DataFrame(
            {
                "class": CLASSES,
                "images": [5, 9],
                "present": [5, 7],
                "patients": [4, 6],
                "share": [0.4, 0.6],
            }
        )
    ),
    "together": lambda: explore.plot_together(
        pd.DataFrame([[10, 4], [4, 5]], index=CLASSES, columns=CLASSES)
    ),
    "sets": lambda: explore.plot_sets(
        pd.DataFrame({"findings": [MARK, f"{MARK}|{OTHER}"], "images": [9, 4]})
    ),
    "states": lambda: explore.plot_states(
        pd.DataFrame({"finding": CLASSES}).assign(
            **{f"{share}{name}": 1 for name in STATES for share in ("", "share ")}
        )
    ),
    "ages": lambda: explore.plot_ages(_by_class(2, "age", "images"), []),
    "ages of many": lambda: explore.plot_ages(_by_class(7, "age", "images"), []),
    "box_areas": lambda: explore.plot_box_areas(_by_class(2, "area", "boxes"), []),
    "box_maps": lambda: explore.plot_box_maps({name: np.full((2, 2), 0.5) for name in CLASSES}),
    "sides": lambda: explore.plot_sides(_sides()),
    "shares": lambda: explore.plot_shares(
        pd.DataFrame([[1, 2], [3, 4]], index=[MARK, "site"], columns=CLASSES)
    ),
    "difference": lambda: explore.plot_difference(
        np.full((2, 2), 40, np.float32), np.full((2, 2), 10, np.float32), (MARK, OTHER)
    ),
    "roc": lambda: evaluation.plot_roc(
        {"classes": CLASSES, "roc": {name: RATES for name in CLASSES}}
    ),
    "intervals": lambda: evaluation.plot_intervals(
        [{"name": MARK, "value": 0.8, "low": 0.7, "high": 0.9, "marks": {MARK: 0.8}}]
    ),
    "sweep": lambda: sweeps.plot_sweep(
        pd.DataFrame({"name": [MARK], "setting": [MARK], "member": [MARK], "accuracy": [0.5]}),
        "accuracy",
    ),
    "layers": lambda: layers.plot_layers(
        [{"name": MARK, "kind": "Dense", "output": MARK, "shape": [4], "parameters": 9}]
    ),
}
# They are given no name that is not ours.
WITHOUT_NAMES = {"boxes_per_image", "image_sizes", "per_patient"}


def test_every_plot_of_a_dataset_is_here() -> None:
    names = {name.removeprefix("plot_") for name in explore.__all__}

    assert names <= set(PLOTS) | WITHOUT_NAMES


@pytest.mark.parametrize("name", PLOTS)
def test_a_name_is_no_markup(name: str) -> None:
    text = json.dumps(json.loads(PLOTS[name]().to_json()), ensure_ascii=False)

    assert "<a href" not in text
    assert "</a>" not in text
    assert SHOWN in text
    if name == "box_maps":  # what is ours stays
        assert "<br>peak 50%" in text


def test_a_figure_without_markup_stays_what_it_is() -> None:
    figure = go.Figure(go.Bar(x=["a"], y=[1], hovertemplate="%{x}<br>ours"))

    assert escape_texts(figure) is figure


@pytest.mark.parametrize("name", [r"$\frac{1}$", "$x$ and $y$", "$"])
def test_a_name_is_no_formula(name: str) -> None:
    table = pd.DataFrame({"class": [name] * 3, "brightness": [1.0, 2.0, 3.0]})

    assert draw_distribution(table, "brightness", "class")[:4] == b"\x89PNG"
    assert draw_means({name: np.zeros((4, 4), np.float32)}, {name: 1})[:4] == b"\x89PNG"
