"""Figures about a whole dataset, from the tables of `xray_core.eda`.

`stills` draws with seaborn and is not imported from here, for seaborn takes seconds to load.
"""

from xray_core.figures.explore.boxes import (
    plot_box_areas,
    plot_box_maps,
    plot_boxes_per_image,
    plot_sides,
)
from xray_core.figures.explore.images import plot_difference, plot_image_sizes
from xray_core.figures.explore.labels import (
    plot_label_counts,
    plot_sets,
    plot_states,
    plot_together,
)
from xray_core.figures.explore.patients import plot_ages, plot_per_patient, plot_shares

__all__ = [
    "plot_ages",
    "plot_box_areas",
    "plot_box_maps",
    "plot_boxes_per_image",
    "plot_difference",
    "plot_image_sizes",
    "plot_label_counts",
    "plot_per_patient",
    "plot_sets",
    "plot_shares",
    "plot_sides",
    "plot_states",
    "plot_together",
]
