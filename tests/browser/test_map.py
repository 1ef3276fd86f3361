"""The map of images in a real browser: a lasso, its images, one large, all of them in Explore."""

import re

import pytest

from tests.browser.conftest import App, Tab
from tests.pages.fake_features import write_fake_features
from tests.pages.fake_runs import fake_run, write_report

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is missing")
expect = sync_api.expect

pytestmark = pytest.mark.browser

STEPS = 4  # of the mouse between two corners


def test_a_lasso_on_the_map_leads_to_its_images_and_to_explore(app: App, tab: Tab) -> None:
    run = fake_run(app.workspace, "done")
    write_report(run, app.workspace)
    run.best_checkpoint.parent.mkdir()
    run.best_checkpoint.write_bytes(b"weights")
    rows = run.read_predictions().drop_duplicates("image_id").reset_index(drop=True)
    known = rows[["image_id", "group", "actual", "predicted"]]
    points = write_fake_features(run, known.rename(columns={"actual": "label"}))
    tested = points[points["subset"] == "test"]
    page = tab.page

    tab.open(app.address(f"inside?run={run.name}&inside=Map+of+images"))
    area = page.locator(".js-plotly-plot .nsewdrag").first
    area.wait_for(state="attached")
    tab.wait_until_still()
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box is not None
    # Around all of it: which point lies where, the shape of the window decides.
    left, right = box["x"] + 3, box["x"] + box["width"] - 3
    top, bottom = box["y"] + 3, min(box["y"] + box["height"] - 3, 670)
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top + 2)):
        page.mouse.move(x, y, steps=STEPS)
    page.mouse.up()
    heading = page.get_by_role("heading", name="in the lasso or box")
    expect(heading).to_be_visible()
    tab.wait_until_still()
    counted = re.search(r"\d+", heading.inner_text())
    assert counted is not None
    n_images = int(counted[0])
    assert 0 < n_images <= len(tested)
    tab.take_picture("map-lasso")

    page.locator("button.tile").first.click()
    expect(page.locator(".viewer")).to_be_visible()
    expect(page.get_by_role("heading", name="Nearest training images")).to_be_visible()
    assert "map_image=" in page.url
    expect(heading).to_be_visible()  # the lasso stays
    tab.take_picture("map-image")

    page.get_by_role("link", name=re.compile("in Explore$")).click()
    expect(tab.heading("Explore")).to_be_visible()
    expect(page.get_by_text(f"{n_images} chosen image")).to_be_visible()
    expect(page.locator("[data-testid='stHtml'] b").first).to_have_text(f"{n_images}")
    tab.wait_until_still()
    tab.take_picture("map-explore")

    page.set_viewport_size({"width": 390, "height": 844})
    tab.open(app.address(f"inside?run={run.name}&inside=Map+of+images&map_pick=other"))
    expect(
        page.get_by_role("heading", name="another label").or_(page.get_by_text("No image of these"))
    ).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    tab.take_picture("map-phone")
