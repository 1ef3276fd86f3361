"""The Evaluate page, on reports computed from a few made-up predictions."""

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import N_IMAGES, OpenPage
from tests.pages.fake_runs import LEAKY_WEIGHTS, fake_run, write_report
from tests.pages.shown import read_heading
from xray_core.recipes import PUBLISHED, change_recipe
from xray_core.runs import Run
from xray_core.workspace import Workspace

RECIPE = replace(
    PUBLISHED["demo_cnn"],
    published={"accuracy": 0.9, "recall_opacity": 0.5, "precision_opacity": 0.7},
)


@pytest.fixture
def run(workspace: Workspace) -> Run:
    run = fake_run(workspace, "done", recipe=RECIPE)
    write_report(run, workspace)
    return run


def words_on(app: AppTest) -> str:
    texts = [*app.markdown, *app.caption, *app.info, *app.warning, *app.error]
    return " ".join(str(one.value) for one in texts).replace("\\", "")


def read_tiles(app: AppTest) -> list[dict[str, Any]]:
    [box] = [one for one in app.get("bidi_component") if one.key == "examples_grid"]
    return list(json.loads(box.proto.json)["tiles"])


def test_first_visit_says_what_to_do(open_page: OpenPage) -> None:
    assert "Train one first" in open_page("evaluate").info[0].value


def test_newest_result_is_shown_and_stands_in_the_address(run: Run, open_page: OpenPage) -> None:
    app = open_page("evaluate")

    assert app.query_params["run"] == run.name
    assert f"n = {N_IMAGES}" in words_on(app)


def test_a_class_that_nobody_tested_is_named_with_the_figures_that_cannot_be_had(
    workspace: Workspace, open_page: OpenPage
) -> None:
    run = fake_run(workspace, "done", recipe=RECIPE)
    write_report(run, workspace, without="opacity")

    app = open_page("evaluate", run=run.name)

    assert "No image of opacity is in the test set. There, recall, ROC curve" in words_on(app)
    values = {one.label: one.value for one in app.metric}
    assert values["AUC"] == "–"
    assert values["Accuracy"] != "–"
    row = app.table[0].value.loc["opacity"]
    assert row["recall (sensitivity)"] == "–"
    assert str(row["n"]) == "0"
    assert run.read_report()["roc"] == {}, "a curve of nobody is no curve"


def test_the_report_of_an_older_run_has_fewer_intervals_and_no_areas(
    run: Run, open_page: OpenPage
) -> None:
    report = run.read_report()
    for row in report["per_class"]:
        for kind in ("precision", "specificity", "f1"):
            del row[f"{kind}_low"], row[f"{kind}_high"]
    for curve in report["roc"].values():
        del curve["area"]
    run.write_json("report.json", report)

    app = open_page("evaluate", run=run.name)

    assert "precision of opacity 70.0%, ours" in words_on(app)
    for kind, heading in (("precision", "precision (PPV)"), ("specificity", "specificity")):
        said = app.table[0].value[heading].tolist()
        assert said == [f"{row[kind]:.1%}" for row in report["per_class"]]


def test_metrics_come_with_interval_baseline_and_published_figure(
    run: Run, open_page: OpenPage
) -> None:
    report = run.read_report()
    accuracy = report["metrics"]["accuracy"]

    app = open_page("evaluate", run=run.name)

    assert {one.label: one.value for one in app.metric}["Accuracy"] == f"{accuracy['value']:.1%}"
    words = words_on(app)
    assert f"95% interval {accuracy['low']:.1%} to {accuracy['high']:.1%}" in words
    assert f"would be right for {report['majority']['accuracy']:.1%}" in words
    assert f"accuracy 90.0%, ours {accuracy['value']:.1%}" in words
    [opacity] = [row for row in report["per_class"] if row["class"] == "opacity"]
    assert f"precision of opacity 70.0%, ours {opacity['precision']:.1%}" in words
    assert opacity["precision_low"] <= opacity["precision"] <= opacity["precision_high"]
    assert "recall of opacity 50.0%, ours" in words
    assert "taken on other images" in words


