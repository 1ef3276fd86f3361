"""One phase of a training: what is trained, by which optimizer, at which learning rate."""

from dataclasses import dataclass

from xray_core.errors import RecipeError
from xray_core.recipes.checks import check_choice, check_range

OPTIMIZERS = ("adam", "nadam", "sgd", "rmsprop", "adamw")
SCHEDULES = ("constant", "cosine", "step", "inverse_time", "plateau")
DROPPING = ("step", "plateau")  # schedules that multiply the rate by a factor between two epochs
TRAINABLE = ("all", "head")  # and "top:SHARE", "from:LAYER"
BATCH_NORMS = ("train", "frozen")
MOST_EPOCHS = 10_000


@dataclass(frozen=True)
class Phase:
    """One stretch of training with fixed settings.

    Attributes:
        name: short, unique in its recipe.
        epochs: at most this many.
        trainable: "all"; "head": the pretrained base is frozen; "top:0.3": of the base's layers
            the last 30 %, by their order; "from:NAME": the base's layer called NAME and those
            after it. What follows the base is always trained.
        optimizer: one of `OPTIMIZERS`.
        learning_rate: at the start of the phase, or after its warm-up.
        schedule: how the rate goes on after the warm-up. "constant"; "cosine": falls to zero over
            the remaining epochs; "step": times `decay` after every `decay_epochs` epochs;
            "plateau": times `decay` after every `decay_epochs` epochs without a lower validation
            loss; "inverse_time": learning_rate / (1 + decay * step), counted in batches, which is
            what optimizers of Keras before 2.11 called `decay`.
        patience: stop after this many epochs without a lower validation loss; 0: never.
        batch_norm: "train", or "frozen": the batch normalisation of the base keeps its weights
            and statistics, and normalises by these, whatever else is trained.
        momentum: of "sgd": how much of the last step goes into the next, 0 to below 1.
        weight_decay: of "adamw" (Loshchilov and Hutter 2019, arXiv:1711.05101): each step takes
            learning_rate * weight_decay of every weight off it; 0 to 1.
        decay: what `schedule` says; 0 where it takes none.
        decay_epochs: what `schedule` says; 0 where it takes none.
        warm_up: epochs over which the rate rises from 0, batch by batch in equal steps.
    """

    name: str
    epochs: int
    trainable: str = "all"
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    schedule: str = "constant"
    patience: int = 0
    batch_norm: str = "train"
    momentum: float = 0.0
    weight_decay: float = 0.0
    decay: float = 0.0
    decay_epochs: int = 0
    warm_up: int = 0

    def __post_init__(self) -> None:
        where = f"phases.{self.name}"
        _check_trainable(f"{where}.trainable", self.trainable)
        check_choice(f"{where}.optimizer", self.optimizer, OPTIMIZERS)
        check_choice(f"{where}.schedule", self.schedule, SCHEDULES)
        check_choice(f"{where}.batch_norm", self.batch_norm, BATCH_NORMS)
        check_range(f"{where}.epochs", self.epochs, 1, MOST_EPOCHS)
        check_range(f"{where}.patience", self.patience, 0, MOST_EPOCHS)
        check_range(f"{where}.learning_rate", self.learning_rate, 1e-9, 10)
        check_range(f"{where}.momentum", self.momentum, 0, 1, below=True)
        check_range(f"{where}.weight_decay", self.weight_decay, 0, 1)
        check_range(f"{where}.warm_up", self.warm_up, 0, self.epochs, below=True)
        # A setting without effect would be believed to have one.
        for name, optimizer in (("momentum", "sgd"), ("weight_decay", "adamw")):
            if getattr(self, name) and self.optimizer != optimizer:
                raise RecipeError(
                    f"{where}.{name} is {getattr(self, name)}, but optimizer {self.optimizer} has "
                    f"none here. Set it to 0, or optimizer to {optimizer}."
                )
        _check_decay(where, self)


def _check_trainable(where: str, value: str) -> None:
    kind, _, rest = value.partition(":")
    if value in TRAINABLE or (kind == "from" and rest.strip()):
        return
    if kind == "top":
        try:
            if 0 < float(rest) < 1:
                return
        except ValueError:
            pass  # refused below, as a share out of range is
        raise RecipeError(
            f"{where} is {value!r}; give the share of the base's layers above 0 and below 1, such "
            "as top:0.3."
        )
    raise RecipeError(
        f"{where} is {value!r}. Choose one of: {', '.join(TRAINABLE)}, top:SHARE (top:0.3 is the "
        "last 30% of the base's layers), from:LAYER (that layer of the base and those after it)."
    )


def _check_decay(where: str, phase: Phase) -> None:
    decay, epochs = phase.decay, phase.decay_epochs
    if phase.schedule in DROPPING:
        if not 0 < decay < 1:
            raise RecipeError(
                f"{where}.decay is {decay}, by which schedule {phase.schedule} multiplies the "
                "rate; choose above 0 and below 1, such as 0.1."
            )
        if not 1 <= epochs <= MOST_EPOCHS:
            raise RecipeError(
                f"{where}.decay_epochs is {epochs}, the epochs after which schedule "
                f"{phase.schedule} lowers the rate; choose 1 to {MOST_EPOCHS}."
            )
        return
    if phase.schedule == "inverse_time":
        if not 0 < decay <= 1:
            raise RecipeError(
                f"{where}.decay is {decay}, but schedule inverse_time divides the rate by "
                "1 + decay * step; choose above 0 and up to 1, such as 0.001."
            )
    elif decay:
        raise RecipeError(
            f"{where}.decay is {decay}, but schedule {phase.schedule} takes none. Set it to 0, or "
            "choose the schedule step, plateau or inverse_time."
        )
    if epochs:
        raise RecipeError(
            f"{where}.decay_epochs is {epochs}, but schedule {phase.schedule} takes none. Set it "
            "to 0, or choose the schedule step or plateau."
        )
