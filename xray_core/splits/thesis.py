"""The hidden test set of the SIIM-FISABIO-RSNA COVID-19 thesis, rebuilt from the image ids.

The thesis hides 1,267 of the 6,334 labelled images of the competition from chapter 9 on and gives
the count of each class: 97 atypical, 242 indeterminate, 342 negative, 586 typical. The last 1,267
image ids in the order of text, from `cd04ca4ef72d` on, have exactly these counts, and the other
5,067 the others: 386, 866, 1,394, 2,421. 813 of the 1,267 are of patients who also train. The
thesis evaluated 1,254 of them; which 13 were lost is not said.

Experiment 9 joins the 5,067 with the 21,165 images of COVID-19 Radiography, and the first fifth of
the 26,232 rows validates, as `validation_split` of Keras' ImageDataGenerator takes it: 5,246. Its
published validation matrix has 1,394 negatives, which is each one among the 5,067, and 3,852
others, the 3,673 of the 5,067 and 179 more. So the competition's images came first and all of them
validate, and 20,986 images of COVID-19 Radiography are what trains. Which 179 it were, the matrix
does not tell: here the first of the first class folder.
"""

import math

import pandas as pd

from xray_core.catalog import Catalog
from xray_core.errors import RecipeError
from xray_core.splits.spec import TARGET_DOMAIN, SplitSpec

TEST_SHARE = 0.2  # of the images of `TARGET_DOMAIN`


def find_thesis_test(catalog: Catalog) -> "pd.Series[bool]":
    """Return which images are the thesis' test set: the last fifth of the labelled ids.

    The tables decide, not the files: of a copy that lacks some files, the images that are there
    are tested where the thesis tested them. Of fewer rows than the competition's 6,334, as after a
    selection, it is the last fifth of these.

    Args:
        catalog: SIIM-FISABIO-RSNA COVID-19, or a union that holds it.

    Returns:
        bool, index of `catalog.images`.

    Raises:
        RecipeError: the catalog holds no labelled image of `TARGET_DOMAIN`.
    """
    images = catalog.images
    own = images[(images["source"] == TARGET_DOMAIN) & images["findings"].notna()]
    if own.empty:
        raise RecipeError(
            f"{catalog.root} holds no labelled image of {TARGET_DOMAIN}, so none of the thesis' "
            "test set. Set split.method=patient."
        )
    n_tested = math.ceil(TEST_SHARE * len(own))
    tested = own["image_id"].sort_values().index[len(own) - n_tested :]
    return pd.Series(images.index.isin(tested), index=images.index)


def divide_as_thesis(catalog: Catalog, spec: SplitSpec) -> pd.Series:
    """Give each labelled image the subset that the thesis gave it.

    Of what is not tested the first `spec.validation` of the rows validates: the images of
    `TARGET_DOMAIN` by id, then the external ones by class and id. Rows count also where their file
    is absent.

    Returns:
        object, index of `catalog.images`: one of `SUBSETS`; <NA>: unlabelled, or external and left
        out.

    Raises:
        RecipeError: as `find_thesis_test`.
    """
    images = catalog.images
    tested = find_thesis_test(catalog)
    own = images["source"] == TARGET_DOMAIN
    used = images["findings"].notna() & (own | (not spec.target_domain_only))
    rest = images[used & ~tested]
    folder = rest["findings"].mask(own, "")  # the competition's come first, whatever their class
    order = rest.assign(folder=folder).sort_values(["folder", "image_id"]).index
    n_validation = int(spec.validation_share * len(order))
    subset = pd.Series(pd.NA, index=images.index, dtype="object")
    subset[tested & used] = "test"
    subset[order[:n_validation]] = "validation"
    subset[order[n_validation:]] = "training"
    return subset