@pytest.mark.parametrize(
    ("method", "said"), [("published", "Both are of the test set"), ("patient", "other images")]
)
def test_whether_the_source_was_evaluated_on_the_same_subset_is_said(
    run: Run, open_page: OpenPage, method: str, said: str
) -> None:
    notebook = PUBLISHED["corona_vgg_mini"]
    recipe = replace(
        change_recipe(notebook, {"split.method": method}), data_folder=run.read_recipe().data_folder
    )
    run.write_json("recipe.json", asdict(recipe))

    app = open_page("evaluate", run=run.name)

    assert said in words_on(app)
    assert "images are no longer at" in words_on(app)  # another dataset lies there


def test_every_figure_of_a_class_has_its_interval(run: Run, open_page: OpenPage) -> None:
    table = open_page("evaluate", run=run.name).table[0].value

    for row, shown in zip(run.read_report()["per_class"], table.to_dict("records"), strict=True):
        recall = row["recall"]
        assert shown["recall (sensitivity)"] == (
            f"{recall['value']:.1%} ({recall['low']:.1%} to {recall['high']:.1%})"
        )
        for kind, heading, form in (
            ("precision", "precision (PPV)", ".1%"),
            ("specificity", "specificity", ".1%"),
            ("f1", "F1", ".3f"),
        ):
            value, low, high = (format(row[kind + end], form) for end in ("", "_low", "_high"))
            assert shown[heading] == f"{value} ({low} to {high})"


def test_the_two_areas_on_the_page_are_one(run: Run, open_page: OpenPage) -> None:
    report = run.read_report()
    # Thinned as it is, the curve of many images bulges less than the images do.
    report["roc"]["opacity"] |= {
        "false_positive_rate": [0.0, 0.5, 1.0],
        "true_positive_rate": [0.0, 0.6, 1.0],
    }
    run.write_json("report.json", report)

    app = open_page("evaluate", run=run.name)

    area = {one.label: one.value for one in app.metric}["AUC"]
    assert area == f"{report['metrics']['auc']['value']:.3f}"
    plots = [json.loads(chart.proto.spec)["data"] for chart in app.get("plotly_chart")]
    names = [str(trace.get("name")) for plot in plots for trace in plot]
    assert [name for name in names if "AUC" in name] == [f"opacity (AUC {area})"]


def test_class_table_has_every_class_and_its_n(run: Run, open_page: OpenPage) -> None:
    table = open_page("evaluate", run=run.name).table[0].value

    assert table.index.str.replace("\\", "").tolist() == ["no opacity", "opacity"]
    assert table["n"].astype(int).sum() == N_IMAGES


def test_examples_say_true_and_predicted_most_sure_first(run: Run, open_page: OpenPage) -> None:
    wrong = read_tiles(open_page("evaluate", run=run.name))

    assert wrong
    assert all(" → " in tile["title"] for tile in wrong)
    assert all(tile["note"] == "80%" for tile in wrong)
    assert all(tile["src"].startswith("data:image/jpeg") for tile in wrong)


def test_examples_of_a_dataset_inside_an_outer_folder_open_in_explore(
    workspace: Workspace, run: Run, open_page: OpenPage, tmp_path: Path
) -> None:
    root = workspace.data / "archive" / "siim"
    root.parent.mkdir()
    shutil.move(workspace.demo_data, root)
    recipe = replace(run.read_recipe(), data_folder=str(root))
    run.write_json("recipe.json", asdict(recipe))

    app = open_page("evaluate", run=run.name)
    [box] = [one for one in app.get("bidi_component") if one.key == "examples_grid"]
    assert json.loads(box.proto.json)["clickable"]
    app.session_state["evaluate_opened"] = read_tiles(app)[0]["id"]
    app.run()

    assert read_heading(app) == "Explore"
    assert app.query_params["data"] == "archive"


def test_right_examples_of_one_class(run: Run, open_page: OpenPage) -> None:
    app = open_page("evaluate", run=run.name)
    [kind] = [one for one in app.get("button_group") if one.label == "Show"]
    kind.set_value("right").run()

    assert {tile["title"] for tile in read_tiles(app)} <= {"opacity", "no opacity"}


