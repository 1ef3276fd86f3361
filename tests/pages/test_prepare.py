"""The Prepare page, driven as a user would."""

import base64
import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.datasets.fakes import FAKES, fake_kermany
from tests.pages.conftest import OpenPage
from tests.pages.fake_runs import export_at_once, record_processes
from tests.pages.shown import list_visible, read_heading
from tests.pages.test_explore import find_image, read_grid
from xray_core.preprocess.images import read_preprocessed
from xray_core.recipes import PUBLISHED, recipes_for
from xray_core.workspace import Workspace


def read_tile(tile: dict[str, str]) -> np.ndarray:
    """Return the pixels that a tile shows."""
    content = base64.b64decode(tile["src"].removeprefix("data:image/png;base64,"))
    return np.asarray(Image.open(io.BytesIO(content)))


@pytest.mark.parametrize("name", ["covid19_radiography", "folder"])
def test_prepare_offers_the_recipes_that_train_does(
    name: str, open_page: OpenPage, workspace: Workspace
) -> None:
    """Also for a dataset that no recipe was made for."""
    FAKES[name](workspace.data / name)

    app = open_page("prepare", data=name)

    assert not app.error
    titles = [recipe.title for recipe in recipes_for(name).values()]
    assert titles
    [choice] = [one for one in app.selectbox if one.label.startswith("Start from")]
    assert choice.options == titles
    assert len(read_grid(app, "contrasts")["tiles"]) == 5


def test_each_contrast_stands_beside_the_original(open_page: OpenPage) -> None:
    app = open_page("prepare")

    tiles = read_grid(app, "contrasts")["tiles"]
    assert [tile["title"] for tile in tiles] == [
        "Unchanged",
        "Histogram equalization",
        "CLAHE",
        "Gamma",
        "Logarithm",
    ]
    assert len({tile["src"] for tile in tiles}) == 5
    assert len(open_page("prepare", step="Gray levels").get("plotly_chart")) == 1


def test_several_images_stand_beside_what_they_become_and_others_can_be_drawn(
    open_page: OpenPage, workspace: Workspace
) -> None:
    app = open_page("prepare", step="Several images", contrast="equalize_hist", size="32")

    tiles = read_grid(app, "several")["tiles"]
    assert [tile["note"] for tile in tiles] == ["as it is", "prepared"] * 6
    assert {read_tile(tile).shape for tile in tiles[1::2]} == {(32, 32)}
    spread = [read_tile(tile).std() for tile in tiles]
    assert sum(spread[1::2]) > sum(spread[::2])  # equalized
    [button] = [button for button in app.main.button if button.label == "Other images"]
    button.click().run()
    assert read_grid(app, "several")["tiles"] != tiles

    for file in (workspace.demo_data / "train").iterdir():
        if file.stem != app.text_input[0].value:  # the page cannot do without it
            file.write_bytes(b"")
    app.run()
    assert len(read_grid(app, "several")["tiles"]) <= 2
    assert "is empty" in app.warning[0].value


