"""Splits: no patient in two subsets, whatever the catalog looks like."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from xray_core.catalog import Catalog, build_catalog
from xray_core.errors import RecipeError
from xray_core.splits import (
    SUBSETS,
    Copies,
    SplitSpec,
    check_leaks,
    count_leaks,
    describe_absent,
    describe_groups,
    fitting_methods,
    format_leaks,
    split_by_tables,
    split_catalog,
)
from xray_core.splits.dividing import fill_subsets
from xray_core.splits.grouping import group_images
from xray_core.tasks import encode_catalog, find_task

NOWHERE = Path("no-such-folder")


def make_catalog(rows: Sequence[Mapping[str, Any]], root: Path = NOWHERE) -> Catalog:
    """Return a catalog of these rows, each with a path unless it says otherwise."""
    numbered = [
        {"image_id": f"image{i:04d}", "path": f"image{i:04d}.png", **row}
        for i, row in enumerate(rows)
    ]
    return build_catalog(root, "made_up", numbered)


def make_targets(catalog: Catalog, classes: Sequence[int]) -> pd.DataFrame:
    """Return one-hot targets of two or more classes called a, b, ..."""
    n_classes = max(2, max(classes) + 1)
    table = np.eye(n_classes, dtype="uint8")[list(classes)]
    return pd.DataFrame(table, index=catalog.images.index, columns=list("abcdef"[:n_classes]))


def many_patients(
    n_patients: int = 300, share: float = 0.25, seed: int = 0
) -> tuple[Catalog, pd.DataFrame]:
    """Return a catalog of patients with one to four images each, a quarter of them of class b."""
    rng = np.random.default_rng(seed)
    rows, classes = [], []
    for patient in range(n_patients):
        is_b = int(rng.random() < share)
        for _ in range(rng.integers(1, 5)):
            rows.append({"patient_id": f"patient{patient}"})
            classes.append(is_b)
    catalog = make_catalog(rows)
    return catalog, make_targets(catalog, classes)


def subsets_per_group(split: pd.DataFrame, groups: pd.Series) -> pd.Series:
    """Return in how many subsets each group has images."""
    return split.groupby(groups.to_numpy(), observed=True)["subset"].nunique()


def test_no_patient_is_in_two_subsets() -> None:
    catalog, targets = many_patients()

    split = split_catalog(catalog, targets, SplitSpec())

    patients = split.merge(catalog.images, on="image_id")["patient_id"]
    assert (subsets_per_group(split, patients) == 1).all()
    assert not count_leaks(split, catalog)


def test_every_labelled_image_that_is_present_is_in_one_subset_and_no_other_is() -> None:
    catalog = make_catalog([{"path": None} if i % 7 == 0 else {} for i in range(70)])
    targets = make_targets(catalog, [i % 2 for i in range(70)]).drop(index=[1, 2, 3])

    split = split_catalog(catalog, targets, SplitSpec())

    expected = [f"image{i:04d}" for i in range(70) if i % 7 and i not in (1, 2, 3)]
    assert split["image_id"].tolist() == expected
    assert split["subset"].notna().all()
    assert split["path"].tolist() == [f"{name}.png" for name in expected]


def test_subsets_have_about_the_size_asked_for_and_the_classes_in_like_proportion() -> None:
    catalog, targets = many_patients()

    split = split_catalog(catalog, targets, SplitSpec(validation=0.2, test=0.1))

    shares = split["subset"].value_counts(normalize=True)
    assert shares["validation"] == pytest.approx(0.2, abs=0.02)
    assert shares["test"] == pytest.approx(0.1, abs=0.02)
    of_b = split.groupby("subset", observed=True)["class"].apply(lambda one: (one == "b").mean())
    assert of_b.max() - of_b.min() < 0.03


def test_a_small_class_is_spread_too_where_patients_have_images_of_both() -> None:
    rows = [{"patient_id": f"p{i // 2}"} for i in range(400)]
    catalog = make_catalog(rows)
    # One image in each of 20 patients is of the small class b.
    targets = make_targets(catalog, [int(i % 20 == 0) for i in range(400)])

    split = split_catalog(catalog, targets, SplitSpec(validation=0.2, test=0.2))

    assert pd.crosstab(split["class"], split["subset"]).loc["b"].tolist() == [12, 4, 4]


@pytest.mark.parametrize("n_images", [0, 300])
def test_patients_with_many_images_do_not_spoil_the_proportions(n_images: int) -> None:
    sizes = [26, 22, 13, 13, 9, 9, 7, 7] + [1, 2] * 200
    rows = [{"patient_id": f"p{number}"} for number, size in enumerate(sizes) for _ in range(size)]
    classes = [number % 3 % 2 for number, size in enumerate(sizes) for _ in range(size)]
    catalog = make_catalog(rows)
    targets = make_targets(catalog, classes)

    for seed in range(12):
        split = split_catalog(catalog, targets, SplitSpec(seed=seed, n_images=n_images))

        shares = pd.crosstab(split["class"], split["subset"], normalize="columns").loc["b"]
        assert shares.to_numpy() == pytest.approx((split["class"] == "b").mean(), abs=0.06)
        assert (split["subset"] == "test").mean() == pytest.approx(0.15, abs=0.03)


def test_the_same_seed_gives_the_same_split_and_another_seed_another() -> None:
    catalog, targets = many_patients()

    split = split_catalog(catalog, targets, SplitSpec(seed=3))
    again = split_catalog(catalog, targets, SplitSpec(seed=3))
    other = split_catalog(catalog, targets, SplitSpec(seed=4))

    pd.testing.assert_frame_equal(split, again)
    assert (split["subset"] != other["subset"]).mean() > 0.2


def test_the_split_table_says_class_and_group_of_each_image() -> None:
    catalog, targets = many_patients(30, share=0.5)

    split = split_catalog(catalog, targets, SplitSpec())

    assert list(split) == ["image_id", "path", "group", "class", "subset"]
    assert split["subset"].cat.categories.tolist() == list(SUBSETS)
    patients = split.merge(catalog.images, on="image_id")["patient_id"]
    assert split["group"].tolist() == patients.tolist()
    expected = targets.set_axis(catalog.images["image_id"])["b"].map({0: "a", 1: "b"})
    assert split["class"].astype(str).tolist() == expected[split["image_id"]].tolist()


def test_studies_stay_together_where_no_patient_is_known() -> None:
    catalog = make_catalog([{"study_id": f"study{i // 3}"} for i in range(300)])
    targets = make_targets(catalog, [i // 3 % 2 for i in range(300)])

    split = split_catalog(catalog, targets, SplitSpec())

    assert (subsets_per_group(split, split["image_id"].str[5:].astype(int) // 3) == 1).all()


def test_a_study_joins_an_image_of_unknown_patient_to_that_of_its_patient() -> None:
    catalog = make_catalog(
        [
            {"patient_id": "p1", "study_id": "s1"},
            {"patient_id": None, "study_id": "s1"},
            {"patient_id": "p1", "study_id": "s2"},
            {"patient_id": "p2", "study_id": "s3"},
        ]
    )

    assert group_images(catalog).tolist() == ["p1", "p1", "p1", "p2"]


def test_images_of_nobody_are_each_a_group() -> None:
    catalog = make_catalog([{}, {}, {"study_id": "s"}])

    assert group_images(catalog).tolist() == ["image0000", "image0001", "study s"]


def test_identical_files_join_their_patients(tmp_path: Path) -> None:
    contents = {"a": b"one", "b": b"two", "c": b"one", "d": b"two", "e": b"six"}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    rows = [
        {"path": name, "patient_id": patient, "file_size": 3}
        for name, patient in zip("abcde", ["p1", "p2", "p2", "p3", "p4"], strict=True)
    ]

    groups = group_images(make_catalog(rows, tmp_path))

    # a = c joins p1 and p2; b = d joins p2 and p3; e shares only its size.
    assert groups.tolist() == ["p1", "p1", "p1", "p1", "p4"]


def test_files_that_cannot_be_read_are_no_copies_of_each_other(tmp_path: Path) -> None:
    rows = [{"path": name, "patient_id": name, "file_size": 3} for name in ("gone", "lost")]

    assert group_images(make_catalog(rows, tmp_path)).tolist() == ["gone", "lost"]


def test_splitting_by_image_leaks_and_the_leaks_are_counted() -> None:
    catalog = make_catalog([{"patient_id": f"p{i // 4}"} for i in range(200)])
    targets = make_targets(catalog, [i % 2 for i in range(200)])

    split = split_catalog(catalog, targets, SplitSpec("image", validation=0.25, test=0.25))

    patients = split["image_id"].str[5:].astype(int) // 4
    leaking = int((subsets_per_group(split, patients) > 1).sum())
    assert leaking > 25
    assert count_leaks(split, catalog).groups == count_leaks(split, catalog).patients == leaking
    # The table still tells whose images they are: intervals are drawn over patients.
    assert split["group"].nunique() == 50


def test_a_leaky_split_is_refused_unless_it_is_allowed() -> None:
    catalog = make_catalog([{"patient_id": f"p{i // 4}"} for i in range(200)])
    spec = SplitSpec("image", validation=0.25, test=0.25)
    split = split_catalog(catalog, make_targets(catalog, [i % 2 for i in range(200)]), spec)

    with pytest.raises(RecipeError, match=r"\d+ patients are in several subsets.*=clean"):
        check_leaks(split, catalog, spec)
    assert check_leaks(split, catalog, replace(spec, allow_leaks=True)).patients > 25


def test_a_clean_split_keeps_identical_pixels_together_whatever_their_patients() -> None:
    catalog = make_catalog([{"patient_id": f"p{i}"} for i in range(300)])
    targets = make_targets(catalog, [i % 2 for i in range(300)])
    # Three patients share each picture, as where a copy was filed under another name.
    pixels = pd.Series([f"digest{i % 100}" for i in range(300)], catalog.images.index)
    spec = SplitSpec("clean", validation=0.25, test=0.25)

    split = split_catalog(catalog, targets, spec, Copies(pixels, NO_PAIRS))

    assert subsets_per_group(split, pixels).max() == 1
    by_patient = split_catalog(catalog, targets, replace(spec, method="patient"))
    assert subsets_per_group(by_patient, pixels).max() > 1
    with pytest.raises(RecipeError, match="needs to know which images show the same picture"):
        split_catalog(catalog, targets, spec)


def test_images_that_cannot_be_read_are_no_copies_of_each_other_in_a_clean_split() -> None:
    catalog = make_catalog([{"patient_id": f"p{i}"} for i in range(3)])
    pixels = pd.Series(pd.NA, catalog.images.index, dtype="string")

    assert group_images(catalog, Copies(pixels, NO_PAIRS)).nunique() == 3


def pairs_of(pairs: Sequence[tuple[str, str, float]]) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=["digest_a", "digest_b", "similarity"])


NO_PAIRS = pairs_of([])


def with_copies(n_pairs: int) -> tuple[Catalog, pd.DataFrame, Copies]:
    """Return 300 patients, of whom the first 2 * n_pairs look alike two by two."""
    catalog = make_catalog([{"patient_id": f"p{i}"} for i in range(300)])
    targets = make_targets(catalog, [i // 2 % 2 for i in range(300)])
    digests = pd.Series([f"d{i}" for i in range(300)], catalog.images.index, dtype="string")
    pairs = [(f"d{2 * i}", f"d{2 * i + 1}", 0.93) for i in range(n_pairs)]
    return catalog, targets, Copies(digests, pairs_of(pairs))


@pytest.mark.parametrize("method", ["patient", "clean", "image"])
def test_what_looks_the_same_is_together_in_a_clean_split_and_counted_in_others(
    method: str,
) -> None:
    catalog, targets, copies = with_copies(100)
    spec = SplitSpec(method, validation=0.25, test=0.25)
    split = split_catalog(catalog, targets, spec, copies)

    leaks = count_leaks(split, catalog, copies)

    number = split["image_id"].str[5:].astype(int)
    together = split[number < 200].groupby(number // 2)["subset"].nunique()
    apart = int((together > 1).sum())
    assert (apart == 0) == (method == "clean")
    assert (leaks.near_identical, leaks.groups, leaks.patients) == (apart, apart, 0)
    assert count_leaks(split, catalog).near_identical is None, "nobody compared"
    if method == "image":
        with pytest.raises(RecipeError, match=f"{apart} pairs of images that look the same are"):
            check_leaks(split, catalog, spec, copies)
    else:  # a split by patient promises nothing of such images, so it is said and goes on
        assert check_leaks(split, catalog, spec, copies) == leaks


def test_a_copy_of_a_copy_in_another_subset_is_counted_wherever_its_pixels_are() -> None:
    catalog = make_catalog([{} for _ in range(4)])
    digests = pd.Series(["a", "a", "b", "c"], catalog.images.index, dtype="string")
    copies = Copies(digests, pairs_of([("a", "b", 0.95)]))
    split = catalog.images[["image_id"]].assign(subset=["training", "test", "test", "training"])

    leaks = count_leaks(split, catalog, copies)

    assert (leaks.identical, leaks.near_identical, leaks.groups) == (1, 1, 1)
    assert format_leaks(leaks.to_dict()) == (
        "1 group of identical images and 1 pair of images that look the same"
    )


def test_an_image_in_no_subset_makes_no_leak_of_two_others() -> None:
    catalog = make_catalog([{"patient_id": name} for name in "aabb"])
    digests = pd.Series(["1", "2", "3", "4"], catalog.images.index, dtype="string")
    copies = Copies(digests, pairs_of([("2", "3", 0.95)]))
    split = catalog.images[["image_id"]].iloc[[0, 1, 3]].assign(subset=["training"] * 2 + ["test"])

    assert count_leaks(split, catalog, copies).groups == 0
    assert count_leaks(split.assign(subset="training"), catalog, copies).groups == 0


def chain_of(start: int, stop: int, similarity: float) -> list[tuple[str, str, float]]:
    return [(f"d{i}", f"d{i + 1}", similarity) for i in range(start, stop)]


@pytest.mark.parametrize(
    ("pairs", "n_joined", "largest"),
    [
        (chain_of(0, 18, 0.93), 18, 19),
        # Too long: joined only where two are all but identical, and not at all if still too long.
        (chain_of(0, 100, 0.93) + [("d0", "d2", 0.99)], 1, 2),
        (chain_of(0, 100, 0.99) + chain_of(200, 218, 0.93), 18, 19),
    ],
    ids=["short", "long", "all alike"],
)
def test_a_chain_of_pairs_never_joins_most_of_the_images(
    pairs: list[tuple[str, str, float]], n_joined: int, largest: int
) -> None:
    catalog, targets, none = with_copies(0)
    copies = Copies(none.digests, pairs_of(pairs))

    split = split_catalog(catalog, targets, SplitSpec("clean"), copies)

    assert (len(copies.joined), copies.n_left_apart) == (n_joined, len(pairs) - n_joined)
    assert group_images(catalog, copies).value_counts().iloc[0] == largest
    assert not count_leaks(split, catalog, copies)
    assert set(split["subset"]) == set(SUBSETS)


def test_only_methods_that_can_divide_the_dataset_are_offered() -> None:
    plain = make_catalog([{}, {}])
    published = make_catalog([{"published_split": "training"}, {"published_split": "test"}])
    union = make_catalog([{"source": "siim_covid19"}, {"source": "covid19_radiography"}])

    assert fitting_methods(plain) == ["patient", "clean", "image"]
    assert fitting_methods(published) == ["patient", "clean", "published", "image"]
    assert fitting_methods(kermany_like()[0]) == fitting_methods(published)
    for subset in ("training", "test"):
        assert "published" not in fitting_methods(make_catalog([{"published_split": subset}] * 2))
    assert fitting_methods(union) == ["patient", "clean", "target_domain", "image"]
    for source in ("siim_covid19", "covid19_radiography"):
        assert "target_domain" not in fitting_methods(make_catalog([{"source": source}] * 2))


@pytest.mark.parametrize("method", ["patient", "clean", "published", "image"])
def test_a_quick_split_reads_no_file_and_divides_as_the_method_does(method: str) -> None:
    catalog, targets = kermany_like()
    catalog.images["file_size"] = 7  # as of copies, but there is no file to compare
    unread = pd.Series(pd.NA, catalog.images.index, dtype="string")

    quick = split_by_tables(catalog, targets, SplitSpec(method, seed=1))

    whole = split_catalog(catalog, targets, SplitSpec(method, seed=1), Copies(unread, NO_PAIRS))
    pd.testing.assert_frame_equal(quick, whole)


def union_like(n_patients: int = 150) -> Catalog:
    """Return a union of SIIM patients with one to four images and as many external images."""
    findings = ("Negative for Pneumonia", "Typical Appearance", "Indeterminate Appearance")
    rows: list[dict[str, Any]] = [
        {
            "source": "siim_covid19",
            "patient_id": f"siim/{patient}",
            "study_id": f"siim/{patient}_{i // 2}",
            "findings": findings[patient % 3],
        }
        for patient in range(n_patients)
        for i in range(1 + patient // 3 % 4)
    ]
    names = ("Normal", "COVID")
    rows += [{"source": "covid19_radiography", "findings": names[i % 2]} for i in range(len(rows))]
    return build_catalog(
        NOWHERE,
        "siim_radiography",
        [{"image_id": f"image{i:04d}", "path": f"{i}.png", **row} for i, row in enumerate(rows)],
    )


TARGET_DOMAIN_SPEC = SplitSpec("target_domain", validation=0.2, test=0.2)


def target_domain_split(catalog: Catalog, task: str, spec: SplitSpec) -> pd.DataFrame:
    """Return the split with each image's source, patient and published findings."""
    split = split_catalog(catalog, encode_catalog(catalog, find_task(task)), spec)
    columns = ["image_id", "source", "patient_id", "findings"]
    return split.merge(catalog.images[columns], on="image_id")


