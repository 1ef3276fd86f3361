"""What is handed in of a run: nothing of it is closed, made up, or read as markup."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.exports.runs import HOSTILE, NICKNAME, copy_run
from tests.pages.finding_runs import fake_findings_run
from tests.training.tiny import Finished
from xray_core.errors import DatasetError, RunError
from xray_core.evaluation.metrics import METRICS
from xray_core.exports.run import DOCUMENTS, make_document, make_part, write_part
from xray_core.exports.run.card import BLANK
from xray_core.exports.run.card.claim import CLAIM
from xray_core.exports.run.card.known import list_known
from xray_core.exports.run.card.tripod import TRIPOD
from xray_core.exports.run.documents import why_absent
from xray_core.exports.run.material import Material, read_material
from xray_core.runs.external import Notes, write_external
from xray_core.runs.opening import open_test
from xray_core.runs.origin import AVERAGE, Origin, write_origin
from xray_core.workspace import Workspace


@pytest.fixture(scope="module")
def closed(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> Material:
    return read_material(*copy_run(finished, tmp_path_factory.mktemp("closed")))


@pytest.fixture(scope="module")
def opened(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> Material:
    run, workspace = copy_run(finished, tmp_path_factory.mktemp("opened"))
    open_test(run, workspace, "ann")
    return read_material(run, workspace)


def test_only_data_that_the_network_does_not_know_is_a_test_elsewhere(
    finished: Finished, tmp_path: Path
) -> None:
    run, workspace = copy_run(finished, tmp_path)
    report, rows = run.read_report(), run.read_predictions()
    notes = Notes(
        folder=str(finished.data),
        dataset="siim",
        task="siim_opacity",
        classes={},
        reasons={},
        counts={},
        left_out=[],
        seen={"trained": 0},
        keeps_seen=False,
        n_images=0,
        remarks=[],
        unreadable=[],
        time="",
    )
    untested = "Not tested on images of another hospital"
    write_external(run, "own", notes, rows, report)
    known = list_known(read_material(run, workspace))
    assert known["external"] == "Not done."
    assert untested in known["limits"]

    notes |= {"folder": "/data/far", "seen": {"trained": 9}, "keeps_seen": True}
    write_external(run, "far", notes, rows, report)
    known = list_known(read_material(run, workspace))
    assert (
        f"On far none that counts: of {report['n']} images the network knows 9"
        in (known["external"])
    )
    assert "AUC" not in known["external"]
    assert untested in known["limits"]

    write_external(run, "near", notes | {"keeps_seen": False}, rows, report)
    known = list_known(read_material(run, workspace))
    assert "AUC" in known["external"]
    assert untested not in known["limits"]


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Material:
    """A run on several findings."""
    workspace = Workspace(tmp_path_factory.mktemp("several"))
    run = fake_findings_run(workspace, "done")
    open_test(run, workspace, "ann")
    return read_material(run, workspace)


def make(name: str, material: Material) -> str:
    """Return the only file of a document, or the first, as text."""
    return next(iter(make_document(DOCUMENTS[name], material).values())).decode("utf-8-sig")


class Page(HTMLParser):
    """What a browser would load, run and show of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.tags: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loaded += [str(value) for name, value in attrs if name in ("src", "href", "srcset")]

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.fixture(scope="module")
def page(opened: Material) -> Page:
    return Page(make("report", opened))


def test_the_report_loads_nothing_and_shows_foreign_text_to_the_letter(page: Page) -> None:
    assert all(address.startswith("data:image/svg+xml;base64,") for address in page.loaded)
    assert len(page.loaded) == 5
    assert not {"script", "b-fox", "link", "iframe"} & set(page.tags)
    assert HOSTILE in page.words
    assert NICKNAME in page.words


def test_the_report_has_every_figure_with_n_interval_and_who_opened_the_test_set(
    page: Page, opened: Material
) -> None:
    report = opened.report
    accuracy = report["metrics"]["accuracy"]
    words = " ".join(page.words.split())

    assert report["subset"] == "test"
    assert f"n = {report['n']} images of {report['n_patients']} patients" in words
    assert f"{100 * accuracy['low']:.1f} to {100 * accuracy['high']:.1f} %" in words
    for name in METRICS:
        assert METRICS[name].title.casefold() in words.casefold()
    assert "Always answering" in words
    assert re.search(r"opened on \d{4}-\d\d-\d\d at \d\d:\d\d UTC by ann", words)
    assert "No patient and no identical file is in two subsets." in words
    assert "For learning, never for diagnosis." in words
    assert "Keras on tensorflow" in words


def test_no_test_figure_is_handed_in_before_the_test_set_is_opened(closed: Material) -> None:
    predictions = pd.read_csv(pd.io.common.StringIO(make("predictions", closed)))
    whole = closed.run.read_predictions()
    notebook = make("notebook", closed)

    assert set(whole["subset"]) == {"validation", "test"}
    assert set(predictions["subset"]) == {"validation"}
    assert "The test set has not been opened" in make("card", closed)
    assert "The test set has not been opened" in notebook
    of_test = json.loads((closed.run.folder / "report.json").read_text("utf-8"))
    hidden = f"{of_test['metrics']['auc']['value']:.3f} ("
    assert hidden not in make("card", closed)


@pytest.fixture
def no_figures_left() -> Iterator[None]:
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


