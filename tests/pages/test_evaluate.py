"""The Evaluate page, on reports computed from a few made-up predictions."""

import html
import json
import re
import shutil
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import N_IMAGES, OpenPage
from tests.pages.fake_runs import LEAKY_WEIGHTS, fake_run, write_report
from tests.pages.shown import list_html
from xray_core.recipes import PUBLISHED, change_recipe
from xray_core.runs import Run
from xray_core.runs.goals import Goals, read_goals
from xray_core.workspace import Workspace

CLASSES, CHECKS, CONDITIONS = "Each class", "Training checks", "How it was evaluated"
OFFICIAL = "the published test set of 624 images"
# Of the union alone the folder is another: the demo data stand in.
UNION = replace(PUBLISHED["siim_9_union"], dataset="siim_covid19", task="siim_opacity")
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
    words = " ".join(str(one.value) for one in texts).replace("\\", "")
    return f"{words} {' '.join(map(strip_tags, list_html(app)))}"


def strip_tags(text: str) -> str:
    return html.unescape(re.sub(r"<(?!style)[^>]+>", " ", text)).replace(" .", ".")


def read_component(app: AppTest, key: str) -> dict[str, Any]:
    [component] = [one for one in app.get("bidi_component") if (one.key or "").startswith(key)]
    return dict(json.loads(component.proto.json))


def read_tiles(app: AppTest, key: str = "cell_grid") -> list[dict[str, Any]]:
    return list(read_component(app, key)["tiles"])


def facts_on(app: AppTest) -> dict[str, str]:
    rows = [
        re.findall(r'<th scope="row">(.*?)</th><td>(.*?)</td>', text) for text in list_html(app)
    ]
    return {name: value for row in rows for name, value in row}


def has_figures(app: AppTest) -> bool:
    return "of 100" in words_on(app)


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
    values = facts_on(app)
    assert values["AUC"] == "–"
    assert values["Accuracy"] != "–"
    row = open_page("evaluate", run=run.name, result=CLASSES).table[0].value["opacity"]
    assert row["recall (sensitivity)"] == "–"
    assert row["images"] == "0 (0 patients; too few to say)"
    assert run.read_report()["roc"] == {}, "a curve of nobody is no curve"


def test_each_phase_stands_beside_the_other_and_a_watched_test_set_is_said(
    run: Run, open_page: OpenPage
) -> None:
    figure = {"value": 0.5, "low": 0.4, "high": 0.6}
    phase = {
        "name": "head",
        "epochs": 2,
        "best_epoch": 1,
        "last_epoch": 2,
        "epoch": 2,
        "kept": False,
        "n": 40,
        "n_patients": 20,
        "metrics": dict.fromkeys(("accuracy", "balanced_accuracy", "auc"), figure),
        "confusion": [[9, 11], [9, 11]],
        "only_class": None,
    }
    fine = phase | {"name": "fine_tune", "last_epoch": 5, "epoch": 5, "kept": True}
    fine |= {"only_class": "opacity", "confusion": [[0, 20], [0, 20]]}
    report = run.read_report()
    run.write_json("report.json", report | {"phases": [phase, fine], "watched": True})

    app = open_page("evaluate", run=run.name, result="Each phase")

    [table] = [one.value for one in app.table if "phase" in one.value]
    assert table["phase"].tolist() == ["head", "fine-tuning (kept)"]
    assert table["epoch"].tolist() == ["2 of 2", "5 of 5"]
    assert table["accuracy"].tolist() == ["50.0% (40.0% to 60.0%)"] * 2
    said = words_on(app)
    assert "The phase “fine-tuning” ends with one answer for every image: “opacity”" in said
    assert "The test set was watched as the validation set, too" in said
    run.write_json("report.json", report | {"phases": [phase]})
    assert "Each phase" not in [tab.label for tab in open_page("evaluate", run=run.name).tabs]


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
    app = open_page("evaluate", run=run.name, result=CLASSES)
    for kind, heading in (("precision", "precision (PPV)"), ("specificity", "specificity")):
        said = app.table[0].value.loc[heading].tolist()
        assert said == [f"{row[kind]:.1%}" for row in report["per_class"]]


