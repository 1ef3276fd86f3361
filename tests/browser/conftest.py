"""The real app in a process of its own, and a real Chromium that visits it."""

from __future__ import annotations  # the tests are also collected where there is no Playwright

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from tests.pages.test_names import NAMES as CODE_NAMES
from xray_core.processes import PROJECT
from xray_core.runs.always_open import write_always_open
from xray_core.synthetic.dataset import write_synthetic_dataset
from xray_core.workspace import Workspace

if TYPE_CHECKING:
    from playwright.sync_api import (
        Browser,
        BrowserContext,
        ConsoleMessage,
        Locator,
        Page,
        Request,
        ViewportSize,
    )

N_IMAGES = 160
SLOW = 120.0  # seconds that nothing here should take, on a busy machine
SOON = 5.0  # seconds in which a list opens
CLICKS, POLL = 5, 100  # until it does; milliseconds between two looks
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]
WINDOW: ViewportSize = {"width": 1280, "height": 720}
FOLDED = 800  # px, up to which Streamlit folds the navigation
LINKS = ["Home", "Explore", "Audit", "Prepare", "Train", "Runs", "Evaluate", "Inside", "Compare"]
LINKS += ["Predict"]
PICTURES = pytest.StashKey[Path]()


class App:
    """The app as a user starts it, on a workspace of its own."""

    def __init__(self, workspace: Workspace, log: Path, port: int) -> None:
        self.workspace, self._log, self.port = workspace, log, port
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start the server and wait until it listens; no page is asked for."""
        command = [sys.executable, "-m", "pages.components.serve"]
        command += ["--server.address", "127.0.0.1", "--server.port", str(self.port)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=PROJECT,
                env={**os.environ, "XRAY_HOME": str(self.workspace.folder), "XRAY_DATA_ROOTS": ""},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        end = time.monotonic() + SLOW
        while not self._listens():
            assert self._process.poll() is None, self.read_log()
            assert time.monotonic() < end, self.read_log()
            time.sleep(0.05)

    def kill(self) -> None:
        """End the server, and it alone, as `kill -9` does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def address(self, path: str = "") -> str:
        """Return the address of a page."""
        return f"http://127.0.0.1:{self.port}/{path}"

    def read_log(self) -> str:
        """Return all that the server printed."""
        return self._log.read_text("utf-8", errors="replace") if self._log.exists() else ""

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class Tab:
    """One visitor's window; remembers what went wrong in it, and how often it was clicked."""

    def __init__(self, page: Page, pictures: Path) -> None:
        self.page, self.clicks = page, 0
        self._pictures = pictures
        self._problems: list[str] = []
        page.set_default_timeout(SLOW * 1000)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self._problems.append(f"page error: {error}"))
        page.on("request", self._watch)

    def open(self, address: str) -> None:
        """Go to an address, as by a bookmark."""
        self.page.goto(address, wait_until="commit")

    def click(self, name: str) -> None:
        """Click a button by its words."""
        self.clicks += 1
        ours = self.page.locator("button:not([kind=header])")  # Streamlit has a "Stop" of its own
        self.page.get_by_role("button", name=name, exact=True).and_(ours).click()

    @property
    def links(self) -> Locator:
        """Return the links to the pages, at the top of the window."""
        return self.page.get_by_test_id("stTopNavLink")

    def heading(self, title: str) -> Locator:
        """Return the page's title, if it is `title`."""
        return self.page.get_by_role("heading", level=1, name=title, exact=True)

    def metric(self, label: str) -> Locator:
        """Return the value of the figure whose label begins with `label`."""
        figure = self.page.get_by_test_id("stMetric").filter(has_text=re.compile(f"^{label}"))
        return figure.get_by_test_id("stMetricValue")

    def badge(self, state: str) -> Locator:
        """Return the coloured word of a run's state, if it is `state`."""
        return self.page.locator(".stMarkdownBadge").filter(has_text=state)

    def open_choices(self, label: str) -> Locator:
        """Open a select box and return the list of its choices.

        A page that draws itself anew in that moment closes the list; a person clicks again.
        """
        choices = self.page.get_by_test_id("stSelectboxVirtualDropdown")
        for _ in range(CLICKS):
            self.page.get_by_label(label).click()
            end = time.monotonic() + SOON
            while time.monotonic() < end:
                if choices.is_visible():
                    return choices
                self.page.wait_for_timeout(POLL)
        raise AssertionError(f"the choices of {label!r} do not open")

    def take_picture(self, name: str) -> None:
        """Keep a picture of the whole window for a person to look at."""
        self.page.screenshot(path=self._pictures / f"{name}.png")

    def wait_until_still(self) -> None:
        """Wait until the page has run to its end."""
        # Streamlit's marks: a run under way, and an element that is still to come.
        self.page.locator(".stApp[data-test-script-state='notRunning']").wait_for()
        self.page.get_by_test_id("stSkeleton").first.wait_for(state="detached")

    def assert_clean(self) -> None:
        """Assert that the page is whole, the console quiet, and no other machine was called."""
        if (self.page.viewport_size or WINDOW)["width"] > FOLDED:  # else they lie in a drawer
            assert self.links.all_inner_texts() == LINKS
        assert self.page.get_by_test_id("stException").all_inner_texts() == []
        assert self._problems == []
        # Dialogs and popovers included, where one is open.
        assert CODE_NAMES.findall(self.page.locator("body").inner_text()) == []

    def _hear(self, message: ConsoleMessage) -> None:
        # On a page's own address, Streamlit's client looks below it for its server first.
        looking = "/_stcore/" in message.location["url"] and "404" in message.text
        if message.type == "error" and not looking:
            self._problems.append(f"console: {message.text} ({message.location['url']})")

    def _watch(self, request: Request) -> None:
        if not re.match(r"(http|ws)://127\.0\.0\.1:|data:|blob:", request.url):
            self._problems.append(f"left this machine: {request.url}")


