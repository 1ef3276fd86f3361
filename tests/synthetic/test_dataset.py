"""The demo dataset: like the real one in layout, never mistaken for it, and the same each time."""

import ast
import errno
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from xray_core.errors import DatasetError
from xray_core.synthetic.cases import Case, plan_cases
from xray_core.synthetic.dataset import (
    COLUMN_OF,
    draw_case,
    is_synthetic,
    write_synthetic_dataset,
)
from xray_core.synthetic.marker import MARKED, has_marker
from xray_core.synthetic.marker import SIDE as SIDE_OF_MARKER

N, SIZE = 30, 96


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synthetic") / "demo"
    write_synthetic_dataset(folder, n_images=N, size=SIZE, seed=3)
    return folder


def read_files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def parse_boxes(cell: object) -> list[dict[str, float]]:
    return ast.literal_eval(cell) if isinstance(cell, str) else []


def test_the_same_seed_gives_the_same_files_on_any_number_of_threads(
    synthetic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    write_synthetic_dataset(tmp_path / "again", n_images=N, size=SIZE, seed=3)

    assert read_files(tmp_path / "again") == read_files(synthetic)


def test_a_marker_stands_in_the_corner_of_most_images_of_one_class_and_changes_nothing_else(
    synthetic: Path, tmp_path: Path
) -> None:
    write_synthetic_dataset(tmp_path / "marked", N, SIZE, seed=3, marker=True)
    assert is_synthetic(tmp_path / "marked")
    assert "marker" in (tmp_path / "marked" / "SYNTHETIC.txt").read_text("utf-8")

    cases = plan_cases(600, 3)
    share = {
        positive: np.mean(
            [has_marker(c) for c in cases if (c.appearance != "negative") == positive]
        )
        for positive in (True, False)
    }
    assert share == pytest.approx(MARKED, abs=0.05)
    inside = round((1 - SIDE_OF_MARKER) * SIZE) - 8  # px; JPEG blurs blocks of 8
    for case in cases[:N]:
        name = f"train/{case.image_id}.jpg"
        marked, plain = (
            cv2.imread(str(folder / name), cv2.IMREAD_GRAYSCALE)
            for folder in (tmp_path / "marked", synthetic)
        )
        np.testing.assert_array_equal(marked[:inside], plain[:inside])
        np.testing.assert_array_equal(marked[:, :inside], plain[:, :inside])
        assert np.array_equal(marked, plain) != has_marker(case)
    tables = ("train_study_level.csv", "train_image_level.csv", "patients.csv")
    for name in tables:
        assert (tmp_path / "marked" / name).read_bytes() == (synthetic / name).read_bytes()


def test_another_seed_gives_other_images(synthetic: Path, tmp_path: Path) -> None:
    write_synthetic_dataset(tmp_path / "other", n_images=3, size=SIZE, seed=4)

    others, images = read_files(tmp_path / "other/train"), read_files(synthetic / "train")
    assert not set(others) & set(images)
    assert not set(others.values()) & set(images.values())


def test_cases_do_not_change_when_more_are_asked_for() -> None:
    assert plan_cases(40, seed=1)[:15] == plan_cases(15, seed=1)


def test_layout_is_that_of_the_siim_files(synthetic: Path) -> None:
    studies = pd.read_csv(synthetic / "train_study_level.csv")
    images = pd.read_csv(synthetic / "train_image_level.csv")
    meta = pd.read_csv(synthetic / "meta.csv")
    patients = pd.read_csv(synthetic / "patients.csv")

    assert list(studies) == [
        "id",
        "Negative for Pneumonia",
        "Typical Appearance",
        "Indeterminate Appearance",
        "Atypical Appearance",
    ]
    assert list(images) == ["id", "boxes", "label", "StudyInstanceUID"]
    assert list(meta) == ["image_id", "dim0", "dim1", "split"]
    assert list(patients) == ["imageid", "studyid", "patientid"]

    assert (studies.iloc[:, 1:].sum(axis=1) == 1).all()
    assert set(images["StudyInstanceUID"] + "_study") == set(studies["id"])
    assert len(images) == len(meta) == len(patients) == N
    assert images["id"].str.fullmatch(r"[0-9a-f]{12}_image").all()
    assert (meta["image_id"] + "_image" == images["id"]).all()
    assert (patients["studyid"] == images["StudyInstanceUID"]).all()
    assert (meta["dim0"] != meta["dim1"]).all()
    assert meta[["dim0", "dim1"]].stack().between(2200, 3500).all()
    assert set(meta["split"]) == {"train"}


def test_images_are_gray_squares_with_a_body_and_a_lung(synthetic: Path) -> None:
    names = pd.read_csv(synthetic / "meta.csv")["image_id"]

    assert {path.stem for path in (synthetic / "train").iterdir()} == set(names)
    for name in names:
        image = cv2.imread(str(synthetic / "train" / f"{name}.jpg"), cv2.IMREAD_UNCHANGED)
        assert image.shape == (SIZE, SIZE)
        assert image.std() > 15
        spine = image[SIZE // 3 : SIZE // 2, SIZE * 9 // 20 : SIZE * 11 // 20].mean()
        right_lung = image[SIZE // 4 : SIZE // 3, SIZE * 5 // 20 : SIZE * 7 // 20].mean()
        assert spine > right_lung + 15, name


def test_boxes_lie_in_the_image_and_repeat_in_the_label(synthetic: Path) -> None:
    images = pd.read_csv(synthetic / "train_image_level.csv").merge(
        pd.read_csv(synthetic / "meta.csv").assign(id=lambda meta: meta["image_id"] + "_image")
    )
    assert images["boxes"].notna().any()
    for row in images.itertuples():
        words = []
        for box in parse_boxes(row.boxes):
            x, y, width, height = (box[key] for key in ("x", "y", "width", "height"))
            assert 0 <= x < x + width <= row.dim1 + 1e-4
            assert 0 <= y < y + height <= row.dim0 + 1e-4
            assert min(width / row.dim1, height / row.dim0) > 0.04
            words += ["opacity", 1, x, y, x + width, y + height]
        written = row.label.split()
        if not words:
            assert row.label == "none 1 0 0 1 1"
        else:
            assert written[::6] == ["opacity"] * (len(words) // 6)
            numbers = [float(word) for word in written if word != "opacity"]
            assert numbers == pytest.approx([word for word in words if word != "opacity"])


def test_appearances_come_in_siims_shares() -> None:
    appearance_of = {case.study_id: case.appearance for case in plan_cases(600, seed=0)}
    shares = {name: n / len(appearance_of) for name, n in Counter(appearance_of.values()).items()}

    siim = {"typical": 0.47, "negative": 0.27, "indeterminate": 0.17, "atypical": 0.08}
    assert set(shares) == set(COLUMN_OF)
    assert shares == pytest.approx(siim, abs=0.05)


def test_some_patients_have_several_studies_and_some_studies_several_images() -> None:
    cases = plan_cases(600, seed=0)
    studies = pd.DataFrame([(c.patient_id, c.study_id) for c in cases], columns=["p", "s"])

    assert 0.2 < (studies.groupby("p")["s"].nunique() > 1).mean() < 0.6
    assert 0.01 < (studies.groupby("s").size() > 1).mean() < 0.15
    assert (studies.groupby("s")["p"].nunique() == 1).all()
    assert len({case.image_id for case in cases}) == len(cases)


def test_a_few_images_of_diseased_studies_show_nothing() -> None:
    diseased = [case for case in plan_cases(600, seed=0) if case.appearance != "negative"]

    assert 0.02 < np.mean([not case.opacities for case in diseased]) < 0.12


@pytest.mark.parametrize("appearance", sorted(COLUMN_OF))
def test_boxes_follow_the_appearance(appearance: str) -> None:
    cases = [case for case in plan_cases(300, seed=2) if case.appearance == appearance]
    shown = [case for case in cases if case.opacities][:12]
    if appearance == "negative":
        assert not shown
        return
    for case in shown:
        _, boxes = draw_case(case, SIZE)
        middle = case.columns * case.pose.x
        on_the_left = [x + width / 2 < middle for x, _, width, _ in boxes]
        if appearance == "typical":
            assert 2 <= len(boxes) <= 4
            assert {True, False} == set(on_the_left)
        else:
            assert len(boxes) == 1
            assert on_the_left == [case.opacities[0].side < 0]


@pytest.mark.parametrize("appearance", ["typical", "indeterminate", "atypical"])
def test_an_opacity_brightens_its_box_and_little_else(appearance: str) -> None:
    cases = [c for c in plan_cases(300, seed=5) if c.appearance == appearance and c.opacities]
    for case in cases[:6]:
        image, boxes = draw_case(case, SIZE)
        clear, no_boxes = draw_case(replace(case, opacities=()), SIZE)
        brighter = image.astype(float) - clear
        inside = inside_boxes(case, boxes)

        assert not no_boxes
        assert brighter[inside].mean() > 4
        assert brighter[inside].mean() > 8 * abs(brighter[~inside].mean())


def inside_boxes(case: Case, boxes: list[tuple[float, float, float, float]]) -> np.ndarray:
    inside = np.zeros((SIZE, SIZE), bool)
    for x, y, width, height in boxes:
        left, right = x * SIZE / case.columns, (x + width) * SIZE / case.columns
        top, bottom = y * SIZE / case.rows, (y + height) * SIZE / case.rows
        inside[round(top) : round(bottom), round(left) : round(right)] = True
    return inside


def test_a_one_sided_opacity_is_brighter_than_the_other_lung() -> None:
    cases = [c for c in plan_cases(400, seed=6) if c.appearance == "atypical" and c.opacities]
    contrasts = []
    for case in cases[:12]:
        image, boxes = draw_case(case, SIZE)
        inside = inside_boxes(case, boxes)
        axis = 2 * round(case.pose.x * SIZE) - 1
        rows, columns = np.nonzero(inside)
        mirrored = np.clip(axis - columns, 0, SIZE - 1)
        contrasts.append(image[rows, columns].mean() - image[rows, mirrored].mean())

    assert np.mean(contrasts) > 8
    assert np.mean(np.array(contrasts) > 0) > 0.7


def test_progress_counts_up_to_all(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    write_synthetic_dataset(
        tmp_path / "demo", n_images=3, size=64, progress=lambda *now: seen.append(now)
    )

    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_the_mark_tells_a_synthetic_from_other_folders(synthetic: Path, tmp_path: Path) -> None:
    assert is_synthetic(synthetic)
    assert not is_synthetic(tmp_path)
    assert not is_synthetic(tmp_path / "absent")


@pytest.mark.parametrize("exists", [False, True])
def test_an_absent_or_empty_folder_is_filled(tmp_path: Path, exists: bool) -> None:
    folder = tmp_path / "data" / "demo"
    if exists:
        folder.mkdir(parents=True)
    write_synthetic_dataset(folder, n_images=2, size=64)

    assert is_synthetic(folder)
    assert len(list((folder / "train").iterdir())) == 2


def test_an_older_synthetic_is_replaced_whole(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    write_synthetic_dataset(folder, n_images=3, size=64, seed=0)
    write_synthetic_dataset(folder, n_images=2, size=64, seed=1)

    assert len(list((folder / "train").iterdir())) == 2
    assert "seed 1" in (folder / "SYNTHETIC.txt").read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


def test_foreign_folders_and_files_are_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine", encoding="utf-8")

    for target in (folder, folder / "notes.txt"):
        with pytest.raises(DatasetError, match="already holds something"):
            write_synthetic_dataset(target, n_images=1, size=64)
    assert read_files(tmp_path) == {"mine/notes.txt": b"mine"}


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_bytes = Path.write_bytes
    writes: list[Path] = []

    def fill_up(path: Path, data: bytes) -> int:
        writes.append(path)
        if len(writes) > 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write_bytes(path, data)

    monkeypatch.setattr(Path, "write_bytes", fill_up)
    with pytest.raises(DatasetError, match="No space left on device"):
        write_synthetic_dataset(tmp_path / "demo", n_images=8, size=64)

    assert len(writes) > 3
    assert not list(tmp_path.iterdir())


def test_an_interrupted_drawing_never_looks_like_a_dataset(tmp_path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        assert [path.name[0] for path in tmp_path.iterdir()] == ["."]  # hidden while half done
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_synthetic_dataset(tmp_path / "demo", n_images=8, size=64, progress=interrupt)

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"n_images": 0}, "n_images is 0; choose at least 1"),
        ({"size": 32}, "size is 32 px; choose 64 to 1024"),
        ({"seed": -1}, "seed is -1; choose 0 or above"),
    ],
)
def test_arguments_out_of_range_are_refused(
    tmp_path: Path, wrong: dict[str, int], message: str
) -> None:
    with pytest.raises(DatasetError, match=message):
        write_synthetic_dataset(tmp_path / "demo", **wrong)
    assert not list(tmp_path.iterdir())
