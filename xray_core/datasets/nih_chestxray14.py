"""NIH ChestX-ray14: radiographs with up to fourteen findings each, mined from reports.

112,120 images of 30,805 patients, all of 1024 x 1024 px, as published or as its sample:

    Data_Entry_2017_v2020.csv   or Data_Entry_2017.csv; one row per image
    sample_labels.csv           the same of the sample on Kaggle: 5,606 images
    BBox_List_2017.csv          optional: 984 boxes on 880 images
    train_val_list.txt          optional, as test_list.txt: the official split
    images_001/images/*.png     to images_012, or images/*.png, or sample/images/*.png, or
                                wherever else they lie below the table

Known issues:
    - The labels were mined from reports by software; no one looked at the images for them.
    - The header changes between releases: `OriginalImage[Width,Height]` (two columns, as its
      comma is in no quotes), `OriginalImageWidth`, names with underscores.
    - So does the age: 57, 060Y, 013M, 001D; some are impossible (411Y).
    - Boxes are in px of the 1024 x 1024 image, while the table gives the size of the
      original. A catalog's boxes are in px of the original, so they are scaled here.
    - The boxes call Infiltration "Infiltrate"; one copy of them ends in a junk row.

Source: Wang et al., CVPR 2017, arXiv:1705.02315
"""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from xray_core.catalog import Catalog, Remark, build_catalog
from xray_core.datasets.nih_files import NIH_FILES
from xray_core.datasets.nih_tables import clean_ids, is_among, read_boxes, read_image_rows
from xray_core.datasets.reader import (
    Reader,
    absent_remark,
    claims_all,
    count_remark,
    find_holder,
    list_folders,
    refused_remark,
)
from xray_core.errors import DatasetError
from xray_core.files import format_bytes
from xray_core.imagefiles.images import SUFFIXES
from xray_core.paths import is_file, open_file, walk_folders

IMAGE_CSVS = ("Data_Entry_2017_v2020.csv", "Data_Entry_2017.csv", "sample_labels.csv")
BOX_CSV, TRAIN_TXT, TEST_TXT = "BBox_List_2017.csv", "train_val_list.txt", "test_list.txt"
MAX_LIST_BYTES = 100_000_000  # of a list of names; the published ones have 2 MB
EXPECTS = f"{', '.join(IMAGE_CSVS[:-1])} or {IMAGE_CSVS[-1]}; images in the folder images"


def find_root(folder: Path) -> Path | None:
    """Return the folder that holds a table of images; see `Reader.find_root`.

    It is `folder`, the only sub-folder with such a table, or lies in its only sub-folder.
    """
    if root := find_holder(folder, _holds_table):
        return root
    inner = list_folders(folder)
    return find_holder(inner[0], _holds_table) if len(inner) == 1 else None


def _holds_table(folder: Path) -> bool:
    return any((folder / name).is_file() for name in IMAGE_CSVS)


def read_nih_chestxray14(folder: Path) -> Catalog:
    """Read the folder that holds the table of images, or one around it.

    Returns:
        A catalog with one row per row of the table, also where the file is absent. `image_id`
        is the file name without its suffix, `patient_id` the number in front of it, eight
        digits. `findings` are the authors', in their order. Boxes are scaled from the
        1024 x 1024 image to the original, and clipped to it.

    Raises:
        DatasetError: there is no table, a table lacks a column, or no row can be used.
    """
    root = find_root(folder)
    if root is None:
        raise DatasetError(f"{folder} is not NIH ChestX-ray14: expected {EXPECTS}.")
    tables = [name for name in IMAGE_CSVS if is_file(root / name)]
    ignored = count_remark("ignored_table", tables[1:], f"Tables left out in favour of {tables[0]}")

    images, remarks = read_image_rows(root / tables[0])
    images, split_remarks = _add_published_split(images, root)
    images, file_remarks = _add_paths(images, root)
    boxes, box_remarks = read_boxes(root / BOX_CSV, images)
    remarks = [ignored, *remarks, *split_remarks, *file_remarks, *box_remarks]
    return build_catalog(root, "nih_chestxray14", images, boxes, remarks)


