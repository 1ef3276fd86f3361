"""`xray_dataset.json`: which column of a student's own CSV says what, chosen once.

    {"table": "metadata.csv", "separator": "|", "images": "images",
     "columns": {"path": "filename", "label": "finding", "patient": "patientid"}}

Where the folder may not be written to, the file is kept in the workspace instead, as
`mappings/<hash of the folder's path>.json`; that one counts if both are there.
"""

import hashlib
import json
import posixpath
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path, PureWindowsPath
from typing import Any

from xray_core.errors import DatasetError
from xray_core.files import replaced_file
from xray_core.paths import read_bytes
from xray_core.workspace import find_workspace

MAPPING_FILE = "xray_dataset.json"
BOX_SIDES = ("x", "y", "width", "height")
BOX_CORNERS = ("x1", "y1", "x2", "y2")
ORIGINAL_SIZE = ("original_width", "original_height")
ROLES = (
    "path",
    "label",
    "patient",
    "study",
    "split",
    "view_position",
    "age",
    "gender",
    *BOX_SIDES,
    *BOX_CORNERS,
    *ORIGINAL_SIZE,
)
MAX_SEPARATOR = 3  # characters


@dataclass(frozen=True)
class FolderMapping:
    """Which column of a table says what about the images of a folder.

    Attributes:
        table: the CSV file, relative to the dataset folder.
        columns: role -> column; `path` is required. Boxes are `x, y, width, height` or
            `x1, y1, x2, y2`, in px of the image on disk, or of the original where
            `original_width` and `original_height` (px) are given.
        separator: between the findings in a cell of `label`; "" where each cell is one.
            A vertical bar separates findings in any case.
        images: the folder that `path` is relative to, inside the dataset folder; "" for itself.

    Raises:
        DatasetError: a subset is missing, unknown or leads out of the folder.
    """

    table: str
    columns: Mapping[str, str] = field(default_factory=dict)
    separator: str = ""
    images: str = ""

    def __post_init__(self) -> None:
        for name in ("table", "separator", "images"):
            _check_text(name, getattr(self, name))
        if not isinstance(self.columns, Mapping):
            raise DatasetError(f"`columns` must name a column for each role, not {self.columns!r}.")
        for role, column in self.columns.items():
            if role not in ROLES:
                raise DatasetError(f"Unknown role {role!r}. Choose among: {', '.join(ROLES)}.")
            _check_text(role, column, lines=True)
            if not column.strip():
                raise DatasetError(f"The column for {role!r} has no name. Leave {role!r} out.")
        if not self.table:
            raise DatasetError("`table` is missing: name the CSV file with one row per image.")
        for name in ("table", "images"):
            if _leads_out(getattr(self, name)):
                raise DatasetError(
                    f"`{name}` is {getattr(self, name)!r}; it must lie inside the dataset folder."
                )
        if "path" not in self.columns:
            raise DatasetError("`columns` lacks 'path': the column that names the image file.")
        _check_together(self.columns, BOX_SIDES)
        _check_together(self.columns, BOX_CORNERS)
        _check_together(self.columns, ORIGINAL_SIZE)
        if {"x", "x1"} <= self.columns.keys():
            raise DatasetError(
                "Boxes are given twice. Keep x, y, width, height or x1, y1, x2, y2, not both."
            )
        if len(self.separator) > MAX_SEPARATOR:
            raise DatasetError(
                f"`separator` is {self.separator[:20]!r}; expected up to {MAX_SEPARATOR} signs, "
                "as in '|' or ';'."
            )

    @property
    def box_roles(self) -> tuple[str, ...]:
        """The roles that give a box, in order; empty if no box is given."""
        return next((roles for roles in (BOX_SIDES, BOX_CORNERS) if roles[0] in self.columns), ())


def parse_mapping(text: str) -> FolderMapping:
    """Return the mapping in the text of a mapping file.

    Raises:
        DatasetError: the text is no mapping; the message says why.
    """
    try:
        content: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"It is no JSON text: {str(error)[:100]}.") from error
    known = [entry.name for entry in fields(FolderMapping)]
    if not isinstance(content, dict) or "table" not in content:
        raise DatasetError(f"It must be an object with {', '.join(known)}.")
    unknown = [name for name in content if name not in known]
    if unknown:
        raise DatasetError(f"Unknown entry {unknown[0]!r}. Choose among: {', '.join(known)}.")
    return FolderMapping(**content)


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


def write_mapping(folder: Path, mapping: FolderMapping) -> Path:
    """Keep `mapping` beside the data, or in the workspace where the folder is read-only.

    Returns:
        The file that was written, all at once.

    Raises:
        DatasetError: the workspace cannot be written to either.
    """
    text = json.dumps(asdict(mapping), indent=2) + "\n"
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
    return find_workspace().folder / "mappings" / f"{key[:20]}.json"


def _write_whole(path: Path, text: str) -> Path:
    with replaced_file(path) as partial:
        partial.write_text(text, "utf-8")
    return path


def _check_text(name: str, value: object, lines: bool = False) -> None:
    """Refuse what is no text, holds half a character, or, but for `lines`, control characters."""
    if not isinstance(value, str) or any(
        (sign < " " and not lines) or "\ud800" <= sign <= "\udfff" for sign in value
    ):
        raise DatasetError(f"`{name}` must be plain text, not {str(value)[:80]!r}.")


def _check_together(columns: Mapping[str, str], roles: tuple[str, ...]) -> None:
    given = [role for role in roles if role in columns]
    if given and len(given) < len(roles):
        missing = ", ".join(role for role in roles if role not in columns)
        raise DatasetError(f"{', '.join(given)} need {missing} as well: name all, or none.")


def _leads_out(path: str) -> bool:
    place = posixpath.normpath(path.replace("\\", "/"))
    return place.startswith(("/", "..")) or bool(PureWindowsPath(path).drive)
