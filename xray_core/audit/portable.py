"""Portable devices: AP images, mostly of patients too ill to stand, where they tell the class.

Only the view position that a table gives counts ("AP", "AP supine"); words burnt into
the pixels are not read. So there is no alarm without such a column.
"""

import pandas as pd

from xray_core.audit.confounding import N_NEEDED, measure_association
from xray_core.audit.issue import DataIssue, passed, rows_of


def check_portable(images: pd.DataFrame) -> list[DataIssue]:
    """Find out whether AP images are of other classes than PA images.

    Args:
        images: the audited table without absent images; label and view_position count.
    """
    frontal = images["view_position"].isin(["AP", "PA"]).fillna(False).astype(bool)
    known = images[frontal & images["label"].notna()]
    if (
        len(known) < N_NEEDED
        or known["view_position"].nunique() < 2
        or known["label"].nunique() < 2
    ):
        return []
    is_ap = known["view_position"] == "AP"
    link = measure_association(known["label"], known["view_position"])
    counts = pd.crosstab(known["label"], known["view_position"]).rename_axis(columns=None)
    shares = counts["AP"] / counts.sum(axis=1)
    if not link.is_real:
        title = "Images of portable devices (AP) are about as frequent in each class."
        return [passed("portable_device", title)]
    most, least = str(shares.idxmax()), str(shares.idxmin())
    return [
        DataIssue(
            code="portable_device",
            severity="warning",
            title=f"{shares[most]:.0%} of {most}, but {shares[least]:.0%} of {least} are AP "
            "images, as portable devices take them.",
            count=int(is_ap.sum()),
            why="AP images are mostly of patients who lie, at a portable device: the heart looks "
            "larger, and there are more wires. A network may learn the device instead of the "
            "finding.",
            advice="Evaluate AP and PA images apart, or train on one of them.",
            table=rows_of(counts.assign(share_AP=shares.round(3)).reset_index()),
        )
    ]
