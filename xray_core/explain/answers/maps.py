"""Heat maps of images of a run, each computed once and then kept in the workspace's cache."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xray_core.errors import RunError
from xray_core.explain.gradcam import METHODS, map_images
from xray_core.explain.images import prepare_images
from xray_core.explain.loaded import check_classes, load_run
from xray_core.files import replaced_file, stamp_file
from xray_core.recipes import Recipe
from xray_core.runs import Run, find_run
from xray_core.runs.explained import read_array
from xray_core.workspace import Workspace

PREDICTED, TRUE = "predicted", "true"  # which class a map is of, beside the name of one
MOST = 200  # images that can be asked for at once


def answer_maps(
    workspace: Workspace, arguments: Mapping[str, Any], progress: Callable[[int, int], None]
) -> dict[str, Any]:
    """Return the heat maps of images of a run.

    Args:
        workspace: where they are kept.
        arguments: run, a name; images, ids of its dataset, at most `MOST`; method, one of
            `METHODS`; target, `PREDICTED`, `TRUE` or the name of a class.
        progress: called with (images done, of how many).

    Returns:
        images: ids of those that could be read, in their order; targets: the class of each map;
        maps: uint8 (n, height, width), 255 for the hottest point of an image; unread: image_id ->
        why there is none.

    Raises:
        RunError: see `prepare_images` and `name_targets`.
    """
    run = find_run(workspace.runs, str(arguments["run"]))
    check_classes(run)
    method = str(arguments["method"])
    if method not in METHODS:
        raise RunError(f"{method!r} is no kind of heat map. Choose one of: {', '.join(METHODS)}.")
    ids = [str(name) for name in arguments["images"]]
    if len(ids) > MOST:
        raise RunError(f"{len(ids):,} heat maps were asked for at once; at most {MOST} are made.")
    recipe = run.read_recipe()
    targets = dict(zip(ids, name_targets(run, recipe, ids, str(arguments["target"])), strict=True))
    folder = (
        workspace.cache / "maps" / f"{run.name}-{_digest(stamp_file(str(run.best_checkpoint)))}"
    )
    files = {name: folder / f"{_digest([name, method, targets[name]])}.npy" for name in ids}
    kept = {name: values for name in ids if (values := _read(files[name])) is not None}
    missing = [name for name in ids if name not in kept]
    unread: dict[str, str] = {}
    if missing:
        loaded = load_run(run)
        prepared = prepare_images(loaded, missing, workspace)
        places = [recipe.class_names.index(targets[name]) for name in prepared.ids]
        maps = map_images(loaded.model, prepared.images, np.array(places), method, progress)
        unread = prepared.unread
        folder.mkdir(parents=True, exist_ok=True)
        for name, values in zip(prepared.ids, np.rint(maps * 255).astype(np.uint8), strict=True):
            kept[name] = values
            with replaced_file(files[name]) as partial, partial.open("wb") as file:
                np.save(file, values)
    there = [name for name in ids if name in kept]
    empty = np.zeros((0, 1, 1), np.uint8)
    return {
        "images": there,
        "targets": [targets[name] for name in there],
        "maps": np.stack([kept[name] for name in there]) if there else empty,
        "unread": unread,
    }


def name_targets(run: Run, recipe: Recipe, ids: Sequence[str], target: str) -> list[str]:
    """Return the class that the map of each image is of.

    Raises:
        RunError: there is no such class, or an image has no prediction.
    """
    classes = list(recipe.class_names)
    if target in classes:
        return [target] * len(ids)
    if target not in (PREDICTED, TRUE) or recipe.multilabel:
        raise RunError(f"{target!r} is no class of this run. Choose one of: {', '.join(classes)}.")
    column = "predicted" if target == PREDICTED else "actual"
    said = run.read_predictions().dropna(subset=[column]).set_index("image_id")[column]
    if absent := [name for name in ids if name not in said.index]:
        raise RunError(f"{absent[0]} has no prediction by {run.read_nickname()}.")
    return [str(name) for name in said.loc[list(ids)]]


def _digest(values: object) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:20]


def _read(file: Path) -> NDArray[np.uint8] | None:
    """Return a map that was kept; None where there is none, or a damaged one: it is made anew."""
    try:
        values = read_array(file)
    except (OSError, ValueError):
        return None
    return values if values.ndim == 2 and values.dtype == np.uint8 else None
