"""The promise of every reader: each image file of a folder is in the catalog or in a remark."""

from xray_core.catalog import Catalog, add_remarks
from xray_core.datasets.inventory import take_inventory
from xray_core.datasets.reader import count_remark


def list_unaccounted(catalog: Catalog) -> list[str]:
    """Return the image files below the catalog's root that it neither holds nor names.

    It holds images and masks; it names what its remarks count.

    Raises:
        DatasetError: a folder cannot be listed.
    """
    known = {*catalog.images["path"].dropna(), *catalog.masks["path"].dropna()}
    known |= set(catalog.noted["name"].dropna())
    return [path for path in take_inventory(catalog.root).images if path not in known]


def account_for_images(catalog: Catalog) -> Catalog:
    """Return `catalog` with a remark on the image files that its reader did not speak of."""
    unread = list_unaccounted(catalog)
    what = "Images left out, as they lie where this dataset has none"
    return add_remarks(catalog, [count_remark("unread_image", unread, what)])
