"""The rows of a folder's mapped tables, put together: each with the image file that it names.

Tables that name images are stacked; the others are joined to them by a column that both have.
"""

import os
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from xray_core.catalog import Remark
from xray_core.datasets.folder.finder import FileFinder, join_columns
from xray_core.datasets.folder.mapping import FolderMapping, MappedTable
from xray_core.datasets.folder.names import without_suffix
from xray_core.datasets.reader import count_remark
from xray_core.errors import DatasetError
from xray_core.tables.labels import unify_numbers
from xray_core.tables.lookup import match_columns
from xray_core.tables.sheet import Sheet, read_sheet

STATE = "state of "  # in front of a finding, in the names of columns
SECOND = " 2"  # behind a role that an earlier table gives, too
KEY = "key "  # in front of a column by which other tables are joined
OTHER_MODALITIES = frozenset(("ct", "mr", "mri", "us", "pt", "pet", "nm", "mg"))
NUMBERED = ("patient", "study", "label")  # what may be 12 in one row and 12.0 in another


class FolderTables:
    """The tables of a folder, each read once: dialogs try many mappings on them.

    Args:
        root: the dataset folder.
        images: its image files that are no masks, relative to it.
    """

    def __init__(self, root: Path, images: Sequence[str]) -> None:
        self.root, self.images = root, tuple(images)
        self.finder = FileFinder(images, root)
        self._exact = frozenset(images)
        self._sheets: dict[str, Sheet | DatasetError] = {}

    def read(self, file: str) -> Sheet:
        """Return a table.

        Raises:
            DatasetError: it cannot be read.
        """
        if file not in self._sheets:
            try:
                if not os.path.lexists(self.root / file):
                    raise DatasetError(f"{self.root / file} is missing, but the mapping names it.")
                self._sheets[file] = read_sheet(self.root / file, names_image=self.names_image)
            except DatasetError as error:
                self._sheets[file] = error
        sheet = self._sheets[file]
        if isinstance(sheet, DatasetError):
            raise sheet
        return sheet

    @property
    def problems(self) -> dict[str, str]:
        """Table -> why it cannot be read, of those that were tried."""
        sheets = self._sheets.items()
        return {file: str(sheet) for file, sheet in sheets if isinstance(sheet, DatasetError)}

    def names_image(self, cell: str) -> bool:
        """Whether a cell names an image of the folder."""
        return self.finder.find(cell)[0] is not None

    def find_files(self, cells: pd.Series, bases: Sequence[str] = ()) -> pd.DataFrame:
        """Return `path`, `reason` and `by_name_alone` for each cell; see `FileFinder.find_all`.

        Args:
            cells: text, or None.
            bases: folders below the root that a cell may be relative to, tried first.
        """
        places = self.finder.find_all(cells)
        for base in reversed([base for base in bases if base]):
            filled = cells.fillna("").str.replace("\\", "/").str.removeprefix("./")
            exact = [posixpath.join(base, cell) for cell in filled]
            known = pd.Series([path in self._exact for path in exact], index=cells.index)
            places["path"] = places["path"].mask(known, pd.Series(exact, index=cells.index))
            places["reason"] = places["reason"].mask(known, "")
            places["by_name_alone"] &= ~known
        return places


@dataclass(frozen=True)
class MappedRows:
    """What the tables of a mapping say, row by row, before anything is interpreted.

    Attributes:
        rows: object columns: `cell` (what names the image), `path` (the file, None where it is
            absent), `reason` (why it is), one for each role that is mapped, one called `STATE` +
            name for each finding. A text that is missing is None.
        findings: the findings that have a column, in order.
        remarks: on reading and joining.
    """

    rows: pd.DataFrame
    findings: tuple[str, ...]
    remarks: tuple[Remark, ...]


