"""The section Label doubt of the page Inside: what is missing, the process, the list, the marks."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.inside import doubt_process
from tests.evaluation.drawn_folds import SWEEP, copy_folds, list_images, write_folds, write_run
from tests.pages.conftest import OpenPage
from tests.pages.test_evaluate import read_component, words_on
from xray_core import cli
from xray_core.jobs.queue import JobQueue
from xray_core.recipes import PUBLISHED
from xray_core.runs import Run, Status
from xray_core.runs.always_open import write_always_open
from xray_core.runs.index import run_table
from xray_core.runs.opening import list_opened
from xray_core.selection.marks import KEEP, LEAVE_OUT, list_doubtful, read_marks
from xray_core.workspace import Workspace

NAME = "20260303-100000-demo_cnn"
DEMO = PUBLISHED["demo_cnn"]


@pytest.fixture(scope="module")
def drawn(_drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A run whose recipe has been cross-validated; four labels are predicted otherwise."""
    drawn = Workspace(tmp_path_factory.mktemp("doubts"))
    shutil.copytree(_drawn, drawn.demo_data)
    write_folds(drawn, wrong=list_images(drawn)[::12])
    write_run(drawn, DEMO, NAME)
    return drawn


@pytest.fixture
def run(drawn: Workspace, workspace: Workspace) -> Run:
    copy_folds(drawn, workspace)
    return Run(workspace.runs / NAME)


def open_doubt(open_page: OpenPage, **words: str) -> AppTest:
    return open_page("inside", run=NAME, inside="Label doubt", **words)


def press(app: AppTest, label: str) -> AppTest:
    [button] = [button for button in app.button if button.label == label]
    button.click().run()
    assert not app.exception, app.exception[0].value
    return app


def compute_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the doubts be computed by the test itself instead of by a process of its own."""

    def start(workspace: Workspace, name: str, arguments: Sequence[str]) -> None:
        result = workspace.cache / "background" / name / "result.json"
        assert cli.main([*arguments, "--json", "--save", str(result)]) == 0

    monkeypatch.setattr(doubt_process, "start_background", start)


def test_without_a_cross_validation_it_says_the_cost_and_queues_one(
    workspace: Workspace, drawn: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xray_core.jobs.submit.ensure_worker", lambda workspace: None)
    copy_folds(drawn, workspace)
    for fold in (1, 2, 3):
        shutil.rmtree(workspace.runs / f"{SWEEP[:15]}-demo_cnn-{fold}")
    app = open_doubt(open_page)
    assert "5 trainings of this recipe, about 5 min 00 s by the time of this run" in words_on(app)

    press(app, "Cross-validate in 5 folds")

    table = run_table(workspace)
    queued = table[table["sweep"] != ""]
    folds = [Run(workspace.runs / name).read_recipe().split.fold for name in queued["name"]]
    assert sorted(folds) == [1, 2, 3, 4, 5]
    assert len(JobQueue(workspace.queue).list_jobs()) == 5
    assert app.get("progress")[0].proto.text == "Cross-validation: 0 of 5 folds trained."


def test_a_fold_that_failed_is_named_beside_the_way_to_its_sweep(
    workspace: Workspace, run: Run, open_page: OpenPage
) -> None:
    Run(workspace.runs / f"{SWEEP[:15]}-demo_cnn-2").write_status(Status("failed"))

    app = open_doubt(open_page)

    assert "2 of 3 folds trained" in app.get("progress")[0].proto.text
    assert "Fold 2 is failed: every fold is needed." in words_on(app)


def test_the_test_sets_of_the_folds_are_opened_by_a_button_that_says_so(
    workspace: Workspace, run: Run, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    compute_at_once(monkeypatch)
    write_always_open(workspace, False)
    app = open_doubt(open_page)
    assert "it opens 3 test sets, which is counted" in words_on(app)
    assert not list_opened(workspace)

    press(app, "Open them and list doubtful labels")

    assert len(list_opened(workspace)) == 3
    split = run.read_split()
    n_tested = int((split["subset"] == "test").sum())
    words = words_on(app)
    assert "It may be the network that is wrong: ask a radiologist." in words
    assert f"The {n_tested} labels of this run's own test set, which is closed" in words
    assert "likely wrong" not in words, "a count that includes the closed ones"


def test_labels_are_looked_through_and_marked(
    workspace: Workspace, run: Run, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    compute_at_once(monkeypatch)
    app = press(open_doubt(open_page), "List doubtful labels")
    assert "By cleanlab's count, 4 of 48 labels are likely wrong (" in words_on(app)
    tiles = read_component(app, "doubt_grid")["tiles"]
    assert {tile["id"] for tile in tiles} == set(list_images(workspace)[::12])
    first, second, third, _ = [tile["id"] for tile in tiles]
    assert tiles[0]["note"].startswith("says ")

    app = open_doubt(open_page, doubt=first)
    viewer = read_component(app, "doubt_large")
    assert (viewer["before"], viewer["after"], viewer["place"]) == ("", second, "1 of 4")
    assert "the network says" in viewer["tiles"][0]["title"]
    press(app, "Label doubtful: leave out")
    assert app.query_params["doubt"] == second, "the next one is open"
    press(app, "Label right: keep")

    marks = read_marks(workspace, workspace.demo_data).set_index("image_id")["mark"]
    assert marks.to_dict() == {first: LEAVE_OUT, second: KEEP}
    assert "1 marked to leave out, 1 to keep." in words_on(app)
    [link] = [one for one in app.get("page_link") if one.proto.label == "Train without them"]
    assert "doubtful%3Fno" in link.proto.query_string

    app = open_doubt(open_page, marked="unmarked", doubt=third)
    assert read_component(app, "doubt_large")["place"] == "1 of 2", "marked ones are passed over"
    app = open_doubt(open_page, doubt=first)
    press(app, "Take the mark back")
    assert list_doubtful(workspace, workspace.demo_data, run.read_recipe().task) == ()


def test_without_its_images_the_list_stands_by_name(
    workspace: Workspace, run: Run, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    compute_at_once(monkeypatch)
    press(open_doubt(open_page), "List doubtful labels")
    workspace.demo_data.rename(workspace.data / "gone")

    app = open_doubt(open_page)

    assert len(app.dataframe[0].value) == 4
    assert "nothing can be marked" in words_on(app)


def test_explore_and_train_take_the_marked_out(workspace: Workspace, open_page: OpenPage) -> None:
    first, *_ = list_images(workspace)
    given = ["marks", str(workspace.demo_data), "--task", "siim_opacity", "--doubtful", first]
    assert cli.main(given) == 0

    app = open_page("explore", data="demo", task="siim_opacity", where="doubtful?no")
    [marks] = [
        group for group in read_component(app, "facets")["groups"] if group["id"] == "doubtful"
    ]
    assert [choice["count"] for choice in marks["choices"]] == [1, 47]
    assert "label not marked as doubtful" in str(read_component(app, "chips"))

    app = open_page("train", data="demo", task="siim_opacity", where="doubtful?no")
    assert "label not marked as doubtful" in words_on(app)
