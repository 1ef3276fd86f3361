"""Folders of any origin: class folders, mapped tables, or boxes in COCO, Pascal VOC or YOLO files.

    COVID/a.png  normal/b.png                     the class is the name of a folder
    train/COVID/a.png  valid/normal/b.png         subsets under their usual names
    xray_dataset.json  metadata.csv  images/      which column says what: see mapping.py
    Annotations/a.xml  JPEGImages/a.jpg           boxes

`layout.py` says what the names of folders are taken for. A mapping counts before them, and a table
that seems to label the images otherwise waits to be mapped: nothing is read until a person says
which is right.

Known issues:
    - Nothing is known about where such images come from. Patients are unknown, unless a table, a
      folder's name or the names of the files give them.
"""

from pathlib import Path

from xray_core.catalog import Catalog
from xray_core.datasets.folder.decide import decide_reading
from xray_core.datasets.folder.files import sort_files
from xray_core.datasets.folder.mapping import MAPPING_FILE
from xray_core.datasets.inventory import take_inventory
from xray_core.datasets.reader import Reader, claims_all
from xray_core.errors import DatasetError

EXPECTS = (
    "two or more class folders with images, also inside train, val and test folders, or "
    f"{MAPPING_FILE} beside a table and its images"
)


def find_root(folder: Path) -> Path | None:
    """Return `folder` if its images can be labelled; see `Reader.find_root`."""
    try:
        decide_reading(sort_files(take_inventory(folder)))
    except DatasetError:
        return None
    return folder


def read_folder(folder: Path) -> Catalog:
    """Read a folder laid out as above.

    Returns:
        A catalog; `image_id` is the path without its suffix, `findings` the name of the class
        folder as it is, or what the table says.

    Raises:
        DatasetError: nothing labels the images, or the mapping or a table is damaged.
    """
    files = sort_files(take_inventory(folder))
    return decide_reading(files).read()


READER = Reader(
    title="A folder of your own",
    expects=EXPECTS,
    find_root=find_root,
    read=read_folder,
    claims=claims_all,
    citation="whoever published the images",
    licence="as the publisher of the images says",
    address="",
    kaggle="",
    not_on_kaggle="It is no published dataset: add the folder where you have it.",
    about="Images from anywhere, labelled by the names of their folders or by a table.",
    known_issues=(
        "Nothing is known about where the images come from, so classes may differ by origin "
        "instead of by disease.",
        "Patients are unknown unless a table, a folder or the file names give them.",
    ),
    generic=True,
)
