"""Leave-one-site-out: which sites of a dataset can be tested, each by what is learnt elsewhere."""

from dataclasses import replace

from xray_core.catalog import Catalog
from xray_core.errors import RecipeError
from xray_core.recipes.schema import Recipe
from xray_core.splits import list_sites, split_by_tables
from xray_core.tasks import encode_catalog, find_task


def refuse_sites(recipe: Recipe, catalog: Catalog) -> dict[str, str]:
    """Return each site of a dataset with why it cannot be tested; "" where it can.

    Args:
        recipe: its task, and the fractions of its split.
        catalog: the dataset, as the recipe selects it.

    Raises:
        UnlabelledError: no image is labelled.
    """
    targets = encode_catalog(catalog, find_task(recipe.task))
    refusals = {}
    for site in list_sites(catalog):
        # All else that a split may be asked for has no meaning where a site is tested.
        spec = replace(
            recipe.split, method="site", site=site, folds=0, fold=1, target_domain_only=False
        )
        try:
            split_by_tables(catalog, targets, spec)
            refusals[site] = ""
        except RecipeError as error:
            refusals[site] = str(error)
    return refusals
