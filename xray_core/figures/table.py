"""The numbers of a figure as a tidy table, for a file beside its picture."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from xray_core.figures.text import read_plain

if TYPE_CHECKING:
    import plotly.graph_objects as go

# `meta` of two traces of one legend group that are the sides of a band, drawn one after the other.
LOW, HIGH = "band low", "band high"
COLUMNS = ("trace", "panel", "x", "y", "value", "low", "high", "label")
ALWAYS = ("trace", "x", "y")


def figure_table(figure: "go.Figure") -> pd.DataFrame:
    """Return the points of a figure, one a row.

    Left out is what the mouse finds nothing on, such as the diagonal of chance.

    Args:
        figure: of scatter, bar and heat map traces.

    Returns:
        trace (its name), panel (title of its axes; only where there are several panels), x and y
        (numbers or names), value (of a cell of a heat map), low and high (of an error bar or a
        band, of what is measured), label (what is written at a point). Columns without an entry
        are left out, but for trace, x and y.
    """
    rows: list[pd.DataFrame] = []
    lows: dict[str, Any] = {}
    several = len({(trace.xaxis or "x", trace.yaxis or "y") for trace in figure.data}) > 1
    for trace in figure.data:
        if trace.meta == LOW:
            lows[trace.legendgroup] = trace
            continue
        if trace.meta == HIGH:
            table = _list_band(lows[trace.legendgroup], trace)
        elif trace.hoverinfo == "skip" or trace.visible is False:
            continue
        else:
            table = _list_cells(trace) if trace.type == "heatmap" else _list_points(trace)
        name = read_plain(trace.name or "").replace("\n", " ")
        rows.append(table.assign(trace=name, **_name_panel(figure, trace, several)))
    whole = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()
    whole = _join_bands(whole).reindex(columns=list(COLUMNS))
    kept = [name for name in COLUMNS if name in ALWAYS or whole[name].notna().any()]
    return whole[kept]


def _list_points(trace: Any) -> pd.DataFrame:
    n = max(len(ends) for ends in (trace.x, trace.y, ()) if ends is not None)
    table = pd.DataFrame(
        {side: _read(trace[side], n) for side in ("x", "y")} | {"label": _read_labels(trace, n)}
    )
    for side in ("x", "y"):
        error = trace[f"error_{side}"]
        if error.array is not None:
            above = np.asarray(error.array, dtype="float64")
            below = above if error.arrayminus is None else np.asarray(error.arrayminus, "float64")
            middle = table[side].astype("float64")
            table = table.assign(low=middle - below, high=middle + above)
    # Between two lines of one trace stands a point without a place.
    return table[table["x"].notna() & table["y"].notna()]


def _list_cells(trace: Any) -> pd.DataFrame:
    values = np.array(
        [[np.nan if cell is None else cell for cell in row] for row in trace.z], "float64"
    )
    n_rows, n_columns = values.shape
    x, y = _read(trace.x, n_columns), _read(trace.y, n_rows)
    return pd.DataFrame(
        {"x": list(x) * n_rows, "y": np.repeat(y, n_columns), "value": values.ravel()}
    ).dropna(subset="value")


def _list_band(low: Any, high: Any) -> pd.DataFrame:
    n = len(high.x)
    return pd.DataFrame({"x": _read(high.x, n), "low": _read(low.y, n), "high": _read(high.y, n)})


def _join_bands(rows: pd.DataFrame) -> pd.DataFrame:
    """Put the sides of a band beside the points of the line of its name, where both have one x."""
    if not {"y", "low"} <= set(rows):
        return rows
    keys = [name for name in ("trace", "panel", "x") if name in rows]
    is_band = rows["y"].isna() & rows["low"].notna()
    bands = rows[is_band]
    is_line = ~is_band & rows["trace"].isin(bands["trace"])
    lines = rows[is_line]
    joined = lines.drop(columns=["low", "high"]).merge(
        bands[[*keys, "low", "high"]], on=keys, how="left"
    )
    if bands.empty or len(joined) != len(lines) or joined["low"].notna().sum() < len(bands):
        # Measured at other places: then they are traces of their own.
        return rows.assign(trace=rows["trace"].where(~is_band, rows["trace"] + ", 95% band"))
    return pd.concat([rows[~is_band & ~is_line], joined], ignore_index=True)


def _read(values: Any, n: int) -> list[Any]:
    if values is None:
        return list(range(n))
    return [read_plain(value) if isinstance(value, str) else value for value in values]


def _read_labels(trace: Any, n: int) -> list[Any]:
    if trace.type == "bar" or trace.text is None:  # on bars stands their own length
        return [None] * n
    texts = [trace.text] * n if isinstance(trace.text, str) else trace.text
    return [read_plain(text).replace("\n", " ") for text in texts]


def _name_panel(figure: "go.Figure", trace: Any, several: bool) -> dict[str, str]:
    if not several:
        return {}
    names = trace.xaxis or "x", trace.yaxis or "y"
    titles = [figure.layout[f"{name[0]}axis{name[1:]}"].title.text for name in names]
    words = [read_plain(title) for title in titles if title]
    return {"panel": ", ".join(words) or " ".join(names)}
