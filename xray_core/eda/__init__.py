"""Tables for exploring a catalog, computed from its columns alone.

What needs decoded pixels is in `xray_core.eda.pixels`, which is not imported from here: it
brings scikit-image with it.
"""

from xray_core.eda.boxes import (
    SIDES,
    box_areas,
    boxes_per_image,
    class_boxes,
    count_sides,
    map_boxes,
)
from xray_core.eda.facets import Facet, add_marks, count_facets, find_class, list_facets
from xray_core.eda.images import image_sizes
from xray_core.eda.labels import (
    count_combinations,
    count_labels,
    count_together,
    list_members,
    name_labels,
)
from xray_core.eda.patients import age_histogram, count_per_patient, cross_classes
from xray_core.eda.samples import pick_samples
from xray_core.eda.shares import Imbalance, cross_labels, measure_imbalance, share_subsets
from xray_core.eda.summary import summarise_catalog

__all__ = [
    "SIDES",
    "Facet",
    "Imbalance",
    "add_marks",
    "age_histogram",
    "box_areas",
    "boxes_per_image",
    "class_boxes",
    "count_combinations",
    "count_facets",
    "count_labels",
    "count_per_patient",
    "count_sides",
    "count_together",
    "cross_classes",
    "cross_labels",
    "find_class",
    "image_sizes",
    "list_facets",
    "list_members",
    "map_boxes",
    "measure_imbalance",
    "name_labels",
    "pick_samples",
    "share_subsets",
    "summarise_catalog",
]
