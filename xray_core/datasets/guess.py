"""The guess at how a folder is to be read, where a person has to agree before it is."""

from pathlib import Path

from xray_core.datasets import choose
from xray_core.datasets.folder.decide import guess_mapping
from xray_core.datasets.folder.files import FolderFiles, sort_files
from xray_core.datasets.folder.mapping import MAPPING_FILE, FolderMapping, find_mapping
from xray_core.datasets.folder.refusals import MappingNeeded
from xray_core.datasets.inventory import list_wrappers, take_inventory
from xray_core.errors import DatasetError


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
                "same, name the reader of any folder."
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


def explain_unguessed(files: FolderFiles) -> DatasetError:
    """Return the error that no table of a folder seems to label its images."""
    tables = ", ".join(files.inventory.tables[:3]) or "no table"
    return DatasetError(
        f"{files.root} cannot be mapped by a guess: no column of {tables} seems to name its "
        f"{len(files.images):,} images and label them. Add the folder in the app to choose the "
        f"columns, or write {MAPPING_FILE} by hand (docs/mapping.md)."
    )
