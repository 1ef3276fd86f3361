"""`xray_dataset.json`: how a folder is to be read, said once by a person or accepted as a guess.

    {"tables": [{"file": "metadata.csv", "images": "images",
                 "columns": {"path": "filename", "label": "finding", "patient": "patientid"}}],
     "separator": "|"}

    {"folders": ["subset", "class", "patient"]}          what each level of folders is
    {"reader": "kermany"}                                which reader is to read it

docs/mapping.md explains each entry. The file can be shared beside the data. Where the folder may
not be written to, it is kept in the workspace instead, as `mappings/<hash of the folder's
path>.json`; that one counts if both are there.
"""

import hashlib
import json
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path, PureWindowsPath
from typing import Any

from xray_core.datasets.folder.layout import LEVELS
from xray_core.errors import DatasetError
from xray_core.files import parse_json, replaced_file
from xray_core.paths import read_bytes
from xray_core.workspace import find_workspace

MAPPING_FILE = "xray_dataset.json"
MAPPINGS = "mappings"  # the folder of the workspace for those of folders that are read-only
FOLDER = "folder"  # the reader of folders of any origin
BOX_SIDES = ("x", "y", "width", "height")
BOX_CORNERS = ("x1", "y1", "x2", "y2")
ORIGINAL_SIZE = ("original_width", "original_height")
ROLES = (
    "path",
    "folder",
    "label",
    "patient",
    "study",
    "split",
    "site",
    "view_position",
    "age",
    "gender",
    "follow_up",
    "reading",
    *BOX_SIDES,
    *BOX_CORNERS,
    "box",
    "runs",
    *ORIGINAL_SIZE,
)
SUBSETS = ("training", "validation", "test")
# What separates the findings in a cell; "list" is one as Python or JSON writes it.
SEPARATORS = ("", "|", ";", ",", "/", "list")
UNKNOWN, PRESENT, ABSENT = "unknown", "present", "absent"
MEANINGS = (UNKNOWN, PRESENT, ABSENT)  # of an uncertain finding
PX, FRACTIONS = "px", "fractions"  # units of boxes
CORNER_SIZE, CORNERS = "xywh", "xyxy"  # what the four numbers in one cell are
PLACES = ("", "start", "end")


@dataclass(frozen=True)
class MappedTable:
    """One table of a folder, and which of its columns says what.

    Attributes:
        file: relative to the dataset folder.
        columns: role -> column, as `ROLES` lists them. A table with `path` has one or several
            rows for each image; `folder` names the folder that `path` lies in. Boxes are `x, y,
            width, height`, or `x1, y1, x2, y2`, or all in the cell `box`; on the image on disk,
            or on the original where `original_width` and `original_height` (px) are given.
            `runs` is a mask in run lengths.
        findings: columns of 0 and 1, one for each finding.
        on: for a table without `path`: its column that equals `of`, a column of the tables with
            `path`; one row for each value.
        of: see `on`; "" for a column of the same name.
        subset: what all its images belong to, of `SUBSETS`; "" if it says nothing.
        images: the folder that `path` is relative to, inside the dataset folder; "" for itself.
    """

    file: str
    columns: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[str, ...] = ()
    on: str = ""
    of: str = ""
    subset: str = ""
    images: str = ""

    def __post_init__(self) -> None:
        for name in ("file", "on", "of", "subset", "images"):
            _check_text(name, getattr(self, name), lines=name in ("on", "of"))
        if not self.file:
            raise DatasetError("`file` is missing: name the table, e.g. labels.csv.")
        for name in ("file", "images"):
            if _leads_out(getattr(self, name)):
                raise DatasetError(
                    f"`{name}` is {getattr(self, name)!r}; it must lie inside the dataset folder."
                )
        _check_columns(self.columns)
        object.__setattr__(self, "findings", _check_list("findings", self.findings, lines=True))
        if self.subset and self.subset not in SUBSETS:
            raise DatasetError(f"`subset` is {self.subset!r}; choose {', '.join(SUBSETS)}.")
        if ("path" in self.columns) == bool(self.on):
            raise DatasetError(
                f"{self.file}: name the column of the image file (`path`), or the column by which "
                "its rows belong to those of another table (`on`): one of both."
            )

    @property
    def box_roles(self) -> tuple[str, ...]:
        """The roles that give a box, in order; empty if no box is given."""
        ways = (BOX_SIDES, BOX_CORNERS, ("box",))
        return next((roles for roles in ways if roles[0] in self.columns), ())

    @property
    def labels_images(self) -> bool:
        """Whether it says what images show, if only by a box or a mask."""
        return bool(self.findings or self.box_roles or {"label", "runs"} & self.columns.keys())


