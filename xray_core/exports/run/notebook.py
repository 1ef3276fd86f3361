"""A Jupyter notebook that computes a run's figures anew, by scikit-learn and Matplotlib alone.

It reads `predictions.csv` beside it, compares its figures with those of the report, and ends with
the standalone training script, a cell for each of its functions.
"""

import json
from typing import Any

import pandas as pd

from xray_core.errors import RecipeError
from xray_core.evaluation.intervals import N_ROUNDS
from xray_core.exports.run.card.text import escape_text
from xray_core.exports.run.cells import COMMON, SEVERAL, SINGLE, TRAIN, WRITTEN
from xray_core.exports.run.facts import LEARNING, describe_result
from xray_core.exports.run.material import Material
from xray_core.exports.run.paths import hide_places
from xray_core.recipes.script import write_script

COMPARED = ("accuracy", "balanced_accuracy", "auc", "average_precision", "brier", "log_loss")
COMPARED_FINDINGS = ("auc", "average_precision")
FEWEST_ROUNDS = 50  # resamplings of patients
SCORES = 30_000_000  # that are put in order, at most, in more rounds: some seconds
CURVES = ("epoch", "loss", "val_loss", "accuracy", "val_accuracy", "val_auc")
GUARD = 'if __name__ == "__main__":'


def write_notebook(material: Material) -> str:
    """Return the notebook of a finished run as JSON, nbformat 4.5.

    Raises:
        RunError: it has no result that may be shown, or a file of it is damaged.
    """
    report = material.report
    several = bool(report.get("multilabel"))
    compared = COMPARED_FINDINGS if several else COMPARED
    values = {
        "CLASSES": report["classes"],
        "REPORT": {
            name: report["metrics"][name]["value"] for name in compared if name in report["metrics"]
        },
        "N": report["n"],
        "ROUNDS": _count_rounds(report["n"], len(report["classes"])),
    }
    if several:
        limits = (report.get("thresholds") or {}).get("thresholds", {})
        values["THRESHOLDS"] = [limits.get(name, 0.5) for name in report["classes"]]
    cells = [
        _write_text(_write_head(material)),
        *_write_cells(COMMON["read"], values),
        *_write_cells((SEVERAL if several else SINGLE)["metrics"]),
        *_write_cells(COMMON["intervals"]),
        *_write_cells((SEVERAL if several else SINGLE)["figures"]),
    ]
    if not material.epochs.empty:
        cells += _write_cells(COMMON["curves"], {"EPOCHS": _list_epochs(material.epochs)})
    cells += _write_training(material)
    notebook = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
        },
        "cells": [{"id": f"cell-{number}", **cell} for number, cell in enumerate(cells)],
    }
    return json.dumps(hide_places(notebook, material.places), indent=1)


def _count_rounds(n_images: int, n_classes: int) -> int:
    """Return how many rounds the notebook draws: those of the report, unless it would take long."""
    n_curves = 1 if n_classes == 2 else n_classes
    return max(FEWEST_ROUNDS, min(N_ROUNDS, SCORES // max(n_images * n_curves, 1)))


def _list_epochs(epochs: pd.DataFrame) -> dict[str, list[float | None]]:
    """Return the points of the learning curves, None where there is none."""
    return {
        name: [None if pd.isna(value) else round(float(value), 6) for value in epochs[name]]
        for name in CURVES
        if name in epochs
    }


def _write_head(material: Material) -> str:
    report = material.report
    closed = ""
    if material.closed:
        closed = (
            "\n\n**The test set has not been opened**: the predictions are of the validation set."
        )
    return (
        f"# {escape_text(material.nickname)}: {escape_text(material.recipe.title)}\n\n"
        f"{escape_text(material.question)} {LEARNING}\n\n{escape_text(describe_result(material))}"
        f"{closed}\n\nThis notebook computes the figures of the {report['subset']} set anew. It "
        "needs `predictions.csv` beside it, and `pip install pandas scikit-learn matplotlib`. The "
        "last part, which trains the network again, needs what its first lines say."
    )


def _write_training(material: Material) -> list[dict[str, Any]]:
    """Return the standalone script, a cell for each of its functions; or why there is none."""
    if material.origin:
        return [_write_text(f"## Training\n\n{escape_text(material.origin.words)}.")]
    try:
        script = write_script(material.recipe)
    except RecipeError as error:
        return [_write_text(f"## Training\n\nThere is no script of it. {escape_text(str(error))}")]
    body = script.partition(GUARD)[0]
    parts = [part.strip("\n") for part in body.split("\n\n\n")]
    return [
        _write_text(TRAIN),
        *(_write_code(part) for part in parts if part.strip()),
        _write_code(WRITTEN),
    ]


def _write_cells(
    cells: tuple[str, ...], values: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Return cells, alternately text and code; `values` are set at the start of the first code."""
    written = []
    given = "".join(f"{name} = {value!r}\n" for name, value in (values or {}).items())
    for number, cell in enumerate(cells):
        if number % 2 == 0:
            written.append(_write_text(cell))
        else:
            written.append(_write_code(f"{cell}".replace("# GIVEN\n", given)))
    return written


def _write_text(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": _to_lines(text)}


def _write_code(text: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "metadata": {},
        "execution_count": None,
        "outputs": [],
        "source": _to_lines(text),
    }


def _to_lines(text: str) -> list[str]:
    return text.strip("\n").splitlines(keepends=True)
