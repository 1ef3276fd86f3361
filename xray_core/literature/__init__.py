"""What others have published: every figure of the recipes' sources, one module per source.

A figure is entered only if it was read in the source itself, or in a text named beside it, with
the place where it stands. Each says on which images it was measured, and whether ours are the same.
"""

from dataclasses import replace

from xray_core.literature import (
    corona_notebook,
    kermany_notebook,
    siim_thesis,
    tang2020,
    wang2017,
    xnet,
)
from xray_core.literature.cited import CITED
from xray_core.literature.result import (
    NO,
    SAME_IMAGES,
    YES,
    Citation,
    PublishedPoint,
    PublishedResult,
    compute_figures,
)

__all__ = [
    "CITED",
    "NO",
    "RESULTS",
    "SAME_IMAGES",
    "YES",
    "Citation",
    "PublishedPoint",
    "PublishedResult",
    "compute_figures",
    "headline_of",
    "reader_points",
    "results_of",
]

RESULTS: tuple[PublishedResult, ...] = (
    *siim_thesis.RESULTS,
    *kermany_notebook.RESULTS,
    *corona_notebook.RESULTS,
    *xnet.RESULTS,
    *tang2020.RESULTS,
    *wang2017.RESULTS,
)
# What ends the name of a recipe that repeats a published one with another split or other settings.
TWINS = ("_corrected", "_proper", "_watched", "_thesis_test")
# Recipes of our own, and the published trainings that ask the same question of the same dataset.
BESIDE = {
    "siim_efficientnet_opacity": ("siim_10_from_union", "siim_6_10_xception_opacity"),
    "siim_mobilenet_opacity": ("siim_10_from_union", "siim_6_10_xception_opacity"),
    "siim_mobilenet_opacity_from_kermany": ("siim_10_from_union", "siim_6_10_xception_opacity"),
    "nih_mobilenet_findings": (wang2017.RECIPE,),
    "siim_mobilenet_study": ("siim_6_4_xception_arrays", "siim_6_2_xception"),
}
ON_THESIS_TEST = "_thesis_test"
OTHER_IMAGES = "This recipe divides the images differently: they are others of the same dataset."
NEGATIVE = ("normal", "no opacity", "other")  # the classes that stand for "not it"


def results_of(recipe: str) -> tuple[PublishedResult, ...]:
    """Return what is published of a recipe, in the order of its phases.

    Args:
        recipe: a recipe's name, of a changed recipe its parent's; of a twin (corrected, on other
            images) or a recipe of our own the figures are those of the published training that
            it stands beside, and say whether their images are the same.

    Returns:
        Empty where nothing is published.
    """
    base = _base_of(recipe)
    rows = [row for name in BESIDE.get(base, (base,)) for row in RESULTS if row.recipe == name]
    if base == recipe and base not in BESIDE:
        return tuple(rows)
    same = base not in BESIDE or recipe.endswith(ON_THESIS_TEST)
    return tuple(
        row
        if same and row.subset == "test"
        else replace(row, same_images=NO, images_note=OTHER_IMAGES)
        for row in rows
    )


def headline_of(recipe: str) -> dict[str, float]:
    """Return the figures to show beside ours: those printed of the last phase, of the test set.

    Where a source has no test set, those of its validation set. Losses and F1 are left out.
    """
    rows = [row for row in results_of(recipe) if row.subset != "training"]
    for subset in ("test", "validation"):
        there = [row for row in rows if row.subset == subset and row.recipe == rows[0].recipe]
        if there:
            last = next(row for row in there if row.phase == there[-1].phase)
            figures = last.figures if "accuracy" not in last.metrics else dict(last.metrics)
            return {key: round(value, 4) for key, value in figures.items() if _is_headline(key)}
    return {}


def reader_points(recipe: str) -> tuple[PublishedPoint, ...]:
    """Return readers and networks as points beside a ROC curve of a two-class task.

    Args:
        recipe: as `results_of` takes it.

    Returns:
        First the readers, then the published network; empty where the source gives no pair of
        sensitivity and specificity.
    """
    rows = results_of(recipe)
    tested = [row for row in rows if row.subset == "test"]
    points = [_network_point(row) for row in tested or rows if row.subset != "training"]
    base = _base_of(recipe)
    read_anew = base.startswith("tang2020") and "rsna" not in base
    return (
        *(tang2020.READER_POINTS if read_anew else ()),
        *(point for point in points if point is not None),
    )


def _is_headline(key: str) -> bool:
    return key in ("accuracy", "auc") or key.startswith(("recall_", "precision_"))


def _base_of(recipe: str) -> str:
    return next((recipe.removesuffix(end) for end in TWINS if recipe.endswith(end)), recipe)


def _network_point(row: PublishedResult) -> PublishedPoint | None:
    """Return the network of a result with two classes; None if it gives no such pair."""
    figures = {**row.metrics, **compute_figures(row.matrix, row.classes)}  # exact where it can be
    classes = [key.removeprefix("recall_") for key in figures if key.startswith("recall_")]
    negative = [name for name in classes if name in NEGATIVE]
    positive = [name for name in classes if name not in NEGATIVE]
    if len(negative) != 1 or len(positive) != 1:
        return None
    phase = f", {row.phase}" if row.subset != "test" else ""
    return PublishedPoint(
        f"published network ({row.recipe}{phase})",
        "network",
        figures[f"recall_{positive[0]}"],
        figures[f"recall_{negative[0]}"],
        positive[0],
        tang2020.CONSENSUS if row.images == tang2020.TESTED else "the labels of the dataset",
        row.images,
        row.place,
        row.images_note,
    )
