"""What opens over a page: it is asked and answered in words, not in code names."""

import pandas as pd
import pytest

from tests.browser.conftest import App, Tab
from tests.datasets.fakes import write_image

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is missing")
expect = sync_api.expect

pytestmark = pytest.mark.browser


def test_the_columns_of_an_unknown_table_are_asked_for_in_words(app: App, tab: Tab) -> None:
    folder = app.workspace.folder / "own"
    for number in range(6):
        write_image(folder / "pictures" / f"{number}.png", (64, 64), seed=number)
    rows = [
        {"pic": f"{number}.png", "seen": "AB"[number % 2], "who": number} for number in range(6)
    ]
    pd.DataFrame(rows).to_csv(folder / "list.csv", index=False)
    tab.open(app.address())
    tab.wait_until_still()

    tab.click("Add a folder")
    tab.page.get_by_label("Folder on the machine that runs this app").fill(str(folder))
    tab.page.get_by_role("button", name="Add", exact=True).click()

    dialog = tab.page.get_by_role("dialog")
    expect(dialog.get_by_text("Which column says what?")).to_be_visible()
    expect(dialog.get_by_text("holds 6 images")).to_be_visible()
    tab.take_picture("dialog-columns")
    tab.assert_clean()


def test_the_forms_over_the_train_page_show_no_code_name(app: App, tab: Tab) -> None:
    tab.open(app.address("train"))
    tab.wait_until_still()

    tab.page.get_by_text("Sweep or cross-validation").click()
    expect(tab.open_choices("Vary")).to_contain_text("Learning rate")
    tab.take_picture("sweep-fields")
    tab.assert_clean()