@dataclass(frozen=True)
class FolderMapping:
    """How a folder is to be read.

    Attributes:
        reader: the name of the reader; `FOLDER` for a folder of any origin, for which all else is.
        tables: the tables that label the images; none: the names of folders do.
        folders: what each level of folders below the dataset folder is, of `layout.LEVELS`,
            outermost first; empty: as their names have it.
        label_in_name: where the name of an image's file holds its label, of `PLACES`: "start" is
            "covid" of covid.12.png, "end" is "0" of MCUCXR_0001_0.png; "" for nowhere.
        separator: between the findings in a cell of `label`, of `SEPARATORS`; "" where each cell
            is one. A vertical bar separates findings in any case.
        uncertain: what -1 in a column of `findings` means, of `MEANINGS`.
        blank: what an empty cell in a column of `findings` means, of `MEANINGS`.
        box_unit: `PX`, or `FRACTIONS` of the image's width and height.
        box_order: of the four numbers in a cell of `box`: `CORNER_SIZE` or `CORNERS`.

    Raises:
        DatasetError: an entry is missing, unknown or leads out of the folder.
    """

    reader: str = FOLDER
    tables: tuple[MappedTable, ...] = ()
    folders: tuple[str, ...] = ()
    label_in_name: str = ""
    separator: str = ""
    uncertain: str = UNKNOWN
    blank: str = UNKNOWN
    box_unit: str = PX
    box_order: str = CORNER_SIZE

    def __post_init__(self) -> None:
        _check_text("reader", self.reader)
        for name, choices in (
            ("label_in_name", PLACES),
            ("separator", SEPARATORS),
            ("uncertain", MEANINGS),
            ("blank", MEANINGS),
            ("box_unit", (PX, FRACTIONS)),
            ("box_order", (CORNER_SIZE, CORNERS)),
        ):
            if getattr(self, name) not in choices:
                raise DatasetError(
                    f"`{name}` is {str(getattr(self, name))[:20]!r}; "
                    f"choose {', '.join(map(repr, choices))}."
                )
        object.__setattr__(self, "folders", _check_list("folders", self.folders))
        if unknown := [level for level in self.folders if level not in LEVELS]:
            raise DatasetError(
                f"`folders` has {unknown[0]!r}; choose {', '.join(map(repr, LEVELS))}."
            )
        object.__setattr__(self, "tables", tuple(self.tables))
        if self.tables and not any("path" in table.columns for table in self.tables):
            raise DatasetError("No table names an image file: `columns` lacks 'path'.")

    @property
    def labels_images(self) -> bool:
        """Whether a table, or the names of files, says what images show."""
        return bool(self.label_in_name) or any(table.labels_images for table in self.tables)


def parse_mapping(text: str) -> FolderMapping:
    """Return the mapping in the text of a mapping file.

    Raises:
        DatasetError: the text is no mapping; the message says why.
    """
    try:
        content: Any = parse_json(text)
    except ValueError as error:
        raise DatasetError(f"It is no JSON text: {str(error)[:100]}.") from error
    _check_entries(content, FolderMapping)
    tables = content.get("tables", [])
    if not isinstance(tables, list):
        raise DatasetError(f"`tables` must be a list, not {str(tables)[:80]!r}.")
    for table in tables:
        _check_entries(table, MappedTable)
    return FolderMapping(**{**content, "tables": tuple(MappedTable(**table) for table in tables)})


def find_mapping(folder: Path) -> Path | None:
    """Return the mapping file of a dataset folder, in the workspace or beside the data."""
    places = (place_in_workspace(folder), folder / MAPPING_FILE)
    return next((place for place in places if place.is_file()), None)


def read_mapping(folder: Path) -> FolderMapping | None:
    """Return the mapping of a dataset folder; None if it has none.

    Raises:
        DatasetError: the mapping cannot be read, or is damaged.
    """
    if (place := find_mapping(folder)) is None:
        return None
    try:
        return parse_mapping(read_bytes(place).decode())
    except OSError as error:
        raise DatasetError(f"{place} cannot be read: {error.strerror}.") from error
    except (DatasetError, UnicodeDecodeError) as error:
        raise DatasetError(
            f"{place} is damaged. {error} Repair it, or delete it and add the folder again."
        ) from error


