"""Predictions on files of the user: the same as in training, and no file stops the others."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.training.tiny import Finished
from xray_core import cli
from xray_core.cli.threshold import describe_kept
from xray_core.errors import RunError
from xray_core.evaluation import report_run
from xray_core.evaluation.thresholds import KeptThreshold, read_threshold, write_threshold
from xray_core.evaluation.thresholds.guarantee import read_guaranteed
from xray_core.explain.predict_files import predict_images
from xray_core.runs import Run, Status
from xray_core.runs.opening import OPENED


def test_a_test_image_gets_the_probabilities_of_the_runs_own_table(finished: Finished) -> None:
    own = finished.run.read_predictions().dropna().set_index("image_id").iloc[:3]
    paths = finished.run.read_split().set_index("image_id")["path"]

    table = predict_images(finished.run, [finished.data / paths[name] for name in own.index])

    columns = ["p_no opacity", "p_opacity"]
    np.testing.assert_allclose(table[columns], own[columns], atol=1e-5)
    assert table["predicted"].tolist() == own["predicted"].tolist()
    assert table["error"].isna().all()


def test_files_that_are_no_image_are_named_with_the_reason_and_the_others_predicted(
    finished: Finished, tmp_path: Path
) -> None:
    split = finished.run.read_split().set_index("image_id")
    whole = finished.data / split["path"].drop(finished.broken).iloc[0]
    truncated = finished.data / split.loc[finished.broken, "path"]
    (tmp_path / "text.jpg").write_text("no image")
    paths = [truncated, tmp_path / "text.jpg", tmp_path / "gone.png", whole, tmp_path]

    table = predict_images(finished.run, paths)

    assert table["path"].tolist() == [str(path) for path in paths]
    assert table["predicted"].notna().tolist() == [False, False, False, True, False]
    assert table["error"].isna().tolist() == [False, False, False, True, False]
    for path, reason in zip(table["path"], table["error"], strict=True):
        assert path == str(whole) or Path(path).name in reason
    assert re.search(r"truncated|incomplete|damaged|cut", table["error"][0])
    assert table["p_opacity"].isna().tolist() == [True, True, True, False, True]


def test_a_run_without_a_finished_epoch_has_nothing_to_predict_with(tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    run.write_status(Status("stopped"))

    with pytest.raises(RunError, match="run has no finished epoch to predict with"):
        predict_images(run, [])


def test_a_kept_threshold_decides_the_answer_and_is_named(
    finished: Finished, tmp_path: Path
) -> None:
    shutil.copytree(finished.run.folder, tmp_path / "runs" / "copy")
    run = Run(tmp_path / "runs" / "copy")
    own = run.read_predictions().dropna()
    # Halfway between two images: one is called, the other is not, whatever is more probable.
    low, high = own["p_opacity"].min(), own["p_opacity"].max()
    images = own.set_index("p_opacity")["image_id"]
    paths = run.read_split().set_index("image_id")["path"]
    files = [finished.data / paths[images[p]] for p in (low, high)]

    def answers(threshold: float) -> list[str]:
        write_threshold(run, KeptThreshold(threshold, "by hand", words="Set by hand.", by="ann"))
        table = predict_images(run, files)
        assert table["threshold"].tolist() == [threshold] * 2
        return list(table["predicted"])

    assert answers((low + high) / 2) == ["no opacity", "opacity"]
    assert answers(low / 2) == ["opacity"] * 2
    assert answers((high + 1) / 2) == ["no opacity"] * 2
    assert describe_kept(run).endswith("on. Set by hand. Kept by ann.")
    # The report stays at the most probable class.
    assert report_run(run)["confusion"] == finished.run.read_report()["confusion"]


def test_a_training_says_what_can_be_guaranteed(finished: Finished) -> None:
    about = read_guaranteed(finished.run)

    assert about is not None
    split = finished.run.read_split()
    ill = split[(split["subset"] == "validation") & (split["class"] == "opacity")]
    assert about.classes["opacity"].n_patients == ill["group"].nunique()
    assert set(about.classes["opacity"].images) <= set(ill["image_id"])


def test_the_command_line_chooses_shows_and_keeps_a_threshold(
    finished: Finished,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XRAY_HOME", str(tmp_path))
    leave_out = shutil.ignore_patterns(OPENED)
    shutil.copytree(finished.run.folder, tmp_path / "runs" / "copy", ignore=leave_out)

    def call(*options: str) -> tuple[int, str, str]:
        status = cli.main(["threshold", "copy", *options])
        return status, *capsys.readouterr()

    status, printed, _ = call("--sensitivity", "0.8", "--prevalence", "0.1", "--json", "--keep")
    answer = json.loads(printed)
    assert status == 0
    assert answer["rule"] == "sensitivity"
    assert answer["validation"]["sensitivity"]["value"] >= 0.8
    assert sum(answer["validation"]["thousand"].values()) == 1000
    assert "test" not in answer  # nobody has opened it
    kept = read_threshold(Run(tmp_path / "runs" / "copy"))
    assert kept is not None
    assert kept.value == answer["threshold"]

    assert "1,000 patients" in call("--at", "0.4")[1]
    for options, words in (
        (("--at", "0.4", "--rule", "cost"), "--at 0.4 is by no rule"),
        (("--rule", "youden", "--cost", "3"), "--cost has no bearing on youden"),
        (("--class", "mass"), "no class 'mass'. Choose one of"),
        (("--rule", "guaranteed", "--sensitivity", "0.98", "--keep"), "There is nothing to keep"),
    ):
        status, _, said = call(*options)
        assert (status, words in said) == (2, True), said
