"""The Kermany pneumonia notebook: a small CNN, accuracy 0.86 on the 624 test images.

What the source says: 5,232 training images, 624 test images, scaled to [0, 1], "small
perturbations"; the layers of `build_pneumonia_cnn`; binary cross-entropy, Adam at its default rate,
EarlyStopping on the validation loss with patience 3 (which does not restore weights unless told
to, so the last epoch is evaluated).

What it leaves open, and what we chose: the image size (150 px), the perturbations (10 degrees,
zoom, shift and brightness by a tenth), the batch (32), the most epochs (30), and which images
validate: 15 % of the training set by patient, since the published validation set of 16 is too small
to stop by. `pneumonia_cnn_watched` watches the test set instead, as many notebooks of this dataset
do, and 0.8878, the published validation accuracy, hints at: see
`xray_core.literature.kermany_notebook`.
"""

from dataclasses import replace

from xray_core.literature import headline_of
from xray_core.preprocess.spec import AugmentSpec, PreprocessSpec
from xray_core.recipes.schema import Phase, Recipe
from xray_core.splits import SplitSpec

WATCHED = "_watched"  # ends the name of a recipe whose test set is watched as validation
PNEUMONIA_CNN = Recipe(
    name="pneumonia_cnn",
    title="Pneumonia CNN (children, Kermany)",
    source="Kermany pneumonia notebook",
    about=(
        "Three convolutions from scratch on 150 px, early stopping with patience 3, the last "
        "epoch. Image size and augmentation are unpublished and ours; validation is taken from "
        "train by patient."
    ),
    dataset="kermany",
    task="kermany_pneumonia",
    model="pneumonia_cnn",
    preprocess=PreprocessSpec(size=150),
    augment=AugmentSpec(rotation=10.0, zoom=0.1, shift=0.1, brightness_min=0.9, brightness_max=1.1),
    split=SplitSpec("published", validation=0.15),
    phases=(Phase("train", epochs=30, optimizer="adam", learning_rate=1e-3, patience=3),),
    batch_size=32,
    selected_epoch="last",
    published=headline_of("pneumonia_cnn"),
)
PNEUMONIA_CNN_WATCHED = replace(
    PNEUMONIA_CNN,
    name=PNEUMONIA_CNN.name + WATCHED,
    title="Pneumonia CNN, the test set watched (children, Kermany)",
    about=(
        "The same, but the test set validates: it decides when to stop, so its figure is too good. "
        "Many notebooks on these images do so; train both to see what it gives."
    ),
    split=SplitSpec("published", validation=0.15, validate_on_test=True),
    published=headline_of(PNEUMONIA_CNN.name + WATCHED),
)
