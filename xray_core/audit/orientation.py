"""Orientation: images that are upside down or on their side, and mirrored ones.

What EXIF says about a file's orientation has been followed before; here the chest itself is looked
at, so it is "likely", and a person has to look.
"""

import pandas as pd

from xray_core.audit.issue import DataIssue, count_of, first_of, passed, rows_of

# A turned image that fits less than this is rather no frontal chest, see `lateral.py`. Of 13,085
# published radiographs of seven sets 3 are called turned, and are upside down. Turned in memory,
# 93 % (Kermany, whose small children fill the image), 96 % (SIIM), 97 % (Radiography) and 99 %
# (NIH) are found.
FRONTAL = 0.52
# Of the same radiographs 0.1 % (Radiography) to 0.55 % (SIIM) are called mirrored. Of 42 in SIIM
# and Kermany that were looked at, most show the heart on the other side, by nature, as somebody
# mirrored them, or pushed by fluid or a collapsed lung. Mirrored in memory 45 % (NIH), 51 %
# (SIIM), 64 % (Kermany) and 68 % (Radiography) are found: a heart in the middle tells nothing.
MIRRORED = 0.3
LEAST = 0.5  # likeness of an image whose chest was found well enough to say where its heart is


def check_orientation(images: pd.DataFrame, poses: pd.DataFrame | None) -> list[DataIssue]:
    """Find images that look turned, and images that look mirrored.

    Args:
        images: the audited table; image_id, path and view_position count.
        poses: as `find_poses` returns them.
    """
    if poses is None:
        return [
            passed(
                "sideways_image",
                "Turned and mirrored images are not looked for: too few images look like chests.",
            )
        ]
    known = join_poses(images, poses)
    return [
        _describe_turned(known[is_turned(known)], len(known)),
        _describe_mirrored(known[is_mirrored(known)], len(known)),
    ]


def join_poses(images: pd.DataFrame, poses: pd.DataFrame) -> pd.DataFrame:
    """Return image_id, path, view_position and pose of each image not said to be lateral."""
    known = images.loc[poses.index, ["image_id", "path", "view_position"]].join(poses)
    return known[known["view_position"].ne("LATERAL").fillna(True)]


def is_turned(poses: pd.DataFrame) -> pd.Series:
    """Return which images are upside down or on their side, by `find_poses`."""
    return (poses["turn"] > 0) & (poses["likeness"] >= FRONTAL)


def is_mirrored(poses: pd.DataFrame) -> pd.Series:
    """Return which images have the heart on the other side, by `find_poses`."""
    return (poses["side"] < -MIRRORED) & (poses["likeness"] >= LEAST)


def _describe_turned(turned: pd.DataFrame, n_known: int) -> DataIssue:
    if turned.empty:
        return passed("sideways_image", "No image looks upside down or on its side.")
    turned = turned.sort_values("likeness", ascending=False, kind="stable")
    verb = "looks" if len(turned) == 1 else "look"
    table = turned[["image_id", "path"]].assign(
        upright_after=turned["turn"].astype(str) + "° clockwise"
    )
    return DataIssue(
        code="sideways_image",
        severity="warning",
        title=f"{count_of(len(turned), 'image')} of {n_known:,} {verb} upside down or on the side.",
        count=len(turned),
        why="A network takes such an image for something else, and boxes drawn on it upright lie "
        "elsewhere.",
        advice="Look at them, and turn them upright or leave them out. Of upright radiographs "
        "fewer than 1 in 1,000 is called turned.",
        examples=first_of(turned["image_id"]),
        table=rows_of(table),
    )


def _describe_mirrored(mirrored: pd.DataFrame, n_known: int) -> DataIssue:
    if mirrored.empty:
        return passed("mirrored_image", "No image looks mirrored, with the heart on the right.")
    mirrored = mirrored.sort_values("side", kind="stable")
    verb = "looks" if len(mirrored) == 1 else "look"
    return DataIssue(
        code="mirrored_image",
        severity="warning",
        title=f"{count_of(len(mirrored), 'image')} of {n_known:,} {verb} mirrored: the heart is on "
        "the patient's right.",
        count=len(mirrored),
        why="Where left and right are swapped, boxes and sides of findings are wrong; if most of "
        "them are of one class, a network can tell it by that.",
        advice="Look at them, at letters first: in a mirrored image they read backwards. Up to 5 "
        "in 1,000 radiographs that nobody mirrored are called so, for a heart that grew or was "
        "pushed there; of mirrored ones about half are found.",
        examples=first_of(mirrored["image_id"]),
        table=rows_of(mirrored[["image_id", "path", "side"]]),
    )
