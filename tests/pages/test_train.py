"""The Train page, driven as a user would; nothing is trained or measured."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.train import recipe_form
from tests.datasets.fakes import fake_kermany
from tests.pages.conftest import OpenPage
from tests.pages.fake_runs import record_processes
from xray_core.home import Home
from xray_core.jobs import JobQueue, QueueSettings, write_settings
from xray_core.recipes import ANY_DATASET, MENDED, PUBLISHED, Phase, changeable_fields
from xray_core.runs import list_runs

FIELD = "what_if.demo_cnn."
MEASURED: dict[str, Any] = {
    "parameters": 68_946,
    "layers": [{"name": "conv1", "kind": "Conv2D", "output": "batch × 64", "parameters": 144}],
    "device": "CPU, 2 cores",
    "seconds_per_step": 0.5,
    "memory_mb": 800.0,
}


@pytest.fixture(autouse=True)
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    return record_processes(monkeypatch)


def start(app: AppTest) -> AppTest:
    [button] = [one for one in app.button if one.label == "Start training"]
    return button.click().run()


def test_drawn_data_begins_with_the_demo_recipe(open_page: OpenPage) -> None:
    app = open_page("train")

    assert app.radio(key="recipe_choice").value == "demo_cnn"
    assert any("nothing changed" in one.value for one in app.caption)


def test_only_recipes_that_fit_the_dataset_are_offered_by_source(open_page: OpenPage) -> None:
    app = open_page("train")
    ours = app.radio(key="recipe_choice").options
    thesis = PUBLISHED["siim_6_1_cnn9"].origin
    app.button_group(key="recipe_source").set_value(thesis).run()

    names = [name for name in PUBLISHED if not name.endswith(MENDED)]
    made_for_it = [PUBLISHED[name] for name in names if PUBLISHED[name].dataset == "siim_covid19"]
    for_any = [PUBLISHED[name].title for name in ANY_DATASET]
    assert ours == [one.title for one in made_for_it if one.origin == "X-ray Lab"] + for_any
    theirs = app.radio(key="recipe_choice").options
    assert theirs == [one.title for one in made_for_it if one.origin == thesis]
    assert app.query_params["recipe"] == "siim_6_1_cnn9"


def test_a_recipe_can_be_had_as_it_should_be(open_page: OpenPage) -> None:
    app = open_page("train", recipe="siim_6_1_cnn9")
    split = app.selectbox(key="what_if.siim_6_1_cnn9.split.method").value

    app.toggle(key="recipe_mended").set_value(True).run()

    assert (split, app.query_params["recipe"]) == ("image", "siim_6_1_cnn9_mended")
    assert app.radio(key="recipe_choice").value == "siim_6_1_cnn9"
    assert app.selectbox(key="what_if.siim_6_1_cnn9_mended.split.method").value == "patient"


def test_kermany_begins_with_its_own_recipe(workspace: Home, open_page: OpenPage) -> None:
    fake_kermany(workspace.data / "chest_xray")

    app = open_page("train", data="chest_xray")

    assert app.radio(key="recipe_choice").value == "pneumonia_cnn"


def test_recipe_in_the_address_is_chosen(open_page: OpenPage) -> None:
    app = open_page("train", recipe="siim_6_1_cnn9")

    assert app.radio(key="recipe_choice").value == "siim_6_1_cnn9"


@pytest.mark.parametrize(
    ("name", "words"), [("nonsense", "does not exist"), ("pneumonia_cnn", "does not fit")]
)
def test_wrong_recipe_in_the_address_is_said(open_page: OpenPage, name: str, words: str) -> None:
    app = open_page("train", recipe=name)

    assert words in app.warning[0].value
    assert app.radio(key="recipe_choice").value == "demo_cnn"


def test_start_queues_the_recipe_and_wakes_a_worker(
    workspace: Home, open_page: OpenPage, commands: list[list[str]]
) -> None:
    app = start(open_page("train"))

    assert not app.exception
    [run] = list_runs(workspace.runs)
    assert run.read_recipe().changes == {}
    assert [job.run for job in JobQueue(workspace.queue).list_jobs()] == [run.name]
    assert [command[3] for command in commands].count("worker") == 1
    assert app.query_params["run"] == run.name
    assert app.title[0].value == "Runs"


def test_folds_and_a_grid_are_started_together(
    workspace: Home, open_page: OpenPage, commands: list[list[str]]
) -> None:
    app = open_page("train")
    app.session_state["several"] = True
    app.run()
    assert app.button(key="several_start").disabled
    app.number_input(key="several_folds").set_value(2)
    app.selectbox(key="several_field_0").set_value("seed").run()
    assert "no value is given" in app.error[0].value
    app.text_input(key="several_values_0").set_value("1, 2, 3").run()
    assert app.button(key="several_start").label == "Start 6 trainings"

    app.button(key="several_start").click().run()

    assert not app.exception
    runs = list_runs(workspace.runs)
    [group] = {run.read_submission().group for run in runs}
    points = {(run.read_recipe().seed, run.read_recipe().split.fold) for run in runs}
    assert points == {(seed, fold) for seed in (1, 2, 3) for fold in (1, 2)}
    assert len(JobQueue(workspace.queue).list_jobs()) == 6
    assert app.query_params["group"] == group
    assert f"{group} · 6 runs" in " ".join(one.value for one in app.caption).replace("\\", "")


def test_changes_are_named_and_kept_in_the_run(workspace: Home, open_page: OpenPage) -> None:
    app = open_page("train")
    app.number_input(key=FIELD + "preprocess.size").set_value(64 + 16)
    app.number_input(key=FIELD + "phases.train.epochs").set_value(2)
    app.run()
    said = " ".join(one.value for one in app.info)
    app = start(app)

    assert "phases.train.epochs" in said.replace("\\", "")
    [run] = list_runs(workspace.runs)
    assert run.read_recipe().changes == {"preprocess.size": 80, "phases.train.epochs": 2}
    assert run.read_recipe().parent == "demo_cnn"


def test_refused_value_is_said_in_words_and_cannot_be_started(
    workspace: Home, open_page: OpenPage
) -> None:
    app = open_page("train")
    app.number_input(key=FIELD + "batch_size").set_value(0).run()

    assert "batch_size is 0; choose 1 to 1024" in app.error[0].value.replace("\\", "")
    [button] = [one for one in app.button if one.label == "Start training"]
    assert button.disabled


def test_back_to_published_undoes_the_changes(open_page: OpenPage) -> None:
    app = open_page("train")
    app.number_input(key=FIELD + "batch_size").set_value(4).run()
    [back] = [one for one in app.button if one.label.startswith("Back")]
    back.click().run()

    assert app.number_input(key=FIELD + "batch_size").value == PUBLISHED["demo_cnn"].batch_size
    assert any("nothing changed" in one.value for one in app.caption)


def test_an_option_is_offered_with_words_where_it_has_a_meaning(
    workspace: Home, open_page: OpenPage
) -> None:
    app = open_page("train")
    shown = {str(one.key).removeprefix(FIELD): one for one in (*app.number_input, *app.selectbox)}
    for field in ("loss", "label_smoothing", "sampling", "mixup"):
        assert shown[field].help, field
    for field in ("optimizer", "schedule", "warm_up"):
        assert shown["phases.train." + field].help, field
    for field in ("decay", "decay_epochs", "momentum", "weight_decay", "trainable", "batch_norm"):
        assert "phases.train." + field not in shown
    assert "focal_gamma" not in shown

    app.selectbox(key=FIELD + "phases.train.optimizer").select("sgd")
    app.selectbox(key=FIELD + "phases.train.schedule").select("step")
    app.selectbox(key=FIELD + "loss").select("focal").run()

    assert "decay is 0.0, by which schedule step" in app.error[0].value.replace("\\", "")
    for field in ("decay", "decay_epochs", "momentum"):
        assert app.number_input(key=FIELD + "phases.train." + field).help, field
    app.number_input(key=FIELD + "phases.train.decay").set_value(0.5)
    app.number_input(key=FIELD + "phases.train.decay_epochs").set_value(4)
    app.number_input(key=FIELD + "phases.train.momentum").set_value(0.9)
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
        for key in recipe_form._within(prefix, fields)
    ]

    assert set(fields) - set(placed) == {"model"}, "another model has other options"
    assert len(placed) == len(set(placed))
    assert {*recipe_form.PHASE_ORDER, "name"} == {field.name for field in dataclasses.fields(Phase)}


def test_a_value_typed_for_a_choice_that_was_taken_back_does_no_harm(open_page: OpenPage) -> None:
    app = open_page("train")
    app.selectbox(key=FIELD + "phases.train.optimizer").select("sgd").run()
    app.number_input(key=FIELD + "phases.train.momentum").set_value(0.9).run()
    app.selectbox(key=FIELD + "phases.train.optimizer").select("adam").run()

    assert not app.error
    assert any("nothing changed" in one.value for one in app.caption)


def test_a_pretrained_base_can_be_trained_in_part(workspace: Home, open_page: OpenPage) -> None:
    app = open_page("train", recipe="siim_mobilenet_opacity")
    key = "what_if.siim_mobilenet_opacity.phases.fine_tune."
    app.selectbox(key=key + "trainable").select("top:0.3")
    app.selectbox(key=key + "batch_norm").select("frozen").run()

    said = " ".join(one.value for one in app.info).replace("\\", "")
    assert "top:0.3" in said
    assert "frozen" in said


def test_missing_weights_file_is_said_when_started(workspace: Home, open_page: OpenPage) -> None:
    app = open_page("train", recipe="siim_mobilenet_opacity")
    key = "what_if.siim_mobilenet_opacity.weights"
    app.selectbox(key=key).select("a file").run()
    app.text_input(key=key + "_path").set_value("/no/such.h5").run()
    app = start(app)

    assert "/no/such.h5" in app.error[0].value.replace("\\", "")
    assert list_runs(workspace.runs) == []


def test_cost_is_measured_by_a_process_of_its_own(
    workspace: Home, open_page: OpenPage, commands: list[list[str]]
) -> None:
    app = open_page("train")

    [command] = commands
    assert command[2:5] == ["xray_core", "describe", "demo_cnn"]
    assert any("Measuring" in one.value for one in app.info)


def test_measured_cost_is_shown_as_an_upper_bound(
    workspace: Home, open_page: OpenPage, commands: list[list[str]]
) -> None:
    open_page("train")  # asks for the measurement, whose place this reveals
    [path] = [one for one in commands[0] if one.endswith(".json")]
    Path(path).write_text(json.dumps(MEASURED), encoding="utf-8")

    app = open_page("train")

    table = app.table[0].value.set_index("what")["how much"]
    assert table["Parameters"] == "68,946"
    # 29 of 48 images train: two batches of 16, each half a second, and as many as there are epochs.
    least = PUBLISHED["demo_cnn"].n_epochs * 2 * MEASURED["seconds_per_step"]
    assert least < int(table["Time, at most"].removesuffix(" s")) < 2 * least
    assert any("estimate" in one.value for one in app.caption)
    assert not app.warning
    Path(path).write_text(json.dumps(MEASURED | {"memory_mb": 1e9}), encoding="utf-8")
    assert "may not fit this machine" in open_page("train").warning[0].value


@pytest.mark.parametrize("warm", [True, False])
def test_a_training_is_made_ready_once_the_cost_is_known(
    workspace: Home,
    open_page: OpenPage,
    commands: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    warm: bool,
) -> None:
    monkeypatch.delenv("XRAY_WARM")
    write_settings(workspace, QueueSettings(warm=warm))
    open_page("train")
    [describing] = commands  # both at once would make the figures wrong
    [path] = [one for one in describing if one.endswith(".json")]
    Path(path).write_text(json.dumps(MEASURED), encoding="utf-8")

    open_page("train")

    assert [command[3] for command in commands] == ["describe", *["worker"] * warm]


def test_failed_measurement_shows_its_reason(
    workspace: Home, open_page: OpenPage, commands: list[list[str]]
) -> None:
    open_page("train")
    [path] = [one for one in commands[0] if one.endswith(".json")]
    log = workspace.cache / "models" / path.split("/")[-1].replace(".json", ".log")
    log.write_text("noise\nerror: no such model\n", encoding="utf-8")

    app = open_page("train")

    assert any("no such model" in one.value for one in app.warning)
    assert len(commands) == 1  # not tried again by itself
