"""The leaderboard of a dataset and task: its finished runs by their validation set, best first.

Nothing is put in order by a test set. Results that others published stand among the runs, each
with why it cannot be compared with them.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from xray_core.audit.issue import count_of
from xray_core.errors import XrayError
from xray_core.evaluation.board_entry import OUTSIDE, Entry, Score
from xray_core.evaluation.board_published import list_published
from xray_core.recipes.overview import describe_split
from xray_core.runs.index import CLOSED, WATCHED_TEST
from xray_core.splits import SplitSpec
from xray_core.tasks import MASKS, TASKS

BY = ("auc", "balanced_accuracy", "accuracy")  # what a leaderboard can go by
OF_MASKS = ("dice",)  # where the task asks for masks
NO_VALIDATION = "it has no validation set, by which it could be put in order"
NOT_COMPUTED = "this figure cannot be computed on its validation set"
EARLIER_VERSION = (
    "an earlier version evaluated it, without figures of the validation set: `xray evaluate RUN "
    "--columns` adds them"
)
FOR_FINDINGS = ("auc",)  # of several findings


@dataclass(frozen=True)
class Board:
    """A leaderboard.

    Attributes:
        folder: of the dataset, links followed.
        data: what that is called here.
        task: by its name.
        by: one of `BY`.
        entries: best first.
        words: sentences on ties and on what stands in no order with the others.
    """

    folder: str
    data: str
    task: str
    by: str
    entries: tuple[Entry, ...]
    words: tuple[str, ...]


def list_boards(runs: pd.DataFrame) -> list[tuple[str, str, str, int]]:
    """Return folder, name of the data, task and number of finished runs of each leaderboard.

    Args:
        runs: as `index.run_table` returns.

    Returns:
        Those with the newest run first.
    """
    groups = _finished(runs).groupby(["folder", "task"], sort=False)
    return [
        (str(folder), str(rows["data"].iloc[0]), str(task), len(rows))
        for (folder, task), rows in groups
    ]


def choose_figure(task: str, by: str) -> str:
    """Return what a task's leaderboard goes by: `by`, or Dice where the task asks for masks."""
    known = TASKS.get(task)
    return OF_MASKS[0] if known is not None and known.asks == MASKS else by


def build_board(
    runs: pd.DataFrame, folder: str, task: str, by: str = "auc", *, published: bool = True
) -> Board:
    """Return the leaderboard of a dataset and task.

    Args:
        runs: as `index.run_table` returns; others than finished ones of this task are passed over.
        folder: of the dataset, links followed.
        task: by its name.
        by: one of `BY`, or of `OF_MASKS`.
        published: whether published results stand among the runs; of drawn images there is none.
    """
    finished = _finished(runs)
    rows = finished[(finished["folder"] == folder) & (finished["task"] == task)]
    records = [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]
    main = _find_main(records)
    entries = [_enter(row, by, same=_images_of(row) == main) for row in records]
    placed = [entry for entry in entries if not entry.place and entry.validation]
    places = dict(zip([entry.run for entry in placed], find_places(placed), strict=True))
    entries = [replace(entry, place=places.get(entry.run, OUTSIDE)) for entry in entries]
    if published:
        entries += list_published(task, by)
    ordered = sorted(entries, key=lambda entry: -entry.shown)  # stable: the newest first
    data = str(records[0]["data"]) if records else ""
    return Board(folder, data, task, by, tuple(ordered), tuple(_say_ties(ordered)))


def find_places(entries: Sequence[Entry]) -> list[str]:
    """Return the places that the intervals of entries leave open, e.g. "1–3".

    A place is above another where its interval lies wholly above the other's; one that has no
    interval takes its figure for one.
    """
    ends = [_ends(entry.validation) for entry in entries if entry.validation]
    places = []
    for low, high in ends:
        best = 1 + sum(other_low > high for other_low, _ in ends)
        worst = len(ends) - sum(other_high < low for _, other_high in ends)
        places.append(str(best) if best == worst else f"{best}–{worst}")
    return places


