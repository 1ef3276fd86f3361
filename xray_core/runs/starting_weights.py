"""Leak check of starting weights: whether they have seen what is tested now.

Weights of an earlier run know the images that it was trained on, and its validation images chose
their epoch; so do the weights that it began with itself. If one of these images, or another one of
the same patient, is in the new test set, the result is too good.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from xray_core.catalog import Catalog
from xray_core.datasets.across import source_names
from xray_core.errors import RecipeError, RunError
from xray_core.files import read_json
from xray_core.recipes import Recipe
from xray_core.runs.folder import Run
from xray_core.runs.seen import IDENTITY_COLUMNS, Past, Seen, describe_images
from xray_core.splits import SUBSETS
from xray_core.typed_paths import name_weights
from xray_core.workspace import Workspace

WAY_OUT = "or, to see what a leak does, set split.allow_leaks=true; the run then says so."


@dataclass(frozen=True)
class Overlap:
    """How many images of a subset starting weights have seen; each counts once.

    Attributes:
        images: in the subset.
        trained: that an earlier run was trained on.
        chosen: that chose the epoch of an earlier run; 0 for a validation set.
        patients: of which such a run has seen other images of the same patient or study only.
        runs: names of the runs that have seen one of them.
    """

    images: int
    trained: int
    chosen: int
    patients: int
    runs: tuple[str, ...]

    def __bool__(self) -> bool:
        return self.trained + self.chosen + self.patients > 0


def check_known(past: Past, recipe: Recipe) -> None:
    """Raise RecipeError if not all is known that the weights have seen, unless leaks are allowed.

    What nobody knows is no proof that nothing leaks.
    """
    if past.unknown and not recipe.split.allow_leaks:
        raise RecipeError(
            f"{past.unknown[0].rstrip('.')}. So nobody can tell whether the starting weights have "
            f"seen what is tested now. Begin with another run, or with weights=random, {WAY_OUT}"
        )


def check_past(
    past: Past, split: pd.DataFrame, catalog: Catalog, recipe: Recipe, workspace: Workspace
) -> dict[str, Any]:
    """Compare what the weights have seen with what validates and tests now, and tell of it.

    Args:
        past: of the weights.
        split: of the new training; see `splits.split_catalog`.
        catalog: of its dataset.
        recipe: of the new training.
        workspace: the folders; digests that an audit left in its cache are compared, too.

    Returns:
        What goes into the run's data.json: file; runs, names; validation and test, an `Overlap`
        each (test: None without a test set); evaluated, the subset that is evaluated; unknown,
        sentences; uncompared, names of runs on another dataset that may hold the same images
        under other names, of which not all pixels are known.

    Raises:
        RecipeError: the subset that is evaluated was seen, or may have been, and the recipe
            does not allow leaks.
    """
    check_known(past, recipe)
    known = describe_images(catalog, workspace)
    # The split also keeps identical files together. Of a dataset that has changed since it was
    # drawn, it may name images that are gone.
    joined = split.set_index("image_id")["group"].astype("object").rename("joined")
    known = known.join(joined, how="outer")
    overlaps = {subset: _compare(past.seen, subset, split, known) for subset in SUBSETS[1:]}
    evaluated = "test" if overlaps["test"].images else "validation"
    if overlaps[evaluated] and not recipe.split.allow_leaks:
        overlap = format_overlap(asdict(overlaps[evaluated]), evaluated)
        raise RecipeError(
            f"The starting weights leak: {overlap}. The result would be too good. Begin with a "
            f"run that has the same split, or with weights=random, {WAY_OUT}"
        )
    return {
        "file": past.file,
        "runs": list(past.runs),
        "evaluated": evaluated,
        "validation": asdict(overlaps["validation"]),
        "test": asdict(overlaps["test"]) if evaluated == "test" else None,
        "unknown": list(past.unknown),
        "uncompared": _list_uncompared(past.seen, split, known, catalog),
    }


def format_overlap(overlap: Mapping[str, Any], subset: str) -> str:
    """Return e.g. "36 of 80 test images were trained on by RUN"; no full stop."""
    runs = overlap["runs"]
    whose, pronoun = " and ".join(runs), "their" if len(runs) > 1 else "its"
    words = {
        "trained": (f"were trained on by {whose}", ""),
        "chosen": (f"chose the epoch of {whose}", f"chose {pronoun} epoch"),
        "patients": (
            f"are of patients of whom {whose} had other images",
            f"are of patients among {pronoun} other images",
        ),
    }
    said = [key for key in words if overlap[key]]
    if not said:
        return f"none of {overlap['images']:,} {subset} images was seen before"
    first, *others = said
    return ", ".join(
        [
            f"{overlap[first]:,} of {overlap['images']:,} {subset} images {words[first][0]}",
            *(f"{overlap[key]:,} {words[key][1]}" for key in others),
        ]
    )


def format_record(record: Mapping[str, Any]) -> str:
    """Return in sentences what a training began with, and how much of it is evaluated now."""
    if not record["runs"]:
        return (
            f"It begins with the weights in {name_weights(record['file'])}, which no run of this "
            "workspace has kept: what they have seen is not known."
        )
    of_subset = [
        format_overlap(record[subset], subset)
        for subset in ("test", "validation")
        if record[subset] and record[subset]["images"]
    ]
    first, *others = record["runs"]
    before = f", which began with those of {', '.join(others)}" if others else ""
    said = "; ".join([*of_subset, *(text.rstrip(".") for text in record["unknown"])])
    return f"It begins with the weights of {first}{before}: {said}."


def read_record(run: Run) -> dict[str, Any] | None:
    """Return what `check_past` told of a run; None where it began with no file.

    Raises:
        KeyError: the run has not told it (yet).
        RunError: its data.json is damaged.
    """
    path = run.folder / "data.json"
    try:
        record = read_json(path)["starting_weights"]
        return dict(record) if record else None
    except FileNotFoundError:
        raise KeyError("starting_weights") from None
    except (OSError, ValueError, TypeError) as error:
        raise RunError(f"{path} is damaged: {error}.") from error


def _compare(
    seen: Iterable[Seen], subset: str, split: pd.DataFrame, known: pd.DataFrame
) -> Overlap:
    """Count what earlier runs have seen of a subset; of validation, what they were trained on."""
    ids = split.loc[split["subset"] == subset, "image_id"]
    trained, chosen, related = (np.zeros(len(ids), dtype=bool) for _ in range(3))
    runs = []
    for earlier in seen:
        images = earlier.images
        if subset == "validation":  # an epoch may be chosen on the same images once more
            images = images[images["subset"] == "training"]
        of_train = find_same(known, images[images["subset"] == "training"])
        of_choice = find_same(known, images[images["subset"] == "validation"])
        kin = find_related(known, images, of_train | of_choice)
        trained |= of_train[ids].to_numpy()
        chosen |= of_choice[ids].to_numpy()
        related |= kin[ids].to_numpy()
        if kin[ids].any():
            runs.append(earlier.run)
    return Overlap(
        images=len(ids),
        trained=int(trained.sum()),
        chosen=int((chosen & ~trained).sum()),
        patients=int((related & ~chosen & ~trained).sum()),
        runs=tuple(runs),
    )


def find_same(known: pd.DataFrame, images: pd.DataFrame) -> pd.Series:
    """Tell which of the known images are among `images`; bool, index of `known`."""
    same = pd.Series(data=False, index=known.index)
    for column in IDENTITY_COLUMNS:
        same |= known[column].isin(images[column].dropna())
    return same


def find_related(known: pd.DataFrame, images: pd.DataFrame, same: pd.Series) -> pd.Series:
    """Tell which of the known images are of the patients of `images`; bool, index of `known`.

    Args:
        known: of the new dataset.
        images: of an earlier run.
        same: which of the known images are among them; these are counted as well.
    """
    related = same.copy()
    for column in ("patient", "study"):
        related |= known[column].isin(images["patient"].dropna())
    for column in ("group", "joined"):
        related |= known[column].isin(known.loc[same, column].dropna())
    return related


def _list_uncompared(
    seen: Iterable[Seen], split: pd.DataFrame, known: pd.DataFrame, catalog: Catalog
) -> list[str]:
    """Name the runs that may have seen the same images under other names, for all that is known."""
    ours = source_names(catalog.images["image_id"], catalog.source, catalog.root)
    evaluated = split.loc[split["subset"] != "training", "image_id"]
    all_ours = bool(known.loc[evaluated, "digest"].notna().all())
    return [
        earlier.run
        for earlier in seen
        if earlier.sources != ours and not (all_ours and earlier.images["digest"].notna().all())
    ]
