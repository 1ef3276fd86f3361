"""The fourteen findings of NIH ChestX-ray14 at once: as others re-ran it, and for a laptop.

What the sources say is in `xray_core.literature.wang2017`: re-runs of DenseNet-121 from ImageNet
weights on the official list reach a mean AUC of 0.80 at 224 px and up to 0.82 at 512 px.

`nih_densenet121_findings` follows them: 224 px, batch 32, the official test list, 10 % of the other
patients for validation, Adam at 1e-4, halved after two epochs without a lower validation loss,
flips alone, positive weights for rare findings. Chosen by us: at most 12 epochs with patience 3
(theirs ended after 7 or 8); the epoch of the lowest validation loss where theirs is that of the
highest mean AUC; positive weights as all networks here have them (see `training.losses`).

`nih_mobilenet_findings` is for a laptop: MobileNetV2 0.35 at 160 px on a sample of whole patients.
Beside both, `xnet_cnn15` keeps the first finding of an image alone: what that trick loses shows in
the AUC of findings that are often named second.
"""

from dataclasses import replace

from xray_core.literature import headline_of
from xray_core.preprocess.spec import AugmentSpec, PreprocessSpec
from xray_core.recipes.schema import Phase, Recipe
from xray_core.splits import SplitSpec

NIH_DENSENET121_FINDINGS = Recipe(
    name="nih_densenet121_findings",
    title="DenseNet-121, fourteen findings at once (NIH)",
    source="Re-runs of Wang et al. 2017 on the official split",
    about=(
        "ImageNet weights, every layer trained at 224 px, the official test list, rare findings "
        "weighted. Re-runs like it reach a mean AUC of 0.80. Wants a GPU."
    ),
    dataset="nih_chestxray14",
    task="nih_findings",
    model="densenet121",
    weights="imagenet",
    preprocess=PreprocessSpec(size=224),
    augment=AugmentSpec(horizontal_flip=True),
    split=SplitSpec("published", validation=0.1),
    phases=(
        Phase(
            "fine_tune",
            12,
            learning_rate=1e-4,
            schedule="plateau",
            decay=0.5,
            decay_epochs=2,
            patience=3,
        ),
    ),
    batch_size=32,
    class_weights="balanced",
    published=headline_of("nih_densenet121_findings"),
)

NIH_MOBILENET_FINDINGS = replace(
    NIH_DENSENET121_FINDINGS,
    name="nih_mobilenet_findings",
    title="MobileNetV2 0.35, fourteen findings at once, a sample (NIH)",
    source="X-ray Lab; beside the re-runs of Wang et al. 2017",
    about=(
        "For a laptop: about 6,000 images of whole patients at 160 px, divided by the official "
        "lists. Expect less than the re-runs on all images, and wide intervals for rare findings."
    ),
    model="mobilenet_v2",
    model_options={"alpha": 0.35, "dropout": 0.3},
    preprocess=PreprocessSpec(size=160),
    augment=AugmentSpec(horizontal_flip=True, zoom=0.1, shift=0.05, rotation=5.0),
    split=SplitSpec("published", validation=0.15, n_images=6_000),
    phases=(Phase("fine_tune", epochs=6, learning_rate=1e-3, schedule="cosine"),),
    selected_epoch="last",
    published=headline_of("nih_mobilenet_findings"),
)
