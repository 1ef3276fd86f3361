"""A dataset's card: what it is, whose it is, how much of it is here, what is wrong with it."""

import streamlit as st

from pages.components.frame import escape_markdown
from pages.components.import_notes import show_import_notes
from pages.components.small_type import show_facts, show_section
from pages.components.tables import Tables
from pages.explore.sample_export import show_sample_export
from xray_core.catalog import LUNGS, OF_FINDING, Catalog
from xray_core.datasets import READERS
from xray_core.files import format_bytes
from xray_core.synthetic.dataset import is_synthetic
from xray_core.tasks import tasks_of


def show_card(tables: Tables) -> None:
    """Show where the dataset comes from, its counts, and its known issues."""
    catalog = tables.catalog
    reader = READERS[catalog.source]
    drawn = is_synthetic(catalog.root)
    show_section("Synthetic images" if drawn else reader.title)
    if drawn:
        st.info(
            f"Drawn by this app in the layout of {escape_markdown(reader.title)}: no real "
            "patients. What is said below of origin and known issues holds for the real dataset.",
            icon=":material/draw:",
        )
    st.markdown(escape_markdown(reader.about))
    _show_counts(catalog)
    left, right = st.columns(2, gap="large")
    with left:
        show_section("Origin")
        if reader.address:
            st.markdown(f"Published at <{reader.address}>")
        st.markdown(f"**Licence:** {escape_markdown(reader.licence)}")
        st.markdown("**To cite:**")
        st.code(reader.citation, language=None, wrap_lines=True)
    with right:
        show_section("Known issues")
        st.markdown("\n".join(f"- {escape_markdown(issue)}" for issue in reader.known_issues))
    show_import_notes(catalog, "about")
    show_sample_export(tables)
    show_section("Tasks")
    tasks = [
        {
            "task": task.question,
            "classes": ", ".join(task.classes) or "every finding",
            "from": task.source,
        }
        for name, task in tasks_of(catalog.source).items()
    ]
    st.dataframe(tasks, hide_index=True, alt="Regroupings of the findings into classes")


def _show_counts(catalog: Catalog) -> None:
    images = catalog.images
    present = int(images["path"].notna().sum())
    size = images["file_size"].sum()
    counts = {
        "Images": f"{len(images):,}",
        "In the folder": "all" if present == len(images) else f"{present:,}",
        "Size on disk": format_bytes(size),
        "Patients": f"{images['patient_id'].nunique():,}",
        "Studies": f"{images['study_id'].nunique():,}",
        "Boxes": f"{len(catalog.boxes):,}",
        "Lung masks": f"{int((catalog.masks['kind'] == LUNGS).sum()):,}",
        "Masks of findings": f"{int((catalog.masks['kind'] == OF_FINDING).sum()):,}",
    }
    show_facts({name: "none given" if count == "0" else count for name, count in counts.items()})
