"""The Train page, driven as a user would; nothing is trained or measured."""

import dataclasses
import html
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.train import recipe_form
from pages.train.checked_split import check_split
from pages.train.cost import format_range, format_time
from pages.train.recipe_fields import HELP
from tests.datasets.fakes import fake_covid19_radiography, fake_kermany
from tests.pages.conftest import OpenPage
from tests.pages.fake_runs import fake_run, record_processes
from tests.pages.shown import count_elements, list_html, read_heading
from tests.training.nih import draw_nih
from xray_core.audit.same_picture import gather_copies
from xray_core.datasets import open_dataset
from xray_core.jobs import JobQueue, QueueSettings, write_settings
from xray_core.models import CLASS_OUTPUT, MODELS, weights_file
from xray_core.preprocess.spec import AugmentSpec
from xray_core.recipes import (
    ANY_DATASET,
    CORRECTED,
    PUBLISHED,
    Phase,
    Recipe,
    change_recipe,
    changeable_fields,
    recipes_for,
)
from xray_core.recipes.script import model as script_model
from xray_core.recipes.titles import field_title
from xray_core.runs import list_runs
from xray_core.splits import SplitSpec, split_catalog
from xray_core.tasks import encode_catalog, find_task
from xray_core.workspace import Workspace

FIELD = "changed_recipe.demo_cnn."
MEASURED: dict[str, Any] = {
    "parameters": 68_946,
    "layers": [
        {
            "name": "conv1",
            "kind": "Conv2D",
            "output": "batch × 32 × 32 × 16",
            "shape": [32, 32, 16],
            "parameters": 144,
        }
    ],
    "device": "CPU, 2 cores",
    "seconds_per_step": 0.5,
    "seconds_per_image": 0.01,
    "seconds_to_start": 8.0,
    "seconds_to_compile": 3.0,
    "memory_mb": 800.0,
}


@pytest.fixture(autouse=True)
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    return record_processes(monkeypatch)


def read_rows(app: AppTest, key: str = "recipe_rows") -> dict[str, Any]:
    """Return the list of recipes as it is sent to the browser."""
    [box] = [one for one in app.get("bidi_component") if f"-{key}" in one.proto.id]
    return json.loads(box.proto.json)


def open_advanced(app: AppTest, tab: str = "Training") -> AppTest:
    app.session_state["advanced"] = True
    app.session_state["advanced_tab"] = tab
    return app.run()


def facts_of(app: AppTest) -> dict[str, str]:
    """Return what the summary says, name -> words."""
    text = "".join(list_html(app))
    return {
        name: html.unescape(words)
        for name, words in re.findall(r'<th scope="row">(.*?)</th><td>(.*?)</td>', text)
    }


def start_button(app: AppTest) -> Any:
    [button] = [one for one in app.button if one.label == "Start training"]
    return button


def start(app: AppTest) -> AppTest:
    return start_button(app).click().run()


def test_drawn_data_begins_with_the_demo_recipe(open_page: OpenPage) -> None:
    app = open_page("train")

    assert read_rows(app)["chosen"] == "demo_cnn"
    assert facts_of(app)["Changed"] == "Unchanged."


def test_recipes_for_the_task_come_first_the_others_of_the_dataset_after_them(
    open_page: OpenPage,
) -> None:
    app = open_page("train")
    rows = read_rows(app)["rows"]
    app.session_state["more_recipes"] = True
    app.run()
    folded = read_rows(app, "other_rows")["rows"]

    names = [name for name in PUBLISHED if not name.endswith(CORRECTED)]
    of_task = [name for name in names if PUBLISHED[name].task == "siim_opacity"]
    fitting = [row["id"] for row in rows if not row["dim"]]
    assert fitting == [*of_task, *ANY_DATASET]
    others = {row["id"]: row for row in [*rows[len(fitting) :], *folded]}
    of_dataset = {name for name in names if PUBLISHED[name].dataset == "siim_covid19"}
    assert set(others) == of_dataset - set(of_task)
    assert all("answers “" in row["note"] and not row["disabled"] for row in others.values())
    [thesis] = [row for row in rows if row["id"] == "siim_6_10_xception_opacity"]
    assert (thesis["value"], thesis["value_note"]) == (
        "accuracy 80.2%",
        "published, without interval",
    )
    [own] = [row for row in rows if row["id"] == "siim_mobilenet_opacity"]
    assert (own["value"], own["value_note"]) == (
        "accuracy 77.8%",
        "to compare: the thesis, Xception",
    )


def test_recipes_for_other_datasets_are_folded_away_with_the_reason(open_page: OpenPage) -> None:
    app = open_page("train")
    assert not [one for one in app.get("bidi_component") if "misfit_rows" in one.proto.id]
    app.session_state["more_recipes"] = True
    app.run()

    assert not [one for one in app.get("bidi_component") if "misfit_rows" in one.proto.id]
    app.text_input(key="recipe_search").set_value("x-net nih").run()

    rows = {row["id"]: row for row in read_rows(app, "misfit_rows")["rows"]}
    assert set(rows) == {"xnet_cnn15", "xnet_dual"}
    assert "made for NIH ChestX-ray14" in rows["xnet_dual"]["note"]
    assert all(row["disabled"] for row in rows.values())
    shown = {PUBLISHED[name].dataset for name in rows}
    assert "siim_covid19" not in shown


def test_a_recipe_of_another_task_brings_its_task(open_page: OpenPage) -> None:
    app = open_page("train")
    assert app.selectbox(key="task_choice").value == "siim_opacity"  # that of the demo's recipe
    app.query_params["recipe"] = "siim_6_9_xception_3class"
    app.run()

    assert app.selectbox(key="task_choice").value == "siim_3class"
    assert app.query_params["task"] == "siim_3class"
    assert read_rows(app)["chosen"] == "siim_6_9_xception_3class"


