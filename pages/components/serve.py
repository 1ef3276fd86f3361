"""Streamlit's own `run`, with the pages' modules imported before the first page is asked for."""

import sys

from streamlit.web import cli

from pages.components.preload import start_preloading


def main(options: list[str]) -> None:
    """Serve the app until it is ended.

    Args:
        options: of `streamlit run`, such as ["--server.port", "8600"].
    """
    start_preloading()
    cli.main(["run", "streamlit_app.py", *options], prog_name="streamlit")


if __name__ == "__main__":
    main(sys.argv[1:])
