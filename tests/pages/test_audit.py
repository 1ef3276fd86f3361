"""The Audit page: findings in words with examples, a failure said, and the way to a clean split."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.pages.conftest import OpenPage
from tests.pages.fake_runs import record_processes
from tests.pages.shown import read_heading
from xray_core import cli
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


def words_of(app: Any) -> str:
    return "\n".join(one.value for one in app.markdown)


def test_what_was_found_and_what_is_in_order_is_said(
    workspace: Workspace, open_page: OpenPage, audits: list[list[str]]
) -> None:
    app = open_page("audit", audit_task="Does the study show any opacity?")

    assert len(audits) == 1
    figures = {one.label: one.value for one in app.metric}
    assert figures["Images"] == "48"
    assert int(figures["Passed"]) > 3
    assert int(figures["Serious"]) > 0  # subsets of seven images evaluate nothing
    assert "patients is in two subsets" in words_of(app)


def test_a_leaking_split_is_a_serious_finding_with_its_patients(
    workspace: Workspace, open_page: OpenPage, audits: list[list[str]]
) -> None:
    app = open_page(
        "audit",
        audit_split="By image (patients leak)",
        audit_task="Does the study show any opacity?",
    )

    assert int({one.label: one.value for one in app.metric}["Serious"]) >= 1
    assert "in several subsets of the split" in words_of(app)


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
    before = {one.label: one.value for one in open_page("audit").metric}
    table = workspace.demo_data / "patients.csv"
    header, *rows = table.read_text("utf-8").splitlines()
    one_patient = rows[0].rpartition(",")[2]
    table.write_text(
        "\n".join([header, *(f"{row.rpartition(',')[0]},{one_patient}" for row in rows)]), "utf-8"
    )

    after = {one.label: one.value for one in open_page("audit").metric}

    assert int(before["Patients"]) > 1
    assert after["Patients"] == "1"
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
    app = open_page("audit")
    [button] = [one for one in app.button if "clean split" in one.label]
    app = button.click().run()

    assert read_heading(app) == "Train"
    [split] = [one for one in app.selectbox if one.label == "Split"]
    assert split.value == "clean"
