"""A dataset in numbers: one section at a time, so that only what is looked at is computed."""

import streamlit as st

from pages.parts.explore.dataset_card import show_card
from pages.parts.explore.numbers_boxes import show_boxes
from pages.parts.explore.numbers_images import show_images
from pages.parts.explore.numbers_labels import show_labels
from pages.parts.explore.numbers_patients import show_patients
from pages.parts.frame import errors_in_words
from pages.parts.tables import Tables

SECTIONS = {
    "About": show_card,
    "Labels": show_labels,
    "Patients": show_patients,
    "Images": show_images,
    "Boxes": show_boxes,
}


def show_numbers(tables: Tables) -> None:
    """Show one section of figures and tables of the whole dataset, whatever the filters say."""
    section = st.segmented_control(
        "Section",
        list(SECTIONS),
        default=next(iter(SECTIONS)),
        required=True,
        key="numbers",
        bind="query-params",
        label_visibility="collapsed",
    )
    st.caption("Of the whole dataset: only the label view above matters here, not the filters.")
    with errors_in_words():
        SECTIONS[section or next(iter(SECTIONS))](tables)
