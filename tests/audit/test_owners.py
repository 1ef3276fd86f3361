"""Owners: one patient or one study with images of several classes."""

import pytest

from tests.audit.tables import find, make_images
from xray_core.audit.owners import check_owners_classes


def test_a_patient_may_change_but_one_study_contradicts_itself() -> None:
    images = make_images(
        [
            {"patient_id": "p", "study_id": "s1", "label": "ill"},
            {"patient_id": "p", "study_id": "s2", "label": "normal"},
            {"patient_id": "q", "study_id": "s3", "label": "ill"},
            {"patient_id": "q", "study_id": "s3", "label": "normal"},
            {"patient_id": "r", "study_id": "s4", "label": "ill"},
            {"patient_id": "r", "study_id": "s4", "label": "normal", "path": None},
            {"patient_id": "r", "study_id": "s4", "label": None},
        ]
    )

    issues = check_owners_classes(images, patients_read=False)

    patients, study = find(issues, "patient_in_classes"), find(issues, "study_in_classes")
    assert (patients.severity, patients.count) == ("warning", 2)
    assert (
        patients.title
        == "2 of the 3 patients with labelled images are in several classes, with 4 images."
    )
    assert patients.table[0] == {"patient": "p", "ill": 1, "normal": 1}
    assert (study.severity, study.count, study.examples) == ("serious", 1, ("i0002", "i0003"))
    read = find(check_owners_classes(images, patients_read=True), "patient_in_classes")
    assert "the names mean something else" in read.why
    assert "names" not in patients.why


@pytest.mark.parametrize(
    ("second", "codes"),
    [
        ({"label": "ill"}, {"patient_in_classes": "passed", "study_in_classes": "passed"}),
        # Each image was labelled by itself: that two of a study differ is said elsewhere.
        ({"label": "normal", "image_findings": "none"}, {"patient_in_classes": "warning"}),
    ],
)
def test_one_class_passes_and_labels_of_single_images_contradict_nothing(
    second: dict[str, str], codes: dict[str, str]
) -> None:
    first = {"label": "ill", **({"image_findings": "opacity"} if len(second) > 1 else {})}
    both = [{"patient_id": "p", "study_id": "s", **one} for one in (first, second)]

    issues = check_owners_classes(make_images(both), patients_read=False)

    assert {one.code: one.severity for one in issues} == codes
    assert check_owners_classes(make_images([{"label": "ill"}]), patients_read=False) == []
