"""Files of lung masks beside a dataset's images, in a folder of their own.

    lung_masks/<image_id>.png       the lungs in white, in the proportions of the image

The drawn data has them, and whoever has masks of a published dataset may put them there.
"""

from pathlib import Path

import pandas as pd

from xray_core.catalog import LUNGS, Remark
from xray_core.datasets.reader import count_remark
from xray_core.imagefiles.images import is_image_name
from xray_core.paths import is_folder, list_folder

MASK_FOLDER = "lung_masks"


def read_lung_files(root: Path, image_ids: pd.Series) -> tuple[pd.DataFrame, list[Remark]]:
    """Return the lung masks beside the images, and remarks on files that belong to none.

    Args:
        root: the dataset folder.
        image_ids: of its images.

    Returns:
        image_id, kind and path of each, as `build_catalog` takes them.

    Raises:
        DatasetError: the folder cannot be listed.
    """
    masks = pd.DataFrame({"image_id": [], "kind": [], "path": []}, dtype="string")
    if not is_folder(root / MASK_FOLDER):
        return masks, []
    names = [name for name in list_folder(root / MASK_FOLDER).files if is_image_name(name)]
    own = {name.rpartition(".")[0].lower(): name for name in reversed(names)}
    known = {str(name).lower(): name for name in image_ids}
    paths = {known[stem]: f"{MASK_FOLDER}/{name}" for stem, name in own.items() if stem in known}
    strays = [f"{MASK_FOLDER}/{name}" for name in names]
    strays = sorted({*strays} - {*paths.values()})
    what = (
        f"Files in {MASK_FOLDER}/ left out, as they belong to no image, or to one that has a mask"
    )
    masks = pd.DataFrame({"image_id": list(paths), "kind": LUNGS, "path": list(paths.values())})
    return masks, [count_remark("stray_mask", strays, what)]
