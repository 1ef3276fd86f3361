"""A dataset in numbers: one section at a time, so that only what is looked at is computed."""

from pages.components.frame import show_errors
from pages.components.tables import Tables
from pages.explore.dataset_card import show_card
from pages.explore.numbers_boxes import show_boxes
from pages.explore.numbers_classes import show_classes
from pages.explore.numbers_images import show_images
from pages.explore.numbers_labels import show_labels
from pages.explore.numbers_patients import show_patients
from pages.explore.tools import choose_word

SECTIONS = {
    "About": show_card,
    "Classes": show_classes,
    "Labels": show_labels,
    "Patients": show_patients,
    "Images": show_images,
    "Boxes": show_boxes,
}


def choose_section() -> str:
    """Show the sections to choose from; return the chosen one."""
    return choose_word("Section", "numbers", list(SECTIONS))


def show_numbers(tables: Tables, section: str) -> None:
    """Show one section of figures and tables of the whole dataset, whatever the filters say."""
    with show_errors():
        SECTIONS[section](tables)
