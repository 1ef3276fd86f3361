"""Turned, mirrored and inverted chests are told from upright ones, whatever most of a set are."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest

from tests.audit.chests import N_CHESTS, audited, draw_chests
from tests.audit.tables import find
from xray_core.audit.issue import DataIssue
from xray_core.audit.lateral import check_lateral
from xray_core.audit.negatives import check_negatives
from xray_core.audit.orientation import check_orientation
from xray_core.audit.poses import find_poses

CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "90": lambda image: np.rot90(image, 1),  # counter-clockwise, so 90 clockwise is upright
    "180": lambda image: np.rot90(image, 2),
    "270": lambda image: np.rot90(image, 3),
    "mirrored": lambda image: image[:, ::-1],
    "inverted": lambda image: 255 - image,
}


def check(images: pd.DataFrame) -> list[DataIssue]:
    poses = find_poses(images["signature"])
    return [
        *check_negatives(images, poses),
        *check_orientation(images, poses),
        *check_lateral(images, poses),
    ]


def change(kind: str, rows: Sequence[int]) -> pd.DataFrame:
    images = list(draw_chests())
    for row in rows:
        images[row] = np.ascontiguousarray(CHANGES[kind](images[row]))
    return audited(images)


def test_of_upright_chests_none_is_called_anything() -> None:
    assert {issue.severity for issue in check(audited(draw_chests()))} == {"passed"}


@pytest.mark.parametrize("rows", [(3, 17), range(N_CHESTS)], ids=["two", "all"])
@pytest.mark.parametrize("kind", ["90", "180", "270"])
def test_turned_chests_are_found_even_if_all_are(kind: str, rows: Sequence[int]) -> None:
    issues = check(change(kind, rows))

    issue = find(issues, "sideways_image")
    assert (issue.severity, issue.count) == ("warning", len(rows))
    assert {row["upright_after"] for row in issue.table} == {f"{kind}° clockwise"}
    if len(rows) == 2:
        assert set(issue.examples) == {"i0003", "i0017"}
    others = [other for other in issues if other is not issue]
    assert {other.severity for other in others} == {"passed"}  # upside down is no negative


@pytest.mark.parametrize("n_mirrored", [2, 12, N_CHESTS])
def test_most_mirrored_chests_are_found_and_no_other(n_mirrored: int) -> None:
    images = change("mirrored", range(n_mirrored))

    issue = find(check(images), "mirrored_image")

    assert issue.severity == "warning"
    assert n_mirrored / 2 <= issue.count <= n_mirrored
    assert {row["image_id"] for row in issue.table} <= set(images["image_id"][:n_mirrored])


def test_a_negative_is_one_and_nothing_else() -> None:
    issues = check(change("inverted", (4,)))

    assert find(issues, "negative_image").examples == ("i0004",)
    assert [issue.code for issue in issues if issue.severity != "passed"] == ["negative_image"]


def test_a_view_from_the_side_is_called_unless_the_table_says_so() -> None:
    rows, columns = np.mgrid[-1:1:64j, -1:1:64j]
    body = (columns / 0.6) ** 2 + (rows / 1.2) ** 2 < 1
    lung = ((columns + 0.15 - 0.3 * rows) / 0.3) ** 2 + ((rows + 0.1) / 0.6) ** 2 < 1
    side = (200 * body - 120 * lung - 30 * (columns > 0.3) * body).clip(0).astype(np.uint8)
    images = audited([*draw_chests(), side])

    issue = find(check(images), "lateral_view")
    images.loc[N_CHESTS, "view_position"] = "LATERAL"

    assert issue.examples == (f"i{N_CHESTS:04d}",)
    assert "perhaps" in issue.title
    assert find(check(images), "lateral_view").severity == "passed"


@pytest.mark.parametrize("kind", ["noise", "blank", "none"])
def test_of_what_is_no_chest_nothing_is_said(kind: str) -> None:
    rng = np.random.default_rng(0)
    match kind:
        case "noise":
            images = list(rng.integers(0, 256, (20, 64, 64), dtype=np.uint8))
        case "blank":
            images = [np.full((64, 64), level, np.uint8) for level in range(20)]
        case "none":
            images = []
    table = audited(images) if images else audited([draw_chests()[0]]).assign(signature=None)

    issues = check(table)

    assert {issue.severity for issue in issues} == {"passed"}
    assert "not looked for" in find(issues, "sideways_image").title


def test_a_few_images_are_compared_with_drawn_chests() -> None:
    images = [*draw_chests()[:3], np.ascontiguousarray(np.rot90(draw_chests()[3], 2))]

    assert find(check(audited(images)), "sideways_image").examples == ("i0003",)
