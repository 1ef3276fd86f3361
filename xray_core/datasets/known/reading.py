"""A reader for each `KnownDataset`: its layout becomes a mapping, which is read as any other.

recognise    the tables that are there, or the names of the files
mapping      `FolderMapping` of these tables; where none names images, the names of the files do
tables       the cells: labels translated, what names of files say added, what else is needed
read         `folder.table.read_mapped`
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from xray_core.catalog import Catalog, Remark, add_remarks
from xray_core.datasets.folder.files import sort_files, unread_tables_remark
from xray_core.datasets.folder.mapping import FolderMapping, MappedTable
from xray_core.datasets.folder.table import read_mapped
from xray_core.datasets.inventory import take_inventory
from xray_core.datasets.known.entry import NAMES, KnownDataset, KnownTable
from xray_core.datasets.known.recognition import has_named_images, match_tables
from xray_core.datasets.known.shapes import add_annotations, drop_masks, name_masks
from xray_core.datasets.known.tables import IN_NAME, KnownTables, column_in_names
from xray_core.datasets.reader import Reader
from xray_core.errors import DatasetError
from xray_core.imagefiles.dicom import SUFFIXES as DICOM_SUFFIXES

GUESSES = ("possible_separator", "guessed_mask")  # kinds of remarks
UNREAD = "unread_table"


def build_reader(known: KnownDataset) -> Reader:
    """Return the reader of a known dataset."""
    return Reader(
        title=known.title,
        expects=known.expects,
        find_root=partial(find_root, known),
        read=partial(read_known, known),
        claims=partial(claims, known),
        about=known.about,
        known_issues=known.known_issues,
        address=known.address,
        citation=known.citation,
        licence=known.licence,
        kaggle=known.kaggle,
        not_on_kaggle=known.not_on_kaggle,
    )


def find_root(known: KnownDataset, folder: Path) -> Path | None:
    """Return the folder that directly holds the dataset; see `Reader.find_root`."""
    if not (match_tables(known, folder) if known.tables else has_named_images(known, folder)):
        return None
    return known.locate(folder) if known.locate is not None else folder


def claims(known: KnownDataset, path: str) -> bool:
    """Whether an image file is called as the dataset's are; see `Reader.claims`."""
    patterns = [pattern for pattern in (known.images, known.claimed) if pattern]
    return not known.images or any(re.search(p, path, re.IGNORECASE) for p in patterns)


def read_known(known: KnownDataset, folder: Path) -> Catalog:
    """Read a folder that directly holds the dataset.

    Returns:
        A catalog as `folder.table.read_mapped` returns it. A table that is absent is remarked on.

    Raises:
        DatasetError: the folder holds something else, or a table is damaged.
    """
    root = find_root(known, folder)
    if root is None:
        raise DatasetError(f"{folder} is not {known.title}: expected {known.expects}.")
    matched = match_tables(known, root)
    inventory = take_inventory(root)
    copies = [known.find_copies(inventory)] if known.find_copies is not None else []
    repeated = {name for remark in copies for name in remark.names}
    images = tuple(path for path in inventory.images if path not in repeated)
    files = sort_files(replace(inventory, images=images))
    mapping = build_mapping(known, matched)
    tables = KnownTables(files, known, matched)
    measured = DICOM_SUFFIXES if known.original else None
    catalog = read_mapped(files, mapping, tables, known.name, measured)
    if known.annotated:
        catalog = add_annotations(known, files, catalog)
    if known.masks:
        catalog = name_masks(known.masks, catalog)
    if known.unmarked:
        catalog = drop_masks(known.unmarked, catalog)
    kinds: tuple[str, ...] = GUESSES
    if tables.beside:
        kinds = (*GUESSES, UNREAD)
        copies.append(unread_tables_remark(files, tables.beside))
    return add_remarks(
        drop_remarks(catalog, kinds),
        [*_remark_absent_tables(known, matched), *copies, *tables.remarks],
    )


def drop_remarks(catalog: Catalog, kinds: Collection[str] = GUESSES) -> Catalog:
    """Return `catalog` without remarks on what is a guess elsewhere, and here is known."""
    return replace(
        catalog,
        remarks=tuple(remark for remark in catalog.remarks if remark.kind not in kinds),
        noted=catalog.noted[~catalog.noted["kind"].isin(kinds)].reset_index(drop=True),
    )


def build_mapping(known: KnownDataset, matched: Mapping[str, KnownTable]) -> FolderMapping:
    """Return how the tables that are there are read.

    Args:
        known: the dataset.
        matched: file -> table, as of `match_tables`.
    """
    mapped: list[MappedTable] = []
    for file, table in matched.items():
        columns = table.roles
        is_joined = bool(table.on) and ("path" not in columns or bool(mapped))
        if is_joined:
            columns.pop("path", None)
        mapped.append(
            MappedTable(
                file,
                columns,
                table.findings + table.added_findings,
                table.on if is_joined else "",
                table.of if is_joined else "",
                table.subset,
                table.images,
            )
        )
    naming = [table for table in mapped if "path" in table.columns]
    if not naming:
        columns = {role: column_in_names(known, role) for role in known.roles_in_names}
        columns |= {role: role for role in known.beside_roles}
        mapped.insert(0, MappedTable(NAMES, {"path": "path", **columns}))
    elif extra := [r for r in known.roles_in_names if all(r not in t.columns for t in mapped)]:
        columns = {role: IN_NAME + role for role in extra}
        mapped = [
            replace(table, columns={**table.columns, **columns}) if table in naming else table
            for table in mapped
        ]
    return FolderMapping(
        tables=tuple(mapped),
        separator=known.separator,
        uncertain=known.uncertain,
        blank=known.blank,
        box_unit=known.box_unit,
        box_order=known.box_order,
    )


def _remark_absent_tables(known: KnownDataset, matched: Mapping[str, KnownTable]) -> list[Remark]:
    """Return a remark for each kind of table that is absent and missed."""
    kinds = {table.kind or table.name for table in matched.values()}
    missed: dict[str, KnownTable] = {}
    for table in known.tables:
        if table.gives:
            missed.setdefault(table.kind or table.name, table)
    return [
        Remark(
            "missing_table",
            1,
            f"{table.name} is absent, so {table.gives}. Get it from {known.address} and put it "
            "beside the others.",
            (table.name,),
        )
        for kind, table in missed.items()
        if kind not in kinds
    ]
