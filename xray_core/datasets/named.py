"""Folders of images that a person names: found, or the nearest name that is there offered."""

import os
import unicodedata
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from xray_core.errors import DatasetError
from xray_core.paths import find_allowed, is_file, is_folder, list_folder
from xray_core.typed_paths import is_of_windows, parse_path

# Files that describe a folder: who names one means the folder that it lies in.
DESCRIPTIONS = (".csv", ".tsv", ".txt", ".xlsx", ".json", ".yaml", ".yml", ".xml")
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".tbz2", ".xz", ".txz", ".7z", ".rar")
SIMILAR = 0.7  # of 1: how much of a name has to agree for it to be offered
N_SHOWN = 5  # names
LOOK = "Look for the folder in your file manager and copy its path."


@dataclass(frozen=True)
class NamedFolder:
    """A folder that a person named, and the table in it by whose path; "" for none."""

    folder: Path
    table: str = ""


def find_typed_folder(text: str) -> NamedFolder:
    """Return the folder that a typed path means; see `parse_path` and `find_named_folder`."""
    return find_named_folder(parse_path(text))


def find_named_folder(path: Path) -> NamedFolder:
    """Return the folder that a path means: itself, or the one that the named table lies in.

    Raises:
        DatasetError: it lies where this app may not read, is another file, or is not there: then
            the message names the nearest folder that is, and what in it is called nearly so.
    """
    find_allowed(path)  # before anything is looked at
    if is_folder(path):
        return NamedFolder(path)
    if not is_file(path):
        raise DatasetError(_describe_missing(path))
    suffix = path.suffix.lower()
    if suffix in DESCRIPTIONS:
        return NamedFolder(path.parent, path.name)
    if suffix in ARCHIVES:
        raise DatasetError(
            f"{path} is an archive. Put it into the workspace's data folder and unpack it there "
            "(Home page, or: python -m xray_core unpack), or unpack it by hand and name the folder."
        )
    raise DatasetError(f"{path} is a file. Name the folder that it is in: {path.parent}.")


def _describe_missing(path: Path) -> str:
    """Say that nothing is at a path, how far it leads, and what was meant perhaps."""
    if is_of_windows(path):
        return (
            f"{path} is a path of Windows, and this app runs on another system. Name the folder "
            "as it is called there; in WSL, C:\\ is /mnt/c."
        )
    start = f"{path} does not exist."
    # "x/.." of an x that is not there leads nowhere: what is meant is what remains without both.
    whole = Path(os.path.normpath(path.absolute()))
    if is_folder(whole):
        return f"{start} Did you mean {whole}?"
    parent = next((up for up in whole.parents if is_folder(up)), None)
    if parent is None:
        return f"{start} {LOOK}"
    missing = whole.relative_to(parent).parts[0]
    try:
        listing = list_folder(parent)
    except DatasetError as error:
        return f"{start} {error}"
    if similar := _find_similar(missing, [*listing.folders, *listing.files]):
        guess = parent / similar / whole.relative_to(parent / missing)
        there = is_folder(guess) or is_file(guess)
        return f"{start} Did you mean {guess if there else parent / similar}?"
    if parent == parent.parent:  # of a whole disk, no folder is near
        return f"{start} {LOOK}"
    folders = ", ".join(listing.folders[:N_SHOWN]) + ", …" * (len(listing.folders) > N_SHOWN)
    holds = f" and holds the folders {folders}" if folders else ", with no folder in it"
    return f"{start} {parent} does{holds}. {LOOK}"


def _find_similar(name: str, names: list[str]) -> str:
    """Return the name that is nearest to `name`, whatever its case and accents; "" if none is."""
    keys = {_key(there): there for there in reversed(names)}
    matches = get_close_matches(_key(name), keys, n=1, cutoff=SIMILAR)
    return keys[matches[0]] if matches else ""


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
