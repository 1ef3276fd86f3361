"""Warnings before a training: unusual values, and subsets without a class."""

from collections.abc import Sequence

import streamlit as st

from pages.components.frame import format_message
from pages.train.checked_split import check_split
from xray_core.catalog import Catalog
from xray_core.recipes import Recipe
from xray_core.recipes.usual import describe_unusual


def show_doubts(
    recipes: Sequence[Recipe], catalog: Catalog, said_of: Sequence[Recipe] = ()
) -> bool:
    """Say what is unusual, or lacking in a subset; return whether all may be trained.

    Args:
        recipes: to be trained on `catalog`; what is said of several is said once.
        catalog: the dataset.
        said_of: of which all this stands on the page already.
    """
    refusals, words = _doubts(recipes, catalog)
    refused_already, said = _doubts(said_of, catalog)
    for refusal in refusals[:1]:
        if refusal not in refused_already:
            st.error(format_message(refusal), icon=":material/error:")
    for warning in words:
        if warning not in said:
            st.warning(format_message(warning), icon=":material/warning:")
    return not refusals


def _doubts(recipes: Sequence[Recipe], catalog: Catalog) -> tuple[list[str], list[str]]:
    """Return what is refused, and what else is to be said."""
    checked = [check_split(catalog, recipe.task, recipe.split) for recipe in recipes]
    refusals = [result.refusal for result in checked if result.refusal]
    words = [words for recipe in recipes for words in describe_unusual(recipe)]
    words += [words for result in checked for words in result.absent]
    return refusals, list(dict.fromkeys(words))