@pytest.mark.parametrize("seed", range(3))
def test_a_target_domain_split_tests_on_target_domain_only_and_learns_from_both(seed: int) -> None:
    catalog = union_like()

    table = target_domain_split(catalog, "union_opacity", replace(TARGET_DOMAIN_SPEC, seed=seed))

    counts = pd.crosstab(table["source"], table["subset"])
    n = (catalog.images["source"] == "siim_covid19").sum()
    assert counts.loc["covid19_radiography", "test"] == 0
    assert counts.loc["siim_covid19", "test"] == pytest.approx(0.2 * n, abs=0.03 * n)
    assert (counts[["training", "validation"]] > 0).all(axis=None)
    assert len(table) == len(catalog.images)
    own = table[table["source"] == "siim_covid19"]
    assert subsets_per_group(own, own["patient_id"]).max() == 1
    assert not count_leaks(table, catalog)


def test_target_domain_alone_is_evaluated_on_the_images_that_the_union_hides() -> None:
    catalog = union_like()
    alone = replace(TARGET_DOMAIN_SPEC, target_domain_only=True)

    union = target_domain_split(catalog, "union_opacity", TARGET_DOMAIN_SPEC)
    table = target_domain_split(catalog, "union_opacity", alone)

    assert set(table["source"]) == {"siim_covid19"}
    hidden = [set(one.loc[one["subset"] == "test", "image_id"]) for one in (union, table)]
    assert hidden[0] == hidden[1]
    assert len(table) == (catalog.images["source"] == "siim_covid19").sum()
    with pytest.raises(RecipeError, match="only split.method=target_domain, thesis.* has external"):
        SplitSpec("patient", target_domain_only=True)


