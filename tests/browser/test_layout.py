"""What leads on is in sight on a small screen and on a phone, and nobody is shut out."""

from __future__ import annotations  # collected where there is no Playwright, too

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import App, Tab
from tests.pages.fake_runs import fake_run, write_report
from xray_core.workspace import Workspace

if TYPE_CHECKING:
    from playwright.sync_api import ViewportSize

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is missing")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing")
expect = sync_api.expect

pytestmark = pytest.mark.browser

RUN = "20260301-100000-demo_cnn"
# Page -> the words of the one button that leads on.
LEADS_ON = {
    "": "Start now",
    "explore": "Use this selection to train",
    "audit": "Train on this split",
    "prepare": "Train with these settings",
    "train": "Start training",
    "runs": "New run",
    f"runs?run={RUN}": "See the result",
    f"evaluate?run={RUN}": "Change and train again",
    f"predict?run={RUN}": "Try it with images of the demo",
    f"compare?runs={RUN},{RUN}-2": "Train A with five seeds",
}
SMALL: ViewportSize = {"width": 1280, "height": 720}  # a projector at 150 % is the same
PHONE: ViewportSize = {"width": 390, "height": 844}
# Of Streamlit's own elements, which no page can change: see docs/architecture.md.
NOT_OURS: frozenset[str] = frozenset()


@pytest.fixture
def workspace(workspace: Workspace) -> Workspace:
    """With two finished runs, so that every page has all it can show."""
    for name in (RUN, f"{RUN}-2"):
        run = fake_run(workspace, "done", name)
        write_report(run, workspace)
        run.best_checkpoint.parent.mkdir()
        run.best_checkpoint.write_bytes(b"a network, which no page opens")
    return workspace


@pytest.mark.parametrize(("size", "scheme"), [(SMALL, "light"), (PHONE, "dark")], ids=str)
def test_every_page_leads_on_within_sight_and_shuts_nobody_out(
    size: ViewportSize, scheme: str, app: App, open_tab: Callable[..., Tab]
) -> None:
    tab = open_tab(viewport=size, color_scheme=scheme, reduced_motion="reduce")
    problems: list[str] = []
    for path, words in LEADS_ON.items():
        tab.open(app.address(path))
        button = tab.page.get_by_role("button", name=words, exact=True)
        expect(button).to_be_visible()
        tab.wait_until_still()
        tab.take_picture(f"{size['width']}-{scheme}-{path.split('?')[0] or 'home'}{'=' in path:d}")
        box = button.bounding_box()
        assert box is not None, path
        inside = box["y"] >= 0 and box["y"] + box["height"] <= size["height"]
        problems += [] if inside else [f"{path}: {words} lies at {box}"]
        primary = tab.page.locator("button[kind^=primary]:visible").count()
        problems += [] if primary == 1 else [f"{path}: {primary} primary buttons"]
        width = tab.page.evaluate("document.documentElement.scrollWidth")
        problems += [] if width <= size["width"] else [f"{path}: {width} px wide"]
        top = tab.page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop")
        problems += [] if top == 0 else [f"{path} opens {top} px below its top"]
        problems += [f"{path}: {words}" for words in look_for_barriers(tab)]
        tab.assert_clean()
    assert problems == []
    assert "Traceback" not in app.read_log()


def look_for_barriers(tab: Tab) -> list[str]:
    """Return what axe calls serious or critical: rule, and where it was seen."""
    violations = axe.Axe().run(tab.page).response["violations"]
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary'][:200]}"
        for violation in violations
        if violation["impact"] in ("serious", "critical") and violation["id"] not in NOT_OURS
        for node in violation["nodes"][:3]
    ]


def test_the_drawer_of_a_phone_closes_over_the_page_that_was_chosen(
    app: App, open_tab: Callable[..., Tab]
) -> None:
    tab = open_tab(viewport=PHONE)
    tab.open(app.address("train"))
    tab.wait_until_still()
    tab.page.get_by_test_id("stExpandSidebarButton").click()
    drawer = tab.page.get_by_test_id("stSidebar")
    expect(drawer).to_have_attribute("data-collapsed", "false")

    drawer.get_by_role("link", name="Explore").click()

    expect(tab.heading("Explore")).to_be_visible()
    expect(drawer).to_have_attribute("data-collapsed", "true")
