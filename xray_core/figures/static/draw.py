"""A Plotly figure as a picture for print: the panels, their places on the page, and the margins."""

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from xray_core.figures.drawing import draw_alone, write_drawing
from xray_core.figures.static.axes import SMALL, Scale, set_axis
from xray_core.figures.static.inks import GRID, INK, WAY, read_color
from xray_core.figures.static.marks import draw_legend, draw_shape, write_note
from xray_core.figures.static.panel import Panel
from xray_core.figures.static.traces import check_kind, draw_trace

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox

WIDTH_MM = 170.0  # across two columns of most journals
MOST_MM = 240.0  # high, of a page
PRINT_DPI = 300
PX_PER_INCH, MM_PER_INCH = 96.0, 25.4
DEFAULT_PX = 450  # Plotly's height of a figure that has none
PAD = 0.05  # inches around everything
LEAST = 0.5  # of the height that the panels keep, however much is written around them
LINE_INCHES = 0.125  # of a line of the caption
SIGNS_PER_MM = 0.7  # of the caption, in small type
ROUNDS = 3  # in which the margins settle: what is written at an axis depends on its length


def draw_static(
    figure: "go.Figure", kind: str = "png", width_mm: float = WIDTH_MM, caption: str = ""
) -> bytes:
    """Draw a figure on white, in small type, for a page of a journal.

    Args:
        figure: of lines, marks, bands, error bars, bars and heat maps, in panels by the domains of
            their axes, with the shapes, annotations and legend of its layout.
        kind: "png", at 300 dots per inch, or "svg", whose text stays text.
        width_mm: mm; the height follows from the figure's own in px, of 96 to the inch.
        caption: plain text below it in small type: of what it is, as a picture leaves its page.

    Returns:
        The file's content.

    Raises:
        ValueError: the figure has a trace of another kind.
    """
    with draw_alone():
        from matplotlib.figure import Figure
        from matplotlib.transforms import Bbox, BboxTransformTo

        height = min((figure.layout.height or DEFAULT_PX) / PX_PER_INCH, MOST_MM / MM_PER_INCH)
        lines = textwrap.wrap(
            caption, max(20, round(width_mm * SIGNS_PER_MM)), break_on_hyphens=False
        )
        foot = len(lines) * LINE_INCHES + (PAD if lines else 0.0)
        size = (width_mm / MM_PER_INCH, height + foot)
        page = Figure(figsize=size, dpi=PRINT_DPI, facecolor="white")
        area = Bbox([[0.12, 0.15], [0.97, 0.9]])
        paper = BboxTransformTo(area) + page.transFigure
        panels = _build_panels(page, figure)
        handles = _draw_traces(panels, figure)
        _set_axes(panels, figure)
        for shape in figure.layout.shapes:
            draw_shape(_find_panel(panels, shape), paper, shape)
        for note in figure.layout.annotations:
            write_note(_find_panel(panels, note), paper, note)
        shown = figure.layout.showlegend
        if handles and (shown or (shown is None and len(handles) > 1)):
            first = next(iter(panels.values()))
            draw_legend(page, first, paper, handles, figure.layout.legend)
        for _ in range(ROUNDS):
            _put_in_place(panels, figure.layout, area)
            _make_room(page, area, foot)
        _put_in_place(panels, figure.layout, area)
        if lines:
            left, above = PAD / page.get_figwidth(), PAD / page.get_figheight()
            words = "\n".join(lines)
            page.text(left, above, words, fontsize=SMALL, color=INK, va="bottom", ha="left")
        return write_drawing(page, kind)


def _list_pairs(figure: "go.Figure") -> dict[tuple[str, str], list[Any]]:
    """Return the pairs of axes that traces have, as "x2" and "y", with their traces.

    Raises:
        ValueError: see `traces.check_kind`.
    """
    pairs: dict[tuple[str, str], list[Any]] = {}
    for trace in figure.data:
        check_kind(trace)
        pairs.setdefault((trace.xaxis or "x", trace.yaxis or "y"), []).append(trace)
    return pairs or {("x", "y"): []}


def _read_axis(layout: Any, name: str) -> Any:
    """Return the axis called "x2" of a layout."""
    return layout[f"{name[0]}axis{name[1:]}"]


