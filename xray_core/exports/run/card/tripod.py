"""The 27 items of TRIPOD+AI with their parts, in our words, with what a run knows of each.

Source: Collins GS, Moons KGM, Dhiman P, et al. TRIPOD+AI statement: updated guidance for reporting
clinical prediction models that use regression or machine learning methods. BMJ 2024;385:e078378,
doi:10.1136/bmj-2023-078378.
"""

from xray_core.exports.run.card.item import Item

CITATION = (
    "Collins GS, Moons KGM, Dhiman P, et al. TRIPOD+AI statement: updated guidance for reporting "
    "clinical prediction models that use regression or machine learning methods. BMJ "
    "2024;385:e078378. doi:10.1136/bmj-2023-078378"
)

TITLE, ABSTRACT, INTRODUCTION, METHODS = "Title", "Abstract", "Introduction", "Methods"
OPEN, PUBLIC, RESULTS = "Open science", "Patient and public involvement", "Results"
DISCUSSION = "Discussion"

TRIPOD = (
    Item(
        "1",
        TITLE,
        "Develops or evaluates a prediction model, of whom and of what",
        ("kind", "question"),
        "the population",
    ),
    Item("2", ABSTRACT, "By TRIPOD+AI for abstracts", ("result",), "the abstract itself"),
    Item(
        "3a",
        INTRODUCTION,
        "Medical context, and why this model",
        ("use",),
        "the context, and earlier models",
    ),
    Item("3b", INTRODUCTION, "For whom, and by whom it is to be used", ("use",)),
    Item("3c", INTRODUCTION, "Known inequalities in health", (), "between which groups"),
    Item("4", INTRODUCTION, "Objectives", ("question",), "the hypothesis"),
    Item(
        "5a",
        METHODS,
        "Sources of the data, and whom they stand for",
        ("source", "design"),
        "how far they stand for other patients",
    ),
    Item("5b", METHODS, "Dates of the data", (), "first and last date of the images"),
    Item("6a", METHODS, "Setting, number and place of centres", (), "from the dataset's authors"),
    Item(
        "6b",
        METHODS,
        "Who could be included",
        ("eligibility",),
        "how the dataset's authors chose patients",
    ),
    Item("6c", METHODS, "Treatments", (), "if they matter"),
    Item(
        "7",
        METHODS,
        "Preparation and checks of the data",
        ("preprocessing",),
        "whether it was alike in all groups of patients",
    ),
    Item(
        "8a",
        METHODS,
        "The outcome, how and when it was assessed",
        ("labels",),
        "how the dataset's authors labelled the images",
    ),
    Item("8b", METHODS, "Who assessed the outcome", (), "number and qualification of readers"),
    Item("8c", METHODS, "Blinding of that", (), "what readers knew"),
    Item("9a", METHODS, "Which predictors were begun with", ("predictors",)),
    Item(
        "9b",
        METHODS,
        "All predictors, how and when measured",
        ("predictors",),
        "devices, projections, settings",
    ),
    Item("9c", METHODS, "Who assessed predictors that need a reader", ("readers",)),
    Item("10", METHODS, "Size of the study", ("size",), "why this size is enough"),
    Item("11", METHODS, "Missing data", ("missing",)),
    Item("12a", METHODS, "How the data were used and divided", ("split", "counts")),
    Item("12b", METHODS, "How predictors were transformed", ("preprocessing", "augmentation")),
    Item(
        "12c",
        METHODS,
        "Kind of model, how it was built, tuned and validated",
        ("model", "training", "chosen"),
        "which other settings were tried",
    ),
    Item("12d", METHODS, "Differences between clusters, such as hospitals", ("external",)),
    Item("12e", METHODS, "Measures of performance", ("metrics", "uncertainty")),
    Item("12f", METHODS, "Updating of the model after evaluation", ("updating",)),
    Item("12g", METHODS, "How predictions were computed for the evaluation", ("internal",)),
    Item("13", METHODS, "Class imbalance", ("imbalance",)),
    Item("14", METHODS, "Fairness", (), "whether groups of patients were compared"),
    Item("15", METHODS, "What the model returns, and thresholds", ("output",)),
    Item("16", METHODS, "Differences between training and evaluation data", ("split",)),
    Item("17", METHODS, "Ethical approval", (), "committee and consent, of the dataset"),
    Item("18a", OPEN, "Funding", (), "who paid, and their part in it"),
    Item("18b", OPEN, "Conflicts of interest", (), "of every author"),
    Item("18c", OPEN, "Protocol", (), "where it is, or that there was none"),
    Item("18d", OPEN, "Registration", (), "where, or that it was not registered"),
    Item("18e", OPEN, "Data", ("source",)),
    Item("18f", OPEN, "Code", ("availability",)),
    Item("19", PUBLIC, "Part that patients and the public had", (), "or that they had none"),
    Item(
        "20a",
        RESULTS,
        "Flow of participants, with and without the outcome",
        ("counts", "eligibility"),
    ),
    Item(
        "20b", RESULTS, "Characteristics of participants", ("people",), "clinical characteristics"
    ),
    Item("20c", RESULTS, "Evaluation data beside the training data", ("counts", "people")),
    Item("21", RESULTS, "Participants and outcomes in each analysis", ("counts",)),
    Item("22", RESULTS, "The full model, so that others can use it", ("protocol",)),
    Item(
        "23a",
        RESULTS,
        "Performance with confidence intervals",
        ("performance", "baselines"),
        "in groups of patients",
    ),
    Item("23b", RESULTS, "Differences of performance between clusters", ("external",)),
    Item("24", RESULTS, "Results of updating", ("updating",)),
    Item("25", DISCUSSION, "Interpretation", ("result",), "your interpretation, with fairness"),
    Item("26", DISCUSSION, "Limitations", ("limits",)),
    Item(
        "27a",
        DISCUSSION,
        "Input of poor quality, or missing",
        ("missing",),
        "what a user should do then",
    ),
    Item("27b", DISCUSSION, "What users must do and know", ("use",)),
    Item("27c", DISCUSSION, "Next steps", (), "what should be studied next"),
)
