"""Archives that a user puts into the workspace's `data/`, and the dataset folders they become.

    data/kermany.zip                         -> data/kermany/
    data/images_001.tar.gz … images_012      -> data/nih-chestxray14/images_001/ …, with the
    data/Data_Entry_2017_v2020.csv …            tables of NIH ChestX-ray14 beside them
    data/.kermany.unpacked.json              the archives that are in the folder
    data/tuberculosis.7z, chest.part1.rar …  are named, with the program that unpacks them

`unpacking.py` does the work.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from xray_core.archives.foreign import SPLIT_ZIP, describe_foreign, find_foreign
from xray_core.errors import DatasetError
from xray_core.files import read_json
from xray_core.workspace import Workspace

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
FILE_SUFFIXES = (".gz", ".bz2", ".xz")  # of a single file, or of a tar archive that hides it
NUMBERED = re.compile(
    r"(?P<stem>.+?)(?:[-_. ]|[-_. ]?part[-_. ]?)(?P<number>\d{1,3})", re.IGNORECASE
)
NIH_ARCHIVE = re.compile(r"images_\d{2,3}", re.IGNORECASE)
NIH_FOLDER = "nih-chestxray14"
# What the authors publish beside the archives, and their reader wants in the folder.
NIH_TABLES = (
    *("Data_Entry_2017*.csv", "sample_labels.csv", "BBox_List_2017*.csv"),
    *("train_val_list*.txt", "test_list*.txt"),
)


@dataclass(frozen=True)
class ArchiveGroup:
    """Archives that become one folder.

    Attributes:
        folder: where it is to be; its name is the group's.
        archives: all of them.
        tables: files that are copied along.
        numbered: whether each archive gets a folder of its own inside.
        waiting: those of `archives` and `tables` that are not in the folder yet.
        refusal: what they are and what to do, where only another program unpacks them; else "".
    """

    folder: Path
    archives: tuple[Path, ...]
    tables: tuple[Path, ...] = ()
    numbered: bool = False
    waiting: tuple[Path, ...] = ()
    refusal: str = ""

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def size(self) -> int:
        """Bytes of what is waiting, packed as it is."""
        return sum(path.stat().st_size for path in self.waiting)

    @property
    def partial(self) -> Path:
        """The hidden folder in which it is unpacked."""
        return self.folder.with_name(f".{self.name}.partial")

    @property
    def record(self) -> Path:
        """The file that lists the archives in the folder."""
        return self.folder.with_name(f".{self.name}.unpacked.json")

    def read_unpacked(self) -> list[str] | None:
        """Return the archives in the folder; None if it is not there or was not made here."""
        return read_note(self.record).get("archives") if self.folder.exists() else None


def list_archives(workspace: Workspace) -> list[ArchiveGroup]:
    """Return the archives in `data/`, grouped into folders, by name; opens none of them."""
    if not workspace.data.is_dir():
        return []
    files = sorted(path for path in workspace.data.glob("[!.]*") if path.is_file())
    foreign: dict[str, list[tuple[str, Path]]] = {}
    for path in files:
        if match_foreign := find_foreign(path.name):
            stem, kind = match_foreign
            foreign.setdefault(stem, []).append((kind, path))
    paths = [path for path in files if stem_of(path) and not _is_end_of_split(path, foreign)]
    series: dict[str, dict[str, Path]] = {}
    for path in paths:
        stem = stem_of(path)
        if NIH_ARCHIVE.fullmatch(stem):
            series.setdefault(NIH_FOLDER, {}).setdefault(stem, path)
        elif match := NUMBERED.fullmatch(stem):
            series.setdefault(match["stem"], {}).setdefault(stem, path)

    groups = {
        name: _group(workspace, name, list(archives.values()), numbered=True)
        for name, archives in series.items()
        if name == NIH_FOLDER or _belong_together(list(archives))
    }
    in_series = {path for group in groups.values() for path in group.archives}
    for path in paths:
        if path not in in_series:
            # Of kermany.tar and kermany.zip, the second keeps its suffix.
            name = path.name if stem_of(path) in groups else stem_of(path)
            groups[name] = _group(workspace, name, [path], numbered=False)
    for stem, parts in foreign.items():
        name = parts[0][1].name if stem in groups else stem
        groups[name] = _refuse(workspace, name, parts)
    return [groups[name] for name in sorted(groups)]


def find_group(workspace: Workspace, name: str) -> ArchiveGroup:
    """Return a group by its name or by the file name of one of its archives.

    Raises:
        DatasetError: there is none.
    """
    groups = list_archives(workspace)
    for group in groups:
        if name == group.name or name in [path.name for path in group.archives]:
            return group
    known = ", ".join(group.name for group in groups) or "no archive"
    raise DatasetError(
        f"There is no archive {name!r}: {workspace.data} holds {known}. Put it there first "
        f"({', '.join(SUFFIXES)})."
    )


def list_unpacked(workspace: Workspace, names: Collection[str]) -> list[str]:
    """Return those of archives, by their file names, that are unpacked into their folder.

    Raises:
        DatasetError: such a folder is there, but was not unpacked here: it is somebody's own.
    """
    unpacked = []
    for name in names:
        stem = stem_of(Path(name))
        folder = workspace.data / (NIH_FOLDER if NIH_ARCHIVE.fullmatch(stem) else stem)
        there = ArchiveGroup(folder, ()).read_unpacked()
        if there is None and folder.exists():
            raise DatasetError(
                f"{folder} is there already, and was not unpacked here. To download its archives, "
                "delete or rename that folder."
            )
        unpacked += [name] if name in (there or ()) else []
    return unpacked


def stem_of(path: Path) -> str:
    """Return the name without an archive's suffix; "" if it has none."""
    fits = [suffix for suffix in (*SUFFIXES, *FILE_SUFFIXES) if _ends_with(path, suffix)]
    return path.name[: -len(fits[0])].strip(" .") if fits else ""


