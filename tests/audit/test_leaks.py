"""Leaks: who and what is in several subsets of a split."""

import numpy as np

from tests.audit.tables import find, make_images
from xray_core.audit.leaks import check_names, check_owners


def test_a_patient_in_two_subsets_is_named_with_counts() -> None:
    images = make_images(
        [
            {"patient_id": "anna", "subset": "training"},
            {"patient_id": "anna", "subset": "test"},
            {"patient_id": "anna", "subset": "test"},
            {"patient_id": "bert", "subset": "training"},
            {"patient_id": "bert", "subset": "training"},
            {"patient_id": "cora", "subset": "test"},
            {"patient_id": "anna", "subset": "validation"},
            {"patient_id": "cora", "subset": "validation"},
            {"patient_id": "anna", "subset": None},
            {"subset": "test"},
        ]
    )

    leak = find(check_owners(images), "patient_leak")

    assert (leak.severity, leak.count) == ("serious", 2)
    assert leak.title == (
        "2 of the 3 patients are in several subsets of the split, with 6 images; of 1 image the "
        "patient is unknown."
    )
    for words in (
        "2 of the 3 test images have a patient who is also in training;",
        "3 of the 3 test images have a patient who is also in validation;",
        "1 of the 2 validation images have a patient who is also in training.",
    ):
        assert words in leak.why
    assert leak.table[0] == {
        "patient": "anna",
        "training": 1,
        "validation": 1,
        "test": 2,
        "images": 4,
    }
    assert leak.examples[:3] == ("i0000", "i0001", "i0002")


def test_a_study_in_two_subsets_is_found_and_patients_apart_pass() -> None:
    images = make_images(
        [
            {"patient_id": "a", "study_id": "s", "subset": "training"},
            {"patient_id": "b", "study_id": "s", "subset": "validation"},
        ]
    )

    issues = check_owners(images)

    assert find(issues, "patient_leak").severity == "passed"
    assert find(issues, "study_leak").count == 1


def test_where_each_subset_numbers_its_patients_itself_nothing_is_promised() -> None:
    images = make_images([{"patient_id": f"{s}/1", "subset": s} for s in ("training", "test")])

    assert find(check_owners(images), "patient_leak").severity == "passed"
    untold = find(check_owners(images, by_folder=True), "patient_leak")
    assert untold.severity == "warning"
    assert "cannot be told" in untold.title


def test_without_subsets_or_patients_nothing_is_said_of_leaks() -> None:
    assert check_owners(make_images([{"patient_id": "a"}, {"subset": "training"}])) == []


def signature(seed: int) -> bytes:
    return np.random.default_rng(seed).integers(0, 256, (32, 32), np.uint8).tobytes()


def test_one_name_in_two_subsets_is_a_copy_only_if_the_images_look_alike() -> None:
    images = make_images(
        [
            {"path": "train/A.png", "subset": "training", "digest": "1", "signature": signature(1)},
            {"path": "test/a.jpg", "subset": "test", "digest": "2", "signature": signature(1)},
            {"path": "train/b.png", "subset": "training", "digest": "3", "signature": signature(3)},
            {"path": "test/b.png", "subset": "test", "digest": "4", "signature": signature(4)},
            {"path": "train/c.png", "subset": "training", "digest": "5", "signature": signature(5)},
            {
                "path": "train/x/c.png",
                "subset": "training",
                "digest": "6",
                "signature": signature(5),
            },
            {"path": "train/d.png", "subset": "training", "digest": "7", "signature": signature(6)},
            {"path": "test/d.png", "subset": "test", "digest": "7", "signature": signature(6)},
        ]
    )

    issues = check_names(images)

    copy, other = find(issues, "same_name_copy"), find(issues, "same_name")
    assert (copy.severity, copy.count, copy.examples) == ("serious", 1, ("i0000", "i0001"))
    assert (other.severity, other.count) == ("warning", 1)
    assert "look different" in other.title
    assert other.table[0]["name"] == "b"


def test_names_apart_pass_and_unread_files_are_not_called_different() -> None:
    apart = make_images(
        [{"path": "a.png", "subset": "training"}, {"path": "b.png", "subset": "test"}]
    )
    assert [one.severity for one in check_names(apart)] == ["passed"]

    unread = make_images(
        [{"path": "a.png", "subset": "training"}, {"path": "x/a.png", "subset": "test"}]
    )
    assert "different" not in find(check_names(unread), "same_name").title
