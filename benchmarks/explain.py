"""How long heat maps take, and whether they depend on what a network has learned.

    python -m benchmarks.explain [--sanity | --twins] [--models NAME …] [--size PX] [--steps 150]
        [--images 100] [--no-occlusion]

Without an option: seconds for one map, for `--images`, and for one by occlusion, of drawn images,
end to end: by the process that answers the app, files read. Wall time, and processor time of that
process.

--sanity: the test of Adebayo et al. 2018, arXiv:1810.03292. Each network learns to say whether
there is a bright spot in an image of noise. Then its weights are drawn anew, from the classes down:
those of the last layer, of a third of the layers, of two thirds, of all. Told is the mean rank
correlation between the maps before and after: maps that depend on the weights have one near 0.

--twins: the greatest difference between the maps of a network within a network, as those of
keras.applications are, and of the same layers in one flat network.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from xray_core.processes import quiet_import

with quiet_import():
    import keras

from scipy.stats import spearmanr

from xray_core.explain.capture import list_layers, listening
from xray_core.explain.gradcam import WEIGHINGS, map_images
from xray_core.jobs.asking import DONE, _services, ask, close_services
from xray_core.models import MODELS, build_model
from xray_core.recipes import PUBLISHED, change_recipe
from xray_core.runs import Run, create_run
from xray_core.synthetic.dataset import write_synthetic_dataset
from xray_core.workspace import Workspace

SPOT = 0.25  # of the side, width of the bright spot that a network learns to find
# Drawn anew, from the classes down: share of the layers with weights.
SHARES = {"classes": 0.0, "last third": 1 / 3, "two thirds": 2 / 3, "all": 1.0}
WHOLE = ("demo_cnn", "pneumonia_cnn", "cnn9", "xnet_cnn", "vgg_mini")
OPTIONS: dict[str, dict[str, Any]] = {"mobilenet_v2": {"alpha": 0.35}}


def main() -> None:
    """Measure, and print one table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--sanity", action="store_true")
    kind.add_argument("--twins", action="store_true")
    parser.add_argument("--models", nargs="*", default=list(MODELS), choices=list(MODELS))
    parser.add_argument("--size", type=int, default=0, help="px")
    parser.add_argument("--steps", type=int, default=150, help="of training, for --sanity")
    parser.add_argument("--images", type=int, default=100, help="for the times")
    parser.add_argument("--occlusion", action=argparse.BooleanOptionalAction, default=True)
    options = parser.parse_args()
    names = [name for name in options.models if not MODELS[name].tabular]
    if options.sanity:
        table = (try_network(name, options.size or 96, options.steps) for name in names)
    elif options.twins:
        table = (compare_twins(name, options.size or 96) for name in names)
    else:
        table = measure_times(names, options.size or 224, options.images, options.occlusion)
    for n, row in enumerate(table):
        if n == 0:
            print(f"| {' | '.join(row)} |\n|{'---|' * len(row)}")
        print(f"| {' | '.join(row.values())} |", flush=True)


def build(name: str, size: int, seed: int) -> Any:
    """Return a network with weights drawn by `seed`, whose norms learn fast."""
    keras.utils.set_random_seed(seed)
    model = build_model(name, 2, size, **OPTIONS.get(name, {}))
    for layer in list_layers(model):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.9
    return model


# --- Times


