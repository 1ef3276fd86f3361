"""Tables of predictions from elsewhere: read whatever their kind, or refused with the reason."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from xray_core.catalog import Catalog
from xray_core.datasets import open_dataset
from xray_core.errors import RunError
from xray_core.evaluation import report_run
from xray_core.evaluation.columns_baseline import NOT_YET, NOTHING_TO_LEARN
from xray_core.evaluation.elsewhere.create import create_predictions
from xray_core.evaluation.elsewhere.table import Given, read_predictions
from xray_core.runs.origin import PREDICTIONS, read_origin
from xray_core.synthetic.dataset import write_synthetic_dataset
from xray_core.tasks import class_of, encode_catalog, find_task
from xray_core.training.columns_baseline import add_columns_baseline
from xray_core.workspace import Workspace

TWO = ["no opacity", "opacity"]
FOUR = ["atypical", "indeterminate", "negative", "typical"]
VALUES = np.array([0.1, 0.85, 0.5, 0.25])

Table = Callable[[list[str]], pd.DataFrame]


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    folder = tmp_path_factory.mktemp("drawn")
    write_synthetic_dataset(folder / "data", 40, size=64, seed=2)
    return open_dataset(folder / "data", folder / "cache")


def read(
    catalog: Catalog, table: str, tmp_path: Path, classes: list[str] = TWO, **more: object
) -> Given:
    """Read a table as text, with the first ids of the dataset for {0}, {1} and so on."""
    path = tmp_path / "mine.csv"
    path.write_text(table.format(*catalog.images["image_id"]).replace(" | ", "\n"), "utf-8")
    return read_predictions(path, catalog, classes, **more)  # type: ignore[arg-type]


# What the file says (rows divided by " | ") -> probabilities of opacity of the first images, and
# a word of the remark that tells what was assumed or changed; "" where there is none.
READ = {
    "commas": ("image_id,p_opacity | {0},0.1 | {1},0.85", [0.1, 0.85], ""),
    "semicolons and decimal commas": ("id;Opacity | {0};0,1 | {1};0,85", [0.1, 0.85], ""),
    "paths": ("file,opacity | x/train/{0}.jpg,0.1 | C:\\x\\{1}.jpg,0.85", [0.1, 0.85], ""),
    "ids of SIIM": ("id,opacity | {0}_image,0.1 | {1}_image,0.85", [0.1, 0.85], ""),
    "both classes": ("id,prob_no_opacity,prob_opacity | {0},0.9,0.1", [0.1], ""),
    "the other class": ("id,no opacity | {0},0.9 | {1},0.15", [0.1, 0.85], ""),
    "one score": ("id,score | {0},0.1 | {1},0.85", [0.1, 0.85], "names no class"),
    "percent signs": ("id,opacity | {0},10% | {1},85 %", [0.1, 0.85], "percentages"),
    "percent": ("id,opacity | {0},10 | {1},85", [0.1, 0.85], "percentages"),
    "percent of both": ("id,opacity,no opacity | {0},10,90 | {1},0.5,99.5", [0.1, 0.005], "percen"),
    "rows that sum to 2": ("id,opacity,no opacity | {0},0.2,1.8e0 | {1},1,1", None, "outside"),
    "rows that sum to 1.25": (
        "id,opacity,no opacity | {0},0.25,1",
        [0.2],
        "1 row of 1 did not sum",
    ),
    "labels alone": ("id,predicted | {0},No opacity | {1},opacity", [0.0, 1.0], "0 or 1"),
    "unknown ids": ("id,opacity | {0},0.1 | zz9,0.5 | zz8,0.5", [0.1], "2 rows of 3 name"),
    "a row twice": ("id,opacity | {0},0.1 | {0},0.1 | {1},0.85", [0.1, 0.85], "1 row left out"),
    "two that differ": ("id,opacity | {0},0.1 | {0},0.2", None, "1 image has several rows"),
    "an empty cell": ("id,opacity | {0},0.1 | {1},", [0.1], "1 image without a probability"),
    "a word": ("id,opacity | {0},0.1 | {1},high", None, "'high' in row 3"),
    "logits": (
        "id,opacity | {0},-1.5 | {1},2.5",
        None,
        r"as \S+: -1\.5; \S+: 2\.5\. The",
    ),
    "infinite": ("id,opacity | {0},0.1 | {1},inf", None, "1 row of 2 has values outside 0 to 1"),
    "all empty": ("id,opacity | {0}, | {1},", None, "names 2 images .* a prediction of none"),
    "all zeros": (
        "id,opacity,no opacity | {0},0,0",
        None,
        "of none. 1 row with nothing",
    ),
    "a header alone": ("id,opacity", None, "a header and no rows"),
    "another column": ("id,opacity,age | {0},0.1,50", [0.1], "not read: 'age'"),
    "no image": ("id,opacity | q,0.1 | r,0.2", None, "No column names images"),
    "no class": ("id,edema | {0},0.1", None, "No column is the probability of 'no opacity', 'opac"),
    "two for one": ("id,opacity,p_opacity,prob opacity | {0},1,0.1,0.2", None, "Several columns"),
}


@pytest.mark.parametrize(("table", "expected", "word"), READ.values(), ids=READ)
def test_a_table_is_read_or_refused_with_a_count(
    catalog: Catalog, tmp_path: Path, table: str, expected: list[float] | None, word: str
) -> None:
    if expected is None:
        with pytest.raises(RunError, match=word):
            read(catalog, table, tmp_path)
        return
    given = read(catalog, table, tmp_path)
    ids = catalog.images["image_id"].tolist()
    assert list(given.answers) == ids[: len(expected)]
    said = [values[1] for values in given.answers.values()]
    assert said == pytest.approx(expected)
    assert all(values.sum() == pytest.approx(1) for values in given.answers.values())
    assert word in " ".join(given.remarks)
    assert word or not given.remarks


def test_each_of_four_classes_needs_a_column(catalog: Catalog, tmp_path: Path) -> None:
    head = "id,p_atypical,p_indeterminate,p_typical"
    with pytest.raises(RunError, match="No column is the probability of 'negative'"):
        read(catalog, f"{head} | {{0}},0.1,0.2,0.3", tmp_path, FOUR)
    whole = f"{head},rest | {{0}},0.1,0.2,0.3,0.4"
    given = read(catalog, whole, tmp_path, FOUR, by_hand={"rest": "negative"})
    assert next(iter(given.answers.values())) == pytest.approx([0.1, 0.2, 0.4, 0.3])


def test_findings_need_not_sum_to_one(catalog: Catalog, tmp_path: Path) -> None:
    table = "id,p_no opacity,p_opacity | {0},0.9,0.8"
    given = read(catalog, table, tmp_path, multilabel=True)
    assert next(iter(given.answers.values())).tolist() == [0.9, 0.8]
    assert given.remarks == []


def test_predictions_become_a_run_that_says_whose_they_are(
    catalog: Catalog, tmp_path: Path
) -> None:
    workspace, task = Workspace(tmp_path / "home"), "siim_opacity"
    images = catalog.images
    labels = class_of(encode_catalog(catalog, find_task(task))).astype(str)
    table = pd.DataFrame({"image": images["image_id"][labels.index], "split": "test"})
    table["p_opacity"] = np.where(labels == "opacity", 0.75, 0.25)
    table.iloc[:4, 1] = "train"
    table.iloc[4:14, 1] = "val"
    path = tmp_path / "notebook.csv"
    table.to_csv(path, index=False)

    run = create_predictions(path, catalog.root, task, workspace, by="ann")
    origin, report, split = read_origin(run), run.read_report(), run.read_split()
    assert origin is not None
    assert origin.kind == PREDICTIONS
    assert origin.unchecked
    assert origin.words == "Predictions from elsewhere: notebook.csv"
    assert origin.doubt.startswith("Nobody checked")
    assert any("4 predictions not evaluated" in words for words in origin.remarks)
    assert (run.folder / "given.csv").read_bytes() == path.read_bytes()
    assert report["subset"] == "test"
    assert report["n"] == len(table) - 14
    assert report["validation"]["n"] == 10
    assert report["metrics"]["accuracy"]["value"] == 1.0
    assert split["subset"].value_counts()["training"] == 4
    assert run.read_status().state == "done"
    assert run.read_nickname() == "notebook.csv"

    like = create_predictions(path, catalog.root, task, workspace, template=run, name="again")
    assert like.read_report()["n"] == report["n"]
    with pytest.raises(RunError, match="is of the task siim_opacity"):
        create_predictions(path, catalog.root, "siim_study", workspace, template=run,
                           by_hand={"p_opacity": "typical"})  # fmt: skip

    table.drop(columns="split").to_csv(path, index=False)
    alone = create_predictions(path, catalog.root, task, workspace)
    assert alone.read_report()["n"] == len(table)
    # The baseline of the columns needs a training set, and no network.
    assert alone.read_report()["columns_baseline"] == {"missing": NOTHING_TO_LEARN}
    assert report["columns_baseline"] == {"missing": NOT_YET}
    add_columns_baseline(run, workspace)
    assert report_run(run)["columns_baseline"].get("missing") != NOT_YET
    words = " ".join(read_origin(alone).remarks)  # type: ignore[union-attr]
    assert "all that it has are the test set, and there is no validation set" in words
