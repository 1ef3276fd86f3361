"""A recipe as a Keras script: the same model and preprocessing, and it runs by itself."""

import ast
import dataclasses
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from tests.training.blobs import write_blobs
from xray_core.datasets import open_dataset
from xray_core.errors import RecipeError
from xray_core.models import CLASS_OUTPUT, MODELS, ModelCard, build_model
from xray_core.preprocess.images import apply_preprocess
from xray_core.preprocess.spec import CONTRASTS, RESIZES, PreprocessSpec
from xray_core.recipes import PUBLISHED, Phase, change_recipe
from xray_core.recipes.script import left_out, model, write_script
from xray_core.splits import split_catalog
from xray_core.synthetic.dataset import write_synthetic_dataset
from xray_core.tasks import encode_catalog, find_task
from xray_core.training.losses import build_loss, build_metrics, find_masses, weigh_findings

DEMO = PUBLISHED["demo_cnn"]
BASE = change_recipe(
    PUBLISHED["siim_mobilenet_opacity"],
    {"weights": "random", "preprocess.size": 32, "selected_epoch": "best"},
)
# Building these twice takes seconds each; that Keras is asked for the same is enough.
LARGE = (
    *("ResNet50", "InceptionV3", "Xception", "DenseNet121", "EfficientNetV2B0", "ConvNeXtTiny"),
    "VGG19",
)
# Without this variable, the networks that take seconds to build are left out.
SLOW = () if "XRAY_EVERY_MODEL" in os.environ else ("alexnet", "googlenet", "resnet18")
CLASSIFIERS = [
    name for name, card in MODELS.items() if card.output == CLASS_OUTPUT and not card.tabular
]
CASES: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in CLASSIFIERS if name not in SLOW),
    ("mobilenet_v2", {"alpha": 0.5, "head": "norm_flatten", "dropout": 0.4}),
    ("vgg16", {"head": "flatten_dense"}),
    ("cnn9", {"channels": 3}),
    ("vgg_mini", {"ending": "dense512"}),
]


def run_text(text: str) -> dict[str, Any]:
    """Return what a script defines; its `main` is not run."""
    names: dict[str, Any] = {"__name__": "script"}
    exec(compile(text, "train.py", "exec"), names)
    return names


def forget_names() -> None:
    """Let Keras name layers without a name of their own as in a fresh process.

    To look for garbage as well takes half a second each time.
    """
    keras.utils.clear_session(free_memory=False)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Put a small network in the place of each large one; return the list of what is asked."""
    asked: list[dict[str, Any]] = []

    def stand_in(**given: Any) -> Any:
        asked.append(given)
        image = keras.Input(given["input_shape"])
        return keras.Model(image, keras.layers.Conv2D(4, 3, strides=8, name="only")(image))

    for name in LARGE:
        monkeypatch.setattr(keras.applications, name, lambda name=name, **g: stand_in(of=name, **g))
    return asked


@pytest.mark.parametrize(("model", "options"), CASES)
def test_the_model_is_the_one_that_is_trained_here(
    model: str, options: dict[str, Any], asked: list[dict[str, Any]]
) -> None:
    size = max(32, MODELS[model].min_size)
    changes = {"model": model, "preprocess.size": size, "weights": "random"}
    recipe = change_recipe(DEMO, changes | {f"model_options.{k}": v for k, v in options.items()})
    build = run_text(write_script(recipe))["build_model"]

    forget_names()
    built = build(3)
    forget_names()
    expected = build_model(model, 3, size, "random", **options)

    assert built.count_params() == expected.count_params()
    assert [layer.output.shape for layer in built.layers] == [
        layer.output.shape for layer in expected.layers
    ]
    assert built.get_config() == expected.get_config()  # scaling, momentum, dropout: everything
    assert asked == [] or asked[0] == asked[1]


def test_weights_lie_beside_the_script_wherever_that_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    recipe = dataclasses.replace(DEMO, weights="/far/runs/RUN/checkpoints/best.keras")
    text = write_script(recipe)
    build = run_text(text)["build_model"]

    with pytest.raises(SystemExit, match=r"best\.keras is missing.* Put that file there\."):
        build(2)
    begun = run_text(write_script(DEMO))["build_model"](2)
    begun.save(tmp_path / "best.keras")

    assert "/far" not in text
    assert "best.keras of RUN" in text
    for ours, theirs in zip(build(2).get_weights(), begun.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_one_sigmoid_is_kept_for_two_classes() -> None:
    recipe = change_recipe(DEMO, {"model": "pneumonia_cnn", "preprocess.size": 32})

    model = run_text(write_script(recipe))["build_model"](2)

    assert model.get_layer("score").output.shape == (None, 1)
    assert model.output.shape == (None, 2)


def test_a_model_that_is_not_covered_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MODELS, "odd", ModelCard("Odd", "applications:build_odd", "nowhere"))

    with pytest.raises(RecipeError, match="no script of odd yet.* choose one of: demo_cnn"):
        write_script(dataclasses.replace(DEMO, model="odd"))


def test_scripts_that_many_ask_for_at_once_parse_each_module_once_and_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Python 3.11 raises SystemError where several threads parse at once."""
    alone = threading.Lock()
    parsed: list[str] = []
    parse = ast.parse

    def parse_alone(text: str) -> ast.Module:
        assert alone.acquire(blocking=False), "another thread is parsing"
        try:
            time.sleep(0.01)  # time for the others to come
            parsed.append(text)
            return parse(text)
        finally:
            alone.release()

    monkeypatch.setattr(ast, "parse", parse_alone)
    model.read_definitions.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        texts = set(pool.map(lambda _: write_script(DEMO), range(24)))

    assert len(texts) == 1
    assert len(parsed) == len(set(parsed)) == 2


