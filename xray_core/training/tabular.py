"""Tabular features as numbers for a network: standardised, missing values handled, no Keras.

What is subtracted and divided by is fitted on the training set alone and kept with the run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.catalog import COLUMNS
from xray_core.errors import RecipeError, RunError
from xray_core.files import read_json
from xray_core.runs import Run

FILE = "tabular.json"  # in the run folder
NUMBER, WORD, MISSING = "number", "word", "missing"


@dataclass(frozen=True)
class Feature:
    """One number that the network is given: (value - mean) * scale, and 0 where there is none.

    Attributes:
        column: of the catalog.
        kind: "number": the value itself; "word": 1 where the column says `word`, else 0;
            "missing": 1 where the column says nothing that was known in training, else 0.
        word: of the kind "word", else "".
        mean: what an average training image has: of the known values of a number, of the share of
            a word; 0 of "missing".
        scale: 1 / standard deviation of a number, otherwise 1; 0 of whatever is the same for all
            training images, as its weights in the network would stay at random.
    """

    column: str
    kind: str
    word: str = ""
    mean: float = 0.0
    scale: float = 0.0


@dataclass(frozen=True)
class TabularFeatures:
    """The features of some columns, in the order in which a network takes them; plain data."""

    features: tuple[Feature, ...]

    @property
    def columns(self) -> list[str]:
        """The names of the columns, in order."""
        return list(dict.fromkeys(feature.column for feature in self.features))

    def words(self, column: str) -> list[str]:
        """Return the words of a column that were known in training; none of a number."""
        own = [feature for feature in self.features if feature.column == column]
        return [feature.word for feature in own if feature.kind == WORD]

    def encode(self, images: pd.DataFrame) -> NDArray[np.float32]:
        """Return the features of `images`: float32, shape (n, n_features), finite.

        Args:
            images: with `columns`, as a catalog has them. Infinite numbers, and words that no
                training image has, count as missing.
        """
        values = [self._encode_one(feature, images[feature.column]) for feature in self.features]
        return np.stack(values, axis=1).astype("float32")

    def _encode_one(self, feature: Feature, column: pd.Series) -> NDArray[np.float64]:
        values = _read_values(feature, column, self.words(feature.column))
        return np.nan_to_num((values - feature.mean) * feature.scale, nan=0.0)


def fit_columns(training: pd.DataFrame, columns: Sequence[str]) -> TabularFeatures:
    """Return how `columns` become numbers, from the images of the training set alone.

    Args:
        training: rows of `Catalog.images`, at least one; no image of another subset.
        columns: of `catalog.TABULAR`; each number becomes two features, each word one for
            every word in use, and one more.
    """
    features = []
    for name in columns:
        column = training[name]
        words = sorted(column.dropna().unique()) if COLUMNS[name] == "string" else []
        asked = [Feature(name, WORD, str(word)) for word in words]
        if COLUMNS[name] != "string":
            asked = [Feature(name, NUMBER)]
        for feature in (*asked, Feature(name, MISSING)):
            features.append(_fit_one(feature, _read_values(feature, column, words)))
    return TabularFeatures(tuple(features))


def _fit_one(feature: Feature, values: NDArray[np.float64]) -> Feature:
    known = values[~np.isnan(values)]
    if not len(known) or np.ptp(known) == 0:
        mean, scale = (float(known[0]) if len(known) else 0.0), 0.0
    elif feature.kind == NUMBER:
        mean, scale = float(known.mean()), 1 / float(known.std())
    else:
        mean, scale = (float(known.mean()) if feature.kind == WORD else 0.0), 1.0
    return Feature(feature.column, feature.kind, feature.word, mean, scale)


def _read_values(feature: Feature, column: pd.Series, words: Sequence[str]) -> NDArray[np.float64]:
    """Return the feature before it is standardised, shape (n,); NaN where it is missing."""
    if COLUMNS[feature.column] == "string":
        known = column.isin(words).to_numpy(bool)
        values = np.where(known, (column == feature.word).fillna(False).to_numpy(bool), np.nan)
    else:
        values = column.to_numpy("float64", na_value=np.nan)
        known = np.isfinite(values)
        values = np.where(known, values, np.nan)
    return (~known).astype("float64") if feature.kind == MISSING else values


def typical_length(columns: Sequence[str]) -> int:
    """Return how many features `columns` are likely to become, before any data is read.

    Two words each, as gender and view have in most datasets.
    """
    return sum(3 if COLUMNS[name] == "string" else 2 for name in columns)


def write_columns(run: Run, columns: TabularFeatures) -> None:
    """Keep the fitted columns in the run folder."""
    run.write_json(FILE, asdict(columns))


def read_columns(run: Run) -> TabularFeatures:
    """Return the columns that a run was trained with.

    Raises:
        RunError: there are none, or the file is damaged.
    """
    path = run.folder / FILE
    try:
        content = read_json(path)
        return TabularFeatures(tuple(Feature(**feature) for feature in content["features"]))
    except FileNotFoundError as error:
        raise RunError(f"Run {run.name} has no {FILE} (yet).") from error
    except (ValueError, KeyError, TypeError) as error:
        raise RunError(f"{path} is damaged: {error}. Restart the run.") from error


def table_of(columns: TabularFeatures, given: Mapping[str, str]) -> pd.DataFrame:
    """Return one row for an image of which `given` is known; what is not given is missing.

    Raises:
        RecipeError: a column that the network does not take, no number, or an unknown word.
    """
    row: dict[str, Any] = dict.fromkeys(columns.columns, pd.NA)
    for name, text in given.items():
        if name not in row:
            raise RecipeError(
                f"The network does not take {name!r} beside the image. "
                f"It takes: {', '.join(row) or 'nothing'}."
            )
        row[name] = _parse(name, text, columns.words(name))
    table = pd.DataFrame([row])
    return table.astype({name: COLUMNS[name] for name in row})


def _parse(name: str, text: str, words: Sequence[str]) -> Any:
    if COLUMNS[name] == "string":
        if text not in words:
            raise RecipeError(
                f"{name} is {text!r}, which no training image has. Choose one of: "
                f"{', '.join(words)}; or leave it out."
            )
        return text
    try:
        number = float(text)
    except ValueError as error:
        raise RecipeError(f"{name} is {text!r}; it takes a number.") from error
    if not np.isfinite(number) or (COLUMNS[name] == "Int64" and number != int(number)):
        kind = "a whole number" if COLUMNS[name] == "Int64" else "a number"
        raise RecipeError(f"{name} is {text!r}; it takes {kind}.")
    return number
