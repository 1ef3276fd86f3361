"""The target-domain table: how many images of a union train and test, beside the thesis' counts.

The SIIM-FISABIO-RSNA COVID-19 thesis (chapter 9) holds out 20 % of the *target-domain* data, SIIM,
as the final test. The rest of it, with COVID-19 Radiography, is the training pool, of which a
fifth validates.
"""

import pandas as pd

from xray_core.catalog import Catalog
from xray_core.splits import SplitSpec, hold_out_target_domain
from xray_core.splits.grouping import group_images
from xray_core.splits.thesis import find_thesis_test
from xray_core.tasks import class_of, encode_catalog, find_task

TOTAL, POOL, HIDDEN = "total", "training pool", "external test set"
UNION_TASKS = ("union_opacity", "union_covid")
ALL = "all images"
UNION = "siim_radiography"  # the reader of such a union
METHODS = ("thesis", "target_domain")  # of dividing, that are counted
HELD_OUT_SHARE = 0.2  # of the target-domain images
# (subset, class) -> the thesis' count. It gives pool and external test set; the total is their sum.
THESIS = {
    (POOL, ALL): 26_232,
    (POOL, "no opacity"): 11_586,
    (POOL, "opacity"): 14_646,
    (POOL, "other"): 20_195,
    (POOL, "COVID-19"): 6_037,
    (HIDDEN, ALL): 1_267,
    (HIDDEN, "no opacity"): 342,
    (HIDDEN, "opacity"): 925,
    (HIDDEN, "other"): 681,
    (HIDDEN, "COVID-19"): 586,
}


def count_target_domain(catalog: Catalog, seed: int = 0, method: str = METHODS[0]) -> pd.DataFrame:
    """Count the images of a union by subset and class, beside the thesis' counts.

    Every row counts, also one whose file is absent, so the tables of the two datasets are
    enough. Of the complete tables the totals agree to the image, and so do the subsets of the
    thesis' own split. A target-domain hold-out is drawn by patient: its subsets differ by a few
    images, and by the seed.

    Args:
        catalog: of the reader `siim_radiography`.
        seed: of a target-domain hold-out.
        method: one of `METHODS`.

    Returns:
        One row per subset and class: subset (total, training pool, external test set), task (one of
        `UNION_TASKS`, "" for all images), class, ours, thesis (both in images).

    Raises:
        LabelError: the catalog is no union, or has a finding that is in no class.
        RecipeError: it holds images of one of the two only.
    """
    of_task = {task: class_of(encode_catalog(catalog, find_task(task))) for task in UNION_TASKS}
    if method == "thesis":
        hidden = find_thesis_test(catalog)
    else:
        images = catalog.images.assign(group=group_images(catalog, read_files=False))
        spec = SplitSpec("target_domain", test=HELD_OUT_SHARE, seed=seed)
        hidden = hold_out_target_domain(catalog, images, spec)
    rows = []
    for subset, chosen in ((TOTAL, hidden | ~hidden), (POOL, ~hidden), (HIDDEN, hidden)):
        rows.append((subset, "", ALL, int(chosen.sum())))
        for task, classes in of_task.items():
            counts = classes[chosen.reindex(classes.index)].value_counts(sort=False)
            rows += [(subset, task, str(name), int(n)) for name, n in counts.items()]
    table = pd.DataFrame(rows, columns=["subset", "task", "class", "ours"])
    table["thesis"] = [
        THESIS[POOL, name] + THESIS[HIDDEN, name] if subset == TOTAL else THESIS[subset, name]
        for subset, name in table[["subset", "class"]].itertuples(index=False)
    ]
    return table
