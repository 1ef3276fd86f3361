"""What the network of a finished run, or those of several as one, say of prepared images."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xray_core.errors import RecipeError, RunError
from xray_core.evaluation.calibrate import Calibration, read_calibration
from xray_core.evaluation.metrics import predict_classes
from xray_core.evaluation.multilabel import call_findings, read_thresholds
from xray_core.evaluation.thresholds import KeptThreshold, read_threshold
from xray_core.models.saved import load_saved_model
from xray_core.preprocess.spec import PreprocessSpec
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.runs.members import find_members, list_specs
from xray_core.runs.origin import AVERAGE, read_origin
from xray_core.tasks import label_in_words
from xray_core.training.folded_norm import fold_batch_norm
from xray_core.training.tabular import read_columns, table_of

BATCH_SIZE = 64  # images at once

Pixels = NDArray[np.uint8]
Load = Callable[[Run, Recipe], Any]


@dataclass(frozen=True, eq=False)
class Said:
    """What a network, or several, say of n images.

    Attributes:
        probabilities: float64 (n, n_classes), calibrated where the run is; the mean of several.
        raw: the same as the networks give them.
        features: float32 (n, d), what the last layer before the classes sees; None where nobody
            asked.
    """

    probabilities: NDArray[np.float64]
    raw: NDArray[np.float64]
    features: NDArray[np.float32] | None = None


@dataclass(eq=False)
class Network:
    """A network, and what belongs to it.

    Attributes:
        recipe: of its run.
        model: answers an image with probabilities, or with {"probabilities": …, "features": …}.
        calibration: of the run; None: probabilities stay as they are.
        beside: what is known beside the image, float32 (1, n_features); None: it takes the image
            alone.
        n_asked: the most images that it was asked about at once.
    """

    recipe: Recipe
    model: Any
    calibration: Calibration | None
    beside: NDArray[np.float32] | None
    n_asked: int = 0

    def say(self, pixels: Pixels) -> Said:
        """Return what it says of prepared images, uint8 (n, size, size)."""
        parts = [
            self._say(pixels[start : start + BATCH_SIZE])
            for start in range(0, len(pixels), BATCH_SIZE)
        ]
        seen = [part.features for part in parts if part.features is not None]
        return Said(
            np.concatenate([part.probabilities for part in parts]),
            np.concatenate([part.raw for part in parts]),
            np.concatenate(seen) if seen else None,
        )

    def _say(self, pixels: Pixels) -> Said:
        answer = self._ask(pixels)
        seen = answer.get("features")
        values = answer["probabilities"].astype("float64")
        if self.recipe.test_time_augmentation:
            mirrored = self._ask(pixels[:, :, ::-1])["probabilities"]
            values = np.mean([values, mirrored], axis=0)
        calibrated = self.calibration.apply(values) if self.calibration else values
        return Said(calibrated, values, None if seen is None else seen.astype("float32"))

    def _ask(self, pixels: Pixels) -> dict[str, NDArray[np.floating]]:
        # The last of several batches is filled up: for another length of batch the network would
        # be compiled anew, which takes as long as hundreds of images.
        n, self.n_asked = len(pixels), max(self.n_asked, len(pixels))
        images = np.zeros((self.n_asked, *pixels.shape[1:], 1), np.float32)
        images[:n, ..., 0] = pixels
        batch: Any = images
        if self.beside is not None:
            batch = {"image": images, "tabular": np.repeat(self.beside, len(images), axis=0)}
        answer = self.model.predict_on_batch(batch)
        named = answer if isinstance(answer, dict) else {"probabilities": answer}
        return {name: values[:n] for name, values in named.items()}


@dataclass(frozen=True, eq=False)
class Predictor:
    """A run that can predict.

    Attributes:
        run: its folder.
        recipe: its own.
        networks: its own, or one of each member of an average.
        specs: the ways in which its networks want images prepared, each once.
        kept: the threshold of two classes that the run keeps; None: the most probable is predicted.
        name_answer: names the answer that probabilities, (n_classes,), come to.
        missing: tabular columns that its networks take and that were not given.
    """

    run: Run
    recipe: Recipe
    networks: tuple[Network, ...]
    specs: tuple[PreprocessSpec, ...]
    kept: KeptThreshold | None
    name_answer: Callable[[NDArray[np.float64]], str]
    missing: tuple[str, ...] = ()

    def say(self, pixels: Sequence[Pixels]) -> Said:
        """Return what the networks say, the mean of several.

        Args:
            pixels: for each of `specs` the prepared images, uint8 (n, size, size); n at least 1.
        """
        of_spec = dict(zip(self.specs, pixels, strict=True))
        said = [network.say(of_spec[network.recipe.preprocess]) for network in self.networks]
        if len(said) == 1:
            return said[0]
        return Said(
            np.mean([each.probabilities for each in said], axis=0),
            np.mean([each.raw for each in said], axis=0),
        )


def load_predictor(
    run: Run, given: Mapping[str, str] | None = None, load: Load | None = None
) -> Predictor:
    """Load the networks of a run.

    An average gives the mean of what the networks of its members say, each with its own
    preprocessing and calibration.

    Args:
        run: with a finished epoch, or an average of such.
        given: tabular column -> value, known of all images, where the run's network takes such
            columns beside the image; what is not given counts as missing.
        load: gives the network of a run; None for `load_to_predict`.

    Raises:
        RunError: the run has no finished epoch, its network is damaged, or a member of an average
            is missing.
        RecipeError: a value was given that the network cannot take.
    """
    given = given or {}
    origin = read_origin(run)
    if origin is not None and origin.kind == AVERAGE:
        members = find_members(run, origin)
    elif run.best_checkpoint.is_file():
        members = [run]
    else:
        what = "finished epoch" if origin is None else "network"
        raise RunError(f"{run.name} has no {what} to predict with.")
    recipe, recipes = run.read_recipe(), [member.read_recipe() for member in members]
    if recipe.asks_masks:
        raise RunError(
            f"{run.name} draws masks and predicts no class. `xray lungs {run.name} IMAGE … --out "
            "FOLDER` draws those of image files."
        )
    wanted = list(dict.fromkeys(name for each in recipes for name in each.tabular))
    strange = [name for name in given if name not in wanted]
    if strange and not wanted:
        raise RecipeError(
            f"{', '.join(strange)} was given, but {recipe.model}, which {run.name} trained, takes "
            "the image alone. Leave it out."
        )
    if strange and len(members) > 1:
        raise RecipeError(
            f"{', '.join(strange)} was given, but no network of {run.read_nickname()} takes it. "
            "Leave it out."
        )
    kept, many = _read_kept(run, recipe), len(members) > 1
    return Predictor(
        run,
        recipe,
        tuple(
            _build_network(
                member,
                each,
                # Of a single network, what it does not know is refused.
                {name: v for name, v in given.items() if name in each.tabular or not many},
                load or load_to_predict,
            )
            for member, each in zip(members, recipes, strict=True)
        ),
        tuple(list_specs(run)),
        kept,
        _name_answers(run, recipe, kept),
        tuple(name for name in wanted if name not in given),
    )


def load_network(run: Run, recipe: Recipe) -> Any:
    """Return the network that a run has kept, if it takes what the recipe says and answers so."""
    try:
        model = load_saved_model(run.best_checkpoint)
    except RecipeError as error:
        raise RunError(f"{error} Restart the run {run.name}.") from error
    side, n_classes = recipe.preprocess.size, len(recipe.class_names)
    wanted = (None, side, side, 1) if recipe.asks_masks else (None, n_classes)
    shapes = [tuple(tensor.shape) for tensor in model.inputs]
    answers = [tuple(tensor.shape) for tensor in model.outputs]
    if (None, side, side, 1) not in shapes or answers != [wanted]:
        raise RunError(
            f"{run.best_checkpoint} is not the network of its recipe: it takes {shapes} and "
            f"answers {answers}, for {n_classes} classes and images of {side} px. "
            f"Restart the run {run.name}."
        )
    return model


def load_to_predict(run: Run, recipe: Recipe) -> Any:
    """Return the network that a run has kept, fit for predicting alone, which is soon done."""
    model = load_network(run, recipe)
    fold_batch_norm(model)
    return model


def _build_network(run: Run, recipe: Recipe, given: Mapping[str, str], load: Load) -> Network:
    beside = None
    if recipe.tabular:
        columns = read_columns(run)
        beside = columns.encode(table_of(columns, given))
    return Network(recipe, load(run, recipe), read_calibration(run), beside)


def _read_kept(run: Run, recipe: Recipe) -> KeptThreshold | None:
    """Return the threshold of a run with two classes; None where the most probable is predicted."""
    two = len(recipe.class_names) == 2 and not recipe.multilabel
    return read_threshold(run) if two else None


def _name_answers(
    run: Run, recipe: Recipe, kept: KeptThreshold | None
) -> Callable[[NDArray[np.float64]], str]:
    """Return what names the answer that probabilities, shape (n_classes,), come to."""
    classes = list(recipe.class_names)
    if recipe.multilabel:
        return _name_by_thresholds(run, classes)
    return _name_by_threshold(classes, kept.value) if kept else _name_best(classes)


def _name_best(classes: list[str]) -> Callable[[NDArray[np.float64]], str]:
    """Return what names the most probable class."""
    return lambda values: classes[int(predict_classes(values))]


def _name_by_threshold(
    classes: list[str], threshold: float
) -> Callable[[NDArray[np.float64]], str]:
    """Return what names the second class where its probability reaches the threshold."""
    return lambda values: classes[int(values[1] >= threshold)]


def _name_by_thresholds(run: Run, classes: list[str]) -> Callable[[NDArray[np.float64]], str]:
    """Return what names the findings that are called, by the thresholds of the run."""
    chosen = read_thresholds(run)
    limits = chosen["thresholds"] if chosen else {}

    def name_called(values: NDArray[np.float64]) -> str:
        return str(label_in_words(call_findings(values[None], classes, limits), classes)[0])

    return name_called
