"""Explore in a browser: the grid, and large images that are zoomed, dragged and windowed there."""

import re
from typing import Any

import numpy as np
import pytest

from tests.browser.conftest import App, Tab
from tests.imagefiles.dicom_files import write_dicom

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is missing")
expect = sync_api.expect

pytestmark = pytest.mark.browser

LAPTOP, PHONE = {"width": 1280, "height": 720}, {"width": 390, "height": 844}
GRID, LARGE = ".dense", ".glass .frame img"


def open_explore(app: App, tab: Tab, size: Any = LAPTOP, query: str = "") -> None:
    tab.page.set_viewport_size(size)
    tab.open(app.address(f"explore{query}"))
    tab.page.locator(f"{GRID} .tile").first.wait_for()
    tab.wait_until_still()


def box_of(tab: Tab, selector: str, n: int = 0) -> dict[str, float]:
    box = tab.page.locator(selector).nth(n).bounding_box()
    assert box is not None
    return dict(box)


def tick(tab: Tab, n: int) -> None:
    """Tick the tile at place `n` of the grid."""
    tile = tab.page.locator(f"{GRID} > li").nth(n)
    tile.hover()
    tile.locator("input").click()
    expect(tile.locator("input")).to_be_checked()
    expect(tile).to_have_class("open")
    tab.wait_until_still()


def scroll_of(tab: Tab) -> int:
    return int(tab.page.get_by_test_id("stMain").evaluate("element => element.scrollTop"))


@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_two_rows_of_images_and_the_next_step_are_in_sight(app: App, tab: Tab, size: Any) -> None:
    open_explore(app, tab, size)

    use = tab.page.get_by_role("button", name="Use this selection to train")
    bar = use.bounding_box() or {}
    assert bar["y"] + bar["height"] <= size["height"]
    assert bar["x"] + bar["width"] <= size["width"]
    n_tiles = tab.page.locator(f"{GRID} .tile").count()
    tiles = [box_of(tab, f"{GRID} .tile", n) for n in range(n_tiles)]
    whole = [tile for tile in tiles if tile["y"] + tile["height"] <= bar["y"]]
    assert len({round(tile["y"]) for tile in whole}) >= 2
    if size == LAPTOP:
        assert box_of(tab, GRID)["y"] <= 180
        assert len(tiles) >= 20
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    tab.take_picture(f"explore-{size['width']}")


def test_an_image_opens_beside_the_grid_which_is_as_it_was_afterwards(app: App, tab: Tab) -> None:
    open_explore(app, tab)
    tab.page.get_by_test_id("stMain").evaluate("element => { element.scrollTop = 200; }")
    tile = tab.page.locator(f"{GRID} > li").nth(30)

    tile.locator(".tile").click()
    expect(tab.page.locator(LARGE)).to_be_visible()
    tab.wait_until_still()

    expect(tile).to_have_class("open")
    expect(tile).to_be_in_viewport()
    grid, large = box_of(tab, GRID), box_of(tab, ".viewer")
    assert grid["x"] + grid["width"] <= large["x"]
    expect(tab.page.locator(LARGE)).to_be_in_viewport(ratio=0.9)
    tab.take_picture("explore-large")

    tab.page.keyboard.press("Escape")
    expect(tab.page.locator(LARGE)).to_have_count(0)
    tab.wait_until_still()
    expect(tile).not_to_have_class("open")
    assert scroll_of(tab) == 200


def test_zoom_place_and_window_stay_while_paging_and_over_a_reload(app: App, tab: Tab) -> None:
    open_explore(app, tab)
    tab.page.locator(f"{GRID} .tile").first.click()
    image, zoom = tab.page.locator(LARGE), tab.page.locator("output.zoom")
    expect(zoom).to_have_text("1.0×")
    glass = box_of(tab, ".glass")
    middle = glass["x"] + glass["width"] / 2, glass["y"] + glass["height"] / 2

    tab.page.mouse.move(*middle)
    tab.page.keyboard.down("Control")
    tab.page.mouse.wheel(0, -300)
    tab.page.keyboard.up("Control")
    expect(zoom).to_have_text("2.7×")
    before = image.bounding_box() or {}
    tab.page.mouse.down()
    tab.page.mouse.move(middle[0] + 40, middle[1] + 30, steps=4)
    tab.page.mouse.up()
    after = image.bounding_box() or {}
    assert after["x"] - before["x"] == pytest.approx(40, abs=2)
    assert after["y"] - before["y"] == pytest.approx(30, abs=2)
    tab.click("bones")

    address = tab.page.url
    tab.page.keyboard.press("ArrowRight")
    expect(tab.page).not_to_have_url(address)
    expect(tab.page.locator(".viewer .place")).to_have_text("2 of 160")
    tab.wait_until_still()
    expect(zoom).to_have_text("2.7×")
    assert (image.bounding_box() or {})["x"] == pytest.approx(after["x"], abs=2)

    tab.page.reload()
    expect(zoom).to_have_text("2.7×")
    expect(image).to_have_css("filter", re.compile("#window"))
    tab.wait_until_still()
    tab.page.locator(".glass").dblclick()
    expect(zoom).to_have_text("1.0×")
    tab.click("Zoom in")
    expect(zoom).to_have_text("1.5×")
    tab.page.keyboard.press("-")
    expect(zoom).to_have_text("1.0×")
    expect(tab.page.get_by_role("button", name="Zoom out")).to_be_disabled()


