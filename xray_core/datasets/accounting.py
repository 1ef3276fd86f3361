"""The promise of every reader: each image file of a folder is in the catalog or in a remark.

So are files of which people think that they are images, or that hold some.
"""

import posixpath
from collections import Counter
from collections.abc import Sequence

from xray_core.catalog import Catalog, Remark, add_remarks
from xray_core.datasets.inventory import Inventory, take_inventory
from xray_core.datasets.reader import N_EXAMPLES, count_remark, refused_remark
from xray_core.imagefiles.other_formats import explain_unreadable
from xray_core.tables.sheet import SUFFIXES

# Of programs, of documents and of drawings beside the images, which nobody takes for radiographs.
NO_IMAGES = frozenset(
    (".pdf", ".doc", ".docx", ".odt", ".ppt", ".pptx", ".odp", ".svg", ".eps", ".ps", ".ai", ".ico")
    + (".pkl", ".pickle", ".pt", ".pth", ".lnk", ".url", ".webloc", ".bin")
)


def list_unaccounted(
    catalog: Catalog, inventory: Inventory | None = None
) -> tuple[list[str], list[str]]:
    """Return what lies below the catalog's root that it neither holds nor names.

    It holds images and masks; it names what its remarks count.

    Args:
        catalog: as a reader returns it.
        inventory: what lies below its root, where that is known already.

    Returns:
        Image files, and what may not be followed.

    Raises:
        DatasetError: a folder cannot be listed.
    """
    inventory = inventory or take_inventory(catalog.root)
    known = {*catalog.images["path"].dropna(), *catalog.masks["path"].dropna()}
    known |= set(catalog.noted["name"].dropna())
    images = [path for path in inventory.images if path not in known]
    return images, [path for path in inventory.refused if path not in known]


def account_for_images(catalog: Catalog, inventory: Inventory | None = None) -> Catalog:
    """Return `catalog` with remarks on what its reader did not speak of; see `list_unaccounted`.

    And on files of other formats, as HEIC and archives.
    """
    inventory = inventory or take_inventory(catalog.root)
    unread, refused = list_unaccounted(catalog, inventory)
    what = "Images left out, as they lie where this dataset has none"
    return add_remarks(
        catalog,
        [
            count_remark("unread_image", unread, what),
            refused_remark(refused),
            _remark_formats([path for path in inventory.others if not path.endswith(SUFFIXES)]),
        ],
    )


def _remark_formats(others: Sequence[str]) -> Remark:
    """Return a remark on files of other formats than are read, and what to do about the first."""
    of_suffix = {path: posixpath.splitext(path)[1].lower() for path in others}
    unread = {
        suffix
        for suffix in {*of_suffix.values()} - NO_IMAGES - {""}
        if explain_unreadable(f"a{suffix}")
    }
    left_out = [path for path, suffix in of_suffix.items() if suffix in unread]
    counts = Counter(of_suffix[path] for path in left_out)
    listed = ", ".join(f"{suffix} {n:,}" for suffix, n in counts.most_common(N_EXAMPLES))
    advice = explain_unreadable(left_out[0]) if left_out else ""
    message = f"Files left out, as their format is not read: {len(left_out):,} ({listed}). {advice}"
    return Remark(
        "unread_format", len(left_out), message, tuple(left_out[:N_EXAMPLES]), tuple(left_out)
    )
