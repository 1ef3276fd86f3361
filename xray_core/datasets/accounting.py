"""The promise of every reader: each image file of a folder is in the catalog or in a remark."""

from xray_core.catalog import Catalog, add_remarks
from xray_core.datasets.inventory import Inventory, take_inventory
from xray_core.datasets.reader import count_remark, refused_remark


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
    """Return `catalog` with remarks on what its reader did not speak of; see `list_unaccounted`."""
    unread, refused = list_unaccounted(catalog, inventory)
    what = "Images left out, as they lie where this dataset has none"
    return add_remarks(
        catalog, [count_remark("unread_image", unread, what), refused_remark(refused)]
    )
