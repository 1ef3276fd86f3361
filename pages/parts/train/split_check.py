"""What the split of a recipe would lack, told before the training starts."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from pages.parts.frame import escape_markdown
from xray_core.catalog import Catalog
from xray_core.errors import RecipeError
from xray_core.labels import encode_catalog, find_view
from xray_core.recipes import Recipe
from xray_core.splits import SplitSpec, describe_absent, split_by_tables


@dataclass(frozen=True)
class _Checked:
    catalog: Catalog
    absent: list[str]
    refusal: str


def show_lacks(recipes: Sequence[Recipe], catalog: Catalog) -> bool:
    """Say which classes a part would have no image of; return whether all may be trained so.

    Args:
        recipes: to be trained on `catalog`; what is said of several is said once.
        catalog: the dataset.
    """
    checked = [_check(catalog, recipe.label_view, recipe.split) for recipe in recipes]
    refusals = [one.refusal for one in checked if one.refusal]
    if refusals:
        st.error(escape_markdown(refusals[0]), icon=":material/error:")
    for words in dict.fromkeys(words for one in checked for words in one.absent):
        st.warning(escape_markdown(words), icon=":material/warning:")
    return not refusals


# Keyed by the catalog's identity, which nothing else can take on: the result holds it.
@st.cache_resource(max_entries=64, show_spinner=False, hash_funcs={Catalog: id})
def _check(catalog: Catalog, view_name: str, spec: SplitSpec) -> _Checked:
    targets = encode_catalog(catalog, find_view(view_name))
    try:
        split = split_by_tables(catalog, targets, spec)
    except RecipeError as error:
        return _Checked(catalog, [], str(error))
    return _Checked(catalog, describe_absent(split, list(targets.columns)), "")
