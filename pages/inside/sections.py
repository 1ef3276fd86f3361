"""The sections of the page Inside, each computed when its tab is open."""

from collections.abc import Callable, Mapping

from pages.inside.doubt import show_doubt
from pages.inside.layers import show_layers
from pages.inside.leaks import show_leaks
from pages.inside.map import show_map
from pages.inside.shortcuts import show_shortcuts
from pages.inside.where import show_where
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.workspace import Workspace

SECTIONS: Mapping[str, Callable[[Run, Recipe, Workspace], None]] = {
    "Where it looks": show_where,
    "Layers": show_layers,
    "Map of images": show_map,
    "Shortcuts": show_shortcuts,
    "Leaks": show_leaks,
    "Label doubt": show_doubt,
}
