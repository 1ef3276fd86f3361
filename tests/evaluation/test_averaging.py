"""The average of runs: exact on tables made by hand, and no image in it that a member learned."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from xray_core.errors import RunError
from xray_core.evaluation.averaging import Member, average_members
from xray_core.evaluation.multilabel import findings_table
from xray_core.evaluation.report import build_report, prediction_table
from xray_core.tasks import STATE

CLASSES = ["no", "yes"]
LABELS = {"a": "no", "b": "yes", "c": "yes", "d": "no", "e": "yes", "f": "no"}


def member(
    name: str,
    probabilities: dict[str, float],
    subsets: dict[str, str],
    classes: list[str] = CLASSES,
    labels: dict[str, str] = LABELS,
) -> Member:
    """Return a run with the probability of "yes" for each image of `probabilities`."""
    split = pd.DataFrame({"image_id": list(subsets), "subset": list(subsets.values())})
    split = split.assign(path=split["image_id"] + ".png", group=split["image_id"])
    split["class"] = split["image_id"].map(labels)
    both = {image: {"no": 1 - p, "yes": p} for image, p in probabilities.items()}
    answers = {image: np.array([p[own] for own in classes]) for image, p in both.items()}
    rows = split[split["subset"] != "training"]
    return Member(name, split, prediction_table(rows, classes, answers))


SUBSETS = {"a": "test", "b": "test", "c": "test", "d": "validation", "e": "training"}
ONE = member("one", {"a": 0.2, "b": 0.4, "c": 0.9, "d": 0.6}, SUBSETS)


def test_an_average_is_the_mean_whatever_order_the_classes_have() -> None:
    other = member("two", {"a": 0.4, "b": 0.8, "c": 0.1, "d": 0.1}, SUBSETS, ["yes", "no"])
    averaged = average_members([ONE, other])
    said = {image: p[1] for image, p in averaged.answers.items()}
    assert said == pytest.approx({"a": 0.3, "b": 0.6, "c": 0.5, "d": 0.35})
    assert dict(zip(averaged.split["image_id"], averaged.split["subset"], strict=True)) == SUBSETS
    rows = averaged.split[averaged.split["subset"] != "training"].reset_index(drop=True)
    report = build_report(prediction_table(rows, CLASSES, dict(averaged.answers)), "yes", 20)
    # c is a draw, which goes to the second class: all are right.
    assert report["confusion"] == [[1, 0], [0, 2]]
    assert report["metrics"]["auc"]["value"] == 1.0
    assert averaged.remarks == []


def test_what_a_member_learned_from_is_never_evaluated() -> None:
    moved = SUBSETS | {"b": "training", "d": "training", "e": "test"}
    other = member("two", {"a": 0.4, "c": 0.1, "e": 0.5}, moved)
    averaged = average_members([ONE, other])
    assert set(averaged.answers) == {"a", "c"}
    place = averaged.split.set_index("image_id")["subset"]
    assert set(place.index[place == "training"]) == {"b", "d", "e"}
    assert "2 images of the test set of one run left out" in averaged.remarks[0]
    assert "1 image of the validation set of one run left out" in averaged.remarks[1]
    assert "has none" in averaged.remarks[2]


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (member("two", {"e": 0.4}, {"e": "test", "a": "training"}), "nothing in common"),
        (member("two", {"d": 0.4}, {"d": "validation", "a": "training"}), "two has no test set"),
        (member("two", {"a": 0.1}, {"a": "test"}, labels=LABELS | {"a": "yes"}), "another label"),
        (
            replace(ONE, name="two", predictions=ONE.predictions.rename(columns={"p_no": "p_n"})),
            "two tells apart n, yes, but one no, yes",
        ),
    ],
)
def test_runs_that_do_not_fit_are_refused_with_the_reason(other: Member, reason: str) -> None:
    with pytest.raises(RunError, match=reason):
        average_members([ONE, other])


def test_an_image_that_one_member_could_not_read_is_counted() -> None:
    averaged = average_members([ONE, member("two", {"a": 0.4, "c": 0.1, "d": 0.2}, SUBSETS)])
    assert set(averaged.answers) == {"a", "c", "d"}
    assert (averaged.split["image_id"] == "b").any()  # so that the report leaves it out by name
    assert averaged.remarks == ["1 image without a prediction of every run left out."]


def test_findings_are_averaged_one_by_one() -> None:
    split = pd.DataFrame({"image_id": ["a", "b"], "group": ["a", "b"], "subset": "test"})
    split = split.assign(path="", **{"class": ["no", "yes"]})
    states = {STATE + "no": [1, 0], STATE + "yes": [0, pd.NA]}
    split = split.assign(**{name: pd.array(value, "Int8") for name, value in states.items()})
    members = [
        Member(
            str(p), split, findings_table(split, CLASSES, {"a": np.array(p), "b": np.ones(2)}, {})
        )  # fmt: skip
        for p in ([0.2, 0.6], [0.4, 0.0])
    ]
    averaged = average_members(members)
    assert averaged.answers["a"] == pytest.approx([0.3, 0.3])
    assert averaged.split[STATE + "yes"].isna().tolist() == [False, True]
