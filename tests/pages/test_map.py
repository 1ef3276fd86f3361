"""The map of images of a run: computed on request, picked, opened large and in Explore."""

import json
from typing import Any
from urllib.parse import parse_qs

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.inside import map as page
from tests.pages.conftest import OpenPage
from tests.pages.fake_features import write_fake_features
from tests.pages.fake_runs import fake_run, write_report
from tests.pages.shown import list_figures, list_html
from tests.pages.test_explore import count_shown, read_grid
from xray_core.jobs import background
from xray_core.jobs.background import read_background
from xray_core.processes import own_handle
from xray_core.runs import Run
from xray_core.runs.always_open import write_always_open
from xray_core.runs.explained import find_explained
from xray_core.runs.features import ABOUT
from xray_core.runs.opening import OPENED
from xray_core.runs.origin import PREDICTIONS, Origin, write_origin
from xray_core.workspace import Workspace

TAB = "Map of images"


@pytest.fixture
def run(workspace: Workspace) -> Run:
    run = fake_run(workspace, "done")
    write_report(run, workspace)
    run.best_checkpoint.parent.mkdir()
    run.best_checkpoint.write_bytes(b"weights")
    return run


@pytest.fixture
def points(run: Run) -> pd.DataFrame:
    """The images on the map: of each second patient the training set's."""
    rows = run.read_predictions()
    rows = rows[rows["subset"] == "test"].reset_index(drop=True)
    return write_fake_features(
        run, rows[["image_id", "group", "actual", "predicted"]].rename(columns={"actual": "label"})
    )


def words_on(app: AppTest) -> str:
    return " ".join(
        [*list_html(app), *(one.value for one in (*app.info, *app.error, *app.caption))]
    )


def read_traces(app: AppTest) -> list[dict[str, Any]]:
    [figure] = list_figures(app)
    return list(json.loads(figure)["data"])


def open_map(open_page: OpenPage, run: Run, **words: str) -> AppTest:
    return open_page("inside", run=run.name, inside=TAB, **words)


