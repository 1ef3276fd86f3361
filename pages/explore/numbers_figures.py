"""The figures of the counts, each drawn once and shared by every session; see `recall`."""

from collections.abc import Callable

import pandas as pd
import plotly.graph_objects as go

from pages.components.tables import Tables
from pages.explore import numbers_tables
from pages.explore.numbers_tables import recall
from xray_core import eda
from xray_core.figures import explore
from xray_core.figures.colors import CLASSES, SUBSETS, color_classes

N_ORIGINS = 15  # bars; the table beside them holds all


def list_classes(tables: Tables) -> list[str]:
    """Return the classes of the task, in its order."""
    return list(tables.counts["class"])


def label_counts(tables: Tables) -> go.Figure:
    """Draw the images of each class."""
    return explore.plot_label_counts(tables.counts)


def states(tables: Tables) -> go.Figure:
    """Draw how many images each finding is present, absent and unknown on."""
    return explore.plot_states(recall(numbers_tables.state_counts, tables))


def together(tables: Tables) -> go.Figure:
    """Draw which findings come together."""
    return explore.plot_together(recall(numbers_tables.together, tables))


def sets(tables: Tables) -> go.Figure:
    """Draw the most frequent sets of findings."""
    return explore.plot_sets(recall(numbers_tables.combinations, tables))


def ages(tables: Tables) -> go.Figure:
    """Draw the ages of each class."""
    return explore.plot_ages(recall(numbers_tables.ages, tables), list_classes(tables))


def per_patient(tables: Tables) -> go.Figure:
    """Draw how much there is of each patient."""
    return explore.plot_per_patient(recall(numbers_tables.per_patient, tables))


def genders(tables: Tables) -> go.Figure:
    """Draw how each class divides by sex."""
    return _by_class(numbers_tables.genders, tables)


def view_positions(tables: Tables) -> go.Figure:
    """Draw how each class divides by view position."""
    return _by_class(numbers_tables.view_positions, tables)


def subsets(tables: Tables) -> go.Figure:
    """Draw how each class divides by published subset."""
    return _by_class(numbers_tables.subsets, tables)


def sources(tables: Tables) -> go.Figure:
    """Draw the classes of each dataset that images come from."""
    return _by_origin(numbers_tables.sources, tables)


def sites(tables: Tables) -> go.Figure:
    """Draw the classes of each hospital or collection."""
    return _by_origin(numbers_tables.sites, tables)


def sizes(tables: Tables) -> go.Figure:
    """Draw the sizes of the images."""
    return explore.plot_image_sizes(recall(numbers_tables.sizes, tables))


def box_sides(tables: Tables) -> go.Figure:
    """Draw on which side boxes lie."""
    return explore.plot_sides(recall(numbers_tables.box_sides, tables))


def box_maps(tables: Tables) -> go.Figure:
    """Draw where boxes lie."""
    return explore.plot_box_maps(eda.map_boxes(recall(numbers_tables.boxes, tables)))


def n_boxes(tables: Tables) -> go.Figure:
    """Draw how many boxes an image has."""
    return explore.plot_boxes_per_image(recall(numbers_tables.n_boxes, tables))


def box_areas(tables: Tables) -> go.Figure:
    """Draw how large boxes are."""
    return explore.plot_box_areas(recall(numbers_tables.box_areas, tables), list_classes(tables))


def _by_class(compute: Callable[[Tables], pd.DataFrame], tables: Tables) -> go.Figure:
    by_class = recall(compute, tables).T
    return explore.plot_shares(by_class[by_class.sum(axis=1) > 0], SUBSETS)


def _by_origin(compute: Callable[[Tables], pd.DataFrame], tables: Tables) -> go.Figure:
    table = recall(compute, tables).head(N_ORIGINS)
    colors = dict.fromkeys(map(str, table.columns), CLASSES[-1])  # of what is no class
    return explore.plot_shares(table, colors | color_classes(list_classes(tables)))
