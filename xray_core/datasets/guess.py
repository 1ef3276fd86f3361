"""The guess at how a folder is to be read, where a person has to agree before it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from xray_core.datasets import READERS, choose
from xray_core.datasets.folder.decide import guess_mapping
from xray_core.datasets.folder.files import FolderFiles, sort_files
from xray_core.datasets.folder.mapping import (
    FOLDER,
    MAPPING_FILE,
    FolderMapping,
    find_mapping,
    write_mapping,
)
from xray_core.datasets.folder.refusals import MappingNeeded
from xray_core.datasets.folder.rows import FolderTables
from xray_core.datasets.folder.table import MappingPreview, preview_mapping
from xray_core.datasets.inventory import list_wrappers, take_inventory
from xray_core.errors import DatasetError


@dataclass(frozen=True)
class Mapped:
    """A mapping that was written.

    Attributes:
        file: where.
        mapping: it.
        preview: what it makes of the tables; None where it uses none.
    """

    file: Path
    mapping: FolderMapping
    preview: MappingPreview | None


def find_waiting(folder: Path, anyway: bool = False) -> tuple[FolderFiles, FolderMapping | None]:
    """Return the files of a folder whose images wait to be labelled, and the guess at how.

    Args:
        folder: the folder, or one around it.
        anyway: also of a folder that can be read as it is.

    Returns:
        The folder that holds tables or images, and None where nothing can be guessed.

    Raises:
        DatasetError: the folder cannot be read at all, or, but for `anyway`, needs no mapping.
    """
    try:
        choice = choose(folder)
    except MappingNeeded:
        pass
    else:
        if not anyway and find_mapping(choice.place) is None:
            raise DatasetError(
                f"{folder} needs no mapping: {' '.join(choice.notes[1:])} To map a table all the "
                f"same, add --reader {FOLDER}."
            )
    return guess_reading(folder)


def guess_reading(folder: Path) -> tuple[FolderFiles, FolderMapping | None]:
    """Return the files of a folder and the guess at how they are to be read, whatever they are.

    Returns:
        Of the folder, or of the one inside its wrappers that has a mapping or can be guessed; and
        None where nothing can.

    Raises:
        DatasetError: the folder cannot be listed.
    """
    levels = list_wrappers(folder)
    mapped = [level for level in levels if find_mapping(level)]
    outermost: FolderFiles | None = None
    for level in mapped or levels:
        files = sort_files(take_inventory(level))
        outermost = outermost or files
        if guess := guess_mapping(files):
            return files, guess
    assert outermost is not None
    return outermost, None


def map_folder(
    folder: Path, reader: str = "", levels: Sequence[str] = (), again: bool = False
) -> Mapped:
    """Write how a folder is to be read: as it is guessed, or as somebody says.

    Args:
        folder: the folder, or one around it.
        reader: the reader that is to read it; "" for the guess.
        levels: what each level of folders is, as `FolderMapping.folders`; empty: as guessed.
        again: whether to replace a mapping that is there.

    Raises:
        DatasetError: the folder needs no mapping, has one, or nothing can be guessed.
    """
    if reader and reader != FOLDER:
        if reader not in READERS:
            raise DatasetError(
                f"There is no reader called {reader!r}. Choose one of: {', '.join(READERS)}."
            )
        return _keep(choose(folder, reader).place, FolderMapping(reader=reader), None, again)
    files, guess = find_waiting(folder, anyway=bool(reader or levels))
    if levels or (reader and guess is None):
        guess = FolderMapping(folders=tuple(levels))
    if guess is None:
        tables = ", ".join(files.inventory.tables[:3]) or "no table"
        raise DatasetError(
            f"{files.root} cannot be mapped by a guess: no column of {tables} seems to name its "
            f"{len(files.images):,} images and label them. Add the folder in the app to choose "
            f"the columns, or write {MAPPING_FILE} by hand (docs/mapping.md)."
        )
    preview = None
    if guess.tables:
        preview = preview_mapping(files, FolderTables(files.root, files.images), guess)
    return _keep(files.root, guess, preview, again)


def _keep(
    place: Path, mapping: FolderMapping, preview: MappingPreview | None, again: bool
) -> Mapped:
    if (kept := find_mapping(place)) and not again:
        raise DatasetError(
            f"{kept} says already how to read the folder. Edit or delete it, or repeat the command "
            "with --again, which replaces it."
        )
    return Mapped(write_mapping(place, mapping), mapping, preview)
