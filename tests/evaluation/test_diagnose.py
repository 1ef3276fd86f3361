"""What the published runs suffered from is named, and healthy runs are left in peace."""

import re
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.run_files import data_notes, epoch_line, report_of
from xray_core.evaluation.diagnose import DIVERGED, LOOKED_FOR, diagnose, diagnose_run
from xray_core.evaluation.training_checks.advice import FIRST_RATES
from xray_core.evaluation.training_checks.answers import never_answered
from xray_core.evaluation.training_checks.collapse import only_answer
from xray_core.evaluation.training_checks.history import CheckResult
from xray_core.preprocess.spec import AugmentSpec
from xray_core.recipes import PUBLISHED, Phase, Recipe, change_recipe
from xray_core.recipes.phase import OPTIMIZERS
from xray_core.recipes.usual import USUAL_RATES
from xray_core.runs import Run, Status
from xray_core.splits import SplitSpec

THESIS = PUBLISHED["siim_6_1_cnn9"]
TWO = replace(
    THESIS,
    task="siim_opacity",
    split=SplitSpec(),
    phases=(Phase("train", epochs=100),),
    selected_epoch="best",
)
STEPS = 317  # of the thesis: 5,068 training images in batches of 16
SIIM = {"atypical": 394, "indeterminate": 869, "negative": 1380, "typical": 2425}
ONLY_TYPICAL = [[0, 0, 0, 89], [0, 0, 0, 239], [0, 0, 0, 356], [0, 0, 0, 582]]  # 6.1 and 6.7
COLLAPSED = {
    "6.1 and 6.7": ONLY_TYPICAL,
    "9.1 validation": [[62, 1332], [23, 3829]],
    "9.1 test": [[16, 320], [10, 908]],
}
GOOD = {
    "6.2": [[21, 5, 14, 49], [38, 8, 64, 129], [32, 20, 242, 62], [36, 12, 54, 480]],
    "6.9": [[279, 65, 12], [74, 499, 9], [111, 198, 19]],
    "6.10": [[226, 130], [121, 789]],
    "9 validation": [[965, 429], [795, 3057]],
    "9 test": [[238, 98], [213, 705]],
    "10 test": [[215, 121], [157, 761]],
}


def matrix_of(accuracy: float, n: int = 1266, share: float = 0.72) -> list[list[int]]:
    """Return two classes' confusion with about the same recall in both."""
    first = round(n * (1 - share))
    right = [round(accuracy * first), round(accuracy * (n - first))]
    return [[right[0], first - right[0]], [n - first - right[1], right[1]]]


def make_epochs(
    loss: Sequence[float],
    val_loss: Sequence[float],
    accuracy: Sequence[float],
    val_accuracy: Sequence[float],
    confusion: Any = None,
    steps: int = STEPS,
    n: int = 1266,
    phase: str = "train",
) -> pd.DataFrame:
    """Return what a run writes down; the epoch with the lowest validation loss is kept."""
    matrices = [matrix_of(a, n) for a in val_accuracy] if confusion is None else confusion
    best = [int(np.argmin(val_loss[: i + 1])) + 1 for i in range(len(loss))]
    return pd.DataFrame(
        {
            "phase": phase,
            "epoch": np.arange(len(loss)) + 1,
            "step": (np.arange(len(loss)) + 1) * steps,
            "loss": loss,
            "accuracy": accuracy,
            "val_loss": val_loss,
            "val_accuracy": val_accuracy,
            "confusion": matrices,
            "best_epoch": best,
        }
    )


def healthy(n_epochs: int, **options: Any) -> pd.DataFrame:
    """Return curves that come down and stay close, with the noise of a real training."""
    rng = np.random.default_rng(3)
    t = np.arange(n_epochs)
    return make_epochs(
        loss=0.35 + 0.3 * np.exp(-t / 6) + rng.normal(0, 0.01, n_epochs),
        val_loss=0.40 + 0.25 * np.exp(-t / 6) + rng.normal(0, 0.02, n_epochs),
        accuracy=0.85 - 0.25 * np.exp(-t / 6) + rng.normal(0, 0.01, n_epochs),
        val_accuracy=0.83 - 0.2 * np.exp(-t / 6) + rng.normal(0, 0.02, n_epochs),
        **options,
    )


