"""The tab Layers of the page Inside, on answers made by hand: no network is loaded."""

from typing import Any

import numpy as np
import pytest

from pages.components import questions
from pages.inside.layer_words import describe_maps, find_depth
from tests.pages.conftest import OpenPage
from tests.pages.fake_runs import fake_run, write_report
from tests.pages.shown import list_html
from tests.pages.test_evaluate import read_component, words_on
from xray_core.jobs.asking import DONE, FAILED, Question
from xray_core.runs import Run
from xray_core.runs.always_open import write_always_open
from xray_core.workspace import Workspace


def layer_of(name: str, side: int, n: int, silent: int = 0) -> dict[str, Any]:
    """Return what a layer of `n` maps answers."""
    n_shown = min(n, 16)
    return {
        "name": name,
        "height": side,
        "width": side,
        "n_channels": n,
        "n_silent": silent,
        "channels": list(range(n_shown)),
        "lows": [0.0] * n_shown,
        "highs": [1.0] * n_shown,
        "maps": np.full((n_shown, side, side), 9, np.uint8),
    }


LAYERS = [
    layer_of("conv1", 32, 8),
    layer_of("conv2", 16, 32, silent=20),
    layer_of("<conv3>", 1, 64),
]
ANSWERS: dict[str, dict[str, Any]] = {
    "activations": {"layers": LAYERS, "seen": np.zeros((32, 32), np.uint8)},
    "filters": {"name": "conv1", "images": np.zeros((8, 5, 5), np.uint8), "n_colors": 1},
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The arguments of each question, which is answered at once."""
    seen: list[dict[str, Any]] = []

    def answer(_: Workspace, kind: str, arguments: dict[str, Any]) -> Question:
        seen.append(arguments)
        question = Question(kind, arguments, state=DONE, answer=ANSWERS[kind])
        question._ended.set()
        return question

    monkeypatch.setattr(questions, "ask", answer)
    return seen


@pytest.fixture
def run(workspace: Workspace) -> Run:
    run = fake_run(workspace, "done")
    write_report(run, workspace)
    run.best_checkpoint.parent.mkdir()
    run.best_checkpoint.touch()  # it is looked at in another process
    return run


def test_the_first_positive_image_that_is_right_is_looked_at_layer_by_layer(
    run: Run, open_page: OpenPage, asked: list[dict[str, Any]]
) -> None:
    app = open_page("inside", inside="Layers")
    rows = run.read_predictions()
    rows = rows[(rows["subset"] == "test") & (rows["actual"] == rows["predicted"])]
    first = rows[rows["actual"] == "opacity"]["image_id"].iloc[0]

    assert asked == [{"run": run.name, "image": first}, {"run": run.name}]
    assert "Convolution 1 of 3: 8 maps of 32 × 32" in words_on(app)
    assert "early: edges" in words_on(app)
    assert "&lt;conv3&gt;" in " ".join(list_html(app))  # all of them are listed
    assert len(read_component(app, "layers_maps")["tiles"]) == 8
    assert len(read_component(app, "layers_filters")["tiles"]) == 8

    app.slider[0].set_value(2).run()

    assert app.query_params["layer"] == "2"
    assert "Convolution 2 of 3: 32 maps of 16 × 16" in words_on(app)
    assert "20 of its 32 maps are 0 everywhere" in words_on(app)
    assert "The 16 strongest of them" in words_on(app)

    app.button(key="layers_next").click().run()

    ids = run.read_predictions().query("subset == 'test'")["image_id"].tolist()
    assert app.query_params["image"] == ids[ids.index(first) + 1] == asked[-1]["image"]
    assert "Convolution 2 of 3" in words_on(app)


def test_images_of_a_closed_test_set_are_not_shown(
    run: Run, workspace: Workspace, open_page: OpenPage, asked: list[dict[str, Any]]
) -> None:
    write_always_open(workspace, False)
    rows = run.read_predictions()
    validated = set(rows.loc[rows["subset"] == "validation", "image_id"])
    of_test = next(name for name in rows["image_id"] if name not in validated)

    app = open_page("inside", inside="Layers", image=of_test, layer="77")

    assert f"{of_test} is no image of the validation set" in words_on(app)
    assert asked[0]["image"] in validated
    assert "Convolution 1 of 3" in words_on(app)


def test_a_failure_is_said_in_words(
    run: Run, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Workspace, kind: str, arguments: dict[str, Any]) -> Question:
        return Question(kind, arguments, state=FAILED, reason="its network *is* damaged")

    monkeypatch.setattr(questions, "ask", fail)

    app = open_page("inside", inside="Layers")

    assert "its network *is* damaged" in words_on(app)


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (1, ["early"]),
        (2, ["early", "middle"]),
        (4, ["early", "early", "middle", "late"]),
        (6, ["early", "early", "middle", "middle", "late", "late"]),
    ],
)
def test_depth_goes_by_thirds(n: int, expected: list[str]) -> None:
    assert [find_depth(place, n) for place in range(n)] == expected


def test_words_go_by_what_is_seen() -> None:
    assert "single number" in describe_maps("late", LAYERS[2])
    assert "3 × 3 squares" in describe_maps("late", layer_of("conv", 3, 8))
    assert "1 of its 8 maps is 0" in describe_maps("early", layer_of("conv", 9, 8, silent=1))
