"""Where a network looks: before it is computed, what was computed, and where there are no boxes."""

import shutil
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.pages.conftest import OpenPage
from tests.pages.fake_runs import fake_run, write_report
from tests.pages.test_evaluate import read_component, read_tiles, words_on
from xray_core.datasets import open_dataset
from xray_core.evaluation.where.cases import Case, find_cases
from xray_core.evaluation.where.files import COLUMNS, write_where
from xray_core.evaluation.where.scores import mark_boxes, score_map
from xray_core.evaluation.where.summary import BASELINES, NETWORK, sum_scores, summarise
from xray_core.runs import Run
from xray_core.workspace import Workspace


@pytest.fixture
def run(workspace: Workspace) -> Run:
    run = fake_run(workspace, "done")
    write_report(run, workspace)
    run.best_checkpoint.parent.mkdir()
    run.best_checkpoint.touch()
    table = run.read_predictions().drop_duplicates("image_id")
    catalog = open_dataset(workspace.demo_data, workspace.cache).present.set_index("image_id")
    split = table[["image_id", "group", "subset"]].assign(
        path=catalog.loc[table["image_id"], "path"].to_numpy(), **{"class": table["actual"]}
    )
    run.write_table("split.parquet", split.assign(subset="test"))
    return run


@pytest.fixture
def cases(run: Run, workspace: Workspace) -> list[Case]:
    recipe, table = run.read_recipe(), run.read_predictions()
    return find_cases(
        table[table["subset"] == "test"],
        open_dataset(workspace.demo_data, workspace.cache),
        recipe.class_names,
        recipe.preprocess,
        multilabel=False,
    ).cases


@pytest.fixture
def kept(run: Run, cases: list[Case]) -> pd.DataFrame:
    """What was computed of the run: the first map lies in its box, the others in a corner."""
    maps = np.zeros((len(cases), 8, 8), np.float32)
    maps[:, 0, 7] = 1.0
    middle = cases[0].boxes[0, :2] + cases[0].boxes[0, 2:] / 2
    maps[0] = 0.0
    maps[0, int(8 * middle[1]), int(8 * middle[0])] = 1.0
    scores = [score_map(heat, case.boxes) for heat, case in zip(maps, cases, strict=True)]
    shares = np.array([mark_boxes(case.boxes).mean() for case in cases])
    sums = {kind: sum_scores([[score] for score in scores]) for kind in (NETWORK, *BASELINES)}
    rows = pd.DataFrame(
        {
            "image_id": [case.image_id for case in cases],
            "group": [case.group for case in cases],
            "target": [case.target for case in cases],
            "n_boxes": [len(case.boxes) for case in cases],
            "hit": [score.hit for score in scores],
            "near": [score.near for score in scores],
            "energy": [score.energy for score in scores],
            "share": shares,
            "iou": 0.0,
            "iobb": 0.0,
        }
    )
    assert list(rows) == list(COLUMNS)
    notes: dict[str, Any] = summarise(sums, list(rows["group"]), shares) | {
        "run": run.name,
        "subset": "test",
        "method": "gradcam",
        "n_cases": len(cases),
        "n_images": len(cases),
        "n_patients": rows["group"].nunique(),
        "n_boxes": int(rows["n_boxes"].sum()),
        "left_out": {"images that cannot be read": 2},
        "grid": [8, 8],
        "n_small": 1,
        "n_empty": 0,
        "seeds": [0],
        "n_draws": 1,
        "seconds": 1.0,
        "per_class": {},
    }
    write_where(run, notes, rows, (maps * 255).astype(np.uint8))
    return rows.sort_values(["energy", "image_id"], ascending=[False, True])


def test_before_it_is_computed_a_button_starts_it(
    run: Run, cases: list[Case], open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Sequence[str]] = []
    monkeypatch.setattr(
        "pages.inside.where_process.start_background",
        lambda _, name, arguments: started.append(arguments),
    )
    app = open_page("inside", run=run.name, map="gradcam++")
    button = app.button(key="where_start")
    assert f"{len({case.image_id for case in cases})} boxed images" in button.label
    button.click().run()
    assert started == [["where", run.name, "--method", "gradcam++"]]


def test_what_was_computed_is_shown_with_its_images(
    run: Run, kept: pd.DataFrame, open_page: OpenPage
) -> None:
    app = open_page("inside", run=run.name, order="most")
    words = words_on(app)
    hits = 100 * kept["hit"].mean()
    assert f"The hottest point lies in a box in {hits:.0f} of 100" in words
    assert "A heat map is a hint, no proof." in words
    assert "1 of" in words
    assert "smaller than one cell" in words
    assert "Left out: 2 images that cannot be read." in words
    tiles = read_tiles(app, "where_grid")
    assert [tile["id"] for tile in tiles] == list(kept["image_id"].head(12))
    assert tiles[0]["title"].startswith("●")
    assert all(tile["heat"].startswith("data:image/png") for tile in tiles)
    assert all(tile["boxes"] for tile in tiles)

    image_id = str(kept["image_id"].iloc[1])
    large = read_component(open_page("inside", run=run.name, order="most", image=image_id), "where")
    assert [tile["id"] for tile in large["tiles"]] == [image_id]
    assert (large["before"], large["after"]) == tuple(kept["image_id"].iloc[[0, 2]])
    assert large["showHeat"] > 0

    run.best_checkpoint.write_bytes(b"of another epoch")
    assert open_page("inside", run=run.name).button(key="where_start")


def test_without_boxes_answers_are_shown_all_the_same(
    run: Run, workspace: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = workspace.demo_data / "train_image_level.csv"
    rows = pd.read_csv(table, dtype="string").assign(boxes=pd.NA, label="none 1 0 0 1 1")
    rows.to_csv(table, index=False)
    shutil.rmtree(workspace.cache, ignore_errors=True)

    def answer(kind: str, arguments: dict[str, Any], what: str) -> dict[str, Any]:
        ids = list(arguments["images"])
        maps = np.full((len(ids), 2, 2), 255, np.uint8)
        return {"images": ids, "targets": ["opacity"] * len(ids), "maps": maps, "unread": {}}

    monkeypatch.setattr("pages.components.heat_maps.answer_of", answer)
    app = open_page("inside", run=run.name)
    assert "This dataset has no boxes" in words_on(app)
    for name, right in (("right", True), ("wrong", False)):
        tiles = read_tiles(app, f"where_{name}")
        said = run.read_predictions().drop_duplicates("image_id").set_index("image_id")
        said = said.loc[[tile["id"] for tile in tiles]]
        assert ((said["actual"] == said["predicted"]) == right).all()
        assert all(tile["heat"] for tile in tiles)
