"""The Kermany pneumonia notebook: a small CNN, accuracy 0.86 on the 624 test images.

Published: train accuracy 0.926, validation accuracy 0.8878; test accuracy 0.86, recall 0.67
for healthy and 0.98 for pneumonia. Adam at its default rate, early stopping on the validation
loss with patience 3, "augmentation by small perturbations" without figures.

Ours differs: the image size is unpublished, we take 150 px; the perturbations are ours; the
validation images are taken from the training set by patient, since the published validation
set of 16 images is too small to stop by.
"""

from xray_core.preprocess.spec import AugmentSpec, PreprocessSpec
from xray_core.recipes.schema import Phase, Recipe
from xray_core.splits import SplitSpec

PNEUMONIA_CNN = Recipe(
    name="pneumonia_cnn",
    title="Pneumonia CNN (children, Kermany)",
    source="Kermany pneumonia notebook",
    about=(
        "Three convolutions from scratch on 150 px, early stopping with patience 3. Image size and "
        "augmentation are unpublished and ours; validation is taken from train by patient."
    ),
    dataset="kermany",
    task="kermany_pneumonia",
    model="pneumonia_cnn",
    preprocess=PreprocessSpec(size=150),
    augment=AugmentSpec(rotation=10.0, zoom=0.1, shift=0.1, brightness_min=0.9, brightness_max=1.1),
    split=SplitSpec("published", validation=0.15),
    phases=(Phase("train", epochs=30, optimizer="adam", learning_rate=1e-3, patience=3),),
    batch_size=32,
    published={"accuracy": 0.86, "recall_normal": 0.67, "recall_pneumonia": 0.98},
)
