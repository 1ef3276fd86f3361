"""The union of any two datasets, as one dataset; their classes are those of a common task.

A small folder of its own names the two, which stay where they are, and says of each what its
labels count as:

    union.json      {"members": [{"name": "kermany", "reader": "kermany", "folder": "<folder>",
                                  "finding": "", "column": "findings",
                                  "classes": {"bacterial pneumonia": "pneumonia", ...}}, ...]}

A relative folder counts from the one that holds union.json. `tasks.joining` writes it. That of
SIIM-FISABIO-RSNA and COVID-19 Radiography, with tasks of its own, is in `union`.

Known issues:
    - Two sources differ in machines, patients and in who labelled them. Where their classes have
      other shares, a network that tells the sources apart knows half of the label.
    - The same picture may be in both: a clean split keeps copies together, the audit counts them.
    - Findings, several an image, are taken over where both datasets have them, and what is unknown
      stays so; of a union with one class an image, what is said of each finding is not.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import pandas as pd

from xray_core.catalog import COLUMNS, Catalog, Remark, build_catalog
from xray_core.datasets.reader import Reader, claims_all
from xray_core.datasets.union import UNION_JSON, check_place, check_there, way_between
from xray_core.datasets.union_members import Member, read_member_labels
from xray_core.errors import DatasetError
from xray_core.files import replaced_file
from xray_core.paths import find_allowed, read_data_json
from xray_core.records import build_record

NAME = "union"  # of the reader
# Reader -> the reader whose patients it names as that one does, as it took its images from there.
PATIENTS_OF = {"coronahack": "kermany", "rsna_pneumonia": "nih_chestxray14"}
EXPECTS = f"{UNION_JSON} with a list of two members, which joining two datasets on Home writes"

ReadMember = Callable[[Path, str], Catalog]


@dataclass(frozen=True)
class _Union:
    members: tuple[Member, ...] = field(default=())


def find_root(folder: Path) -> Path | None:
    """Return `folder` if its union.json lists members; see `Reader.find_root`."""
    path = folder / UNION_JSON
    if not path.is_file():
        return None
    try:
        content = read_data_json(path)
    except (OSError, ValueError):
        return None
    return (
        folder if isinstance(content, dict) and isinstance(content.get("members"), list) else None
    )


def create_union_of(folder: Path, members: Sequence[Member]) -> None:
    """Write `folder`/union.json, which makes one dataset of the members; no image is copied.

    Args:
        folder: a new or empty folder, or one whose union is to be replaced.
        members: two, of different folders and names.

    Raises:
        DatasetError: the folder holds something else or a member, or the members are the same.
    """
    roots = [Path(member.folder) for member in members]
    if len({*roots}) < 2 or len(roots) != 2:
        raise DatasetError(f"A union is of two different datasets, not of {_list(roots)}.")
    check_place(folder, roots)
    content = {"members": [asdict(member) for member in members]}
    folder.mkdir(parents=True, exist_ok=True)
    with replaced_file(folder / UNION_JSON) as partial:
        partial.write_text(json.dumps(content, indent=2, ensure_ascii=False), encoding="utf-8")


def list_members(folder: Path) -> list[Member]:
    """Return the members that `folder`/union.json names, their folders absolute.

    Raises:
        DatasetError: the file is damaged, or a folder lies where this app may not read.
    """
    path = folder / UNION_JSON
    try:
        members = build_record(_Union, read_data_json(path), "union").members
    except (OSError, ValueError) as error:
        raise DatasetError(
            f"{path} does not name two datasets and their classes: {error}. Join them anew."
        ) from error
    if len({member.name for member in members}) < len(members) or len(members) != 2:
        raise DatasetError(f"{path} names {len(members)} members; a union has two, of two names.")
    if len({member.multilabel for member in members}) > 1:
        raise DatasetError(
            f"{path} gives the images of one dataset one class, and those of the other several. "
            "Join them anew."
        )
    for member in members:
        if member.column not in COLUMNS:
            raise DatasetError(f"{path} names the column {member.column!r}, which no catalog has.")
    return [replace(member, folder=str(find_allowed(folder / member.folder))) for member in members]


def _list_there(folder: Path) -> list[Member]:
    """Return the members, as `list_members`; raise DatasetError as well where one has gone."""
    members = list_members(folder)
    for member in members:
        check_there(folder / UNION_JSON, Path(member.folder))
    return members


def name_patient_source(member: Member) -> str:
    """Return what stands before a patient's id, the same where two members share patients."""
    return PATIENTS_OF.get(member.reader, member.name)


