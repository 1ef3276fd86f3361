"""What a recipe holds, and how it is stored."""

import dataclasses
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from xray_core.catalog import TABULAR
from xray_core.errors import RecipeError
from xray_core.files import parse_json
from xray_core.models import MASK_OUTPUT, MODELS, check_options, check_weights_kind
from xray_core.preprocess.spec import AugmentSpec, PreprocessSpec
from xray_core.recipes.checks import check_choice, check_masks, check_range, check_several
from xray_core.recipes.phase import Phase
from xray_core.records import build_record
from xray_core.selection import CLASS, FilterError, parse_filters
from xray_core.splits import UNTESTED_METHODS, SplitSpec
from xray_core.tasks import ANY, MASKS, find_task

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
SELECTED_EPOCHS = ("best", "last")
CLASS_WEIGHTS = ("none", "balanced")
LOSSES = ("cross_entropy", "focal", "dice")
MASK_LOSS = "dice"
SAMPLINGS = ("shuffle", "balanced")
FOCAL_GAMMA = 2.0  # the source's best; see `Recipe`

__all__ = ["Phase", "Recipe", "recipe_from_fields"]


@dataclass(frozen=True)
class Recipe:
    """A complete, checked training recipe; plain data.

    Attributes:
        name: of the published recipe, also where settings were changed.
        title: for a person.
        source: where it comes from.
        about: what it is and how it differs from its source.
        dataset: reader name.
        task: name in `TASKS`.
        model: name in `MODELS`.
        phases: one after the other, the best weights so far carried on.
        model_options: keyword arguments of the model's builder.
        selection: which of the dataset's images there are for this recipe, as
            `selection.format_filters` writes it; "" for all. Patients, split and leaks are
            those of what is left.
        tabular: columns of the catalog, of `catalog.TABULAR`, that a model with a branch for
            them takes beside the image, at least one; none for the other models.
        weights: "random", "imagenet" (pretrained models), or the path of a file: of weights
            without top (pretrained models), or the `.keras` model that an earlier run kept; or
            "run:NAME", that of the newest finished run of the recipe NAME, or of the run NAME; or
            "ask", where only the user can have such a file.
        batch_size: images per step.
        class_weights: "balanced" weighs each class by the inverse of its frequency; of a
            multi-label task, for each finding the images that show it by the inverse of theirs
            and those that do not by that of theirs, so that both count the same in sum.
        loss: the training loss. "cross_entropy", which of whole targets is the same
            function that Keras calls sparse, and of a multi-label task is binary cross-entropy
            over the findings that are known; or "focal" (Lin et al. 2017, arXiv:1708.02002): the
            share of an image in it is multiplied by (1 - p) ** focal_gamma, p being the
            probability of its class, so that easy images count for less. The validation loss is
            plain cross-entropy whatever is learnt. "dice", of a task that asks for masks and of
            no other: one minus the Dice coefficient of probabilities and mask, plus the binary
            cross-entropy of the pixels (Milletari et al. 2016, arXiv:1606.04797); the validation
            loss is the same.
        focal_gamma: of "focal", 0 (plain cross-entropy) to 10.
        label_smoothing: share of each target that is spread evenly over all classes (Szegedy et
            al. 2016, arXiv:1512.00567); 0 to below 1.
        sampling: "shuffle": each epoch shows every image once; "balanced": as many images of each
            class, together as many as there are, rounded up; rare classes are repeated, and of
            frequent ones each epoch shows others. Not together with balanced class weights.
        mixup: 0: off; otherwise each batch is mixed with itself in another order, images and
            what they cost, each by its own class weight, in a proportion drawn from
            Beta(mixup, mixup) (Zhang et al. 2018, arXiv:1710.09412); up to 1.
        precision: of the computation. "mixed_bfloat16" doubles the speed of plain CNNs on
            processors and GPUs made for it, and slows others; "mixed_float16" is for GPUs.
        combined_labels: whether each combination of published labels, of study and image, is learnt
            as a class of its own; the probability of a class is the sum over its combinations.
        selected_epoch: whose weights are kept and evaluated: "best" by validation loss, or "last",
            which suits a learning rate that falls to zero and a small validation set.
        test_time_augmentation: whether the final predictions are the mean of those for the image
            and for its mirror image.
        calibrate: whether the final probabilities are scaled and shifted to fit the validation
            set; see `evaluation.calibrate`. Without a test set they stay as they are.
        seed: of weights, order and augmentation.
        published: metric -> the source's figure, for comparison.
        parent: the published recipe that this one was changed from; empty if unchanged.
        changes: what was changed in it, field -> value.
        data_folder: the dataset to train on; empty until a run is made.
        classes: of a task that takes its classes from the data; empty until then.
    """

    name: str
    title: str
    source: str
    dataset: str
    task: str
    model: str
    phases: tuple[Phase, ...]
    about: str = ""
    preprocess: PreprocessSpec = PreprocessSpec()
    augment: AugmentSpec = AugmentSpec()
    split: SplitSpec = SplitSpec()
    model_options: Mapping[str, float | str] = field(default_factory=dict)
    selection: str = ""
    tabular: tuple[str, ...] = ()
    weights: str = "random"
    batch_size: int = 32
    class_weights: str = "none"
    loss: str = "cross_entropy"
    focal_gamma: float = FOCAL_GAMMA
    label_smoothing: float = 0.0
    sampling: str = "shuffle"
    mixup: float = 0.0
    precision: str = "float32"
    combined_labels: bool = False
    selected_epoch: str = "best"
    test_time_augmentation: bool = False
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
        check_choice("selected_epoch", self.selected_epoch, SELECTED_EPOCHS)
        check_choice("precision", self.precision, PRECISIONS)
        check_range("batch_size", self.batch_size, 1, 1024)
        check_range("seed", self.seed, 0, 2**31 - 1)
        _check_loss(self)
        _check_sampling(self)
        if not self.phases:
            raise RecipeError(f"{self.name} has no phase; a recipe needs at least one.")
        names = [phase.name for phase in self.phases]
        if len(set(names)) < len(names):
            raise RecipeError(f"Phase names must differ, but are: {', '.join(names)}.")
        task, card = find_task(self.task), MODELS[self.model]
        if task.dataset not in (ANY, self.dataset):
            raise RecipeError(
                f"task {self.task!r} belongs to {task.dataset!r}, not to {self.dataset!r}."
            )
        _check_output(self)
        if task.multilabel:
            check_several(self.task, self.combined_labels, self.calibrate, self.sampling)
        if not card.pretrained:
            _check_no_base(self)
        _check_selection(self)
        _check_tabular(self)
        check_options(self.model, self.model_options)
        check_weights_kind(self.model, self.weights)
        if self.preprocess.size < card.min_size:
            raise RecipeError(
                f"preprocess.size is {self.preprocess.size} px, but {self.model} needs "
                f"at least {card.min_size}."
            )

    @property
    def class_names(self) -> tuple[str, ...]:
        """The model's outputs in order; empty while the task's dataset is not known."""
        return self.classes or tuple(find_task(self.task).classes)

    @property
    def multilabel(self) -> bool:
        """Whether an image may have several classes at once."""
        return find_task(self.task).multilabel

    @property
    def asks_masks(self) -> bool:
        """Whether pixels are looked for, and not the class of an image; see `Task.asks`."""
        return find_task(self.task).asks == MASKS

    @property
    def origin(self) -> str:
        """Return the source without the place in it, e.g. "X-ray Lab"."""
        return re.split("[,;]", self.source)[0]

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
            fields = parse_json(text)
        except ValueError as error:
            raise RecipeError(f"Not a recipe: {error}.") from error
        return recipe_from_fields(fields)


