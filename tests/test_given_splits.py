"""Test sets that come from elsewhere, the thesis' and those of a site; samples of patients."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.test_splits import make_catalog, make_targets, many_patients, union_like
from xray_core.catalog import Catalog, build_catalog
from xray_core.datasets import open_dataset
from xray_core.errors import RecipeError
from xray_core.recipes import PUBLISHED, change_recipe
from xray_core.splits import (
    SplitSpec,
    check_leaks,
    count_leaks,
    describe_absent,
    describe_unused,
    fitting_methods,
    split_catalog,
)
from xray_core.tasks import encode_catalog, find_task

THESIS = SplitSpec("thesis", validation=0.2, allow_leaks=True)
RADIOGRAPHY = {"COVID": 3616, "Lung_Opacity": 6012, "Normal": 10_192, "Viral Pneumonia": 1345}


def siim_like(n_images: int = 200) -> Catalog:
    """Return SIIM images whose ids are 0000 to 0199, of patients with images all over the ids."""
    names = ("Negative for Pneumonia", "Typical Appearance", "Atypical Appearance")
    rows = [
        {
            "image_id": f"{i:04d}",
            "path": f"{i}.png",
            "patient_id": f"p{i % 80}",
            "study_id": f"s{i % 80}_{i // 160}",
            "findings": names[i % 80 % 3],
        }
        for i in range(n_images)
    ]
    return build_catalog(Path("no-such-folder"), "siim_covid19", rows)


def divide(catalog: Catalog, spec: SplitSpec, task: str = "siim_opacity") -> pd.DataFrame:
    return split_catalog(catalog, encode_catalog(catalog, find_task(task)), spec)


def ids(split: pd.DataFrame, subset: str) -> list[str]:
    return split.loc[split["subset"] == subset, "image_id"].tolist()


def test_the_thesis_tests_the_last_fifth_of_the_ids_and_the_first_of_the_rest_validate() -> None:
    catalog = siim_like()

    split = divide(catalog, THESIS)

    assert ids(split, "test") == [f"{i:04d}" for i in range(160, 200)]
    assert ids(split, "validation") == [f"{i:04d}" for i in range(32)]
    leaks = check_leaks(split, catalog, THESIS)
    assert leaks.patients == 40, "those who are tested, each with an image that trains"
    with pytest.raises(RecipeError, match=r"Set split\.method=thesis_patients"):
        check_leaks(split, catalog, replace(THESIS, allow_leaks=False))


def test_the_images_that_are_there_are_tested_where_the_thesis_tested_them() -> None:
    whole = siim_like()
    part = siim_like()
    part.images.loc[part.images.index % 4 == 0, "path"] = None

    for spec in (THESIS, SplitSpec("thesis_folders"), SplitSpec("thesis_arrays")):
        subsets = divide(whole, spec).set_index("image_id")["subset"].astype(str)
        of_part = divide(part, spec).set_index("image_id")["subset"].astype(str)
        assert len(of_part) == 150
        assert of_part.equals(subsets[of_part.index])


def test_apart_from_its_patients_the_same_images_are_tested_and_what_is_left_out_is_counted() -> (
    None
):
    catalog = siim_like()
    spec = replace(THESIS, method="thesis_patients", allow_leaks=False)
    targets = encode_catalog(catalog, find_task("siim_opacity"))

    split = split_catalog(catalog, targets, spec)

    assert ids(split, "test") == ids(divide(catalog, THESIS), "test")
    assert not check_leaks(split, catalog, spec)
    # Of the 40 patients who are tested, two images each are not.
    assert len(split) == 200 - 80
    assert describe_unused(catalog, targets, split, spec) == [
        "80 of 200 images are left out: they belong to patients of the test set."
    ]
    assert describe_unused(catalog, targets, divide(catalog, THESIS), THESIS) == []
    sampled = replace(spec, n_images=60)
    sample = split_catalog(catalog, targets, sampled)
    assert describe_unused(catalog, targets, sample, sampled) == [
        "80 of 200 images are left out: they belong to patients of the test set.",
        f"{120 - len(sample)} of 200 images are left out: of all, a sample of about 60 is used.",
    ]


@pytest.mark.parametrize("method", ["thesis", "thesis_patients"])
def test_of_a_union_the_thesis_tests_the_same_images_with_and_without_the_external_ones(
    method: str,
) -> None:
    catalog = union_like()
    own = catalog.images["source"] == "siim_covid19"
    spec = replace(THESIS, method=method)

    union = divide(catalog, spec, "union_opacity")
    alone = divide(catalog, replace(spec, target_domain_only=True), "union_opacity")

    n_tested = math.ceil(0.2 * own.sum())
    tested = sorted(catalog.images.loc[own, "image_id"])[-n_tested:]
    assert ids(union, "test") == ids(alone, "test") == tested
    external = set(catalog.images.loc[~own, "image_id"])
    assert external & set(union["image_id"])
    assert not external & set(alone["image_id"])
    if method == "thesis":  # as experiment 9: what trains is external
        assert len(ids(union, "validation")) == int(0.2 * (len(catalog.images) - n_tested))
        assert set(ids(union, "validation")) < set(catalog.images.loc[own, "image_id"])


def test_the_validation_set_of_folders_keeps_studies_together_and_that_of_arrays_is_shuffled() -> (
    None
):
    catalog = siim_like()
    catalog.images["study_id"] = [f"s{i % 100}" for i in range(200)]  # two images each

    folders = divide(catalog, SplitSpec("thesis_folders", validation=0.2))
    arrays = divide(catalog, SplitSpec("thesis_arrays", validation=0.2))

    assert ids(folders, "validation") == sorted(
        f"{i + more:04d}" for i in range(20) for more in (0, 100)
    )
    table = [f"{i + more:04d}" for i in range(100) for more in (0, 100)]
    first = np.random.RandomState(42).permutation(200)[:40]  # noqa: NPY002
    assert ids(arrays, "validation") == sorted(table[i] for i in first)
    assert set(folders["subset"]) == {"training", "validation"}


def sites_like() -> tuple[Catalog, pd.DataFrame]:
    """Return 240 images of 80 patients at the sites north, east and south; of south all are a."""
    rows = [{"patient_id": f"p{i // 3}", "site": ("north", "east")[i // 120]} for i in range(240)]
    rows += [{"patient_id": f"q{i // 3}", "site": "south"} for i in range(30)]
    catalog = make_catalog(rows)
    return catalog, make_targets(catalog, [i // 3 % 2 for i in range(240)] + [0] * 30)


def test_one_site_is_tested_and_its_patients_are_nowhere_else() -> None:
    catalog, targets = sites_like()
    images = catalog.images
    images.loc[:3, "site"] = "east"  # of a patient and a half of north
    spec = SplitSpec("site", site="north")

    split = split_catalog(catalog, targets, spec)

    tested = images[images["site"] == "north"]
    assert ids(split, "test") == tested["image_id"].tolist()
    assert not check_leaks(split, catalog, spec)
    assert "image0003" not in set(split["image_id"])
    assert describe_unused(catalog, targets, split, spec) == [
        "1 of 270 images is left out: they belong to patients of the test set."
    ]


def test_a_site_of_one_class_is_tested_and_a_site_that_nobody_knows_is_refused() -> None:
    catalog, targets = sites_like()

    [words] = describe_absent(
        split_catalog(catalog, targets, SplitSpec("site", site="south")), ["a", "b"]
    )

    assert "No image of b is in the test set" in words
    with pytest.raises(RecipeError, match=r"'west', but no image .* sites: \w+, \w+, \w+\."):
        split_catalog(catalog, targets, SplitSpec("site", site="west"))


def test_only_datasets_that_have_them_are_offered_the_thesis_and_sites() -> None:
    thesis = {"thesis", "thesis_patients"}
    assert fitting_methods(siim_like()) == ["patient", "clean", "image"], "no images of its own"
    siim, union = siim_like(), union_like()
    siim.images.loc[siim.images.index[-1], "image_id"] = "cd04ca4ef72d"
    union.images.loc[union.images.index[0], "image_id"] = "siim/cd04ca4ef72d"
    assert set(fitting_methods(siim)) >= {*thesis, "thesis_folders", "thesis_arrays"}
    assert thesis < set(fitting_methods(union))
    assert not {"thesis_folders", "thesis_arrays"} & set(fitting_methods(union))
    unlabelled = replace(siim, images=siim.images.assign(findings=None))
    assert fitting_methods(unlabelled) == ["patient", "clean", "image"]
    assert "site" in fitting_methods(sites_like()[0])
    one = make_catalog([{"site": "north"}, {}])
    assert fitting_methods(one) == ["patient", "clean", "image"]
    for method in (*thesis, "thesis_folders", "thesis_arrays"):
        with pytest.raises(RecipeError, match=r"Set split\.method=patient"):
            split_catalog(one, make_targets(one, [0, 1]), SplitSpec(method))


@pytest.mark.parametrize("method", ["patient", "image", "published"])
def test_a_sample_has_whole_patients_and_each_class_in_its_proportion(method: str) -> None:
    catalog, targets = many_patients()
    catalog.images["published_split"] = np.where(
        catalog.images["patient_id"].str[-1].isin(["1", "2"]), "test", "training"
    )
    spec = SplitSpec(method, n_images=200, allow_leaks=True)

    split = split_catalog(catalog, targets, spec)

    assert len(split) == pytest.approx(200, abs=8)
    owners = catalog.images.set_index("image_id")["patient_id"]
    sampled = set(owners[split["image_id"]])
    assert len(split) == owners.isin(sampled).sum(), "whole patients"
    assert (split["class"] == "b").mean() == pytest.approx(targets["b"].mean(), abs=0.03)
    if method == "published":
        whole = split_catalog(catalog, targets, SplitSpec(method))
        assert set(ids(split, "test")) < set(ids(whole, "test"))
    [words] = describe_unused(catalog, targets, split, spec)
    assert words.endswith("are left out: of all, a sample of about 200 is used.")
    other = split_catalog(catalog, targets, replace(spec, seed=1))
    assert set(split["image_id"]) != set(other["image_id"])


def test_a_tiny_sample_keeps_each_class_in_each_subset_and_a_large_one_is_all() -> None:
    catalog, targets = many_patients(share=0.03)

    tiny = split_catalog(catalog, targets, SplitSpec(n_images=12))
    whole = split_catalog(catalog, targets, SplitSpec(n_images=10**6))

    assert pd.crosstab(tiny["class"], tiny["subset"]).to_numpy().min() > 0
    assert len(tiny) < 60
    pd.testing.assert_frame_equal(whole, split_catalog(catalog, targets, SplitSpec()))


@pytest.mark.parametrize("spec", [SplitSpec(test=0.25), SplitSpec(folds=4), THESIS])
def test_who_validates_on_the_test_set_draws_no_validation_set(spec: SplitSpec) -> None:
    catalog = siim_like()

    split = divide(catalog, replace(spec, validate_on_test=True))

    assert set(split["subset"]) == {"training", "test"}
    assert len(split) == 200
    if spec.method == "thesis":
        assert ids(split, "test") == ids(divide(catalog, spec), "test")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"method": "site"}, "split.site is empty"),
        ({"site": "north"}, "split.site is 'north', but split.method is patient"),
        ({"validate_on_test": True, "test": 0}, "there is no test set to watch"),
        ({"validate_on_test": True, "method": "thesis_folders"}, "no test set to watch"),
        ({"n_images": -1}, "split.n_images is -1"),
        ({"method": "thesis", "folds": 3}, "the test set of split.method=thesis is given"),
        ({"method": "thesis_folders", "target_domain_only": True}, "has external images"),
    ],
)
def test_what_does_not_go_together_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        SplitSpec(**fields)


def test_the_command_line_sets_all_these_fields() -> None:
    changes = {
        "split.method": "site",
        "split.site": "Hospital X",
        "split.n_images": "500",
        "split.validate_on_test": "yes",
    }

    split = change_recipe(PUBLISHED["demo_cnn"], changes).split

    assert (split.method, split.site, split.n_images) == ("site", "Hospital X", 500)
    assert split.validate_on_test


def test_a_selection_leaves_the_test_set_of_the_thesis_where_it_is() -> None:
    catalog = siim_like()
    numbers = np.linspace(0, 2**48 - 1, len(catalog.images)).astype("int64")
    catalog.images["image_id"] = [f"{number:012x}" for number in numbers]
    chosen = replace(catalog, images=catalog.images[::3])

    whole, part = (divide(images, THESIS) for images in (catalog, chosen))

    assert min(ids(whole, "test")) >= "cd04ca4ef72d" > max(ids(whole, "training"))
    assert set(ids(part, "test")) == set(ids(whole, "test")) & set(chosen.images["image_id"])
    with pytest.raises(RecipeError, match="None of the 40 images of siim_covid19"):
        divide(replace(catalog, images=catalog.images[:40]), THESIS)
    fields = {"selection": "age:20..60", "split.method": "thesis_folders", "split.test": 0}
    with pytest.raises(RecipeError, match="goes by the rows of the whole table"):
        change_recipe(PUBLISHED["siim_6_10_xception_opacity"], fields)


@pytest.fixture(scope="module")
def competition(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """The competition's tables with each file as if it were there."""
    catalog = open_dataset(real_data / "siim-covid19", tmp_path_factory.mktemp("cache"))
    images = catalog.images.assign(path=catalog.images["image_id"] + ".jpg")
    return replace(catalog, images=images)


