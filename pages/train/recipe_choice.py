"""Which recipe: those for the chosen task first; recipe and task of the address agree."""

from collections.abc import Mapping, Sequence

import streamlit as st

from pages.components.choice_list import Row, choose_row
from pages.components.context import Context, choose_task
from pages.components.frame import escape_markdown
from pages.components.recipe_words import OWN, TWINS, format_published, name_landmark
from pages.components.small_type import show_muted, show_section
from pages.train.address import RECIPE, forget_settings, read_address
from pages.train.recipe_values import find_task_of, widget_key
from pages.train.said import say, show_said
from xray_core.catalog import Catalog
from xray_core.datasets import READERS
from xray_core.literature import ON_THESIS_TEST
from xray_core.models import MODELS
from xray_core.recipes import ANY_DATASET, CORRECTED, PUBLISHED, Recipe, recipes_for
from xray_core.splits import fitting_methods
from xray_core.synthetic.dataset import is_synthetic
from xray_core.tasks import TASKS

# What to begin with, by the reader's name; the drawn data has a recipe of its own.
FIRST_RECIPES = {"siim_covid19": "siim_mobilenet_opacity", "kermany": "pneumonia_cnn"}
FIRST_RECIPE_OF_DEMO = "demo_cnn"
TOGGLE, MORE, SEARCH = "recipe_corrected", "more_recipes", "recipe_search"
SEEN = "train_seen"  # dataset, recipe and task of the last look, which agreed
N_SHOWN = 7  # rows before the others are folded away


@st.cache_resource(max_entries=64, show_spinner=False)
def read_recipes(dataset: str, task: str, drawn: bool, has_masks: bool) -> dict[str, Recipe]:
    """Return the recipes that fit a dataset; see `recipes_for`. Read-only and shared.

    That of the drawn data is the first one there, and of other data the last.
    """
    recipes = recipes_for(dataset, task, has_masks=has_masks)
    if not drawn and FIRST_RECIPE_OF_DEMO in recipes:
        recipes[FIRST_RECIPE_OF_DEMO] = recipes.pop(FIRST_RECIPE_OF_DEMO)
    return recipes


def find_recipe_name(recipes: Mapping[str, Recipe], context: Context, catalog: Catalog) -> str:
    """Return the recipe of the address, or what to begin with; the bar shows its task then.

    Whichever was chosen last decides: a recipe (in the list or by a link) brings its task, a task
    (in the bar) brings its first recipe.
    """
    seen = st.session_state.get(SEEN)
    wanted = st.query_params.get(RECIPE)
    if wanted is not None and wanted not in recipes:
        moved = seen is not None and seen[0] != context.data and seen[1] == wanted
        if not moved:  # else the dataset was chosen since
            reason = "does not fit this dataset" if wanted in PUBLISHED else "does not exist"
            say(f"The recipe {escape_markdown(repr(wanted))} {reason}; showing another.")
        del st.query_params[RECIPE]
        wanted = None
    if (named := wanted or (seen[1] if seen and seen[0] == context.data else None)) in recipes:
        read_address(recipes[named])
    task = find_task_of(recipes[wanted]) if wanted else context.task
    if task != context.task and seen == (context.data, wanted, task):
        del st.query_params[RECIPE]  # the task was chosen since
        wanted = None
    name = wanted or _begin(recipes, context, catalog)
    task = find_task_of(recipes[name])
    st.session_state[SEEN] = (context.data, name, task)
    if task != context.task:
        choose_task(task)
        st.rerun()
    show_said()
    return name


def _begin(recipes: Mapping[str, Recipe], context: Context, catalog: Catalog) -> str:
    names = [name for name in recipes if not name.endswith(CORRECTED)]
    first = FIRST_RECIPES.get(catalog.source, names[0])
    if is_synthetic(catalog.root):
        first = FIRST_RECIPE_OF_DEMO
    data, earlier, task = st.session_state.get(SEEN) or ("", "", "")
    if data == context.data and task == context.task and earlier in recipes:
        return str(earlier)
    if data != context.data and "task" not in st.query_params:
        return first  # whose task the bar will show: nobody chose one here yet
    # Those for any dataset always do, and need no lists of the authors' that may be missing.
    fitting = [name for name in names if recipes[name].task == context.task]
    listed = "published" in fitting_methods(catalog)
    able = [name for name in fitting if listed or recipes[name].split.method != "published"]
    name = first if first in able else able[0]
    st.session_state.pop(widget_key(recipes[name], "task"), None)
    return name


