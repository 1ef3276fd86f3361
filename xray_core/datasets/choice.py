"""Which reader a folder is for, and where in it the dataset lies.

unwrap       the folders that an archive wraps a dataset in, however many
inventory    all files, listed once
candidates   each reader of a published dataset that recognises the folder, and which image
files it would leave out
choice       what a person said; else the published dataset, if it explains all folders of
images; else the reader of folders of any origin
"""

import posixpath
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from xray_core.catalog import Catalog
from xray_core.datasets.folder.decide import decide_reading
from xray_core.datasets.folder.files import sort_files
from xray_core.datasets.folder.mapping import find_mapping, read_mapping
from xray_core.datasets.folder.names import MASK, SUBSET, read_name
from xray_core.datasets.folder.refusals import MappingNeeded
from xray_core.datasets.inventory import Inventory, list_wrappers, take_inventory
from xray_core.datasets.reader import Reader
from xray_core.errors import DatasetError
from xray_core.paths import find_allowed, list_folder

MOSTLY = 0.5  # share of a folder's images that a reader must claim to explain it
N_SHOWN = 3
MAX_SIBLINGS = 50  # folders of which each is looked at whether it is a dataset


@dataclass(frozen=True)
class Candidate:
    """A reader that recognises a folder.

    Attributes:
        name: of the reader.
        root: the folder that directly holds its dataset.
        n_claimed: image files that it reads or knows.
        left_out: folder of images that it does not know -> how many.
    """

    name: str
    root: Path
    n_claimed: int
    left_out: Mapping[str, int]


@dataclass(frozen=True)
class Choice:
    """Which reader reads a folder.

    Attributes:
        name: of the reader.
        root: the folder that directly holds the dataset, links resolved.
        place: the same as it was reached.
        notes: what was seen, chosen and why, a sentence each.
        inventory: what lies below `place`; None where the choice is only remembered.
        read: reads the dataset, with all that was found out on the way; None likewise.
    """

    name: str
    root: Path
    place: Path
    notes: tuple[str, ...]
    inventory: Inventory | None = field(default=None, compare=False, repr=False)
    read: Callable[[], Catalog] | None = field(default=None, compare=False, repr=False)

    @property
    def bare(self) -> "Choice":
        """The choice without what takes memory."""
        return replace(self, inventory=None, read=None)


def choose_reader(folder: Path, readers: Mapping[str, Reader], wanted: str = "") -> Choice:
    """Return the reader for a folder, and where in it the dataset lies.

    Args:
        folder: one that is there and holds something.
        readers: name -> reader; one of them is generic.
        wanted: the name of a reader that a person chose; "" for the one that fits.

    Raises:
        DatasetError: none fits, several published ones do, or the one that is wanted does not.
    """
    wrappers = list_wrappers(folder)
    by_hand = bool(wanted)
    mapped = next((level for level in wrappers if find_mapping(level)), None)
    if not wanted and mapped:
        mapping = read_mapping(mapped)
        wanted = mapping.reader if mapping else ""
    generic = next(name for name, reader in readers.items() if reader.generic)
    if wanted and wanted not in readers:
        raise DatasetError(
            f"There is no reader called {wanted!r}. Choose one of: {', '.join(readers)}."
        )
    inventory = take_inventory(wrappers[0])
    seen = _describe(inventory, wrappers)
    if wanted and wanted != generic:
        return _choose_wanted(wrappers, readers, wanted, seen)
    if by_hand:
        seen = (*seen, f"Read as {readers[generic].title.lower()}, as somebody chose.")
    candidates = [] if wanted else _find_candidates(wrappers, readers, inventory)
    if len(candidates) > 1:
        raise DatasetError(
            f"{folder} holds several datasets: "
            f"{', '.join(readers[candidate.name].title for candidate in candidates)}. "
            "Choose the folder of one of them, or name the reader (`--reader`)."
        )
    for candidate in candidates:
        if not candidate.left_out:
            title = readers[candidate.name].title
            why = f"Read as {title}, which explains all {candidate.n_claimed:,} image files."
            choice = _build(candidate.name, candidate.root, (*seen, why))
            inside = candidate.root.relative_to(inventory.root).as_posix()
            return replace(choice, inventory=inventory.below("" if inside == "." else inside))
    if not wanted and not mapped:  # a candidate may be one of several
        _refuse_siblings(wrappers[-1], readers)
    return _choose_generic(wrappers, mapped, inventory, generic, candidates, readers, seen)


def _list_levels(wrappers: list[Path]) -> list[Path]:
    """Return the levels that the reader of any folder may begin at, the innermost first.

    A folder called train or masks alone says what its images are, and is no wrapper.
    """
    levels = [wrappers[0]]
    for level in wrappers[1:]:
        if read_name(level.name) in (SUBSET, MASK):
            break
        levels.append(level)
    return levels[::-1]


