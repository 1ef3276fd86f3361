"""Runs compared on the images that all of them evaluate; refused, with the reason, where not."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.evaluation.compared_runs import CLASSES, recipe_of, write_finished
from xray_core import cli
from xray_core.errors import RunError
from xray_core.evaluation.common_images import OtherImagesError, list_comparable
from xray_core.evaluation.compare import compare_runs
from xray_core.evaluation.report import build_report
from xray_core.evaluation.verdict import format_verdict
from xray_core.recipes.differences import compare_settings
from xray_core.runs import Run, Status
from xray_core.runs.always_open import write_always_open
from xray_core.runs.opening import open_test
from xray_core.workspace import Workspace

RIGHT, WRONG = [0.1, 0.9, 0.2, 0.8], [0.9, 0.1, 0.8, 0.2]
N_ROUNDS = 200


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


@pytest.fixture
def opened(workspace: Workspace) -> Workspace:
    """A workspace whose test sets are always open."""
    write_always_open(workspace, True)
    return workspace


def call(place: int) -> str:
    return "ABCDEFGH"[place]


def compare(*runs: Run, common: bool = False):
    return compare_runs(
        runs, Workspace(runs[0].folder.parents[1]), common=common, n_rounds=N_ROUNDS
    )


def test_a_run_has_the_figures_of_its_report(opened: Workspace) -> None:
    rng = np.random.default_rng(0)
    answers = [{"test": rng.random(40).tolist()}, {"test": [0.5] * 40}]
    runs = [
        write_finished(opened, name, own, truth="00010", patients="0123456789abcdefgh")
        for name, own in zip("ab", answers, strict=True)
    ]

    found = compare_runs(runs, opened)

    for k, run in enumerate(runs):
        report = build_report(run.read_predictions(), CLASSES[0])
        for name, row in found.figures.items():
            assert row[k] == pytest.approx(report["metrics"][name]), name
    # Of two classes the second is answered from 0.5 on, as from any threshold.
    assert report["outcomes"]["fn"] == report["outcomes"]["tn"] == 0


def test_the_better_one_is_named_and_what_only_one_gets_right(opened: Workspace) -> None:
    good = write_finished(opened, "good", {"test": 20 * RIGHT})
    again = write_finished(opened, "again", {"test": 20 * RIGHT})
    bad = write_finished(opened, "bad", {"test": 10 * RIGHT + 10 * WRONG})

    found = compare(good, again, bad)

    assert found.subset == "test"
    assert format_verdict(found, "accuracy", call) == (
        "A is right more often than C; A and B answer the same."
    )
    [same, first, second] = found.pairs
    assert not same.differs("accuracy")
    assert first.differs("accuracy")
    assert (first.n_only_first, first.n_only_second) == (40, 0)
    assert first.differences["accuracy"].value == pytest.approx(0.5)
    assert first.differences["accuracy"].low > 0.35
    assert first.mcnemar.p == pytest.approx(2 * 0.5**40 - 0.5**40)
    assert first.mcnemar.adjusted == pytest.approx(3 * first.mcnemar.p)
    # The third is as bad as can be on half of the images: of 40 x 40 pairs half are right.
    assert first.delong.z > 3
    assert found.find_gain("accuracy") == (0, 2, pytest.approx(0.5))
    assert [found.list_sole(place) for place in range(3)] == [[], [], []]
    assert compare(good, bad).list_sole(0) == list(range(40, 80))
    assert second.differences == first.differences


def test_a_single_wrong_answer_more_may_be_luck(opened: Workspace) -> None:
    one = write_finished(opened, "one", {"test": 10 * RIGHT})
    other = write_finished(opened, "other", {"test": [*9 * RIGHT, 0.1, 0.9, 0.2, 0.4]})
    assert format_verdict(compare(one, other), "accuracy", call) == (
        "Between A and B the difference may be luck."
    )


def test_the_validation_set_is_taken_until_every_test_set_is_open(workspace: Workspace) -> None:
    answers = {"validation": 5 * RIGHT, "test": 5 * WRONG}
    runs = [write_finished(workspace, name, answers) for name in "ab"]

    closed = compare(*runs)
    open_test(runs[0], workspace, "ann")
    half = compare(*runs)
    open_test(runs[1], workspace, "ann")

    assert (closed.subset, half.subset, compare(*runs).subset) == (
        "validation",
        "validation",
        "test",
    )
    assert closed.figures["accuracy"][0]["value"] == 1
    assert "each run also chose" in closed.notes[0]
    assert "The test set of b is not opened" in half.notes[0]


def test_other_test_images_are_refused_and_the_common_ones_offered(opened: Workspace) -> None:
    whole = write_finished(opened, "whole", {"test": 5 * RIGHT})
    # Of the same images, it has learned from the last four.
    part = write_finished(opened, "part", {"test": 4 * RIGHT})
    split = part.read_split()
    others = whole.read_split()
    extra = others[others["image_id"].isin([f"test {n}" for n in range(16, 20)])]
    extra = extra.assign(subset="training")
    part.write_table("split.parquet", pd.concat([split, extra]))

    with pytest.raises(
        OtherImagesError, match="part was trained on 4 of those of whole"
    ) as refused:
        compare(whole, part)
    common = compare(whole, part, common=True)

    assert (refused.value.n_common, refused.value.n_patients) == (16, 16)
    assert "whole 20 images, part 16 images" in str(refused.value)
    assert common.answers.image_ids == [f"test {n}" for n in range(16)]
    assert "Compared on the 16 images" in common.notes[0]
    assert not common.whole


def test_an_image_that_one_cannot_read_is_left_out_and_counted(opened: Workspace) -> None:
    one = write_finished(opened, "one", {"test": 3 * RIGHT})
    other = write_finished(opened, "other", {"test": [np.nan, *(3 * RIGHT)[1:]]})
    found = compare(one, other)
    assert "test 0" not in found.answers.image_ids
    assert found.notes == ["1 of the images has no prediction by one of the runs, and is left out."]


def test_what_cannot_be_compared_is_refused_with_the_reason(opened: Workspace) -> None:
    one = write_finished(opened, "one", {"test": RIGHT})
    task = write_finished(opened, "task", {"test": RIGHT}, recipe_of(task="siim_image"))
    own = replace(recipe_of(), dataset="folder", task="folder_class", classes=tuple(CLASSES))
    mine = write_finished(opened, "mine", {"test": RIGHT}, own)
    elsewhere = replace(own, data_folder="/data/other")
    other = write_finished(opened, "other", {"test": RIGHT}, elsewhere)
    labelled = write_finished(opened, "labelled", {"test": RIGHT}, truth="0111")
    apart = write_finished(opened, "apart", {"validation": RIGHT})
    far = write_finished(opened, "far", {"test": RIGHT})
    for file in ("predictions", "split"):
        table = far.read_predictions() if file == "predictions" else far.read_split()
        far.write_table(f"{file}.parquet", table.assign(image_id="far " + table["image_id"]))
    waiting = write_finished(opened, "waiting", {"test": RIGHT})
    waiting.write_status(Status("queued"))
    for runs, reason in (
        ([one], "1 runs are given; compare 2 to 8"),
        ([one, one], "one is given twice"),
        ([one, waiting], "waiting is queued"),
        ([one, task], "answer different questions"),
        ([mine, other], "trained on different datasets"),
        ([one, far], "one and far differ in their dataset"),
        ([one, labelled], "1 images are labelled otherwise for labelled than for one"),
        ([one, apart], "one has no predictions on its validation set"),
    ):
        with pytest.raises(RunError, match=reason):
            compare(*runs)
    assert list_comparable(one, opened) == ["one", "labelled", "far", "apart"]


def test_many_runs_that_are_alike_are_not_told_apart_by_luck(opened: Workspace) -> None:
    rng = np.random.default_rng(1)
    truth = np.tile([0, 1], 60)
    runs = [
        write_finished(
            opened,
            f"run-{n}",
            {"test": np.clip(rng.normal(0.3 + 0.4 * truth, 0.3), 0, 1).tolist()},
        )
        for n in range(8)
    ]

    found = compare(*runs)

    assert len(found.pairs) == 28
    assert not any(pair.differs("accuracy") for pair in found.pairs)
    assert any("28 pairs" in words for words in found.cautions)


def test_the_settings_that_differ_and_how_many_do_not() -> None:
    recipes = [recipe_of(), recipe_of(seed=3, preprocess__size=96)]
    rows, n_same = compare_settings(recipes)
    assert [(row.title, row.values) for row in rows] == [
        ("Image size, px", ("64", "96")),
        ("Random seed", ("0", "3")),
    ]
    assert n_same > 40
    assert compare_settings([recipe_of(), recipe_of()])[0] == []
    rows, _ = compare_settings([*recipes, None])  # which no training here has made
    assert [row.values for row in rows] == [("64", "96", "–"), ("0", "3", "–")]
    assert compare_settings([recipes[0], None]) == ([], 0)


def test_the_command_gives_the_same(
    opened: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XRAY_HOME", str(opened.folder))
    good = write_finished(opened, "good", {"test": 20 * RIGHT}, patients="0011")
    bad = write_finished(
        opened, "bad", {"test": 10 * RIGHT + 10 * WRONG}, recipe_of(seed=1), patients="0011"
    )
    write_finished(opened, "short", {"test": RIGHT})

    assert cli.main(["compare", "good", "bad", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert cli.main(["compare", "good", "short"]) == 2
    refusal = capsys.readouterr().err
    assert cli.main(["compare", "good", "bad"]) == 0
    text = capsys.readouterr().out

    found = compare(good, bad)
    assert answer["figures"]["accuracy"][0]["value"] == found.figures["accuracy"][0]["value"]
    assert answer["pairs"][0]["n_only_first"] == 40
    assert len(answer["only_right"]["good"]) == 40
    assert answer["settings"] == [{"field": "seed", "title": "Random seed", "values": ["0", "1"]}]
    assert answer["noise_floor"] is None
    assert any("80 images are of 2 patients" in words for words in answer["notes"])
    assert "one recipe with other seeds" in answer["inside_noise"]["accuracy"]
    assert "Add --common" in refusal
    assert "python -m xray_core noise RUN --train" in text
