"""What a recipe holds, how it is changed for a what-if, and how it is stored."""

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from xray_core.errors import RecipeError
from xray_core.labels import find_view
from xray_core.models import MODELS, check_options, check_weights_kind
from xray_core.preprocess.spec import AugmentSpec, PreprocessSpec
from xray_core.splits import SplitSpec

OPTIMIZERS = ("adam", "nadam", "sgd", "rmsprop")
SCHEDULES = ("constant", "cosine")
TRAINABLE = ("all", "head")
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
JUDGED_EPOCHS = ("best", "last")
CLASS_WEIGHTS = ("none", "balanced")


@dataclass(frozen=True)
class Phase:
    """One stretch of training with fixed settings.

    Attributes:
        name: short, unique in its recipe.
        epochs: at most this many.
        trainable: "all", or "head": the pretrained base is frozen.
        optimizer: one of `OPTIMIZERS`.
        learning_rate: at the start of the phase.
        schedule: "constant", or "cosine": falls to zero over the epochs of the phase.
        patience: stop after this many epochs without a lower validation loss; 0: never.
    """

    name: str
    epochs: int
    trainable: str = "all"
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    schedule: str = "constant"
    patience: int = 0

    def __post_init__(self) -> None:
        where = f"phases.{self.name}"
        check_choice(f"{where}.trainable", self.trainable, TRAINABLE)
        check_choice(f"{where}.optimizer", self.optimizer, OPTIMIZERS)
        check_choice(f"{where}.schedule", self.schedule, SCHEDULES)
        _check_range(f"{where}.epochs", self.epochs, 1, 10_000)
        _check_range(f"{where}.patience", self.patience, 0, 10_000)
        _check_range(f"{where}.learning_rate", self.learning_rate, 1e-9, 10)