def measure_times(
    names: list[str], size: int, n: int, with_occlusion: bool
) -> Iterator[dict[str, str]]:
    """Yield seconds for each network: of one map, of `n`, and of one by occlusion."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder) / "home")
        data = Path(folder) / "data"
        write_synthetic_dataset(data, n + 1, size=256, seed=1)
        for name in names:
            run, ids = prepare_run(name, size, data, workspace)
            ask_maps(workspace, run, ids[:1], "gradcam")  # loads the network
            row = {"network": f"{MODELS[name].title}{_format_options(name)}"}
            for title, images, method in (
                ("Grad-CAM, 1", ids[:1], "gradcam"),
                (f"Grad-CAM, {n}", ids[1:], "gradcam"),
                (f"Grad-CAM++, {n}", ids[1:], "gradcam++"),
                *([("occlusion, 1", ids[:1], "occlusion")] if with_occlusion else []),
            ):
                row[title] = ask_maps(workspace, run, images, method)
            yield row
        close_services()


def prepare_run(name: str, size: int, data: Path, workspace: Workspace) -> tuple[Run, list[str]]:
    """Return a run whose network is untrained, which takes as long, and its images."""
    from xray_core.datasets import open_dataset

    changes = {"model": name, "preprocess.size": size}
    changes |= {f"model_options.{key}": value for key, value in OPTIONS.get(name, {}).items()}
    recipe = replace(change_recipe(PUBLISHED["demo_cnn"], changes), data_folder=str(data))
    run = create_run(recipe, workspace.runs)
    images = open_dataset(data, workspace.cache).images[["image_id", "path"]]
    table = images.assign(group="g", subset="test", **{"class": recipe.class_names[0]})
    run.write_table("split.parquet", table.reset_index(drop=True))
    run.best_checkpoint.parent.mkdir(parents=True, exist_ok=True)
    build(name, size, 0).save(run.best_checkpoint)
    return run, list(images["image_id"])


def ask_maps(workspace: Workspace, run: Run, ids: list[str], method: str) -> str:
    """Return how long maps take that were not asked for before, in words."""
    for kept in (workspace.cache / "maps").rglob("*.npy"):
        kept.unlink()
    process = _services[workspace.folder]._process if workspace.folder in _services else None
    before = sum_times(process.pid) if process else 0.0
    began = time.perf_counter()
    target = run.read_recipe().class_names[1]
    arguments = {"run": run.name, "images": ids, "method": method, "target": target}
    question = ask(workspace, "maps", arguments)
    if not question.wait(3600) or question.state != DONE:
        sys.exit(f"no heat maps: {question.reason}")
    answer = question.answer
    wall = time.perf_counter() - began
    assert len(answer["images"]) == len(ids)
    process = _services[workspace.folder]._process
    assert process
    return f"{wall:.2f} s ({sum_times(process.pid) - before:.2f})"


def sum_times(pid: int) -> float:
    """Return the processor seconds of a process and of those that it started."""
    process = psutil.Process(pid)
    times = [each.cpu_times() for each in (process, *process.children(recursive=True))]
    return float(sum(each.user + each.system for each in times))


# --- Whether maps depend on the weights


def draw_spots(n: int, size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return images of noise, half of them with a bright spot somewhere, and which have one."""
    rng = np.random.default_rng(seed)
    images = rng.normal(90, 25, (n, size, size, 1))
    has_spot = np.arange(n) % 2
    rows, columns = np.mgrid[:size, :size]
    for image, there in zip(images, has_spot, strict=True):
        top, left = rng.uniform(0.15, 0.85, 2) * size
        far = ((rows - top) ** 2 + (columns - left) ** 2) / (SPOT * size / 2) ** 2
        image[..., 0] += there * 120 * np.exp(-far)
    return np.clip(images, 0, 255).astype("float32"), has_spot


def try_network(name: str, size: int, steps: int) -> dict[str, str]:
    """Return how much the maps of a network change when its weights are drawn anew.

    Small networks are trained as a whole; of the others the classes alone, on a base as drawn,
    which takes seconds instead of hours.
    """
    whole = name in WHOLE
    model = build(name, size, 0)
    (train_whole if whole else train_classes)(model, size, steps)
    images, has_spot = draw_spots(16, size, 1)
    answers = np.concatenate([model.predict_on_batch(part) for part in np.split(images, 2)])
    right = float((answers.argmax(axis=1) == has_spot).mean())
    images = images[has_spot == 1]
    row = {
        "network": f"{MODELS[name].title}{_format_options(name)}",
        "trained": "all of it" if whole else "its classes",
        "right": f"{right:.0%}",
    }
    targets = np.ones(len(images), int)
    before = map_images(model, images, targets)
    row["map"] = "{1} × {2}".format(*before.shape)
    fresh = build(name, size, 1)
    for title, share in SHARES.items():
        redraw(model, fresh, share)
        after = map_images(model, images, targets)
        row[title] = format_correlation(before, after)
    return row