def _build_panels(page: "Figure", figure: "go.Figure") -> dict[tuple[str, str], Panel]:
    pairs = _list_pairs(figure)
    values: dict[str, list[Any]] = {}
    for pair, traces in pairs.items():
        for name in pair:
            for trace in traces:
                if (own := trace[name[0]]) is not None:
                    values.setdefault(name, []).append(own)
    scales = {
        name: Scale(_read_axis(figure.layout, name), values.get(name, []))
        for pair in pairs
        for name in pair
    }
    panels: dict[tuple[str, str], Panel] = {}
    for (x, y), traces in pairs.items():
        same_x = next((panel.axes for pair, panel in panels.items() if pair[0] == x), None)
        same_y = next((panel.axes for pair, panel in panels.items() if pair[1] == y), None)
        axes = page.add_axes((0.1, 0.1, 0.8, 0.8), sharex=same_x, sharey=same_y)
        axes.set_axisbelow(True)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        for side in ("left", "bottom", "right"):
            axes.spines[side].set(color=INK, linewidth=0.6)
        axes.tick_params(grid_color=GRID)
        bars = [trace for trace in traces if trace.type == "bar"]
        panels[x, y] = Panel(axes, scales[x], scales[y], figure.layout, bars)
        if scales[y].spec.overlaying:
            axes.patch.set_visible(False)
        if scales[y].spec.scaleanchor:
            axes.set_aspect("equal", adjustable="box")
    return panels


def _draw_traces(
    panels: dict[tuple[str, str], Panel], figure: "go.Figure"
) -> list[tuple[Any, str]]:
    """Draw all traces; return what the legend shows."""
    handles: list[tuple[Any, str]] = []
    way = figure.layout.colorway or WAY
    for number, trace in enumerate(figure.data):
        if trace.visible is False:
            continue
        panel = panels[trace.xaxis or "x", trace.yaxis or "y"]
        drawn = draw_trace(panel, trace, read_color(way[number % len(way)]))
        if trace.showlegend is not False and trace.name:
            handles += [(handle, trace.name) for handle in drawn]
    return handles


def _set_axes(panels: dict[tuple[str, str], Panel], figure: "go.Figure") -> None:
    first: dict[str, str] = {}
    for x, y in panels:
        first.setdefault(x, y)
        first.setdefault(y, x)
    for (x, y), panel in panels.items():
        for name, scale, other in ((x, panel.x, y), (y, panel.y, x)):
            anchor = scale.spec.anchor or first[name]
            left, right = panel.x.spec.domain or (0.0, 1.0)
            set_axis(
                panel.axes,
                name[0],
                scale,
                shows_ticks=anchor in (other, "free") or anchor not in first,
                shares=right - left,
            )


def _put_in_place(panels: dict[tuple[str, str], Panel], layout: Any, area: "Bbox") -> None:
    for panel in panels.values():
        left, right = panel.x.spec.domain or (0.0, 1.0)
        above = panel.y.spec.overlaying
        spec = _read_axis(layout, above) if above else panel.y.spec
        foot, top = spec.domain or (0.0, 1.0)
        panel.axes.set_position(
            (
                area.x0 + left * area.width,
                area.y0 + foot * area.height,
                (right - left) * area.width,
                (top - foot) * area.height,
            )
        )


def _make_room(page: "Figure", area: "Bbox", foot: float) -> None:
    """Move the edges of what the panels take such that all that is written fits on the page.

    Args:
        page: drawn on.
        area: of the panels, as shares of the page.
        foot: inches at the bottom that are kept free.
    """
    from matplotlib.transforms import Bbox

    page.draw_without_rendering()
    width, height = page.get_size_inches()
    box = page.get_tightbbox()  # inches
    x0 = area.x0 + (PAD - box.x0) / width
    x1 = area.x1 - (box.x1 - width + PAD) / width
    y0 = area.y0 + (PAD + foot - box.y0) / height
    y1 = area.y1 - (box.y1 - height + PAD) / height
    if y1 - y0 < LEAST:  # the page grows with what is written
        page.set_figheight(min(height * (1 + LEAST - (y1 - y0)), MOST_MM / MM_PER_INCH))
        y0, y1 = min(y0, 0.6), min(y0, 0.6) + max(LEAST, y1 - y0)
    if x1 - x0 < LEAST:
        x0, x1 = min(x0, 0.6), min(x0, 0.6) + LEAST
    area.set(Bbox([[x0, y0], [x1, y1]]))


def _find_panel(panels: dict[tuple[str, str], Panel], item: Any) -> Panel:
    """Return the panel that a shape or an annotation belongs to; else the first."""
    names = [str(item[f"{side}ref"] or side).removesuffix(" domain") for side in ("x", "y")]
    for pair, panel in _rank(panels, names):
        if any(name in pair for name in names):
            return panel
    return next(iter(panels.values()))


def _rank(
    panels: dict[tuple[str, str], Panel], names: list[str]
) -> Iterator[tuple[tuple[str, str], Panel]]:
    """Yield the panels, that with most of the axes named first."""
    yield from sorted(panels.items(), key=lambda entry: -sum(name in entry[0] for name in names))