def _check_loss(recipe: Recipe) -> None:
    check_choice("loss", recipe.loss, LOSSES)
    check_range("focal_gamma", recipe.focal_gamma, 0, 10)
    check_range("label_smoothing", recipe.label_smoothing, 0, 1, below=True)
    if recipe.loss != "focal" and recipe.focal_gamma != FOCAL_GAMMA:
        raise RecipeError(
            f"focal_gamma is {recipe.focal_gamma}, but loss is {recipe.loss!r}, which has none. "
            f"Set loss=focal, or focal_gamma={FOCAL_GAMMA:g}."
        )


def _check_output(recipe: Recipe) -> None:
    """Raise RecipeError if the model does not answer what the task asks."""
    draws_masks = MODELS[recipe.model].output == MASK_OUTPUT
    if recipe.asks_masks != draws_masks:
        able = [n for n, card in MODELS.items() if (card.output == MASK_OUTPUT) != draws_masks]
        what, other = ("masks", "classes") if recipe.asks_masks else ("classes", "masks")
        raise RecipeError(
            f"task {recipe.task!r} asks for {what}, but {recipe.model} answers with {other}. "
            f"Set model to one of: {', '.join(able)}."
        )
    if recipe.asks_masks:
        check_masks(
            recipe.task,
            {
                "loss": (recipe.loss, MASK_LOSS),
                "class_weights": (recipe.class_weights, "none"),
                "label_smoothing": (recipe.label_smoothing, 0),
                "sampling": (recipe.sampling, "shuffle"),
                "mixup": (recipe.mixup, 0),
                "combined_labels": (recipe.combined_labels, False),
                "test_time_augmentation": (recipe.test_time_augmentation, False),
                "calibrate": (recipe.calibrate, False),
            },
        )
    elif recipe.loss == MASK_LOSS:
        raise RecipeError(
            f"loss is {recipe.loss!r}, which is of masks, but task {recipe.task!r} asks for "
            "classes. Set loss to one of: cross_entropy, focal."
        )


