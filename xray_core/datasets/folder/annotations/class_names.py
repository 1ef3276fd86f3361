"""The names of YOLO's classes: from `data.yaml`, or a file with one name in each line."""

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from xray_core.datasets.folder.annotations.collect import clean_name, read_limited
from xray_core.errors import DatasetError

MAX_BYTES = 2**20
MAX_NAMES = 10_000
# Files with a name in each line; whatever ends with ".names" is another.
LISTS = ("classes.txt", "_classes.txt", "predefined_classes.txt", "names.txt", "_darknet.labels")
KEY = re.compile(r"names\s*:\s*(?P<rest>.*)")
QUOTED = re.compile(r"""(?P<sign>['"])(?P<inside>.*?)(?P=sign)\s*(#.*)?$""")


@dataclass(frozen=True)
class ClassNames:
    """Folder of a file of names -> the names, by the class's number; "" where one is missing."""

    by_folder: dict[str, tuple[str, ...]]
    files: tuple[str, ...]

    def of(self, file: str) -> tuple[str, ...]:
        """Return the names for a file of labels: those nearest above it, else the only ones."""
        folder = posixpath.dirname(file)
        while True:
            if folder in self.by_folder:
                return self.by_folder[folder]
            if not folder:
                break
            folder = posixpath.dirname(folder)
        distinct = set(self.by_folder.values())
        return distinct.pop() if len(distinct) == 1 else ()


def find_names(root: Path, others: Sequence[str]) -> ClassNames:
    """Return the names that the files of a folder give.

    Args:
        root: the dataset's folder.
        others: files in it.
    """
    by_folder: dict[str, tuple[str, ...]] = {}
    files = []
    # A YAML file goes before a list, of which labelImg leaves one with its own examples.
    for fits, parse in ((_is_yaml, parse_yaml_names), (is_list, parse_list)):
        for file in others:
            folder = posixpath.dirname(file)
            if folder in by_folder or not fits(file):
                continue
            try:
                text = read_limited(root / file, MAX_BYTES).decode("utf-8-sig", "replace")
            except (DatasetError, OSError):
                continue  # the classes are then called by their numbers, which is said
            if names := parse(text):
                by_folder[folder] = tuple(names)
                files.append(file)
    return ClassNames(by_folder, tuple(files))


def is_list(file: str) -> bool:
    """Whether a file is called as a list of classes is."""
    name = posixpath.basename(file).lower()
    return name in LISTS or name.endswith(".names")


def _is_yaml(file: str) -> bool:
    return file.lower().endswith((".yaml", ".yml"))


def parse_list(text: str) -> list[str]:
    """Return the names in a text with one in each line."""
    return [clean_name(line) for line in text.strip().splitlines()][:MAX_NAMES]


def parse_yaml_names(text: str) -> list[str]:
    r"""Return the names in the few lines of a YAML file that give them; none if it has no such.

    >>> parse_yaml_names("nc: 2\nnames: ['a b', c]  # two"), parse_yaml_names("names:\n  1: c")
    (['a b', 'c'], ['', 'c'])
    """
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if match := KEY.fullmatch(line.rstrip()):
            rest = _plain(match["rest"])
            if rest[:1] in ("[", "{"):
                return _parse_flow(" ".join([match["rest"], *lines[number + 1 :]]))
            return [] if rest else _parse_block(lines[number + 1 :])
    return []


def _parse_block(lines: Sequence[str]) -> list[str]:
    """Return the names in lines "- name" or "0: name", up to the next key."""
    names: dict[int, str] = {}
    for line in lines:
        if not (entry := line.strip()) or entry.startswith("#"):
            continue
        if match := re.fullmatch(r"-\s+(.*)", entry):
            names[len(names)] = _scalar(match[1])
        elif (match := re.fullmatch(r"(\d{1,4})\s*:\s*(.*)", entry)) and line[0].isspace():
            names[int(match[1])] = _scalar(match[2])
        else:
            break
    return _to_list(names)


def _parse_flow(text: str) -> list[str]:
    """Return the names in "[a, 'b, c']" or "{0: a, 1: b}", over however many lines."""
    names: dict[int, str] = {}
    entry = re.compile(r"""\s*(?:(\d{1,4})\s*:\s*)?('(?:[^']|'')*'|"[^"]*"|[^,\]}]*)\s*([,\]}])""")
    position = 1
    while match := entry.match(text, position):
        number, value, end = match.groups()
        if value.strip() or end == ",":
            names[int(number) if number else len(names)] = _scalar(value)
        if end != ",":
            return _to_list(names)
        position = match.end()
    return []  # it does not end


def _to_list(names: dict[int, str]) -> list[str]:
    if not names or max(names) >= MAX_NAMES:
        return []
    return [names.get(number, "") for number in range(max(names) + 1)]


def _scalar(text: str) -> str:
    """Return what a value in YAML says: without its quotes, or without a comment behind it."""
    if match := QUOTED.match(text.strip()):
        return clean_name(match["inside"].replace("''", "'"))
    return clean_name(_plain(text))


def _plain(text: str) -> str:
    return re.sub(r"(^|\s)#.*", "", text).strip()
