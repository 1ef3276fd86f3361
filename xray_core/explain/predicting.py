"""Predictions with all that is known about them: conformal sets, nearest images, unlike or not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from xray_core.errors import RunError
from xray_core.evaluation.conformal import Conformal, read_conformal
from xray_core.evaluation.nearest import NOBODY, Features, find_nearest, read_features
from xray_core.explain.batches import Images
from xray_core.explain.cut import build_with_features
from xray_core.explain.gradcam import map_images
from xray_core.explain.loaded import load_run
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.training.fused_norm import fuse_batch_norm
from xray_core.training.predict import (
    Network,
    Pixels,
    Predictor,
    load_predictor,
    load_to_predict,
)

NO_FEATURES = (
    "Whether an image is unlike the training images, and which of them are nearest, is not known: "
    "the features of this run have not been computed. Compute them on Inside, or by: xray features "
)

_seeing: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Answer:
    """What a run says of n images.

    Attributes:
        probabilities, raw: see `training.predict.Said`.
        predicted: the class, or the findings called, joined by "|", or "none".
        sets: the conformal set of each, the most probable class first; None where the run has none.
        nearest: ids of the nearest training images of each, the nearest first; None where the
            run's features have not been computed.
        distances: from 0 to 2, float32 (n, k), infinite where there is no such image; likewise.
        unlike: whether each is unlike the training images; likewise.
    """

    probabilities: NDArray[np.float64]
    raw: NDArray[np.float64]
    predicted: list[str]
    sets: list[list[str]] | None = None
    nearest: list[list[str]] | None = None
    distances: NDArray[np.float32] | None = None
    unlike: list[bool] | None = None


class Oracle:
    """A run that says all that it knows of images of the user.

    Attributes:
        predictor: its networks.
        conformal: what its sets go by, or why it has none.
        features: of its images, or why there are none.
    """

    def __init__(
        self, run: Run, given: Mapping[str, str] | None = None, *, keeps_loaded: bool = False
    ) -> None:
        """Load the networks; see `load_predictor`, whose errors these are.

        Args:
            run: whose networks.
            given: what is known beside the image.
            keeps_loaded: whether they stay for the next time (see `explain.loaded`) and heat maps
                can be made; else they are loaded to predict alone, which then is faster.
        """
        self.features = _find_features(run)
        knows = isinstance(self.features, Features)
        self._models: dict[str, Any] = {}

        def load(member: Run, recipe: Recipe) -> Any:
            if keeps_loaded:
                model = self._models[member.name] = load_run(member).model
                fuse_batch_norm(model)
            else:
                model = load_to_predict(member, recipe)
            return _see(model) if knows else model

        self.predictor: Predictor = load_predictor(run, given, load)
        self.conformal = _find_conformal(run)

    def answer(self, pixels: Sequence[Pixels]) -> Answer:
        """Return what it says of images; see `Predictor.say`."""
        said = self.predictor.say(pixels)
        answer = Answer(
            said.probabilities,
            said.raw,
            [self.predictor.name_answer(values) for values in said.probabilities],
            self.conformal.list_sets(said.probabilities)
            if isinstance(self.conformal, Conformal)
            else None,
        )
        if not isinstance(self.features, Features) or said.features is None:
            return answer
        places, distances = find_nearest(self.features, said.features)
        names = self.features.images["image_id"].to_numpy(object)
        return Answer(
            answer.probabilities,
            answer.raw,
            answer.predicted,
            answer.sets,
            [[str(names[place]) for place in row if place != NOBODY] for row in places],
            distances,
            [bool(value) for value in self.features.is_unlike(distances)],
        )

    def map(self, pixels: Sequence[Pixels], classes: Sequence[int]) -> NDArray[np.float32]:
        """Return a heat map of each image for a class, float32 (n, height, width) in [0, 1].

        Args:
            pixels: see `answer`.
            classes: (n,), places of classes.

        Raises:
            RunError: the run is an average, or its network has no map.
        """
        [*networks] = self.predictor.networks
        if len(networks) > 1:
            raise RunError(
                f"{self.predictor.run.read_nickname()} is an average of {len(networks)} networks, "
                "each of which looks elsewhere: there is no heat map of it. Choose one of them."
            )
        [model] = self._models.values()  # none where networks are loaded to predict alone
        return map_images(model, _as_images(networks[0], pixels[0]), np.asarray(classes, "int64"))


def _see(model: Any) -> Any:
    """Return a network that says what it sees as well; the same one for the same network.

    It is compiled by its first images.
    """
    if model not in _seeing:
        _seeing[model] = build_with_features(model)
    return _seeing[model]


def _as_images(network: Network, pixels: Pixels) -> Images:
    images: NDArray[np.float32] = pixels[..., np.newaxis].astype("float32")
    if network.beside is None:
        return images
    return {"image": images, "tabular": np.repeat(network.beside, len(pixels), axis=0)}


def _find_conformal(run: Run) -> Conformal | str:
    try:
        return read_conformal(run)
    except RunError as error:  # a run that was stopped has a network and no final predictions
        return f"There are no conformal sets: {error}"


def _find_features(run: Run) -> Features | str:
    if not run.best_checkpoint.is_file():
        return (
            "Whether an image is unlike the training images is known of single networks, not of an "
            "average."
        )
    try:
        features = read_features(run)
    except RunError as error:
        return f"The features of this run cannot be read: {error}"
    if features is None:
        return f"{NO_FEATURES}{run.name}"
    return features if len(features.training) else "Of this network no training images are known."