def test_a_task_that_is_chosen_in_the_bar_brings_its_first_recipe(open_page: OpenPage) -> None:
    app = open_page("train", recipe="siim_6_10_xception_opacity")
    app.selectbox(key="task_choice").select("siim_typical").run()

    assert "recipe" not in app.query_params
    assert read_rows(app)["chosen"] == "siim_6_11_xception_typical"
    assert app.selectbox(key="task_choice").value == "siim_typical"
    assert "does not" not in words_of(app)
    app.selectbox(key="task_choice").select("siim_image").run()  # which no recipe was made for
    assert read_rows(app)["chosen"] in ANY_DATASET
    assert app.selectbox(key="task_choice").value == "siim_image"


def test_a_recipe_in_the_address_goes_before_its_task(open_page: OpenPage) -> None:
    app = open_page("train", recipe="siim_6_1_cnn9", task="siim_opacity")

    assert read_rows(app)["chosen"] == "siim_6_1_cnn9"
    assert app.selectbox(key="task_choice").value == "siim_study"


def test_a_task_that_is_changed_under_advanced_is_that_of_the_bar(open_page: OpenPage) -> None:
    app = open_advanced(open_page("train"), "Split")
    app.selectbox(key=FIELD + "task").select("siim_study").run()

    assert app.selectbox(key="task_choice").value == "siim_study"
    assert read_rows(app)["chosen"] == "demo_cnn"
    assert "Task" in facts_of(app)["Changed"]


def test_a_recipe_can_be_had_corrected(open_page: OpenPage) -> None:
    app = open_advanced(open_page("train", recipe="siim_6_1_cnn9"), "Split")
    split = app.selectbox(key="changed_recipe.siim_6_1_cnn9.split.method").value

    app.toggle(key="recipe_corrected").set_value(True).run()

    assert (split, app.query_params["recipe"]) == ("thesis_folders", "siim_6_1_cnn9_corrected")
    assert read_rows(app)["chosen"] == "siim_6_1_cnn9"
    assert (
        app.selectbox(key="changed_recipe.siim_6_1_cnn9_corrected.split.method").value == "patient"
    )


def test_kermany_begins_with_its_own_recipe(workspace: Workspace, open_page: OpenPage) -> None:
    fake_kermany(workspace.data / "chest_xray")

    app = open_page("train", data="chest_xray")

    assert read_rows(app)["chosen"] == "pneumonia_cnn"


def test_recipe_in_the_address_is_chosen(open_page: OpenPage) -> None:
    app = open_page("train", recipe="siim_6_1_cnn9")

    assert read_rows(app)["chosen"] == "siim_6_1_cnn9"


@pytest.mark.parametrize(
    ("name", "words"), [("nonsense", "does not exist"), ("pneumonia_cnn", "does not fit")]
)
def test_wrong_recipe_in_the_address_is_said(open_page: OpenPage, name: str, words: str) -> None:
    app = open_page("train", recipe=name)

    assert words in app.warning[0].value
    assert read_rows(app)["chosen"] == "demo_cnn"


def test_start_queues_the_recipe_and_wakes_a_worker(
    workspace: Workspace, open_page: OpenPage, commands: list[list[str]]
) -> None:
    app = start(open_page("train"))

    assert not app.exception
    [run] = list_runs(workspace.runs)
    assert run.read_recipe().changes == {}
    assert [job.run for job in JobQueue(workspace.queue).list_jobs()] == [run.name]
    assert [command[3] for command in commands].count("worker") == 1
    assert app.query_params["run"] == run.name
    assert read_heading(app) == "Runs"


def test_folds_and_a_grid_are_started_together(
    workspace: Workspace, open_page: OpenPage, commands: list[list[str]]
) -> None:
    app = open_page("train")
    app.session_state["sweep"] = True
    app.run()
    assert app.button(key="sweep_start").disabled
    offered = app.selectbox(key="sweep_field_0").options
    assert "Learning rate" in offered
    assert field_title("selection") not in offered
    app.number_input(key="sweep_folds").set_value(2)
    app.selectbox(key="sweep_field_0").set_value("seed").run()
    assert "no value is given" in app.error[0].value
    app.text_input(key="sweep_values_0").set_value("1, 2, 3").run()
    assert app.button(key="sweep_start").label == "Start 6 trainings"
    assert not app.error

    app.button(key="sweep_start").click().run()

    assert not app.exception
    runs = list_runs(workspace.runs)
    [sweep] = {run.read_submission().sweep for run in runs}
    points = {(run.read_recipe().seed, run.read_recipe().split.fold) for run in runs}
    assert points == {(seed, fold) for seed in (1, 2, 3) for fold in (1, 2)}
    assert len(JobQueue(workspace.queue).list_jobs()) == 6
    assert app.query_params["sweep"] == sweep
    assert f"{sweep} · 6 runs" in " ".join(one.value for one in app.caption).replace("\\", "")


def test_changes_are_named_and_kept_in_the_run(workspace: Workspace, open_page: OpenPage) -> None:
    app = open_page("train")
    app.number_input(key=FIELD + "preprocess.size").set_value(64 + 16)
    app.number_input(key=FIELD + "phases.train.epochs").set_value(2)
    app.run()
    said = facts_of(app)["Changed"]
    app = start(app)

    assert "Epochs 24 → 2" in said
    [run] = list_runs(workspace.runs)
    assert run.read_recipe().changes == {"preprocess.size": 80, "phases.train.epochs": 2}
    assert run.read_recipe().parent == "demo_cnn"


def test_refused_value_is_said_in_words_and_cannot_be_started(
    workspace: Workspace, open_page: OpenPage
) -> None:
    app = open_page("train")
    app.number_input(key=FIELD + "batch_size").set_value(0).run()

    assert "Batch size is 0; choose 1 to 1024" in app.error[0].value.replace("\\", "")
    [button] = [one for one in app.button if one.label == "Start training"]
    assert button.disabled


def test_a_class_that_the_given_test_subset_lacks_is_said_before_the_start(
    workspace: Workspace, open_page: OpenPage
) -> None:
    fake_kermany(workspace.data / "chest_xray")  # no normal image is in its test set

    app = open_page("train", data="chest_xray", recipe="pneumonia_cnn")
    open_advanced(app, "Split")
    app.selectbox(key="changed_recipe.pneumonia_cnn.split.method").select("published").run()

    assert "No image of normal is in the test set" in words_of(app)
    [button] = [one for one in app.button if one.label == "Start training"]
    assert not button.disabled


