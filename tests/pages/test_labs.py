"""The labs on Inside: what they offer before, what they say afterwards, and what they queue."""

import numpy as np
import pandas as pd
import pytest

from tests.pages.conftest import OpenPage
from tests.pages.fake_runs import fake_run, record_processes, write_report
from tests.pages.shown import list_visible
from tests.pages.test_explore import read_grid
from xray_core.jobs import JobQueue
from xray_core.recipes import PUBLISHED, Recipe
from xray_core.recipes.labs import leak_recipe, member_recipe
from xray_core.runs import Run
from xray_core.workspace import Workspace

DEMO = PUBLISHED["demo_cnn"]
WHOLE = "20260301-100000-demo_cnn"


def write_run(workspace: Workspace, name: str, recipe: Recipe) -> Run:
    """Write a finished run with predictions, and a split in which each third image is tested."""
    run = fake_run(workspace, "done", name, recipe)
    write_report(run, workspace)
    table = run.read_predictions()
    split = table.drop_duplicates("image_id").rename(columns={"actual": "class"})
    subsets = np.resize(["training", "test", "validation"], len(split))
    run.write_table("split.parquet", split.assign(subset=pd.Series(subsets, split.index)))
    return run


def read_page(app: object) -> str:
    """Return all that can be read on the page."""
    return " ".join(text for _, text in list_visible(app))


def test_the_shortcut_lab_names_its_trainings_and_queues_them(
    open_page: OpenPage, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_processes(monkeypatch)
    write_run(workspace, WHOLE, DEMO)
    app = open_page("inside", run=WHOLE, inside="Shortcuts")
    shown = read_page(app)
    assert "the border alone tells the label" in shown
    assert "The sex is known of no image" in shown
    assert "About 2 min 00 s in all: this run took 1 min 00 s" in shown
    assert not app.get("plotly_chart")

    [button] = [button for button in app.main.button if button.label == "Queue 2 trainings"]
    button.click().run()

    jobs = JobQueue(workspace.queue).list_jobs()
    regions = {Run(workspace.runs / job.run).read_recipe().preprocess.region for job in jobs}
    assert regions == {"border", "without_lungs"}
    assert not [button for button in app.main.button if button.label.startswith("Queue")]
    assert "Waits in the queue" in read_page(app)


def test_the_shortcut_lab_says_what_follows_and_shows_what_each_network_sees(
    open_page: OpenPage, workspace: Workspace
) -> None:
    write_run(workspace, WHOLE, DEMO)
    write_run(workspace, "20260301-100001-demo_cnn", member_recipe(DEMO, "border"))

    app = open_page("inside", run=WHOLE, inside="Shortcuts")

    shown = read_page(app)
    assert "From the border alone it tells" in shown
    assert "All figures are of the test sets." in shown
    assert len(app.get("plotly_chart")) == 1
    tiles = read_grid(app, "sights")["tiles"]
    assert [tile["title"] for tile in tiles[:3]] == [
        "Whole images",
        "Lungs masked out",
        "Border only",
    ]
    assert len({tile["src"] for tile in tiles}) == len(tiles)


def test_the_leak_lab_says_by_how_much_a_split_by_image_flatters(
    open_page: OpenPage, workspace: Workspace
) -> None:
    write_run(workspace, WHOLE, DEMO)
    app = open_page("inside", run=WHOLE, inside="Leaks", pairs="2")
    shown = read_page(app)
    assert "the network may know the patient rather than the disease" in shown
    assert "By image, seed 1" in shown
    assert [button for button in app.main.button if button.label == "Queue 3 trainings"]

    write_run(workspace, "20260301-100001-demo_cnn", leak_recipe(DEMO, "image", 0))
    app = open_page("inside", run=WHOLE, inside="Leaks", pairs="x")  # no choice: the first

    shown = read_page(app)
    assert "By image the AUC is" in shown
    assert "images have a patient in training" in shown
    assert "not for the random seed" in shown
    assert len(app.get("plotly_chart")) == 2
