"""From the threshold lab to the page that predicts: own images in a real browser, kept nowhere."""

from __future__ import annotations  # collected where there is no Playwright, too

import os
import re
from pathlib import Path

import cv2
import pytest

from tests.browser.conftest import App, Tab
from tests.pages.test_threshold import write_lab_run
from xray_core.evaluation.thresholds import read_threshold
from xray_core.models import build_model
from xray_core.runs import Run
from xray_core.synthetic.cases import plan_cases
from xray_core.synthetic.dataset import draw_case

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is missing")
expect = sync_api.expect

pytestmark = pytest.mark.browser

N_OWN, SEED, SIDE = 3, 7, 96
SAMPLE = 400  # bytes of a file that are looked for


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files of the app and of all that it starts."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture
def app(temporary: Path, app: App) -> App:
    return app


def draw_own() -> dict[str, bytes]:
    """Return drawn images as PNG files, none of which is in the workspace."""
    images = [draw_case(case, SIDE).image for case in plan_cases(N_OWN, SEED)]
    return {f"own {n}.png": cv2.imencode(".png", im)[1].tobytes() for n, im in enumerate(images)}


def write_network(run: Run) -> None:
    """Write the network of a run's recipe that has learned nothing; it is sure of nothing."""
    recipe = run.read_recipe()
    model = build_model(recipe.model, 2, recipe.preprocess.size, **recipe.model_options)
    run.best_checkpoint.parent.mkdir()
    model.save(run.best_checkpoint)


def list_holding(folder: Path, contents: dict[str, bytes]) -> list[Path]:
    """Return the files in a folder that hold the name of one, or a piece of its content."""
    pieces = [content[len(content) // 2 :][:SAMPLE] for content in contents.values()]
    pieces += [name.encode() for name in contents]
    return [
        file
        for file in folder.rglob("*")
        if file.is_file() and any(piece in file.read_bytes() for piece in pieces)
    ]


def test_an_own_image_is_predicted_by_the_threshold_just_kept_and_stored_nowhere(
    temporary: Path, app: App, tab: Tab
) -> None:
    run = write_lab_run(app.workspace)
    write_network(run)
    own, page = draw_own(), tab.page
    files = [{"name": n, "mimeType": "image/png", "buffer": data} for n, data in own.items()]

    tab.open(app.address(f"evaluate?run={run.name}&result=Threshold&rule=by+hand&at=0.01"))
    page.get_by_role("button", name="Keep this threshold").click()
    page.get_by_role("button", name="Predict with it").click()
    expect(tab.heading("Predict")).to_be_visible()
    expect(page.get_by_text("Images stay on the computer that runs X-ray Lab")).to_be_visible()
    tab.wait_until_still()
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        [*files, {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no image at all"}]
    )
    expect(page.get_by_role("button", name="Save as CSV")).to_be_visible()
    card = page.locator(".big")
    expect(card).to_have_text(re.compile(r"^Opacity \d+%$"))
    expect(page.get_by_text("0.01. ")).to_be_visible()
    expect(page.get_by_text("1 not read")).to_be_visible()
    expect(page.locator(".viewer .heat")).to_have_count(1)
    tab.wait_until_still()
    tab.take_picture("predict")
    tab.assert_clean()

    kept = read_threshold(run)
    assert kept is not None
    run.write_json("threshold.json", {**vars(kept), "value": 1.0})  # as from another tab
    page.locator(".viewer").get_by_role("button", name="Next").click()
    expect(card).to_have_text(re.compile(r"^No opacity \d+%$"))
    assert "image=" in page.url

    page.set_viewport_size({"width": 390, "height": 844})
    tab.wait_until_still()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    tab.take_picture("predict_phone")
    for place in (app.workspace.folder, temporary):
        assert list_holding(place, own) == []
    assert [os.fspath(file) for file in temporary.rglob("*") if "own" in file.name] == []

    page.get_by_role("button", name="Forget these images").click()
    expect(page.get_by_role("button", name="Try it with images of the demo")).to_be_visible()
