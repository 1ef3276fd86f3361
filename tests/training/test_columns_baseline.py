"""The columns-only baseline: what it may know, what it learns from, and where it is reported."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.conftest import Finished
from xray_core import cli
from xray_core.catalog import Catalog, build_catalog
from xray_core.cli.reports import format_report
from xray_core.evaluation.columns_baseline import NOTES, PREDICTIONS, name_columns, report_columns
from xray_core.evaluation.report import prediction_table, summarise_predictions
from xray_core.runs import Run
from xray_core.training.columns_baseline import (
    NOTHING_KNOWN,
    ColumnsBaseline,
    predict_columns,
    write_columns_baseline,
)

N = 400
CLASSES = ["healthy", "ill"]


def draw(**columns: Any) -> tuple[Catalog, pd.DataFrame]:
    """Return a catalog whose ill images are of older patients, and its split, one patient each."""
    rng = np.random.default_rng(0)
    ill = rng.random(N) < 0.4
    names = [f"i{number:03}" for number in range(N)]
    rows = {
        "image_id": names,
        "path": names,
        "age": np.where(rng.random(N) < 0.2, np.nan, 40 + 30 * ill + rng.normal(0, 8, N)),
        "width": 100,
        "height": 100,
        **columns,
    }
    catalog = build_catalog(Path("/nowhere"), "folder", pd.DataFrame(rows))
    split = pd.DataFrame({"image_id": names, "group": names, "class": np.array(CLASSES)[ill * 1]})
    split["subset"] = ["training"] * 240 + ["validation"] * 60 + ["test"] * 100
    return catalog, split


def accuracy_of(baseline: ColumnsBaseline) -> float:
    assert baseline.table is not None
    tested = baseline.table[baseline.table["subset"] == "test"]
    return float((tested["actual"] == tested["predicted"]).mean())


def test_it_reads_the_label_off_the_age_also_where_some_ages_are_missing() -> None:
    baseline = predict_columns(*draw(), CLASSES)

    assert baseline.notes.columns == ["age"]
    assert 0.85 < accuracy_of(baseline) < 0.98  # a fifth has no age
    assert baseline.table is not None
    assert set(baseline.table["subset"]) == {"validation", "test"}
    assert baseline.table[["p_healthy", "p_ill"]].sum(axis=1).to_numpy() == pytest.approx(1)


def test_what_is_left_out_has_a_reason() -> None:
    _, split = draw()
    other = np.where(np.arange(N) % 2, "north", "south")

    # A site by the name of the class, as of folders that were taken for places.
    catalog, _ = draw(site=split["class"].str.upper(), view_position="PA")
    notes = predict_columns(catalog, split, CLASSES).notes
    with_site = predict_columns(draw(site=other)[0], split, CLASSES).notes

    assert notes.left_out == {
        "gender": "not known of any training image",
        "follow_up": "not known of any training image",
        "view_position": "the same for all training images",
        "site": "names the class itself",
        "width": "the same for all training images",
        "height": "the same for all training images",
    }
    assert with_site.columns == ["age", "site"]
    assert name_columns({"columns": ["age", "gender", "width", "height"]}) == (
        "age, sex and image size"
    )


def test_it_learns_from_the_training_set_alone() -> None:
    catalog, split = draw()
    other = split["class"].map({"healthy": "ill", "ill": "healthy"})
    turned = split.assign(**{"class": split["class"].mask(split["subset"] == "test", other)})

    first, second = (predict_columns(catalog, one, CLASSES).table for one in (split, turned))

    assert first is not None
    assert second is not None
    assert first["p_ill"].equals(second["p_ill"])


def test_each_of_several_findings_has_its_own_and_unknown_labels_do_not_count() -> None:
    catalog, split = draw()
    ill = pd.Series((split["class"] == "ill").astype("Int8"))
    split["y_ill"] = ill.mask(np.arange(N) % 3 == 0)
    split["y_rare"] = pd.Series(0, index=split.index, dtype="Int8")  # shown by nobody

    table = predict_columns(catalog, split, ["ill", "rare"]).table

    assert table is not None
    assert (table["p_rare"] == 0).all()
    tested = table[table["subset"] == "test"].reset_index(drop=True)
    truth = split.loc[split["subset"] == "test", "class"].reset_index(drop=True) == "ill"
    assert ((tested["p_ill"] >= 0.5) == truth).mean() > 0.85


def test_it_is_reported_on_the_images_of_the_network_alone(tmp_path: Path) -> None:
    catalog, split = draw()
    run, rows = Run(tmp_path), split[split["subset"] == "test"]
    sure = dict.fromkeys(rows["image_id"][:90], np.array([0.8, 0.2]))
    predictions = prediction_table(rows, CLASSES, sure)

    def report() -> dict[str, Any]:
        return report_columns(
            run, predictions, lambda table: summarise_predictions(table, "healthy", 20, "test")
        )

    assert "not computed" in report()["missing"]
    write_columns_baseline(run, predict_columns(catalog, split, CLASSES))
    measured = report()
    assert (measured["n"], measured["columns"]) == (90, ["age"])
    assert set(measured["metrics"]) == {"accuracy", "balanced_accuracy", "auc", "average_precision"}
    assert measured["metrics"]["auc"]["low"] > 0.8
    plain = draw(age=50)[0]
    write_columns_baseline(run, predict_columns(plain, split, CLASSES))
    assert report() == {"missing": NOTHING_KNOWN}


def test_every_training_has_it_and_an_older_run_can_have_it_computed(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = finished.run.read_report()
    older = Run(tmp_path / "home" / "runs" / finished.run.name)
    shutil.copytree(
        finished.run.folder, older.folder, ignore=shutil.ignore_patterns(PREDICTIONS, NOTES)
    )
    monkeypatch.setenv("XRAY_HOME", str(tmp_path / "home"))

    assert cli.main(["evaluate", older.name, "--columns", "--json"]) == 0

    assert older.read_report()["columns_baseline"] == report["columns_baseline"]
    for figures in (report, report["validation"]):
        baseline = figures["columns_baseline"]
        assert baseline["n"] == figures["n"]
        assert 0 <= baseline["metrics"]["accuracy"]["value"] <= 1
    words = format_report(report)
    assert f"Without the pixels, from {name_columns(report['columns_baseline'])} alone" in words
