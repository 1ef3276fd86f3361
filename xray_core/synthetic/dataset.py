"""Writes the demo dataset: drawn chest radiographs in the layout of SIIM-FISABIO-RSNA.

Nobody's X-rays and of no medical meaning, but every view, plot and training that fits the
real dataset fits this one, so the app can be tried before any data is downloaded.

    <folder>/SYNTHETIC.txt                says that the images are drawn, and how to repeat them
    <folder>/train_study_level.csv      one row per study: its appearance
    <folder>/train_image_level.csv      one row per image: boxes in px of the original
    <folder>/meta.csv                   one row per image: size of the original
    <folder>/patients.csv               image, study, patient
    <folder>/train/<image_id>.jpg       square, gray

As in the real dataset, a patient may have several studies and a study several images, and a
few images of studies that are not negative show nothing.
"""

import os
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import cv2
import numpy as np
import numpy.typing as npt
import pandas as pd

from xray_core.errors import DatasetError
from xray_core.synthetic.canvas import Canvas
from xray_core.synthetic.cases import Case, plan_cases
from xray_core.synthetic.chest import draw_chest
from xray_core.synthetic.marker import draw_marker, has_marker
from xray_core.synthetic.rendering import develop, draw_opacities

MARK = "SYNTHETIC.txt"
MIN_SIZE, MAX_SIZE = 64, 1024
JPEG_QUALITY = 93
COLUMN_OF = {
    "negative": "Negative for Pneumonia",
    "typical": "Typical Appearance",
    "indeterminate": "Indeterminate Appearance",
    "atypical": "Atypical Appearance",
}

Box = tuple[float, float, float, float]  # x, y, width, height


def is_synthetic(folder: Path) -> bool:
    """Return whether `folder` holds a dataset that `write_synthetic_dataset` drew."""
    return (folder / MARK).is_file()


