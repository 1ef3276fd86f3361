"""Photos of screens: images that somebody took of a monitor, as their pattern or EXIF tells."""

import pandas as pd

from xray_core.audit.issue import DataIssue, count_of, first_of, passed, rows_of
from xray_core.preprocess.marks import PATTERN


def is_photo(images: pd.DataFrame) -> pd.Series:
    """Return which images are likely photos, <NA> where that is not known."""
    return (images["pattern"] > PATTERN) | images["camera"]


def check_screens(images: pd.DataFrame) -> list[DataIssue]:
    """Find images that are likely photos of a screen.

    Args:
        images: the audited table; image_id, path, label, pattern and camera count.
    """
    known = images[images["camera"].notna()]
    affected = known[is_photo(known).fillna(False).astype(bool)]
    if affected.empty:
        return [passed("screen_photo", "No image seems to be a photo of a screen.")]
    affected = affected.sort_values("pattern", ascending=False, kind="stable")
    words = "is likely a photo" if len(affected) == 1 else "are likely photos"
    reason = affected["camera"].map({True: "EXIF names a lens", False: "regular pattern"})
    return [
        DataIssue(
            code="screen_photo",
            severity="warning",
            title=f"{count_of(len(affected), 'image')} of {len(known):,} {words} of a screen.",
            count=len(affected),
            why="A photo has stripes, shadows and fewer gray levels: a network can learn these "
            "instead of the lungs, and does worse on real radiographs.",
            advice="Look at them in full size, and ask for the radiographs themselves. Photos made "
            "small lose the pattern and are missed: there may be more.",
            examples=first_of(affected["image_id"]),
            table=rows_of(affected[["image_id", "path", "label"]].assign(why=reason)),
        )
    ]