def flat(matrix: list[list[int]], n_epochs: int = 6, loss: float = 1.0) -> pd.DataFrame:
    """Return a run that answers alike in each epoch, and whose loss lies below guessing."""
    counts = np.array(matrix)
    right = float(np.trace(counts) / counts.sum())
    curve = [loss - 0.01 * i for i in range(n_epochs)]
    same = [right] * n_epochs
    return make_epochs(curve, curve, same, same, [matrix] * n_epochs)


def kinds(results: Sequence[CheckResult]) -> list[str]:
    return [one.kind for one in results]


def recipe_for(matrix: list[list[int]]) -> Recipe:
    task = {2: "siim_opacity", 3: "siim_3", 4: "siim_study"}[len(matrix)]
    if task == "siim_3":  # any names will do
        return replace(THESIS, classes=("None", "Yes", "otros"))
    return replace(THESIS, task=task)


# --- answers


@pytest.mark.parametrize("name", COLLAPSED)
def test_published_collapse_is_named(name: str) -> None:
    matrix = COLLAPSED[name]

    found = diagnose(flat(matrix, loss=0.5), recipe_for(matrix))

    [result] = [one for one in found if one.kind == "one_class"]
    assert result.severity == "serious"
    assert "never_predicted" not in kinds(found)


def test_collapse_says_class_counts_and_next_step() -> None:
    found = diagnose(flat(ONLY_TYPICAL), THESIS)[0]

    assert found.title == "It answers typical to every image."
    assert "1,266 of 1,266 validation images (100.0%)" in found.evidence
    assert "among them all 684 of other classes" in found.evidence
    assert "class_weights=balanced" in found.advice
    assert "phases.train.learning_rate=0.0001" in found.advice


@pytest.mark.parametrize("name", GOOD)
def test_published_network_that_answers_all_classes_is_left_in_peace(name: str) -> None:
    matrix = GOOD[name]

    assert only_answer(np.array(matrix)) is None
    assert never_answered(np.array(matrix)) == []
    assert diagnose(flat(matrix, loss=0.5), recipe_for(matrix)) == []


def test_good_network_on_unequal_classes_is_no_collapse() -> None:
    assert only_answer(np.array([[960, 5], [10, 25]])) is None  # 97% of the answers are right


def test_class_that_is_never_answered_is_named() -> None:
    matrix = [[0, 9, 30, 50], [0, 100, 60, 79], [0, 20, 276, 60], [0, 40, 62, 480]]

    [found] = diagnose(flat(matrix), THESIS)

    assert (found.kind, found.severity) == ("never_predicted", "warning")
    assert "atypical: 0 answers to 89" in found.evidence


def test_two_collapsed_epochs_are_not_yet_a_collapse() -> None:
    epochs = flat(GOOD["6.2"], 6)
    epochs.loc[4:, "confusion"] = pd.Series([ONLY_TYPICAL] * 2, index=[4, 5])

    assert diagnose(epochs, THESIS) == []


def test_collapse_counts_once_the_phase_has_settled() -> None:
    few = flat(ONLY_TYPICAL, 6)
    few["step"] = [10 * epoch for epoch in few["epoch"]]

    assert diagnose(few, THESIS) == []
    ended = diagnose(few, THESIS, status=Status("stopped"))
    assert kinds(ended) == ["one_class"]
    assert "60 steps only. Set phases.train.epochs=30" in ended[0].advice
    fast = replace(THESIS, phases=(Phase("train", 10, learning_rate=0.2),))
    [hasty] = diagnose(few, fast, status=Status("stopped"))
    assert hasty.advice == "Set phases.train.learning_rate=0.001."


