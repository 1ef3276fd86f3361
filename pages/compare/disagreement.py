"""The images on which runs disagree: who is right, and how sure each was."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import streamlit as st

from pages.components.address import change_address, read_word
from pages.components.dataset import open_folder
from pages.components.frame import escape_markdown
from pages.components.grid import Tile, show_grid
from pages.components.pager import show_pager
from pages.components.small_type import show_muted, show_section
from pages.components.tables import Tables, read_tables
from pages.components.tiles import LARGE_SIDE, build_tiles, list_windows
from pages.components.viewer import show_viewer
from xray_core.errors import XrayError
from xray_core.evaluation.compare import Comparison
from xray_core.figures.overlay import letter_of
from xray_core.recipes import Recipe

PAIR, IMAGE = "pair", "image"  # in the address
PAIR_CHOICE = "compare_pair"
PER_PAGE, ROW_HEIGHT = 18, 118
N_NAMED = 20  # images that are named where they cannot be shown


@dataclass(frozen=True)
class _Image:
    """An image on which they disagree: who is right, and how sure each was of the truth."""

    image_id: str
    title: str
    note: str


def show_disagreement(comparison: Comparison, recipe: Recipe) -> None:
    """Show the images that only one of two runs gets right, or one run alone of all.

    Args:
        comparison: of the runs.
        recipe: of one of them; it names the dataset's folder and the task.
    """
    choices = _list_choices(comparison)
    choice = read_word(PAIR, list(choices))
    images, note = _list_images(comparison, choices[choice])
    _show_head(choices, choice, note)
    if not images:
        show_muted("There is no such image.")
        return
    try:
        tables = read_tables(open_folder(Path(recipe.data_folder)), recipe.task)
    except (XrayError, OSError):  # gone, or another dataset lies there now
        _name_images(images, recipe)
        return
    here = [image for image in images if image.image_id in tables.places]
    if not here:
        _name_images(images, recipe)
        return
    ids = [image.image_id for image in here]
    wanted = st.query_params.get(IMAGE, "")
    if wanted in ids:
        _show_large(tables, here, ids.index(wanted))
        return
    n_pages = math.ceil(len(here) / PER_PAGE)
    page = show_pager(n_pages, f"page_{choice}") if n_pages > 1 else 1
    shown = here[(page - 1) * PER_PAGE : page * PER_PAGE]
    show_grid(
        _build(tables, shown),
        "disagreement",
        lambda image_id: change_address({IMAGE: image_id}),
        row_height=ROW_HEIGHT,
    )
    show_muted(_explain(comparison, choices[choice]))


def _list_choices(comparison: Comparison) -> dict[str, tuple[int, ...]]:
    """Return what can be looked at: two places, or one of a run that alone is right."""
    n = len(comparison.names)
    # The best run and the next one first: what the verdict speaks of.
    best = comparison.find_best(comparison.deciding) or 0
    pairs = sorted(
        ((pair.first, pair.second) for pair in comparison.pairs), key=lambda pair: best not in pair
    )
    choices: dict[str, tuple[int, ...]] = {
        f"{letter_of(first)}-{letter_of(second)}": (first, second) for first, second in pairs
    }
    if n > 2:
        choices |= {letter_of(place): (place,) for place in range(n)}
    return choices


def _name_choice(places: Sequence[int]) -> str:
    letters = [letter_of(place) for place in places]
    if len(letters) == 1:
        return f"Only {letters[0]} is right"
    return f"Where {letters[0]} and {letters[1]} disagree"


def _show_head(choices: dict[str, tuple[int, ...]], choice: str, note: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        show_section(_name_choice(choices[choice]), note)
        st.space("stretch")
        if len(choices) == 1:
            return
        st.session_state[PAIR_CHOICE] = choice
        st.selectbox(
            "Runs that disagree",
            list(choices),
            key=PAIR_CHOICE,
            format_func=lambda name: _name_choice(choices[name]),
            label_visibility="collapsed",
            width=210,
            on_change=lambda: change_address({PAIR: st.session_state[PAIR_CHOICE], IMAGE: ""}),
        )


def _list_images(comparison: Comparison, places: tuple[int, ...]) -> tuple[list[_Image], str]:
    """Return the images, those on which they differ most first, and what they are in words."""
    answers = comparison.answers
    right, n = answers.count_right(), len(answers.image_ids)
    if len(places) == 1:
        [place] = places
        numbers = comparison.list_sole(place)
        rows = [_Image(answers.image_ids[k], "", _describe(comparison, k, places)) for k in numbers]
        return rows, f"{len(rows):,} of {n:,} {comparison.subset} images"
    first, second = places
    apart = np.flatnonzero(right[first] != right[second])
    gap = np.abs(_sure_of_truth(comparison, first) - _sure_of_truth(comparison, second))
    apart = apart[np.argsort(-gap[apart], kind="stable")]
    better = "right" if not answers.multilabel else "ahead"
    images = [
        _Image(
            answers.image_ids[k],
            f"{letter_of(first if right[first, k] > right[second, k] else second)} {better}",
            _describe(comparison, int(k), places),
        )
        for k in apart
    ]
    n_first = int((right[first] > right[second]).sum())
    words = (
        f"{len(images):,} of {n:,} {comparison.subset} images: {letter_of(first)} {better} in "
        f"{n_first:,}, {letter_of(second)} in {len(images) - n_first:,}"
    )
    return images, words


def _sure_of_truth(comparison: Comparison, place: int) -> np.ndarray:
    """Return how much probability a run gives to what is true, of each image; shape (n,)."""
    answers = comparison.answers
    return np.where(answers.states == 1, answers.probabilities[place], 0).sum(axis=1)


def _describe(comparison: Comparison, number: int, places: Sequence[int]) -> str:
    answers = comparison.answers
    if answers.multilabel:
        right = answers.count_right()
        return " / ".join(f"{right[place, number]}" for place in places)
    truth = int(answers.states[number].argmax())
    return " / ".join(f"{answers.probabilities[place, number, truth]:.0%}" for place in places)


def _explain(comparison: Comparison, places: Sequence[int]) -> str:
    letters = " / ".join(letter_of(place) for place in places)
    if comparison.answers.multilabel:
        return f"Below each image: how many findings {letters} has right; ahead is who has more."
    return f"Below each image: the probability of its true class, by {letters}."


def _build(tables: Tables, images: Sequence[_Image], side: int = 0) -> list[Tile]:
    rows = tables.pick_images([image.image_id for image in images])
    tiles = build_tiles(tables, rows, side) if side else build_tiles(tables, rows)
    return [
        replace(
            tile,
            title=image.title or tile.title,
            note=image.note,
            alt=f"{tile.alt}; {image.title or 'right alone'} ({image.note})",
        )
        for tile, image in zip(tiles, images, strict=True)
    ]


def _show_large(tables: Tables, images: Sequence[_Image], place: int) -> None:
    image = images[place]
    rows = tables.pick_images([image.image_id])
    show_viewer(
        _build(tables, [image], LARGE_SIDE),
        "disagreement_large",
        list_windows(tables, rows),
        lambda image_id: change_address({IMAGE: image_id}),
        lambda _: change_address({IMAGE: ""}),
        before=images[place - 1].image_id if place else "",
        after=images[place + 1].image_id if place + 1 < len(images) else "",
        place=f"{place + 1:,} of {len(images):,}",
    )


def _name_images(images: Sequence[_Image], recipe: Recipe) -> None:
    named = ", ".join(escape_markdown(image.image_id) for image in images[:N_NAMED])
    more = f" and {len(images) - N_NAMED:,} more" if len(images) > N_NAMED else ""
    st.info(
        f"The images are no longer at {escape_markdown(recipe.data_folder)}; they are called "
        f"{named}{more}."
    )
