"""Next runs to try: two or three, each of which changes one thing, and why that one.

Who changes two things at once does not know which of them helped. What the training checks say
goes first, then what usually helps, and at last the same again with another seed: how far two such
runs lie apart is what a gain has to exceed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from xray_core.errors import XrayError
from xray_core.evaluation.diagnose import diagnose_run
from xray_core.evaluation.training_checks.advice import FIRST_RATES
from xray_core.evaluation.training_checks.history import CheckResult
from xray_core.models import MODELS
from xray_core.recipes import Phase, Recipe, change_recipe, changeable_fields
from xray_core.runs import Run
from xray_core.runs.origin import read_origin

MOST = 3  # suggestions
RARE = 0.3  # share of the images below which a class, of two or more, is rare
LARGEST_PX = 512  # beyond it a training takes hours, and published gains are small
STEP_PX = 32  # sizes are multiples of it: pretrained networks halve them five times
PRETRAINED = "efficientnet_lite0"  # whose ImageNet weights come with an installed package


@dataclass(frozen=True)
class NextRun:
    """A run to try.

    Attributes:
        changes: field -> value, as `change_recipe` takes them: one field, or a model together
            with the weights that it is chosen for.
        why: in a sentence.
    """

    changes: Mapping[str, Any]
    why: str


Wish = tuple[dict[str, Any], str]


def suggest_runs(run: Run, results: Sequence[CheckResult] | None = None) -> list[NextRun]:
    """Return two or three runs to try after an ended one; none where nothing was trained here.

    Args:
        run: whose recipe they change.
        results: of its training checks, where the caller has them.

    Raises:
        RunError: its recipe, its log, or what it wrote of its data is damaged.
    """
    if read_origin(run) is not None or not run.read_status().has_ended:
        return []
    recipe, epochs = run.read_recipe(), run.read_epochs()
    if results is None:
        results = diagnose_run(run, epochs)
    if recipe.asks_masks:  # what else helps is known of classes
        return choose_runs(recipe, list(_train_longer(recipe, epochs)))
    data = run.read_data() if run.holds("data.json") else {}
    wishes = [
        *_answer_checks(recipe, epochs, results),
        *_train_longer(recipe, epochs),
        *_balance(recipe, data),
        *_improve(recipe),
    ]
    return choose_runs(recipe, wishes)


def choose_runs(recipe: Recipe, wishes: Sequence[Wish]) -> list[NextRun]:
    """Return the first wishes that change something, each something else, and are valid recipes."""
    present, chosen = changeable_fields(recipe), list[NextRun]()
    for changes, why in wishes:
        told = {field for run in chosen for field in run.changes}
        if told & set(changes) or all(present.get(f) == value for f, value in changes.items()):
            continue
        try:
            change_recipe(recipe, changes)
        except XrayError:
            continue  # this recipe's other settings forbid it
        chosen.append(NextRun(changes, why))
        if len(chosen) == MOST:
            break
    return chosen


def _answer_checks(
    recipe: Recipe, epochs: pd.DataFrame, results: Sequence[CheckResult]
) -> Iterator[Wish]:
    phase = _last_phase(recipe, epochs)
    for result in results:
        answer = ANSWERS.get(result.kind)
        if result.kind == "leaky_split" and result.severity != "serious":
            answer = _join_copies  # they look alike, which is no proof
        if answer:
            yield from answer(recipe, phase)


def _last_phase(recipe: Recipe, epochs: pd.DataFrame) -> Phase:
    name = str(epochs["phase"].iloc[-1]) if len(epochs) else ""
    return next((phase for phase in recipe.phases if phase.name == name), recipe.phases[-1])


def _slow_down(recipe: Recipe, phase: Phase) -> Iterator[Wish]:
    rate = min(phase.learning_rate / 10, FIRST_RATES[phase.optimizer])
    changes = {f"phases.{phase.name}.learning_rate": float(f"{max(rate, 1e-9):g}")}
    yield changes, "Smaller steps: the loss did not come down steadily at this learning rate."


def _speed_up(recipe: Recipe, phase: Phase) -> Iterator[Wish]:
    changes = {f"phases.{phase.name}.learning_rate": FIRST_RATES[phase.optimizer]}
    yield changes, "Larger steps: at this learning rate the weights hardly moved."


def _begin_elsewhere(recipe: Recipe, phase: Phase) -> Iterator[Wish]:
    yield from _use_imagenet(recipe, "It learned nothing: ImageNet weights know edges and shapes.")


def _settle(recipe: Recipe, phase: Phase) -> Iterator[Wish]:
    if phase.schedule == "constant":
        why = "The validation swings: a learning rate that falls to zero lets it settle."
        yield {f"phases.{phase.name}.schedule": "cosine"}, why
    yield from _slow_down(recipe, phase)


def _regularise(recipe: Recipe, phase: Phase) -> Iterator[Wish]:
    if recipe.augment.is_none:
        why = "It overfits, and it has seen every image unchanged: augmentation gives it more."
        yield {"augment.zoom": 0.1}, why
    dropout = {**MODELS[recipe.model].options, **recipe.model_options}.get("dropout")
    if dropout is not None and float(dropout) < 0.5:
        why = "It overfits: with dropout it cannot rely on single units."
        yield {"model_options.dropout": 0.5}, why
    if not recipe.augment.is_none:
        why = "It overfits in spite of augmentation: more of it."
        yield {"augment.rotation": min(recipe.augment.rotation + 10.0, 30.0)}, why
    if recipe.selected_epoch == "last":
        why = "It overfits: the best epoch of the validation set is not the last one."
        yield {"selected_epoch": "best"}, why


def _weigh(recipe: Recipe, phase: Phase) -> Iterator[Wish]:
    why = "It hardly ever answers some class: let mistakes on rare classes cost more."
    yield {"class_weights": "balanced"}, why
    yield from _slow_down(recipe, phase)


def _divide_cleanly(recipe: Recipe, phase: Phase) -> Iterator[Wish]:
    why = "The split leaks, so that no figure of it can be believed: this one keeps patients apart."
    yield {"split.method": "clean"}, why


def _divide_by_patient(recipe: Recipe, phase: Phase) -> Iterator[Wish]:
    why = "The split may have a patient in several subsets: this one keeps apart whoever is known."
    yield {"split.method": "clean"}, why


def _join_copies(recipe: Recipe, phase: Phase) -> Iterator[Wish]:
    why = "Images that look the same are in several subsets: this split keeps them together."
    yield {"split.method": "clean"}, why


def _stop_watching(recipe: Recipe, phase: Phase) -> Iterator[Wish]:
    why = "The test set chose the epoch: draw a validation set, and the figures can be believed."
    yield {"split.validate_on_test": False}, why


# Kind of a training check's result -> what to try.
ANSWERS: dict[str, Callable[[Recipe, Phase], Iterator[Wish]]] = {
    "not_finite": _slow_down,
    "high_learning_rate": _slow_down,
    "diverging": _slow_down,
    "low_learning_rate": _speed_up,
    "no_learning": _begin_elsewhere,
    "one_class": _weigh,
    "one_class_later": _slow_down,
    "never_predicted": _weigh,
    "answers_alike": _weigh,
    "answers_none": _weigh,
    "never_called": _weigh,
    "overfitting": _regularise,
    "unstable_validation": _settle,
    "leaky_split": _divide_cleanly,
    "split_by_image": _divide_by_patient,
    "watched_test": _stop_watching,
}


def _train_longer(recipe: Recipe, epochs: pd.DataFrame) -> Iterator[Wish]:
    """Suggest more epochs where the last one was the best."""
    if epochs.empty or epochs["val_loss"].idxmin() != epochs.index[-1]:
        return
    phase = _last_phase(recipe, epochs)
    why = "Its last epoch was its best: it had not finished learning."
    yield {f"phases.{phase.name}.epochs": 2 * phase.epochs}, why


def _balance(recipe: Recipe, data: Mapping[str, Any]) -> Iterator[Wish]:
    """Suggest class weights where a class is rare, and nothing makes up for it."""
    counts = dict(data.get("subsets", {}).get("training", {}))
    total = sum(counts.values())
    if recipe.class_weights != "none" or recipe.sampling != "shuffle" or len(counts) < 2:
        return
    n_images = int(data.get("n_images", {}).get("training", total))
    rarest = min(counts, key=lambda name: counts[name])
    share = counts[rarest] / n_images if n_images else 1.0
    if share < min(RARE, 1 / len(counts)):
        why = f"Only {share:.0%} of the training images show {rarest}: let them count for more."
        yield {"class_weights": "balanced"}, why


def _improve(recipe: Recipe) -> Iterator[Wish]:
    yield from _use_imagenet(
        recipe, "ImageNet weights usually help most where there are few thousand images."
    )
    size = recipe.preprocess.size
    larger = min(round(1.5 * size / STEP_PX) * STEP_PX, LARGEST_PX)
    if larger > size:
        times = f"{(larger / size) ** 2:.1f}".removesuffix(".0")
        why = f"Small findings may be lost at {size} px; a training takes {times} times as long."
        yield {"preprocess.size": larger}, why
    why = "The same again, for noise: a gain has to exceed what another seed changes."
    yield {"seed": (recipe.seed + 1) % 2**31}, why
    # Always possible, where all else is in use already.
    half = recipe.phases[-1].learning_rate / 2
    why = "Half the learning rate: the last thing that is cheap to try."
    yield {f"phases.{recipe.phases[-1].name}.learning_rate": float(f"{half:g}")}, why


def _use_imagenet(recipe: Recipe, why: str) -> Iterator[Wish]:
    if recipe.weights != "random":
        return
    if MODELS[recipe.model].pretrained:
        yield {"weights": "imagenet"}, why
    elif not MODELS[recipe.model].tabular:
        yield {"model": PRETRAINED, "weights": "imagenet"}, why
