"""The union of SIIM-FISABIO-RSNA with the COVID-19 Radiography Database, as one dataset.

A small folder of its own names the two, which stay where they are:

    union.json      {"members": {"siim_covid19": "<folder>", "covid19_radiography": "<folder>"}}

A relative folder counts from the one that holds union.json. SIIM is the *target-domain* data, on
which a model is to work; the other is *external* data that it may learn from. A split by
`target_domain` holds out a part of SIIM and trains on the rest of both.

Known issues:
    - What SIIM calls an opacity includes whatever is not "Negative for Pneumonia"; what the
      other calls Normal was labelled by other people for other purposes.
    - The two differ in machine, size and age of the patients, and the other names no patients:
      a model that tells the sources apart knows half of the label.
    - Both took COVID-19 images from the BIMCV collection of Valencia, and the same radiograph is
      in both, resized: a clean split and the audit know such copies by their looks. Between 1,000
      images of the one and 5,065 of the other there are 92 such pairs.

Source: the SIIM-FISABIO-RSNA COVID-19 thesis, chapter 9
"""

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from xray_core.catalog import Catalog, build_catalog
from xray_core.datasets import covid19_radiography, siim_covid19
from xray_core.datasets.reader import Reader, claims_all
from xray_core.errors import DatasetError
from xray_core.files import replaced_file
from xray_core.paths import find_allowed, is_hidden, read_data_json

TITLE = "SIIM-FISABIO-RSNA with COVID-19 Radiography"
LONGEST_SHOWN = 300  # characters of an odd path that a message repeats
UNION_JSON = "union.json"
# Reader name -> (its module's reader, what stands before the ids of its images).
MEMBERS = {
    "siim_covid19": (siim_covid19.READER, "siim/"),
    "covid19_radiography": (covid19_radiography.READER, "radiography/"),
}
IDS = ("image_id", "patient_id", "study_id")
PATHS = ("path", "mask_path")
EXPECTS = f"{UNION_JSON}, which the command `union` writes"


def find_root(folder: Path) -> Path | None:
    """Return `folder` if it holds union.json, unless that of `union_any`; see `Reader`."""
    path = folder / UNION_JSON
    if not path.is_file():
        return None
    try:
        content = read_data_json(path)
    except (OSError, ValueError):
        return folder  # damaged: its reading says how
    listed = isinstance(content, dict) and isinstance(content.get("members"), list)
    return None if listed else folder


def create_union(folder: Path, members: Sequence[Path]) -> dict[str, Path]:
    """Write `folder`/union.json, which makes one dataset of two; no image is copied.

    Args:
        folder: a new or empty folder, or one whose union is to be replaced.
        members: the folders of SIIM and of COVID-19 Radiography, or folders that hold them,
            in either order.

    Returns:
        Reader name -> the dataset folder that was found, absolute.

    Raises:
        DatasetError: the folder holds something else or one of the members, or the members
            are not one of each.
    """
    roots = _sort_members(members)
    check_place(folder, list(roots.values()))
    content = {"members": {name: str(root) for name, root in roots.items()}}
    with replaced_file(folder / UNION_JSON) as partial:
        partial.write_text(json.dumps(content, indent=2), encoding="utf-8")
    return roots


def check_place(folder: Path, roots: Sequence[Path]) -> None:
    """Raise DatasetError where a union of the datasets in `roots` cannot be written to `folder`."""
    inside = [root for root in roots if root.is_relative_to(folder.resolve())]
    if inside:
        raise DatasetError(
            f"{folder} holds {inside[0]}. Choose a folder beside it, for the union is a dataset "
            "of its own."
        )
    others = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
    others = sorted(name for name in others if name != UNION_JSON and not is_hidden(name))
    if others or folder.is_file():
        holds = f"holds {others[0]}" if others else "is a file"
        raise DatasetError(f"{folder} {holds}. Choose a new folder for the union.")


def check_there(path: Path, member: Path) -> None:
    """Raise DatasetError where the folder of a member, that the file at `path` names, is gone."""
    if not member.is_dir():
        raise DatasetError(
            f"{path} names {str(member)[:LONGEST_SHOWN]}, and there is no such folder. Move it "
            "back, write where it is now into that file, or join the two anew."
        )


def _sort_members(members: Sequence[Path]) -> dict[str, Path]:
    """Return reader name -> root of the members, in the order of `MEMBERS`."""
    roots: dict[str, Path] = {}
    for member in members:
        fitting = {name: root for name in MEMBERS if (root := _root_of(name, member))}
        if len(fitting) != 1:
            titles = " and ".join(reader.title for reader, _ in MEMBERS.values())
            holds = "both" if fitting else "neither"
            raise DatasetError(f"{member} holds {holds} of {titles}. Name a folder of each.")
        if repeated := fitting.keys() & roots.keys():
            title = MEMBERS[repeated.pop()][0].title
            raise DatasetError(f"{member} is a second folder of {title}. Name one of each.")
        roots |= fitting
    if missing := [reader for name, (reader, _) in MEMBERS.items() if name not in roots]:
        raise DatasetError(f"The union lacks {missing[0].title}: {missing[0].expects}.")
    return {name: roots[name] for name in MEMBERS}