def read_rows(tables: FolderTables, mapping: FolderMapping) -> MappedRows:
    """Read and join all tables of a mapping.

    Raises:
        DatasetError: a table is missing or lacks a column.
    """
    naming = [table for table in mapping.tables if "path" in table.columns]
    joined = [table for table in mapping.tables if table.on]
    remarks = [remark for table in mapping.tables for remark in _remark_sheet(tables, table)]
    keys = list(dict.fromkeys(table.of or table.on for table in joined))
    parts = [_read_naming(tables, table, keys) for table in naming]
    rows = pd.concat(parts, ignore_index=True).astype(object)
    for table in joined:
        rows, join_remarks = _join(tables, rows, table)
        remarks += join_remarks
    rows = rows.drop(columns=[KEY + key for key in keys]).where(rows.notna(), None)
    for role in [role for role in NUMBERED if role in rows]:
        rows[role], n_changed = unify_numbers(rows[role].astype("string"))
        message = f"Cells of the {role} written as 12.0, taken for 12: {n_changed:,}."
        remarks.append(Remark("unified_number", n_changed, message))
    if "patient" in rows:
        rows["patient"], n_changed = _unify_case(rows["patient"])
        message = f"Patients in another case than their first row, taken for one: {n_changed:,}."
        remarks.append(Remark("unified_patient", n_changed, message))
    findings = tuple(name[len(STATE) :] for name in rows.columns if name.startswith(STATE))
    alone = rows.loc[rows["by_name_alone"].eq(True) & rows["path"].notna(), "cell"]
    what = "Rows whose file was told by its name alone, as it lies in another folder than they say"
    remarks.append(count_remark("other_folder", list(alone), what))
    return MappedRows(rows.astype(object).where(rows.notna(), None), findings, tuple(remarks))


def _unify_case(cells: pd.Series) -> tuple[pd.Series, int]:
    """Return cells in the first spelling of each, whatever its case, and how many were changed."""
    spelling: dict[str, str] = {}
    for cell in cells.dropna().unique():
        spelling.setdefault(str(cell).casefold(), str(cell))
    if len(spelling) == cells.nunique():
        return cells, 0
    unified = cells.map(lambda cell: spelling[str(cell).casefold()], na_action="ignore")
    return unified, int((unified.dropna() != cells.dropna()).sum())


def _read_naming(tables: FolderTables, table: MappedTable, keys: Sequence[str]) -> pd.DataFrame:
    """Return the rows of a table that names images."""
    sheet = tables.read(table.file)
    rows = _take_columns(tables, table, sheet.rows, keys)
    cells = rows.pop("path").astype("string")
    if "folder" in rows:
        cells = join_columns(rows.pop("folder"), cells)
    rows["cell"] = cells
    named = rows[rows["cell"].notna()]
    bases = (table.images, posixpath.dirname(table.file))
    places = tables.find_files(named["cell"], bases).reindex(rows.index)
    rows[["path", "reason", "by_name_alone"]] = places[["path", "reason", "by_name_alone"]]
    if table.subset:
        given = rows["split"] if "split" in rows else pd.Series(None, rows.index, dtype="string")
        rows["split"] = given.fillna(table.subset)
    return rows


def _take_columns(
    tables: FolderTables, table: MappedTable, sheet: pd.DataFrame, keys: Sequence[str] = ()
) -> pd.DataFrame:
    """Return the mapped columns under the names of their roles, and those of `keys` that exist.

    Each finding has a column of its own: one that is called so but for case may be another's.
    """
    path = tables.root / table.file
    wanted = {role: column for role, column in table.columns.items()}
    wanted |= {STATE + finding: finding for finding in table.findings}
    if table.on:
        wanted[KEY] = table.on
    columns = match_columns(sheet.columns, [*wanted.values(), *keys], path)
    missing = [name for name in wanted.values() if name not in columns]
    spelt_first = sorted(table.findings, key=lambda name: columns.get(name) != name.strip())
    owner: dict[str, str] = {}
    missing += [
        name
        for name in spelt_first
        if name in columns and owner.setdefault(columns[name], name) != name
    ]
    if missing:
        raise DatasetError(
            f"{path} has no column {' or '.join(map(repr, missing))}; "
            f"it has: {', '.join(map(repr, sheet.columns))}."
        )
    wanted |= {KEY + key: key for key in keys if key in columns}
    return pd.DataFrame(
        {role: sheet[columns[column]] for role, column in wanted.items()}, index=sheet.index
    )


