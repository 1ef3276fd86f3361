"""What the convolutions of a run's network answer to an image, and the first one's filters."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from xray_core.errors import RunError
from xray_core.explain.activations import read_activations, read_filters
from xray_core.explain.images import prepare_images
from xray_core.explain.loaded import load_run
from xray_core.runs import find_run
from xray_core.workspace import Workspace

Progress = Callable[[int, int], None]


def answer_activations(
    workspace: Workspace, arguments: Mapping[str, Any], progress: Progress
) -> dict[str, Any]:
    """Return the strongest maps of every convolution for an image of a run.

    Args:
        workspace: in which the run is.
        arguments: run, a name; image, the id of one of its dataset.
        progress: called with (0, 0): all layers are done at once.

    Returns:
        layers: for each convolution the fields of `LayerMaps`; seen: uint8 (size, size), the image
        as the network sees it.

    Raises:
        RunError: there is no such image, it cannot be read, or the network has no convolution.
    """
    loaded = load_run(find_run(workspace.runs, str(arguments["run"])))
    progress(0, 0)
    image_id = str(arguments["image"])
    prepared = prepare_images(loaded, [image_id], workspace)
    if image_id in prepared.unread:
        raise RunError(f"{image_id} cannot be read: {prepared.unread[image_id]}")
    images = prepared.images
    pixels = images["image"] if isinstance(images, Mapping) else images
    return {
        "layers": [asdict(layer) for layer in read_activations(loaded.model, images)],
        "seen": pixels[0, :, :, 0].astype(np.uint8),
    }


def answer_filters(
    workspace: Workspace, arguments: Mapping[str, Any], progress: Progress
) -> dict[str, Any]:
    """Return the filters of the first convolution of a run's network.

    Args:
        workspace: in which the run is.
        arguments: run, a name.
        progress: not called.

    Returns:
        The fields of `Filters`.

    Raises:
        RunError: the run has no network, or none with a convolution.
    """
    loaded = load_run(find_run(workspace.runs, str(arguments["run"])))
    return asdict(read_filters(loaded.model))
