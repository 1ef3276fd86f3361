"""The table of tasks; to add one, add an entry."""

from xray_core.errors import LabelError
from xray_core.tasks.guesses import GUESSES
from xray_core.tasks.known import KNOWN_TASKS
from xray_core.tasks.named import NAMED_TASKS
from xray_core.tasks.task import ANY, MASKS, Task

NEGATIVE, TYPICAL = "Negative for Pneumonia", "Typical Appearance"
INDETERMINATE, ATYPICAL = "Indeterminate Appearance", "Atypical Appearance"
CORONA_BACTERIAL = ("bacterial pneumonia", "Streptococcus")
CORONA_VIRAL = ("viral pneumonia", "COVID-19", "SARS")
NIH_CLASSES = {
    "atelectasis": ("Atelectasis",),
    "cardiomegaly": ("Cardiomegaly",),
    "consolidation": ("Consolidation",),
    "edema": ("Edema",),
    "effusion": ("Effusion",),
    "emphysema": ("Emphysema",),
    "fibrosis": ("Fibrosis",),
    "hernia": ("Hernia",),
    "infiltration": ("Infiltration",),
    "mass": ("Mass",),
    "nodule": ("Nodule",),
    "pleural thickening": ("Pleural_Thickening",),
    "pneumonia": ("Pneumonia",),
    "pneumothorax": ("Pneumothorax",),
}
NIH_NORMAL = "No Finding"
RSNA_NORMAL, RSNA_OTHER = "Normal", "No Lung Opacity / Not Normal"
RSNA_OPACITY = "Lung Opacity"
LUNG_TASK = "lungs"

