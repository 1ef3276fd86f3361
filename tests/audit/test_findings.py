"""Findings that exclude each other, are unknown for most images, or never present."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest

from tests.audit.tables import find
from xray_core.audit import audit_catalog
from xray_core.audit.codes import short_code
from xray_core.audit.findings import check_findings
from xray_core.audit.metadata import check_remarks
from xray_core.catalog import Catalog, Remark, build_catalog


def make_catalog(
    findings: Sequence[str | None], states: dict[str, list[int | None]] | None = None
) -> Catalog:
    rows = [
        {"image_id": f"i{n}", "path": f"i{n}.png", "findings": f} for n, f in enumerate(findings)
    ]
    table = pd.DataFrame({"image_id": [row["image_id"] for row in rows], **(states or {})})
    return build_catalog(Path("seen"), "folder", rows, finding_states=table if states else None)


@pytest.mark.parametrize(
    ("findings", "n_wrong"),
    [
        (["No Finding|Mass", "Mass|Edema", "No Finding"], 1),
        (["Mass|no_finding", "normal|Edema", None], 2),
        (["No Mass|Mass", "No Mass|Edema"], 1),
        (["Mass|Edema", "Normal"], 0),
        (["Mass|Abnormal", "Normal|No finding"], 0),  # two names of the same
    ],
)
def test_an_image_that_shows_something_and_nothing_is_named(
    findings: list[str | None], n_wrong: int
) -> None:
    issue = find(check_findings(make_catalog(findings)), "contradicted_finding")

    assert issue.count == n_wrong
    assert issue.severity == ("serious" if n_wrong else "passed")
    assert len(issue.examples) == n_wrong
    assert sum(row["images"] for row in issue.table) == n_wrong


def test_where_an_image_has_one_finding_nothing_is_checked() -> None:
    assert check_findings(make_catalog(["Normal", "Mass", None])) == []


def test_what_is_mostly_unknown_or_never_present_is_named() -> None:
    states = {
        "Mass": [1, None, None, None],
        "Edema": [1, 0, None, None],  # half is not most
        "Hernia": [0, 0, 0, None],
    }
    catalog = make_catalog(["Mass|Edema", None, None, None], states)

    issues = check_findings(catalog)

    unknown, never = find(issues, "mostly_unknown"), find(issues, "never_present")
    assert (unknown.severity, unknown.count) == ("warning", 1)
    assert unknown.title == "1 finding is unknown for most images: Mass."
    assert unknown.table[0]["unknown"] == 3
    assert never.title == "1 finding is present on no image: Hernia."
    assert set(map(str, issues)) <= set(map(str, audit_catalog(catalog, None)))


def test_an_image_that_is_not_normal_has_to_show_something() -> None:
    states = {"No_Finding": [0, 1, 0, 0], "Mass": [0, 0, 1, None]}
    catalog = make_catalog(["No finding", "No_Finding", "Mass", None], states)

    issue = find(check_findings(catalog), "unnamed_finding")

    assert (issue.count, issue.examples) == (1, ("i0",))
    assert issue.title == "1 image is not 'No_Finding', and no finding is present."
    named = make_catalog(["No_Finding", "Mass"], {"No_Finding": [1, 0], "Mass": [0, 1]})
    assert find(check_findings(named), "unnamed_finding").severity == "passed"


def test_complete_findings_pass() -> None:
    catalog = make_catalog(["Mass|Edema", "Edema"], {"Mass": [1, 0], "Edema": [1, 1]})

    assert {issue.severity for issue in check_findings(catalog)} == {"passed"}


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("other_spelling", "R2"),
        ("possible_separator", "R3"),
        ("numbered_class", "R4"),
        ("guessed_mask", "R5"),
        ("patients_from_folders", "R6"),
        ("unknown_finding", "R8"),
        ("unread_image", "R9"),
        ("something_new", "R1"),
    ],
)
def test_every_remark_comes_out_whatever_its_kind(kind: str, code: str) -> None:
    [issue] = check_remarks([Remark(kind, 7, "Something of 7.", ("a", "b"))])

    assert (issue.title, issue.count, issue.severity) == ("Something of 7.", 7, "warning")
    assert [row["example"] for row in issue.table] == ["a", "b"]
    assert issue.why
    assert issue.advice
    assert short_code(issue.code) == code
