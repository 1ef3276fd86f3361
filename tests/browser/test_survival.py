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


def open_train(app: App, tab: Tab, n_epochs: int) -> None:
    tab.open(app.address("train"))
    expect(tab.heading("Train")).to_be_visible()
    change_epochs(tab, n_epochs)


def test_a_training_survives_the_death_of_the_app(
    app: App, tab: Tab, open_tab: Callable[[], Tab]
) -> None:
    open_train(app, tab, n_epochs=500)  # it ends when it is told to
    tab.click("Start training")
    expect(tab.metric("Validation accuracy")).to_be_visible()
    link = tab.page.url
    [run] = list_runs(app.home.runs)
    process = run.read_status().handle

    app.kill()
    epoch = run.read_status().epoch
    app.start()

    again = open_tab()
    again.open(link)
    expect(again.badge("running")).to_be_visible()
    expect(again.metric("Epoch")).to_have_text(re.compile(r"^\d+ of 500$"))
    expect(again.metric("Epoch")).not_to_have_text(f"{epoch} of 500")
    again.take_picture("survived")

    again.click("Stop")
    again.click("Yes, stop it")
    expect(again.badge("stopped")).to_be_visible()
    expect(tab.badge("stopped")).to_be_visible()  # the window left open finds the app by itself
    assert run.read_status().epoch > epoch
    assert run.read_status().handle == process
    assert list_runs(app.home.runs) == [run]
    again.assert_clean()
    expect(tab.links).to_have_count(len(LINKS))


def test_two_starts_in_one_moment_make_two_runs_one_after_the_other(
    app: App, open_tab: Callable[[], Tab]
) -> None:
    tabs = [open_tab(), open_tab()]
    for tab in tabs:
        open_train(app, tab, n_epochs=1)
    moment = (time.time() + 1) * 1000  # ms
    for tab in tabs:
        button = tab.page.get_by_role("button", name="Start training", exact=True)
        button.evaluate("(it, at) => { setTimeout(() => it.click(), at - Date.now()) }", moment)
    for tab in tabs:
        tab.page.wait_for_url("**/runs?run=*")
    named = {re.findall(r"run=([\w-]+)$", tab.page.url)[0]: tab for tab in tabs}
    assert len(named) == 2
    first, second = [job.run for job in JobQueue(app.home.queue).list_jobs()]

    expect(named[first].badge("running")).to_be_visible()
    expect(named[second].badge("queued")).to_be_visible()
    named[second].take_picture("queued")

    expect(named[first].badge("done")).to_be_visible()
    expect(named[second].badge("done")).to_be_visible()
    ended = find_run(app.home.runs, first).read_status().ended_at
    assert find_run(app.home.runs, second).read_status().started_at >= ended
    for tab in tabs:
        tab.assert_clean()
    assert "Traceback" not in app.read_log()
