"""The device chart: nothing invented, pauses left out, one GPU line only where there is a GPU."""

import numpy as np
import pandas as pd
import pytest

from xray_core.figures.device import N_POINTS, plot_device, thin_device


def looks(n: int, start: str = "2026-03-01T10:00:00Z", **columns: object) -> pd.DataFrame:
    times = pd.date_range(start, periods=n, freq="2s").strftime("%Y-%m-%dT%H:%M:%S+00:00")
    values = {"cpu_percent": np.arange(n, dtype=float), "memory_mb": 1024.0} | columns
    return pd.DataFrame({"time": times, **values})


def test_few_looks_are_drawn_as_they_are() -> None:
    table = thin_device(looks(31))

    assert table["minutes"].iloc[[0, -1]].tolist() == [0, 1]
    assert table["cpu_percent"].tolist() == list(range(31))
    assert list(table) == ["minutes", "cpu_percent", "memory_mb"]


def test_many_looks_are_averaged() -> None:
    table = thin_device(looks(10_000))

    assert len(table) <= N_POINTS
    assert table["cpu_percent"].mean() == pytest.approx(4999.5, rel=0.01)
    assert table["minutes"].is_monotonic_increasing


def test_a_night_between_two_stretches_is_a_gap_without_width() -> None:
    both = [looks(31), looks(31, "2026-03-02T10:00:00Z")]

    table = thin_device(pd.concat(both, ignore_index=True))

    assert table["minutes"].max() == 2
    assert table["cpu_percent"].isna().sum() == 1
    assert table.index[table["cpu_percent"].isna()].tolist() == [31]


def test_a_clock_that_is_set_back_and_a_torn_time_do_no_harm() -> None:
    table = pd.concat([looks(3), looks(3, "2026-03-01T09:00:00Z")], ignore_index=True)
    table.loc[1, "time"] = "soon"

    minutes = thin_device(table)["minutes"].dropna()

    assert minutes.is_monotonic_increasing
    assert len(minutes) == 5


def test_no_look_with_a_time_gives_no_row() -> None:
    table = looks(2)
    table["time"] = "soon"

    assert len(thin_device(table)) == 0


def test_lines_are_those_that_were_measured_in_their_unit() -> None:
    alone = plot_device(thin_device(looks(5, gpu_percent=None)))
    with_gpu = plot_device(thin_device(looks(5, gpu_percent=90.0, gpu_memory_mb=2048.0)))

    assert [trace.name for trace in alone.data] == ["CPU (100% is one core)", "memory"]
    lines = {trace.name: trace for trace in with_gpu.data}
    assert set(lines["GPU"].y) == {90}
    assert set(lines["GPU memory"].y) == {2}
    assert lines["GPU"].yaxis != lines["GPU memory"].yaxis
