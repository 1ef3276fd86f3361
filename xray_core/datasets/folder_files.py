"""The files below a folder of any origin: images, their masks, and the file that a cell names.

Only names are read. A link that leads out of the folder is not followed, and a cell of a
table is only ever looked up among the files found here, so that nothing outside is opened.
"""

import os
import posixpath
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xray_core.datasets.images import SUFFIXES, is_image_name
from xray_core.errors import DatasetError

MASK_FOLDERS = ("masks", "mask")
IMAGE_FOLDERS = ("images", "image")
HIDDEN = (".", "__MACOSX")
CLUTTER = ("thumbs.db", "desktop.ini")
MAX_FILES = 2_000_000  # a whole disk was chosen, rather than a dataset
MAX_NAMESAKES = 50  # files of one name that are compared folder by folder
ABSOLUTE = re.compile("/|[A-Za-z]:")  # on any system, whichever wrote the table
# Tables often name the original where the folder holds a converted copy.
KNOWN_SUFFIXES = (*SUFFIXES, ".dcm", ".dicom")


@dataclass(frozen=True)
class FolderFiles:
    """What lies below a folder; paths are relative to it, with forward slashes, sorted.

    Attributes:
        root: the folder.
        images: image files that are no masks.
        masks: image -> its mask.
        others: all other files, and masks of no image.
        refused: links that lead out of the folder or to a folder, and names that are no text.
    """

    root: Path
    images: tuple[str, ...]
    masks: Mapping[str, str]
    others: tuple[str, ...]
    refused: tuple[str, ...]


