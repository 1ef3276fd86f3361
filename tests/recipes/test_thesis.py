"""The thesis' fourteen experiments beside the table that it published."""

import pytest

from xray_core.recipes import CORRECTED, PUBLISHED, Recipe
from xray_core.recipes.published.siim_union import EXPERIMENTS, PROPER

# Experiment: model, weights, head, epochs of each phase, optimizer and rate of each, published.
TABLE = {
    "siim_6_1_cnn9": ("cnn9", "random", None, [10], ["nadam"], [1e-3], 0.4597),
    "siim_6_2_xception": (
        "xception", "imagenet", None, [5, 100], ["sgd", "adam"], [0.2, 1e-3], 0.5932,
    ),
    "siim_6_4_xception_arrays": (
        "xception", "imagenet", "pool_norm_relu", [10, 100], ["nadam"] * 2, [1e-3] * 2, 0.6330,
    ),
    "siim_6_5_xception_plain": (
        "xception", "imagenet", "pool_norm_relu", [10, 100], ["nadam"] * 2, [1e-3] * 2, 0.5935,
    ),
    "siim_6_6_xception_scratch": (
        "xception", "random", "pool_norm_relu", [25, 100], ["nadam"] * 2, [0.1, 1e-3], 0.4791,
    ),
    "siim_6_7_vgg16": (
        "vgg16", "imagenet", "flatten_dense", [5, 100], ["adam"] * 2, [1e-4, 1e-3], 0.4597,
    ),
    "siim_6_8_inception": (
        "inception_v3", "imagenet", "norm_flatten", [10, 100], ["nadam"] * 2, [1e-3] * 2, 0.2620,
    ),
    "siim_6_9_xception_3class": (
        "xception", "imagenet", "pool_norm", [10, 100], ["nadam"] * 2, [1e-3] * 2, 0.6295,
    ),
    "siim_6_10_xception_opacity": (
        "xception", "imagenet", "pool_norm", [10, 100], ["nadam"] * 2, [1e-3] * 2, 0.8017,
    ),
    "siim_6_11_xception_typical": (
        "xception", "imagenet", None, [10, 100], ["sgd", "nadam"], [0.2, 1e-3], 0.5545,
    ),
    "siim_6_12_inception_typical": (
        "inception_v3", "imagenet", "pool_norm_relu", [10], ["rmsprop"], [1e-3], 0.8879,
    ),
    "siim_9_union": ("xception", "imagenet", "pool_norm", [20], ["nadam"], [1e-3], 0.7520),
    "siim_9_1_union_finetuned": (
        "xception", "imagenet", "pool_norm", [20, 50], ["nadam"] * 2, [1e-3] * 2, 0.7368,
    ),
    "siim_10_from_union": (
        "xception", "run:siim_9_union", "pool_norm", [15], ["nadam"], [0.01], 0.7783,
    ),
}  # fmt: skip


def test_every_row_of_the_table_is_a_recipe_and_no_other() -> None:
    assert [recipe.name for recipe in EXPERIMENTS] == list(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_an_experiment_is_as_published(name: str) -> None:
    recipe = PUBLISHED[name]

    found = (
        recipe.model,
        recipe.weights,
        recipe.model_options.get("head"),
        [phase.epochs for phase in recipe.phases],
        [phase.optimizer for phase in recipe.phases],
        [phase.learning_rate for phase in recipe.phases],
        recipe.published["accuracy"],
    )
    assert found == TABLE[name]
    assert (recipe.batch_size, recipe.preprocess.size) == (16, 299)
    frozen = [phase.trainable == "head" for phase in recipe.phases]
    from_scratch = recipe.weights == "random" or name == "siim_10_from_union"
    assert frozen == [number == 0 and not from_scratch for number in range(len(recipe.phases))]


def test_patience_momentum_and_decay_are_as_published() -> None:
    patience = {name: PUBLISHED[name].phases[-1].patience for name in TABLE}
    assert {name: n for name, n in patience.items() if n not in (0, 10)} == {
        "siim_6_8_inception": 5,
        "siim_6_11_xception_typical": 5,
        "siim_9_1_union_finetuned": 3,
    }
    first = PUBLISHED["siim_6_2_xception"].phases[0]
    assert (first.schedule, first.decay, first.momentum) == ("inverse_time", 0.001, 0.9)


def test_augmentations_are_as_published() -> None:
    flips = {name: PUBLISHED[name].augment.vertical_flip for name in TABLE}
    assert [name for name, flipped in flips.items() if flipped] == ["siim_6_4_xception_arrays"]
    plain = [name for name in TABLE if PUBLISHED[name].augment.is_none]
    assert plain == ["siim_6_5_xception_plain"]
    assert PUBLISHED["siim_6_12_inception_typical"].augment == PUBLISHED["siim_6_1_cnn9"].augment


def test_array_experiments_are_not_equalized_and_divided_otherwise() -> None:
    contrast = {name: PUBLISHED[name].preprocess.contrast for name in TABLE}
    plain = [name for name, kind in contrast.items() if kind == "none"]
    assert [name.split("_")[2] for name in plain] == ["4", "5", "6", "8", "12"]
    assert set(contrast.values()) == {"none", "equalize_hist"}
    methods = {name: PUBLISHED[name].split.method for name in TABLE}
    assert [name for name, method in methods.items() if method == "thesis_arrays"] == plain
    assert {PUBLISHED[name].selected_epoch for name in TABLE} == {"last"}
    assert {PUBLISHED[name + CORRECTED].selected_epoch for name in TABLE} == {"best"}


@pytest.mark.parametrize("end", ["", PROPER, CORRECTED])
def test_the_union_and_what_begins_with_it_test_on_the_same_images(end: str) -> None:
    union, after = PUBLISHED["siim_9_union" + end], PUBLISHED["siim_10_from_union" + end]

    assert union.split.method == after.split.method == ("thesis_patients" if end else "thesis")
    assert (union.split.target_domain_only, after.split.target_domain_only) == (False, True)
    assert after.weights == f"run:{union.name}"
    assert after.split.validate_on_test == (not end)
    assert union.split.allow_leaks == after.split.allow_leaks == (not end)


@pytest.mark.parametrize("name", TABLE)
def test_corrected_it_leaks_no_patient_and_has_a_test_subset(name: str) -> None:
    published, corrected = PUBLISHED[name], PUBLISHED[name + CORRECTED]

    assert corrected.split.method in ("patient", "thesis_patients")
    assert corrected.split.has_test
    assert not corrected.split.allow_leaks
    assert max(phase.learning_rate for phase in corrected.phases) <= 1e-3
    if published.model == "cnn9":  # at the published rate it answers one class to all
        assert corrected.phases[0].learning_rate == 1e-4 < published.phases[0].learning_rate
    assert _asked(corrected) == _asked(published)
    assert corrected.published == published.published


def _asked(recipe: Recipe) -> tuple[str, str, tuple[str, ...]]:
    return recipe.model, recipe.task, tuple(phase.name for phase in recipe.phases)
