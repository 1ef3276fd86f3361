"""The Audit page: findings in words with examples, a failure said, and the way to a clean split."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import OpenPage
from tests.pages.fake_runs import record_processes
from tests.pages.shown import list_html, read_heading
from xray_core import cli
from xray_core.audit.codes import CODES, short_code
from xray_core.jobs import background
from xray_core.workspace import Workspace


@pytest.fixture
def audits(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Let an audit run in this process at once; return the command lines."""
    commands: list[list[str]] = []

    def run(command: list[str], log: Path, environment: Any = None) -> str:
        commands.append(command[3:])  # without `python -m xray_core`
        if cli.main(command[3:]):
            log.write_text("error: the disk is full.\n")
        return "0:0"

    monkeypatch.setattr(background, "start_detached", run)
    return commands


def words_of(app: AppTest) -> str:
    return "\n".join(row["title"] for row in rows_of(app))


def rows_of(app: AppTest) -> list[dict[str, Any]]:
    [box] = [one for one in app.get("bidi_component") if one.key == "audit_issues"]
    return list(json.loads(box.proto.json)["rows"])


def count(app: AppTest, mark: str) -> int:
    return sum(row["mark"] == mark for row in rows_of(app))


def verdict_of(app: AppTest) -> str:
    [words] = [text for text in list_html(app) if "verdict" in text and "<h2" in text]
    return words


def test_what_was_found_and_what_is_in_order_is_said(
    workspace: Workspace, open_page: OpenPage, audits: list[list[str]]
) -> None:
    app = open_page("audit", task="siim_opacity")

    assert len(audits) == 1
    assert "48 images" in verdict_of(app)
    assert count(app, "passed") > 3
    n_serious = count(app, "serious")
    assert n_serious > 0  # subsets of seven images evaluate nothing
    assert f"Fit to train? Not yet: {n_serious} serious issue" in verdict_of(app)
    marks = [row["mark"] for row in rows_of(app)]
    assert marks == sorted(marks, key=["serious", "warning", "passed"].index)
    assert all(re.fullmatch(r"[A-Z]\d+", row["value_note"]) for row in rows_of(app))
    assert "patients is in two subsets" in words_of(app)


def test_a_leaking_split_is_a_serious_finding_with_its_patients(
    workspace: Workspace,
    open_page: OpenPage,
    audits: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record_processes(monkeypatch)  # the cost of a training is not measured here
    app = open_page(
        "audit",
        audit_split="By image (patients leak)",
        task="siim_opacity",
    )

    first = rows_of(app)[0]
    assert (first["mark"], first["value_note"]) == ("serious", "P1")
    assert "in several subsets of the split" in first["title"]
    assert "The network can recognise a patient" in " ".join(one.value for one in app.markdown)
    press(app, "Use the clean split")
    assert read_heading(app) == "Train"


def test_identical_pixels_are_found_whatever_the_file_format(
    workspace: Workspace, open_page: OpenPage, audits: list[list[str]]
) -> None:
    images = sorted((workspace.demo_data / "train").glob("*"))
    shutil.copyfile(images[0], images[1])

    assert "identical pixels" in words_of(open_page("audit"))


def test_the_audit_is_not_made_again_on_a_second_visit(
    workspace: Workspace, open_page: OpenPage, audits: list[list[str]]
) -> None:
    open_page("audit")
    open_page("audit")

    assert len(audits) == 1


def test_the_audit_is_made_again_where_patients_change_and_nothing_else(
    workspace: Workspace, open_page: OpenPage, audits: list[list[str]]
) -> None:
    before = verdict_of(open_page("audit"))
    table = workspace.demo_data / "patients.csv"
    header, *rows = table.read_text("utf-8").splitlines()
    one_patient = rows[0].rpartition(",")[2]
    table.write_text(
        "\n".join([header, *(f"{row.rpartition(',')[0]},{one_patient}" for row in rows)]), "utf-8"
    )

    after = verdict_of(open_page("audit"))

    assert " 1 patient " not in before
    assert " 1 patient " in after
    assert len(audits) == 2


def test_a_failure_is_said_and_can_be_tried_again(
    workspace: Workspace,
    open_page: OpenPage,
    audits: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device", "fingerprints")

    monkeypatch.setattr("xray_core.audit.run_audit", full)
    app = open_page("audit")

    assert "disk is full" in app.error[0].value
    monkeypatch.undo()


def test_a_clean_split_is_one_click_away(
    workspace: Workspace,
    open_page: OpenPage,
    audits: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record_processes(monkeypatch)  # the cost of a training is not measured here
    press(open_page("audit"), "Train on this split")
    app = open_page("audit", audit_split="By image (patients leak)")
    press(app, "Train on a clean split")

    assert read_heading(app) == "Train"
    assert app.query_params["set"] == "split.method=clean"
    assert "split" not in app.query_params


def press(app: AppTest, label: str) -> None:
    [button] = [one for one in app.button if one.label == label]
    button.click().run()
    assert not app.exception, app.exception[0].value


def test_an_issue_in_the_address_is_open_with_its_images(
    workspace: Workspace, open_page: OpenPage, audits: list[list[str]]
) -> None:
    images = sorted((workspace.demo_data / "train").glob("*"))
    shutil.copyfile(images[0], images[1])
    [row] = [row for row in rows_of(open_page("audit")) if row["value_note"] == "C1"]

    app = open_page("audit", issue=row["id"])

    assert row["title"] in " ".join(list_html(app))
    [box] = [one for one in app.get("bidi_component") if one.key == "audit_grid_identical"]
    assert len(json.loads(box.proto.json)["tiles"]) == 2
    [link] = [one.proto for one in app.get("page_link") if "Explore" in one.proto.label]
    assert "image_id" in link.query_string


def test_every_code_is_explained_and_every_kind_of_issue_has_one() -> None:
    root = Path(__file__).parents[2]
    docs = (root / "docs" / "audit.md").read_text("utf-8")
    assert all(f'<a id="{code.lower()}"></a>{code} |' in docs for code in CODES.values())
    sources = "".join(path.read_text("utf-8") for path in (root / "xray_core/audit").glob("*.py"))
    kinds = re.findall(r'(?:code=|passed\(|DataIssue\()\s*"([a-z_]+)"', sources)
    assert {kind for kind in kinds if kind not in CODES} == {"remarks"}
    assert short_code("remarks") == "R1"
