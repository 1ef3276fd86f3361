"""What a recipe may hold, how it is changed, and how it is stored."""

import dataclasses
import json
from typing import Any

import pytest

from xray_core.errors import LabelError, RecipeError
from xray_core.models import MODELS
from xray_core.preprocess.spec import AugmentSpec, PreprocessSpec
from xray_core.recipes import PUBLISHED, Phase, Recipe, change_recipe, changeable_fields
from xray_core.splits import SplitSpec

# Settings of its own, so that tuning the published recipe breaks no test here.
DEMO = dataclasses.replace(
    PUBLISHED["demo_cnn"],
    preprocess=PreprocessSpec(size=96),
    augment=AugmentSpec(horizontal_flip=True, shift=0.05),
    split=SplitSpec(validation=0.2, test=0.2),
    phases=(Phase("train", epochs=20),),
    batch_size=16,
    class_weights="balanced",
)
MOBILENET = PUBLISHED["siim_mobilenet_opacity"]


def as_fields(recipe: Recipe = DEMO) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(recipe.to_json())
    return fields


def test_a_changed_recipe_records_its_parent_and_what_changed() -> None:
    changed = change_recipe(DEMO, {"batch_size": 8, "preprocess.size": 64})

    assert (changed.batch_size, changed.preprocess.size) == (8, 64)
    assert changed.parent == "demo_cnn"
    assert changed.changes == {"batch_size": 8, "preprocess.size": 64}
    assert (DEMO.batch_size, DEMO.parent, DEMO.changes) == (16, "", {})
    assert (
        dataclasses.replace(
            changed, batch_size=16, preprocess=DEMO.preprocess, parent="", changes={}
        )
        == DEMO
    )


def test_a_changed_recipe_of_a_changed_recipe_keeps_the_published_parent_and_every_change() -> None:
    changed = change_recipe(change_recipe(DEMO, {"batch_size": 8}), {"seed": 5})

    assert changed.parent == "demo_cnn"
    assert changed.changes == {"batch_size": 8, "seed": 5}


def test_a_quick_look_at_several_findings_is_without_class_weights_unless_they_are_said() -> None:
    quick, several = PUBLISHED["quick_cnn"], {"task": "folder_findings"}

    plain = change_recipe(quick, several)
    weighed = change_recipe(quick, {"class_weights": "balanced", **several})

    assert plain.changes == {**several, "class_weights": "none"}
    assert plain.class_weights == "none"
    assert weighed.class_weights == weighed.changes["class_weights"] == "balanced"
    for recipe in (plain, weighed):
        assert change_recipe(quick, recipe.changes) == recipe
    assert change_recipe(quick, {"task": "siim_opacity"}).class_weights == "balanced"
    assert change_recipe(plain, {"class_weights": "balanced"}) == weighed


