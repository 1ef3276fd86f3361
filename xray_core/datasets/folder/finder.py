"""The image that a cell of a table names, whatever machine wrote it.

A cell is only ever compared with the paths of a folder's own files, so that it opens nothing else.
"""

import posixpath
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from xray_core.imagefiles.images import SUFFIXES
from xray_core.tables.cells import parse_subset

# Tables often name the original where the folder holds a converted copy.
KNOWN_SUFFIXES = (*SUFFIXES, ".dcm", ".dicom")
MAX_VARIANTS = 50  # files of one ending that are compared with each other
START = re.compile(r"(?:[a-z][a-z0-9+.-]*://|[a-z]:)?/*", re.IGNORECASE)  # scheme, drive, root
DECIMAL = re.compile(r"(\d+)\.0+", re.ASCII)
DIGITS = re.compile(r"\d{1,40}", re.ASCII)


class Match(NamedTuple):
    """The file that a cell names.

    Attributes:
        path: as it was given to the finder; None if there is none, or no way to choose.
        reason: "" where there is a path and where the cell is blank, else "absent" or "several".
        by_name_alone: whether the folders in the cell are others than those of the file, so that
            its name, perhaps with the folders next to it, was all that fits.
    """

    path: str | None
    reason: str
    by_name_alone: bool = False


class _Reading(NamedTuple):
    """What a cell says, in parts for comparing, what it leads to, and what of it was dropped."""

    parts: tuple[str, ...]
    match: Match
    rest: tuple[str, ...] = ()


ABSENT, SEVERAL = Match(None, "absent"), Match(None, "several")


