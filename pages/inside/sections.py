"""The sections of the page Inside, each computed when its tab is open."""

from collections.abc import Callable, Mapping

from pages.inside.map import show_map
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.workspace import Workspace

SECTIONS: Mapping[str, Callable[[Run, Recipe, Workspace], None]] = {
    "Map of images": show_map,
}