def test_a_value_that_is_there_already_is_no_change() -> None:
    assert change_recipe(DEMO, {"batch_size": "16", "split.test": 0.2}) is DEMO


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("batch_size", "8", 8),
        ("batch_size", 8.0, 8),
        ("phases.train.epochs", " 3 ", 3),
        ("phases.train.learning_rate", "1e-4", 1e-4),
        ("phases.train.optimizer", "sgd", "sgd"),
        ("phases.train.patience", 2, 2),
        ("augment.horizontal_flip", "false", False),
        ("augment.horizontal_flip", "No", False),
        ("augment.horizontal_flip", False, False),
        ("augment.zoom", 0, 0.0),
        ("augment.zoom", "0.25", 0.25),
        ("split.method", "image", "image"),
        ("preprocess.contrast", "clahe", "clahe"),
        ("class_weights", "none", "none"),
    ],
)
def test_values_are_read_as_the_type_of_their_field(key: str, value: Any, expected: Any) -> None:
    found = changeable_fields(change_recipe(DEMO, {key: value}))[key]

    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("batch_size", "many", "batch_size is 'many'; it takes a whole number"),
        ("batch_size", 8.5, "batch_size is 8.5; it takes a whole number"),
        ("batch_size", None, "batch_size is None; it takes a whole number"),
        ("augment.zoom", "wide", "augment.zoom is 'wide'; it takes a number"),
        ("augment.zoom", "nan", "augment.zoom is 'nan'; it takes a number"),
        ("augment.zoom", "inf", "augment.zoom is 'inf'; it takes a number"),
        ("augment.horizontal_flip", "perhaps", "is 'perhaps'; it takes true or false"),
    ],
)
def test_a_value_of_another_type_is_refused(key: str, value: Any, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        change_recipe(DEMO, {key: value})


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("batch_size", 0, "batch_size is 0; choose 1 to 1024"),
        ("seed", -1, "seed is -1; choose 0 to"),
        ("split.seed", -1, "split.seed is -1; choose 0 or above"),
        ("model", "resnet", "model is 'resnet'. Choose one of: demo_cnn, "),
        ("class_weights", "some", "class_weights is 'some'. Choose one of: none, balanced"),
        ("phases.train.epochs", 0, "phases.train.epochs is 0; choose 1 to"),
        ("phases.train.learning_rate", 0, "phases.train.learning_rate is 0.0; choose 1e-09 to 10"),
        ("phases.train.optimizer", "lion", "phases.train.optimizer is 'lion'. Choose one of: adam"),
        ("phases.train.schedule", "some", "schedule is 'some'. Choose one of: constant, cosine"),
        ("phases.train.trainable", "some", "trainable is 'some'. Choose one of: all, head"),
        ("phases.train.trainable", "head", "demo_cnn has no pretrained base to freeze"),
        ("phases.train.trainable", "top:0.5", "trainable is 'top:0.5', but demo_cnn has no pre"),
        ("phases.train.trainable", "from:a", "trainable is 'from:a', but demo_cnn has no pre"),
        ("phases.train.trainable", "top:0", "'top:0'; give the share .* above 0 and below 1"),
        ("phases.train.trainable", "top:1", "'top:1'; give the share .* above 0 and below 1"),
        ("phases.train.trainable", "top:nan", "'top:nan'; give the share"),
        ("phases.train.trainable", "top:half", "'top:half'; give the share .* such as top:0.3"),
        ("phases.train.trainable", "from:", "'from:'. Choose one of: all, head, top:SHARE"),
        ("phases.train.batch_norm", "off", "batch_norm is 'off'. Choose one of: train, frozen"),
        ("phases.train.batch_norm", "frozen", "batch_norm is 'frozen', but demo_cnn has no pre"),
        ("phases.train.momentum", 0.9, "momentum is 0.9, but optimizer adam has none here"),
        ("phases.train.weight_decay", 0.1, "weight_decay is 0.1, but optimizer adam has none"),
        ("phases.train.decay", 0.1, "decay is 0.1, but schedule constant takes none"),
        ("phases.train.decay_epochs", 3, "decay_epochs is 3, but schedule constant takes none"),
        ("phases.train.schedule", "step", "decay is 0.0, by which schedule step multiplies"),
        ("phases.train.schedule", "inverse_time", "decay is 0.0, but schedule inverse_time div"),
        ("phases.train.warm_up", 20, "phases.train.warm_up is 20; choose 0 to below 20"),
        ("loss", "hinge", "loss is 'hinge'. Choose one of: cross_entropy, focal"),
        ("focal_gamma", 11, "focal_gamma is 11.0; choose 0 to 10"),
        ("focal_gamma", 3, "focal_gamma is 3.0, but loss is 'cross_entropy', which has none"),
        ("label_smoothing", 1, "label_smoothing is 1.0; choose 0 to below 1"),
        ("sampling", "all", "sampling is 'all'. Choose one of: shuffle, balanced"),
        ("sampling", "balanced", "sampling and class_weights are both 'balanced'.*=none"),
        ("mixup", 1.5, "mixup is 1.5; choose 0 to 1"),
        ("preprocess.size", 8, "preprocess.size is 8 px; choose 16 to 1024"),
        ("preprocess.size", 20, "preprocess.size is 20 px, but demo_cnn needs at least 32"),
        ("split.method", "fair", "split.method is 'fair'; choose one of: patient"),
        ("weights", "imagenet", "demo_cnn has no published weights. Set weights=random"),
    ],
)
def test_a_refusal_names_the_field_the_value_and_the_choices(
    key: str, value: Any, message: str
) -> None:
    with pytest.raises(RecipeError, match=message):
        change_recipe(DEMO, {key: value})


