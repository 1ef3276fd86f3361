"""The SIIM-FISABIO-RSNA COVID-19 thesis: experiment 6.1, a 9-layer CNN from scratch.

Published: validation accuracy 0.4597; the network predicts "typical" for every image, which
is the share of that class. Nadam, 10 epochs, batch 16, 299 px, augmentation "A": horizontal
flip, zoom 0.1, shear 0.05, brightness 0.8 to 1.1.

As published: split by image 80/20 without a test part, so patients leak and the judge is the
validation part; the run's report says both. Keras' ImageDataGenerator takes shear in degrees,
so the published 0.05 is next to nothing; kept.
"""

from xray_core.preprocess.spec import AugmentSpec, PreprocessSpec
from xray_core.recipes.schema import Phase, Recipe
from xray_core.splits import SplitSpec

SIIM_6_1_CNN9 = Recipe(
    name="siim_6_1_cnn9",
    title="9-layer CNN, four appearances (thesis 6.1)",
    source="SIIM-FISABIO-RSNA COVID-19 thesis, experiment 6.1",
    about=(
        "As published, slips included: split by image, no test part, no class weights. "
        "The thesis saw it predict only 'typical'. 46 million weights: wants a GPU."
    ),
    dataset="siim_covid19",
    label_view="siim_study",
    model="cnn9",
    preprocess=PreprocessSpec(size=299),
    augment=AugmentSpec(
        horizontal_flip=True,
        zoom=0.1,
        shear=0.05,
        brightness_min=0.8,
        brightness_max=1.1,
    ),
    split=SplitSpec("image", validation=0.2, test=0.0, allow_leaks=True),
    phases=(Phase("train", epochs=10, optimizer="nadam", learning_rate=1e-3),),
    batch_size=16,
    published={"accuracy": 0.4597},
)
