"""The pieces of a script in which one class an image and several at once differ."""

# Name in `template.SCRIPT` -> the text of a script with one class an image.
SINGLE = {
    "columns": """\
# split.csv has a row for each image, with the columns path (inside IMAGE_FOLDER), label, and
# subset: training, validation or test. A run of X-ray Lab has used its split.parquet, which becomes
# such a file with pandas and pyarrow:
#   split = pandas.read_parquet("split.parquet").rename(columns={"class": "label"})
#   split[["path", "label", "subset"]].to_csv("split.csv", index=False)
""",
    "order": "# In the order of the outputs; if there are none here, the labels in split.csv.",
    "targets": 'self.targets = np.eye(n_classes, dtype="float32")[actual]',
    "actual": 'np.array([classes.index(label) for label in rows["label"]], dtype=int)',
    "losses": "",
    "metrics": '["accuracy", keras.metrics.CategoricalCrossentropy("entropy")]',
    "result": '''\
def show_result(actual: np.ndarray, scores: np.ndarray, classes: list[str], subset: str) -> None:
    """Print accuracy, AUC and confusion matrix."""
    areas = [area_under_roc(actual == k, scores[:, k]) for k in range(len(classes))]
    area = areas[1] if len(classes) == 2 else np.mean(areas)
    confusion = np.zeros((len(classes), len(classes)), int)
    # Of two classes the second from 0.5 on.
    predicted = (scores[:, 1] >= 0.5).astype(int) if len(classes) == 2 else scores.argmax(axis=1)
    np.add.at(confusion, (actual, predicted), 1)
    print(f"{subset}: {len(actual)} images")
    print(f"accuracy {np.mean(predicted == actual):.4f}")
    print(f"AUC {area:.4f}" + ("" if len(classes) == 2 else " (mean of one against the others)"))
    print("confusion matrix, rows true, columns predicted:")
    print(pd.DataFrame(confusion, index=classes, columns=classes).to_string())
''',
    "help": "CSV with the columns path, label, subset",
    "check": """\
    if absent := sorted({"path", "label", "subset"} - set(table)):
        raise SystemExit(f"{options.table} has no column {absent}.")
    classes = CLASSES or sorted(table["label"].unique())
    if unknown := sorted(set(table["label"]) - set(classes)):
        raise SystemExit(f"Labels that are no classes: {unknown}. The classes are: {classes}.")
    if absent := sorted(set(classes) - set(table.loc[table["subset"] == "training", "label"])):
        raise SystemExit(f"No image of these classes is in the training set: {absent}.")
""",
    "show": "    show_result(evaluated.actual, scores, classes, subset)\n",
}

