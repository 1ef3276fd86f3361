"""Which image of a dataset a cell of a table names: by its id, its file name or its path."""

import unicodedata
from collections.abc import Callable, Iterable

import pandas as pd

from xray_core.datasets.folder.annotations.matching import ImageMatcher
from xray_core.datasets.folder.names import without_suffix

SUFFIX = "_image"  # that SIIM's own tables put behind an id


class ImageNames:
    """Finds the images that cells name.

    Args:
        images: image_id and path, <NA> where the file is not here.
    """

    def __init__(self, images: pd.DataFrame) -> None:
        self._exact = frozenset(images["image_id"].astype("object"))
        self._ids: dict[str, str | None] = {}
        for name in self._exact:
            key = _key(name)
            self._ids[key] = None if key in self._ids else name  # two that only case tells apart
        there = images.dropna(subset=["path"])
        self._id_of_path = dict(zip(there["path"], there["image_id"], strict=True))
        self._paths = ImageMatcher(list(self._id_of_path))

    def find_ids(self, cells: Iterable[str]) -> dict[str, str]:
        """Return cell -> image_id, for those that name one image of the dataset and no other."""
        wanted = list(dict.fromkeys(cells))
        named: dict[str, str] = {}
        for cell in wanted:
            if image_id := self._find_by_id(cell):
                named[cell] = image_id
        rest = [cell for cell in wanted if cell not in named]
        for cell, path in self._paths.find_named(rest, "").items():
            named[cell] = self._id_of_path[path]
        return named

    def names_image(self) -> Callable[[str], bool]:
        """Return whether a single cell names an image, which no header does."""
        return lambda cell: bool(self.find_ids([cell]))

    def _find_by_id(self, cell: str) -> str | None:
        if cell in self._exact:
            return cell
        key = _key(cell.replace("\\", "/"))
        for written in (key, without_suffix(key), without_suffix(key).removesuffix(SUFFIX)):
            if image_id := self._ids.get(written):
                return image_id
        return None


def _key(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()
