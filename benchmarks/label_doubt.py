"""How many of the labels that were changed on purpose the list of doubtful labels holds.

    python benchmarks/label_doubt.py                       # five trainings, a quarter of an hour
    python benchmarks/label_doubt.py --share 0.1 --images 1200 --folds 5 --size 64

Draws the demo data, gives a share of the studies the other label, trains the recipe `demo_cnn` once
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
from xray_core.synthetic.dataset import COLUMN_OF, write_synthetic_dataset
from xray_core.training.runner import train_run
from xray_core.wilson import wilson_interval
from xray_core.workspace import Workspace

NEGATIVE, TYPICAL = COLUMN_OF["negative"], COLUMN_OF["typical"]
APPEARANCES = list(COLUMN_OF.values())


def flip_labels(folder: Path, share: float, rng: np.random.Generator) -> set[str]:
    """Give a share of the studies the other label, drawn at random; return their images' ids."""
    path = folder / "train_study_level.csv"
    studies = pd.read_csv(path)
    drawn = rng.choice(len(studies), round(share * len(studies)), replace=False)
    is_negative = studies[NEGATIVE].eq(1)
    for row in drawn:
        studies.loc[row, APPEARANCES] = 0
        studies.loc[row, TYPICAL if is_negative[row] else NEGATIVE] = 1
    studies.to_csv(path, index=False, lineterminator="\n")
    names = set(studies["id"].iloc[drawn].str.removesuffix("_study"))
    images = pd.read_csv(folder / "train_image_level.csv")
    flipped = images.loc[images["StudyInstanceUID"].isin(names), "id"]
    return set(flipped.str.removesuffix("_image"))


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
    parser.add_argument("--save", type=Path, metavar="FILE", help="the predictions, as Parquet")
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
        for fold, of_fold in enumerate(list_fold_recipes(recipe, options.folds), 1):
            bound = check_recipe(of_fold, workspace.demo_data, workspace)
            runs[fold] = create_run(bound, workspace.runs)
            state = train_run(runs[fold], workspace)
            print(f"fold {fold}: {state}", file=sys.stderr, flush=True)
        answers = gather_out_of_fold(CrossValidation("benchmark", options.folds, runs))
        doubts = find_doubts(answers)
        if options.save:
            known = answers.table["image_id"].isin(flipped)
            answers.table.assign(is_changed=known).to_parquet(options.save)
    table, n = doubts.table, len(doubts.table)
    actual, predicted = answers.table["actual"], answers.table["predicted"]
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
    other = set(answers.table.loc[actual != predicted, "image_id"])
    print(describe("predicted otherwise", other, flipped, n))


def first(table: pd.DataFrame, number: int) -> set[str]:
    """Return the images of lowest quality."""
    return set(table.nsmallest(number, "quality")["image_id"])


if __name__ == "__main__":
    main()