def test_without_features_a_button_has_them_computed_and_says_how_far_it_is(
    run: Run, open_page: OpenPage, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = []

    def start(command: list[str], log: Any, environment: Any = None) -> str:
        commands.append(command)
        return own_handle()  # the handle of somebody who lives

    monkeypatch.setattr(background, "start_detached", start)
    app = open_map(open_page, run)

    app.button(key="map_start").click().run()

    [command] = commands
    assert command[-6:-1] == ["features", run.name, "--map", "--json", "--save"]
    name = f"features-{run.name}"
    assert read_background(workspace, name).state == "running"
    folder = workspace.cache / "background" / name
    (folder / "progress.json").write_text("[75, 200]")
    app = open_map(open_page, run)
    [bar] = app.get("progress")
    assert bar.proto.text == "Map of images: looking at them, 25 of 50 images …"
    (folder / "handle").write_text("0:0")
    (folder / "log.txt").write_text("error: The disk is full.")
    app = open_map(open_page, run)
    assert [one.value for one in app.error] == ["The disk is full."]
    assert app.button(key="map_start")


def test_the_map_shows_every_point_of_the_test_set_and_what_its_figures_come_to(
    run: Run, points: pd.DataFrame, open_page: OpenPage
) -> None:
    app = open_map(open_page, run)

    tested = points[points["subset"] == "test"]
    counts = {trace["name"] for trace in read_traces(app)}
    assert counts == {f"{name} ({n})" for name, n in tested["label"].value_counts().items()}
    words = words_on(app)
    assert "of 100 test images the nearest training image has the same label" in words
    assert f"n = {len(tested)})" in words
    assert "Distances between groups, their sizes and directions mean little" in words
    assert f"{len(points)} of {len(points) + 3} images" in words
    assert "Draw around images on the map" in words
    assert not app.error


def test_each_colour_and_pick_of_the_address_is_drawn_and_strange_ones_are_not(
    run: Run, points: pd.DataFrame, open_page: OpenPage
) -> None:
    app = open_map(open_page, run, map_color="subset")
    assert {trace["name"].split(" (")[0] for trace in read_traces(app)} == {"training", "test"}

    wrong = points[(points["predicted"] != points["label"]) & (points["subset"] == "test")]
    app = open_map(open_page, run, map_color="prediction", map_pick="kind:wrong")
    assert set(wrong["image_id"].head(24)) == {t["id"] for t in read_grid(app, "map_grid")["tiles"]}
    assert {t["note"] for t in read_grid(app, "map_grid")["tiles"]} == {"wrong"}

    app = open_map(open_page, run, map_color="<b>", map_pick="kind:<i>", map_of="nobody")
    assert app.selectbox(key="map_color_choice").value == "label"
    assert app.selectbox(key="map_pick_choice").value == ""
    for pick in ("other", "unlike"):
        assert not open_map(open_page, run, map_pick=pick, map_of="all").exception


def test_an_image_is_large_beside_its_nearest_training_images(
    run: Run, points: pd.DataFrame, open_page: OpenPage
) -> None:
    row = points[points["subset"] == "test"].iloc[0]

    app = open_map(open_page, run, map_pick=f"kind:{row['label']}", map_image=row["image_id"])

    [large] = read_grid(app, "map_large")["tiles"]
    assert large["id"] == row["image_id"]
    assert "(test set)" in large["title"]
    near = read_grid(app, f"nearest_{row['image_id']}")["tiles"]
    training = set(points.loc[points["subset"] == "training", "image_id"])
    assert near[0]["id"] == row["nearest"]
    assert {tile["id"] for tile in near} <= training
    assert [tile["note"] for tile in near] == sorted((t["note"] for t in near), reverse=True)


def test_what_is_in_the_lasso_is_shown_and_opens_in_explore_until_it_is_dropped(
    run: Run,
    points: pd.DataFrame,
    open_page: OpenPage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Numbers of points, and what else a browser may send.
    sent = [0, 2, [3], 10_000, -1, "2", None, True]
    monkeypatch.setattr(page, "_list_sent", lambda event: sent)

    app = open_map(open_page, run, map_of="all")

    shown = {tile["id"] for tile in read_grid(app, "map_grid")["tiles"]}
    assert shown == set(points["image_id"].iloc[[0, 2, 3]])
    [link] = [one.proto for one in app.get("page_link") if "in Explore" in one.proto.label]
    [word] = parse_qs(link.query_string)["images"]
    app = open_page("explore", images=word)
    assert count_shown(app) == 3
    assert {tile["id"] for tile in read_grid(app)["tiles"]} == shown
    assert read_grid(app, "chips")["chips"] == ["3 chosen images"]
    [train] = [one for one in app.button if one.label == "Use this selection to train"]
    assert train.disabled

    app = open_page("explore", images=word, where="class=negative")
    assert read_grid(app, "chips")["chips"] == ["Class: negative", "3 chosen images"]
    gone = open_page("explore", images="f" * 20)
    assert "not here any more" in gone.warning[0].value
    assert "images" not in gone.query_params


def test_test_images_stay_hidden_while_the_test_set_is_closed(
    run: Run, points: pd.DataFrame, open_page: OpenPage, workspace: Workspace
) -> None:
    write_always_open(workspace, False)
    (run.folder / OPENED).unlink(missing_ok=True)

    app = open_map(open_page, run, map_of="all", map_pick="other")

    n_training = int((points["subset"] == "training").sum())
    assert sum(int(trace["name"].split("(")[1][:-1]) for trace in read_traces(app)) == n_training
    words = words_on(app)
    assert "test images are left out: the test set is closed" in words
    assert "of 100 test images" not in words


def test_damaged_features_are_said_to_be_so_and_a_table_of_predictions_has_none(
    run: Run, points: pd.DataFrame, open_page: OpenPage
) -> None:
    find_explained(run, ABOUT).write_text("{")
    app = open_map(open_page, run)
    assert "damaged" in app.error[0].value
    assert app.button(key="map_start").label == "Compute the map again"

    run.best_checkpoint.unlink()
    write_origin(run, Origin(PREDICTIONS, "Predictions from elsewhere: mine.csv"))
    app = open_map(open_page, run)
    assert "no network of its own" in words_on(app)
    assert not app.exception