def _join(
    tables: FolderTables, rows: pd.DataFrame, table: MappedTable
) -> tuple[pd.DataFrame, list[Remark]]:
    """Add to `rows` what a table without image files says of the same key."""
    of = table.of or table.on
    if KEY + of not in rows:
        raise DatasetError(
            f"{tables.root / table.file} is joined on {of!r}, but no table with image files has "
            "a column of that name."
        )
    said = _take_columns(tables, table, tables.read(table.file).rows)
    said[KEY] = _normalise_keys(said[KEY])
    said = said[said[KEY].notna()]
    own_key = _normalise_keys(rows[KEY + of].astype("string"))
    if table.box_roles:  # each row is a box
        merged = rows.assign(**{KEY: own_key}).merge(
            said, on=KEY, how="left", suffixes=("", SECOND)
        )
        for name in [name for name in said.columns if name + SECOND in merged]:
            merged[name] = merged[name].where(merged[name].notna(), merged.pop(name + SECOND))
    else:
        labels = said.groupby(KEY)["label"].agg(_unite) if "label" in said else None
        first = said.groupby(KEY).first()
        if labels is not None:
            first["label"] = labels
        of_row = first.reindex(own_key).set_axis(rows.index)
        merged = rows.copy()
        for name in of_row.columns:
            given = merged[name] if name in merged else pd.Series(None, merged.index, dtype=object)
            merged[name] = given.where(given.notna(), of_row[name])
    lost = own_key.isna() | ~own_key.isin(said[KEY])
    if table.subset and "split" in rows:  # it speaks of no others
        lost &= rows["split"].eq(table.subset)
    what = f"Rows of which {table.file} says nothing"
    return merged.drop(columns=KEY, errors="ignore"), [
        count_remark("unjoined_row", list(rows.loc[lost, "cell"].dropna()), what),
        _remark_repeated(said, table),
    ]


def _remark_repeated(said: pd.DataFrame, table: MappedTable) -> Remark:
    """Return a remark on ids of which a joined table has several rows that say different things."""
    ids: list[str] = []
    if not table.box_roles:
        several = said[said[KEY].duplicated(keep=False)].fillna("")
        of_id = several.drop_duplicates()[KEY].value_counts()
        ids = [str(name) for name in of_id.index[of_id > 1]]
    what = (
        f"Ids of which {table.file} has several rows that say different things, of which all "
        "labels count, and else the first row"
    )
    return count_remark("conflicting_rows", ids, what)


def _unite(labels: pd.Series) -> str | None:
    return "|".join(dict.fromkeys(labels.dropna())) or None


def _normalise_keys(keys: pd.Series) -> pd.Series:
    """Return ids as they compare: without case, image suffix or ".0"."""
    bare, _ = unify_numbers(keys.map(without_suffix, na_action="ignore").astype("string"))
    return bare.str.casefold()


def _list_other_modalities(rows: pd.DataFrame) -> list[str]:
    """Return what a column called modality says of rows that are no radiographs, for each row."""
    column = next((name for name in rows.columns if name.strip().casefold() == "modality"), "")
    cells = rows[column].dropna() if column else pd.Series(dtype="string")
    return [str(cell) for cell in cells if cell.strip().casefold() in OTHER_MODALITIES]


def _remark_sheet(tables: FolderTables, table: MappedTable) -> list[Remark]:
    """Return what was odd about a table of the mapping."""
    sheet = tables.read(table.file)
    words = sheet.missing_words
    listed = ", ".join(f"{word} {n:,}" for word, n in words.items())
    notes = [f"{table.file}: {note}" for note in sheet.notes]
    if not sheet.has_header:
        notes.append(f"{table.file} has no header; its columns are called Column 1, Column 2, ….")
    others = _list_other_modalities(sheet.rows)
    return [
        count_remark(
            "other_modality", others, f"Rows of {table.file} on no radiographs, kept as they are"
        ),
        Remark(
            "missing_word",
            sum(words.values()),
            f"Cells of {table.file} that say in words that they are empty: {listed}.",
        ),
        *(Remark("odd_table", 1, note) for note in notes),
    ]
