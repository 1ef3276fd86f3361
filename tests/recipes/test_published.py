"""Every published recipe: complete, storable, and honest about its source."""

import json

import pytest

from xray_core.datasets import READERS
from xray_core.errors import RecipeError
from xray_core.literature import RESULTS
from xray_core.models import MODELS
from xray_core.processes import PROJECT
from xray_core.recipes import (
    ANY_DATASET,
    CORRECTED,
    PROPER,
    PUBLISHED,
    Recipe,
    change_recipe,
    find_recipe,
    recipes_for,
)
from xray_core.recipes.overview import format_recipes
from xray_core.recipes.variants import setting_of, vary_recipe
from xray_core.tasks import ANY, TASKS


@pytest.mark.parametrize("name", PUBLISHED)
def test_it_comes_back_from_json_as_it_was(name: str) -> None:
    recipe = PUBLISHED[name]

    again = Recipe.from_json(recipe.to_json())

    assert again == recipe
    assert again.to_json() == recipe.to_json()
    assert json.loads(recipe.to_json())["name"] == name


@pytest.mark.parametrize("name", PUBLISHED)
def test_it_is_registered_under_its_name_and_belongs_to_a_reader(name: str) -> None:
    recipe = find_recipe(name)

    assert recipe.name == name
    assert recipe.dataset in READERS
    assert TASKS[recipe.task].dataset in (ANY, recipe.dataset)
    assert recipe.model in MODELS
    assert (recipe.parent, recipe.changes, recipe.data_folder) == ("", {}, "")


@pytest.mark.parametrize("name", PUBLISHED)
def test_it_says_for_a_person_what_it_is_and_where_it_comes_from(name: str) -> None:
    recipe = PUBLISHED[name]

    assert recipe.title
    assert recipe.source
    assert len(recipe.about) > 40
    assert all(0 < figure < 1 for figure in recipe.published.values())


def test_an_unknown_recipe_is_answered_with_the_choices() -> None:
    with pytest.raises(RecipeError, match="'demo'. Choose one of: demo_cnn, pneumonia_cnn"):
        find_recipe("demo")


def test_the_pneumonia_notebook_is_as_published() -> None:
    recipe = PUBLISHED["pneumonia_cnn"]

    [phase] = recipe.phases
    assert (phase.optimizer, phase.learning_rate, phase.patience) == ("adam", 1e-3, 3)
    assert recipe.split.method == "published"
    assert recipe.published["accuracy"] == 0.86
    assert recipe.published["recall_normal"] == 0.67
    assert recipe.published["recall_pneumonia"] == 0.98


def test_experiment_6_1_of_the_thesis_is_as_published() -> None:
    recipe = PUBLISHED["siim_6_1_cnn9"]

    [phase] = recipe.phases
    assert (phase.optimizer, phase.epochs, phase.patience) == ("nadam", 10, 0)
    assert (recipe.batch_size, recipe.preprocess.size, recipe.model) == (16, 299, "cnn9")
    assert (recipe.split.method, recipe.split.validation, recipe.split.test) == (
        "thesis_folders",
        0.2,
        0,
    )
    augment = recipe.augment
    assert augment.horizontal_flip
    assert (augment.zoom, augment.shear) == (0.1, 0.05)
    assert (augment.brightness_min, augment.brightness_max) == (0.8, 1.1)
    assert recipe.class_weights == "none"
    assert recipe.published["accuracy"] == 0.4597


@pytest.mark.parametrize(
    ("name", "of_normal", "of_other", "ppv", "npv"),
    [
        ("tang2020_vgg19_rsna", (1374, 1532), (2615, 3000), 0.9430, 0.7811),
        ("tang2020_vgg19_rsna_opacity", (1476, 1532), (922, 1000), 0.9427, 0.9498),
    ],
)
def test_the_figures_of_the_rsna_images_are_those_of_one_confusion_matrix(
    name: str, of_normal: tuple[int, int], of_other: tuple[int, int], ppv: float, npv: float
) -> None:
    recipe = PUBLISHED[name]
    other = recipe.class_names[1]
    (spared, normal), (found, ill) = of_normal, of_other

    assert round(found / (found + normal - spared), 4) == ppv
    assert round(spared / (spared + ill - found), 4) == npv
    assert {k: v for k, v in recipe.published.items() if k != "auc"} == {
        "accuracy": round((spared + found) / (normal + ill), 4),
        f"recall_{other}": round(found / ill, 4),
        "recall_normal": round(spared / normal, 4),
        f"precision_{other}": ppv,
        "precision_normal": npv,
    }


@pytest.mark.parametrize(
    ("name", "changes", "folds"),
    [
        ("tang2020_vgg19_rsna", {}, 7),
        ("tang2020_vgg19_rsna_opacity", {}, 7),
        ("corona_vgg_mini", {"split.method": "patient"}, 5),
    ],
)
def test_the_folds_of_the_source_are_one_group(
    name: str, changes: dict[str, str], folds: int
) -> None:
    found = vary_recipe(change_recipe(PUBLISHED[name], changes), folds=folds)

    assert [(one.split.folds, one.split.fold) for one in found] == [
        (folds, number) for number in range(1, folds + 1)
    ]
    assert len({str(setting_of(one)) for one in found}) == 1


def test_the_overview_in_the_documentation_is_that_of_the_recipes() -> None:
    text = format_recipes()

    assert (PROJECT / "docs" / "recipes.md").read_text("utf-8") == text
    listed = [name for name in PUBLISHED if not name.endswith((CORRECTED, PROPER))]
    lines = text.splitlines()
    for name in listed:
        recipe = PUBLISHED[name]
        rows = [line for line in lines if line.startswith(f"| `{name}` |")]
        assert f"`{recipe.model}`" in rows[0]
        assert f"{recipe.preprocess.size} px" in rows[0]
    named = {row.recipe for row in RESULTS}
    assert named <= set(listed) | {"nih_densenet121_findings"}
    assert all(f"{figure:g}" in text for row in RESULTS for figure in row.metrics.values())


@pytest.mark.parametrize(
    ("dataset", "task", "expected"),
    [
        ("siim_covid19", "siim_typical", "siim_typical"),
        ("siim_covid19", "", "siim_study"),  # the first
        ("nih_chestxray14", "nih_findings", "nih_findings"),  # several answers at once
        ("folder", "", "folder_class"),
    ],
)
def test_recipes_for_any_dataset_take_the_task_that_is_asked_for(
    dataset: str, task: str, expected: str
) -> None:
    recipes = recipes_for(dataset, task)

    for name in ANY_DATASET:
        assert (recipes[name].dataset, recipes[name].task) == (dataset, expected)
    made_for_it = {
        name
        for name, recipe in PUBLISHED.items()
        if recipe.dataset == dataset and not recipe.asks_masks
    }
    assert set(recipes) == made_for_it | set(ANY_DATASET)
