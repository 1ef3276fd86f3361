"""What a run asked of its machine over time: processor, memory, GPU."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

N_POINTS = 300  # of each line; more than a small chart has pixels helps nobody
PAUSE_SECONDS = 60.0  # seconds without a look at the hardware after which the run stood still

# column -> name of the line, and the panel it is drawn in
LINES = {
    "cpu_percent": ("CPU (100% is one core)", "y2"),
    "gpu_percent": ("GPU", "y2"),
    "memory_mb": ("memory", "y"),
    "gpu_memory_mb": ("GPU memory", "y"),
}


def thin_device(table: pd.DataFrame, n_points: int = N_POINTS) -> pd.DataFrame:
    """Average looks at the hardware into about `n_points`; leave the pauses out.

    Args:
        table: one row a look, in order: time (ISO 8601) and any columns of `LINES`.
        n_points: at least 1.

    Returns:
        minutes, of work since the first look, ascending, and those columns of `LINES` that
        say something; a row of NaN wherever the run stood still, such as before a resume.
    """
    columns = [name for name in LINES if name in table and table[name].notna().any()]
    times = pd.to_datetime(table["time"], utc=True, errors="coerce", format="ISO8601")
    rows = table.loc[times.notna(), columns].astype("float64").reset_index(drop=True)
    seconds = times.dropna().diff().dt.total_seconds().fillna(0.0).to_numpy()
    still = (seconds > PAUSE_SECONDS) | (seconds < 0)  # a clock may be set back
    rows.insert(0, "minutes", np.where(still, 0.0, seconds).cumsum() / 60)
    stretch = still.cumsum()
    share = -(-len(rows) // n_points)
    parts = [
        part.groupby(np.arange(len(part)) // share).mean()
        for _, part in rows.groupby(stretch, sort=True)
    ]
    gap = pd.DataFrame({name: [np.nan] for name in rows.columns})
    between = [piece for part in parts for piece in (gap, part)][1:]
    return pd.concat(between, ignore_index=True) if between else rows


def plot_device(table: pd.DataFrame) -> go.Figure:
    """Draw `thin_device`'s table: loads in per cent above, memory in GB below."""
    figure = go.Figure()
    for column, (name, axis) in LINES.items():
        if column not in table:
            continue
        memory = axis == "y"
        figure.add_scatter(
            name=name,
            x=table["minutes"],
            y=table[column] / 1024 if memory else table[column],
            mode="lines",
            yaxis=axis,
            connectgaps=False,
            hovertemplate="%{y:.1f} GB" if memory else "%{y:.0f}%",
        )
    figure.update_layout(
        height=280,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        hovermode="x unified",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        xaxis={"title": "minutes of work", "anchor": "y", "rangemode": "tozero"},
        yaxis={"title": "GB", "domain": [0, 0.44], "rangemode": "tozero"},
        yaxis2={"title": "%", "domain": [0.56, 1], "rangemode": "tozero"},
    )
    return figure