def test_final_evaluation_goes_before_the_curve() -> None:
    done = Status("done")
    good = {"confusion": GOOD["6.2"], "subset": "test"}
    bad = {"confusion": ONLY_TYPICAL, "subset": "test"}

    assert kinds(diagnose(flat(GOOD["6.2"]), THESIS, None, bad, done)) == ["one_class"]
    [later] = diagnose(flat(ONLY_TYPICAL), THESIS, None, good, done)
    assert (later.kind, later.severity) == ("one_class_later", "warning")
    assert "The weights of epoch 6" in later.evidence


# --- learning


def test_stuck_run_6_6_is_named_with_its_learning_rate() -> None:
    phase = Phase("train", epochs=25, optimizer="nadam", learning_rate=0.1)
    recipe = replace(THESIS, phases=(phase,))
    n = 8
    epochs = make_epochs([1.2099] * n, [1.2099] * n, [0.4791] * n, [0.4791] * n, [ONLY_TYPICAL] * n)

    found = diagnose(epochs, recipe, {"subsets": {"training": SIIM}})

    assert {"high_learning_rate", "one_class"} == set(kinds(found))
    assert "one answer for all images costs 1.2" in found[0].evidence
    assert "0.1; 0.0001 to 0.003 is usual for nadam" in found[0].evidence
    assert "probably" in found[0].title
    assert found[0].advice == "Set phases.train.learning_rate=0.001."


@pytest.mark.parametrize(
    ("rate", "kind"),
    [(1e-7, "low_learning_rate"), (1e-3, "no_learning"), (1.0, "high_learning_rate")],
)
def test_nothing_learned_names_the_rate_only_where_it_is_unusual(rate: float, kind: str) -> None:
    recipe = replace(TWO, phases=(Phase("train", epochs=100, learning_rate=rate),))
    n = 6
    epochs = make_epochs([0.60] * n, [0.6] * n, [0.71] * n, [0.6] * n)

    assert kinds(diagnose(epochs, recipe)) == [kind]
    assert diagnose(epochs.iloc[:4], recipe) == []  # a slow start is no failure


def test_guessing_costs_more_where_classes_weigh_the_same() -> None:
    n = 6
    epochs = make_epochs([0.693] * n, [0.68] * n, [0.5] * n, [0.5] * n)
    learning = make_epochs([0.60] * n, [0.68] * n, [0.5] * n, [0.5] * n)
    recipe = replace(TWO, class_weights="balanced")

    assert kinds(diagnose(epochs, recipe)) == ["no_learning"]
    assert diagnose(learning, recipe) == []


def test_dropout_does_not_hide_what_validation_shows() -> None:
    n = 6
    epochs = make_epochs([0.60] * n, [0.5] * n, [0.71] * n, [0.75] * n)

    assert diagnose(epochs, TWO) == []


def test_exploded_loss_is_named() -> None:
    recipe = replace(TWO, phases=(Phase("train", 100, optimizer="sgd", learning_rate=0.2),))
    n = 5
    epochs = make_epochs([45.0] + [0.6] * n, [9] + [0.6] * n, [0.7] * (n + 1), [0.6] * (n + 1))

    [found] = diagnose(epochs, recipe)

    assert (found.kind, found.severity) == ("high_learning_rate", "serious")
    assert "exploded" in found.title
    assert "was 45, the last epoch's 0.6" in found.evidence
    assert found.advice == "Set phases.train.learning_rate=0.01."


def test_loss_that_is_falling_yet_has_not_exploded() -> None:
    epochs = make_epochs([2.195, 1.238, 0.747], [0.7] * 3, [0.7] * 3, [0.6] * 3)

    assert not any("exploded" in one.title for one in diagnose(epochs, TWO))


