"""The published figures agree with themselves, and are those that the sources print."""

import math
from collections.abc import Callable

import pytest

from xray_core.literature import (
    CITED,
    NO,
    RESULTS,
    SAME_IMAGES,
    YES,
    PublishedResult,
    compute_figures,
    headline_of,
    reader_points,
    results_of,
)
from xray_core.literature.data_counts import DATA_COUNTS, RADIOGRAPHY, SIIM, DataCount

WITH_MATRIX = [row for row in RESULTS if row.matrix]
# Recipe, phase, subset -> accuracy in percent as printed, and loss: the table of the thesis.
THESIS = {
    ("siim_6_1_cnn9", "train", "validation"): (45.97, None),
    ("siim_6_2_xception", "head", "validation"): (51.74, None),
    ("siim_6_2_xception", "all", "validation"): (59.32, None),
    ("siim_6_4_xception_arrays", "head", "validation"): (57.93, None),
    ("siim_6_4_xception_arrays", "all", "validation"): (63.30, 0.9532),
    ("siim_6_5_xception_plain", "head", "validation"): (53.91, None),
    ("siim_6_5_xception_plain", "all", "validation"): (59.35, 1.9779),
    ("siim_6_6_xception_scratch", "high_rate", "validation"): (47.91, None),
    ("siim_6_6_xception_scratch", "all", "validation"): (47.91, 1.2099),
    ("siim_6_7_vgg16", "head", "validation"): (18.88, None),
    ("siim_6_7_vgg16", "all", "validation"): (45.97, None),
    ("siim_6_8_inception", "head", "validation"): (26.20, None),
    ("siim_6_8_inception", "all", "validation"): (26.20, None),
    ("siim_6_9_xception_3class", "head", "validation"): (54.90, None),
    ("siim_6_9_xception_3class", "all", "validation"): (62.95, None),
    ("siim_6_10_xception_opacity", "head", "validation"): (74.96, None),
    ("siim_6_10_xception_opacity", "all", "validation"): (80.17, None),
    ("siim_6_11_xception_typical", "head", "validation"): (67.69, None),
    ("siim_6_11_xception_typical", "all", "validation"): (55.45, None),
    ("siim_6_12_inception_typical", "head", "validation"): (88.79, None),
    ("siim_9_union", "head", "validation"): (76.67, None),
    ("siim_9_union", "head", "test"): (75.20, None),
    ("siim_9_1_union_finetuned", "all", "validation"): (74.17, None),
    ("siim_9_1_union_finetuned", "all", "test"): (73.68, None),
    ("siim_10_from_union", "all", "test"): (77.83, 0.4651),
}
# Experiment, phase -> how many of its 1,266 or 1,267 images were right, where a matrix is missing.
RIGHT = {
    ("siim_6_4_xception_arrays", "all"): 802,
    ("siim_6_5_xception_plain", "all"): 752,
    ("siim_6_6_xception_scratch", "all"): 607,
    ("siim_6_7_vgg16", "head"): 239,
    ("siim_6_7_vgg16", "all"): 582,
    ("siim_6_8_inception", "all"): 332,
}


def find(recipe: str, phase: str, subset: str) -> PublishedResult:
    """Return the first result of a phase on a subset."""
    rows = [row for row in results_of(recipe) if (row.phase, row.subset) == (phase, subset)]
    return rows[0]


def agrees(printed: float, exact: float, digits: int) -> bool:
    """Whether a printed figure is an exact one with so many digits, rounded or cut off."""
    return abs(printed - exact) < float(10**-digits)


def name(row: PublishedResult) -> str:
    return f"{row.recipe}-{row.phase}-{row.subset}"


@pytest.mark.parametrize("key", THESIS, ids="-".join)
def test_every_row_of_the_thesis_is_there_as_printed(key: tuple[str, str, str]) -> None:
    row, (accuracy, loss) = find(*key), THESIS[key]

    assert round(row.metrics["accuracy"] * 100, 2) == accuracy
    if loss is not None:
        assert row.metrics["loss"] == loss


def test_the_thesis_has_no_other_rows_but_those_of_training() -> None:
    there = {(row.recipe, row.phase, row.subset) for row in RESULTS if row.recipe[:5] == "siim_"}

    assert {key for key in there if key[2] != "training"} == set(THESIS)


@pytest.mark.parametrize("row", WITH_MATRIX, ids=name)
def test_a_matrix_gives_the_figures_printed_beside_it(row: PublishedResult) -> None:
    assert row.n_images == sum(map(sum, row.matrix))
    assert len(row.classes) == len(row.matrix) == len(row.matrix[0])
    computed = compute_figures(row.matrix, row.classes)
    printed = {key: value for key, value in row.metrics.items() if key in computed}
    assert printed
    for key, value in printed.items():
        digits = 2 if round(value, 2) == value else 4
        assert agrees(value, computed[key], digits), key


@pytest.mark.parametrize("key", RIGHT, ids="-".join)
def test_an_accuracy_without_a_matrix_is_a_whole_number_of_images(key: tuple[str, str]) -> None:
    row = find(*key, "validation")

    assert round(RIGHT[key] / row.n_images, 4) == row.metrics["accuracy"]
    other = {1266: 1267, 1267: 1266}[row.n_images]
    assert all(round(k / other, 4) != row.metrics["accuracy"] for k in range(other))


