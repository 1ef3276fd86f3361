"""What stands in a figure beside its traces: lines, rectangles, words, the legend."""

from typing import TYPE_CHECKING, Any

from xray_core.figures.static.axes import SMALL
from xray_core.figures.static.inks import INK, POINT, read_color, read_dash
from xray_core.figures.static.panel import Panel
from xray_core.figures.text import read_plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ALIGNED = {"left": "left", "right": "right", "center": "center"}
UPRIGHT = {"top": "top", "bottom": "bottom", "middle": "center"}


def draw_shape(panel: Panel, paper: Any, shape: Any) -> None:
    """Draw a line or a rectangle; other shapes are left out, as no figure has them."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

    (x0, y0), (x1, y1) = (_place(panel, shape, shape[f"x{n}"], shape[f"y{n}"]) for n in (0, 1))
    look = {
        "transform": _find_transform(panel, paper, shape),
        "alpha": 1.0 if shape.opacity is None else shape.opacity,
        "linestyle": read_dash(shape.line.dash),
        "linewidth": POINT * (2 if shape.line.width is None else shape.line.width),
        "zorder": 0.5 if shape.layer == "below" else 2.2,
    }
    color = read_color(shape.line.color)
    if shape.type == "line":
        panel.axes.add_artist(Line2D([x0, x1], [y0, y1], color=color, **look))
    elif shape.type == "rect":
        face = read_color(shape.fillcolor, "none")
        panel.axes.add_artist(
            Rectangle((x0, y0), x1 - x0, y1 - y0, facecolor=face, edgecolor=color, **look)
        )


def write_note(panel: Panel, paper: Any, note: Any) -> None:
    """Write an annotation, with its arrow where it has one."""
    x, y = _place(panel, note, note.x, note.y)
    arrow = note.showarrow is not False
    shift = (POINT * float(note.xshift or 0), POINT * float(note.yshift or 0))
    if arrow:
        shift = (
            POINT * float(10 if note.ax is None else note.ax),
            -POINT * float(-30 if note.ay is None else note.ay),
        )
    size = SMALL if note.font.size is None else min(9.0, POINT * float(note.font.size))
    panel.axes.annotate(
        read_plain(note.text),
        (x, y),
        xycoords=_find_transform(panel, paper, note),
        xytext=shift,
        textcoords="offset points",
        ha=ALIGNED.get(note.xanchor or "", "center"),
        va=UPRIGHT.get(note.yanchor or "", "center"),
        rotation=-float(note.textangle or 0),
        fontsize=size,
        color=read_color(note.font.color),
        arrowprops={"arrowstyle": "->", "color": read_color(note.arrowcolor), "linewidth": 0.8}
        if arrow
        else None,
        annotation_clip=False,
    )


def _place(panel: Panel, item: Any, x: Any, y: Any) -> tuple[float, float]:
    """Return where a point lies: in a panel's values, or as a share of a panel or the page."""
    ends = []
    for side, value in (("x", x), ("y", y)):
        reference = item[f"{side}ref"] or side
        scale = getattr(panel, side)
        is_share = reference == "paper" or reference.endswith("domain")
        ends.append(float(value) if is_share else scale.place_one(value))
    return ends[0], ends[1]


def _find_transform(panel: Panel, paper: Any, item: Any) -> Any:
    from matplotlib.transforms import blended_transform_factory

    parts = []
    for side in ("x", "y"):
        reference = item[f"{side}ref"] or side
        if reference == "paper":
            parts.append(paper)
        elif reference.endswith("domain"):
            parts.append(panel.axes.transAxes)
        else:
            parts.append(panel.axes.transData)
    return blended_transform_factory(*parts)


def draw_legend(
    figure: "Figure", panel: Panel, paper: Any, handles: list[tuple[Any, str]], spec: Any
) -> None:
    """Draw the legend: within the panel where Plotly has it there, else above or below all.

    Args:
        figure: drawn on.
        panel: the first.
        paper: the transformation from shares of what all panels take.
        handles: what stands for each trace, and its name.
        spec: of the layout.
    """
    items, names = [handle for handle, _ in handles], [read_plain(name) for _, name in handles]
    look: dict[str, Any] = {
        "fontsize": SMALL,
        "frameon": False,
        "labelcolor": INK,
        "handlelength": 1.8,
        "borderaxespad": 0.3,
    }
    inside = spec.orientation != "h" and spec.x is not None and 0 <= spec.x <= 1
    if inside:
        high = "upper" if spec.yanchor == "top" or (spec.y or 0) > 0.5 else "lower"
        side = "right" if spec.xanchor == "right" or spec.x > 0.5 else "left"
        panel.axes.legend(items, names, loc=f"{high} {side}", **look)
        return
    below = spec.y is not None and spec.y < 0
    corner: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (0, -0.02)}
    if not below:
        corner = {"loc": "lower left", "bbox_to_anchor": (0, 1.0)}
    limit = figure.get_figwidth() * figure.dpi * 0.98
    for n_columns in range(len(items), 0, -1):
        legend = figure.legend(
            items, names, ncols=n_columns, bbox_transform=paper, columnspacing=1.2, **corner, **look
        )
        if legend.get_window_extent().width <= limit or n_columns == 1:
            return
        legend.remove()
