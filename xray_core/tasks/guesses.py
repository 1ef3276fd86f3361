"""Tasks that ask for what is beside the disease: source, hospital, view position, sex.

They fit every dataset that has the column. If a network can guess a property, and the property goes
with the label, the label may be learnt by way of it: see `evaluation.shortcuts`.
"""

from xray_core.tasks.task import ANY, Task

FEWEST = 20  # images; rarer values are left out, as no split has enough of them
PROPERTIES = {  # column -> what a person calls it
    "source": "dataset",
    "site": "hospital or collection",
    "view_position": "view position",
    "gender": "sex",
}
GUESSES = {
    "guess_source": Task(
        dataset=ANY,
        classes={},
        question="Which dataset of the union is the image from?",
        column="source",
        fewest=FEWEST,
        source="the column source of the catalog",
    ),
    "guess_site": Task(
        dataset=ANY,
        classes={},
        question="Which hospital or collection is the image from?",
        column="site",
        fewest=FEWEST,
        source="the column site of the catalog",
    ),
    "guess_view": Task(
        dataset=ANY,
        classes={},
        question="Which view position?",
        column="view_position",
        fewest=FEWEST,
        source="the column view_position of the catalog",
    ),
    "guess_sex": Task(
        dataset=ANY,
        classes={"female": ("F",), "male": ("M",)},
        question="Which sex is the patient?",
        column="gender",
        fewest=FEWEST,
        source="the column gender of the catalog",
    ),
}