def test_a_split_at_random_that_would_lack_a_class_cannot_be_started(
    workspace: Workspace, open_page: OpenPage
) -> None:
    folder = workspace.data / "chest_xray"
    fake_kermany(folder)  # three patients of each class
    (folder / "train" / "PNEUMONIA" / "person447_virus_921_1.jpeg").unlink()

    app = open_page("train", data="chest_xray", recipe="pneumonia_cnn")
    open_advanced(app, "Split")
    app.selectbox(key="changed_recipe.pneumonia_cnn.split.method").select("patient").run()

    assert "set would hold no image of pneumonia" in words_of(app)
    assert "pneumonia: 2 images in 2 groups (" in words_of(app)
    [button] = [one for one in app.button if one.label == "Start training"]
    assert button.disabled


def test_a_value_outside_of_the_usual_range_is_said_and_can_be_started(
    workspace: Workspace, open_page: OpenPage
) -> None:
    app = open_page("train")
    app.number_input(key=FIELD + "phases.train.learning_rate").set_value(5.0).run()

    expected = "Learning rate is 5; 0.0001 to 0.003 is usual for Adam."
    assert words_of(app) == expected
    start(app)
    assert len(list_runs(workspace.runs)) == 1


def test_points_of_a_grid_outside_of_the_usual_range_are_said(open_page: OpenPage) -> None:
    app = open_page("train")
    app.session_state["sweep"] = True
    app.run()
    app.selectbox(key="sweep_field_0").set_value("phases.train.learning_rate").run()
    app.text_input(key="sweep_values_0").set_value("0.001, 7").run()

    assert "Learning rate is 7; 0.0001 to 0.003 is usual" in words_of(app)
    assert "is 0.001;" not in words_of(app)
    assert not app.button(key="sweep_start").disabled


def test_fields_of_one_name_have_helps_of_their_own() -> None:
    of_name: dict[str, set[str]] = {}
    for recipe in PUBLISHED.values():
        for field in changeable_fields(recipe):
            if not field.startswith("phases."):  # which has as many as phases, all of one meaning
                of_name.setdefault(field.rpartition(".")[2], set()).add(field)
    shared = [fields for name, fields in of_name.items() if len(fields) > 1 and name in HELP]

    assert {"seed", "split.seed"} in shared
    for fields in shared:
        helps = [HELP.get(field) or HELP[field.rpartition(".")[2]] for field in fields]
        assert len(set(helps)) == len(fields), fields
    assert "patients" in HELP["split.seed"]


def test_back_to_published_undoes_the_changes(open_page: OpenPage) -> None:
    app = open_page("train")
    app.number_input(key=FIELD + "batch_size").set_value(4).run()
    [back] = [one for one in app.button if one.label.startswith("Back")]
    back.click().run()

    assert app.number_input(key=FIELD + "batch_size").value == PUBLISHED["demo_cnn"].batch_size
    assert facts_of(app)["Changed"] == "Unchanged."


def test_an_option_is_offered_with_words_where_it_has_a_meaning(
    workspace: Workspace, open_page: OpenPage
) -> None:
    def shown_fields() -> dict[str, Any]:
        widgets = (*app.number_input, *app.selectbox)
        return {str(one.key).removeprefix(FIELD): one for one in widgets}

    app = open_advanced(open_page("train"), "Loss")
    shown = shown_fields()
    for field in ("loss", "label_smoothing", "sampling", "mixup"):
        assert shown[field].help, field
    assert "focal_gamma" not in shown
    open_advanced(app)
    shown = shown_fields()
    for field in ("optimizer", "schedule", "warm_up"):
        assert shown["phases.train." + field].help, field
    for field in ("decay", "decay_epochs", "momentum", "weight_decay", "trainable", "batch_norm"):
        assert "phases.train." + field not in shown

    app.selectbox(key=FIELD + "phases.train.optimizer").select("sgd")
    app.selectbox(key=FIELD + "phases.train.schedule").select("step").run()

    assert "decay is 0.0, by which schedule step" in app.error[0].value.replace("\\", "")
    for field in ("decay", "decay_epochs", "momentum"):
        assert app.number_input(key=FIELD + "phases.train." + field).help, field
    app.number_input(key=FIELD + "phases.train.decay").set_value(0.5)
    app.number_input(key=FIELD + "phases.train.decay_epochs").set_value(4)
    app.number_input(key=FIELD + "phases.train.momentum").set_value(0.9).run()
    open_advanced(app, "Loss")
    app.selectbox(key=FIELD + "loss").select("focal").run()
    app.number_input(key=FIELD + "focal_gamma").set_value(1.0).run()
    start(app)

    [run] = list_runs(workspace.runs)
    recipe = run.read_recipe()
    [phase] = recipe.phases
    assert (phase.schedule, phase.decay, phase.decay_epochs) == ("step", 0.5, 4)
    assert (phase.optimizer, phase.momentum, phase.weight_decay) == ("sgd", 0.9, 0.0)
    assert (recipe.loss, recipe.focal_gamma) == ("focal", 1.0)


def test_every_field_that_may_be_changed_has_its_place_in_the_form() -> None:
    recipe = PUBLISHED["siim_mobilenet_opacity"]
    fields = changeable_fields(recipe)

    placed = [
        key
        for _, prefixes in recipe_form.TABS.items()
        for prefix in prefixes
        for key in recipe_form.list_within(prefix, fields)
    ]

    assert {*placed, "selection"} == set(fields)  # which stands in the address
    assert set(recipe_form.basic_fields(recipe)) <= set(fields)
    assert len(placed) == len(set(placed))
    assert {*recipe_form.PHASE_ORDER, "name"} == {field.name for field in dataclasses.fields(Phase)}