def _finished(runs: pd.DataFrame) -> pd.DataFrame:
    return runs[(runs["state"] == "done") & (runs["test_set"] != "") & (runs["task"] != "")]


def _images_of(row: dict[str, Any]) -> tuple[str, Any]:
    return row["validated"], row["val_n"]


def _find_main(rows: Sequence[dict[str, Any]]) -> tuple[str, Any] | None:
    """Return the images on which most runs were validated; of equals those of the newest run."""
    kinds = [_images_of(row) for row in rows if row["val_n"] == row["val_n"]]
    return max(kinds, key=kinds.count) if kinds else None


def _enter(row: dict[str, Any], by: str, *, same: bool) -> Entry:
    validation = _score(row, f"val_{by}", "val_n")
    marks = [row["origin"]] if row["origin"] else []
    outside = ""
    if row["test_set"] == WATCHED_TEST:
        outside = OUTSIDE
        marks.append("it watched the test set as its validation set: its figures are too good")
    elif validation is None:
        outside = OUTSIDE
        marks.append(_say_unknown(row))
    elif not same:
        outside = OUTSIDE
        marks.append("validated on other images than most")
    elif validation.low is None:
        marks.append("no interval")
    return Entry(
        place=outside,
        title=row["nickname"] or row["name"],
        run=row["name"],
        validation=validation,
        test=_score(row, by, "n"),
        test_set=row["test_set"],
        recipe=row["title"],
        split=_describe_images(row["images"]),
        by=row["user"],
        time="" if pd.isna(row["ended_at"]) else row["ended_at"].isoformat(timespec="seconds"),
        marks=tuple(marks),
    )


def _say_unknown(row: dict[str, Any]) -> str:
    """Return why a run has not that figure of its validation set."""
    if not row["validated"]:
        return NO_VALIDATION
    return EARLIER_VERSION if row["val_n"] != row["val_n"] else NOT_COMPUTED


def _score(row: dict[str, Any], name: str, n: str) -> Score | None:
    value = row[name]
    if value != value:
        return None
    known = (row[f"{name}_low"], row[f"{name}_high"], row[n])
    low, high, count = (None if number != number else number for number in known)
    return Score(value, low, high, None if count is None else int(count))


def _ends(score: Score) -> tuple[float, float]:
    if score.low is None or score.high is None:
        return score.value, score.value
    return score.low, score.high


def _describe_images(images: str) -> str:
    """Return how images were divided, in words, from what `index.run_table` says of it."""
    if not images:
        return "as the file says"
    settings, selection = json.loads(images)
    words = ""
    with suppress(XrayError, TypeError, ValueError):  # of another version
        split = SplitSpec(**settings)
        words = describe_split(split).removeprefix("split ")
        words += f", seed {split.seed}" if split.seed else ""
    return words + (", of a selection" if selection else "")


def _say_ties(entries: Sequence[Entry]) -> list[str]:
    """Return which first places the intervals leave open, and how many stand in no order."""
    placed = [entry for entry in entries if entry.place != OUTSIDE]
    first = [entry for entry in placed if entry.place.partition("–")[0] == "1"]
    words = []
    if len(first) > 1:
        words.append(
            f"1–{len(first)}: the intervals overlap, so none of these {len(first)} runs is surely "
            "the best. Compare them on the same patients to see more."
        )
    elif len(placed) > 1:
        words.append(f"{first[0].title} is ahead of all others by more than its interval.")
    others = [entry for entry in entries if entry.place == OUTSIDE and entry.run]
    if others:
        words.append(f"{count_of(len(others), 'run')} without a place: why stands beside each.")
    if closed := [entry for entry in entries if entry.test_set == CLOSED]:
        words.append(f"The test set of {count_of(len(closed), 'run')} is closed.")
    if shown := [entry for entry in entries if not entry.run]:
        words.append(
            f"Among them: {count_of(len(shown), 'published result')}, not to be compared with runs."
        )
    return words
