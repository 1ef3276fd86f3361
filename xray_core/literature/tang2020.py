"""Figures of Tang et al. 2020 (npj Digital Medicine 3:70, doi:10.1038/s41746-020-0273-z).

Read in the thesis, section 2.3, which reprints table and figures of the article; the abstract of
the article, which we could read as well, agrees. Its full text could not be read. Places are those
of the thesis.

Read off the picture, to a tenth of a percentage point: the readers (figure 22), and the AUC at
512 and 1,024 px (figure 21), to three digits. The network's own point in figure 22 (sensitivity
96.5 %, specificity 96.5 % against the consensus) does not agree with the table, which gives
ResNet18 a specificity of 92.86 %; the table's is kept. Of AlexNet from ImageNet weights the table's
F1, 0.9091, is not that of its PPV and sensitivity, 0.9081.
"""

from xray_core.literature.result import PARTLY, PublishedPoint, PublishedResult

SOURCE = "Tang et al. 2020"
KEYS = (
    "auc",
    "recall_abnormal",
    "recall_normal",
    "precision_abnormal",
    "precision_normal",
    "f1_abnormal",
    "accuracy",
)
# Network -> from ImageNet weights, and from scratch: AUC, sensitivity, specificity, PPV, NPV, F1
# and accuracy, each with its standard deviation (figure 18 of the thesis); percent but AUC and F1.
Row = tuple[tuple[float, float], ...]
TABLE: dict[str, tuple[Row, Row]] = {
    "alexnet": (
        ((0.9741, 0.0050), (94.18, 0.47), (87.70, 0.56), (87.66, 0.61), (94.10, 0.41),
         (0.9091, 0.0057), (90.85, 0.48)),
        ((0.9684, 0.0043), (92.65, 0.45), (87.99, 0.41), (87.94, 0.57), (92.68, 0.38),
         (0.9023, 0.0052), (90.25, 0.45)),
    ),
    "vgg16": (
        ((0.9797, 0.0039), (94.03, 0.36), (90.74, 0.41), (90.56, 0.45), (94.14, 0.43),
         (0.9226, 0.0038), (92.34, 0.40)),
        ((0.9742, 0.0044), (93.42, 0.40), (91.46, 0.46), (91.18, 0.50), (93.63, 0.46),
         (0.9228, 0.0040), (92.41, 0.42)),
    ),
    "vgg19": (
        ((0.9842, 0.0036), (97.09, 0.39), (87.99, 0.35), (88.42, 0.41), (96.97, 0.43),
         (0.9255, 0.0035), (92.41, 0.33)),
        ((0.9757, 0.0054), (94.49, 0.59), (88.86, 0.49), (88.90, 0.56), (94.46, 0.47),
         (0.9161, 0.0048), (91.59, 0.50)),
    ),
    "resnet18": (
        ((0.9824, 0.0043), (96.50, 0.36), (92.86, 0.48), (92.84, 0.55), (96.52, 0.30),
         (0.9463, 0.0041), (94.64, 0.45)),
        ((0.9766, 0.0034), (96.63, 0.41), (85.09, 0.33), (85.97, 0.47), (96.39, 0.36),
         (0.9099, 0.0034), (90.70, 0.38)),
    ),
    "resnet50": (
        ((0.9837, 0.0048), (96.94, 0.50), (88.42, 0.61), (88.78, 0.73), (96.83, 0.39),
         (0.9268, 0.0055), (92.56, 0.54)),
        ((0.9775, 0.0057), (94.32, 0.54), (90.59, 0.66), (90.43, 0.75), (94.42, 0.44),
         (0.9233, 0.0059), (92.40, 0.60)),
    ),
    "inception_v3": (
        ((0.9866, 0.0041), (97.38, 0.35), (87.57, 0.48), (88.11, 0.55), (97.26, 0.27),
         (0.9250, 0.0051), (92.33, 0.42)),
        ((0.9796, 0.0034), (95.08, 0.32), (89.58, 0.35), (89.58, 0.42), (95.08, 0.23),
         (0.9225, 0.0047), (92.25, 0.37)),
    ),
    "densenet121": (
        ((0.9871, 0.0057), (97.40, 0.53), (87.55, 0.68), (88.09, 0.74), (97.27, 0.33),
         (0.9251, 0.0056), (92.34, 0.56)),
        ((0.9801, 0.0044), (95.10, 0.38), (90.01, 0.49), (90.00, 0.61), (95.11, 0.27),
         (0.9248, 0.0041), (92.49, 0.44)),
    ),
}  # fmt: skip
# Pretrained, AUC against the labels of the reports instead of the consensus (figure 20).
AGAINST_REPORTS = {
    "alexnet": 0.9677,
    "inception_v3": 0.9829,
    "resnet18": 0.9805,
    "resnet50": 0.9803,
    "densenet121": 0.9829,
}
# Pretrained, AUC at 512 and at 1,024 px (figure 21).
LARGER = {
    "alexnet": (0.972, 0.973),
    "vgg16": (0.980, 0.979),
    "vgg19": (0.985, 0.984),
    "resnet18": (0.982, 0.982),
    "resnet50": (0.984, 0.983),
    "inception_v3": (0.987, 0.987),
    "densenet121": (0.987, 0.987),
}
CONSENSUS = "the consensus of three radiologists (majority)"
REPORTS = "the labels of the attending radiologist's report"
TESTED = "test images of NIH ChestX-ray14, read anew by three radiologists"
RELABELLED = (
    "Labels and test images were chosen and read anew by the authors, and are not published with "
    "the dataset; ours are the labels mined from reports, on a test set of our own by patient."
)
NIH_IMAGES = "1,344 NIH test radiographs"  # the number that goes with the readers' time
READERS = {  # sensitivity and specificity against each of the two, percent
    CONSENSUS: {
        "radiologist 1": (96.4, 98.2),
        "radiologist 2": (97.3, 99.7),
        "radiologist 3": (99.9, 86.1),
        "radiologist 4": (97.2, 91.3),
        "attending radiologist": (99.4, 97.4),
    },
    REPORTS: {
        "radiologist 1": (94.8, 97.6),
        "radiologist 2": (96.2, 99.3),
        "radiologist 3": (98.0, 86.1),
        "radiologist 4": (95.3, 91.3),
        "consensus of three": (97.3, 99.4),
    },
}
RSNA_NOTE = (
    "The source trained on the first stage of the challenge, and does not say which images were "
    "its test; ours are the 26,684 of the second stage, each tested in one of seven folds."
)


