"""Still pictures and tables of figures: the right size, every name, every point."""

import io
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from PIL import Image

from tests.figures.test_places import PLACES
from xray_core.evaluation.curves import RATES, Line
from xray_core.figures.curves import plot_roc_band, plot_thresholds
from xray_core.figures.evaluation import plot_class_intervals
from xray_core.figures.explore import plot_box_maps, plot_per_patient, plot_shares, plot_sides
from xray_core.figures.findings import list_together, plot_together
from xray_core.figures.overlay import Line as Run
from xray_core.figures.places import plot_map
from xray_core.figures.printed import plot_printed_runs
from xray_core.figures.static import draw_static
from xray_core.figures.table import figure_table
from xray_core.literature import PublishedPoint
from xray_core.runs.curves import Curve

AT = np.array([0.0, 0.5, 1.0])
ROC = Line(AT, np.array([0, 0.8, 1.0]), AT, np.array([0, 0.7, 1.0]), np.array([0.1, 0.9, 1.0]))
AREA = {"value": 0.65, "low": 0.6, "high": 0.7}
POINT = PublishedPoint("radiologist 1", "reader", 0.9, 0.75, "a & <b>", "CT", "images", "page 1")


def draw_roc() -> go.Figure:
    marks = [(0.5, 0.8, "called from 0.31 on")]
    return plot_roc_band(ROC, "a & <b>", "#d9660f", AREA, [POINT], marks=marks)


def list_figures() -> dict[str, go.Figure]:
    sides = {"side": ["left", "right", "both"], "share": [0.2, 0.3, 0.5]}
    ends = {"low": [0.1, 0.2, 0.4], "high": [0.3, 0.4, 0.6], "images": 1, "n": 3}
    patients = pd.DataFrame({"kind": "images", "n": [1, 2], "patients": [1000, 3]})
    runs = [Run(Curve((1, 2), (0.5, 0.7), (1.0, float("inf")), 2, 9), "first $x$")]
    return {
        "bars with intervals": plot_sides(pd.DataFrame({"class": "mass", **sides, **ends})),
        "stacked bars": plot_shares(pd.DataFrame({"F": [1], "M": [2]}, index=["hospital"])),
        "maps": plot_box_maps({"mass": np.eye(4), "nodule": np.eye(4)}),
        "table": plot_together(list_together(["mass", "nodule"], [[2, 1], [1, 3]]), "missed"),
        "logarithmic": plot_per_patient(patients),
        "panels": plot_printed_runs(runs),
        "points": plot_map(PLACES, {"right": "#6f7f8a", "wrong": "#d81e4f"}),
    }


def read_words(svg: bytes) -> str:
    root = ElementTree.fromstring(svg)
    return " ".join(
        "".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")
    )


def test_a_picture_says_below_it_of_what_it_is() -> None:
    caption = "a & <b> $x$ · test set, n = 118 images of 80 patients · swift-otter"
    words = read_words(draw_static(draw_roc(), "svg", caption=caption))

    assert caption in words
    plain, said = (
        Image.open(io.BytesIO(draw_static(draw_roc(), caption=text))) for text in ("", caption)
    )
    assert said.width == plain.width
    assert said.height > plain.height  # the panels keep their room


def test_a_picture_is_as_wide_as_a_page_and_fine_enough_for_print() -> None:
    picture = Image.open(io.BytesIO(draw_static(draw_roc())))

    assert picture.width == pytest.approx(170 / 25.4 * 300, abs=1)
    assert picture.info["dpi"] == pytest.approx((300, 300), abs=1)
    assert picture.convert("RGB").getpixel((2, 2)) == (255, 255, 255)


def test_a_picture_of_lines_has_every_name_to_the_letter() -> None:
    words = read_words(draw_static(draw_roc(), "svg"))

    for name in ("a & <b> (AUC 0.650, 0.600–0.700)", "chance", "published readers"):
        assert name in words
    assert "called from 0.31 on" in words
    assert "recall (sensitivity)" in words
    assert "50%" in words


@pytest.mark.parametrize("kind", list(list_figures()))
def test_each_kind_of_figure_is_drawn(kind: str) -> None:
    figure = list_figures()[kind]

    words = read_words(draw_static(figure, "svg", width_mm=85))

    expected = {
        "bars with intervals": ("left", "mass", "100%"),
        "stacked bars": ("F", "M", "hospital"),
        "maps": ("peak 100%", "nodule"),
        "table": ("mass 2", "nodule 3", "1"),
        "logarithmic": ("patients", "1k"),
        "panels": ("A first $x$", "accuracy", "loss"),
        "points": ("right (2)", "wrong (1)"),
    }[kind]
    assert all(word in words for word in expected), words


def test_what_has_no_picture_is_said() -> None:
    with pytest.raises(ValueError, match='No still picture of a "pie"'):
        draw_static(go.Figure(go.Pie(values=[1, 2])))


def test_a_table_has_the_points_with_their_band_and_no_decoration() -> None:
    table = figure_table(draw_roc())

    curve = table[table["trace"] == "a & <b> (AUC 0.650, 0.600–0.700)"]
    band = table[table["trace"] == "a & <b>, 95% band"]
    assert curve[["x", "y"]].to_numpy().tolist() == [[0, 0], [0.5, 0.8], [1, 1]]
    ends = band[["x", "low", "high"]].to_numpy().tolist()
    assert ends == [[0, 0, 0.1], [0.5, 0.7, 0.9], [1, 1, 1]]
    assert "chance" not in set(table["trace"])
    [reader] = table[table["trace"] == "published readers"].to_dict("records")
    assert (reader["x"], reader["y"], reader["label"]) == (0.25, 0.9, "radiologist 1")


def test_a_table_has_intervals_cells_and_panels() -> None:
    figures = pd.DataFrame(
        {"figure": ["recall"], "class": ["mass"], "value": [0.8], "low": [0.7], "high": [0.95]}
    )
    drawn = list_figures()

    intervals = figure_table(plot_class_intervals(figures, ["mass"]))
    cells = figure_table(drawn["table"])
    panels = figure_table(drawn["panels"])

    beside = figure_table(plot_thresholds({name: ROC for name in RATES}, "mass"))
    assert beside.columns.tolist() == ["trace", "x", "y", "low", "high"]
    assert beside.iloc[1].tolist() == ["sensitivity", 0.5, 0.8, 0.7, 0.9]
    assert len(beside) == len(AT) * len(RATES)
    assert intervals[["x", "low", "high"]].iloc[0].tolist() == pytest.approx([0.8, 0.7, 0.95])
    assert cells[["x", "y", "value"]].to_numpy().tolist() == [["mass", "nodule", 1.0]]
    assert panels["panel"].tolist()[::2] == ["epoch, accuracy", "epoch, loss"]
