"""The images of each class in each subset, before a training; and the thesis' own counts."""

import pandas as pd
import streamlit as st

from pages.components.frame import escape_markdown
from pages.train.checked_split import CheckedSplit
from xray_core.catalog import Catalog
from xray_core.errors import XrayError
from xray_core.recipes import Recipe
from xray_core.target_domain import METHODS, UNION, count_target_domain

TITLE = "The split in detail"


def show_split_details(recipe: Recipe, checked: CheckedSplit) -> None:
    """Offer the counts of each class in each subset; nothing where it cannot be divided.

    Args:
        recipe: as it stands in the form.
        checked: its split.
    """
    if checked.counts is None:
        return
    panel = st.expander(TITLE, icon=":material/dataset:", key="split_details", on_change="rerun")
    if not panel.open:
        return
    with panel:
        st.table(
            _tabulate(checked.counts, checked.watched),
            border="horizontal",
            alt="Images of each class",
        )
        if words := _format_fixed(checked):
            st.markdown(words)
        for words in checked.left_out:
            st.markdown(escape_markdown(words))
        _show_thesis(recipe, checked.catalog)


def title_subset(name: str, watched: bool) -> str:
    """Return a subset's title, which says if the test set is watched as validation."""
    return f"{name.capitalize()}{', watched as validation' * (watched and name == 'test')}"


def _format_fixed(checked: CheckedSplit) -> str:
    """Return of how many of the thesis' images the files are here; "" where that is not fixed."""
    here = checked.subsets
    counts = [f"{here[name]:,} of {n:,} {name} images" for name, n in checked.fixed.items()]
    return f"By the tables, the thesis' subsets are fixed; used are {', '.join(counts)}." * bool(
        counts
    )


def _tabulate(counts: pd.DataFrame, watched: bool) -> pd.DataFrame:
    """Return the counts with sums, as words; columns of empty subsets are left out."""
    table = counts.loc[:, counts.sum() > 0]
    table.columns = pd.Index([title_subset(str(name), watched) for name in table.columns])
    table = pd.concat([table, table.sum().to_frame("all images").T]).rename_axis("class")
    table.index = pd.Index([escape_markdown(str(name)) for name in table.index], name="class")
    return table.assign(All=table.sum(axis=1)).map("{:,}".format)


def _show_thesis(recipe: Recipe, catalog: Catalog) -> None:
    """Show the thesis' counts beside those of a union's tables."""
    if catalog.source != UNION or recipe.split.method not in METHODS:
        return
    try:
        table = count_target_domain(catalog, recipe.split.seed, recipe.split.method)
    except XrayError as error:
        st.caption(escape_markdown(str(error)))
        return
    st.caption("Images by the tables alone, files or not / in the thesis:")
    both = [f"{ours:,} / {thesis:,}" for ours, thesis in table[["ours", "thesis"]].to_numpy()]
    shown = table.assign(both=both).pivot(index="class", columns="subset", values="both")
    shown = shown.loc[table["class"].unique(), table["subset"].unique()]
    shown.columns.name = None
    st.table(shown, border="horizontal", alt="Images, beside the thesis' counts")