@dataclass(frozen=True)
class Recipe:
    """A complete, checked training recipe; plain data.

    Attributes:
        name: of the published recipe, or of the what-if made from it.
        title: for a person.
        source: where it comes from.
        about: what it is and how it differs from its source.
        dataset: reader name.
        label_view: name in `LABEL_VIEWS`.
        model: name in `MODELS`.
        phases: one after the other, the best weights so far carried on.
        model_options: keyword arguments of the model's builder.
        weights: "random", "imagenet" (pretrained models), or the path of a file: of weights
            without top (pretrained models), or the `.keras` model that an earlier run kept.
        batch_size: images per step.
        class_weights: "balanced" weighs each class by the inverse of its frequency.
        precision: of the computation. "mixed_bfloat16" doubles the speed of plain CNNs on
            processors and GPUs made for it, and slows others; "mixed_float16" is for GPUs.
        finer_targets: whether each combination of published labels, of study and image, is learnt
            as a class of its own; the probability of a judged class is the sum of its own.
        judged_epoch: whose weights are kept and judged: "best" by validation loss, or "last",
            which suits a learning rate that falls to zero and a small validation part.
        average_mirror: whether the final predictions are the mean of those for the image and
            for its mirror image.
        calibrate: whether the final probabilities are scaled and shifted to fit the validation
            part; see `evaluation.calibrate`. Without a test part they stay as they are.
        seed: of weights, order and augmentation.
        published: metric -> the source's figure, for comparison.
        parent: the published recipe that this what-if was made from.
        changes: what the what-if changed, field -> value.
        data_folder: the dataset to train on; empty until a run is made.
        classes: of a label view that takes its classes from the data; empty until then.
    """

    name: str
    title: str
    source: str
    dataset: str
    label_view: str
    model: str
    phases: tuple[Phase, ...]
    about: str = ""
    preprocess: PreprocessSpec = PreprocessSpec()
    augment: AugmentSpec = AugmentSpec()
    split: SplitSpec = SplitSpec()
    model_options: Mapping[str, float | str] = field(default_factory=dict)
    weights: str = "random"
    batch_size: int = 32
    class_weights: str = "none"
    precision: str = "float32"
    finer_targets: bool = False
    judged_epoch: str = "best"
    average_mirror: bool = False
    calibrate: bool = False
    seed: int = 0
    published: Mapping[str, float] = field(default_factory=dict)
    parent: str = ""
    changes: Mapping[str, Any] = field(default_factory=dict)
    data_folder: str = ""
    classes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_choice("model", self.model, MODELS)
        check_choice("class_weights", self.class_weights, CLASS_WEIGHTS)
        check_choice("judged_epoch", self.judged_epoch, JUDGED_EPOCHS)
        check_choice("precision", self.precision, PRECISIONS)
        _check_range("batch_size", self.batch_size, 1, 1024)
        _check_range("seed", self.seed, 0, 2**31 - 1)
        if not self.phases:
            raise RecipeError(f"{self.name} has no phase; a recipe needs at least one.")
        names = [phase.name for phase in self.phases]
        if len(set(names)) < len(names):
            raise RecipeError(f"Phase names must differ, but are: {', '.join(names)}.")
        view = find_view(self.label_view)
        if view.dataset != self.dataset:
            raise RecipeError(
                f"label_view {self.label_view!r} belongs to {view.dataset!r}, "
                f"not to {self.dataset!r}."
            )
        if view.multilabel:
            raise RecipeError(
                f"label_view {self.label_view!r} gives an image several classes at once, which "
                "can be explored but not trained yet. Choose a view with one class an image."
            )
        card = MODELS[self.model]
        frozen = [phase.name for phase in self.phases if phase.trainable == "head"]
        if frozen and not card.pretrained:
            raise RecipeError(
                f"phases.{frozen[0]}.trainable is 'head', but {self.model} has no pretrained base "
                "to freeze. Choose: all."
            )
        check_options(self.model, self.model_options)
        check_weights_kind(self.model, self.weights)
        if self.preprocess.size < card.min_size:
            raise RecipeError(
                f"preprocess.size is {self.preprocess.size} px, but {self.model} needs "
                f"at least {card.min_size}."
            )

    @property
    def class_names(self) -> tuple[str, ...]:
        """The model's outputs in order; empty while the view's dataset is not known."""
        return self.classes or tuple(find_view(self.label_view).classes)

    @property
    def n_epochs(self) -> int:
        """Most epochs that all phases together can take."""
        return sum(phase.epochs for phase in self.phases)

    def to_json(self) -> str:
        """Return the recipe as indented JSON, as stored in a run folder."""
        return json.dumps(dataclasses.asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> "Recipe":
        """Read what `to_json` wrote. Raises RecipeError on an unknown, missing or odd field."""
        try:
            fields = json.loads(text)
        except ValueError as error:
            raise RecipeError(f"Not a recipe: {error}.") from error
        return recipe_from_fields(fields)


T = TypeVar("T")


def recipe_from_fields(fields: Any) -> Recipe:
    """Return a checked recipe of plain data, as JSON holds it. Raises RecipeError."""
    return _from_fields(Recipe, fields, "recipe")


def _from_fields(cls: type[T], fields: Any, where: str) -> T:
    """Build the dataclass `cls` from parsed JSON, checking names and types all the way down."""
    if not isinstance(fields, dict):
        raise RecipeError(f"{where} must be a JSON object, not {fields!r}.")
    hints = typing.get_type_hints(cls)
    if unknown := sorted(set(fields) - set(hints)):
        raise RecipeError(f"{where} has unknown fields: {', '.join(unknown)}.")
    values = {name: _convert(hints[name], v, f"{where}.{name}") for name, v in fields.items()}
    try:
        return cls(**values)
    except TypeError as error:  # a field is missing; Python's message names it
        raise RecipeError(f"{where} is incomplete: {error}.") from error


def _convert(kind: Any, value: Any, where: str) -> Any:
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _from_fields(kind, value, where)
    origin = typing.get_origin(kind)
    inner = typing.get_args(kind)
    if origin is types.UnionType:
        kind = type(value) if type(value) in inner else inner[0]
    if origin is tuple and isinstance(value, list):
        return tuple(_convert(inner[0], item, f"{where}[{i}]") for i, item in enumerate(value))
    if origin is Mapping and isinstance(value, dict):
        return {name: _convert(inner[1], item, f"{where}.{name}") for name, item in value.items()}
    if kind is Any:
        return value
    if kind is float and type(value) in (int, float):
        return float(value)
    if type(value) is not kind:  # exactly: a bool is no int here
        raise RecipeError(f"{where} is {value!r}, which is not of its type.")
    return value


def check_choice(name: str, value: str, choices: Any) -> None:
    """Raise RecipeError if `value` of the field `name` is none of `choices`."""
    if value not in choices:
        raise RecipeError(f"{name} is {value!r}. Choose one of: {', '.join(choices)}.")


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise RecipeError(f"{name} is {value}; choose {low:g} to {high:g}.")
