"""Files and tables: what is broken, odd or missing."""

from tests.audit.tables import find, make_images
from xray_core.audit.files import check_odd, check_readable
from xray_core.audit.metadata import check_patients, check_remarks
from xray_core.catalog import Remark

GOOD = {
    "width": 400,
    "height": 300,
    "contrast": 50.0,
    "format": "PNG",
    "n_isolated": 0,
    "orientation": 1,
}


def test_unreadable_files_are_named_with_the_reason() -> None:
    images = make_images([{"reason": "a is empty"}, {}, {"path": None}])

    (found,) = check_readable(images)

    assert found.title == "1 file of 2 cannot be read."
    assert found.table == ({"image_id": "i0000", "reason": "a is empty"},)
    assert check_readable(make_images([{}]))[0].severity == "passed"


def test_each_kind_of_odd_image_is_found_and_the_rest_is_in_order() -> None:
    images = make_images(
        [
            {**GOOD},
            {**GOOD, "width": 99},
            {**GOOD, "width": 901},
            {**GOOD, "contrast": 1.0},
            {**GOOD, "path": "a.JPG"},
            {**GOOD, "path": "b.PNG"},
            {**GOOD, "n_isolated": 2},
            {**GOOD, "orientation": 6},
            {"path": "unknown.dcm"},
        ]
    )

    issues = check_odd(images)

    assert find(issues, "tiny_image").examples == ("i0001",)
    assert find(issues, "elongated_image").examples == ("i0001", "i0002")
    assert find(issues, "blank_image").examples == ("i0003",)
    assert find(issues, "wrong_suffix").examples == ("i0004",)
    assert find(issues, "isolated_grays").examples == ("i0006",)
    assert find(issues, "turned_image").examples == ("i0007",)
    assert len(issues) == 6
    assert [one.severity for one in check_odd(make_images([GOOD]))] == ["passed"]


def test_remarks_are_passed_on_except_those_known_elsewhere() -> None:
    remarks = [Remark("clipped_box", 2, "Boxes clipped: 2.", ("x",)), Remark("bad", 1, "Bad.")]

    (found,) = check_remarks(remarks, skip=("bad",))

    assert (found.code, found.title, found.count) == ("clipped_box", "Boxes clipped: 2.", 2)
    assert found.table == ({"example": "x"},)
    assert check_remarks([])[0].severity == "passed"


def test_unknown_patients_are_said_with_what_is_grouped_instead() -> None:
    (none,) = check_patients(make_images([{}, {}]), "study")
    assert none.title == "No patient is published."
    assert "goes by study." in none.why

    (some,) = check_patients(make_images([{"patient_id": "a"}, {}, {"path": None}]), "patient")
    assert some.count == 1
    assert some.title == "The patient of 1 of 2 images is unknown; the others are of 1 patient."

    images = make_images([{"patient_id": "a"}])
    (known,) = check_patients(images, "patient")
    (read,) = check_patients(images, "patient", [Remark("patients_from_names", 1, "Read.")])
    assert {known.severity, read.severity} == {"passed"}
    assert known.title == "The patient of each of 1 image is known: 1 patient."
    assert "from the names of files: 1 patient. Nobody has published" in read.title
