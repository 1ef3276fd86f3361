"""A mapping that a person is still changing: what is chosen may be incomplete."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from xray_core.datasets.folder.mapping import (
    CORNER_SIZE,
    FOLDER,
    PX,
    UNKNOWN,
    FolderMapping,
    MappedTable,
)
from xray_core.datasets.folder.rows import FolderTables
from xray_core.datasets.folder.suggest import suggest_table
from xray_core.errors import DatasetError

NAMING, JOINED, UNUSED = "naming", "joined", "unused"  # what a table is for
TABLES, FOLDERS, NAMES = "tables", "folders", "names"  # what labels the images
OF_FILES = ("path", "folder")  # roles of a table that names images


@dataclass
class TableDraft:
    """What is chosen of one table; see `MappedTable`.

    Attributes:
        use: `NAMING`, `JOINED` or `UNUSED`.
    """

    file: str
    use: str = UNUSED
    columns: dict[str, str] = field(default_factory=dict)
    findings: tuple[str, ...] = ()
    on: str = ""
    of: str = ""
    subset: str = ""
    images: str = ""

    def build(self) -> MappedTable:
        """Return the table as it is kept.

        Raises:
            DatasetError: something is still to be chosen; the message says what.
        """
        if self.use == JOINED:
            if not self.on:
                raise DatasetError(f"{self.file}: choose the column that it is joined on.")
            columns = {role: name for role, name in self.columns.items() if role not in OF_FILES}
            return MappedTable(self.file, columns, self.findings, on=self.on, of=self.of)
        if "path" not in self.columns:
            raise DatasetError(f"{self.file}: choose the column that names the image file.")
        columns = dict(self.columns)  # what is kept does not change with the draft
        return MappedTable(
            self.file, columns, self.findings, subset=self.subset, images=self.images
        )


@dataclass
class MappingDraft:
    """What is chosen of a whole folder; see `FolderMapping`.

    Attributes:
        way: what labels the images: `TABLES`, `FOLDERS` or `NAMES`.
        tables: file -> what is chosen of it, for all tables of the folder.
    """

    way: str
    tables: dict[str, TableDraft]
    folders: tuple[str, ...] = ()
    label_in_name: str = "start"
    separator: str = ""
    uncertain: str = UNKNOWN
    blank: str = UNKNOWN
    box_unit: str = PX
    box_order: str = CORNER_SIZE

    def build(self) -> FolderMapping:
        """Return the mapping.

        Raises:
            DatasetError: something is still to be chosen; the message says what.
        """
        if self.way == FOLDERS:
            return FolderMapping(folders=self.folders)
        if self.way == NAMES:
            return FolderMapping(label_in_name=self.label_in_name)
        used = [table for table in self.tables.values() if table.use != UNUSED]
        if not any(table.use == NAMING for table in used):
            raise DatasetError("Choose a table, and its column that names the image file.")
        return FolderMapping(
            tables=tuple(table.build() for table in used),
            separator=self.separator,
            uncertain=self.uncertain,
            blank=self.blank,
            box_unit=self.box_unit,
            box_order=self.box_order,
        )


def start_draft(mapping: FolderMapping | None, files: Sequence[str]) -> MappingDraft:
    """Return a draft of a mapping.

    Args:
        mapping: the guess, or an earlier mapping; None where nothing could be guessed.
        files: all tables of the folder.
    """
    first = [table.file for table in mapping.tables] if mapping else []
    drafts = {file: TableDraft(file) for file in dict.fromkeys([*first, *files])}
    if mapping is None or mapping.reader != FOLDER:
        return MappingDraft(TABLES if files else FOLDERS, drafts)
    for table in mapping.tables:
        drafts[table.file] = TableDraft(
            table.file,
            JOINED if table.on else NAMING,
            dict(table.columns),
            table.findings,
            table.on,
            table.of,
            table.subset,
            table.images,
        )
    return MappingDraft(
        TABLES if mapping.tables else NAMES if mapping.label_in_name else FOLDERS,
        drafts,
        mapping.folders,
        mapping.label_in_name or "start",
        mapping.separator,
        mapping.uncertain,
        mapping.blank,
        mapping.box_unit,
        mapping.box_order,
    )


def use_table(draft: MappingDraft, tables: FolderTables, file: str, use: str) -> None:
    """Let a table be for `use`; one that is to name images gets a guess at its columns.

    Raises:
        DatasetError: the table cannot be read.
    """
    table = draft.tables[file]
    table.use = use
    if use == NAMING and "path" not in table.columns and (guess := suggest_table(tables, file)):
        table.columns = dict(guess.table.columns) | table.columns
        table.findings = table.findings or guess.table.findings
        table.subset = table.subset or guess.table.subset
