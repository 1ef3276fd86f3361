"""A network's heat maps held against radiologists' boxes, over all boxed images of a set."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.datasets import open_dataset
from xray_core.errors import RunError
from xray_core.evaluation.shown import shown_subset
from xray_core.evaluation.where.baselines import (
    draw_blob,
    heat_boxes,
    mean_of_others,
    move_boxes,
)
from xray_core.evaluation.where.cases import Case, Cases, find_cases
from xray_core.evaluation.where.files import write_where
from xray_core.evaluation.where.scores import MapScore, mark_boxes, score_map
from xray_core.evaluation.where.summary import (
    CENTRE,
    MEAN,
    NETWORK,
    RANDOM,
    UNTRAINED,
    Sums,
    sum_scores,
    summarise,
)
from xray_core.explain.batches import Images
from xray_core.explain.gradcam import METHODS, map_images
from xray_core.explain.images import prepare_images
from xray_core.explain.loaded import LoadedRun, check_classes, load_run
from xray_core.explain.untrained import build_untrained
from xray_core.runs import Run
from xray_core.runs.explained import stamp_network
from xray_core.workspace import Workspace

SEEDS = (0, 1, 2)  # of the untrained networks, whose scores are averaged
N_DRAWS = 10  # of random boxes for each case, likewise
CHUNK = 64  # images in memory at once

Progress = Callable[[int, int], None]
Maps = NDArray[np.float32]


def compute_where(
    run: Run, workspace: Workspace, method: str = "gradcam", progress: Progress | None = None
) -> dict[str, Any]:
    """Score the heat maps of all boxed images, keep the result with the run, and return it.

    Of the test set where it is open, and else of the validation set.

    Args:
        run: finished.
        workspace: where its dataset is known.
        method: one of `gradcam.METHODS`.
        progress: called with (maps done, of how many).

    Returns:
        What `evaluation.where.files.WhereNotes` says.

    Raises:
        RunError: there is no such method, the run has no network or no boxed image.
        XrayError: the dataset is gone.
        OSError: the disk refuses.
    """
    if method not in METHODS:
        raise RunError(f"{method!r} is no kind of heat map. Choose one of: {', '.join(METHODS)}.")
    check_classes(run)
    began = time.monotonic()
    subset, checkpoint, loaded = shown_subset(run, workspace), stamp_network(run), load_run(run)
    boxed = _find(loaded, subset, workspace)
    cases, left_out = boxed.cases, dict(boxed.left_out)
    images = list(dict.fromkeys(case.image_id for case in cases))
    done, total = 0, len(cases) * (1 + len(SEEDS))
    networks = [loaded.model, *(build_untrained(loaded.model, seed) for seed in SEEDS)]
    kept: list[Case] = []
    own_maps: list[Maps] = []
    untrained: list[list[MapScore]] = []
    for start in range(0, len(images), CHUNK):
        prepared = prepare_images(loaded, images[start : start + CHUNK], workspace)
        if prepared.unread:
            why = "images that cannot be read any more"
            left_out[why] = left_out.get(why, 0) + len(prepared.unread)
        places = {name: place for place, name in enumerate(prepared.ids)}
        wanted = set(images[start : start + CHUNK])
        part = [case for case in cases if case.image_id in wanted]
        there = [case for case in part if case.image_id in places]
        if not there:
            continue
        given = _pick(prepared.images, np.array([places[case.image_id] for case in there]))
        classes = list(loaded.recipe.class_names)
        targets = np.array([classes.index(case.target) for case in there])

        def note(so_far: int, _: int) -> None:
            if progress is not None:
                progress(min(done + so_far, total), total)  # noqa: B023  # called within the round

        of_networks = []
        for network in networks:
            of_networks.append(map_images(network, given, targets, method, note))
            done += len(there)
        done += (len(part) - len(there)) * len(networks)
        kept += there
        own_maps.append(of_networks[0])
        for place, case in enumerate(there):
            untrained.append([score_map(maps[place], case.boxes) for maps in of_networks[1:]])
    if not kept:
        raise RunError(f"None of the boxed images of {run.read_nickname()} can be read any more.")
    maps = np.concatenate(own_maps)
    notes = _summarise(kept, maps, untrained)
    notes |= {
        "run": run.name,
        "subset": subset,
        "method": method,
        "left_out": left_out,
        "seconds": round(time.monotonic() - began, 1),
    }
    if stamp_network(run) != checkpoint:
        raise RunError(
            f"The weights of {run.name} were replaced meanwhile. Compute the maps again."
        )
    write_where(run, notes, _list_rows(kept, maps), np.rint(maps * 255).astype(np.uint8))
    return notes


def _find(loaded: LoadedRun, subset: str, workspace: Workspace) -> Cases:
    """Return the cases of a set. Raises RunError without any."""
    recipe, run = loaded.recipe, loaded.run
    catalog = open_dataset(Path(recipe.data_folder), workspace.cache)
    predictions = run.read_predictions()
    boxed = find_cases(
        predictions[predictions["subset"] == subset],
        catalog,
        recipe.class_names,
        recipe.preprocess,
        multilabel=recipe.multilabel,
    )
    if not boxed.cases:
        reasons = "; ".join(f"{count:,} {why}" for why, count in boxed.left_out.items())
        raise RunError(
            f"No image of the {subset} set of {run.read_nickname()} has a box to hold its heat map "
            f"against{f' ({reasons})' if reasons else ''}. Choose a run on a dataset with boxes, "
            "such as the demo data or SIIM."
        )
    return boxed


def _pick(images: Images, places: NDArray[np.int64]) -> Images:
    if isinstance(images, Mapping):
        return {name: values[places] for name, values in images.items()}
    return images[places]


def _summarise(cases: list[Case], maps: Maps, untrained: list[list[MapScore]]) -> dict[str, Any]:
    """Return every figure of the cases, of all together and of each class where there are several.

    Args:
        cases: of which there are maps.
        maps: float32 (n_cases, h, w).
        untrained: of each case, how the maps of the untrained networks fit.
    """
    rng = np.random.default_rng(0)
    names = np.array([case.target for case in cases])
    groups = [case.group for case in cases]
    blob, n_cells = draw_blob(), maps.shape[1] * maps.shape[2]
    means = mean_of_others(
        maps,
        np.unique(names, return_inverse=True)[1],
        np.unique(np.array(groups), return_inverse=True)[1],
    )
    scores: dict[str, list[list[MapScore]]] = {
        NETWORK: [[score_map(heat, case.boxes)] for case, heat in zip(cases, maps, strict=True)],
        UNTRAINED: untrained,
        MEAN: [[score_map(heat, case.boxes)] for case, heat in zip(cases, means, strict=True)],
        CENTRE: [[score_map(blob, case.boxes)] for case in cases],
        RANDOM: [[_score_moved(case, rng) for _ in range(N_DRAWS)] for case in cases],
    }
    shares = np.array([mark_boxes(case.boxes).mean() for case in cases])

    def summarise_some(places: NDArray[np.int64]) -> dict[str, Any]:
        chosen = [cases[place] for place in places]
        sums: dict[str, Sums] = {
            kind: sum_scores([of_kind[place] for place in places])
            for kind, of_kind in scores.items()
        }
        return summarise(sums, [case.group for case in chosen], shares[places]) | {
            "n_cases": len(chosen),
            "n_images": len({case.image_id for case in chosen}),
            "n_patients": len({case.group for case in chosen}),
            "n_boxes": sum(len(case.boxes) for case in chosen),
        }

    targets = list(dict.fromkeys(names))
    areas = np.concatenate([case.boxes[:, 2:].prod(axis=1) for case in cases])
    return summarise_some(np.arange(len(cases))) | {
        "per_class": {name: summarise_some(np.flatnonzero(names == name)) for name in targets}
        if len(targets) > 1
        else {},
        "grid": list(maps.shape[1:]),
        "n_small": int((areas < 1 / n_cells).sum()),
        "n_empty": int((~maps.any(axis=(1, 2))).sum()),
        "seeds": list(SEEDS),
        "n_draws": N_DRAWS,
    }


def _score_moved(case: Case, rng: np.random.Generator) -> MapScore:
    moved = move_boxes(case.boxes, rng)
    return score_map(heat_boxes(moved), case.boxes, moved)


def _list_rows(cases: list[Case], maps: Maps) -> pd.DataFrame:
    """Return the table of the network's own maps, a row for each case."""
    rows = []
    for case, heat in zip(cases, maps, strict=True):
        score = score_map(heat, case.boxes)
        rows.append(
            {
                "image_id": case.image_id,
                "group": case.group,
                "target": case.target,
                "n_boxes": len(case.boxes),
                "hit": score.hit,
                "near": score.near,
                "energy": score.energy,
                "share": mark_boxes(case.boxes).mean(),
                "iou": score.iou.max(initial=0.0),
                "iobb": score.iobb.max(initial=0.0),
            }
        )
    return pd.DataFrame(rows)
