"""Tasks of the datasets in `xray_core.datasets.known`."""

from xray_core.tasks.states import ABSENT, PRESENT
from xray_core.tasks.task import Task

# The five of the competition first, then the others that students ask for.
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


KNOWN_TASKS = {
    **{
        f"chexpert_{name}": ask_for(
            "chexpert",
            finding,
            name,
            "the column of the finding, 1 against 0; Irvin et al., arXiv:1901.07031",
        )
        for name, finding in CHEXPERT_ASKED.items()
    },
}