def test_loss_that_stays_far_above_guessing_is_named() -> None:
    n = 5
    epochs = make_epochs([8.06] * n, [4.8] * n, [0.7] * n, [0.7] * n)

    [found] = diagnose(epochs, TWO)

    assert (found.kind, found.severity) == ("high_learning_rate", "serious")
    assert "stays far above" in found.title


def test_first_epoch_that_exploded_and_recovered_is_no_issue() -> None:
    epochs = healthy(12)
    epochs.loc[0, "loss"] = 9.0

    assert diagnose(epochs, TWO) == []


def test_rising_loss_is_named() -> None:
    loss = [0.6, 0.5, 0.4, 0.35, 0.7, 0.9, 1.3]
    epochs = make_epochs(loss, loss, [0.75] * 7, [0.75] * 7)

    [found] = diagnose(epochs, TWO)

    assert (found.kind, found.severity) == ("diverging", "serious")
    assert "0.35 in epoch 4 and is 1.3 in epoch 7" in found.evidence


def test_jumping_loss_is_perhaps_the_learning_rate() -> None:
    loss = [0.5, 0.4, 0.9, 0.4, 0.9, 0.45, 0.4]
    epochs = make_epochs(loss, [0.5] * 7, [0.75] * 7, [0.75] * 7)

    [found] = diagnose(epochs, TWO)

    assert (found.kind, found.severity) == ("high_learning_rate", "warning")
    assert "perhaps" in found.title
    assert "jumped 2 times" in found.evidence


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("column", ["loss", "val_loss"])
def test_loss_that_is_no_number_is_all_that_is_said(column: str, value: float) -> None:
    epochs = healthy(5)
    epochs.loc[3:, column] = value

    [found] = diagnose(epochs, TWO)

    assert (found.kind, found.severity) == ("not_finite", "serious")
    assert "of epoch 4 is" in found.evidence


def test_run_that_failed_by_diverging_is_named_without_an_epoch() -> None:
    message = f"The loss became nan in epoch 1: {DIVERGED}. Choose a smaller rate."

    [found] = diagnose(pd.DataFrame(), TWO, status=Status("failed", message, phase="train"))

    assert found.kind == "not_finite"
    assert found.evidence == "The loss became nan in epoch 1."
    assert diagnose(pd.DataFrame(), TWO, status=Status("failed", "The disk is full.")) == []


# --- validation


def test_overfitting_is_named_and_less_serious_where_the_best_epoch_is_kept() -> None:
    n = 10
    loss = np.linspace(0.6, 0.05, n)
    val_loss = [0.55, 0.5, 0.45, 0.44, 0.46, 0.5, 0.55, 0.6, 0.7, 0.8]
    epochs = make_epochs(loss, val_loss, np.linspace(0.7, 0.99, n), [0.78] * n)

    [found] = diagnose(epochs, TWO)
    [last] = diagnose(epochs, replace(TWO, selected_epoch="last"))

    assert (found.kind, found.severity, last.severity) == (
        "overfitting",
        "warning",
        "serious",
    )
    assert "Since epoch 4 the validation loss has risen from 0.440 to 0.800" in found.evidence
    assert "78.0% of the validation images" in found.evidence
    assert "phases.train.patience=5" in found.advice
    assert "selected_epoch=best" in last.advice


def test_overfitting_is_not_forgotten_over_a_bad_training_epoch() -> None:
    loss = [0.4, 0.3, 0.2, 0.1, 0.08, 0.06, 0.05, 0.15, 0.35, 0.25]
    val_loss = [0.5, 0.45, 0.44, 0.46, 0.5, 0.55, 0.6, 0.7, 0.8, 0.8]
    epochs = make_epochs(loss, val_loss, [0.9] * 10, [0.78] * 10)

    assert kinds(diagnose(epochs, TWO)) == ["overfitting"]


def test_gap_of_accuracies_is_overfitting_too() -> None:
    n = 8
    epochs = make_epochs([0.1] * n, [0.45] * n, [0.99] * n, [0.78] * n)

    assert kinds(diagnose(epochs, TWO)) == ["overfitting"]


