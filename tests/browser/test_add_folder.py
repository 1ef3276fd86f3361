"""A first folder of one's own: refused with the reason, mapped, unpacked, and open in Explore."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import WINDOW, App, Tab
from tests.datasets.kinds import FOLDERS, Kind, draw_kind, spread, write_rows
from xray_core.workspace import Workspace

if TYPE_CHECKING:
    from playwright.sync_api import ViewportSize

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is missing")
expect = sync_api.expect

pytestmark = pytest.mark.browser

PHONE: ViewportSize = {"width": 390, "height": 844}
# As CheXpert is: a patient's folder for each, a table with the path on its authors' machine.
IMAGES = spread("train/patient{p}/study1/view{i}_frontal.jpg", 2, p=("00001", "00002", "00003"))
TABLE = write_rows(
    "Path,Sex,Age,Edema,Pneumonia",
    "Hospital-v1/{path},Female,6{i},{edema},{pneumonia}",
    path=IMAGES,
    edema=("1.0", "0.0", "-1.0"),
    pneumonia=("0.0", "", "1.0"),
)
CHEXPERT = Kind(IMAGES, {"train.csv": TABLE})


def name_folder(tab: Tab, folder: Path) -> None:
    tab.page.get_by_label("Folder on the machine").fill(str(folder))
    tab.click("Add")


def assert_no_sideways_scrolling(tab: Tab) -> None:
    wide = tab.page.evaluate(
        "[document.documentElement, ...document.querySelectorAll('[role=dialog]')]"
        ".filter((place) => place.scrollWidth > place.clientWidth + 1).length"
    )
    assert wide == 0


@pytest.mark.parametrize("window", [WINDOW, PHONE], ids=["desk", "phone"])
def test_a_folder_is_refused_with_the_reason_or_mapped_and_opened(
    window: ViewportSize, app: App, open_tab: Callable[..., Tab], tmp_path: Path
) -> None:
    tab = open_tab(viewport=window) if window is PHONE else open_tab()
    tab.open(app.address())
    tab.wait_until_still()
    tab.click("Add a folder")

    name_folder(tab, draw_kind(tmp_path / "empty", Kind()))
    expect(tab.page.get_by_text("is empty")).to_be_visible()
    expect(tab.page.get_by_text("Get a dataset", exact=False).last).to_be_visible()
    name_folder(tab, draw_kind(tmp_path / "one", FOLDERS["one class alone"]))
    expect(tab.page.get_by_text("only a single class has images")).to_be_visible()
    assert_no_sideways_scrolling(tab)
    tab.take_picture(f"refused-{window['width']}")

    name_folder(tab, draw_kind(tmp_path / "my hospital", CHEXPERT))
    dialog = tab.page.get_by_role("dialog")
    expect(dialog.get_by_text("6 of 6 rows have their image")).to_be_visible()
    expect(dialog.get_by_role("button", name="Save and open")).to_be_in_viewport()
    assert_no_sideways_scrolling(tab)
    tab.take_picture(f"mapping-{window['width']}")
    tab.click("Save and open")

    expect(tab.heading("Explore")).to_be_attached()
    expect(tab.page.locator(".st-key-bottom_bar")).to_contain_text("6 images")
    tab.wait_until_still()
    assert_no_sideways_scrolling(tab)
    tab.assert_clean()


def test_an_archive_in_the_data_folder_is_unpacked_and_opened(
    app: App, open_tab: Callable[..., Tab], workspace: Workspace, tmp_path: Path
) -> None:
    folder = draw_kind(tmp_path / "covid", FOLDERS["three wrappers"])
    shutil.make_archive(str(workspace.data / "covid-xrays"), "zip", folder)
    tab = open_tab(viewport=PHONE)
    tab.open(app.address())

    tab.click("Unpack")
    tab.click("Show it")

    expect(tab.heading("Explore")).to_be_attached()
    expect(tab.page.locator(".st-key-bottom_bar")).to_contain_text("6 images")
    tab.wait_until_still()
    assert_no_sideways_scrolling(tab)
    tab.take_picture("unpacked-390")
    tab.assert_clean()
