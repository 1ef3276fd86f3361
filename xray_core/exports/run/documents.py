"""Which files of a run there are to take away, and how each is made.

To add one: an entry in `DOCUMENTS`. The archive, the command `export` and the page have it from
here.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from xray_core.errors import RunError, XrayError
from xray_core.exports.run.card import format_card
from xray_core.exports.run.events import list_event_files
from xray_core.exports.run.material import Material
from xray_core.exports.run.notebook import write_notebook
from xray_core.exports.run.page import write_page
from xray_core.exports.run.paths import format_recipe
from xray_core.files import open_plain
from xray_core.recipes.script import check_model, write_script


@dataclass(frozen=True)
class Document:
    """One thing to take away of a run.

    Attributes:
        title: for a person.
        about: what it is, in a phrase.
        file: its name in the archive; of several files, of the folder that holds them.
        make: -> path in the archive -> content; raises RunError or RecipeError where a run has it
            not, with the reason.
    """

    title: str
    about: str
    file: str
    make: Callable[[Material], dict[str, bytes]]


def make_document(document: Document, material: Material) -> dict[str, bytes]:
    """Return the files of a document, path in the archive -> content.

    Raises:
        RunError: this run has it not, and why.
        RecipeError: likewise.
    """
    return document.make(material)


def _make_report(material: Material) -> dict[str, bytes]:
    _check_classes(material, OF_CLASSES["report"])
    return {REPORT: write_page(material).encode()}


def _make_card(material: Material) -> dict[str, bytes]:
    _check_classes(material, OF_CLASSES["card"])
    return {CARD: format_card(material).encode()}


def _make_notebook(material: Material) -> dict[str, bytes]:
    _check_classes(material, OF_CLASSES["notebook"])
    return {NOTEBOOK: write_notebook(material).encode()}


def _make_script(material: Material) -> dict[str, bytes]:
    _check_trained(material, OF_SCRIPT)
    split = material.run.read_split().rename(columns={"class": "label"})  # as the script reads it
    return {
        SCRIPT: write_script(material.recipe).encode(),
        SPLIT: split.to_csv(index=False).encode(),
    }


def _make_predictions(material: Material) -> dict[str, bytes]:
    table = material.read_shown_predictions()
    return {CSV: format_csv(table), PARQUET: format_parquet(table)}


def _make_events(material: Material) -> dict[str, bytes]:
    _check_trained(material, OF_EVENTS)
    recipe = format_recipe(material.recipe, material.workspace)
    files = list_event_files(material.run, recipe)
    return {f"{EVENTS}/{name}": content for name, content in files.items()}


# What is about classes -> what it is called.
OF_CLASSES = {"report": "report", "card": "model card", "notebook": "notebook"}
OF_SCRIPT, OF_EVENTS = "script", "curve"
REPORT, CARD, NOTEBOOK, SCRIPT = "report.html", "model_card.md", "notebook.ipynb", "train.py"
SPLIT, CSV, PARQUET, EVENTS = "split.csv", "predictions.csv", "predictions.parquet", "tensorboard"
# In the order of the page; model and checkpoint lie in the run folder and are copied from there.
DOCUMENTS = {
    "report": Document(
        "Report", "one page that opens without a network, and prints", REPORT, _make_report
    ),
    "card": Document(
        "Model card", "with the items of CLAIM and TRIPOD+AI, blanks marked", CARD, _make_card
    ),
    "notebook": Document(
        "Notebook", "computes the figures anew from the predictions", NOTEBOOK, _make_notebook
    ),
    "predictions": Document(
        "Predictions", "one row an image, as CSV and Parquet", CSV, _make_predictions
    ),
    "script": Document(
        "Training script",
        "plain Keras, runs without X-ray Lab; split.csv beside it",
        SCRIPT,
        _make_script,
    ),
    "tensorboard": Document(
        "TensorBoard events", "the curves, batch by batch and epoch by epoch", EVENTS, _make_events
    ),
}


def why_absent(what: str, material: Material) -> str:
    """Return why a run has not one of `DOCUMENTS`, or "model" or "checkpoint"; "" if it has.

    Nothing is made for it.
    """
    try:
        if what in ("model", "checkpoint"):
            find_weights(what, material)
        elif what == "script":
            _check_trained(material, OF_SCRIPT)
            check_model(material.recipe)
        elif what == "tensorboard":
            _check_trained(material, OF_EVENTS)
            if material.epochs.empty:
                raise RunError(f"{material.run.name} has no finished epoch yet.")
        else:
            if what in OF_CLASSES:
                _check_classes(material, OF_CLASSES[what])
            _ = material.report
    except XrayError as error:
        return str(error)
    return ""


def read_model(material: Material) -> bytes:
    """Return the network with the selected weights. Raises RunError where there is none."""
    return _read(find_weights("model", material))


def read_checkpoint(material: Material) -> bytes:
    """Return what a training goes on from. Raises RunError where there is none."""
    return _read(find_weights("checkpoint", material))


def format_csv(table: pd.DataFrame) -> bytes:
    """Return a table as CSV that spreadsheets take for UTF-8."""
    return table.to_csv(index=False).encode("utf-8-sig")


def format_parquet(table: pd.DataFrame) -> bytes:
    """Return a table as a Parquet file."""
    file = io.BytesIO()
    table.to_parquet(file, index=False)
    return file.getvalue()


def find_weights(what: str, material: Material) -> Path:
    """Return the file of the network with the selected weights, or of what a training goes on from.

    Args:
        what: "model" or "checkpoint".
        material: of the run.

    Raises:
        RunError: there is none.
    """
    run = material.run
    path = run.best_checkpoint if what == "model" else run.last_checkpoint
    if not path.is_file():
        _check_trained(material, "network" if what == "model" else "checkpoint")
        raise RunError(f"{run.name} has no {path.name} yet: no epoch is finished.")
    return path


def _read(path: Path) -> bytes:
    with open_plain(path) as file:
        return file.read()


def _check_classes(material: Material, what: str) -> None:
    """Raise RunError if a run draws masks, of which the document tells nothing."""
    if material.recipe.asks_masks:
        raise RunError(
            f"There is no {what} of a run that draws masks, as it is written about classes. The "
            "figures are on the page Evaluate and in report.json, those of each image in the "
            "predictions."
        )


def _check_trained(material: Material, what: str) -> None:
    """Raise RunError if no training of ours made the run."""
    if material.origin:
        raise RunError(f"There is no {what}: no training here made it. {material.origin.words}.")
