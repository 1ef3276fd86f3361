"""Label views: named regroupings of a dataset's published findings into classes.

A catalog keeps findings exactly as the authors published them. A label view says which
findings make up which class, so one catalog serves many tasks and a recipe names its
task in one word. Views are data: to add one, add an entry to `views.LABEL_VIEWS`.
"""

from xray_core.labels.encode import (
    class_of,
    encode_catalog,
    encode_labels,
    finer_labels,
    list_classes,
)
from xray_core.labels.view import SEPARATOR, LabelView
from xray_core.labels.views import LABEL_VIEWS, find_view, views_of

__all__ = [
    "LABEL_VIEWS",
    "SEPARATOR",
    "LabelView",
    "class_of",
    "encode_catalog",
    "encode_labels",
    "find_view",
    "finer_labels",
    "list_classes",
    "views_of",
]
