"""Do heat maps point at the boxes where a network learned what is in them, and only there?

    python benchmarks/where.py [--workspace FOLDER] [--method hirescam]

Trains recipes on the demo data, and once more on demo data of which a letter in the corner gives
the label away, and scores the heat maps of all boxed test images against the boxes. What is in the
workspace already is not done again. A training takes one to five minutes.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from xray_core.errors import RunError
from xray_core.evaluation.where.files import Where, read_where
from xray_core.evaluation.where.scores import score_map
from xray_core.recipes import PUBLISHED
from xray_core.runs import Run, list_runs
from xray_core.synthetic.dataset import is_synthetic
from xray_core.synthetic.marker import SIDE
from xray_core.workspace import Workspace

DATA = {"demo": [], "marked": ["--marker"]}
RECIPES = {
    "demo_cnn, 64 px": ("demo_cnn", []),
    "demo_cnn, 128 px": ("demo_cnn", ["preprocess.size=128"]),
    "quick_cnn, 96 px": ("quick_cnn", ["task=siim_opacity"]),
    "quick_mobilenet, 128 px": (
        "quick_mobilenet",
        ["task=siim_opacity", "preprocess.size=128"],
    ),
}
CORNER = np.array([[1 - SIDE, 1 - SIDE, SIDE, SIDE]])  # where the letter stands


def call(workspace: Workspace, *arguments: str) -> None:
    """Run a command of the library."""
    environment = os.environ | {"XRAY_HOME": str(workspace.folder)}
    command = [sys.executable, "-m", "xray_core", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(arguments)}: {done.stderr[-500:]}")


def find_trained(workspace: Workspace, data: Path, recipe: str, settings: list[str]) -> Run | None:
    """Return the finished run of a recipe on a dataset; None without any."""
    wanted = dict(pair.split("=") for pair in settings)
    for run in list_runs(workspace.runs):
        try:
            made, status = run.read_recipe(), run.read_status()
        except RunError:
            continue
        size = int(wanted.get("preprocess.size", PUBLISHED[recipe].preprocess.size))
        if (
            made.name.startswith(recipe)
            and Path(made.data_folder) == data
            and made.preprocess.size == size
            and status.state == "done"
        ):
            return run
    return None


def score(
    workspace: Workspace, method: str, data: str, recipe: str, settings: list[str]
) -> tuple[Run, Where]:
    """Draw, train and score what is not there yet."""
    folder = workspace.folder / data
    if not is_synthetic(folder):
        call(workspace, "demo", str(folder), *DATA[data])
    run = find_trained(workspace, folder, recipe, settings)
    if run is None:
        pairs = [word for setting in settings for word in ("--set", setting)]
        call(workspace, "train", recipe, "--data", str(folder), *pairs)
        run = find_trained(workspace, folder, recipe, settings)
    assert run is not None
    if read_where(run, "test", method) is None:
        call(workspace, "where", run.name, "--method", method)
    where = read_where(run, "test", method)
    assert where is not None
    return run, where


def format_figure(figure: dict[str, float]) -> str:
    """Return a share as a person writes it."""
    return "{value:.2f} ({low:.2f} to {high:.2f})".format(**figure)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, help="a folder that keeps data and runs")
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=list(RECIPES))
    parser.add_argument("--method", default="gradcam", help="of the heat maps")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        workspace = Workspace(options.workspace or Path(made))
        workspace.folder.mkdir(parents=True, exist_ok=True)
        call(workspace, "open", "--always")
        print(
            "| recipe | data | AUC | grid | trained | untrained | mean map | middle | random | "
            "more than untrained | more than middle | hottest point at the letter |"
        )
        print("|" + "---|" * 12)
        for title in options.recipes:
            for data in DATA:
                run, where = score(workspace, options.method, data, *RECIPES[title])
                notes = where.notes
                area = run.read_report()["metrics"]["auc"]["value"]
                points = [
                    format_figure(notes["scores"][kind]["pointing"])
                    for kind in ("network", "untrained", "mean", "centre", "random")
                ]
                more = [
                    format_figure(notes["differences"][kind]["pointing"])
                    for kind in ("untrained", "centre")
                ]
                at_letter = np.mean(
                    [score_map(heat / np.float32(255), CORNER).near for heat in where.maps]
                )
                grid = " × ".join(map(str, notes["grid"]))
                print(
                    f"| {title} | {data} | {area:.3f} | {grid} | {' | '.join([*points, *more])} | "
                    f"{at_letter:.2f} |",
                    flush=True,
                )
        print(
            f"\nn = {notes['n_images']} boxed test images of {notes['n_patients']} patients, "
            f"{notes['n_boxes']} boxes; share of the image that they take "
            f"{format_figure(notes['share'])}."
        )


if __name__ == "__main__":
    main()
