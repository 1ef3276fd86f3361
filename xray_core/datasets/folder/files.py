"""The files below a folder of any origin: images, their masks, and the file that a cell names.

Only names are read, and links are followed as far as `xray_core.paths` allows. A cell of a
table is only ever looked up among the files found here, so that it opens nothing else.
"""

import posixpath
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xray_core.errors import DatasetError
from xray_core.imagefiles.images import SUFFIXES, is_image_name
from xray_core.paths import walk_folders

MASK_FOLDERS = ("masks", "mask")
IMAGE_FOLDERS = ("images", "image")
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
        refused: what is no plain file or may not be followed; see `paths.Listing`.
    """

    root: Path
    images: tuple[str, ...]
    masks: Mapping[str, str]
    others: tuple[str, ...]
    refused: tuple[str, ...]


def list_files(root: Path) -> FolderFiles:
    """List all that lies below `root`, but for what is hidden.

    Raises:
        DatasetError: a folder cannot be listed, or there are more than `MAX_FILES` files.
    """
    pictures: list[str] = []
    others: list[str] = []
    refused: list[str] = []
    for folder, names in walk_folders(root, refused):
        for name in names:
            path = f"{folder}/{name}" if folder else name
            if is_image_name(name):
                pictures.append(path)
            else:
                others.append(path)
        if len(pictures) + len(others) > MAX_FILES:
            raise DatasetError(
                f"{root} holds more than {MAX_FILES:,} files. Choose the folder of one dataset."
            )
    images, masks, lone_masks = _pair_masks(sorted(pictures))
    return FolderFiles(
        root, images, masks, tuple(sorted([*others, *lone_masks])), tuple(sorted(refused))
    )


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
        path for path in namesakes if any(_ends_alike(_folders(path), levels) for levels in wanted)
    ]
    if len(fitting) == 1:
        return fitting[0], ""
    return None, "several" if fitting else "absent"


def _folders(path: str) -> tuple[str, ...]:
    return tuple(path.lower().split("/")[:-1])


def _ends_alike(first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    n = min(len(first), len(second))
    return n == 0 or first[-n:] == second[-n:]


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