def write_synthetic_dataset(
    folder: Path,
    n_images: int = 600,
    size: int = 256,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    marker: bool = False,
) -> None:
    """Draw a dataset and put it at `folder`, complete or not at all; replaces an older one.

    Args:
        folder: where to; must be absent, empty or a dataset drawn earlier.
        n_images: how many images, at least 1. The first n are the same whatever n is.
        size: px, height = width of the images, 64 to 1024.
        seed: not negative. The same seed gives the same files.
        progress: called with (images done, images in all) after each image.
        marker: whether a letter in the corner gives the label away, see `synthetic.marker`; all
            else is as without it.

    Raises:
        DatasetError: an argument is out of range, `folder` holds something else, or the disk
            refuses or is full. Nothing half-done stays behind.
    """
    _check_arguments(n_images, size, seed)
    try:
        _check_target(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = folder.with_name(f".{folder.name}.{uuid4().hex}.partial")
        try:
            _write_files(partial, n_images, size, seed, progress, marker)
            _put_in_place(partial, folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise DatasetError(
            f"Could not write the demo dataset to {folder}: {error.strerror or error}. "
            "Nothing was kept. Free some space or choose another folder, then try again."
        ) from error


def draw_case(case: Case, size: int) -> tuple[npt.NDArray[np.uint8], list[Box]]:
    """Draw one image.

    Args:
        case: what to draw.
        size: px, height = width of the image.

    Returns:
        The radiograph, uint8 of shape (size, size), and the boxes of its opacities in px of
        the pretended original, (x, y, width, height), origin at the top left.
    """
    canvas = Canvas(size, case.patient, case.pose)
    chest = draw_chest(canvas)
    opacity, boxes = draw_opacities(canvas, chest, case.opacities)
    image = develop(canvas, chest, opacity, case.rendering, np.random.default_rng(case.noise_seed))
    across, down = case.columns / size, case.rows / size
    return image, [(x * across, y * down, w * across, h * down) for x, y, w, h in boxes]


def _check_arguments(n_images: int, size: int, seed: int) -> None:
    if n_images < 1:
        raise DatasetError(f"n_images is {n_images}; choose at least 1.")
    if not MIN_SIZE <= size <= MAX_SIZE:
        raise DatasetError(f"size is {size} px; choose {MIN_SIZE} to {MAX_SIZE}.")
    if seed < 0:
        raise DatasetError(f"seed is {seed}; choose 0 or above.")


def _check_target(folder: Path) -> None:
    if not folder.exists() or is_synthetic(folder):
        return
    if not folder.is_dir() or any(folder.iterdir()):
        raise DatasetError(
            f"{folder} already holds something that was not drawn here, and it is left as it is. "
            "Choose a new or an empty folder for the demo dataset."
        )


def _write_files(
    folder: Path,
    n_images: int,
    size: int,
    seed: int,
    progress: Callable[[int, int], None] | None,
    marker: bool,
) -> None:
    (folder / "train").mkdir(parents=True)
    cases = plan_cases(n_images, seed)

    def write_image(case: Case) -> list[Box]:
        image, boxes = draw_case(case, size)
        if marker and has_marker(case):
            draw_marker(image)
        # Not cv2.imwrite, which reports neither a full disk nor a missing folder.
        encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]
        (folder / "train" / f"{case.image_id}.jpg").write_bytes(encoded.tobytes())
        return boxes

    boxes: list[list[Box]] = []
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        for drawn in pool.map(write_image, cases):
            boxes.append(drawn)
            if progress is not None:
                progress(len(boxes), n_images)
    finally:
        pool.shutdown(cancel_futures=True)

    for name, rows in (
        ("train_study_level.csv", _study_rows(cases)),
        ("train_image_level.csv", map(_image_row, cases, boxes)),
        ("meta.csv", map(_meta_row, cases)),
        ("patients.csv", map(_patient_row, cases)),
    ):
        pd.DataFrame(list(rows)).to_csv(folder / name, index=False, lineterminator="\n")
    (folder / MARK).write_text(
        "These chest X-rays are drawn by X-ray Lab. They show no real person and mean nothing\n"
        f"medically. To repeat them: {n_images} images of {size} px, seed {seed}"
        f"{', with a marker that gives the label away' * marker}.\n",
        encoding="utf-8",
    )


def _put_in_place(partial: Path, folder: Path) -> None:
    if not folder.exists():
        partial.rename(folder)
        return
    outdated = partial.with_suffix(".outdated")
    folder.rename(outdated)
    try:
        partial.rename(folder)
    except OSError:
        outdated.rename(folder)
        raise
    # The new dataset is in place; should the old one resist, it is hidden and harms nothing.
    shutil.rmtree(outdated, ignore_errors=True)


def _study_rows(cases: Iterable[Case]) -> list[dict[str, object]]:
    appearance_of = {case.study_id: case.appearance for case in cases}
    return [
        {"id": f"{study}_study"}
        | {column: int(name == appearance) for name, column in COLUMN_OF.items()}
        for study, appearance in sorted(appearance_of.items())
    ]


def _image_row(case: Case, boxes: list[Box]) -> dict[str, str]:
    """Return a row of train_image_level.csv: boxes by size, the label by opposite corners."""
    dicts, words = [], []
    for box in boxes:
        x, y, width, height = (round(value, 5) for value in box)
        dicts.append({"x": x, "y": y, "width": width, "height": height})
        words.append(f"opacity 1 {x} {y} {round(x + width, 5)} {round(y + height, 5)}")
    return {
        "id": f"{case.image_id}_image",
        "boxes": str(dicts) if dicts else "",
        "label": " ".join(words) or "none 1 0 0 1 1",
        "StudyInstanceUID": case.study_id,
    }


def _meta_row(case: Case) -> dict[str, object]:
    return {
        "image_id": case.image_id,
        "dim0": case.rows,
        "dim1": case.columns,
        "split": "train",
    }


def _patient_row(case: Case) -> dict[str, str]:
    return {"imageid": case.image_id, "studyid": case.study_id, "patientid": case.patient_id}
