"""The threshold lab in a real browser: moved, kept, there again after a reload, on a phone too."""

import pytest

from tests.browser.conftest import App, Tab
from tests.pages.test_threshold import write_lab_run
from xray_core.evaluation.thresholds import read_threshold

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is missing")
expect = sync_api.expect

pytestmark = pytest.mark.browser


def test_a_threshold_is_moved_kept_and_there_after_a_reload(app: App, tab: Tab) -> None:
    run = write_lab_run(app.workspace)
    page = tab.page
    tab.open(app.address(f"evaluate?run={run.name}&result=Threshold&ill=100"))
    slider = page.locator(".st-key-threshold_at input")
    expect(slider).to_have_value("0.5")
    picture = page.get_by_alt_text("rightly cleared")
    expect(picture).to_be_visible()
    before = picture.get_attribute("alt")

    slider.focus()
    page.keyboard.press("PageDown")
    expect(page.get_by_text("Set by hand").first).to_be_visible()
    tab.wait_until_still()
    assert "rule=by+hand" in page.url.replace("%20", "+")
    assert picture.get_attribute("alt") != before
    page.get_by_role("button", name="Keep this threshold").click()
    expect(page.get_by_text("Kept for predictions with this run")).to_be_visible()
    kept = read_threshold(run)
    assert kept is not None
    assert kept.value < 0.5
    assert f"at={kept.value:g}" in page.url

    page.set_viewport_size({"width": 390, "height": 844})
    tab.open(app.address(f"evaluate?run={run.name}&result=Threshold"))
    expect(page.get_by_text("The run keeps it")).to_be_visible()
    expect(slider).to_have_value(f"{kept.value:g}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    tab.take_picture("threshold_phone")
