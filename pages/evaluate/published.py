"""What the source of a recipe published, beside what this run gave."""

from collections.abc import Sequence
from textwrap import shorten
from typing import Any

import pandas as pd
import streamlit as st

from pages.components.confusion import show_confusion
from pages.components.frame import escape_markdown
from pages.components.recipe_words import format_changes, metric_name, name_landmark
from pages.components.small_type import show_facts, show_section
from pages.evaluate.scores import format_figure, format_value
from xray_core.evaluation.published import CLOSED, Comparison, compare_headline, compare_with_source
from xray_core.literature import CITED
from xray_core.literature.result import PARTLY, YES
from xray_core.recipes import PUBLISHED, Recipe
from xray_core.recipes.titles import phase_title, use_titles

TITLE_SIGNS = 40
CITING = ("siim_", "tang2020")  # begin the names of recipes whose source cites the others
# What is shown of each class: the rest of a matrix follows from it.
SHOWN = ("accuracy", "auc", "loss", "recall", "precision", "f1")
SUBSETS = {"training": "training set", "validation": "validation set", "test": "test set"}


def show_published(recipe: Recipe, report: dict[str, Any], *, closed: bool = False) -> None:
    """Show every published result, and one of them in full beside ours.

    Args:
        recipe: of the run.
        report: that may be shown.
        closed: whether there are test figures that nobody has opened.
    """
    comparisons = compare_with_source(recipe, report, closed=closed)
    if not comparisons:
        st.caption("The source of this recipe publishes no figure.")
        return
    _say_what_differs(recipe, comparisons)
    place = 0
    if len(comparisons) > 1:
        titles = _list_titles(comparisons)
        st.table(
            pd.DataFrame(
                [
                    _row(comparison, title, recipe.multilabel)
                    for comparison, title in zip(comparisons, titles, strict=True)
                ]
            ),
            border="horizontal",
            hide_index=True,
            alt="All published results",
        )
        place = st.selectbox(
            "In full",
            range(len(titles)),
            index=max(range(len(titles)), key=lambda number: comparisons[number].headline),
            format_func=lambda number: f"{number + 1}. {titles[number]}",
            key="published_result",
            width=400,
        )
    _show_result(comparisons[place], recipe, report)
    if comparisons[0].published.recipe.startswith(CITING):
        with st.expander("What the thesis cites from elsewhere"):
            _show_cited()


def format_headline(recipe: Recipe, report: dict[str, Any]) -> str:
    """Return the source's figures beside ours, for Markdown; "" where there are none."""
    words = "; ".join(
        f"{escape_markdown(metric_name(row['key'], recipe.multilabel))} "
        f"{format_value(row['key'], row['published'])}, "
        f"ours {format_value(row['key'], row['ours']['value'])}"
        for row in compare_headline(recipe, report)
    )
    if not words:
        return ""
    comparisons = [row for row in compare_with_source(recipe, report) if row.headline]
    where = "The published figure was taken on other images, so compare with care."
    if comparisons:
        where = escape_markdown(_say_images(comparisons[0]))
    landmark = name_landmark(recipe)
    start = f"To compare, {landmark}" if landmark else f"Published ({recipe.source})"
    return f"{escape_markdown(start)}: {words}. {where}"


def _say_what_differs(recipe: Recipe, comparisons: Sequence[Comparison]) -> None:
    """Say of which training the figures are, and that this one was changed."""
    words = []
    others = dict.fromkeys(row.published.recipe for row in comparisons)
    if others and list(others) != [recipe.name]:
        titles = " and ".join(f"“{PUBLISHED[name].title}”" for name in others if name in PUBLISHED)
        words.append(f"The figures are those of {escape_markdown(titles)}.")
    if changes := format_changes(recipe):
        words.append(f"This run's recipe was changed: {changes}.")
    if words:
        st.markdown(" ".join(words))


def _show_result(comparison: Comparison, recipe: Recipe, report: dict[str, Any]) -> None:
    published = comparison.published
    if published.matrix:
        left, right = st.columns(2, gap="medium")
        with left:
            show_section("Published", f"{sum(map(sum, published.matrix)):,} images")
            show_confusion(published.classes, published.matrix, published.images)
        with right:
            n_ours = f"{comparison.n_images:,} images" if comparison.confusion else ""
            show_section("This run", n_ours)
            if comparison.confusion:
                words = f"{SUBSETS[comparison.subset]}; classes in the same order"
                show_confusion(published.classes, comparison.confusion, words)
            else:
                st.caption(comparison.missing or "Its classes are others than the published ones.")
    elif comparison.missing:
        st.caption(comparison.missing)
    left, right = st.columns(2, gap="medium")
    with left:
        st.table(
            pd.DataFrame(list(_list_figures(comparison, report))),
            border="horizontal",
            hide_index=True,
            alt="Published figures beside those of this run",
        )
    with right:
        show_facts(_list_facts(comparison))


