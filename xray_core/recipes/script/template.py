"""The frame of a script, and the pieces of its preprocessing; `$name` is filled in."""

SCRIPT = '''\
$head
#
# Run:    python train.py split.csv IMAGE_FOLDER
# Needs:  pip install keras tensorflow numpy pandas opencv-python-headless
#
$columns#
# The results will be near to those of X-ray Lab, not the same: images are read by OpenCV alone (no
# DICOM, no 16 bits), and order, augmentation and first weights are drawn in another way.

import argparse
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pandas as pd
from keras import $imports

$order
CLASSES = $classes
SIZE = $size  # px, height = width
BATCH_SIZE = $batch
SEED = $seed
MONITOR = $monitor  # cross-entropy of the validation set


def preprocess(image: np.ndarray) -> np.ndarray:
    """Return a gray image, uint8 (height, width), as a square of SIZE px."""
$preprocess

def augment(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a square gray image, randomly changed; not pixel for pixel as X-ray Lab does."""
$augment

$model


class Images(keras.utils.PyDataset):
    """Batches of images in [0, 255] and their targets; shuffled and augmented for training."""

    def __init__(self, images: np.ndarray, actual: np.ndarray, n_classes: int, train: bool = False):
        super().__init__()
        self.images, self.actual, self.train = images, actual, train
        $targets
        self.rng = np.random.default_rng(SEED)
        self.order = np.arange(len(images))
        self.on_epoch_end()

    def __len__(self) -> int:
        return -(-len(self.images) // BATCH_SIZE)

    def __getitem__(self, number: int) -> Any:
        rows = self.order[number * BATCH_SIZE : (number + 1) * BATCH_SIZE]
        images = self.images[rows]
        if self.train:
            images = np.stack([augment(image, self.rng) for image in images])
        return images[..., np.newaxis].astype("float32"), self.targets[rows]

    def on_epoch_end(self) -> None:
        if self.train:
            self.rng.shuffle(self.order)


class KeepBest(keras.callbacks.Callback):
    """Keeps the weights of the epoch with the lowest validation loss, through all phases."""

    def __init__(self) -> None:
        super().__init__()
        self.loss, self.weights = float("inf"), None

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if np.isnan(logs[MONITOR]):
            raise SystemExit("The training diverged. Lower the learning rate.")
        if logs[MONITOR] < self.loss:
            self.loss, self.weights = logs[MONITOR], self.model.get_weights()


def read_subset(table: pd.DataFrame, subset: str, folder: Path, classes: list[str]) -> Images:
    """Return the images of a subset, all of them in memory."""
    rows = table[table["subset"] == subset]
    images = np.empty((len(rows), SIZE, SIZE), np.uint8)
    for number, path in enumerate(rows["path"]):
        image = cv2.imread(str(folder / path), cv2.IMREAD_GRAYSCALE)
        if image is None:
            raise SystemExit(f"{folder / path} cannot be read. Take it out of the table.")
        images[number] = preprocess(image)
    actual = $actual
    return Images(images, actual, len(classes), train=subset == "training")


${losses}\
def compile_model(
    model: keras.Model, optimizer: keras.optimizers.Optimizer, loss: keras.losses.Loss
) -> None:
    """Compile the model with the loss that is learnt, and the figures that are shown."""
    model.compile(
        optimizer=optimizer,
        loss=loss,
        metrics=$metrics,
        jit_compile=False,  # on a GPU, True may be faster
    )


def area_under_roc(is_positive: np.ndarray, scores: np.ndarray) -> float:
    """Return how probably a positive image scores above a negative one."""
    n, positive = len(scores), int(is_positive.sum())
    if positive in (0, n):
        return float("nan")
    ranks = pd.Series(scores).rank().to_numpy()
    return (ranks[is_positive].sum() - positive * (positive + 1) / 2) / (positive * (n - positive))


$result

def main() -> None:
    """Read the data, train, evaluate."""
    parser = argparse.ArgumentParser()
    parser.add_argument("table", type=Path, help="$help")
    parser.add_argument("folder", type=Path, help="folder of the images")
    parser.add_argument("--save", type=Path, help="write the trained model there, as .keras")
    options = parser.parse_args()

    keras.utils.set_random_seed(SEED)
    keras.config.set_dtype_policy($policy)
    table = pd.read_csv(options.table, dtype=str)
${check}\
    training = read_subset(table, "training", options.folder, classes)
    # Where there is no validation set, the test set is watched: its figures flatter.
    watched = "validation" if (table["subset"] == "validation").any() else "test"
    validation = read_subset(table, watched, options.folder, classes)
$weights
    model = build_model(len(classes))
    best = KeepBest()

$phases

$keep\
    subset = "test" if (table["subset"] == "test").any() else "validation"
    evaluated = read_subset(table, subset, options.folder, classes)
    scores = model.predict(evaluated, verbose=0)
$mirror\
$show    if options.save:
        model.save(options.save)


if __name__ == "__main__":
    main()
'''

CONTRASTS = {
    "none": "",
    "equalize_hist": """\
    share = np.bincount(image.ravel(), minlength=256).cumsum() / image.size
    image = np.round(share * 255).astype(np.uint8)[image]
""",
    "clahe": """\
    image = cv2.createCLAHE(clipLimit=$clip).apply(image)
""",
    "gamma": """\
    image = np.rint(255 * np.linspace(0, 1, 256) ** $gamma).astype(np.uint8)[image]
""",
    "log": """\
    image = (np.log2(1 + np.arange(256) / 255) * 255).astype(np.uint8)[image]
""",
}

# Around the contrast step, or what is hidden would change the gray levels of the rest.
BORDER = (
    """\
    height, width = image.shape
    seen = np.ones(image.shape, bool)
    inside = slice(round($border * height), round((1 - $border) * height))
    seen[inside, round($border * width) : round((1 - $border) * width)] = False
    image = np.where(seen, image, np.uint8(round(float(image[seen].mean()))))
""",
    """\
    image = np.where(seen, image, np.uint8(0))
""",
)

SQUARES = {
    "stretch": """\
    height, width = SIZE, SIZE
    smaller = (min(width, image.shape[1]), min(height, image.shape[0]))
    image = cv2.resize(image, smaller, interpolation=cv2.INTER_AREA)
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
""",
    "pad": """\
    scale = SIZE / max(image.shape)
    height, width = (max(1, round(side * scale)) for side in image.shape)
    smaller = (min(width, image.shape[1]), min(height, image.shape[0]))
    image = cv2.resize(image, smaller, interpolation=cv2.INTER_AREA)
    square = np.zeros((SIZE, SIZE), np.uint8)
    top, left = (SIZE - height) // 2, (SIZE - width) // 2
    square[top : top + height, left : left + width] = cv2.resize(
        image, (width, height), interpolation=cv2.INTER_LINEAR
    )
    return square
""",
}

AUGMENT = """\
    scale = 1 + $zoom
    angle = np.radians($rotation)
    slope = np.tan(np.radians($shear))
    rotate = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    lean = np.array([[1.0, slope], [0.0, 1.0]])
    linear = scale * rotate @ lean @ np.diag([$flip_x, $flip_y])
    centre = np.full(2, (SIZE - 1) / 2)
    shift = SIZE * np.array([$shift, $shift])
    matrix = np.column_stack([linear, centre - linear @ centre + shift])
    image = cv2.warpAffine(image, matrix, (SIZE, SIZE), borderMode=cv2.BORDER_REPLICATE)
    return cv2.convertScaleAbs(image, alpha=$brightness)
"""
