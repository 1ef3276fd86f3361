"""A short round of broken inputs of each kind: read, refused in words or left out, nothing else."""

import os
import signal
import time
from pathlib import Path

import pytest

from benchmarks.fuzz import pool
from benchmarks.fuzz.__main__ import feed_input
from benchmarks.fuzz.kinds import KINDS, make_input
from xray_core.errors import DatasetError

SEED = 1
# Kind -> inputs; the others take seconds to begin with: a browser's page, a network.
N_INPUTS = {
    "images": 60,
    "dicom": 60,
    "tables": 8,
    "annotations": 5,
    "mappings": 4,
    "archives": 40,
    "runs": 8,
    "queue": 10,
}


@pytest.mark.parametrize("name", N_INPUTS)
def test_broken_inputs_are_read_or_refused_in_words(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XRAY_HOME", str(tmp_path / "home"))
    good = tmp_path / name
    good.mkdir()
    KINDS[name].draw(good)
    for index in range(N_INPUTS[name]):
        outcome = pool.feed_here(lambda number: feed_input(name, good, SEED, number), index)

        assert not outcome.is_finding, outcome


def test_an_input_is_made_again_from_its_seed_and_index(tmp_path: Path) -> None:
    KINDS["archives"].draw(tmp_path)

    again = [make_input("archives", tmp_path, SEED, index) for index in (3, 3, 4)]

    assert again[0] == again[1] != again[2]


def misbehave(index: int) -> str:
    """Do what an input of a hostile file may bring about."""
    if index == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    elif index == 2:
        time.sleep(60)
    elif index == 3:
        raise KeyError("x")
    elif index == 4:
        raise DatasetError("It is damaged.")
    return "read"


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")  # of its forks
def test_a_crash_a_hang_and_a_raw_error_are_each_a_finding_and_the_next_input_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool, "PATIENCE", 0.5)

    outcomes = list(pool.run_inputs(misbehave, range(6)))

    assert [outcome.kind for outcome in outcomes] == [
        *("read", "crash", "hang", "KeyError", "DatasetError", "read")
    ]
    assert [outcome.index for outcome in outcomes if outcome.is_finding] == [1, 2, 3]
    assert outcomes[1].place == "SIGKILL"