def change_epochs(tab: Tab, n_epochs: int) -> None:
    """Type a number of epochs into the recipe form, and wait until the page knows it."""
    tab.page.get_by_role("spinbutton", name="Epochs", exact=True).fill(str(n_epochs))
    tab.page.keyboard.press("Enter")
    tab.page.get_by_text(f"→ {n_epochs}").wait_for()


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """A headless Chromium; where there is none, the test is skipped."""
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="Playwright is missing: install requirements-dev.txt"
    )
    path = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if path is None:
        pytest.skip(f"no browser found: none of {', '.join(CHROMIUMS)} is on the PATH")
    sync_api.expect.set_options(timeout=SLOW * 1000)
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def first_visitor(chromium: Browser) -> BrowserContext:
    """The browser of the first visitor of each test, who has Streamlit's scripts already.

    To read and compile them, megabytes, took a third of the time of a test.
    """
    return chromium.new_context(viewport=WINDOW)


@pytest.fixture
def open_tab(
    chromium: Browser, first_visitor: BrowserContext, pictures: Path
) -> Iterator[Callable[..., Tab]]:
    """Return a function that opens the window of one more visitor, with options of its own."""
    opened: list[Page] = []

    def open_one(**options: Any) -> Tab:
        first = not opened and not options
        options = {"viewport": WINDOW, **options}
        visitor = first_visitor if first else chromium.new_context(**options)
        opened.append(visitor.new_page())
        return Tab(opened[-1], pictures)

    yield open_one
    for page in opened:
        page.close()
    for page in opened:
        if page.context is not first_visitor:
            page.context.close()
    first_visitor.clear_cookies()


@pytest.fixture
def tab(open_tab: Callable[..., Tab]) -> Tab:
    """The window of one visitor."""
    return open_tab()


@pytest.fixture(scope="package")
def pictures(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder for screenshots: XRAY_SCREENSHOTS, else a temporary one."""
    named = os.environ.get("XRAY_SCREENSHOTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    request.config.stash[PICTURES] = folder
    return folder


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say where the screenshots are."""
    if folder := config.stash.get(PICTURES, None):
        terminalreporter.write_line(f"screenshots: {folder}")


@pytest.fixture(scope="package")
def _drawn(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn") / "demo"
    write_synthetic_dataset(folder, N_IMAGES, size=128)
    return folder


@pytest.fixture
def workspace(_drawn: Path, tmp_path: Path) -> Iterator[Workspace]:
    """A workspace with drawn data; whatever works on it at the end is killed."""
    workspace = Workspace(tmp_path / "home")
    shutil.copytree(_drawn, workspace.demo_data)
    write_always_open(workspace, True)
    yield workspace
    _kill_all(workspace)


@pytest.fixture(scope="package")
def port() -> int:
    """The port of one server after the other: browsers keep what they read by its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def app(workspace: Workspace, port: int, tmp_path: Path) -> Iterator[App]:
    """The app, just started: the first request that it gets is the test's."""
    app = App(workspace, tmp_path / "app.log", port)
    app.start()
    yield app
    app.kill()
    print(app.read_log())  # pytest shows it where the test failed


def _kill_all(workspace: Workspace) -> None:
    """Kill all that works on a workspace: worker, trainings, measurements.

    Each has the workspace in its environment. The worker may start one more training while
    the others are being killed, so look again until nobody is left.
    """
    while found := [one for one in psutil.process_iter() if _works_on(workspace, one)]:
        for process in found:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(found, timeout=SLOW)


def _works_on(workspace: Workspace, process: psutil.Process) -> bool:
    try:
        return (
            process.environ().get("XRAY_HOME") == str(workspace.folder)
            and process.status() != psutil.STATUS_ZOMBIE
        )
    except psutil.Error:  # ended meanwhile, or another user's
        return False