def test_the_matrices_of_the_experiments_that_read_folders_are_of_the_same_images() -> None:
    folder = [row for row in WITH_MATRIX if row.n_images == 1266]
    study = {"atypical": 89, "indeterminate": 239, "negative": 356, "typical": 582}
    merged = {**study, "no opacity": 356, "opacity": 910, "other": 89 + 239}

    for row in folder:
        counts = dict(zip(row.classes, map(sum, row.matrix), strict=True))
        if row.classes[-1] == "typical" and len(counts) == 2:
            assert counts == {"other": 684, "typical": 582}
        else:
            assert counts == {label: merged[label] for label in row.classes}
    assert len(folder) == 6


def test_the_validation_set_of_experiment_9_is_all_that_the_competition_had_left() -> None:
    pool = {"atypical": 386, "indeterminate": 866, "negative": 1394, "typical": 2421}
    for recipe, phase in (("siim_9_union", "head"), ("siim_9_1_union_finetuned", "all")):
        without, with_opacity = map(sum, find(recipe, phase, "validation").matrix)
        assert without == pool["negative"]
        assert with_opacity == sum(pool.values()) - pool["negative"] + 179
    assert find("siim_9_union", "head", "training").n_images == 21_165 - 179
    assert round(find("siim_9_union", "head", "validation").majority or 0, 3) == 0.734
    tested = [row for row in WITH_MATRIX if row.subset == "test" and row.recipe[:5] == "siim_"]
    assert {tuple(map(sum, row.matrix)) for row in tested} == {(336, 918)}
    assert {round(row.majority or 0, 3) for row in tested} == {0.732}


def test_the_kermany_figures_fit_whole_numbers_of_its_624_test_images() -> None:
    printed = find("pneumonia_cnn", "train", "test").metrics
    fitting = [
        (spared, ill)
        for spared in range(235)
        for ill in range(391)
        if all(
            round(value, 2) == printed[key]
            for key, value in compute_figures(
                ((spared, 234 - spared), (390 - ill, ill)), ("normal", "pneumonia")
            ).items()
        )
    ]

    assert fitting == [(156, 381), (156, 382)]
    assert find("pneumonia_cnn", "train", "training").metrics["accuracy"] == 0.926
    assert find("pneumonia_cnn", "train", "validation").metrics["accuracy"] == round(554 / 624, 4)
    assert find("corona_vgg_mini", "train", "test").metrics["accuracy"] == round(575 / 624, 3)


TANG = [row for row in RESULTS if row.recipe.startswith("tang2020") and len(row.metrics) == 7]


def test_tang_has_fourteen_networks_with_seven_figures_and_their_deviations() -> None:
    assert len(TANG) == 14
    assert all(set(row.spread) == set(row.metrics) for row in TANG)
    best = find("tang2020_resnet18_pretrained", "train", "test")
    assert best.metrics["auc"] == 0.9824
    assert (best.metrics["recall_abnormal"], best.metrics["recall_normal"]) == (0.9650, 0.9286)
    assert (best.metrics["precision_abnormal"], best.metrics["precision_normal"]) == (
        0.9284,
        0.9652,
    )
    assert (best.spread["auc"], best.spread["accuracy"]) == (0.0043, 0.0045)


def test_f1_accuracy_and_npv_of_tang_follow_from_the_other_figures() -> None:
    apart = []
    for row in TANG:
        figures = row.metrics
        ppv, npv = figures["precision_abnormal"], figures["precision_normal"]
        sensitivity, specificity = figures["recall_abnormal"], figures["recall_normal"]
        # The share of abnormal images is what PPV, sensitivity and specificity leave.
        odds = (1 - specificity) * ppv / (1 - ppv) / sensitivity
        ill, normal = odds / (1 + odds), 1 / (1 + odds)
        cleared = specificity * normal
        expected = {
            "f1": (figures["f1_abnormal"], 2 * ppv * sensitivity / (ppv + sensitivity)),
            "accuracy": (figures["accuracy"], sensitivity * ill + cleared),
            "npv": (npv, cleared / (cleared + (1 - sensitivity) * ill)),
        }
        apart += [
            (row.recipe, key)
            for key, (printed, exact) in expected.items()
            # The share of abnormal images is known to two digits or so, and moves NPV most.
            if abs(printed - exact) > (0.002 if key == "npv" else 0.001)
        ]

    assert apart == [("tang2020_alexnet_pretrained", "f1")]  # as the table prints it


@pytest.mark.parametrize(
    ("recipe", "who", "expected"),
    [
        ("tang2020_vgg19_rsna", ["published network (tang2020_vgg19_rsna)"], (2615 / 3000, 0.8969)),
        ("siim_10_from_union", ["published network (siim_10_from_union)"], (761 / 918, 215 / 336)),
        ("siim_6_9_xception_3class", [], None),
        ("xnet_cnn15", [], None),
    ],
)
def test_points_beside_a_roc_curve(
    recipe: str, who: list[str], expected: tuple[float, float] | None
) -> None:
    points = reader_points(recipe)

    assert [point.who for point in points] == who
    if expected:
        assert math.isclose(points[0].sensitivity, expected[0], abs_tol=1e-4)
        assert math.isclose(points[0].specificity, expected[1], abs_tol=1e-4)


