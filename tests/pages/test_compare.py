"""The Compare page, on runs made by hand."""

import html
import json
import re
from dataclasses import asdict

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import OpenPage
from tests.pages.fake_runs import fake_run, record_processes, write_report
from tests.pages.finding_runs import fake_findings_run
from tests.pages.shown import list_figures, list_html
from tests.pages.test_explore import read_grid
from xray_core.recipes import PUBLISHED, change_recipe
from xray_core.runs import Run, Submission, list_runs
from xray_core.runs.origin import Origin
from xray_core.workspace import Workspace

RECIPE = PUBLISHED["demo_cnn"]


@pytest.fixture(autouse=True)
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    return record_processes(monkeypatch)


@pytest.fixture
def pair(workspace: Workspace) -> list[Run]:
    """Two runs: of three images the first gets two right; the second every one."""
    runs = []
    for number, changes in enumerate([{}, {"preprocess.size": 96}]):
        name = f"20260301-10000{number}-demo_cnn"
        run = fake_run(workspace, "done", name, change_recipe(RECIPE, changes))
        write_report(run, workspace)
        run.write_submission(Submission(nickname=("swift-otter", "calm-fox")[number]))
        runs.append(run)
    make_right(runs[1])
    return runs


def make_right(run: Run) -> None:
    table = run.read_predictions()
    columns = [name for name in table if name.startswith("p_")]
    for name in columns:
        table[name] = (table["actual"] == name.removeprefix("p_")) * 0.8 + 0.1
    table["predicted"] = table["actual"]
    run.write_table("predictions.parquet", table)


def names_of(runs: list[Run]) -> str:
    return ",".join(run.name for run in runs)


def text_of(app: AppTest) -> str:
    plain = [html.unescape(re.sub("<[^>]*>", "", text)) for text in list_html(app)]
    said = [box.value for kind in (app.info, app.warning, app.error) for box in kind]
    return " ".join([*plain, *said]).replace("\\", "")


def test_two_ticked_runs_are_compared(pair: list[Run], open_page: OpenPage) -> None:
    runs = open_page("runs", ticked=[run.name for run in pair])
    [link] = [box for box in runs.get("page_link") if box.proto.label == "Compare 2"]
    assert link.proto.query_string.replace("%2C", ",") == f"runs={names_of(pair[::-1])}"

    app = open_page("compare", runs=names_of(pair))

    words = text_of(app)
    assert "B is right more often than A. paired, n = 48 test images" in words
    assert "Image size, px6496" in words
    assert "A swift-otterB calm-fox" in words
    assert "Where A and B disagree16 of 48 test images: A right in 0, B in 16" in words
    assert "not known here: a gain may be luck of the seed" in words
    tiles = read_grid(app, "disagreement")["tiles"]
    assert len(tiles) == 16
    assert {(tile["title"], tile["note"]) for tile in tiles} == {("B right", "20% / 90%")}
    assert len(list(list_figures(app))) == 3

    app = open_page("compare", runs=names_of(pair), by="brier", image=tiles[0]["id"])
    assert "B has a lower Brier score than A." in text_of(app)
    assert read_grid(app, "disagreement_large")["place"] == "1 of 16"


def test_other_test_images_are_refused_until_the_common_ones_are_asked_for(
    pair: list[Run], open_page: OpenPage
) -> None:
    for run in pair:
        table = run.read_predictions()
        split = table[["image_id", "group", "subset"]].assign(path="", **{"class": table["actual"]})
        run.write_table("split.parquet", split)
    pair[1].write_table("predictions.parquet", pair[1].read_predictions().iloc[8:])

    app = open_page("compare", runs=names_of(pair))

    assert "The test sets differ: swift-otter 48 images, calm-fox 40 images" in text_of(app)
    assert "paired, n" not in text_of(app)
    [button] = [one for one in app.button if one.label == "Compare on the 40 common images"]
    app = button.click().run()
    assert app.query_params["common"] == "yes"
    assert "paired, n = 40 test images" in text_of(app)