def is_packed_file(path: Path) -> bool:
    """Whether the name is of a single packed file, such as `table.csv.gz`."""
    return bool(stem_of(path)) and not any(_ends_with(path, suffix) for suffix in SUFFIXES)


def read_note(path: Path) -> dict[str, Any]:
    """Return what a small file of ours holds; nothing if it is absent or damaged."""
    try:
        content = read_json(path)
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _ends_with(path: Path, suffix: str) -> bool:
    return path.name.lower().endswith(suffix)


def _is_end_of_split(path: Path, foreign: dict[str, list[tuple[str, Path]]]) -> bool:
    """Whether a zip is the last file of one that was split, and joins its group if so."""
    stem = stem_of(path)
    if not _ends_with(path, ".zip") or SPLIT_ZIP not in dict(foreign.get(stem, [])):
        return False
    foreign[stem].append((SPLIT_ZIP, path))
    return True


def _refuse(workspace: Workspace, name: str, parts: list[tuple[str, Path]]) -> ArchiveGroup:
    """Return the group of an archive that only another program unpacks."""
    folder, archives = workspace.data / name, sorted(path for _, path in parts)
    return ArchiveGroup(
        folder,
        tuple(archives),
        waiting=() if folder.exists() else tuple(archives),
        refusal=describe_foreign(parts[0][0], [path.name for path in archives]),
    )


def _belong_together(stems: list[str]) -> bool:
    """Whether numbered archives are parts of one: images_1 and _2 are, not siim-256 and -512."""
    numbers = {int(match["number"]) for stem in stems if (match := NUMBERED.fullmatch(stem))}
    return len(stems) > 1 and min(numbers) <= 1 and max(numbers) <= 2 * len(numbers)


def _group(workspace: Workspace, name: str, archives: list[Path], numbered: bool) -> ArchiveGroup:
    patterns = NIH_TABLES if name == NIH_FOLDER else ()
    tables = sorted(path for pattern in patterns for path in workspace.data.glob(pattern))
    group = ArchiveGroup(workspace.data / name, tuple(archives), tuple(tables), numbered)
    waiting = [*archives, *tables]
    if group.folder.exists():
        there = group.read_unpacked()
        if there is None:
            waiting = []  # somebody unpacked it by hand: it is theirs
        else:
            waiting = [path for path in archives if path.name not in there]
            waiting += [path for path in tables if not (group.folder / path.name).exists()]
    return replace(group, waiting=tuple(waiting))