def _add_published_split(images: pd.DataFrame, root: Path) -> tuple[pd.DataFrame, list[Remark]]:
    """Add published_split; where one list is absent, what the other lacks belongs to it."""
    images["published_split"] = pd.NA
    train, test = _read_list(root / TRAIN_TXT), _read_list(root / TEST_TXT)
    if train.empty and test.empty:
        return images, []
    in_train, in_test = (is_among(images["image_id"], listed) for listed in (train, test))
    if train.empty:
        in_train = ~in_test
    if test.empty:
        in_test = ~in_train
    images.loc[in_train, "published_split"] = "training"
    images.loc[in_test, "published_split"] = "test"  # what is also in `train` must not be learnt
    both, neither = in_train & in_test, ~in_train & ~in_test
    return images, [
        count_remark("listed_twice", list(images.loc[both, "image_id"]),
                     f"Images in {TRAIN_TXT} and in {TEST_TXT}, kept as test"),
        count_remark("unlisted_image", list(images.loc[neither, "image_id"]),
                     f"Images neither in {TRAIN_TXT} nor in {TEST_TXT}, without published split"),
    ]  # fmt: skip


def _read_list(path: Path) -> pd.Series:
    """Return the image ids that a text file lists, one a line; none if there is no such file."""
    content = b""
    if is_file(path):
        with open_file(path) as file:
            content = file.read(MAX_LIST_BYTES + 1)
    if len(content) > MAX_LIST_BYTES:
        raise DatasetError(
            f"{path} is larger than {format_bytes(MAX_LIST_BYTES)}, so it is no list of images. "
            "Delete it, or replace it with the published one."
        )
    return clean_ids(pd.Series(content.decode("utf-8-sig", "replace").split(), dtype="string"))


def _add_paths(images: pd.DataFrame, root: Path) -> tuple[pd.DataFrame, list[Remark]]:
    refused: list[str] = []
    listed = sorted(_list_files(root, refused))
    files = pd.DataFrame(listed, columns=["path", "image_id"], dtype="string")
    known = is_among(files["image_id"], images["image_id"])
    repeated = known & files["image_id"].duplicated()
    paths = files[known & ~repeated].set_index("image_id")["path"]
    images["path"] = images["image_id"].map(paths).astype("string")
    return images, [
        absent_remark(images, "images/<image id>.png or images_001/images/<image id>.png"),
        count_remark(
            "repeated_name", list(files.loc[repeated, "path"]), "Second copies of images, left out"
        ),
        count_remark("stray_file", list(files.loc[~known, "path"]), "Files that no row names"),
        refused_remark(refused),
    ]


def _list_files(root: Path, refused: list[str]) -> Iterator[tuple[str, str]]:
    """Yield (path relative to `root`, image id) of all image files, and of what lies with them.

    The id is empty where the file is no image.
    """
    for inside, names in walk_folders(root, refused):
        ids = {name: _name_id(name) for name in names}
        # Tables and notes lie elsewhere than in the folders of images.
        is_whole = inside.rpartition("/")[2].lower().startswith("images")
        for name, image_id in ids.items():
            if is_whole or image_id:
                yield f"{inside}/{name}" if inside else name, image_id


def _name_id(name: str) -> str:
    stem, _, suffix = name.lower().rpartition(".")
    return stem if f".{suffix}" in SUFFIXES else ""


READER = Reader(
    title="NIH ChestX-ray14",
    expects=EXPECTS,
    find_root=find_root,
    read=read_nih_chestxray14,
    claims=claims_all,
    citation="Wang et al., CVPR 2017, arXiv:1705.02315",
    licence="free use; cite the paper and name the NIH Clinical Center as the provider",
    address="https://nihcc.app.box.com/v/ChestXray-NIHCC",
    about=(
        "112,120 frontal radiographs of 30,805 patients of the NIH Clinical Center (USA), "
        "each with any of fourteen findings or none, and 984 boxes drawn by a radiologist."
    ),
    known_issues=(
        "The findings were mined from reports by software: expect about one wrong label in ten, "
        "more for rare findings.",
        "Nearly three in four images are follow-ups of a patient seen before.",
        "Some ages are impossible (411 years); they are left empty.",
        "Many images show the treatment, such as a drain beside a pneumothorax.",
        "The boxes cover eight of the fourteen findings and 880 images.",
    ),
    kaggle="nih-chest-xrays/data",
    files=NIH_FILES,
)