def test_an_address_with_too_few_or_unknown_runs_says_what_to_do(
    pair: list[Run], open_page: OpenPage
) -> None:
    alone = open_page("compare", runs=f"{pair[0].name},nowhere")
    assert "There is no run nowhere here." in text_of(alone)
    assert "Choose a second run" in text_of(alone)
    assert pair[1].read_nickname() in alone.multiselect(key="compare_runs").options
    app = alone.multiselect(key="compare_runs").set_value([run.name for run in pair]).run()
    assert app.query_params["runs"] == names_of(pair)
    assert "paired, n = 48" in text_of(app)


def test_predictions_from_elsewhere_are_compared_without_settings(
    pair: list[Run], open_page: OpenPage
) -> None:
    pair[1].write_json("origin.json", asdict(Origin("predictions", "Predictions: mine.csv")))
    (pair[1].folder / "metrics.jsonl").unlink()

    words = text_of(open_page("compare", runs=names_of(pair)))

    assert "B is right more often than A." in words
    assert "Made bya training herePredictions: mine.csv" in words
    assert "Image size, px" not in words
    assert "Epochs, kept2, epoch 2–" in words
    assert "Validation accuracyB not trained here" in words


def test_one_click_trains_the_other_seeds_and_they_are_told_of(
    pair: list[Run], workspace: Workspace, open_page: OpenPage, commands: list[list[str]]
) -> None:
    app = open_page("compare", runs=names_of(pair))
    assert not [one for one in app.button if one.label == "Queue 4 trainings"]  # it asks first
    app.session_state[f"seeds_{pair[0].name}"] = True
    app.run()
    [button] = [one for one in app.button if one.label == "Queue 4 trainings"]
    button.click().run()

    made = [run for run in list_runs(workspace.runs) if run.read_status().state == "queued"]
    assert sorted(run.read_recipe().seed for run in made) == [1, 2, 3, 4]
    assert len({run.read_submission().sweep for run in made}) == 1
    assert commands  # a worker
    for run in made[:2]:  # as if two of them were done, each as the first run
        for name in ("predictions.parquet", "report.json", "status.json", "data.json"):
            (run.folder / name).write_bytes((pair[0].folder / name).read_bytes())

    app = open_page("compare", runs=names_of(pair))

    assert "lies outside the noise floor: two runs of the nearest recipe" in text_of(app)
    assert "which differs in Image size, px" in text_of(app)


def test_runs_on_several_findings_are_compared_by_their_mean_auc(
    workspace: Workspace, open_page: OpenPage
) -> None:
    runs = [fake_findings_run(workspace, "done", f"2026030{n}-100000-quick_cnn") for n in (2, 3, 4)]
    table = runs[2].read_predictions()
    columns = [name for name in table if name.startswith("p_")]
    table[columns] = table[columns].to_numpy()[::-1]
    runs[2].write_table("predictions.parquet", table)

    app = open_page("compare", runs=names_of(runs))

    words = text_of(app)
    assert "A and B answer the same" in words
    assert "Mean AUC" in words
    assert "Accuracy" not in words
    assert app.selectbox(key="compare_class").options


def test_it_opens_where_most_runs_are_whether_or_not_their_dataset_is_here(
    pair: list[Run], open_page: OpenPage
) -> None:
    for run in pair:
        fields = json.loads((run.folder / "recipe.json").read_text()) | {
            "data_folder": "/elsewhere/mine"
        }
        run.write_json("recipe.json", fields)

    app = open_page("compare")

    assert app.selectbox(key="data_choice").value == "mine"
    assert set(app.dataframe[0].value["run"]) == {"swift-otter", "calm-fox"}
    assert "no dataset" not in text_of(app)
    app.selectbox(key="data_choice").set_value("demo").run()
    assert app.query_params["data"] == "demo"
    assert "No run on this data" in text_of(app)
    [button] = [one for one in app.button if one.label.startswith("mine: 2 runs")]
    button.click().run()
    assert app.query_params["data"] == "mine"
    assert len(app.dataframe[0].value) == 2


def test_without_runs_it_says_how_they_are_chosen(open_page: OpenPage) -> None:
    assert open_page("compare").get("page_link")
