"""One image, large: window and level move in the browser alone, and arrow keys stay apart."""

import re

import pytest

from tests.browser.conftest import App, Tab

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is missing")
expect = sync_api.expect

pytestmark = pytest.mark.browser


def test_window_and_level_change_the_image_and_stay_for_the_next(app: App, tab: Tab) -> None:
    tab.open(app.address("explore"))
    tab.page.locator(".tile").first.click()
    image = tab.page.locator(".large .frame img")
    expect(image).to_have_css("filter", "none")

    tab.click("bones")
    expect(image).to_have_css("filter", re.compile("#window"))
    expect(tab.page.locator("output.level")).to_have_text("190")
    # 120 gray levels are spread over 255, and 130 becomes black.
    line = tab.page.locator("[type=linear]").first
    assert float(line.get_attribute("slope") or 0) == pytest.approx(255 / 120)
    assert float(line.get_attribute("intercept") or 0) == pytest.approx(-130 / 120)

    address = tab.page.url
    tab.page.locator("input.level").press("ArrowRight")
    expect(tab.page.locator("output.level")).to_have_text("190.5")
    tab.wait_until_still()
    assert tab.page.url == address

    tab.page.get_by_role("button", name="Next").click()
    expect(tab.page).not_to_have_url(address)
    tab.wait_until_still()
    expect(tab.page.locator("output.level")).to_have_text("190.5")
    expect(image).to_have_css("filter", re.compile("#window"))
    tab.take_picture("explore-large")

    tab.click("reset")
    expect(image).to_have_css("filter", "none")
    assert tab.page.get_by_test_id("stException").all_inner_texts() == []


def test_two_images_stack_on_a_phone(app: App, tab: Tab) -> None:
    tab.open(app.address("explore"))
    tab.page.locator(".tile").first.click()
    tab.click("Compare with …")
    tab.click("the next")
    images = tab.page.locator(".large .frame img")
    expect(images).to_have_count(2)
    tab.wait_until_still()
    left, right = (images.nth(n).bounding_box() or {} for n in (0, 1))
    assert left["y"] == right["y"]

    tab.page.set_viewport_size({"width": 390, "height": 844})

    upper, lower = (images.nth(n).bounding_box() or {} for n in (0, 1))
    assert upper["x"] == lower["x"]
    assert upper["y"] < lower["y"]
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 390
    tab.take_picture("explore-pair-phone")
