"""Commands that take images out: prepared ones into a folder, a sample into an archive."""

import argparse
from pathlib import Path
from typing import Any

from xray_core.cli.answer import Add, Answer, save_answer, show_progress
from xray_core.cli.options import positive
from xray_core.cli.trainings import read_pairs
from xray_core.errors import RecipeError
from xray_core.typed_paths import parse_path
from xray_core.workspace import Workspace

N_NAMED = 20  # images left out that an answer names; the table beside the images has all
FIELDS = ("preprocess.", "split.")  # what --set may change


def add_commands(add: Add) -> None:
    """Register the commands that take images out."""
    prepared = add(
        "export-images", export_images, "Write prepared images as PNG into a new folder."
    )
    sample = add("sample", export_sample, "Write a sample of a dataset, original files, as a zip.")
    for command, out in ((prepared, "FOLDER"), (sample, "FILE")):
        command.add_argument("folder", type=parse_path, help="of the dataset")
        command.set_defaults(datasets=("folder",))
        command.add_argument("--out", type=Path, required=True, metavar=out, help="to be made")
        command.add_argument("--task", default="", metavar="NAME", help="whose classes are labels")
        command.add_argument("--save", type=Path, metavar="FILE", help="write the JSON there")
    prepared.add_argument(
        "--recipe", default="", metavar="NAME", help="prepare and divide as this recipe does"
    )
    prepared.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change a field, such as preprocess.size=300 or split.method=patient",
    )
    sample.add_argument("--images", type=positive, default=100, metavar="N", help="about so many")
    sample.add_argument("--seed", type=int, default=0, metavar="N", help="another one, others")


def export_images(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Write a dataset's images, prepared as a network gets them, as PNG into a new folder."""
    from xray_core.datasets import open_dataset
    from xray_core.exports import check_outside, export_prepared
    from xray_core.jobs.background import note_progress
    from xray_core.preprocess.lung_places import find_lung_places

    catalog = open_dataset(options.folder, workspace.cache)
    out = options.out.absolute()
    check_outside(out, catalog, [options.folder])  # before files are read for a split
    recipe, is_divided = _read_recipe(options, catalog.source)
    labels, subsets, note = _label(catalog, options, recipe, is_divided, workspace)
    progress = note_progress(options.save) if options.save else show_progress("images")
    every = catalog.images["image_id"].tolist()
    lungs = find_lung_places(recipe.preprocess, catalog, every, workspace.cache)
    done = export_prepared(catalog, out, recipe.preprocess, labels, subsets, progress, lungs)
    answer = {
        "folder": str(done.folder),
        "images": done.n_images,
        "bytes": done.n_bytes,
        "preprocess": vars(recipe.preprocess),
        "subsets_note": note,
        "left_out": len(done.left_out),
        "examples": done.left_out.head(N_NAMED).to_dict("records"),
    }
    save_answer(answer, options.save)
    return answer, "\n".join(
        [
            f"{done.n_images:,} images of {recipe.preprocess.size} px are in {done.folder}.",
            *([f"note: {note}"] if note else []),
            *_name_left_out(answer),
        ]
    )


def export_sample(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Write a sample of a dataset, whole patients and original files, as a zip."""
    from xray_core.datasets import open_dataset
    from xray_core.eda import name_labels
    from xray_core.exports import check_outside, draw_sample, write_sample
    from xray_core.files import format_bytes
    from xray_core.jobs.background import note_progress

    catalog = open_dataset(options.folder, workspace.cache)
    check_outside(options.out.absolute(), catalog, [options.folder])
    labels = name_labels(catalog, options.task) if options.task else catalog.images["findings"]
    rows = draw_sample(catalog, labels, options.images, options.seed)
    progress = note_progress(options.save) if options.save else show_progress("images")
    done = write_sample(catalog, rows, options.out.absolute(), progress)
    answer = {
        "file": str(done.file),
        "images": done.n_images,
        "patients": done.n_patients,
        "bytes": done.n_bytes,
        "masks_left_out": done.n_masks_left_out,
        "left_out": len(done.left_out),
        "examples": done.left_out.head(N_NAMED).to_dict("records"),
    }
    save_answer(answer, options.save)
    patients = f" of {done.n_patients:,} patients" if done.n_patients else ""
    masks = f"{done.n_masks_left_out:,} masks are not in it." if done.n_masks_left_out else ""
    return answer, "\n".join(
        [
            f"{done.n_images:,} images{patients}, {format_bytes(done.n_bytes)}, are in "
            f"{done.file}.",
            *filter(None, [masks]),
            *_name_left_out(answer),
        ]
    )


def _read_recipe(options: argparse.Namespace, source: str) -> tuple[Any, bool]:
    """Return a recipe whose preprocessing and split are asked for, and whether a split is."""
    from dataclasses import replace

    from xray_core.preprocess.spec import PreprocessSpec
    from xray_core.recipes import change_recipe, find_recipe, recipes_for
    from xray_core.splits import SplitSpec

    changes = dict(read_pairs("--set", options.set))
    for field in changes:
        if not field.startswith(FIELDS):
            raise RecipeError(f"--set {field}: an export has only {' and '.join(FIELDS)}* fields.")
    if options.recipe:
        recipe = find_recipe(options.recipe)
    elif fitting := recipes_for(source, options.task or ""):
        plain = next(iter(fitting.values()))
        recipe = replace(plain, preprocess=PreprocessSpec(), split=SplitSpec(), selection="")
    else:
        raise RecipeError(f"No recipe fits {source!r}; name one with --recipe.")
    divided = bool(options.recipe) or any(field.startswith("split.") for field in changes)
    return change_recipe(recipe, changes), divided


def _label(
    catalog: Any, options: argparse.Namespace, recipe: Any, is_divided: bool, workspace: Workspace
) -> tuple[Any, Any, str]:
    """Return the label and the subset of each image to export, and why there are no subsets.

    Without a task: what the authors say. With one: its classes, and the split that is asked for,
    or the authors' subsets, or ours by patient where they publish none; images
    that cannot be divided so that a network learns every class are exported without subsets.
    """
    from xray_core.audit.same_picture import gather_copies
    from xray_core.eda import name_labels
    from xray_core.splits import split_catalog
    from xray_core.tasks import encode_catalog, find_task

    published = catalog.images["published_split"]
    task = options.task or (recipe.task if options.recipe else "")
    if not task:
        if is_divided:
            raise RecipeError("A split divides the images of a task: name one with --task.")
        return catalog.images["findings"], published, ""
    labels = name_labels(catalog, task).dropna().replace("", "none")
    if published.notna().any() and not is_divided:
        return labels, published, ""
    targets = encode_catalog(catalog, find_task(task))
    clean = recipe.split.method == "clean"
    copies = gather_copies(catalog, workspace.cache) if clean else None
    try:
        split = split_catalog(catalog, targets, recipe.split, copies)
    except RecipeError as error:
        if is_divided:
            raise
        note = f"The column of subsets is empty, for the images cannot be divided. {error}"
        return labels, published, note
    subset_of = split.set_index("image_id")["subset"].astype("string")
    return labels, catalog.images["image_id"].map(subset_of), ""


def _name_left_out(answer: dict[str, Any]) -> list[str]:
    """Return a line on the images that could not be read, and one on each of the first."""
    if not answer["left_out"]:
        return []
    lines = [f"note: {answer['left_out']:,} images could not be read and are left out:"]
    return lines + [f"  {row['path']}: {row['reason']}" for row in answer["examples"]]
