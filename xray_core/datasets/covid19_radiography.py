"""COVID-19 Radiography Database: four class folders, lung masks, and a workbook for each class.

21,165 PNGs of 299 px that others had published, merged by Qatar University:

    COVID/images/COVID-1.png    and Lung_Opacity, Normal, Viral Pneumonia
    COVID/masks/COVID-1.png     the lungs in white, 256 px
    COVID.metadata.xlsx         FILE NAME, FORMAT, SIZE, URL

Older releases hold the images directly in the class folder, without masks, and write
`COVID (1).png` or `COVID-19 (1).png`.

Known issues:
    - Normal.metadata.xlsx writes NORMAL-1 where the file is Normal-1.png: names are matched
      without case, or all 10,192 rows are lost.
    - Each class comes from sources of its own, so the source (`site`) almost gives the label
      away. A model may learn the scanner instead of the lung.
    - The Viral Pneumonia images and 1,341 of the Normal ones are those of the Kermany dataset:
      children.
    - No patients are published, and 37 groups of images are identical.

Source: Chowdhury et al., IEEE Access 8 (2020), doi:10.1109/ACCESS.2020.3010287
    and Rahman et al., Comput Biol Med 132 (2021), doi:10.1016/j.compbiomed.2021.104319
"""

import re
from pathlib import Path

import pandas as pd

from xray_core.catalog import Catalog, Remark, build_catalog
from xray_core.datasets.reader import (
    Reader,
    absent_remark,
    count_remark,
    list_folders,
    refused_remark,
)
from xray_core.errors import DatasetError
from xray_core.imagefiles.images import is_image_name
from xray_core.paths import Listing, is_folder, list_folder, walk_folders
from xray_core.tables.workbooks import read_workbook

TITLE = "COVID-19 Radiography Database"
CLASSES = ("COVID", "Lung_Opacity", "Normal", "Viral Pneumonia")
SPELLINGS = {name.casefold().replace("_", " "): name for name in CLASSES} | {"covid-19": "COVID"}
NAME = re.compile(r"(?P<name>[^.]{1,20}?)(?:-| \()(?P<number>[0-9]{1,9})\)?(?:\.\w{1,5})?")
TABLE_ENDING = ".metadata.xlsx"
FILE_NAME, URL = "FILE NAME", "URL"
EXPECTS = (
    "two or more of the folders COVID, Lung_Opacity, Normal and Viral Pneumonia, with images "
    "named like COVID-1.png, or their workbooks (COVID.metadata.xlsx)"
)
# Of these hosts the first parts of the path name the collection; of others the host does.
COLLECTION_DEPTH = {"github.com": 2, "kaggle.com": 2}


def find_root(folder: Path) -> Path | None:
    """Return `folder`, or a "radiography" folder one or two levels below; see `Reader`."""
    level = [folder]
    for _ in range(3):
        if roots := [candidate for candidate in level if _is_root(candidate)]:
            return roots[0] if len(roots) == 1 else None
        below = (inner for parent in level for inner in list_folders(parent))
        level = [inner for inner in below if "radiography" in inner.name.lower()]
    return None


def _is_root(folder: Path) -> bool:
    classes = {name for name, path in _class_folders(folder) if _holds_class(path, name)}
    return len(classes | {name for name, _ in _class_tables(folder)}) >= 2


def _holds_class(folder: Path, name: str) -> bool:
    if is_folder(folder / "images"):
        return True
    images = (file for file in _list(folder).files if is_image_name(file))
    return (parse_name(next(images, "")) or ("", 0))[0] == name


def _class_folders(folder: Path) -> list[tuple[str, Path]]:
    """Return (class, path) of the folders that bear the name of a class."""
    named = ((_class_of(inner.name), inner) for inner in list_folders(folder))
    return sorted((name, path) for name, path in named if name)


def _class_tables(folder: Path) -> list[tuple[str, Path]]:
    """Return (class, path) of the workbooks that bear the name of a class."""
    files = (file for file in _list(folder).files if file.endswith(TABLE_ENDING))
    named = ((_class_of(file.removesuffix(TABLE_ENDING)), folder / file) for file in files)
    return sorted((name, path) for name, path in named if name)


def _list(folder: Path) -> Listing:
    """Return what is in `folder`; nothing if there is no folder."""
    return list_folder(folder) if is_folder(folder) else Listing([], [], frozenset(), [])


def _class_of(name: str) -> str | None:
    return SPELLINGS.get(name.strip().casefold().replace("_", " "))


def parse_name(name: str) -> tuple[str, int] | None:
    """Return (class, number) of an image's name, None if it is not one of this database.

    >>> parse_name("NORMAL-12"), parse_name("Viral Pneumonia (3).png"), parse_name("scan.png")
    (('Normal', 12), ('Viral Pneumonia', 3), None)
    """
    match = NAME.fullmatch(name.strip())
    known = _class_of(match["name"]) if match else None
    return (known, int(match["number"])) if match and known else None


def name_site(url: str) -> str | None:
    """Return a short name of the collection that a URL points to; None if it says nothing.

    >>> name_site("https://www.kaggle.com/c/rsna-pneumonia-detection-challenge/data")
    'kaggle.com/c/rsna-pneumonia-detection-challenge'
    >>> name_site("https://sirm.org/category/senza-categoria/covid-19/")
    'sirm.org'
    """
    words = url.split()
    if not words:
        return None
    if "." not in words[0]:
        return " ".join(words)[:60]  # no address, but "Twitter" is a source as well
    address = re.split(r"[?#;,]", words[0])[0].rpartition("://")[2]
    host, *path = [part for part in address.split("/") if part] or [""]
    host = host.lower().removeprefix("www.")
    # kaggle.com/datasets/owner/name is what kaggle.com/owner/name was before.
    path = path[1:] if path[:1] == ["datasets"] else path
    return "/".join([host, *path[: COLLECTION_DEPTH.get(host, 0)]]) or None


