"""What a click on Train and Home leads to, and what a reload and Back keep."""

import pytest

from tests.browser.conftest import App, Tab, change_epochs

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is missing")
expect = sync_api.expect

pytestmark = pytest.mark.browser


def test_a_recipe_is_chosen_by_a_click_or_the_keyboard_and_brings_its_task(
    app: App, tab: Tab
) -> None:
    tab.open(app.address("train"))
    tab.wait_until_still()
    expect(tab.page.get_by_role("radio", name="Demo: opacity or not")).to_be_checked()

    tab.page.get_by_role("radio", name="Xception, opacity or not (thesis 6.10)").click()
    epochs = tab.page.get_by_role("spinbutton", name="Epochs (all layers)")
    expect(epochs).to_have_value("100")
    assert "recipe=siim_6_10_xception_opacity" in tab.page.url
    tab.wait_until_still()
    tab.page.get_by_role("radio", name="Xception, opacity or not (thesis 6.10)").press("ArrowDown")
    expect(tab.page.get_by_role("radio", name="Quick look")).to_be_focused()
    tab.page.keyboard.press("Enter")
    expect(tab.page.get_by_role("radio", name="Quick look")).to_be_checked()

    tab.page.get_by_text("More recipes").click()
    tab.page.get_by_role("radio", name="Xception, typical or not (thesis 6.11)").click()
    expect(tab.page.get_by_text("Is the appearance typical of COVID-19?").first).to_be_visible()
    tab.page.go_back()
    expect(tab.page.get_by_role("radio", name="Quick look")).to_be_checked()


def test_a_click_on_home_leads_to_what_it_shows(app: App, tab: Tab) -> None:
    tab.open(app.address())
    tab.wait_until_still()
    tab.page.get_by_role("button", name="demo", exact=False).first.click()

    expect(tab.heading("Explore")).to_be_attached()


def test_changed_settings_survive_a_reload_and_back_undoes_them(app: App, tab: Tab) -> None:
    tab.open(app.address("train"))
    tab.wait_until_still()
    epochs = tab.page.get_by_role("spinbutton", name="Epochs", exact=True)
    expect(epochs).to_have_value("24")
    for number in (3, 5):
        change_epochs(tab, number)

    tab.page.reload()
    expect(epochs).to_have_value("5")
    tab.page.go_back()
    expect(epochs).to_have_value("3")
    tab.wait_until_still()
    tab.page.go_back()
    expect(epochs).to_have_value("24")
    tab.assert_clean()
