"""The Prepare page, driven as a user would."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from tests.datasets.fakes import FAKES, fake_kermany
from tests.pages.conftest import OpenPage
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
    assert len(app.get("plotly_chart")) == 1
    assert len({tile["src"] for tile in tiles}) == 5


def test_gamma_above_one_darkens(open_page: OpenPage) -> None:
    app = open_page("prepare")

    app.slider(key="gamma").set_value(2.0).run()

    none, *_, gamma, _ = read_grid(app, "contrasts")["tiles"]
    assert read_tile(gamma).mean() < read_tile(none).mean()


def test_padding_keeps_the_proportions(open_page: OpenPage, workspace: Workspace) -> None:
    fake_kermany(workspace.data / "kermany")

    app = open_page("prepare", data="kermany", step="2 Square")
    app.slider[0].set_value(96).run()

    _, stretch, pad = map(read_tile, read_grid(app, "squares")["tiles"])
    assert stretch.shape == pad.shape == (96, 96)
    assert not pad[:16].any()  # the file is 12 × 8 px: a sixth is border above, and below
    assert pad[17:79].any()
    assert stretch[:16].any()


def test_another_draw_gives_twelve_others(open_page: OpenPage) -> None:
    app = open_page("prepare", step="3 Augmentation")
    before = {tile["src"] for tile in read_grid(app, "draws")["tiles"]}

    [button] = [button for button in app.main.button if button.label == "Another draw"]
    button.click().run()

    after = {tile["src"] for tile in read_grid(app, "draws")["tiles"]}
    assert len(before) == len(after) == 12
    assert not before & after


def test_without_any_change_all_draws_are_alike(open_page: OpenPage) -> None:
    app = open_page("prepare", step="3 Augmentation")

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
    app = open_page("prepare", image=image_id, step="4 Tensor")
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

    [button] = [button for button in app.main.button if button.label == "Another image"]
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
