"""The tables of the numbers tab, each computed once and shared by every session."""

from collections.abc import Callable
from types import FunctionType
from typing import TypeVar

import pandas as pd
import streamlit as st

from pages.components.tables import Tables
from xray_core import eda
from xray_core.tasks import align_states, count_states

T = TypeVar("T")
N_SAMPLES = 3  # images of a class


def recall(compute: Callable[[Tables], T], tables: Tables) -> T:
    """Return `compute(tables)`, from memory where it was asked for before; read-only.

    `compute` is a function with a name of its own, by which the result is found again.
    """
    _, result = _compute(compute, tables)
    return result


def _name(function: FunctionType) -> str:
    return f"{function.__module__}.{function.__qualname__}"


# Keyed by the tables' identity, which nothing else can take on: the result holds them.
@st.cache_resource(
    max_entries=128, show_spinner=False, hash_funcs={Tables: id, FunctionType: _name}
)
def _compute(compute: Callable[[Tables], T], tables: Tables) -> tuple[Tables, T]:
    return tables, compute(tables)


def members(tables: Tables) -> pd.Series:
    """Return the classes of each image; see `eda.list_members`."""
    return eda.list_members(tables.labels, list(tables.counts["class"]))


def facets(tables: Tables) -> list[eda.Facet]:
    """Return what the images can be filtered by; see `eda.list_facets`."""
    return eda.list_facets(tables.catalog, recall(members, tables))


def combinations(tables: Tables) -> pd.DataFrame:
    """Return the sets of findings; see `eda.count_combinations`."""
    return eda.count_combinations(tables.catalog)


def states(tables: Tables) -> pd.DataFrame:
    """Return which findings are present, absent or unknown; see `tasks.align_states`."""
    return align_states(tables.catalog)


def state_counts(tables: Tables) -> pd.DataFrame:
    """Return of how many images each finding is present; see `tasks.count_states`."""
    return count_states(tables.catalog)


def ages(tables: Tables) -> pd.DataFrame:
    """Return the ages of each class; see `eda.age_histogram`."""
    return eda.age_histogram(tables.catalog, recall(members, tables))


def per_patient(tables: Tables) -> pd.DataFrame:
    """Return how much there is of each patient; see `eda.count_per_patient`."""
    return eda.count_per_patient(tables.catalog)


def genders(tables: Tables) -> pd.DataFrame:
    """Return gender by class; see `eda.cross_classes`."""
    return eda.cross_classes(tables.catalog, recall(members, tables), "gender")


def view_positions(tables: Tables) -> pd.DataFrame:
    """Return view position by class; see `eda.cross_classes`."""
    return eda.cross_classes(tables.catalog, recall(members, tables), "view_position")


def sites(tables: Tables) -> pd.DataFrame:
    """Return hospital or collection by class; see `eda.cross_classes`."""
    return eda.cross_classes(tables.catalog, recall(members, tables), "site")


def sources(tables: Tables) -> pd.DataFrame:
    """Return the dataset that an image comes from by class; see `eda.cross_classes`."""
    return eda.cross_classes(tables.catalog, recall(members, tables), "source")


def subset_shares(tables: Tables) -> pd.DataFrame:
    """Return the classes of each published subset; see `eda.share_subsets`."""
    return eda.share_subsets(tables.catalog, recall(members, tables))


def owners(tables: Tables) -> tuple[int, int]:
    """Return how many patients and how many studies there are."""
    n_patients, n_studies = tables.catalog.images[["patient_id", "study_id"]].nunique()
    return int(n_patients), int(n_studies)


def imbalance(tables: Tables) -> eda.Imbalance | None:
    """Return how uneven the classes are; see `eda.measure_imbalance`."""
    return eda.measure_imbalance(tables.counts)


def crossed(tables: Tables) -> pd.DataFrame:
    """Return images by the label of the study and their own; see `eda.cross_labels`."""
    return eda.cross_labels(tables.catalog)


def samples(tables: Tables) -> dict[str, list[str]]:
    """Return a few images of each class; see `eda.pick_samples`."""
    classes = list(tables.counts["class"])
    return eda.pick_samples(tables.catalog, recall(members, tables), classes, N_SAMPLES)


def subsets(tables: Tables) -> pd.DataFrame:
    """Return the published subset by class; see `eda.cross_classes`."""
    return eda.cross_classes(tables.catalog, recall(members, tables), "published_split")


def sizes(tables: Tables) -> pd.DataFrame:
    """Return the sizes of the images; see `eda.image_sizes`."""
    return eda.image_sizes(tables.catalog)


def n_boxes(tables: Tables) -> pd.DataFrame:
    """Return how many boxes an image has; see `eda.boxes_per_image`."""
    return eda.boxes_per_image(tables.catalog)


def together(tables: Tables) -> pd.DataFrame:
    """Return which findings come together; see `eda.count_together`."""
    return eda.count_together(recall(combinations, tables))


def box_sides(tables: Tables) -> pd.DataFrame:
    """Return on which side boxes lie; see `eda.count_sides`."""
    return eda.count_sides(recall(boxes, tables))


def box_areas(tables: Tables) -> pd.DataFrame:
    """Return how large boxes are; see `eda.box_areas`."""
    return eda.box_areas(recall(boxes, tables))


def boxes(tables: Tables) -> pd.DataFrame:
    """Return every box with its class; see `eda.class_boxes`."""
    return eda.class_boxes(tables.catalog, recall(members, tables))
