"""How many images the sources had, class by class: what a loader of the same data must give.

Counts are the sources' own, or follow from the tables that they name; each group adds up to the
number of images it is of.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class DataCount:
    """How many images there were of each kind.

    Attributes:
        source: the beginning of the recipes' names, as in `settings.COMMON`.
        what: which images.
        n_images: in all.
        counts: kind -> images; they add up to `n_images`. Empty where only the sum is given.
        note: what to mind; "" for nothing.
    """

    source: str
    what: str
    n_images: int
    counts: Mapping[str, int]
    note: str = ""


SIIM, RADIOGRAPHY, UNION = 6_334, 21_165, 27_499  # images
DATA_COUNTS = (
    DataCount(
        "siim_",
        "SIIM, label of the study",
        SIIM,
        {"atypical": 483, "indeterminate": 1_108, "negative": 1_736, "typical": 3_007},
    ),
    DataCount(
        "siim_",
        "SIIM, label of the image",
        SIIM,
        {"none": 2_040, "opacity": 4_294},
        "304 of those with none are of studies that are not negative (no box was drawn)",
    ),
    DataCount("siim_", "SIIM, any opacity", SIIM, {"none": 1_736, "yes": 4_598}),
    DataCount("siim_", "SIIM, typical or not", SIIM, {"none": 3_327, "yes": 3_007}),
    DataCount(
        "siim_", "SIIM, three classes", SIIM, {"none": 1_736, "typical": 3_007, "others": 1_591}
    ),
    DataCount(
        "siim_",
        "COVID-19 Radiography",
        RADIOGRAPHY,
        {"Lung_Opacity": 6_012, "Normal": 10_192, "Viral Pneumonia": 1_345, "COVID": 3_616},
    ),
    DataCount("siim_", "union of both", UNION, {"SIIM": SIIM, "COVID-19 Radiography": RADIOGRAPHY}),
    DataCount(
        "siim_",
        "union, to train and validate on, any opacity",
        26_232,
        {"none": 11_586, "yes": 14_646},
        "20,986 trained and 5,246 validated: all 5,067 of SIIM and 179 others validate",
    ),
    DataCount("siim_", "union, the same, typical", 26_232, {"none": 20_195, "yes": 6_037}),
    DataCount(
        "siim_",
        "test set of 9 to 10, label of the study",
        1_267,
        {"atypical": 97, "indeterminate": 242, "negative": 342, "typical": 586},
        "the last of SIIM by image id, from cd04ca4ef72d; 813 are of patients who also train; "
        "the published matrices hold 1,254",
    ),
    DataCount("siim_", "test set of 9 to 10, any opacity", 1_267, {"none": 342, "yes": 925}),
    DataCount(
        "siim_",
        "validation set of 6.4",
        1_267,
        {"right": 802, "wrong": 465},
        "accuracy 63.30 %: so it held 1,267 images, not 1,266",
    ),
    DataCount("pneumonia_cnn", "training", 5_232, {"pneumonia": 3_883, "normal": 1_349}),
    DataCount("pneumonia_cnn", "test", 624, {}),
    DataCount("corona_", "training folder", 5_309, {}, "images without a row are left out"),
    DataCount("corona_", "test folder", 624, {}),
)
