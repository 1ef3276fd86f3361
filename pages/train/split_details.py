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
        st.table(_tabulate(checked.counts), border="horizontal", alt="Images of each class")
        for subset, n in checked.fixed.items():
            here = checked.subsets[subset]
            of_all = f"{here:,} of the thesis' {n:,} {subset} images are"
            st.markdown(f"{of_all if here != n else f'All {n:,} {subset} images are'} used here.")
        for words in checked.left_out:
            st.markdown(escape_markdown(words))
        _show_thesis(recipe, checked.catalog)


def _tabulate(counts: pd.DataFrame) -> pd.DataFrame:
    """Return the counts with sums, as words; columns of empty subsets are left out."""
    table = counts.loc[:, counts.sum() > 0]
    table.columns = pd.Index([str(name).capitalize() for name in table.columns])
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
    st.caption("By the tables alone, files or not, beside the counts of the thesis:")
    shown = table.drop(columns="task").rename(columns={"thesis": "the thesis"})
    st.table(shown, border="horizontal", hide_index=True, alt="Images, beside the thesis' counts")
