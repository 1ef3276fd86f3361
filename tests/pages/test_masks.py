"""A run that draws masks, on every page: its figures, or in words why there are none."""

import json

import pytest

from tests.mask_runs import NAME, write_mask_run
from tests.pages.conftest import OpenPage
from tests.pages.fake_runs import record_processes
from xray_core.runs import Run
from xray_core.workspace import Workspace


@pytest.fixture
def run(workspace: Workspace) -> Run:
    return write_mask_run(workspace, workspace.demo_data)


def words_of(app) -> str:
    shown = (app.markdown, app.caption, app.info, app.error, app.warning)
    texts = [str(element.value) for kind in shown for element in kind]
    return "\n".join(texts + [str(html.proto.body) for html in app.get("html")])


def test_evaluate_says_how_well_the_masks_fit_and_shows_the_worst_first(
    run: Run, open_page: OpenPage
) -> None:
    app = open_page("evaluate", run=NAME)

    words, dice = words_of(app), run.read_report()["metrics"]["dice"]
    assert f"Mean Dice {dice['value']:.3f} on test images" in words
    assert f"({dice['low']:.3f} to {dice['high']:.3f}" in words
    assert not app.error
    assert [tab.label for tab in app.tabs] == [
        "Training checks",
        "Take away",
        "How it was evaluated",
    ]
    worst = run.read_masks().query("subset == 'test'").nsmallest(1, "dice").iloc[0]
    [grid] = [one for one in app.get("bidi_component") if "mask_grid" in str(one.proto.id)]
    first = json.loads(grid.proto.json)["tiles"][0]
    assert first["id"] == worst["image_id"]
    assert [outline[1] for outline in first["outlines"]] == [
        worst["outline"],
        worst["true_outline"],
    ]


def test_one_image_is_shown_large(run: Run, open_page: OpenPage) -> None:
    image = run.read_masks().query("subset == 'test'")["image_id"].iloc[0]

    app = open_page("evaluate", run=NAME, image=image)

    assert any("mask_large" in str(one.proto.id) for one in app.get("bidi_component"))


@pytest.mark.parametrize(
    ("page", "query", "expected"),
    [
        ("runs", {"run": NAME}, "Mean validation Dice"),
        ("runs", {}, ""),
        ("inside", {"run": NAME}, "draws masks"),
        ("compare", {}, ""),
        ("compare", {"runs": NAME}, "Choose a second run"),
        ("home", {}, ""),
    ],
)
def test_other_pages_say_what_holds_of_masks(
    page: str, query: dict[str, str], expected: str, run: Run, open_page: OpenPage
) -> None:
    app = open_page(page, **query)

    assert not app.error
    assert expected in words_of(app)


def test_train_offers_the_recipe_and_no_setting_of_classes(
    workspace: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_processes(monkeypatch)

    app = open_page("train", recipe="lungs_unet")

    assert not app.error
    keys = [element.key or "" for kind in (app.selectbox, app.number_input) for element in kind]
    assert not any(key.endswith((".mixup", ".class_weights", ".sampling")) for key in keys)
    assert "lungs" in words_of(app)
