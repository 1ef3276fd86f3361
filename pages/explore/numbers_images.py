"""Image files in numbers: sizes at once; brightness, contrast and mean images on request."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from uuid import uuid4

import pandas as pd
import streamlit as st

from pages.components.download import show_table, write_csv
from pages.components.figure import show_figure, show_menu
from pages.components.frame import escape_markdown
from pages.components.small_type import show_section
from pages.components.tables import Tables
from pages.explore import numbers_figures, numbers_tables
from pages.explore.numbers_tables import recall
from xray_core.eda import pixels
from xray_core.figures.explore import plot_difference
from xray_core.figures.explore.look import color_names
from xray_core.figures.explore.stills import (
    DPI,
    INKS,
    draw_distribution,
    draw_means,
    list_mean_pixels,
)
from xray_core.figures.static import PRINT_DPI
from xray_core.workspace import find_workspace

FEW_IMAGES = 30  # images, of which neither mean nor spread can be told well
N_SITES = 8  # of which brightness is drawn
Draw = Callable[[str, str, int], bytes]  # (ink, kind, dots per inch) -> file


def show_images(tables: Tables) -> None:
    """Show the sizes of the images, and what their pixels have in common."""
    show_section("Image sizes")
    sizes = recall(numbers_tables.sizes, tables)
    if sizes.empty:
        st.caption("None of this dataset's images is in its folder.")
        return
    left, right = st.columns(2, gap="large")
    with left:
        name = f"{tables.catalog.source}-sizes"
        show_figure(
            recall(numbers_figures.sizes, tables), name, "Width against height of the images"
        )
    with right:
        show_table(sizes.head(200), name, "Sizes and their images", whole=sizes, height=300)
    show_section("Brightness, contrast and mean images")
    sample, folder = recall(_draw_sample, tables)
    if sample.empty:
        st.caption("No image can be read, so none is measured.")
        return
    numbers = pixels.read_numbers(folder)
    if numbers is None:
        _offer_measuring(tables, sample, folder)
    else:
        _show_pixels(tables, numbers, folder)


def _draw_sample(tables: Tables) -> tuple[pd.DataFrame, Path]:
    members = recall(numbers_tables.members, tables)
    sample = pixels.sample_images(tables.catalog, members)
    return sample, pixels.find_numbers(tables.catalog, sample, find_workspace().cache / "explore")


def _offer_measuring(tables: Tables, sample: pd.DataFrame, folder: Path) -> None:
    n_files = sample["path"].nunique()
    st.markdown(
        f"For this, files must be decoded: up to {pixels.N_PER_CLASS} of each class, "
        f"{n_files:,} in all, at {pixels.SPEC.size} px. It is done once and kept."
    )
    if not st.button("Compute", icon=":material/calculate:"):
        return
    bar = st.progress(0.0, "Decoding …")
    every = max(1, n_files // 100)

    def progress(n_done: int, n_all: int) -> None:
        if n_done % every == 0:
            bar.progress(0.9 * n_done / n_all, f"Decoding … {n_done:,} of {n_all:,} images")

    numbers = pixels.measure_pixels(
        tables.catalog, sample, find_workspace().cache / "images", progress
    )
    stills = _list_stills(numbers, tables)
    for number, (name, draw) in enumerate(stills.items()):
        bar.progress(0.9 + 0.1 * number / len(stills), "Drawing …")
        for ink in INKS:
            _keep(folder / f"{name}-{ink}.png", draw(ink, "png", DPI))
    pixels.write_numbers(numbers, folder)  # last: its presence says that the pictures are there
    st.rerun()


def _keep(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{uuid4().hex}.partial")
    partial.write_bytes(content)
    partial.replace(path)


def _list_stills(numbers: pixels.PixelNumbers, tables: Tables) -> dict[str, Draw]:
    """Return name -> what draws the still picture of that name."""
    classes = list(tables.counts["class"])
    images = numbers.images
    colors = color_names([str(name) for name in images["class"].unique()], classes)
    counts = {str(name): int(n) for name, n in images["class"].value_counts().items()}
    stills: dict[str, Draw] = {
        "brightness": lambda ink, kind, dpi: draw_distribution(
            images, "brightness", "class", ink, kind, colors, dpi
        ),
        "contrast": lambda ink, kind, dpi: draw_distribution(
            images, "contrast", "class", ink, kind, colors, dpi
        ),
        "means": lambda ink, kind, dpi: draw_means(numbers.means, counts, ink, kind, dpi),
    }
    sites = images["site"].value_counts()
    sites = sites[sites > 1].head(N_SITES)
    if len(sites) > 1:
        of_sites = images[images["site"].isin(sites.index)]
        stills["sites"] = lambda ink, kind, dpi: draw_distribution(
            of_sites, "brightness", "site", ink, kind, dpi=dpi
        )
    return stills


def _show_pixels(tables: Tables, numbers: pixels.PixelNumbers, folder: Path) -> None:
    source, images = tables.catalog.source, numbers.images
    stills = _list_stills(numbers, tables)
    unread = f" {numbers.n_unreadable:,} could not be read." if numbers.n_unreadable else ""
    fewest = int(images["class"].value_counts().min())
    if fewest < FEW_IMAGES:
        st.warning(
            f"Few images: the smallest class has n = {fewest:,} here. The mean of so few shows "
            "single patients, and their brightness says little about the class.",
            icon=":material/warning:",
        )
    st.caption(
        f"n = {images['image_id'].nunique():,} images, drawn by chance with seed 0: up to "
        f"{pixels.N_PER_CLASS} of each class. Measured at {pixels.SPEC.size} px, from 0 (black) to "
        f"255 (white). Lines inside: median and quartiles.{unread}"
    )
    for column, name, alt in zip(
        st.columns(2, gap="large"),
        ("brightness", "contrast"),
        ("Mean gray level of the images", "Spread of gray levels within an image"),
        strict=True,
    ):
        with column:
            st.markdown(f"**{alt}**, by class")
            _show_still(
                folder,
                source,
                name,
                stills[name],
                f"{alt}, one violin for each class",
                partial(_list_values, images, name, "class"),
            )
    summary = images.groupby("class", sort=False)[["brightness", "contrast"]]
    table = summary.agg(["mean", "std"]).round(1)
    table.columns = [" ".join(pair) for pair in table.columns]
    table.insert(0, "n", images["class"].value_counts())
    alt = "Brightness and contrast by class"
    show_table(table.reset_index(), f"{source}-brightness", alt, whole=images)
    if "sites" in stills:
        st.markdown("**Mean gray level, by origin**")
        alt = "Brightness, one violin for each hospital or collection"
        _show_still(
            folder,
            source,
            "sites",
            stills["sites"],
            alt,
            partial(_list_values, images, "brightness", "site"),
        )
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**Mean image of each class**")
        _show_still(
            folder,
            source,
            "means",
            stills["means"],
            "The mean image of each class",
            lambda: list_mean_pixels(numbers.means),
        )
    with right:
        _show_difference(numbers, source)


def _show_still(
    folder: Path, source: str, name: str, draw: Draw, alt: str, table: Callable[[], pd.DataFrame]
) -> None:
    """Show a picture that was drawn when the numbers were computed.

    Args:
        folder: of the pictures.
        source: of the dataset.
        name: of the picture.
        draw: draws it anew, for a file.
        alt: what it shows.
        table: what it was drawn from.
    """
    ink = st.context.theme.type or "light"
    try:
        st.image((folder / f"{name}-{ink}.png").read_bytes(), alt=alt, width="stretch")
    except OSError:
        st.caption("This picture was deleted from the cache. The files below are drawn anew.")
    show_menu(
        f"{source}-{name}",
        {
            "png": lambda: draw("light", "png", PRINT_DPI),
            "svg": lambda: draw("light", "svg", PRINT_DPI),
            "csv": lambda: write_csv(table()),
        },
    )


def _list_values(images: pd.DataFrame, measure: str, by: str) -> pd.DataFrame:
    return images[["image_id", by, measure]]


def _show_difference(numbers: pixels.PixelNumbers, source: str) -> None:
    classes = list(numbers.means)
    if len(classes) < 2:
        st.caption("There is one class only, so nothing differs.")
        return
    st.markdown("**Difference of two mean images**")
    with st.container(horizontal=True):
        first = st.selectbox("Class", classes, len(classes) - 1, key="mean_first", width=180)
        second = st.selectbox("minus", classes, len(classes) - 2, key="mean_second", width=180)
    figure = plot_difference(numbers.means[first], numbers.means[second], (first, second))
    show_figure(figure, f"{source}-difference", f"Mean image of {first} minus that of {second}")
    red, blue = escape_markdown(first), escape_markdown(second)
    st.caption(f"Red: the mean of {red} is brighter there; blue: that of {blue}.")
