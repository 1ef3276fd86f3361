"""The Explore page, driven as a user would: facets, grid, order and pages; all in the address."""

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from tests.datasets.fakes import fake_kermany
from tests.pages.clicks import play_clicks
from tests.pages.conftest import N_IMAGES, OpenPage
from tests.pages.shown import list_html
from xray_core.figures.colors import class_color
from xray_core.workspace import Workspace

CLASSES = ["atypical", "indeterminate", "negative", "typical"]
PER_PAGE = 40


def read_grid(app: AppTest, key: str = "grid") -> dict[str, Any]:
    """Return what the page sent to the component called `key`."""
    [box] = [one for one in app.get("bidi_component") if one.key == key]
    return dict(json.loads(box.proto.json))


def list_components(app: AppTest) -> list[str]:
    return [one.key for one in app.get("bidi_component")]


def ids(app: AppTest, key: str = "grid") -> list[str]:
    return [tile["id"] for tile in read_grid(app, key)["tiles"]]


def count_shown(app: AppTest) -> int:
    """Return how many images pass, as the line of tools says."""
    [number] = [m[1] for text in list_html(app) if (m := re.match(r"<b>(\d+)</b><span", text))]
    return int(number)


def read_facets(app: AppTest) -> dict[str, dict[str, int]]:
    groups = read_grid(app, "facets")["groups"]
    return {
        group["title"]: {choice["title"]: choice["count"] for choice in group["choices"]}
        for group in groups
    }


def find_image(workspace: Workspace, *, boxed: bool) -> str:
    images = pd.read_csv(workspace.demo_data / "train_image_level.csv")
    return str(images.loc[images["boxes"].notna() == boxed, "id"].min()).split("_")[0]


def test_first_page_shows_forty_images_with_label_and_boxes(open_page: OpenPage) -> None:
    grid = read_grid(open_page("explore"))

    assert len(grid["tiles"]) == PER_PAGE
    assert grid["showBoxes"]
    assert grid["rowHeight"] > 0  # in rows, each image in its own proportions
    assert {tile["title"] for tile in grid["tiles"]} <= set(CLASSES)
    boxed = next(tile for tile in grid["tiles"] if tile["boxes"])
    assert all(0 <= side <= 1 for box in boxed["boxes"] for side in box)
    assert boxed["src"].startswith("data:image/jpeg;base64,")
    assert boxed["alt"] == f"X-ray {boxed['id']}, {boxed['title']}, {boxed['note']}"
    assert boxed["color"] == class_color(boxed["title"], CLASSES)


def test_turning_the_page_shows_other_images(open_page: OpenPage) -> None:
    app = open_page("explore")
    before = set(ids(app))

    app.get("pagination")[0].set_value(2).run()

    after = set(ids(app))
    assert len(after) == N_IMAGES - PER_PAGE
    assert not after & before


@pytest.mark.parametrize(("per", "shown"), [("20", 20), ("99", PER_PAGE)])
def test_a_page_holds_as_many_as_asked_for(open_page: OpenPage, per: str, shown: int) -> None:
    app = open_page("explore", per=per, page="2")

    assert len(ids(app)) == min(shown, N_IMAGES - shown)
    app.selectbox(key="per_choice").set_value("60").run()
    assert app.query_params["per"] == "60"
    assert len(ids(app)) == N_IMAGES
    assert app.get("pagination")[0].value == 1


def test_facets_count_what_each_value_would_show(open_page: OpenPage) -> None:
    facets = read_facets(open_page("explore"))

    assert list(facets["Class"]) == CLASSES
    assert sum(facets["Class"].values()) == sum(facets["Boxes"].values()) == N_IMAGES
    assert set(facets["Boxes"]) == {"with", "without"}
    assert {"Sex", "Age group", "View position", "Published subset"}.isdisjoint(facets)
    beside = read_facets(open_page("explore", where="class=negative"))
    assert beside["Class"] == facets["Class"]
    assert sum(beside["Boxes"].values()) == facets["Class"]["negative"]