def test_readers_stand_beside_tangs_networks_against_both_standards() -> None:
    points = reader_points("tang2020_resnet18_pretrained")

    readers = [point for point in points if point.kind == "reader"]
    assert len(readers) == 10
    assert len({point.standard for point in readers}) == 2
    assert all(point.note for point in readers)
    [network] = [point for point in points if point.kind == "network"]
    assert (network.sensitivity, network.specificity) == (0.9650, 0.9286)


def test_the_fourteen_findings_have_the_mean_that_is_printed_beside_them() -> None:
    rows = results_of("nih_densenet121_findings")
    values = {
        row.metrics["auc"]: [value for key, value in row.metrics.items() if key.startswith("auc_")]
        for row in rows
        if len(row.metrics) > 10
    }

    assert [len(of_findings) for of_findings in values.values()] == [14, 13]
    assert agrees(0.7893, sum(values[0.7893]) / 14, 4)
    assert agrees(0.872, 14 * 0.7451 - sum(values[0.7451]), 3)  # hernia, which the reprint mistakes
    assert {0.8025, 0.812, 0.822} <= {row.metrics.get("auc") for row in rows}
    assert headline_of("nih_densenet121_findings") == {"auc": 0.8025}
    assert all(row.same_images == NO for row in results_of("nih_mobilenet_findings"))


def test_what_the_thesis_cites_has_its_sources() -> None:
    figures = [tuple(item.figures.values()) for item in CITED]

    assert (0.65, 0.94) in figures
    assert (0.96,) in figures
    assert (50, 2.3) in figures
    assert any(values[:1] == (0.98,) for values in figures)
    assert all(item.source and item.place for item in CITED)
    words = [item.words for item in CITED]
    assert "AUC 0.98 (0.97 to 0.99), sensitivity 94.6%, specificity 93.4%" in words
    assert "50 seconds for the network, 2.3 hours for the radiologists" in words


@pytest.mark.parametrize("row", RESULTS, ids=name)
def test_each_row_says_on_which_images_and_whether_ours_are_the_same(row: PublishedResult) -> None:
    assert row.images
    assert row.place
    assert row.same_images in SAME_IMAGES
    if row.same_images != YES and row.subset != "training":
        assert row.images_note
    assert set(row.spread) <= set(row.metrics)


@pytest.mark.parametrize(
    ("recipe", "check"),
    [
        ("siim_9_union_corrected", lambda row: row.subset == "test" or row.same_images == NO),
        ("siim_mobilenet_opacity", lambda row: row.same_images == NO),
        (
            "siim_mobilenet_opacity_thesis_test",
            lambda row: (row.same_images == "partly") == (row.subset == "test"),
        ),
    ],
)
def test_a_twin_has_the_figures_of_its_original_and_says_that_its_images_differ(
    recipe: str, check: Callable[[PublishedResult], bool]
) -> None:
    rows = results_of(recipe)

    assert rows
    assert all(map(check, rows))


def test_the_headline_is_that_of_the_last_phase_on_the_test_set() -> None:
    assert headline_of("siim_9_union")["accuracy"] == 0.7520
    assert headline_of("siim_6_2_xception") == {"accuracy": 0.5932}
    assert headline_of("siim_10_from_union_corrected")["accuracy"] == 0.7783
    assert headline_of("xnet_cnn15") == headline_of("nothing") == {}


@pytest.mark.parametrize("data", [data for data in DATA_COUNTS if data.counts], ids=str)
def test_the_kinds_of_images_add_up_to_all_of_them(data: DataCount) -> None:
    assert sum(data.counts.values()) == data.n_images


def test_counts_of_the_same_images_agree() -> None:
    by_what = {data.what: data for data in DATA_COUNTS}
    study = by_what["SIIM, label of the study"].counts
    opacity, typical = by_what["SIIM, any opacity"].counts, by_what["SIIM, typical or not"].counts
    trained = by_what["union, to train and validate on, any opacity"].counts
    hidden = by_what["test set of 9 to 10, label of the study"]
    radiography = by_what["COVID-19 Radiography"].counts

    assert opacity == {"none": study["negative"], "yes": SIIM - study["negative"]}
    assert typical == {"none": SIIM - study["typical"], "yes": study["typical"]}
    assert by_what["SIIM, three classes"].counts["others"] == (
        study["atypical"] + study["indeterminate"]
    )
    assert by_what["SIIM, label of the image"].counts["none"] - study["negative"] == 304
    assert sum(trained.values()) == SIIM + RADIOGRAPHY - hidden.n_images == 20_986 + 5_246
    assert trained["none"] == (opacity["none"] - hidden.counts["negative"] + radiography["Normal"])
    assert by_what["union, the same, typical"].counts["yes"] == (
        study["typical"] - hidden.counts["typical"] + radiography["COVID"]
    )
