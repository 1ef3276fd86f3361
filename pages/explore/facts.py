"""What is known of an image, and in what several differ."""

from html import escape

import pandas as pd
import streamlit as st

from pages.components.masks import list_masks, name_finding
from pages.components.small_type import show_facts, show_section
from pages.components.tables import Tables
from pages.components.tiles import name_label
from pages.explore import numbers_tables
from pages.explore.numbers_tables import recall
from xray_core.catalog import LUNGS, OF_FINDING, Catalog
from xray_core.selection import name_value
from xray_core.tasks import (
    ABSENT,
    PRESENT,
    UNKNOWN,
    find_task,
    list_classes,
    list_findings,
    spell_findings,
)

NUMBERED = ("First", "Second", "Third", "Fourth")
OF_FILES = ("File", "Lung mask", "Mask of a finding")  # which always differ, and say nothing


def show_image_facts(tables: Tables, row: pd.Series) -> None:
    """Show all that is known of the image of one row of `catalog.images`."""
    show_facts(list_facts(tables, row))


def list_facts(tables: Tables, row: pd.Series) -> dict[str, str]:
    """Return what is known of an image, name -> words."""
    n_boxes = len(tables.boxes.get(row["image_id"], ()))
    gender = row["gender"]
    facts = {
        "Label": name_label(tables.labels[row.name]),
        "Its findings": _define(tables, row),
        "Task": find_task(tables.task).question or None,
        "Published subset": row["published_split"],
        "Findings": _spell(row["findings"]),
        "Image label": _spell(row["image_findings"]),
        **_list_states(tables, row),
        "Reading": row["reading"],
        "Boxes": n_boxes or None,
        "Patient": row["patient_id"],
        "Age": None if pd.isna(row["age"]) else f"{row['age']:.3g} years",
        "Sex": None if pd.isna(gender) else name_value("gender", gender),
        "Follow-up": row["follow_up"],
        "Study": row["study_id"],
        "View position": row["view_position"],
        "Site": row["site"],
        "On disk": _size(row["width"], row["height"]),
        "Original": _size(row["original_width"], row["original_height"]),
        "File": row["path"],
        "File size": None if pd.isna(row["file_size"]) else f"{row['file_size'] / 1000:,.0f} kB",
        "Lung mask": _name_masks(tables, row, LUNGS),
        "Mask of a finding": _name_masks(tables, row, OF_FINDING),
    }
    return {name: str(fact) for name, fact in facts.items() if pd.notna(fact)}


def _spell(findings: str) -> str | None:
    return None if pd.isna(findings) else spell_findings(findings)


def _list_states(tables: Tables, row: pd.Series) -> dict[str, str | None]:
    """Return which findings are present, absent and unknown, if the dataset says so."""
    names = list_findings(tables.catalog)
    if not names:
        return {}
    states = recall(numbers_tables.states, tables).loc[row.name]
    kinds = {PRESENT: states.eq(1), ABSENT: states.eq(0), UNKNOWN: states.isna()}
    return {
        f"Findings {kind}": ", ".join(
            map(spell_findings, states.index[has.fillna(False).to_numpy(bool)])
        )
        or None
        for kind, has in kinds.items()
    }


def _name_masks(tables: Tables, row: pd.Series, kind: str) -> str | None:
    """Return the masks of one kind: their files, and which finding they surround."""
    words = []
    for finding, path in list_masks(tables, row["image_id"], kind)[["finding", "path"]].itertuples(
        index=False
    ):
        place = "run lengths" if pd.isna(path) else str(path)
        words.append(place if kind == LUNGS else f"{name_finding(finding)} ({place})")
    return ", ".join(dict.fromkeys(words)) or None


def show_boxes_of(catalog: Catalog, row: pd.Series) -> None:
    """Show the boxes of an image as a table, if it has any."""
    boxes = catalog.boxes[catalog.boxes["image_id"] == row["image_id"]]
    if boxes.empty:
        return
    show_section("Boxes", "in pixels of the original")
    columns = ("finding", "x", "y", "width", "height")
    head = "".join(f'<th scope="col">{name}</th>' for name in columns)
    rows = "".join(
        f"<tr><td>{escape(spell_findings(str(finding)))}</td>"
        + "".join(f"<td>{number:,.0f}</td>" for number in numbers)
        + "</tr>"
        for finding, *numbers in boxes[list(columns)].itertuples(index=False, name=None)
    )
    st.html(f'<table class="facts boxes"><tr>{head}</tr>{rows}</table>')


def show_differences(tables: Tables, opened: pd.DataFrame) -> None:
    """Show the facts of several images beside each other, those first that differ."""
    facts = [list_facts(tables, row) for _, row in opened.iterrows()]
    names = [name for name in dict.fromkeys(name for known in facts for name in known)]
    values = {name: [known.get(name, "–") for known in facts] for name in names}
    differ = [name for name in names if len(set(values[name])) > 1 and name not in OF_FILES]
    same = [name for name in names if len(set(values[name])) == 1 and name not in OF_FILES]
    head = "".join(f'<th scope="col">{word}</th>' for word in NUMBERED[: len(facts)])
    rows = "".join(
        f'<tr><th scope="row">{mark}{escape(name)}{end}</th>'
        + "".join(f"<td>{mark}{escape(value)}{end}</td>" for value in values[name])
        + "</tr>"
        for group, mark, end in ((differ, "<b>", "</b>"), (same, "", ""))
        for name in group
    )
    st.html(f'<table class="facts"><tr><td></td>{head}</tr>{rows}</table>')


def _define(tables: Tables, row: pd.Series) -> str | None:
    """Return the findings that count as the image's class, where they have other names."""
    task = find_task(tables.task)
    if task.finding:  # its classes say it themselves
        return None
    holds = list_classes(tables.catalog.images[task.column], task)
    findings = [
        finding
        for name in str(name_label(tables.labels[row.name])).split(", ")
        for finding in holds.get(name, ())
        if finding != name
    ]
    return " or ".join(map(spell_findings, findings)) or None


def _size(width: float, height: float) -> str | None:
    return None if pd.isna(width) else f"{int(width):,} × {int(height):,} px"