def test_metrics_come_with_interval_baseline_and_published_figure(
    run: Run, open_page: OpenPage
) -> None:
    report = run.read_report()
    accuracy = report["metrics"]["accuracy"]

    app = open_page("evaluate", run=run.name)

    interval = f"{accuracy['low']:.1%} to {accuracy['high']:.1%}"
    assert facts_on(app)["Accuracy"] == f"{accuracy['value']:.1%} ({interval})"
    words = words_on(app)
    assert f"Right in {100 * accuracy['value']:.0f} of 100 test images" in words
    assert f"{100 * accuracy['low']:.0f} to {100 * accuracy['high']:.0f}; n = {N_IMAGES}" in words
    assert f"would be right in {100 * report['majority']['accuracy']:.0f}" in words
    assert f"accuracy 90.0%, ours {accuracy['value']:.1%}" in words
    [opacity] = [row for row in report["per_class"] if row["class"] == "opacity"]
    assert f"precision of opacity 70.0%, ours {opacity['precision']:.1%}" in words
    assert opacity["precision_low"] <= opacity["precision"] <= opacity["precision_high"]
    assert "recall of opacity 50.0%, ours" in words
    assert "taken on other images" in words


@pytest.mark.parametrize(
    ("method", "said"),
    [
        ("published", f"Some of the images are the same. Theirs: {OFFICIAL}. Of the 624, ours are"),
        ("patient", f"taken on other images, so compare with care: {OFFICIAL}"),
    ],
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


def test_every_published_result_stands_beside_ours(
    workspace: Workspace, open_page: OpenPage
) -> None:
    run = fake_run(workspace, "done", recipe=change_recipe(UNION, {"phases.head.epochs": 3}))
    write_report(run, workspace)
    report = run.read_report()

    app = open_page("evaluate", run=run.name, result="Published")

    everything, figures, cited = (table.value for table in app.table)
    assert everything["published"].tolist() == [
        "Validation set (head)",
        "Training set (head)",
        "Test set (head)",
    ]
    assert everything["n"].tolist() == ["5,246", "20,986", "1,254"]
    assert "75.2%" in everything["figure"].tolist()[2]
    ours = report["metrics"]["accuracy"]["value"]
    assert everything["this run"].tolist()[2].startswith(f"{ours:.1%} (")
    row = figures.set_index("figure").loc["always the most frequent class"]
    assert (row["published"], row["this run"]) == ("73.2%", f"{report['majority']['accuracy']:.1%}")
    matrices = [
        json.loads(one.proto.json)
        for one in app.get("bidi_component")
        if not json.loads(one.proto.json).get("clickable", True)
    ]
    assert [matrix["counts"] for matrix in matrices] == [
        [[238, 98], [213, 705]],
        report["confusion"],
    ]
    assert facts_on(app)["Ours are the same images"].startswith("partly: The source lost 13")
    assert "recipe was changed: Epochs" in words_on(app)
    assert any("Annarumma" in source for source in cited["source"])


def test_entered_errors_are_kept_with_the_run_and_end_the_ladder_below(
    run: Run, open_page: OpenPage
) -> None:
    report = run.read_report()
    errors = {"training": 0.2, "validation": 0.3, "test": 0.31}
    levels = [
        {"name": name, "n": 400, "error": {"value": e, "low": e - 0.02, "high": e + 0.02}}
        for name, e in errors.items()
    ]
    steps = [
        {"name": "variance", "to": "validation", "value": 0.1, "low": 0.05, "high": 0.15},
        {"name": "data mismatch", "to": "test", "value": 0.01, "low": -0.02, "high": 0.04},
    ]
    report["error_analysis"] = {"levels": levels, "steps": steps, "verdict": "Measured."}
    run.write_json("report.json", report)
    app = open_page("evaluate", run=run.name, result="Error analysis")
    assert app.table[0].value["images"].str.split(":").str[0].tolist() == list(errors)
    assert "Measured. Representative: yes." in " ".join(words_on(app).split())

    [human] = [field for field in app.number_input if field.label == "Human error, %"]
    human.set_value(5.0).run()

    assert read_goals(run) == Goals(human_error=0.05)
    rows = app.table[0].value
    assert rows["images"].str.split(":").str[0].tolist() == ["people", *errors]
    assert rows["error"].tolist()[:2] == ["5.0%", "20.0% (18.0% to 22.0%)"]
    assert rows["step"].tolist()[1] == "avoidable bias: +15.0 (+13.0 to +17.0) points"
    assert "largest clear step is avoidable bias" in words_on(app)

    (run.folder / "goals.json").write_text("{")
    app = open_page("evaluate", run=run.name, result="Error analysis")
    assert "Enter the target and the human error anew" in words_on(app)
    assert len(app.table[0].value) == 3


def test_every_figure_of_a_class_has_its_interval(run: Run, open_page: OpenPage) -> None:
    table = open_page("evaluate", run=run.name, result=CLASSES).table[0].value

    columns = table.to_dict().values()
    for row, shown in zip(run.read_report()["per_class"], columns, strict=True):
        recall = row["recall"]
        assert shown["recall (sensitivity)"] == (
            f"{recall['value']:.1%} ({recall['low']:.1%} to {recall['high']:.1%})"
        )
        for kind, heading, form in (
            ("precision", "precision (PPV)", ".1%"),
            ("specificity", "specificity", ".1%"),
            ("npv", "NPV", ".1%"),
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

    area = facts_on(app)["AUC"].split(" ")[0]
    assert area == f"{report['metrics']['auc']['value']:.3f}"
    plots = [json.loads(chart.proto.spec)["data"] for chart in app.get("plotly_chart")]
    names = [str(trace.get("name")) for plot in plots for trace in plot]
    [curve] = [name for name in names if "AUC" in name]
    assert curve.startswith(f"opacity (AUC {area}, ")


def test_class_table_has_every_class_and_its_n(run: Run, open_page: OpenPage) -> None:
    table = open_page("evaluate", run=run.name, result=CLASSES).table[0].value

    assert table.columns.str.replace("\\", "").tolist() == ["no opacity", "opacity"]
    assert table.loc["images"].str.extract(r"^(\d+) ")[0].astype(int).sum() == N_IMAGES


def test_the_most_frequent_mistake_is_open_most_confident_first(
    run: Run, open_page: OpenPage
) -> None:
    app = open_page("evaluate", run=run.name)

    matrix = read_component(app, "matrix")
    counts = run.read_report()["confusion"]
    row, column = matrix["picked"]
    assert matrix["counts"] == counts
    assert counts[row][column] == max(counts[0][1], counts[1][0])
    classes = run.read_report()["classes"]
    assert f"{classes[row]}, predicted {classes[column]}" in words_on(app)
    wrong = read_tiles(app)
    assert len(wrong) == min(18, counts[row][column])
    assert all(f"predicted {classes[column]} (80% sure)" in tile["alt"] for tile in wrong)
    assert all(tile["src"].startswith("data:image/jpeg") for tile in wrong)


def test_a_cell_in_the_address_opens_its_images_and_one_of_them(
    run: Run, open_page: OpenPage
) -> None:
    app = open_page("evaluate", run=run.name, cell="1-1")
    assert read_component(app, "matrix")["picked"] == [1, 1]
    ids = [tile["id"] for tile in read_tiles(app)]

    app = open_page("evaluate", run=run.name, cell="1-1", image=ids[1])

    [tile] = read_tiles(app, "cell_large")
    assert (tile["id"], tile["title"]) == (ids[1], "80% sure of opacity")
    viewer = read_component(app, "cell_large")
    assert (viewer["before"], viewer["after"]) == (ids[0], ids[2])
    assert viewer["place"].startswith("2 of ")
    assert app.query_params["cell"] == "1-1"


@pytest.mark.parametrize("cell", ["", "9-9", "x-1", "1", "-1-0"])
def test_a_cell_that_is_none_is_passed_over(run: Run, open_page: OpenPage, cell: str) -> None:
    matrix = read_component(open_page("evaluate", run=run.name, cell=cell), "matrix")

    assert matrix["picked"] in ([0, 1], [1, 0])


def test_images_of_a_dataset_inside_an_outer_folder_can_be_opened_in_explore(
    workspace: Workspace, run: Run, open_page: OpenPage
) -> None:
    root = workspace.data / "archive" / "siim"
    root.parent.mkdir()
    shutil.move(workspace.demo_data, root)
    recipe = replace(run.read_recipe(), data_folder=str(root))
    run.write_json("recipe.json", asdict(recipe))
    image_id = read_tiles(open_page("evaluate", run=run.name))[0]["id"]

    app = open_page("evaluate", run=run.name, image=image_id)

    links = [one.proto for one in app.get("page_link")]
    [query] = [link.query_string for link in links if link.label == "Open in Explore"]
    assert query == f"data=archive&task={recipe.task}&image={image_id}"


def press(app: AppTest, label: str) -> None:
    [button] = [one for one in app.button if one.label == label]
    button.click().run()
    assert not app.exception, app.exception[0].value


def test_unfinished_run_is_not_replaced_by_another(
    workspace: Workspace, run: Run, open_page: OpenPage
) -> None:
    other = fake_run(workspace, "failed", "20260301-120000-demo_cnn")

    app = open_page("evaluate", run=other.name)

    assert "has no result, it is failed" in words_on(app)
    assert not has_figures(app)


def test_unknown_run_is_said(run: Run, open_page: OpenPage) -> None:
    app = open_page("evaluate", run="nonsense")

    assert "no run 'nonsense'" in words_on(app)
    assert not has_figures(app)


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
    words = words_on(open_page("evaluate", run=run.name, result=CONDITIONS))
    assert "left out of n: 2" in words
    assert "3 of 17 images are left out: unlabelled." in words


def test_one_answer_for_every_image_is_said_above_all(
    workspace: Workspace, open_page: OpenPage
) -> None:
    run = fake_run(workspace, "done", recipe=RECIPE)
    write_report(run, workspace)
    report = run.read_report()
    report["confusion"] = [[0, 40], [0, 60]]
    report["validation"] = {**report, "subset": "validation"}
    run.write_json("report.json", report)

    words = words_on(open_page("evaluate", run=run.name))

    assert "It answers “opacity” to every image: it tells no classes apart." in words
    assert "100 of 100 validation images (100.0%) are taken for opacity" in words  # of the checks


def test_it_says_only_what_the_training_took_from_the_validation_set(
    workspace: Workspace, open_page: OpenPage
) -> None:
    phases = tuple(replace(phase, patience=0) for phase in RECIPE.phases)
    split = replace(RECIPE.split, method="thesis_folders")
    recipe = replace(RECIPE, phases=phases, selected_epoch="last", split=split)
    run = fake_run(workspace, "done", recipe=recipe, leaks=36)
    write_report(run, workspace, subset="validation")

    words = words_on(open_page("evaluate", run=run.name, result=CONDITIONS))

    assert "This training took nothing from it" in words
    assert "went by" not in words
    assert "by the rows of the thesis' table, which does not keep patients together" in words
    assert "grouped by patient" not in words
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
    assert has_figures(app)
    settings = json.loads(app.dataframe[0].proto.columns)
    assert [settings[name]["label"] for name in app.dataframe[0].value][0] == "Image"


def test_an_image_that_is_gone_is_counted(
    workspace: Workspace, run: Run, open_page: OpenPage
) -> None:
    tiles = read_tiles(open_page("evaluate", run=run.name))
    [file] = (workspace.demo_data / "train").glob(f"{tiles[0]['id']}.*")
    file.unlink()

    app = open_page("evaluate", run=run.name)

    assert "1 of them is absent from the folder" in words_on(app)
    assert [tile["id"] for tile in read_tiles(app)] == [tile["id"] for tile in tiles[1:]]


def test_synthetic_data_is_said_to_prove_nothing(run: Run, open_page: OpenPage) -> None:
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

    assert facts_on(app)["AUC"] == "–"


def append_epochs(run: Run, n_epochs: int, **changes: Any) -> None:
    """Let the training go on, a little better in each epoch unless `changes` says otherwise."""
    row = {**run.read_metrics()[-1], "confusion": [[90, 10], [30, 170]], "val_accuracy": 0.867}
    for epoch in range(3, 3 + n_epochs):
        curves = {"loss": 0.6 / epoch, "val_loss": 0.5 / epoch, "accuracy": 0.9}
        run.append_metrics({**row, **curves, **changes, "epoch": epoch, "step": 100 * epoch})


def test_training_that_went_well_says_what_was_looked_for(run: Run, open_page: OpenPage) -> None:
    assert "Too few epochs (2)" in words_on(open_page("evaluate", run=run.name, result=CHECKS))
    append_epochs(run, 8)

    words = words_on(open_page("evaluate", run=run.name, result=CHECKS))

    assert "Nothing suspicious in the 10 epochs" in words
    assert "overfitting" in words
    assert "Next:" not in words


def test_training_that_went_wrong_is_named(run: Run, open_page: OpenPage) -> None:
    append_epochs(run, 8, accuracy=0.999, val_accuracy=0.7)

    words = words_on(open_page("evaluate", run=run.name, result=CHECKS))

    assert "It overfits" in words
    assert "Nothing suspicious" not in words


def test_heat_maps_lie_over_the_images_of_a_cell_and_over_the_large_one(
    run: Run, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [one.disabled for one in open_page("evaluate").toggle if one.label == "Heat map"] == [
        True  # a run without a network
    ]
    run.best_checkpoint.parent.mkdir(exist_ok=True)
    run.best_checkpoint.write_bytes(b"the network is looked at in another process")
    asked = []

    def answer(kind: str, arguments: dict[str, Any], what: str) -> dict[str, Any]:
        asked.append((kind, arguments, what))
        maps = np.zeros((len(arguments["images"]), 4, 4), np.uint8)
        maps[0, 3, 0] = 255
        targets = [arguments["target"]] * len(maps)
        return {"images": arguments["images"], "targets": targets, "maps": maps, "unread": {}}

    monkeypatch.setattr("pages.components.heat_maps.answer_of", answer)
    app = open_page("evaluate", cell="1-0")
    assert not any(tile["heat"] for tile in read_tiles(app))
    assert not asked
    [toggle] = [one for one in app.toggle if one.label == "Heat map"]
    app = toggle.set_value(True).run()
    tiles = read_tiles(app)
    assert asked[-1][1]["images"] == [tile["id"] for tile in tiles]
    assert asked[-1][1]["target"] == "no opacity"  # what was predicted
    # Where nothing speaks for the class, nothing is drawn, and that is said.
    assert [bool(tile["heat"]) for tile in tiles] == [True] + [False] * (len(tiles) - 1)
    assert "hottest at the bottom left" in tiles[0]["alt"]
    assert "4 × 4 places" in words_on(app)
    app.query_params["image"] = tiles[0]["id"]
    app = app.run()
    large = read_component(app, "cell_large")
    assert large["showHeat"] == pytest.approx(0.7)
    assert large["tiles"][0]["heat"]
    [target] = [one for one in app.selectbox if one.label == "Heat map for"]
    app = target.set_value("opacity").run()
    assert asked[-1][1] == {
        "run": run.name,
        "images": [tiles[0]["id"]],
        "method": "gradcam",
        "target": "opacity",
    }
    assert "Probability of opacity" in words_on(app)
