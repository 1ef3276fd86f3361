"""Labels: contradictions, small classes, subsets too small."""

import pandas as pd
import pytest

from tests.audit.tables import find, make_images
from xray_core.audit.labels import check_classes, check_columns, check_subsets

NEGATIVE, TYPICAL = "Negative for Pneumonia", "Typical Appearance"


def test_an_image_that_contradicts_its_study_is_found_in_both_directions() -> None:
    images = make_images(
        [
            {"study_id": "s", "findings": TYPICAL, "image_findings": "none"},
            {"study_id": "s", "findings": TYPICAL, "image_findings": "opacity"},
            {"study_id": "s2", "findings": TYPICAL, "image_findings": "opacity"},
            {"study_id": "s2", "findings": TYPICAL, "image_findings": "none", "path": None},
            {"study_id": "t", "findings": NEGATIVE, "image_findings": "none"},
            {"study_id": "u", "findings": NEGATIVE, "image_findings": "opacity"},
            {"study_id": "v", "findings": None, "image_findings": "none"},
        ]
    )

    issues = check_columns(images)

    without, with_finding = (find(issues, f"image_{one}_finding") for one in ("without", "with"))
    assert (without.severity, without.count, without.examples) == ("serious", 1, ("i0000",))
    assert without.title.endswith("'Negative for Pneumonia' (2 with the images that are absent).")
    assert (with_finding.count, with_finding.examples) == (1, ("i0005",))
    mixed = find(issues, "mixed_study")
    assert (mixed.count, mixed.examples) == (1, ("i0000", "i0001"))
    assert mixed.title.startswith("1 study holds images with different labels (2 with")
    assert mixed.table == ({"study": "s", "none": 1, "opacity": 1},)


def test_columns_that_agree_pass_and_missing_ones_are_not_checked() -> None:
    agreeing = make_images([{"study_id": "s", "findings": NEGATIVE, "image_findings": "none"}])

    assert {one.severity for one in check_columns(agreeing)} == {"passed"}
    assert check_columns(make_images([{"findings": NEGATIVE}])) == []


def counts(**images: int) -> pd.DataFrame:
    return pd.DataFrame({"images": images}).assign(test=lambda table: table["images"] // 10)


@pytest.mark.parametrize(
    ("sizes", "severity"),
    [
        ({"a": 500, "b": 900}, "passed"),
        ({"a": 300, "b": 900}, "warning"),
        ({"a": 49, "b": 60}, "serious"),
    ],
)
def test_small_and_unequal_classes_are_mentioned(sizes: dict[str, int], severity: str) -> None:
    (found,) = check_classes(counts(**sizes), sum(sizes.values()))

    assert found.severity == severity
    assert found.title.startswith(f"The smallest class, a, has {sizes['a']} images")
    assert found.table[0] == {
        "class": "a",
        "images": sizes["a"],
        "test": sizes["a"] // 10,
        "share": pytest.approx(sizes["a"] / sum(sizes.values()), abs=1e-4),
    }


def test_a_class_without_an_image_is_named_and_the_others_are_evaluated() -> None:
    issues = check_classes(counts(a=0, b=500, c=600), 1100)

    assert find(issues, "absent_class").title.endswith("here: a.")
    assert find(issues, "class_counts").severity == "passed"


def test_sixteen_images_are_too_few_and_many_are_enough() -> None:
    table = pd.DataFrame(
        {
            "images": [4000, 5000],
            "training": [2992, 3992],
            "validation": [8, 8],
            "test": [1000, 1000],
        },
        index=["normal", "ill"],
    )

    val, test = check_subsets(table, pd.Series({"training": 6984, "validation": 16, "test": 2000}))

    assert val.severity == "serious"
    assert val.title == (
        "An accuracy measured on the 16 images of the validation set is uncertain by up to ± 22 "
        "points."
    )
    assert test.severity == "passed"


def test_a_class_that_is_small_in_a_large_subset_is_named() -> None:
    table = pd.DataFrame({"images": [900, 200], "test": [880, 20]}, index=["normal", "rare"])

    (found,) = check_subsets(table, pd.Series({"test": 900}))

    assert (found.severity, found.count) == ("warning", 20)
    assert "The recall of rare, measured on 20 images of the test set" in found.title


@pytest.mark.parametrize(("n", "points"), [(0, 50), (10, 26), (96, 10), (97, 10), (400, 5)])
def test_the_uncertainty_is_half_of_wilsons_interval_at_its_widest(n: int, points: int) -> None:
    table = pd.DataFrame({"images": [2000], "test": [n]}, index=["normal"])

    (found,) = check_subsets(table, pd.Series({"test": n}))

    assert found.table[0]["accuracy uncertain by"] == f"± {points} points"
