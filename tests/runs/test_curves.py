"""The curves of runs: only epochs, read once while a log stays as it is."""

from pathlib import Path

import pytest

from tests.run_files import epoch_line
from xray_core.runs import Run, curves
from xray_core.runs.curves import Curve, read_curve


def test_a_curve_holds_the_epochs_of_a_log(tmp_path: Path) -> None:
    run = Run(tmp_path)
    assert read_curve(run) == Curve()
    run.append_metrics({"kind": "batch", "step": 1, "loss": 1.0, "accuracy": 0.5, "epoch": 1})
    for epoch, accuracy in ((1, 0.6), (2, 0.9)):
        run.append_metrics(epoch_line(epoch, val_accuracy=accuracy, best_epoch=epoch))
    with run.metrics_path.open("a") as log:
        log.write('{"kind": "epoch", "epo')

    curve = read_curve(run)

    assert (curve.epochs, curve.accuracy, curve.selected) == ((1, 2), (0.6, 0.9), 2)
    assert curve.selected_score == 0.9
    assert curve.n == 15


def test_a_selected_epoch_that_the_log_lacks_has_no_accuracy(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.append_metrics(epoch_line(1, best_epoch=7))

    assert read_curve(run).selected_score is None


@pytest.mark.parametrize(
    "content", [b"", b"\xff\n[]\n", b'{"kind": "epoch"}\n', b'{"kind": "epoch']
)
def test_a_damaged_log_is_an_empty_curve(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "metrics.jsonl").write_bytes(content)

    assert read_curve(Run(tmp_path)) == Curve()


def test_a_log_that_is_a_folder_is_an_empty_curve(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").mkdir()

    assert read_curve(Run(tmp_path)) == Curve()


def test_an_unchanged_log_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(tmp_path)
    run.append_metrics(epoch_line(1))
    read: list[Path] = []
    opened = curves.open_plain
    monkeypatch.setattr(curves, "open_plain", lambda path: (read.append(path), opened(path))[1])

    read_curve(run)
    read_curve(run)
    assert len(read) == 1
    run.append_metrics(epoch_line(2))

    assert read_curve(run).epochs == (1, 2)
    assert len(read) == 2
