"""Figures of the Kermany pneumonia notebook (Bestard Hernández, slides).

The slides print a classification report of the test set, and two accuracies of the training without
a word on which images validated. 0.8878 is 554 of 624 to the digit, so that the test set may have
been watched as validation; it also is 926 of 1,043, a fifth of the 5,216 images of the published
training folder. It is not a fifth, 15 % or 10 % of all 5,232.
"""

from xray_core.literature.result import YES, PublishedResult

RECIPE = "pneumonia_cnn"
TRAINING = "5,232 images, of which 3,883 with pneumonia"
RESULTS = (
    PublishedResult(
        RECIPE,
        "slide on the architecture",
        TRAINING,
        5232,
        "train",
        "training",
        {"accuracy": 0.926},
        note="The slides call this free of overfitting.",
    ),
    PublishedResult(
        RECIPE,
        "slide on the architecture",
        "not said",
        phase="train",
        subset="validation",
        metrics={"accuracy": 0.8878},
        images_note="Which images validated is not said; ours are 15 % of the training patients. "
        "pneumonia_cnn_watched validates on the test set, as many such notebooks do.",
        note="Near the test set's accuracy, and far below that of training: 0.8878 is 554 of 624, "
        "the size of the test set, or 926 of 1,043, a fifth of 5,216.",
    ),
    PublishedResult(
        RECIPE,
        "slide on validation and conclusions",
        "the published test set: 234 normal, 390 with pneumonia",
        624,
        "train",
        "test",
        {
            "accuracy": 0.86,
            "precision_normal": 0.95,
            "recall_normal": 0.67,
            "f1_normal": 0.78,
            "precision_pneumonia": 0.83,
            "recall_pneumonia": 0.98,
            "f1_pneumonia": 0.90,
        },
        same_images=YES,
        note="These figures together leave 156 of the 234 normal images, and 381 or 382 of the 390 "
        "with pneumonia, as right.",
    ),
)
