"""Trainings outlive the app, and keep their order, whatever happens in the same second."""

import re
import time
from collections.abc import Callable

import pytest

from tests.browser.conftest import LINKS, App, Tab, change_epochs
from xray_core.jobs import JobQueue
from xray_core.runs import find_run, list_runs

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is missing")
expect = sync_api.expect

pytestmark = pytest.mark.browser

N_EPOCHS = 500  # each training ends when it is told to


def start_in_one_moment(app: App, tabs: list[Tab]) -> None:
    """Fill in the form of Train in every window, and click in all of them at once."""
    for tab in tabs:
        tab.open(app.address("train"))
        expect(tab.heading("Train")).to_be_visible()
        change_epochs(tab, N_EPOCHS)
    moment = (time.time() + 1) * 1000  # ms
    for tab in tabs:
        button = tab.page.get_by_role("button", name="Start training", exact=True)
        button.evaluate("(it, at) => { setTimeout(() => it.click(), at - Date.now()) }", moment)
    for tab in tabs:
        tab.page.wait_for_url("**/runs?run=*")


def stop(tab: Tab) -> None:
    """Stop the run that a window shows."""
    tab.click("Stop")
    tab.click("Yes, stop it")
    expect(tab.badge("stopped")).to_be_visible()


def test_two_starts_in_one_moment_make_two_runs_which_survive_the_death_of_the_app(
    app: App, open_tab: Callable[[], Tab]
) -> None:
    tabs = [open_tab(), open_tab()]
    start_in_one_moment(app, tabs)
    named = {re.findall(r"run=([\w-]+)$", tab.page.url)[0]: tab for tab in tabs}
    assert len(named) == 2
    first, second = [
        find_run(app.workspace.runs, job.run) for job in JobQueue(app.workspace.queue).list_jobs()
    ]
    window, waiting = named[first.name], named[second.name]

    expect(window.badge("running")).to_be_visible()
    expect(waiting.badge("queued")).to_be_visible()
    waiting.take_picture("queued")
    expect(window.metric("Validation accuracy")).to_be_visible()
    for tab in tabs:
        tab.assert_clean()
    process, link = first.read_status().handle, window.page.url

    app.kill()
    dialog = window.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Trainings go on without it")
    expect(dialog).to_contain_text("reload this page")
    epoch = first.read_status().epoch
    app.start()

    again = open_tab()
    again.open(link)
    expect(again.badge("running")).to_be_visible()
    expect(again.metric("Epoch")).to_have_text(re.compile(rf"^\d+ of {N_EPOCHS}$"))
    expect(again.metric("Epoch")).not_to_have_text(f"{epoch} of {N_EPOCHS}")
    again.take_picture("survived")
    stop(again)
    expect(window.badge("stopped")).to_be_visible()  # the window left open finds the app by itself
    assert first.read_status().epoch > epoch
    assert first.read_status().handle == process
    again.assert_clean()
    expect(window.links).to_have_count(len(LINKS))

    # The second waited for the first, and its window too was left open.
    expect(waiting.badge("running")).to_be_visible()
    stop(waiting)
    assert second.read_status().started_at >= first.read_status().ended_at
    assert {run.name for run in list_runs(app.workspace.runs)} == named.keys()
    assert "Traceback" not in app.read_log()