@pytest.mark.parametrize(
    ("key", "value", "advice"),
    [
        ("combined_labels", True, "Set combined_labels=false."),
        ("calibrate", True, "Set calibrate=false."),
        ("sampling", "balanced", "Set sampling=shuffle and class_weights=balanced."),
    ],
)
def test_what_needs_one_class_an_image_is_refused_where_there_may_be_several(
    key: str, value: Any, advice: str
) -> None:
    several = change_recipe(DEMO, {"task": "nih_findings", "class_weights": "none"})
    assert several.multilabel

    with pytest.raises(RecipeError, match=f"{key} is .*several classes at once.*{advice}"):
        change_recipe(several, {key: value})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"optimizer": "sgd", "momentum": 1.0}, "momentum is 1.0; choose 0 to below 1"),
        ({"optimizer": "adamw", "weight_decay": 2.0}, "weight_decay is 2.0; choose 0 to 1"),
        ({"schedule": "step", "decay": 1.0, "decay_epochs": 2}, "decay is 1.0, by which"),
        ({"schedule": "plateau", "decay": 0.1}, "decay_epochs is 0, the epochs after which"),
        ({"schedule": "inverse_time", "decay": 2.0}, "decay is 2.0, but schedule inverse_time"),
        (
            {"schedule": "inverse_time", "decay": 0.1, "decay_epochs": 1},
            "decay_epochs is 1, but schedule inverse_time takes none",
        ),
    ],
)
def test_settings_of_a_phase_that_do_not_go_together_are_refused(
    settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(RecipeError, match=message):
        Phase("train", 5, **settings)


def test_the_phases_of_the_thesis_can_be_said() -> None:
    frozen = Phase(
        "frozen",
        5,
        trainable="head",
        optimizer="sgd",
        learning_rate=0.2,
        momentum=0.9,
        schedule="inverse_time",
        decay=0.001,
    )
    tuned = Phase("tuned", 100, trainable="from:block14_sepconv1", batch_norm="frozen", patience=10)
    recipe = dataclasses.replace(MOBILENET, phases=(frozen, tuned))

    assert Recipe.from_json(recipe.to_json()) == recipe


def test_a_recipe_that_was_stored_before_an_option_came_trains_as_it_did() -> None:
    fields = as_fields()
    for option in ("loss", "focal_gamma", "label_smoothing", "sampling", "mixup"):
        del fields[option]
    for option in ("batch_norm", "momentum", "weight_decay", "decay", "decay_epochs", "warm_up"):
        del fields["phases"][0][option]

    recipe = Recipe.from_json(json.dumps(fields))

    assert recipe == DEMO
    assert (recipe.loss, recipe.label_smoothing) == ("cross_entropy", 0.0)
    assert (recipe.sampling, recipe.mixup) == ("shuffle", 0.0)
    [phase] = recipe.phases
    assert (phase.batch_norm, phase.momentum, phase.weight_decay) == ("train", 0.0, 0.0)
    assert (phase.decay, phase.decay_epochs, phase.warm_up) == (0.0, 0, 0)


def test_a_task_of_another_dataset_takes_the_recipe_there() -> None:
    changed = change_recipe(DEMO, {"task": "kermany_cause"})

    assert changed.dataset == "kermany"
    assert changed.class_names == ("normal", "bacterial", "viral")


def test_an_unknown_task_is_refused_with_the_choices() -> None:
    with pytest.raises(LabelError, match="'siim_opcity'. Choose one of: siim_study, "):
        change_recipe(DEMO, {"task": "siim_opcity"})


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("batchsize", "batch_size"),
        ("phases.train.epoch", "phases.train.epochs"),
        ("phases.tune.epochs", "phases.train.epochs"),
        ("preprocess", "preprocess.size"),
        ("phases", "phases.train.epochs"),
    ],
)
def test_a_misspelt_field_is_answered_with_its_neighbours(key: str, near: str) -> None:
    with pytest.raises(RecipeError, match=f"no field '{key}'. Did you mean: .*{near}"):
        change_recipe(DEMO, {key: 1})


