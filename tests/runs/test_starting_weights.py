"""What starting weights have seen, compared with what validates and tests now."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.datasets.fakes import FAKES, write_image
from tests.runs.earlier import DEMO, finish_run, seen_by, split_of, with_split, write_images
from xray_core.datasets import open_dataset
from xray_core.datasets.union import create_union
from xray_core.errors import RecipeError, RunError
from xray_core.preprocess.fingerprints import read_fingerprints
from xray_core.recipes import PUBLISHED, Recipe
from xray_core.runs import Run
from xray_core.runs.seen import read_past
from xray_core.runs.starting_weights import (
    Overlap,
    check_past,
    format_overlap,
    format_record,
    read_record,
)
from xray_core.workspace import Workspace

KERMANY = PUBLISHED["kermany_mobilenet_cause"]


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("images") / "siim")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "home")


def compare(
    run: Run | Path,
    recipe: Recipe,
    data: Path,
    workspace: Workspace,
    split: pd.DataFrame | None = None,
) -> dict[str, Any]:
    """Return what is found of a training of `recipe`, leaks allowed, that begins with `run`."""
    weights = run.best_checkpoint if isinstance(run, Run) else run
    recipe = with_split(replace(recipe, weights=str(weights)), allow_leaks=True)
    past = read_past(recipe, workspace)
    assert past is not None
    drawn = split_of(recipe, data, workspace) if split is None else split
    return check_past(past, drawn, open_dataset(data, workspace.cache), recipe, workspace)


def overlap(record: dict[str, Any], subset: str = "test") -> Overlap:
    return Overlap(**record[subset])


def by_hand(rows: list[tuple[str, str, str]], data: Path, workspace: Workspace) -> pd.DataFrame:
    """Return a split table of images (image_id, group, subset) of a dataset."""
    table = pd.DataFrame(rows, columns=["image_id", "group", "subset"])
    paths = open_dataset(data, workspace.cache).images.set_index("image_id")["path"]
    return table.assign(path=table["image_id"].map(paths), **{"class": "opacity"})


def test_each_image_is_counted_once_by_how_it_was_seen(images: Path, workspace: Workspace) -> None:
    earlier = finish_run(with_split(seed=1), images, workspace)
    split = split_of(DEMO, images, workspace)
    test = set(split.loc[split["subset"] == "test", "image_id"])

    found = overlap(compare(earlier, DEMO, images, workspace))

    assert found == Overlap(
        images=len(test),
        trained=len(test & seen_by(earlier, "training")),
        chosen=len(test & seen_by(earlier, "validation")),
        patients=0,
        runs=(earlier.name,),
    )
    assert found.trained > found.chosen > 0


def test_the_same_split_shows_the_weights_nothing_of_the_test(
    images: Path, workspace: Workspace
) -> None:
    record = compare(finish_run(DEMO, images, workspace), DEMO, images, workspace)

    assert not overlap(record)
    assert not overlap(record, "validation")
    assert (record["evaluated"], record["unknown"], record["uncompared"]) == ("test", [], [])


def test_other_images_of_a_patient_are_seen_as_well(images: Path, workspace: Workspace) -> None:
    split = split_of(DEMO, images, workspace)
    test = split[split["subset"] == "test"]
    first = test.drop_duplicates("group")
    rest = test.drop(first.index)
    assert len(rest) > 3
    before = pd.concat([first.assign(subset="training"), split[split["subset"] != "test"]])
    earlier = finish_run(DEMO, images, workspace, before)

    found = overlap(compare(earlier, DEMO, images, workspace))

    assert (found.trained, found.chosen, found.patients) == (len(first), 0, len(rest))


@pytest.mark.parametrize("by", ["patient", "study", "an image of that name"])
def test_a_patient_is_known_where_none_of_the_earlier_images_is_there_any_more(
    by: str, images: Path, workspace: Workspace
) -> None:
    split = split_of(DEMO, images, workspace)
    test = split[split["subset"] == "test"]
    patient = test["group"].value_counts().index[0]
    rows = open_dataset(images, workspace.cache).images
    study = rows.loc[rows["patient_id"] == patient, "study_id"].iloc[0]
    gone = pd.DataFrame({"image_id": ["gone"], "path": ["train/gone.png"], "group": [patient]})
    if by == "study":
        gone["group"] = f"study {study}"
    elif by != "patient":
        gone["image_id"] = patient  # a group of one, named after its image: of no known patient
    gone = gone.assign(subset="training", **{"class": ""})
    before = pd.concat([split[split["subset"] == "training"], gone])
    earlier = finish_run(DEMO, images, workspace, before)
    n = int((test["group"] == patient).sum())

    found = overlap(compare(earlier, DEMO, images, workspace))

    assert (found.images, found.trained, found.chosen) == (len(test), 0, 0)
    assert found.patients == (n if by in ("patient", "study") else 0)
    assert n > 1


def test_what_the_split_joins_for_identical_files_belongs_together(
    images: Path, workspace: Workspace
) -> None:
    split = split_of(DEMO, images, workspace)
    test = split[split["subset"] == "test"]
    first, second = test["group"].unique()[:2]
    before = pd.concat([split[split["subset"] == "training"], test[test["group"] == first]])
    earlier = finish_run(DEMO, images, workspace, before.assign(subset="training"))
    joined = split.assign(group=split["group"].replace(second, first))

    found = overlap(compare(earlier, DEMO, images, workspace, joined))

    assert found.trained == int((test["group"] == first).sum())
    assert found.patients == int((test["group"] == second).sum()) > 0


def test_a_seen_image_that_the_new_labels_leave_out_still_tells_its_patient(
    images: Path, workspace: Workspace
) -> None:
    split = split_of(DEMO, images, workspace)
    test = split[split["subset"] == "test"]
    patient = test["group"].value_counts().index[0]
    left_out, *others = test.loc[test["group"] == patient, "image_id"]
    # There it was joined to another patient, whose name its group bears.
    seen = test[test["image_id"] == left_out].assign(subset="training", group="another patient")
    earlier = finish_run(DEMO, images, workspace, seen)

    rest = split[split["image_id"] != left_out]
    found = overlap(compare(earlier, DEMO, images, workspace, rest))

    assert (found.trained, found.patients) == (0, len(others))
    assert others


def test_an_image_that_trained_one_run_and_chose_another_counts_once(
    images: Path, workspace: Workspace
) -> None:
    first = finish_run(with_split(seed=1), images, workspace)
    split = first.read_split()
    others = {"training": "validation", "validation": "training"}
    swapped = split.assign(subset=split["subset"].astype("string").replace(others))
    before = replace(DEMO, weights=str(first.best_checkpoint))
    second = finish_run(before, images, workspace, swapped)
    drawn = split_of(DEMO, images, workspace)
    test = set(drawn.loc[drawn["subset"] == "test", "image_id"])

    found = overlap(compare(second, DEMO, images, workspace))

    assert found.runs == (second.name, first.name)
    assert (found.trained, found.chosen) == (
        len(test & seen_by(first, "training", "validation")),
        0,
    )


def test_ancestors_count_and_are_named(images: Path, workspace: Workspace) -> None:
    first = finish_run(with_split(seed=1), images, workspace)
    second = finish_run(replace(DEMO, weights=str(first.best_checkpoint)), images, workspace)
    third = finish_run(replace(DEMO, weights=str(second.best_checkpoint)), images, workspace)

    record = compare(third, DEMO, images, workspace)

    assert record["runs"] == [third.name, second.name, first.name]
    assert overlap(record).runs == (first.name,)
    split = split_of(DEMO, images, workspace)
    test = set(split.loc[split["subset"] == "test", "image_id"])
    assert overlap(record).trained == len(test & seen_by(first, "training")) > 0


def test_a_dataset_that_was_moved_is_known_again(
    images: Path, workspace: Workspace, tmp_path: Path
) -> None:
    there = tmp_path / "there"
    shutil.copytree(images, there)
    earlier = finish_run(with_split(seed=1), there, workspace)
    shutil.rmtree(there)

    found = overlap(compare(earlier, DEMO, images, workspace))

    unmoved = overlap(
        compare(finish_run(with_split(seed=1), images, workspace), DEMO, images, workspace)
    )
    assert replace(found, runs=unmoved.runs) == unmoved
    assert found.trained > 0


def test_drawn_data_of_another_seed_is_other_data(
    images: Path, workspace: Workspace, tmp_path: Path
) -> None:
    earlier = finish_run(with_split(seed=1), write_images(tmp_path / "other", seed=1), workspace)

    record = compare(earlier, DEMO, images, workspace)

    assert not overlap(record)
    assert record["uncompared"] == [], "the ids of one source tell"


@pytest.mark.parametrize("way", ["union after", "union before"])
def test_a_member_of_a_union_is_known_alone(
    way: str, images: Path, workspace: Workspace, tmp_path: Path
) -> None:
    FAKES["covid19_radiography"](tmp_path / "radiography")
    both = tmp_path / "both"
    create_union(both, [images, tmp_path / "radiography"])
    split = split_of(DEMO, images, workspace)
    inside = split.assign(
        image_id="siim/" + split["image_id"], group="siim/" + split["group"], path=pd.NA
    )
    paths = open_dataset(both, workspace.cache).images.set_index("image_id")["path"]
    inside["path"] = inside["image_id"].map(paths)
    other = with_split(seed=1)
    union = with_split(replace(PUBLISHED["siim_9_union"], weights="random"), seed=5)
    expected = overlap(compare(finish_run(other, images, workspace), DEMO, images, workspace))
    if way == "union after":
        found = overlap(
            compare(finish_run(other, images, workspace), union, both, workspace, inside)
        )
    else:
        before = split_of(other, images, workspace)
        before = before.assign(
            image_id="siim/" + before["image_id"],
            group="siim/" + before["group"],
            # Of older folders, which are gone.
            path="../elsewhere/" + before["path"],
        )
        earlier = finish_run(union, both, workspace, before)
        found = overlap(compare(earlier, DEMO, images, workspace))

    assert replace(found, runs=()) == replace(expected, runs=())
    assert found.trained > 0


def test_pixels_of_a_member_are_known_from_its_own_audit(
    images: Path, workspace: Workspace, tmp_path: Path
) -> None:
    FAKES["covid19_radiography"](tmp_path / "radiography")
    both = tmp_path / "both"
    create_union(both, [images, tmp_path / "radiography"])
    of_member = open_dataset(tmp_path / "radiography", workspace.cache).present.iloc[0]
    in_union = open_dataset(both, workspace.cache).images
    image = in_union.loc[in_union["source"] == "siim_covid19", ["image_id", "path"]].iloc[:1]
    shutil.copy(both / image["path"].iloc[0], tmp_path / "radiography" / of_member["path"])
    alone = replace(PUBLISHED["quick_cnn"], dataset="covid19_radiography", task="radiography_class")
    table = by_hand([(of_member["image_id"], "x", "training")], tmp_path / "radiography", workspace)
    earlier = finish_run(alone, tmp_path / "radiography", workspace, table)
    union = replace(PUBLISHED["siim_9_union"], weights="random")
    now = image.assign(group="x", subset="test", **{"class": "opacity"})

    assert overlap(compare(earlier, union, both, workspace, now)).trained == 0
    for member in (images, tmp_path / "radiography"):
        read_fingerprints(open_dataset(member, workspace.cache), workspace.cache)
    assert overlap(compare(earlier, union, both, workspace, now)).trained == 1


def folder_of_images(folder: Path, seed: int) -> Path:
    """Write class folders of ten images each, which have the same names whatever the seed."""
    for number in range(20):
        name = f"{'ab'[number % 2]}/{number:02}.png"
        write_image(folder / name, seed=100 * seed + number)
    return folder


@pytest.fixture
def own() -> Recipe:
    return replace(PUBLISHED["quick_cnn"], dataset="folder", task="folder_class")


def test_names_in_another_folder_say_nothing_but_pixels_do_once_both_are_audited(
    own: Recipe, workspace: Workspace, tmp_path: Path
) -> None:
    here, there = (folder_of_images(tmp_path / name, seed) for name, seed in (("a", 1), ("b", 2)))
    split = split_of(own, here, workspace)
    copied = split.loc[split["subset"] == "test", "path"].iloc[0]
    # Under another name, and in another format.
    shutil.copy(here / copied, there / "b" / "copy.png")
    before = open_dataset(there, workspace.cache).images[["image_id", "path"]]
    before = before.assign(group=before["image_id"], subset="training", **{"class": "a"})
    earlier = finish_run(own, there, workspace, before)

    unaudited = compare(earlier, own, here, workspace)
    assert not overlap(unaudited)
    assert unaudited["uncompared"] == [earlier.name]

    for folder in (here, there):
        read_fingerprints(open_dataset(folder, workspace.cache), workspace.cache)
    audited = compare(earlier, own, here, workspace)
    assert overlap(audited).trained == 1
    assert audited["uncompared"] == []

    shutil.rmtree(there)
    assert overlap(compare(earlier, own, here, workspace)).trained == 1, "the audit has left it"


def test_a_folder_of_links_holds_the_images_that_these_lead_to(
    own: Recipe, workspace: Workspace, tmp_path: Path
) -> None:
    here = folder_of_images(tmp_path / "a", 1)
    split = split_of(own, here, workspace)
    links = by_hand(
        [(f"x{i}", f"x{i}", "training") for i in range(len(split))], here, workspace
    ).assign(path=[f"{i}.png" for i in range(len(split))])
    for path, link in zip(split["path"], links["path"], strict=True):
        (tmp_path / "links").mkdir(exist_ok=True)
        (tmp_path / "links" / link).symlink_to(here / path)
    earlier = finish_run(own, here, workspace, links)
    earlier.write_json(
        "recipe.json",
        json.loads((earlier.folder / "recipe.json").read_text())
        | {"data_folder": str(tmp_path / "links")},
    )

    found = overlap(compare(earlier, own, here, workspace))

    assert found.trained == found.images > 0


def test_the_patients_of_coronahack_are_those_of_kermany(
    workspace: Workspace, tmp_path: Path
) -> None:
    FAKES["kermany"](tmp_path / "kermany")
    FAKES["coronahack"](tmp_path / "corona")
    corona = PUBLISHED["corona_vgg_mini"]
    images = open_dataset(tmp_path / "corona", workspace.cache).present
    patient = images.loc[images["patient_id"].notna(), "patient_id"].iloc[0]
    now = images[["image_id", "path"]].assign(
        group=images["patient_id"].fillna(images["image_id"]), subset="test", **{"class": "x"}
    )
    n = int((now["group"] == patient).sum())

    for group, expected in ((patient, n), ("train/person99999", 0)):
        before = pd.DataFrame({"image_id": ["gone"], "path": ["gone.png"], "group": [group]})
        earlier = finish_run(
            KERMANY,
            tmp_path / "kermany",
            workspace,
            before.assign(subset="training", **{"class": "x"}),
        )
        found = overlap(compare(earlier, corona, tmp_path / "corona", workspace, now))
        assert (found.trained, found.patients) == (0, expected)


def test_trained_on_in_validation_is_told_apart_and_refused_only_where_it_evaluates(
    images: Path, workspace: Workspace
) -> None:
    split = split_of(DEMO, images, workspace)
    swapped = (
        split["subset"]
        .astype("string")
        .replace({"training": "validation", "validation": "training"})
    )
    earlier = finish_run(DEMO, images, workspace, split.assign(subset=swapped))
    n = int((split["subset"] == "validation").sum())

    record = compare(earlier, DEMO, images, workspace)
    assert not overlap(record)
    assert overlap(record, "validation") == Overlap(n, n, 0, 0, (earlier.name,))

    alone = with_split(test=0.0)
    drawn = split[split["subset"] != "test"]
    record = compare(earlier, alone, images, workspace, drawn)
    assert (record["evaluated"], record["test"]) == ("validation", None)
    strict = replace(alone, weights=str(earlier.best_checkpoint))
    past = read_past(strict, workspace)
    assert past
    with pytest.raises(RecipeError, match=f"{n} of {n} validation images were trained on by"):
        check_past(past, drawn, open_dataset(images, workspace.cache), strict, workspace)


def test_an_epoch_may_be_chosen_again_on_the_same_validation_images(
    images: Path, workspace: Workspace
) -> None:
    alone = with_split(test=0.0)

    record = compare(finish_run(alone, images, workspace), alone, images, workspace)

    assert record["evaluated"] == "validation"
    assert not overlap(record, "validation")


def test_a_test_set_that_was_watched_chose_the_epoch(images: Path, workspace: Workspace) -> None:
    watched = with_split(validate_on_test=True)
    earlier = finish_run(watched, images, workspace)
    n = int((split_of(watched, images, workspace)["subset"] == "test").sum())

    record = compare(earlier, watched, images, workspace)

    assert overlap(record) == Overlap(n, 0, n, 0, (earlier.name,))
    assert "validation images" not in format_record(record)


def cut_split(run: Run) -> None:
    path = run.folder / "split.parquet"
    os.truncate(path, path.stat().st_size // 2)


def lose_split(run: Run) -> None:
    (run.folder / "split.parquet").unlink()


def lose_column(run: Run) -> None:
    run.write_table("split.parquet", run.read_split().drop(columns="subset"))


@pytest.mark.parametrize("damage", [cut_split, lose_split, lose_column])
@pytest.mark.parametrize("whose", ["own", "ancestor"])
def test_what_cannot_be_read_is_refused_or_recorded(
    damage: Callable[[Run], None], whose: str, images: Path, workspace: Workspace
) -> None:
    first = finish_run(DEMO, images, workspace)
    second = finish_run(replace(DEMO, weights=str(first.best_checkpoint)), images, workspace)
    hurt = first if whose == "ancestor" else second
    damage(hurt)
    recipe = replace(DEMO, weights=str(second.best_checkpoint))

    past = read_past(recipe, workspace)
    assert past
    with pytest.raises(
        RecipeError, match=rf"What {hurt.name} was trained on cannot be read: .* nobody can tell"
    ):
        check_past(
            past,
            split_of(DEMO, images, workspace),
            open_dataset(images, workspace.cache),
            recipe,
            workspace,
        )

    record = compare(second, DEMO, images, workspace)
    assert len(record["unknown"]) == 1
    assert "cannot be read" in format_record(record)


def test_a_damaged_run_on_images_that_cannot_be_the_same_is_no_hindrance(
    images: Path, workspace: Workspace, tmp_path: Path
) -> None:
    FAKES["kermany"](tmp_path / "kermany")
    table = by_hand(
        [("train/person1_bacteria_1", "x", "training")], tmp_path / "kermany", workspace
    )
    earlier = finish_run(KERMANY, tmp_path / "kermany", workspace, table)
    lose_split(earlier)

    record = compare(earlier, DEMO, images, workspace)

    assert (record["runs"], record["unknown"]) == ([earlier.name], [])
    assert not overlap(record)


def test_a_file_of_no_run_is_said_to_be_unknown(
    images: Path, workspace: Workspace, tmp_path: Path
) -> None:
    (tmp_path / "mine.keras").write_bytes(b"Made elsewhere.")

    record = compare(tmp_path / "mine.keras", DEMO, images, workspace)

    assert record["runs"] == []
    assert "no run of this workspace has kept" in format_record(record)
    assert read_past(DEMO, workspace) is None


def test_counts_come_in_words() -> None:
    def words(trained: int, chosen: int, patients: int, *runs: str) -> str:
        counts = {"images": 80, "trained": trained, "chosen": chosen, "patients": patients}
        return format_overlap({**counts, "runs": list(runs)}, "test")

    assert words(36, 0, 0, "A") == "36 of 80 test images were trained on by A"
    assert words(36, 4, 3, "A", "B") == (
        "36 of 80 test images were trained on by A and B, 4 chose their epoch, 3 are of patients "
        "among their other images"
    )
    assert words(0, 4, 0, "A") == "4 of 80 test images chose the epoch of A"
    assert words(0, 0, 3, "A") == "3 of 80 test images are of patients of whom A had other images"
    assert words(0, 0, 0) == "none of 80 test images was seen before"


@pytest.mark.parametrize("text", ["", "[]", '{"starting_weights": 5}'])
def test_a_damaged_record_is_a_run_error(text: str, tmp_path: Path) -> None:
    (tmp_path / "data.json").write_text(text)

    with pytest.raises(RunError, match=r"data\.json is damaged"):
        read_record(Run(tmp_path))


def test_no_record_is_told_from_nothing_to_record(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        read_record(Run(tmp_path))
    (tmp_path / "data.json").write_text('{"starting_weights": null}')
    assert read_record(Run(tmp_path)) is None
