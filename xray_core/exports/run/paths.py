"""No path of this machine leaves it: what a run's files say of places is cut to what others need.

/home/ann/xrays/chest_xray                                      chest_xray
/home/ann/lab/workspace/runs/NAME/checkpoints/best.keras        workspace/runs/NAME/…
/home/ann/anything                                              ~/anything
/data/weights.h5, which the training began with                 weights.h5
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from xray_core.recipes import Recipe
from xray_core.typed_paths import is_full_path, name_folder
from xray_core.workspace import Workspace

WORKSPACE, HOME = "workspace", "~"
# What the checkpoint of another run is called in a recipe that left its workspace.
OF_RUN = re.compile(rf"{WORKSPACE}/runs/([^/\\]+)/checkpoints/best\.keras")


def list_places(recipe: Recipe, workspace: Workspace, others: Sequence[str] = ()) -> dict[str, str]:
    """Return each path that is hidden -> what stands in its place, the longest first.

    Args:
        recipe: of the run; its dataset and its file of weights are hidden.
        workspace: the folders.
        others: more folders and files of this machine that the run's files name.
    """
    home = str(Path.home())
    folder = recipe.data_folder
    own = [folder, _follow(folder), *_list_weights(recipe, workspace), *others]
    places = {
        **{path: name_folder(path) for path in own},
        str(workspace.folder): WORKSPACE,
        str(workspace.folder.resolve()): WORKSPACE,
        # Of a system's own user it is "/" or "/root"; the former would hide nothing but slashes.
        home if len(home) > 1 else "": HOME,
    }
    known = [path for path in places if path]
    return {path: places[path] for path in sorted(known, key=len, reverse=True)}


def hide_places(value: Any, places: Mapping[str, str]) -> Any:
    """Return plain data, or a text, with all paths cut; see `list_places`."""
    if isinstance(value, str):
        for path, name in places.items():
            # Not within a longer name: "/data/chest" is no part of "/data/chest_2".
            value = name.join(re.split(rf"{re.escape(path)}(?![\w-])", value))
        return value
    if isinstance(value, Mapping):
        return {name: hide_places(item, places) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [hide_places(item, places) for item in value]
    return value


def hide_in_recipe(recipe: Recipe, workspace: Workspace) -> dict[str, Any]:
    """Return a recipe as plain data without paths; of a file of weights only its name is left."""
    fields = hide_places(asdict(recipe), list_places(recipe, workspace))
    fields["weights"] = _cut_file(fields["weights"])
    if "weights" in fields["changes"]:
        fields["changes"]["weights"] = _cut_file(str(fields["changes"]["weights"]))
    return dict(fields)


def format_recipe(recipe: Recipe, workspace: Workspace) -> str:
    """Return what `hide_in_recipe` does, as indented JSON."""
    return json.dumps(hide_in_recipe(recipe, workspace), indent=2, ensure_ascii=False)


def _follow(folder: str) -> str:
    """Return a path with its links followed, as the log of openings names it."""
    return str(Path(folder).resolve()) if folder else ""


def _list_weights(recipe: Recipe, workspace: Workspace) -> list[str]:
    """Return the paths of the files of weights that a recipe names; not of a run's here.

    Such a one is found again by its run's name where the workspace comes along.
    """
    runs = (str(workspace.runs), str(workspace.runs.resolve()))
    named = (recipe.weights, str(recipe.changes.get("weights", "")))
    return [path for path in named if is_full_path(path) and not path.startswith(runs)]


def _cut_file(weights: str) -> str:
    if OF_RUN.fullmatch(weights):
        return weights
    return name_folder(weights) if is_full_path(weights) else weights
