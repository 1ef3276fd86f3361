"""When runs that wait will start: only what follows from what runs now."""

import pandas as pd
import pytest

from xray_core.jobs import QueueSettings, estimate_starts


@pytest.fixture
def queue() -> pd.DataFrame:
    """Two runs that were started, three that wait, one that is paused."""
    return pd.DataFrame(
        {
            "run": ["a", "b", "second", "first", "third", "paused"],
            "state": ["started"] * 2 + ["queued"] * 4,
            "position": pd.array([None, None, 2, 1, 3, None], dtype="Int64"),
        }
    )


def test_each_run_takes_the_place_of_one_that_ends(queue: pd.DataFrame) -> None:
    starts = estimate_starts(queue, QueueSettings(), {"a": 90.0, "b": 30.0})

    assert starts == {"first": 30.0, "second": 90.0}


@pytest.mark.parametrize(
    ("settings", "lefts"),
    [
        (QueueSettings(paused=True), {"a": 90.0, "b": 30.0}),
        (QueueSettings(per_user=1), {"a": 90.0, "b": 30.0}),
        (QueueSettings(), {"a": 90.0, "b": None}),
        (QueueSettings(), {"a": 90.0}),
    ],
)
def test_nothing_is_said_where_nobody_can_know(
    settings: QueueSettings, lefts: dict[str, float | None], queue: pd.DataFrame
) -> None:
    assert estimate_starts(queue, settings, lefts) == {}
