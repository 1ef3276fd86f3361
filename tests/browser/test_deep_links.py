"""Every address works by itself, also as the first that a fresh server is asked for."""

from __future__ import annotations  # collected where there is no Playwright, too

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from pages.components.frame import JOINER
from tests.browser.conftest import LINKS, App, Tab
from tests.datasets.fakes import write_image

if TYPE_CHECKING:
    from playwright.sync_api import Locator

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is missing")
expect = sync_api.expect

pytestmark = pytest.mark.browser

PAGES = {  # Home and Train are the first pages of the servers of other tests here
    "explore": "Explore",
    "audit": "Audit",
    "prepare": "Prepare",
    "runs": "Runs",
    "evaluate": "Evaluate",
    "compare": "Compare",
}
NONSENSE = {
    "runs?run=nonsense": "There is no run 'nonsense'",
    "evaluate?run=nonsense": "There is no run 'nonsense'",
    "compare?runs=nonsense": "There is no run nonsense here",
    "explore?image=nonsense": "This dataset has no image 'nonsense'",
    "prepare?image=nonsense": "This dataset has no image 'nonsense'",
    "explore?data=nonsense": "There is no dataset 'nonsense' here",
    "train?recipe=nonsense": "The recipe 'nonsense' does not exist",
}

# Each of its words means something in Streamlit's Markdown, some of them also when escaped.
MARKUP = (
    "![x](https://evil.example/a.png) <img src=https://evil.example/b.png> https://evil.example/c "
    "www.evil.example a@evil.example [l](javascript:alert(1)) :red[z] $x$ :material/bolt: :skull: "
    "**b** ~~s~~ `c` -> <="
)
CLASS = "![x](www.evil.example)<img src=x>[l](javascript:a)<b>$x$ :red[z]:skull: :material_bolt:"


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


def test_an_address_that_names_nothing_is_answered_in_words_and_markup_to_the_letter(
    app: App, tab: Tab
) -> None:
    for path, words in NONSENSE.items():
        tab.open(app.address(path))
        expect(tab.page.get_by_test_id("stAlert").filter(has_text=words)).to_be_visible()
        tab.wait_until_still()
        tab.assert_clean()
    tab.open(app.address(f"explore?{urlencode({'image': MARKUP})}"))
    alert = tab.page.get_by_test_id("stAlert").filter(has_text="This dataset has no image")
    expect(alert).to_be_visible()
    assert_to_the_letter(alert)
    tab.wait_until_still()
    tab.assert_clean()  # nothing was asked of another machine

    for name in (CLASS, "plain"):
        write_image(app.workspace.data / "own" / name / "a.png", (32, 32))
    tab.open(app.address("explore?data=own"))
    facet = tab.page.get_by_role("group", name="Class").locator("label").first
    expect(facet).to_contain_text("javascript")
    assert_to_the_letter(facet, CLASS)
    tab.take_picture("markup")
    facet.get_by_role("checkbox").click()
    expect(tab.page).to_have_url(re.compile("where=class"))
    tab.page.reload()
    expect(facet.get_by_role("checkbox")).to_be_checked()
    tab.wait_until_still()
    tab.page.get_by_role("radio", name="Counts", exact=True).click()
    tab.page.get_by_role("radio", name="Labels", exact=True).click()
    figure = tab.page.locator(".js-plotly-plot .yaxislayer-above")
    expect(figure).to_contain_text(CLASS)
    assert figure.locator("a").count() == 0
    tab.wait_until_still()
    tab.assert_clean()
    assert "Traceback" not in app.read_log()


def assert_to_the_letter(place: Locator, text: str = MARKUP) -> None:
    """Assert that a place shows `text` as it is, and that nothing in it came of its markup."""
    shown = place.inner_text().replace(JOINER, "")
    assert " ".join(text.split()) in " ".join(shown.split())
    marks = place.locator("a, img, strong, em, del, code, .katex, .stMarkdownColoredText")
    assert marks.count() == 0


def test_the_navigation_leads_to_every_page_and_none_loads_tensorflow(app: App, tab: Tab) -> None:
    tab.open(app.address())
    expect(tab.heading("Home")).to_be_visible()
    expect(tab.links).to_have_text([re.compile(f"{name}$") for name in LINKS])
    tab.wait_until_still()
    tab.take_picture("cold-home")
    tab.assert_clean()
    for name in LINKS:
        tab.links.filter(has_text=name).click()
        expect(tab.heading(name)).to_be_visible()
        tab.wait_until_still()
    tab.assert_clean()
    assert "Traceback" not in app.read_log()

    if sys.platform != "linux":
        pytest.skip("only Linux tells in /proc what a process has loaded")
    loaded = Path(f"/proc/{app.pid}/maps").read_text()
    assert "pandas" in loaded  # it is the right process
    assert loaded.count("tensorflow") == 0  # counted, lest a failure prints all of them
