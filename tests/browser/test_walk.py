"""A first visit: from Home to a network that was trained, watched and evaluated."""

import json
import os
import re

import psutil
import pytest

from tests.browser.conftest import App, Tab, change_epochs
from xray_core.machine import ALLOCATOR, allocator_variables
from xray_core.runs import find_run

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is missing")
expect = sync_api.expect

pytestmark = pytest.mark.browser

N_EPOCHS = 4
MOST_CLICKS = 3  # from Home to a training that runs


def test_a_visitor_trains_watches_and_evaluates_a_network(app: App, tab: Tab) -> None:
    tab.open(app.address())
    expect(tab.heading("Home")).to_be_visible()
    expect(tab.page.get_by_text("No result yet")).to_be_visible()
    tab.take_picture("1-home")

    tab.links.filter(has_text="Train").click()
    expect(tab.heading("Train")).to_be_visible()
    change_epochs(tab, N_EPOCHS)
    tab.take_picture("2-train")

    tab.click("Start training")
    expect(tab.badge("running")).to_be_visible()
    assert tab.clicks <= MOST_CLICKS
    link = tab.page.url
    [name] = re.findall(r"/runs\?run=([\w-]+)$", link)
    expect(tab.heading("Runs")).to_be_visible()
    expect(tab.page.get_by_text(name).first).to_be_visible()
    tab.take_picture("3-runs-starting")

    tab.page.reload()
    expect(tab.badge("running")).to_be_visible()
    assert tab.page.url == link
    tab.take_picture("4-runs-refreshed")

    expect(tab.metric("Validation accuracy")).to_have_text(re.compile(r"^\d+\.\d%$"))
    expect(tab.page.get_by_test_id("stVegaLiteChart")).to_have_count(2)
    expect(tab.page.locator("table.confusion")).to_be_visible()
    tab.take_picture("5-runs-first-epochs")

    expect(tab.badge("done")).to_be_visible()
    tab.wait_until_still()  # until then what was live lies beside what took its place
    expect(tab.metric("Epoch")).to_have_text(f"{N_EPOCHS} of {N_EPOCHS}")
    tab.take_picture("6-runs-done")

    tab.click("See the result")
    expect(tab.heading("Evaluate")).to_be_visible()
    run = find_run(app.workspace.runs, name)
    report = run.read_report()
    accuracy = report["metrics"]["accuracy"]
    expect(tab.metric("Accuracy")).to_have_text(f"{accuracy['value']:.1%}")
    interval = f"95% interval {accuracy['low']:.1%} to {accuracy['high']:.1%}"
    expect(tab.page.get_by_text(interval)).to_be_visible()
    counts = tab.page.locator("table.confusion td:not(:last-child) b")
    expect(counts).to_have_text([f"{n:,}" for row in report["confusion"] for n in row])
    assert tab.page.url.endswith(f"/evaluate?run={name}")
    expect(tab.page.get_by_role("heading", name="Examples")).to_be_visible()
    tab.wait_until_still()
    tab.take_picture("7-evaluate")

    set_for_training = json.loads((run.folder / "environment.json").read_text())["allocator"]
    assert allocator_variables().items() <= set_for_training.items()
    inherited = ALLOCATOR.keys() & os.environ.keys()
    assert ALLOCATOR.keys() & psutil.Process(app.pid).environ().keys() == inherited

    tab.assert_clean()
    assert "Traceback" not in app.read_log()