def test_unfinished_run_is_not_replaced_by_another(
    workspace: Workspace, run: Run, open_page: OpenPage
) -> None:
    other = fake_run(workspace, "failed", "20260301-120000-demo_cnn")

    app = open_page("evaluate", run=other.name)

    assert "has no result, it is failed" in words_on(app)
    assert not app.metric


def test_unknown_run_is_said(run: Run, open_page: OpenPage) -> None:
    app = open_page("evaluate", run="nonsense")

    assert "no run 'nonsense'" in words_on(app)
    assert not app.metric


def test_validation_as_test_leaks_and_missing_images_are_admitted(
    workspace: Workspace, open_page: OpenPage
) -> None:
    run = fake_run(workspace, "done", leaks=5)
    write_report(run, workspace, subset="validation", unread=2)

    app = open_page("evaluate", run=run.name)

    words = words_on(app)
    assert "which the training also went by" in words
    assert "5 patients or identical files are in several subsets" in words
    assert f"n = {N_IMAGES - 2}" in words
    assert app.expander[0].label.endswith("2")
    assert all(name in words for name in run.read_report()["left_out"])


def test_starting_weights_that_leak_are_admitted(workspace: Workspace, open_page: OpenPage) -> None:
    run = fake_run(workspace, "done", weights=LEAKY_WEIGHTS)
    write_report(run, workspace)

    words = words_on(open_page("evaluate", run=run.name))

    assert "The starting weights leak" in words
    assert "36 of 80 test images were trained on by earlier, so it scores too well" in words


def test_figures_stand_when_the_images_are_gone(
    workspace: Workspace, run: Run, open_page: OpenPage
) -> None:
    shutil.move(workspace.demo_data, workspace.data / "moved")

    app = open_page("evaluate", run=run.name)

    assert "no longer at" in words_on(app)
    assert app.metric


def test_drawn_data_is_said_to_prove_nothing(run: Run, open_page: OpenPage) -> None:
    assert "nothing about real patients" in words_on(open_page("evaluate", run=run.name))


def test_class_without_an_image_is_no_error(
    workspace: Workspace, run: Run, open_page: OpenPage
) -> None:
    report = run.read_report()
    nothing = {"value": None, "low": None, "high": None}
    report["per_class"][0] |= {"recall": nothing, "precision": None, "n": 0}
    report["metrics"]["auc"] = nothing
    report["confusion"][0] = [0, 0]
    run.write_json("report.json", report)

    app = open_page("evaluate", run=run.name)

    assert {one.label: one.value for one in app.metric}["AUC"] == "–"
    assert "cannot be computed" in words_on(app)


def append_epochs(run: Run, n_epochs: int, **changes: Any) -> None:
    """Let the training go on, a little better in each epoch unless `changes` says otherwise."""
    row = {**run.read_metrics()[-1], "confusion": [[90, 10], [30, 170]], "val_accuracy": 0.867}
    for epoch in range(3, 3 + n_epochs):
        curves = {"loss": 0.6 / epoch, "val_loss": 0.5 / epoch, "accuracy": 0.9}
        run.append_metrics({**row, **curves, **changes, "epoch": epoch, "step": 100 * epoch})


def test_training_that_went_well_says_what_was_looked_for(run: Run, open_page: OpenPage) -> None:
    assert "Too few epochs (2)" in words_on(open_page("evaluate", run=run.name))
    append_epochs(run, 8)

    words = words_on(open_page("evaluate", run=run.name))

    assert "Nothing suspicious in the 10 epochs" in words
    assert "overfitting" in words
    assert "Next:" not in words


def test_training_that_went_wrong_is_named(run: Run, open_page: OpenPage) -> None:
    append_epochs(run, 8, accuracy=0.999, val_accuracy=0.7)

    words = words_on(open_page("evaluate", run=run.name))

    assert "It overfits" in words
    assert "Nothing suspicious" not in words
