"""Masks: learned, resumed exactly, evaluated, and drawn for a dataset that has none."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

from tests.training.test_resume import Killed, check_same_log
from tests.training.tiny import as_it_was
from xray_core import cli
from xray_core.datasets import open_dataset
from xray_core.errors import RecipeError
from xray_core.evaluation.masks import measure_loss, measure_means, measure_overlap
from xray_core.explain.loaded import load_run
from xray_core.explain.lungs import draw_lungs
from xray_core.preprocess.augment import augment_batch, augment_masks
from xray_core.preprocess.lung_masks import OWN, PREDICTED, find_lung_masks
from xray_core.preprocess.lung_shape import doubt_lungs, tidy_lungs
from xray_core.preprocess.spec import AugmentSpec
from xray_core.recipes import PUBLISHED, bind_recipe, change_recipe
from xray_core.runs import Run, create_run
from xray_core.synthetic.dataset import MASK_FOLDER, write_synthetic_dataset
from xray_core.training import recorder, runner
from xray_core.training.losses import MaskLoss
from xray_core.training.recorder import Recorder
from xray_core.workspace import Workspace

CHANGES = {
    "preprocess.size": 32,
    "phases.train.epochs": 2,
    "batch_size": 8,
    "split.validation": 0.25,
    "split.test": 0.25,
}


@dataclass(frozen=True)
class Drawn:
    """A finished run that draws masks, its workspace and its data, whose first mask is broken."""

    run: Run
    workspace: Workspace
    data: Path


def make_run(workspace: Workspace, data: Path) -> Run:
    catalog = open_dataset(data, workspace.cache)
    recipe = bind_recipe(change_recipe(PUBLISHED["lungs_unet"], CHANGES), catalog)
    return create_run(recipe, workspace.runs)


def build_small(name: str, n_classes: int, size: int, *_: Any, **__: Any) -> Any:
    """Build a network that draws masks and is compiled in a moment."""
    image = keras.Input((size, size, 1), name="image")
    x = keras.layers.Rescaling(1 / 255)(image)
    x = keras.layers.Conv2D(6, 5, padding="same", use_bias=False)(x)
    x = keras.layers.BatchNormalization(momentum=0.5)(x)
    x = keras.layers.Dropout(0.1)(keras.layers.ReLU(name="features")(x))
    x = keras.layers.Conv2D(1, 1, activation="sigmoid", name="probabilities")(x)
    return keras.Model(image, x)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    folder = tmp_path_factory.mktemp("masks")
    workspace, data = Workspace(folder / "home"), folder / "data"
    write_synthetic_dataset(data, 24, size=64, seed=1)
    first = min((data / MASK_FOLDER).iterdir())
    first.write_bytes(b"no image")
    run = make_run(workspace, data)
    with as_it_was(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "build_model", build_small)
        assert runner.train_run(run, workspace) == "done", run.read_status().message
    return Drawn(run, workspace, data)


def test_a_training_of_masks_leaves_what_any_other_does(drawn: Drawn) -> None:
    run = drawn.run
    epochs, report, table = run.read_epochs(), run.read_report(), run.read_masks()

    assert epochs["val_dice"].between(0, 1).all()
    assert epochs["dice"].between(0, 1).all()
    assert (
        run.read_status().val_dice
        == epochs.set_index("epoch")["val_dice"].loc[epochs["best_epoch"].iloc[-1]]
    )
    rows = table[table["subset"] == "test"]
    assert (report["subset"], report["n"]) == ("test", int(rows["dice"].notna().sum()))
    dice = report["metrics"]["dice"]
    assert dice["value"] == pytest.approx(rows["dice"].mean())
    assert dice["low"] <= dice["value"] <= dice["high"]
    assert report["validation"]["subset"] == "validation"
    # The selected epoch's figures are those of the network that is kept.
    assert report["validation"]["metrics"]["dice"]["value"] == pytest.approx(
        run.read_status().val_dice, abs=1e-5
    )
    assert rows["true_outline"].str.startswith("M").all()
    [broken] = run.read_data()["unreadable"]
    assert "lung mask cannot be read" in broken["reason"]


def test_a_killed_training_of_masks_ends_as_one_that_was_not(
    drawn: Drawn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "build_model", build_small)
    monkeypatch.setattr(recorder, "CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(recorder, "CHECKPOINT_SHARE", 1e9)
    record, limit = Recorder.on_train_batch_end, 2

    def record_or_die(self: Recorder, batch: int, logs: Any = None) -> None:
        nonlocal limit
        if limit and len(run.read_metrics()) >= limit:
            limit = 0
            raise Killed
        record(self, batch, logs)

    run = make_run(drawn.workspace, drawn.data)
    monkeypatch.setattr(Recorder, "on_train_batch_end", record_or_die)
    with as_it_was(), pytest.raises(Killed):
        runner.train_run(run, drawn.workspace)
    run.write_status(replace(run.read_status(), state="queued"))
    with as_it_was():
        assert runner.train_run(run, drawn.workspace) == "done"

    check_same_log(run, drawn.run)
    assert run.read_masks().equals(drawn.run.read_masks())


def test_masks_are_drawn_where_a_dataset_has_none(
    drawn: Drawn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    data = tmp_path / "bare"
    shutil.copytree(drawn.data, data)
    shutil.rmtree(data / MASK_FOLDER)
    broken = min((data / "train").iterdir())
    broken.write_bytes(b"no image")
    monkeypatch.setenv("XRAY_HOME", str(drawn.workspace.folder))

    with as_it_was():
        status = cli.main(["lungs", drawn.run.name, "--data", str(data)])

    assert status == 0
    words = capsys.readouterr().out
    assert "of 24 images" in words
    assert "1 have none: it cannot be read" in words
    catalog = open_dataset(data, drawn.workspace.cache)
    masks = find_lung_masks(catalog, drawn.workspace.cache)
    names = catalog.images["image_id"].tolist()
    counts = masks.count(names)
    assert counts[PREDICTED] == 24
    assert counts[OWN] == 0
    known = dict(zip(names, masks.read(names), strict=True))
    assert "cannot be read" in known[broken.stem].reason
    about = masks.predicted.about if masks.predicted else {}
    assert about["run"] == drawn.run.name
    doubtful = sum(bool(mask.doubt) for mask in known.values())
    assert f"Implausible: {doubtful}" in words


def test_masks_of_image_files_are_written_as_png(
    drawn: Drawn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XRAY_HOME", str(drawn.workspace.folder))
    file = max((drawn.data / "train").iterdir())
    out = tmp_path / "out"

    with as_it_was():
        assert cli.main(["lungs", drawn.run.name, str(file), "--out", str(out)]) == 0

    mask = np.asarray(Image.open(out / f"{file.stem}.png"))
    assert mask.shape == (64, 64)
    assert set(np.unique(mask)) <= {0, 255}


def test_a_run_of_classes_draws_no_masks(finished: Any, capsys: pytest.CaptureFixture) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XRAY_HOME", str(finished.workspace.folder))
        status = cli.main(["lungs", finished.run.name, "--data", str(finished.data)])

    assert status == 2
    assert "draws no masks" in capsys.readouterr().err


def test_a_mask_moves_with_its_image() -> None:
    spec = AugmentSpec(horizontal_flip=True, zoom=0.3, rotation=20, shear=10, shift=0.2)
    masks = np.zeros((6, 40, 40), np.uint8)
    masks[:, 8:24, 12:30] = 1
    numbers = np.arange(6)

    moved = augment_masks(masks, numbers, spec, seed=3, epoch=2)
    images = augment_batch(masks * np.uint8(255), numbers, spec, seed=3, epoch=2)

    assert set(np.unique(moved)) == {0, 1}
    assert (moved == (images >= 128)).all()
    assert (moved != masks).any(axis=(1, 2)).all()


def test_the_loss_is_the_one_that_is_measured() -> None:
    rng = np.random.default_rng(0)
    inside = rng.integers(0, 2, (3, 8, 8)).astype(np.uint8)
    inside[2] = 0
    said = rng.uniform(0.01, 0.99, inside.shape).astype("float32")

    learnt = MaskLoss().call(inside[..., None], said[..., None])

    np.testing.assert_allclose(np.asarray(learnt), measure_loss(inside, said), rtol=1e-4)


def test_dice_and_iou_by_hand() -> None:
    inside, drawn = np.zeros((2, 3, 4, 4), np.uint8)
    inside[0, :2], drawn[0, 1:3] = 1, 1  # 8 and 8 pixels, 4 in common
    inside[1] = 1  # and nothing drawn; in the third neither

    measured = measure_overlap(inside, drawn)

    assert measured["dice"].tolist() == [0.5, 0, 1]
    assert measured["iou"].tolist() == pytest.approx([1 / 3, 0, 1])
    assert measured["accuracy"].tolist() == [0.5, 0, 1]


def test_intervals_resample_patients() -> None:
    """Twenty images of one patient tell no more than one of them."""
    values = np.repeat([[0.9, 0.8], [0.5, 0.4]], [20, 20], axis=0)
    few = measure_means(values, np.repeat([0, 1], 20))["dice"]
    many = measure_means(values, np.arange(40))["dice"]

    assert few["value"] == many["value"] == pytest.approx(0.7)
    assert (few["low"], few["high"]) == (pytest.approx(0.5), pytest.approx(0.9))
    assert many["low"] > 0.6
    assert measure_means(values, np.zeros(40, int))["dice"]["low"] is None


@pytest.mark.parametrize(
    ("pieces", "doubt"),
    [
        ([(4, 4, 24, 14), (4, 26, 24, 36)], ""),
        ([(4, 4, 24, 14)], "one piece only"),
        ([(4, 4, 24, 14), (4, 26, 6, 36)], "one lung only"),
        ([(4, 4, 6, 14), (4, 26, 6, 36)], "of the image inside"),
        ([], "no lung at all"),
    ],
)
def test_an_implausible_mask_says_why(pieces: list[tuple[int, ...]], doubt: str) -> None:
    mask = np.zeros((40, 40), np.uint8)
    for top, left, bottom, right in pieces:
        mask[top:bottom, left:right] = 1

    assert doubt in doubt_lungs(mask)
    assert bool(doubt) == bool(doubt_lungs(mask))


def test_specks_go_and_holes_are_filled() -> None:
    mask = np.zeros((40, 40), np.uint8)
    mask[4:24, 4:14] = mask[4:24, 26:36] = 1
    clean = mask.copy()
    mask[10:12, 8:10] = 0
    mask[35:37, 35:37] = 1

    assert (tidy_lungs(mask) == clean).all()


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("lungs_unet", {"loss": "focal"}, "loss is focal, but task 'lungs' asks for masks"),
        ("lungs_unet", {"mixup": 0.2}, "mixup is 0.2, but task 'lungs' asks for masks"),
        ("lungs_unet", {"model": "demo_cnn"}, "demo_cnn answers with classes"),
        ("demo_cnn", {"model": "unet"}, "unet answers with masks"),
        ("demo_cnn", {"loss": "dice"}, "which is of masks"),
    ],
)
def test_what_is_about_the_other_kind_of_answer_is_refused(
    name: str, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(RecipeError, match=message):
        change_recipe(PUBLISHED[name], changes)


def test_padding_is_cut_before_a_mask_is_kept(drawn: Drawn, tmp_path: Path) -> None:
    """A wide image on a square: what is drawn is of the whole image, and of nothing beside it."""
    data = tmp_path / "wide"
    gray = np.asarray(Image.open(max((drawn.data / "train").iterdir())))
    for name in ("a", "b"):
        (data / name).mkdir(parents=True)
        Image.fromarray(np.hstack([gray, gray])).save(data / name / "image.png")
    loaded = load_run(drawn.run)
    spec = replace(loaded.recipe.preprocess, resize="pad")
    padded = replace(loaded, recipe=replace(loaded.recipe, preprocess=spec))
    catalog = open_dataset(data, drawn.workspace.cache)

    draw_lungs(padded, catalog, drawn.workspace.cache)

    masks = find_lung_masks(catalog, drawn.workspace.cache)
    for mask in masks.read(catalog.images["image_id"].tolist()):
        assert mask.pixels is None or mask.pixels.shape == (64, 128)
