"""All steps of the error analysis: from the target and people up to images of another kind.

What `error_analysis` measured is put above what people entered: the error that is aimed at, and
that of people at the same task, which stands for the least that is possible. The steps are those
that the thesis on SIIM-FISABIO-RSNA COVID-19 draws (2.1.2, figure 11), after A. Ng, Machine
Learning Yearning (2018), chapters 20 to 23 and 40 to 43: target, people, training (avoidable bias),
held-out images of the same mixture (variance), production images (distribution shift).

Whether the training images are representative of those in production: the thesis compares the
accuracy on held-out images of the mixture with that on production images held back to the end
(4.3), and wants both "very similar" without a number; `CLOSE` is ours.
"""

from collections.abc import Mapping
from typing import Any, Literal, TypedDict

import pandas as pd

from xray_core.evaluation.error_analysis import (
    CHOICE,
    MISMATCH,
    PUBLISHED_TEST,
    TEST,
    TRAIN_DEV,
    TRAINING,
    VALIDATION,
    VARIANCE,
)
from xray_core.evaluation.intervals import difference_interval
from xray_core.runs.goals import Goals
from xray_core.splits import TARGET_DOMAIN

Figure = Mapping[str, float | None]
Answer = Literal["yes", "no", "cannot be said"]
CLOSE = 0.05  # two errors are similar if their difference is surely below 5 points
MOST_UNLIKE = 0.1  # difference of the shares of target images up to which two mixtures are one
TARGET, PEOPLE = "target", "people"
# Of a step: its name, and what it tells.
UNAVOIDABLE = ("unavoidable bias", "")
AVOIDABLE = (
    "avoidable bias",
    "it does worse on its own training images than people do. Try a larger network, a longer "
    "training, or less regularisation",
)
TO_TARGET = (
    "bias",
    "on its own training images it is above the target. Try a larger network, a longer training, "
    "or less regularisation; to see how much of it can be avoided, enter the error of people",
)


class Representative(TypedDict):
    """Whether the training images are representative of those in production.

    Attributes:
        answer: of the question.
        shift: value, low and high: error on production images less that on held-out ones.
        variance: the step from training to held-out images, beside it.
        words: why.
    """

    answer: Answer
    shift: Figure
    variance: Figure
    words: str


class CompleteAnalysis(TypedDict):
    """The error analysis with what people entered; see `complete_analysis`."""

    levels: list[dict[str, Any]]
    steps: list[dict[str, Any]]
    verdict: str
    target: str
    representative: Representative | None


def complete_analysis(
    analysis: Mapping[str, Any], goals: Goals, split: pd.DataFrame | None = None
) -> CompleteAnalysis:
    """Return a measured error analysis with the entered errors below it.

    Args:
        analysis: as `error_analysis.analyse_errors` returns it.
        goals: what people entered; nothing: the measured levels, steps and verdict as they are.
        split: of the run, see `check_representative`.

    Returns:
        Levels and steps as there, the entered levels first, without n; the verdict over all
        steps; target, a sentence on whether it is reached, "" without one; representative, None
        where no images of another kind are held back.
    """
    entered: list[dict[str, Any]] = [
        {"name": name, "n": None, "error": {"value": value, "low": None, "high": None}}
        for name, value in ((TARGET, goals.target_error), (PEOPLE, goals.human_error))
        if value is not None
    ]
    below = _steps_from(entered, analysis["levels"][0])
    steps = [*below, *analysis["steps"]]
    return {
        "levels": [*entered, *analysis["levels"]],
        "steps": steps,
        "verdict": _evaluate(below, analysis),
        "target": _compare_target(analysis["levels"][-1], goals.target_error),
        "representative": check_representative(analysis, split),
    }


def check_representative(
    analysis: Mapping[str, Any], split: pd.DataFrame | None = None
) -> Representative | None:
    """Return whether images in production are answered as those that training held out.

    "yes" and "no" are said where the 95 % interval of the difference leaves no other answer: it
    lies below `CLOSE` on both sides, or on one side of 0 and reaches beyond `CLOSE`. Neither is
    said where the held-out images are others than the training images to begin with: experiment 9
    of the thesis trained on one dataset and validated on the other, so that its two similar
    accuracies are both of production images.

    Args:
        analysis: as `error_analysis.analyse_errors` returns it.
        split: of the run, as `Run.read_split` returns it, to compare where training and held-out
            images come from; None, or without a column "source": taken for alike.

    Returns:
        None where production images are no different in kind: drawn as the held-out ones were.
    """
    levels = {level["name"]: level["error"] for level in analysis["levels"]}
    kinds = {step["to"]: step["name"] for step in analysis["steps"]}
    mixed = TRAIN_DEV in levels
    if not mixed and kinds.get(TEST) != PUBLISHED_TEST[0]:
        return None
    held_out, name = levels[TRAIN_DEV if mixed else VALIDATION], TRAIN_DEV if mixed else VALIDATION
    final = TEST if TEST in levels else VALIDATION
    variance = next(step for step in analysis["steps"] if step["to"] == name)
    shift = _difference(held_out, levels[final])
    answer: Answer = "cannot be said"
    low, high = shift["low"], shift["high"]
    unlike = _describe_unlike(split) if mixed else ""
    if low is not None and high is not None and not unlike:
        if low >= -CLOSE and high <= CLOSE:
            answer = "yes"
        elif low > 0 or high < 0:
            answer = "no"
    return {
        "answer": answer,
        "shift": shift,
        "variance": {key: variance[key] for key in ("value", "low", "high")},
        "words": unlike or _explain(answer, shift, variance),
    }


