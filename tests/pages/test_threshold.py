"""The threshold lab: rules, scenarios and the slider, from the address to a threshold kept."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import OpenPage
from tests.pages.fake_runs import fake_run, record_processes, write_report
from tests.pages.finding_runs import fake_findings_run
from tests.pages.shown import list_html
from tests.pages.test_evaluate import words_on
from tests.pages.test_names import names_on
from xray_core.evaluation.multilabel import read_thresholds
from xray_core.evaluation.report import build_report
from xray_core.evaluation.thresholds import KeptThreshold, read_threshold, write_threshold
from xray_core.evaluation.thresholds.choice import ask_class, choose
from xray_core.evaluation.thresholds.guarantee import write_guaranteed
from xray_core.evaluation.thresholds.rules import COST, SENSITIVITY, Wish
from xray_core.jobs import background
from xray_core.recipes import PUBLISHED
from xray_core.runs import Run
from xray_core.runs.always_open import write_always_open
from xray_core.workspace import Workspace

RULE, SLIDER, ILL = "threshold_rule", "threshold_at", "threshold_ill"


def write_lab_run(workspace: Workspace) -> Run:
    """Write a run of which half the images are the validation set, with scores of all heights."""
    run = fake_run(workspace, "done")
    write_report(run, workspace)
    table = run.read_predictions()
    rng = np.random.default_rng(0)
    score = 1 / (1 + np.exp(-rng.normal(np.where(table["actual"] == "opacity", 1.2, -1.2), 1.0)))
    table["p_opacity"], table["p_no opacity"] = score, 1 - score
    subset = np.where(np.arange(len(table)) % 2, "test", "validation")
    table["subset"] = pd.array(subset, dtype="string")
    run.write_table("predictions.parquet", table)
    run.write_json("report.json", build_report(table, "opacity", n_rounds=20))
    write_always_open(workspace, True)
    return run


@pytest.fixture
def run(workspace: Workspace) -> Run:
    return write_lab_run(workspace)


# The lab alone, which is opened sooner than the whole page.
LAB = """
from pages.components.frame import show_errors
from pages.evaluate.opening import read_shown
from pages.evaluate.threshold import show_threshold_lab
from xray_core.runs import list_runs
from xray_core.workspace import find_workspace

[run] = list_runs(find_workspace().runs)
with show_errors():
    report = read_shown(run, find_workspace()).report
