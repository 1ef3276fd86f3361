"""The order in which images are shown: by what is known of them, the unknown last."""

import pandas as pd

from xray_core.catalog import Catalog, relative_boxes

# What images can be sorted by -> the catalog column that must hold something for it.
SORTS = {
    "image id": "image_id",
    "patient": "patient_id",
    "follow-up": "follow_up",
    "age": "age",
    "size in pixels": "width",
    "file size": "file_size",
    "number of boxes": "",
    "area of boxes": "",
}


def list_sorts(catalog: Catalog) -> list[str]:
    """Return the keys of `SORTS` by which the images of `catalog` can be told apart."""
    return [
        name
        for name, column in SORTS.items()
        if (catalog.images[column].notna().any() if column else len(catalog.boxes))
    ]


def sort_images(
    catalog: Catalog, images: pd.DataFrame, by: str, reverse: bool = False
) -> pd.DataFrame:
    """Return `images` in another order; those with equal values keep theirs.

    Args:
        catalog: the dataset.
        images: rows of `catalog.images`, in its order (by image id).
        by: one of `SORTS`. The area of boxes is the sum of an image's boxes as a fraction of
            the image; an image without boxes has none.
        reverse: the highest value first; unknown values are last either way.

    Returns:
        The same rows, index kept.
    """
    if by == "image id":  # a catalog is sorted by it
        return images.iloc[::-1] if reverse else images
    values = _measure(catalog, images, by).reset_index(drop=True)
    places = values.sort_values(ascending=not reverse, kind="stable", na_position="last").index
    return images.iloc[places]


def _measure(catalog: Catalog, images: pd.DataFrame, by: str) -> pd.Series:
    """Return what to sort by, one value per row of `images`."""
    if by == "patient":
        patients = images["patient_id"]
        numbers = pd.to_numeric(patients, errors="coerce")
        # Patients that are numbers count up: 9 comes before 10.
        return numbers if (numbers.notna() | patients.isna()).all() else patients
    if by == "size in pixels":
        return images["width"] * images["height"]
    if by == "number of boxes":
        n_boxes = catalog.boxes["image_id"].value_counts()
        return images["image_id"].map(n_boxes).fillna(0)
    if by == "area of boxes":
        boxes = relative_boxes(catalog)
        areas = (boxes["width"] * boxes["height"]).groupby(boxes["image_id"]).sum()
        return images["image_id"].map(areas)
    return images[SORTS[by]]
