"""Any two datasets with a common task read as one: classes, sources, patients, what is left out."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.datasets.fakes import (
    fake_coronahack,
    fake_covid19_radiography,
    fake_kermany,
    fake_siim_covid19,
    fake_union,
    write_image,
)
from xray_core import cli
from xray_core.catalog import Catalog, relative_boxes
from xray_core.datasets import READERS, may_share_images, open_dataset
from xray_core.datasets.across import name_images, name_patients, source_names
from xray_core.datasets.union_any import create_union_of, list_members
from xray_core.datasets.union_members import Member
from xray_core.eda.facets import list_facets
from xray_core.eda.labels import list_members as list_class_members
from xray_core.errors import DatasetError, LabelError
from xray_core.recipes import recipes_for
from xray_core.selection.words import name_value
from xray_core.splits import SplitSpec, split_catalog
from xray_core.tasks import class_of, encode_catalog, find_task
from xray_core.tasks.joined_counts import (
    count_joined,
    count_known,
    count_losing,
    describe_losing,
    warn_of_sources,
)
from xray_core.tasks.joining import join_datasets
from xray_core.tasks.joining_pairs import find_pair, list_pairs


@pytest.fixture
def union(tmp_path: Path) -> Path:
    fake_union(tmp_path / "union")
    return tmp_path / "union"


def open_fake(write: Any, folder: Path) -> Catalog:
    write(folder)
    return open_dataset(folder, folder.parent / "cache")


def test_labels_become_the_common_classes_and_others_are_counted(union: Path) -> None:
    catalog = open_dataset(union, union.with_name("cache"))
    images = catalog.images

    targets = encode_catalog(catalog, find_task("union_class"))

    assert list(targets.columns) == ["normal", "pneumonia"]
    assert images["findings"].isna().sum() == 3  # SARS, Streptococcus, ARDS
    remarks = [remark for remark in catalog.remarks if remark.kind == "other_label"]
    assert [remark.count for remark in remarks] == [3]
    assert "coronahack: images of classes that the union does not have" in remarks[0].message
    assert "'SARS' 1" in remarks[0].message
    assert not [remark for remark in catalog.remarks if remark.kind == "unlabelled_before"]
    assert set(recipes_for("union")) >= {"quick_cnn", "quick_mobilenet"}


def test_each_image_keeps_its_source_which_explore_can_tell_apart(union: Path) -> None:
    catalog = open_dataset(union, union.with_name("cache"))

    prefix = catalog.images["image_id"].str.partition("/")[0]
    members = list_class_members(catalog.images["findings"], ["normal", "pneumonia"])
    facets = {facet.column: facet for facet in list_facets(catalog, members)}

    assert (prefix == catalog.images["source"]).all()
    assert set(facets["source"].masks) == {"kermany", "coronahack"}
    assert name_value("source", "coronahack") == READERS["coronahack"].title
    assert all((catalog.root / path).is_file() for path in catalog.present["path"])


def test_one_patient_of_two_datasets_stays_in_one_subset(union: Path) -> None:
    """Of CoronaHack, which took its children from Kermany."""
    catalog = open_dataset(union, union.with_name("cache"))
    images = catalog.images.set_index("image_id")
    twice = images[images["patient_id"] == "kermany/test/person1"]

    assert set(twice["source"]) == {"kermany", "coronahack"}
    ids = images.loc[images["source"] == "coronahack"].reset_index()
    named = name_patients(ids["patient_id"], "union", union).dropna()
    own = name_patients(ids["patient_id"].str.removeprefix("kermany/"), "kermany", union)
    assert named.tolist() == own.dropna().tolist()
    assert source_names(ids["image_id"], "union", union) == {"coronahack"}
    assert may_share_images("union", "nih_chestxray14")


def test_boxes_and_masks_come_along_and_a_source_may_be_held_out(tmp_path: Path) -> None:
    siim = open_fake(fake_siim_covid19, tmp_path / "siim")
    radiography = open_fake(fake_covid19_radiography, tmp_path / "radiography")
    pair = find_pair(radiography, siim)

    join_datasets(tmp_path / "union", radiography, siim, pair)
    catalog = open_dataset(tmp_path / "union", tmp_path / "cache")

    assert list(count_joined(radiography, siim, pair).index) == ["normal", "opacity"]
    assert catalog.source == "union"
    assert len(catalog.boxes) == len(siim.boxes)
    assert len(relative_boxes(catalog).dropna()) == len(siim.boxes)
    assert len(catalog.masks) == len(radiography.masks)
    assert all((catalog.root / path).is_file() for path in catalog.masks["path"].dropna())
    assert (catalog.images["site"].notna()).all()
    targets = encode_catalog(catalog, find_task("union_class"))
    split = split_catalog(catalog, targets, SplitSpec("site", site="siim_covid19", validation=0.4))
    source = split["image_id"].str.partition("/")[0]
    assert set(source[split["subset"] == "test"]) == {"siim_covid19"}
    assert set(source[split["subset"] != "test"]) == {"covid19_radiography"}


def test_folders_of_anybody_are_joined_under_their_own_names(tmp_path: Path) -> None:
    for ward, classes in (("east/xrays", ("NORMAL", "TB")), ("west/xrays", ("normal", "tb"))):
        for seed, name in enumerate(classes):
            write_image(tmp_path / ward / name / "a.png", seed=seed)
    first, second = (open_dataset(tmp_path / w / "xrays", tmp_path / "c") for w in ("east", "west"))

    join_datasets(tmp_path / "union", first, second, find_pair(first, second))
    catalog = open_dataset(tmp_path / "union", tmp_path / "c")

    assert catalog.images["image_id"].tolist() == [
        f"{ward}-xrays/{name}/a"
        for ward, names in (("east", ("NORMAL", "TB")), ("west", ("normal", "tb")))
        for name in names
    ]
    assert class_of(encode_catalog(catalog, find_task("union_class"))).tolist() == (
        ["NORMAL", "TB"] * 2
    )
    ids = catalog.images["image_id"]
    names = name_images(ids, "union", tmp_path / "union")
    assert set(names[:2]) == set(name_images(first.images["image_id"], "folder", first.root))
    shutil.rmtree(tmp_path / "union")
    assert name_images(ids, "union", tmp_path / "union").is_unique  # though it has gone


def test_other_shares_of_a_class_are_warned_of(tmp_path: Path) -> None:
    for place, n_normal in (("a", 3), ("b", 1)):
        for number in range(4):
            label = "normal" if number < n_normal else "tb"
            write_image(tmp_path / place / label / f"{number}.png", seed=number)
    first, second = (open_dataset(tmp_path / place, tmp_path / "cache") for place in "ab")

    counts = count_joined(first, second, find_pair(first, second))

    assert counts.to_dict() == {"a": {"normal": 3, "tb": 1}, "b": {"normal": 1, "tb": 3}}
    assert "“normal” are 75% of a and 25% of b" in warn_of_sources(counts)
    assert warn_of_sources(counts.assign(b=counts["a"])) == ""
    assert "nothing to join" in warn_of_sources(counts.assign(b=0))


def test_a_pair_is_refused_that_asks_for_nothing_in_common_unless_a_person_says_so(
    tmp_path: Path,
) -> None:
    siim = open_fake(fake_siim_covid19, tmp_path / "siim")
    kermany = open_fake(fake_kermany, tmp_path / "kermany")

    with pytest.raises(LabelError, match="no task in common.*siim_opacity: no opacity, opacity"):
        find_pair(siim, kermany)
    tasks = ("siim_opacity", "kermany_pneumonia")
    pair = find_pair(siim, kermany, tasks, {"pneumonia": "opacity"})

    assert pair.match.classes == {"normal": "no opacity", "pneumonia": "opacity"}
    with pytest.raises(LabelError, match="siim_opacity and rsna_abnormal are no tasks"):
        find_pair(siim, kermany, ("siim_opacity", "rsna_abnormal"))


@pytest.mark.parametrize(
    ("folder", "message"), [("kermany", "holds .*kermany"), ("full", "full holds notes.txt")]
)
def test_a_place_that_holds_something_is_refused(tmp_path: Path, folder: str, message: str) -> None:
    first, second = (
        open_fake(write, tmp_path / name)
        for write, name in ((fake_kermany, "kermany"), (fake_coronahack, "corona"))
    )
    (tmp_path / "full").mkdir()
    (tmp_path / "full/notes.txt").touch()
    pair = find_pair(first, second)

    with pytest.raises(DatasetError, match=message):
        join_datasets(tmp_path / folder, first, second, pair)
    with pytest.raises(DatasetError, match="of two different datasets"):
        join_datasets(tmp_path / "new", first, first, pair)
    fake_union(tmp_path / "union")
    with pytest.raises(DatasetError, match="is a union itself"):
        list_pairs(first, open_dataset(tmp_path / "union", tmp_path / "cache"))


def test_the_command_joins_and_says_what_counts_as_what(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XRAY_HOME", str(tmp_path / "home"))
    fake_kermany(tmp_path / "kermany")
    fake_coronahack(tmp_path / "corona")
    arguments = ["union", str(tmp_path / "both"), str(tmp_path / "kermany")]
    tasks = ["--tasks", "kermany_cause", "corona_cause"]

    assert cli.main([*arguments, str(tmp_path / "corona"), *tasks, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)

    assert answer["classes"] == {"normal": "normal", "bacterial": "bacterial"}
    assert answer["left_out"] == ["viral or other"]
    assert set(answer["counts"]) == {"normal", "bacterial"}
    assert [member.name for member in list_members(tmp_path / "both")] == ["kermany", "coronahack"]


def test_a_member_that_has_gone_is_named(union: Path) -> None:
    shutil.rmtree(union.with_name("union-corona"))

    with pytest.raises(DatasetError, match=r"union-corona, and there is no such folder"):
        open_dataset(union, union.with_name("cache"))


def write_findings(folder: Path, names: tuple[str, ...], rows: list[list[str]]) -> Catalog:
    """Draw a folder whose table says of each finding "1", "0" or nothing, one patient an image."""
    lines = [",".join(("file", "patient", *names))]
    for number, values in enumerate(rows):
        write_image(folder / f"images/{number}.png", seed=number)
        lines.append(",".join([f"images/{number}.png", f"p{number}", *values]))
    (folder / "labels.csv").write_text("\n".join(lines), encoding="utf-8")
    columns = {"path": "file", "patient": "patient"}
    table = {"file": "labels.csv", "columns": columns, "findings": names}
    mapping = {"tables": [table], "blank": "unknown"}
    (folder / "xray_dataset.json").write_text(json.dumps(mapping), encoding="utf-8")
    return open_dataset(folder, folder.parent / "cache")


@pytest.fixture
def wards(tmp_path: Path) -> tuple[Catalog, Catalog]:
    east = [
        ["1", "1", "1"],
        ["0", "0", ""],
        ["1", "", "0"],
        ["", "", ""],
        ["", "", "1"],
        ["", "1", ""],
    ]
    west = [["1", "0"], ["0", "1"], ["", "1"], ["0", "0"]]
    return (
        write_findings(tmp_path / "east", ("Edema", "Nodule", "Device"), east),
        write_findings(tmp_path / "west", ("Edema", "Nodule"), west),
    )


def test_common_findings_are_joined_and_what_is_unknown_stays_so(
    tmp_path: Path, wards: tuple[Catalog, Catalog]
) -> None:
    pair = find_pair(*wards)

    join_datasets(tmp_path / "both", *wards, pair)
    catalog = open_dataset(tmp_path / "both", tmp_path / "cache")

    assert (pair.task, pair.match.task) == ("folder_findings", "folder_findings")
    targets = encode_catalog(catalog, find_task("union_findings"))
    words = targets.astype(object).where(targets.notna(), None)
    rows = dict(zip(catalog.images.loc[targets.index, "image_id"], words.values, strict=True))
    assert {str(name): tuple(row) for name, row in rows.items()} == {
        "east/images/0": (1, 1),
        "east/images/1": (0, 0),
        "east/images/2": (1, None),
        "east/images/5": (None, 1),
        "west/images/0": (1, 0),
        "west/images/1": (0, 1),
        "west/images/2": (None, 1),
        "west/images/3": (0, 0),
    }
    assert catalog.images["findings"].fillna("").tolist()[:3] == [
        "Edema|Nodule",
        "No finding",
        "Edema",
    ]
    counts = {remark.kind: remark.count for remark in catalog.remarks if "east:" in remark.message}
    assert counts["other_finding"] == 2
    assert (counts["unlabelled_before"], counts["unknown_here"]) == (1, 1)
    assert count_joined(*wards, pair).to_dict() == {
        "east": {"Edema": 2, "Nodule": 2},
        "west": {"Edema": 1, "Nodule": 2},
    }
    known = count_known(*wards, pair)
    assert known is not None
    assert known.to_dict("list") == {"east": [3, 3], "west": [3, 4]}
    assert "“Edema” are 67% of east and 33% of west" in warn_of_sources(
        count_joined(*wards, pair), known
    )


def test_findings_that_one_class_an_image_loses_are_counted(
    tmp_path: Path, wards: tuple[Catalog, Catalog]
) -> None:
    pair = find_pair(*wards, ("folder_class", "folder_class"))

    join_datasets(tmp_path / "both", *wards, pair)
    catalog = open_dataset(tmp_path / "both", tmp_path / "cache")

    assert count_losing(*wards, pair) == {"east": 1}
    assert "so that the others are lost: east 1." in describe_losing({"east": 1})
    assert [r.count for r in catalog.remarks if r.kind == "lost_finding"] == [1]
    assert [r.count for r in catalog.remarks if r.kind == "other_label"] == [1, 1]


def test_a_dataset_with_images_of_one_class_is_warned_of(tmp_path: Path) -> None:
    fake_kermany(tmp_path / "kermany")
    for path in [*(tmp_path / "kermany").rglob("*virus*")]:
        path.unlink()
    kermany = open_dataset(tmp_path / "kermany", tmp_path / "cache")
    radiography = open_fake(fake_covid19_radiography, tmp_path / "radiography")

    pair = find_pair(kermany, radiography)

    assert pair.task == "kermany_cause"  # normal and viral: nothing else is in both
    warning = warn_of_sources(count_joined(kermany, radiography, pair))
    assert "kermany has only “normal”: of these classes it has no image of another" in warning


entry = st.fixed_dictionaries(
    {"name": st.sampled_from("ab"), "reader": st.text(), "folder": st.text()},
    optional={"classes": st.dictionaries(st.text(), st.text()), "column": st.text()},
)


@settings(
    deadline=None,
    derandomize=True,
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(entry | st.none() | st.text(), max_size=3))
def test_whatever_its_list_holds_is_refused_in_words(tmp_path: Path, members: list[Any]) -> None:
    (tmp_path / "union.json").write_text(json.dumps({"members": members}), encoding="utf-8")

    with pytest.raises(DatasetError):
        READERS["union"].read(tmp_path)


def test_members_of_one_folder_are_no_union(tmp_path: Path) -> None:
    twice = [Member(name, "kermany", str(tmp_path / "k"), {"a": "b"}) for name in "ab"]

    with pytest.raises(DatasetError, match="two different datasets"):
        create_union_of(tmp_path / "union", twice)