# Likewise of a script with several classes at once; $gamma and $smoothing are filled in.
SEVERAL = {
    "columns": """\
# split.csv has a row for each image, with the columns path (inside IMAGE_FOLDER), subset: training,
# validation or test, and y_NAME for each finding: 1 present, 0 absent, empty where it is unknown. A
# run of X-ray Lab has used its split.parquet, which becomes such a file with pandas and pyarrow:
#   pandas.read_parquet("split.parquet").to_csv("split.csv", index=False)
""",
    "order": "# In the order of the outputs; if there are none here, the columns y_NAME.",
    "targets": 'self.targets = actual.astype("float32")  # 1, 0, or -1 where it is unknown',
    "actual": 'rows[[f"y_{name}" for name in classes]].to_numpy(int)',
    "losses": '''\
def split_states(targets: Any, scores: Any) -> tuple[Any, Any, Any]:
    """Return what is known, what is present and absent of it, and the probabilities of both."""
    known = ops.cast(targets >= 0, "float32")
    states = ops.stack([known * targets, known * (1 - targets)], axis=-1)
    scores = ops.clip(scores, 1e-7, 1 - 1e-7)
    return known, states, ops.stack([scores, 1 - scores], axis=-1)


def share_right(targets: Any, scores: Any) -> Any:
    """Return the share of each image's known findings that are right at 0.5."""
    known, states, p = split_states(targets, scores)
    right = states * ops.cast(p >= 0.5, "float32")
    return ops.sum(right, axis=(1, 2)) / ops.sum(known, axis=1)


def entropy(targets: Any, scores: Any) -> Any:
    """Return the plain cross-entropy of each image, over the findings that are known."""
    known, states, p = split_states(targets, scores)
    return -ops.sum(states * ops.log(p), axis=(1, 2)) / ops.sum(known, axis=1)


class FindingsLoss(keras.losses.Loss):
    """Cross-entropy over the findings that are known, each state by its weight."""

    def __init__(self, weights: np.ndarray) -> None:
        super().__init__()
        self.weights = weights

    def call(self, targets: Any, scores: Any) -> Any:
        known, states, p = split_states(targets, scores)
        states = states * self.weights
        states = (1 - $smoothing) * states + $smoothing * ops.sum(states, axis=2, keepdims=True) / 2
        costs = -states * ops.log(p) * (1 - p) ** $gamma
        return ops.sum(costs, axis=(1, 2)) / ops.sum(known, axis=1)


''',
    "metrics": """\
[
            keras.metrics.MeanMetricWrapper(share_right, name="accuracy"),
            keras.metrics.MeanMetricWrapper(entropy, name="entropy"),
        ]""",
    "result": '''\
def choose_threshold(is_present: np.ndarray, scores: np.ndarray) -> float:
    """Return where true positive rate less false positive rate is greatest (Youden)."""
    if is_present.all() or not is_present.any():
        return 0.5
    levels = np.unique(scores)[::-1]
    gains = [
        (scores[is_present] >= level).mean() - (scores[~is_present] >= level).mean()
        for level in levels
    ]
    return float(levels[int(np.argmax(gains))])


def show_result(
    validation: Images,
    at_validation: np.ndarray,
    evaluated: Images,
    scores: np.ndarray,
    classes: list[str],
    subset: str,
) -> None:
    """Print AUC, and recall and specificity at a threshold that validation chose."""
    print(f"{subset}: {len(scores)} images")
    areas = []
    for k, name in enumerate(classes):
        known = validation.actual[:, k] >= 0
        limit = choose_threshold(validation.actual[known, k] == 1, at_validation[known, k])
        known = evaluated.actual[:, k] >= 0
        is_present, score = evaluated.actual[known, k] == 1, scores[known, k]
        areas.append(area_under_roc(is_present, score))
        recall, specificity = (
            f"{share.mean():.4f}" if len(share) else "none"
            for share in (score[is_present] >= limit, score[~is_present] < limit)
        )
        print(
            f"{name}: present {is_present.sum()} of {known.sum()}, AUC {areas[-1]:.4f}, "
            f"recall {recall}, specificity {specificity} at {limit:.4f}"
        )
    there = [area for area in areas if not np.isnan(area)]
    print(f"mean AUC {np.mean(there):.4f}" if there else "mean AUC none")
''',
    "help": "CSV with the columns path, subset, y_NAME",
    "check": """\
    classes = CLASSES or [name[2:] for name in table if name.startswith("y_")]
    columns = [f"y_{name}" for name in classes]
    if absent := sorted({"path", "subset", *columns} - set(table)):
        raise SystemExit(f"{options.table} has no column {absent}.")
    if not classes:
        raise SystemExit(f"{options.table} has no column y_NAME.")
    table[columns] = table[columns].apply(pd.to_numeric).fillna(-1)
    table = table[(table[columns] >= 0).any(axis=1)]
    learnt = table[table["subset"] == "training"]
    if absent := [name for name in classes if not (learnt[f"y_{name}"] == 1).any()]:
        raise SystemExit(f"No image of the training set shows these findings: {absent}.")
""",
    "show": """\
    at_validation = model.predict(validation, verbose=0)
    show_result(validation, at_validation, evaluated, scores, classes, subset)
""",
}