def test_a_value_typed_for_a_choice_that_was_taken_back_does_no_harm(open_page: OpenPage) -> None:
    app = open_advanced(open_page("train"))
    app.selectbox(key=FIELD + "phases.train.optimizer").select("sgd").run()
    app.number_input(key=FIELD + "phases.train.momentum").set_value(0.9).run()
    app.selectbox(key=FIELD + "phases.train.optimizer").select("adam").run()

    assert not app.error
    assert facts_of(app)["Changed"] == "Unchanged."


def test_a_pretrained_base_can_be_trained_in_part(
    workspace: Workspace, open_page: OpenPage
) -> None:
    app = open_advanced(open_page("train", recipe="siim_mobilenet_opacity"))
    key = "changed_recipe.siim_mobilenet_opacity.phases.fine_tune."
    app.selectbox(key=key + "trainable").select("top:0.3")
    app.selectbox(key=key + "batch_norm").select("frozen").run()

    said = facts_of(app)["Changed"]
    assert "All layers → Last 30% of the layers" in said
    assert "Learns → Frozen" in said


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("siim_10_from_union", "The newest run of Xception on a union of two datasets (thesis 9)"),
        (
            "siim_mobilenet_study",
            "The newest run of MobileNetV2 0.35, normal, bacterial or viral (Kermany)",
        ),
        ("tang2020_alexnet_pretrained", "A file that only you can have"),
    ],
)
def test_weights_that_a_recipe_alone_begins_with_are_a_choice_of_its_own(
    name: str, shown: str
) -> None:
    def page(name: str) -> None:
        import streamlit as st

        from pages.train.recipe_form import show_advanced
        from pages.train.recipe_values import find_values
        from xray_core.recipes import PUBLISHED

        st.session_state["values"] = find_values(PUBLISHED[name])
        show_advanced(PUBLISHED[name], st.session_state["values"], {"split.method": ["patient"]})

    app = open_advanced(AppTest.from_function(page, args=(name,), default_timeout=30).run())

    assert not app.exception
    weights = app.selectbox(key=f"changed_recipe.{name}.weights")
    assert weights.options[0] == shown
    assert app.session_state["values"]["weights"] == PUBLISHED[name].weights


def test_weights_that_are_missing_are_said_before_the_start(
    workspace: Workspace, open_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    app = open_page("train", recipe="siim_mobilenet_opacity")
    file = weights_file("mobilenet_v2", **PUBLISHED["siim_mobilenet_opacity"].model_options)
    assert file.name in app.error[0].value.replace("\\", "")
    assert not start_button(app).disabled, "a download may work"

    file.parent.mkdir(parents=True)
    file.touch()
    assert not app.run().error

    open_advanced(app)
    key = "changed_recipe.siim_mobilenet_opacity.weights"
    app.selectbox(key=key).select("A file").run()
    app.text_input(key=key + "_path").set_value("/no/such.h5").run()
    assert "/no/such.h5" in app.error[0].value.replace("\\", "")
    assert start_button(app).disabled


def test_an_earlier_run_that_is_missing_is_said_before_the_start(
    workspace: Workspace, open_page: OpenPage
) -> None:
    app = open_page("train", recipe="siim_mobilenet_study")

    assert "there is none in this workspace" in app.error[0].value
    assert start_button(app).disabled


def test_cost_is_measured_by_a_process_of_its_own(
    workspace: Workspace, open_page: OpenPage, commands: list[list[str]]
) -> None:
    app = open_page("train")

    [command] = commands
    assert command[2:5] == ["xray_core", "describe", "demo_cnn"]
    assert any("Measuring" in text for text in list_html(app))


@pytest.mark.parametrize(
    ("least", "most", "words"),
    [
        (12, 38, "10 to 40 s"),
        (2, 38, "less than 40 s"),
        (185, 355, "3 to 6 min"),
        (50, 121, "less than 3 min"),
        (5400, 9000, "1.5 to 2.5 h"),
        (0, 0, "less than 5 s"),
    ],
)
def test_a_range_of_time_is_rounded_outwards(least: float, most: float, words: str) -> None:
    assert format_range(least, most) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "about 1 s"), (54.4, "about 54 s"), (100, "about 2 min"), (9000, "about 2.5 h")],
)
def test_a_likely_time_is_one_figure(seconds: float, words: str) -> None:
    assert format_time(seconds) == words


def test_measured_cost_is_shown_as_a_range(
    workspace: Workspace, open_page: OpenPage, commands: list[list[str]]
) -> None:
    open_page("train")  # asks for the measurement, whose place this reveals
    [path] = [one for one in commands[0] if one.endswith(".json")]
    Path(path).write_text(json.dumps(MEASURED), encoding="utf-8")

    app = open_page("train")
    assert not app.table
    app.session_state["cost"] = True
    app.run()

    table = app.table[0].value.set_index("what")["how much"]
    assert table["Parameters"] == "68,946"
    # 29 of 48 images train: two batches of 16, each half a second, and as many as there are epochs.
    network = PUBLISHED["demo_cnn"].n_epochs * 2 * MEASURED["seconds_per_step"]
    [likely] = re.findall(r"\d+", table["Time"])
    [least, most] = re.findall(r"\d+", table["At least, at most"])
    assert table["At least, at most"] == f"{least} to {most} s"
    assert 0.7 * network < int(least) < network < int(likely) < int(most) < 5 * network
    said = [text for text in list_html(app) if f"about {likely} s" in text]
    assert len(said) == 2  # large in the summary, small beside the button
    assert any("estimate" in one.value for one in app.caption)
    assert not app.warning
    Path(path).write_text(json.dumps(MEASURED | {"memory_mb": 1e9}), encoding="utf-8")
    assert "may not fit this machine" in open_page("train").warning[0].value


@pytest.mark.parametrize("standby", [True, False])
def test_a_training_is_made_ready_once_the_cost_is_known(
    workspace: Workspace,
    open_page: OpenPage,
    commands: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    standby: bool,
) -> None:
    monkeypatch.delenv("XRAY_STANDBY")
    write_settings(workspace, QueueSettings(standby=standby))
    open_page("train")
    [describing] = commands  # both at once would make the figures wrong
    [path] = [one for one in describing if one.endswith(".json")]
    Path(path).write_text(json.dumps(MEASURED), encoding="utf-8")

    open_page("train")

    assert [command[3] for command in commands] == ["describe", *["worker"] * standby]


