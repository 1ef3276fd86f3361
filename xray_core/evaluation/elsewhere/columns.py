"""Which column of a table of predictions is what: image, subset, probability of a class, answer."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from xray_core.errors import RunError
from xray_core.evaluation.elsewhere.images import ImageNames
from xray_core.tables.cells import parse_subset
from xray_core.tasks.class_names import match_names, plain_name

# What stands before the name of a class in a header, as in "p_opacity" or "probability of opacity".
BEFORE = re.compile(
    r"^(y )?(p|pr|prob|probs|proba|probability|pred|preds|prediction|score|softmax|sigmoid|output)"
    r"( (of|for))? (?=\S)"
)
BEHIND = re.compile(r"(?<=\S) (p|prob|proba|probability|score|pred|prediction)$")
# Headers of one column of probabilities that name no class.
UNNAMED_SCORE = frozenset(
    ("p", "prob", "probs", "proba", "probability", "probabilities", "score", "scores", "output")
    + ("pred", "preds", "prediction", "predictions", "predicted", "y pred", "y prob", "y proba")
    + ("y score", "y hat", "sigmoid", "positive", "p positive")
)
# Headers of a column of answers, which are classes; those of what is true are never taken for one.
ANSWER = frozenset(
    ("predicted", "prediction", "predictions", "pred", "predicted class", "predicted label")
    + ("pred class", "pred label", "y pred", "answer", "label", "class")
)
SUBSET = frozenset(("subset", "split", "set", "partition", "fold", "data split"))
SAMPLE = 200  # cells that tell whether a column names images
SHOWN = 3  # names that a message repeats


@dataclass(frozen=True)
class Columns:
    """What the columns of a table are.

    Attributes:
        image: that of the images.
        probability: class -> the column of its probability; with two classes maybe of one alone.
        answer: that of the predicted class, where there are no probabilities; else "".
        subset: that of the subsets; "" for none.
        remarks: sentences on what was assumed.
    """

    image: str
    probability: Mapping[str, str] = field(default_factory=dict)
    answer: str = ""
    subset: str = ""
    remarks: tuple[str, ...] = ()


def find_columns(
    rows: pd.DataFrame,
    names: ImageNames,
    classes: Sequence[str],
    by_hand: Mapping[str, str],
    subset: str = "",
    *,
    multilabel: bool = False,
) -> Columns:
    """Return what the columns are.

    Args:
        rows: as `tables.sheet.read_sheet` returns them.
        names: of the dataset's images.
        classes: of the task, in their order; with two, the second is the positive one.
        by_hand: column -> class, instead of what the headers say.
        subset: the column of subsets; "" to look for one.
        multilabel: whether an image may have several classes.

    Raises:
        RunError: no column names images, or the classes have no columns; the message names those
            that are there.
    """
    image = _find_image(rows, names)
    rest = [name for name in rows.columns if name != image]
    if subset and subset not in rest:
        raise RunError(f"There is no column {subset!r}. The columns are: {_list(rows.columns)}.")
    subset = subset or next((name for name in rest if _holds_subsets(rows[name], name)), "")
    rest = [name for name in rest if name != subset]
    probability = _find_probabilities(rest, classes, by_hand, multilabel=multilabel)
    two = len(classes) == 2 and not multilabel
    remarks: tuple[str, ...] = ()
    if two and not probability:
        probability, remarks = _find_score(rows, rest, classes)
    if set(probability) == set(classes) or (two and probability):
        return Columns(image, probability, "", subset, remarks)
    if not probability and not multilabel and (answer := _find_answer(rows, rest, classes)):
        return Columns(image, {}, answer, subset)
    missing = [name for name in classes if name not in probability]
    raise RunError(
        f"No column is the probability of {_list(missing)}. The columns are: "
        f"{_list(rows.columns)}; the classes of the task: {_list(classes)}. Call each column as "
        "its class, or say which is which, COLUMN=CLASS for each."
    )


def _find_image(rows: pd.DataFrame, names: ImageNames) -> str:
    """Return the column most cells of which name images, the leftmost of several."""
    shares = {}
    for column in rows.columns:
        sample = rows[column].dropna().drop_duplicates().head(SAMPLE).tolist()
        shares[column] = len(names.find_ids(sample)) / max(len(sample), 1)
    best = max(shares, key=lambda column: shares[column])
    if shares[best]:
        return best
    # The first rows may all be of images that are not here.
    for column in rows.columns:
        cells = rows[column].dropna()
        if pd.to_numeric(cells, errors="coerce").isna().any() and names.find_ids(cells):
            return str(column)
    shown = rows.iloc[:SHOWN, 0].fillna("").tolist()
    raise RunError(
        f"No column names images of the dataset, neither by id nor by file name or path; the first "
        f"begins with {_list(shown)}. Choose the dataset that was predicted, or add such a column."
    )


def _holds_subsets(cells: pd.Series, name: str) -> bool:
    known = cells.dropna().unique()
    return plain_name(name) in SUBSET and len(known) > 0 and all(map(parse_subset, known))


def _find_probabilities(
    columns: Sequence[str],
    classes: Sequence[str],
    by_hand: Mapping[str, str],
    *,
    multilabel: bool,
) -> dict[str, str]:
    """Return class -> column, by the headers and by what was said."""
    said: dict[str, str] = {}
    for written, meant in by_hand.items():
        said[_resolve(meant, classes)] = _resolve(written, columns)
    rest = [column for column in columns if column not in said.values()]
    wanted = [name for name in classes if name not in said]
    bare = {column: _strip(column, wanted) for column in rest}
    matched = match_names(list(dict.fromkeys(bare.values())), wanted, multilabel=multilabel)
    of_class: dict[str, list[str]] = {}
    for column, name in bare.items():
        if name in matched:
            of_class.setdefault(matched[name][0], []).append(column)
    for name, several in of_class.items():
        if len(several) > 1:
            marked = [column for column in several if bare[column] != plain_name(column)]
            if len(marked) != 1:
                raise RunError(
                    f"Several columns may be the probability of {name}: {_list(several)}. Leave "
                    "all but one out, or say which it is, COLUMN=CLASS."
                )
            of_class[name] = marked
    return said | {name: several[0] for name, several in of_class.items()}


def _resolve(written: str, choices: Sequence[str]) -> str:
    near = [name for name in choices if name == written] or [
        name for name in choices if plain_name(name) == plain_name(written)
    ]
    if len(near) != 1:
        raise RunError(f"There is no {written!r}. Choose of: {_list(choices)}.")
    return near[0]


def _strip(column: str, classes: Sequence[str]) -> str:
    """Return a header as a class may be called: without "p_" and the like around it."""
    plain = plain_name(column)
    if plain in map(plain_name, classes):
        return plain
    return BEHIND.sub("", BEFORE.sub("", plain))


def _find_score(
    rows: pd.DataFrame, columns: Sequence[str], classes: Sequence[str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the one column of probabilities that names no class, of the positive one."""
    scores = [
        name for name in columns if plain_name(name) in UNNAMED_SCORE and _are_numbers(rows[name])
    ]
    if len(scores) != 1:
        return {}, ()
    return {classes[1]: scores[0]}, (
        f"The column {scores[0]!r} names no class: it is taken for the probability of "
        f"{classes[1]}.",
    )


def _find_answer(rows: pd.DataFrame, columns: Sequence[str], classes: Sequence[str]) -> str:
    """Return the column of predicted classes; "" if there is none, or it cannot be told which."""
    for column in columns:
        known = [str(cell) for cell in rows[column].dropna().unique()]
        named = plain_name(column) in ANSWER and len(known) <= 2 * len(classes)
        if named and known and len(match_names(known, classes)) == len(known):
            return column
    return ""


def _are_numbers(cells: pd.Series) -> bool:
    known = cells.dropna().head(SAMPLE).str.rstrip("% ").str.replace(",", ".")
    return bool(len(known)) and bool(pd.to_numeric(known, errors="coerce").notna().any())


def _list(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))
