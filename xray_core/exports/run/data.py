"""The dataset of a run that came from elsewhere: which one here it is, and how much of it is here.

An export lists the images of the run's split with the size of each file, and of some the SHA-256:
the images themselves stay where they are, so the other machine must have the dataset, too.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pandas as pd

from xray_core.datasets import find_dataset, open_dataset
from xray_core.errors import DatasetError, RunError, XrayError
from xray_core.exports.run.material import Material
from xray_core.paths import find_allowed
from xray_core.recipes import Recipe
from xray_core.registry import list_datasets
from xray_core.workspace import Workspace

INVENTORY = "images.csv"
COLUMNS = ("image_id", "path", "bytes", "sha256")
N_DIGESTS = 200  # images whose content is compared, evenly drawn; all of them would take minutes


@dataclass(frozen=True)
class FoundData:
    """A dataset here, compared with what a run was trained on.

    Attributes:
        folder: its root; None where none was found.
        n_images: of the run's split.
        n_there: of them that the dataset here has.
        n_other: of those there, whose file is another one: of another size or content.
    """

    folder: Path | None
    n_images: int
    n_there: int = 0
    n_other: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether a training can go on as if it had never moved."""
        return self.folder is not None and self.n_there == self.n_images and not self.n_other

    def describe(self, asked: str) -> str:
        """Return in a sentence what was found of the dataset that was called `asked`."""
        if self.folder is None:
            return (
                f"No dataset of this workspace has the {self.n_images:,} images of {asked}. The "
                "run can be looked at. To go on with it, add the dataset and import the run again "
                "with it."
            )
        words = f"{self.n_there:,} of {self.n_images:,} images are in {self.folder}."
        if self.n_other:
            words += f" {self.n_other:,} of them are other files than those it was trained on."
        if not self.is_whole:
            words += " A training that goes on would not be the same; one that is done can be used."
        return words


def describe_images(material: Material) -> bytes | None:
    """Return the images of a run's split as CSV, `COLUMNS`; None where the run has no split yet.

    What is not in the dataset's folder any more has neither size nor SHA-256.
    """
    try:
        split = material.run.read_split()
    except RunError:
        return None
    root = Path(material.recipe.data_folder)
    table = split[["image_id", "path"]].copy()
    table["bytes"] = [_size_of(root / str(path)) for path in table["path"]]
    table["bytes"] = table["bytes"].astype("Int64")
    digests = [""] * len(table)
    for row in _draw_rows(len(table)):
        with suppress(OSError):
            digests[row] = _hash_file(root / str(table["path"].iloc[row]))
    table["sha256"] = digests
    return table.to_csv(index=False).encode()


def find_data(
    recipe: Recipe, name: str, split: pd.DataFrame, inventory: bytes, workspace: Workspace
) -> FoundData:
    """Return the dataset of this workspace that has all images of a split; that of its name first.

    Args:
        recipe: of the run.
        name: of the folder of its dataset, where it was trained.
        split: of the run.
        inventory: as `describe_images` wrote it; empty for none.
        workspace: the folders.
    """
    known = list_datasets(workspace)
    roots = sorted(known.items(), key=lambda item: (name not in (item[0], item[1].name), item[0]))
    for _, root in roots:
        try:
            if find_dataset(root)[0] != recipe.dataset:
                continue
            compared = compare_data(recipe, root, split, inventory, workspace)
        except (XrayError, OSError, ValueError):
            continue  # a dataset that cannot be read is not that of the run
        if compared.n_there == compared.n_images:
            return compared
    return FoundData(None, len(split))


def compare_data(
    recipe: Recipe, folder: Path, split: pd.DataFrame, inventory: bytes, workspace: Workspace
) -> FoundData:
    """Return how much of a split lies in a folder.

    Raises:
        DatasetError: it is no dataset, another one than the recipe's, or has none of the images.
    """
    reader, root = find_dataset(find_allowed(folder))
    if reader != recipe.dataset:
        raise DatasetError(
            f"{folder} is read as {reader!r}, but the run was trained on {recipe.dataset!r}. Name "
            "the folder of that dataset."
        )
    images = open_dataset(root, workspace.cache).present
    paths = dict(zip(images["image_id"], images["path"], strict=True))
    # By the dataset's own paths alone: those of an archive could lead anywhere.
    there = {
        str(image_id): root / str(path)
        for image_id, path in zip(split["image_id"], split["path"], strict=True)
        if paths.get(image_id) == path
    }
    if not there:
        raise DatasetError(
            f"{folder} has none of the {len(split):,} images of the run's split. Name the dataset "
            "that it was trained on."
        )
    n_other = sum(_list_others(there, inventory))
    return FoundData(root, len(split), len(there), n_other)


def _list_others(there: Mapping[str, Path], inventory: bytes) -> Iterator[bool]:
    """Yield of each listed image that is there whether its file is another one."""
    if not inventory:
        return
    table = pd.read_csv(BytesIO(inventory), dtype=str, keep_default_na=False)
    if not set(COLUMNS) <= set(table.columns):
        raise RunError(f"{INVENTORY} lacks columns: it has {', '.join(table.columns)}.")
    for image_id, _, size, digest in table[list(COLUMNS)].itertuples(index=False):
        if image_id in there and size:
            path = there[image_id]
            yield str(_size_of(path)) != size or bool(digest and _hash_file(path) != digest)


def _draw_rows(n: int) -> list[int]:
    step = max(1, n // N_DIGESTS)
    return list(range(0, n, step))[:N_DIGESTS]


def _size_of(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except (OSError, ValueError):
        return None


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
