"""Mean AUC over the fourteen findings of NIH ChestX-ray14, on its official test list or near it.

Where each figure was read, since most of the originals could not be:
    Wang et al. 2017 (CVPR, arXiv:1705.02315): table 3 was read in the text of the paper. It has
    eight findings, on images drawn at random, before there were official lists. The fourteen of
    its later version, on the official list, could only be read as reprinted (`REPRINT`), where the
    network is called DenseNet-121; two other texts call it ResNet-50.
    Re-runs on the official list: the reports of those who made them (`RERUN_RESNET18`, `REPORT`,
    `MODEL_CARD`), as found on GitHub and Hugging Face.
    Yao 2018, Gündel 2018 and Baltruschat 2019: as listed in `RERUN_RESNET18`, after table 6 of Xiao
    et al. 2022 (arXiv:2210.12843). Kim 2021, Xiao 2023 and Goel 2024: as listed in `REPORT`, whose
    authors say that they compared each with the paper's own table.
    Not entered, as it could not be verified: Guan et al.; of the others each finding's figure.

CheXNet's mean of 0.841 is of a random split of its own and stands beside none of these; so are the
values of Wang et al. that it reprints (0.716, 0.807 …, mean 0.738).

What the re-runs say of their training: DenseNet-121 from ImageNet weights, 224 or 512 px, batch 32,
weighted loss, early stopping after 7 or 8 epochs with the weights of the 4th or 5th (`REPORT`);
Adam at 1e-4, halved after two epochs without gain, at most 20 epochs with patience 4, flips alone,
positive weights n_absent / n_present, 10 % of the training patients for validation
(`RERUN_RESNET18`).
"""

from collections.abc import Mapping

from xray_core.literature.result import NO, YES, PublishedResult

RECIPE = "nih_densenet121_findings"
PHASE = "fine_tune"
OFFICIAL = "the official test list, 25,596 images"
REPRINT = "README of suhaibshd7/NIH-ChestX-ray14-Multi-Label-Chest-Pathology-Classification"
RERUN_RESNET18 = f"{REPRINT}, a later version"
REPORT = "“Explainable CNN for Chest X-ray Diagnosis: Project Brief”, 2026"
MODEL_CARD = "huggingface.co/Yzaza/nih-cxr-models"
FINDINGS = (
    "atelectasis",
    "cardiomegaly",
    "consolidation",
    "edema",
    "effusion",
    "emphysema",
    "fibrosis",
    "hernia",
    "infiltration",
    "mass",
    "nodule",
    "pleural thickening",
    "pneumonia",
    "pneumothorax",
)
# In the order of FINDINGS.
WANG_OFFICIAL = (
    *(0.7003, 0.8100, 0.7032, 0.8052, 0.7585, 0.8330, 0.7859),
    *(None, 0.6614, 0.6933, 0.6687, 0.6835, 0.6576, 0.7993),
)
RESNET18 = (
    *(0.7499, 0.8666, 0.7242, 0.8334, 0.8107, 0.8822, 0.8039),
    *(0.9189, 0.6955, 0.7782, 0.7151, 0.7568, 0.6806, 0.8339),
)


def _of_findings(values: tuple[float | None, ...]) -> dict[str, float]:
    pairs = zip(FINDINGS, values, strict=True)
    return {f"auc_{name}": value for name, value in pairs if value is not None}


def _official(metrics: Mapping[str, float], place: str, note: str) -> PublishedResult:
    return PublishedResult(
        RECIPE, place, OFFICIAL, 25_596, PHASE, "test", metrics, same_images=YES, note=note
    )


RESULTS = (
    _official(
        {
            "auc": 0.8025,
            "auc_emphysema": 0.890,
            "auc_nodule": 0.742,
            "auc_pleural thickening": 0.766,
        },
        REPORT,
        "DenseNet-121 at 224 px; the re-run that the recipe is nearest to.",
    ),
    _official(
        {
            "auc": 0.8158,
            "auc_consolidation": 0.741,
            "auc_effusion": 0.830,
            "auc_emphysema": 0.937,
            "auc_fibrosis": 0.841,
            "auc_nodule": 0.777,
            "auc_pleural thickening": 0.791,
            "auc_pneumonia": 0.711,
        },
        REPORT,
        "DenseNet-121 at 512 px, the same settings; two more seeds gave 0.8190 and 0.8164.",
    ),
    _official({"auc": 0.8202}, f"Goel et al. 2024, by {REPORT}", "DenseNet-121 at 224 px."),
    _official(
        {"auc": 0.812},
        f"Xiao et al. 2023, by {REPORT}",
        "DenseNet-121 at 224 px, pretrained on 0.3 million chest X-rays.",
    ),
    _official(
        {"auc": 0.822}, f"Kim et al. 2021 (XProtoNet), by {REPORT}", "DenseNet-121 at 512 px."
    ),
    _official(
        {"auc": 0.8106},
        MODEL_CARD,
        "DenseNet-121 at 320 px; 95% interval 0.8036 to 0.8167 over patients.",
    ),
    _official(
        {"auc": 0.7893, **_of_findings(RESNET18)},
        RERUN_RESNET18,
        "ResNet-18 at 224 px; an earlier version of the text has 0.7843.",
    ),
    _official(
        {"auc": 0.7451, **_of_findings(WANG_OFFICIAL)},
        f"Wang et al. 2017, as reprinted in the {REPRINT}",
        "The authors' own figures on the official list, of a ResNet-50 by two other texts. The "
        "reprint has 0.9165 of hernia, which is left out: it is CheXNet's figure (0.9164), and the "
        "printed mean asks for 0.872.",
    ),
    _official({"auc": 0.761}, f"Yao et al. 2018, by {RERUN_RESNET18}", "ResNet and DenseNet."),
    _official({"auc": 0.807}, f"Gündel et al. 2018, by {RERUN_RESNET18}", "DenseNet-121."),
    _official(
        {"auc": 0.806},
        f"Baltruschat et al. 2019, by {RERUN_RESNET18}",
        "A ResNet; by another text ResNet-38 with age, sex and view position beside the image.",
    ),
    PublishedResult(
        RECIPE,
        "Wang et al. 2017, table 3",
        "ChestX-ray8: a random fifth of 108,948 images",
        0,
        PHASE,
        "test",
        {
            "auc_atelectasis": 0.7069,
            "auc_cardiomegaly": 0.8141,
            "auc_effusion": 0.7362,
            "auc_infiltration": 0.6128,
            "auc_mass": 0.5609,
            "auc_nodule": 0.7164,
            "auc_pneumonia": 0.6333,
            "auc_pneumothorax": 0.7891,
        },
        same_images=NO,
        images_note="Drawn by image from an earlier release with eight findings.",
        note="ResNet-50 with balanced cross-entropy; patients are in both subsets.",
    ),
)
