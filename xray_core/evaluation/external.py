"""Which images of another dataset a finished run is evaluated on, and why not on the others."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pandas as pd

from xray_core.catalog import Catalog
from xray_core.errors import RecipeError, RunError
from xray_core.preprocess.fingerprints import read_fingerprints
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.runs.exposure import (
    CHOSEN,
    PATIENTS,
    TRAINED,
    list_uncompared,
    mark_seen,
    read_exposure,
)
from xray_core.runs.opening import is_open, needs_opening
from xray_core.runs.origin import read_origin
from xray_core.runs.seen import describe_images, read_tested
from xray_core.runs.starting_weights import find_same
from xray_core.splits import SplitSpec
from xray_core.splits.grouping import group_images
from xray_core.splits.sampling import sample_groups
from xray_core.tasks import (
    STATE,
    class_of,
    describe_left_out,
    encode_catalog,
    find_task,
    rarest_of,
)
from xray_core.tasks.matching import Match, count_given, encode_match
from xray_core.workspace import Workspace

SEEN_WORDS = {
    TRAINED: "the network, or one that it began with, has learned from the same picture",
    CHOSEN: "the same picture chose its epoch",
    PATIENTS: "the network knows another image of the same patient or study",
}
# What an evaluation does, step by step.
STEPS = (
    "starting and reading its tables",
    "reading pictures to compare",
    "comparing them with those that it knows",
    "decoding images",
    "predicting",
)
READING, DECODING, PREDICTING = 1, 3, 4  # the steps that are counted in images


@dataclass(frozen=True)
class Chosen:
    """The images that are evaluated.

    Attributes:
        rows: image_id, path, group, class (of the run), subset, and of a multi-label task
            y_<class>, as `splits.split_catalog` has them.
        counts: class of the dataset's task -> how many of them.
        left_out: sentences on the others, with counts.
        seen: kind, as `runs.exposure` names it -> images that the run knows.
        remarks: sentences on what else is to be known.
    """

    rows: pd.DataFrame
    counts: dict[str, int]
    left_out: list[str]
    seen: dict[str, int]
    remarks: list[str] = field(default_factory=list)


def check_finished(run: Run) -> Recipe:
    """Return the recipe of a run that can be evaluated elsewhere.

    Raises:
        RunError: it has no result yet.
    """
    origin = read_origin(run)
    if origin is not None and not run.best_checkpoint.is_file():
        raise RunError(
            f"{run.read_nickname()} has no network of its own to evaluate on other data. "
            f"{origin.words}."
        )
    if not run.holds("report.json") or not run.best_checkpoint.is_file():
        raise RunError(f"{run.name} has no result and weights yet. Wait until it is done.")
    recipe = run.read_recipe()
    if recipe.asks_masks:
        raise RunError(
            f"{run.read_nickname()} draws masks, which are not evaluated on other data. "
            f"`xray lungs {run.name} --data FOLDER` draws them there, and says how many are "
            "implausible."
        )
    return recipe


def check_columns(recipe: Recipe, catalog: Catalog) -> None:
    """Raise RecipeError where a column that the network takes is known of no image."""
    if unknown := [name for name in recipe.tabular if catalog.present[name].isna().all()]:
        raise RecipeError(
            f"The network takes {', '.join(recipe.tabular)} beside the image, but {catalog.root} "
            f"knows {', '.join(unknown)} of none. Choose another dataset, or train a network that "
            "takes the image alone."
        )


def choose_images(
    run: Run,
    catalog: Catalog,
    match: Match,
    workspace: Workspace,
    n_images: int = 0,
    keep_seen: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Chosen:
    """Return the labelled images whose file is there, but for those that the run knows.

    Args:
        run: finished.
        catalog: the other dataset.
        match: of its classes.
        workspace: the folders; the pixels of the images are read, once for all.
        n_images: about how many, drawn as whole patients with each class in its share; 0: all.
        keep_seen: whether images that the run knows are among them.
        progress: as for `read_fingerprints`; called once more when all are read.

    Raises:
        RunError: none is left, or some are of the run's own test set, which is closed.
        OSError: the disk refuses.
    """
    recipe, past = run.read_recipe(), read_exposure(run, catalog, workspace)
    rows = _list_rows(catalog, match)
    fresh = rows if keep_seen else rows[mark_seen(past, catalog, workspace)[rows.index].isna()]
    drawn = _draw(fresh, n_images, recipe.seed)
    refuse_closed(run, catalog, drawn.index, workspace)
    here = replace(catalog, images=catalog.images.loc[drawn.index])
    fingerprints = read_fingerprints(here, workspace.cache, progress)
    refuse_closed(run, catalog, drawn.index, workspace)  # now that the pixels are known
    if progress is not None:  # also where all had been read before
        progress(max(len(drawn), 1), max(len(drawn), 1))
    kinds = mark_seen(past, catalog, workspace, fingerprints)
    among = kinds[(drawn if keep_seen else rows).index]
    seen = {kind: int((among == kind).sum()) for kind in SEEN_WORDS}
    what = "are evaluated all the same" if keep_seen else "are left out"
    words = [f"{n:,} images {what}: {SEEN_WORDS[kind]}." for kind, n in seen.items() if n]
    left_out = _count_left_out(catalog, match) + ([] if keep_seen else words)
    remarks = words if keep_seen else []
    if len(drawn) < len(fresh):
        remarks.append(f"A sample of {len(drawn):,} of {len(fresh):,} images, whole patients.")
    if recipe.selection:
        remarks.append("The run learned from a selection of its dataset; here all images count.")
    kept = drawn if keep_seen else drawn[kinds[drawn.index].isna()]
    if kept.empty:
        raise RunError(
            f"No image of {catalog.root} is left to evaluate {run.name} on. {' '.join(left_out)}"
        )
    given = encode_catalog(catalog, find_task(match.task)).loc[kept.index].eq(1).sum()
    counts = {str(name): int(n) for name, n in given.items() if name in match.classes}
    kept = kept.sort_values("image_id", ignore_index=True)
    return Chosen(kept, counts, left_out, seen, remarks + list_uncompared(past))


def refuse_closed(run: Run, catalog: Catalog, index: pd.Index, workspace: Workspace) -> None:
    """Raise RunError where images are of the run's own test set, and that is closed.

    Args:
        run: finished.
        catalog: a dataset.
        index: of the images in question.
        workspace: the folders; digests that an audit left in its cache are compared.
    """
    if not needs_opening(run.read_report()) or is_open(run, workspace):
        return
    known = describe_images(catalog, workspace).set_axis(catalog.images.index).loc[index]
    if n := int(find_same(known, read_tested(run, workspace)).sum()):
        raise RunError(
            f"{n:,} of these images are of the run's own test set, which is closed. Open it first: "
            f"`xray open {run.name}`, or with the button on its page."
        )


def _list_rows(catalog: Catalog, match: Match) -> pd.DataFrame:
    targets = encode_match(catalog, match)
    present = catalog.present[catalog.present.index.isin(targets.index)]
    targets = targets.loc[present.index]
    states = targets.add_prefix(STATE) if match.multilabel else targets.iloc[:, :0]
    return (
        present[["image_id", "path"]]
        .assign(
            group=group_images(catalog)[present.index],
            subset="test",
            **{"class": class_of(targets)},
        )
        .join(states)
    )


def _draw(rows: pd.DataFrame, n_images: int, seed: int) -> pd.DataFrame:
    """Return about so many of the rows, whole groups, each class in its share; 0: all."""
    states = [name for name in rows.columns if name.startswith(STATE)]
    strata = rarest_of(rows[states]) if states else rows["class"]
    spec = SplitSpec(n_images=n_images, seed=seed)
    return rows[sample_groups(rows.assign(**{"class": strata}), None, spec)]


def _count_left_out(catalog: Catalog, match: Match) -> list[str]:
    """Return sentences on the images that have no class of the run."""
    task = find_task(match.task)
    targets = encode_catalog(catalog, task)
    counts = count_given(catalog, match.task)
    if match.multilabel:
        kept = encode_match(catalog, match).index
        words = describe_left_out(catalog, task, targets[list(match.classes)])
        own = targets.index[targets.index.isin(catalog.present.index)]
        if n := int((~own.isin(kept)).sum()):
            words.append(f"{n:,} images are left out: no class of the run is known of them.")
        return words + [
            f"“{name}”, on {counts.get(name, 0):,} images, is not evaluated: the run has no such "
            "class."
            for name in match.left_out
        ]
    words = describe_left_out(catalog, task, targets)
    return words + [
        f"{counts[name]:,} images of “{name}” are left out: the run has no such class."
        for name in match.left_out
        if counts.get(name)
    ]
