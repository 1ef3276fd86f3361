"""Published datasets of a fixed layout, each an entry in a table instead of a module.

To add one: write a `KnownDataset` (`entry.py` explains it) in the module of its kind, check its
headers and file names against public sources and say in the docstring which, draw a fake of it in
`tests/datasets/known_fakes.py`, and add tasks to `xray_core/tasks/table.py`.
"""

from xray_core.datasets.known.covid_qu_ex import COVID_QU_EX
from xray_core.datasets.known.covidx import COVIDX
from xray_core.datasets.known.entry import KnownDataset
from xray_core.datasets.known.image_lists import IMAGE_LISTS
from xray_core.datasets.known.jsrt import JSRT
from xray_core.datasets.known.label_columns import LABEL_COLUMNS
from xray_core.datasets.known.labelled_tables import LABELLED_TABLES
from xray_core.datasets.known.openi import OPENI_SETS
from xray_core.datasets.known.reading import build_reader
from xray_core.datasets.known.several_readers import SEVERAL_READERS
from xray_core.datasets.known.tuberculosis import TUBERCULOSIS_SETS
from xray_core.datasets.reader import Reader

KNOWN: dict[str, KnownDataset] = {
    known.name: known
    for known in (
        *(*LABELLED_TABLES, *SEVERAL_READERS, *LABEL_COLUMNS, *IMAGE_LISTS),
        *(*TUBERCULOSIS_SETS, COVID_QU_EX, COVIDX, *OPENI_SETS, JSRT),
    )
}
KNOWN_READERS: dict[str, Reader] = {name: build_reader(known) for name, known in KNOWN.items()}
