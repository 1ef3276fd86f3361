"""What each class of the task means in its source, with a few of its images."""

from html import escape

import streamlit as st

from pages.components.small_type import show_section
from pages.components.tables import Tables
from pages.components.tiles import build_tiles
from pages.explore import numbers_tables
from pages.explore.class_cards import Card, show_class_cards
from pages.explore.column_filters import write_filters
from pages.explore.numbers_tables import recall
from xray_core.audit.issue import count_of
from xray_core.figures.colors import color_classes
from xray_core.selection import CLASS, VALUES, Filter
from xray_core.tasks import (
    READING,
    ClassMeaning,
    explain_classes,
    find_task,
    list_notes,
    spell_findings,
)

TILE_SIDE = 256  # px, as of the grid, which shares the copies
MOST_MEANINGS = 4  # of a class that many findings count as
MOST_NAMED = 14  # findings
UNDEFINED = "None of the sources known here defines this class; its name is all there is."


def show_classes(tables: Tables) -> None:
    """Show a card for each class, and what the sources say of how the labels came about."""
    task = find_task(tables.task)
    show_section(task.question or "Classes", f"labels: {task.source}" if task.source else "")
    meanings = explain_classes(tables.catalog, task, list(tables.counts["class"]))
    show_class_cards(_build_cards(tables, meanings), "class_cards", _see_all, _open)
    notes = list_notes(tables.catalog, READING)
    if notes:
        show_section("How the labels came about")
        st.html(
            "".join(
                f'<p class="notes">{escape(note.text)} '
                f'<span class="muted">Source: {escape(note.source)}.</span></p>'
                for note in notes
            )
        )


def _build_cards(tables: Tables, meanings: list[ClassMeaning]) -> list[Card]:
    samples = recall(numbers_tables.samples, tables)
    rows = tables.pick_images(name for names in samples.values() for name in names)
    tiles = {tile.id: tile for tile in build_tiles(tables, rows, TILE_SIDE)}
    counts = tables.counts.set_index("class")
    colors = color_classes(list(counts.index))
    cards = []
    for meaning in meanings:
        images, share, present = counts.loc[meaning.name, ["images", "share", "present"]]
        cards.append(
            Card(
                name=meaning.name,
                color=colors[meaning.name],
                amount=f"{count_of(int(images), 'image')} · {share:.1%}",
                counted=_list_counted(meaning),
                meanings=_list_meanings(meaning),
                tiles=tuple(tiles[name] for name in samples[meaning.name]),
                see_all=f"See {count_of(int(present), 'image')}" if present else "",
            )
        )
    return cards


def _list_counted(meaning: ClassMeaning) -> str:
    findings = meaning.findings
    # A single finding is named below, if it is defined, and else it is the class' name mostly.
    if len(findings) < 2 and (meaning.meanings or _is_name(meaning)):
        return ""
    more = f" and {len(findings) - MOST_NAMED} more" if len(findings) > MOST_NAMED else ""
    return f"Counts as it: {', '.join(map(spell_findings, findings[:MOST_NAMED]))}{more}."


def _is_name(meaning: ClassMeaning) -> bool:
    """Return whether the class is called as what counts as it."""
    called = [spell_findings(finding).casefold() for finding in meaning.findings]
    return called in ([], [meaning.name.casefold()])


def _list_meanings(meaning: ClassMeaning) -> tuple[tuple[str, str, str, str], ...]:
    """Return what `Card.meanings` holds; with many findings their names alone are shown."""
    if not meaning.meanings:
        return (("", UNDEFINED, "", ""),)
    if len(meaning.meanings) > MOST_MEANINGS:
        return ()
    several = len(meaning.meanings) > 1 or bool(meaning.findings)
    return tuple(
        (spell_findings(finding) if several else "", known.definition, known.source, known.caveat)
        for finding, known in meaning.meanings.items()
    )


def _see_all(name: str) -> None:
    """Show all images of a class, from the next run on."""
    write_filters([Filter(CLASS, VALUES, values=(name,))])


def _open(name: str, image_id: str) -> None:
    """Show one image large, among those of its class."""
    write_filters([Filter(CLASS, VALUES, values=(name,))], [image_id])
