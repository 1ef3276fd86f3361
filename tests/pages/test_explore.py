"""The Explore page, driven as a user would."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from tests.datasets.fakes import fake_kermany
from tests.pages.conftest import N_IMAGES, OpenPage
from xray_core.workspace import Workspace


def read_grid(app: AppTest, key: str = "grid") -> dict[str, Any]:
    """Return what the page sent to the light box called `key`."""
    [box] = [one for one in app.get("bidi_component") if one.key == key]
    return dict(json.loads(box.proto.json))


def find_image(workspace: Workspace, *, boxed: bool) -> str:
    images = pd.read_csv(workspace.demo_data / "train_image_level.csv")
    return str(images.loc[images["boxes"].notna() == boxed, "id"].min()).split("_")[0]


def captions(app: AppTest) -> str:
    return " ".join(caption.value for caption in app.main.get("caption"))


def test_first_page_shows_twenty_images_with_label_and_boxes(open_page: OpenPage) -> None:
    grid = read_grid(open_page("explore"))

    assert len(grid["tiles"]) == 20
    assert grid["showBoxes"]
    assert {tile["title"] for tile in grid["tiles"]} <= {
        "atypical",
        "indeterminate",
        "negative",
        "typical",
    }
    boxed = next(tile for tile in grid["tiles"] if tile["boxes"])
    assert all(0 <= side <= 1 for box in boxed["boxes"] for side in box)
    assert boxed["src"].startswith("data:image/jpeg;base64,")
    assert boxed["alt"] == f"X-ray {boxed['id']}, {boxed['title']}, {boxed['note']}"


def test_turning_the_page_shows_other_images(open_page: OpenPage) -> None:
    app = open_page("explore")
    before = {tile["id"] for tile in read_grid(app)["tiles"]}

    app.get("pagination")[0].set_value(3).run()

    after = {tile["id"] for tile in read_grid(app)["tiles"]}
    assert len(after) == N_IMAGES - 40
    assert not after & before


def test_a_class_filters_the_images_and_turns_back_to_page_one(open_page: OpenPage) -> None:
    app = open_page("explore", page="2")

    app.button_group(key="class").set_value("negative").run()

    tiles = read_grid(app)["tiles"]
    assert {tile["title"] for tile in tiles} == {"negative"}
    assert f"{len(tiles)} of {N_IMAGES} images" in captions(app)
    assert app.get("pagination")[0].value == 1


def test_with_and_without_boxes_make_up_the_whole(open_page: OpenPage) -> None:
    counts = []
    for choice in ("with", "without"):
        app = open_page("explore", boxes=choice)
        assert all(bool(tile["boxes"]) == (choice == "with") for tile in read_grid(app)["tiles"])
        counts.append(int(captions(app).split(f" of {N_IMAGES} images")[0].split()[-1]))

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
    [{"labels": "nonsense"}, {"class": "nonsense"}, {"page": "999"}, {"page": "x"}, {"show": "?"}],
)
def test_a_wrong_address_shows_the_first_page(open_page: OpenPage, query: dict[str, str]) -> None:
    app = open_page("explore", **query)

    assert len(read_grid(app)["tiles"]) == 20


def test_an_image_opens_by_its_address(open_page: OpenPage, workspace: Workspace) -> None:
    image_id = find_image(workspace, boxed=True)

    app = open_page("explore", image=image_id)

    [tile] = read_grid(app, "large")["tiles"]
    assert tile["id"] == image_id
    assert tile["boxes"]
    facts = dict(app.table[0].value.to_numpy())
    assert facts["On disk"] == "64 × 64 px"
    assert facts["Original"].endswith("px")
    assert facts["Patient"]
    assert len(app.dataframe[0].value) == len(tile["boxes"])


def test_original_proportions_change_the_shape_of_the_large_image(
    open_page: OpenPage, workspace: Workspace
) -> None:
    app = open_page("explore", image=find_image(workspace, boxed=True))

    app.button_group[-1].set_value("as taken").run()

    [tile] = read_grid(app, "large")["tiles"]
    assert tile["ratio"] != 1


def test_next_and_all_images_lead_on_from_a_large_image(open_page: OpenPage) -> None:
    ids = [tile["id"] for tile in read_grid(open_page("explore"))["tiles"]]
    app = open_page("explore", image=ids[0])
    _, previous, following = app.main.button[:3]

    assert previous.disabled
    following.click().run()
    assert read_grid(app, "large")["tiles"][0]["id"] == ids[1]
    app.main.button[0].click().run()
    assert len(read_grid(app)["tiles"]) == 20


def test_an_unknown_image_is_named_and_the_others_are_shown(open_page: OpenPage) -> None:
    app = open_page("explore", image="<b>nobody</b>")

    assert "nobody" in app.warning[0].value
    assert "\\<b>nobody" in app.warning[0].value
    assert len(read_grid(app)["tiles"]) == 20


def test_a_broken_image_is_a_tile_with_the_reason(
    open_page: OpenPage, workspace: Workspace
) -> None:
    image_id = find_image(workspace, boxed=True)
    (workspace.demo_data / "train" / f"{image_id}.jpg").write_bytes(b"no image")

    app = open_page("explore", boxes="with")

    [tile] = [tile for tile in read_grid(app)["tiles"] if tile["id"] == image_id]
    assert tile["src"] == ""
    assert tile["alt"].endswith("cannot be read")
    assert tile["reason"].startswith(f"train/{image_id}.jpg is not an image")
    [large] = read_grid(open_page("explore", image=image_id), "large")["tiles"]
    assert large["reason"] == tile["reason"]


def test_a_dataset_without_boxes_offers_no_boxes(
    open_page: OpenPage, workspace: Workspace, tmp_path: Path
) -> None:
    n_images = fake_kermany(workspace.data / "kermany")

    app = open_page("explore", data="kermany")

    assert len(read_grid(app)["tiles"]) == n_images
    assert not app.toggle
    assert [group.label for group in app.button_group][-1] == "Published subset"
    app.button_group(key="subset").set_value("test").run()
    assert len(read_grid(app)["tiles"]) == 1


def test_filters_that_nothing_passes_say_so(open_page: OpenPage, workspace: Workspace) -> None:
    fake_kermany(workspace.data / "kermany")

    app = open_page("explore", data="kermany", subset="validation", **{"class": "pneumonia"})

    assert "No image passes these filters" in app.info[-1].value