def choose_recipe(recipes: Mapping[str, Recipe], chosen: str, task: str, title: str) -> None:
    """Show the recipes as rows, those that answer the task first.

    Args:
        recipes: those that fit the dataset.
        chosen: name of the chosen one, maybe corrected.
        task: that the bar shows.
        title: of the dataset's reader.
    """
    base = chosen.removesuffix(CORRECTED)
    names = [name for name in recipes if not name.endswith(CORRECTED)]
    fitting = [name for name in names if recipes[name].task == task or name == base]
    others = [name for name in names if name not in fitting]
    rows = [_describe(recipes[name]) for name in fitting]
    rows += [_describe(recipes[name], other_task=True) for name in others]
    n_shown = max(N_SHOWN, len(fitting))
    show_section("Recipe", "those for this task first")
    choose_row("Recipe", rows[:n_shown], base, "recipe_rows", lambda name: _open(recipes, name))
    if base + CORRECTED in recipes:
        _show_toggle(recipes, chosen)
    show_muted(
        "Published scores come from other images and another test set: a landmark, not a race."
    )
    panel = st.expander("More recipes", icon=":material/list:", key=MORE, on_change="rerun")
    if panel.open:
        with panel:
            _show_others(recipes, rows[n_shown:], title)


def _show_others(recipes: Mapping[str, Recipe], rows: Sequence[Row], title: str) -> None:
    if rows:
        show_muted("For other tasks of this dataset; the task changes with the recipe.")
        choose_row("Other tasks", rows, "", "other_rows", lambda name: _open(recipes, name))
    show_muted(f"Made for other datasets than {title}:")
    sought = st.text_input("Search", key=SEARCH, placeholder="a word of title, source or dataset")
    groups: dict[str, list[Row]] = {}
    for name, recipe in PUBLISHED.items():
        if name not in recipes and not name.endswith(CORRECTED) and name not in ANY_DATASET:
            made_for = "needs lung masks"
            if not recipe.asks_masks:
                made_for = f"made for {READERS[recipe.dataset].title}"
            row = _describe(recipe, reason=made_for)
            words = f"{row.title} {row.note} {recipe.source} {_group(recipe)}".casefold()
            if all(word in words for word in (sought or "").casefold().split()):
                groups.setdefault(_group(recipe), []).append(row)
    if not groups:
        show_muted("No recipe has all of these words.")
    for group, misfits in groups.items():
        # One list at a time is short enough to read; a search shows what fits at once.
        panel = st.expander(
            f"{escape_markdown(group)} ({len(misfits)})",
            key=f"{MORE}_{group}_{bool(sought)}",
            expanded=bool(sought),
            on_change="rerun",
        )
        if panel.open:
            with panel:
                choose_row(group, misfits, "", f"misfit_rows_{group}", lambda name: None)


def _group(recipe: Recipe) -> str:
    """Return whose recipe it is, and what was done to it."""
    if recipe.origin == OWN:
        apart = recipe.name.endswith(ON_THESIS_TEST)
        return f"{OWN}, our own{', on the test images of the thesis' * apart}"
    for end, words in TWINS.items():
        if recipe.name.endswith(end):
            return f"{recipe.origin}, {words}"
    return f"{recipe.origin}, as published"


def _show_toggle(recipes: Mapping[str, Recipe], chosen: str) -> None:
    base = chosen.removesuffix(CORRECTED)
    st.session_state[TOGGLE] = chosen.endswith(CORRECTED)  # the address decides
    st.toggle(
        "Corrected, not as published",
        key=TOGGLE,
        on_change=lambda: _open(recipes, base + CORRECTED * st.session_state[TOGGLE]),
        help="Without the slips of the source: split by patient, a test set, sensible "
        "learning rates, balanced class weights. Train both to see the gap.",
    )


def _describe(recipe: Recipe, other_task: bool = False, reason: str = "") -> Row:
    note = f"{MODELS[recipe.model].title} · {recipe.preprocess.size} px"
    if recipe.origin != OWN:
        note += f" · {recipe.source}"
    if other_task:
        reason = f"answers “{TASKS[recipe.task].question}”"
    value, landmark = format_published(recipe, at_most=1), name_landmark(recipe)
    whose = f"to compare: {landmark}" if landmark else "published, without interval"
    return Row(
        recipe.name,
        recipe.title,
        f"{note} · {reason}" if reason else note,
        value,
        whose if value else "",
        dim=bool(reason),
        disabled=bool(reason) and not other_task,
    )


def _open(recipes: Mapping[str, Recipe], name: str) -> None:
    """Put the chosen recipe into the address, and its task into the bar."""
    if name not in recipes:
        return  # a browser may send any word
    forget_settings()
    st.query_params[RECIPE] = name
    choose_task(find_task_of(recipes[name]))
