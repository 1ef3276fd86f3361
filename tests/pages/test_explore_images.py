"""Explore's images: filters on columns, order, masks, two side by side; all in the address."""

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.components import dataset
from tests.datasets.fakes import write_image
from tests.pages.conftest import N_IMAGES, OpenPage
from tests.pages.test_explore import captions, read_grid
from xray_core.catalog import Catalog
from xray_core.datasets import open_dataset
from xray_core.workspace import Workspace


@pytest.fixture
def catalog(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    """The demo data, with ages 0 to 47, genders, and a lung mask for the first image."""
    plain = open_dataset(workspace.demo_data, workspace.cache)
    images = plain.images.copy()
    images["age"] = pd.array(range(N_IMAGES), dtype="Float64")
    images["gender"] = pd.array(["F", "M", "M"] * (N_IMAGES // 3), dtype="string")
    write_image(workspace.demo_data / "masks" / "first.png", (64, 64))
    images.loc[0, "mask_path"] = "masks/first.png"
    richer = replace(plain, images=images)
    monkeypatch.setattr(dataset, "open_folder", lambda _: richer)
    return richer


def ids(app: AppTest, key: str = "grid") -> list[str]:
    return [tile["id"] for tile in read_grid(app, key)["tiles"]]


def ids_of(catalog: Catalog, places: list[int]) -> list[str]:
    return catalog.images["image_id"].iloc[places].tolist()


def facts_of(app: AppTest) -> dict[str, Any]:
    return dict(app.table[0].value.to_numpy())


def test_a_link_shows_the_same_images_in_the_same_order(
    open_page: OpenPage, catalog: Catalog
) -> None:
    app = open_page("explore", where="age:10..20;gender=F", sort="age, reversed")

    assert ids(app) == ids_of(catalog, [18, 15, 12])
    assert f"3 of {N_IMAGES} images" in captions(app)


@pytest.mark.parametrize(("per", "shown"), [("40", 40), ("99", 20)])
def test_a_page_holds_as_many_as_asked_for(open_page: OpenPage, per: str, shown: int) -> None:
    assert len(ids(open_page("explore", per=per))) == shown


@pytest.mark.parametrize("where", ["<b>x</b>~1", "age:9..1"])
def test_a_broken_filter_is_left_out_with_a_warning(open_page: OpenPage, where: str) -> None:
    app = open_page("explore", where=where)

    assert "are left out" in app.warning[0].value
    assert f"{N_IMAGES} of {N_IMAGES} images" in captions(app)


def test_a_filter_on_what_this_dataset_does_not_tell_is_left_out(open_page: OpenPage) -> None:
    app = open_page("explore", where="site=Rome")

    assert "tells nothing of: Site" in app.warning[0].value
    assert len(ids(app)) == 20


def test_filters_are_chosen_and_taken_back_one_by_one(
    open_page: OpenPage, catalog: Catalog
) -> None:
    app = open_page("explore", page="2")
    assert "Site" not in app.selectbox(key="where_column").options

    app.selectbox(key="where_column").set_value("gender").run()
    counts = app.multiselect(key="where_gender_values").options
    assert counts == [f"M ({N_IMAGES * 2 // 3})", f"F ({N_IMAGES // 3})"]
    app.multiselect(key="where_gender_values").set_value(["F"]).run()
    assert app.query_params["where"] == "gender=F"
    assert ids(app) == ids_of(catalog, list(range(0, N_IMAGES, 3)))

    app.selectbox(key="where_column").set_value("age").run()
    app.number_input(key="where_age_low").set_value(40).run()
    assert app.query_params["where"] == "gender=F;age:40.."
    assert ids(app) == ids_of(catalog, [42, 45])

    app.number_input(key="where_age_high").set_value(3).run()
    assert "swap them" in app.error[0].value
    assert app.query_params["where"] == "gender=F;age:40.."

    app.button(key="drop_0").click().run()
    assert app.query_params["where"] == "age:40.."
    app.number_input(key="where_age_low").set_value(None).run()
    assert "where" not in app.query_params


def test_a_text_filter_takes_signs_to_the_letter(open_page: OpenPage) -> None:
    app = open_page("explore")
    app.selectbox(key="where_column").set_value("findings").run()
    app.radio(key="how_findings").set_value("text").run()

    app.text_input(key="where_findings_text").set_value("typ.*").run()
    assert "No image passes" in app.main.info[0].value
    app.text_input(key="where_findings_text").set_value("TYPICAL").run()

    assert {tile["title"] for tile in read_grid(app)["tiles"]} == {"typical", "atypical"}


def test_reset_takes_every_filter_back_and_keeps_the_order(open_page: OpenPage) -> None:
    app = open_page("explore", where="findings~typical", boxes="with", sort="patient")

    [reset] = [button for button in app.button if button.label == "Reset filters"]
    reset.click().run()

    assert f"{N_IMAGES} of {N_IMAGES} images" in captions(app)
    assert "where" not in app.query_params
    assert app.selectbox(key="sort").value == "patient"


def test_paging_through_large_images_follows_filters_and_order(
    open_page: OpenPage, catalog: Catalog
) -> None:
    first, second = ids_of(catalog, [18, 15])
    app = open_page("explore", image=first, where="age:10..20;gender=F", sort="age, reversed")

    [following] = [button for button in app.main.button if button.label == "Next"]
    following.click().run()

    assert ids(app, "large") == [second]
    assert "2 of 3" in captions(app)


def test_masks_are_sent_only_when_they_are_drawn(open_page: OpenPage, catalog: Catalog) -> None:
    app = open_page("explore")
    assert not any(tile["mask"] for tile in read_grid(app)["tiles"])

    app.toggle(key="grid_masks").set_value(True).run()

    masks = [tile["mask"] for tile in read_grid(app)["tiles"]]
    assert masks[0].startswith("data:image/jpeg;base64,")
    assert not any(masks[1:])


def test_no_masks_no_switch_for_them(open_page: OpenPage) -> None:
    assert {one.key for one in open_page("explore").toggle} == {"grid_boxes"}


def test_a_large_image_has_windows_and_all_that_is_known(
    open_page: OpenPage, catalog: Catalog
) -> None:
    [image_id] = ids_of(catalog, [0])

    app = open_page("explore", image=image_id)

    grid = read_grid(app, "large")
    assert [one["name"] for one in grid["windows"]] == ["full range", "lungs", "bones", "auto"]
    assert {"Age": "0 years", "Gender": "F"}.items() <= facts_of(app).items()
    assert f"image={image_id}" in app.code[0].value
    assert "data=demo" in app.code[0].value


def test_two_images_stand_side_by_side(open_page: OpenPage, catalog: Catalog) -> None:
    first, second, third = ids_of(catalog, [0, 1, 2])
    app = open_page("explore", image=first, **{"with": second})

    assert ids(app, "pair") == [first, second]
    assert len(read_grid(app, "pair")["windows"]) == 4
    facts = app.table[0].value
    assert facts.loc["**Gender**"].tolist() == ["F", "M"]
    assert facts.loc["On disk"].tolist() == ["64 × 64 px"] * 2
    assert f"image={first}&with={second}" in app.code[0].value

    buttons = {button.label: button for button in app.main.button}
    assert buttons["Previous"].disabled  # the first one stands at the left already
    buttons["Next"].click().run()
    assert ids(app, "pair") == [first, third]
    {button.label: button for button in app.main.button}["Swap"].click().run()
    assert ids(app, "pair") == [third, first]
    {button.label: button for button in app.main.button}["Only the first"].click().run()
    assert ids(app, "large") == [third]


def test_a_second_image_is_chosen_by_its_id(open_page: OpenPage, catalog: Catalog) -> None:
    first, second = ids_of(catalog, [0, 5])
    app = open_page("explore", image=first)

    app.text_input(key="compare_id").set_value(f" {second} ").run()

    assert ids(app, "pair") == [first, second]
    assert app.query_params["with"] == second


def test_a_second_image_is_chosen_among_the_patients(open_page: OpenPage, catalog: Catalog) -> None:
    repeated = catalog.present[catalog.present["patient_id"].duplicated(keep=False)]
    same = repeated[repeated["patient_id"] == repeated["patient_id"].iloc[0]]["image_id"].tolist()
    app = open_page("explore", image=same[0])

    assert len(app.selectbox(key="compare_patient").options) == len(same) - 1
    app.selectbox(key="compare_patient").select_index(0).run()

    assert ids(app, "pair") == same[:2]


def test_an_unknown_second_image_is_named(open_page: OpenPage, catalog: Catalog) -> None:
    [first] = ids_of(catalog, [0])

    app = open_page("explore", image=first, **{"with": "<b>nobody</b>"})

    assert "choose another to compare with" in app.warning[0].value
    assert ids(app, "large") == [first]
