"""The files below a folder of any origin: images, their masks, and all else."""

import posixpath
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from xray_core.catalog import Remark
from xray_core.datasets.folder.layout import Layout, read_layout
from xray_core.datasets.folder.masks import Mask, pair_masks
from xray_core.datasets.folder.names import is_form, without_suffix
from xray_core.datasets.inventory import Inventory
from xray_core.datasets.reader import N_EXAMPLES, count_remark


@dataclass(frozen=True)
class FolderFiles:
    """What lies below a folder, images told from masks; paths are relative to it, sorted.

    Attributes:
        inventory: all of it.
        images: image files that are no masks.
        masks: the masks of these.
        lone_masks: masks of none of them.
    """

    inventory: Inventory
    images: tuple[str, ...]
    masks: tuple[Mask, ...]
    lone_masks: tuple[str, ...]

    @property
    def root(self) -> Path:
        """The folder."""
        return self.inventory.root

    @property
    def refused(self) -> tuple[str, ...]:
        """What is no plain file or may not be followed."""
        return self.inventory.refused

    @cached_property
    def counts(self) -> Counter[str]:
        """Folder -> images directly in it."""
        return Counter(map(posixpath.dirname, self.images))

    @cached_property
    def layout(self) -> Layout:
        """What the names of the folders say."""
        return read_layout(self.counts)

    @cached_property
    def ids(self) -> dict[str, str]:
        """Image -> image id: its path without suffix, or with it where two would be one."""
        stems = {path: without_suffix(path) for path in self.images}
        counts = Counter(stems.values())
        return {path: stem if counts[stem] == 1 else path for path, stem in stems.items()}

    @property
    def remarks(self) -> list[Remark]:
        """Remarks on the masks."""
        guessed = [mask.path for mask in self.masks if mask.is_guess]
        return [
            count_remark("lone_mask", self.lone_masks, "Masks left out, as no image is theirs"),
            count_remark("guessed_mask", guessed, "Masks taken for masks of the lungs"),
        ]


def unread_tables_remark(files: FolderFiles, read: Collection[str] = ()) -> Remark:
    """Return a remark on the tables that say nothing in the catalog, but for text files.

    Args:
        files: those of the folder.
        read: the tables that are read.
    """
    unread = [
        path
        for path in files.inventory.tables
        if path not in read and not path.lower().endswith(".txt") and not is_form(path)
    ]
    shown = ", ".join(unread[:N_EXAMPLES])
    message = (
        f"Tables that are not read, so that nothing of them counts: {len(unread):,} ({shown})."
    )
    return Remark("unread_table", len(unread), message, tuple(unread[:N_EXAMPLES]), tuple(unread))


def sort_files(inventory: Inventory) -> FolderFiles:
    """Tell images from masks by their names."""
    images, masks, lone = pair_masks(inventory.images)
    return FolderFiles(inventory, images, tuple(masks), tuple(lone))
