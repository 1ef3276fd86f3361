"""The command `predict`: image files, folders of such, patterns and zips, by a run's network."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_core.cli.answer import Add, Answer, show_progress, write_csv
from xray_core.cli.threshold import describe_kept
from xray_core.cli.trainings import read_pairs
from xray_core.errors import RecipeError
from xray_core.processes import quiet_import
from xray_core.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 20  # rows that are printed; more are for --csv or --json
MAGIC = frozenset("*?[")  # of patterns
COLUMNS = (
    "path",
    "predicted",
    "set",
    "unlike",
    "remarks",
)  # that are printed, and the probabilities


def add_commands(add: Add) -> None:
    """Add the command."""
    command = add("predict", predict, "Predict image files with a run's best weights.")
    command.add_argument("run", help="name of a run")
    command.add_argument(
        "images",
        nargs="+",
        metavar="IMAGE",
        help="an image, a folder of such, a zip, or a pattern in quotes, as 'ward/*.jpg'",
    )
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="COLUMN=VALUE",
        help="what is known of the patient, e.g. age=57, for a network that takes it beside the "
        "image; may be repeated",
    )
    command.add_argument(
        "--worklist",
        action="store_true",
        help="the highest risk first, which is the probability of the most probable finding; those "
        "of the same risk by name, and what cannot be read at the end",
    )
    command.add_argument("--csv", type=Path, metavar="FILE", help="write a row an image")


def predict(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Predict image files; one that cannot be read is a row with the reason."""
    from xray_core.runs import find_run

    given = dict(read_pairs("--set", options.set))
    run = find_run(workspace.runs, options.run)  # before Keras is waited for
    paths, n_others = list_images(options.images)
    with quiet_import():
        from xray_core.explain.predict_files import predict_images

    table = predict_images(run, paths, given, show_progress("images"))
    if table["error"].notna().all():
        raise RecipeError(f"No image could be read. {table['error'].iloc[0]}")
    if options.worklist:
        table = sort_by_risk(table, run.read_recipe().multilabel)
    write_csv(table, options.csv)
    answer = json.loads(table.to_json(orient="records"))
    return answer, "\n".join(_describe(table, run, options.csv, n_others))


def list_images(named: list[str]) -> tuple[list[Path], int]:
    """Return the files that are meant, each once, and how many others lie in the folders.

    Args:
        named: files; folders, in which all images count, however deep; or patterns.

    Raises:
        RecipeError: a pattern or a folder holds no image.
        DatasetError: a folder cannot be listed, or lies where this app may not read.
    """
    from xray_core.imagefiles.images import is_image_file
    from xray_core.paths import is_folder, walk_folders
    from xray_core.typed_paths import parse_path

    paths, n_others = dict[Path, None](), 0
    for name in named:
        path = parse_path(name)
        if is_folder(path):
            refused = list[str]()
            files = [
                path / inside / file
                for inside, names in walk_folders(path, refused)
                for file in names
            ]
            images = [file for file in files if is_image_file(file) or _is_zip(file)]
            n_others += len(files) - len(images) + len(refused)
            if not images:
                raise RecipeError(f"{path} holds no image. Name a folder with images.")
            paths |= dict.fromkeys(images)
        elif not MAGIC.isdisjoint(name) and not path.exists():
            start = Path(path.anchor)
            files = sorted(start.glob(str(path.relative_to(start))))
            if not (files := [file for file in files if not file.is_dir()]):
                raise RecipeError(f"No file fits {name!r}. Look at the pattern.")
            paths |= dict.fromkeys(files)
        else:
            paths[path] = None
    return list(paths), n_others


def sort_by_risk(table: "pd.DataFrame", multilabel: bool) -> "pd.DataFrame":
    """Return predictions with those first that a person should look at first.

    Args:
        table: as `predict_images` returns it.
        multilabel: whether an image may have several findings, of which the most probable counts;
            else all classes count together that are not those of images without a finding. Where
            there is no such class, the second of two, or the last.
    """
    from xray_core.figures.colors import CLEAR, WITHOUT
    from xray_core.runs.folder import PROBABILITY

    names = [name for name in map(str, table) if name.startswith(PROBABILITY)]
    clear = [
        name
        for name in names
        if name.removeprefix(PROBABILITY) in CLEAR
        or name.removeprefix(PROBABILITY).startswith(WITHOUT)
    ]
    if multilabel:
        risk = table[names].max(axis=1)
    elif clear:
        risk = 1 - table[clear].sum(axis=1, min_count=1)
    else:
        risk = table[names[1 if len(names) == 2 else -1]]
    order = table.assign(_risk=risk).sort_values(
        ["_risk", "path"], ascending=[False, True], na_position="last", kind="stable"
    )
    return table.loc[order.index].reset_index(drop=True)


def _is_zip(path: Path) -> bool:
    return path.suffix.lower() == ".zip"


def _describe(table: Any, run: Any, csv: Path | None, n_others: int) -> list[str]:
    """Return the answer in words, line by line."""
    from xray_core.audit.issue import count_of
    from xray_core.runs.folder import PROBABILITY

    is_bad = table["error"].notna()
    names = [name for name in table if name in COLUMNS or name.startswith(PROBABILITY)]
    good = table.loc[~is_bad, names]
    lines = [good.head(SHOWN).to_string(index=False)]
    if len(good) > SHOWN:
        lines.append(f"… and {len(good) - SHOWN:,} more: see them all by --csv FILE or --json.")
    lines += [f"Not read: {reason}" for reason in table.loc[is_bad, "error"].head(SHOWN)]
    if (n_bad := int(is_bad.sum())) > SHOWN:
        lines.append(f"… and {n_bad - SHOWN:,} more that are not read.")
    counts = table["predicted"].value_counts()
    lines.append(
        f"{count_of(len(table), 'image')}: "
        + ", ".join(f"{n:,} {name}" for name, n in counts.items())
        + (f"; {n_bad:,} not read" if n_bad else "")
    )
    if "unlike" in table:
        lines.append(f"{int(table['unlike'].eq(True).sum()):,} unlike the training images.")
    if n_others:
        words = (
            "other file in the folders is no image and"
            if n_others == 1
            else ("other files in the folders are no images and")
        )
        lines.append(f"{n_others:,} {words} left out.")
    if "missing" in table and (missing := table["missing"].iloc[0]):
        lines.append(
            f"Not given, so taken for missing: {missing}. Give them with --set COLUMN=VALUE."
        )
    if "threshold" in table:
        lines.append(describe_kept(run))
    if csv:
        lines.append(str(csv))
    return [*lines, "For learning, never for diagnosis."]