def format_mapping(mapping: FolderMapping) -> str:
    """Return the text of a mapping file, without what is as it would be anyway."""
    content = _without_defaults(mapping)
    tables = [{k: v for k, v in _without_defaults(table).items() if v} for table in mapping.tables]
    content |= {"tables": tables} if tables else {}
    return json.dumps(content or {"reader": mapping.reader}, indent=2) + "\n"


def write_mapping(folder: Path, mapping: FolderMapping) -> Path:
    """Keep `mapping` beside the data, or in the workspace where the folder is read-only.

    Returns:
        The file that was written, all at once.

    Raises:
        DatasetError: the workspace cannot be written to either.
    """
    text = format_mapping(mapping)
    fallback = place_in_workspace(folder)
    # A folder that nobody may write to is left alone, also by an administrator who could.
    if folder.stat().st_mode & 0o222:
        try:
            written = _write_whole(folder / MAPPING_FILE, text)
            fallback.unlink(missing_ok=True)  # it would count before the new one
            return written
        except OSError:
            pass
    try:
        return _write_whole(fallback, text)
    except OSError as error:
        raise DatasetError(
            f"Neither {folder} nor {fallback.parent} can be written to: {error.strerror}."
        ) from error


def place_in_workspace(folder: Path) -> Path:
    """Return where the workspace keeps the mapping of a folder; it need not be there."""
    key = hashlib.sha256(folder.resolve().as_posix().encode("utf-8", "surrogateescape")).hexdigest()
    return find_workspace().folder / MAPPINGS / f"{key[:20]}.json"


def _without_defaults(record: FolderMapping | MappedTable) -> dict[str, Any]:
    defaults = {entry.name: entry.default for entry in fields(record)}
    return {
        name: v for name, v in asdict(record).items() if v != defaults[name] and name != "tables"
    }


def _write_whole(path: Path, text: str) -> Path:
    with replaced_file(path) as partial:
        partial.write_text(text, "utf-8")
    return path


def _check_entries(content: object, kind: type) -> None:
    known = [entry.name for entry in fields(kind)]
    if not isinstance(content, dict):
        raise DatasetError(f"It must be an object with {', '.join(known)}.")
    if unknown := [name for name in content if name not in known]:
        raise DatasetError(f"Unknown entry {unknown[0]!r}. Choose among: {', '.join(known)}.")
    if kind is MappedTable and "file" not in content:
        raise DatasetError("A table lacks `file`, its name, e.g. labels.csv.")


def _check_columns(columns: object) -> None:
    if not isinstance(columns, Mapping):
        raise DatasetError(f"`columns` must name a column for each role, not {columns!r}.")
    for role, column in columns.items():
        if role not in ROLES:
            raise DatasetError(f"Unknown role {role!r}. Choose among: {', '.join(ROLES)}.")
        _check_text(role, column, lines=True)
        if not column.strip():
            raise DatasetError(f"The column for {role!r} has no name. Leave {role!r} out.")
    for roles in (BOX_SIDES, BOX_CORNERS, ORIGINAL_SIZE):
        _check_together(columns, roles)
    if len({"x", "x1", "box"} & columns.keys()) > 1:
        raise DatasetError(
            "Boxes are given twice. Keep x, y, width, height or x1, y1, x2, y2 or box."
        )


def _check_text(name: str, value: object, lines: bool = False) -> None:
    """Refuse what is no text, holds half a character, or, but for `lines`, control characters."""
    if not isinstance(value, str) or any(
        (sign < " " and not lines) or "\ud800" <= sign <= "\udfff" for sign in value
    ):
        raise DatasetError(f"`{name}` must be plain text, not {str(value)[:80]!r}.")


def _check_list(name: str, value: object, lines: bool = False) -> tuple[str, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise DatasetError(f"`{name}` must be a list of names, not {str(value)[:80]!r}.")
    for entry in value:
        _check_text(name, entry, lines)
    return tuple(value)


def _check_together(columns: Mapping[str, str], roles: tuple[str, ...]) -> None:
    given = [role for role in roles if role in columns]
    if given and len(given) < len(roles):
        missing = ", ".join(role for role in roles if role not in columns)
        raise DatasetError(f"{', '.join(given)} need {missing} as well: name all, or none.")


def _leads_out(path: str) -> bool:
    place = posixpath.normpath(path.replace("\\", "/"))
    return place.startswith(("/", "..")) or bool(PureWindowsPath(path).drive)