def train_whole(model: Any, size: int, steps: int) -> None:
    """Train all weights of a network on drawn spots."""
    model.compile(keras.optimizers.Adam(5e-4), "sparse_categorical_crossentropy")
    images, has_spot = draw_spots(16 * 16, size, 2)
    model.fit(images, has_spot, batch_size=16, epochs=max(1, steps // 16), verbose=0)


def train_classes(model: Any, size: int, steps: int) -> None:
    """Fit the last layer of a network, on what the layers before it say of drawn spots."""
    from sklearn.linear_model import LogisticRegression

    layer = model.get_layer("probabilities")
    images, has_spot = draw_spots(48, size, 2)
    seen: list[np.ndarray] = []

    def hear(given: Any, answer: Any) -> Any:
        seen.append(keras.ops.convert_to_numpy(given))
        return answer

    with listening(layer, hear):
        for part in np.split(images, 6):
            model(part, training=False)
    features = np.concatenate(seen)
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-12
    fit = LogisticRegression(max_iter=1000).fit((features - mean) / spread, has_spot)
    slope = fit.coef_[0] / spread
    level = fit.intercept_[0] - (slope * mean).sum()
    layer.set_weights([np.stack([-slope, slope], 1) / 2, np.array([-level, level]) / 2])


def redraw(model: Any, fresh: Any, share: float) -> None:
    """Give the layers from the classes down, `share` of them, the weights of another network."""
    pairs = [pair for pair in zip(list_layers(model), list_layers(fresh), strict=True)]
    pairs = [pair for pair in pairs if pair[0].weights]
    for layer, other in pairs[len(pairs) - max(1, round(share * len(pairs))) :]:
        layer.set_weights(other.get_weights())


def format_correlation(before: np.ndarray, after: np.ndarray) -> str:
    """Return the mean rank correlation of maps, and how many of them say nothing afterwards."""
    values = rank_correlations(before, after)
    empty = len(before) - len(values)
    if not values:
        return "all empty"
    return f"{np.mean(values):+.2f}{f' ({empty} empty)' if empty else ''}"


def rank_correlations(before: np.ndarray, after: np.ndarray) -> list[float]:
    """Return the rank correlation of each pair of maps of which neither is the same all over."""
    pairs = [(old.ravel(), new.ravel()) for old, new in zip(before, after, strict=True)]
    there = [pair for pair in pairs if all(values.std() > 0 for values in pair)]
    return [float(spearmanr(*pair).statistic) for pair in there]


# --- Networks within networks


def flatten(model: Any) -> tuple[Any, Any]:
    """Return a network within a network as one flat network, and the layers that feed it."""
    base = model.get_layer("base")
    place = model.layers.index(base)
    x = base.output
    for layer in model.layers[place + 1 :]:
        x = layer(x)
    return keras.Model(base.input, x), keras.Model(model.input, model.layers[place - 1].output)


def compare_twins(name: str, size: int) -> dict[str, str]:
    """Return how far the maps of a network are from those of its flat twin."""
    row = {"network": f"{MODELS[name].title}{_format_options(name)}"}
    model = build(name, size, 0)
    is_nested = "base" in {layer.name for layer in model.layers}
    images, has_spot = draw_spots(8, size, 0)
    if is_nested:
        flat, feed = flatten(model)
        fed = keras.ops.convert_to_numpy(feed(images))
    for method in WEIGHINGS:
        words = "flat itself"
        if is_nested:
            expected = map_images(flat, fed, has_spot, method)
            row["maps"] = f"{expected.any(axis=(1, 2)).sum()} of {len(expected)}"
            difference = np.abs(map_images(model, images, has_spot, method) - expected).max()
            words = f"{difference:.1e}"
        row[method] = words
    return row


def _format_options(name: str) -> str:
    return "".join(f" {value}" for value in OPTIONS.get(name, {}).values())


if __name__ == "__main__":
    main()
