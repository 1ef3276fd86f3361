"""Still pictures by seaborn and Matplotlib: brightness of classes, mean images.

Both take seconds to load, so they are imported where they draw, after a user asked for it.
"""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.figures.drawing import draw_alone, write_drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Foreground, background, and the classes in turn; as .streamlit/config.toml has them.
INKS = {
    "light": ("#060b0e", "#ffffff", "#0072b2 #d55e00 #009e73 #c86fa0 #be8300 #3b94c9 #5b6770"),
    "dark": ("#f7fafb", "#030405", "#56b4e9 #e69f00 #1fbf92 #cc79a7 #f0e442 #d55e00 #9aa7af"),
}
WIDTH_INCHES = 4.6  # inches, so that letters of 10 points can be read on a telephone
DPI = 160
MIN_VIOLIN_IMAGES = 20  # images; the outline of fewer shows chance, so they are drawn as points
N_MEAN_IMAGES = 3  # mean images in a row; four make a square


def draw_distribution(
    table: pd.DataFrame,
    measure: str,
    by: str,
    ink: str = "light",
    kind: str = "png",
    colors: Mapping[str, str] | None = None,
    dpi: int = DPI,
) -> bytes:
    """Draw the distribution of one measure for each group, with its quartiles inside.

    A group of fewer than 20 images is drawn as points.

    Args:
        table: one row per image, with the columns `measure` and `by`.
        measure: "brightness" or "contrast", gray levels in [0, 255].
        by: the column that holds the groups, drawn in order of appearance.
        ink: one of `INKS`.
        kind: "png" or "svg".
        colors: group -> colour; without, the theme's in turn.
        dpi: dots per inch of a PNG.

    Returns:
        The file's content.
    """
    groups = [str(name) for name in table[by].unique()]
    palette = [colors[name] for name in groups] if colors else _palette(ink, len(groups))
    shown = table.assign(**{by: table[by].astype(str)})
    with draw_alone():
        import seaborn

        figure, axes = _begin(0.9 + 0.42 * len(groups), ink)
        large = shown[by].map(shown[by].value_counts()) >= MIN_VIOLIN_IMAGES
        if not large.all():
            seaborn.stripplot(
                data=shown[~large],
                x=measure,
                y=by,
                order=groups,
                size=4,
                alpha=0.8,
                ax=axes,
                hue=by,
                hue_order=groups,
                palette=palette,
                legend=False,
            )
        seaborn.violinplot(
            data=shown[large],
            x=measure,
            y=by,
            order=groups,
            hue=by,
            hue_order=groups,
            palette=palette,
            inner="quart",
            cut=0,
            density_norm="width",
            linewidth=0.8,
            linecolor=INKS[ink][0],
            inner_kws={"color": "black", "linewidth": 1.2},
            legend=False,
            ax=axes,
        )
        axes.set(xlabel=f"{measure}, gray levels", ylabel="")
        return write_drawing(figure, kind, dpi)


def draw_means(
    means: Mapping[str, NDArray[np.float32]],
    counts: Mapping[str, int],
    ink: str = "light",
    kind: str = "png",
    dpi: int = DPI,
) -> bytes:
    """Draw the mean image of each class.

    Args:
        means: class -> (h, w), gray levels in [0, 255].
        counts: class -> images that it is the mean of.
        ink: one of `INKS`.
        kind: "png" or "svg".
        dpi: dots per inch of a PNG.

    Returns:
        The file's content.
    """
    n_columns = 2 if len(means) == 4 else min(N_MEAN_IMAGES, len(means))
    n_rows = math.ceil(len(means) / n_columns)
    with draw_alone():
        side = WIDTH_INCHES / n_columns
        figure, _ = _begin(n_rows * (side + 0.35), ink, empty=True)
        for number, (name, mean) in enumerate(means.items()):
            axes = figure.add_subplot(n_rows, n_columns, number + 1)
            axes.imshow(mean, cmap="gray", vmin=0, vmax=255)
            axes.set_axis_off()
            axes.set_title(f"{name}\nn = {counts[name]:,}", fontsize=8.5, color=INKS[ink][0])
        return write_drawing(figure, kind, dpi)


def list_mean_pixels(means: Mapping[str, NDArray[np.float32]]) -> pd.DataFrame:
    """Return the pixels of mean images: class, x and y in px from the top left, gray level."""
    tables = []
    for name, mean in means.items():
        y, x = np.indices(mean.shape)
        levels = np.round(mean.ravel(), 2)
        tables.append(
            pd.DataFrame({"class": name, "x": x.ravel(), "y": y.ravel(), "gray level": levels})
        )
    return pd.concat(tables, ignore_index=True)


def _begin(height: float, ink: str, empty: bool = False) -> "tuple[Figure, Axes]":
    from matplotlib.figure import Figure

    front, back, _ = INKS[ink]
    figure = Figure(figsize=(WIDTH_INCHES, height), dpi=DPI, facecolor=back, layout="constrained")
    if empty:
        return figure, None  # type: ignore[return-value]
    axes = figure.add_subplot()
    axes.set_facecolor(back)
    axes.tick_params(colors=front, labelsize=10)
    axes.xaxis.label.set(color=front, fontsize=10)
    for where, spine in axes.spines.items():
        spine.set(visible=where == "bottom", color=front)
    axes.grid(axis="x", color=front, alpha=0.12)
    axes.set_axisbelow(True)
    return figure, axes


def _palette(ink: str, n_colors: int) -> list[str]:
    colors = INKS[ink][2].split()
    return [colors[number % len(colors)] for number in range(n_colors)]
