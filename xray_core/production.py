"""The production table: how many images of a union learn and how many test, beside the thesis'.

The SIIM-FISABIO-RSNA COVID-19 thesis (chapter 9) hides 20 % of the *production* data, SIIM, as
the final test. The rest of it, with COVID-19 Radiography, is the training pool, of which a
fifth validates.
"""

import pandas as pd

from xray_core.catalog import Catalog
from xray_core.labels import class_of, encode_catalog, find_view
from xray_core.splits import SplitSpec, hold_out_production
from xray_core.splits.grouping import group_images

TOTAL, POOL, HIDDEN = "total", "training pool", "hidden test"
VIEWS = ("union_opacity", "union_covid")
ALL = "all images"
HELD_OUT = 0.2  # of the production images
# (part, class) -> the thesis' count. It gives pool and hidden test; the total is their sum.
THESIS = {
    (POOL, ALL): 26_232,
    (POOL, "no_opacity"): 11_586,
    (POOL, "opacity"): 14_646,
    (POOL, "other"): 20_195,
    (POOL, "covid"): 6_037,
    (HIDDEN, ALL): 1_267,
    (HIDDEN, "no_opacity"): 342,
    (HIDDEN, "opacity"): 925,
    (HIDDEN, "other"): 681,
    (HIDDEN, "covid"): 586,
}


def count_production(catalog: Catalog, seed: int = 0) -> pd.DataFrame:
    """Count the images of a union by part and class, beside the thesis' counts.

    Every row counts, also one whose file is absent, so the tables of the two datasets are
    enough. The totals can agree to the image. The parts cannot quite: the thesis drew images,
    ours are divided by patient, so ours differ by a few images and by the seed.

    Args:
        catalog: of the reader `siim_radiography`.
        seed: of the split.

    Returns:
        One row per part and class: part (total, training pool, hidden test), view (one of
        `VIEWS`, "" for all images), class, ours, thesis (both in images).

    Raises:
        LabelError: the catalog is no union, or has a finding that no class gathers.
        RecipeError: it holds images of one of the two only.
    """
    of_view = {view: class_of(encode_catalog(catalog, find_view(view))) for view in VIEWS}
    images = catalog.images.assign(group=group_images(catalog))
    hidden = hold_out_production(catalog, images, SplitSpec("production", test=HELD_OUT, seed=seed))
    rows = []
    for part, chosen in ((TOTAL, hidden | ~hidden), (POOL, ~hidden), (HIDDEN, hidden)):
        rows.append((part, "", ALL, int(chosen.sum())))
        for view, classes in of_view.items():
            counts = classes[chosen.reindex(classes.index)].value_counts(sort=False)
            rows += [(part, view, str(name), int(n)) for name, n in counts.items()]
    table = pd.DataFrame(rows, columns=["part", "view", "class", "ours"])
    table["thesis"] = [
        THESIS[POOL, name] + THESIS[HIDDEN, name] if part == TOTAL else THESIS[part, name]
        for part, name in table[["part", "class"]].itertuples(index=False)
    ]
    return table
