"""Kermany paediatric pneumonia X-rays: two class folders in each split folder.

5,856 JPEGs of children aged one to five, Guangzhou Women and Children's Medical Center.

    chest_xray/{train,val,test}/NORMAL/IM-0115-0001.jpeg
    chest_xray/{train,val,test}/PNEUMONIA/person1_bacteria_1.jpeg
    chest_xray/{train,test}/NORMAL/NORMAL-9000-0001.jpeg           the release on Mendeley
    chest_xray/{train,test}/PNEUMONIA/BACTERIA-9101-0001.jpeg      or VIRUS-9100-0001.jpeg

Known issues:
    - `val` holds 16 images, too few to select a model on; make your own split. Resized
      copies often leave `val` out.
    - There is no patient table. The patient is read from the file name, which the authors do not
      document; see `kermany_names`. The numbers start again in the published test set, so
      "train/person1" and "test/person1" are two children. Which of them an image shows is told
      by its name, not by its folder: many copies are divided anew.
    - Some archives hold the tree twice, plus macOS "._*" files; both are skipped.
    - 30 groups of images are identical, none across the published split.

Source: Kermany et al., Cell 172 (2018), doi:10.1016/j.cell.2018.02.010
Data: doi:10.17632/rscbjbr9sj.2 (CC BY 4.0), in the Kaggle folder layout
"""

from itertools import product
from pathlib import Path, PurePath

import pandas as pd

from xray_core.catalog import Catalog, build_catalog
from xray_core.datasets.kermany_names import (
    name_kermany_patients,
    named_remark,
    read_kermany_name,
    remark_kermany,
)
from xray_core.datasets.reader import Reader, count_remark, refused_remark
from xray_core.errors import DatasetError
from xray_core.imagefiles.images import is_image_name
from xray_core.paths import is_folder, list_folder, walk_folders

SPLITS = {"train": "training", "val": "validation", "test": "test"}  # folder -> subset
N_LOOKED_AT = 100  # files of a class folder, to recognise the dataset by
# Class folder -> the findings of its images.
CLASSES = {"NORMAL": ("normal",), "PNEUMONIA": ("bacterial pneumonia", "viral pneumonia")}
# CoronaHack took Kermany's images; a folder with this table is read as CoronaHack.
CORONAHACK_CSV = "Chest_xray_Corona_Metadata.csv"
EXPECTS = (
    "train and test folders (val is optional), each with NORMAL and PNEUMONIA, and in them names "
    "like IM-0115-0001.jpeg and person1_virus_6.jpeg"
)


def find_root(folder: Path) -> Path | None:
    """Return the folder that directly holds `train` or `test`; see `Reader.find_root`."""
    roots = (folder, folder / "chest_xray", folder / "chest_xray" / "chest_xray")
    if any((root / CORONAHACK_CSV).is_file() for root in roots):
        return None
    for root in roots:
        if any(_holds_images(root / split / name) for split in SPLITS for name in CLASSES):
            return root
    return None


def claims(path: str) -> bool:
    """Whether an image, relative to the root, is one of this dataset; see `Reader.claims`."""
    *folders, name = path.split("/")
    if folders[:1] == ["chest_xray"]:  # the second copy in some archives
        folders = folders[1:]
    if len(folders) != 2 or folders[0] not in SPLITS:
        return False
    named = read_kermany_name(PurePath(name).stem)
    return named is not None and named.finding in CLASSES.get(folders[1], ())


def _holds_images(folder: Path) -> bool:
    """Whether a class folder is there, and holds nothing or something named as in this dataset.

    Others name their folders so too; their images are for the reader of any folder.
    """
    if not is_folder(folder):
        return False
    names = [name for name in list_folder(folder, N_LOOKED_AT).files if is_image_name(name)]
    named = filter(None, (read_kermany_name(PurePath(name).stem) for name in names))
    return not names or any(name.finding in CLASSES[folder.name] for name in named)


def read_kermany(folder: Path) -> Catalog:
    """Read the extracted `chest_xray` folder, or one that holds it.

    Returns:
        A catalog. `image_id` is "train/person1_bacteria_1", `patient_id` "train/person1" (as
        `kermany_names` reads it) and `findings` "normal", "bacterial pneumonia" or "viral
        pneumonia". Files whose name says no more than their folder are left out and counted.

    Raises:
        DatasetError: the folder is laid out in another way, or holds no image of this dataset.
    """
    root = find_root(folder)
    if root is None:
        raise DatasetError(f"{folder} is not the Kermany dataset: expected {EXPECTS}.")

    rows: dict[str, dict[str, str]] = {}
    unknown, repeated, stray, refused = [], [], [], list[str]()
    for split, class_folder, file in _list_files(root, refused):
        name, stem = f"{split}/{class_folder}/{file}", PurePath(file).stem
        if not is_image_name(file):
            stray.append(name)
        elif not (named := read_kermany_name(stem)) or named.finding not in CLASSES[class_folder]:
            unknown.append(name)
        elif (image_id := f"{split}/{stem}") in rows:  # stems repeat across splits
            repeated.append(name)
        else:
            rows[image_id] = {
                "image_id": image_id,
                "path": name,
                "findings": named.finding,
                "published_split": SPLITS[split],
            }
    images = pd.DataFrame(
        rows.values(), columns=["image_id", "path", "findings", "published_split"]
    )
    stems = images["image_id"].str.rpartition("/")[2]
    images["patient_id"] = name_kermany_patients(stems, images["published_split"])
    remarks = [
        count_remark("unknown_name", unknown, "Images left out, as their names give no patient"),
        count_remark("repeated_name", repeated, "Images left out, as their names occur twice"),
        count_remark("stray_file", stray, "Files left out, as they are no images"),
        named_remark(list(images["image_id"])),
        *remark_kermany(images, stems),
        refused_remark(refused),
    ]
    return build_catalog(root, "kermany", images, remarks=remarks)


def _list_files(root: Path, refused: list[str]) -> list[tuple[str, str, str]]:
    """Return (split, class folder, file name) of all files but the hidden ones, sorted."""
    places = {f"{split}/{name}": (split, name) for split, name in product(SPLITS, CLASSES)}
    return sorted(
        (*places[inside], file)
        for split in SPLITS
        for inside, files in walk_folders(root, refused, split)
        if inside in places
        for file in files
    )


READER = Reader(
    title="Kermany paediatric pneumonia",
    expects=EXPECTS,
    find_root=find_root,
    read=read_kermany,
    claims=claims,
    citation="Kermany et al., Cell 172 (2018), doi:10.1016/j.cell.2018.02.010",
    licence="CC BY 4.0",
    address="https://data.mendeley.com/datasets/rscbjbr9sj",
    about=(
        "5,856 radiographs of children aged one to five, Guangzhou Women and Children's Medical "
        "Center: normal, or with a bacterial or viral pneumonia."
    ),
    known_issues=(
        "No patients are published. They are read from the names of the files, which the authors "
        "do not explain, and whose numbers start again in the published test set.",
        "Many copies are divided anew. Which children an image shows is told by its name, in "
        "whatever folder it lies.",
        "The val folder holds 16 images, too few to choose anything on; resized copies often "
        "leave it out.",
        "30 groups of images are identical, none across the published split.",
        "Some archives hold the images twice, and files of macOS; both are skipped.",
        "CoronaHack and COVID-19 Radiography took images from it: training on one and testing on "
        "another would leak.",
    ),
    kaggle="paultimothymooney/chest-xray-pneumonia",
)