def test_weights_that_a_script_cannot_read_are_refused() -> None:
    recipe = PUBLISHED["quick_efficientnet"]

    with pytest.raises(RecipeError, match="no script that begins with weights=imagenet"):
        write_script(recipe)
    assert "build_lite0_base(SIZE)" in write_script(change_recipe(recipe, {"weights": "random"}))


def test_a_model_that_takes_more_than_the_image_is_refused() -> None:
    with pytest.raises(RecipeError, match="no script of xnet_dual yet.* xnet_cnn, vgg_mini"):
        write_script(PUBLISHED["xnet_dual"])


@pytest.mark.parametrize("contrast", CONTRASTS)
@pytest.mark.parametrize(
    ("resize", "region"), [*((r, "whole") for r in RESIZES), ("pad", "border")]
)
def test_images_are_prepared_alike(contrast: str, resize: str, region: str) -> None:
    spec = PreprocessSpec(48, resize, contrast, gamma=0.6, clip_limit=3.0, region=region)
    script = run_text(write_script(dataclasses.replace(DEMO, preprocess=spec)))
    rng = np.random.default_rng(0)

    for shape in ((90, 61), (20, 30)):
        image = rng.integers(0, 200, shape).astype(np.uint8)
        np.testing.assert_array_equal(script["preprocess"](image), apply_preprocess(image, spec))


def test_augmentation_changes_an_image_within_its_bounds() -> None:
    image = np.full((64, 64), 100, np.uint8)
    brighter = change_recipe(DEMO, {"augment.zoom": 0.2, "augment.rotation": 9.0})
    still = dataclasses.replace(DEMO, augment=type(DEMO.augment)())

    changed = run_text(write_script(brighter))["augment"](image, np.random.default_rng(0))

    assert changed.shape == image.shape
    assert changed.dtype == np.uint8
    low, high = 100 * DEMO.augment.brightness_min, 100 * DEMO.augment.brightness_max
    assert low - 1 <= changed.min() <= changed.max() <= high + 1
    assert run_text(write_script(still))["augment"](image, None) is image


def test_what_a_script_does_not_express_is_named_at_its_top() -> None:
    phase = Phase("train", 4, schedule="step", decay=0.1, decay_epochs=1, warm_up=1)
    recipe = dataclasses.replace(
        DEMO,
        phases=(phase,),
        class_weights="none",
        sampling="balanced",
        mixup=0.2,
        combined_labels=True,
        calibrate=True,
        preprocess=dataclasses.replace(DEMO.preprocess, region="without_lungs"),
    )

    head = write_script(recipe).partition("import argparse")[0]

    assert "# Left out:\n" in head
    for words in (
        "region without_lungs",
        "combined_labels",
        "calibrate",
        "mixup 0.2",
        "sampling balanced",
        "warm_up 1",
    ):
        assert f"# - {words}" in head.replace("phases.train.", "")
    assert left_out(DEMO) == []
    assert "Left out" not in write_script(DEMO)