def _refuse_siblings(folder: Path, readers: Mapping[str, Reader]) -> None:
    """Refuse a folder in which several published datasets lie side by side.

    Raises:
        DatasetError: it names them.
    """
    inner = list_folder(folder).folders
    if len(inner) > MAX_SIBLINGS:
        return
    titles = {
        name: reader.title
        for name in inner
        if read_name(name) != SUBSET
        for reader in readers.values()
        if not reader.generic and reader.find_root(folder / name)
    }
    if len({*titles.values()}) > 1:  # else they may be its classes
        listed = ", ".join(f"{name} ({title})" for name, title in titles.items())
        raise DatasetError(
            f"{folder} holds several datasets side by side: {listed}. Choose the folder of one."
        )


def _choose_wanted(
    wrappers: list[Path], readers: Mapping[str, Reader], wanted: str, seen: tuple[str, ...]
) -> Choice:
    for level in wrappers:
        if root := readers[wanted].find_root(level):
            why = f"Read as {readers[wanted].title}, as somebody chose."
            return _build(wanted, root, (*seen, why))
    raise DatasetError(
        f"{wrappers[0]} cannot be read as {readers[wanted].title}: expected "
        f"{readers[wanted].expects}."
    )


def _choose_generic(
    wrappers: list[Path],
    mapped: Path | None,
    inventory: Inventory,
    generic: str,
    candidates: list[Candidate],
    readers: Mapping[str, Reader],
    seen: tuple[str, ...],
) -> Choice:
    """Choose the reader of folders of any origin, at the outermost level that it can read."""
    notes = [*seen]
    for candidate in candidates:
        notes.append(
            f"It looks like {readers[candidate.name].title}, but {_list(candidate.left_out)} would "
            "be left out."
        )
    hint = "".join(f" {note} Name the reader to read the rest." for note in notes[len(seen) :])
    refusal: DatasetError | None = None
    choice: Choice | None = None
    is_flat = False
    for level in [mapped] if mapped else _list_levels(wrappers):
        inside = level.relative_to(wrappers[0]).as_posix()
        files = sort_files(inventory.below("" if inside == "." else inside))
        try:
            reading = decide_reading(files)
        except MappingNeeded as error:
            if error.by_table:
                raise MappingNeeded(f"{error}{hint}", by_table=True) from error
            refusal = refusal or error
        except DatasetError as error:
            # The innermost, where the images are, has the reason; but where they lie in one folder,
            # its name may be a class.
            if refusal is None or is_flat:
                refusal = error
            is_flat = set(files.inventory.image_folders) == {""}
        else:
            known = _build(generic, level, (*notes, *reading.why))
            choice = choice or replace(known, inventory=files.inventory, read=reading.read)
    if choice:
        return choice
    assert refusal is not None
    layouts = "\n".join(f"{reader.title}: {reader.expects}." for reader in readers.values())
    if isinstance(refusal, MappingNeeded):
        raise MappingNeeded(f"{refusal}{hint}", refusal.by_table)
    raise DatasetError(f"{refusal}{hint}", layouts)


def _find_candidates(
    wrappers: list[Path], readers: Mapping[str, Reader], inventory: Inventory
) -> list[Candidate]:
    candidates = []
    for name, reader in readers.items():
        if reader.generic:
            continue
        root = next((root for level in wrappers if (root := reader.find_root(level))), None)
        if root is not None:
            candidates.append(_weigh(name, reader, root, inventory))
    return candidates


def _weigh(name: str, reader: Reader, root: Path, inventory: Inventory) -> Candidate:
    """Count which images of a folder a reader claims."""
    inside = root.relative_to(inventory.root).as_posix()
    start = "" if inside == "." else f"{inside}/"
    claimed: Counter[str] = Counter()
    for path in inventory.images:
        if path.startswith(start) and reader.claims(path[len(start) :]):
            claimed[posixpath.dirname(path)] += 1
    left_out = {
        folder: n - claimed[folder]
        for folder, n in inventory.image_folders.items()
        if claimed[folder] < MOSTLY * n
    }
    return Candidate(name, root, claimed.total(), left_out)


def _describe(inventory: Inventory, wrappers: list[Path]) -> tuple[str, ...]:
    n_folders = len(inventory.image_folders)
    seen = (
        f"Seen: {len(inventory.images):,} image files in {n_folders:,} "
        f"folder{'s' * (n_folders != 1)}, {len(inventory.tables):,} tables or texts, "
        f"{len(inventory.others) - len(inventory.tables):,} other files."
    )
    inner = wrappers[-1].relative_to(wrappers[0]).as_posix()
    return (seen,) if inner == "." else (seen, f"Folders around the dataset: {inner}.")


def _list(left_out: Mapping[str, int]) -> str:
    names = [f"{folder or 'its top folder'} ({n:,} images)" for folder, n in left_out.items()]
    return ", ".join(names[:N_SHOWN]) + (", ..." if len(names) > N_SHOWN else "")


def _build(name: str, place: Path, notes: tuple[str, ...]) -> Choice:
    return Choice(name, find_allowed(place), place, notes)
