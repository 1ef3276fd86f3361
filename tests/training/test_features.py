"""Features of a frozen base are computed once: what is learnt is the same as without."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from benchmarks.features import make_images_differ
from tests.training import test_options
from tests.training.test_options import build, fit, recipe_with, weights_of
from tests.training.test_resume import check_same_log
from xray_core.models import build_model
from xray_core.models.heads import attach_head, probabilities
from xray_core.preprocess.spec import AugmentSpec
from xray_core.recipes import Phase, Recipe
from xray_core.runs import Run
from xray_core.training import features, phases, recorder
from xray_core.training.checkpoint import read_training_state
from xray_core.training.features import cut_model
from xray_core.training.freezing import freeze_layers
from xray_core.training.recorder import Recorder

# Measured on an x86 processor: no difference at all, in no case here. Others may add up otherwise.
WEIGHTS_TOLERANCE, PROBABILITIES_TOLERANCE = 2e-5, 5e-6
N_IMAGES = test_options.N_TRAIN + test_options.N_VALIDATION
ONCE = f"Features of {N_IMAGES} images computed once: the base is frozen and nothing is augmented."
HEAD = Phase("head", 2, trainable="head", learning_rate=0.005)
THEN_ALL = Phase("all", 2, learning_rate=0.01, optimizer="sgd", momentum=0.9)

# Name -> what the recipe says; a head is that of the model of the same options.
CASES: dict[str, dict[str, Any]] = {
    "plain": {"class_weights": "balanced"},
    "combined, focal, smoothed": {"combined_labels": True, "loss": "focal", "label_smoothing": 0.1},
    "balanced sampling": {"sampling": "balanced"},
    "normalised map": {"model_options": {"head": "norm_flatten"}},
}
if "XRAY_EVERY_MODEL" in os.environ:  # these take half a minute together
    CASES |= {
        "half precision": {"precision": "mixed_bfloat16"},
        "dense": {"model_options": {"head": "flatten_dense"}},
        "MobileNetV2": {"model_options": {"head": "pool_norm", "alpha": 0.35}},
    }


@dataclass(frozen=True)
class BothWays:
    """One recipe, trained on stored features and on images."""

    stored: Run
    plain: Run


def recipe_of(changes: dict[str, Any], *own: Phase) -> Recipe:
    """Return a recipe of the phases `own`, without augmentation."""
    return replace(recipe_with({}, changes), phases=own or (HEAD,))


def build_with_head(n_classes: int, head: str, **options: Any) -> Any:
    """Build a small network, or MobileNetV2 of the width "alpha", with a head of the catalogue."""
    if options:
        size, dropout = test_options.SIZE, 0.3
        model = build_model("mobilenet_v2", n_classes, size, head=head, dropout=dropout, **options)
    else:
        small = build(n_classes)
        x = attach_head(small.get_layer("features").output, head, dropout=0.3)
        model = keras.Model(small.input, probabilities(x, n_classes, multilabel=False))
    make_images_differ(model.get_layer("base"))
    return model


@pytest.fixture
def train_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Recipe], BothWays]:
    """Train a recipe in both ways."""

    def train_both(recipe: Recipe) -> BothWays:
        if "head" in recipe.model_options:
            build_own = partial(build_with_head, **recipe.model_options)
            monkeypatch.setattr(test_options, "build", build_own)
        keras.config.set_dtype_policy(recipe.precision)
        try:
            stored = fit(tmp_path / "stored", recipe)
            monkeypatch.setattr(phases, "cut_model", lambda *_: (None, "a test says so"))
            return BothWays(stored, fit(tmp_path / "plain", recipe))
        finally:
            keras.config.set_dtype_policy("float32")

    return train_both


def said(run: Run) -> list[str]:
    return [event["cause"] for event in run.read_events() if event["event"] == features.EVENT]


def largest_difference(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> float:
    assert list(one) == list(other)
    assert all(one[name].shape == other[name].shape for name in one)
    return max(float(np.abs(one[name] - other[name]).max(initial=0.0)) for name in one)


def probabilities_of(run: Run, epoch: int) -> np.ndarray:
    table = run.read_validation(epoch)
    return table[[name for name in table if name.startswith("p_")]].to_numpy()


@pytest.mark.parametrize("name", CASES)
def test_a_head_learns_from_stored_features_what_it_learns_from_images(
    name: str, train_both: Callable[[Recipe], BothWays]
) -> None:
    half = CASES[name].get("precision") is not None
    both = train_both(recipe_of(CASES[name]))

    assert said(both.stored) == [ONCE]
    assert said(both.plain) == [
        "Phase head: each epoch computes the features of all images anew: a test says so."
    ]
    weights, expected = weights_of(both.stored), weights_of(both.plain)
    # Half precision has 8 bits for what float32 has 24 for.
    assert largest_difference(weights, expected) < (0.02 if half else WEIGHTS_TOLERANCE)
    found, wanted = (probabilities_of(run, 2) for run in (both.stored, both.plain))
    assert np.ptp(wanted[:, 0]) > 0.01, "the images differ"
    np.testing.assert_allclose(found, wanted, atol=0.02 if half else PROBABILITIES_TOLERANCE)
    columns = ["loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "best_epoch"]
    np.testing.assert_allclose(
        both.stored.read_epochs()[columns],
        both.plain.read_epochs()[columns],
        atol=0.05 if half else 1e-5,
    )


def test_a_frozen_base_changes_in_neither_way_and_the_next_phase_goes_on_alike(
    train_both: Callable[[Recipe], BothWays],
) -> None:
    both = train_both(recipe_of({}, HEAD, THEN_ALL))

    assert said(both.stored) == [ONCE], "nothing is said of phases that train the base"
    assert largest_difference(weights_of(both.stored), weights_of(both.plain)) < WEIGHTS_TOLERANCE
    np.testing.assert_allclose(
        probabilities_of(both.stored, 4),
        probabilities_of(both.plain, 4),
        atol=PROBABILITIES_TOLERANCE,
    )


def test_the_statistics_of_a_frozen_base_stay_while_those_of_the_head_are_learnt(
    train_both: Callable[[Recipe], BothWays], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Any] = []
    make_differ = make_images_differ

    def make_differ_and_note(base: Any) -> None:
        make_differ(base)
        begun.append(base.get_weights())

    monkeypatch.setattr(f"{__name__}.make_images_differ", make_differ_and_note)
    both = train_both(recipe_of({"model_options": {"head": "pool_norm"}}))

    for run, had in zip((both.stored, both.plain), begun, strict=True):
        kept = keras.models.load_model(run.best_checkpoint)
        for before, after in zip(had, kept.get_layer("base").get_weights(), strict=True):
            np.testing.assert_array_equal(before, after)
        mean = keras.ops.convert_to_numpy(kept.get_layer("head_norm").moving_mean)
        assert np.abs(mean).max() > 1e-4


def test_a_training_killed_on_stored_features_ends_with_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(recorder, "CHECKPOINT_SHARE", 1e9)
    record = Recorder.on_train_batch_end
    killed = tmp_path / "killed"

    def copy_and_record(self: Recorder, batch: int, logs: Any = None) -> None:
        """Keep what a kill after the second batch of the second epoch would leave."""
        if (self.position.epoch, self.position.batch) == (1, 2) and not killed.exists():
            shutil.copytree(self._run.folder, killed)
        record(self, batch, logs)

    monkeypatch.setattr(Recorder, "on_train_batch_end", copy_and_record)
    recipe = recipe_of({"sampling": "balanced"}, HEAD, THEN_ALL)

    whole = fit(tmp_path / "whole", recipe)

    stood = read_training_state(Run(killed).last_checkpoint)
    assert stood
    assert (stood.phase, stood.epoch, stood.batch) == (0, 1, 2)
    resumed = fit(killed, recipe)
    assert said(resumed) == [ONCE, ONCE]
    check_same_log(resumed, whole)
    had, has = weights_of(whole), weights_of(resumed)
    assert list(had) == list(has)
    for variable in had:
        np.testing.assert_array_equal(has[variable], had[variable], variable)


def test_a_checkpoint_of_one_way_serves_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = recipe_of({}, replace(HEAD, epochs=3))
    whole = fit(tmp_path / "whole", recipe)

    with monkeypatch.context() as patch:
        patch.setattr(phases, "cut_model", lambda *_: (None, "a test says so"))
        fit(tmp_path / "changed", recipe_of({}, replace(HEAD, epochs=1)))
    changed = fit(tmp_path / "changed", recipe)

    assert len(said(changed)) == 2
    assert largest_difference(weights_of(changed), weights_of(whole)) < WEIGHTS_TOLERANCE


def build_odd(kind: str) -> Any:
    """Build a model whose features cannot stand for the image, or cannot be stored."""
    image = keras.Input((8, 8, 1), name="image")
    x = keras.layers.Conv2D(2, 1)(image) if kind == "learns before" else image
    inner = keras.Input(x.shape[1:])
    y = keras.layers.Conv2D(4, 3)(inner)
    if kind == "drops out":
        y = keras.layers.Dropout(0.5)(y)
    base = keras.Model(inner, y, name="no base" if kind == "no base" else "base")
    features_of = keras.layers.Identity(name="features")(base(x))
    x = keras.layers.ReLU()(keras.layers.GlobalAveragePooling2D(name="pool")(features_of))
    if kind == "by another way":
        x = keras.layers.Concatenate()([x, keras.layers.Flatten()(image)])
    if kind == "two ways":
        x = keras.layers.Concatenate()([x, keras.layers.Flatten()(features_of)])
    return keras.Model(image, keras.layers.Dense(2, name="probabilities")(x))


def cut_odd(kind: str, **recipe: Any) -> tuple[features.CutModel | None, str]:
    model = build_odd(kind)
    freeze_layers(model, HEAD)
    return cut_model(model, recipe_of(recipe), HEAD, 1000)


@pytest.mark.parametrize(
    ("kind", "changes", "why_not"),
    [
        ("usual", {"augment": AugmentSpec(shift=0.1)}, "the images are augmented"),
        ("usual", {"mixup": 0.4}, "the images of a batch are mixed"),
        ("no base", {}, "the model has no frozen layer 'base' before a layer 'features'"),
        ("learns before", {}, "layers before the features learn"),
        ("drops out", {}, "the base has dropout"),
        ("by another way", {}, "its outputs depend on more than its features"),
    ],
)
def test_otherwise_each_image_goes_through_the_base_in_each_epoch(
    kind: str, changes: dict[str, Any], why_not: str
) -> None:
    cut, why = cut_odd(kind, **changes)

    assert cut is None
    assert why.startswith(why_not)


def test_a_base_that_learns_is_never_cut_off() -> None:
    model = build_odd("usual")
    phase = replace(HEAD, trainable="all")
    freeze_layers(model, phase)

    assert cut_model(model, recipe_of({}), phase, 10)[0] is None


def test_features_that_would_fill_the_memory_are_not_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(features, "MAX_FEATURE_BYTES", 1000 * 4 * 4 - 1)  # four floats an image

    cut, why = cut_odd("usual")

    assert cut is None
    assert why.startswith("the features of 1,000 images would take 16 kB of memory")


@pytest.mark.parametrize(("kind", "shape"), [("usual", (None, 4)), ("two ways", (None, 6, 6, 4))])
def test_what_is_stored_is_as_small_as_the_layers_behind_allow(
    kind: str, shape: tuple[int | None, ...]
) -> None:
    cut, _ = cut_odd(kind)

    assert cut
    assert cut.body.output_shape == shape
    assert cut.body.trainable_variables == []


def test_with_augmentation_a_run_says_that_nothing_is_stored(tmp_path: Path) -> None:
    run = fit(tmp_path / "run", recipe_of({"augment": AugmentSpec(shift=0.1)}))

    assert said(run) == [
        "Phase head: each epoch computes the features of all images anew: the images are augmented."
    ]