@pytest.mark.parametrize("kind", ["opened", "several"])
@pytest.mark.usefixtures("no_figures_left")
def test_the_notebook_runs_and_comes_to_the_figures_of_the_report(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    material = request.getfixturevalue(kind)
    write_part(make_part("notebook", material, tmp_path / "my.ipynb", into=False))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setattr("sys.argv", ["ipykernel"])
    notebook = json.loads((tmp_path / "my.ipynb").read_text("utf-8"))
    space: dict[str, Any] = {"__name__": "__main__"}

    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), cell["id"], "exec"), space)

    computed = space["measure"]()
    reported = material.report["metrics"]
    assert computed == {name: pytest.approx(reported[name]["value"]) for name in computed}
    interval = [reported["auc"]["low"], reported["auc"]["high"]]
    assert [space["low"], space["high"]] == pytest.approx(
        interval, abs=1e-9 if kind == "opened" else 0.005
    )
    assert callable(space["build_model"]), "the script's functions are in cells of their own"
    if kind == "opened":
        write_part(make_part("script", material, tmp_path / "script", into=False))
        split = pd.read_csv(tmp_path / "script" / "split.csv", dtype=str)
        folder = Path(material.recipe.data_folder)
        images = space["read_subset"](split, "training", folder, space["CLASSES"])
        assert len(images.images) == (split["subset"] == "training").sum() > 0


def test_every_item_of_the_checklists_stands_in_the_card_known_or_marked(
    opened: Material,
) -> None:
    card = make("card", opened)
    known = list_known(opened)

    assert [item.number for item in CLAIM] == [str(number) for number in range(1, 45)]
    assert len(TRIPOD) == 52
    assert {re.match(r"\d+", item.number)[0] for item in TRIPOD} == {  # type: ignore[index]
        str(number) for number in range(1, 28)
    }
    for item in (*CLAIM, *TRIPOD):
        [row] = [
            line
            for line in card.splitlines()
            if line.startswith(f"| {item.number} | {item.section} | {item.words} | ")
        ]
        answer = row.split(" | ", 3)[3]
        assert (BLANK in answer) == (bool(item.blank) or not set(item.known) & set(known))
        assert len(answer) > 5
    assert "10.1148/ryai.240300" in card
    assert "e078378" in card
    assert "<script" not in card.replace("\\<script", "")


def test_event_files_are_read_by_tensorflow_itself(opened: Material, tmp_path: Path) -> None:
    import tensorflow as tf
    from tensorflow.core.util import event_pb2

    write_part(make_part("tensorboard", opened, tmp_path / "logs", into=False))
    events = {
        subset: [
            event_pb2.Event.FromString(record.numpy())
            for path in (tmp_path / "logs" / subset).iterdir()
            for record in tf.data.TFRecordDataset(str(path))
        ]
        for subset in ("training", "validation")
    }
    lines = opened.run.read_metrics()
    scalars = {
        (subset, value.tag, event.step): (value.simple_value, event.wall_time)
        for subset, given in events.items()
        for event in given
        for value in event.summary.value
        if not value.HasField("tensor")
    }

    assert [given[0].file_version for given in events.values()] == ["brain.Event:2"] * 2
    batch = next(line for line in lines if line["kind"] == "batch")
    epoch = [line for line in lines if line["kind"] == "epoch"][-1]
    for place, expected in (
        (("training", "batch/loss", batch["step"]), (batch["loss"], batch["time"])),
        (("validation", "epoch/loss", epoch["epoch"]), (epoch["val_loss"], epoch["time"])),
        (("training", "epoch/loss", epoch["epoch"]), (epoch["loss"], epoch["time"])),
    ):
        np.testing.assert_allclose(scalars[place], expected, rtol=1e-6)
    [text] = [v.tensor.string_val[0] for v in events["training"][1].summary.value]
    assert b'"batch_size": 8' in text


def test_what_a_run_from_elsewhere_has_not_is_said(closed: Material, tmp_path: Path) -> None:
    write_origin(closed.run, Origin(AVERAGE, "Average of 2 runs: a, b", ("a", "b")))
    try:
        average = read_material(closed.run, closed.workspace)
    finally:
        (closed.run.folder / "origin.json").unlink()

    for name in ("script", "tensorboard"):
        assert "no training here made it. Average of 2 runs: a, b." in why_absent(name, average)
        with pytest.raises(RunError, match="no training here"):
            make(name, average)
    assert "Average of 2 runs: a, b" in make("notebook", average)
    assert "The mean of the probabilities of a, b." in make("card", average)


def test_a_report_on_several_findings_names_each(several: Material) -> None:
    words = Page(make("report", several)).words

    assert "Mean AUC over 12 of 14 findings" in words, "of edema and hernia there is none"
    assert all(row["class"] in words for row in several.report["per_class"])


def test_one_part_is_written_to_a_file_and_nothing_is_overwritten(
    opened: Material, tmp_path: Path
) -> None:
    for what, name, start in (
        ("model", "m.keras", b"PK"),
        ("checkpoint", "c.npz", b"PK"),
        ("predictions", "p.parquet", b"PAR1"),
        ("script", "train.py", b"# "),
    ):
        write_part(make_part(what, opened, tmp_path / name, into=False))
        assert (tmp_path / name).read_bytes().startswith(start)
    assert (tmp_path / "split.csv").is_file(), "the script reads it"
    with pytest.raises(RunError, match=r"written as \.csv or \.parquet"):
        make_part("predictions", opened, tmp_path / "p.xlsx", into=False)
    with pytest.raises(DatasetError, match="nothing is overwritten"):
        write_part({tmp_path / "new": b"x", tmp_path / "m.keras": b"x"})
    assert not (tmp_path / "new").exists()
