"""What was answered after an epoch: what is wrong, and how sure the accuracy is, by patients."""

from pathlib import Path

import pandas as pd
import pytest

from xray_core.errors import RunError
from xray_core.evaluation.epochs import accuracy_interval, list_wrong, read_answers
from xray_core.runs import Run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run that has answered four images after its second epoch, and one without a prediction."""
    run = Run(tmp_path)
    answers = pd.DataFrame(
        {
            "image_id": list("abcde"),
            "p_no": [0.9, 0.2, 0.3, 0.6, None],
            "p_yes": [0.1, 0.8, 0.7, 0.4, None],
        }
    )
    split = pd.DataFrame(
        {
            "image_id": list("edcbaz"),
            "group": ["q", "q", "p", "p", "o", "n"],
            "class": ["no", "yes", "no", "no", "no", "yes"],
            "subset": ["validation"] * 5 + ["test"],
        }
    )
    run.write_table("validation/epoch-0002.parquet", answers)
    run.write_table("split.parquet", split)
    return run


def test_answers_are_those_images_that_have_a_prediction_with_their_truth(run: Run) -> None:
    answers = read_answers(run, 2).set_index("image_id")

    assert answers.index.tolist() == list("abcd")
    assert answers["actual"].tolist() == ["no", "no", "no", "yes"]
    assert answers["predicted"].tolist() == ["no", "yes", "yes", "no"]
    assert answers["probability"].tolist() == pytest.approx([0.9, 0.8, 0.7, 0.6])
    assert answers["group"].tolist() == ["o", "p", "p", "q"]


def test_wrong_ones_come_with_the_most_confident_first(run: Run) -> None:
    answers = read_answers(run, 2)

    assert list_wrong(answers, 9)["image_id"].tolist() == ["b", "c", "d"]
    assert list_wrong(answers, 2)["image_id"].tolist() == ["b", "c"]


def test_what_is_not_there_or_holds_no_answer_is_said_or_empty(run: Run) -> None:
    with pytest.raises(RunError, match="has no validation/epoch-0001.parquet"):
        read_answers(run, 1)
    nothing = pd.DataFrame({"image_id": ["a"], "p_no": [None], "p_yes": [None]})
    run.write_table(
        "validation/epoch-0001.parquet", nothing.astype({"p_no": float, "p_yes": float})
    )
    assert read_answers(run, 1).empty


def answers_of(groups: list[str], right: list[bool]) -> pd.DataFrame:
    predicted = ["no" if hit else "yes" for hit in right]
    return pd.DataFrame({"group": groups, "actual": "no", "predicted": predicted})


def test_an_interval_knows_that_images_of_a_patient_are_alike() -> None:
    right = [True] * 60 + [False] * 20
    alone = accuracy_interval(answers_of([str(n) for n in range(80)], right))
    in_fours = accuracy_interval(answers_of([str(n // 4) for n in range(80)], right))

    assert alone[0] < 0.75 < alone[1]
    assert in_fours[0] < alone[0]
    assert in_fours[1] > alone[1]
    assert alone == accuracy_interval(answers_of([str(n) for n in range(80)], right))


def test_all_right_is_not_certain() -> None:
    low, high = accuracy_interval(answers_of(list("abcde"), [True] * 5))

    assert 0.4 < low < 0.8
    assert high == 1.0
    assert accuracy_interval(answers_of([], [])) == (0.0, 1.0)