@pytest.mark.parametrize(
    ("validation", "training"),
    [
        ([0.479, 0.262, 0.479, 0.262, 0.479, 0.262], 0.50),  # 6.8
        ([0.75, 0.54, 0.81, 0.70, 0.55, 0.80], 0.80),  # 6.10, second training
        ([0.92, 0.32, 0.83, 0.38, 0.85, 0.35], 0.55),  # 6.12
    ],
)
def test_published_swings_are_named(validation: list[float], training: float) -> None:
    n = len(validation)
    epochs = make_epochs([0.5] * n, [0.55] * n, [training] * n, validation)

    [found] = [one for one in diagnose(epochs, TWO) if one.kind == "unstable_validation"]

    low, high = f"{min(validation):.1%}", f"{max(validation):.1%}"
    assert f"between {low} and {high}" in found.evidence
    assert f"between {training:.1%} and {training:.1%}" in found.evidence
    assert "schedule=cosine" in found.advice


def test_swings_that_chance_explains_are_left_in_peace() -> None:
    validation = [0.83, 0.7, 0.85, 0.72, 0.86, 0.71]  # of 60 images
    epochs = make_epochs([0.4] * 6, [0.4] * 6, [0.8] * 6, validation, n=60)

    assert "unstable_validation" not in kinds(diagnose(epochs, TWO))


def test_swings_that_have_calmed_down_are_forgotten() -> None:
    validation = [0.75, 0.54, 0.81, 0.55] + [0.8] * 10
    epochs = make_epochs([0.4] * 14, [0.45] * 14, [0.8] * 14, validation)

    assert diagnose(epochs, TWO) == []


def test_swinging_validation_loss_is_named() -> None:
    val_loss = [0.4, 1.2, 0.4, 1.5, 0.4, 0.4]
    epochs = make_epochs([0.4] * 6, val_loss, [0.8] * 6, [0.8] * 6)

    [found] = diagnose(epochs, TWO)

    assert found.kind == "unstable_validation"
    assert "doubled 2 times" in found.evidence


def test_validation_of_6_12_is_too_good_to_be_true() -> None:
    validation = [0.92, 0.32, 0.83, 0.38, 0.8879, 0.8879]
    epochs = make_epochs([0.69] * 6, [0.3] * 6, [0.54, 0.55, 0.56, 0.55, 0.54, 0.55], validation)

    found = diagnose(epochs, TWO)

    assert kinds(found) == ["validation_too_good", "unstable_validation"]
    assert "92.0% in validation, 55.0% in training" in found[0].evidence


def test_fast_learner_whose_training_lags_behind_is_not_suspected() -> None:
    training = [0.50, 0.68, 0.80, 0.88, 0.9, 0.91]
    validation = [0.70, 0.81, 0.89, 0.91, 0.91, 0.92]
    loss = [0.6, 0.5, 0.45, 0.35, 0.3, 0.3]

    assert diagnose(make_epochs(loss, loss, training, validation), TWO) == []


def test_small_validation_subset_is_a_warning() -> None:
    [found] = diagnose(healthy(6, n=40), TWO)

    assert (found.kind, found.severity) == ("small_validation", "warning")
    assert "40 images" in found.title
    assert "split.validation=0.3" in found.advice


def test_rare_class_in_a_large_validation_subset_is_a_warning() -> None:
    loss = [0.2, 0.05, 0.05, 0.05, 0.05, 0.05]
    epochs = make_epochs(loss, loss, [0.98] * 6, [0.98] * 6, [[[4, 1], [5, 390]]] * 6)

    [found] = diagnose(epochs, TWO)

    assert "Of no opacity there are only 5 images." in found.evidence


