"""The commands `explain` and `layers`, on a finished run that is shared."""

import csv
import json
from pathlib import Path
from typing import Any

import cv2
import pytest

from tests.training.tiny import Finished
from xray_core import cli
from xray_core.explain import sources


@pytest.fixture
def explain(
    finished: Finished, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Any:
    """Return a function that runs a command on the run; it returns status, answer and errors."""
    monkeypatch.setenv("XRAY_HOME", str(finished.workspace.folder))

    def call(command: str, *arguments: object) -> tuple[int, dict[str, Any], str]:
        status = cli.main([command, finished.run.name, *map(str, arguments), "--json"])
        printed = capsys.readouterr()
        return status, json.loads(printed.out or "{}"), printed.err

    return call


def files_of(finished: Finished, subset: str) -> list[Path]:
    split = finished.run.read_split()
    return [finished.data / path for path in split.loc[split["subset"] == subset, "path"]]


def test_files_are_laid_under_their_maps_at_their_own_size_and_a_bad_one_is_a_row(
    finished: Finished, explain: Any, tmp_path: Path
) -> None:
    good, out = files_of(finished, "training")[0], tmp_path / "out"
    large, bad = tmp_path / "large.png", tmp_path / "bad.png"
    pixels = cv2.imread(str(good), cv2.IMREAD_GRAYSCALE)
    cv2.imwrite(str(large), cv2.resize(pixels, (150, 90)))
    bad.write_bytes(b"no image")

    status, answer, _ = explain("explain", large, bad, "--out", out, "--class", "opacity")

    assert status == 2  # as one of them failed
    with (out / "maps.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == [str(large), str(bad)]
    assert rows[0]["class"] == "opacity"
    assert 0 <= float(rows[0]["probability"]) <= 1
    assert rows[1]["error"]
    assert not rows[1]["file"]
    picture = cv2.imread(str(out / rows[0]["file"]))
    assert picture.shape == (90, 150, 3)
    assert answer["failed"] == 1
    assert explain("explain", good, "--out", out)[0] == 2  # nothing is overwritten
    assert len(list(out.iterdir())) == 2
    assert explain("explain", bad, "--out", tmp_path / "none")[0] == 2
    assert not (tmp_path / "none").exists()


def test_maps_of_a_subset_are_those_of_its_predictions(
    finished: Finished, explain: Any, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    status, answer, _ = explain(
        "explain",
        "--subset",
        "validation",
        "--n",
        2,
        "--out",
        out,
        "--gray",
        "--method",
        "gradcam++",
    )

    assert status == 0
    predictions = finished.run.read_predictions()
    own = predictions[predictions["subset"] == "validation"].head(2)
    for row, (_, said) in zip(answer["maps"], own.iterrows(), strict=True):
        assert (row["image"], row["predicted"]) == (said["image_id"], said["predicted"])
        assert row["probability"] == pytest.approx(said[f"p_{said['predicted']}"], abs=1e-4)
        assert cv2.imread(str(out / row["file"]), cv2.IMREAD_UNCHANGED).shape == (32, 32)


def test_what_cannot_be_shown_is_refused_with_the_next_step(
    finished: Finished, explain: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, good = tmp_path / "out", files_of(finished, "test")[-1]
    assert "by one of" in explain("explain", "--out", out)[2]
    assert "by one of" in explain("explain", good, "--subset", "test", "--out", out)[2]
    assert (
        "Choose one of: no opacity, opacity"
        in explain("explain", good, "--class", "lungs", "--out", out)[2]
    )
    monkeypatch.setattr(sources, "shown_subset", lambda *_: "validation")
    of_test = finished.run.read_predictions().query("subset == 'test'")["image_id"].iloc[0]
    assert "is closed" in explain("explain", "--subset", "test", "--out", out)[2]
    assert "is closed" in explain("layers", "--image", of_test, "--out", out)[2]
    assert not out.exists()


def test_layers_become_a_sheet_each(finished: Finished, explain: Any, tmp_path: Path) -> None:
    split, out = finished.run.read_split(), tmp_path / "out"
    image_id = split.loc[split["subset"] == "training", "image_id"].iloc[0]

    status, answer, _ = explain("layers", "--image", image_id, "--out", out)

    assert status == 0
    assert [row["maps"] for row in answer["layers"]] == [16, 32, 64, 64]
    names = {path.name for path in out.iterdir()}
    assert names == {"image.png", "filters.png", "layers.csv"} | {
        row["file"] for row in answer["layers"]
    }
    sheet = cv2.imread(str(out / answer["layers"][0]["file"]), cv2.IMREAD_UNCHANGED)
    assert sheet.shape == (2 * 132 + 4, 8 * 132 + 4)