def build_reader(read_member: ReadMember) -> Reader:
    """Return the reader of such unions.

    Args:
        read_member: folder, name of a reader -> the catalog of that dataset.
    """
    return Reader(
        title="A union of two datasets",
        expects=EXPECTS,
        find_root=find_root,
        read=lambda folder: _read_union(folder, read_member),
        claims=claims_all,
        citation="both datasets",
        licence="as both datasets say",
        address="",
        kaggle="",
        not_on_kaggle="It is made of two datasets that are here: join them on Home.",
        about=(
            "Two datasets as one, their classes those of a task that both answer; the source of "
            "each image is kept. No image is copied."
        ),
        known_issues=(
            "A network that tells the two sources apart knows half of the label, where their "
            "classes have other shares.",
            "The labels were made by other people in other ways.",
        ),
        roots=lambda folder: [folder, *(Path(m.folder) for m in _list_there(folder))],
    )


def _read_union(folder: Path, read_member: ReadMember) -> Catalog:
    """Read both datasets that the folder's union.json names.

    Returns:
        A catalog of all images of both. `source` is the member's name, with which ids begin,
        `findings` the class in the union, or several joined by "|", then with `finding_states`;
        paths are relative to the union's folder (absolute on another drive), and each remark
        begins with the member's name.

    Raises:
        DatasetError: there is no usable union.json, or a member cannot be read.
    """
    if find_root(folder) is None:
        raise DatasetError(f"{folder} is not a union of two datasets: expected {EXPECTS}.")
    folder = folder.resolve()
    images, boxes, masks, remarks, states = [], [], [], [], []
    for member in _list_there(folder):
        catalog = read_member(Path(member.folder), member.reader)
        prefix, way = f"{member.name}/", f"{way_between(folder, catalog.root)}/"
        labels = read_member_labels(catalog, member)
        rows = catalog.images
        images.append(
            rows.assign(
                image_id=prefix + rows["image_id"],
                patient_id=f"{name_patient_source(member)}/" + rows["patient_id"],
                study_id=prefix + rows["study_id"],
                path=way + rows["path"],
                mask_path=way + rows["mask_path"],
                source=member.name,
                site=rows["site"].fillna(member.name),
                findings=labels.findings,
            )
        )
        boxes.append(catalog.boxes.assign(image_id=prefix + catalog.boxes["image_id"]))
        masks.append(
            catalog.masks.assign(
                image_id=prefix + catalog.masks["image_id"], path=way + catalog.masks["path"]
            )
        )
        remarks += [*_take_over(catalog, member), *labels.remarks]
        if member.multilabel:
            states.append(labels.states.assign(image_id=prefix + rows["image_id"]))
    return build_catalog(
        folder,
        NAME,
        pd.concat(images, ignore_index=True),
        pd.concat(boxes, ignore_index=True),
        remarks,
        pd.concat(masks, ignore_index=True),
        pd.concat(states, ignore_index=True) if states else None,
    )


def _take_over(catalog: Catalog, member: Member) -> list[Remark]:
    names = catalog.noted.groupby("kind")["name"].agg(tuple).to_dict()
    return [
        replace(
            remark, message=f"{member.name}: {remark.message}", names=names.get(remark.kind, ())
        )
        for remark in catalog.remarks
    ]


def _list(roots: Sequence[Path]) -> str:
    return ", ".join(map(str, roots))
