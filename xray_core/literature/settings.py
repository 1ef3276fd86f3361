"""What the sources say of how they trained, in words; what they leave open is said as well.

Name of a recipe -> its source's settings. What all trainings of a source have in common stands
once, in `COMMON`, under the beginning of the recipes' names.
"""

from xray_core.literature.tang2020 import TABLE

COMMON = {
    "siim_": (
        "299 px, three channels, batch 16, categorical cross-entropy, 80 % of 6,334 images "
        "for training and 20 % for validation, no test set before 9. Experiments that read "
        "folders (6.1, 6.2, 6.7, 6.9 to 6.11, 9 to 10): equalized histograms, 5,068 and "
        "1,266 images. Those that load arrays (6.4 to 6.6, 6.8, 6.12): divided by 255 "
        "alone, 5,067 and 1,267. Augmentation A: horizontal flip, zoom 0.1, shear 0.05, "
        "brightness 0.8 to 1.1. B: both flips, zoom 0.1, shifts 0.1. C: as B without "
        "vertical flip, brightness 0.9 to 1.1. Fine-tuning trains all layers. Which epoch "
        "was evaluated is not said; the curves of 9 and 9.1 show the last."
    ),
    "tang2020_": (
        "256 px, about 8,500 training images; networks from ImageNet weights and from "
        "scratch; sizes of 512 and 1,024 px bring no significant difference. In our source "
        "the optimizer, its rate, the epochs and the augmentation are not given."
    ),
}
SAYS = {
    "siim_6_1_cnn9": (
        "Own CNN: convolutions 64 (7 x 7), 128 and 256 (3 x 3), each with padding and "
        "pooling, Flatten, Dense 128 and 64 with ReLU and dropout 0.5; A; Nadam, 10 epochs"
    ),
    "siim_6_2_xception": (
        "Xception (ImageNet), global average pooling, Dense 4; A; SGD 0.2, momentum 0.9, "
        "decay 0.001, 5 epochs, frozen; then (6.3) Adam 1e-3, 100 epochs, patience 10"
    ),
    "siim_6_4_xception_arrays": (
        "As 6.3, the only change batch normalisation with ReLU and Flatten before Dense 4; "
        "B; Nadam 1e-3, 10 epochs, frozen; then Nadam 1e-3, 100 epochs, patience 10"
    ),
    "siim_6_5_xception_plain": ("As 6.4 without augmentation"),
    "siim_6_6_xception_scratch": (
        "As 6.4 from random weights; C; Nadam 0.1, 25 epochs, all layers; then as 6.4"
    ),
    "siim_6_7_vgg16": (
        "VGG16 (ImageNet), Flatten, Dense 256 with ReLU, Dense 4; A; Adam 1e-4, 5 epochs, "
        "frozen; then Adam, Nadam and RMSprop at a rate that is not given, 100 epochs, "
        "patience 10"
    ),
    "siim_6_8_inception": (
        "Inception-v3 (ImageNet), batch normalisation with ReLU, Flatten, Dense 4 (no "
        "pooling is named); augmentation that is not named; Nadam 1e-3, 10 epochs, frozen; "
        "then Nadam 1e-3, 100 epochs, patience 5"
    ),
    "siim_6_9_xception_3class": (
        "Xception (ImageNet), global average pooling, batch normalisation, Dense 3; A; "
        "Nadam 1e-3, 10 epochs, frozen; then Nadam 1e-3, 100 epochs, patience 10"
    ),
    "siim_6_10_xception_opacity": ("As 6.9 with Dense 2: any opacity or none"),
    "siim_6_11_xception_typical": (
        "Xception (ImageNet), global average pooling, Dense 2; A; SGD 0.2, 10 epochs, "
        "frozen; then Nadam 1e-3, 100 epochs, patience 5"
    ),
    "siim_6_12_inception_typical": (
        "Inception-v3 (ImageNet), global average pooling, batch normalisation, Flatten with"
        " ReLU, Dense 2; with augmentation, which is not named; sparse cross-entropy; "
        "RMSprop at a rate that is not given, 10 epochs, frozen"
    ),
    "siim_9_union": (
        "As 6.10 for 20 epochs, frozen, on 20,986 and 5,246 images of the union of both "
        "datasets, 1,267 of the competition tested"
    ),
    "siim_9_1_union_finetuned": (
        "9, then all layers, 50 epochs, patience 3; the optimizer is not given"
    ),
    "siim_10_from_union": (
        "The weights of 9, all layers, Nadam 0.01, 15 epochs, on the 5,067 competition "
        "images outside the test set; validated on the test set"
    ),
    "pneumonia_cnn": (
        "5,232 training and 624 test images, scaled, “small perturbations”; Conv 32, pool, "
        "Conv 64, Conv 64, pool, Dense 128, dropout 0.5, one sigmoid; Adam, patience 3. Not"
        " given: size, perturbations, batch, epochs, validation images"
    ),
    "corona_vgg_mini": (
        "300 px, gray; 3 x 3 convolutions 32, 64, 128, 512, one sigmoid; zoom, rotation, "
        "horizontal flip; Adam 1e-4, 60 epochs; 20 % of the training set for validation. "
        "Not given: strength of the augmentation, batch, pooling"
    ),
    "xnet_cnn15": (
        "14,999 images, 256 px, gray; convolutions whose filters grow while their kernels "
        "shrink, pooling, dropout, Flatten, Dense 15; a split of its own. Not given: all "
        "numbers"
    ),
    "xnet_dual": ("The same, joined with age, follow-up number, view and gender. Not given: how"),
    **{
        f"tang2020_{network}_{start}": f"The network, {begin}"
        for network in TABLE
        for start, begin in (("pretrained", "from ImageNet weights"), ("scratch", "from scratch"))
    },
    "tang2020_vgg19_rsna": (
        "VGG19 in seven folds on 21,152 images of the challenge's first stage, tested on "
        "4,532 others"
    ),
    "tang2020_vgg19_rsna_opacity": (
        "VGG19 in seven folds on 11,652 images, tested on 2,532 others"
    ),
    "nih_densenet121_findings": (
        "Re-runs: DenseNet-121 (ImageNet), 224 px, batch 32, weighted loss, early stopping "
        "near epoch 5; or Adam 1e-4, halved after two epochs without gain, flips, 20 epochs"
        " with patience 4; 10 % of the training patients validate"
    ),
}