def test_a_target_domain_test_has_the_findings_in_the_proportion_of_target_domain() -> None:
    table = target_domain_split(union_like(), "union_opacity", TARGET_DOMAIN_SPEC)

    own = table[table["source"] == "siim_covid19"]
    share = (own["subset"] == "test").groupby(own["findings"]).mean()
    assert len(share) == 3
    assert share.between(0.15, 0.25).all()


def test_one_seed_hides_the_same_images_whatever_the_task() -> None:
    hidden = [
        set(table.loc[table["subset"] == "test", "image_id"])
        for task, seed in (("union_opacity", 0), ("union_covid", 0), ("union_covid", 1))
        for table in [
            target_domain_split(union_like(), task, replace(TARGET_DOMAIN_SPEC, seed=seed))
        ]
    ]

    assert hidden[0] == hidden[1]
    assert hidden[1] != hidden[2]


def test_a_target_domain_image_with_an_external_copy_is_not_hidden(tmp_path: Path) -> None:
    catalog = union_like()
    # The first hundred target-domain images are the same files as the first hundred external ones.
    catalog.images["file_size"] = catalog.images.groupby("source").cumcount()
    own = catalog.images["source"] == "siim_covid19"
    copied = catalog.images["file_size"] < 100
    for path, size in catalog.images[["path", "file_size"]].itertuples(index=False):
        (tmp_path / path).write_bytes(b"x" * size if size < 100 else path.encode())
    catalog = replace(catalog, root=tmp_path)

    table = target_domain_split(catalog, "union_opacity", TARGET_DOMAIN_SPEC)

    with_copy = set(catalog.images.loc[own & copied, "image_id"])
    assert not with_copy & set(table.loc[table["subset"] == "test", "image_id"])
    assert not count_leaks(table, catalog)


