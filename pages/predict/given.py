"""What else a network takes than the image: fields for what is known of the patient."""

from collections.abc import Mapping

import streamlit as st

from pages.components.frame import show_errors
from pages.components.small_type import show_muted
from xray_core.catalog import COLUMNS
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.selection import name_column
from xray_core.training.tabular import read_columns

UNKNOWN = "not known"


def ask_given(run: Run, recipe: Recipe) -> Mapping[str, str]:
    """Show a field for each column that the network takes; return what is filled in, as text.

    It goes for all images that are there.
    """
    if not recipe.tabular:
        return {}
    with show_errors():
        columns = read_columns(run)
    given: dict[str, str] = {}
    with st.container(horizontal=True, gap="small"):
        for name in columns.columns:
            title = name_column(name)
            if COLUMNS[name] == "string":
                words = [UNKNOWN, *columns.words(name)]
                word = st.selectbox(title, words, key=f"given_{run.name}_{name}", width=120)
                given |= {name: word} if word != UNKNOWN else {}
            else:
                number = st.number_input(
                    title,
                    value=None,
                    min_value=0.0,
                    step=1.0,
                    format="%g",
                    placeholder=UNKNOWN,
                    key=f"given_{run.name}_{name}",
                    width=120,
                )
                given |= {} if number is None else {name: f"{number:g}"}
    show_muted("This network takes these beside the image. They count for all images here.")
    return given