class FileFinder:
    """Finds the images that the cells of a column name.

    A cell is a path or a bare name, with or without suffix, or with that of another format. Case,
    the way accents are composed, backslashes, and what comes before the first folder on another
    machine make no difference. The exact path goes first. Then the longest ending of the cell's
    path counts that is all of the cell ("images/a.png" is "set1/images/a.png") or all of a file's
    path ("/kaggle/input/x/images/a.png" is "images/a.png"), if one file has it. Where neither is
    so, the longest ending that one file has decides, if the folders before it name no two subsets:
    "test/a.png" is never "train/a.png". If that is the name alone, no other cell may have it.

    Args:
        paths: the images, relative to the folder, with forward slashes.
        root: the folder.
        bases: folders in it that a cell may be relative to, as that of its table; "" for itself.
    """

    def __init__(self, paths: Sequence[str], root: Path, bases: Sequence[str] = ("",)) -> None:
        self._paths = paths
        self._given = frozenset(paths)
        self._bases = [base for base in bases if base]
        self._root = _fold(root.name)
        self._subset = parse_subset(self._root)
        self._above = _strip_start(_fold(root.as_posix()))[1].rstrip("/") + "/"
        self._parts = [_split(_fold(path)) for path in paths]
        self._depth = max(map(len, self._parts), default=0)
        self._whole: dict[str, list[int]] = defaultdict(list)
        self._numbered: dict[str, list[int]] = defaultdict(list)
        for place, parts in enumerate(self._parts):
            self._whole["/".join(parts)].append(place)
            if DIGITS.fullmatch(parts[-1]):
                self._numbered[parts[-1].lstrip("0")].append(place)
        self._ending: dict[int, dict[str, list[int]]] = {}  # number of parts -> ending -> files

    def find(self, cell: str) -> Match:
        """Return the file of a cell that stands alone; see `find_all`."""
        return self._settle([cell])[cell]

    def find_all(self, cells: pd.Series) -> pd.DataFrame:
        """Return the file of each cell of a column.

        Where several cells lead to one file by dropping different folders, none of them does.

        Returns:
            path (None where there is none), reason and by_name_alone of each cell, as in `Match`,
            under the index of `cells`.
        """
        texts = cells.astype("object").where(cells.notna(), "").astype(str).tolist()
        matches = self._settle(dict.fromkeys(texts))
        columns = zip(*(matches[text] for text in texts), strict=True) if texts else ((), (), ())
        types = ("object", "object", "bool")
        return pd.DataFrame(
            {
                name: pd.Series(list(values), dtype=kind, index=cells.index)
                for name, values, kind in zip(Match._fields, columns, types, strict=True)
            }
        )

    def _settle(self, texts: Iterable[str]) -> dict[str, Match]:
        """Return what each different text leads to, beside the others."""
        read = {text: self._read(text) for text in texts}
        folders: dict[str, set[tuple[str, ...]]] = defaultdict(set)  # of the cells, by name
        dropped: dict[str, set[tuple[str, ...]]] = defaultdict(set)  # of them, by path
        for parts, match, rest in read.values():
            folders[parts[-1]].add(parts[:-1])
            if match.path is not None:
                dropped[match.path].add(rest)
        matches = {}
        for text, (parts, match, rest) in read.items():
            # Where not even one folder fits, no other cell may have the name.
            is_name = match.by_name_alone and len(rest) == len(parts) - 1
            rivals = is_name and len(folders[parts[-1]]) > 1
            if rest and match.path is not None and (rivals or len(dropped[match.path]) > 1):
                match = SEVERAL
            matches[text] = match
        return matches

    def _read(self, text: str) -> _Reading:
        """Return what a cell leads to, whatever the others say."""
        plain = text.strip().replace("\\", "/")
        is_absolute, key = _strip_start(_fold(plain))
        key = _normalize(key.removeprefix(self._above) if is_absolute else key)
        parts = _split(key)
        if text in self._given:
            return _Reading(parts, Match(text, ""))
        if not key:
            return _Reading(parts, ABSENT if plain else Match(None, ""))
        for path in (plain, *(posixpath.normpath(f"{base}/{plain}") for base in self._bases)):
            if path in self._given:
                return _Reading(parts, Match(path, ""))
        match, rest = self._look_up(parts, plain)
        return _Reading(parts, match, rest)

    def _look_up(self, parts: tuple[str, ...], plain: str) -> tuple[Match, tuple[str, ...]]:
        """Return the file of a path in parts, and what of the path the file's lacks."""
        for base in self._bases:
            inside = (*_split(_normalize(_fold(base)), is_folder=True), *parts)
            if places := self._whole.get("/".join(inside)):
                return self._choose(places, plain), ()
        if places := self._with_ending(parts):
            return self._choose(self._whole.get("/".join(parts), places), plain), ()
        for n_dropped in range(max(1, len(parts) - self._depth), len(parts)):
            if places := self._whole.get("/".join(parts[n_dropped:])):
                return self._drop(parts, n_dropped, places, plain)
        for n_alike in range(min(len(parts) - 1, self._depth), 0, -1):
            if places := self._with_ending(parts[-n_alike:]):
                return self._differ(parts, n_alike, places, plain)
        return self._by_number(parts, plain)

    def _drop(
        self, parts: tuple[str, ...], n_dropped: int, places: Sequence[int], plain: str
    ) -> tuple[Match, tuple[str, ...]]:
        """Return the file whose whole path is the end of the cell's."""
        rest = parts[:n_dropped]
        if rest[-1] == self._root:
            return self._choose(places, plain), ()
        if self._subset and _contradict(rest, (self._root,)):
            return ABSENT, ()
        match = self._choose(places, plain)
        is_name = match.path is not None and n_dropped == len(parts) - 1
        return match._replace(by_name_alone=is_name), rest

    def _differ(
        self, parts: tuple[str, ...], n_alike: int, places: Sequence[int], plain: str
    ) -> tuple[Match, tuple[str, ...]]:
        """Return the one file whose path ends as the cell's does, after other folders."""
        if len(places) > MAX_VARIANTS:
            return SEVERAL, ()
        pairs = [_left_over(parts[:-1], self._parts[place][:-1]) for place in places]
        if all(_contradict(*pair) for pair in pairs):
            return ABSENT, ()
        match = self._choose(places, plain)
        return match._replace(by_name_alone=match.path is not None), parts[:-n_alike]

    def _by_number(self, parts: tuple[str, ...], plain: str) -> tuple[Match, tuple[str, ...]]:
        """Return the file of a number that a program wrote otherwise: "12.0" or "12" for "0012"."""
        *folders, number = parts
        if decimal := DECIMAL.fullmatch(number):
            return self._look_up((*folders, decimal[1]), decimal[1])
        if not DIGITS.fullmatch(number):
            return ABSENT, ()
        fitting = [
            place
            for place in self._numbered.get(number.lstrip("0"), ())
            if not all(_left_over(tuple(folders), self._parts[place][:-1]))
        ]
        # Of two cells with other zeros neither may have it: the number is what is dropped.
        return (self._choose(fitting, plain), (number,)) if fitting else (ABSENT, ())

    def _with_ending(self, parts: tuple[str, ...]) -> list[int]:
        """Return the files whose path ends in these parts."""
        n_parts = len(parts)
        if n_parts > self._depth:
            return []
        if n_parts not in self._ending:
            index: dict[str, list[int]] = defaultdict(list)
            for place, path in enumerate(self._parts):
                if len(path) >= n_parts:
                    index["/".join(path[-n_parts:])].append(place)
            self._ending[n_parts] = index
        return self._ending[n_parts].get("/".join(parts), [])

    def _choose(self, places: Sequence[int], plain: str) -> Match:
        """Return one of several files that differ in no more than case, accents or suffix."""
        if 1 < len(places) <= MAX_VARIANTS:
            for alike in (_ends_in, _has_name, _has_name_and_suffix):
                fitting = [place for place in places if alike(self._paths[place], plain)]
                if fitting:
                    places = fitting
                    break
        return Match(self._paths[places[0]], "") if len(places) == 1 else SEVERAL


