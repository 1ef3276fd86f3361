"""A run taken away: what is handed in of it, and all of it as a zip that another workspace imports.

pack.py, unpack.py    the zip, with a manifest; the run goes on where it stood, elsewhere
arrived.py            the files of a run that arrives, read once before it is believed
data.py               the dataset of a run that came from elsewhere, found again here
part.py               one part as a file or folder
documents.py          which files of it there are to take, and why some are not there
page/                 the report as one page of HTML
card/                 the model card, with the items of CLAIM and TRIPOD+AI
notebook.py           the notebook that computes the figures anew
events/               event files for TensorBoard
"""

from xray_core.exports.run.documents import DOCUMENTS, Document, make_document
from xray_core.exports.run.pack import RunArchive, write_run
from xray_core.exports.run.part import make_part, write_part
from xray_core.exports.run.unpack import Imported, import_run, read_manifest

__all__ = [
    "DOCUMENTS",
    "Document",
    "Imported",
    "RunArchive",
    "import_run",
    "make_document",
    "make_part",
    "read_manifest",
    "write_part",
    "write_run",
]