def _check_sampling(recipe: Recipe) -> None:
    check_choice("sampling", recipe.sampling, SAMPLINGS)
    check_range("mixup", recipe.mixup, 0, 1)
    if recipe.sampling == recipe.class_weights == "balanced":
        raise RecipeError(
            "sampling and class_weights are both 'balanced', and rare classes would count twice "
            "over. Set class_weights=none or sampling=shuffle."
        )


def _check_selection(recipe: Recipe) -> None:
    try:
        filters = parse_filters(recipe.selection)
    except FilterError as error:
        raise RecipeError(f"selection is {recipe.selection!r}. {error}") from error
    classes = recipe.class_names
    named = [name for wish in filters if wish.column == CLASS for name in wish.values]
    if classes and (strange := [name for name in named if name not in classes]):
        raise RecipeError(
            f"selection asks for images of {', '.join(map(repr, strange))}, which is no class of "
            f"task {recipe.task!r}. Choose of: {', '.join(classes)}."
        )

    if recipe.selection and recipe.split.method in UNTESTED_METHODS:
        raise RecipeError(
            f"selection is {recipe.selection!r}, but split.method={recipe.split.method} goes by "
            "the rows of the whole table. Leave selection empty, or set split.method=thesis."
        )


def _check_tabular(recipe: Recipe) -> None:
    for column in recipe.tabular:
        check_choice("tabular", column, TABULAR)
    choices = ", ".join(TABULAR)
    if len(set(recipe.tabular)) < len(recipe.tabular):
        raise RecipeError(f"tabular is {', '.join(recipe.tabular)}; name a column once.")
    if MODELS[recipe.model].tabular and not recipe.tabular:
        raise RecipeError(
            f"tabular is empty, but {recipe.model} takes columns beside the image. "
            f"Choose at least one of: {choices}."
        )
    if recipe.tabular and not MODELS[recipe.model].tabular:
        able = ", ".join(name for name, card in MODELS.items() if card.tabular)
        raise RecipeError(
            f"tabular is {', '.join(recipe.tabular)}, but {recipe.model} takes the image "
            f"alone. Leave tabular empty, or set model to one of: {able}."
        )


def _check_no_base(recipe: Recipe) -> None:
    """Raise RecipeError if a phase treats layers of a base by themselves."""
    for phase in recipe.phases:
        for name, value, other in (
            ("trainable", phase.trainable, "all"),
            ("batch_norm", phase.batch_norm, "train"),
        ):
            if value != other:
                raise RecipeError(
                    f"phases.{phase.name}.{name} is {value!r}, but {recipe.model} has no "
                    f"pretrained base to freeze. Choose: {other}."
                )


def recipe_from_fields(fields: Any) -> Recipe:
    """Return a checked recipe of plain data, as JSON holds it. Raises RecipeError."""
    try:
        return build_record(Recipe, fields, "recipe", known_only=True)
    except ValueError as error:
        raise RecipeError(f"{error}.") from error
