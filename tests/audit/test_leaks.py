"""Leaks: who and what is in several parts of a split."""

import numpy as np

from tests.audit.tables import find, make_images
from xray_core.audit.leaks import check_names, check_owners


def test_a_patient_in_two_parts_is_named_with_counts() -> None:
    images = make_images(
        [
            {"patient_id": "anna", "part": "train"},
            {"patient_id": "anna", "part": "test"},
            {"patient_id": "anna", "part": "test"},
            {"patient_id": "bert", "part": "train"},
            {"patient_id": "bert", "part": "train"},
            {"patient_id": "cora", "part": "test"},
            {"patient_id": "anna", "part": None},
            {"part": "test"},
        ]
    )

    leak = find(check_owners(images), "patient_leak")

    assert (leak.severity, leak.count) == ("serious", 1)
    assert leak.title == "1 patient of 3 is in several parts of the split, with 3 images."
    assert "2 of the 3 test images" in leak.why
    assert leak.table == ({"patient": "anna", "train": 1, "test": 2, "images": 3},)
    assert leak.examples == ("i0000", "i0001", "i0002")


def test_a_study_in_two_parts_is_found_and_patients_apart_are_fine() -> None:
    images = make_images(
        [
            {"patient_id": "a", "study_id": "s", "part": "train"},
            {"patient_id": "b", "study_id": "s", "part": "val"},
        ]
    )

    findings = check_owners(images)

    assert find(findings, "patient_leak").severity == "fine"
    assert find(findings, "study_leak").count == 1


def test_without_parts_or_patients_nothing_is_said_of_leaks() -> None:
    assert check_owners(make_images([{"patient_id": "a"}, {"part": "train"}])) == []


def signature(seed: int) -> bytes:
    return np.random.default_rng(seed).integers(0, 256, (32, 32), np.uint8).tobytes()


def test_one_name_in_two_parts_is_a_copy_only_if_the_images_look_alike() -> None:
    images = make_images(
        [
            {"path": "train/A.png", "part": "train", "digest": "1", "signature": signature(1)},
            {"path": "test/a.jpg", "part": "test", "digest": "2", "signature": signature(1)},
            {"path": "train/b.png", "part": "train", "digest": "3", "signature": signature(3)},
            {"path": "test/b.png", "part": "test", "digest": "4", "signature": signature(4)},
            {"path": "train/c.png", "part": "train", "digest": "5", "signature": signature(5)},
            {"path": "train/x/c.png", "part": "train", "digest": "6", "signature": signature(5)},
            {"path": "train/d.png", "part": "train", "digest": "7", "signature": signature(6)},
            {"path": "test/d.png", "part": "test", "digest": "7", "signature": signature(6)},
        ]
    )

    findings = check_names(images)

    copy, other = find(findings, "same_name_copy"), find(findings, "same_name")
    assert (copy.severity, copy.count, copy.examples) == ("serious", 1, ("i0000", "i0001"))
    assert (other.severity, other.count) == ("worth knowing", 1)
    assert "look different" in other.title
    assert other.table[0]["name"] == "b"


def test_names_apart_are_fine_and_unread_files_are_not_called_different() -> None:
    apart = make_images([{"path": "a.png", "part": "train"}, {"path": "b.png", "part": "test"}])
    assert [one.severity for one in check_names(apart)] == ["fine"]

    unread = make_images([{"path": "a.png", "part": "train"}, {"path": "x/a.png", "part": "test"}])
    assert "different" not in find(check_names(unread), "same_name").title
