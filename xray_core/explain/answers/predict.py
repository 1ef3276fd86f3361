"""Answers about images of the user, which come in memory and are kept nowhere."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from xray_core.errors import RunError
from xray_core.evaluation.conformal import Conformal, measure_coverage
from xray_core.evaluation.nearest import Features
from xray_core.evaluation.shown import shown_subset
from xray_core.explain.predicting import Oracle
from xray_core.runs import find_run
from xray_core.workspace import Workspace

BLOCK = 32  # images between two words on the progress
MOST = 1000  # images that can be asked about at once


def answer_predict(
    workspace: Workspace, arguments: Mapping[str, Any], progress: Callable[[int, int], None]
) -> dict[str, Any]:
    """Return what a run says of prepared images.

    Args:
        workspace: where the run lies.
        arguments: run, a name; pixels, uint8 (n, size, size), as `preprocess.uploads` prepares
            them; more, a list of the same for each further way of preparing, see
            `runs.members.list_specs` (may be absent); given, tabular column -> value (may be
            absent); maps, whether heat maps are made.
        progress: called with (images done, of how many); heat maps count as images.

    Returns:
        probabilities, float64 (n, n_classes), calibrated where the run is; raw, the same as the
        network gives them; predicted, n classes, of a multi-label task findings joined by "|" or
        "none"; threshold, that the run keeps of two classes, or None; missing, tabular columns that
        were not given; notes, sentences on what is absent.

        Where the run has them: sets, n lists of classes, the most probable first; coverage, where
        its test set is open, the share of test images whose set holds the true class (value, low,
        high, n, n_patients; see `conformal.measure_coverage`); nearest, n lists
        of image ids; distances, float32 (n, k); unlike, n times whether; limit, the distance from
        which that is so; maps, uint8 (n, height, width), of the predicted class, or of the most
        probable finding.

    Raises:
        RunError: there is no such run or network, or the images are not prepared as it wants them.
        RecipeError: a value was given that the network cannot take.
    """
    run = find_run(workspace.runs, str(arguments["run"]))
    given = {str(name): str(value) for name, value in (arguments.get("given") or {}).items()}
    progress(0, 0)
    oracle = Oracle(run, given, keeps_loaded=True)
    predictor = oracle.predictor
    pixels = [np.asarray(part) for part in (arguments["pixels"], *(arguments.get("more") or ()))]
    n = len(pixels[0])
    shapes = [(n, spec.size, spec.size) for spec in predictor.specs]
    if [part.shape for part in pixels] != shapes or not 0 < n <= MOST:
        raise RunError(
            f"{run.read_nickname()} takes 1 to {MOST:,} images, prepared as {shapes}; given were "
            f"{[part.shape for part in pixels]}. Give the images again."
        )
    wants_maps = bool(arguments.get("maps"))
    total = n * (1 + wants_maps)
    parts = []
    for start in range(0, n, BLOCK):
        progress(start, total)
        parts.append(oracle.answer([part[start : start + BLOCK] for part in pixels]))
    probabilities = np.concatenate([part.probabilities for part in parts])
    predicted = [name for part in parts for name in part.predicted]
    answer: dict[str, Any] = {
        "probabilities": probabilities,
        "raw": np.concatenate([part.raw for part in parts]),
        "predicted": predicted,
        "threshold": predictor.kept.value if predictor.kept else None,
        "missing": list(predictor.missing),
        "notes": [why for why in (oracle.conformal, oracle.features) if isinstance(why, str)],
    }
    if isinstance(oracle.conformal, Conformal):
        answer["sets"] = [names for part in parts for names in part.sets or ()]
        if shown_subset(run, workspace) == "test":
            coverage = measure_coverage(oracle.conformal, run.read_predictions(), "test")
            answer["coverage"] = dict(coverage.covered)
    if isinstance(oracle.features, Features):
        answer["nearest"] = [names for part in parts for names in part.nearest or ()]
        answer["distances"] = np.concatenate(
            [part.distances for part in parts if part.distances is not None]
        )
        answer["unlike"] = [is_so for part in parts for is_so in part.unlike or ()]
        answer["limit"] = oracle.features.limit
    if wants_maps:
        classes = list(predictor.recipe.class_names)
        best = probabilities.argmax(axis=1)
        targets = [
            classes.index(name) if name in classes else int(highest)
            for name, highest in zip(predicted, best, strict=True)
        ]
        maps = []
        try:
            for start in range(0, n, BLOCK):
                progress(n + start, total)
                block = [part[start : start + BLOCK] for part in pixels]
                maps.append(oracle.map(block, targets[start : start + BLOCK]))
        except RunError as error:  # the rest of the answer is none the worse
            answer["notes"].append(str(error))
        else:
            answer["maps"] = np.rint(np.concatenate(maps) * 255).astype(np.uint8)
    progress(total, total)
    return answer
