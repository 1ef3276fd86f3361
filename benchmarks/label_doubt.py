"""How many of the labels that were changed on purpose the list of doubtful labels holds.

    python benchmarks/label_doubt.py                       # five trainings, a quarter of an hour
    python benchmarks/label_doubt.py --share 0.1 --images 1200 --folds 5 --size 64

Draws the demo data, gives a share of the images the other label, trains the recipe `demo_cnn` once
for each fold, and asks for the doubts of the cross-validation. Beside it: what a list of as many
labels drawn at random would hold, and the labels that are simply predicted otherwise.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from xray_core.evaluation.doubts.compute import find_doubts
from xray_core.evaluation.doubts.folds import CrossValidation, list_fold_recipes
from xray_core.evaluation.doubts.gather import gather_out_of_fold
from xray_core.jobs.submit import check_recipe
from xray_core.recipes import change_recipe, find_recipe
from xray_core.runs import create_run
from xray_core.synthetic.dataset import write_synthetic_dataset
from xray_core.training.runner import train_run
from xray_core.wilson import wilson_interval
from xray_core.workspace import Workspace

NOTHING, OPACITY = "none 1 0 0 1 1", "opacity 1 40 40 90 90"
BOX = "[{'x': 40, 'y': 40, 'width': 50, 'height': 50}]"


def flip_labels(folder: Path, share: float, rng: np.random.Generator) -> set[str]:
    """Give a share of the images the other label, drawn at random; return their ids."""
    path = folder / "train_image_level.csv"
    table = pd.read_csv(path, keep_default_na=False)
    drawn = rng.choice(len(table), round(share * len(table)), replace=False)
    for row in drawn:
        healthy = table.loc[row, "label"] == NOTHING
        table.loc[row, "label"] = OPACITY if healthy else NOTHING
        table.loc[row, "boxes"] = BOX if healthy else ""
    table.to_csv(path, index=False, lineterminator="\n")
    return set(table["id"].iloc[drawn].str.removesuffix("_image"))


def describe(name: str, listed: set[str], flipped: set[str], n: int) -> str:
    """Return a row: how much of the list is changed, and how much of what is changed is listed."""
    hits = len(listed & flipped)
    shares = []
    for of in (len(listed), len(flipped)):
        low, high = wilson_interval(hits, of) if of else (0.0, 1.0)
        shares.append(f"{hits} of {of} ({hits / max(of, 1):.2f}; {low:.2f}–{high:.2f})")
    by_chance = len(flipped) / n
    return f"| {name} | {len(listed)} | {shares[0]} | {shares[1]} | {by_chance:.2f} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=0.05, help="of the labels that are changed")
    parser.add_argument("--images", type=int, default=600)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--size", type=int, default=0, help="px; 0: as the recipe says")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        workspace = Workspace(Path(place))
        write_synthetic_dataset(workspace.demo_data, options.images)
        rng = np.random.default_rng(options.seed)
        flipped = flip_labels(workspace.demo_data, options.share, rng)
        recipe = find_recipe("demo_cnn")
        if options.size:
            recipe = change_recipe(recipe, {"preprocess.size": options.size})
        runs = {}
        for fold, one in enumerate(list_fold_recipes(recipe, options.folds), 1):
            bound = check_recipe(one, workspace.demo_data, workspace)
            runs[fold] = create_run(bound, workspace.runs)
            state = train_run(runs[fold], workspace)
            print(f"fold {fold}: {state}", file=sys.stderr, flush=True)
        gathered = gather_out_of_fold(CrossValidation("benchmark", options.folds, runs))
        doubts = find_doubts(gathered)
    table, n = doubts.table, len(doubts.table)
    actual, predicted = gathered.table["actual"], gathered.table["predicted"]
    right = float((actual == predicted).mean())
    print(f"{n} images, {len(flipped)} labels changed; {right:.1%} of labels predicted out of fold")
    expected = doubts.expected
    print(
        f"cleanlab expects {expected['value']:.0f} wrong labels "
        f"({expected['low']:.0f}–{expected['high']:.0f})"
    )
    print("| list | labels | changed among them | of the changed | by chance |")
    print("|---|---|---|---|---|")
    listed = set(table.loc[table["is_doubtful"], "image_id"])
    print(describe("in doubt", listed, flipped, n))
    print(describe("lowest quality, as many as changed", first(table, len(flipped)), flipped, n))
    other = set(gathered.table.loc[actual != predicted, "image_id"])
    print(describe("predicted otherwise", other, flipped, n))


def first(table: pd.DataFrame, number: int) -> set[str]:
    """Return the images of lowest quality."""
    return set(table.nsmallest(number, "quality")["image_id"])


if __name__ == "__main__":
    main()
