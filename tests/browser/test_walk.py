"""A first visit: from Home to a network that was trained, watched and evaluated."""

from __future__ import annotations  # collected where there is no Playwright, too

import json
import os
import re
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.browser.conftest import WINDOW, App, Tab
from xray_core.machine import ALLOCATOR, allocator_variables
from xray_core.runs import find_run

if TYPE_CHECKING:
    from playwright.sync_api import Locator

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is missing")
expect = sync_api.expect

pytestmark = pytest.mark.browser

MOST_CLICKS = 6  # from Home to an image that the network got wrong, and back


def test_a_visitor_trains_watches_and_evaluates_a_network(app: App, tab: Tab) -> None:
    tab.open(app.address())
    expect(tab.heading("Home")).to_be_visible()
    expect(tab.page.get_by_text("No result yet")).to_be_visible()
    tab.take_picture("1-home")

    tab.click("Start now")
    expect(tab.badge("running")).to_be_visible()
    link = tab.page.url
    [name] = re.findall(r"/runs\?run=([\w-]+)$", link)
    run = find_run(app.workspace.runs, name)
    nickname = run.read_nickname()
    expect(tab.page.locator(".st-key-strip")).to_contain_text(nickname)
    tab.take_picture("2-run-starting")

    tab.page.reload()
    expect(tab.badge("running")).to_be_visible()
    assert tab.page.url == link
    figure = re.compile(r"Validation accuracy \d+\.\d% \(\d+\.\d to \d+\.\d\) n = \d+")
    expect(tab.page.locator(".st-key-strip")).to_contain_text(figure)
    expect(tab.page.get_by_test_id("stVegaLiteChart")).to_have_count(1)
    expect(tab.page.locator("table.confusion")).to_be_visible()
    expect(tab.page).to_have_title(re.compile(rf"^Run {nickname} · epoch \d+ of \d+ · X-ray Lab$"))
    tab.take_picture("3-run-live")

    expect(tab.badge("done")).to_be_visible()
    tab.wait_until_still()  # until then what was live lies beside what took its place
    assert run.read_status().epoch > 1
    tab.take_picture("4-run-done")

    tab.click("See the result")
    expect(tab.heading("Evaluate")).to_be_visible()
    report = run.read_report()
    accuracy = report["metrics"]["accuracy"]
    verdict = tab.page.locator(".verdict")
    expect(verdict).to_contain_text(f"Right in {100 * accuracy['value']:.0f} of 100 test images")
    counts = tab.page.locator("table.confusion td:not(.recall) b")
    expect(counts).to_have_text([f"{n:,}" for row in report["confusion"] for n in row])
    assert tab.page.url.endswith(f"/evaluate?run={name}")
    tab.wait_until_still()
    tab.take_picture("5-evaluate")

    actual, predicted = find_mistake(report["confusion"])
    cell = tab.page.locator(f"[data-cell='{actual}-{predicted}']")
    click_in_sight(tab, cell)
    classes = report["classes"]
    head = f"{classes[actual]}, predicted {classes[predicted]}"
    expect(tab.page.get_by_role("heading", name=head)).to_be_visible()
    tab.wait_until_still()
    images = tab.page.locator("button.tile")
    n_images = images.count()
    click_in_sight(tab, images.first)
    viewer = tab.page.locator(".viewer")
    expect(viewer).to_contain_text(f"sure of {classes[predicted]}")
    tab.take_picture("6-wrong-image")
    tab.wait_until_still()
    tab.page.go_back()
    tab.clicks += 1
    expect(viewer).to_have_count(0)
    expect(images).to_have_count(n_images)
    assert tab.clicks <= MOST_CLICKS

    # A process loads the network first: it is the one wait for Keras that the app's tests have.
    tab.page.get_by_text("Heat map", exact=True).click()
    heat = tab.page.locator("button.tile .heat")
    expect(heat).to_have_count(n_images)
    tab.take_picture("7-heat-maps")
    images.first.click()
    expect(viewer.locator(".heat")).to_have_count(1)
    expect(viewer.get_by_role("img").first).to_have_attribute("alt", re.compile("heat map for"))
    tab.take_picture("8-heat-map")
    tab.page.go_back()
    expect(viewer).to_have_count(0)
    expect(heat).to_have_count(n_images)

    set_for_training = json.loads((run.folder / "environment.json").read_text())["allocator"]
    assert allocator_variables().items() <= set_for_training.items()
    inherited = ALLOCATOR.keys() & os.environ.keys()
    assert ALLOCATOR.keys() & psutil.Process(app.pid).environ().keys() == inherited

    tab.assert_clean()
    assert "Traceback" not in app.read_log()


def find_mistake(confusion: list[list[int]]) -> tuple[int, int]:
    """Return the places of true and predicted class of the most frequent mistake."""
    cells = [
        (n, row, column) for row, counts in enumerate(confusion) for column, n in enumerate(counts)
    ]
    return max((n, row, column) for n, row, column in cells if row != column)[1:]


def click_in_sight(tab: Tab, place: Locator) -> None:
    """Click where no scrolling is needed."""
    expect(place).to_be_visible()
    box = place.bounding_box()
    assert box is not None
    assert 0 <= box["y"] <= box["y"] + box["height"] <= WINDOW["height"]
    tab.clicks += 1
    place.click()
