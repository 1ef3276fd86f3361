"""Tasks of the datasets in `xray_core.datasets.known` whose files or reports name the labels."""

from xray_core.tasks.task import Task

TUBERCULOSIS = {"normal": ("normal",), "tuberculosis": ("tuberculosis",)}
BAD_QUALITY = "Technical Quality of Image Unsatisfactory"
OPENI_CLASSES = {
    "cardiomegaly": ("Cardiomegaly",),
    "opacity": ("Opacity",),
    "atelectasis": ("Pulmonary Atelectasis",),
    "effusion": ("Pleural Effusion",),
    "granuloma": ("Calcified Granuloma",),
    "scarring": ("Cicatrix",),
}


def ask_in_named_files() -> dict[str, Task]:
    """Return the tasks of the datasets whose files or lists name one label for each image."""
    tasks = {
        name: Task(
            dataset=name,
            classes=TUBERCULOSIS,
            question="Does the image show tuberculosis?",
            source="the last digit of the file's name; doi:10.1109/TMI.2013.2284099",
        )
        for name in ("montgomery", "shenzhen", "montgomery_shenzhen")
    }
    tasks["covid_qu_ex"] = Task(
        dataset="covid_qu_ex",
        classes={"normal": ("Normal",), "other": ("Non-COVID",), "COVID-19": ("COVID-19",)},
        question="COVID-19, another infection, or normal?",
        source="the class folders; doi:10.1016/j.compbiomed.2021.105002",
    )
    tasks["covidx_covid"] = Task(
        dataset="covidx",
        classes={
            "negative": ("negative", "normal", "pneumonia"),
            "COVID-19": ("positive", "COVID-19"),
        },
        question="Is the image of a patient with COVID-19?",
        source="the lists, as COVIDx B; doi:10.1038/s41598-020-76550-z",
    )
    tasks["covidx_cause"] = Task(
        dataset="covidx",
        classes={
            "normal": ("normal",),
            "pneumonia": ("pneumonia",),
            "COVID-19": ("positive", "COVID-19"),
        },
        question="COVID-19, another pneumonia, or normal?",
        left_out=("negative",),  # may be either
        source="the lists, as COVIDx A; doi:10.1038/s41598-020-76550-z",
    )
    return tasks


def ask_of_open_i() -> dict[str, Task]:
    """Return the tasks of the two forms of the Indiana University collection."""
    source = "MeSH headings of the reports; doi:10.1093/jamia/ocv080"
    tasks = {}
    for name in ("openi", "openi_xml"):
        tasks[f"{name}_abnormal"] = Task(
            dataset=name,
            classes={"normal": ("normal",), "abnormal": ()},
            question="Does the report name anything but normal?",
            others="abnormal",
            left_out=(BAD_QUALITY, BAD_QUALITY.lower()),
            first_only=True,
            source=source,
        )
        tasks[f"{name}_findings"] = Task(
            dataset=name,
            classes=OPENI_CLASSES,
            question="Which of six frequent findings does the report name?",
            negatives=("normal",),
            others="",
            multilabel=True,
            source=source,
        )
    return tasks


NAMED_TASKS = {
    **ask_in_named_files(),
    **ask_of_open_i(),
    "jsrt_nodule": Task(
        dataset="jsrt",
        classes={
            "non-nodule": ("non-nodule",),
            "nodule": ("nodule", "benign nodule", "malignant nodule"),
        },
        question="Does the image show a nodule?",
        source="the names of the files; doi:10.2214/ajr.174.1.1740071",
    ),
    "jsrt_malignant": Task(
        dataset="jsrt",
        classes={"benign": ("benign nodule",), "malignant": ("malignant nodule",)},
        question="Is the nodule malignant?",
        left_out=("nodule", "non-nodule"),
        source="the diagnoses; doi:10.2214/ajr.174.1.1740071",
    ),
}
