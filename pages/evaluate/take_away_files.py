"""The files that the tab Take away offers, and what makes each when it is asked for."""

import io
import zipfile
from dataclasses import dataclass

from xray_core.exports.run.documents import DOCUMENTS, make_document, why_absent
from xray_core.exports.run.material import Material


@dataclass(frozen=True)
class Part:
    """One file to download.

    Attributes:
        title: on its button.
        about: what it is, in a phrase.
        file: end of its name.
        mime: its kind.
        icon: of the button.
        document: which of `DOCUMENTS` it comes from; "" for a file of the run.
        member: which file of that document it is; "" for all of them as a zip.
    """

    title: str
    about: str
    file: str
    mime: str
    icon: str
    document: str = ""
    member: str = ""


# In the order of the page; the names are those of the command line, but for the two of predictions.
PARTS = {
    "report": Part(
        "Report",
        "one page; needs no network, prints",
        "report.html",
        "text/html",
        ":material/article:",
        "report",
        "report.html",
    ),
    "card": Part(
        "Model card",
        "CLAIM and TRIPOD+AI, blanks marked",
        "model_card.md",
        "text/markdown",
        ":material/fact_check:",
        "card",
        "model_card.md",
    ),
    "csv": Part(
        "Predictions, CSV",
        "one row an image; for a spreadsheet",
        "predictions.csv",
        "text/csv",
        ":material/table:",
        "predictions",
        "predictions.csv",
    ),
    "parquet": Part(
        "Predictions, Parquet",
        "the same, for Python or R",
        "predictions.parquet",
        "application/vnd.apache.parquet",
        ":material/table_view:",
        "predictions",
        "predictions.parquet",
    ),
    "notebook": Part(
        "Notebook",
        "computes the figures anew, zipped",
        "notebook.zip",
        "application/zip",
        ":material/menu_book:",
        "notebook",
    ),
    "script": Part(
        "Training script",
        "plain Keras, and the split, zipped",
        "script.zip",
        "application/zip",
        ":material/code:",
        "script",
    ),
    "tensorboard": Part(
        "TensorBoard events",
        "every batch and epoch, zipped",
        "tensorboard.zip",
        "application/zip",
        ":material/show_chart:",
        "tensorboard",
    ),
    "model": Part(
        "Network",
        "with the selected weights, for Keras 3",
        "best.keras",
        "application/octet-stream",
        ":material/hub:",
    ),
    "checkpoint": Part(
        "Checkpoint",
        "what a training goes on from, as NumPy",
        "last.npz",
        "application/octet-stream",
        ":material/save:",
    ),
}
BESIDE = {"notebook": ("predictions", "script")}  # what a document needs beside it, if it is there


def make_file(part: Part, material: Material) -> bytes:
    """Return the content of a file that is made of documents.

    Raises:
        XrayError: the run has it not.
    """
    files = make_document(DOCUMENTS[part.document], material)
    if part.member:
        return files[part.member]
    for name in BESIDE.get(part.document, ()):
        if not why_absent(name, material):
            files = files | make_document(DOCUMENTS[name], material)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()