show_threshold_lab(run, run.read_recipe(), report)
"""


def open_lab(**words: str) -> AppTest:
    app = AppTest.from_string(LAB, default_timeout=60)
    for name, word in words.items():
        app.query_params[name] = word
    app.run()
    assert not app.exception, app.exception[0].value
    return app


def picture_of(app: AppTest) -> str:
    """Return what the dots show, as those hear it who do not see it."""
    texts = [image.alt for shown in app.get("image") for image in shown.proto.imgs]
    [text] = [text for text in texts if "rightly cleared" in text]
    return str(text)


def word_of(app: AppTest, name: str) -> str:
    """Return a word of the address."""
    words = app.query_params[name]
    return words if isinstance(words, str) else words[0]


def test_from_a_rule_to_a_threshold_that_is_kept_and_forgotten(
    run: Run, open_page: OpenPage
) -> None:
    app = open_page("evaluate", run=run.name, result="Threshold")
    assert app.slider(key=SLIDER).value == 0.5
    assert "The more probable class is the answer" in words_on(app)
    counted = [int(word) for word in picture_of(app).split() if word.isdecimal()]
    assert sum(counted) == 1000

    app.selectbox(key=RULE).set_value(SENSITIVITY).run()
    asked = ask_class(run.read_predictions(), "test")
    expected = choose(asked, Wish(SENSITIVITY))
    assert expected.threshold is not None
    assert word_of(app, "rule") == SENSITIVITY
    assert app.slider(key=SLIDER).value == round(expected.threshold, 3)
    assert "a sensitivity of at least 0.9 on the validation set" in words_on(app)

    app.button(key="threshold_keep").click().run()
    kept = read_threshold(run)
    assert kept is not None
    assert (kept.value, kept.rule, kept.chosen_on) == (
        expected.threshold,
        SENSITIVITY,
        "validation",
    )
    assert f"Kept for predictions with this run: {kept.value:.4g}" in words_on(app)
    assert f"A threshold of {kept.value:.4g} is kept for predictions" in words_on(app)

    app = open_lab()  # without a word in the address, as the run keeps it
    assert app.slider(key=SLIDER).value == round(kept.value, 3)
    app.button(key="threshold_forget").click().run()
    assert read_threshold(run) is None
    assert not app.exception


def test_a_moved_slider_stands_in_the_address_and_says_what_it_was_chosen_on(run: Run) -> None:
    app = open_lab()
    app.slider(key=SLIDER).set_value(0.2).run()

    assert (word_of(app, "rule"), word_of(app, "at")) == ("by hand", "0.2")
    assert "chosen on the test set, whose figures it makes look better" in words_on(app)
    before = picture_of(app)
    app.slider(key=ILL).set_value(20).run()
    assert word_of(app, "ill") == "20"
    assert picture_of(app) != before
    assert "20 have opacity" in words_on(app)


def test_a_scenario_sets_prevalence_and_cost_and_says_what_errors_cost(run: Run) -> None:
    app = open_lab()
    app.selectbox(key="threshold_scenario").set_value("screening").run()

    assert app.slider(key=ILL).value == 10
    assert app.select_slider(key="threshold_cost").value == 20
    words = words_on(app)
    assert "A healthy person is called back" in words
    assert "nobody's guideline" in words
    asked = ask_class(run.read_predictions(), "test")
    cheapest = choose(asked, Wish(COST, cost=20, prevalence=0.01)).threshold
    assert cheapest is not None
    assert app.slider(key=SLIDER).value == round(cheapest, 3)
    assert not names_on(app)


def test_odd_words_in_the_address_count_as_absent(run: Run) -> None:
    app = open_lab(rule="best", at="9", cost="x", ill="5000", scenario="war", **{"class": "?"})

    assert not app.exception
    assert app.slider(key=SLIDER).value == 0.5
    assert not app.error


def test_what_cannot_be_guaranteed_is_said_with_the_reason_and_not_kept(run: Run) -> None:
    write_guaranteed(run)

    app = open_lab(rule="guaranteed", sensitivity="0.98")

    assert "No threshold can be guaranteed. 149 patients" in words_on(app)
    assert app.button(key="threshold_keep").disabled


def test_a_guarantee_of_an_older_run_is_worked_out_by_a_process_on_a_click(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = record_processes(monkeypatch)
    monkeypatch.setattr(
        background, "start_detached", lambda command, *_: commands.append(command) or "0:0"
    )
    app = open_lab(rule="guaranteed")
    assert not commands
    app.button(key="guarantee_start").click().run()

    [command] = commands
    assert command[command.index("threshold") :][:4] == [
        "threshold",
        run.name,
        "--rule",
        "guaranteed",
    ]


def test_without_a_test_set_in_sight_it_says_that_figures_are_too_good(
    run: Run, workspace: Workspace
) -> None:
    write_always_open(workspace, False)
    words = words_on(open_lab())
    assert "The test set is closed: these are the figures of the validation set" in words
    assert "validation set, n = " in words
    assert "test set, n = " not in words

    table = run.read_predictions()
    run.write_table("predictions.parquet", table.assign(subset="validation"))
    run.write_json(
        "report.json", build_report(table.assign(subset="validation"), "opacity", n_rounds=20)
    )

    assert "which is also shown: the figures are too good" in words_on(open_lab())


def test_of_several_classes_one_is_asked_against_the_rest_and_none_kept(
    workspace: Workspace,
) -> None:
    run = fake_run(workspace, "done", recipe=replace(PUBLISHED["demo_cnn"], task="siim_3class"))
    write_report(run, workspace)
    write_always_open(workspace, True)

    app = open_lab()
    app.selectbox(key="threshold_class").set_value("other").run()

    assert word_of(app, "class") == "other"
    assert "have other" in words_on(app)
    assert app.button(key="threshold_keep").disabled
    assert "With 3 classes the answer is the most probable one" in words_on(app)


def test_a_finding_is_kept_by_hand(workspace: Workspace) -> None:
    run = fake_findings_run(workspace, "done")
    write_always_open(workspace, True)
    app = open_lab(finding="effusion", rule="by hand", at="0.123")

    app.button(key="threshold_keep").click().run()

    limits = read_thresholds(run)
    assert limits is not None
    assert limits["thresholds"]["effusion"] == 0.123
    assert "Set by hand" in limits["by_hand"]["effusion"]
    assert "Predictions with this run go by 0.123" in words_on(app)
    assert not app.exception


def test_a_damaged_file_is_said_and_nothing_breaks(run: Run) -> None:
    write_threshold(run, KeptThreshold(0.3, "by hand"))
    (run.folder / "threshold.json").write_text("{")

    app = open_lab()

    assert "threshold.json" in app.error[0].value
    assert not any("Kept for predictions with this run" in text for text in list_html(app))
