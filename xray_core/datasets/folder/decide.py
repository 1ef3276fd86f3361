"""How a folder of any origin is to be read: by its mapping, its folders' names or its boxes."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from xray_core.catalog import Catalog
from xray_core.datasets.folder.annotations import find_annotations
from xray_core.datasets.folder.classes import read_annotated, read_classes, read_named
from xray_core.datasets.folder.files import FolderFiles
from xray_core.datasets.folder.labels_in_names import guess_label_place, labels_lie_in_names
from xray_core.datasets.folder.layout import Layout, read_layout
from xray_core.datasets.folder.mapping import FolderMapping, find_mapping, read_mapping
from xray_core.datasets.folder.names import unify_spelling
from xray_core.datasets.folder.refusals import (
    explain_folder,
)
from xray_core.datasets.folder.rows import FolderTables
from xray_core.datasets.folder.suggest import Guess, list_tables, suggest_mapping
from xray_core.datasets.folder.table import gather_images, read_mapped
from xray_core.errors import DatasetError

AGREEING = 0.95  # share of the images of which a table says what their folder says
RIVAL = 0.5  # share of the images that a table must name to be believed before folders


@dataclass(frozen=True)
class Reading:
    """How a folder is to be read.

    Attributes:
        read: the folder as a catalog.
        why: what was seen and chosen, a sentence each.
        classes: class -> images, where folders give them.
    """

    read: Callable[[], Catalog]
    why: tuple[str, ...]


def decide_reading(files: FolderFiles) -> Reading:
    """Return how the images of a folder are to be labelled.

    Raises:
        DatasetError: nothing labels them; the message says why, and what to do.
    """
    mapping = read_mapping(files.root)
    if mapping is not None:
        return read_as_mapped(files, mapping)
    if not files.images:
        raise explain_folder(files.inventory)
    layout = files.layout
    tables = FolderTables(files.root, files.images)
    guess = suggest_mapping(files, tables) if list_tables(files) else None
    if guess and _is_rival(files, tables, guess, layout):
        raise explain_folder(files.inventory, layout, guess.mapping)
    if not layout.problem and labels_lie_in_names(files.images, layout):
        raise explain_folder(files.inventory, replace(layout, classes={}, problem=""))
    annotations = find_annotations(files.root, files.images, files.inventory.others)
    if not layout.problem:
        seen = ", ".join(f"{name} {n:,}" for name, n in sorted(layout.classes.items()))
        why = (f"The names of folders are read as classes: {seen}.",)
        return Reading(lambda: read_classes(files, layout, annotations), why)
    if annotations is not None and annotations.annotated:
        why = (f"Boxes are read from {annotations.format} files.",)
        return Reading(lambda: read_annotated(files, layout, annotations), why)
    mapping = guess.mapping if guess else None
    raise explain_folder(files.inventory, layout, mapping, tables.problems)


def guess_mapping(files: FolderFiles) -> FolderMapping | None:
    """Return the first guess at how a folder is to be read, for a person to check.

    Returns:
        None where neither a table nor the names of files seem to label the images.
    """
    guess = suggest_mapping(files, FolderTables(files.root, files.images))
    if guess is not None and guess.mapping.labels_images:
        return guess.mapping
    where = guess_label_place(files.images)
    return FolderMapping(label_in_name=where) if where else None


def read_as_mapped(files: FolderFiles, mapping: FolderMapping) -> Reading:
    """Return how a folder is to be read after a mapping, which need not be kept yet.

    Raises:
        DatasetError: the names of its folders give no labels.
    """
    place = find_mapping(files.root)
    why = (f"Read as {place.name if place else 'the mapping'} says.",)
    if mapping.tables:
        return Reading(lambda: read_mapped(files, mapping), why)
    if mapping.label_in_name:
        return Reading(lambda: read_named(files, mapping), why)
    layout = read_layout(files.counts, mapping.folders)
    if layout.problem:
        raise explain_folder(files.inventory, layout)
    annotations = find_annotations(files.root, files.images, files.inventory.others)
    return Reading(lambda: read_classes(files, layout, annotations), why)


def _is_rival(files: FolderFiles, tables: FolderTables, guess: Guess, layout: Layout) -> bool:
    """Whether a table labels most images, and otherwise than the names of folders do."""
    if not guess.says_labels or len(guess.files) < RIVAL * len(files.images):
        return False
    if layout.problem:
        return True
    try:
        images = gather_images(files, tables, guess.mapping).images
    except DatasetError:
        return True  # the mapping dialog says why
    told = images[images["path"].notna() & images["findings"].notna()]
    if told.empty:
        return False
    folders = (path.rpartition("/")[0] for path in told["path"])
    pairs = zip(told["findings"], folders, strict=True)
    agreeing = sum(
        unify_spelling(layout.places[folder].label) in map(unify_spelling, text.split("|"))
        for text, folder in pairs
    )
    return agreeing < AGREEING * len(told)
