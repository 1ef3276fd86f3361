"""Over random trees of folders, no image is ever lost: it is in the catalog or in a remark."""

import os
import random
from pathlib import Path

import pytest

from tests.datasets.known_fakes import ALL_FAKES as FAKES
from xray_core.catalog import Catalog
from xray_core.datasets import READERS, open_dataset
from xray_core.datasets.known import KNOWN
from xray_core.errors import DatasetError
from xray_core.imagefiles.images import is_image_name
from xray_core.imagefiles.raw_jsrt import is_jsrt

FOLDERS = (
    *("train", "Test Set", "val", "images", "images_002", "masks", "lung masks", "0", "1"),
    *("covid", "COVID", "normal", "Neumon\u00eda", "Neumoni\u0301a", "patient001", "study1"),
    *("ward 3", "NORMAL", "PNEUMONIA", "new data", "__MACOSX", "chest_xray", "Normal", "copies"),
)
FILES = ("a.png", "b.jpg", "a_mask.png", "IM-0115-0001.jpeg", "00000001_000.png", "COVID-1.png")
OTHERS = ("notes.txt", "Thumbs.db", "._a.png", "raw.IMG", "table.csv")
N_TREES = 25
UNIONS = ("siim_radiography", "union")
# Remarks on cells, which name no file.
ON_CELLS = (
    *("unclear_cell", "other_spelling", "nameless_row", "uncertain_finding", "blank_finding"),
    *("unclear_label", "odd_table", "missing_word"),
)


def grow(folder: Path, rng: random.Random, n_files: int) -> None:
    """Scatter empty files over random folders below `folder`, and a link or two."""
    for _ in range(n_files):
        place = folder.joinpath(*rng.choices(FOLDERS, k=rng.randint(0, 3)))
        place.mkdir(parents=True, exist_ok=True)
        name = rng.choice(FILES if rng.random() < 0.8 else OTHERS)
        path = place / (f"{rng.randint(0, 3)}{name}" if rng.random() < 0.5 else name)
        if not path.exists():
            path.touch()
    if rng.random() < 0.5:
        (folder / "lost.png").symlink_to(folder / "nowhere.png")


def list_images(folder: Path) -> set[str]:
    """Return the image files below a folder, and links that are called so, but hidden ones."""
    files = (Path(top, name) for top, _, names in os.walk(folder) for name in names)
    paths = (path.relative_to(folder).as_posix() for path in files)
    return {path for path in paths if is_image_name(path) or is_jsrt(folder / path)}


def check_accounts(catalog: Catalog) -> None:
    """Assert that each image is held or named, and that each remark names all that it counts."""
    held = {*catalog.images["path"].dropna(), *catalog.masks["path"].dropna()}
    left = list_images(catalog.root) - held
    assert left <= set(catalog.noted["name"])
    assert held <= list_images(catalog.root)
    named = catalog.noted["kind"].value_counts()
    for remark in catalog.remarks:
        if remark.kind not in ON_CELLS:
            assert named.get(remark.kind, 0) >= min(remark.count, 1), remark


@pytest.mark.parametrize("name", READERS)
def test_no_image_is_lost_from_a_random_tree(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XRAY_HOME", str(tmp_path / "home"))
    n_read = 0
    n_trees = N_TREES if READERS[name].generic else 1 if name in KNOWN else 3
    for seed in range(n_trees):
        rng = random.Random(f"{name} {seed}")
        folder = tmp_path / f"tree{seed}"
        if not READERS[name].generic:
            FAKES[name](folder)
        if name not in UNIONS:  # whose members lie elsewhere
            grow(folder, rng, rng.randint(3, 25))
        try:
            catalog = open_dataset(folder, tmp_path / "cache", reader=name)
        except DatasetError:
            assert READERS[name].generic  # nothing labels such a tree
            continue
        n_read += 1
        if name not in UNIONS:
            check_accounts(catalog)
    assert n_read >= (N_TREES // 3 if READERS[name].generic else n_trees)