def _describe_unlike(split: pd.DataFrame | None) -> str:
    """Return that held-out images are others than those of training; "" where they are alike."""
    if split is None or "source" not in split:
        return ""
    shares = (split["source"] == TARGET_DOMAIN).groupby(split["subset"].astype(str)).mean()
    training, held_out = (float(shares.get(name, 0.0)) for name in (TRAINING, VALIDATION))
    if abs(training - held_out) <= MOST_UNLIKE:
        return ""
    return (
        f"Representative: cannot be said. Of the training images {training:.0%} are of the target, "
        f"of the held-out ones {held_out:.0%}: these are others than it learned from, so that "
        "a small step from them to the test set says nothing about the training images."
    )


def _difference(before: Figure, after: Figure) -> dict[str, float | None]:
    ends = [error[key] for error in (before, after) for key in ("value", "low", "high")]
    if any(end is None or end != end for end in ends):
        return {"value": None, "low": None, "high": None}
    first, second = ({k: float(v or 0) for k, v in error.items()} for error in (before, after))
    low, high = difference_interval(first, second)
    return {"value": second["value"] - first["value"], "low": low, "high": high}


def _explain(answer: Answer, shift: Figure, variance: Figure) -> str:
    if shift["value"] is None:
        return "Representative: cannot be said. An error could not be computed."
    words = (
        f"Representative: {answer}. The error on images in use differs by {_points(shift)} points "
        "from that on held-out images like the training images; from training images to those it "
        f"rises by {_points(variance)} points. "
    )
    if answer == "yes":
        return f"{words}The difference is surely below {100 * CLOSE:.0f} points."
    if answer == "no":
        return f"{words}The images differ in what the network goes by."
    return f"{words}The interval allows for both; more images would tell."


def _points(figure: Figure) -> str:
    value, low, high = (figure[key] for key in ("value", "low", "high"))
    if value is None or low is None or high is None:
        return "–"
    return f"{100 * value:+.1f} ({100 * low:+.1f} to {100 * high:+.1f})"


def _steps_from(entered: list[dict[str, Any]], training: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the steps up from the entered errors, the last one to the training images."""
    if not entered:
        return []
    last, measured = entered[-1]["error"]["value"], training["error"]
    kind = AVOIDABLE if entered[-1]["name"] == PEOPLE else TO_TARGET
    ends = {k: None if measured[k] is None else measured[k] - last for k in measured}
    steps: list[dict[str, Any]] = [{"name": kind[0], "to": TRAINING, **ends}]
    if len(entered) > 1:
        step = last - entered[0]["error"]["value"]
        first = {"name": UNAVOIDABLE[0], "to": PEOPLE, "value": step, "low": None, "high": None}
        steps.insert(0, first)
    return steps


def _evaluate(below: list[dict[str, Any]], analysis: Mapping[str, Any]) -> str:
    """Return which step to work on; without entered errors, what was said when it was measured."""
    if not below:
        return str(analysis["verdict"])
    steps = [below[-1], *analysis["steps"]]
    clear = [step for step in steps if step["low"] is not None and step["low"] > 0]
    if not clear:
        return "No step is larger than chance may make it."
    largest = max(clear, key=lambda step: float(step["value"]))
    return (
        f"The largest clear step is {largest['name']} ({100 * largest['value']:+.1f} points): "
        f"{_advise(largest)}."
    )


def _advise(step: Mapping[str, Any]) -> str:
    kinds = (AVOIDABLE, TO_TARGET, VARIANCE, CHOICE, MISMATCH)
    if step["name"] == PUBLISHED_TEST[0] and step["to"] == TEST:
        return PUBLISHED_TEST[1]
    return next((advice for name, advice in kinds if name == step["name"]), "")


def _compare_target(final: Mapping[str, Any], target: float | None) -> str:
    """Return whether the last level reaches the target, by its interval."""
    if target is None:
        return ""
    low, high = final["error"]["low"], final["error"]["high"]
    answer = "cannot be said"
    if high is not None and high <= target:
        answer = "yes"
    elif low is not None and low > target:
        answer = "no"
    return f"Target of {target:.1%} reached on the {final['name']} set: {answer}."
