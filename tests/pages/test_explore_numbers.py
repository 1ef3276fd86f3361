"""The tab of numbers on the Explore page: each section, its downloads, and what is kept."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.components.download import show_table
from pages.components.tables import read_tables
from pages.explore import numbers_tables
from pages.explore.numbers import SECTIONS
from pages.explore.numbers_tables import recall
from tests.datasets.fakes import FAKES, fake_kermany
from tests.pages.clicks import play_clicks
from tests.pages.conftest import N_IMAGES, OpenPage
from tests.pages.fake_runs import export_at_once
from tests.pages.shown import list_html
from tests.pages.test_explore import CLASSES, ids, read_grid
from xray_core.datasets import open_dataset
from xray_core.workspace import Workspace

NUMBERS = "Counts"


def headings(app: AppTest) -> list[str]:
    return [m[1] for text in list_html(app) if (m := re.match('<h2 class="sec">(.*?)<span', text))]


def words(app: AppTest) -> str:
    kinds = ("caption", "markdown", "info", "warning")
    return " ".join(one.value for kind in kinds for one in app.main.get(kind))


def pictures(app: AppTest) -> list[str]:
    return [one.type for one in app.get("image")]


def files(app: AppTest) -> set[str]:
    return {button.proto.help for button in app.get("download_button")}


def test_the_card_comes_first_and_says_that_the_images_are_drawn(open_page: OpenPage) -> None:
    app = open_page("explore", show=NUMBERS)

    assert headings(app)[0] == "Synthetic images"
    [counts] = [text for text in list_html(app) if "In the folder" in text]
    assert f"Images</th><td>{N_IMAGES}</td>" in counts
    assert "In the folder</th><td>all</td>" in counts
    assert "Lakhani" in app.code[0].value
    assert not app.get("plotly_chart")  # only the section that is looked at is computed


def test_every_section_opens_and_has_a_heading(open_page: OpenPage) -> None:
    app = open_page("explore", show=NUMBERS)

    for section in SECTIONS:
        app.button_group(key="numbers_choice").set_value(section).run()
        assert not app.exception, section
        assert headings(app), section


def test_labels_count_each_class(open_page: OpenPage) -> None:
    app = open_page("explore", show=NUMBERS, numbers="Labels")

    counts, sets = (table.value for table in app.dataframe[:2])
    assert counts["images"].sum() == N_IMAGES
    assert list(counts) == ["class", "images", "share", "present", "patients"]
    assert counts["share"].sum() == pytest.approx(1)
    assert "Class imbalance: " in words(app)
    assert sets["images"].sum() == N_IMAGES
    assert "none occur together" in words(app)
    assert "Download siim_covid19-findings.csv" in files(app)


def test_each_class_has_a_card_that_leads_to_its_images(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    play_clicks(monkeypatch)
    app = open_page("explore", show=NUMBERS, numbers="Classes")

    cards = {card["name"]: card for card in read_grid(app, "class_cards")["cards"]}
    assert list(cards) == CLASSES
    [[what, definition, source, caveat]] = cards["atypical"]["meanings"]
    assert what == "Atypical Appearance"
    assert "pleural effusion" in definition
    assert "thesis" in source
    assert "got no box" in caveat
    assert all(len(card["tiles"]) == 3 for card in cards.values())
    assert all(tile["src"] for card in cards.values() for tile in card["tiles"])
    assert any("41.8 %" in text for text in list_html(app))

    sample = cards["negative"]["tiles"][0]["id"]
    app.button(key=f"sample {sample}").click().run()
    assert dict(app.query_params)["image"] == sample
    assert app.query_params["where"] == "class=negative"
    assert set(ids(app)) >= {sample}


def test_a_class_that_nobody_defines_has_a_card_with_its_name_and_images(
    open_page: OpenPage, workspace: Workspace
) -> None:
    FAKES["folder"](workspace.data / "plain")

    app = open_page("explore", data="plain", show=NUMBERS, numbers="Classes")

    for card in read_grid(app, "class_cards")["cards"]:
        assert card["meanings"][0][1].startswith("None of the sources known here")
        assert card["seeAll"].startswith("See ")


def test_a_study_s_label_stands_beside_the_image_s_and_a_cell_shows_its_images(
    open_page: OpenPage, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    play_clicks(monkeypatch)
    table = workspace.demo_data / "train_image_level.csv"
    images = pd.read_csv(table)
    studies = pd.read_csv(workspace.demo_data / "train_study_level.csv")
    typical = studies.loc[studies["Typical Appearance"] == 1, "id"].str.removesuffix("_study")
    boxed = images["StudyInstanceUID"].isin(typical) & images["boxes"].notna()
    place = images.index[boxed][0]
    images.loc[place, ["boxes", "label"]] = [None, "none 1 0 0 1 1"]
    images.to_csv(table, index=False)

    app = open_page("explore", show=NUMBERS, numbers="Labels")

    crossed = read_grid(app, "crossing")
    counts = {
        (row, column): crossed["cells"][r][c]["count"]
        for r, row in enumerate(crossed["rows"])
        for c, column in enumerate(crossed["columns"])
    }
    assert sum(counts.values()) == N_IMAGES
    assert counts["Negative for Pneumonia", "opacity"] == 0
    n_none = counts["Typical Appearance", "none"]
    assert f"{n_none} Typical Appearance" in words(app)
    assert "The thesis puts the images without a box" in words(app)
    app.button(key="cell Typical Appearance none").click().run()
    assert app.query_params["where"] == "findings=Typical Appearance;image_findings=none"
    assert len(ids(app)) == n_none
    assert images.loc[place, "id"].removesuffix("_image") in ids(app)


def test_published_subsets_have_the_shares_of_their_classes(
    open_page: OpenPage, workspace: Workspace
) -> None:
    fake_kermany(workspace.data / "kermany")

    app = open_page("explore", data="kermany", show=NUMBERS, numbers="Labels")

    [shares] = [table.value for table in app.dataframe if "share of test" in table.value]
    assert shares["share of test"].sum() == pytest.approx(1)
    assert shares["share of training"].sum() == pytest.approx(1)


def test_a_sample_is_made_and_offered(
    open_page: OpenPage, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_at_once(monkeypatch)
    app = open_page("explore", show=NUMBERS)
    app.number_input(key="sample_images").set_value(12).run()

    [make] = [button for button in app.main.button if button.label == "Make the sample"]
    make.click().run()

    assert not app.exception
    [file] = workspace.exports.glob("*.zip")
    assert str(file.name) in words(app).replace("\\", "")
    assert "Download the sample" in [one.proto.label for one in app.get("download_button")]


def test_findings_are_found_by_all_words(open_page: OpenPage) -> None:
    app = open_page("explore", show=NUMBERS, numbers="Labels")

    app.text_input(key="find").set_value("appearance TYPICAL").run()

    assert set(app.dataframe[1].value["findings"]) == {"Typical Appearance", "Atypical Appearance"}
    app.text_input(key="find").set_value("nothing like it").run()
    assert app.dataframe[1].value.empty
    assert not app.exception


def test_what_the_authors_do_not_publish_is_said_in_a_line(
    open_page: OpenPage, workspace: Workspace
) -> None:
    fake_kermany(workspace.data / "kermany")

    app = open_page("explore", data="kermany", show=NUMBERS, numbers="Patients")

    assert "The authors publish no ages." in words(app)
    assert "The authors do not publish the sex of the patients." in words(app)
    app.button_group(key="numbers_choice").set_value("Boxes").run()
    assert "This dataset has no boxes." in words(app)


def test_boxes_tell_one_side_from_both(open_page: OpenPage) -> None:
    app = open_page("explore", show=NUMBERS, numbers="Boxes")

    sides = app.dataframe[0].value
    assert list(sides) == ["class", "side", "images", "share", "95% interval"]
    assert set(sides["side"]) == {"image left only", "image right only", "both sides"}
    assert "both sides in" in words(app)
    assert len(app.get("plotly_chart")) == 4


@pytest.mark.parametrize("section", ["?", "images", ""])
def test_a_wrong_section_shows_the_card(open_page: OpenPage, section: str) -> None:
    assert headings(open_page("explore", show=NUMBERS, numbers=section))[0] == "Synthetic images"


def test_pixels_are_measured_on_request_and_kept(open_page: OpenPage, workspace: Workspace) -> None:
    app = open_page("explore", show=NUMBERS, numbers="Images")
    assert f"{N_IMAGES} in all" in words(app)
    assert not (workspace.cache / "explore").exists()

    [button] = [one for one in app.main.button if one.label == "Compute"]
    button.click().run()

    assert not app.exception
    assert f"n = {N_IMAGES} images" in words(app)
    again = open_page("explore", show=NUMBERS, numbers="Images")
    assert "Compute" not in [one.label for one in again.main.button]
    assert f"n = {N_IMAGES} images" in words(again)
    assert len(pictures(again)) == 3
    again.session_state["download_siim_covid19-means"] = True  # a click on the menu
    assert {f"file_{ending}_siim_covid19-means" for ending in ("png", "svg", "csv")} <= {
        button.key for button in again.run().get("download_button")
    }
    [measured] = [one.value for one in again.dataframe if "brightness mean" in one.value]
    assert measured["n"].sum() == N_IMAGES
    for picture in (workspace.cache / "explore").glob("*/means-*.png"):
        picture.unlink()
    assert "This picture was deleted" in words(again.run())
    assert len(pictures(again)) == 2


def test_a_table_is_computed_once_for_all_sessions(workspace: Workspace) -> None:
    st.cache_resource.clear()
    catalog = open_dataset(workspace.demo_data, workspace.cache)
    tables = read_tables(catalog, "siim_study")
    other = read_tables(catalog, "siim_opacity")

    first = recall(numbers_tables.members, tables)

    assert recall(numbers_tables.members, tables) is first
    assert recall(numbers_tables.members, other) is not first
    assert recall(numbers_tables.boxes, tables) is not recall(numbers_tables.n_boxes, tables)


def test_a_menu_offers_the_files_of_a_figure_which_are_made_when_asked_for(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered: dict[str, Callable[[], bytes]] = {}
    app = open_page("explore", show=NUMBERS, numbers="Labels")
    assert "siim_covid19-classes.png" not in offered  # the menu is closed
    monkeypatch.setattr(
        st, "download_button", lambda _, make, file_name, **rest: offered.update({file_name: make})
    )

    app.session_state["download_siim_covid19-classes"] = True  # a click on it
    app.run()

    files = [name for name in offered if name.startswith("siim_covid19-classes.")]
    assert sorted(files) == [f"siim_covid19-classes.{ending}" for ending in ("csv", "png", "svg")]
    assert offered["siim_covid19-classes.png"]().startswith(b"\x89PNG")
    assert b"typical" in offered["siim_covid19-classes.svg"]()


def test_a_table_is_written_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    offered: dict[str, Callable[[], bytes]] = {}
    monkeypatch.setattr(
        st, "download_button", lambda _, make, file_name, **rest: offered.update({file_name: make})
    )
    table = pd.DataFrame({"class": ["Thüringen, süd"], "images": [3]})

    show_table(table.head(0), "shown", "Nothing", whole=table)

    assert offered["shown.csv"]().decode("utf-8-sig") == 'class,images\n"Thüringen, süd",3\n'


def test_the_sections_load_no_seaborn_until_asked() -> None:
    code = (
        "import pages.explore.numbers, sys; "
        "heavy = {'seaborn', 'sklearn', 'matplotlib', 'keras'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
