"""Heat maps as PNG files in a new folder, with a table of them beside.

    <folder>/<image>.png        over the image at its own size; or plain, at the network's
    <folder>/maps.csv           image, class, predicted, probability, file, error

Written under a hidden name beside it, which is renamed at the end: the folder is whole, or it is
not there.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.errors import RunError, XrayError
from xray_core.evaluation.calibrate import read_calibration
from xray_core.evaluation.metrics import predict_classes
from xray_core.evaluation.thresholds import read_threshold
from xray_core.explain.batches import Images
from xray_core.explain.gradcam import BATCH_SIZE, METHODS, map_images
from xray_core.explain.loaded import LoadedRun, check_classes
from xray_core.explain.sources import Sources
from xray_core.exports.disk import new_folder
from xray_core.exports.names import safe_name, unique_names
from xray_core.figures.heat import cut_heat, lay_over
from xray_core.imagefiles.images import read_image
from xray_core.preprocess.images import read_all_preprocessed

TABLE = "maps.csv"
COLUMNS = ("image", "class", "predicted", "probability", "file", "error")

Progress = Callable[[int, int], None]


def write_maps(
    loaded: LoadedRun,
    sources: Sources,
    folder: Path,
    method: str = "gradcam",
    class_name: str = "",
    *,
    over_image: bool = True,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Write a heat map of each image, and a table of them.

    Args:
        loaded: a run with its network.
        sources: the images.
        folder: to be made; nothing in it is overwritten.
        method: one of `gradcam.METHODS`.
        class_name: that the maps are of; "" for the predicted one of each image.
        over_image: whether a map is laid over its image, at the image's own size; else it is
            written alone, gray, white for the hottest point, in the size that the network sees.
        progress: called with (images done, of how many).

    Returns:
        The table as written: one row for each image, in their order; one that cannot be read has
        an error and no file.

    Raises:
        RunError: there is no such method or class, no class was named of a multi-label task, no
            image can be read, or the network draws masks.
        DatasetError: there is something in the folder already, or the disk refuses.
    """
    if method not in METHODS:
        raise RunError(f"{method!r} is no kind of heat map. Choose one of: {', '.join(METHODS)}.")
    check_classes(loaded.run)
    classes = list(loaded.recipe.class_names)
    if class_name not in ([] if loaded.recipe.multilabel else [""]) + classes:
        why = (
            f"{class_name!r} is no class of this run"
            if class_name
            else "Several classes may be right at once, so one must be named"
        )
        raise RunError(f"{why}. Choose one of: {', '.join(classes)}.")
    rows: list[dict[str, Any]] = []
    with new_folder(folder) as partial:
        files = unique_names(safe_name(Path(name).stem) for name in sources.names)
        n = len(files)
        for start in range(0, n, BATCH_SIZE):
            part = slice(start, start + BATCH_SIZE)
            rows += _write_batch(
                loaded,
                sources.cut(part),
                [partial / f"{name}.png" for name in files[part]],
                method,
                class_name,
                over_image,
                _go_on(progress, start, n),
            )
            if progress is not None:
                progress(min(part.stop, n), n)
        table = pd.DataFrame(rows, columns=list(COLUMNS))
        if table["error"].notna().all():
            raise RunError(f"No image could be read. {table['error'].iloc[0]}")
        table.to_csv(partial / TABLE, index=False)
    return table


def _go_on(progress: Progress | None, start: int, n: int) -> Progress | None:
    """Return what is told of the progress of a batch that begins at `start`."""
    return None if progress is None else lambda done, _: progress(start + done, n)


def _write_batch(
    loaded: LoadedRun,
    sources: Sources,
    files: list[Path],
    method: str,
    class_name: str,
    over_image: bool,
    progress: Progress | None,
) -> list[dict[str, Any]]:
    """Write the maps of a few images; return their rows."""
    spec, classes = loaded.recipe.preprocess, list(loaded.recipe.class_names)
    rows: list[dict[str, Any]] = [{"image": name} for name in sources.names]
    pixels, kept = [], []
    for k, read in enumerate(read_all_preprocessed(sources.paths, spec, sources.lungs)):
        if isinstance(read, XrayError):
            rows[k]["error"] = str(read)
        else:
            pixels.append(read)
            kept.append(k)
    if not kept:
        return rows
    images: Any = np.stack(pixels)[..., np.newaxis].astype(np.float32)
    if sources.tabular is not None:
        images = {"image": images, "tabular": sources.tabular[kept]}
    answers = predict(loaded, images)
    predicted = _call(loaded, answers)
    targets = predicted if not class_name else np.full(len(kept), classes.index(class_name))
    maps = map_images(loaded.model, images, targets, method, progress)
    for k, heat, values, target, called in zip(
        kept, np.rint(maps * 255).astype(np.uint8), answers, targets, predicted, strict=True
    ):
        rows[k] |= {"class": classes[target], "probability": float(values[target])}
        if not loaded.recipe.multilabel:
            rows[k]["predicted"] = classes[called]
        try:
            _write_one(sources.paths[k], files[k], heat, loaded, over_image)
            rows[k]["file"] = files[k].name
        except XrayError as error:
            rows[k]["error"] = str(error)
    return rows


def _write_one(
    path: Path, file: Path, heat: NDArray[np.uint8], loaded: LoadedRun, over_image: bool
) -> None:
    spec = loaded.recipe.preprocess
    picture = (
        lay_over(read_image(path), heat, spec.resize)
        if over_image
        else cut_heat(heat, 1.0, "stretch", spec.size)
    )
    file.write_bytes(cv2.imencode(".png", picture)[1].tobytes())


def predict(loaded: LoadedRun, images: Images) -> NDArray[np.float64]:
    """Return the calibrated probabilities of a run, (n, n_classes), for a batch of images."""
    views = [images]
    if loaded.recipe.test_time_augmentation:
        views.append(
            {**images, "image": images["image"][:, :, ::-1]}
            if isinstance(images, Mapping)
            else images[:, :, ::-1]
        )
    answers = [keras.ops.convert_to_numpy(loaded.model(view, training=False)) for view in views]
    values = np.mean(answers, axis=0, dtype="float64")
    calibration = read_calibration(loaded.run)
    return np.asarray(calibration.apply(values) if calibration else values)


def _call(loaded: LoadedRun, values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the predicted class of each image; of two by the threshold that the run keeps."""
    two = len(loaded.recipe.class_names) == 2 and not loaded.recipe.multilabel
    if two and (kept := read_threshold(loaded.run)):
        return (values[:, 1] >= kept.value).astype(np.int64)
    return np.asarray(predict_classes(values), np.int64)