def _root_of(name: str, folder: Path) -> Path | None:
    root = MEMBERS[name][0].find_root(folder)
    return find_allowed(root) if root else None


def find_members(folder: Path) -> dict[str, Path]:
    """Return reader name -> dataset folder, as `folder`/union.json names them.

    Raises:
        DatasetError: the file is damaged, or a folder that it names is not there, holds
            something else, or lies where this app may not read.
    """
    path = folder / UNION_JSON
    try:
        named = read_data_json(path)["members"]
        folders = {name: Path(folder, named[name]) for name in MEMBERS}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(
            f"{path} does not name a folder of {' and of '.join(MEMBERS)}: {error!r}. "
            "Write it anew with the command `union`."
        ) from error
    # The gate first: what lies elsewhere is refused whether or not it is there.
    allowed = {name: find_allowed(member) for name, member in folders.items()}
    for member in allowed.values():
        check_there(path, member)
    members = {name: _root_of(name, member) for name, member in allowed.items()}
    for name, root in members.items():
        if root is None:
            shown = str(folders[name])[:LONGEST_SHOWN]
            raise DatasetError(
                f"{path} names {shown}, which is not {MEMBERS[name][0].title}. "
                "Write it anew with the command `union`."
            )
    return {name: root for name, root in members.items() if root}


def read_union(folder: Path) -> Catalog:
    """Read both datasets that the folder's union.json names.

    Returns:
        A catalog of all images of both. Ids begin with "siim/" or "radiography/", `source` is
        the reader of the row, as is `site` where none is known, paths are relative to the
        union's folder (absolute on another drive), and each remark begins with the title of its
        dataset.

    Raises:
        DatasetError: there is no usable union.json, or a member cannot be read.
    """
    if not (folder / UNION_JSON).is_file():
        raise DatasetError(f"{folder} is not the union {TITLE}: expected {EXPECTS}.")
    folder = folder.resolve()
    images, boxes, masks, remarks = [], [], [], []
    for name, root in find_members(folder).items():
        reader, prefix = MEMBERS[name]
        catalog = reader.read(root)
        way = way_between(folder, catalog.root)
        changed = {column: prefix + catalog.images[column] for column in IDS}
        changed |= {column: f"{way}/" + catalog.images[column] for column in PATHS}
        changed["site"] = catalog.images["site"].fillna(name)  # none known: the dataset's name
        images.append(catalog.images.assign(**changed))
        boxes.append(catalog.boxes.assign(image_id=prefix + catalog.boxes["image_id"]))
        masks.append(
            catalog.masks.assign(
                image_id=prefix + catalog.masks["image_id"],
                path=f"{way}/" + catalog.masks["path"],
            )
        )
        names = catalog.noted.groupby("kind")["name"].agg(tuple).to_dict()
        remarks += [
            replace(
                remark,
                message=f"{reader.title}: {remark.message}",
                names=names.get(remark.kind, ()),
            )
            for remark in catalog.remarks
        ]
    return build_catalog(
        folder,
        "siim_radiography",
        pd.concat(images, ignore_index=True),
        pd.concat(boxes, ignore_index=True),
        remarks,
        pd.concat(masks, ignore_index=True),
    )


def way_between(start: Path, end: Path) -> str:
    """Return the relative path from one folder to another, or, on another drive, `end`."""
    try:
        return Path(os.path.relpath(end.resolve(), start)).as_posix()
    except ValueError:
        return end.resolve().as_posix()


def _roots(root: Path) -> list[Path]:
    return [root, *find_members(root).values()]


READER = Reader(
    title=TITLE,
    expects=EXPECTS,
    find_root=find_root,
    read=read_union,
    claims=claims_all,
    citation="; ".join(reader.citation for reader, _ in MEMBERS.values()),
    licence="; ".join(f"{reader.title}: {reader.licence}" for reader, _ in MEMBERS.values()),
    address="",
    kaggle="",
    not_on_kaggle="It is made of two datasets that are, by the command `union`.",
    about=(
        "Two datasets as one: SIIM is the data that a model is to work on, COVID-19 Radiography "
        "is external data to learn from. No image is copied."
    ),
    known_issues=(
        "A model that tells the two sources apart knows half of the label.",
        "COVID-19 Radiography names no patients, so only SIIM is divided by patient.",
        "The labels were made by other people in other ways.",
    ),
    roots=_roots,
)