def test_words_of_a_recipe_never_become_code() -> None:
    odd = "x'''\"\"\"\n\nimport os\r$seed \\ ü"
    recipe = dataclasses.replace(DEMO, title=odd, source=odd, weights=f"/{odd}.keras")

    tree = ast.parse(write_script(recipe))

    imported = {
        one.name for node in tree.body if isinstance(node, ast.Import) for one in node.names
    }
    assert imported == {"argparse", "cv2", "keras", "numpy", "pandas"}
    assert f"{odd}.keras" in {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)}


HEAD = Phase("head", 3, trainable="head", optimizer="sgd", momentum=0.9, learning_rate=0.2)
PHASES = {
    "step": Phase("b", 5, schedule="step", decay=0.5, decay_epochs=2, trainable="top:0.3"),
    "plateau": Phase("b", 5, schedule="plateau", decay=0.5, decay_epochs=2, patience=3),
    "inverse_time": Phase("b", 5, schedule="inverse_time", decay=0.001, batch_norm="frozen"),
    "cosine": Phase("b", 5, schedule="cosine", warm_up=2, trainable="from:block_16_expand"),
    "constant": Phase("b", 5, optimizer="adamw", weight_decay=0.01),
}


@pytest.mark.parametrize("phase", PHASES.values(), ids=PHASES)
def test_every_phase_is_trained_as_it_says(phase: Phase, monkeypatch: pytest.MonkeyPatch) -> None:
    from xray_core.training.freezing import freeze_layers
    from xray_core.training.losses import build_loss
    from xray_core.training.optimizers import build_optimizer

    loss = {"loss": "focal" if phase.patience else "cross_entropy"}
    recipe = dataclasses.replace(change_recipe(BASE, loss), phases=(HEAD, phase))
    text = write_script(recipe)
    forget_names()
    script = run_text(text)
    model = script["build_model"](2)
    kept = script["KeepBest"]()
    kept.weights = model.get_weights()
    fitted: list[dict[str, Any]] = []

    def fit(training: Any, **given: Any) -> None:
        fitted.append(given | {"optimizer": model.optimizer, "loss": model.loss})
        fitted[-1]["trained"] = [layer.trainable for layer in model.get_layer("base").layers]

    monkeypatch.setattr(model, "fit", fit)
    names = {**script, "model": model, "best": kept, "training": range(7)}
    names |= {"validation": None, "class_weights": None}
    exec(next(line.strip() for line in text.splitlines() if line.startswith("    loss = ")), names)
    exec(_phases_of(text), names)

    assert [given["epochs"] for given in fitted] == [3, 5]
    for given, one in zip(fitted, recipe.phases, strict=True):
        freeze_layers(model, one)
        assert given["trained"] == [layer.trainable for layer in model.get_layer("base").layers]
        expected = build_optimizer(one, 7)
        assert type(given["optimizer"]) is type(expected)
        assert given["loss"].get_config() == build_loss(recipe).get_config()
        for step in (0, 3, 14, 15, 30):
            assert rate_at(given["optimizer"], step) == pytest.approx(rate_at(expected, step))
        for name in ("momentum", "weight_decay"):
            value = getattr(one, name)
            assert not value or getattr(given["optimizer"], name) == value
    kinds = [type(callback).__name__ for callback in fitted[1]["callbacks"]]
    assert kinds[0] == "KeepBest"
    assert ("LearningRateScheduler" in kinds) == (phase.schedule == "step")
    assert ("ReduceLROnPlateau" in kinds) == (phase.schedule == "plateau")
    assert ("EarlyStopping" in kinds) == bool(phase.patience)
    assert script["MONITOR"] == ("val_entropy" if recipe.loss == "focal" else "val_loss")


def rate_at(optimizer: Any, step: int) -> float:
    optimizer.iterations.assign(step)
    return float(optimizer.learning_rate)


def _phases_of(text: str) -> str:
    [main] = [node for node in ast.parse(text).body if getattr(node, "name", "") == "main"]
    assert isinstance(main, ast.FunctionDef)
    words = [ast.unparse(statement) for statement in main.body]
    first = words.index("best = KeepBest()") + 1
    last = len(words) - words[::-1].index("model.set_weights(best.weights)") - 1
    return "\n".join(words[first:last])


