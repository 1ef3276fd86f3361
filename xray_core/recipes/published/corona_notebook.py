"""The CoronaHack notebook: a small VGG, accuracy 0.921 on the 624 test images.

Published: 300 px gray, 3x3 convolutions with 32, 64, 128 and 512 filters and one sigmoid, binary
cross-entropy, Adam 1e-4, 60 epochs (it levels out near 50), 20% of the training set for
validation, augmentation by zoom, rotation and horizontal flip without figures; those are ours. Its
author wished for early stopping and five folds: set `patience`, or start five folds together, which
then divide all images anew instead of keeping the published test set (`split.method=patient`).
"""

from xray_core.preprocess.spec import AugmentSpec, PreprocessSpec
from xray_core.recipes.schema import Phase, Recipe
from xray_core.splits import SplitSpec

CORONA_VGG_MINI = Recipe(
    name="corona_vgg_mini",
    title="Small VGG, pneumonia or not (CoronaHack)",
    source="CoronaHack chest X-ray notebook",
    about=(
        "Four 3x3 convolutions from scratch on 300 px; the test set is the published one of 624 "
        "images. The strength of the augmentation is unpublished and ours."
    ),
    dataset="coronahack",
    task="corona_pneumonia",
    model="vgg_mini",
    preprocess=PreprocessSpec(size=300),
    augment=AugmentSpec(horizontal_flip=True, zoom=0.1, rotation=10.0),
    split=SplitSpec("published", validation=0.2),
    phases=(Phase("train", epochs=60, learning_rate=1e-4),),
    batch_size=32,
    published={"accuracy": 0.921},
)
