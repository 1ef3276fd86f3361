"""Heat maps of a still picture."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from xray_core.figures.static.axes import SMALL, Scale, format_tick
from xray_core.figures.static.inks import INK, build_colormap
from xray_core.figures.text import read_plain

MANY_CELLS = 2500  # from which on they are one picture within an SVG, as paths would be megabytes
BRIGHT = 0.55  # luminance of a cell from which on what stands in it is dark

Floats = NDArray[np.float64]


def draw_heat(axes: Any, x: Scale, y: Scale, trace: Any) -> None:
    """Draw a heat map with what stands in its cells, and the scale of its colours.

    Args:
        axes: of Matplotlib.
        x: what lies across.
        y: what lies upwards.
        trace: of Plotly; cells of NaN stay white.
    """
    values = np.array(
        [[np.nan if cell is None else float(cell) for cell in row] for row in trace.z], "float64"
    )
    n_rows, n_columns = values.shape
    middles = _place(x, trace.x, n_columns), _place(y, trace.y, n_rows)
    mesh = axes.pcolormesh(
        *map(_list_edges, middles),
        values,
        cmap=build_colormap(trace.colorscale),
        vmin=trace.zmin,
        vmax=trace.zmax,
        edgecolors="white" if trace.xgap or trace.ygap else "face",
        linewidth=0.6 if trace.xgap or trace.ygap else 0,
        rasterized=values.size > MANY_CELLS,
    )
    if trace.text is not None and trace.texttemplate:
        _write_cells(axes, mesh, values, middles, trace)
    if trace.showscale is not False:
        _draw_scale(axes, mesh, trace.colorbar)


def _place(scale: Scale, names: Any, n: int) -> Floats:
    return np.arange(n, dtype="float64") if names is None else scale.place(names)


def _list_edges(middles: Floats) -> Floats:
    if len(middles) == 1:
        return np.array([middles[0] - 0.5, middles[0] + 0.5])
    between = (middles[1:] + middles[:-1]) / 2
    first, last = 2 * middles[0] - between[0], 2 * middles[-1] - between[-1]
    return np.concatenate([[first], between, [last]])


def _write_cells(
    axes: Any, mesh: Any, values: Floats, middles: tuple[Floats, Floats], trace: Any
) -> None:
    size = min(SMALL, 0.75 * float(trace.textfont.size or 12) * 0.9)
    for row, texts in enumerate(trace.text):
        for column, words in enumerate(texts):
            if not words or np.isnan(values[row, column]):
                continue
            red, green, blue, _ = mesh.cmap(mesh.norm(values[row, column]))
            is_bright = 0.299 * red + 0.587 * green + 0.114 * blue > BRIGHT
            axes.text(
                middles[0][column],
                middles[1][row],
                read_plain(words),
                ha="center",
                va="center",
                fontsize=size,
                color=INK if is_bright else "white",
            )


def _draw_scale(axes: Any, mesh: Any, spec: Any) -> None:
    from matplotlib.ticker import FuncFormatter

    place = axes.inset_axes((1.02, 0.0, 0.02, 1.0))
    bar = axes.figure.colorbar(mesh, cax=place)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=SMALL, colors=INK, length=2, width=0.6)
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: format_tick(value, spec)))
    if spec.title.text:
        bar.ax.set_title(read_plain(spec.title.text), fontsize=SMALL, color=INK, loc="left")