def list_files(root: Path) -> FolderFiles:
    """List all that lies below `root`, but for hidden files and clutter.

    Raises:
        DatasetError: a folder cannot be listed, or there are more than `MAX_FILES` files.
    """
    pictures: list[str] = []
    others: list[str] = []
    refused: list[str] = []
    inside = root.resolve()
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        for entry in _list_entries(root / folder if folder else root):
            name = f"{folder}/{entry.name}" if folder else entry.name
            if not _is_text(name) or (entry.is_symlink() and not _may_follow(entry, inside)):
                refused.append(name.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
            elif entry.is_dir():
                waiting.append(name)
            elif is_image_name(entry.name):
                pictures.append(name)
            else:
                others.append(name)
        if len(pictures) + len(others) > MAX_FILES:
            raise DatasetError(
                f"{root} holds more than {MAX_FILES:,} files. Choose the folder of one dataset."
            )
    images, masks, lone_masks = _pair_masks(sorted(pictures))
    return FolderFiles(
        root, images, masks, tuple(sorted([*others, *lone_masks])), tuple(sorted(refused))
    )


def is_visible(name: str) -> bool:
    """Whether a file or folder is more than what an operating system leaves behind."""
    return not name.startswith(HIDDEN) and name.lower() not in CLUTTER


def without_suffix(name: str) -> str:
    """Return `name` without the suffix of an image; other dots, as in a UID, stay.

    >>> without_suffix("a/1.2.840.PNG"), without_suffix("1.2.840")
    ('a/1.2.840', '1.2.840')
    """
    stem, suffix = posixpath.splitext(name)
    return stem if suffix.lower() in KNOWN_SUFFIXES else name


def name_images(images: Sequence[str]) -> dict[str, str]:
    """Return image -> image id: its path without suffix, or with it where two would be one."""
    counts = Counter(map(without_suffix, images))
    return {path: stem if counts[stem := without_suffix(path)] == 1 else path for path in images}


class FileFinder:
    """Finds the image that a cell of a table names.

    Args:
        files: what lies in the folder.
        bases: folders in it that a cell may be relative to, "" for the folder itself.
    """

    def __init__(self, files: FolderFiles, bases: Sequence[str] = ("",)) -> None:
        self._prefix = f"{files.root.as_posix().rstrip('/')}/"
        self._bases = bases
        self._exact = frozenset(files.images)
        self._named: dict[str, list[str]] = defaultdict(list)
        self._stemmed: dict[str, list[str]] = defaultdict(list)
        for path in files.images:
            self._named[posixpath.basename(path).lower()].append(path)
            self._stemmed[without_suffix(posixpath.basename(path)).lower()].append(path)

    def find(self, cell: str) -> tuple[str | None, str]:
        """Return (path, "") of the image that `cell` names, else (None, why not).

        A cell is a path or a bare name, with or without suffix, in any case. A bare name may
        lie anywhere in the folder, if only one file has it. Of a path that is not there, one
        end must fit: "images/a.png" is the file "set1/images/a.png", never "test/a.png".

        Returns:
            Why not is "outside", "absent" or "several".
        """
        value = cell.strip().replace("\\", "/")
        if value.startswith(self._prefix):
            value = value.removeprefix(self._prefix)
        elif ABSOLUTE.match(value):
            return None, "outside"
        places = [posixpath.normpath(posixpath.join(base, value)) for base in self._bases]
        places = [place for place in places if not f"{place}/".startswith(("../", "/"))]
        if not places:
            return None, "outside"
        for place in places:
            if place in self._exact:
                return place, ""
        name = places[-1].rpartition("/")[2].lower()
        stem = without_suffix(name)
        # A name with another suffix is the same image in another format.
        for namesakes in (self._named.get(name), self._stemmed.get(name), self._stemmed.get(stem)):
            if namesakes:
                return _choose(namesakes, places)
        return None, "absent"


def _choose(namesakes: Sequence[str], places: Sequence[str]) -> tuple[str | None, str]:
    """Return the one of several files of a name whose folders fit; see `FileFinder.find`."""
    if len(namesakes) > MAX_NAMESAKES:
        return None, "several"
    wanted = [_folders(place) for place in places]
    same = [path for path in namesakes if _folders(path) in wanted]
    fitting = same or [
        path for path in namesakes if any(_ends_alike(_folders(path), one) for one in wanted)
    ]
    if len(fitting) == 1:
        return fitting[0], ""
    return None, "several" if fitting else "absent"


def _folders(path: str) -> tuple[str, ...]:
    return tuple(path.lower().split("/")[:-1])


def _ends_alike(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    n = min(len(one), len(other))
    return n == 0 or one[-n:] == other[-n:]


def _pair_masks(
    pictures: Sequence[str],
) -> tuple[tuple[str, ...], dict[str, str], list[str]]:
    """Return images, image -> mask, and the masks that belong to no image."""
    masks = {_mask_key(path): path for path in pictures if _is_mask(path)}
    images = tuple(path for path in pictures if not _is_mask(path))
    paired = {path: masks[key] for path in images if (key := _mask_key(path)) in masks}
    used = set(paired.values())
    return images, paired, [path for path in pictures if _is_mask(path) and path not in used]


def _is_mask(path: str) -> bool:
    return any(part in MASK_FOLDERS for part in _folders(path))


def _mask_key(path: str) -> tuple[str, ...]:
    """Return what an image and its mask share: the folders but for `images` and `masks`."""
    folders = [part for part in _folders(path) if part not in (*MASK_FOLDERS, *IMAGE_FOLDERS)]
    stem = without_suffix(posixpath.basename(path)).lower()
    return (*folders, stem.removesuffix("_mask") if _is_mask(path) else stem)


def _list_entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if is_visible(entry.name)]
    except OSError as error:
        raise DatasetError(
            f"{folder} cannot be listed: {error.strerror}. Change its permissions."
        ) from error


def _may_follow(entry: os.DirEntry[str], inside: Path) -> bool:
    # A link to a folder could lead round in a circle.
    return entry.is_file() and Path(entry.path).resolve().is_relative_to(inside)


def _is_text(name: str) -> bool:
    """Whether a file name is valid text; an archive in a foreign encoding may leave others."""
    return name.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in name)
