"""Figures about a whole dataset, from the tables of `xray_core.eda`."""

import pandas as pd
import plotly.graph_objects as go

ABSENT_GREY = "#9aa5ab"
MARGIN = {"l": 8, "r": 8, "t": 8, "b": 8}


def plot_label_counts(counts: pd.DataFrame) -> go.Figure:
    """Draw the images of each class, those whose file is absent in grey.

    Args:
        counts: as `eda.count_labels` returns it.

    Returns:
        One bar for each class, each its own trace, so that classes take the theme's colours in
        turn; and one grey trace, left out when no file is absent.
    """
    figure = go.Figure()
    for name, present, patients in counts[["class", "present", "patients"]].itertuples(index=False):
        figure.add_bar(
            name=name,
            y=[name],
            x=[present],
            orientation="h",
            text=[f"{present:,}"],
            hovertemplate=f"%{{y}}<br>%{{x:,}} images<br>{patients:,} patients<extra></extra>",
            showlegend=False,
        )
    absent = counts["images"] - counts["present"]
    if absent.any():
        figure.add_bar(
            name="file absent",
            y=counts["class"],
            x=absent,
            orientation="h",
            marker={"color": ABSENT_GREY},
            hovertemplate="%{y}<br>%{x:,} images whose file is absent<extra></extra>",
        )
    figure.update_layout(
        barmode="stack",
        bargap=0.3,
        height=70 + 46 * len(counts),
        margin=MARGIN,
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1, "yanchor": "bottom"},
        xaxis={"title": "images", "tickformat": ",d"},
        yaxis={"autorange": "reversed", "type": "category", "title": None},
    )
    return figure


def plot_image_sizes(sizes: pd.DataFrame) -> go.Figure:
    """Draw width against height; the area of a mark grows with its number of images.

    Args:
        sizes: as `eda.image_sizes` returns it.

    Returns:
        A trace for "original" and one for "on disk", and a dotted line where width = height.
    """
    figure = go.Figure()
    longest = max([1, *sizes["width"], *sizes["height"]])
    figure.add_scatter(
        x=[0, longest],
        y=[0, longest],
        mode="lines",
        line={"dash": "dot", "width": 1, "color": ABSENT_GREY},
        hoverinfo="skip",
        name="square",
    )
    for kind in ("original", "on disk"):
        of_kind = sizes[sizes["kind"] == kind]
        if of_kind.empty:
            continue
        figure.add_scatter(
            x=of_kind["width"].astype(int),
            y=of_kind["height"].astype(int),
            mode="markers",
            name=kind,
            customdata=of_kind["images"],
            marker={
                "size": of_kind["images"],
                "sizemode": "area",
                "sizeref": max(1, int(of_kind["images"].max())) / 18**2,
                "sizemin": 3,
                "opacity": 0.65,
            },
            hovertemplate="%{x} × %{y} px<br>%{customdata:,} images<extra></extra>",
        )
    figure.update_layout(
        height=300,
        margin=MARGIN,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        xaxis={"title": "width, px", "rangemode": "tozero"},
        yaxis={"title": "height, px", "rangemode": "tozero"},
    )
    return figure


def plot_boxes_per_image(boxes: pd.DataFrame) -> go.Figure:
    """Draw how many images carry how many boxes.

    Args:
        boxes: as `eda.boxes_per_image` returns it.
    """
    figure = go.Figure(
        go.Bar(
            x=boxes["boxes"],
            y=boxes["images"],
            text=[f"{n:,}" for n in boxes["images"]],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y:,} images with %{x} boxes<extra></extra>",
        )
    )
    figure.update_layout(
        height=300,
        margin={**MARGIN, "t": 32},
        bargap=0.25,
        xaxis={"title": "boxes on the image", "dtick": 1},
        yaxis={"title": "images", "tickformat": ",d"},
    )
    return figure
