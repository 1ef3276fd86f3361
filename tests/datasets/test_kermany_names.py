"""The names of Kermany's files: who is in an image, in whatever folder somebody has put it."""

from collections.abc import Callable
from pathlib import Path, PurePath

import numpy as np
import pandas as pd
import pytest

from xray_core.datasets import open_dataset
from xray_core.datasets.kermany_names import RUNS, read_kermany_name

Place = Callable[[str, str, np.random.Generator], str]  # published subset, name -> where it lies


def draw_names() -> list[tuple[str, str, str]]:
    """Return published subset, patient and name of images at the ends and in each run."""
    names = []
    for kind, runs in RUNS.items():
        for first, last, image, last_image, subset in runs:
            ends = [
                (first, image),
                (last, min(last_image, image + 1) if "IM" in kind else last_image),
            ]
            for number, of_kind in dict.fromkeys(ends):
                child = f"{kind}-{number:04d}" if "IM" in kind else f"person{number}"
                stem = f"{child}-{of_kind:04d}" if "IM" in kind else f"{child}_{kind}_{of_kind}"
                numbering = "test" if subset == "test" else "train"
                names.append((subset, f"{numbering}/{child}", f"{stem}.jpeg"))
    # Children of one number in both sets, and one with several images.
    return [
        *names,
        *[("train", "train/person5", f"person5_bacteria_{image}.jpeg") for image in (15, 16, 17)],
        *[("test", "test/person5", f"person5_virus_{image}.jpeg") for image in (13, 14)],
        *[("train", "train/person1640", f"person1640_bacteria_{n}.jpeg") for n in (4318, 4319)],
        ("test", "test/person1640", "person1640_virus_2843.jpeg"),
    ]


def folder_of(name: str) -> str:
    return "PNEUMONIA" if name.startswith("person") else "NORMAL"


def cause_of(name: str) -> str:
    return name.split("_")[1] if name.startswith("person") else "normal"


CUTS: dict[str, Place] = {
    "published": lambda subset, name, rng: f"{subset}/{folder_of(name)}",
    "shuffled": lambda subset, name, rng: (
        f"{rng.choice(['train', 'val', 'test'])}/{folder_of(name)}"
    ),
    "exchanged": lambda subset, name, rng: (
        f"{'train' if subset == 'test' else 'test'}/{folder_of(name)}"
    ),
    "val enlarged": lambda subset, name, rng: (
        f"{subset if subset == 'test' else rng.choice(['train', 'val'])}/{folder_of(name)}"
    ),
    "test merged into train": lambda subset, name, rng: f"train/{folder_of(name)}",
    "folds": lambda subset, name, rng: f"fold{rng.integers(1, 4)}/{folder_of(name)}",
    "all in one folder": lambda subset, name, rng: folder_of(name),
    "other words": lambda subset, name, rng: (
        f"{rng.choice(['Training', 'Testing'])}/{folder_of(name).lower()}"
    ),
    "three classes": lambda subset, name, rng: f"{rng.choice(['train', 'test'])}/{cause_of(name)}",
    "another class beside": lambda subset, name, rng: (
        "train/COVID19" if name.endswith("-0001.jpeg") else f"{subset}/{folder_of(name)}"
    ),
}


def write_cut(
    root: Path, place: Place, seed: int, share: float = 1.0
) -> dict[str, tuple[str, str]]:
    """Write empty files where `place` says; return path -> (published subset, patient)."""
    rng = np.random.default_rng(seed)
    paths = {}
    for subset, patient, name in draw_names():
        path = f"{place(subset, name, rng)}/{name}"
        if rng.random() < share or "person5_" in name:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).touch()
            paths[path] = (subset, patient)
    return paths


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("share", [1.0, 0.6], ids=["all", "some"])
def test_however_it_was_cut_anew_each_image_is_of_the_published_child(
    cut: str, share: float, tmp_path: Path
) -> None:
    paths = write_cut(tmp_path / "data", CUTS[cut], seed=3, share=share)

    catalog = open_dataset(tmp_path / "data", tmp_path / "cache")

    images = catalog.images.set_index("path")
    assert images["patient_id"].to_dict() == {path: who for path, (_, who) in paths.items()}
    own = {"train": "training", "val": "validation", "test": "test"}
    if "validation" not in set(images["published_split"].dropna()):
        own["val"] = "training"
    moved = [
        path
        for path, (subset, _) in paths.items()
        if pd.notna(where := images.loc[path, "published_split"]) and where != own[subset]
    ]
    counts = {remark.kind: remark.count for remark in catalog.remarks}
    assert counts["patients_from_names"] == len(paths)
    assert counts.get("moved_image", 0) == len(moved)
    assert "uncertain_patient" not in counts
    if cut in {"shuffled", "exchanged", "val enlarged", "test merged into train"}:
        assert moved
    if cut == "published":
        assert not moved


def test_a_number_that_nobody_published_is_one_child_wherever_it_is(tmp_path: Path) -> None:
    for name in (
        "train/PNEUMONIA/person5_bacteria_15.jpeg",
        "train/PNEUMONIA/person9_bacteria_31.jpeg",
        "test/PNEUMONIA/person5_virus_13.jpeg",
        "test/PNEUMONIA/person5_virus_9999.jpeg",
    ):
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / name).touch()

    catalog = open_dataset(tmp_path / "data", tmp_path / "cache")

    images = catalog.images.set_index("image_id")
    assert images["patient_id"].tolist() == ["person5"] * 3 + ["train/person9"]
    [remark] = [one for one in catalog.remarks if one.kind == "uncertain_patient"]
    assert remark.count == 3
    assert "is unknown, so that it counts as one" in remark.message


def test_the_same_names_in_train_and_test_are_numbered_in_each(tmp_path: Path) -> None:
    for name in ("NORMAL/IM-0200-0001.jpeg", "PNEUMONIA/person5_bacteria_15.jpeg"):
        for subset in ("train", "test"):
            (tmp_path / "data" / subset / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "data" / subset / name).touch()

    catalog = open_dataset(tmp_path / "data", tmp_path / "cache")

    children = ["IM-0200", "person5"]
    assert catalog.images["patient_id"].tolist() == [
        f"{subset}/{child}" for subset in ("test", "train") for child in children
    ]
    [remark] = [one for one in catalog.remarks if one.kind == "numbered_by_folder"]
    assert remark.count == 4
    assert "whether one number is one child in both is unknown" in remark.message


@pytest.mark.parametrize(
    "stem",
    ["person_bacteria_1", "person1_fungus_1", "Person1_virus_6", "IM-0115", "NORMAL-1", "scan",
     "person1_virus_" + "6" * 5000, "person١_virus_6"],
)  # fmt: skip
def test_another_name_gives_nobody(stem: str) -> None:
    assert read_kermany_name(stem) is None


def test_in_the_real_folders_each_child_is_in_one_published_subset(real_data: Path) -> None:
    names = [PurePath(path) for path in (real_data / "kermany-224").rglob("*.jpeg")]

    read = [read_kermany_name(path.stem) for path in names]

    wrong = [
        str(path)
        for path, name in zip(names, read, strict=True)
        if name is None or name.published != path.parts[-3]
    ]
    assert (len(names), wrong) == (5840, [])
