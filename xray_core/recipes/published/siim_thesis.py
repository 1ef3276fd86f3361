"""The SIIM-FISABIO-RSNA COVID-19 thesis: its eleven experiments of chapter 4.7, one recipe each.

Those on external data (4.9 and 4.10) are in `siim_union`; the figures, and the slips beside them,
in `xray_core.literature.siim_thesis`. Where two phases are trained, the published figure is that
after the second. `EXPERIMENTS` of both are also there corrected, see `repair`.

What the source says of all: 299 px with three channels, batch 16, accuracy, categorical
cross-entropy (6.12: the sparse one, the same function), 80 % of the 6,334 images for training and
20 % for validation, no test set.
    Experiments that read folders (6.1, 6.2, 6.7, 6.9 to 6.11, 9, 9.1, 10): 5,068 and 1,266 images,
    `equalize_hist` (4.5), augmentation A (4.6.1). Experiments that load arrays (6.4 to 6.6, 6.8,
    6.12): resized and divided by 255, nothing else; 5,067 and 1,267, as their accuracies show.

What it leaves open or is plainly a slip, and what we chose:
    The validation images are not listed; `splits.thesis` rebuilds them, and the counts of the
    published matrices agree. Patients leak, which a run counts and its report says.
    Which epoch was evaluated: the curves of 9 and 9.1 end where the printed figures are, so the
    last, not the best; nothing says that early stopping restored weights. So here: the last.
    Channels: all images are gray, and ours have one. Equalized here before the augmentation, in
    Keras' generator after it. It is said that training images alone were augmented; a generator
    that also divides the images augments both; here validation images never are.
    Shear 0.05 is next to nothing, since Keras' ImageDataGenerator takes it in degrees; kept.
    6.4 to 6.6: "the only change" to 6.3 is batch normalisation with ReLU and Flatten, so pooling
    stays, 2,048 features, where Flatten does nothing: the head of 6.12. 6.8 names no pooling, and
    its Flatten takes the whole map; with pooling it is `model_options.head=pool_norm_relu`.
    6.6: random weights in both phases, though "as 6.4" would load ImageNet's.
    6.7: the rate of the second phase is not given; Adam's own, 1e-3. Nadam and RMSprop were tried
    as well, to the same end: set `phases.all.optimizer`.
    6.8: which augmentation is not said; A. 6.12: the only one of 4.7.11 "with augmentation" without
    a list; A. 6.11: SGD without momentum. 6.12: RMSprop at its own rate, 1e-3.
"""

from dataclasses import replace

from xray_core.literature import headline_of
from xray_core.preprocess.spec import AugmentSpec, PreprocessSpec
from xray_core.recipes.schema import Phase, Recipe
from xray_core.splits import SplitSpec

FOLDERS = SplitSpec("thesis_folders", validation=0.2, test=0.0, allow_leaks=True)  # 5,068 and 1,266
ARRAYS = SplitSpec("thesis_arrays", validation=0.2, test=0.0, allow_leaks=True)  # 5,067 and 1,267
EQUALIZED = PreprocessSpec(size=299, contrast="equalize_hist")
PLAIN = PreprocessSpec(size=299)
AUGMENT_A = AugmentSpec(
    horizontal_flip=True, zoom=0.1, shear=0.05, brightness_min=0.8, brightness_max=1.1
)
AUGMENT_B = AugmentSpec(horizontal_flip=True, vertical_flip=True, zoom=0.1, shift=0.1)
AUGMENT_C = AugmentSpec(
    horizontal_flip=True, zoom=0.1, shift=0.1, brightness_min=0.9, brightness_max=1.1
)
NONE = AugmentSpec()

SIIM = Recipe(
    name="siim",
    title="",
    source="",
    dataset="siim_covid19",
    task="siim_study",
    model="xception",
    weights="imagenet",
    preprocess=EQUALIZED,
    augment=AUGMENT_A,
    split=FOLDERS,
    phases=(Phase("train", epochs=10),),
    batch_size=16,
    selected_epoch="last",
)


def make_experiment(
    number: str, name: str, title: str, about: str, *, arrays: bool = False, **fields: object
) -> Recipe:
    """Return the recipe of one experiment.

    Args:
        number: of the experiment in the thesis.
        name: ends the recipe's name, which begins with siim_ and the number.
        title: for a person, without the number.
        about: what it is.
        arrays: whether it loads arrays, which are divided otherwise and not equalized.
        fields: those in which it differs from `SIIM`.
    """
    if arrays:
        fields = {"preprocess": PLAIN, "split": ARRAYS, **fields}
    name = f"siim_{number.replace('.', '_')}_{name}"
    return replace(
        SIIM,
        name=name,
        title=f"{title} (thesis {number})",
        source=f"SIIM-FISABIO-RSNA COVID-19 thesis, experiment {number}",
        about=about,
        published=headline_of(name),
        **fields,  # type: ignore[arg-type]
    )