@pytest.mark.parametrize(
    ("leaks", "method", "grouped_by", "kind"),
    [
        (3, "image", "image", ["leaky_split"]),
        (3, "published", "patient; identical files joined", ["leaky_split"]),
        (0, "image", "image", ["split_by_image"]),
        (0, "published", "image (neither patient nor study is published)", ["split_by_image"]),
        (0, "published", "patient; identical files joined", []),
        (0, "patient", "patient; identical files joined", []),
    ],
)
def test_leaks_are_named_before_the_first_epoch(
    leaks: int, method: str, grouped_by: str, kind: list[str]
) -> None:
    recipe = replace(TWO, split=SplitSpec(method, allow_leaks=True))
    data = {"groups_in_several_subsets": leaks, "grouped_by": grouped_by, "subsets": {}}

    assert kinds(diagnose(pd.DataFrame(), recipe, data)) == kind


def seen(trained: int = 0, chosen: int = 0, patients: int = 0) -> dict[str, Any]:
    return {
        "images": 80,
        "trained": trained,
        "chosen": chosen,
        "patients": patients,
        "runs": ["earlier"] if trained + chosen + patients else [],
    }


@pytest.mark.parametrize(
    ("changes", "kind", "evidence"),
    [
        ({}, [], ""),
        (
            {"test": seen(36, 4)},
            ["leaky_weights"],
            "36 of 80 test images were trained on by earlier, 4 chose its epoch, so it scores",
        ),
        ({"test": seen(patients=2)}, ["leaky_weights"], "2 of 80 test images are of patients"),
        (
            {"validation": seen(7)},
            ["validation_seen"],
            "7 of 80 validation images were trained on by earlier: validation looks better",
        ),
        (
            {"evaluated": "validation", "test": None, "validation": seen(7)},
            ["leaky_weights"],
            "7 of 80 validation images were trained on by earlier, so it scores too well",
        ),
        ({"unknown": ["It cannot be read."]}, ["unknown_weights"], "It cannot be read."),
        ({"uncompared": ["a", "b"]}, ["weights_not_compared"], "a, b learned from another dataset"),
    ],
)
def test_starting_weights_that_have_seen_what_is_evaluated_are_named_before_the_first_epoch(
    changes: dict[str, Any], kind: list[str], evidence: str
) -> None:
    record = {
        "file": "best.keras",
        "runs": ["earlier"],
        "evaluated": "test",
        "validation": seen(),
        "test": seen(),
        "unknown": [],
        "uncompared": [],
        **changes,
    }

    found = diagnose(pd.DataFrame(), TWO, {"starting_weights": record})

    assert kinds(found) == kind
    assert all(evidence in one.evidence for one in found)
    assert diagnose(pd.DataFrame(), TWO, {"starting_weights": None}) == []


# --- nothing wrong is said


@pytest.mark.parametrize("name", sorted(PUBLISHED))
@pytest.mark.parametrize("steps", [STEPS, 20])
def test_healthy_run_is_left_in_peace_at_every_epoch(name: str, steps: int) -> None:
    recipe = replace(PUBLISHED[name], classes=("no", "yes"), split=SplitSpec())
    epochs = healthy(40, steps=steps)

    found = [diagnose(epochs.iloc[:n], recipe) for n in range(len(epochs) + 1)]

    assert found == [[]] * len(found)


def test_healthy_run_on_very_unequal_classes_is_left_in_peace() -> None:
    # 98 of 100 are of one class: a fresh network costs seven times as much as guessing.
    matrices = [[[10, 15], [10, 1231]]] * 8
    loss = [0.4, 0.11, 0.1, 0.1, 0.1, 0.095, 0.095, 0.09]

    assert diagnose(make_epochs(loss, loss, [0.98] * 8, [0.98] * 8, matrices), TWO) == []


def test_two_epochs_say_nothing_whatever_they_are() -> None:
    for matrix in (ONLY_TYPICAL, [[0, 0, 0, 1]] * 4):
        epochs = make_epochs([9.0, 9.0], [9.0, 9.9], [0.2, 0.2], [0.9, 0.1], [matrix] * 2)
        assert diagnose(epochs, THESIS, status=Status("done")) == []


