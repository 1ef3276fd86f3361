"""The 44 items of CLAIM, in our words, with what a run knows of each.

Source: Tejani AS, Klontzas ME, Gatti AA, et al. Checklist for Artificial Intelligence in Medical
Imaging (CLAIM): 2024 Update. Radiology: Artificial Intelligence 2024;6(4):e240300,
doi:10.1148/ryai.240300.
"""

from xray_core.exports.run.card.item import Item

CITATION = (
    "Tejani AS, Klontzas ME, Gatti AA, et al. Checklist for Artificial Intelligence in Medical "
    "Imaging (CLAIM): 2024 Update. Radiology: Artificial Intelligence 2024;6(4):e240300. "
    "doi:10.1148/ryai.240300"
)

TITLE, INTRODUCTION, DESIGN = "Title and abstract", "Introduction", "Study design"
DATA, REFERENCE, PARTITIONS = "Data", "Reference standard", "Data partitions"
TESTING, MODEL, TRAINING, EVALUATION = "Testing data", "Model", "Training", "Evaluation"
RESULTS, PERFORMANCE = "Results: data", "Results: performance"
DISCUSSION, OTHER = "Discussion", "Other information"

CLAIM = (
    Item("1", TITLE, "Says that it is a study of AI, and of which kind", ("kind",)),
    Item(
        "2",
        TITLE,
        "Abstract: design, methods, results, conclusions",
        ("result",),
        "the abstract itself",
    ),
    Item(
        "3",
        INTRODUCTION,
        "Background; intended use and clinical role",
        ("use",),
        "the medical background",
    ),
    Item("4", INTRODUCTION, "Aims, objectives, hypotheses", ("question",), "the hypothesis"),
    Item("5", DESIGN, "Prospective or retrospective", ("design",)),
    Item("6", DESIGN, "Goal of the study", ("question",), "what the study was made for"),
    Item("7", DATA, "Where the data come from", ("source",)),
    Item(
        "8",
        DATA,
        "Inclusion and exclusion",
        ("eligibility",),
        "how the dataset's authors chose patients",
    ),
    Item("9", DATA, "Preprocessing", ("preprocessing",)),
    Item("10", DATA, "Which part of the data was used", ("selection",)),
    Item("11", DATA, "De-identification", (), "how the dataset's authors removed identities"),
    Item("12", DATA, "How missing data were handled", ("missing",)),
    Item("13", DATA, "How images were acquired", (), "devices, projections, settings"),
    Item(
        "14",
        REFERENCE,
        "How the reference standard was obtained",
        ("labels",),
        "how the dataset's authors labelled the images",
    ),
    Item("15", REFERENCE, "Why this reference standard", (), "the reason"),
    Item("16", REFERENCE, "Who annotated", (), "number and qualification of readers"),
    Item("17", REFERENCE, "How the test set was annotated", (), "whether otherwise than the rest"),
    Item("18", REFERENCE, "Variability between and within readers", (), "agreement of readers"),
    Item("19", PARTITIONS, "How data were assigned to the partitions", ("split", "counts")),
    Item("20", PARTITIONS, "At which level the partitions are disjoint", ("disjoint",)),
    Item("21", TESTING, "Intended sample size", ("size",), "why this size is enough"),
    Item("22", MODEL, "The model in detail", ("model",)),
    Item("23", MODEL, "Software, with versions", ("software",)),
    Item("24", MODEL, "How parameters were initialised", ("weights",)),
    Item("25", TRAINING, "How it was trained", ("training", "augmentation")),
    Item("26", TRAINING, "How the final model was selected", ("chosen",)),
    Item("27", TRAINING, "Ensembling", ("ensemble",)),
    Item("28", EVALUATION, "Metrics", ("metrics",)),
    Item("29", EVALUATION, "Uncertainty and significance", ("uncertainty",)),
    Item("30", EVALUATION, "Robustness or sensitivity", (), "any such analysis, such as seeds"),
    Item("31", EVALUATION, "Explainability", (), "whether heat maps or the like were looked at"),
    Item("32", EVALUATION, "Testing on internal data", ("internal",)),
    Item("33", EVALUATION, "Testing on external data", ("external",)),
    Item("34", EVALUATION, "Registration of a clinical trial", (), "if it was a trial"),
    Item("35", RESULTS, "How many were included and excluded", ("counts", "eligibility")),
    Item(
        "36",
        RESULTS,
        "Who the patients are, in each partition",
        ("people",),
        "clinical characteristics",
    ),
    Item("37", PERFORMANCE, "Performance of the final model", ("performance", "baselines")),
    Item("38", PERFORMANCE, "Diagnostic accuracy and its precision", ("accuracy",)),
    Item("39", PERFORMANCE, "Failures", ("failures",), "examples, and why they failed"),
    Item("40", DISCUSSION, "Limitations", ("limits",)),
    Item("41", DISCUSSION, "What it means for practice", ("use",), "your conclusion"),
    Item("42", OTHER, "Protocol or further technical details", ("protocol",)),
    Item("43", OTHER, "Where software, model and data are", ("availability",)),
    Item("44", OTHER, "Funding", (), "who paid, and their part in it"),
)