def test_the_network_is_drawn_for_those_who_look(
    open_page: OpenPage, commands: list[list[str]]
) -> None:
    open_page("train")
    [path] = [one for one in commands[0] if one.endswith(".json")]
    Path(path).write_text(json.dumps(MEASURED), encoding="utf-8")
    app = open_page("train")
    assert "The network: 1 layers" in [one.label for one in app.expander]
    assert not app.get("plotly_chart")

    app.session_state["network"] = True
    app.run()

    assert not app.exception
    assert len(app.get("plotly_chart")) == 1
    assert app.dataframe[-1].value["name"].tolist() == ["conv1"]


def test_failed_measurement_shows_its_reason(
    workspace: Workspace, open_page: OpenPage, commands: list[list[str]]
) -> None:
    open_page("train")
    [path] = [one for one in commands[0] if one.endswith(".json")]
    log = workspace.cache / "models" / path.split("/")[-1].replace(".json", ".log")
    log.write_text("noise\nerror: no such model\n", encoding="utf-8")

    app = open_page("train")

    assert any("no such model" in one.value for one in app.warning)
    assert len(commands) == 1  # not tried again by itself


def words_of(app: AppTest) -> str:
    return " ".join(str(one.value) for one in (*app.warning, *app.error)).replace("\\", "")


ANOTHER_MODEL = change_recipe(
    PUBLISHED["siim_mobilenet_opacity"],
    {
        "model": "vgg16",
        "model_options.head": "pool_norm",
        "weights": "/data/weights of mine.h5",
        "phases.fine_tune.trainable": "top:0.3",
        "phases.fine_tune.schedule": "step",
        "phases.fine_tune.decay": 0.3,
        "phases.fine_tune.decay_epochs": 3,
        "split.method": "image",
        "split.allow_leaks": True,
    },
)


