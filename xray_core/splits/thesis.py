"""The subsets of the SIIM-FISABIO-RSNA COVID-19 thesis, rebuilt from the tables of the competition.

The thesis publishes no list of images, but counts of each class, by which its subsets are known.
Each follows from the 6,334 labelled images in one of two orders: by image id as text, as a folder
is listed; or in the rows of its own table, the image table joined with the study table by pandas,
whose join, before its version 2.2, put the images of a study together where the first of them is.

"thesis": the external test set, from chapter 9 on, 97 atypical, 242 indeterminate, 342
    negative, 586 typical, is the last 1,267 image ids, from `cd04ca4ef72d`; the other 5,067 have
    the other counts, 386, 866, 1,394, 2,421. 813 of the 1,267 are of patients who also train. The
    thesis evaluated 1,254 of them; which 13 were lost is not said.
    Experiment 9 joins the 5,067 with the 21,165 images of COVID-19 Radiography in one folder, and
    the first fifth of the 26,232 validates, as `validation_split` of Keras' ImageDataGenerator
    takes it: 5,246. Its published validation matrix has 1,394 negatives, which is each one among
    the 5,067, and 3,852 others, the 3,673 of the 5,067 and 179 more. So all images of the
    competition validate, as their names stand before COVID-1 in a list (`cd` before `co`), and
    20,986 images of COVID-19 Radiography are what trains. Which 179 it were, no figure tells: here
    the first of the first class folder by name, which such a list gives.
"thesis_folders": the validation set of the experiments that read folders, 89 atypical, 239
    indeterminate, 356 negative, 582 typical in the matrices of 6.1, 6.2, 6.9 and 6.10, is the first
    1,266 rows of the thesis' table.
"thesis_arrays": of the validation set of the experiments that load arrays (6.4 to 6.6, 6.8, 6.12)
    no matrix is published, but single classes that were answered to all: 607 of 1,267 and 332 of
    1,267 are right. scikit-learn's `train_test_split` of the thesis' table with the seed 42 has 607
    typical and 332 negative images among its 1,267, beside 96 atypical and 232 indeterminate.

Orders whose first or last 1,266 rows do not have the counts of the folder experiments: image ids
(91, 232, 351, 592, which is also the order of the image table), studies by id (104, 220, 347, 595),
meta.csv (alone, and with the images of a study together: 87, 243, 320, 616), patients.csv, by
patient, by class, by image label, by size of the original, by boxes, shuffled with the seeds 0 to
199 of NumPy and of Python; nor the other fifths of any, nor every fifth row.
"""

import math

import numpy as np
import pandas as pd

from xray_core.catalog import Catalog
from xray_core.errors import RecipeError
from xray_core.splits.spec import TARGET_DOMAIN, SplitSpec

FIRST_TESTED = "cd04ca4ef72d"  # the id by which the competition's own images are known
TEST_SHARE = 0.2  # of the images of `TARGET_DOMAIN`
ARRAYS_SEED = 42


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
    """Give each labelled image the subset that the thesis gave it from chapter 9 on.

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


def divide_by_table(catalog: Catalog, spec: SplitSpec) -> pd.Series:
    """Give each labelled image the subset that it had in the thesis' experiments of chapter 6.

    Args:
        catalog: SIIM-FISABIO-RSNA COVID-19; its rows count also where their file is absent.
        spec: of the method "thesis_folders" or "thesis_arrays".

    Returns:
        object, index of `catalog.images`: "training" or "validation"; <NA>: unlabelled.

    Raises:
        RecipeError: the catalog holds other images, or no labelled one.
    """
    images = catalog.images
    labelled = images[images["findings"].notna()]
    if labelled.empty or (images["source"] != TARGET_DOMAIN).any():
        raise RecipeError(
            f"{catalog.root} is not {TARGET_DOMAIN} with its labels, so it does not hold the "
            "thesis' validation set. Set split.method=patient."
        )
    by_id = labelled.sort_values("image_id")
    place = by_id["study_id"].fillna(by_id["image_id"])
    table = place.groupby(place, sort=False).ngroup().sort_values(kind="stable").index
    if spec.method == "thesis_arrays":
        # The generator that scikit-learn draws from, whatever its version.
        shuffled = np.random.RandomState(ARRAYS_SEED).permutation(len(table))  # noqa: NPY002
        table, n_validation = table[shuffled], math.ceil(spec.validation * len(table))
    else:
        n_validation = int(spec.validation * len(table))
    subset = pd.Series(pd.NA, index=images.index, dtype="object")
    subset[table[:n_validation]] = "validation"
    subset[table[n_validation:]] = "training"
    return subset
