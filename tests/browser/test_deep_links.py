"""Every address works by itself, also as the first that a fresh server is asked for."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import LINKS, App, Tab

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is missing")
expect = sync_api.expect

pytestmark = pytest.mark.browser

PAGES = {  # Home and Train are the first pages of the servers of other tests here
    "explore": "Explore",
    "audit": "Audit",
    "prepare": "Prepare",
    "runs": "Runs",
    "evaluate": "Evaluate",
}
NONSENSE = {
    "runs?run=nonsense": "There is no run 'nonsense'",
    "evaluate?run=nonsense": "There is no run 'nonsense'",
    "explore?image=nonsense": "This dataset has no image 'nonsense'",
    "prepare?image=nonsense": "This dataset has no image 'nonsense'",
    "explore?data=nonsense": "There is no dataset 'nonsense' here",
    "train?recipe=nonsense": "The recipe 'nonsense' does not exist",
}


@pytest.mark.parametrize(("path", "title"), PAGES.items())
def test_a_page_is_whole_as_the_first_of_a_fresh_server(
    path: str, title: str, app: App, tab: Tab
) -> None:
    tab.open(app.address(path))

    expect(tab.heading(title)).to_be_visible()
    expect(tab.links).to_have_text([re.compile(f"{name}$") for name in LINKS])
    tab.wait_until_still()
    tab.take_picture(f"cold-{path or 'home'}")
    tab.assert_clean()
    assert "Traceback" not in app.read_log()


def test_visitors_who_come_at_once_find_a_fresh_server_whole(
    app: App, open_tab: Callable[[], Tab]
) -> None:
    tabs = [open_tab() for _ in range(2)]
    for tab in tabs:
        tab.open(app.address("train"))

    for tab in tabs:
        expect(tab.heading("Train")).to_be_visible()
        expect(tab.links).to_have_text([re.compile(f"{name}$") for name in LINKS])
        tab.wait_until_still()
        tab.assert_clean()
    tabs[0].take_picture("cold-train")
    assert "Traceback" not in app.read_log()


def test_an_address_that_names_nothing_is_answered_in_words(app: App, tab: Tab) -> None:
    for path, words in NONSENSE.items():
        tab.open(app.address(path))
        expect(tab.page.get_by_test_id("stAlert").filter(has_text=words)).to_be_visible()
        tab.wait_until_still()
        tab.assert_clean()
    assert "Traceback" not in app.read_log()


def test_the_sidebar_leads_to_every_page_and_none_loads_tensorflow(app: App, tab: Tab) -> None:
    tab.open(app.address())
    expect(tab.heading("X-ray Lab")).to_be_visible()
    expect(tab.links).to_have_text([re.compile(f"{name}$") for name in LINKS])
    tab.wait_until_still()
    tab.take_picture("cold-home")
    tab.assert_clean()
    for name in LINKS:
        tab.links.filter(has_text=name).click()
        expect(tab.heading("X-ray Lab" if name == "Home" else name)).to_be_visible()
        tab.wait_until_still()
    tab.assert_clean()
    assert "Traceback" not in app.read_log()

    if sys.platform != "linux":
        pytest.skip("only Linux tells in /proc what a process has loaded")
    loaded = Path(f"/proc/{app.pid}/maps").read_text()
    assert "pandas" in loaded  # it is the right process
    assert loaded.count("tensorflow") == 0  # counted, lest a failure prints all of them
