"""Runs on several findings at once, on every page that shows a run: live, evaluated, compared."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.evaluate import findings
from tests.pages.conftest import OpenPage
from tests.pages.fake_runs import fake_run, record_processes, write_report
from tests.pages.finding_runs import ABSENT, CLASSES, RARE, UNKNOWN, fake_findings_run
from tests.pages.shown import list_figures
from tests.pages.test_evaluate import facts_on, read_component, read_tiles, words_on
from tests.pages.test_names import names_on
from tests.training.nih import draw_nih
from xray_core.jobs import JobQueue
from xray_core.literature import results_of
from xray_core.processes import own_handle
from xray_core.recipes import PUBLISHED
from xray_core.runs import Run, Submission
from xray_core.runs.trash import is_trashed
from xray_core.workspace import Workspace

N_IMAGES = 60


@pytest.fixture
def run(workspace: Workspace) -> Run:
    return fake_findings_run(workspace, "done")


def rows_of(run: Run) -> dict[str, dict[str, Any]]:
    return {row["class"]: row for row in run.read_report()["per_class"]}


def dots_on(app: AppTest) -> tuple[list[str], list[str]]:
    """Return the findings with a dot in the chart of areas, and those that have none."""
    figures = [json.loads(text) for text in list_figures(app)]
    [figure] = [one for one in figures if one["data"][0].get("name") == "this run"]
    empty = [note["y"] for note in figure["layout"].get("annotations", [])]
    return list(figure["data"][0]["y"]), empty


def test_the_verdict_is_a_mean_in_words_with_what_guessing_gets(
    run: Run, open_page: OpenPage
) -> None:
    area = run.read_report()["metrics"]["auc"]

    app = open_page("evaluate", run=run.name)

    words = words_on(app)
    assert f"Mean AUC {area['value']:.2f} over 12 of 14 findings" in words
    assert f"({area['low']:.2f} to {area['high']:.2f}; n = {N_IMAGES}, of 30 patients" in words
    assert f"{100 * area['value']:.0f} are put in the right order; guessing gets 50." in words
    assert f"Too few patients to say anything of {RARE}." in words
    assert f"No image of the test set has {ABSENT}." in words
    assert f"it is known whether it has {UNKNOWN}. The means are those over the other" in words
    assert not names_on(app)


def test_every_finding_has_its_line_in_the_chart_and_in_the_table(
    run: Run, open_page: OpenPage
) -> None:
    app = open_page("evaluate", run=run.name)

    with_dot, without = dots_on(app)
    assert sorted([*with_dot, *without]) == sorted(CLASSES)
    assert set(without) == {ABSENT, UNKNOWN}
    areas = [rows_of(run)[name]["auc"]["value"] for name in with_dot]
    assert areas == sorted(areas, reverse=True)
    table = app.dataframe[0].value.set_index("finding")
    row, recall = rows_of(run)["mass"], rows_of(run)["mass"]["recall"]
    assert list(table.index) == CLASSES
    assert table.loc["mass", "recall (sensitivity)"] == (
        f"{recall['value']:.1%} ({recall['low']:.1%} to {recall['high']:.1%})"
    )
    assert table.loc["mass", "threshold"] == "0.400"
    assert table.loc["mass", "images"] == f"{row['n']} / {row['n_absent']} / 0"
    assert table.loc[UNKNOWN, "images"] == f"0 / 0 / {N_IMAGES}"
    assert table.loc[RARE, "note"] == "too few to say"
    assert not [name for name in table if name.startswith("published")]


def test_the_cells_of_the_chosen_finding_open_its_images(run: Run, open_page: OpenPage) -> None:
    row = rows_of(run)["mass"]
    right_no, wrong_yes, wrong_no, right_yes = row["counts"]
    predictions = run.read_predictions().set_index("image_id")

    app = open_page("evaluate", run=run.name, finding="mass", cell="1-0")

    matrix = read_component(app, "matrix")
    assert matrix["counts"] == [[right_no, wrong_yes], [wrong_no, right_yes]]
    assert [one["name"] for one in matrix["classes"]] == ["no mass", "mass"]
    missed = read_tiles(app)
    assert 0 < len(missed) == wrong_no
    shown = predictions.loc[[tile["id"] for tile in missed]]
    assert (shown["y_mass"] == 1).all()
    assert shown["p_mass"].is_monotonic_increasing, "the surest miss first"
    assert missed[0]["title"] == f"{shown['p_mass'].iloc[0]:.0%}"
    assert "Missed (false negatives)" in words_on(app)
    assert "Called from a probability of 40% on" in words_on(app)
    large = open_page("evaluate", run=run.name, finding="mass", cell="1-0", image=shown.index[0])
    [tile] = read_tiles(large, "cell_large")
    assert tile["title"].endswith("probability of mass")


def test_another_finding_is_chosen_and_its_cell_is_its_own(run: Run, open_page: OpenPage) -> None:
    app = open_page("evaluate", run=run.name, finding="mass", cell="0-0", image="x")

    app.selectbox(key="finding_choice").select("nodule").run()

    assert app.query_params["finding"] == "nodule"
    assert not {"cell", "image"} & set(app.query_params)
    assert read_component(app, "matrix")["classes"][1]["name"] == "nodule"


def test_a_dot_that_is_clicked_chooses_its_finding(
    run: Run, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = []

    def show_areas(*_: Any, chosen: str, on_pick: Callable[[str], None], **_rest: str) -> None:
        shown.append(chosen)
        st.button("a dot", on_click=on_pick, args=("nodule",))  # AppTest clicks no chart

    monkeypatch.setattr(findings, "show_areas", show_areas)
    app = open_page("evaluate", run=run.name, finding="mass")
    [dot] = [one for one in app.button if one.label == "a dot"]
    dot.click().run()

    assert shown[-1] == app.selectbox(key="finding_choice").value == "nodule"


@pytest.mark.parametrize("finding", [ABSENT, UNKNOWN])
def test_a_finding_of_which_nothing_can_be_said_is_shown_all_the_same(
    finding: str, run: Run, open_page: OpenPage
) -> None:
    app = open_page("evaluate", run=run.name, finding=finding, result="Curves")

    assert facts_on(app)["AUC"] == "–"
    assert f"has {finding}. A curve needs images with it" in words_on(app)
    assert "as the validation set cannot tell of a better threshold" in words_on(app)


def test_every_tab_opens(run: Run, open_page: OpenPage) -> None:
    for tab, words in {
        "Curves": "Precision and recall",
        "Errors together": "Most often together",
        "Error analysis": "without an error analysis",
        "Training checks": "epochs",
        "How it was evaluated": "Youden's index). 0.5 for edema, hernia",
    }.items():
        app = open_page("evaluate", run=run.name, result=tab)

        assert words in words_on(app), tab
        assert not names_on(app), tab


def test_errors_together_are_those_of_the_report(run: Run, open_page: OpenPage) -> None:
    counts = run.read_report()["errors_together"]["missed"]
    most = max(
        (counts[a][b], CLASSES[a], CLASSES[b]) for a in range(len(CLASSES)) for b in range(a)
    )

    words = words_on(open_page("evaluate", run=run.name, result="Errors together"))

    assert f"{most[0]} images" in words


def test_published_areas_stand_beside_ours_with_their_sources(
    run: Run, open_page: OpenPage
) -> None:
    recipe = replace(
        PUBLISHED["nih_densenet121_findings"], data_folder=run.read_recipe().data_folder
    )
    run.write_json("recipe.json", asdict(recipe))
    most = max(results_of(recipe.name), key=lambda row: len(row.metrics))

    app = open_page("evaluate", run=run.name)

    table = app.dataframe[0].value.set_index("finding")
    assert table.loc["mass", "published A"] == f"{most.metrics['auc_mass']:.3f}"
    figures = [json.loads(text) for text in list_figures(app)]
    marks = {trace["name"]: trace for one in figures for trace in one["data"]}
    assert len(marks["published A"]["y"]) == sum(key.startswith("auc_") for key in most.metrics)
    assert f"Published A: {most.place}; {most.images}." in words_on(app)
    curves = open_page("evaluate", run=run.name, result="Curves")
    assert f"mean AUC {recipe.published['auc']:.3f}, ours" in words_on(curves)


@pytest.mark.parametrize("state", ["running", "done"])
def test_a_run_shows_loss_and_mean_area_live_and_each_finding(
    state: str, workspace: Workspace, open_page: OpenPage
) -> None:
    run = fake_findings_run(workspace, state, handle=own_handle())
    last = run.read_epochs().iloc[-1]

    app = open_page("runs", run=run.name)

    words = " ".join(words_on(app).split())
    assert f"Mean validation AUC {last['val_auc']:.3f} (" in words
    assert f"n = {N_IMAGES} · selected epoch 2" in words
    assert f"mean AUC {last['val_auc']:.3f}, 90.0% of the labels right" in words
    assert "accuracy" not in words.casefold()
    with_dot, without = dots_on(app)
    assert (len(with_dot), set(without)) == (12, {ABSENT, UNKNOWN})
    [chart] = app.get("vega_lite_chart")
    assert "mean AUC" in chart.proto.spec
    assert '"accuracy"' not in chart.proto.spec
    assert not names_on(app)


def test_what_is_known_of_the_data_is_counted_by_finding(run: Run, open_page: OpenPage) -> None:
    app = open_page("runs", run=run.name)
    app.session_state["data_split"] = True
    app.run()

    table = app.dataframe[0].value
    assert list(table.index) == CLASSES
    assert table.loc[UNKNOWN].tolist() == [9, 7]
    assert "50 of the training set; an image may have several" in words_on(app)


def test_the_labels_that_are_most_wrong_are_shown(run: Run, open_page: OpenPage) -> None:
    split = run.read_split().set_index("image_id")
    app = open_page("runs", run=run.name)

    for kind, state, beyond in (("missed", 1, 0.5), ("called", 0, 1.0)):
        tiles = read_tiles(app, f"wrong_{kind}")
        assert len({tile["id"] for tile in tiles}) == 3
        assert len({tile["title"] for tile in tiles}) == 3, "one of each finding first"
        assert all(split.loc[tile["id"], f"y_{tile['title']}"] == state for tile in tiles)
        shares = [float(tile["note"].rstrip("%")) / 100 for tile in tiles]
        assert shares == sorted(shares, reverse=kind == "called")
        assert max(shares) <= beyond


def test_a_run_before_its_first_epoch_waits(workspace: Workspace, open_page: OpenPage) -> None:
    run = fake_findings_run(workspace, "queued")

    app = open_page("runs", run=run.name)

    assert not app.exception
    assert not list(list_figures(app))


def test_lists_of_runs_hold_both_kinds(run: Run, workspace: Workspace, open_page: OpenPage) -> None:
    single = fake_run(workspace, "done")
    write_report(single, workspace)
    area = run.read_report()["metrics"]["auc"]

    app = open_page("runs")
    cells = app.dataframe[0].value.set_index("run")
    [chart] = app.get("vega_lite_chart")
    home = open_page("home")

    # Without a nickname each is called by its recipe.
    title, other = (one.read_recipe().title for one in (run, single))
    assert cells.loc[title, "validation"].startswith("AUC 0.")
    assert cells.loc[title, "result"] == cells.loc[title, "auc"]  # of the same images
    assert cells.loc[title, "auc"].startswith(f"{area['value']:.3f} (")
    assert cells.loc[other, "validation"].endswith("), n = 20")
    assert "accuracy" in chart.proto.spec
    assert "mean AUC" in chart.proto.spec
    rows = read_component(home, "home_results")["rows"]
    assert f"AUC {area['value']:.2f} ({area['low']:.2f} to" in str(rows)


def test_a_sweep_of_such_runs_is_compared_by_mean_area(
    workspace: Workspace, open_page: OpenPage
) -> None:
    for number in (1, 2):
        run = fake_findings_run(workspace, "done", f"2026030{number}-100000-quick_cnn")
        recipe = json.loads((run.folder / "recipe.json").read_text())
        recipe["changes"] = {"batch_size": 8 * number}
        run.write_json("recipe.json", recipe | {"batch_size": 8 * number})
        run.write_submission(Submission(sweep="pair"))

    app = open_page("runs", sweep="pair")

    assert "Highest validation mean AUC so far" in words_on(app)
    assert "accuracy" not in app.table[0].value.columns
    assert "Mean AUC" in words_on(app)
    assert not names_on(app)


def test_a_task_of_several_findings_is_trained_like_any_other(
    workspace: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_processes(monkeypatch)
    # All images of half the patients show two findings; the others are in no image.
    table = workspace.data / "nih" / "Data_Entry_2017_v2020.csv"
    draw_nih(workspace.data / "nih")
    every = "|".join(name.title().replace(" ", "_") for name in CLASSES)
    table.write_text(table.read_text().replace("Mass|Nodule", every), encoding="utf-8")
    app = open_page("train", data="nih", task="nih_findings", recipe="quick_cnn")

    assert app.selectbox(key="task_choice").value == "nih_findings"
    assert facts_on(app)["To beat"] == "mean AUC 0.5, which guessing reaches"
    [shown] = [text for text in words_by_html(app) if "pleural thickening" in text]
    assert all(name in shown for name in CLASSES)
    assert not names_on(app)
    app.segmented_control(key="finding_state").set_value("Absent").run()
    [button] = [one for one in app.button if one.label == "Start training"]
    button.click().run()

    [job] = JobQueue(workspace.queue).list_jobs()
    assert not is_trashed(workspace, job.run)
    assert Run(workspace.runs / job.run).read_recipe().multilabel


def words_by_html(app: AppTest) -> list[str]:
    return [str(one.proto.body) for one in app.get("html")]


def test_what_needs_one_class_an_image_is_not_offered(
    workspace: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_processes(monkeypatch)
    draw_nih(workspace.data / "nih")
    app = open_page("train", data="nih", task="nih_findings")
    [picked] = [c for c in app.get("bidi_component") if "recipe_rows" in c.proto.id]
    assert json.loads(picked.proto.json)["chosen"] == "quick_cnn", "others need official lists"
    app = open_page("train", data="nih", task="nih_findings", recipe="quick_cnn")
    app.session_state["advanced"] = True
    key = "changed_recipe.quick_cnn."
    offered = set()
    for tab in ("Training", "Loss"):
        app.session_state["advanced_tab"] = tab
        app.run()
        offered |= {str(one.key).removeprefix(key) for one in [*app.selectbox, *app.toggle]}
        if tab == "Loss":
            assert app.selectbox(key=f"{key}sampling").options == ["Every image once"]

    assert "class_weights" in offered
    assert not {"combined_labels", "calibrate"} & offered


def test_the_published_areas_of_each_finding_stand_beside_ours(
    run: Run, open_page: OpenPage
) -> None:
    densenet = PUBLISHED["nih_densenet121_findings"]
    run.write_json("recipe.json", asdict(replace(run.read_recipe(), name=densenet.name, parent="")))
    rows = results_of(densenet.name)
    name = next(key for key in rows[0].metrics if key.startswith("auc_")).removeprefix("auc_")

    app = open_page("evaluate", run=run.name, result="Published")

    everything, figures = (table.value for table in app.table[:2])
    assert len(everything) == everything["published"].nunique() == len(rows) > 1
    beside = figures.set_index("figure").loc[f"AUC of {name}"]
    assert beside["published"] == f"{rows[0].metrics[f'auc_{name}']:.3f}"
    area = rows_of(run)[name]["auc"]
    assert beside["this run"].startswith(f"{area['value']:.3f} (")
    assert "always the most frequent class" not in set(figures["figure"])