def count_findings(catalog: Catalog, split: pd.DataFrame, subset: str) -> list[int]:
    """Return how many images are atypical, indeterminate, negative and typical."""
    findings = catalog.images.set_index("image_id")["findings"]
    counts = findings[ids(split, subset)].str.split().str[0].value_counts()
    return counts.reindex(["Atypical", "Indeterminate", "Negative", "Typical"]).tolist()


def test_the_subsets_of_the_real_thesis_have_its_published_counts(competition: Catalog) -> None:
    spec = replace(THESIS, target_domain_only=True, validate_on_test=True)
    hidden = divide(competition, spec, "siim_study")
    folders = divide(competition, SplitSpec("thesis_folders", validation=0.2), "siim_study")
    arrays = divide(competition, SplitSpec("thesis_arrays", validation=0.2), "siim_study")

    assert count_findings(competition, hidden, "test") == [97, 242, 342, 586]
    assert min(ids(hidden, "test")) == "cd04ca4ef72d"
    assert count_findings(competition, hidden, "training") == [386, 866, 1394, 2421]
    owners = competition.images.set_index("image_id")["patient_id"]
    shared = owners[ids(hidden, "test")].isin(owners[ids(hidden, "training")])
    assert (len(shared), shared.sum()) == (1267, 813)
    matrix = np.array([[215, 121], [157, 761]])  # of experiment 10, whose rows are the classes
    assert matrix.sum() == 1254 == 1267 - 13
    # The rows of the matrices of 6.1, 6.9 and 6.10, and the accuracies of one-class answers.
    assert count_findings(competition, folders, "validation") == [89, 239, 356, 582]
    assert len(ids(folders, "training")) == 5068
    counts = count_findings(competition, arrays, "validation")
    assert counts == [96, 232, 332, 607]
    assert [round(100 * n / sum(counts), 2) for n in counts[2:]] == [26.2, 47.91]
    assert len(ids(arrays, "training")) == 5067