def test_window_and_level_change_the_image_and_stay_for_the_next(app: App, tab: Tab) -> None:
    open_explore(app, tab)
    tab.page.locator(f"{GRID} .tile").first.click()
    image = tab.page.locator(LARGE)
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

    tab.click("Next")
    expect(tab.page).not_to_have_url(address)
    tab.wait_until_still()
    expect(tab.page.locator("output.level")).to_have_text("190.5")
    expect(image).to_have_css("filter", re.compile("#window"))

    tab.click("reset")
    expect(image).to_have_css("filter", "none")
    assert tab.page.get_by_test_id("stException").all_inner_texts() == []


def test_ticked_images_stand_side_by_side_and_stack_on_a_phone(app: App, tab: Tab) -> None:
    open_explore(app, tab)
    for n in (1, 6):
        tick(tab, n)
    images = tab.page.locator(LARGE)
    expect(images).to_have_count(2)
    left, right = (images.nth(n).bounding_box() or {} for n in (0, 1))
    assert left["y"] == right["y"]
    tab.take_picture("explore-pair")
    for n in (2, 3):
        tick(tab, n)
    expect(images).to_have_count(4)
    expect(tab.page.locator(f"{GRID} > li").nth(5).locator("input")).to_be_disabled()
    address = tab.page.url
    tab.page.go_back()
    expect(images).to_have_count(3)
    assert tab.page.url != address

    tab.page.set_viewport_size(PHONE)

    upper, lower = (images.nth(n).bounding_box() or {} for n in (0, 1))
    assert upper["x"] == lower["x"]
    assert upper["y"] < lower["y"] < box_of(tab, GRID)["y"]
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    tab.take_picture("explore-pair-phone")


def test_facets_work_by_keyboard_and_fold_on_a_phone(app: App, tab: Tab) -> None:
    open_explore(app, tab)
    facet = tab.page.get_by_role("group", name="Class").get_by_role("checkbox", name="negative")
    facet.focus()
    tab.page.keyboard.press("Space")
    chip = tab.page.get_by_role("button", name="Class: negative: take this filter back")
    expect(chip).to_be_visible()
    tab.wait_until_still()
    expect(facet).to_be_focused()

    tab.page.set_viewport_size(PHONE)
    expect(facet).to_be_hidden()
    fold = tab.page.get_by_role("button", name="Filters (1)")
    fold.click()
    expect(facet).to_be_checked()
    tab.take_picture("explore-facets-phone")
    chip.click()
    expect(chip).to_have_count(0)
    expect(facet).not_to_be_checked()


def test_files_with_more_than_256_values_are_windowed_by_them(app: App, tab: Tab) -> None:
    values = np.tile(np.linspace(0, 4000, 64).astype(np.uint16), (48, 1))
    for kind in ("normal", "nodule"):
        write_dicom(
            app.workspace.data / "deep" / kind / "a.dcm",
            values,
            RescaleSlope="1",
            RescaleIntercept="-1000",
            WindowCenter="0",
            WindowWidth="200",
            PhotometricInterpretation="MONOCHROME1",
        )
    open_explore(app, tab, query="?data=deep")
    tab.page.locator(f"{GRID} .tile").first.click()
    canvas = tab.page.locator("canvas.real")
    expect(tab.page.locator("output.level")).to_have_text("0")

    def read_row() -> list[int]:
        return list(
            canvas.evaluate(
                "c => [...c.getContext('2d').getImageData(0, 9, 64, 1).data]"
                ".filter((_, at) => at % 4 === 0)"
            )
        )

    asked = read_row()  # -1000 to 3000, of which -100 to 100 is spread, the lowest white
    assert asked[0] == asked[14] == 255
    assert asked[18] == asked[-1] == 0
    assert 255 > asked[15] > asked[16] > asked[17]
    tab.click("full range")
    expect(tab.page.locator("output.width")).to_have_text("4000")
    row = read_row()
    assert row == sorted(row, reverse=True)
    assert len(set(row)) == 64
    tab.click("invert")
    assert read_row() == [255 - gray for gray in row]
