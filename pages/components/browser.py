"""What only the browser can do for a page: explain a stopped app, and close the phone's drawer."""

from pages.components.assets import load_component

TITLE = "The app is not running"
WORDS = (
    "Trainings go on without it, and nothing is lost. Start the app again, then reload this page."
)

_browser = load_component("browser", "", js=("browser.js",))


def help_browser(page: str) -> None:
    """Let the browser do this for the page called `page`; shows nothing."""
    _browser(key="browser", data={"title": TITLE, "words": WORDS, "page": page}, height=1)
