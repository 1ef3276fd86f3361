"""No code name on screen: fields, choices, tasks, models and recipes are called by their titles."""

import json
import re

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import OpenPage
from tests.pages.fake_runs import fake_run, write_report
from tests.pages.shown import list_visible, list_widgets
from tests.pages.test_every_page import PAGES
from xray_core.datasets import READERS
from xray_core.evaluation.sweeps import FIGURES
from xray_core.glossary import explain
from xray_core.models import MODELS
from xray_core.preprocess.spec import CONTRASTS
from xray_core.recipes import PUBLISHED, change_recipe, changeable_fields
from xray_core.recipes.titles import CHOICE_TITLES, use_titles
from xray_core.runs import Submission
from xray_core.runs.status import Status
from xray_core.tasks import TASKS
from xray_core.workspace import Workspace

# Names that are also words of the language or the field, or spelt as their title is.
# fmt: off
WORDS = {
    "all", "age", "balanced", "best", "calibrate", "clean", "constant", "contrast", "cosine",
    "decay", "demo", "dropout", "epochs", "float32", "focal", "fold", "folds", "frozen",
    "gamma", "gender", "head", "image", "imagenet", "kermany", "last", "log", "loss", "method",
    "mixup", "model", "momentum", "none", "optimizer", "pad", "patience", "patient", "plateau",
    "pool", "precision", "published", "random", "resize", "rotation", "sampling", "schedule",
    "seed", "shear", "shift", "shuffle", "size", "step", "stretch", "tabular", "target", "task",
    "test", "train", "trainable", "validation", "weights", "zoom", "accuracy", "auc", "folder",
    "ask", "border", "dice", "filters", "lungs", "region", "selection", "site", "thesis", "union",
    "whole",
}
# fmt: on


def _list_names() -> list[str]:
    fields = {
        name
        for recipe in PUBLISHED.values()
        for field in changeable_fields(recipe)
        for name in (field, field.rpartition(".")[2])
    }
    choices = {name for titles in CHOICE_TITLES.values() for name in titles}
    phases = {phase.name for recipe in PUBLISHED.values() for phase in recipe.phases}
    tables = {*TASKS, *MODELS, *CONTRASTS, *PUBLISHED, *READERS, *FIGURES, *phases}
    return sorted({*fields, *choices, *tables} - WORDS)


NAMES = re.compile(rf"(?<![\w.-])({'|'.join(map(re.escape, _list_names()))})(?![\w-])")


def names_on(app: AppTest) -> list[str]:
    """Return each code name that can be read on the page, with where and what."""
    return [
        f"{match[0]} in {where}: {text[:120]!r}"
        for where, text in list_visible(app)
        for match in NAMES.finditer(text)
    ]


@pytest.fixture
def runs(workspace: Workspace) -> list[str]:
    """Runs in several states, of changed recipes, two of them of one sweep."""
    demo = PUBLISHED["demo_cnn"]
    changes = {
        "phases.train.learning_rate": 5.0,
        "phases.train.optimizer": "adamw",
        "preprocess.contrast": "equalize_hist",
        "class_weights": "balanced",
        "split.method": "clean",
    }
    names = []
    for number, recipe in enumerate(
        (
            change_recipe(demo, changes),
            change_recipe(demo, {"batch_size": 8}),
            change_recipe(demo, {"batch_size": 16}),
        )
    ):
        run = fake_run(workspace, "done", f"2026030{number + 1}-100000-demo", recipe=recipe)
        write_report(run, workspace)
        if number:
            run.write_submission(Submission(sweep="pair"))
        names.append(run.name)
    failed = fake_run(workspace, "failed", "20260305-100000-demo")
    failed.write_status(Status("failed", "phases.train.learning_rate is 5."))
    return [*names, failed.name]


@pytest.mark.parametrize("page", PAGES)
def test_no_page_shows_a_code_name(page: str, runs: list[str], open_page: OpenPage) -> None:
    assert not names_on(open_page(page))


@pytest.mark.parametrize("tab", ["About", "Labels", "Patients", "Images", "Boxes"])
def test_no_tab_of_numbers_shows_a_code_name(tab: str, open_page: OpenPage) -> None:
    assert not names_on(open_page("explore", show="Counts", numbers=tab))


@pytest.mark.parametrize(
    "query",
    [
        {"where": "age:20..60;boxes?yes;class=typical;published_split?no"},
        {"where": "boxes?yes;file_size:1..", "image": "0"},
    ],
)
def test_filters_and_a_large_image_show_no_code_name(
    query: dict[str, str], open_page: OpenPage
) -> None:
    app = open_page("explore", **query)
    if "image" in query:
        [grid] = [one for one in app.get("bidi_component") if one.key == "grid"]
        query = {**query, "image": json.loads(grid.proto.json)["tiles"][0]["id"]}
        app = open_page("explore", **query)

    assert not names_on(app)


@pytest.mark.parametrize("step", ["1 Contrast", "2 Square", "3 Augmentation", "4 Tensor"])
def test_no_step_of_prepare_shows_a_code_name(step: str, open_page: OpenPage) -> None:
    assert not names_on(open_page("prepare", step=step))


def test_a_run_and_a_sweep_show_no_code_name(runs: list[str], open_page: OpenPage) -> None:
    for query in (*({"run": name} for name in runs), {"sweep": "pair"}):
        assert not names_on(open_page("runs", **query)), query
    assert not names_on(open_page("evaluate", run=runs[0]))


def test_what_train_refuses_or_doubts_shows_no_code_name(
    runs: list[str], open_page: OpenPage
) -> None:
    app = open_page("train", **{"from": runs[0]})
    assert not names_on(app)
    assert "Learning rate is 5; 0.0001 to 0.003 is usual for AdamW" in app.warning[0].value

    app = open_page("train")
    app.session_state["sweep"] = True
    app.run()
    app.number_input(key="changed_recipe.demo_cnn.batch_size").set_value(0).run()
    assert not names_on(app)
    assert "Batch size is 0" in app.error[0].value


@pytest.mark.parametrize("name", PUBLISHED)
def test_what_a_recipe_says_of_itself_has_no_code_name(name: str) -> None:
    recipe = PUBLISHED[name]

    for text in (recipe.title, recipe.source, use_titles(recipe.about)):
        assert not NAMES.findall(text), text


def test_a_code_name_would_be_seen(open_page: OpenPage) -> None:
    app = AppTest.from_string(
        "import pandas as pd, streamlit as st\n"
        "st.selectbox('Split', ['clahe'], help='batch_size')\n"
        "st.dataframe(pd.DataFrame({'siim_opacity': ['vgg16']}))\n"
    ).run()

    assert len(names_on(app)) == 4


@pytest.mark.parametrize("page", PAGES)
def test_a_widget_that_is_called_by_a_term_explains_it(
    page: str, runs: list[str], open_page: OpenPage
) -> None:
    unexplained = [
        (label, hover)
        for label, hover in list_widgets(open_page(page))
        if explain(label) and explain(label) not in hover
    ]

    assert unexplained == []