@pytest.mark.parametrize("key", ["name", "dataset", "parent", "published", "data_folder"])
def test_what_identifies_a_recipe_cannot_be_changed(key: str) -> None:
    with pytest.raises(RecipeError, match=f"no field '{key}'"):
        change_recipe(DEMO, {key: "x"})


def test_a_selection_is_a_change_that_is_checked_with_the_task() -> None:
    changed = change_recipe(DEMO, {"selection": "age:20..60;class=opacity"})

    assert changed.changes == {"selection": "age:20..60;class=opacity"}
    assert Recipe.from_json(changed.to_json()) == changed
    with pytest.raises(RecipeError, match="selection is 'nonsense'. .* is no filter"):
        change_recipe(DEMO, {"selection": "nonsense"})
    with pytest.raises(RecipeError, match="'typical', which is no class of task .* no opacity, op"):
        change_recipe(DEMO, {"selection": "class=typical,opacity"})


def test_model_options_are_changed_by_their_name() -> None:
    changed = change_recipe(MOBILENET, {"model_options.alpha": "0.5"})

    assert changed.model_options == {"alpha": 0.5, "dropout": 0.3}


def test_another_model_brings_its_own_options() -> None:
    smaller = change_recipe(MOBILENET, {"weights": "random", "model": "demo_cnn"})
    larger = change_recipe(DEMO, {"model_options.alpha": 0.5, "model": "mobilenet_v2"})

    assert (smaller.model, smaller.model_options) == ("demo_cnn", {})
    assert (larger.model, larger.model_options) == ("mobilenet_v2", {"alpha": 0.5})


def test_the_changes_of_a_changed_recipe_with_another_model_make_it_again() -> None:
    narrow = change_recipe(MOBILENET, {"model_options.alpha": 0.5, "seed": 5})
    smaller = change_recipe(narrow, {"model": "demo_cnn", "weights": "random"})

    assert smaller.changes == {"model": "demo_cnn", "weights": "random", "seed": 5}
    assert change_recipe(MOBILENET, smaller.changes) == smaller


def test_the_fields_that_another_model_would_have_are_told_beforehand() -> None:
    fields = changeable_fields(MOBILENET, "vgg16")

    assert fields["model"] == "vgg16"
    assert {key for key in fields if key.startswith("model_options.")} == {
        "model_options.head",
        "model_options.dropout",
    }
    assert fields["model_options.dropout"] == 0.3
    with pytest.raises(RecipeError, match="model is 'resnet'"):
        changeable_fields(MOBILENET, "resnet")


def test_an_option_of_another_model_is_unknown() -> None:
    with pytest.raises(RecipeError, match=r"no field 'model_options\.alpha'"):
        change_recipe(DEMO, {"model_options.alpha": 0.5})
    with pytest.raises(RecipeError, match="demo_cnn has no option alpha; it has: none"):
        dataclasses.replace(DEMO, model_options={"alpha": 0.5})


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_changeable_field_can_be_set_to_what_it_is(name: str) -> None:
    recipe = PUBLISHED[name]
    fields = changeable_fields(recipe)

    for key, value in fields.items():
        assert change_recipe(recipe, {key: str(value)}) is recipe, key
    assert {"weights", "seed", "split.validation", "preprocess.size"} <= set(fields)
    for option in MODELS[recipe.model].options:
        assert f"model_options.{option}" in fields


