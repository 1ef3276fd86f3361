"""The error analysis, on made-up predictions whose errors are known."""

from typing import Any

import pandas as pd
import pytest
from scipy.stats import binomtest

from xray_core.evaluation.error_analysis import analyse_errors

N_ROUNDS = 200


def predict(subset: str, n: int, n_wrong: int, source: str = "kermany") -> pd.DataFrame:
    """Return `n` predictions, each of a patient of its own; the first `n_wrong` are wrong."""
    names = [f"{subset}-{source}-{number}" for number in range(n)]
    said = ["b" if number < n_wrong else "a" for number in range(n)]
    table = {"image_id": names, "group": names, "subset": subset, "actual": "a", "predicted": said}
    return pd.DataFrame(table).assign(source=source)


def analysis_of(*subsets: pd.DataFrame, published_test: bool = False) -> dict[str, Any] | None:
    training = [subset for subset in subsets if subset["subset"].eq("training").all()]
    held_out = [subset for subset in subsets if not subset["subset"].eq("training").all()]
    sources = pd.concat(subsets).set_index("image_id")["source"]
    return analyse_errors(
        pd.concat(training),
        pd.concat(held_out),
        sources,
        published_test=published_test,
        n_rounds=N_ROUNDS,
    )


def test_levels_hold_the_errors_and_steps_their_differences() -> None:
    analysis = analysis_of(
        predict("training", 200, 2), predict("validation", 100, 20), predict("test", 100, 21)
    )

    assert analysis
    levels = [(level["name"], level["n"], level["error"]["value"]) for level in analysis["levels"]]
    assert levels == [("training", 200, 0.01), ("validation", 100, 0.2), ("test", 100, 0.21)]
    for level in analysis["levels"]:
        assert level["error"]["low"] <= level["error"]["value"] <= level["error"]["high"]
    first, second = analysis["steps"]
    assert (first["name"], first["to"], first["value"]) == (
        "variance",
        "validation",
        pytest.approx(0.19),
    )
    assert first["low"] > 0
    assert second["name"] == "choice on validation"
    assert second["low"] < 0 < second["high"]
    assert "variance (+19.0 points)" in analysis["verdict"]
    assert "augmentation" in analysis["verdict"]


def test_target_domain_images_among_others_have_a_level_of_their_own() -> None:
    analysis = analysis_of(
        predict("training", 250, 5),
        predict("training", 50, 25, "siim_covid19"),
        predict("validation", 300, 33),
        predict("validation", 100, 40, "siim_covid19"),
        predict("test", 200, 84, "siim_covid19"),
    )

    assert analysis
    levels = {level["name"]: (level["n"], level["error"]["value"]) for level in analysis["levels"]}
    assert levels == {
        "training": (300, 0.1),
        "train-dev": (400, 0.1825),
        "validation": (100, 0.4),
        "test": (200, 0.42),
    }
    names = [step["name"] for step in analysis["steps"]]
    assert names == ["variance", "data mismatch", "choice on validation"]
    assert "largest clear step is data mismatch" in analysis["verdict"]


def test_where_no_target_domain_image_trained_only_external_ones_are_of_the_same_mixture() -> None:
    analysis = analysis_of(
        predict("training", 300, 30),
        predict("validation", 100, 12),
        predict("validation", 400, 160, "siim_covid19"),
        predict("test", 200, 84, "siim_covid19"),
    )

    assert analysis
    levels = {level["name"]: (level["n"], level["error"]["value"]) for level in analysis["levels"]}
    assert levels["train-dev"] == (100, 0.12)
    assert levels["validation"] == (400, 0.4)
    assert "largest clear step is data mismatch (+28.0 points)" in analysis["verdict"]


def test_a_test_subset_that_others_set_apart_differs_rather_than_was_chosen_by() -> None:
    subsets = (
        predict("training", 400, 6),
        predict("validation", 400, 10),
        predict("test", 200, 45),
    )

    ours, theirs = analysis_of(*subsets), analysis_of(*subsets, published_test=True)

    assert ours
    assert theirs
    assert [step["name"] for step in ours["steps"]] == ["variance", "choice on validation"]
    assert [step["name"] for step in theirs["steps"]] == ["variance", "data mismatch"]
    assert "data mismatch (+20.0 points): the test images were set apart" in theirs["verdict"]
    assert [step["value"] for step in ours["steps"]] == [step["value"] for step in theirs["steps"]]


def test_where_no_step_is_clear_the_bias_is_what_is_left() -> None:
    analysis = analysis_of(predict("training", 100, 30), predict("validation", 100, 31))

    assert analysis
    assert "No step is larger than chance" in analysis["verdict"]
    assert "30.0%" in analysis["verdict"]


def test_an_error_on_training_that_is_larger_than_all_steps_is_said_too() -> None:
    analysis = analysis_of(predict("training", 400, 160), predict("validation", 400, 220))

    assert analysis
    assert "variance (+15.0 points)" in analysis["verdict"]
    assert "40.0%, is larger still" in analysis["verdict"]


def test_images_without_a_prediction_are_on_no_level() -> None:
    held_out = predict("validation", 10, 1)
    held_out.loc[9, "predicted"] = pd.NA

    analysis = analysis_of(predict("training", 10, 0), held_out)

    assert analysis
    assert [level["n"] for level in analysis["levels"]] == [10, 9]
    held_out["predicted"] = pd.NA
    assert analysis_of(predict("training", 10, 0), held_out) is None


def test_a_level_without_an_error_is_no_certainty_nor_is_a_step_from_or_to_it() -> None:
    analysis = analysis_of(
        predict("training", 300, 0), predict("validation", 5, 0), predict("test", 40, 8)
    )

    assert analysis
    training, validation, test = (level["error"] for level in analysis["levels"])
    for error, n in ((training, 300), (validation, 5)):
        expected = binomtest(0, n).proportion_ci(0.95, method="wilson")
        assert (error["low"], error["high"]) == pytest.approx(tuple(expected), abs=1e-12)
    first, second = analysis["steps"]
    assert first["value"] == 0
    assert (first["low"], first["high"]) == pytest.approx((-training["high"], validation["high"]))
    # Of the five, up to 43% may be errors, so the step up to 20% may be one down.
    assert second["value"] == 0.2
    assert second["low"] < 0 < second["high"]
    assert second["high"] == pytest.approx(test["high"])
    assert "No step is larger than chance" in analysis["verdict"]


def test_a_step_down_to_a_level_without_an_error_is_no_certainty() -> None:
    analysis = analysis_of(predict("training", 300, 30), predict("validation", 5, 0))

    assert analysis
    [step] = analysis["steps"]
    assert step["value"] == pytest.approx(-0.1)
    assert step["low"] < -0.1 < 0 < step["high"]