def _list_figures(comparison: Comparison, report: dict[str, Any]) -> list[dict[str, str]]:
    """Return the figures of a result beside ours, and what is easily reached."""
    published, rows = comparison.published, []
    for key, value in sorted(published.figures.items(), key=lambda figure: _rank(figure[0])):
        printed = key in published.metrics
        if not printed and not key.startswith(("accuracy", "recall")):
            continue
        spread = published.spread.get(key)
        words = format_value(key, value) + (f" ± {format_value(key, spread)}" if spread else "")
        ours = comparison.figures.get(key)
        rows.append(
            {
                "figure": escape_markdown(metric_name(key, bool(report.get("multilabel")))),
                "published": words if printed else f"{words} (by the matrix)",
                "this run": format_figure(key, dict(ours)) if ours else _name_nothing(comparison),
            }
        )
    majority = report.get("majority")
    if published.majority is not None or majority:
        of_report = majority and comparison.subset == report["subset"]
        rows.append(
            {
                "figure": "always the most frequent class",
                "published": format_value("accuracy", published.majority),
                "this run": format_value("accuracy", majority["accuracy"] if of_report else None),
            }
        )
    return rows


def _name_nothing(comparison: Comparison) -> str:
    return "closed" if comparison.missing == CLOSED else "–"


def _rank(key: str) -> int:
    kind = key.partition("_")[0]
    return SHOWN.index(kind) if kind in SHOWN else len(SHOWN)


def _list_facts(comparison: Comparison) -> dict[str, str]:
    published = comparison.published
    count = f"{published.n_images:,}"
    known = not published.n_images or count in published.images
    facts = {
        "Published on": published.images if known else f"{count} images: {published.images}",
        "Ours are the same images": ": ".join(
            filter(None, [comparison.same_images, use_titles(comparison.why)])
        ),
        "Where it stands": published.place,
    }
    if comparison.n_images:
        facts["This run on"] = f"{comparison.n_images:,} images, {SUBSETS[comparison.subset]}"
    if published.note:
        facts["To know"] = use_titles(published.note)
    return facts


def _row(comparison: Comparison, title: str, several: bool) -> dict[str, str]:
    """Return a line of the table of all results."""
    key = next((key for key in SHOWN if key in comparison.published.figures), "")
    if not key:
        key = next(iter(comparison.published.figures), "")
    value = format_value(key, comparison.published.figures[key])
    ours = comparison.figures.get(key)
    return {
        "published": escape_markdown(title),
        "n": f"{comparison.published.n_images:,}" if comparison.published.n_images else "–",
        "figure": f"{metric_name(key, several)} {value}",
        "this run": format_figure(key, dict(ours)) if ours else _name_nothing(comparison),
        "same images": "–" if comparison.published.subset == "training" else comparison.same_images,
    }


def _list_titles(comparisons: Sequence[Comparison]) -> list[str]:
    """Return which result each is; of several of one name, where it stands and what it is."""
    titles = [_title(comparison) for comparison in comparisons]
    if len({comparison.published.recipe for comparison in comparisons}) > 1:
        of = [comparison.published.recipe for comparison in comparisons]
        titles = [f"{PUBLISHED[name].title}: {t}" for name, t in zip(of, titles, strict=True)]
    published = [comparison.published for comparison in comparisons]
    known = [". ".join(filter(None, map(_shorten, (row.place, row.note)))) for row in published]
    return [
        title if titles.count(title) == 1 else f"{title}: {words}"
        for title, words in zip(titles, known, strict=True)
    ]


def _shorten(words: str) -> str:
    return shorten(words, TITLE_SIGNS, placeholder=" …")


def _title(comparison: Comparison) -> str:
    """Return which result it is, e.g. "Validation set (fine-tuning)"."""
    published = comparison.published
    words = SUBSETS[published.subset]
    if published.phase not in ("", "train"):
        words += f" ({phase_title(published.phase)})"
    return words[0].upper() + words[1:]


def _say_images(comparison: Comparison) -> str:
    images = comparison.published.images
    if comparison.same_images == YES:
        return f"Both are of the same images: {images}."
    if comparison.same_images == PARTLY:
        return f"Some of the images are the same. Theirs: {images}. {comparison.why}"
    return f"The published figures were taken on other images, so compare with care: {images}."


def _show_cited() -> None:
    rows = [
        {
            "what": citation.what,
            "figures": escape_markdown(citation.words),
            "source": f"{citation.source} ({citation.place})",
            "to know": citation.note,
        }
        for citation in CITED
    ]
    st.table(pd.DataFrame(rows), border="horizontal", hide_index=True, alt="Cited figures")
