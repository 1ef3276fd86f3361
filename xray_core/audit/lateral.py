"""Lateral views: images taken from the side among frontal ones, or that show no chest at all."""

import pandas as pd

from xray_core.audit.issue import DataIssue, count_of, first_of, passed, rows_of
from xray_core.audit.orientation import FRONTAL, join_poses

# An image is called lateral if it resembles the others less than this, and its own mirror image
# less than this; or if it fits better turned, but still not well (`orientation.FRONTAL`). Only 5
# lateral views are at hand, 3 of 40 images of one set and 2 of 5,065 of another: all are called
# so. Of other published radiographs up to 0.6 % are (Kermany; 0.2 % of SIIM and Radiography, none
# of NIH): cut on one side, small in a black frame, oblique, or of small children.
UNLIKE, LOPSIDED = 0.34, 0.15


def check_lateral(images: pd.DataFrame, poses: pd.DataFrame | None) -> list[DataIssue]:
    """Find images that look lateral, or at least not frontal, though nothing says so.

    Args:
        images: the audited table; image_id, path and view_position count.
        poses: as `find_poses` returns them.
    """
    if poses is None:
        return []
    known = join_poses(images, poses)
    affected = known[is_odd(known)].sort_values("likeness", kind="stable")
    if affected.empty:
        return [passed("lateral_view", "No image looks like a lateral view among frontal ones.")]
    verb = "looks" if len(affected) == 1 else "look"
    return [
        DataIssue(
            code="lateral_view",
            severity="warning",
            title=f"{count_of(len(affected), 'image')} of {len(known):,} {verb} little like a "
            "frontal chest: perhaps a lateral view.",
            count=len(affected),
            why="A lateral view shows both lungs on top of each other; few of them among frontal "
            "images only confuse a network, and many of one class give it away.",
            advice="Look at them: most are frontal, but small, cut, or oblique; up to 8 in 1,000 "
            "frontal radiographs are named here. Leave lateral views out, or say so in a column "
            "for the view position.",
            examples=first_of(affected["image_id"]),
            table=rows_of(affected[["image_id", "path", "view_position", "likeness"]]),
        )
    ]


def is_odd(poses: pd.DataFrame) -> pd.Series:
    """Return which images are hardly frontal, by `find_poses`."""
    odd = (poses["likeness"] < UNLIKE) & (poses["symmetry"] < LOPSIDED)
    return odd | ((poses["turn"] > 0) & (poses["likeness"] < FRONTAL))
