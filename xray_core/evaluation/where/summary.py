"""The scores of many maps as figures with intervals by patient, beside those of other maps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xray_core.evaluation.intervals import (
    CORRELATION,
    COST,
    SHARE,
    Scale,
    bootstrap_rounds,
    interval_of_rounds,
)
from xray_core.evaluation.where.scores import OVERLAPS, Floats, MapScore

Ints = NDArray[np.int64]

# Kinds of maps: the network's own, and those that it is held against.
NETWORK, UNTRAINED, CENTRE, MEAN, RANDOM = "network", "untrained", "centre", "mean", "random"
BASELINES = (UNTRAINED, MEAN, CENTRE, RANDOM)
POINTING, NEAR, ENERGY = "pointing", "near", "energy"  # means over cases
IOU, IOBB = "iou", "iobb"  # shares of boxes, for each of OVERLAPS
WRONG_IOU, WRONG_IOBB = "wrong_iou", "wrong_iobb"  # drawn boxes a case that match none, likewise
SCALES: Mapping[str, Scale] = {WRONG_IOU: COST, WRONG_IOBB: COST}  # the others are shares


@dataclass(frozen=True, eq=False)
class Sums:
    """The scores of all cases by one kind of map, as sums; several maps of a case are averaged.

    Attributes:
        tops: name of a score -> float (n_cases, k), what counts; k is 1, or that of `OVERLAPS`.
        bottoms: name of a score -> float (n_cases,), out of how many.
    """

    tops: dict[str, Floats]
    bottoms: dict[str, Floats]


def sum_scores(scores: Sequence[Sequence[MapScore]]) -> Sums:
    """Return the sums of cases.

    Args:
        scores: of each case, those of its maps, at least one: several where the map is drawn by
            chance.
    """
    limits = np.array(OVERLAPS)
    rows: dict[str, list[Floats]] = {
        name: [] for name in (POINTING, NEAR, ENERGY, IOU, IOBB, WRONG_IOU, WRONG_IOBB)
    }
    for maps in scores:
        of_case: dict[str, list[Floats]] = {name: [] for name in rows}
        for score in maps:
            of_case[POINTING].append(np.array([score.hit]))
            of_case[NEAR].append(np.array([score.near]))
            of_case[ENERGY].append(np.array([score.energy]))
            for name, wrong, overlaps in (
                (IOU, WRONG_IOU, score.iou),
                (IOBB, WRONG_IOBB, score.iobb),
            ):
                matches = overlaps[..., np.newaxis] > limits
                of_case[name].append(matches.any(axis=1).sum(axis=0, dtype="float64"))
                of_case[wrong].append((~matches.any(axis=0)).sum(axis=0, dtype="float64"))
        for name, values in of_case.items():
            rows[name].append(np.mean(values, axis=0))
    ones = np.ones(len(scores))
    n_boxes = np.array([len(maps[0].iou) for maps in scores], "float64")
    tops = {name: np.stack(values) for name, values in rows.items()}
    return Sums(tops, {name: n_boxes if name in (IOU, IOBB) else ones for name in tops})


def summarise(
    sums: Mapping[str, Sums], groups: Sequence[str], shares: Floats, seed: int = 0
) -> dict[str, Any]:
    """Return every figure with its interval; patients are drawn alike for all kinds of maps.

    Args:
        sums: kind of map -> of the same cases, `NETWORK` among them.
        groups: the patient of each case.
        shares: float (n_cases,), the share of the image that its boxes take.
        seed: of the resampling.

    Returns:
        scores: kind -> score -> a figure, or of the last four scores one for each of `OVERLAPS`;
        differences: baseline -> pointing and energy, how much more the network's maps have;
        share: the boxes' share of the image. A figure has value, low and high.
    """
    _, patients = np.unique(np.asarray(groups), return_inverse=True)
    n_patients = int(patients.max()) + 1
    parts = {(kind, name): top for kind, own in sums.items() for name, top in own.tops.items()}
    parts[NETWORK, "share"] = shares[:, np.newaxis]
    bottoms = {key: sums[key[0]].bottoms.get(key[1], np.ones(len(shares))) for key in parts}
    by_patient = {key: _add_up(top, patients, n_patients) for key, top in parts.items()}
    counts = {
        key: _add_up(bottom[:, np.newaxis], patients, n_patients) for key, bottom in bottoms.items()
    }
    values = {key: by_patient[key].sum(axis=0) / counts[key].sum() for key in parts}

    def measure(times: Floats) -> dict[Any, Floats]:
        return {key: times.T @ by_patient[key] / (times.T @ counts[key]) for key in parts}

    rounds: Mapping[Any, Floats] = bootstrap_rounds(
        measure, patients.astype("int64"), np.random.default_rng(seed)
    )

    def figure(key: tuple[str, str]) -> Any:
        scale = SCALES.get(key[1], SHARE)
        figures = [
            _figure(float(value), of_rounds, n_patients, scale)
            for value, of_rounds in zip(values[key], rounds[key].T, strict=True)
        ]
        return figures if len(figures) > 1 else figures[0]

    scores = {kind: {name: figure((kind, name)) for name in own.tops} for kind, own in sums.items()}
    differences = {
        kind: {
            name: _figure(
                float((values[NETWORK, name] - values[kind, name])[0]),
                (rounds[NETWORK, name] - rounds[kind, name])[:, 0],
                n_patients,
                CORRELATION,
            )
            for name in (POINTING, ENERGY)
        }
        for kind in sums
        if kind != NETWORK
    }
    return {"scores": scores, "differences": differences, "share": figure((NETWORK, "share"))}


def _add_up(values: Floats, patients: Ints, n_patients: int) -> Floats:
    """Return the sums of rows, (n_cases, k), by patient, (n_patients, k)."""
    sums: Floats = np.zeros((n_patients, values.shape[1]))
    np.add.at(sums, patients, values)
    return sums


def _figure(value: float, rounds: Floats, n_patients: int, scale: Scale) -> dict[str, float]:
    low, high = interval_of_rounds(value, rounds, [n_patients], scale)
    return {"value": value, "low": low, "high": high}
