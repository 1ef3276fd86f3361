"""Which reader reads a folder: those that can, one that a person chose, and the way back."""

from pathlib import Path

from xray_core.datasets import READERS, choose
from xray_core.datasets.folder.mapping import (
    FolderMapping,
    find_mapping,
    read_mapping,
    write_mapping,
)
from xray_core.datasets.inventory import list_wrappers
from xray_core.errors import DatasetError


def list_fitting(folder: Path) -> list[str]:
    """Return the names of the readers of published datasets that recognise a folder.

    Raises:
        DatasetError: the folder cannot be listed.
    """
    levels = list_wrappers(folder)
    return [
        name
        for name, reader in READERS.items()
        if not reader.generic and any(reader.find_root(level) for level in levels)
    ]


def read_chosen(root: Path) -> FolderMapping | None:
    """Return the mapping of a dataset if it names nothing but a reader; else None.

    Raises:
        DatasetError: the mapping is damaged.
    """
    mapping = read_mapping(root)
    return mapping if mapping == FolderMapping(reader=mapping.reader if mapping else "") else None


def choose_by_hand(folder: Path, reader: str) -> Path:
    """Let a folder be read by the reader that a person chose; return the dataset's root.

    The choice is kept as the mapping of the root, unless it would be made anyway there.

    Raises:
        DatasetError: the reader cannot read it, or somebody mapped columns: that is changed in
            the mapping itself. Then all is as it was.
    """
    if find_mapping(folder) and not read_chosen(folder):
        raise DatasetError(
            f"{find_mapping(folder)} says what the columns and folders mean. Change it, or delete "
            "it first."
        )
    root = choose(folder, reader).root
    if root == folder.resolve() or not _is_read_by(root, reader):
        write_mapping(root, FolderMapping(reader=reader))
    return choose(root).root  # looks anew: a mapping in the workspace changes no folder


def choose_automatically(root: Path) -> None:
    """Forget the reader that a person chose.

    Raises:
        DatasetError: without it the folder cannot be read; then all is as it was.
    """
    chosen, place = read_chosen(root), find_mapping(root)
    if chosen is None or place is None:
        return
    place.unlink()
    try:
        choose(root)
    except DatasetError:
        write_mapping(root, chosen)
        choose(root)
        raise


def _is_read_by(root: Path, reader: str) -> bool:
    try:
        return choose(root).name == reader
    except DatasetError:
        return False
