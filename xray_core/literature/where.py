"""What others report of heat maps on the boxes of NIH ChestX-ray14.

Wang et al. 2017 (CVPR, arXiv:1705.02315), table 4, read in the text of the paper: ResNet-50 on
images of 1,024 px, maps of 32 x 32, 983 images with 1,600 boxes. What was released has 984 boxes on
880 images. A box counts where one drawn from the map overlaps with it by more than T(IoBB), the
intersection over the area of the drawn one; "AFP" is the mean number of drawn ones an image that
overlap with none.

`REPORT` (see `wang2017`) gives pointing games over the 984 released pairs of an image and a
finding, of a DenseNet-121 at 512 px with maps of 16 x 16; its random control is a random map. Read
in the report itself.
"""

from collections.abc import Mapping

from xray_core.literature.wang2017 import REPORT

PLACE = "Wang et al. 2017, table 4"
BOXED_FINDINGS = (
    "atelectasis",
    "cardiomegaly",
    "effusion",
    "infiltration",
    "mass",
    "nodule",
    "pneumonia",
    "pneumothorax",
)
# T(IoBB) -> share of the boxes that are matched, in the order of `BOXED_FINDINGS`.
ACCURACY: Mapping[float, tuple[float, ...]] = {
    0.1: (0.7277, 0.9931, 0.7124, 0.7886, 0.4352, 0.1645, 0.7500, 0.4591),
    0.25: (0.5500, 0.9794, 0.5424, 0.5772, 0.2823, 0.0506, 0.5583, 0.3469),
    0.5: (0.2833, 0.8767, 0.3333, 0.4227, 0.1411, 0.0126, 0.3833, 0.1836),
    0.75: (0.1666, 0.7260, 0.2418, 0.3252, 0.1176, 0.0126, 0.2583, 0.1020),
    0.9: (0.1333, 0.6849, 0.2091, 0.2520, 0.0588, 0.0126, 0.2416, 0.0816),
}
# T(IoBB) -> drawn boxes an image that match none, likewise.
FALSE_POSITIVES: Mapping[float, tuple[float, ...]] = {
    0.1: (0.8323, 0.3506, 0.7998, 0.5589, 0.6423, 0.6047, 0.9055, 0.4776),
    0.25: (0.9167, 0.4553, 0.8598, 0.6077, 0.6707, 0.6158, 0.9614, 0.5000),
    0.5: (1.0203, 0.5630, 0.9268, 0.6585, 0.6941, 0.6189, 1.0132, 0.5285),
    0.75: (1.0619, 0.6616, 0.9603, 0.6921, 0.7043, 0.6199, 1.0569, 0.5396),
    0.9: (1.0752, 0.7226, 0.9797, 0.7124, 0.7144, 0.6199, 1.0732, 0.5437),
}
POINTING_PLACE = REPORT
# Kind of map -> share of the 984 pairs in which the hottest point lies in the box.
POINTING: Mapping[str, float] = {
    "Grad-CAM++": 0.544,
    "Grad-CAM": 0.496,
    "CAM": 0.493,
    "EigenCAM": 0.479,
    "a random map": 0.228,
}


def published_accuracy(finding: str, overlap: float) -> float | None:
    """Return the share of boxes that Wang et al. match; None where they give none.

    Args:
        finding: as our catalog calls it.
        overlap: T(IoBB).
    """
    if finding not in BOXED_FINDINGS or overlap not in ACCURACY:
        return None
    return ACCURACY[overlap][BOXED_FINDINGS.index(finding)]
