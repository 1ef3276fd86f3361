"""Seven networks on NIH ChestX-ray14, and VGG19 on RSNA images: normal or not (Tang et al. 2020).

Tang et al., "Automated abnormality classification of chest radiographs using deep convolutional
neural networks", npj Digital Medicine 2020, 256 px, each network from ImageNet weights ("P") and
from scratch ("S"). They read the labels of about 8,500 training images anew; those labels are not
in the dataset, so ours are the published ones, mined from reports, on a split by patient: figures
cannot be expected to agree. The figures, with their deviations and the readers beside them, are in
`xray_core.literature.tang2020`; so are those at 512 and 1,024 px, between which and 256 px there is
no significant difference.

Not given in our source, and chosen by us: optimizer and rate (Adam, 1e-4 from ImageNet weights,
1e-3 from scratch, falling to zero), 10 epochs, batch 32, horizontal flip, small shifts and turns.
Keras has no ImageNet weights of AlexNet and ResNet-18: give a file of your own (`weights`).

VGG19 on the RSNA pneumonia data, by seven folds: of the first stage of the challenge they trained
on 21,152 images (6,993 normal, 14,159 not) and tested on other 4,532 (1,532 and 3,000); and, of
these, on 11,652 images that are normal or have an opacity (6,993 and 4,659), tested on 2,532 (1,532
and 1,000). Our source does not say which images were the test, and the second stage of the
challenge took the place of the first: ours are its 26,684 images, each tested in one of seven
folds. A recipe is one training, here of the first fold; all seven are one command: `submit NAME
--data FOLDER --folds 7`. In `published`, precision is their PPV and NPV. With the numbers of images
these leave a single confusion matrix (2,615 of 3,000 and 1,374 of 1,532 right; 922 of 1,000 and
1,476 of 1,532 right), which gives accuracy and recall; those of the second are printed in the
abstract, too, as is its AUC. ImageNet weights, 256 px, optimizer, rate and epochs are our choice
here.
"""

from dataclasses import replace

from xray_core.literature import headline_of
from xray_core.preprocess.spec import AugmentSpec, PreprocessSpec
from xray_core.recipes.schema import Phase, Recipe
from xray_core.splits import SplitSpec

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
    task="nih_abnormal",
    model="resnet18",
    preprocess=PreprocessSpec(size=256),
    augment=AugmentSpec(horizontal_flip=True, rotation=5.0, shift=0.05),
    split=SplitSpec("patient", validation=0.1, test=0.2),
    phases=(Phase("train", 10, learning_rate=1e-3, schedule="cosine"),),
    batch_size=32,
)


def _recipes(model: str) -> tuple[Recipe, Recipe]:
    """Return the recipes of one network: from ImageNet weights, from scratch."""
    phase = replace(FROM_SCRATCH.phases[0], learning_rate=1e-4)
    pretrained, scratch = f"tang2020_{model}_pretrained", f"tang2020_{model}_scratch"
    return (
        replace(
            FROM_SCRATCH,
            name=pretrained,
            title=f"{TITLES[model]} from ImageNet weights, normal or not",
            model=model,
            weights="ask" if model in WITHOUT_WEIGHTS else "imagenet",
            phases=(phase,),
            published=headline_of(pretrained),
        ),
        replace(
            FROM_SCRATCH,
            name=scratch,
            title=f"{TITLES[model]} from scratch, normal or not",
            model=model,
            published=headline_of(scratch),
        ),
    )


RSNA_ABNORMAL = replace(
    FROM_SCRATCH,
    name="tang2020_vgg19_rsna",
    title="VGG19 in seven folds, normal or not (RSNA)",
    about="The first of seven folds; for all of them, start 7 folds at once (submit … --folds 7). "
    "The source tested on other images than those of its folds, and used the first stage of the "
    "challenge; optimizer, rate and epochs are ours. Wants a GPU.",
    dataset="rsna_pneumonia",
    task="rsna_abnormal",
    model="vgg19",
    weights="imagenet",
    split=SplitSpec("patient", validation=0.1, folds=7),
    phases=(replace(FROM_SCRATCH.phases[0], learning_rate=1e-4),),
    published=headline_of("tang2020_vgg19_rsna"),
)
RSNA_OPACITY = replace(
    RSNA_ABNORMAL,
    name="tang2020_vgg19_rsna_opacity",
    title="VGG19 in seven folds, normal or opacity (RSNA)",
    task="rsna_normal_opacity",
    published=headline_of("tang2020_vgg19_rsna_opacity"),
)
TANG_2020 = (
    *(recipe for model in TITLES for recipe in _recipes(model)),
    RSNA_ABNORMAL,
    RSNA_OPACITY,
)