def test_experiment_9_validated_on_all_of_the_competition_and_trained_on_nothing_of_that(
    competition: Catalog,
) -> None:
    own = competition.images.assign(image_id="siim/" + competition.images["image_id"])
    names = [f"{name}-{i}" for name, n in RADIOGRAPHY.items() for i in range(1, n + 1)]
    external = pd.DataFrame({"image_id": names}).assign(
        findings=[name.rpartition("-")[0] for name in names],
        source="covid19_radiography",
        path=names,
    )
    external["image_id"] = "radiography/" + external["image_id"]
    rows = pd.concat([own, external], ignore_index=True)
    union = build_catalog(competition.root, "siim_radiography", rows)

    split = divide(union, THESIS, "union_opacity")

    counts = pd.crosstab(split["class"], split["subset"])
    # The rows of its published matrices; of the second, 13 images were lost.
    assert counts["validation"].to_dict() == {"no opacity": 1394, "opacity": 3852}
    assert counts["test"].to_dict() == {"no opacity": 342, "opacity": 925}
    assert (counts["training"].sum(), counts["validation"].sum()) == (20_986, 5246)
    source = split["image_id"].str.partition("/")[0]
    assert source[split["subset"] == "validation"].value_counts().to_dict() == {
        "siim": 5067,
        "radiography": 179,
    }
    assert set(source[split["subset"] == "training"]) == {"radiography"}
    assert count_leaks(split, union, read_files=False).patients > 0


def test_apart_from_its_patients_two_thirds_of_the_rest_still_train(competition: Catalog) -> None:
    split = divide(competition, replace(THESIS, method="thesis_patients"), "siim_study")

    assert count_findings(competition, split, "test") == [97, 242, 342, 586]
    assert len(split) == 6334 - 1668
    owners = competition.images.set_index("image_id")["patient_id"]
    tested = set(owners[ids(split, "test")])
    assert not tested & set(owners[ids(split, "training") + ids(split, "validation")])
