"""The sections of the page Inside, each computed when its tab is open."""

from collections.abc import Callable, Mapping

from pages.inside.layers import show_layers
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.workspace import Workspace

SECTIONS: Mapping[str, Callable[[Run, Recipe, Workspace], None]] = {
    "Layers": show_layers,
}