TASKS = {
    "siim_study": Task(
        dataset="siim_covid19",
        # The order in which the thesis prints its confusion matrices.
        classes={
            "atypical": (ATYPICAL,),
            "indeterminate": (INDETERMINATE,),
            "negative": (NEGATIVE,),
            "typical": (TYPICAL,),
        },
        question="Which of the four study appearances?",
        source="SIIM-FISABIO-RSNA COVID-19 Detection, study level",
    ),
    "siim_image": Task(
        dataset="siim_covid19",
        classes={"none": ("none",), "opacity": ("opacity",)},
        question="Did a radiologist draw a box on this image?",
        column="image_findings",
        source="SIIM-FISABIO-RSNA COVID-19 Detection, image level",
    ),
    "siim_opacity": Task(
        dataset="siim_covid19",
        classes={
            "no opacity": (NEGATIVE,),
            "opacity": (TYPICAL, INDETERMINATE, ATYPICAL),
        },
        question="Does the study show any opacity?",
        source="the three appearances with an opacity, merged",
    ),
    "siim_typical": Task(
        dataset="siim_covid19",
        classes={"other": (NEGATIVE, INDETERMINATE, ATYPICAL), "typical": (TYPICAL,)},
        question="Is the appearance typical of COVID-19?",
        source="typical against all else",
    ),
    "siim_3class": Task(
        dataset="siim_covid19",
        classes={
            "negative": (NEGATIVE,),
            "typical": (TYPICAL,),
            "other": (ATYPICAL, INDETERMINATE),
        },
        question="Negative, typical, or an opacity of another kind?",
        source="atypical and indeterminate, the two small classes, merged",
    ),
    "kermany_pneumonia": Task(
        dataset="kermany",
        classes={
            "normal": ("normal",),
            "pneumonia": ("bacterial pneumonia", "viral pneumonia"),
        },
        question="Does the child have pneumonia?",
        source="the class folders; doi:10.1016/j.cell.2018.02.010",
    ),
    "kermany_cause": Task(
        dataset="kermany",
        classes={
            "normal": ("normal",),
            "bacterial": ("bacterial pneumonia",),
            "viral": ("viral pneumonia",),
        },
        question="Normal, bacterial or viral pneumonia?",
        source="the file names; doi:10.1016/j.cell.2018.02.010",
    ),
    "nih_first_diagnosis": Task(
        dataset="nih_chestxray14",
        classes={**NIH_CLASSES, "no finding": (NIH_NORMAL,)},
        question="Which finding is named first, if any?",
        first_only=True,
        source="the first of the published findings, as the X-Net project does",
    ),
    "nih_findings": Task(
        dataset="nih_chestxray14",
        classes=NIH_CLASSES,
        question="Which of the fourteen findings does the image show?",
        negatives=(NIH_NORMAL,),
        multilabel=True,
        source="Wang et al., CVPR 2017, arXiv:1705.02315",
    ),
    "nih_abnormal": Task(
        dataset="nih_chestxray14",
        classes={
            "normal": (NIH_NORMAL,),
            "abnormal": tuple(finding for group in NIH_CLASSES.values() for finding in group),
        },
        question="Does the image show any of the fourteen findings?",
        source="the fourteen findings merged, against none of them",
    ),
    "folder_class": Task(
        dataset="folder",
        classes={},
        question="Which class, as the folder or the table names it?",
        first_only=True,
        source="the names of the class folders, or the first finding in the table",
    ),
    "folder_findings": Task(
        dataset="folder",
        classes={},
        question="Which of the findings, several at once?",
        negatives=("No finding",),  # what the reader calls an image of which all are absent
        multilabel=True,
        source="all findings in the table, or the names of the class folders",
    ),
    "radiography_class": Task(
        dataset="covid19_radiography",
        classes={
            "COVID-19": ("COVID",),
            "lung opacity": ("Lung_Opacity",),
            "normal": ("Normal",),
            "viral pneumonia": ("Viral Pneumonia",),
        },
        question="COVID-19, another opacity, viral pneumonia, or normal?",
        source="the class folders; doi:10.1016/j.compbiomed.2021.104319",
    ),
    "radiography_covid": Task(
        dataset="covid19_radiography",
        classes={"other": ("Lung_Opacity", "Normal", "Viral Pneumonia"), "COVID-19": ("COVID",)},
        question="Is it COVID-19?",
        source="COVID-19 against all else",
    ),
    "radiography_opacity": Task(
        dataset="covid19_radiography",
        classes={"normal": ("Normal",), "opacity": ("COVID", "Lung_Opacity", "Viral Pneumonia")},
        question="Does the image show any opacity?",
        source="the three classes with an opacity, merged",
    ),
    "corona_pneumonia": Task(
        dataset="coronahack",
        classes={
            "normal": ("normal",),
            "pneumonia": (*CORONA_BACTERIAL, *CORONA_VIRAL, "ARDS"),
        },
        question="Does the image show pneumonia?",
        source="the column Label of the metadata",
    ),
    "corona_cause": Task(
        dataset="coronahack",
        # ARDS of stress and smoking is neither, and two images are no class.
        classes={
            "normal": ("normal",),
            "bacterial": CORONA_BACTERIAL,
            "viral or other": (*CORONA_VIRAL, "ARDS"),
        },
        question="Normal, bacterial pneumonia, or one of a virus (or, twice, of another cause)?",
        source="the columns Label and Label_1_Virus_category of the metadata",
    ),
    "rsna_opacity3": Task(
        dataset="rsna_pneumonia",
        classes={
            "normal": (RSNA_NORMAL,),
            "not normal": (RSNA_OTHER,),
            "opacity": (RSNA_OPACITY,),
        },
        question="Normal, not normal without an opacity, or with one?",
        source="the three published classes; doi:10.1148/ryai.2019180041",
    ),
    "rsna_abnormal": Task(
        dataset="rsna_pneumonia",
        classes={"normal": (RSNA_NORMAL,), "abnormal": (RSNA_OTHER, RSNA_OPACITY)},
        question="Is anything on the image not normal?",
        source="Tang et al. 2020, doi:10.1038/s41746-020-0273-z: both other classes merged",
    ),
    "rsna_normal_opacity": Task(
        dataset="rsna_pneumonia",
        classes={"normal": (RSNA_NORMAL,), "opacity": (RSNA_OPACITY,)},
        question="Normal, or with an opacity, all other images left out?",
        left_out=(RSNA_OTHER,),
        source="Tang et al. 2020, doi:10.1038/s41746-020-0273-z",
    ),
    "union_opacity": Task(
        dataset="siim_radiography",
        classes={
            "no opacity": (NEGATIVE, "Normal"),
            "opacity": (
                TYPICAL,
                INDETERMINATE,
                ATYPICAL,
                "COVID",
                "Lung_Opacity",
                "Viral Pneumonia",
            ),
        },
        question="Does the study show any opacity?",
        source="SIIM-FISABIO-RSNA COVID-19 thesis, chapter 9",
    ),
    "union_covid": Task(
        dataset="siim_radiography",
        classes={
            "other": (
                NEGATIVE,
                INDETERMINATE,
                ATYPICAL,
                "Lung_Opacity",
                "Normal",
                "Viral Pneumonia",
            ),
            "COVID-19": (TYPICAL, "COVID"),
        },
        question="Is the appearance typical of COVID-19, or the image labelled so?",
        source="SIIM-FISABIO-RSNA COVID-19 thesis, chapter 9",
    ),
    "union_class": Task(
        dataset="union",
        classes={},
        question="Which class, as the two datasets were joined?",
        first_only=True,
        source="a task that both datasets answer; the union's own file says which label is which",
    ),
    "union_findings": Task(
        dataset="union",
        classes={},
        question="Which of the common findings, several at once?",
        negatives=("No finding",),  # what the reader calls an image of which all are absent
        multilabel=True,
        source="findings that both datasets name; what one of them does not know stays unknown",
    ),
    **KNOWN_TASKS,
    **NAMED_TASKS,
    **GUESSES,
    LUNG_TASK: Task(
        dataset=ANY,
        classes={"lungs": ()},
        question="Where are the lungs?",
        asks=MASKS,
        source="the lung masks of the dataset",
    ),
}


def find_task(name: str) -> Task:
    """Return the task called `name`. Raises LabelError, with the choices, if there is none."""
    if name not in TASKS:
        raise LabelError(f"Unknown task {name!r}. Choose one of: {', '.join(TASKS)}.")
    return TASKS[name]


def tasks_of(dataset: str) -> dict[str, Task]:
    """Return the tasks made for the reader called `dataset`; not those for any dataset."""
    return {name: task for name, task in TASKS.items() if task.dataset == dataset}
