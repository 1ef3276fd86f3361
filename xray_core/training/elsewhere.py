"""A network that was trained elsewhere, evaluated on a dataset's validation and test set."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from xray_core.audit.same_picture import gather_copies
from xray_core.catalog import Catalog
from xray_core.datasets import open_dataset
from xray_core.errors import RecipeError
from xray_core.evaluation.elsewhere.create import (
    Division,
    describe_data,
    describe_elsewhere,
    digest_file,
    split_like,
)
from xray_core.evaluation.elsewhere.values import check_probabilities
from xray_core.evaluation.untrained import Untrained, write_untrained
from xray_core.models.foreign import Adapted, adapt_network, read_input_size
from xray_core.models.saved import load_saved_model
from xray_core.preprocess.cache import ImageCache, open_image_cache
from xray_core.preprocess.lung_places import find_lung_places
from xray_core.recipes import Recipe, change_recipe, find_recipe
from xray_core.runs import Run
from xray_core.runs.origin import MODEL, Origin, name_model
from xray_core.splits import METHOD_TITLES, split_catalog
from xray_core.tasks import encode_catalog, find_task
from xray_core.training.external import predict_cached
from xray_core.workspace import Workspace

SETTABLE = ("preprocess.", "split.")  # fields that have a meaning for a trained network
SIZE = "preprocess.size"
STEPS = 2  # decoding, predicting

Report = Callable[[int, int], None]


def create_model(
    file: Path,
    folder: Path,
    task: str,
    workspace: Workspace,
    template: Run | None = None,
    recipe_name: str = "",
    changes: Mapping[str, Any] | None = None,
    order: Sequence[str] = (),
    pixels: str = "",
    title: str = "",
    name: str = "",
    by: str = "",
    progress: Report | None = None,
) -> Run:
    """Evaluate a `.keras` file like a run; return the run, which keeps the network.

    Args:
        file: of nobody's vouching; see `models.saved`.
        folder: of the dataset.
        task: of that dataset, whose classes the network tells apart.
        workspace: the folders.
        template: a run whose split and preprocessing it gets.
        recipe_name: a recipe likewise, where there is no such run.
        changes: of fields that begin with one of `SETTABLE`; the size of images is the network's.
        order: of the network's outputs; see `foreign.adapt_network`.
        pixels: the range of gray levels; likewise.
        title: name of the file, where it lies under another.
        name: what to call the run; "" for the file's name.
        by: who asked.
        progress: called with (done, of how many), in images of all steps.

    Raises:
        XrayError: it is no network that fits, the folder no dataset, or the task not its own.
    """
    catalog = open_dataset(folder, workspace.cache)
    recipe = describe_elsewhere(catalog, task)
    model = load_saved_model(file)
    recipe, said = _take_settings(recipe, template, recipe_name, dict(changes or {}), model)
    classes = list(recipe.class_names)
    adapted = adapt_network(model, recipe.preprocess.size, classes, order, pixels)
    division = _divide(catalog, recipe, template, workspace)
    recipe = replace(recipe, split=division.spec)
    rows = division.split[division.split["subset"].astype("string") != "training"]
    cache = open_image_cache(
        catalog.root,
        rows["path"].tolist(),
        recipe.preprocess,
        workspace.cache / "images",
        _step(progress, 0),
        lungs=find_lung_places(
            recipe.preprocess, catalog, rows["image_id"].tolist(), workspace.cache
        ),
    )
    called = title or file.name
    with tempfile.TemporaryDirectory(dir=workspace.cache) as place:
        kept, files = _keep(adapted, file, Path(place))
        # What is evaluated is what is kept, read back.
        answers, changed = _predict(kept, recipe, cache, rows, _step(progress, 1))
        origin = Origin(
            MODEL,
            name_model(called),
            file=called,
            sha256=digest_file(file),
            by=by,
            remarks=tuple([*said, *adapted.remarks, f"{division.words}.", *changed]),
            unchecked=True,
        )
        targets = encode_catalog(catalog, find_task(task))
        data = describe_data(catalog, task, targets, division.split, division.spec)
        unreadable = cache.unreadable.astype(str).to_dict("records")
        parts = Untrained(
            recipe=replace(recipe, name=MODEL, title=origin.words, source=called),
            origin=origin,
            split=division.split,
            answers=answers,
            data={**data, "unreadable": unreadable},
            nickname=name or called,
            files=files,
        )
        return write_untrained(parts, workspace)


def _take_settings(
    recipe: Recipe, template: Run | None, name: str, changes: dict[str, Any], model: Any
) -> tuple[Recipe, list[str]]:
    """Return the recipe with split and preprocessing, and what to say of them."""
    if strange := [field for field in changes if not field.startswith(SETTABLE)]:
        raise RecipeError(
            f"{strange[0]} cannot be set: the network is trained. What can be set begins with "
            f"{' or '.join(SETTABLE)}"
        )
    source = template.read_recipe() if template else find_recipe(name) if name else recipe
    recipe = replace(recipe, preprocess=source.preprocess, split=source.split)
    size, said = read_input_size(model), []
    if size is None:
        said.append(
            "It takes images of any size; here they have "
            f"{changes.get(SIZE, recipe.preprocess.size)} px."
        )
    elif str(changes.setdefault(SIZE, size)) != str(size):
        raise RecipeError(
            f"{SIZE} is {changes[SIZE]}, but the network takes images of {size} px. Leave it out."
        )
    changed = change_recipe(recipe, changes)
    prepared = changed.preprocess
    said.append(
        f"Images are prepared for it so: {prepared.size} px, {prepared.resize}, contrast "
        f"{prepared.contrast}. Whether it was trained so, nobody knows."
    )
    return replace(changed, parent="", changes={}), said


def _divide(
    catalog: Catalog, recipe: Recipe, template: Run | None, workspace: Workspace
) -> Division:
    if template is not None:
        return split_like(template, recipe)
    spec = recipe.split
    copies = gather_copies(catalog, workspace.cache) if spec.method == "clean" else None
    split = split_catalog(catalog, encode_catalog(catalog, find_task(recipe.task)), spec, copies)
    split["source"] = split["image_id"].map(catalog.images.set_index("image_id")["source"])
    return Division(split, f"Split: {METHOD_TITLES[spec.method]}, seed {spec.seed}", spec)


def _keep(adapted: Adapted, file: Path, place: Path) -> tuple[Path, dict[str, Path]]:
    """Return the file of the network that is evaluated, and what goes into the run folder."""
    checkpoint = "checkpoints/best.keras"
    if not adapted.changed:
        return file, {checkpoint: file}
    wrapped = place / "best.keras"
    adapted.model.save(wrapped)
    return wrapped, {checkpoint: wrapped, "given.keras": file}


def _predict(
    file: Path, recipe: Recipe, cache: ImageCache, rows: pd.DataFrame, progress: Report | None
) -> tuple[dict[str, Any], list[str]]:
    """Return the answers of each image, checked, and what was changed in them."""
    model = load_saved_model(file)
    answers = predict_cached(model, cache, rows["image_id"], progress)
    if not answers:
        return {}, []
    ids = list(answers)
    values, remarks = check_probabilities(
        np.stack([answers[name] for name in ids]), ids, one_class=not recipe.multilabel
    )
    return dict(zip(ids, values, strict=True)), remarks


def _step(progress: Report | None, number: int) -> Report | None:
    if progress is None:
        return None
    return lambda done, total: progress(number * total + done, STEPS * total)
