"""The commands `explain` and `layers`: what a network looks at, as pictures."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from xray_core.cli.answer import Answer, show_progress
from xray_core.cli.options import positive
from xray_core.cli.trainings import read_pairs
from xray_core.errors import RunError
from xray_core.processes import quiet_import
from xray_core.typed_paths import parse_path
from xray_core.workspace import Workspace

KINDS = (
    "gradcam",
    "gradcam++",
    "hirescam",
    "occlusion",
)  # `explain.gradcam.METHODS`, without Keras
SUBSETS = ("test", "validation", "training")


def add_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands `explain` and `layers`."""
    maps = add("explain", explain, "Write heat maps of images by a run's network as PNG files.")
    maps.add_argument("run", help="name of a run")
    maps.add_argument("files", nargs="*", type=parse_path, metavar="FILE", help="images of yours")
    maps.add_argument("--images", nargs="+", default=[], metavar="ID", help="of the run's dataset")
    maps.add_argument("--subset", choices=SUBSETS, help="images of it that have a prediction")
    maps.add_argument("--n", type=positive, default=0, metavar="N", help="the first N of these")
    maps.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="to be made")
    maps.add_argument("--method", choices=KINDS, default=KINDS[0])
    maps.add_argument(
        "--class",
        dest="class_name",
        default="",
        metavar="NAME",
        help="that the maps are of; without it: the predicted class of each image",
    )
    how = maps.add_mutually_exclusive_group()
    how.add_argument(
        "--overlay",
        dest="over_image",
        action="store_true",
        default=True,
        help="in colour over the image, at its own size (this is done without asking)",
    )
    how.add_argument(
        "--gray",
        dest="over_image",
        action="store_false",
        help="the map alone, white for the hottest point, at the size that the network sees",
    )
    layers = add("layers", show_layers, "Write what each layer of a run's network answers.")
    layers.add_argument("run", help="name of a run")
    layers.add_argument(
        "file", nargs="?", type=parse_path, metavar="FILE", help="an image of yours"
    )
    layers.add_argument("--image", default="", metavar="ID", help="of the run's dataset")
    layers.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="to be made")
    for command in (maps, layers):
        command.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="COLUMN=VALUE",
            help="what is known of the patient of your own files, as for `predict`",
        )


def explain(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Write heat maps of images."""
    from xray_core.audit.issue import count_of
    from xray_core.exports.disk import check_free

    _check_choice([options.files, options.images, options.subset], "FILE …, --images or --subset")
    if options.n and not options.subset:
        raise RunError("--n goes with --subset. Leave it out, or name a subset.")
    check_free(options.out)
    loaded = _load(options, workspace)
    from xray_core.explain.sources import find_files, find_images, list_ids
    from xray_core.explain.written import write_maps

    if options.files:
        given = dict(read_pairs("--set", options.set))
        sources = find_files(loaded, options.files, given)
    else:
        ids = options.images
        if options.subset:
            ids = list_ids(loaded.run, options.subset, options.n, workspace)
        sources = find_images(loaded, ids, workspace)
    table = write_maps(
        loaded,
        sources,
        options.out,
        options.method,
        options.class_name,
        over_image=options.over_image,
        progress=show_progress("heat maps"),
    )
    rows = json.loads(table.to_json(orient="records"))
    failed = [row for row in rows if row["error"]]
    n = len(rows) - len(failed)
    lines = [f"{count_of(n, 'heat map')} in {options.out}."]
    lines += [f"{row['image']}: {row['error']}" for row in failed]
    return {"folder": str(options.out), "maps": rows, "failed": len(failed)}, "\n".join(lines)


def show_layers(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Write what each convolution answers to an image."""
    from xray_core.exports.disk import check_free

    _check_choice([options.file, options.image], "FILE or --image")
    check_free(options.out)
    loaded = _load(options, workspace)
    from xray_core.explain.sheets import write_sheets
    from xray_core.explain.sources import find_files, find_images, read_one

    if options.file:
        sources = find_files(loaded, [options.file], dict(read_pairs("--set", options.set)))
    else:
        sources = find_images(loaded, [options.image], workspace)
    rows = write_sheets(loaded.model, read_one(loaded, sources), options.out)
    lines = [
        f"{row['number']:4} {row['layer']:28} {row['maps']:5,} maps of {row['width']:,} x "
        f"{row['height']:,}, {row['silent']:,} of them 0 everywhere"
        for row in rows
    ]
    return {"folder": str(options.out), "layers": rows}, "\n".join([*lines, f"In {options.out}."])


def _load(options: argparse.Namespace, workspace: Workspace) -> Any:
    """Return the run with its network; Keras is waited for once the run is there."""
    from xray_core.runs import find_run

    run = find_run(workspace.runs, options.run)
    with quiet_import():
        from xray_core.explain.loaded import load_run
    return load_run(run)


def _check_choice(given: list[Any], choices: str) -> None:
    if sum(bool(choice) for choice in given) != 1:
        raise RunError(f"Which images? Name them by one of: {choices}.")


WITH_KERAS = (explain, show_layers)
