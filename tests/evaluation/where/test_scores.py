import numpy as np
import pytest

from xray_core.evaluation.where.baselines import draw_blob, heat_boxes, mean_of_others, move_boxes
from xray_core.evaluation.where.scores import SIDE, draw_boxes, enlarge, overlap, score_map
from xray_core.evaluation.where.summary import (
    BASELINES,
    ENERGY,
    IOBB,
    IOU,
    NETWORK,
    POINTING,
    WRONG_IOU,
    sum_scores,
    summarise,
)

TWO = np.array([[0.125, 0.25, 0.25, 0.5], [0.625, 0.25, 0.25, 0.25]])


def test_a_perfect_map_scores_1_and_an_empty_one_0() -> None:
    perfect = score_map(heat_boxes(TWO), TWO)
    assert (perfect.hit, perfect.near, perfect.energy) == (1.0, 1.0, 1.0)
    np.testing.assert_allclose(perfect.iou.max(axis=1), 1.0)
    np.testing.assert_allclose(perfect.iobb.max(axis=1), 1.0)
    empty = score_map(np.zeros((7, 7), np.float32), TWO)
    assert (empty.hit, empty.near, empty.energy) == (0.0, 0.0, 0.0)
    assert empty.iou.shape == (2, 0)


def test_a_cell_is_hot_where_it_lies_and_is_drawn_around() -> None:
    heat = np.zeros((8, 8), np.float32)
    heat[3, 1] = 1.0  # its middle lies at x = 3/16, y = 7/16, in the first box
    score = score_map(heat, TWO)
    assert score.hit == 1.0
    # It fades out linearly over a cell on either side, and the box ends half a cell to the left.
    assert score.energy == pytest.approx(0.875, abs=0.001)
    drawn = draw_boxes(enlarge(heat))
    assert len(drawn) == 2  # a wide one around what is above 60 of 255, and one above 180
    assert (drawn[:, 0] < 3 / 16).all()
    assert (drawn[:, 0] + drawn[:, 2] > 3 / 16).all()
    assert score.iobb[0].max() == 1.0
    assert not score.iobb[1].any()


def test_hottest_points_that_tie_share_the_hit_and_a_margin_is_near_alone() -> None:
    even = score_map(np.ones((4, 4), np.float32), TWO)
    assert even.hit == pytest.approx(0.125 + 0.0625, abs=0.01)
    assert even.hit == pytest.approx(even.energy)
    beside = np.zeros((SIDE, SIDE), np.float32)
    beside[SIDE // 2, round(0.375 * SIDE) + 10] = 1.0  # 10 px to the right of the first box
    score = score_map(beside, TWO)
    assert (score.hit, score.near) == (0.0, 1.0)


def test_overlaps_by_hand() -> None:
    boxes = np.array([[0.0, 0.0, 0.4, 0.2]])
    drawn = np.array([[0.2, 0.0, 0.4, 0.2], [0.0, 0.0, 0.2, 0.2], [0.5, 0.5, 0.1, 0.1]])
    iou, iobb = overlap(boxes, drawn)
    np.testing.assert_allclose(iou, [[1 / 3, 0.5, 0.0]])
    np.testing.assert_allclose(iobb, [[0.5, 1.0, 0.0]])


def test_what_maps_are_held_against() -> None:
    blob = draw_blob()
    assert score_map(blob, np.array([[0.45, 0.45, 0.1, 0.1]])).hit == 1.0
    moved = move_boxes(np.repeat(TWO, 50, axis=0), np.random.default_rng(0))
    np.testing.assert_allclose(moved[:, 2:], np.repeat(TWO, 50, axis=0)[:, 2:])
    assert (moved[:, :2] >= 0).all()
    assert (moved[:, :2] + moved[:, 2:] <= 1).all()
    maps = np.arange(4, dtype=np.float32)[:, np.newaxis, np.newaxis] * np.ones((4, 2, 2), "float32")
    # Of the first class patients 0, 0 and 1; the last has a class of its own.
    means = mean_of_others(maps, np.array([0, 0, 0, 1]), np.array([0, 0, 1, 2]))
    np.testing.assert_allclose(means[:, 0, 0], [2.0, 2.0, 0.5, 0.0])


def test_the_figures_have_intervals_by_patient_and_differences_beside_each_other_map() -> None:
    rng = np.random.default_rng(0)
    groups = [f"patient {n // 2}" for n in range(60)]
    boxes = [move_boxes(TWO[:1], rng) for _ in groups]
    right = [[score_map(heat_boxes(box), box)] for box in boxes]
    wrong = [[score_map(heat_boxes(move_boxes(box, rng)), box) for _ in range(3)] for box in boxes]
    sums = {NETWORK: sum_scores(right)} | {kind: sum_scores(wrong) for kind in BASELINES}
    shares = np.full(len(groups), 0.125)
    answer = summarise(sums, groups, shares)
    own, other = answer["scores"][NETWORK], answer["scores"]["random"]
    assert own[POINTING]["value"] == 1.0
    assert 0.8 < own[POINTING]["low"] < 1.0  # of thirty patients
    assert [figure["value"] for figure in own[IOU]] == [1.0] * 5
    assert [figure["value"] for figure in own[WRONG_IOU]] == [0.0] * 5
    assert other[POINTING]["low"] < other[POINTING]["value"] < other[POINTING]["high"] < 0.4
    assert other[IOBB][0]["value"] >= other[IOBB][-1]["value"]
    assert answer["differences"]["random"][POINTING]["low"] > 0.5
    assert answer["differences"]["random"][ENERGY]["value"] == pytest.approx(
        1 - other[ENERGY]["value"]
    )
    assert answer["share"]["value"] == pytest.approx(0.125)