def test_an_export_says_what_it_writes_and_where_it_is(
    open_page: OpenPage, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_at_once(monkeypatch)
    app = open_page("prepare", step="Export", size="32")

    [button] = [button for button in app.main.button if button.label.startswith("Export 48")]
    button.click().run()

    out = Path(app.code[0].value)
    assert out.parent == workspace.exports
    assert "48 images" in app.success[0].value
    assert len(list((out / "images").iterdir())) == 48
    shutil.rmtree(workspace.cache / "background")  # a cache may be deleted at any time
    app.run()
    assert "is there from before" in app.info[0].value
    shutil.rmtree(out)  # moved away: it can be made again
    app.run()
    assert [one for one in app.main.button if one.label.startswith("Export 48")]


def test_what_is_chosen_stands_in_the_address_and_over_the_original(
    open_page: OpenPage,
) -> None:
    app = open_page("prepare", contrast="equalize_hist", size="32", resize="pad")

    assert read_grid(app, "contrasts")["open"] == ["equalize_hist"]
    assert read_grid(app, "sizes")["open"] == ["32"]
    pair = read_grid(app, "before_after")
    assert pair["words"] == ["as it is", "Histogram equalization, 32 px"]
    assert read_tile({"src": pair["after"]}).shape == (32, 32)
    before = read_tile({"src": pair["before"]})
    assert before.shape[0] == before.shape[1] > 32


@pytest.mark.parametrize("query", [{"contrast": "x"}, {"size": "9999"}, {"size": "-3"}])
def test_what_cannot_be_is_passed_over(open_page: OpenPage, query: dict[str, str]) -> None:
    app = open_page("prepare", **query)

    spec = PUBLISHED["demo_cnn"].preprocess
    assert read_grid(app, "contrasts")["open"] == [spec.contrast]
    assert read_grid(app, "sizes")["open"] == [str(spec.size)]


def test_nothing_chosen_here_changes_nothing_there(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_processes(monkeypatch)  # the cost of a training is not measured here
    app = open_page("prepare")
    [button] = [button for button in app.button if button.label == "Train with these settings"]

    button.click().run()

    assert read_heading(app) == "Train"
    assert "set" not in app.query_params
    assert "Unchanged." in " ".join(text for _, text in list_visible(app))


def test_a_training_takes_the_settings_over(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_processes(monkeypatch)  # the cost of a training is not measured here
    app = open_page("prepare", contrast="clahe", size="96")
    app.slider(key="clip_limit").set_value(4.0).run()
    [button] = [button for button in app.button if button.label == "Train with these settings"]

    button.click().run()

    assert read_heading(app) == "Train"
    said = " ".join(text for _, text in list_visible(app)).replace("\\", "")
    assert "64 → 96" in said
    assert "CLAHE" in said


def test_gamma_above_one_darkens(open_page: OpenPage) -> None:
    app = open_page("prepare", contrast="gamma")

    app.slider(key="gamma").set_value(2.0).run()

    none, *_, gamma, _ = read_grid(app, "contrasts")["tiles"]
    assert read_tile(gamma).mean() < read_tile(none).mean()


def test_padding_keeps_the_proportions(open_page: OpenPage, workspace: Workspace) -> None:
    fake_kermany(workspace.data / "kermany")

    stretch, pad = (
        read_tile({"src": read_grid(app, "before_after")["after"]})
        for app in (
            open_page("prepare", data="kermany", size="96", resize=how)
            for how in ("stretch", "pad")
        )
    )
    assert stretch.shape == pad.shape == (96, 96)
    assert not pad[:16].any()  # the file is 12 × 8 px: a sixth is border above, and below
    assert pad[17:79].any()
    assert stretch[:16].any()


def test_another_draw_gives_twelve_others(open_page: OpenPage) -> None:
    app = open_page("prepare", step="Augmentation")
    before = {tile["src"] for tile in read_grid(app, "draws")["tiles"]}

    [button] = [button for button in app.main.button if button.label == "Another draw"]
    button.click().run()

    after = {tile["src"] for tile in read_grid(app, "draws")["tiles"]}
    assert len(before) == len(after) == 12
    assert not before & after


def test_without_any_change_all_draws_are_alike(open_page: OpenPage) -> None:
    app = open_page("prepare", step="Augmentation")

    for slider in app.slider:
        slider.set_value((1.0, 1.0) if isinstance(slider.value, tuple) else 0.0)
    for toggle in app.toggle:
        toggle.set_value(False)
    app.run()

    assert len({tile["src"] for tile in read_grid(app, "draws")["tiles"]}) == 1
    assert any("All are alike" in caption.value for caption in app.caption)


def test_the_tensor_is_what_the_recipe_makes_of_the_file(
    open_page: OpenPage, workspace: Workspace
) -> None:
    image_id = find_image(workspace, boxed=False)
    file = workspace.demo_data / "train" / f"{image_id}.jpg"
    app = open_page("prepare", image=image_id, step="Tensor")
    expected = read_preprocessed(file, PUBLISHED["demo_cnn"].preprocess)

    values = {metric.label: metric.value for metric in app.metric}
    assert values["Shape"] == "1 × {0} × {0} × 1".format(*expected.shape)
    assert values["Type"] == "float32"
    assert values["Mean"] == f"{expected.mean():.1f}"
    np.testing.assert_array_equal(app.dataframe[0].value.to_numpy(), expected[:6, :6])
    [tile] = read_grid(app, "tensor")["tiles"]
    np.testing.assert_array_equal(read_tile(tile), expected)


def test_another_image_is_another_one(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page("prepare")
    before = app.text_input[0].value
    monkeypatch.setattr("random.choice", lambda ids: next(one for one in ids if one != before))

    [button] = [button for button in app.main.button if button.label == "Another"]
    button.click().run()

    assert app.query_params["image"] == app.text_input[0].value
    assert app.text_input[0].value != before


def test_an_unknown_image_is_named_and_another_shown(open_page: OpenPage) -> None:
    app = open_page("prepare", image="nobody")

    assert "nobody" in app.warning[0].value
    assert len(read_grid(app, "contrasts")["tiles"]) == 5


def test_a_broken_image_is_an_error_in_words(open_page: OpenPage, workspace: Workspace) -> None:
    image_id = find_image(workspace, boxed=True)
    (workspace.demo_data / "train" / f"{image_id}.jpg").write_bytes(b"")

    app = open_page("prepare", image=image_id)

    assert "is empty" in app.error[0].value
    assert app.text_input[0].value == image_id


def test_what_is_shown_can_be_the_border_alone_and_without_the_lungs_where_a_mask_says_so(
    open_page: OpenPage,
) -> None:
    def read_prepared(region: str) -> np.ndarray:
        app = open_page("prepare", size="64", region=region)
        assert not app.exception
        return read_tile({"src": read_grid(app, "before_after")["after"]})

    whole, border, hidden = (read_prepared(name) for name in ("whole", "border", "without_lungs"))

    assert not border[8:56, 8:56].any()
    assert border.any()
    assert (hidden[28:36, 16:48] == hidden[32, 32]).all()  # one gray
    assert (hidden != whole).mean() > 0.2
