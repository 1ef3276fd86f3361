"""The final report: every image accounted for, every figure from the predictions alone."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from xray_core.errors import RunError
from xray_core.evaluation import build_report, report_run, summarise
from xray_core.evaluation.metrics import METRICS, area_under_roc
from xray_core.evaluation.report import prediction_table
from xray_core.recipes import PUBLISHED
from xray_core.runs import Run
from xray_core.runs.evaluated import KEY, sign_images
from xray_core.splits import SplitSpec

CLASSES = ["negative", "typical", "other"]


def make_split(
    n: int = 120, subsets: tuple[str, ...] = ("training", "validation", "test")
) -> pd.DataFrame:
    """Return a split of `n` images, two of each patient, subset after subset."""
    subset = np.repeat(subsets, n // len(subsets))
    return pd.DataFrame(
        {
            "image_id": pd.array([f"i{i:03d}" for i in range(n)], dtype="string"),
            "path": pd.array([f"i{i:03d}.png" for i in range(n)], dtype="string"),
            "group": pd.array([f"p{i // 2}" for i in range(n)], dtype="string"),
            "class": pd.Categorical.from_codes([i % 5 % 3 for i in range(n)], CLASSES),
            "subset": pd.Categorical(subset, categories=["training", "validation", "test"]),
        }
    )


def make_probabilities(split: pd.DataFrame, seed: int = 0) -> dict[str, np.ndarray]:
    """Return probabilities of every image, better than chance."""
    rng = np.random.default_rng(seed)
    scores = rng.random((len(split), 3)) + 0.5 * np.eye(3)[split["class"].cat.codes]
    scores /= scores.sum(axis=1, keepdims=True)
    return dict(zip(split["image_id"], scores.astype("float32"), strict=True))


@pytest.fixture
def split() -> pd.DataFrame:
    return make_split()


@pytest.fixture
def predictions(split: pd.DataFrame) -> pd.DataFrame:
    """Predictions of validation and test, two test images without one."""
    probabilities = make_probabilities(split)
    del probabilities["i100"], probabilities["i119"]
    return prediction_table(split[split["subset"] != "training"], CLASSES, probabilities)


def test_every_row_of_the_split_is_in_the_table_with_or_without_a_prediction(
    split: pd.DataFrame, predictions: pd.DataFrame
) -> None:
    evaluated = split[split["subset"] != "training"]

    columns = ["image_id", "group", "subset", "actual", "predicted"]
    assert list(predictions) == [*columns, "p_negative", "p_typical", "p_other"]
    assert predictions.index.tolist() == list(range(len(evaluated)))
    assert predictions["image_id"].tolist() == evaluated["image_id"].tolist()
    assert predictions["actual"].tolist() == evaluated["class"].astype(str).tolist()
    without = predictions[predictions["predicted"].isna()]
    assert without["image_id"].tolist() == ["i100", "i119"]
    assert without[["p_negative", "p_typical", "p_other"]].isna().all(axis=None)


def test_the_predicted_class_is_the_most_probable_one(predictions: pd.DataFrame) -> None:
    columns = predictions[[f"p_{name}" for name in CLASSES]].dropna()

    assert ("p_" + predictions["predicted"]).dropna().tolist() == columns.idxmax(axis=1).tolist()


def test_the_table_survives_parquet(predictions: pd.DataFrame, tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.write_table("predictions.parquet", predictions)

    pd.testing.assert_frame_equal(run.read_predictions(), predictions)


def test_every_test_image_is_evaluated_or_named_as_left_out(predictions: pd.DataFrame) -> None:
    report = build_report(predictions, "negative", n_rounds=20)

    assert report["subset"] == "test"
    assert (report["n"], report["left_out"]) == (38, ["i100", "i119"])
    assert report["n"] + len(report["left_out"]) == (predictions["subset"] == "test").sum()
    assert report["n_patients"] == 20
    assert np.sum(report["confusion"]) == report["n"]
    assert sum(one["n"] for one in report["per_class"]) == report["n"]


def test_its_figures_are_those_of_the_test_predictions(predictions: pd.DataFrame) -> None:
    report = build_report(predictions, "negative", n_rounds=50)

    evaluated = predictions[(predictions["subset"] == "test") & predictions["predicted"].notna()]
    actual = evaluated["actual"].map(CLASSES.index).to_numpy()
    expected = summarise(actual, evaluated[[f"p_{name}" for name in CLASSES]].to_numpy())
    values = {name: one["value"] for name, one in report["metrics"].items()}
    assert {name: values[name] for name in expected} == expected
    assert set(values) == set(METRICS)
    of_classes = [row[kind] for row in report["per_class"] for kind in ("recall", "auc", "brier")]
    for one in [*report["metrics"].values(), *of_classes]:
        assert 0 <= one["low"] <= one["value"] <= one["high"]
    for row in report["per_class"]:
        assert row["too_few"] == (row["n_patients"] < 10)
        for kind in ("precision", "specificity", "npv", "f1"):
            assert 0 <= row[f"{kind}_low"] < row[kind] < row[f"{kind}_high"] <= 1
    table = pd.crosstab(evaluated["actual"], evaluated["predicted"]).loc[CLASSES, CLASSES]
    assert report["confusion"] == table.to_numpy().tolist()
    assert [row["class"] for row in report["per_class"]] == CLASSES
    for k, row in enumerate(report["per_class"]):
        assert row["recall"]["value"] == pytest.approx(table.iloc[k, k] / table.iloc[k].sum())
        assert row["precision"] == pytest.approx(table.iloc[k, k] / table.iloc[:, k].sum())


def test_the_baseline_always_answers_the_majority_of_the_training_subset(
    predictions: pd.DataFrame,
) -> None:
    report = build_report(predictions, "typical", n_rounds=5)

    evaluated = predictions[(predictions["subset"] == "test") & predictions["predicted"].notna()]
    assert report["majority"] == {
        "class": "typical",
        "accuracy": pytest.approx((evaluated["actual"] == "typical").mean()),
    }


def test_without_a_test_subset_validation_is_evaluated_and_the_report_says_so() -> None:
    split = make_split(subsets=("training", "validation"))
    predictions = prediction_table(split[60:], CLASSES, make_probabilities(split))

    report = build_report(predictions, "negative", n_rounds=5)

    assert (report["subset"], report["n"]) == ("validation", 60)


def test_the_same_predictions_give_the_same_report(predictions: pd.DataFrame) -> None:
    assert build_report(predictions, "other", 50) == build_report(predictions, "other", 50)


def test_two_classes_have_one_curve_that_of_the_second(split: pd.DataFrame) -> None:
    two = split.assign(**{"class": split["class"].cat.set_categories(["negative", "typical"])})
    two = two.dropna()
    rows = {name: np.array([0.25, 0.75]) for name in two["image_id"]}

    report = build_report(prediction_table(two, ["negative", "typical"], rows), "negative", 5)

    assert list(report["roc"]) == ["typical"]
    assert report["metrics"]["auc"]["value"] == 0.5
    assert report["roc"]["typical"]["area"] == report["metrics"]["auc"]


def test_three_classes_have_three_curves_whose_mean_area_is_the_auc(
    predictions: pd.DataFrame,
) -> None:
    report = build_report(predictions, "other", 50)

    assert list(report["roc"]) == CLASSES
    areas = [curve["area"]["value"] for curve in report["roc"].values()]
    assert report["metrics"]["auc"]["value"] == pytest.approx(np.mean(areas), abs=1e-15)
    for name, curve in report["roc"].items():
        evaluated = predictions[
            (predictions["subset"] == "test") & predictions["predicted"].notna()
        ]
        area = area_under_roc(
            (evaluated["actual"] == name).to_numpy(), evaluated[f"p_{name}"].to_numpy()
        )
        assert curve["area"]["value"] == pytest.approx(area, abs=1e-12)
        assert curve["area"]["low"] < area < curve["area"]["high"]


def test_what_cannot_be_computed_is_null_and_the_report_is_strict_json(
    split: pd.DataFrame,
) -> None:
    # One class in the test set, always predicted right: no area, no precision of the others.
    test = split[(split["subset"] == "test") & (split["class"] == "typical")]
    rows = {name: np.array([0.1, 0.8, 0.1]) for name in test["image_id"]}

    report = build_report(prediction_table(test, CLASSES, rows), "negative", n_rounds=20)

    json.dumps(report, allow_nan=False)
    assert report["metrics"]["auc"] == {"value": None, "low": None, "high": None}
    accuracy = report["metrics"]["accuracy"]
    assert (accuracy["value"], accuracy["high"]) == (1, 1)
    low, _ = binomtest(report["n_patients"], report["n_patients"]).proportion_ci(method="wilson")
    assert accuracy["low"] == pytest.approx(low)
    negative = report["per_class"][0]
    assert negative["recall"] == {"value": None, "low": None, "high": None}
    assert (negative["precision"], negative["f1"], negative["n"]) == (None, None, 0)
    assert report["roc"] == {}, "all images are of one class, none of the others"


def test_one_image_of_a_class_is_enough_for_its_curve() -> None:
    split = pd.DataFrame({"image_id": list("abc"), "group": list("abc"), "subset": "test"})
    split["class"] = ["negative", "negative", "typical"]
    rows = {name: np.array([0.6, 0.3, 0.1]) for name in "abc"}

    report = build_report(prediction_table(split, CLASSES, rows), "negative", 5)

    assert list(report["roc"]) == ["negative", "typical"]


def test_predictions_that_are_no_numbers_count_as_left_out(split: pd.DataFrame) -> None:
    probabilities = make_probabilities(split)
    probabilities["i090"] = np.full(3, np.nan)

    report = build_report(prediction_table(split, CLASSES, probabilities), "other", 5)

    assert report["left_out"] == ["i090"]


def test_a_test_subset_without_any_prediction_is_an_error(split: pd.DataFrame) -> None:
    with pytest.raises(RunError, match="None of the 40 images of the test set"):
        build_report(prediction_table(split, CLASSES, {}), "other", 5)


def test_a_run_is_evaluated_from_its_files_alone(
    split: pd.DataFrame, predictions: pd.DataFrame, tmp_path: Path
) -> None:
    run = Run(tmp_path)
    run.write_json("recipe.json", asdict(PUBLISHED["demo_cnn"]))
    run.write_table("split.parquet", split)
    run.write_table("predictions.parquet", predictions)

    report = report_run(run)

    # Of the 40 training images, 16 each are negative and typical, 8 other; the first is taken.
    nothing = {"missing": "It was not computed when this run was trained."}
    beside = {"watched": False, "phases": [], "columns_baseline": nothing}
    validation = report.pop("validation")
    for part in (report, validation):
        assert part.pop(KEY) == sign_images(predictions, part["subset"])
    assert report == build_report(predictions, "negative") | beside
    assert validation == build_report(predictions, "negative", subset="validation") | beside
    assert report == json.loads(json.dumps(report))

    for record in (None, {"file": "best.keras", "runs": ["earlier"]}):
        run.write_json("data.json", {"starting_weights": record})
        assert report_run(run).get("starting_weights") == record


@pytest.mark.parametrize(
    ("spec", "step"),
    [
        (SplitSpec("published"), "data mismatch"),
        (SplitSpec("site", site="north"), "data mismatch"),
        (SplitSpec(), "choice on validation"),
    ],
    ids=["published", "site", "patient"],
)
def test_the_last_step_of_the_error_analysis_is_named_by_where_the_test_subset_comes_from(
    split: pd.DataFrame, predictions: pd.DataFrame, tmp_path: Path, spec: SplitSpec, step: str
) -> None:
    run = Run(tmp_path)
    recipe = replace(PUBLISHED["demo_cnn"], split=spec)
    run.write_json("recipe.json", asdict(recipe))
    run.write_table("split.parquet", split)
    held_out = predictions.assign(subset=["validation", "test"] * (len(predictions) // 2))
    run.write_table("predictions.parquet", held_out)
    run.write_table("training_predictions.parquet", predictions.assign(subset="training"))

    analysis = report_run(run)["error_analysis"]

    assert [level["name"] for level in analysis["levels"]] == ["training", "validation", "test"]
    assert [one["name"] for one in analysis["steps"]] == ["variance", step]


def test_a_run_without_predictions_cannot_be_evaluated(split: pd.DataFrame, tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.write_json("recipe.json", asdict(PUBLISHED["demo_cnn"]))
    run.write_table("split.parquet", split)

    with pytest.raises(RunError, match=r"no predictions\.parquet"):
        report_run(run)
