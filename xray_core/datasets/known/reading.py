"""A reader for each `KnownDataset`: its layout becomes a mapping, which is read as any other.

recognise    the tables that are there, or the names of the files
mapping      `FolderMapping` of these tables; where none names images, the names of the files do
tables       the cells: labels translated, what names of files say added, what else is needed
read         `folder.table.read_mapped`
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pandas as pd

from xray_core.catalog import Catalog, Remark, add_remarks
from xray_core.datasets.folder.files import FolderFiles, sort_files
from xray_core.datasets.folder.mapping import FolderMapping, MappedTable
from xray_core.datasets.folder.rows import FolderTables
from xray_core.datasets.folder.table import read_mapped
from xray_core.datasets.inventory import take_inventory
from xray_core.datasets.known.entry import NAMES, KnownDataset, KnownTable
from xray_core.datasets.known.recognition import has_named_images, match_tables
from xray_core.datasets.reader import N_EXAMPLES, Reader
from xray_core.errors import DatasetError
from xray_core.imagefiles.dicom import SUFFIXES as DICOM_SUFFIXES
from xray_core.tables.sheet import Sheet

IN_NAME = "in the name: "  # in front of a role, in the names of columns


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
    """Return `folder` if it directly holds the dataset; see `Reader.find_root`."""
    is_known = match_tables(known, folder) if known.tables else has_named_images(known, folder)
    return folder if is_known else None


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
    if find_root(known, folder) is None:
        raise DatasetError(f"{folder} is not {known.title}: expected {known.expects}.")
    matched = match_tables(known, folder)
    files = sort_files(take_inventory(folder))
    mapping = build_mapping(known, matched)
    tables = KnownTables(files, known, matched)
    measured = DICOM_SUFFIXES if known.original else None
    catalog = read_mapped(files, mapping, tables, known.name, measured)
    return add_remarks(catalog, [*_remark_absent_tables(known, matched), *tables.remarks])


def build_mapping(known: KnownDataset, matched: Mapping[str, KnownTable]) -> FolderMapping:
    """Return how the tables that are there are read.

    Args:
        known: the dataset.
        matched: file -> table, as of `match_tables`.
    """
    mapped: list[MappedTable] = []
    for file, table in matched.items():
        columns = {**table.columns, **table.maybe}
        is_joined = bool(table.on) and ("path" not in columns or bool(mapped))
        if is_joined:
            columns.pop("path", None)
        mapped.append(
            MappedTable(
                file,
                columns,
                table.findings,
                table.on if is_joined else "",
                table.of if is_joined else "",
                table.subset,
                table.images,
            )
        )
    naming = [table for table in mapped if "path" in table.columns]
    if not naming:
        columns = {role: _column_in_names(known, role) for role in known.roles_in_names}
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


class KnownTables(FolderTables):
    """The tables of a known dataset, their cells made ready to be read.

    Args:
        files: those of the dataset folder.
        known: the dataset.
        matched: file -> table, as of `match_tables`.

    Attributes:
        remarks: on what was done to the cells.
    """

    def __init__(
        self, files: FolderFiles, known: KnownDataset, matched: Mapping[str, KnownTable]
    ) -> None:
        super().__init__(files.root, files.images)
        self._known, self._matched = known, matched
        self._ready: dict[str, Sheet] = {}
        self.remarks: list[Remark] = []

    def read(self, file: str) -> Sheet:
        """Return a table, or what the names of the files say in place of one (`NAMES`).

        Raises:
            DatasetError: it cannot be read.
        """
        if file not in self._ready:
            sheet = self._list_names() if file == NAMES else super().read(file)
            self._ready[file] = replace(sheet, rows=self._prepare(file, sheet.rows))
        return self._ready[file]

    def find_files(self, cells: pd.Series, bases: Sequence[str] = ()) -> pd.DataFrame:
        """Return what `FolderTables.find_files` does, but no file that is called otherwise.

        A row whose own image is absent never gets that of another patient, whose path ends alike.
        """
        places = super().find_files(cells, bases)
        said = read_names(self._known, cells.fillna(""))
        named = read_names(self._known, places["path"].fillna(""))
        others = pd.Series(False, cells.index)
        for role in self._known.roles_in_names:
            differ = said[role].str.casefold() != named[role].str.casefold()
            others |= differ.fillna(False).to_numpy(bool)
        others &= places["path"].notna()
        places.loc[others, "path"], places.loc[others, "reason"] = None, "absent"
        return places

    def _list_names(self) -> Sheet:
        named = read_names(self._known, self.images)
        roles = self._known.roles_in_names
        rows = named.rename(columns={role: _column_in_names(self._known, role) for role in roles})
        rows.insert(0, "path", pd.Series(self.images, dtype="string"))
        fits = re.compile(self._known.images, re.IGNORECASE).search
        kept = [bool(fits(path)) for path in self.images]
        return Sheet(rows[kept].reset_index(drop=True), "", "", True, {}, ())

    def _prepare(self, file: str, rows: pd.DataFrame) -> pd.DataFrame:
        table = self._matched.get(file, KnownTable(NAMES))
        rows = rows.copy()
        by_name = {str(name).casefold(): str(name) for name in reversed(rows.columns)}
        for role in [role for role in table.maybe if table.maybe[role].casefold() not in by_name]:
            rows[table.maybe[role]] = pd.Series(pd.NA, rows.index, dtype="string")
        if file != NAMES and "path" in table.columns:
            cells = rows[by_name[table.columns["path"].casefold()]].fillna("")
            named = read_names(self._known, cells).set_axis(rows.index)
            rows = rows.join(named.add_prefix(IN_NAME))
        if self._known.prepare is not None:
            prepared = self._known.prepare(table, rows)
            rows = prepared.rows
            self.remarks += prepared.remarks
        names = [table.columns.get("label", ""), f"{IN_NAME}label"]
        names += [_column_in_names(self._known, "label")] if file == NAMES else []
        for name in [name for name in names if self._known.labels and name in rows]:
            rows[name], remark = translate(rows[name], self._known.labels)
            self.remarks.append(remark)
        return rows


def read_names(known: KnownDataset, paths: Sequence[str] | pd.Series) -> pd.DataFrame:
    """Return what paths of images say, a column for each role; <NA> where one does not fit."""
    texts = pd.Series(list(paths), dtype="string").str.replace("\\", "/", regex=False)
    if not known.roles_in_names:
        return pd.DataFrame(index=texts.index)
    named = texts.str.extract(re.compile(known.images, re.IGNORECASE))
    return named[list(known.roles_in_names)].astype("string").replace("", pd.NA)


def translate(cells: pd.Series, labels: Mapping[str, str]) -> tuple[pd.Series, Remark]:
    """Return what the labels of cells are called, <NA> for one that is not listed, and a remark."""
    of_cell = {written.casefold(): name for written, name in labels.items()}
    names = cells.str.strip().str.casefold().map(of_cell).astype("string")
    unclear = Counter(map(str, cells[cells.notna() & names.isna()]))
    listed = ", ".join(f"{cell!r} {n:,}" for cell, n in unclear.most_common(N_EXAMPLES))
    message = f"Labels that the dataset does not have, left out: {unclear.total():,} ({listed})."
    return names, Remark(
        "unclear_label", unclear.total(), message, tuple(unclear)[:N_EXAMPLES], tuple(unclear)
    )


def _column_in_names(known: KnownDataset, role: str) -> str:
    """Return what the column of a role is called in `NAMES`: as in the tables that are joined."""
    columns = (table.columns.get(role, "") for table in known.tables)
    return next(filter(None, columns), role)


def _remark_absent_tables(known: KnownDataset, matched: Mapping[str, KnownTable]) -> list[Remark]:
    """Return a remark for each kind of table that is absent and missed."""
    kinds = {table.kind or table.name for table in matched.values()}
    absent = {t.kind or t.name: t for t in reversed(known.tables) if t.gives}
    return [
        Remark(
            "missing_table",
            1,
            f"{table.name} is absent, so {table.gives}. Get it from {known.address} and put it "
            "beside the others.",
            (table.name,),
        )
        for kind, table in absent.items()
        if kind not in kinds
    ]
