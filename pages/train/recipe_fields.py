"""What the changed recipe form knows of each field: its choices, its place, its label and help."""

from typing import Any

from xray_core.models import HEADS
from xray_core.preprocess.spec import CONTRASTS, RESIZES
from xray_core.recipes.phase import BATCH_NORMS, DROPPING, OPTIMIZERS, SCHEDULES, TRAINABLE
from xray_core.recipes.schema import (
    CLASS_WEIGHTS,
    FOCAL_GAMMA,
    LOSSES,
    PRECISIONS,
    SAMPLINGS,
    SELECTED_EPOCHS,
)

CHOICES = {
    "preprocess.resize": RESIZES,
    "preprocess.contrast": CONTRASTS,
    "class_weights": CLASS_WEIGHTS,
    "selected_epoch": SELECTED_EPOCHS,
    "precision": PRECISIONS,
    "loss": LOSSES,
    "sampling": SAMPLINGS,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "head": HEADS,
    "batch_norm": BATCH_NORMS,
    "trainable": (*TRAINABLE, "top:0.3"),
}
OPEN_CHOICES = ("trainable",)  # any other text may be entered, too
# Field -> the one beside it that it belongs to, that one's values with which it has a meaning, and
# its value otherwise, when it is not shown.
DEPENDENT: dict[str, tuple[str, tuple[str, ...], Any]] = {
    "momentum": ("optimizer", ("sgd",), 0.0),
    "weight_decay": ("optimizer", ("adamw",), 0.0),
    "decay": ("schedule", (*DROPPING, "inverse_time"), 0.0),
    "decay_epochs": ("schedule", DROPPING, 0),
    "focal_gamma": ("loss", ("focal",), FOCAL_GAMMA),
    "target_domain_only": ("method", ("target_domain",), False),
}
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
    "Loss and sampling": (
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
    "Labels and split": ("task", "split."),
}
LABELS = {
    "tabular": "Columns beside the image",
    "size": "Image size, px",
    "learning_rate": "Learning rate",
    "patience": "Patience, epochs",
    "decay_epochs": "Decay, epochs",
    "warm_up": "Warm-up, epochs",
    "batch_norm": "Batch normalisation",
    "rotation": "Rotation, ± degrees",
    "shear": "Shear, ± degrees",
    "zoom": "Zoom, ± fraction",
    "shift": "Shift, ± fraction",
    "task": "Task",
    "split.seed": "Split seed",
    "folds": "Folds",
    "fold": "Fold that is tested",
    "split.method": "Split by",
    "validation": "Validation, fraction",
    "test": "Test, fraction",
}
HELP = {
    "model": "The options below are those of the model that is chosen here.",
    "tabular": "What the model is told of the patient and the examination.",
    "patience": "Stop after so many epochs without a lower validation loss; 0 never stops early.",
    "optimizer": "sgd can have momentum, adamw has weight decay.",
    "schedule": "cosine: the learning rate falls to zero over the epochs of the phase. step, "
    "plateau: it drops by a factor. inverse_time: rate / (1 + decay × step).",
    "decay": "step, plateau: the factor, such as 0.1. inverse_time: per batch, such as 0.001.",
    "decay_epochs": "step: the rate drops after so many epochs, again and again. plateau: after so "
    "many without a lower validation loss.",
    "warm_up": "Over so many epochs the learning rate rises from zero; then the schedule begins.",
    "momentum": "How much of the last step goes into the next: 0 to below 1, often 0.9.",
    "weight_decay": "Each step takes this share of the learning rate off every weight.",
    "trainable": "head: the pretrained part is frozen. top:0.3: the last 30 % of its layers are "
    "trained. from:NAME: its layer NAME and those after it. Type your own.",
    "batch_norm": "frozen: the pretrained part normalises by the statistics that it came with.",
    "loss": "focal: images that are right already count for less.",
    "focal_gamma": "How much less: 0 is plain cross-entropy, 2 the source's choice.",
    "label_smoothing": "This share of each target is spread over all classes; 0: none.",
    "sampling": "balanced: each epoch shows as many images of each class; rare ones repeatedly. "
    "Then class weights must be none.",
    "mixup": "Blend each image and its target with another of the batch; 0: off, often 0.2.",
    "class_weights": "balanced: an image of a rare class counts for more.",
    "split.method": "patient: no patient in two subsets. clean: nor identical pixels. published: "
    "the "
    "authors' test set. target_domain: a union's external test set. image: patients leak.",
    "allow_leaks": "Train although patients are in several subsets, or the starting weights have "
    "seen what is tested; the run then says so.",
    "test": "0: there is no test set, and the validation set evaluates.",
    "folds": "0: one split. Else the images are divided into so many folds, and one of them tests.",
    "target_domain_only": "Leave the external images out; the external test set stays the same.",
    "combined_labels": "Learn each combination of published labels as a class, and add up "
    "the probabilities.",
    "selected_epoch": "best: of the lowest validation loss. last: suits a rate that falls to zero.",
    "test_time_augmentation": "The final predictions are the mean over each image and its mirror.",
    "calibrate": "Scale and shift the final probabilities to fit the validation set.",
    "precision": "mixed_bfloat16 can double the speed, or slow it: see the measured cost.",
    "seed": "Of weights, order and augmentation.",
    "split.seed": "Which patients train, validate and test: another seed, another split.",
    "resize": "stretch ignores the proportions; pad keeps them and adds black borders.",
}