def run_script(folder: Path, images: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "train.py", "split.csv", str(images), "--save", "own.keras"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("path,subset\na.png,training\n", "split.csv has no column ['label']"),
        ("path,label,subset\na.png,odd,training\n", "Labels that are no classes: ['odd']"),
        ("path,label,subset\na.png,opacity,training\n", "in the training set: ['no opacity']"),
        (
            "path,label,subset\na.png,opacity,training\nb.png,no opacity,training\n",
            "a.png cannot be read. Take it out of the table.",
        ),
    ],
)
def test_what_is_wrong_with_the_table_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str, message: str
) -> None:
    (tmp_path / "split.csv").write_text(table, encoding="utf-8")
    given = ["train.py", str(tmp_path / "split.csv"), str(tmp_path)]
    monkeypatch.setattr(sys, "argv", given)

    with pytest.raises(SystemExit) as caught:
        run_text(write_script(DEMO))["main"]()

    assert message in str(caught.value)


SEVERAL = {
    "task": "folder_findings",
    "preprocess.size": 32,
    "phases.train.epochs": 1,
    "loss": "focal",
    "label_smoothing": 0.1,
}


def test_several_findings_cost_what_they_cost_here_and_are_answered_each_by_itself() -> None:
    recipe = change_recipe(DEMO, SEVERAL)
    names = run_text(write_script(recipe))
    rng = np.random.default_rng(0)
    states, p = rng.integers(-1, 2, (6, 3)), rng.random((6, 3)).astype("float32")
    states[:, 0] = [0, 1] * 3  # something is known of each
    weights = weigh_findings(states)

    ours = build_loss(recipe, weights)(find_masses(states), p)
    theirs = names["FindingsLoss"](weights)(states.astype("float32"), p)

    assert float(theirs) == pytest.approx(float(ours), rel=1e-5)
    for function, metric in zip(
        ("share_right", "entropy"), build_metrics(recipe, plain=True), strict=True
    ):
        metric.update_state(find_masses(states), p)
        each = names[function](states.astype("float32"), p)
        assert np.mean(each) == pytest.approx(float(metric.result()), rel=1e-5)
    assert names["build_model"](3).layers[-1].activation is keras.activations.sigmoid


def test_a_script_of_several_findings_trains_and_tells_each_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_blobs(tmp_path / "blobs", 40)
    catalog = open_dataset(tmp_path / "blobs", tmp_path / "cache")
    targets = encode_catalog(catalog, find_task("folder_findings"))
    split = split_catalog(catalog, targets, DEMO.split)
    split.to_csv(tmp_path / "split.csv", index=False)
    given = ["train.py", str(tmp_path / "split.csv"), str(tmp_path / "blobs")]
    monkeypatch.setattr(sys, "argv", given)
    main = run_text(write_script(change_recipe(DEMO, SEVERAL)))["main"]

    main()

    lines = capsys.readouterr().out.splitlines()[-5:]
    assert [line.split(":")[0] for line in lines[:4]] == ["test", "Bar", "Blob", "Rare"]
    n_tested = int((split["subset"] == "test").sum())
    assert f"test: {n_tested} images" in lines
    assert lines[-1].startswith("mean AUC 0.")
    split.assign(y_Bar=0).to_csv(tmp_path / "split.csv", index=False)
    with pytest.raises(SystemExit, match="shows these findings: .'Bar'"):
        main()


@pytest.mark.slow
def test_the_script_of_the_demo_runs_to_its_end_without_this_project(tmp_path: Path) -> None:
    write_synthetic_dataset(tmp_path / "images", n_images=40, size=64)
    catalog = open_dataset(tmp_path / "images", tmp_path / "cache")
    targets = encode_catalog(catalog, find_task(DEMO.task))
    split = split_catalog(catalog, targets, DEMO.split).rename(columns={"class": "label"})
    split[["path", "label", "subset"]].to_csv(tmp_path / "split.csv", index=False)
    changes = {"phases.train.epochs": 1, "preprocess.size": 32, "test_time_augmentation": True}
    text = write_script(change_recipe(DEMO, changes))
    assert "xray_core" not in text
    (tmp_path / "train.py").write_text(text, encoding="utf-8")

    done = run_script(tmp_path, catalog.root)

    assert done.returncode == 0, done.stderr[-3000:]
    n_tested = int((split["subset"] == "test").sum())
    assert f"test: {n_tested} images" in done.stdout
    for words in ("accuracy 0.", "AUC ", "confusion matrix", "no opacity"):
        assert words in done.stdout
    rows = [line.split()[-2:] for line in done.stdout.splitlines()[-2:]]
    assert pd.DataFrame(rows).astype(int).to_numpy().sum() == n_tested
    assert (tmp_path / "own.keras").is_file()
