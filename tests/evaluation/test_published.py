"""A run's figures beside the published ones: which belong together, and on which images."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from xray_core.evaluation.published import (
    CLOSED,
    NOT_MEASURED,
    compare_headline,
    compare_with_source,
    figures_of,
    find_points,
)
from xray_core.evaluation.report import build_report, prediction_table
from xray_core.literature import RESULTS, PublishedResult, results_of
from xray_core.recipes import PUBLISHED, change_recipe

XCEPTION = PUBLISHED["siim_6_2_xception"]
STUDY = ["negative", "typical", "indeterminate", "atypical"]


def figure(value: float) -> dict[str, float | None]:
    return {"value": value, "low": value - 0.05, "high": value + 0.05}


def report_of(classes: list[str], subset: str = "validation", n: int = 40) -> dict[str, Any]:
    """Return a report of which the k-th class was answered k + 1 times, rightly."""
    k = len(classes)
    return {
        "subset": subset,
        "n": n,
        "classes": classes,
        "metrics": {"accuracy": figure(0.5), "auc": figure(0.6)},
        "per_class": [
            {
                "class": name,
                "recall": figure(0.4),
                "precision": 0.3,
                "precision_low": 0.2,
                "precision_high": 0.4,
                "n": n // k,
            }
            for name in classes
        ],
        "confusion": [[i + 1 if i == j else 0 for j in range(k)] for i in range(k)],
        "majority": {"class": classes[0], "accuracy": 0.4},
        "roc": {classes[-1]: {}},
    }


def test_each_phase_has_its_own_figures_and_the_last_those_of_the_report() -> None:
    report = report_of(STUDY)
    once = [[1, 0, 0, 0], [1, 0, 0, 0], [2, 0, 0, 0], [4, 0, 0, 0]]
    phase = {"name": "head", "n": 8, "metrics": {"accuracy": figure(0.125)}, "confusion": once}
    report["phases"] = [phase, {**phase, "name": "all"}]

    head, fine_tuned = compare_with_source(XCEPTION, report)

    assert (head.published.phase, head.figures["accuracy"]["value"]) == ("head", 0.125)
    assert (head.n_images, head.subset, head.headline) == (8, "validation", False)
    assert head.figures["recall_negative"]["value"] == 1
    assert fine_tuned.figures["accuracy"] == figure(0.5)
    assert fine_tuned.headline
    assert fine_tuned.figures["precision_typical"] == {"value": 0.3, "low": 0.2, "high": 0.4}


def test_our_matrix_is_in_the_order_of_the_published_classes() -> None:
    fine_tuned = compare_with_source(XCEPTION, report_of(STUDY))[-1]

    assert fine_tuned.published.classes == ("atypical", "indeterminate", "negative", "typical")
    assert [fine_tuned.confusion[i][i] for i in range(4)] == [4, 3, 1, 2]


def test_what_a_run_has_not_measured_is_said() -> None:
    report = report_of(STUDY)
    assert "earlier version" in compare_with_source(XCEPTION, report)[0].missing

    report["phases"] = []
    report["error_analysis"] = {"levels": [{"name": "training", "n": 9, "error": figure(0.3)}]}
    union = PUBLISHED["siim_9_union"]
    validated, trained, tested = compare_with_source(
        union, {**report_of(["no opacity", "opacity"], "test"), **{"error_analysis": None}}
    )
    assert (validated.n_images, trained.n_images, tested.n_images) == (0, 0, 40)
    assert validated.missing
    assert trained.missing
    report = {
        **report_of(["no opacity", "opacity"], "test"),
        "error_analysis": report["error_analysis"],
    }
    trained = compare_with_source(union, report)[1]
    accuracy = trained.figures["accuracy"]
    assert [round(accuracy[key] or 0, 9) for key in ("value", "low", "high")] == [0.7, 0.65, 0.75]


@pytest.mark.parametrize(
    ("recipe", "changes", "n", "same", "why"),
    [
        ("corona_vgg_mini", {}, 624, "yes", ""),
        ("corona_vgg_mini", {}, 600, "partly", "Of the 624, ours are 600"),
        ("corona_vgg_mini", {"split.method": "patient"}, 624, "no", "was changed: Split"),
        ("corona_vgg_mini", {"batch_size": 8}, 624, "yes", ""),
        ("siim_10_from_union", {}, 1267, "partly", "lost 13 of the 1,267"),
        ("tang2020_vgg16_pretrained", {}, 100, "no", "not published with"),
    ],
)
def test_whether_ours_are_the_same_images_is_said(
    recipe: str, changes: dict[str, Any], n: int, same: str, why: str
) -> None:
    changed = change_recipe(PUBLISHED[recipe], changes)
    report = report_of(list(changed.class_names), "test", n)

    [comparison] = [one for one in compare_with_source(changed, report) if one.headline]

    assert comparison.same_images == same
    assert why in comparison.why


def test_a_validation_figure_beside_our_test_set_is_of_other_images() -> None:
    last = compare_with_source(XCEPTION, report_of(STUDY, "test"))[-1]

    assert last.figures["accuracy"] == figure(0.5)
    assert (last.subset, last.same_images) == ("test", "no")
    assert "ours are of the test set" in last.why


def test_points_belong_to_runs_that_answer_the_same_question() -> None:
    recipe = PUBLISHED["tang2020_resnet18_pretrained"]
    report = report_of(["normal", "abnormal"], "test")

    kinds = [point.kind for point in find_points(recipe, report)]
    assert kinds.count("reader") == 10
    assert kinds.count("network") == 1
    assert not find_points(recipe, report_of(["normal", "pneumonia"], "test"))
    assert not find_points(recipe, report_of(["normal", "odd", "abnormal"], "test"))


def test_the_headline_leaves_out_what_the_report_lacks() -> None:
    recipe = replace(XCEPTION, published={"accuracy": 0.6, "recall_odd": 0.5})

    rows = compare_headline(recipe, report_of(STUDY))

    assert rows == [{"key": "accuracy", "published": 0.6, "ours": figure(0.5)}]
    assert not compare_with_source(PUBLISHED["demo_cnn"], report_of(["no opacity", "opacity"]))


def put_in(row: PublishedResult) -> dict[str, Any]:
    """Return our report on predictions that have the published matrix, one image a patient."""
    n_classes = len(row.classes)
    cells = [
        (i, j) for i in range(n_classes) for j in range(n_classes) for _ in range(row.matrix[i][j])
    ]
    names = [f"i{number}" for number in range(len(cells))]
    split = pd.DataFrame({"image_id": names, "group": names, "subset": row.subset})
    split["class"] = [row.classes[i] for i, _ in cells]
    sure = np.full((n_classes, n_classes), 0.1) + 0.8 * np.eye(n_classes)
    answers = {name: sure[j] for name, (_, j) in zip(names, cells, strict=True)}
    table = prediction_table(split, list(row.classes), answers)
    return build_report(table, row.classes[0], n_rounds=2, subset=row.subset)


@pytest.mark.parametrize(
    "row",
    [row for row in RESULTS if row.matrix],
    ids=lambda row: f"{row.recipe}-{row.phase}-{row.subset}",
)
def test_a_published_matrix_gives_the_published_figures_to_the_last_digit(
    row: PublishedResult,
) -> None:
    report = put_in(row)

    assert report["confusion"] == [list(counts) for counts in row.matrix]
    ours, compared = figures_of(report), 0
    for key, printed in row.metrics.items():
        # The AUC is that of probabilities, which no matrix has.
        if key in ours and not key.startswith("auc"):
            digits = len(f"{printed:g}".partition(".")[2])
            assert round(ours[key]["value"] or 0, digits) == printed, key
            compared += 1
    assert compared


def test_the_thesis_lost_13_of_its_1267_test_images() -> None:
    tests = [row for row in RESULTS if row.matrix and row.recipe[:5] == "siim_"]
    tests = [row for row in tests if row.subset == "test"]

    assert len(tests) == 3
    for row in tests:
        report = put_in(row)
        # The text says 1,267, of which 342 have no opacity and 925 one.
        assert report["n"] == 1254 == 1267 - 13
        assert [one["n"] for one in report["per_class"]] == [342 - 6, 925 - 7]
        assert "13 of the 1,267" in row.images_note
        assert "six without and seven with an opacity" in row.images_note


def test_figures_of_a_closed_test_set_are_said_to_be_closed() -> None:
    source = next(
        name
        for name in PUBLISHED
        if {row.subset for row in results_of(name)} >= {"validation", "test"}
    )
    recipe = PUBLISHED[source]
    report = report_of(list(recipe.class_names), "validation")
    words = {
        closed: {
            row.missing
            for row in compare_with_source(recipe, report, closed=closed)
            if row.published.subset == "test"
        }
        for closed in (False, True)
    }
    assert words == {False: {NOT_MEASURED}, True: {CLOSED}}