def test_tiny_data_says_only_that_it_is_tiny() -> None:
    validation = [0.5, 0.75, 0.33, 0.92, 0.5, 0.83]
    epochs = make_epochs(
        [0.5] * 6, [0.5, 0.4, 0.9, 0.3, 1.0, 0.4], [0.6] * 6, validation, n=12, steps=80
    )

    assert kinds(diagnose(epochs, TWO)) == ["small_validation"]


def test_next_phase_begins_with_a_clean_slate() -> None:
    bad = flat(ONLY_TYPICAL, 6)
    good = flat(GOOD["6.2"], 2).assign(phase="fine", best_epoch=8)
    good[["epoch", "step"]] += [6, 6 * STEPS]
    recipe = replace(THESIS, phases=(Phase("train", 6), Phase("fine", 10)))

    assert diagnose(pd.concat([bad, good], ignore_index=True), recipe) == []


# --- advice and folders


def all_advice() -> list[Any]:
    n = 8
    swings = make_epochs([0.5] * n, [0.5] * n, [0.55] * n, [0.9, 0.4] * 4)
    by_heart = make_epochs([0.1] * n, [0.45] * n, [0.99] * n, [0.78] * n)
    stuck = make_epochs([0.60] * n, [0.6] * n, [0.71] * n, [0.6] * n)
    pretrained = PUBLISHED["siim_mobilenet_opacity"]
    plain = replace(TWO, augment=AugmentSpec(), selected_epoch="last")
    leak = {"groups_in_several_subsets": 2}
    return [
        pytest.param(recipe, epochs, leak, id=f"{name} {recipe.model}")
        for recipe in (TWO, plain, pretrained)
        for name, epochs in {
            "collapse": flat(COLLAPSED["9.1 validation"], loss=0.5),
            "swings": swings,
            "overfitting": by_heart,
            "stuck": stuck,
            "small": healthy(6, n=30),
        }.items()
    ]


@pytest.mark.parametrize(("recipe", "epochs", "data"), all_advice())
def test_every_field_that_is_advised_exists_and_takes_the_value(
    recipe: Recipe, epochs: pd.DataFrame, data: dict[str, Any]
) -> None:
    found = diagnose(epochs, recipe, data)

    assert len(found) >= 2
    for result in found:
        assert result.evidence
        changes = dict(re.findall(r"([a-z_.]+)=([\w.]*\w)", result.advice))
        assert changes or "images" in result.advice or "another number" in result.advice
        assert change_recipe(recipe, changes) != recipe or not changes


def test_most_serious_comes_first() -> None:
    found = diagnose(
        flat(COLLAPSED["9.1 validation"], loss=0.5), TWO, {"groups_in_several_subsets": 2}
    )

    assert [one.severity for one in found] == sorted(one.severity for one in found)
    assert len(LOOKED_FOR) >= 8


def test_run_folder_is_read_as_it_stands(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.write_json("recipe.json", asdict(THESIS))
    run.write_status(Status("stopped"))
    assert diagnose_run(run) == []  # stopped before anything was read

    for row in flat(ONLY_TYPICAL).to_dict("records"):
        run.append_metrics(epoch_line(**row))
    run.write_json("data.json", data_notes(groups_in_several_subsets=4, subsets={"training": SIIM}))
    report = report_of(GOOD["6.2"], THESIS.class_names)
    closed = {**report, "validation": {**report, "subset": "validation"}}
    run.write_json("report.json", closed)  # before a resume

    assert sorted(kinds(diagnose_run(run))) == ["leaky_split", "one_class"]
    run.write_status(Status("done"))
    assert sorted(kinds(diagnose_run(run))) == ["leaky_split", "one_class_later"]


def test_every_optimizer_has_a_usual_learning_rate() -> None:
    assert set(USUAL_RATES) == set(FIRST_RATES) == set(OPTIMIZERS)
