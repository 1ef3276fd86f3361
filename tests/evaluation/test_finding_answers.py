"""What a run on several findings answered after an epoch: which labels are most wrong, how sure."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from xray_core.evaluation.finding_answers import (
    CALLED,
    MISSED,
    count_wrong_findings,
    list_wrong_findings,
    mean_area_interval,
    read_finding_answers,
)
from xray_core.runs import Run

STATES = {"y_a": [1, 1, 0, None, 1], "y_b": [0, 1, 0, 0, None]}
VALUES = {"p_a": [0.1, 0.2, 0.9, 0.99, 0.7], "p_b": [0.8, 0.4, 0.6, 0.1, 0.9]}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = Run(tmp_path)
    ids = pd.DataFrame({"image_id": list("vwxyz")}, dtype="string")
    split = ids.assign(path=ids["image_id"], group=ids["image_id"], subset="validation")
    split["class"] = "in words"
    run.write_table("split.parquet", split.join(pd.DataFrame(STATES, dtype="Int8")))
    run.write_table("validation/epoch-0001.parquet", ids.join(pd.DataFrame(VALUES)))
    return run


def test_labels_that_are_wrong_are_listed_once_an_image_and_unknown_ones_never(run: Run) -> None:
    answers = read_finding_answers(run, 1)

    missed = list_wrong_findings(answers, MISSED, 9).to_dict("list")
    called = list_wrong_findings(answers, CALLED, 9).to_dict("list")

    assert missed == {"image_id": ["v", "w"], "finding": ["a", "b"], "probability": [0.1, 0.4]}
    assert called == {"image_id": ["x", "v"], "finding": ["a", "b"], "probability": [0.9, 0.8]}
    assert count_wrong_findings(answers) == {MISSED: 3, CALLED: 3}


def test_each_finding_has_its_turn_before_a_second_label_of_one() -> None:
    answers = pd.DataFrame(
        {"image_id": list("wxyz"), "y_a": [0, 0, 0, 0], "y_b": [0, 0, 0, 0]}
    ).astype({"y_a": "Int8", "y_b": "Int8"})
    answers = answers.assign(group=answers["image_id"])
    answers = answers.assign(p_a=[0.9, 0.8, 0.7, 0.1], p_b=[0.1, 0.1, 0.1, 0.6])

    wrong = list_wrong_findings(answers, CALLED, 3)

    assert list_wrong_findings(answers, MISSED, 3).empty
    assert wrong["finding"].tolist() == ["a", "b", "a"]
    assert wrong["probability"].tolist() == [0.9, 0.6, 0.8]


def test_the_mean_area_has_an_interval_where_there_are_both_kinds(run: Run) -> None:
    rng = np.random.default_rng(0)
    states = rng.integers(0, 2, 200)
    answers = pd.DataFrame(
        {
            "image_id": np.arange(200).astype(str),
            "group": (np.arange(200) // 2).astype(str),
            "y_a": pd.array(states, dtype="Int8"),
            "p_a": 1 / (1 + np.exp(-states - rng.normal(size=200))),
        }
    )

    interval = mean_area_interval(answers)

    assert interval is not None
    low, high = interval
    assert 0.5 < low < high < 1
    assert interval == mean_area_interval(answers), "seeded"
    assert mean_area_interval(answers.assign(y_a=pd.array([0] * 200, dtype="Int8"))) is None
    assert mean_area_interval(answers.head(0)) is None