def test_a_recipe_needs_a_phase_and_phases_need_names_of_their_own() -> None:
    with pytest.raises(RecipeError, match="demo_cnn has no phase"):
        dataclasses.replace(DEMO, phases=())
    with pytest.raises(RecipeError, match="must differ, but are: a, a"):
        dataclasses.replace(DEMO, phases=(Phase("a", 1), Phase("a", 2)))


def test_epochs_are_counted_through_all_phases() -> None:
    phases = (Phase("a", 3), Phase("b", 4))

    assert dataclasses.replace(DEMO, phases=phases).n_epochs == 7


def test_a_changed_recipe_comes_back_from_json() -> None:
    changed = change_recipe(
        dataclasses.replace(MOBILENET, data_folder="/data"), {"model_options.alpha": 0.5, "seed": 3}
    )

    assert Recipe.from_json(changed.to_json()) == changed


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", '"recipe"'])
def test_something_else_than_a_recipe_is_refused(text: str) -> None:
    with pytest.raises(RecipeError, match=r"[Rr]ecipe"):
        Recipe.from_json(text)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("colour", "red", "recipe has unknown fields: colour"),
        ("batch_size", "16", r"recipe\.batch_size is '16'"),
        ("batch_size", 16.5, r"recipe\.batch_size is 16\.5"),
        ("batch_size", True, r"recipe\.batch_size is True"),
        ("title", None, r"recipe\.title is None"),
        ("preprocess", 224, r"recipe\.preprocess must be a JSON object"),
        ("preprocess", {"size": "224"}, r"recipe\.preprocess\.size is '224'"),
        ("preprocess", {"sise": 224}, r"recipe\.preprocess has unknown fields: sise"),
        ("augment", {"horizontal_flip": 1}, r"recipe\.augment\.horizontal_flip is 1"),
        ("phases", "train", r"recipe\.phases is 'train'"),
        ("phases", {"train": 1}, r"recipe\.phases is \{'train': 1\}"),
        ("phases", [1], r"recipe\.phases\[0\] must be a JSON object"),
        ("phases", [{"name": "a"}], r"recipe\.phases\[0\] is incomplete: it lacks epochs"),
        ("model_options", {"alpha": "x"}, r"recipe\.model_options\.alpha is 'x'"),
        ("model_options", [], r"recipe\.model_options is \[\]"),
        ("published", {"accuracy": None}, r"recipe\.published\.accuracy is None"),
    ],
)
def test_an_odd_field_in_a_file_is_named_with_its_value(
    field: str, value: Any, message: str
) -> None:
    with pytest.raises(RecipeError, match=message):
        Recipe.from_json(json.dumps({**as_fields(), field: value}))


def test_a_missing_field_is_named() -> None:
    fields = as_fields()
    del fields["task"]

    with pytest.raises(RecipeError, match="recipe is incomplete: it lacks task"):
        Recipe.from_json(json.dumps(fields))


def test_a_file_without_the_optional_fields_takes_their_defaults() -> None:
    fields = as_fields()
    for field in ("about", "changes", "parent", "published", "model_options", "seed"):
        del fields[field]

    assert Recipe.from_json(json.dumps(fields)) == dataclasses.replace(DEMO, about="")


def test_whole_numbers_do_for_fractions() -> None:
    fields = as_fields(MOBILENET)
    fields["model_options"]["alpha"] = 1
    fields["augment"]["rotation"] = 8

    recipe = Recipe.from_json(json.dumps(fields))

    assert type(recipe.model_options["alpha"]) is float
    assert type(recipe.augment.rotation) is float
