"""Learning curves: thinned without losing spikes, drawn so that a zoom survives."""

import numpy as np
import pandas as pd
import pytest

from xray_core.figures.training import (
    CURVES,
    N_POINTS,
    ZOOM,
    curve_table,
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


@pytest.mark.parametrize("metric", ["loss", "accuracy"])
def test_table_holds_both_subsets_of_every_epoch(
    batches: pd.DataFrame, epochs: pd.DataFrame, metric: str
) -> None:
    table = curve_table(batches, epochs, metric)
    of_epochs = table[table["epoch"] > 0].set_index(["curve", "epoch"])["value"]

    assert of_epochs["training"].tolist() == epochs[metric].tolist()
    assert of_epochs["validation"].tolist() == epochs[f"val_{metric}"].tolist()
    assert set(table.loc[table["epoch"] == 0, "curve"]) == {"training"}


def test_zoom_is_bound_to_the_batches_and_needs_ctrl() -> None:
    spec = plot_learning_curve("loss")
    [zoom] = spec["layer"][0]["params"]

    assert zoom["name"] == ZOOM
    assert zoom["bind"] == "scales"
    assert zoom["select"]["encodings"] == ["x"]
    assert "ctrlKey" in zoom["select"]["zoom"]  # a plain wheel scrolls the page


def test_accuracy_always_spans_zero_to_one() -> None:
    for layer in plot_learning_curve("accuracy")["layer"]:
        assert layer["encoding"]["y"]["scale"] == {"domain": [0, 1]}
        assert layer["encoding"]["color"]["scale"] == {"domain": list(CURVES)}
