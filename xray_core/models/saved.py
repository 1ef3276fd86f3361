"""Saved models and files of weights that nobody vouches for, checked before Keras opens them.

A `.keras` file is a zip archive of a description of the network and an HDF5 file of its weights.
Either may hold what no network of ours needs: code, the name of a function to call, a layer of a
trillion units, gigabytes of zeros in a few kilobytes. So only layers that our networks are made of
are read, and what the description asks memory for must lie in the file as weights.

Format: https://keras.io/api/models/model_saving_apis/model_saving_and_loading/
"""

import io
import math
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import h5py
import keras

from xray_core.errors import RecipeError
from xray_core.files import format_bytes, parse_json
from xray_core.paths import open_file

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
MEMBERS = (CONFIG, WEIGHTS, "metadata.json")
MAX_CONFIG_BYTES = 8 * 2**20  # of the description; that of the largest network has 0.4 MB
ALWAYS_ALLOWED_BYTES = 16 * 2**20  # that weights may unpack to
MAX_RATIO = 10  # times its size that a file may unpack to; weights hardly shrink
MAX_NUMBER = 2**24  # in the description of a layer: filters, units, px
MODELS_OF = ("Functional", "Sequential")
# Layers without weights.
PLAIN = (
    *("Activation", "Add", "AveragePooling2D", "Concatenate", "Cropping2D", "Dropout", "Flatten"),
    *("GlobalAveragePooling2D", "GlobalMaxPooling2D", "Identity", "InputLayer", "MaxPooling2D"),
    *("Multiply", "ReLU", "Rescaling", "Reshape", "Softmax", "UpSampling2D", "ZeroPadding2D"),
)
# What stands within the description of a layer, and is none.
BESIDE = ("DTypePolicy", "__keras_tensor__")
MODULES = ("keras.initializers", "keras.regularizers", "keras.constraints")

Config = Mapping[str, Any]


def load_saved_model(path: Path) -> Any:
    """Return the network in a `.keras` file, with its weights, not compiled.

    Raises:
        RecipeError: it is no saved model, is damaged, or holds what no network of ours does; no
            code of it is run, and nothing is written or fetched.
    """
    try:
        _check_saved_model(path)
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except MemoryError:
        raise  # it says nothing about the file
    except Exception as error:  # of damaged bytes, or of layers that do not fit each other
        reason = (str(error).splitlines() or [""])[0] or type(error).__name__
        reason = reason.rstrip(".")
        raise RecipeError(f"{path} cannot be read as a saved model: {reason}.") from error


def check_weights_file(path: Path) -> None:
    """Refuse an HDF5 file whose weights are not in it as they are, before they are read.

    Raises:
        ValueError: it is damaged, unpacks to far more than its size, or leads to other files.
        OSError: it cannot be read.
        DatasetError: it lies where this app may not read.
    """
    with open_file(path) as file:
        _count_weights(file, path.stat().st_size)


def _check_saved_model(path: Path) -> None:
    with open_file(path) as file, zipfile.ZipFile(file) as archive:
        members = {info.filename: info for info in archive.infolist()}
        if strange := [name for name in members if name not in MEMBERS]:
            raise ValueError(f"it holds {strange[0][:80]!r}, which no model here has")
        if missing := [name for name in (CONFIG, WEIGHTS) if name not in members]:
            raise ValueError(f"it lacks {missing[0]}")
        limits = {WEIGHTS: max(ALWAYS_ALLOWED_BYTES, MAX_RATIO * path.stat().st_size)}
        for name, info in members.items():
            if info.file_size > limits.get(name, MAX_CONFIG_BYTES):
                raise ValueError(f"its {name} unpacks to {format_bytes(info.file_size)}")
        config = parse_json(archive.read(CONFIG))
        n_bytes = members[WEIGHTS].file_size
        with archive.open(WEIGHTS) as weights:
            n_stored = _count_weights(io.BytesIO(weights.read()), n_bytes)
    n_built = sum(_count_built(layer) for layer in _list_layers(config))
    if n_built > n_stored:
        raise ValueError(
            f"its layers have {n_built:,} weights, while the file holds {n_stored:,} numbers"
        )


def _count_weights(file: BinaryIO, n_bytes: int) -> int:
    """Return how many numbers an HDF5 file of `n_bytes` holds. Raises ValueError."""
    counts: list[int] = []
    size = 0

    def look(name: str, item: Any) -> None:
        nonlocal size
        if not isinstance(item, h5py.Dataset):
            return
        if item.external or item.is_virtual:
            raise ValueError(f"its weights {name[:80]!r} lie in another file")
        counts.append(item.size or 0)
        size += counts[-1] * item.dtype.itemsize
        if size > max(ALWAYS_ALLOWED_BYTES, MAX_RATIO * n_bytes):
            raise ValueError(f"its weights unpack to more than {format_bytes(size)}")

    with h5py.File(file, "r") as stored:
        stored.visititems(look)  # follows no link into another file
    return sum(counts)


