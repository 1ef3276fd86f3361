"""The cells of the notebook, alternately text and code; `# GIVEN` is where a run's values go."""

COMMON = {
    "read": (
        "## The predictions",
        """\
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats
from sklearn import metrics

# GIVEN
table = pd.read_csv("predictions.csv", encoding="utf-8-sig", keep_default_na=False, na_values=[""],
                    dtype={name: str for name in ("image_id", "group", "actual", "predicted")})
answers = table[["p_" + name for name in CLASSES]].to_numpy("float64")
known = ~np.isnan(answers).any(axis=1)  # images that could not be read have none
table, answers = table[known].reset_index(drop=True), answers[known]
assert len(table) == N, "these are other predictions than those of the report"
table.head()
""",
    ),
    "intervals": (
        "## How sure the AUC is\n\nWhole patients are drawn again and again, with all their "
        "images: these belong together. How far the AUC swings says of how many independent trials "
        "it is worth; the interval is Wilson's of so many, with Student's factor for the number "
        "of patients, as in the report.",
        """\
groups = pd.factorize(table["group"])[0]
rows_of = [np.flatnonzero(groups == group) for group in range(groups.max() + 1)]
rng, draws = np.random.default_rng(0), []
for _ in range(ROUNDS):  # the report has 1000
    rows = np.concatenate([rows_of[k] for k in rng.integers(len(rows_of), size=len(rows_of))])
    draws.append(measure_area(rows))
area, draws = measure_area(), np.array(draws)[~np.isnan(draws)]

# Patients of the rarer kind, of each class that the AUC is the mean of; a mean over K classes
# swings like a share of K * K / sum(1 / n) patients.
rarer = [min(len(set(groups[truth == state])) for state in (0, 1)) for truth in truths]
rarer = [count for count in rarer if count]
if rarer and len(draws):
    n = len(rarer) ** 2 / sum(1 / count for count in rarer)
    swings = min(rarer) > 1 and np.ptp(draws) > 1e-9
    if swings:
        z = stats.t.ppf(0.975, n - 1)
        trials = area * (1 - area) / (draws.var(ddof=1) * n / (n - 1))
    else:  # as where every patient is right: of so many patients
        z, trials = stats.norm.ppf(0.975), n
    middle = (area + z**2 / (2 * trials)) / (1 + z**2 / trials)
    reach = z * np.sqrt(area * (1 - area) / trials + (z / trials) ** 2 / 4) / (1 + z**2 / trials)
    low, high = max(middle - reach, 0), min(middle + reach, 1)
    if not swings:
        low, high = min(low, *draws), max(high, *draws)
    print(f"AUC {area:.3f}, 95% interval {low:.3f} to {high:.3f}")
""",
    ),
    "curves": (
        "## Learning curves",
        """\
# GIVEN
figure, axes = plt.subplots(1, 2, figsize=(10, 3.5))
scores = ("loss", "accuracy") if "accuracy" in EPOCHS else ("loss", "auc")
for axis, name in zip(axes, scores):
    for key, label, style in ((name, "training", ":"), ("val_" + name, "validation", "-")):
        if key in EPOCHS:
            axis.plot(EPOCHS["epoch"], EPOCHS[key], style, label=label)
    axis.set(xlabel="epoch", ylabel=name)
    axis.legend()
plt.show()
""",
    ),
}

COMPARE = """\
computed = measure()
beside = pd.DataFrame({"computed here": computed, "in the report": REPORT}).loc[list(REPORT)]
beside["difference"] = beside["computed here"] - beside["in the report"].astype(float)
assert not (beside["difference"].abs() > 1e-6).any(), beside
beside
"""

