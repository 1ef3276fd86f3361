"""Learning curves: thinned without losing spikes, drawn so that a zoom survives."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from xray_core.figures.colors import DASHES, SUBSETS
from xray_core.figures.training import (
    CURVES,
    METRICS,
    N_POINTS,
    ZOOM,
    curve_table,
    list_metrics,
    plot_learning_curve,
    thin_curve,
)


@pytest.fixture
def batches() -> pd.DataFrame:
    steps = np.arange(1, 20_001)
    loss = 1 / steps
    loss[12_345] = 9.0  # one spike among twenty thousand
    return pd.DataFrame({"step": steps, "loss": loss, "accuracy": np.full(20_000, 0.5)})


@pytest.fixture
def epochs() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "step": [10_000, 20_000],
            "epoch": [1, 2],
            "loss": [0.6, 0.5],
            "val_loss": [0.7, 0.65],
            "accuracy": [0.5, 0.6],
            "val_accuracy": [0.4, 0.55],
            "best_epoch": [1, 1],
        }
    )


def test_thinning_keeps_spike_ends_and_order(batches: pd.DataFrame) -> None:
    steps, values = thin_curve(batches["step"].to_numpy(float), batches["loss"].to_numpy(float))

    assert len(steps) <= N_POINTS
    assert values.max() == 9.0
    assert (steps[0], steps[-1]) == (1, 20_000)
    assert (np.diff(steps) > 0).all()


def test_short_curve_is_left_as_it_is() -> None:
    steps, values = thin_curve(np.arange(5.0), np.arange(5.0) ** 2)

    assert values.tolist() == [0, 1, 4, 9, 16]
    assert steps.tolist() == [0, 1, 2, 3, 4]


def test_zooming_in_brings_out_every_batch_of_the_window(batches: pd.DataFrame) -> None:
    steps, _ = thin_curve(
        batches["step"].to_numpy(float), batches["loss"].to_numpy(float), window=(5000.0, 5100.0)
    )

    assert set(range(5000, 5101)) <= set(steps.astype(int))
    assert steps.min() >= 4900
    assert steps.max() <= 5200


def test_window_may_come_reversed(batches: pd.DataFrame) -> None:
    arrays = batches["step"].to_numpy(float), batches["loss"].to_numpy(float)

    assert thin_curve(*arrays, window=(200.0, 100.0))[0].tolist() == (
        thin_curve(*arrays, window=(100.0, 200.0))[0].tolist()
    )


def test_table_holds_both_subsets_of_every_epoch(
    batches: pd.DataFrame, epochs: pd.DataFrame
) -> None:
    table = curve_table(batches, epochs)
    of_epochs = table[table["epoch"] > 0].groupby(["metric", "curve"])["value"].agg(list)

    for metric in ("loss", "accuracy"):
        assert of_epochs[metric, "training"] == epochs[metric].tolist()
        assert of_epochs[metric, "validation"] == epochs[f"val_{metric}"].tolist()
    assert set(table.loc[table["epoch"] == 0, "curve"]) == {"training"}
    marked = table[table["selected"]]
    assert marked[["metric", "curve", "epoch"]].to_numpy().tolist() == [
        ["loss", "validation", 1],
        ["accuracy", "validation", 1],
    ]


def test_area_is_drawn_where_it_could_be_computed(
    batches: pd.DataFrame, epochs: pd.DataFrame
) -> None:
    assert list_metrics(epochs) == ("loss", "accuracy")
    assert list_metrics(epochs.assign(val_auc=[None, None])) == ("loss", "accuracy")
    with_area = epochs.assign(val_auc=[None, 0.9]).astype({"val_auc": "float64"})
    assert list_metrics(with_area) == METRICS

    table = curve_table(batches, with_area, METRICS)

    [row] = table[table["metric"] == "auc"].to_dict("records")
    assert (row["curve"], row["epoch"], row["value"]) == ("validation", 2, 0.9)


def test_a_run_without_an_epoch_has_its_batches_alone(batches: pd.DataFrame) -> None:
    table = curve_table(batches, pd.DataFrame(columns=["step", "epoch", "best_epoch"]))

    assert set(table["epoch"]) == {0}
    assert not table["selected"].any()


def test_smoothing_takes_means_and_leaves_epochs_alone(
    batches: pd.DataFrame, epochs: pd.DataFrame
) -> None:
    short = batches.head(4).assign(loss=[1.0, 3.0, 5.0, 7.0])

    table = curve_table(short, epochs, ["loss"], smooth=2)

    assert table.loc[table["epoch"] == 0, "value"].tolist() == [1.0, 2.0, 4.0, 6.0]
    assert table.loc[table["epoch"] > 0, "value"].tolist() == [0.6, 0.5, 0.7, 0.65]


def test_zoom_is_bound_to_the_batches_and_needs_ctrl() -> None:
    params = [param for layer in list_layers(plot_learning_curve()) for param in layer["params"]]
    [zoom] = [param for param in params if param["name"] == ZOOM]

    assert zoom["bind"] == "scales"
    assert zoom["select"]["encodings"] == ["x"]
    assert "ctrlKey" in zoom["select"]["zoom"]  # a plain wheel scrolls the page


def test_panels_share_one_axis_and_each_begins_at_zero() -> None:
    spec = plot_learning_curve(METRICS)
    layers = [layer for layer in list_layers(spec) if "y" in layer["encoding"]]

    assert len({str(layer["encoding"]["x"]) for layer in layers}) == 1
    scales = {layer["encoding"]["y"]["title"]: layer["encoding"]["y"]["scale"] for layer in layers}
    assert scales["loss"]["zero"] is True
    assert scales["accuracy"]["domain"] == scales["AUC"]["domain"] == [0.0, 1.0]
    places = [scale["range"] for scale in scales.values()]
    assert len({str(place) for place in places}) == 3


def test_subsets_have_their_colours_and_dashes() -> None:
    encodings = [layer["encoding"] for layer in list_layers(plot_learning_curve())]

    scales = [encoding["color"]["scale"] for encoding in encodings if "color" in encoding]
    assert all(scale["domain"] == list(CURVES) for scale in scales)
    assert all(scale["range"] == [SUBSETS[curve] for curve in CURVES] for scale in scales)
    [dash, *_] = [encoding["strokeDash"] for encoding in encodings if "strokeDash" in encoding]
    assert dash["scale"]["range"] == [list(DASHES[curve]) for curve in CURVES]


def list_layers(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the layers that draw something, of a view of panels."""
    return [
        {"params": [], **layer, "encoding": layer.get("encoding", {})}
        for panel in spec["layer"]
        for layer in panel["layer"]
    ]
