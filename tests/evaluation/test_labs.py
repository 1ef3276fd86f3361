"""The shortcut lab and the leak lab, on runs that were made by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

from tests.lab_files import fake_catalog, write_lab_run
from xray_core.catalog import Catalog
from xray_core.errors import JobError, RecipeError, RunError
from xray_core.evaluation.leak_lab import (
    count_shared,
    find_interval,
    read_leak_lab,
)
from xray_core.evaluation.leak_pairs import find_leak_runs, pick_leak_runs
from xray_core.evaluation.shortcuts import CLEAR, NO_SIGN, read_shortcuts, tabulate
from xray_core.jobs.labs import plan_leaks, plan_shortcuts
from xray_core.recipes import PUBLISHED, bind_recipe, change_recipe
from xray_core.recipes.labs import BY_IMAGE, BY_PATIENT, leak_recipe, member_recipe
from xray_core.runs.opening import open_test
from xray_core.workspace import Workspace

DEMO = PUBLISHED["demo_cnn"]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    (tmp_path / "data").mkdir()
    return fake_catalog(tmp_path / "data")


def test_a_border_that_tells_the_label_is_said_to_give_it_away(
    workspace: Workspace, catalog: Catalog
) -> None:
    base = bind_recipe(DEMO, catalog)
    whole = write_lab_run(workspace, catalog, DEMO, "20260301-100000-a", skill=4)
    border = write_lab_run(
        workspace, catalog, member_recipe(base, "border"), "20260301-100001-b", skill=4
    )
    guess = write_lab_run(
        workspace, catalog, member_recipe(base, "guess_view"), "20260301-100002-c", skill=4
    )
    other = change_recipe(member_recipe(base, "border"), {"preprocess.size": 32})
    write_lab_run(workspace, catalog, other, "20260301-100003-d", skill=0)  # of another recipe
    waiting = change_recipe(member_recipe(base, "border"), {"seed": 1})
    write_lab_run(workspace, catalog, waiting, "20260301-100004-e", state="queued")

    lab = read_shortcuts(base, workspace, catalog, whole)

    sights = {sight.key: sight for sight in lab.sights}
    assert (sights["whole"].run, sights["border"].run) == (whole.name, border.name)
    assert sights["guess_view"].run == guess.name
    assert (sights["without_lungs"].state, sights["without_lungs"].auc) == ("", None)
    assert lab.n_done == 3
    # Nobody has opened a test set.
    assert lab.subset == "validation"
    assert set(lab.closed) == {whole.name, border.name, guess.name}
    auc = border.read_report()["validation"]["metrics"]["auc"]
    assert sights["border"].auc == auc
    assert auc["low"] > 0.6
    assert sights["border"].level == CLEAR
    assert lab.verdict.startswith(f"From the border alone it tells {100 * auc['value']:.0f} of 100")
    assert lab.verdict.endswith("The images give the label away outside the lungs.")
    link = sights["guess_view"].goes_with
    assert link is not None
    assert link.cramers_v > 0.5
    assert "the label may be learnt by way of it" in sights["guess_view"].sentence
    assert tabulate(lab).set_index("network saw").loc["Border only", "images"] == 36

    for run in (whole, border, guess):
        open_test(run, workspace)
    opened = read_shortcuts(base, workspace, catalog, whole)
    assert (opened.subset, opened.closed) == ("test", ())
    shown = {sight.key: sight for sight in opened.sights}["border"]
    assert shown.auc == border.read_report()["metrics"]["auc"]


def test_a_border_at_chance_and_a_property_that_goes_with_nothing_are_no_sign(
    workspace: Workspace, tmp_path: Path
) -> None:
    catalog = fake_catalog(tmp_path, view_tells=False)
    base = bind_recipe(DEMO, catalog)
    write_lab_run(workspace, catalog, member_recipe(base, "border"), "20260301-100001-b")
    write_lab_run(workspace, catalog, member_recipe(base, "guess_view"), "20260301-100002-c", 4)

    lab = read_shortcuts(base, workspace, catalog)

    sights = {sight.key: sight for sight in lab.sights}
    assert sights["border"].level == NO_SIGN
    assert lab.verdict.endswith("There is no sign that the border gives the label away.")
    assert "can be seen, and it hardly goes with the label" in sights["guess_view"].sentence


def test_what_the_lab_cannot_train_is_named_with_its_reason(
    workspace: Workspace, catalog: Catalog
) -> None:
    write_lab_run(workspace, catalog, DEMO, "20260301-100000-a")

    plans = {plan.key: plan for plan in plan_shortcuts(DEMO, catalog, workspace)}

    missing = [key for key, plan in plans.items() if plan.is_missing]
    assert missing == ["border", "guess_view"]
    assert plans["whole"].lab_run is not None
    assert plans["without_lungs"].reason.startswith("No image has a mask of its lungs")
    assert plans["guess_sex"].reason == "The sex is known of no image, so it cannot be guessed."
    columns = change_recipe(DEMO, {"model": "xnet_dual", "tabular": "age"})
    with pytest.raises(RecipeError, match="would read the answer there"):
        member_recipe(columns, "guess_sex")


def test_a_split_by_image_that_flatters_is_one_number_with_its_interval(
    workspace: Workspace, catalog: Catalog
) -> None:
    base = bind_recipe(DEMO, catalog)
    for number in range(3):
        for method, skill in ((BY_IMAGE, 5.0), (BY_PATIENT, 1.0)):
            recipe = leak_recipe(base, method, number)
            name = f"20260301-10000{number}-{method}"
            write_lab_run(workspace, catalog, recipe, name, skill)

    lab = read_leak_lab(find_leak_runs(base, workspace), workspace, n_rounds=200)

    assert lab.n_done == 3
    assert lab.subset == "validation"
    area, accuracy = lab.inflations
    assert area.value == pytest.approx(area.by_image - area.by_patient)
    assert area.value == pytest.approx(np.mean(area.of_pairs))
    reach = student.ppf(0.975, 2) * np.std(area.of_pairs, ddof=1) / np.sqrt(3)
    assert (area.low, area.high) == pytest.approx((area.value - reach, area.value + reach))
    assert accuracy.value > 0
    assert "over 3 pairs" in lab.covers
    assert lab.shared is not None
    assert lab.shared.n > 0.3 * lab.shared.n_images
    assert lab.shared.n_by_patient == 0
    assert "images have a patient in training" in lab.verdict
    pair = [run.run for run in find_leak_runs(base, workspace) if run.run.name[14] == "0"]

    one = read_leak_lab(pick_leak_runs(pair, workspace), workspace, n_rounds=200)

    assert one.n_done == 1
    assert one.inflations[0].low < one.inflations[0].value < one.inflations[0].high
    assert "not for the random seed" in one.covers


def test_runs_of_several_recipes_or_splits_make_no_pair(
    workspace: Workspace, catalog: Catalog
) -> None:
    small = change_recipe(DEMO, {"preprocess.size": 32})
    runs = [
        write_lab_run(workspace, catalog, recipe, f"20260301-10000{number}-r")
        for number, recipe in enumerate((DEMO, small))
    ]

    with pytest.raises(RunError, match=r"differ in more than the split: preprocess.size"):
        pick_leak_runs(runs, workspace)
    with pytest.raises(RecipeError, match="draws masks"):
        plan_shortcuts(PUBLISHED["lungs_unet"], catalog, workspace)
    with pytest.raises(JobError, match="choose 1 to 20"):
        plan_leaks(DEMO, catalog, workspace, 21)
    alone = replace(catalog, images=catalog.images.drop_duplicates("patient_id"))
    with pytest.raises(RecipeError, match="no patient is known to have several images"):
        plan_leaks(DEMO, alone, workspace)
    plans = plan_leaks(DEMO, catalog, workspace, 2)
    assert [plan.is_missing for plan in plans] == [True, False, True, True]


def test_the_interval_allows_for_who_is_tested_where_pairs_share_a_split() -> None:
    apart = np.array([0.05, 0.07, 0.06])
    rounds = np.random.default_rng(0).normal(0, 0.04, (2, 1, 4000)) + np.zeros((2, 3, 1))

    low, high = find_interval(apart, rounds[0], rounds[1], one_split=True)

    seeds = student.ppf(0.975, 2) * 0.01 / np.sqrt(3)
    people = 1.96 * 0.04 * np.sqrt(2)  # of both test sets
    assert (high - low) / 2 == pytest.approx(np.hypot(seeds, people), rel=0.03)
    alone = find_interval(apart[:1], rounds[0][:1] + 0.05, rounds[1][:1], one_split=False)
    assert alone == pytest.approx((0.05 - people, 0.05 + people), abs=0.008)


def test_images_that_share_a_patient_with_training_are_counted() -> None:
    split = pd.DataFrame(
        {"group": ["a", "a", "b", "b", "c"], "subset": ["training", "test", "test", "test", "test"]}
    )

    assert count_shared(split, "test") == (1, 4)
