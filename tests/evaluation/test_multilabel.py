"""The report on several findings: against scikit-learn, and against counting by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, f1_score, precision_score, roc_auc_score

from tests.run_files import epoch_line
from xray_core.cli.reports import format_report
from xray_core.errors import RunError
from xray_core.evaluation.error_analysis import analyse_errors
from xray_core.evaluation.finding_rounds import draw_finding_rounds, measure_findings
from xray_core.evaluation.findings import choose_threshold, finding_counts
from xray_core.evaluation.multilabel import (
    choose_thresholds,
    count_errors_together,
    describe_thresholds,
    findings_table,
    report_findings,
)
from xray_core.evaluation.shown import read_validation_report
from xray_core.evaluation.sweeps import summarise_sweep
from xray_core.recipes import PUBLISHED, change_recipe
from xray_core.recipes.variants import vary_recipe
from xray_core.records import build_record
from xray_core.runs import Run, Status
from xray_core.runs.always_open import write_always_open
from xray_core.runs.findings_shapes import FindingsReport, check_findings_report
from xray_core.runs.shapes import count_validated, pick_epochs
from xray_core.workspace import Workspace

CLASSES = ["edema", "mass", "nodule"]


def draw(n: int, n_patients: int, n_levels: int = 0, seed: int = 0) -> Any:
    """Return states, probabilities, calls and patients of n images, a third of one unknown."""
    rng = np.random.default_rng(seed)
    states = (rng.random((n, 3)) < [0.5, 0.3, 0.2]).astype("int64")
    states[rng.random(n) < 0.33, 2] = -1
    p = np.clip(0.3 * (states == 1) + rng.random((n, 3)) * 0.7, 0, 1)
    if n_levels:
        p = np.round(p * n_levels) / n_levels  # many equal scores
    return states, p, p >= 0.5, rng.integers(0, n_patients, n).astype("int64")


def compute_plainly(
    states: np.ndarray, p: np.ndarray, called: np.ndarray
) -> dict[str, list[float]]:
    """Return each figure of each finding by scikit-learn, without what is unknown."""
    figures: dict[str, list[float]] = {}
    for k in range(states.shape[1]):
        known = states[:, k] >= 0
        truth, score, call = states[known, k], p[known, k], called[known, k]
        both = 0 < truth.sum() < len(truth)
        recall = call[truth == 1].mean() if truth.any() else np.nan
        specificity = (~call[truth == 0]).mean() if (truth == 0).any() else np.nan
        for name, value in {
            "auc": roc_auc_score(truth, score) if both else np.nan,
            "average_precision": average_precision_score(truth, score) if both else np.nan,
            "balanced_accuracy": (recall + specificity) / 2,
            "recall": recall,
            "specificity": specificity,
            "precision": precision_score(truth, call, zero_division=np.nan),
            "f1": f1_score(truth, call) if truth.any() else np.nan,
        }.items():
            figures.setdefault(name, []).append(float(value))
    return figures


@pytest.mark.parametrize("n_levels", [0, 5])
def test_every_round_is_what_measuring_its_images_anew_gives(n_levels: int) -> None:
    states, p, called, patients = draw(60, 15, n_levels)
    rng = np.random.default_rng(1)
    draws = np.array([np.bincount(rng.integers(0, 15, 15), minlength=15) for _ in range(6)]).T

    rounds = draw_finding_rounds(states, p, called, patients)(draws.astype("float64"))

    for number in range(6):
        drawn = np.repeat(np.arange(60), draws[patients, number])
        plain = compute_plainly(states[drawn], p[drawn], called[drawn])
        for name, values in plain.items():
            np.testing.assert_allclose(rounds[name][number], values, atol=1e-12)
        mean = np.nanmean(plain["auc"])
        assert rounds["mean_auc"][number] == pytest.approx(mean)


def test_intervals_hold_the_value_and_are_wide_where_there_are_few() -> None:
    states, p, called, patients = draw(200, 80)
    p[:, 1] = states[:, 1]  # perfect: resampling finds no width
    states[:, 0] = patients == 7  # of one patient alone

    figures = measure_findings(states, p, called, patients, np.random.default_rng(0), 200)

    for values in figures.values():
        for one in values:
            assert one["low"] <= one["value"] <= one["high"]  # type: ignore[operator]
    one_patient, perfect, _ = figures["auc"]
    assert (one_patient["high"] or 0) - (one_patient["low"] or 0) > 0.5
    assert 0.8 < (perfect["low"] or 0) < 1


def table_of(subset: str, n: int = 120, seed: int = 0) -> tuple[pd.DataFrame, dict[str, Any]]:
    states, p, _, patients = draw(n, n // 3, seed=seed)
    split = pd.DataFrame(
        {
            "image_id": [f"{subset}{i}" for i in range(n)],
            "group": [f"{subset} p{i}" for i in patients],
            "subset": subset,
            "class": ["|".join(np.array(CLASSES)[row == 1]) or "none" for row in states],
        }
    )
    for k, name in enumerate(CLASSES):
        split[f"y_{name}"] = pd.Series(states[:, k], dtype="Int8").replace({-1: pd.NA})
    return split, dict(zip(split["image_id"], p, strict=True))


def predicted(*subsets: str, n: int = 120) -> pd.DataFrame:
    parts = [table_of(subset, n, seed) for seed, subset in enumerate(subsets)]
    split = pd.concat([part[0] for part in parts], ignore_index=True)
    answers = {name: p for part in parts for name, p in part[1].items()}
    limits = choose_thresholds(findings_table(split, CLASSES, answers, {}))["thresholds"]
    return findings_table(split, CLASSES, answers, limits)


def test_the_report_is_of_the_test_set_and_fits_its_shape() -> None:
    predictions = predicted("validation", "test")
    predictions.loc[predictions["image_id"] == "test0", ["predicted", "p_mass"]] = None
    predictions.loc[predictions["y_edema"].eq(1) & (predictions["subset"] == "test"), "y_edema"] = 0
    thresholds = choose_thresholds(predictions)

    report = report_findings(predictions, thresholds, 100)

    check_findings_report(build_record(FindingsReport, report, "report"))
    assert (report["subset"], report["n"], report["left_out"]) == ("test", 119, ["test0"])
    edema, mass, nodule = report["per_class"]
    # Of a finding that no test image shows there is no AUC, and it is in no mean.
    assert edema["n"] == 0
    assert edema["auc"] == {"value": None, "low": None, "high": None}
    assert edema["specificity"] is not None
    assert set(report["roc"]) == {"mass", "nodule"}
    areas = [mass["auc"]["value"], nodule["auc"]["value"]]
    assert report["metrics"]["auc"]["value"] == pytest.approx(np.mean(areas))
    assert nodule["n"] + nodule["n_absent"] + nodule["n_unknown"] == 119
    assert nodule["n_unknown"] > 20
    assert mass["threshold"] == thresholds["thresholds"]["mass"]
    rows = predictions[predictions["subset"] == "test"].dropna(subset="predicted")
    called = rows["p_mass"] >= mass["threshold"]
    recall = called[rows["y_mass"].eq(1)].mean()
    assert mass["recall"]["value"] == pytest.approx(recall)
    assert [row["too_few"] for row in report["per_class"]] == [
        True,
        False,
        nodule["n_patients"] < 10,
    ]
    assert (report["in_means"], report["not_in_means"]) == (["mass", "nodule"], ["edema"])
    assert not report["chosen_here"]
    assert "chosen on the validation set" in describe_thresholds(report)


def test_what_every_image_shows_is_in_no_mean_and_marked() -> None:
    predictions = predicted("validation")
    predictions.loc[predictions["y_edema"].notna(), "y_edema"] = 1
    thresholds = choose_thresholds(predictions)

    report = report_findings(predictions, thresholds, 20)

    edema, mass, nodule = report["per_class"]
    assert (edema["n_absent"], edema["n_patients_absent"], edema["too_few"]) == (0, 0, True)
    assert edema["f1"] is not None
    assert report["metrics"]["f1_macro"]["value"] == pytest.approx((mass["f1"] + nodule["f1"]) / 2)
    assert report["not_in_means"] == ["edema"]
    assert report["chosen_here"]
    words = describe_thresholds(report)
    assert "are the images that are evaluated here" in words
    assert "0.5 for edema" in words
    assert "means over 2 of 3 findings, without those that no image has, or every one: edema" in (
        format_report(report)
    )


def test_what_is_called_does_not_hang_on_what_classes_are_called() -> None:
    names = dict(zip(CLASSES, ("none", "none of these", "a|b"), strict=True))
    predictions = predicted("validation")
    thresholds = choose_thresholds(predictions)
    renamed = predictions.rename(
        columns={start + old: start + new for old, new in names.items() for start in ("y_", "p_")}
    ).assign(predicted="none")
    limits = {names[old]: value for old, value in thresholds["thresholds"].items()}

    report = report_findings(renamed, {**thresholds, "thresholds": limits}, 20)

    plain = report_findings(predictions, thresholds, 20)
    assert [row["counts"] for row in report["per_class"]] == [
        row["counts"] for row in plain["per_class"]
    ]


def test_a_threshold_is_where_most_are_told_apart_and_a_half_where_none_can_be() -> None:
    rng = np.random.default_rng(0)
    states, scores = rng.integers(-1, 2, 60), rng.random(60).round(1)

    chosen = choose_threshold(states, scores)

    def youden(limit: float) -> float:
        called = scores >= limit
        return float(called[states == 1].mean() - called[states == 0].mean())

    assert chosen is not None
    assert youden(chosen) == pytest.approx(max(youden(limit) for limit in np.unique(scores)))
    assert choose_threshold(np.array([0, 0, -1]), np.array([0.1, 0.2, 0.9])) is None

    predictions = predicted("validation")
    predictions["y_mass"] = pd.Series(0, predictions.index, dtype="Int8")
    thresholds = choose_thresholds(predictions)
    assert thresholds["thresholds"]["mass"] == 0.5
    assert thresholds["fallback"] == ["mass"]


def test_errors_are_counted_together_on_the_images_that_have_both() -> None:
    states = np.array([[1, 1, 0], [1, 1, -1], [0, 0, 0], [1, 0, 1]])
    called = np.array([[0, 0, 1], [0, 1, 1], [1, 1, 0], [0, 0, 1]], dtype=bool)

    together = count_errors_together(states, called)

    assert together["missed"] == [[3, 1, 0], [1, 1, 0], [0, 0, 0]]
    assert together["alarmed"] == [[1, 1, 0], [1, 1, 0], [0, 0, 1]]
    assert finding_counts(states, called).tolist() == [[0, 1, 3, 0], [1, 1, 1, 1], [1, 1, 0, 1]]


def test_the_error_is_one_less_the_balanced_accuracy_of_findings_on_every_level() -> None:
    training, others = predicted("training"), predicted("validation", "test")
    is_test = others["subset"] == "test"
    others.loc[is_test, "y_edema"] = 0  # so that it is on no level

    thresholds = choose_thresholds(others)

    analysis = analyse_errors(training, others, pd.Series(dtype="string"), thresholds, n_rounds=100)

    assert analysis is not None
    assert [level["name"] for level in analysis["levels"]] == ["training", "validation", "test"]
    for level, rows in zip(
        analysis["levels"], (training, others[~is_test], others[is_test]), strict=True
    ):
        accuracies = []
        for name in ("mass", "nodule"):
            called = rows[f"p_{name}"] >= thresholds["thresholds"][name]
            present, absent = rows[f"y_{name}"].eq(1), rows[f"y_{name}"].eq(0)
            accuracies.append((called[present].mean() + (~called[absent]).mean()) / 2)
        assert level["error"]["value"] == pytest.approx(1 - np.mean(accuracies))
        assert level["error"]["low"] <= level["error"]["value"] <= level["error"]["high"]


def test_folds_are_evaluated_together_and_networks_on_the_same_images_averaged(
    tmp_path: Path,
) -> None:
    recipes = vary_recipe(change_recipe(PUBLISHED["quick_cnn"], {"task": "nih_findings"}), {}, 2)
    runs = []
    for fold, recipe in enumerate(recipes):
        run = Run(tmp_path / "runs" / f"20260301-10000{fold}-quick_cnn")
        run.folder.mkdir(parents=True)
        (run.folder / "recipe.json").write_text(recipe.to_json())
        table = predicted("validation", "test").assign(
            image_id=lambda rows, fold=fold: rows["image_id"] + f" {fold}"
        )
        run.write_table("predictions.parquet", table)
        run.write_json("report.json", report_findings(table, choose_thresholds(table), 20))
        run.write_status(Status("done"))
        runs.append(run)

    write_always_open(Workspace(tmp_path), True)
    pooled = summarise_sweep(runs, 20)
    runs[1].write_table("predictions.parquet", runs[0].read_predictions())
    averaged = summarise_sweep(runs, 20).averaged

    [report] = pooled.pooled.values()
    own = [row["counts"] for row in runs[0].read_report()["per_class"]]
    assert [row["counts"] for row in report["per_class"]] == (2 * np.array(own)).tolist()
    assert (report["n"], report["thresholds"]) == (240, None)
    auc = pooled.settings["auc"].iloc[0]
    validation = read_validation_report(runs[0], runs[0].read_report())
    assert auc == pytest.approx(validation["metrics"]["auc"]["value"])
    assert pooled.settings["accuracy"].isna().all()
    assert averaged is not None
    expected = runs[0].read_report()
    assert averaged["metrics"]["auc"]["value"] == expected["metrics"]["auc"]["value"]
    assert averaged["thresholds"] == expected["thresholds"]
    counts = [[row["counts"] for row in report["per_class"]] for report in (averaged, expected)]
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    "damage",
    [
        {"per_class": []},
        {"errors_together": {"missed": [[1]], "alarmed": [[1]]}},
        {"subset": "training"},
        {"metrics": {"auc": 1}},
        {"multilabel": "yes"},
    ],
)
def test_a_report_whose_tables_do_not_fit_is_damaged(tmp_path: Path, damage: dict) -> None:
    run = Run(tmp_path)
    report = report_findings(predicted("test"), None, 20)
    run.write_json("report.json", report)
    assert run.read_report()["multilabel"]
    run.write_json("report.json", report | damage)

    with pytest.raises(RunError, match=r"report.json is damaged"):
        run.read_report()


@pytest.mark.parametrize(
    ("damage", "is_whole"),
    [
        ({}, True),
        ({"finding_spread": None}, False),
        ({"finding_auc": [0.5, 1.5, None]}, False),
        ({"finding_counts": [[1, 2, 3, 4]]}, False),
        ({"finding_counts": [[1, 2, 3]] * 3}, False),
        ({"finding_counts": [[1, 2, 3, -4]] * 3}, False),
        ({"confusion": [[1]]}, True),
    ],
)
def test_only_whole_lines_of_an_epoch_are_read(damage: dict, is_whole: bool) -> None:
    line = epoch_line(
        1,
        finding_counts=[[5, 1, 1, 3]] * 3,
        finding_auc=[0.5, 0.9, None],
        finding_spread=[0.1, 0.1, 0.1],
        n_validation=12,
    )
    del line["confusion"]

    assert bool(pick_epochs([line | damage])) == is_whole
    if is_whole and not damage:
        assert count_validated(line) == 12
