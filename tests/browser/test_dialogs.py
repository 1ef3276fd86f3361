"""What opens over a page: it is asked and answered in words, not in code names."""

import pytest

from tests.browser.conftest import App, Tab

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is missing")
expect = sync_api.expect

pytestmark = pytest.mark.browser


def test_the_forms_over_the_train_page_show_no_code_name(app: App, tab: Tab) -> None:
    tab.open(app.address("train"))
    tab.wait_until_still()

    tab.page.get_by_text("Sweep or cross-validation").click()
    expect(tab.open_choices("Vary")).to_contain_text("Learning rate")
    tab.take_picture("sweep-fields")
    tab.assert_clean()