def join_columns(folders: pd.Series, names: pd.Series) -> pd.Series:
    """Return the paths that a column of folders and one of file names make; <NA> without a name."""
    inside = folders.astype("string").str.strip().str.rstrip("/\\").fillna("")
    files = names.astype("string").str.strip().str.lstrip("/\\")
    return files.where(inside == "", inside + "/" + files)


def _ends_in(path: str, plain: str) -> bool:
    return f"/{path}".endswith(f"/{plain}")


def _has_name(path: str, plain: str) -> bool:
    return _fold(path.rpartition("/")[2]) == _fold(plain.rpartition("/")[2])


def _has_name_and_suffix(path: str, plain: str) -> bool:
    stem = posixpath.splitext(path.rpartition("/")[2])[0]
    return _fold(stem) == _fold(plain.rpartition("/")[2])


def _fold(text: str) -> str:
    """Return a text in which neither case nor the way accents are composed differs."""
    if text.isascii():
        return text.lower().replace("\\", "/")
    return unicodedata.normalize("NFC", text.casefold()).replace("\\", "/")


def _strip_start(key: str) -> tuple[bool, str]:
    """Return whether a path begins at a scheme, a drive or the root, and the rest of it."""
    rest = START.sub("", key, count=1)
    return rest != key, rest


def _normalize(key: str) -> str:
    """Return a path without ".", "..", and slashes that say nothing."""
    if "//" in key or "/." in key or key.startswith((".", "/")) or key.endswith("/"):
        return posixpath.normpath(f"/{key}").lstrip("/")
    return key


def _split(key: str, is_folder: bool = False) -> tuple[str, ...]:
    """Return the parts of a path, the last, if that is no folder, without suffixes of images."""
    *folders, name = key.split("/")
    while "." in name and not is_folder:
        stem, suffix = posixpath.splitext(name)
        if suffix not in KNOWN_SUFFIXES:
            break
        name = stem
    return (*folders, name)


def _left_over(
    first: tuple[str, ...], second: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the folders of two paths before those that both end in."""
    n_alike = 0
    while n_alike < min(len(first), len(second)) and first[-1 - n_alike] == second[-1 - n_alike]:
        n_alike += 1
    return first[: len(first) - n_alike], second[: len(second) - n_alike]


def _contradict(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether folders name different subsets."""
    subsets = [{parse_subset(name) for name in folders} - {None} for folders in (first, second)]
    return bool(subsets[0] and subsets[1] and subsets[0] != subsets[1])