def _list_layers(config: Any) -> Iterator[Config]:
    """Yield the layers of a description, those of networks in it too. Raises ValueError."""
    if not isinstance(config, dict) or config.get("class_name") not in MODELS_OF:
        raise ValueError("its description is of no network")
    inner = config.get("config")
    layers = inner.get("layers") if isinstance(inner, dict) else None
    if not isinstance(layers, list):
        raise ValueError("its description lists no layers")
    for layer in layers:
        if isinstance(layer, dict) and layer.get("class_name") in MODELS_OF:
            yield from _list_layers(layer)
        else:
            _check_layer(layer)
            yield layer


def _check_layer(layer: Any) -> None:
    """Refuse a layer that no network of ours has, or with a number beyond all of them."""
    if not isinstance(layer, dict) or not isinstance(layer.get("config"), dict):
        raise ValueError("its description has a layer that is none")
    kind, module = str(layer.get("class_name")), str(layer.get("module"))
    if kind not in (*PLAIN, *COUNTED) or not module.startswith("keras."):
        raise ValueError(f"it has a layer {module[:40]}.{kind[:40]}, which no network here has")
    for name, value in layer["config"].items():
        _check_value(name, value)


def _check_value(name: str, value: Any) -> None:
    """Refuse an object that is no initializer or the like, and a number that is too large."""
    if isinstance(value, dict):
        if "class_name" not in value:
            raise ValueError(f"its layers hold a {name[:40]} that is no setting")
        of_keras = value.get("module") in MODULES and value.get("registered_name") is None
        if value["class_name"] not in BESIDE and not of_keras:
            what = f"{value.get('module')}.{value['class_name']}"[:80]
            raise ValueError(f"its layers name {what!r} as {name[:40]}")
    elif isinstance(value, list):
        for item in value:
            _check_value(name, item)
    elif isinstance(value, int) and abs(value) > MAX_NUMBER and name != "seed":
        raise ValueError(f"its layers have the number {value:,} as {name[:40]}")


def _count_built(layer: Config) -> int:
    """Return how many weights Keras makes for a layer, at least one dimension of which is said."""
    if layer["class_name"] in PLAIN:
        return 0
    built, config = layer.get("build_config"), layer["config"]
    shape = built.get("input_shape") if isinstance(built, dict) else None
    if not isinstance(shape, list) or not shape or not all(map(_is_side, shape[1:])):
        raise ValueError(f"its layer {str(config.get('name'))[:40]!r} does not say its input")
    try:
        return int(COUNTED[layer["class_name"]](config, shape))
    except (KeyError, TypeError, IndexError, OverflowError) as error:
        name = str(config.get("name"))[:40]
        raise ValueError(f"its layer {name!r} is incomplete: {error!r}") from error


def _is_side(value: Any) -> bool:
    return value is None or (type(value) is int and 0 < value <= MAX_NUMBER)


def _count_kernel(config: Config) -> int:
    """Return the px of a kernel."""
    sides = config["kernel_size"]
    return math.prod(sides) if isinstance(sides, list) else int(sides) ** 2


def _count_axes(config: Config, shape: Sequence[int]) -> int:
    axes = config["axis"]
    return math.prod(shape[axis] for axis in (axes if isinstance(axes, list) else [axes]))


# Class -> weights of a layer, from its settings and the shape of its input, channels last.
COUNTED: dict[str, Callable[[Config, Sequence[int]], int]] = {
    "Dense": lambda config, shape: shape[-1] * config["units"],
    "Conv2D": lambda config, shape: (
        _count_kernel(config) * shape[-1] * config["filters"] // config["groups"]
    ),
    "DepthwiseConv2D": lambda config, shape: (
        _count_kernel(config) * shape[-1] * config["depth_multiplier"]
    ),
    "SeparableConv2D": lambda config, shape: (
        (_count_kernel(config) + config["filters"]) * shape[-1] * config["depth_multiplier"]
    ),
    "BatchNormalization": lambda config, shape: 2 * _count_axes(config, shape),
    "LayerNormalization": _count_axes,
    "Normalization": _count_axes,
    "LayerScale": lambda config, shape: config["projection_dim"],
}
