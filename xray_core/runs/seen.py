"""Images that starting weights were trained or selected on, in all runs behind them.

The `split.parquet` of the earlier runs tells which they were. An image is known again by its file,
by its name within its source, and, where an audit has left digests, by its pixels.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd

from xray_core.catalog import Catalog
from xray_core.datasets import READERS, may_share_images
from xray_core.datasets.across import name_images, name_patients, source_names
from xray_core.errors import DatasetError, RunError, XrayError
from xray_core.preprocess.fingerprints import read_kept
from xray_core.recipes import Recipe
from xray_core.runs.ancestors import NO_FILE, find_ancestors
from xray_core.runs.folder import Run
from xray_core.runs.origin import read_origin
from xray_core.splits.grouping import group_images
from xray_core.workspace import Workspace

STUDY = "study "  # begins the name of a group that is called after a study; see `group_images`
COLUMNS = ("image_id", "path", "group", "subset")  # of a split, which tell what a run has seen
IDENTITY_COLUMNS = ("file", "name", "digest")  # two images with one of these in common are the same


@dataclass(frozen=True)
class Seen:
    """What one earlier run has seen.

    Attributes:
        run: its name.
        images: one row an image of its training and validation set: subset, `IDENTITY_COLUMNS`,
            and patient (the name of its patient or study); <NA> where something is not known.
        sources: of these images; see `across.source_names`.
        signatures: digest -> signature of the pixels, of those that an audit has left.
    """

    run: str
    images: pd.DataFrame
    sources: frozenset[str]
    signatures: pd.Series


@dataclass(frozen=True)
class Past:
    """What starting weights have seen.

    Attributes:
        file: the weights.
        runs: names of the runs that they come from, the last one first.
        seen: what these have seen, as far as it can be read; without those on a dataset that
            holds no image of the new one.
        unknown: why that is not all; sentences.
    """

    file: str
    runs: tuple[str, ...] = ()
    seen: tuple[Seen, ...] = ()
    unknown: tuple[str, ...] = ()


def read_past(recipe: Recipe, workspace: Workspace) -> Past | None:
    """Return what the starting weights of `recipe` have seen; None if they are of no file.

    Args:
        recipe: whose weights, where they are a file, are there.
        workspace: the folders.
    """
    if recipe.weights in NO_FILE:
        return None
    return read_past_of(recipe.weights, recipe.dataset, workspace)


def read_past_of(weights: str, dataset: str, workspace: Workspace) -> Past:
    """Return what the weights in a file have seen of what a dataset may hold.

    Args:
        weights: the file; that of a run's own checkpoint counts the run itself.
        dataset: reader name of the dataset.
        workspace: the folders.
    """
    ancestors = find_ancestors(weights, workspace)
    seen, unknown = [], [ancestors.unknown] if ancestors.unknown else []
    for run in ancestors.runs:
        try:
            if (origin := read_origin(run)) and origin.unchecked:
                unknown.append(f"{run.name}: {origin.words}. {origin.doubt.split('.')[0]}.")
                continue
            before = run.read_recipe()
            if may_share_images(before.dataset, dataset):
                seen.append(_read_seen(run, before, workspace))
        except (XrayError, OSError, ValueError) as error:
            unknown.append(f"What {run.name} was trained on cannot be read: {error}")
    names = tuple(run.name for run in ancestors.runs)
    return Past(weights, names, tuple(seen), tuple(unknown))


def describe_images(catalog: Catalog, workspace: Workspace) -> pd.DataFrame:
    """Return by what the images of a dataset are known again.

    Args:
        catalog: the dataset.
        workspace: the folders, in whose cache an audit may have left digests.

    Returns:
        `IDENTITY_COLUMNS`, patient, study (names as in `Seen.images`) and group (of its patient
        and study within the dataset) of each image; index: image_id.
    """
    images, dataset, root = catalog.images, catalog.source, catalog.root
    files = _locate(root, images["path"])
    table = pd.DataFrame(
        {
            "file": files,
            "name": name_images(images["image_id"], dataset, root),
            "digest": files.map(_map_digests(_read_kept(dataset, root, workspace))),
            "patient": name_patients(images["patient_id"], dataset, root),
            "study": _name_groups(STUDY + images["study_id"], dataset, root),
            "group": group_images(catalog, read_files=False),
        }
    )
    # As objects: `isin` between columns of strings is many times slower.
    return table.astype("object").set_axis(images["image_id"].astype("object"))


def read_tested(run: Run, workspace: Workspace) -> pd.DataFrame:
    """Return by what the images of a run's own test set are known again: `IDENTITY_COLUMNS`.

    Raises:
        XrayError: its recipe, its split or what an audit has left of its dataset is damaged.
    """
    recipe, split = run.read_recipe(), _read_split(run)
    dataset, root = recipe.dataset, Path(recipe.data_folder)
    split = split[split["subset"].astype("string") == "test"].reset_index(drop=True)
    files = _locate(root, split["path"])
    digests = files.map(_map_digests(_read_kept(dataset, root, workspace)))
    names = name_images(split["image_id"], dataset, root)
    table = pd.DataFrame({"file": files, "name": names, "digest": digests})
    return table.astype("object")


def _read_split(run: Run) -> pd.DataFrame:
    split = run.read_split()
    if missing := [column for column in COLUMNS if column not in split]:
        raise RunError(f"its split.parquet has no column {', '.join(missing)}.")
    return split


def _read_seen(run: Run, before: Recipe, workspace: Workspace) -> Seen:
    split, dataset, root = _read_split(run), before.dataset, Path(before.data_folder)
    if before.split.validate_on_test:  # its test set chose its epoch
        split = split.assign(subset=split["subset"].astype("string").replace("test", "validation"))
    split = split[split["subset"].astype("string") != "test"].reset_index(drop=True)
    # A group that bears the name of an image has no patient and no study.
    groups = split["group"].astype("string")
    groups = groups.mask(groups.isin(split["image_id"]))
    files = _locate(root, split["path"])
    kept = _read_kept(dataset, root, workspace)
    images = pd.DataFrame(
        {
            "subset": split["subset"].astype("string"),
            "file": files,
            "name": name_images(split["image_id"], dataset, root),
            "digest": files.map(_map_digests(kept)),
            "patient": _name_groups(groups, dataset, root),
        }
    )
    sources = source_names(split["image_id"], dataset, root)
    signatures = kept.drop_duplicates("digest").set_index("digest")["signature"]
    signatures = signatures[signatures.index.isin(images["digest"])]
    return Seen(run.name, images.astype("object"), frozenset(sources), signatures)


def _name_groups(groups: pd.Series, dataset: str, root: Path) -> pd.Series:
    """Return `name_patients` of names of groups, which may begin with `STUDY`."""
    of_study = groups.str.startswith(STUDY).fillna(False).astype(bool)
    names = name_patients(groups.str.removeprefix(STUDY), dataset, root)
    return names.mask(of_study, STUDY + names)


def _locate(root: Path, paths: pd.Series) -> pd.Series:
    """Return the files with all links followed, <NA> where no path is; none need be there."""
    start = str(root)
    resolve = lru_cache(maxsize=None)(os.path.realpath)  # many files lie in few folders

    def locate(path: str) -> str:
        folder, name = os.path.split(os.path.join(start, path))  # noqa: PTH118 - a Path is slow
        file = f"{resolve(folder)}{os.sep}{name}"
        return os.path.realpath(file) if os.path.islink(file) else file  # noqa: PTH114 - likewise

    return paths.astype("object").map(locate, na_action="ignore")


def _read_kept(dataset: str, root: Path, workspace: Workspace) -> pd.DataFrame:
    """Return file, digest and signature of the images whose pixels an audit has read."""
    roots = [root]
    if list_roots := READERS[dataset].roots:
        with suppress(DatasetError, OSError):  # a member of a union may have gone
            roots = list(dict.fromkeys([root, *list_roots(root)]))
    tables = []
    for folder in roots:
        kept = read_kept(folder, workspace.cache)
        tables.append(kept.assign(file=_locate(folder, kept.index.to_series())))
    return pd.concat(tables, ignore_index=True)


def _map_digests(kept: pd.DataFrame) -> dict[str, str]:
    return dict(zip(kept["file"], kept["digest"], strict=True))
