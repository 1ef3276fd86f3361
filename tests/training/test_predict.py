"""Predictions on files of the user: the same as in training, and no file stops the others."""

import re
from pathlib import Path

import numpy as np
import pytest

from tests.training.tiny import Finished
from xray_core.errors import RunError
from xray_core.runs import Run, Status
from xray_core.training.predict import predict_images


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
