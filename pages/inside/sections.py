"""The sections of the page Inside, each computed when its tab is open."""

from collections.abc import Callable, Mapping

from pages.inside.where import show_where
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.workspace import Workspace

SECTIONS: Mapping[str, Callable[[Run, Recipe, Workspace], None]] = {
    "Where it looks": show_where,
}
