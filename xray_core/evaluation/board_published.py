"""Published results as lines of a leaderboard, each with why it cannot be compared with runs."""

from collections.abc import Sequence
from typing import Any

from xray_core.evaluation.board_entry import OUTSIDE, Entry, Score
from xray_core.literature import NO, RESULTS, YES, PublishedResult, results_of
from xray_core.recipes import PUBLISHED


def list_published(task: str, by: str) -> list[Entry]:
    """Return what is published of a task: of each recipe the figures after its last phase."""
    names = [name for name, recipe in PUBLISHED.items() if recipe.task == task]
    every = [row for row in RESULTS if row.recipe in names]
    every += [row for name in names for row in results_of(name) if row.recipe not in names]
    by_place: dict[tuple[str, str, str], PublishedResult] = {}
    for row in every:
        by_place.setdefault((row.recipe, row.place, f"{row.subset} {row.phase}"), row)
    entries = []
    for name in dict.fromkeys(row.recipe for row in by_place.values()):
        rows = [row for row in by_place.values() if row.recipe == name]
        for row in _pick_final(rows):
            value = _published_figure(row, by)
            if value is not None:
                entries.append(_enter_published(row, value))
    return entries


def _pick_final(rows: Sequence[PublishedResult]) -> list[PublishedResult]:
    for subset in ("test", "validation"):
        there = [row for row in rows if row.subset == subset]
        if there:
            return [row for row in there if row.phase == there[-1].phase]
    return []


def _published_figure(row: PublishedResult, by: str) -> float | None:
    figures = row.figures
    if by != "balanced_accuracy" or by in figures:
        return figures.get(by) if by != "auc" or "auc" in figures else _mean(figures, "auc_")
    return _mean(figures, "recall_")


def _mean(figures: Any, start: str) -> float | None:
    values = [value for name, value in figures.items() if name.startswith(start)]
    return sum(values) / len(values) if len(values) > 1 else None


def _enter_published(row: PublishedResult, value: float) -> Entry:
    recipe = PUBLISHED.get(row.recipe)
    score = Score(value, n=row.n_images or None)
    images = "other images" if row.same_images == NO else "partly other images"
    if row.same_images == YES:
        images = f"the {row.subset} set as published"
    note = f" ({row.images_note.rstrip('.')})" if row.images_note else ""
    return Entry(
        place=OUTSIDE,
        title=f"published: {recipe.title if recipe else row.recipe}",
        run="",
        validation=None if row.subset == "test" else score,
        test=score if row.subset == "test" else None,
        test_set="published",
        recipe=recipe.title if recipe else row.recipe,
        split="",
        by=recipe.origin if recipe else "",
        time="",
        marks=(row.place, f"{images}{note}", "no interval"),
    )
