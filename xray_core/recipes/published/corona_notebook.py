"""The CoronaHack notebook: a small VGG, accuracy 0.921 on the 624 test images.

What the source says: all images as PNG of 300 x 300 px, gray, scaled to [0, 1]; images without a
row in the table discarded; 20 % of the training set for validation; zoom, rotation and horizontal
flip; 3x3 convolutions "32 - 64 - 128 - 512 - 1" with ReLU, binary cross-entropy, Adam 1e-4, 60
epochs, where accuracy levels out near 50; normal is 1, pneumonia 0.

What it leaves open, and what we chose: the strength of the augmentation (zoom 0.1, 10 degrees), the
batch (32), padding, pooling and Dense layers (see `build_vgg_mini`), and how validation was drawn
(by patient). No early stopping is named, so the last epoch is evaluated.

Its author wished for early stopping and five folds: set `patience`, or start five folds together,
which then divide all images anew instead of keeping the published test set
(`split.method=patient`).
"""

from xray_core.literature import headline_of
from xray_core.preprocess.spec import AugmentSpec, PreprocessSpec
from xray_core.recipes.schema import Phase, Recipe
from xray_core.splits import SplitSpec

CORONA_VGG_MINI = Recipe(
    name="corona_vgg_mini",
    title="Small VGG, pneumonia or not (CoronaHack)",
    source="CoronaHack chest X-ray notebook",
    about=(
        "Four 3x3 convolutions from scratch on 300 px, the last of 60 epochs; the test set is the "
        "published one of 624 images. The strength of the augmentation is unpublished and ours."
    ),
    dataset="coronahack",
    task="corona_pneumonia",
    model="vgg_mini",
    preprocess=PreprocessSpec(size=300),
    augment=AugmentSpec(horizontal_flip=True, zoom=0.1, rotation=10.0),
    split=SplitSpec("published", validation=0.2),
    phases=(Phase("train", epochs=60, learning_rate=1e-4),),
    batch_size=32,
    selected_epoch="last",
    published=headline_of("corona_vgg_mini"),
)
