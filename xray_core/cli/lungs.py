"""The command `lungs`: lung masks of a dataset, or of image files, drawn by a finished run."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from xray_core.cli.answer import Answer, save_answer, show_progress
from xray_core.errors import RecipeError, RunError
from xray_core.processes import lower_priority, quiet_import
from xray_core.typed_paths import parse_path
from xray_core.workspace import Workspace


def add_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command `lungs`."""
    command = add("lungs", draw, "Draw the lungs of images by a finished run of lungs_unet.")
    command.add_argument("run", help="name of a run that draws masks")
    command.add_argument("images", nargs="*", type=parse_path, metavar="IMAGE")
    command.add_argument(
        "--data",
        type=parse_path,
        metavar="FOLDER",
        help="of all images of this dataset; kept in the workspace, where what needs lungs looks",
    )
    command.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="to be made, of image files: where the masks go, as PNG",
    )
    command.add_argument("--save", type=Path, metavar="FILE", help="write the JSON there")
    command.set_defaults(datasets=("data",))


def draw(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Draw the lungs of the images of a dataset and keep the masks; or of files, as PNG."""
    from xray_core.exports.disk import check_free
    from xray_core.runs import find_run

    if bool(options.images) == bool(options.data):
        raise RecipeError("Name either a dataset, with --data FOLDER, or image files.")
    if bool(options.images) != bool(options.out):
        raise RecipeError("Image files need --out FOLDER, where their masks go; a dataset none.")
    run = find_run(workspace.runs, options.run)
    if not run.read_recipe().asks_masks:  # before Keras is waited for
        raise RunError(
            f"{run.name} answers with classes and draws no masks. Name a run of a recipe such as "
            "lungs_unet, or train that first."
        )
    if options.out:
        check_free(options.out)
    lower_priority()
    with quiet_import():
        from xray_core.explain.loaded import load_run

    loaded = load_run(run)
    if options.images:
        return _draw_files(loaded, options)
    return _draw_dataset(loaded, options, workspace)


def _draw_dataset(loaded: Any, options: argparse.Namespace, workspace: Workspace) -> Answer:
    from xray_core.datasets import open_dataset
    from xray_core.explain.lungs import draw_lungs
    from xray_core.jobs.background import note_progress

    catalog = open_dataset(options.data, workspace.cache)
    progress = note_progress(options.save) if options.save else show_progress("images")
    drawn = draw_lungs(loaded, catalog, workspace.cache, progress)
    about = drawn.about
    answer = {**about, "kept_in": str(drawn.folder)}
    answer |= {"implausible": drawn.doubts, "without": drawn.reasons}
    save_answer(answer, options.save)
    n = about["n"] - about["n_without"]
    lines = [f"Drew the lungs of {n:,} of {about['n']:,} images of {about['folder']}."]
    lines += [f"  {count:,} have none: {why}" for why, count in drawn.reasons.items()]
    share = f" ({about['n_implausible'] / n:.1%})" if n else ""
    lines.append(f"Implausible: {about['n_implausible']:,}{share}. They are kept, and marked.")
    lines += [f"  {count:,}: {why}" for why, count in drawn.doubts.items()]
    lines.append(f"Kept in {drawn.folder}.")
    return answer, "\n".join(lines)


def _draw_files(loaded: Any, options: argparse.Namespace) -> Answer:
    from PIL import Image

    from xray_core.errors import XrayError
    from xray_core.explain.lungs import draw_files
    from xray_core.exports.disk import new_folder
    from xray_core.imagefiles.images import read_sizes
    from xray_core.preprocess.lung_shape import doubt_lungs

    measured = [
        (1, 1) if isinstance(size, XrayError) else size for size in read_sizes(options.images)
    ]
    rows: list[dict[str, Any]] = []
    names = _name_masks(options.images)
    with new_folder(options.out) as partial:
        for path, name, size, result in zip(
            options.images,
            names,
            measured,
            draw_files(loaded, options.images, measured),
            strict=True,
        ):
            row: dict[str, Any] = {"path": str(path), "mask": None, "doubt": "", "error": None}
            if isinstance(result, str):
                row["error"] = result
            else:
                Image.fromarray(result * 255).resize(size, Image.Resampling.BILINEAR).point(
                    lambda gray: 255 if gray >= 128 else 0
                ).save(partial / name)
                row |= {"mask": str(options.out / name), "doubt": doubt_lungs(result)}
            rows.append(row)
        if all(row["error"] for row in rows):
            raise RecipeError(f"No image could be read. {rows[0]['path']}: {rows[0]['error']}")
    save_answer({"rows": rows}, options.save)
    lines = [
        f"{row['path']}: {row['error'] or row['mask']}"
        + (f"; implausible: {row['doubt']}" if row["doubt"] else "")
        for row in rows
    ]
    return rows, "\n".join([*lines, "For learning, never for diagnosis."])


def _name_masks(paths: list[Path]) -> list[str]:
    """Return a name for the mask of each file; of equal names the later ones are numbered."""
    names: list[str] = []
    for path in paths:
        name, number = f"{path.stem}.png", 2
        while name in names:
            name, number = f"{path.stem}-{number}.png", number + 1
        names.append(name)
    return names
