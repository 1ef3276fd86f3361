"""Seven networks on NIH ChestX-ray14, normal against abnormal (Tang et al. 2020).

Tang et al., "Automated abnormality classification of chest radiographs using deep convolutional
neural networks", npj Digital Medicine 2020, 256 px, each network from ImageNet weights ("P") and
from scratch ("S"). They read the labels of about 8,500 training films anew; those labels are not
in the dataset, so ours are the published ones, mined from reports, on a split by patient: figures
cannot be expected to agree.

Not given in our source, and chosen by us: optimizer and rate (Adam, 1e-4 from ImageNet weights,
1e-3 from scratch, falling to zero), 10 epochs, batch 32, horizontal flip, small shifts and turns.
Keras has no ImageNet weights of AlexNet and ResNet-18: give a file of your own (`weights`).
"""

from dataclasses import replace

from xray_core.preprocess.spec import AugmentSpec, PreprocessSpec
from xray_core.recipes.schema import Phase, Recipe
from xray_core.splits import SplitSpec

# Network -> from ImageNet weights, and from scratch: AUC, sensitivity, specificity, accuracy.
FIGURES = {
    "alexnet": ((0.9741, 0.9418, 0.8770, 0.9085), (0.9684, 0.9265, 0.8799, 0.9025)),
    "vgg16": ((0.9797, 0.9403, 0.9074, 0.9234), (0.9742, 0.9342, 0.9146, 0.9241)),
    "vgg19": ((0.9842, 0.9709, 0.8799, 0.9241), (0.9757, 0.9449, 0.8886, 0.9159)),
    "resnet18": ((0.9824, 0.9650, 0.9286, 0.9464), (0.9766, 0.9663, 0.8509, 0.9070)),
    "resnet50": ((0.9837, 0.9694, 0.8842, 0.9256), (0.9775, 0.9432, 0.9059, 0.9240)),
    "inception_v3": ((0.9866, 0.9738, 0.8757, 0.9233), (0.9796, 0.9508, 0.8958, 0.9225)),
    "densenet121": ((0.9871, 0.9740, 0.8755, 0.9234), (0.9801, 0.9510, 0.9001, 0.9249)),
}
TITLES = {
    "alexnet": "AlexNet",
    "vgg16": "VGG16",
    "vgg19": "VGG19",
    "resnet18": "ResNet-18",
    "resnet50": "ResNet-50",
    "inception_v3": "Inception-v3",
    "densenet121": "DenseNet-121",
}
WITHOUT_WEIGHTS = ("alexnet", "resnet18")

FROM_SCRATCH = Recipe(
    name="tang2020",
    title="",
    source="Tang et al. 2020, npj Digital Medicine",
    about="Normal against abnormal at 256 px. The source read its labels anew, which are not "
    "published; optimizer, rate and epochs are ours. Wants a GPU.",
    dataset="nih_chestxray14",
    label_view="nih_abnormal",
    model="resnet18",
    preprocess=PreprocessSpec(size=256),
    augment=AugmentSpec(horizontal_flip=True, rotation=5.0, shift=0.05),
    split=SplitSpec("patient", validation=0.1, test=0.2),
    phases=(Phase("train", 10, learning_rate=1e-3, schedule="cosine"),),
    batch_size=32,
)


def _recipes(model: str) -> tuple[Recipe, Recipe]:
    """Return the recipes of one network: from ImageNet weights, from scratch."""
    pretrained, scratch = (
        {"auc": auc, "recall_abnormal": found, "recall_normal": spared, "accuracy": accuracy}
        for auc, found, spared, accuracy in FIGURES[model]
    )
    phase = replace(FROM_SCRATCH.phases[0], learning_rate=1e-4)
    return (
        replace(
            FROM_SCRATCH,
            name=f"tang2020_{model}_pretrained",
            title=f"{TITLES[model]} from ImageNet weights, normal or not",
            model=model,
            weights="ask" if model in WITHOUT_WEIGHTS else "imagenet",
            phases=(phase,),
            published=pretrained,
        ),
        replace(
            FROM_SCRATCH,
            name=f"tang2020_{model}_scratch",
            title=f"{TITLES[model]} from scratch, normal or not",
            model=model,
            published=scratch,
        ),
    )


TANG_2020 = tuple(recipe for model in FIGURES for recipe in _recipes(model))
