"""Images that heat maps are written of: files of the user's own, or images of a run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.datasets import open_dataset
from xray_core.errors import RecipeError, RunError
from xray_core.evaluation.shown import TEST, shown_subset
from xray_core.explain.batches import Images
from xray_core.explain.loaded import LoadedRun
from xray_core.preprocess.images import read_preprocessed
from xray_core.preprocess.lung_places import find_lung_places
from xray_core.preprocess.regions import LungPlace
from xray_core.runs import Run
from xray_core.training.tabular import read_columns, table_of
from xray_core.workspace import Workspace

TRAINING = "training"


@dataclass(frozen=True, eq=False)
class Sources:
    """Images that a network is asked about.

    Attributes:
        names: of each, as the table of results has it: its id, or the path as it was given.
        paths: its file.
        tabular: float32 (n, n_features), what is known beside them; None where the network takes
            the image alone.
        lungs: of each image where they are, or why that is not known; None where the network's
            preprocessing does not ask.
    """

    names: list[str]
    paths: list[Path]
    tabular: NDArray[np.float32] | None
    lungs: Sequence[LungPlace] | None = None

    def cut(self, part: slice) -> "Sources":
        """Return some of them."""
        return Sources(
            self.names[part],
            self.paths[part],
            None if self.tabular is None else self.tabular[part],
            None if self.lungs is None else self.lungs[part],
        )


def find_files(loaded: LoadedRun, paths: Sequence[Path], given: Mapping[str, str]) -> Sources:
    """Return image files of the user's own.

    Args:
        loaded: the run.
        paths: of the files.
        given: tabular column -> value, known of all of them; see `training.predict`.

    Raises:
        RecipeError: a value was given that the network cannot take.
    """
    tabular = None
    if loaded.recipe.tabular:
        columns = read_columns(loaded.run)
        tabular = np.repeat(columns.encode(table_of(columns, given)), len(paths), axis=0)
    elif given:
        raise RecipeError(
            f"{', '.join(given)} was given, but the network of {loaded.run.read_nickname()} takes "
            "the image alone. Leave it out."
        )
    return Sources([str(path) for path in paths], list(paths), tabular)


def find_images(loaded: LoadedRun, image_ids: Sequence[str], workspace: Workspace) -> Sources:
    """Return images of a run's dataset.

    Raises:
        RunError: an image is none of the run's, or of its test set while that is closed.
        XrayError: the dataset is gone.
    """
    run, root = loaded.run, Path(loaded.recipe.data_folder)
    split = run.read_split().set_index("image_id")
    if strange := [name for name in image_ids if name not in split.index]:
        raise RunError(f"{strange[0]} is no image of {run.read_nickname()}.")
    rows = split.loc[list(image_ids)]
    if (rows["subset"] == TEST).any():
        check_open(run, workspace)
    tabular, lungs, spec = None, None, loaded.recipe.preprocess
    if loaded.recipe.tabular or spec.needs_lungs:
        catalog = open_dataset(root, workspace.cache)
        lungs = find_lung_places(spec, catalog, list(image_ids), workspace.cache)
        if loaded.recipe.tabular:
            table = catalog.images.set_index("image_id")
            tabular = read_columns(run).encode(table.loc[list(image_ids)])
    return Sources(list(image_ids), [root / path for path in rows["path"]], tabular, lungs)


def list_ids(run: Run, subset: str, n: int, workspace: Workspace) -> list[str]:
    """Return the first `n` images of a subset that have a prediction; 0 for all.

    Raises:
        RunError: there are none, or it is the test set and closed.
    """
    if subset == TEST:
        check_open(run, workspace)
    rows: pd.DataFrame | None = run.read_predictions()
    if subset == TRAINING:  # some of them lie in a file of their own
        rows = run.read_training_predictions()
    if rows is None:
        raise RunError(f"{run.read_nickname()} kept no predictions of training images.")
    there = (rows["subset"] == subset) & rows["predicted"].notna()
    ids = rows.loc[there, "image_id"].drop_duplicates()
    if ids.empty:
        raise RunError(f"No image of a {subset} set of {run.read_nickname()} has a prediction.")
    return [str(name) for name in ids[: n or None]]


def check_open(run: Run, workspace: Workspace) -> None:
    """Raise RunError while the test set of a run is closed."""
    if shown_subset(run, workspace) != TEST:
        raise RunError(
            f"The test set of {run.read_nickname()} is closed: what a network does with its images "
            f"would choose for you. Take the validation set, or open it by `xray open {run.name}`."
        )


def read_one(loaded: LoadedRun, sources: Sources) -> Images:
    """Return the one image of `sources` as a network takes it.

    Raises:
        ImageError: it cannot be read.
    """
    lungs = None if sources.lungs is None else sources.lungs[0]
    pixels = read_preprocessed(sources.paths[0], loaded.recipe.preprocess, lungs)
    image = pixels[np.newaxis, :, :, np.newaxis].astype(np.float32)
    return image if sources.tabular is None else {"image": image, "tabular": sources.tabular}
