"""What can be predicted of each dataset without looking at its images.

    python benchmarks/columns_baselines.py FOLDER [--dataset NAME ...] [--tasks N]

FOLDER holds datasets. Of each, every task is tried on the split that its authors made, or else on
one by patient; the baseline is that of `training.columns_baseline`. A row a task: how many test
images and patients, the accuracy of always answering the most frequent class, and the baseline's
accuracy and AUC with 95% intervals. Of a multi-label task the AUC is the mean over the findings.
"""

import argparse
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from xray_core.catalog import Catalog
from xray_core.datasets import open_dataset
from xray_core.errors import XrayError
from xray_core.evaluation.columns_baseline import name_columns
from xray_core.evaluation.multilabel import choose_thresholds, is_multilabel, report_findings
from xray_core.evaluation.report import summarise_predictions
from xray_core.splits import SplitSpec, split_catalog
from xray_core.tasks import encode_catalog, tasks_of
from xray_core.training.columns_baseline import predict_columns
from xray_core.workspace import find_workspace


def list_all(catalog: Catalog) -> Catalog:
    """Return a catalog as if all files were there: of a dataset the tables are enough here."""
    images = catalog.images
    return replace(catalog, images=images.assign(path=images["path"].fillna(images["image_id"])))


def split_of(catalog: Catalog, targets: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the split that the authors made, or one by patient where they made none."""
    if (catalog.images["published_split"] == "test").any():
        with suppress(XrayError):  # as where a class is not in each of its subsets
            spec = SplitSpec("published")
            return split_catalog(catalog, targets, spec, read_files=False), "published"
    spec = SplitSpec("patient")
    return split_catalog(catalog, targets, spec, read_files=False), "by patient"


def measure_task(catalog: Catalog, name: str) -> dict[str, str]:
    """Return the row of a task."""
    targets = encode_catalog(catalog, tasks_of(catalog.source)[name])
    split, method = split_of(catalog, targets)
    row = {"task": name, "split": method}
    baseline = predict_columns(catalog, split, list(targets.columns))
    if baseline.table is None:
        return row | {"columns": baseline.notes.missing}
    majority = str(split.loc[split["subset"] == "training", "class"].mode().iloc[0])
    table = baseline.table
    if is_multilabel(table):
        report = report_findings(table, choose_thresholds(table), with_curves=False)
        accuracy = constant = "–"
    else:
        report = summarise_predictions(table, majority)
        accuracy = format_figure(report["metrics"]["accuracy"], 100)
        constant = f"{100 * report['majority']['accuracy']:.1f}"
    return row | {
        "columns": name_columns({"columns": baseline.notes.columns}),
        "n": f"{report['n']:,} ({report['n_patients']:,})",
        "majority": constant,
        "accuracy": accuracy,
        "AUC": format_figure(report["metrics"]["auc"], 1, 3),
    }


def format_figure(figure: dict[str, float | None], factor: float, digits: int = 1) -> str:
    """Return a figure and its interval."""
    if figure["value"] is None:
        return "–"
    value, low, high = (f"{factor * (figure[key] or 0):.{digits}f}" for key in figure)
    return f"{value} ({low} to {high})"


def main() -> None:
    """Measure and print the table, in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--dataset", nargs="*", help="names of folders; all if not given")
    parser.add_argument("--tasks", type=int, default=10, help="of a dataset, at most")
    options = parser.parse_args()
    names = options.dataset or sorted(path.name for path in options.folder.iterdir())
    rows: list[dict[str, str]] = []
    for name in names:
        started = time.perf_counter()
        try:
            catalog = list_all(open_dataset(options.folder / name, find_workspace().cache))
        except XrayError as error:
            print(f"{name}: {error}", file=sys.stderr)
            continue
        for task in list(tasks_of(catalog.source))[: options.tasks]:
            try:
                rows.append({"dataset": name, **measure_task(catalog, task)})
            except XrayError as error:
                print(f"{name}, {task}: {error}", file=sys.stderr)
        print(f"{name}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    titles = ["dataset", "task", "split", "columns", "n", "majority", "accuracy", "AUC"]
    print("| " + " | ".join(titles) + " |\n|" + "---|" * len(titles))
    for row in rows:
        print("| " + " | ".join(row.get(title, "") for title in titles) + " |")


if __name__ == "__main__":
    main()
