"""Tasks of the datasets in `xray_core.datasets.known`."""

from xray_core.tasks.states import ABSENT, PRESENT
from xray_core.tasks.task import Task

# Name of a class -> finding; the five of CheXpert's competition first.
CHEXPERT_ASKED = {
    "atelectasis": "Atelectasis",
    "cardiomegaly": "Cardiomegaly",
    "consolidation": "Consolidation",
    "edema": "Edema",
    "effusion": "Pleural Effusion",
    "opacity": "Lung Opacity",
    "pneumonia": "Pneumonia",
    "pneumothorax": "Pneumothorax",
}
PADCHEST_ASKED = {
    "pneumonia": "pneumonia",
    "effusion": "pleural effusion",
    "cardiomegaly": "cardiomegaly",
    "atelectasis": "atelectasis",
    "infiltrates": "infiltrates",
    "nodule": "nodule",
    "consolidation": "consolidation",
    "pneumothorax": "pneumothorax",
}
VINDR_ASKED = {
    "aortic enlargement": "Aortic enlargement",
    "cardiomegaly": "Cardiomegaly",
    "effusion": "Pleural effusion",
    "opacity": "Lung Opacity",
    "pneumonia": "Pneumonia",
    "pneumothorax": "Pneumothorax",
    "tuberculosis": "Tuberculosis",
}
VINBIGDATA_CLASSES = {
    "aortic enlargement": ("Aortic enlargement",),
    "atelectasis": ("Atelectasis",),
    "calcification": ("Calcification",),
    "cardiomegaly": ("Cardiomegaly",),
    "consolidation": ("Consolidation",),
    "ILD": ("ILD",),
    "infiltration": ("Infiltration",),
    "lung opacity": ("Lung Opacity",),
    "nodule or mass": ("Nodule/Mass",),
    "other lesion": ("Other lesion",),
    "pleural effusion": ("Pleural effusion",),
    "pleural thickening": ("Pleural thickening",),
    "pneumothorax": ("Pneumothorax",),
    "pulmonary fibrosis": ("Pulmonary fibrosis",),
}
VIN_NORMAL = "No finding"
VIN_SOURCE = "Nguyen et al., doi:10.1038/s41597-022-01498-w: what any of the readers names"
TB = ("TB", "active TB", "latent TB")


def ask_for(dataset: str, finding: str, name: str, source: str) -> Task:
    """Return the task whether one finding is present; images of which it is unknown are left out.

    Args:
        dataset: the reader's name.
        finding: a column of `Catalog.finding_states`.
        name: what the class of images with it is called.
        source: where the states come from.
    """
    return Task(
        dataset=dataset,
        classes={f"no {name}": (ABSENT,), name: (PRESENT,)},
        question=f"Does the image show {name}?",
        finding=finding,
        source=source,
    )


def _ask_for_each(prefix: str, dataset: str, asked: dict[str, str], source: str) -> dict[str, Task]:
    """Return a task for each finding, and one that asks for all of them at once."""
    tasks = {
        f"{prefix}_{name.replace(' ', '_')}": ask_for(dataset, finding, name, source)
        for name, finding in asked.items()
    }
    tasks[f"{prefix}_findings"] = Task(
        dataset=dataset,
        classes={name: (finding,) for name, finding in asked.items()},
        question=f"Which of {len(asked)} findings does the image show?",
        others="",
        multilabel=True,
        source=source,
    )
    return tasks


KNOWN_TASKS = {
    **_ask_for_each(
        "chexpert",
        "chexpert",
        CHEXPERT_ASKED,
        "the column of the finding, 1 against 0; Irvin et al., arXiv:1901.07031",
    ),
    **_ask_for_each(
        "mimic",
        "mimic_cxr_jpg",
        CHEXPERT_ASKED,
        "the column of the finding, 1 against 0; Johnson et al., arXiv:1901.07042",
    ),
    "padchest_normal": Task(
        dataset="padchest",
        classes={"normal": (PRESENT,), "abnormal": (ABSENT,)},
        question="Is the image normal, by its report?",
        finding="normal",
        source="the label 'normal' against all others; Bustos et al., arXiv:1901.07441",
    ),
    **_ask_for_each(
        "padchest",
        "padchest",
        PADCHEST_ASKED,
        "the label of that name; Bustos et al., arXiv:1901.07441",
    ),
    "vindr_abnormal": Task(
        dataset="vindr_cxr",
        classes={"normal": (PRESENT,), "abnormal": (ABSENT,)},
        question="Do all readers find nothing?",
        finding=VIN_NORMAL,
        source=VIN_SOURCE,
    ),
    **_ask_for_each("vindr", "vindr_cxr", VINDR_ASKED, VIN_SOURCE),
    "vinbigdata_abnormal": Task(
        dataset="vinbigdata",
        classes={
            "normal": (VIN_NORMAL,),
            "abnormal": tuple(name for group in VINBIGDATA_CLASSES.values() for name in group),
        },
        question="Did any reader draw a box?",
        source=VIN_SOURCE,
    ),
    "vinbigdata_findings": Task(
        dataset="vinbigdata",
        classes=VINBIGDATA_CLASSES,
        question="Which of the fourteen findings does the image show?",
        negatives=(VIN_NORMAL,),
        multilabel=True,
        source=VIN_SOURCE,
    ),
    "siim_acr_pneumothorax": Task(
        dataset="siim_acr",
        classes={"no pneumothorax": ("no pneumothorax",), "pneumothorax": ("pneumothorax",)},
        question="Does the image show a pneumothorax?",
        source="whether a mask is given; Filice et al., doi:10.1007/s10278-019-00299-9",
    ),
    "tbx11k_class": Task(
        dataset="tbx11k",
        classes={"healthy": ("healthy",), "sick but no TB": ("sick but no TB",), "TB": TB},
        question="Healthy, sick without tuberculosis, or tuberculosis?",
        source="the folders health, sick and tb; Liu et al., CVPR 2020",
    ),
    "tbx11k_tb": Task(
        dataset="tbx11k",
        classes={"no TB": ("healthy", "sick but no TB"), "TB": TB},
        question="Is it tuberculosis, active or latent?",
        source="the folder tb against both others; Liu et al., CVPR 2020",
    ),
}
