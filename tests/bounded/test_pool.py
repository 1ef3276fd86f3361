"""Functions that run in child processes: their results, their refusals, their limits."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest

from tests.bounded import trials
from xray_core.bounded import child, map_bounded, pool, run_bounded
from xray_core.errors import CostlyImageError, DatasetError, RunError

HAS_LIMITS = sys.platform == "linux"
limited = pytest.mark.skipif(not HAS_LIMITS, reason="this system keeps no such limits")


@pytest.fixture(autouse=True)
def _callable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let children call what stands in `trials`."""
    pool.close_pool()
    start = pool.START.replace(
        "import main", "import main; import xray_core.bounded.child as c; c.PACKAGE = 'tests.'"
    )
    monkeypatch.setattr(pool, "START", start)


@pytest.fixture(autouse=True)
def _closed() -> object:
    yield
    pool.close_pool()  # these are no children for other tests


def test_plain_values_bytes_and_arrays_go_there_and_back() -> None:
    values = [None, True, 3, 0.25, "é\ud800", b"\x00\xff", {"a": [1, {"b": b""}]}]
    array = np.arange(24, dtype=np.uint16).reshape(2, 3, 4)[:, ::2]

    back = run_bounded(trials.give_back, values, array)

    assert back[0] == values
    assert back[1].dtype == np.uint16
    np.testing.assert_array_equal(back[1], array)


def test_what_is_computed_is_computed_elsewhere_and_in_order() -> None:
    items = [(number,) for number in range(200)]

    results = list(map_bounded(trials.square_and_pid, items))

    assert [square for square, _ in results] == [number**2 for number in range(200)]
    assert os.getpid() not in {pid for _, pid in results}


def test_errors_on_purpose_come_back_and_faults_of_ours_are_shown() -> None:
    with pytest.raises(RunError, match="no such run"):
        run_bounded(trials.refuse, "no such run")
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        run_bounded(trials.fail, 0)
    with pytest.raises(RuntimeError, match="no function from"):
        run_bounded(os.getpid)


@limited
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("loop", "more processor time to decode"),
        ("memory", "950 MB of memory"),
        ("array", "950 MB of memory"),
        ("crash", "brings its decoder down"),
        ("exit", "brings its decoder down"),
    ],
)
def test_what_goes_wrong_costs_one_item(
    kind: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "START", pool.START.replace("; main()", "; c.SECONDS = 1; main()"))
    items = [(name,) for name in ("a", "b", kind, "c", "d")]

    outcomes = list(map_bounded(trials.misbehave, items))

    assert [outcomes[0], outcomes[1], outcomes[3], outcomes[4]] == ["a", "b", "c", "d"]
    assert isinstance(outcomes[2], CostlyImageError)
    assert words in str(outcomes[2])
    assert str(outcomes[2]).startswith(kind)


def test_a_child_that_waits_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "PATIENCE", 0.3)
    monkeypatch.setattr(pool, "TICK", 0.1)

    with pytest.raises(CostlyImageError, match="not decoded within"):
        run_bounded(trials.misbehave, "sleep")


def test_a_child_that_somebody_ends_is_replaced_and_the_item_done() -> None:
    pid = run_bounded(trials.square_and_pid, 1)[1]
    os.kill(pid, signal.SIGKILL)

    assert run_bounded(trials.square_and_pid, 3)[0] == 9


def test_names_mean_the_same_files_and_the_same_may_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("first", "second"):
        (tmp_path / place).mkdir()
        monkeypatch.chdir(tmp_path / place)
        monkeypatch.setenv("XRAY_DATA_ROOTS", place)

        assert run_bounded(trials.look_around) == [str(tmp_path / place), place]

    monkeypatch.delenv("XRAY_DATA_ROOTS")
    assert run_bounded(trials.look_around)[1] is None


def test_no_code_comes_from_the_folder_where_the_data_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "colorsys.py").write_text("raise SystemExit('taken from the data')")
    run_bounded(trials.look_around)  # the child stands there now

    assert run_bounded(trials.import_late, "colorsys") != str(tmp_path / "colorsys.py")


def test_many_threads_share_the_children() -> None:
    with ThreadPoolExecutor(12) as threads:
        pids = set(threads.map(lambda n: run_bounded(trials.square_and_pid, n)[1], range(60)))

    assert 1 <= len(pids) <= pool.N_CHILDREN


def test_children_end_with_idleness_and_with_their_parent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(pool, "IDLE", 0.2)
    monkeypatch.setattr(pool, "TICK", 0.1)
    pid = run_bounded(trials.square_and_pid, 1)[1]
    script = (
        "from xray_core.bounded import run_bounded, pool; import os, sys;"
        f"pool.START = {pool.START!r};"
        "from tests.bounded import trials;"
        "print(run_bounded(trials.square_and_pid, 1)[1], flush=True); os.kill(os.getpid(), 9)"
    )
    orphan = int(
        subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=False).stdout
    )

    for number in (pid, orphan):
        for _ in range(100):
            if not psutil.pid_exists(number):
                break
            time.sleep(0.05)
        assert not psutil.pid_exists(number)


def test_taking_no_more_results_leaves_the_rest_undone(tmp_path: Path) -> None:
    items = [(str(tmp_path / str(number)),) for number in range(1000)]

    for outcome in map_bounded(trials.touch, items):
        assert outcome is None
        break

    assert len(list(tmp_path.iterdir())) < 500


def test_a_system_that_starts_no_process_is_said_once_and_no_image_is_blamed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool, "START", "raise ImportError('no module named numpy')")

    with pytest.raises(DatasetError, match="no module named numpy"):
        list(map_bounded(trials.misbehave, [("a",), ("b",)]))


def test_a_forked_process_has_children_of_its_own() -> None:
    if not hasattr(os, "fork"):
        pytest.skip("this system does not fork")
    before = run_bounded(trials.square_and_pid, 1)[1]
    read, write = os.pipe()
    if (forked := os.fork()) == 0:
        os.write(write, str(run_bounded(trials.square_and_pid, 2)).encode())
        os._exit(0)
    os.waitpid(forked, 0)
    answer = os.read(read, 100).decode()
    os.close(read)
    os.close(write)

    assert answer.startswith("[4, ")
    assert answer != f"[4, {before}]"
    assert run_bounded(trials.square_and_pid, 3)[0] == 9


def test_within_a_child_functions_are_called_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "is_child", True)

    assert run_bounded(trials.square_and_pid, 2)[1] == os.getpid()
    assert [pid for _, pid in map_bounded(trials.square_and_pid, [(1,), (2,)])] == [os.getpid()] * 2