def _share(value: float) -> float:
    """Return a percentage as a share; AUC and F1 are shares already."""
    return value if value <= 1 else round(value / 100, 4)


def _of_network(model: str, start: int) -> list[PublishedResult]:
    row = TABLE[model][start]
    recipe = f"tang2020_{model}_{('pretrained', 'scratch')[start]}"
    spread = {
        key: sd if key in ("auc", "f1_abnormal") else round(sd / 100, 4)
        for key, (_, sd) in zip(KEYS, row, strict=True)
    }
    metrics = {key: _share(value) for key, (value, _) in zip(KEYS, row, strict=True)}
    results = [
        PublishedResult(
            recipe, "2.3.1, figure 18", TESTED, 0, "train", "test", metrics, spread,
            images_note=RELABELLED,
        )
    ]  # fmt: skip
    if start:
        return results
    others = [
        (f"The same at {size:,} px; read off the picture. No significant difference.", auc, "21")
        for size, auc in zip((512, 1024), LARGER[model], strict=True)
    ]
    if model in AGAINST_REPORTS:
        others.append((f"Against {REPORTS}.", AGAINST_REPORTS[model], "20"))
    results += [
        PublishedResult(
            recipe, f"2.3.1, figure {figure}", TESTED, 0, "train", "test", {"auc": auc},
            images_note=RELABELLED, note=note,
        )
        for note, auc, figure in others
    ]  # fmt: skip
    return results


RSNA_RESULTS = (
    PublishedResult(
        "tang2020_vgg19_rsna", "2.3.1, figure 23", "RSNA images: 1,532 normal, 3,000 not", 4532,
        "train", "test", {"precision_abnormal": 0.9430, "precision_normal": 0.7811}, {},
        ((1374, 158), (385, 2615)), ("normal", "abnormal"), PARTLY, RSNA_NOTE,
        "Trained by seven folds on 21,152 images, of which 6,993 normal.",
    ),
    PublishedResult(
        "tang2020_vgg19_rsna_opacity", "2.3.1, figure 23, and the article's abstract",
        "RSNA images: 1,532 normal, 1,000 with an opacity", 2532, "train", "test",
        {
            "auc": 0.9804,
            "accuracy": 0.9471,
            "recall_opacity": 0.9220,
            "recall_normal": 0.9634,
            "precision_opacity": 0.9427,
            "precision_normal": 0.9498,
        },
        {"auc": 0.0032, "accuracy": 0.0032, "recall_opacity": 0.0034, "recall_normal": 0.0031},
        ((1476, 56), (78, 922)), ("normal", "opacity"), PARTLY, RSNA_NOTE,
        "Trained by seven folds on 11,652 images, of which 6,993 normal.",
    ),
)  # fmt: skip
RESULTS = (
    *(result for model in TABLE for start in (0, 1) for result in _of_network(model, start)),
    *RSNA_RESULTS,
)
READER_POINTS = tuple(
    PublishedPoint(
        who, "reader", round(sensitivity / 100, 3), round(specificity / 100, 3), "abnormal",
        standard, NIH_IMAGES, f"{SOURCE}, reprinted in the thesis, figure 22",
        "Read off the picture, to a tenth of a percentage point.",
    )
    for standard, readers in READERS.items()
    for who, (sensitivity, specificity) in readers.items()
)  # fmt: skip
