"""What the checks of text, photos, bit depths and portable devices make of measured values."""

import json
from typing import Any

import pandas as pd
import pytest

from tests.audit.tables import make_images
from xray_core.audit.bit_depths import check_depths
from xray_core.audit.burnt_in import check_text
from xray_core.audit.codes import CODES
from xray_core.audit.confounding import list_factors
from xray_core.audit.portable import check_portable
from xray_core.audit.screens import check_screens
from xray_core.preprocess.marks import LETTERS, PATTERN

TEXT = {"n_letters": LETTERS}
PHOTO = {"pattern": PATTERN + 1, "camera": False}
CAMERA = {"pattern": None, "camera": True}
PLAIN = {"n_letters": 1, "pattern": 2.0, "camera": False, "bits": 8, "highest": 255.0}
DEEP = {"bits": 16, "highest": 65_535.0}
TWELVE = {"bits": 16, "highest": 4_000.0}


@pytest.mark.parametrize(
    ("check", "odd", "code"),
    [
        (check_text, TEXT, "burnt_in_text"),
        (check_screens, PHOTO, "screen_photo"),
        (check_screens, CAMERA, "screen_photo"),
        (check_depths, DEEP, "mixed_bits"),
    ],
)
def test_each_odd_image_is_named_and_unread_ones_are_left_out(
    check: Any, odd: dict[str, Any], code: str
) -> None:
    images = make_images([PLAIN, {**PLAIN, **odd}, PLAIN, {"reason": "is empty"}])

    (issue,) = check(images)

    assert (issue.code, issue.severity, issue.count) == (code, "warning", 1)
    assert issue.examples == ("i0001",)
    assert all((issue.why, issue.advice, issue.table))
    json.dumps(issue.table, allow_nan=False)
    assert code in CODES


@pytest.mark.parametrize("check", [check_text, check_screens, check_depths])
def test_plain_images_and_images_that_nobody_read_pass(check: Any) -> None:
    for images in (make_images([PLAIN] * 3), make_images([{}, {"reason": "is empty"}])):
        (issue,) = check(images)
        assert issue.severity == "passed"


def test_depths_are_told_by_the_bits_in_use() -> None:
    images = make_images([*[DEEP] * 4, *[TWELVE] * 3, PLAIN, {**DEEP, "highest": -5.0}])

    (issue,) = check_depths(images)

    depths = {row["depth"]: row["images"] for row in issue.table}
    assert depths == {"16 bits": 4, "12 of 16 bits": 3, "8 bits": 1, "1 of 16 bits": 1}
    assert (issue.count, issue.title[:28]) == (5, "The files have 4 bit depths:")


def make_views(n_ap: dict[str, int], n_each: int) -> pd.DataFrame:
    rows = [
        {"label": label, "view_position": "AP" if number < n else "PA"}
        for label, n in n_ap.items()
        for number in range(n_each)
    ]
    return make_images(rows)


def test_portable_devices_are_an_issue_only_where_they_tell_the_class() -> None:
    (telling,) = check_portable(make_views({"Opacity": 80, "Normal": 20}, 100))
    (alike,) = check_portable(make_views({"Opacity": 51, "Normal": 48}, 100))

    assert (telling.code, telling.severity, telling.count) == ("portable_device", "warning", 100)
    assert telling.title.startswith("80% of Opacity, but 20% of Normal are AP")
    assert alike.severity == "passed"
    assert check_portable(make_views({"Opacity": 0, "Normal": 0}, 50)) == []
    assert check_portable(make_views({"Opacity": 9, "Normal": 0}, 10)) == []  # perhaps chance


def test_text_and_depth_may_be_what_tells_the_label() -> None:
    rows = [{**PLAIN, **(TEXT if n < 30 else {}), **(DEEP if n < 40 else {})} for n in range(100)]

    factors = list_factors(make_images(rows))

    assert factors["text burnt in"].value_counts().to_dict() == {"none": 70, "text": 30}
    assert factors["bit depth"].value_counts().to_dict() == {"8 bits": 60, "16 bits": 40}
