"""Streamlit's own `run`, with the pages' modules imported before the first page is asked for.

Streamlit imports what a page needs when somebody opens it, which makes the first page of a fresh
server wait more than a second. Here that happens once the server listens.
"""

import importlib
import pkgutil
import sys
import threading
import time

from streamlit import runtime
from streamlit.web import cli

import pages

POLL_SECONDS = 0.05  # seconds


def main(options: list[str]) -> None:
    """Serve the app until it is ended.

    Args:
        options: of `streamlit run`, such as ["--server.port", "8600"].
    """
    threading.Thread(target=_import_sections, daemon=True).start()
    cli.main(["run", "streamlit_app.py", *options], prog_name="streamlit")


def _import_sections() -> None:
    while not runtime.exists():  # at the same time, both would only be slower
        time.sleep(POLL_SECONDS)
    # The packages alone: the pages beside them are scripts, which Streamlit runs by their path.
    for module in pkgutil.walk_packages(pages.__path__, "pages."):
        if module.name.count(".") > 1:
            importlib.import_module(module.name)


if __name__ == "__main__":
    main(sys.argv[1:])
