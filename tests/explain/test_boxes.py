import json
import shutil

import numpy as np
import pytest

from tests.training.tiny import Finished
from xray_core import cli
from xray_core.evaluation.where.files import read_where
from xray_core.runs import Run


@pytest.fixture(scope="module")
def copied(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run in a workspace of its own, whose test set is always open."""
    home = tmp_path_factory.mktemp("where") / "home"
    shutil.copytree(finished.workspace.folder, home)
    return Run(home / "runs" / finished.run.name)


def test_every_boxed_image_is_scored_or_counted_and_kept_with_the_network(
    copied: Run,
    finished: Finished,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XRAY_HOME", str(copied.folder.parent.parent))
    monkeypatch.setattr("xray_core.cli.where.lower_priority", lambda: None)
    assert cli.main(["where", copied.name, "--json"]) == 0
    notes = json.loads(capsys.readouterr().out)
    where = read_where(copied, "test", "gradcam")
    assert where is not None
    assert where.notes["scores"] == notes["scores"]
    split = copied.read_split()
    tested = set(split.loc[split["subset"] == "test", "image_id"])
    boxes = (finished.data / "train_image_level.csv").read_text("utf-8")
    boxed = {name for name in tested if f"{name}_image," in boxes and "opacity" in boxes}
    assert set(where.cases["image_id"]) <= boxed
    assert notes["n_images"] == where.cases["image_id"].nunique() == len(where.maps)
    assert notes["n_boxes"] == where.cases["n_boxes"].sum()
    assert notes["grid"] == list(where.maps.shape[1:])
    assert set(notes["scores"]) == {"network", "untrained", "mean", "centre", "random"}
    value = notes["scores"]["network"]["energy"]["value"]
    assert value == pytest.approx(where.cases["energy"].mean())
    assert set(np.unique(where.maps.max(axis=(1, 2)))) <= {0, 255}

    checkpoint = copied.best_checkpoint
    checkpoint.write_bytes(checkpoint.read_bytes())  # as after going on with the training
    assert read_where(copied, "test", "gradcam") is None
    assert read_where(copied, "validation", "gradcam") is None


def test_a_set_without_boxes_and_a_strange_method_are_refused(
    copied: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XRAY_HOME", str(copied.folder.parent.parent))
    monkeypatch.setattr("xray_core.cli.where.lower_priority", lambda: None)
    assert cli.main(["where", copied.name, "--method", "guessing"]) == 2
    assert "Choose one of: gradcam, gradcam++, hirescam" in capsys.readouterr().err
    table = copied.read_predictions()
    copied.write_table("predictions.parquet", table[table["actual"] == "no opacity"])
    assert cli.main(["where", copied.name]) == 2
    assert "has a box to hold its heat map against" in capsys.readouterr().err
