"""A pager has room for every number that it is to show, however few pages there are."""

from typing import Any

import pytest
import streamlit as st

from pages.components.pager import MAX_NUMBERS, show_pager
from tests.pages.conftest import OpenPage
from tests.pages.fake_runs import fake_run, write_report
from xray_core.workspace import Workspace

BUTTON, GAP = 32, 4  # px, of Streamlit 1.67


def numbers_shown(n_pages: int, width: object = "content") -> int:
    """Return how many numbers Streamlit's client shows, as it reckons itself."""
    arrows, each = 2 * BUTTON + GAP, BUTTON + GAP
    if width == "content":
        width = arrows + each * min(n_pages, MAX_NUMBERS)
    assert isinstance(width, int)
    fitting = min((width - arrows) // each, MAX_NUMBERS)
    return min(n_pages, fitting if fitting >= 5 else 2 if fitting >= 3 else min(fitting, 1))


@pytest.fixture
def pagers(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, Any]]:
    """The pages and the width of each pager that is shown from now on."""
    shown: list[tuple[int, Any]] = []
    original = st.pagination

    def note(n_pages: int, **options: Any) -> int:
        shown.append((n_pages, options.get("width", "content")))
        return original(n_pages, **options)

    monkeypatch.setattr(st, "pagination", note)
    return shown


def test_both_of_two_pages_are_shown(
    workspace: Workspace,
    open_page: OpenPage,
    pagers: list[tuple[int, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = fake_run(workspace, "done")
    write_report(run, workspace)
    n_wrong = max(row[1 - place] for place, row in enumerate(run.read_report()["confusion"]))
    monkeypatch.setattr("pages.evaluate.matrix.PER_PAGE", n_wrong - 1)

    open_page("evaluate", run=run.name)

    [(n_pages, width)] = pagers
    assert (n_pages, numbers_shown(n_pages, width)) == (2, 2)


@pytest.mark.parametrize("n_pages", [1, 2, 3, 4, 5, 7, 40])
def test_all_of_few_pages_are_shown(n_pages: int, pagers: list[tuple[int, Any]]) -> None:
    show_pager(n_pages, f"pager_{n_pages}")

    assert numbers_shown(*pagers[0]) == min(n_pages, MAX_NUMBERS)
