"""Patients in numbers: age, gender, how and where they were imaged, and how often."""

from collections.abc import Callable

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from pages.components.download import show_table
from pages.components.figure import show_figure
from pages.components.small_type import show_section
from pages.components.tables import Tables
from pages.explore import numbers_figures, numbers_tables
from pages.explore.numbers_figures import N_ORIGINS
from pages.explore.numbers_tables import recall


def show_patients(tables: Tables) -> None:
    """Show who the patients are, by class of the task."""
    source = tables.catalog.source
    left, right = st.columns(2, gap="large")
    with left:
        ages = recall(numbers_tables.ages, tables)
        if ages.empty:
            show_section("Age")
            st.caption("The authors publish no ages.")
        else:
            show_figure(
                recall(numbers_figures.ages, tables),
                f"{source}-ages",
                "Age by class, in shares",
                ages,
                title="Age",
            )
            known = int(tables.catalog.images["age"].count())
            st.caption(
                f"Age when imaged, in steps of five years; known for {known:,} of "
                f"{len(tables.catalog.images):,} images."
            )
    with right:
        counts = recall(numbers_tables.per_patient, tables)
        if counts.empty:
            show_section("Of one patient")
            st.caption("The authors publish no patients.")
        else:
            show_figure(
                recall(numbers_figures.per_patient, tables),
                f"{source}-per-patient",
                "How many patients have how many images",
                counts,
                title="Of one patient",
            )
            images = counts[counts["kind"] == "images"]
            several = images.loc[images["n"] > 1, "patients"].sum() / images["patients"].sum()
            st.caption(
                f"{several:.0%} of the patients have several images, at most "
                f"{images['n'].max():,}. A split must keep a patient's images together."
            )
    left, right = st.columns(2, gap="large")
    with left:
        _show_by_class(
            "Sex",
            numbers_tables.genders,
            numbers_figures.genders,
            tables,
            "the sex of the patients",
        )
    with right:
        _show_by_class(
            "View position",
            numbers_tables.view_positions,
            numbers_figures.view_positions,
            tables,
            "view positions",
        )
    left, right = st.columns(2, gap="large")
    with left:
        _show_by_class(
            "Published subset", numbers_tables.subsets, numbers_figures.subsets, tables, "subsets"
        )
    with right:
        _show_sources(tables)
    sites = recall(numbers_tables.sites, tables)
    if not sites.empty:
        show_section("Hospitals and collections")
        _show_origin(recall(numbers_figures.sites, tables), sites, f"{source}-sites")


def _show_sources(tables: Tables) -> None:
    show_section("Where the images come from")
    sources = recall(numbers_tables.sources, tables)
    if len(sources) > 1:
        _show_origin(
            recall(numbers_figures.sources, tables), sources, f"{tables.catalog.source}-sources"
        )
    elif recall(numbers_tables.sites, tables).empty:
        st.caption("One dataset; no hospital or collection is known.")
    else:
        st.caption("One dataset; its hospitals and collections follow below.")


def _show_by_class(
    title: str,
    compute: Callable[[Tables], pd.DataFrame],
    draw: Callable[[Tables], go.Figure],
    tables: Tables,
    what: str,
) -> None:
    """Show how each class divides among the few values of a column."""
    table = recall(compute, tables)
    if table.empty:
        show_section(title)
        st.caption(f"The authors do not publish {what}.")
        return
    by_class = table.T
    by_class = by_class[by_class.sum(axis=1) > 0]
    show_figure(
        recall(draw, tables),
        f"{tables.catalog.source}-{title.lower().replace(' ', '-')}",
        f"{title} by class, in shares",
        by_class.rename_axis("class").reset_index(),
        title=title,
    )


def _show_origin(figure: go.Figure, table: pd.DataFrame, name: str) -> None:
    """Show the classes of each hospital or collection, which a network may learn instead."""
    show_figure(figure, name, "Classes of each origin, in shares")
    cut = f" The {N_ORIGINS} largest of {len(table):,}." if len(table) > N_ORIGINS else ""
    st.caption(
        "Where the bars differ, a network can tell the class from how a hospital's images look, "
        f"without seeing the disease.{cut}"
    )
    show_table(table.reset_index(), name, "Images by origin and class")
