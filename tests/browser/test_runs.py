"""The table of runs and the curves of one, in a real browser: ticks, Back, reload, zoom."""

import re

import pytest

from tests.browser.conftest import App, Tab
from tests.pages.fake_runs import fake_run, write_report
from tests.run_files import batch_line
from xray_core.processes import own_handle
from xray_core.runs import Run, Submission
from xray_core.runs.always_open import write_always_open
from xray_core.runs.opening import openings_of

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is missing")
expect = sync_api.expect

pytestmark = pytest.mark.browser

ROW, HEAD = 33, 50  # px: height of a row, and the middle of the first
TICKS = 5_000  # ms, in which a live page looks twice
NAMES = ("swift-otter", "brave-lynx", "quiet-heron")


@pytest.fixture
def runs(app: App) -> list[Run]:
    """Three runs that are done, the newest first."""
    made = []
    for number, nickname in enumerate(NAMES):
        run = fake_run(app.workspace, "done", f"2026030{3 - number}-100000-demo_cnn")
        run.write_submission(Submission(nickname=nickname))
        made.append(run)
    return made


def click_row(tab: Tab, number: int, x: int) -> None:
    """Click into a row of the table, so many px from its left edge."""
    tab.wait_until_still()
    tab.page.get_by_test_id("stDataFrame").click(position={"x": x, "y": HEAD + ROW * number})


def test_ticks_stand_in_the_address_and_back_undoes_them(
    app: App, tab: Tab, runs: list[Run]
) -> None:
    tab.open(app.address("runs"))
    expect(tab.page.get_by_text("newest 3 runs")).to_be_visible()

    click_row(tab, 0, x=16)
    expect(tab.page.get_by_text("1 ticked")).to_be_visible()
    click_row(tab, 2, x=16)
    expect(tab.page.get_by_text("2 ticked")).to_be_visible()
    assert re.findall(r"ticked=(\d+)", tab.page.url) == ["20260303", "20260301"]
    tab.page.reload()
    expect(tab.page.get_by_text("2 ticked")).to_be_visible()
    tab.wait_until_still()
    tab.page.go_back()
    expect(tab.page.get_by_text("1 ticked")).to_be_visible()
    tab.wait_until_still()
    assert re.findall(r"ticked=(\d+)", tab.page.url) == ["20260303"]

    click_row(tab, 1, x=80)
    expect(tab.page.locator(".st-key-strip")).to_contain_text(NAMES[1])
    assert tab.page.title() == f"Run {NAMES[1]} · done · X-ray Lab"
    tab.page.go_back()
    expect(tab.page.get_by_text("1 ticked")).to_be_visible()
    tab.take_picture("runs-ticked")


def test_what_is_deleted_can_be_restored_at_once(app: App, tab: Tab, runs: list[Run]) -> None:
    tab.open(app.address(f"runs?ticked={runs[0].name}&ticked={runs[1].name}"))
    tab.click("Delete 2")
    expect(tab.page.get_by_text("2 runs moved to the trash.")).to_be_visible()
    assert not runs[0].folder.exists()

    tab.click("Restore them")

    expect(tab.page.get_by_text(f"Restored: {NAMES[0]}, {NAMES[1]}.")).to_be_visible()
    assert runs[0].folder.is_dir()


def test_two_runs_are_compared_one_is_opened_and_taken_away(
    app: App, tab: Tab, runs: list[Run]
) -> None:
    write_always_open(app.workspace, False)
    for run in runs[:2]:
        write_report(run, app.workspace)
    tab.open(app.address("runs"))
    for row in (0, 1):
        tab.wait_until_still()  # a click on a table that is being drawn is lost
        click_row(tab, row, x=16)
    tab.page.get_by_role("link", name="Compare 2").click()
    expect(tab.heading("Compare")).to_be_visible()
    expect(tab.page.get_by_text("What differs")).to_be_visible()
    expect(tab.page.get_by_text("validation set").first).to_be_visible()

    tab.open(app.address(f"evaluate?run={runs[0].name}&result=Take+away"))
    expect(tab.page.get_by_text("test set closed: figures of the validation set")).to_be_visible()
    tab.page.get_by_role("button", name="Open the test set").click()
    tab.page.get_by_role("button", name="Open it now").click()
    expect(tab.page.get_by_role("button", name="Test set open")).to_be_visible()
    tab.wait_until_still()
    expect(tab.page.get_by_text("test set closed")).to_have_count(0)
    assert [line.how for line in openings_of(runs[0], app.workspace)] == ["click"]
    for name in ("Make the zip", "Report", "Notebook", "Network"):
        button = tab.page.get_by_role("button", name=name).first
        expect(button).to_be_visible()
    tab.take_picture("take-away")
    tab.assert_clean()


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 844)])
def test_the_next_step_of_each_page_is_in_sight(
    width: int, height: int, app: App, tab: Tab, runs: list[Run]
) -> None:
    tab.page.set_viewport_size({"width": width, "height": height})
    waiting = fake_run(app.workspace, "queued", "20260305-100000-demo_cnn")
    stopped = fake_run(app.workspace, "stopped", "20260304-100000-demo_cnn")
    steps = {
        "runs": "New run",
        f"runs?run={runs[0].name}": "See the result",
        f"runs?run={waiting.name}": "Cancel",
        f"runs?run={stopped.name}": "Resume",
    }
    for path, step in steps.items():
        tab.open(app.address(path))
        button = tab.page.get_by_role("button", name=step, exact=True)
        expect(button).to_be_visible()
        tab.wait_until_still()
        box = button.bounding_box()
        assert box is not None
        assert 0 <= box["x"] <= box["x"] + box["width"] <= width, path
        assert 0 <= box["y"] <= box["y"] + box["height"] <= height, path
        overflow = tab.page.evaluate("document.documentElement.scrollWidth")
        assert overflow <= width, path


def read_last_batch(tab: Tab) -> int:
    """Return the highest number at the axes of the curves: that of a batch."""
    texts = tab.page.get_by_test_id("stVegaLiteChart").locator("svg text").all_text_contents()
    return max(int(text) for text in texts if text.isdigit())


def test_a_zoom_is_kept_while_batches_arrive(app: App, tab: Tab) -> None:
    run = fake_run(app.workspace, "running", handle=own_handle(), step="training")
    for step in range(7, 200):
        run.append_metrics(batch_line(step))
    tab.open(app.address(f"runs?run={run.name}"))
    chart = tab.page.get_by_test_id("stVegaLiteChart")
    expect(chart.locator("svg")).to_be_visible()
    tab.wait_until_still()
    whole, box = read_last_batch(tab), chart.bounding_box()
    assert box is not None
    tab.page.mouse.move(box["x"] + 200, box["y"] + 150)
    tab.page.keyboard.down("Control")
    tab.page.mouse.wheel(0, -300)
    tab.page.keyboard.up("Control")
    tab.page.wait_for_timeout(TICKS)
    zoomed = read_last_batch(tab)

    for step in range(200, 400):
        run.append_metrics(batch_line(step))
    tab.page.wait_for_timeout(TICKS)

    assert zoomed < whole
    assert read_last_batch(tab) == zoomed
    tab.page.mouse.dblclick(box["x"] + 200, box["y"] + 150)
    tab.page.wait_for_timeout(TICKS)
    assert read_last_batch(tab) > whole
