"""The modules of all pages, imported once a server listens, before the first page is asked for.

Streamlit imports what a page needs when somebody opens it, which makes the first page of a fresh
server wait more than a second. A page that is asked for meanwhile waits for the rest: two threads
that import the same packages at once may each see a half-made module of the other.
"""

import importlib
import pkgutil
import threading
import time

from streamlit import runtime
from streamlit.runtime.pages_manager import PagesManager

import pages

POLL_SECONDS = 0.05
LONGEST_WAIT = 60.0  # seconds; a page is then tried all the same

_begun, _done = threading.Event(), threading.Event()


def start_preloading() -> None:
    """Import the pages' packages in a thread, as soon as the server listens.

    Until then Streamlit takes the files in `pages/` for pages of their own, which would run, and
    import, past the entry point that waits; see `context.open_page`.
    """
    PagesManager.uses_pages_directory = False
    _begun.set()
    threading.Thread(target=_import_sections, daemon=True).start()


def wait_until_loaded() -> None:
    """Wait for the imports that are under way; at once where there are none."""
    if _begun.is_set():
        _done.wait(LONGEST_WAIT)


def _import_sections() -> None:
    while not runtime.exists():  # at the same time, both would only be slower
        time.sleep(POLL_SECONDS)
    try:
        # The packages alone: the pages beside them are scripts, which Streamlit runs by their path.
        for module in pkgutil.walk_packages(pages.__path__, "pages."):
            if module.name.count(".") > 1:
                importlib.import_module(module.name)
    finally:
        _done.set()