def frozen(epochs: int, optimizer: str = "nadam", rate: float = 1e-3, **fields: float) -> Phase:
    """Return a first phase, in which the base is frozen."""
    return Phase("head", epochs, "head", optimizer, rate, **fields)  # type: ignore[arg-type]


def fine(epochs: int, patience: int, optimizer: str = "nadam") -> Phase:
    """Return a second phase, in which all layers are trained."""
    return Phase("all", epochs, "all", optimizer, 1e-3, patience=patience)


FOUR = "Four appearances. "
CHAPTER_6 = (
    make_experiment(
        "6.1",
        "cnn9",
        "9-layer CNN, four appearances",
        "As published, slips included: split by image, no test set, no class weights. The thesis "
        "saw it answer typical to every image, 582 of 1,266. 45 million weights: wants a GPU.",
        model="cnn9",
        weights="random",
        phases=(Phase("train", epochs=10, optimizer="nadam"),),
    ),
    make_experiment(
        "6.2",
        "xception",
        "Xception, four appearances",
        FOUR + "A frozen base with SGD at 0.2, then all layers with Adam; 51.7% after the first "
        "phase. The thesis counts the second as 6.3.",
        phases=(
            Phase("head", 5, "head", "sgd", 0.2, "inverse_time", momentum=0.9, decay=0.001),
            fine(100, 10, "adam"),
        ),
    ),
    make_experiment(
        "6.4",
        "xception_arrays",
        "Xception on arrays, four appearances",
        FOUR + "Not equalized, batch normalisation and ReLU on the pooled features, augmentation "
        "B: the thesis' best of the four-class experiments; 57.9% after the first phase.",
        arrays=True,
        augment=AUGMENT_B,
        model_options={"head": "pool_norm_relu"},
        phases=(frozen(10), fine(100, 10)),
    ),
    make_experiment(
        "6.5",
        "xception_plain",
        "Xception without augmentation",
        FOUR + "As 6.4 without augmentation: the validation loss of 1.98 tells of over-fitting; "
        "53.9% after the first phase.",
        arrays=True,
        augment=NONE,
        model_options={"head": "pool_norm_relu"},
        phases=(frozen(10), fine(100, 10)),
    ),
    make_experiment(
        "6.6",
        "xception_scratch",
        "Xception from random weights",
        FOUR + "Nadam at 0.1 from random weights: it learned nothing, and answered typical to "
        "every image, 607 of 1,267, after both phases.",
        arrays=True,
        weights="random",
        augment=AUGMENT_C,
        model_options={"head": "pool_norm_relu"},
        phases=(Phase("high_rate", 25, "all", "nadam", 0.1), fine(100, 10)),
    ),
    make_experiment(
        "6.7",
        "vgg16",
        "VGG16, four appearances",
        FOUR + "One class to every image: after the first phase indeterminate, 239 of 1,266, after "
        "the second typical, 582.",
        model="vgg16",
        model_options={"head": "flatten_dense"},
        phases=(frozen(5, "adam", 1e-4), fine(100, 10, "adam")),
    ),
    make_experiment(
        "6.8",
        "inception",
        "Inception-v3, four appearances",
        FOUR + "Validation accuracy swings between 607 of 1,267, typical for every image, and 332, "
        "probably negative for every image, where both phases end.",
        arrays=True,
        model="inception_v3",
        model_options={"head": "norm_flatten"},
        phases=(frozen(10), fine(100, 5)),
    ),
    make_experiment(
        "6.9",
        "xception_3class",
        "Xception, three classes",
        "Negative, typical, or another opacity, of which 6% are recognised; 54.9% after the first "
        "phase.",
        task="siim_3class",
        model_options={"head": "pool_norm"},
        phases=(frozen(10), fine(100, 10)),
    ),
    make_experiment(
        "6.10",
        "xception_opacity",
        "Xception, opacity or not",
        "Any opacity against none: the thesis' best validation accuracy; 75.0% after the first "
        "phase.",
        task="siim_opacity",
        model_options={"head": "pool_norm"},
        phases=(frozen(10), fine(100, 10)),
    ),
    make_experiment(
        "6.11",
        "xception_typical",
        "Xception, typical or not",
        "Typical against all else: fine-tuning made it worse, 67.7% before and 55.5% after, with "
        "typical answered to 1,098 of 1,266 images.",
        task="siim_typical",
        phases=(frozen(10, "sgd", 0.2), fine(100, 5)),
    ),
    make_experiment(
        "6.12",
        "inception_typical",
        "Inception-v3, typical or not",
        "88.8% on validation beside 54% to 56% in training, and jumps down to 32%: the thesis "
        "itself calls it a bias.",
        arrays=True,
        task="siim_typical",
        model="inception_v3",
        model_options={"head": "pool_norm_relu"},
        phases=(frozen(10, "rmsprop"),),
    ),
)
