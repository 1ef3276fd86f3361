"""The figure of the CoronaHack article (Towards Data Science, May 2020)."""

from xray_core.literature.result import YES, PublishedResult

RESULTS = (
    PublishedResult(
        "corona_vgg_mini",
        "last section before the summary",
        "the published test set of 624 images",
        624,
        "train",
        "test",
        {"accuracy": 0.921},
        same_images=YES,
        note="575 of 624. The curve of accuracy levels out near epoch 50 of 60; on which images "
        "it was drawn is not said. Always answering pneumonia gives 62.5 %.",
    ),
)
