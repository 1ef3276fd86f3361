"""The report for each phase: what a second phase spoils is seen beside the first."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.evaluation.test_report import CLASSES, make_split
from tests.run_files import epoch_line
from xray_core.evaluation.phases import measure_epoch, report_phases
from xray_core.recipes import PUBLISHED, Phase, Recipe
from xray_core.records import fits
from xray_core.runs import Run
from xray_core.runs.shapes import PhaseEntry

# Phase -> the validation loss of each of its epochs, and the share of images that is answered
# rightly; 0: "typical" is answered to every image.
COURSE = {"head": ((0.9, 0.6), (0.7, 0.9)), "all": ((0.8, 1.9), (0.8, 0.0))}
TWO_PHASES = replace(PUBLISHED["demo_cnn"], phases=(Phase("head", 2), Phase("all", 2)))


def answers_of(split: pd.DataFrame, share: float, seed: int = 0) -> pd.DataFrame:
    """Return stored predictions of the validation images; `share` as in `COURSE`."""
    own = split[split["subset"] == "validation"]
    codes = own["class"].cat.codes.to_numpy()
    is_right = np.random.default_rng(seed).random(len(own)) < share
    said = np.where(is_right, codes, (codes + 1) % 3) if share else np.ones(len(own), dtype=int)
    table = pd.DataFrame(0.1 + 0.7 * np.eye(3)[said], columns=[f"p_{name}" for name in CLASSES])
    return table.assign(image_id=own["image_id"].to_numpy())


def write_run(folder: Path, selected_epoch: str, split: pd.DataFrame) -> Run:
    run = Run(folder)
    recipe: Recipe = replace(TWO_PHASES, selected_epoch=selected_epoch)
    run.write_json("recipe.json", asdict(recipe))
    run.write_table("split.parquet", split)
    course = [
        (phase, *epoch) for phase, epochs in COURSE.items() for epoch in zip(*epochs, strict=True)
    ]
    for epoch, (phase, loss, share) in enumerate(course, start=1):
        best = epoch if selected_epoch == "last" else min(epoch, 2)
        run.append_metrics(epoch_line(epoch, phase=phase, val_loss=loss, best_epoch=best))
        run.write_table(f"validation/epoch-{epoch:04d}.parquet", answers_of(split, share, epoch))
    return run


def figure(entry: Mapping[str, object], name: str) -> Mapping[str, float]:
    metrics = entry["metrics"]
    assert isinstance(metrics, dict)
    return metrics[name]


def test_a_second_phase_that_collapses_is_seen_beside_the_first(tmp_path: Path) -> None:
    split = make_split(480)

    head, fine = report_phases(write_run(tmp_path / "last", "last", split))

    assert [(one["name"], one["epochs"], one["epoch"], one["kept"]) for one in (head, fine)] == [
        ("head", 2, 2, False),
        ("all", 2, 4, True),
    ]
    assert (fine["best_epoch"], fine["last_epoch"]) == (3, 4)
    assert (head["only_class"], fine["only_class"]) == (None, "typical")
    n = int((split["subset"] == "validation").sum())
    assert head["n"] == fine["n"] == n
    assert head["n_patients"] == n // 2
    accuracy = figure(head, "accuracy")
    assert 0.8 < accuracy["low"] < accuracy["value"] < accuracy["high"]
    assert figure(fine, "balanced_accuracy")["value"] == pytest.approx(1 / 3)
    assert np.array(fine["confusion"])[:, 1].sum() == n
    assert all(fits(PhaseEntry, entry) for entry in (head, fine))


def test_the_epoch_that_a_recipe_would_keep_of_a_phase_is_measured(tmp_path: Path) -> None:
    run = write_run(tmp_path / "best", "best", make_split())

    head, fine = report_phases(run)

    assert (head["epoch"], fine["epoch"]) == (2, 3)
    assert (head["kept"], fine["kept"]) == (True, False)
    assert fine["only_class"] is None, "the third epoch is no collapse yet"
    (run.folder / "validation" / "epoch-0002.parquet").unlink()
    assert [entry["name"] for entry in report_phases(run)] == ["all"]


def test_a_phase_that_has_not_begun_is_not_in_the_report(tmp_path: Path) -> None:
    run = write_run(tmp_path / "one", "best", make_split())
    lines = run.metrics_path.read_text(encoding="utf-8").splitlines(keepends=True)
    run.metrics_path.write_text("".join(lines[:2]), encoding="utf-8")

    assert [entry["name"] for entry in report_phases(run)] == ["head"]
    run.metrics_path.unlink()
    assert report_phases(run) == []


def test_images_without_a_prediction_count_nowhere_and_a_class_of_none_has_no_auc() -> None:
    split = make_split()
    split = split[(split["class"] != "other") | (split["subset"] != "validation")]
    answers = answers_of(split, 0.9)
    answers.loc[0, "p_typical"] = np.nan

    entry = measure_epoch(answers, split)

    assert entry["n"] == len(answers) - 1
    assert figure(entry, "auc")["value"] is None
    assert figure(entry, "balanced_accuracy")["value"] > 0.5
    assert measure_epoch(answers.iloc[:1], split)["n"] == 0


def test_of_several_findings_each_has_its_area_and_what_is_unknown_counts_in_nothing() -> None:
    split = make_split()
    rng = np.random.default_rng(0)
    states = pd.DataFrame(rng.integers(0, 2, (len(split), 3)), columns=list("abc"), dtype="Int8")
    states.loc[::3, "b"] = pd.NA
    states["c"] = 0
    split = split.join(states.add_prefix("y_"))
    own = split[split["subset"] == "validation"]
    answers = pd.DataFrame({"image_id": own["image_id"].to_numpy()})
    for name in "abc":
        answers[f"p_{name}"] = 0.3 + 0.4 * own[f"y_{name}"].fillna(1).to_numpy("float64")
    answers.loc[0, "p_a"] = 0.3 if answers.loc[0, "p_a"] > 0.5 else 0.7

    entry = measure_epoch(answers, split)

    areas = entry["finding_auc"]
    assert areas["b"]["value"] == 1
    assert areas["b"]["low"] < 1, "so few patients do not prove it"
    assert 0.7 < areas["a"]["low"] < areas["a"]["value"] < 1
    assert areas["c"] == {"value": None, "low": None, "high": None}
    mean = figure(entry, "auc")
    assert mean["value"] == pytest.approx((areas["a"]["value"] + 1) / 2)
    assert mean["low"] < mean["value"] <= mean["high"]
    nothing = measure_epoch(answers, split.assign(y_a=pd.NA, y_b=pd.NA))
    assert figure(nothing, "auc")["value"] is None
