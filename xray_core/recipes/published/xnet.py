"""X-Net: the first diagnosis among fifteen on NIH ChestX-ray14, from scratch; two networks.

What the source says: 256 px gray, several convolutions whose filters grow while their kernels
shrink, max pooling, dropout, Flatten, Dense 15 softmax, ReLU; 14,999 of the images, divided anew
instead of by the official lists; of 836 combinations of labels the first diagnosis; no score.

What it leaves open, and what we chose: which 14,999 images (whole patients, each class in its
proportion, about so many), the exact layers (see `models.own.build_xnet_cnn`), Adam at its own
rate, 15 epochs, patience 3, batch 32, no augmentation, a split by patient. To train on all images
set `split.n_images=0`.

The second network is a dual one: the same image branch, joined with age, follow-up number, view and
gender. How is not given; see `models.own.build_xnet_dual` and `training.tabular`.
"""

from dataclasses import replace

from xray_core.catalog import TABULAR
from xray_core.literature.xnet import N_IMAGES
from xray_core.preprocess.spec import PreprocessSpec
from xray_core.recipes.schema import Phase, Recipe
from xray_core.splits import SplitSpec

XNET_CNN15 = Recipe(
    name="xnet_cnn15",
    title="X-Net CNN, first of fifteen diagnoses (NIH)",
    source="X-Net project",
    about=(
        "A plain CNN on 256 px that answers the finding named first, or none; about 14,999 images, "
        "as in the source. No score is published; most of what the source leaves open is ours."
    ),
    dataset="nih_chestxray14",
    task="nih_first_diagnosis",
    model="xnet_cnn",
    preprocess=PreprocessSpec(size=256),
    split=SplitSpec("patient", validation=0.1, test=0.2, n_images=N_IMAGES),
    phases=(Phase("train", epochs=15, patience=3),),
    batch_size=32,
)

XNET_DUAL = replace(
    XNET_CNN15,
    name="xnet_dual",
    title="X-Net dual, image and patient, first of fifteen diagnoses (NIH)",
    about=(
        "The same CNN, joined with age, gender, view and follow-up number. View and follow-up tell "
        "how ill a patient is without a look at the image: compare with the CNN alone."
    ),
    model="xnet_dual",
    tabular=TABULAR,
)
