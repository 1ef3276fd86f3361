"""All checks of what is in the images themselves, which only their pixels tell."""

import pandas as pd

from xray_core.audit.bit_depths import check_depths
from xray_core.audit.burnt_in import check_text
from xray_core.audit.issue import DataIssue
from xray_core.audit.lateral import check_lateral
from xray_core.audit.negatives import check_negatives
from xray_core.audit.orientation import check_orientation
from xray_core.audit.poses import find_poses
from xray_core.audit.screens import check_screens


def check_pixels(images: pd.DataFrame) -> list[DataIssue]:
    """Find images that likely lie, show or are something else than the others.

    Args:
        images: the audited table; the columns that each check names, and signature, count.
    """
    poses = find_poses(images["signature"])
    return [
        *check_negatives(images, poses),
        *check_orientation(images, poses),
        *check_lateral(images, poses),
        *check_screens(images),
        *check_text(images),
        *check_depths(images),
    ]
