"""What the form of a recipe knows of each field: its choices, its place and its help."""

from typing import Any

from xray_core.models import OPTION_CHOICES
from xray_core.preprocess.spec import CONTRASTS, REGIONS, RESIZES, AugmentSpec
from xray_core.recipes.phase import BATCH_NORMS, DROPPING, OPTIMIZERS, SCHEDULES, TRAINABLE
from xray_core.recipes.schema import (
    CLASS_WEIGHTS,
    FOCAL_GAMMA,
    LOSSES,
    PRECISIONS,
    SAMPLINGS,
    SELECTED_EPOCHS,
)
from xray_core.splits import EXTERNAL_METHODS

CHOICES = {
    "preprocess.resize": RESIZES,
    "preprocess.contrast": CONTRASTS,
    "preprocess.region": REGIONS,
    "class_weights": CLASS_WEIGHTS,
    "selected_epoch": SELECTED_EPOCHS,
    "precision": PRECISIONS,
    "loss": LOSSES,
    "sampling": SAMPLINGS,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "batch_norm": BATCH_NORMS,
    "trainable": (*TRAINABLE, "top:0.3"),
    **OPTION_CHOICES,
}
OPEN_CHOICES = ("trainable",)  # any other text may be entered, too
# Field -> the one beside it that it belongs to, that one's values with which it has a meaning, and
# its value otherwise, when it is not shown.
DEPENDENT: dict[str, tuple[str, tuple[str, ...], Any]] = {
    "momentum": ("optimizer", ("sgd",), 0.0),
    "weight_decay": ("optimizer", ("adamw",), 0.0),
    "decay": ("schedule", (*DROPPING, "inverse_time"), 0.0),
    "decay_epochs": ("schedule", DROPPING, 0),
    "border": ("region", ("border",), 0.1),
    "focal_gamma": ("loss", ("focal",), FOCAL_GAMMA),
    "target_domain_only": ("method", EXTERNAL_METHODS, False),
    "site": ("method", ("site",), ""),
}
# What the basic settings offer. Gentle is what a careful positioning leaves, strong what is usual
# at most (see `recipes.usual`); only the strong one mirrors, which moves the heart to the right.
AUGMENTATIONS = {
    "None": AugmentSpec(),
    "Gentle": AugmentSpec(
        zoom=0.05, rotation=5.0, shift=0.05, brightness_min=0.9, brightness_max=1.1
    ),
    "Strong": AugmentSpec(
        horizontal_flip=True,
        zoom=0.2,
        rotation=15.0,
        shift=0.1,
        brightness_min=0.7,
        brightness_max=1.3,
    ),
}
# Of the buttons beside a number; 1 elsewhere.
STEPS = {"preprocess.size": 32, "batch_size": 8, "n_images": 500}
# The fields of a phase, what belongs together side by side.
PHASE_ORDER = (
    "epochs",
    "patience",
    "trainable",
    "batch_norm",
    "optimizer",
    "momentum",
    "weight_decay",
    "learning_rate",
    "schedule",
    "decay",
    "decay_epochs",
    "warm_up",
)
# Tab -> the fields in it, and those that begin with a prefix; in this order.
TABS = {
    "Training": (
        "model",
        "tabular",
        "phases.",
        "batch_size",
        "precision",
        "selected_epoch",
        "test_time_augmentation",
        "calibrate",
        "seed",
        "weights",
        "model_options.",
    ),
    "Loss": (
        "loss",
        "focal_gamma",
        "label_smoothing",
        "class_weights",
        "sampling",
        "mixup",
        "combined_labels",
    ),
    "Images": ("preprocess.",),
    "Augmentation": ("augment.",),
    "Split": ("task", "split."),
}
HELP = {
    "model": "The options below are those of the model that is chosen here.",
    "optimizer": "SGD can have momentum, AdamW has weight decay.",
    "schedule": "Cosine: the learning rate falls to zero over the epochs of the phase. Drops: by a "
    "factor. Inverse time: rate / (1 + decay × step).",
    "decay": "The factor of each drop, such as 0.1. With inverse time: per batch, such as 0.001.",
    "decay_epochs": "In steps: the rate drops after so many epochs, again and again. On a plateau: "
    "after so many without a lower validation loss.",
    "trainable": "Head only: the pretrained layers are frozen. Type top:0.3 for the last 30 % of "
    "them, or from:NAME for the layer NAME and those after it.",
    "batch_norm": "Frozen: the pretrained part normalizes by the statistics that it came with.",
    "focal_gamma": "2 is its authors' choice.",
    "sampling": "Classes equally often: each epoch shows as many images of each class, rare ones "
    "repeatedly. Then class weights must be off.",
    "split.method": "As published: the authors' test set. Target-domain hold-out: tests on a share "
    "of one dataset of a union. The thesis' test set: the last fifth of the SIIM images by id; "
    "with its patients apart, none of theirs trains. The thesis' validation set: of its first "
    "experiments, without a test set. One site apart: tests on one hospital or collection. By "
    "image: one patient may be in two subsets.",
    "site": "Its images are the test set; all others train and validate.",
    "validate_on_test": "As many notebooks do: the result is too good.",
    "n_images": "0 means all images. Else a sample of about so many: whole patients, "
    "classes in proportion.",
    "allow_leaks": "Also if the starting weights have seen what is tested.",
    "test": "0: there is no test set; the network is evaluated on the validation set.",
    "loss": "Focal loss: images that are right already count for less.",
    "split.seed": "Which patients train, validate and test.",
    "calibrate": "The final probabilities are scaled and shifted to fit the validation set.",
    "selected_epoch": "Best: of the lowest validation loss. Last: suits a rate that falls to zero.",
    "precision": "Mixed can double the speed, or slow it: see the measured cost.",
    "seed": "Of weights, order and augmentation.",
    "channels": "The gray image once, or three times as color images are read: no more to see.",
    "ending": "The two readings of the article, which gives 512 after 128.",
    "region": "To see what a network is right from: if its border alone tells, the images give the "
    "label away. The lungs need masks.",
    "resize": "Stretching ignores the proportions; black borders keep them.",
}