@pytest.mark.parametrize("source", ["siim_covid19", "covid19_radiography"])
def test_a_dataset_that_is_no_union_has_no_target_domain_subset(source: str) -> None:
    catalog = union_like()
    catalog.images["source"] = source

    with pytest.raises(RecipeError, match=r"is no union of siim_covid19 .* split\.method=patient"):
        target_domain_split(catalog, "union_opacity", TARGET_DOMAIN_SPEC)


def kermany_like() -> tuple[Catalog, pd.DataFrame]:
    rows = [
        {"patient_id": f"p{i // 3}", "published_split": subset}
        for subset, start, stop in (
            ("training", 0, 240),
            ("validation", 240, 252),
            ("test", 252, 312),
        )
        for i in range(start, stop)
    ]
    catalog = make_catalog(rows)
    return catalog, make_targets(catalog, [i // 3 % 2 for i in range(len(rows))])


def test_the_published_test_subset_is_kept_and_validation_comes_from_train_by_patient() -> None:
    catalog, targets = kermany_like()

    split = split_catalog(catalog, targets, SplitSpec("published", validation=0.25))

    table = split.merge(catalog.images[["image_id", "patient_id", "published_split"]])
    assert (table["subset"] == "test").tolist() == (table["published_split"] == "test").tolist()
    inner = table[table["subset"] != "test"]
    assert (inner.groupby("patient_id")["subset"].nunique() == 1).all()
    assert (inner["subset"] == "validation").mean() == pytest.approx(0.25, abs=0.03)


def test_leaks_of_the_published_split_itself_are_counted() -> None:
    catalog, targets = kermany_like()
    catalog.images.loc[catalog.images["image_id"] == "image0300", "patient_id"] = "p0"

    split = split_catalog(catalog, targets, SplitSpec("published"))

    assert count_leaks(split, catalog).patients == 1


def test_images_in_no_published_subset_are_left_out_of_the_published_split() -> None:
    catalog, targets = kermany_like()
    catalog.images.loc[:9, "published_split"] = pd.NA

    split = split_catalog(catalog, targets, SplitSpec("published"))

    assert len(split) == len(catalog.images) - 10
    assert split["subset"].notna().all()


@pytest.mark.parametrize("published", [None, "training"])
def test_a_dataset_without_published_test_subset_says_what_to_set(published: str | None) -> None:
    catalog = make_catalog([{"published_split": published} for _ in range(40)])
    targets = make_targets(catalog, [i % 2 for i in range(40)])

    with pytest.raises(RecipeError, match=r"no-such-folder .* Set split\.method=patient"):
        split_catalog(catalog, targets, SplitSpec("published"))


def test_without_a_test_fraction_there_is_no_test_subset() -> None:
    catalog, targets = many_patients(60)

    split = split_catalog(catalog, targets, SplitSpec(test=0))

    assert set(split["subset"]) == {"training", "validation"}


def test_a_subset_that_would_lack_a_class_is_refused_with_its_name() -> None:
    catalog = make_catalog([{} for _ in range(100)])
    targets = make_targets(catalog, [int(i == 50) for i in range(100)])

    with pytest.raises(RecipeError, match=r"set would hold no image of b \(100 labelled"):
        split_catalog(catalog, targets, SplitSpec())


def test_a_refusal_counts_the_images_and_groups_of_what_is_lacking() -> None:
    catalog = make_catalog([{"patient_id": f"p{max(i, 2)}"} for i in range(40)])
    targets = make_targets(catalog, [0 if i > 3 else 1 for i in range(40)])

    # Three images of one patient and one of another: two groups for three subsets.
    with pytest.raises(
        RecipeError, match=r"b: 4 images in 2 groups \(training \d, validation \d, t"
    ):
        split_catalog(catalog, targets, SplitSpec())


def few_of_b(n_of_b: int, sizes: Sequence[int] = (1,)) -> tuple[Catalog, pd.DataFrame]:
    """Return 60 patients of class a and `n_of_b` of class b, who have in turn `sizes` images."""
    rows, classes = [], []
    for patient in range(60 + n_of_b):
        for _ in range(sizes[patient % len(sizes)]):
            rows.append({"patient_id": f"p{patient}"})
            classes.append(int(patient >= 60))
    catalog = make_catalog(rows)
    return catalog, make_targets(catalog, classes)


def patients_of_b(split: pd.DataFrame) -> dict[str, int]:
    own = split[split["class"] == "b"]
    return own.groupby("subset", observed=False)["group"].nunique().to_dict()


@pytest.mark.parametrize("method", ["patient", "clean", "image"])
@pytest.mark.parametrize("n_of_b", [3, 4, 5, 6])
def test_each_subset_gets_a_patient_of_a_small_class(method: str, n_of_b: int) -> None:
    catalog, targets = few_of_b(n_of_b)
    copies = Copies(pd.Series(pd.NA, catalog.images.index, dtype="string"), NO_PAIRS)
    tested = set()
    for seed in range(4):
        split = split_catalog(catalog, targets, SplitSpec(method, seed=seed), copies)
        counts = patients_of_b(split)
        assert counts["validation"] == counts["test"] == 1
        assert counts["training"] == n_of_b - 2
        tested |= set(split.loc[(split["subset"] == "test") & (split["class"] == "b"), "group"])

    assert len(tested) > 1, "the seed still draws who is tested"


def test_each_subset_gets_a_class_whose_first_patient_has_most_of_its_images() -> None:
    catalog, targets = few_of_b(4, sizes=(1, 1, 1, 30))

    for seed in range(4):
        split = split_catalog(catalog, targets, SplitSpec(seed=seed))
        assert min(patients_of_b(split).values()) == 1


def test_a_class_that_is_seen_beside_a_rarer_one_alone_reaches_each_subset() -> None:
    # Of class a there are patients only who also have an image of the rarer b: it counts as b's.
    rows = [{"patient_id": f"p{i // 3}"} for i in range(12)]
    rows += [{"patient_id": f"q{i}"} for i in range(80)]
    catalog = make_catalog(rows)
    targets = make_targets(catalog, [1, 0, 0] * 4 + [2] * 80)

    for seed in range(4):
        split = split_catalog(catalog, targets, SplitSpec(seed=seed))
        assert pd.crosstab(split["class"], split["subset"]).to_numpy().min() > 0


@pytest.mark.parametrize(("folds", "n_of_b"), [(2, 4), (3, 3), (5, 5), (5, 7)])
def test_each_fold_gets_a_patient_of_a_small_class(folds: int, n_of_b: int) -> None:
    catalog, targets = few_of_b(n_of_b, sizes=(1, 5, 2))
    for fold in range(1, folds + 1):
        split = split_catalog(catalog, targets, SplitSpec(folds=folds, fold=fold, validation=0.2))
        assert min(patients_of_b(split).values()) >= 1


def test_two_patients_reach_both_subsets_where_nothing_is_tested_apart() -> None:
    catalog, targets = few_of_b(2)

    assert patients_of_b(split_catalog(catalog, targets, SplitSpec(test=0))) == {
        "training": 1,
        "validation": 1,
        "test": 0,
    }


@pytest.mark.parametrize(
    ("spec", "digest"),
    [
        (SplitSpec(), "53b631b603ebf164"),
        (SplitSpec("image", validation=0.1, test=0.2, seed=7), "a6e57bd8e3e0ff9f"),
        (SplitSpec(folds=5, fold=3), "c0579cab8e14d17b"),
    ],
    ids=["patient", "image", "fold"],
)
def test_a_split_that_lacks_nothing_is_the_one_that_earlier_runs_had(
    spec: SplitSpec, digest: str
) -> None:
    catalog, targets = many_patients()

    split = split_catalog(catalog, targets, spec)

    text = "".join(split["subset"].astype(str).str[1])  # r, a or e
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == digest


def test_a_given_test_subset_that_lacks_a_class_is_taken_and_the_class_is_named() -> None:
    catalog, targets = kermany_like()
    of_b = targets["b"] == 1
    catalog.images.loc[of_b & (catalog.images["published_split"] == "test"), "path"] = None

    split = split_catalog(catalog, targets, SplitSpec("published"))

    assert set(split.loc[split["subset"] == "test", "class"]) == {"a"}
    [words] = describe_absent(split, ["a", "b"])
    assert "No image of b is in the test set" in words
    assert "recall, ROC curve and AUC of this class cannot be had" in words


def test_a_given_split_without_a_class_to_learn_is_refused() -> None:
    catalog, targets = kermany_like()
    tested = catalog.images["published_split"] == "test"
    catalog.images.loc[(targets["b"] == 1) & ~tested, "path"] = None

    with pytest.raises(RecipeError, match=r"The training set would hold no image of b"):
        split_catalog(catalog, targets, SplitSpec("published"))


def test_a_site_without_a_class_is_tested_all_the_same_and_the_class_is_named() -> None:
    catalog = union_like()
    own = catalog.images["source"] == "siim_covid19"
    catalog.images.loc[own, "findings"] = "Negative for Pneumonia"

    split = target_domain_split(catalog, "union_opacity", TARGET_DOMAIN_SPEC)

    targets = encode_catalog(catalog, find_task("union_opacity"))
    [words] = describe_absent(split, list(targets.columns))
    assert "is in the test set" in words


def test_the_test_set_has_each_finding_that_has_patients_enough() -> None:
    catalog = union_like()
    own = catalog.images["source"] == "siim_covid19"
    for name in ("siim/1", "siim/4", "siim/7"):
        rare = own & (catalog.images["patient_id"] == name)
        catalog.images.loc[rare, "findings"] = "Atypical Appearance"

    for seed in range(6):
        spec = replace(TARGET_DOMAIN_SPEC, test=0.1, seed=seed)
        table = target_domain_split(catalog, "union_opacity", spec)
        rare = table[table["findings"] == "Atypical Appearance"]
        assert rare.loc[rare["subset"] == "test", "patient_id"].nunique() == 1


def test_a_test_set_leaves_two_patients_of_each_finding_to_train_and_to_validate() -> None:
    catalog = union_like()
    own = catalog.images["source"] == "siim_covid19"
    for name in ("siim/1", "siim/4", "siim/7"):
        rare = own & (catalog.images["patient_id"] == name)
        catalog.images.loc[rare, "findings"] = "Atypical Appearance"

    for seed in range(4):  # the fraction alone would hide two of the three
        spec = SplitSpec("target_domain", validation=0.2, test=0.7, seed=seed)
        table = target_domain_split(catalog, "union_opacity", spec)
        rare = table[table["findings"] == "Atypical Appearance"]
        assert rare.loc[rare["subset"] == "test", "patient_id"].nunique() == 1


@pytest.mark.parametrize(
    ("place", "classes", "least", "after"),
    [
        # The richest subset gives, and of its groups the first in the order that the seed drew.
        ([0, 0, 0, 1], "aaab", [1, 1, 0], [1, 0, 0, 1]),
        ([0, 0, 1, 1, 1, 2], "abaaab", [1, 0, 1], [0, 0, 2, 1, 1, 2]),
        # Each class gets one everywhere before any gets a second somewhere.
        ([0, 0, 0, 0], "aaaa", [2, 1, 1], [1, 2, 0, 0]),
        ([0, 0, 0], "aaa", [2, 1, 1], [1, 2, 0]),
        # Too few: they stay.
        ([0, 0], "aa", [1, 1, 1], [0, 0]),
    ],
)
def test_what_moves_is_the_same_each_time(
    place: list[int], classes: str, least: list[int], after: list[int]
) -> None:
    holds = np.array([[one == name for name in "ab"] for one in classes])

    assert fill_subsets(np.array(place), holds, np.array(least)).tolist() == after


@settings(max_examples=80, deadline=None)
@given(
    place=st.lists(st.integers(0, 2), min_size=6, max_size=30),
    seed=st.integers(0, 2**31),
    least=st.tuples(*[st.integers(0, 2)] * 3),
)
def test_no_subset_is_left_without_a_class_that_has_groups_enough(
    place: list[int], seed: int, least: tuple[int, int, int]
) -> None:
    before, wanted = np.array(place), np.array(least)
    holds = np.eye(3, dtype=bool)[np.random.default_rng(seed).integers(0, 3, len(place))]

    after = fill_subsets(before, holds, wanted)

    counts, had = (
        np.array([holds[where == subset].sum(axis=0) for subset in range(3)])
        for where in (after, before)
    )
    enough = holds.sum(axis=0) >= wanted.sum()
    assert (counts >= wanted[:, None])[:, enough].all()
    fewest = np.maximum(0, wanted[:, None] - had)[:, enough].sum()
    assert (after != before)[holds[:, enough].any(axis=1)].sum() == fewest, "and none in vain"


def test_one_patient_cannot_be_divided() -> None:
    catalog = make_catalog([{"patient_id": "only"} for _ in range(20)])
    targets = make_targets(catalog, [i % 2 for i in range(20)])

    with pytest.raises(RecipeError, match="in 1 groups"):
        split_catalog(catalog, targets, SplitSpec())


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"method": "random"},
            "'random'; choose one of: patient, clean, published",
        ),
        ({"validation": 0}, "split.validation is 0"),
        ({"validation": 0.6, "test": 0.4}, "split.validation is 0.6 and split.test is 0.4"),
        ({"validation": float("nan")}, "split.validation is nan"),
        ({"test": -0.1}, "split.test is -0.1"),
        ({"seed": -1}, "split.seed is -1"),
    ],
)
def test_impossible_specs_are_refused_with_field_and_value(
    fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(RecipeError, match=message):
        SplitSpec(**fields)


def test_it_says_what_images_were_grouped_by() -> None:
    by_patient = make_catalog([{"patient_id": "p"}])
    assert describe_groups(by_patient, SplitSpec()).startswith("patient; identical files")
    clean = describe_groups(by_patient, SplitSpec("clean"))
    assert clean == "patient; images that look the same joined"
    half = make_catalog([{"patient_id": "p"}, {}, {"path": None}])
    words = describe_groups(half, SplitSpec())
    assert words.startswith("patient where known (1 of 2 images), else image;")
    assert describe_groups(by_patient, SplitSpec("image")) == "image"
    assert describe_groups(make_catalog([{"study_id": "s"}]), SplitSpec()).startswith("study")
    assert "neither" in describe_groups(make_catalog([{}]), SplitSpec())


@settings(max_examples=60, deadline=None)
@given(
    # Of each patient: the class of each image, and whether patient and study are published.
    patients=st.lists(
        st.tuples(
            st.lists(st.integers(0, 2), min_size=1, max_size=4),
            st.sampled_from(["patient and study", "patient", "study", "patient of the first"]),
        ),
        min_size=20,
        max_size=60,
    ),
    validation=st.floats(0.2, 0.4),
    test=st.just(0.0) | st.floats(0.2, 0.4),
    seed=st.integers(0, 2**31),
)
def test_no_patient_and_no_study_is_ever_in_two_subsets(
    patients: list[tuple[list[int], str]], validation: float, test: float, seed: int
) -> None:
    rows = [
        {
            "owner": str(number),
            "patient_id": f"p{number}"
            if "patient" in known and (i == 0 or known != "patient of the first")
            else None,
            "study_id": f"s{number}" if known != "patient" else None,
        }
        for number, (labels, known) in enumerate(patients)
        for i in range(len(labels))
    ]
    owners = [row.pop("owner") for row in rows]
    classes = [label for labels, _ in patients for label in labels]
    assume(set(classes) == {0, 1, 2})
    catalog = make_catalog(rows)
    spec = SplitSpec(validation=validation, test=test, seed=seed)
    try:
        split = split_catalog(catalog, make_targets(catalog, classes), spec)
    except RecipeError as error:
        event("refused")
        assert "set would hold no image of" in str(error)  # noqa: PT017 - a class is too small
        return

    event("split")
    assert (subsets_per_group(split, pd.Series(owners)) == 1).all()
    assert len(split) == len(rows)
    subsets = ["training", "validation", *(["test"] if test else [])]
    assert pd.crosstab(split["class"], split["subset"])[subsets].to_numpy().min() > 0


@pytest.mark.parametrize("method", ["patient", "image"])
def test_each_image_is_tested_in_one_fold_and_no_patient_in_two(method: str) -> None:
    catalog, targets = many_patients()
    specs = [SplitSpec(method, validation=0.2, folds=4, fold=fold) for fold in (1, 2, 3, 4)]

    splits = [split_catalog(catalog, targets, spec) for spec in specs]

    tested = [set(split.loc[split["subset"] == "test", "image_id"]) for split in splits]
    assert sum(map(len, tested)) == len(set().union(*tested)) == len(splits[0])
    assert all(0.8 < len(subset) * 4 / len(splits[0]) < 1.2 for subset in tested)
    for split in splits:
        assert set(split["subset"]) == set(SUBSETS)
        if method == "patient":
            assert (split.groupby("group")["subset"].nunique() == 1).all()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"folds": 1}, "split.folds is 1; choose 0, or 2 to 20"),
        ({"folds": 3, "fold": 4}, "split.fold is 4; choose 1 to 3"),
        ({"fold": 2}, "split.fold is 2; choose 1 to 1"),
        ({"folds": 3, "method": "published"}, "split.method=published is given"),
    ],
)
def test_impossible_folds_are_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        SplitSpec(**fields)