SINGLE = {
    "metrics": (
        "## The metrics, beside those of the report",
        '''\
actual = pd.Categorical(table["actual"], categories=CLASSES).codes.astype(int)
evaluated = [1] if len(CLASSES) == 2 else range(len(CLASSES))  # classes with a curve of their own
truths = [actual == k for k in evaluated]


def of_classes(score, truth, answers):
    """Return the mean of a score over the classes; not a number where one class is missing."""
    each = [
        score(truth == k, answers[:, k]) if 0 < (truth == k).sum() < len(truth) else np.nan
        for k in evaluated
    ]
    return float(np.mean(each))


def predict(scores):
    """Return the most probable class of each image; of two classes the second from 0.5 on."""
    return (scores[:, 1] >= 0.5).astype(int) if len(CLASSES) == 2 else scores.argmax(axis=1)


def rank_area(truth, scores):
    """Return the AUC from the ranks of the scores, many times as fast as scikit-learn."""
    n, m = truth.sum(), len(truth) - truth.sum()
    return (stats.rankdata(scores)[truth].sum() - n * (n + 1) / 2) / (n * m)


def measure_area(rows=slice(None)):
    """Return the AUC of some rows of the table, of all of them by default."""
    return of_classes(rank_area, actual[rows], answers[rows])


def measure(rows=slice(None)):
    """Return the metrics of some rows of the table, of all of them by default."""
    truth, scores = actual[rows], answers[rows]
    predicted = predict(scores)
    present = sorted(set(truth))
    recall = metrics.recall_score(truth, predicted, labels=present, average=None, zero_division=0)
    clipped = np.clip(scores[np.arange(len(truth)), truth], 1e-7, 1 - 1e-7)
    return {
        "accuracy": float((predicted == truth).mean()),
        "balanced_accuracy": float(recall.mean()),
        "auc": of_classes(metrics.roc_auc_score, truth, scores),
        "average_precision": of_classes(metrics.average_precision_score, truth, scores),
        "brier": float(np.square(scores - np.eye(len(CLASSES))[truth]).sum(axis=1).mean() / 2),
        "log_loss": float(-np.log(clipped).mean()),
    }
''',
        "",
        COMPARE,
    ),
    "figures": (
        "## Confusion matrix, ROC, precision and recall, calibration",
        """\
figure, axes = plt.subplots(2, 2, figsize=(11, 9))
metrics.ConfusionMatrixDisplay.from_predictions(
    actual, predict(answers), labels=range(len(CLASSES)), display_labels=CLASSES,
    ax=axes[0, 0], colorbar=False, xticks_rotation=30,
)
for k in evaluated:
    truth, scores = actual == k, answers[:, k]
    if not 0 < truth.sum() < len(truth):
        continue
    false, true, _ = metrics.roc_curve(truth, scores)
    axes[0, 1].plot(false, true, label=f"{CLASSES[k]} ({metrics.auc(false, true):.3f})")
    precision, recall, _ = metrics.precision_recall_curve(truth, scores)
    axes[1, 0].step(recall, precision, where="post", label=CLASSES[k])
    bins = np.minimum((scores * 10).astype(int), 9)
    filled = [b for b in range(10) if (bins == b).any()]
    axes[1, 1].plot([scores[bins == b].mean() for b in filled],
                    [truth[bins == b].mean() for b in filled], "o-", label=CLASSES[k])
for axis, x, y in ((axes[0, 1], "false positive rate", "recall"),
                   (axes[1, 0], "recall", "precision"),
                   (axes[1, 1], "probability that was given", "share that has it")):
    axis.set(xlabel=x, ylabel=y, xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axis.legend(loc="lower right")
for axis in (axes[0, 1], axes[1, 1]):
    axis.plot([0, 1], [0, 1], ":", color="grey")
figure.tight_layout()
plt.show()
""",
    ),
}

SEVERAL = {
    "metrics": (
        "## The metrics, beside those of the report\n\nA finding counts in a mean where some "
        "images show it and some do not; images of which nobody knows it are left out.",
        '''\
labelled = table[["y_" + name for name in CLASSES]].astype("float64").to_numpy()
truths = list(labelled.T)  # not a number where nobody knows


def of_findings(score, rows):
    """Return the score of each finding, not a number where it cannot be computed."""
    each = []
    for k in range(len(CLASSES)):
        known = ~np.isnan(labelled[rows, k])
        truth, scores = labelled[rows, k][known] == 1, answers[rows, k][known]
        each.append(score(truth, scores) if 0 < truth.sum() < len(truth) else np.nan)
    return np.array(each)


def rank_area(truth, scores):
    """Return the AUC from the ranks of the scores, many times as fast as scikit-learn."""
    n, m = truth.sum(), len(truth) - truth.sum()
    return (stats.rankdata(scores)[truth].sum() - n * (n + 1) / 2) / (n * m)


def measure_area(rows=slice(None)):
    """Return the mean AUC of some rows of the table, of all of them by default."""
    return float(np.nanmean(of_findings(rank_area, rows)))


def measure(rows=slice(None)):
    """Return the means over the findings of some rows of the table, of all of them by default."""
    return {
        "auc": float(np.nanmean(of_findings(metrics.roc_auc_score, rows))),
        "average_precision": float(
            np.nanmean(of_findings(metrics.average_precision_score, rows))
        ),
    }
''',
        "",
        COMPARE,
    ),
    "figures": (
        "## Each finding",
        """\
areas = of_findings(metrics.roc_auc_score, slice(None))
called = answers >= np.array(THRESHOLDS)
by_finding = pd.DataFrame({"finding": CLASSES, "AUC": areas, "threshold": THRESHOLDS})
by_finding["images"] = (labelled == 1).sum(axis=0)
by_finding["found"] = ((labelled == 1) & called).sum(axis=0)
by_finding["wrongly called"] = ((labelled == 0) & called).sum(axis=0)
figure, axis = plt.subplots(figsize=(8, 0.4 * len(CLASSES) + 1))
axis.barh(CLASSES, np.nan_to_num(areas))
axis.axvline(0.5, linestyle=":", color="grey")
axis.invert_yaxis()
axis.set(xlabel="AUC", xlim=(0, 1))
plt.show()
by_finding
""",
    ),
}

TRAIN = """\
## Training it again

The script `train.py`, a cell for each of its functions. The first lines say what it needs, and how
its results may differ. The last cell trains once `TRAIN_AGAIN` is set to `True`."""

WRITTEN = """\
TRAIN_AGAIN = False  # True: the images are needed, and as much time as the training took
IMAGE_FOLDER = "the folder of the dataset"

if TRAIN_AGAIN:
    import sys

    sys.argv = ["train.py", "split.csv", IMAGE_FOLDER, "--save", "trained.keras"]
    main()
"""
