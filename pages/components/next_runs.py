"""Next runs to try after an ended one, each a link to Train with that one change entered."""

from pathlib import Path

import streamlit as st

from pages.components.frame import escape_markdown, show_errors
from pages.components.small_type import show_section
from xray_core.evaluation.next_runs import NextRun, suggest_runs
from xray_core.recipes import ANY_DATASET, PUBLISHED, change_recipe, changeable_fields
from xray_core.recipes.titles import field_title, value_title
from xray_core.registry import name_root
from xray_core.runs import Run
from xray_core.workspace import find_workspace

SET, WHERE = "set", "where"  # in the address of Train


def show_next_runs(run: Run) -> None:
    """Show two or three; nothing for a run that was not trained here, or is still under way."""
    with show_errors():
        suggested = suggest_runs(run)
    if not suggested:
        return
    show_section("Next runs to try", "each changes one thing")
    for other in suggested:
        st.page_link(
            "pages/train.py",
            label=f"**{escape_markdown(name_changes(other))}** · {escape_markdown(other.why)}",
            icon=":material/arrow_forward:",
            query_params=_list_words(run, other),
        )


def _list_words(run: Run, suggested: NextRun) -> list[tuple[str, str]]:
    """Return the address of Train as that page itself writes it.

    Each word that a page changes in its address is a step more for "Back", which is to lead here.
    Where the run's recipe or dataset is none of those here, Train says what it cannot take over.
    """
    recipe = run.read_recipe()
    published = PUBLISHED.get(recipe.parent or recipe.name)
    data = name_root(find_workspace(), Path(recipe.data_folder))
    if published is not None and data is not None:
        values = changeable_fields(change_recipe(recipe, suggested.changes))
        own = changeable_fields(published, values["model"]) | {"model": published.model}
        if set(own) == set(values):
            named = {"data": data, "task": recipe.task, "recipe": published.name}
            words = [*named.items(), *((WHERE, text) for text in (recipe.selection,) if text)]
            beside = {"selection", "task"} if published.name in ANY_DATASET else {"selection"}
            return words + [
                (SET, f"{field}={value}")
                for field, value in values.items()
                if field not in beside and value != own[field]
            ]
    changes = suggested.changes.items()
    return [("from", run.name), *((SET, f"{field}={value}") for field, value in changes)]


def name_changes(suggested: NextRun) -> str:
    """Return what is changed, in words, e.g. "Class weights Balanced"."""
    return ", ".join(
        f"{field_title(field)} {value_title(field, value)}"
        for field, value in suggested.changes.items()
    )
