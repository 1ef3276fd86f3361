"""Thresholds: each rule against counting by hand, prevalence by Bayes, and what a run keeps."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.run_files import PROMISES, write_whole_run
from xray_core.errors import RecipeError, RunError
from xray_core.evaluation.multilabel import describe_thresholds, read_thresholds
from xray_core.evaluation.thresholds import (
    KeptThreshold,
    forget_threshold,
    keep_threshold,
    read_threshold,
)
from xray_core.evaluation.thresholds.choice import ask_class, choose
from xray_core.evaluation.thresholds.guarantee import (
    GRID,
    GUARANTEED_LEVELS,
    draw_one_each,
    guarantee_class,
    guarantee_level,
    guarantee_levels,
    read_guaranteed,
    write_guaranteed,
)
from xray_core.evaluation.thresholds.images import ScoredImages, score_images
from xray_core.evaluation.thresholds.measured import FIGURES, count_independent, measure_at
from xray_core.evaluation.thresholds.points import list_operating_points
from xray_core.evaluation.thresholds.prevalence import (
    count_thousand,
    expected_cost,
    predictive_values,
)
from xray_core.evaluation.thresholds.rules import (
    BY_HAND,
    COST,
    GUARANTEED,
    SENSITIVITY,
    YOUDEN,
    Wish,
    choose_by_rule,
)
from xray_core.recipes import PUBLISHED, change_recipe
from xray_core.runs import Run

# Eight images. From 0.8 on both called ones are right; 0.4 is shared by one of each kind.
SCORES = np.array([0.1, 0.2, 0.4, 0.4, 0.6, 0.6, 0.8, 0.9])
KINDS = np.array([0, 0, 0, 1, 0, 1, 1, 1], dtype=bool)
# Called from each distinct threshold on, counted by hand: right of 4, wrong of 4.
POINTS = {0.0: (4, 4), 0.15: (4, 3), 0.3: (4, 2), 0.5: (3, 1), 0.7: (2, 0), 0.85: (1, 0)}
NOBODY = 0.95


def images_of(
    scores: np.ndarray = SCORES, kinds: np.ndarray = KINDS, patients: np.ndarray | None = None
) -> ScoredImages:
    own = np.arange(len(scores)) if patients is None else patients
    names = np.array([f"image {n}" for n in range(len(scores))], dtype=object)
    return ScoredImages("opacity", "validation", kinds, scores, own, names)


def predictions_of(subset: str = "test") -> pd.DataFrame:
    """Return the eight images as validation set, and again, reversed in kind, as `subset`."""
    one = pd.DataFrame(
        {
            "image_id": [f"v{n}" for n in range(8)],
            "group": [f"p{n}" for n in range(8)],
            "subset": "validation",
            "actual": np.where(KINDS, "opacity", "no opacity"),
            "predicted": "opacity",
            "p_no opacity": 1 - SCORES,
            "p_opacity": SCORES,
        }
    )
    other = one.assign(subset=subset, actual=np.where(KINDS, "no opacity", "opacity"))
    return pd.concat([one, other], ignore_index=True)


def test_every_distinct_threshold_is_counted_ties_together() -> None:
    points = list_operating_points(KINDS, SCORES)

    counted = dict(
        zip(
            points.thresholds.round(3).tolist(),
            zip(points.n_right.tolist(), points.n_wrong.tolist(), strict=True),
            strict=True,
        )
    )
    assert counted == POINTS | {NOBODY: (0, 0)}


def test_what_nobody_can_reach_is_no_threshold() -> None:
    points = list_operating_points(np.array([False, True]), np.array([0.5, 1.0]))

    assert points.thresholds.tolist() == [0.0, 0.75]  # a score of 1 is called from anywhere on


def test_the_figures_of_a_threshold_at_another_prevalence() -> None:
    points = list_operating_points(KINDS, SCORES)
    at = int(np.flatnonzero(points.thresholds.round(3) == 0.5)[0])
    ppv, npv = predictive_values(points.sensitivity, points.specificity, 0.1)
    cost = expected_cost(points.sensitivity, points.specificity, 0.1, 10)

    assert (points.sensitivity[at], points.specificity[at]) == (0.75, 0.75)
    assert ppv[at] == pytest.approx(0.1 * 0.75 / (0.1 * 0.75 + 0.9 * 0.25))
    assert npv[at] == pytest.approx(0.9 * 0.75 / (0.9 * 0.75 + 0.1 * 0.25))
    assert cost[at] == pytest.approx(10 * 0.1 * 0.25 + 0.9 * 0.25)
    assert np.isnan(ppv[-1])  # nothing is called
    assert np.isnan(npv[0])  # everything is


@pytest.mark.parametrize(
    ("wish", "threshold"),
    [
        # Sensitivity less false positive rate is 2/4 at 0.3, 0.5 and 0.7: the highest.
        (Wish(YOUDEN), 0.7),
        # Half are ill. One missed costs 1: 2/4 wrong at 0.3 (0 + 2), 0.5 (1 + 1), 0.7 (2 + 0).
        (Wish(COST, cost=1), 0.3),  # equally good: the lowest
        (Wish(COST, cost=10), 0.3),
        (Wish(COST, cost=0.5), 0.7),
        # At a prevalence of 1% alarms outweigh: 0.99 * 1/4 against 10 * 0.01 * 2/4.
        (Wish(COST, cost=10, prevalence=0.01), 0.7),
        # With little to lose by missing, nobody is called ill where few are.
        (Wish(COST, cost=0.001, prevalence=0.01), 0.7),
        (Wish(SENSITIVITY, sensitivity=0.9), 0.3),
        (Wish(SENSITIVITY, sensitivity=0.75), 0.5),  # exactly three of four
        (Wish(SENSITIVITY, sensitivity=0.76), 0.3),
        (Wish(SENSITIVITY, sensitivity=0.2), 0.85),
        (Wish(BY_HAND, at=0.37), 0.37),
    ],
)
def test_each_rule_chooses_what_counting_by_hand_gives(wish: Wish, threshold: float) -> None:
    assert choose_by_rule(images_of(), wish) == pytest.approx(threshold)


def test_a_rule_has_nothing_to_choose_where_images_are_of_one_kind() -> None:
    alike = images_of(kinds=np.ones(8, dtype=bool))

    assert all(choose_by_rule(alike, Wish(rule)) is None for rule in (YOUDEN, COST, SENSITIVITY))


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ({"rule": "best"}, "There is no rule 'best'. Choose one of: youden, cost"),
        ({"cost": 0.0}, "cost of a missed patient is 0"),
        ({"sensitivity": 1.0}, "least sensitivity is 1; it lies between 0 and 1"),
        ({"rule": GUARANTEED, "sensitivity": 0.91}, "0.91. Choose one of: 0.8, 0.85"),
        ({"prevalence": 1.2}, "prevalence is 1.2"),
        ({"at": 1.5}, "threshold is 1.5"),
        ({"at": float("nan")}, "threshold is nan"),
    ],
)
def test_odd_numbers_are_refused_with_what_is_allowed(
    numbers: dict[str, float], words: str
) -> None:
    with pytest.raises(RecipeError, match=words):
        Wish(**numbers)  # type: ignore[arg-type]


def test_prevalence_changes_what_an_answer_means() -> None:
    ppv, npv = predictive_values(0.9, 0.9, 0.01)  # the textbook's: 9 of 108 called are ill

    assert float(ppv) == pytest.approx(9 / 108)
    assert float(npv) == pytest.approx(891 / 892)


def test_a_thousand_patients_stay_a_thousand() -> None:
    rng = np.random.default_rng(0)
    for sensitivity, specificity, prevalence in rng.random((500, 3)):
        people = count_thousand(sensitivity, specificity, prevalence)
        numbers = [people.hits, people.missed, people.alarmed, people.cleared]

        assert sum(numbers) == 1000
        assert min(numbers) >= 0
        assert people.ill == round(1000 * prevalence)


def test_figures_at_a_threshold_are_those_of_counting() -> None:
    answer = measure_at(images_of(), 0.5)

    assert answer.outcomes == {"tp": 3, "fp": 1, "fn": 1, "tn": 3}
    assert [getattr(answer, name)["value"] for name in FIGURES] == [0.75] * 4
    # Each image is of its own patient: Wilson's interval of 3 out of 4, from tables.
    assert answer.sensitivity["low"] == pytest.approx(0.3006, abs=1e-4)
    assert answer.sensitivity["high"] == pytest.approx(0.9544, abs=1e-4)


def test_images_that_agree_within_a_patient_are_worth_fewer() -> None:
    right = np.repeat([1.0, 0.0], 100)  # 200 patients, five images each, all right or all wrong

    assert count_independent(5 * right, np.full(200, 5)) == pytest.approx(196, abs=4)
    assert count_independent(right, np.ones(200, dtype="int64")) == 200


def test_intervals_hold_their_figures_wherever_the_slider_stands() -> None:
    rng = np.random.default_rng(1)
    images = images_of(rng.random(80), rng.random(80) < 0.3, rng.integers(0, 20, 80))
    for threshold in (0.0, 0.001, 0.3, 0.7, 0.99, 1.0):
        for prevalence in (0.001, 0.2, 0.999):
            answer = measure_at(images, threshold, prevalence)
            for name in FIGURES:
                figure = getattr(answer, name)
                if figure["value"] is not None:
                    assert 0 <= figure["low"] <= figure["value"] <= figure["high"] <= 1
    assert measure_at(images, 1.0).ppv["value"] is None  # nothing is called
    assert measure_at(images_of(kinds=np.zeros(8, dtype=bool)), 0.5).thousand is None


def test_one_image_of_each_patient_with_the_class_is_drawn() -> None:
    patients = np.array([0, 0, 1, 1, 1, 2, 2, 3])
    places = draw_one_each(images_of(patients=patients), np.random.default_rng(0))

    assert KINDS[places].all()
    assert patients[places].tolist() == [1, 2, 3]  # patient 0 has no positive image
    drawn = {
        tuple(draw_one_each(images_of(patients=np.zeros(8, int)), np.random.default_rng(seed)))
        for seed in range(20)
    }
    assert len(drawn) == 4  # each of the four positive images of one patient comes up


def test_a_guarantee_asks_for_more_than_the_sensitivity_itself() -> None:
    scores = np.linspace(0.005, 0.995, 100)  # of 100 patients, each found from its score on
    level = guarantee_level(scores, 0.9)

    # By the binomial: 4 missed of 100 have a chance of 2.4% where 10% are missed in truth, 5 have
    # 5.8%. So four may be missed, and the fifth lowest score is the highest that may be asked for.
    assert level.threshold is not None
    assert (scores < level.threshold).sum() == 4
    assert level.threshold == GRID[scores[4] >= GRID].max()


def test_too_few_patients_can_guarantee_nothing() -> None:
    level = guarantee_level(np.full(28, 0.9), 0.9)

    assert level.threshold is None
    assert level.reason == "29 patients with the class are needed, all of them found; there are 28."
    assert guarantee_level(np.full(29, 0.9), 0.9).threshold is not None
    about = guarantee_class(images_of())
    assert [level.threshold for level in about.levels] == [None] * len(GUARANTEED_LEVELS)
    assert about.n_patients == 4


def test_a_network_that_finds_only_by_calling_everybody_guarantees_nothing() -> None:
    level = guarantee_level(np.zeros(100), 0.9)

    assert level.threshold is None
    assert "Only calling every image" in level.reason


def test_what_is_promised_is_kept_with_the_run_and_read_again(tmp_path: Path) -> None:
    run = write_whole_run(tmp_path / "run")
    run.write_table("predictions.parquet", predictions_of())
    (run.folder / "guaranteed.json").unlink()
    assert read_guaranteed(run) is None

    about = write_guaranteed(run)

    assert read_guaranteed(run) == about
    assert list(about.classes) == ["opacity"]
    assert about.chosen_on == "validation"
    assert set(about.classes["opacity"].images) == {"v3", "v5", "v6", "v7"}
    choice = choose(ask_class(predictions_of(), "test"), Wish(GUARANTEED), about)
    assert choice.threshold is None
    assert choice.words.startswith("No threshold can be guaranteed. 29 patients")


def test_of_several_classes_each_is_promised_against_the_rest() -> None:
    table = predictions_of().rename(columns={"p_no opacity": "p_clear"}).assign(p_other=0.1)

    assert list(guarantee_levels(table).classes) == ["clear", "opacity", "other"]


def test_a_threshold_is_chosen_on_validation_and_never_on_test() -> None:
    asked = ask_class(predictions_of(), "test")

    for wish in (Wish(YOUDEN), Wish(COST), Wish(SENSITIVITY)):
        choice = choose(asked, wish)
        assert choice.chosen_on == "validation"
        assert choice.threshold == choose_by_rule(images_of(), wish)
    by_hand = choose(asked, Wish(BY_HAND, at=0.4))
    assert by_hand.chosen_on == "test"  # its figures were in sight
    assert "chosen on the test set" in by_hand.words


def test_an_unknown_class_is_named_with_the_choices() -> None:
    with pytest.raises(RunError, match="no class 'mass'. Choose one of: no opacity, opacity"):
        score_images(predictions_of(), "mass", "test")


def test_a_run_keeps_one_threshold_and_forgets_it(tmp_path: Path) -> None:
    run = write_whole_run(tmp_path / "run")
    recipe = run.read_recipe()
    forget_threshold(run)
    assert read_threshold(run) is None

    choice = choose(ask_class(predictions_of(), "test"), Wish(YOUDEN))
    keep_threshold(run, recipe, "opacity", choice.keep("ann"))

    kept = read_threshold(run)
    assert kept is not None
    assert (kept.value, kept.rule, kept.chosen_on, kept.by) == (0.7, "youden", "validation", "ann")
    assert "Youden" in kept.words
    assert kept.time
    with pytest.raises(RunError, match="kept of opacity, not of no opacity"):
        keep_threshold(run, recipe, "no opacity", kept)
    forget_threshold(run)
    assert read_threshold(run) is None


def test_a_damaged_threshold_is_no_threshold(tmp_path: Path) -> None:
    run = write_whole_run(tmp_path / "run")
    run.write_json("threshold.json", {"value": 3.0, "rule": "youden"})
    (run.folder / "guaranteed.json").write_text(json.dumps(PROMISES).replace("0.3", "30"))

    with pytest.raises(RunError, match="3.0 is not from 0 to 1"):
        read_threshold(run)
    with pytest.raises(RunError, match="30.0 of opacity is not from 0 to 1"):
        read_guaranteed(run)


def test_a_finding_is_kept_by_hand_beside_the_others(tmp_path: Path) -> None:
    run = Run(tmp_path)
    limits = {"rule": "youden", "chosen_on": "validation", "thresholds": {"mass": 0.2, "mole": 0.3}}
    run.write_json("thresholds.json", limits | {"fallback": ["mass"]})
    recipe = change_recipe(PUBLISHED["quick_cnn"], {"task": "nih_findings"})

    keep_threshold(
        run, recipe, "mass", KeptThreshold(0.4, "cost", words="Where errors cost least.")
    )

    thresholds = read_thresholds(run)
    assert thresholds is not None
    assert thresholds["thresholds"] == {"mass": 0.4, "mole": 0.3}
    assert thresholds["fallback"] == []
    words = describe_thresholds({"thresholds": thresholds})
    assert "mass has a threshold that a person kept: Where errors cost least." in words
    with pytest.raises(RunError, match="no threshold of edema"):
        keep_threshold(run, recipe, "edema", KeptThreshold(0.4, "cost"))


def test_with_more_than_two_classes_none_is_kept(tmp_path: Path) -> None:
    recipe = change_recipe(PUBLISHED["quick_cnn"], {"task": "kermany_cause"})

    with pytest.raises(RunError, match="With 3 classes the answer is the most probable one"):
        keep_threshold(Run(tmp_path), recipe, "viral", KeptThreshold(0.4, "cost"))


def test_the_files_are_plain_json(tmp_path: Path) -> None:
    run = write_whole_run(tmp_path / "run")
    keep_threshold(run, run.read_recipe(), "opacity", KeptThreshold(0.25, "by hand", "test"))

    held = json.loads((run.folder / "threshold.json").read_text())

    assert {"value", "rule", "chosen_on", "words", "by", "time"} == set(held)
    shutil.rmtree(run.folder)


def test_without_a_validation_set_no_rule_chooses_and_a_hand_is_said_to_have_seen_the_test() -> (
    None
):
    table = predictions_of()
    tested = table[table["subset"] == "test"]
    asked = ask_class(tested, "test")
    for rule in (YOUDEN, COST, SENSITIVITY, GUARANTEED):
        choice = choose(asked, Wish(rule))
        assert choice.threshold is None
        assert "no predictions on a validation set" in choice.words
    by_hand = choose(asked, Wish(BY_HAND, at=0.3))
    assert (by_hand.threshold, by_hand.chosen_on) == (0.3, "test")
    assert "chosen on the test set" in by_hand.words
    # What was watched in place of a validation set has chosen the epoch already.
    assert choose(ask_class(tested, "test", watched=True), Wish(YOUDEN)).threshold is not None
