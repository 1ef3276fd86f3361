"""The tables of a known dataset, their cells made ready to be read as those of any folder."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import pandas as pd

from xray_core.catalog import Remark
from xray_core.datasets.folder.files import FolderFiles
from xray_core.datasets.folder.rows import FolderTables
from xray_core.datasets.known.entry import NAMES, KnownDataset, KnownTable
from xray_core.datasets.reader import N_EXAMPLES
from xray_core.tables.columns import NO_HEADER
from xray_core.tables.lookup import match_columns
from xray_core.tables.sheet import Sheet

IN_NAME = "in the name: "  # in front of a role, in the names of columns


class KnownTables(FolderTables):
    """The tables of a known dataset, their cells made ready to be read.

    Args:
        files: those of the dataset folder.
        known: the dataset.
        matched: file -> table, as of `match_tables`.

    Attributes:
        remarks: on what was done to the cells.
        beside: the tables that `KnownDataset.beside` read.
    """

    def __init__(
        self, files: FolderFiles, known: KnownDataset, matched: Mapping[str, KnownTable]
    ) -> None:
        super().__init__(files.root, files.images)
        self._files, self._known, self._matched = files, known, matched
        self._ready: dict[str, Sheet] = {}
        self.remarks: list[Remark] = []
        self.beside: tuple[str, ...] = ()

    def read(self, file: str) -> Sheet:
        """Return a table, or what the names of the files say in place of one (`NAMES`).

        Raises:
            DatasetError: it cannot be read.
        """
        if file not in self._ready:
            sheet = self._list_names() if file == NAMES else super().read(file)
            if file in self._matched and self._matched[file].first_line:  # no wonder
                notes = tuple(note for note in sheet.notes if not note.startswith(NO_HEADER))
                sheet = replace(sheet, has_header=True, notes=notes)
            self._ready[file] = replace(sheet, rows=self._prepare(file, sheet.rows))
        return self._ready[file]

    def find_files(self, cells: pd.Series, bases: Sequence[str] = ()) -> pd.DataFrame:
        """Return what `FolderTables.find_files` does, but no file that is called otherwise.

        A row whose own image is absent never gets that of another patient, whose path ends alike.
        """
        places = super().find_files(cells, bases)
        said = _fold_names(read_names(self._known, cells.fillna("")))
        led_to = _fold_names(read_names(self._known, places["path"].fillna("")))
        others = [
            any(a and b and a != b for a, b in zip(names, of_path, strict=True))
            or (reason == "several" and any(names) and names not in self._named)
            for names, of_path, reason in zip(said, led_to, places["reason"], strict=True)
        ]
        places.loc[others, "path"], places.loc[others, "reason"] = None, "absent"
        return places

    @cached_property
    def _named(self) -> frozenset[tuple[str, ...]]:
        """What the paths of the images say, each different answer once."""
        return frozenset(_fold_names(read_names(self._known, self.images)))

    def _list_names(self) -> Sheet:
        named = read_names(self._known, self.images)
        roles = self._known.roles_in_names
        rows = named.rename(columns={role: column_in_names(self._known, role) for role in roles})
        rows.insert(0, "path", pd.Series(self.images, dtype="string"))
        fits = re.compile(self._known.images, re.IGNORECASE).search
        kept = [bool(fits(path)) for path in self.images]
        rows = rows[kept].reset_index(drop=True)
        if self._known.beside is not None:
            prepared = self._known.beside(self._files, rows)
            rows = prepared.rows
            self.remarks += prepared.remarks
            self.beside = prepared.tables
        return Sheet(rows, "", "", True, {}, ())

    def _prepare(self, file: str, rows: pd.DataFrame) -> pd.DataFrame:
        table = self._matched.get(file, KnownTable(NAMES))
        wanted = (*table.header, *table.maybe.values())
        columns = match_columns(map(str, rows.columns), wanted, self.root / file)
        rows = rows.rename(columns={column: name for name, column in columns.items()})
        for name in [name for name in table.maybe.values() if name not in rows]:
            rows[name] = pd.Series(pd.NA, rows.index, dtype="string")
        if file != NAMES and "path" in table.columns:
            cells = rows[table.columns["path"]].fillna("")
            named = read_names(self._known, cells).set_axis(rows.index)
            rows = rows.join(named.add_prefix(IN_NAME))
        if self._known.prepare is not None:
            prepared = self._known.prepare(table, rows)
            rows = prepared.rows
            self.remarks += prepared.remarks
        names = [table.roles.get("label", ""), f"{IN_NAME}label"]
        names += [column_in_names(self._known, "label")] if file == NAMES else []
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


def _fold_names(named: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return the rows of what paths say as they compare: "" for nothing, no capitals."""
    columns = [[str(cell).casefold() for cell in named[name].fillna("")] for name in named]
    return list(zip(*columns, strict=True)) if columns else [()] * len(named)


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


def column_in_names(known: KnownDataset, role: str) -> str:
    """Return what the column of a role is called in `NAMES`: as in the tables that are joined."""
    columns = (table.roles.get(role, "") for table in known.tables)
    return next(filter(None, columns), role)