@pytest.mark.parametrize(
    "trained",
    [
        PUBLISHED["demo_cnn"],
        change_recipe(
            PUBLISHED["demo_cnn"],
            {"seed": 7, "preprocess.size": 96, "augment.zoom": 0.25, "weights": "/runs/best.keras"},
        ),
        change_recipe(PUBLISHED["demo_cnn"], {"model": "googlenet", "batch_size": 4}),
        change_recipe(recipes_for("siim_covid19")["quick_mobilenet"], {"model_options.alpha": 0.5}),
        ANOTHER_MODEL,
    ],
    ids=lambda recipe: f"{recipe.parent or recipe.name}-{recipe.model}-{recipe.seed}",
)
def test_a_run_is_trained_again_with_all_its_settings(
    workspace: Workspace, open_page: OpenPage, trained: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xray_core.jobs.submit.check_weights", lambda *_: None)
    run = fake_run(workspace, "done", recipe=trained)

    app = open_page("train", **{"from": run.name})

    assert read_rows(app)["chosen"] == trained.name
    assert "from" not in app.query_params
    assert not app.warning
    start(app)
    [again] = [one for one in list_runs(workspace.runs) if one.name != run.name]
    assert dataclasses.replace(again.read_recipe(), data_folder="") == trained


def test_a_layer_that_was_typed_is_taken_over(workspace: Workspace, open_page: OpenPage) -> None:
    typed = {"phases.fine_tune.trainable": "from:block_13_expand"}
    recipe = change_recipe(PUBLISHED["siim_mobilenet_opacity"], typed)
    run = fake_run(workspace, "done", recipe=recipe)

    app = open_page("train", **{"from": run.name})

    assert "All layers → From layer block_13_expand on" in facts_of(app)["Changed"]


def test_what_was_changed_before_makes_way_for_the_settings_of_the_run(
    workspace: Workspace, open_page: OpenPage
) -> None:
    run = fake_run(workspace, "failed", recipe=change_recipe(PUBLISHED["demo_cnn"], {"seed": 7}))
    app = open_advanced(open_page("train"))
    app.number_input(key=FIELD + "batch_size").set_value(4)
    app.selectbox(key=FIELD + "model").select("googlenet").run()

    app.query_params["from"] = run.name
    app.run()

    assert app.selectbox(key=FIELD + "model").value == "demo_cnn"
    assert app.number_input(key=FIELD + "batch_size").value == PUBLISHED["demo_cnn"].batch_size
    assert app.number_input(key=FIELD + "seed").value == 7
    app.number_input(key=FIELD + "seed").set_value(8).run()  # it is entered once, not each time
    assert app.number_input(key=FIELD + "seed").value == 8


@pytest.mark.parametrize("folder", ["chest_xray", "kermany-224/chest_xray"])
def test_the_dataset_of_the_run_is_chosen(
    workspace: Workspace, open_page: OpenPage, folder: str
) -> None:
    """Also where the dataset lies inside the folder that is listed, as in every archive."""
    fake_kermany(workspace.data / folder)
    run = fake_run(workspace, "done", recipe=PUBLISHED["pneumonia_cnn"])
    recipe = dataclasses.replace(
        PUBLISHED["pneumonia_cnn"], data_folder=str(workspace.data / folder)
    )
    run.write_json("recipe.json", json.loads(recipe.to_json()))

    app = open_page("train", **{"from": run.name})

    assert app.query_params["data"] == folder.split("/")[0]
    assert read_rows(app)["chosen"] == "pneumonia_cnn"
    assert "not among the datasets" not in words_of(app)


def test_a_run_on_data_that_is_not_here_is_taken_over_with_a_warning(
    workspace: Workspace, open_page: OpenPage
) -> None:
    run = fake_run(workspace, "done", recipe=change_recipe(PUBLISHED["demo_cnn"], {"seed": 7}))
    shutil.move(workspace.demo_data, workspace.data / "elsewhere")

    app = open_page("train", **{"from": run.name})

    assert f"trained on {workspace.demo_data}, which is not among" in words_of(app)
    open_advanced(app)
    assert app.number_input(key=FIELD + "seed").value == 7


def test_what_cannot_be_taken_over_of_a_run_is_said(
    workspace: Workspace, open_page: OpenPage
) -> None:
    demo = PUBLISHED["demo_cnn"]
    other_phase = dataclasses.replace(demo, phases=(Phase("warm", 1),), seed=7)
    run = fake_run(workspace, "done", recipe=other_phase)
    own = fake_run(workspace, "done", "own", dataclasses.replace(demo, name="mine"))

    app = open_page("train", **{"from": run.name})

    assert "Not taken over: Batch normalization" in words_of(app)
    assert "Epochs (warm)" in words_of(app)
    open_advanced(app)
    assert app.number_input(key=FIELD + "seed").value == 7
    assert "'mine', which is no published" in words_of(open_page("train", **{"from": own.name}))
    assert "There is no run '../x'" in words_of(open_page("train", **{"from": "../x"}))


def test_another_model_brings_its_own_fields(workspace: Workspace, open_page: OpenPage) -> None:
    app = open_advanced(open_page("train"))
    # The recipe answers with classes: a network that draws masks is no choice.
    titles = [card.title for card in MODELS.values() if card.output == CLASS_OUTPUT]
    assert app.selectbox(key=FIELD + "model").options == titles
    assert app.selectbox(key=FIELD + "weights").options == ["Random", "A file"]

    app.selectbox(key=FIELD + "model").select("mobilenet_v2").run()
    app.selectbox(key=FIELD + "weights").select("imagenet")
    app.number_input(key=FIELD + "model_options.alpha").set_value(0.35)
    app.selectbox(key=FIELD + "phases.train.trainable").select("head").run()

    assert not [one for one in app.error if "ImageNet weights" not in one.value]
    said = facts_of(app)["Changed"]
    for words in (
        "Model Small demo CNN → MobileNetV2",
        "Width factor default → 0.35",
        "Layers that learn All layers → Head only",
    ):
        assert words in said
    # Back again: what the model lacks is gone, and does no harm.
    app.selectbox(key=FIELD + "model").select("demo_cnn").run()
    assert not app.error
    shown = {str(one.key) for one in (*app.number_input, *app.selectbox)}
    assert not {FIELD + "model_options.alpha", FIELD + "phases.train.trainable"} & shown
    assert app.selectbox(key=FIELD + "weights").value == "random"
    assert facts_of(app)["Changed"] == "Unchanged."


def test_back_to_published_brings_the_model_back(open_page: OpenPage) -> None:
    app = open_advanced(open_page("train"))
    app.selectbox(key=FIELD + "model").select("mobilenet_v2").run()
    app.selectbox(key=FIELD + "phases.train.batch_norm").select("frozen").run()
    [back] = [one for one in app.button if one.label.startswith("Back")]
    back.click().run()

    assert app.selectbox(key=FIELD + "model").value == "demo_cnn"
    assert facts_of(app)["Changed"] == "Unchanged."


def test_a_frozen_base_is_refused_for_a_model_without_one_and_can_be_changed(
    workspace: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = PUBLISHED["siim_mobilenet_opacity"]
    [phase] = published.phases
    freezing = dataclasses.replace(
        published, phases=(dataclasses.replace(phase, trainable="head"),)
    )
    monkeypatch.setitem(PUBLISHED, published.name, freezing)
    key = f"changed_recipe.{published.name}."
    app = open_advanced(open_page("train", recipe=published.name))

    app.selectbox(key=key + "model").select("googlenet").run()

    assert (
        "'head', but GoogLeNet with batch normalisation has no pretrained base to freeze"
        in words_of(app)
    )
    app.selectbox(key=key + "phases.fine_tune.trainable").select("all").run()
    assert not app.error


def test_the_recipe_as_it_stands_can_be_taken_away(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered: dict[str, Any] = {}
    written: list[object] = []
    copy = script_model.copy_definitions
    monkeypatch.setattr(
        script_model, "copy_definitions", lambda *some: (written.append(some), copy(*some))[1]
    )
    monkeypatch.setattr(
        st, "download_button", lambda _, make, file_name, **rest: offered.update({file_name: make})
    )
    app = open_advanced(open_page("train"))
    app.number_input(key=FIELD + "seed").set_value(7).run()
    assert not offered
    app.session_state["recipe_file"] = True
    app.run()

    recipe = Recipe.from_json(offered["demo_cnn.json"]())
    assert recipe == change_recipe(PUBLISHED["demo_cnn"], {"seed": 7})
    assert written == [], "a script costs a parse of the models: only who asks for it pays"
    assert "\nSEED = 7\n" in offered["demo_cnn.py"]()
    assert written


def test_the_columns_beside_the_image_are_chosen_where_the_model_takes_them(
    workspace: Workspace, open_page: OpenPage, commands: list[list[str]]
) -> None:
    draw_nih(workspace.data / "nih")
    key = "changed_recipe.xnet_dual."
    app = open_advanced(open_page("train", data="nih", recipe="xnet_dual"))
    assert app.multiselect(key=key + "tabular").value == [
        "age",
        "gender",
        "view_position",
        "follow_up",
    ]
    assert facts_of(app)["Changed"] == "As published, nothing changed."

    app.multiselect(key=key + "tabular").set_value([]).run()
    assert (
        "Columns beside the image is empty, but X-Net dual: image and tabular features takes"
        in words_of(app)
    )
    open_advanced(app, "Split")
    app.selectbox(key=key + "task").select("nih_abnormal").run()
    open_advanced(app)
    app.selectbox(key=key + "model").select("xnet_cnn").run()
    assert not [one for one in app.multiselect if str(one.key).startswith(key)]
    assert not app.error
    app.selectbox(key=key + "model").select("xnet_dual").run()
    app.multiselect(key=key + "tabular").set_value(["view_position", "age"]).run()
    said = facts_of(app)["Changed"]
    assert (
        "Columns beside the image Age, Sex, View position, Follow-up → View position, Age" in said
    )
    app.session_state["recipe_file"] = True
    app.run()
    assert any("no script of X-Net dual" in one.value.replace("\\", "") for one in app.caption)
    start(app)

    [run] = list_runs(workspace.runs)
    assert run.read_recipe().tabular == ("view_position", "age")
    assert "--set=tabular=view_position,age" in commands[-2] + commands[-1]
    again = open_advanced(open_page("train", **{"from": run.name}))
    assert again.multiselect(key=key + "tabular").value == ["view_position", "age"]


def test_a_run_has_the_name_in_the_summary_and_the_next_one_another(
    workspace: Workspace, open_page: OpenPage
) -> None:
    app = open_page("train")
    drawn = app.text_input(key="run_nickname").value
    assert re.fullmatch(r"[a-z]+-[a-z]+", drawn)
    app.number_input(key=FIELD + "batch_size").set_value(8).run()
    assert app.text_input(key="run_nickname").value == drawn  # settings do not change it
    app.text_input(key="run_nickname").set_value("  my <b>own</b>  ").run()
    start(app)

    [run] = list_runs(workspace.runs)
    assert run.read_nickname() == "my <b>own</b>"
    app.switch_page("pages/train.py").run()
    assert re.fullmatch(r"[a-z]+-[a-z]+", app.text_input(key="run_nickname").value)


def test_the_sets_and_classes_are_counted_as_they_will_be(
    workspace: Workspace, open_page: OpenPage
) -> None:
    app = open_page("train")
    said = "".join(list_html(app))
    recipe = PUBLISHED["demo_cnn"]
    catalog = open_dataset(workspace.demo_data, workspace.cache)
    targets = encode_catalog(catalog, find_task(recipe.task))
    split = split_catalog(catalog, targets, recipe.split)  # as the training will
    tested = split[split["subset"] == "test"]["class"].value_counts()

    for subset, n in split["subset"].value_counts().items():
        assert f"{str(subset).capitalize()} {n}</span>" in said
    assert (
        facts_of(app)["To beat"] == f"{tested.max() / tested.sum():.0%} right by always answering "
        f"“{tested.idxmax()}” (test set, n = {tested.sum()})"
    )
    before = "✓ no patient in two subsets; identical files joined"
    assert (
        facts_of(app)["Leaks"] == f"{before}; what else looks the same is not known before an audit"
    )
    assert "Left out" not in facts_of(app)
    assert "Split" not in facts_of(app), "it is that of the training"


def test_counts_that_identical_files_may_change_are_called_provisional(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = open_dataset(workspace.demo_data, workspace.cache)
    catalog = replace(catalog, images=catalog.images.assign(file_size=2**40))

    assert "identical files" in check_split(catalog, "siim_opacity", SplitSpec()).provisional
    by_image = SplitSpec("image", allow_leaks=True)
    assert not check_split(catalog, "siim_opacity", by_image).provisional


def test_a_test_set_that_is_watched_is_said_wherever_the_subsets_are_named(
    open_page: OpenPage,
) -> None:
    app = open_page("train", recipe="demo_cnn")
    app.session_state[FIELD + "split.validate_on_test"] = True
    app.session_state["split_details"] = True
    app.run()

    said = "".join(list_html(app))
    assert "Validation 0" not in said
    assert "Test, watched as validation " in said
    assert "watched as validation" in facts_of(app)["Leaks"]
    assert list(app.table[-1].value) == ["Training", "Test, watched as validation", "All"]


def test_the_task_of_a_recipe_for_any_dataset_is_no_change(open_page: OpenPage) -> None:
    app = open_page("train", recipe="quick_cnn", task="siim_study")

    assert facts_of(app)["Changed"] == "Unchanged."


def test_images_that_the_task_has_no_label_for_are_counted(
    workspace: Workspace, open_page: OpenPage
) -> None:
    table = workspace.demo_data / "train_study_level.csv"
    lines = table.read_text("utf-8").splitlines()
    table.write_text("\n".join(lines[:-2]), "utf-8")  # two studies without a label

    facts = facts_of(open_page("train"))

    assert re.fullmatch(r"[2-9] of \d+ images are left out: unlabelled\.", facts["Left out"])


def test_a_split_that_leaks_is_counted_in_patients(open_page: OpenPage) -> None:
    app = open_advanced(open_page("train"), "Split")
    app.selectbox(key=FIELD + "split.method").select("image").run()

    assert re.fullmatch(
        r"✕ \d+ patients in several subsets; \d+ of the \d+ test images are of patients or studies "
        "that also train",
        facts_of(app)["Leaks"],
    )


def test_the_split_in_detail_counts_each_class_and_who_is_left_out(open_page: OpenPage) -> None:
    app = open_page("train", recipe="demo_cnn", set=["split.n_images=30"])
    app.session_state["split_details"] = True

    app.run()

    [table] = [one.value for one in app.table if "Training" in one.value]
    assert table.loc["all images", "All"] == str(
        sum(int(n) for n in table.loc[["no opacity", "opacity"], "All"])
    )
    assert int(table.loc["all images", "All"]) == pytest.approx(30, abs=4)
    assert "a sample of about 30 is used" in facts_of(app)["Left out"]


def test_the_site_that_is_tested_is_chosen_among_those_of_the_dataset(
    workspace: Workspace, open_page: OpenPage
) -> None:
    fake_covid19_radiography(workspace.data / "radiography")
    app = open_page("train", data="radiography", recipe="quick_cnn")
    app = open_advanced(app, "Split")
    field = "changed_recipe.quick_cnn.split."

    app.selectbox(key=f"{field}method").select("site").run()

    sites = app.selectbox(key=f"{field}site")
    assert len(sites.options) > 1
    assert sites.value == sites.options[0]
    assert f"Without the site {sites.value}, the training set would hold no image" in words_of(app)
    app.session_state["sweep"] = True
    app.run()
    app.selectbox(key="sweep_field_0").select("split.site").run()
    assert app.multiselect(key="sweep_sites_0").value == sites.options


def test_images_that_look_the_same_are_counted_before_the_start(
    workspace: Workspace, open_page: OpenPage
) -> None:
    catalog = open_dataset(workspace.demo_data, workspace.cache)
    one_each = catalog.images.drop_duplicates("patient_id")["path"]
    first, second = (catalog.root / path for path in one_each.iloc[:2])
    cv2.imwrite(str(second), cv2.imread(str(first)), [cv2.IMWRITE_JPEG_QUALITY, 60])
    gather_copies(catalog, workspace.cache)

    assert facts_of(open_page("train", split="patient"))["Leaks"] == (
        "! no patient in two subsets; identical files joined, but not 1 pair of images that look "
        "the same"
    )
    assert facts_of(open_page("train", split="clean"))["Leaks"] == (
        "✓ no patient in two subsets; images that look the same joined"
    )


def test_the_wait_in_the_queue_is_said(workspace: Workspace, open_page: OpenPage) -> None:
    assert facts_of(open_page("train"))["Queue"] == "free: it starts at once"
    queue = JobQueue(workspace.queue)
    for number in (1, 2):
        queue.submit(fake_run(workspace, "queued", f"2026030{number}-100000-demo_cnn").name)

    assert facts_of(open_page("train"))["Queue"] == "2 runs before it"
    write_settings(workspace, QueueSettings(paused=True))
    assert facts_of(open_page("train"))["Queue"].startswith("paused")


def test_augmentation_is_chosen_as_a_whole_and_its_fields_follow(
    workspace: Workspace, open_page: OpenPage
) -> None:
    key = FIELD + "augmentation"
    app = open_page("train")
    assert app.button_group(key=key).value == "As in the recipe"
    app.button_group(key=key).set_value("None").run()
    assert "Mirror left to right yes → no" in facts_of(app)["Changed"]
    open_advanced(app, "Augmentation")
    assert not app.toggle(key=FIELD + "augment.horizontal_flip").value
    app.number_input(key=FIELD + "augment.zoom").set_value(0.15).run()
    assert app.button_group(key=key).value == "Own"
    start(app)

    [run] = list_runs(workspace.runs)
    assert run.read_recipe().augment == AugmentSpec(zoom=0.15)


def test_settings_under_advanced_stay_changed_and_counted_while_it_is_closed(
    workspace: Workspace, open_page: OpenPage
) -> None:
    app = open_advanced(open_page("train"))
    app.number_input(key=FIELD + "seed").set_value(7).run()
    app.session_state["advanced"] = False
    app.run()
    app.number_input(key=FIELD + "batch_size").set_value(8).run()

    assert FIELD + "seed" not in {one.key for one in app.number_input}
    assert any("more settings, 1 changed: Random seed" in text for text in list_html(app))
    start(app)
    [run] = list_runs(workspace.runs)
    assert run.read_recipe().changes == {"seed": 7, "batch_size": 8}


def test_the_basic_settings_of_a_recipe_in_phases_are_those_of_the_last(
    open_page: OpenPage,
) -> None:
    app = open_page("train", recipe="siim_6_2_xception")
    labels = {one.label for one in app.number_input}

    basic = {"Image size, px", "Epochs (all layers)", "Learning rate (all layers)", "Batch size"}
    assert labels == basic
    assert any("trains in 2 phases" in text for text in list_html(app))


def test_the_page_is_light(open_page: OpenPage, commands: list[list[str]]) -> None:
    open_page("train")
    [path] = [one for one in commands[0] if one.endswith(".json")]
    Path(path).write_text(json.dumps(MEASURED), encoding="utf-8")

    assert count_elements(open_page("train")) <= 32  # were 62 when all was always there


def test_another_dataset_is_no_reason_to_warn_of_the_recipe(
    workspace: Workspace, open_page: OpenPage
) -> None:
    fake_kermany(workspace.data / "chest_xray")
    app = open_page("train", recipe="siim_6_1_cnn9")
    app.selectbox(key="data_choice").select("chest_xray").run()

    assert read_rows(app)["chosen"] == "pneumonia_cnn"
    assert "does not fit" not in words_of(app)
    assert app.selectbox(key="task_choice").value == "kermany_pneumonia"


def test_changed_settings_stand_in_the_address_and_survive_a_reload(open_page: OpenPage) -> None:
    app = open_advanced(open_page("train"))
    app.number_input(key=FIELD + "batch_size").set_value(8).run()
    app.selectbox(key=FIELD + "model").select("mobilenet_v2").run()
    named = app.query_params["set"]
    assert sorted(named) == ["batch_size=8", "model=mobilenet_v2"]
    assert app.query_params["recipe"] == "demo_cnn"

    again = open_page("train", recipe="demo_cnn", set=named)  # another session

    assert facts_of(again)["Changed"] == facts_of(app)["Changed"]
    assert again.number_input(key=FIELD + "batch_size").value == 8


def test_back_undoes_a_change_and_a_link_to_the_page_keeps_it(open_page: OpenPage) -> None:
    app = open_page("train")
    app.number_input(key=FIELD + "batch_size").set_value(8).run()
    app.number_input(key=FIELD + "batch_size").set_value(4).run()
    app.query_params["set"] = "batch_size=8"  # as "Back" does
    app.run()
    assert app.number_input(key=FIELD + "batch_size").value == 8

    app.query_params.clear()
    app.switch_page("pages/home.py").run()
    app.switch_page("pages/train.py").run()
    assert app.number_input(key=FIELD + "batch_size").value == 8
    assert app.query_params["set"] == "batch_size=8"
    del app.query_params["set"]  # "Back" again, to the page as it was before
    app.run()
    assert app.number_input(key=FIELD + "batch_size").value == PUBLISHED["demo_cnn"].batch_size


@pytest.mark.parametrize("words", ["batch_size=many", "no_such_field=1", "batch_size", "seed=-1"])
def test_settings_of_the_address_that_cannot_be_are_said_and_left_out(
    open_page: OpenPage, words: str
) -> None:
    app = open_page("train", recipe="demo_cnn", set=words)

    assert "Settings of the address are left out" in words_of(app)
    assert facts_of(app)["Changed"] == "Unchanged."
    assert "set" not in app.query_params
