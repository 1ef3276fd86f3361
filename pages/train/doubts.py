"""What speaks against a training: starting weights that lack, unusual values, absent classes."""

from collections.abc import Sequence

import streamlit as st

from pages.components.frame import format_message
from pages.train.checked_split import check_split
from xray_core.catalog import Catalog
from xray_core.errors import RecipeError
from xray_core.jobs.submit import describe_missing, find_start
from xray_core.recipes import Recipe
from xray_core.recipes.usual import describe_unusual
from xray_core.workspace import find_workspace


def show_doubts(
    recipes: Sequence[Recipe], catalog: Catalog, said_of: Sequence[Recipe] = ()
) -> bool:
    """Say what lacks or is unusual; return whether all may be trained.

    ImageNet weights that are not here yet are no refusal: a download may work.

    Args:
        recipes: to be trained on `catalog`; what is said of several is said once.
        catalog: the dataset.
        said_of: of which all this stands on the page already.
    """
    refusals, words = _doubts(recipes, catalog)
    refused_already, said = _doubts(said_of, catalog)
    lacks = list(dict.fromkeys(map(describe_missing, recipes)))
    known = set(map(describe_missing, said_of))
    for refusal in refusals[:1]:
        if refusal not in refused_already:
            st.error(format_message(refusal), icon=":material/error:")
    for lack in lacks:
        if lack and lack not in known:
            st.error(format_message(lack), icon=":material/download:")
    for warning in words:
        if warning not in said:
            st.warning(format_message(warning), icon=":material/warning:")
    return not refusals


def _doubts(recipes: Sequence[Recipe], catalog: Catalog) -> tuple[list[str], list[str]]:
    """Return what is refused, and what else is to be said."""
    checked = [check_split(catalog, recipe.task, recipe.split) for recipe in recipes]
    refusals = [result.refusal for result in checked if result.refusal]
    refusals += [refusal for recipe in recipes if (refusal := _refuse_weights(recipe))]
    words = [words for recipe in recipes for words in describe_unusual(recipe)]
    words += [words for result in checked for words in result.absent]
    return refusals, list(dict.fromkeys(words))


def _refuse_weights(recipe: Recipe) -> str:
    """Return why the training could not begin with its weights; "" where it can."""
    try:
        find_start(recipe, find_workspace())
    except RecipeError as error:
        return str(error)
    return ""