def claims(path: str) -> bool:
    """Whether an image, relative to the root, is one of this dataset; see `Reader.claims`."""
    *folders, name = path.split("/")
    parsed = parse_name(name)
    is_place = len(folders) == 1 or (len(folders) == 2 and folders[1] in ("images", "masks"))
    return parsed is not None and is_place and _class_of(folders[0]) == parsed[0]


def read_covid19_radiography(folder: Path) -> Catalog:
    """Read the folder of the class folders, or one that holds it.

    Returns:
        A catalog with one row per image file, and one per row of a workbook whose file is
        absent. `image_id` is "Normal-1", `findings` the name of the class folder, and `site`
        what the URL of the workbook names, e.g. "github.com/armiro/COVID-CXNet".

    Raises:
        DatasetError: the folder is laid out in another way, or holds no image and no row.
    """
    root = find_root(folder)
    if root is None:
        raise DatasetError(f"{folder} is not the {TITLE}: expected {EXPECTS}.")
    paths, masks, file_remarks = _list_images(root)
    sites, table_remarks = _read_sites(root)
    ids = list(dict.fromkeys([*paths, *sites]))
    images = pd.DataFrame(
        {
            "image_id": ids,
            "path": [paths.get(image_id) for image_id in ids],
            "findings": [image_id.rpartition("-")[0] for image_id in ids],
            "site": [sites.get(image_id) for image_id in ids],
            "mask_path": [masks.get(image_id) for image_id in ids],
        },
        dtype="string",
    )
    unlisted = [image_id for image_id in paths if image_id not in sites]
    unmasked = [image_id for image_id in paths if masks and image_id not in masks]
    remarks = [
        absent_remark(images, "<class>/images/<class>-<number>.png"),
        count_remark(
            "unlisted_image", unlisted, f"Images in no <class>{TABLE_ENDING}, so of unknown site"
        ),
        count_remark("absent_mask", unmasked, "Images without a lung mask, where others have one"),
        *file_remarks,
        *table_remarks,
    ]
    return build_catalog(root, "covid19_radiography", images, remarks=remarks)


def _list_images(root: Path) -> tuple[dict[str, str], dict[str, str], list[Remark]]:
    """Return image_id -> path of the images and of the masks, relative to `root`."""
    paths: dict[str, str] = {}
    masks: dict[str, str] = {}
    unknown, repeated, stray = [], [], []
    refused = list_folder(root).refused
    for name, folder in _class_folders(root):
        listed = dict(walk_folders(root, refused, folder.name))
        for place, path_of in (("/images", paths), ("", paths), ("/masks", masks)):
            inside = folder.name + place
            for file in listed.get(inside, ()):
                path = f"{inside}/{file}"
                parsed = parse_name(file)
                image_id = f"{name}-{parsed[1]}" if parsed else ""
                if not is_image_name(file):
                    stray.append(path)
                elif parsed is None or parsed[0] != name:  # its folder says otherwise
                    unknown.append(path)
                elif image_id in path_of:
                    repeated.append(path)
                else:
                    path_of[image_id] = path
    return (
        paths,
        masks,
        [
            count_remark(
                "unknown_name", unknown, "Images left out, as they are not named like their folder"
            ),
            count_remark("repeated_name", repeated, "Images left out, as their names occur twice"),
            count_remark("stray_file", stray, "Files left out, as they are no images"),
            refused_remark(refused),
        ],
    )


def _read_sites(root: Path) -> tuple[dict[str, str | None], list[Remark]]:
    """Return image_id -> site for every row of the workbooks."""
    sites: dict[str, str | None] = {}
    unreadable, nameless, repeated = [], [], []
    for name, path in _class_tables(root):
        try:
            table = read_workbook(path, (FILE_NAME, URL))
        except DatasetError as error:
            unreadable.append(str(error))
            continue
        for file, url in table.itertuples(index=False):
            parsed = parse_name(file)
            image_id = f"{name}-{parsed[1]}" if parsed else ""
            if parsed is None or parsed[0] != name:
                nameless.append(f"{path.name}: {file}")
            elif image_id in sites:
                repeated.append(image_id)
            else:
                sites[image_id] = name_site(url)
    return sites, [
        count_remark(
            "unreadable_table", unreadable, "Workbooks that cannot be read, so their sites are lost"
        ),
        count_remark(
            "nameless_row", nameless, f"Rows left out, as their {FILE_NAME} is not like COVID-1"
        ),
        count_remark("repeated_row", repeated, "Rows left out, as they repeat an image"),
    ]


READER = Reader(
    title=TITLE,
    expects=EXPECTS,
    find_root=find_root,
    read=read_covid19_radiography,
    claims=claims,
    citation=(
        "Chowdhury et al., IEEE Access 8 (2020), doi:10.1109/ACCESS.2020.3010287; "
        "Rahman et al., Comput Biol Med 132 (2021), doi:10.1016/j.compbiomed.2021.104319"
    ),
    licence="as its many sources allow; see the release",
    address="https://www.kaggle.com/datasets/tawsifurrahman/covid19-radiography-database",
    about=(
        "3,616 images with COVID-19, 6,012 with another lung opacity, 10,192 normal and 1,345 "
        "with viral pneumonia, merged from public collections, with a lung mask for each."
    ),
    known_issues=(
        "Each class comes from other sources, so the source almost gives the label away.",
        "The viral pneumonias and some of the normal images are of children.",
        "No patients are published, and 37 groups of images are identical.",
        "The table of the Normal class writes NORMAL-1 where the file is Normal-1.png.",
    ),
    kaggle="tawsifurrahman/covid19-radiography-database",
)