def test_values_are_chosen_and_taken_back_and_begin_at_page_one(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    play_clicks(monkeypatch)
    app = open_page("explore", page="2")
    counts = read_facets(app)["Class"]

    app.button(key="facet class=typical").click().run()
    app.button(key="facet class=negative").click().run()
    assert app.query_params["where"] == "class=negative,typical"
    assert count_shown(app) == counts["negative"] + counts["typical"]
    assert app.get("pagination")[0].value == 1

    app.button(key="facet class=typical").click().run()
    app.button(key="facet boxes=yes").click().run()
    app.button(key="facet boxes=no").click().run()  # with and without exclude each other
    assert app.query_params["where"] == "class=negative;boxes?no"
    assert read_grid(app, "chips")["chips"] == ["Class: negative", "without boxes"]

    app.button(key="chip 0").click().run()
    assert app.query_params["where"] == "boxes?no"
    app.button(key="facet boxes=no").click().run()
    assert "where" not in app.query_params
    assert "chips" not in list_components(app)


def test_reset_takes_every_filter_back_and_keeps_the_order(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    play_clicks(monkeypatch)
    app = open_page("explore", where="findings~typical;boxes?yes", sort="patient")

    app.button(key="chip None").click().run()

    assert count_shown(app) == N_IMAGES
    assert "where" not in app.query_params
    assert app.selectbox(key="sort_choice").value == "patient"


def test_with_and_without_boxes_make_up_the_whole(open_page: OpenPage) -> None:
    counts = []
    for answer in ("yes", "no"):
        app = open_page("explore", where=f"boxes?{answer}", per="60")
        assert all(bool(tile["boxes"]) == (answer == "yes") for tile in read_grid(app)["tiles"])
        counts.append(count_shown(app))

    assert sum(counts) == N_IMAGES


def test_boxes_can_be_hidden_without_other_tiles(open_page: OpenPage) -> None:
    app = open_page("explore")
    before = read_grid(app)

    app.toggle[0].set_value(False).run()

    after = read_grid(app)
    assert not after["showBoxes"]
    assert after["tiles"] == before["tiles"]


@pytest.mark.parametrize(
    "query",
    [
        {"where": "class=nonsense"},
        {"sort": "nonsense"},
        {"page": "999"},
        {"page": "x"},
        {"show": "?"},
        {"with": "nonsense"},
    ],
)
def test_a_wrong_address_shows_the_first_page(open_page: OpenPage, query: dict[str, str]) -> None:
    app = open_page("explore", **query)

    assert len(ids(app)) == PER_PAGE
    assert "large" not in list_components(app)


def test_a_broken_image_is_a_tile_with_the_reason(
    open_page: OpenPage, workspace: Workspace
) -> None:
    image_id = find_image(workspace, boxed=True)
    (workspace.demo_data / "train" / f"{image_id}.jpg").write_bytes(b"no image")

    app = open_page("explore", where="boxes?yes", image=image_id)

    [tile] = [tile for tile in read_grid(app)["tiles"] if tile["id"] == image_id]
    assert tile["src"] == ""
    assert tile["alt"].endswith("cannot be read")
    assert tile["reason"].startswith(f"train/{image_id}.jpg is not an image")
    large = read_grid(app, "large")
    assert large["tiles"][0]["reason"] == tile["reason"]
    assert large["windows"] == []


def test_a_dataset_without_boxes_offers_no_boxes(
    open_page: OpenPage, workspace: Workspace, tmp_path: Path
) -> None:
    n_images = fake_kermany(workspace.data / "kermany")

    app = open_page("explore", data="kermany")

    assert len(ids(app)) == n_images
    assert not app.toggle
    facets = read_facets(app)
    assert "Boxes" not in facets
    assert facets["Published subset"]["test"] == 1
    assert len(ids(open_page("explore", data="kermany", where="published_split=test"))) == 1


def test_filters_that_nothing_passes_say_so(open_page: OpenPage, workspace: Workspace) -> None:
    fake_kermany(workspace.data / "kermany")

    app = open_page("explore", data="kermany", where="published_split=validation;class=pneumonia")

    assert "No image passes these filters" in app.info[-1].value
    assert next(one for one in app.button if "train" in one.label).disabled


def test_a_selection_leads_to_train(open_page: OpenPage) -> None:
    app = open_page("explore", where="patient_id~1", task="siim_opacity")

    [use] = [one for one in app.button if one.label == "Use this selection to train"]
    use.click().run()

    assert not app.exception
    assert 'class="page">Train</h1>' in "".join(list_html(app))
    assert app.query_params["where"] == "patient_id~1"


def test_a_selection_without_a_class_cannot_be_used_and_says_why(open_page: OpenPage) -> None:
    app = open_page("explore", where="class=typical,atypical")

    [use] = [one for one in app.button if one.label == "Use this selection to train"]
    assert use.disabled
    bar = next(text for text in list_html(app) if text.startswith("<b>") and "selected" in text)
    assert "none of indeterminate, negative: a network has to see every class" in bar
