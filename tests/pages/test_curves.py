"""The curves of a run on the Evaluate page: which class, which figures, which files."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import OpenPage
from tests.pages.fake_runs import fake_run, write_report
from tests.pages.shown import list_html
from xray_core.recipes import PUBLISHED
from xray_core.runs import Run
from xray_core.workspace import Workspace

TITLES = [
    *("ROC curve", "Precision and recall", "Calibration"),
    *("Thresholds", "Probabilities", "Metrics"),
]


@pytest.fixture
def run(workspace: Workspace) -> Run:
    """Of four classes."""
    recipe = replace(PUBLISHED["demo_cnn"], task="siim_study")
    run = fake_run(workspace, "done", recipe=recipe)
    write_report(run, workspace)
    return run


def list_traces(app: AppTest) -> list[str]:
    specs = [json.loads(chart.proto.spec)["data"] for chart in app.get("plotly_chart")]
    return [str(trace.get("name")) for traces in specs for trace in traces]


def test_of_several_classes_one_is_chosen_and_stands_in_the_address(
    run: Run, open_page: OpenPage
) -> None:
    app = open_page("evaluate", run=run.name, **{"class": "atypical"})

    titles = [text.split(">")[1].split("<")[0] for text in list_html(app) if '"sec"' in text]
    assert [title for title in titles if title in TITLES] == TITLES
    assert any(name.startswith("atypical (AUC 0.") for name in list_traces(app))
    assert {"indeterminate", "typical"} <= set(list_traces(app))  # pale beside it

    app.button_group(key="class_choice").set_value("typical").run()

    assert "typical" in app.query_params["class"]
    assert any(name.startswith("typical (AUC 0.") for name in list_traces(app))


def test_a_class_nobody_has_is_no_choice(run: Run, open_page: OpenPage) -> None:
    app = open_page("evaluate", run=run.name, **{"class": "<b>"})

    assert app.button_group(key="class_choice").value in run.read_report()["classes"]


def test_its_menu_offers_three_files(
    run: Run, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered: dict[str, Callable[[], bytes]] = {}
    monkeypatch.setattr(
        st, "download_button", lambda _, make, file_name, **rest: offered.update({file_name: make})
    )
    app = open_page("evaluate", run=run.name, **{"class": "typical"})
    assert not offered  # the menus are closed
    name = f"{run.name}-test-typical-Calibration"

    app.session_state[f"download_{name}"] = True  # a click on it
    app.run()

    assert sorted(offered) == [f"{name}.{ending}" for ending in ("csv", "png", "svg")]
    assert f"test set, n = {run.read_report()['n']}" in offered[f"{name}.svg"]().decode()
    assert offered[f"{name}.csv"]().decode("utf-8-sig").startswith("trace,panel,x,y,low,high")
