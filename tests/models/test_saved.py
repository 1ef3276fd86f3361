"""Saved networks of strangers: what no network here has is refused before Keras opens the file."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import pytest

from xray_core.errors import RecipeError
from xray_core.models import build_model
from xray_core.models.saved import CONFIG, WEIGHTS, check_weights_file, load_saved_model

Members = dict[str, bytes]


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Members:
    path = tmp_path_factory.mktemp("saved") / "best.keras"
    build_model("demo_cnn", 2, 32).save(path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def change_config(members: Members, change: Callable[[dict[str, Any]], None]) -> Members:
    config = json.loads(members[CONFIG])
    dense = config["config"]["layers"][-1]
    change(dense)
    return members | {CONFIG: json.dumps(config).encode()}


def of_dense(name: str, value: Any) -> Callable[[Members], Members]:
    return lambda members: change_config(
        members, lambda dense: dense["config"].update({name: value})
    )


def of_layer(**entries: Any) -> Callable[[Members], Members]:
    return lambda members: change_config(members, lambda dense: dense.update(entries))


def build_weights(write: Callable[[Any], None]) -> bytes:
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        write(file)
    return content.getvalue()


def write_zeros(file: Any) -> None:
    file.create_dataset("w", (2**36,), "f4", chunks=(2**20,), compression="gzip")


def write_link(file: Any) -> None:
    file.create_dataset("w", (9,), "f4", external=[("/etc/hostname", 0, 36)])


HOSTILE: dict[str, tuple[Callable[[Members], Members], str]] = {
    "assets": (lambda m: m | {"assets/../../x": b"x"}, "holds 'assets/../../x'"),
    "pickled weights": (lambda m: m | {"model.weights.npz": b"x"}, "holds 'model.weights.npz'"),
    "no description": (lambda m: {WEIGHTS: m[WEIGHTS]}, "lacks config.json"),
    "deep": (lambda m: m | {CONFIG: b"[" * 100_000}, "levels"),
    "a bomb": (lambda m: m | {CONFIG: b" " * 10**8}, "unpacks to 100 MB"),
    "no network": (lambda m: m | {CONFIG: b'{"class_name": "Popen"}'}, "of no network"),
    "units": (of_dense("units", 2**40), "the number 1,099,511,627,776"),
    "more units than weights": (of_dense("units", 2**20), "while the file holds"),
    "a function": (
        of_dense("activation", {"module": "builtins", "class_name": "eval"}),
        "name 'builtins.eval'",
    ),
    "code": (of_layer(class_name="Lambda"), "a layer keras.layers.Lambda"),
    "another module": (of_layer(module="subprocess", class_name="Dense"), "a layer subprocess"),
    "no input": (of_layer(build_config=None), "does not say its input"),
    "zeros": (lambda m: m | {WEIGHTS: build_weights(write_zeros)}, "its weights unpack to"),
    "another file": (lambda m: m | {WEIGHTS: build_weights(write_link)}, "lie in another file"),
    "cut": (lambda m: m | {WEIGHTS: m[WEIGHTS][:999]}, ""),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_no_network_here_has_is_refused_in_words(
    kind: str, members: Members, tmp_path: Path
) -> None:
    change, words = HOSTILE[kind]
    path = tmp_path / "hostile.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in change(members).items():
            archive.writestr(name, content)

    with pytest.raises(RecipeError, match=f"cannot be read as a saved model: .*{words}"):
        load_saved_model(path)

    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("write", [write_zeros, write_link])
def test_a_file_of_weights_that_is_more_than_it_is_large_is_refused(
    write: Callable[[Any], None], tmp_path: Path
) -> None:
    path = tmp_path / "w.h5"
    path.write_bytes(build_weights(write))

    with pytest.raises(ValueError, match="its weights"):
        check_weights_file(path)
