"""Training checks at their thresholds, and their sentences word for word."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.evaluation.test_diagnose import (
    GOOD,
    ONLY_TYPICAL,
    STEPS,
    THESIS,
    TWO,
    flat,
    kinds,
    make_epochs,
    matrix_of,
)
from xray_core.evaluation.training_checks.advice import (
    higher_rate,
    is_too_high,
    is_too_low,
    lower_rate,
    overfitting_advice,
    stability_advice,
)
from xray_core.evaluation.training_checks.answers import check_answers, never_answered
from xray_core.evaluation.training_checks.collapse import only_answer
from xray_core.evaluation.training_checks.guessing import entropy, standard_error
from xray_core.evaluation.training_checks.history import TrainingHistory
from xray_core.evaluation.training_checks.learning import check_finite, check_learning
from xray_core.evaluation.training_checks.reading import read_history
from xray_core.evaluation.training_checks.validation import (
    check_overfitting,
    check_size,
    check_swings,
    check_too_good,
)
from xray_core.preprocess.spec import AugmentSpec
from xray_core.recipes import Phase, Recipe
from xray_core.splits import SplitSpec

FRESH = float(np.log(2))  # the loss of a new network of two classes
N = 900  # validation images: the square root is a whole number
COUNTS = np.array(matrix_of(0.8, N)).sum(axis=1)
GUESS = entropy(COUNTS)
USUAL = "The learning rate is 0.001; 0.0001 to 0.003 is usual for adam."


def course_of(
    loss: Sequence[float] | float = 0.5,
    val_loss: Sequence[float] | float = 0.5,
    accuracy: Sequence[float] | float = 0.75,
    val_accuracy: Sequence[float] | float = 0.75,
    recipe: Recipe = TWO,
    ended: bool = False,
    n: int = N,
    **options: Any,
) -> TrainingHistory:
    """Return a course of two classes; a number stands for that number in each of six epochs."""
    curves = (loss, val_loss, accuracy, val_accuracy)
    length = max((len(one) for one in curves if not isinstance(one, float)), default=6)
    full = [[one] * length if isinstance(one, float) else list(one) for one in curves]
    epochs = make_epochs(*full, n=n, **options)
    return read_history(epochs, recipe, ended=ended)


def with_rate(rate: float, optimizer: str = "adam", recipe: Recipe = TWO) -> Recipe:
    return replace(recipe, phases=(Phase("train", 100, "all", optimizer, rate),))


# --- the history


@pytest.mark.parametrize(
    ("steps", "is_settled", "recent"),
    [
        ([100, 200, 300], True, slice(2, 3)),
        ([100, 200, 299], False, slice(3, 3)),
        ([300, 600], False, slice(0, 2)),  # two epochs, however long
        ([300, 301, 302], True, slice(0, 3)),
        ([100 * k for k in range(1, 16)], True, slice(5, 15)),
    ],
)
def test_a_phase_is_settled_after_three_epochs_and_three_hundred_steps(
    steps: list[int], is_settled: bool, recent: slice
) -> None:
    rows = make_epochs(*[[0.5] * len(steps)] * 4).assign(step=steps)

    history = read_history(rows, TWO)

    assert (history.is_settled, history.recent) == (is_settled, recent)


def test_a_course_is_that_of_the_present_phase_whose_steps_count_from_its_start() -> None:
    rows = make_epochs([0.6, 0.5, 0.4, 0.3], [0.1, 0.4, 0.3, 0.5], [0.7] * 4, [0.6, 0.7, 0.8, 0.9])
    counts = [[[5, 5], [5, k]] for k in range(4)]
    rows = rows.assign(phase=["head", "head", "head", "train"], confusion=counts)
    recipe = replace(TWO, phases=(Phase("head", 3), Phase("train", 4), Phase("last", 5)))
    both = rows.assign(phase=["head", "head", "train", "train"])

    history, longer = read_history(rows, recipe), read_history(both, recipe)

    assert (history.phase.name, history.epochs.tolist(), history.steps.tolist()) == (
        "train",
        [4],
        [STEPS],
    )
    assert (longer.epochs.tolist(), longer.steps.tolist()) == ([3, 4], [STEPS, 2 * STEPS])
    assert (longer.loss.tolist(), longer.val_loss.tolist()) == ([0.4, 0.3], [0.3, 0.5])
    assert (longer.accuracy.tolist(), longer.val_accuracy.tolist()) == ([0.7, 0.7], [0.8, 0.9])
    assert np.array(longer.confusions).tolist() == counts[2:]
    assert (history.selected_epoch, history.selected_accuracy) == (1, 0.6), "of an earlier phase"
    assert longer.val_counts.tolist() == longer.train_counts.tolist() == [10, 8]
    assert longer.n_validation == 18
    for train, n in (({"no opacity": 7, "opacity": 9}, [7, 9]), ({}, [10, 8])):
        known = read_history(both, recipe, {"subsets": {"training": train}})
        assert known.train_counts.tolist() == n
    many = make_epochs(*[[0.5] * 12] * 4)
    assert len(read_history(many, recipe).confusions) == 10
    assert read_history(many.assign(best_epoch=99, val_accuracy=0.9), recipe).selected_epoch == 12
    assert read_history(rows.assign(phase="other"), recipe).phase.name == "last"


def test_a_class_without_a_name_is_counted_from_one() -> None:
    names = [course_of().name(k) for k in range(4)]

    assert names == ["no opacity", "opacity", "class 3", "class 4"]


def test_what_guessing_costs_goes_by_the_shares_or_evenly_where_classes_weigh_the_same() -> None:
    balanced = replace(TWO, class_weights="balanced")

    assert entropy(np.array([0, 30, 10])) == pytest.approx(0.5623351)
    assert entropy(np.array([1, 1])) == FRESH
    assert entropy(np.array([0, 0])) == 0
    assert course_of().guess_loss == GUESS < FRESH
    assert course_of(recipe=balanced).guess_loss == FRESH
    assert course_of(recipe=replace(balanced, combined_labels=True)).guess_loss == GUESS
    assert standard_error(0.5, 0) == 1
    assert standard_error(1, 1) == pytest.approx((2 / 3 * 1 / 3) ** 0.5)


# --- advice


@pytest.mark.parametrize(
    ("optimizer", "rate", "low", "high"),
    [
        ("nadam", 0.99e-5, True, False),
        ("nadam", 1e-5, False, False),
        ("nadam", 3 * 3e-3, False, False),
        ("nadam", 0.0091, False, True),
        ("sgd", 0.99e-4, True, False),
        ("sgd", 1e-4, False, False),
        ("sgd", 3 * 0.1, False, False),
        ("sgd", 0.31, False, True),
    ],
)
def test_a_rate_is_the_likely_cause_ten_times_below_or_three_times_above_what_is_usual(
    optimizer: str, rate: float, low: bool, high: bool
) -> None:
    phase = Phase("train", 9, optimizer=optimizer, learning_rate=rate)

    assert (is_too_low(phase), is_too_high(phase)) == (low, high)


@pytest.mark.parametrize(
    ("rate", "lower"), [(1e-3, "0.0001"), (0.2, "0.001"), (1e-9, "1e-09"), (5e-8, "5e-09")]
)
def test_a_lower_rate_is_a_tenth_or_the_first_to_try(rate: float, lower: str) -> None:
    phase = Phase("fine", 9, learning_rate=rate)

    assert lower_rate(phase) == f"Set phases.fine.learning_rate={lower}."


@pytest.mark.parametrize(
    ("optimizer", "first"),
    [("adam", 0.001), ("adamw", 0.001), ("nadam", 0.001), ("rmsprop", 0.001), ("sgd", 0.01)],
)
def test_a_higher_rate_is_the_optimizers_first_to_try(optimizer: str, first: float) -> None:
    phase = Phase("fine", 9, optimizer=optimizer, learning_rate=1e-7)

    assert higher_rate(phase) == f"Set phases.fine.learning_rate={first}."


@pytest.mark.parametrize(
    ("batch_size", "schedule", "words"),
    [
        (31, "cosine", ". If that is not enough: batch_size=32."),
        (32, "cosine", "."),
        (64, "cosine", "."),
        (32, "constant", " and phases.train.schedule=cosine."),
    ],
)
def test_swings_are_met_by_what_the_recipe_does_not_do_yet(
    batch_size: int, schedule: str, words: str
) -> None:
    recipe = replace(TWO, batch_size=batch_size)

    advice = stability_advice(recipe, Phase("train", 9, schedule=schedule))

    assert advice == f"Set phases.train.learning_rate=0.0001{words}"


def test_learning_by_heart_is_met_by_what_the_recipe_does_not_do_yet() -> None:
    dropping = replace(TWO, model="mobilenet_v2", model_options={"dropout": 0.49})
    plain = replace(dropping, augment=AugmentSpec(), selected_epoch="last")
    all_done = replace(dropping, model_options={"dropout": 0.5})

    assert overfitting_advice(plain, TWO.phases[0]) == (
        "More images help most. Or set augment.horizontal_flip=true, augment.zoom=0.1, "
        "augment.shift=0.05, model_options.dropout=0.5, phases.train.patience=5, "
        "selected_epoch=best."
    )
    for recipe in (all_done, TWO):  # the network of the second has no dropout
        assert overfitting_advice(recipe, Phase("train", 9, patience=1)) == (
            "More images help most; then more augmentation, such as augment.rotation=10."
        )


# --- answers


@pytest.mark.parametrize(
    ("confusion", "only"),
    [
        ([[1, 9], [9, 181]], 1),  # 190 of 200 answers, among them 9 of 10 others
        ([[1, 9], [10, 180]], None),
        ([[2, 8], [0, 190]], None),
        ([[0, 9], [0, 190]], None),  # nine others may be chance
        ([[181, 9], [9, 1]], 0),
    ],
)
def test_one_class_is_the_only_answer_from_95_of_a_hundred_on(
    confusion: list[list[int]], only: int | None
) -> None:
    assert only_answer(np.array(confusion)) == only


@pytest.mark.parametrize(
    ("confusion", "never"),
    [
        ([[1, 49], [0, 50]], [0]),  # one answer to fifty images
        ([[1, 48], [0, 50]], []),
        ([[0, 10], [0, 50]], [0]),
        ([[0, 9], [0, 50]], []),
    ],
)
def test_a_class_is_never_answered_up_to_a_fiftieth_of_ten_images_or_more(
    confusion: list[list[int]], never: list[int]
) -> None:
    assert never_answered(np.array(confusion)) == never


def test_answers_are_counted_in_words() -> None:
    no = [[190, 10], [390, 10]]
    yes = [[10, 190], [5, 395]]
    nearly = read_history(flat(yes).assign(confusion=[yes] * 6), TWO)
    swaying = read_history(flat(yes).assign(confusion=[yes, yes, yes, no, yes, no]), TWO)
    nearly_typical = [[0, 0, 1, 88], *ONLY_TYPICAL[1:]]
    never = [[0, 9, 30, 50], [0, 100, 60, 79], [0, 20, 276, 60], [0, 40, 62, 480]]

    [one] = check_answers(nearly)
    [now_this] = check_answers(swaying)
    [seldom] = check_answers(read_history(flat(never), THESIS))
    evaluated = {"confusion": GOOD["6.2"], "subset": "test"}
    rows = flat(ONLY_TYPICAL, 7)
    rows["confusion"] = [GOOD["6.2"]] * 4 + [ONLY_TYPICAL] * 2 + [nearly_typical]
    [later] = check_answers(read_history(rows, THESIS, None, evaluated, True))
    evaluated = {"confusion": ONLY_TYPICAL, "subset": "test"}
    [evaluated_so] = check_answers(read_history(flat(GOOD["6.2"]), THESIS, None, evaluated, True))

    counts = (
        "585 of 600 validation images (97.5%) are taken for opacity, among them 190 of the 200 "
        "of other classes. "
    )
    assert one.title == "It answers opacity to nearly every image."
    assert one.evidence == f"{counts}It was so in each of the last 3 epochs."
    assert now_this.title == "It answers one class, now this, now that, to nearly every image."
    assert now_this.evidence == (
        "580 of 600 validation images (96.7%) are taken for no opacity, among them 390 of the 400 "
        "of other classes. In the last 3 epochs the one answer was: no opacity, opacity, "
        "no opacity."
    )
    [rare] = check_answers(read_history(flat(no), TWO))
    assert rare.title == "It answers no opacity to nearly every image."
    assert seldom.title == "It never or hardly ever answers atypical."
    assert seldom.evidence == "Of 1,266 validation images, atypical: 0 answers to 89 images."
    everything = "images (100.0%) are taken for typical, among them all 684 of other classes."
    assert later.title == "In its last epochs it answered typical to nearly every image."
    assert later.evidence == (
        "1,265 of 1,266 validation images (99.9%) are taken for typical, among them 683 of the "
        "684 of other classes. The weights of epoch 7, which are evaluated, do not."
    )
    assert evaluated_so.evidence == f"1,266 of 1,266 test {everything}"


@pytest.mark.parametrize(
    ("steps", "weights", "advice"),
    [
        (299, "none", "It has taken 299 steps only. Set phases.train.epochs=30."),
        (
            300,
            "none",
            "Set class_weights=balanced. If that is not enough: Set "
            "phases.train.learning_rate=0.0001.",
        ),
        (300, "balanced", "Set phases.train.learning_rate=0.0001."),
    ],
)
def test_what_was_trained_too_shortly_is_trained_for_longer(
    steps: int, weights: str, advice: str
) -> None:
    rows = flat(ONLY_TYPICAL).assign(step=[50, 100, 150, 200, 250, steps])
    recipe = replace(THESIS, class_weights=weights)

    [found] = check_answers(read_history(rows, recipe, ended=True))

    assert found.advice == advice


# --- learning


def test_the_first_loss_that_is_no_number_is_told() -> None:
    [of_training] = check_finite(course_of(loss=[0.5, 0.5, np.inf, np.nan, 0.5]))
    [of_validation] = check_finite(course_of(val_loss=[0.5, np.nan, np.inf, 0.5]))

    assert of_training.evidence == "The training loss of epoch 3 is inf."
    assert of_validation.evidence == "The validation loss of epoch 2 is nan."


def test_an_exploded_loss_is_told_from_its_first_and_its_last_epoch() -> None:
    [found] = check_learning(course_of([2.5, 2.0, 0.61, 0.625, 0.64]))

    assert found.evidence == (
        "The first epoch's training loss was 2.5, the last epoch's 0.64; guessing costs 0.593. "
        f"{USUAL}"
    )


@pytest.mark.parametrize(
    ("first", "least", "steps", "ended", "found"),
    [
        (3 * FRESH, 0.97 * GUESS, 300, False, ["high_learning_rate"]),
        (3 * FRESH - 1e-9, 0.97 * GUESS, 300, False, []),
        (3 * FRESH, 0.97 * GUESS - 1e-9, 300, False, []),
        (3 * FRESH, 0.97 * GUESS, 74, False, []),
        (3 * FRESH, 0.97 * GUESS, 74, True, ["high_learning_rate"]),
    ],
)
def test_a_loss_exploded_from_three_times_that_of_a_fresh_network_on(
    first: float, least: float, steps: int, ended: bool, found: list[str]
) -> None:
    history = course_of([first, 0.7, least, 0.7], steps=steps, ended=ended)

    assert kinds(check_learning(history)) == found


@pytest.mark.parametrize(
    ("loss", "rate", "found"),
    [
        ([4.0, 4.0, 2 * FRESH, 2, 2], 1e-3, ["high_learning_rate"]),
        ([4.0, 4.0, 2 * FRESH - 1e-9, 2, 2], 1e-3, []),
        ([4.0, 4.0, 4, 4, 3.3], 1e-3, ["high_learning_rate"]),
        ([4.0, 4.0, 4, 4, 4, 4], 1e-3, ["high_learning_rate"]),
        ([4.0, 4.0, 4, 4, 0.8 * 4], 1e-3, []),  # it comes down yet
        ([4.0, 4.0, 4, 4], 1e-3, []),
        ([4.0, 4.0, 4, 4, 4], 1e-4, ["high_learning_rate"]),
        ([4.0, 4.0, 4, 4, 4], 0.99e-4, []),  # a low rate does not explode
    ],
)
def test_a_loss_stays_far_above_from_twice_that_of_a_fresh_network_on(
    loss: list[float], rate: float, found: list[str]
) -> None:
    history = course_of(loss, steps=50, recipe=with_rate(rate))

    assert kinds(check_learning(history)) == found


@pytest.mark.parametrize(
    ("loss", "found"),
    [
        ([0.5, 0.55, 0.8, 0.75, 0.9], ["diverging"]),
        ([0.5, 0.55, 0.8, 0.7499, 0.9], []),
        ([0.1, 0.12, 0.3, 0.1 + 0.2 * FRESH, 0.3], ["diverging"]),
        ([0.1, 0.12, 0.3, 0.1 + 0.2 * FRESH - 1e-9, 0.3], []),
        ([0.5, 0.9, 0.9, 0.9], ["diverging"]),
    ],
)
def test_a_loss_rises_by_half_and_by_a_fifth_of_that_of_a_fresh_network(
    loss: list[float], found: list[str]
) -> None:
    assert kinds(check_learning(course_of(loss))) == found
    assert check_learning(course_of(loss, steps=50)) == [], "the phase has not settled"


def test_a_rise_is_told_from_its_lowest_epoch_and_its_last() -> None:
    [found] = check_learning(course_of([0.6, 0.5, 0.35, 0.45, 0.8, 0.7, 1.3]))

    assert found.evidence == (
        f"It was 0.35 in epoch 3 and is 1.3 in epoch 7, above 0.7 for 3 epochs. {USUAL}"
    )


@pytest.mark.parametrize(
    ("loss", "found"),
    [
        ([0.5, 0.75, 0.5, 0.75, 0.4], ["high_learning_rate"]),
        ([0.5, 0.75, 0.5, 0.7499, 0.4], []),
        ([0.0, 0.2 * FRESH, 0.0, 0.2 * FRESH], ["high_learning_rate"]),
        ([0.0, 0.2 * FRESH, 0.0, 0.2 * FRESH - 1e-9], []),
    ],
)
def test_a_loss_jumps_by_half_and_by_a_fifth_of_that_of_a_fresh_network(
    loss: list[float], found: list[str]
) -> None:
    assert kinds(check_learning(course_of(loss))) == found


def test_of_jumps_the_highest_is_told() -> None:
    [found] = check_learning(course_of([0.5, 0.4, 0.7, 0.41, 0.92, 0.42, 0.8, 0.43]))

    assert found.evidence == (
        f"It jumped 3 times in the last 8 epochs, most from 0.41 to 0.92 in epoch 5. {USUAL}"
    )


def stuck(**changes: Any) -> TrainingHistory:
    """Return a history that has learned nothing, but only just."""
    shares = COUNTS / COUNTS.sum()
    bound = float(shares.max()) + 4 * standard_error(float(shares.max()), N)
    options = {
        "loss": [0.5] + [0.97 * GUESS] * 5,
        "val_loss": 0.97 * GUESS,
        "accuracy": [0.99] + [bound] * 5,
        **changes,
    }
    return course_of(**options)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, ["no_learning"]),
        ({"loss": [0.6] * 3 + [0.97 * GUESS - 1e-9] * 3}, []),
        ({"loss": [0.6] + [0.97 * GUESS - 1e-9] + [0.6] * 4}, []),
        ({"val_loss": [0.97 * GUESS - 1e-9] + [0.6] * 5}, []),
        ({"accuracy": [0.1] + [0.79] * 5}, []),
        ({"loss": [0.6] * 4, "accuracy": 0.7}, []),  # a slow start
        ({"loss": [0.6] * 5, "accuracy": 0.7}, ["no_learning"]),
        ({"steps": 20}, []),
        ({"steps": 20, "ended": True}, ["no_learning"]),
    ],
)
def test_nothing_is_learned_up_to_three_of_a_hundred_below_guessing(
    changes: dict[str, Any], found: list[str]
) -> None:
    assert kinds(check_learning(stuck(**changes))) == found


def test_what_was_learned_and_what_guessing_gives_are_told() -> None:
    loss, accuracy = [0.6, 0.6, 0.61, 0.62, 0.63, 0.64], [0.1, 0.70, 0.70, 0.71, 0.72, 0.72]

    [found] = check_learning(course_of(loss, 0.6, accuracy))

    assert found.evidence == (
        "After 6 epochs the training loss is 0.6400; one answer for all images costs 0.5930. "
        "Training accuracy 71.0%; always answering the most frequent class gives 72.0%. "
        f"{USUAL}"
    )


LOOK = "Look on the Prepare page at what the network sees, and on Audit at the labels."


@pytest.mark.parametrize(
    ("recipe", "steps", "advice"),
    [
        (TWO, 299, "Set phases.train.epochs=300."),
        (
            TWO,
            300,
            f"{LOOK} Or begin with pretrained weights: model=mobilenet_v2, weights=imagenet.",
        ),
        (
            with_rate(1e-3, recipe=replace(TWO, model="mobilenet_v2", model_options={})),
            300,
            f"{LOOK} Or set phases.train.learning_rate=0.0001.",
        ),
        (with_rate(1.0), 299, "Set phases.train.learning_rate=0.001."),
        (with_rate(1e-7), 299, "Set phases.train.learning_rate=0.001."),
    ],
)
def test_advice_where_nothing_is_learned(recipe: Recipe, steps: int, advice: str) -> None:
    rows = make_epochs([0.6] * 5, [0.6] * 5, [0.7] * 5, [0.6] * 5, n=N)
    rows["step"] = [50, 100, 150, 200, steps]

    [found] = check_learning(read_history(rows, recipe, ended=True))

    assert found.advice == advice


# --- validation


def test_overfitting_is_told_from_the_lowest_epoch_to_the_last() -> None:
    loss = [0.6, 0.5, 0.4, 0.3, 0.2, 0.18, 0.16]
    val_loss = [0.55, 0.45, 0.44, 0.5, 0.6, 0.7, 0.65]
    accuracy = [0.7, 0.7, 0.8, 0.8, 0.82, 0.84, 0.89]
    val_accuracy = [0.7, 0.7, 0.8, 0.8, 0.80, 0.79, 0.75]

    [found] = check_overfitting(course_of(loss, val_loss, accuracy, val_accuracy))

    assert found.evidence == (
        "Since epoch 3 the validation loss has risen from 0.440 to 0.650, while the training loss "
        "went from 0.400 to 0.160. Over the last 3 epochs it is right for 85.0% of the training "
        "images and for 78.0% of the validation images."
    )


@pytest.mark.parametrize(
    ("lowest", "least", "after", "found"),
    [
        (0.8, 0.8 * 1.1 + 1e-9, [0.5, 0.5, 0.95, 0.95], True),  # the median counts
        (0.8, 0.8 * 1.1 - 1e-9, [0.5, 0.5, 0.95, 0.95], False),
        (0.4, 0.4 + 1.5 / 30 + 1e-9, [0.5, 0.5, 0.95, 0.95], True),
        (0.4, 0.4 + 1.5 / 30 - 1e-9, [0.5, 0.5, 0.95, 0.95], False),
        (0.4, 0.9, [0.9, 0.9, 0.9, 0.9], True),
        (0.4, 0.9, [0.901, 0.901, 0.901, 0.901], False),  # training learns nothing either
        (0.4, 0.9, [0.5, 0.901, 0.901, 0.5, 0.901], False),
        (0.4, 0.9, [0.5, 0.5, 0.5], True),
    ],
)
def test_overfitting_is_a_validation_that_rises_while_training_falls(
    lowest: float, least: float, after: list[float], found: bool
) -> None:
    loss = [1.1, 0.5, *[0.5 * one for one in after]]
    val_loss = [lowest + 0.01, lowest, *[1.0] * (len(after) - 3), 1.0, least, 1.0]

    history = course_of(loss, val_loss)

    assert kinds(check_overfitting(history)) == ["overfitting"] * found


def test_overfitting_is_a_gap_of_fifteen_points_beyond_chance() -> None:
    gap = 0.15 + 4 * standard_error(0.75, N)
    [found] = check_overfitting(course_of(accuracy=0.75 + gap + 1e-9))

    assert found.evidence == (
        "Over the last 3 epochs it is right for 95.8% of the training images and for 75.0% of "
        "the validation images."
    )
    assert check_overfitting(course_of(accuracy=0.75 + gap - 1e-9)) == []
    last = replace(TWO, selected_epoch="last")
    severities = [
        check_overfitting(course_of(accuracy=0.99, recipe=recipe))[0].severity
        for recipe in (TWO, last, replace(last, calibrate=True))
    ]
    assert severities == ["warning", "serious", "warning"]


@pytest.mark.parametrize(
    ("validation", "n", "found"),
    [
        ([0.8, 0.6999, 0.8, 0.6999], 90_000, True),
        ([0.8, 0.7001, 0.8, 0.6999], 90_000, False),
        ([0.8, 0.6999, 0.8, 0.8], 90_000, False),
        ([0.8, 0.6999, 0.55], 90_000, True),
        ([0.8, 0.68, 0.8, 0.68], 400, False),  # chance alone does up to 12.4 points
        ([0.8, 0.675, 0.8, 0.675], 400, True),
    ],
)
def test_validation_swings_from_two_falls_by_ten_points_beyond_chance_on(
    validation: list[float], n: int, found: bool
) -> None:
    history = course_of(val_accuracy=validation, n=n)

    assert kinds(check_swings(history)) == ["unstable_validation"] * found


@pytest.mark.parametrize(
    ("val_loss", "found"),
    [
        ([0.1, 0.2, 0.1, 0.2], True),
        ([0.2, 0.399, 0.2, 0.4], False),
        ([0.09, 0.18, 0.09, 0.18], False),  # chance alone does up to 0.1
        ([0.1, 0.2, 0.4, 0.4], False),  # it only rises
        ([0.1, 0.2, 0.15, 0.3, 0.15], True),
        ([0.1, 0.2, 0.15, 0.3, 0.151], False),
        ([0.1, 0.2, 0.1, 0.1], False),
        ([0.4, 0.1, 0.2, 0.1, 0.2], True),
    ],
)
def test_validation_swings_from_two_doublings_of_its_loss_on(
    val_loss: list[float], found: bool
) -> None:
    assert kinds(check_swings(course_of(0.5, val_loss))) == ["unstable_validation"] * found


def test_swings_are_told_with_their_ends_and_what_chance_explains() -> None:
    accuracy = [0.7, 0.71, 0.72, 0.73, 0.74, 0.75]
    first = {"steps": 150, "accuracy": accuracy}  # the first epoch is before the phase settled
    falls = [0.3, 0.8, 0.6, 0.8, 0.55, 0.7]
    loss = [3.0, 0.4, 1.2, 0.4, 1.5, 0.5]

    [of_accuracy] = check_swings(course_of(val_accuracy=falls, **first))
    [of_loss] = check_swings(course_of(val_loss=loss, **first))

    assert of_accuracy.evidence == (
        "From epoch 2 to 6 the validation accuracy lay between 55.0% and 80.0%; training kept "
        "between 71.0% and 75.0%. It fell 2 times from one epoch to the next, by up to 25.0 "
        "points; on 900 images chance explains 4.4. The selected epoch may be a lucky one."
    )
    assert of_loss.evidence == (
        "From epoch 2 to 6 the validation accuracy lay between 75.0% and 75.0%; training kept "
        "between 71.0% and 75.0%. The validation loss at least doubled 2 times from one epoch to "
        "the next; it lay between 0.400 and 1.500. The selected epoch may be a lucky one."
    )


AHEAD = 0.15 + 4 * standard_error(0.8, N)


@pytest.mark.parametrize(
    ("validation", "training", "found"),
    [
        (0.8, 0.8 - AHEAD - 1e-9, True),
        (0.8, 0.8 - AHEAD + 1e-9, False),
        ([0.8] * 4, 0.5, True),
        ([0.8] * 3, 0.5, False),
        ([0.8, 0.8, 0.8, 0.5, 0.5, 0.5], 0.5, True),
        ([0.8, 0.8, 0.5, 0.5, 0.5, 0.8], 0.5, False),  # of the last epoch nobody knows yet
        (0.8, [0.5, 0.8, 0.5, 0.5, 0.8, 0.5], False),  # the better neighbour counts
    ],
)
def test_validation_is_too_good_from_three_epochs_far_ahead_on(
    validation: Any, training: Any, found: bool
) -> None:
    history = course_of(accuracy=training, val_accuracy=validation)

    assert kinds(check_too_good(history)) == ["validation_too_good"] * found


def test_too_good_a_validation_is_told_with_the_epoch_that_is_furthest_ahead() -> None:
    training = [0.5, 0.51, 0.52, 0.53, 0.54, 0.55]
    validation = [0.6, 0.8, 0.82, 0.9, 0.85, 0.99]
    history = course_of(accuracy=training, val_accuracy=validation, steps=150)

    [found] = check_too_good(history)

    assert found.evidence.startswith(
        "In 4 of the last 5 epochs it was ahead by more than 15 points and chance, most in epoch "
        "4: 90.0% in validation, 54.0% in training. Possible causes: "
    )
    assert found.advice.startswith("Set augment.zoom=0, augment.rotation=0 and augment.shift=0: ")
    [plain] = check_too_good(replace(history, recipe=replace(TWO, augment=AugmentSpec())))
    assert plain.advice.startswith("Set split.seed to another number: ")
    [leaky] = check_too_good(replace(history, leaks=1))
    assert leaky.advice == "The split leaks, which may be all of it: set split.method=clean."


def sized(confusion: list[list[int]], n_epochs: int = 3, **split: float) -> TrainingHistory:
    """Return epochs of a validation set of these counts; the second, half right, is kept."""
    val_loss, right = [0.5, 0.4, 0.45, 0.45], [0.1, 0.5, 0.2, 0.3]
    curves = [[0.5] * 4, val_loss, [0.5] * 4, right]
    rows = make_epochs(*[one[:n_epochs] for one in curves], [confusion] * n_epochs)
    return read_history(rows, replace(TWO, split=SplitSpec(**split)))


@pytest.mark.parametrize(
    ("confusion", "evidence"),
    [
        ([[20, 26], [26, 20]], "50.0%, may be anything from 40% to 60% (95% interval)."),
        ([[24, 23], [23, 24]], None),  # 93 images for plus or minus ten points
        ([[5, 5], [0, 300]], None),
        (
            [[5, 4], [0, 300]],
            "50.0%, may be anything from 44% to 56% (95% interval). Of no opacity there are only "
            "9 images.",
        ),
        (
            [[300, 0], [1, 0]],
            "50.0%, may be anything from 44% to 56% (95% interval). Of opacity there is only 1 "
            "image.",
        ),
    ],
)
def test_a_validation_subset_is_small_below_plus_or_minus_ten_points_or_ten_images_of_a_class(
    confusion: list[list[int]], evidence: str | None
) -> None:
    found = check_size(sized(confusion))

    expected = [f"The accuracy of the selected epoch 2, {evidence}"] if evidence else []
    assert [one.evidence for one in found] == expected
    assert check_size(sized(confusion, 4)) == found
    assert check_size(sized(confusion, 2)) == [], "two epochs say nothing"
    assert check_size(sized([[0, 0], [0, 0]])) == []


@pytest.mark.parametrize(
    ("split", "advice"),
    [
        ({}, "Set split.validation=0.3, or use more images."),
        ({"validation": 0.1}, "Set split.validation=0.2, or use more images."),
        ({"validation": 0.3}, "Use more images; whole patients count."),
        ({"validation": 0.2, "test": 0.69}, "Set split.validation=0.3, or use more images."),
        ({"validation": 0.2, "test": 0.7}, "Use more images; whole patients count."),
    ],
)
def test_a_larger_validation_subset_is_advised_where_something_is_left_to_train_on(
    split: dict[str, float], advice: str
) -> None:
    [found] = check_size(sized([[20, 10], [10, 20]], **split))

    assert found.title == "The validation set is small: 60 images."
    assert found.advice == advice
