"""What others published of single findings, as marks beside ours: each with where it stands."""

from string import ascii_uppercase

from pages.components.recipe_words import AREA
from xray_core.figures.evaluation import SYMBOLS
from xray_core.literature import PublishedResult, results_of
from xray_core.recipes import PUBLISHED, Recipe

N_SOURCES = len(SYMBOLS)  # each mark looks different


def list_sources(recipe: Recipe) -> list[PublishedResult]:
    """Return the published test results with the AUCs of most findings, at most `N_SOURCES`.

    None where the images are those of another dataset than the source's.
    """
    published = PUBLISHED.get(recipe.parent or recipe.name)
    if published is None or published.dataset != recipe.dataset:
        return []
    rows = [row for row in results_of(recipe.parent or recipe.name) if row.subset == "test"]
    ordered = sorted(rows, key=lambda row: -len(_areas_of(row, recipe)))
    return [row for row in ordered[:N_SOURCES] if _areas_of(row, recipe)]


def list_published(recipe: Recipe) -> dict[str, dict[str, float]]:
    """Return the name of a mark -> finding -> AUC, of each of `list_sources`."""
    return {
        f"published {letter}": _areas_of(row, recipe)
        for letter, row in zip(ascii_uppercase, list_sources(recipe), strict=False)
    }


def format_sources(recipe: Recipe) -> list[str]:
    """Return what each mark is: source, images and what is to be known of it, as plain text."""
    return [
        f"Published {letter}: {row.place}; {row.images}. {row.note}".strip()
        for letter, row in zip(ascii_uppercase, list_sources(recipe), strict=False)
    ]


def _areas_of(row: PublishedResult, recipe: Recipe) -> dict[str, float]:
    return {
        name: row.metrics[AREA + name] for name in recipe.class_names if AREA + name in row.metrics
    }
