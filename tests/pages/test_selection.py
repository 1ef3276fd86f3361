"""The selection on Train: read from the address, shown in words, taken back, and applied."""

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from pages.train.selection import open_selected
from tests.pages.conftest import N_IMAGES
from tests.pages.shown import list_html
from xray_core.datasets import open_dataset
from xray_core.recipes import PUBLISHED
from xray_core.selection import FilterError
from xray_core.workspace import Workspace


def show() -> None:
    import streamlit as st

    from pages.train.selection import read_selection, show_selection

    selection = read_selection()
    show_selection(selection)
    st.text(f"selection: {selection}")


def open_selection(where: str) -> AppTest:
    app = AppTest.from_function(show)
    app.query_params["where"] = where
    app.run()
    assert not app.exception
    return app


def test_a_selection_is_told_in_words_and_taken_back() -> None:
    app = open_selection("class=opacity,no opacity;findings~<b>x</b>")

    [words] = list_html(app)
    assert "Class: opacity or no opacity, Findings contains “&lt;b&gt;x" in words
    assert app.text[0].value == "selection: class=opacity,no opacity;findings~<b>x</b>"

    app.button[0].click().run()

    assert "where" not in app.query_params
    assert app.text[0].value == "selection:"
    assert not list(list_html(app))


@pytest.mark.parametrize("where", ["nonsense", "age:9..1"])
def test_a_broken_selection_is_left_out_with_a_warning(where: str) -> None:
    app = open_selection(where)

    assert "is left out" in app.warning[0].value
    assert app.text[0].value == "selection:"


def test_what_is_said_of_a_training_is_said_of_its_selection(workspace: Workspace) -> None:
    catalog = open_dataset(workspace.demo_data, workspace.cache)
    recipe = PUBLISHED["demo_cnn"]

    assert open_selected(catalog, recipe) is catalog
    some = replace(recipe, selection="patient_id~1")
    selected = open_selected(catalog, some)
    assert 0 < len(selected.images) < N_IMAGES
    assert open_selected(catalog, some) is selected
    with pytest.raises(FilterError, match="none of them of"):
        open_selected(catalog, replace(recipe, selection="boxes?yes"))
