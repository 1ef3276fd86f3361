"""The command line: its exit status, its JSON, and one clear line for each mistake."""

import argparse
import inspect
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock

from tests.datasets.fakes import fake_covid19_radiography, fake_siim_covid19, write_image
from tests.datasets.kinds import KINDS, draw_kind
from tests.lab_files import write_lab_run
from tests.pages.fake_runs import LEAKY_WEIGHTS
from tests.run_files import data_notes
from tests.training.tiny import Finished
from xray_core import cli, jobs
from xray_core.cli import trainings
from xray_core.cli.answer import Answer, save_answer
from xray_core.cli.external import computes_with_keras
from xray_core.datasets import READERS, open_dataset
from xray_core.evaluation import report_run
from xray_core.filling import lock_of
from xray_core.jobs import control, launchers, measure, submit
from xray_core.jobs.ray import RayLauncher
from xray_core.machine import ALLOCATOR
from xray_core.recipes import PUBLISHED, change_recipe
from xray_core.recipes.labs import leak_recipe, member_recipe
from xray_core.runs import Run, Status, list_runs
from xray_core.runs.goals import Goals, read_goals
from xray_core.synthetic.dataset import write_synthetic_dataset
from xray_core.workspace import Workspace

PROJECT = Path(__file__).parents[1]
COMMANDS = (
    "datasets",
    "catalog",
    "audit",
    "demo",
    "unpack",
    "download",
    "union",
    "union-counts",
    "recipes",
    "train",
    "submit",
    "describe",
    "script",
    "worker",
    "runs",
    "run",
    "queue",
    "stop",
    "resume",
    "restart",
    "pause",
    "unpause",
    "priority",
    "move",
    "sweep",
    "evaluate",
    "split",
    "check",
    "predict",
    "threshold",
    "export-images",
    "sample",
)
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("XRAY_HOME", str(tmp_path / "home"))
    return Workspace(tmp_path / "home")


@pytest.fixture
def call(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command in this process; return its status and what it printed, and where."""

    def call(*arguments: object) -> tuple[int, str, str]:
        status = cli.main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return call


def in_a_process(workspace: Workspace, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "xray_core", *arguments],
        cwd=PROJECT,
        env={**os.environ, "XRAY_HOME": str(workspace.folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["--help"])

    assert caught.value.code == 0
    text = capsys.readouterr().out
    assert all(f"\n    {command}" in text for command in COMMANDS)
    assert "never for diagnosis" in text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_and_can_answer_in_json(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main([command, "--help"])

    assert caught.value.code == 0
    assert "--json" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["catalog"],
        ["train", "demo_cnn"],
        ["demo", "x", "--images", "0"],
        ["demo", "x", "--images", "many"],
        ["worker", "--slots", "-1"],
        ["predict", "run"],
    ],
)
def test_a_command_line_that_cannot_be_understood_is_status_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)

    assert caught.value.code == 2
    assert "error: " in capsys.readouterr().err.splitlines()[-1]


class BegunAnew(Exception):
    """Raised in the place of an exec; holds the variables of the process that would begin."""


@pytest.fixture
def begin(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Be the process of a command line, on a system with glibc."""

    def exec_instead(program: str, line: list[str], environment: dict[str, str]) -> None:
        assert line[0] == program == sys.executable
        raise BegunAnew(environment)

    def begin(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["xray_core", *arguments])
        return cli.main()

    monkeypatch.setattr(os, "execve", exec_instead)
    monkeypatch.setattr(cli, "allocator_variables", lambda: ALLOCATOR)
    return begin


@pytest.mark.parametrize(
    "line",
    ["train demo_cnn --data x", "run x", "standby", "describe demo_cnn", "predict x image.png"],
)
def test_a_command_that_computes_begins_anew_with_the_allocator_set(
    begin: Callable[..., int], workspace: Workspace, line: str
) -> None:
    with pytest.raises(BegunAnew) as caught:
        begin(*line.split())

    [environment] = caught.value.args
    assert ALLOCATOR.items() <= environment.items()
    assert environment["XRAY_HOME"] == str(workspace.folder)


@pytest.mark.parametrize("line", ["recipes", "runs", "queue"])
def test_a_command_that_computes_nothing_stays_as_it_is(
    begin: Callable[..., int], workspace: Workspace, line: str
) -> None:
    before = dict(os.environ)

    assert begin(line) == 0
    assert dict(os.environ) == before


def function_of(command: str) -> Callable[..., Any]:
    """Return the function of a command, as the parser knows it."""
    [choices] = cli._build_parser()._subparsers._group_actions  # type: ignore[union-attr]
    function: Callable[..., Any] = choices.choices[command].get_default("command")  # type: ignore
    return function


@pytest.mark.parametrize("command", [*COMMANDS, "standby"])
def test_the_commands_with_keras_are_those_that_import_what_computes(command: str) -> None:
    function = function_of(command)

    imports = re.search(r"xray_core\.(training|explain)|_train_here\(", inspect.getsource(function))
    options = argparse.Namespace(command=function, data=None)
    assert bool(imports) == computes_with_keras(options)


def test_launchers_and_measurements_start_commands_with_keras(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The standby process is tested as it is, in tests/jobs/test_standby.py."""
    started: list[list[str]] = []

    def start(command: list[str], log: Path, environment: dict[str, str]) -> str:
        assert not ALLOCATOR.keys() & environment.keys(), "each process sees to it itself"
        started.append(command)
        return "1:1"

    def submit_job(entrypoint: str, **_: object) -> None:
        command = entrypoint.partition(" && exec ")[2].partition(" >> ")[0]
        started.append(shlex.split(command))

    cluster = SimpleNamespace(
        list_jobs=list, list_resources=lambda: [{"xray_slot": 1.0}], submit_job=submit_job
    )
    monkeypatch.setattr(launchers, "start_detached", start)
    monkeypatch.setattr(measure, "start_detached", start)
    run = Run(workspace.runs / "one")

    launchers.LocalLauncher().start(run, workspace, {})
    RayLauncher("http://head:8265", lambda address: cluster).start(run, workspace, {})
    measure.start_description(PUBLISHED["demo_cnn"], workspace)

    assert [line[3] for line in started] == ["run", "run", "describe"]
    assert all(line[:3] == [sys.executable, "-m", "xray_core"] for line in started)
    assert {function_of(line[3]) for line in started} <= set(trainings.WITH_KERAS)


@pytest.fixture
def folder_without_column(siim_folder: Path) -> Path:
    table = siim_folder / "train_study_level.csv"
    table.write_bytes(table.read_bytes().replace(b"Typical Appearance", b"Typical"))
    return siim_folder


@pytest.fixture
def empty_folder(tmp_path: Path) -> Path:
    (tmp_path / "empty").mkdir()
    return tmp_path / "empty"


@pytest.fixture
def stray_folder(tmp_path: Path) -> Path:
    (tmp_path / "stray").mkdir()
    (tmp_path / "stray" / "notes.txt").touch()
    return tmp_path / "stray"


@pytest.mark.parametrize(
    ("arguments", "folder", "message"),
    [
        (
            ["train", "demo_cn", "--data"],
            "siim_folder",
            "recipe 'demo_cn'. Choose one of: demo_cnn",
        ),
        (["submit", "demo_cn", "--data"], "siim_folder", "recipe 'demo_cn'. Choose one of"),
        (["train", "demo_cnn", "--data"], "stray_folder", "stray: it holds no image"),
        (["train", "demo_cnn", "--data"], "empty_folder", "empty is empty"),
        (["train", "demo_cnn", "--data"], "kermany_folder", "Tasks that fit: kermany_pneumonia"),
        (["submit", "demo_cnn", "--data"], "stray_folder", "stray: it holds no image"),
        (["catalog"], "stray_folder", "it holds no image, only 1 file (notes.txt)"),
        (["catalog"], "empty_folder", "empty is empty"),
        (["catalog"], "folder_without_column", "Typical Appearance"),
        (["train", "demo_cnn", "--data"], "folder_without_column", "Typical Appearance"),
        (
            ["train", "siim_mobilenet_opacity", "--set", "weights=/gone.h5", "--data"],
            "siim_folder",
            "There is no weights file '/gone.h5'",
        ),
        (["train", "demo_cnn", "--set", "batch_size", "--data"], "siim_folder", "key=value"),
        (["train", "demo_cnn", "--set", "batch=3", "--data"], "siim_folder", "no field 'batch'"),
        (["submit", "demo_cnn", "--set", "seed=x", "--data"], "siim_folder", "a whole number"),
        (["describe", "demo_cnn", "--set", "model=x"], None, "model is 'x'. Choose one of"),
        (["describe", "demo"], None, "Unknown recipe 'demo'"),
        (["evaluate", "gone"], None, "There is no run 'gone'"),
        (["predict", "gone", "image.png"], None, "There is no run 'gone'"),
        (["stop", "../gone"], None, "There is no run '../gone'"),
        (["run", "gone"], None, "There is no run 'gone'"),
        (["demo"], "stray_folder", "holds something that was not drawn here"),
    ],
)
def test_a_users_mistake_is_status_2_with_one_line_and_nothing_done(
    arguments: list[str],
    folder: str | None,
    message: str,
    call: Call,
    workspace: Workspace,
    request: pytest.FixtureRequest,
) -> None:
    if folder is not None:
        arguments = [*arguments, str(request.getfixturevalue(folder))]

    status, out, err = call(*arguments)

    assert (status, out) == (2, "")
    [line] = err.splitlines()
    assert line.startswith("error: ")
    assert message in line
    assert list_runs(workspace.runs) == []


@pytest.mark.parametrize(
    "arguments",
    [["evaluate", "gone"], ["catalog", "gone"], ["train", "x", "--data", "y", "--json"]],
)
def test_the_process_itself_ends_with_status_2_and_no_traceback(
    arguments: list[str], workspace: Workspace
) -> None:
    done = in_a_process(workspace, *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("error: ")


def test_a_workspace_that_cannot_be_written_is_named(
    call: Call, siim_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XRAY_HOME", str(tmp_path / "file"))

    status, _, err = call("catalog", siim_folder)

    assert status == 2
    [line] = err.splitlines()
    assert str(tmp_path / "file") in line


def test_a_folder_is_named_as_it_is_pasted_or_by_its_table(
    call: Call, siim_folder: Path, tmp_path: Path
) -> None:
    folder = siim_folder.rename(tmp_path / "my x-rays")
    expected = json.loads(call("catalog", folder, "--json")[1])

    for pasted in (f'"{folder}/"', f"file://{tmp_path}/my%20x-rays", f"{tmp_path}/my\\ x-rays "):
        status, out, err = call("catalog", pasted, "--json")
        assert (status, json.loads(out), err) == (0, expected, "")
    status, out, err = call("catalog", folder / "train_study_level.csv", "--json")
    assert (status, json.loads(out)) == (0, expected)
    assert err == f"note: train_study_level.csv is a file: its folder is opened, {folder}.\n"

    for command in (["catalog"], ["audit"], ["train", "demo_cnn", "--data"], ["union-counts"]):
        status, out, err = call(*command, tmp_path / "my xrays")
        assert (status, out) == (2, "")
        assert err == f"error: {tmp_path / 'my xrays'} does not exist. Did you mean {folder}?\n"


def test_datasets_lists_every_reader(call: Call) -> None:
    status, out, _ = call("datasets", "--json")

    assert status == 0
    answer = {one["name"]: one for one in json.loads(out)}
    assert list(answer) == list(READERS)
    assert answer["kermany"]["kaggle"] == READERS["kermany"].kaggle
    assert answer["kermany"]["known_issues"] == list(READERS["kermany"].known_issues)
    text = call("datasets")[1]
    assert all(name in text for name in READERS)


def test_a_union_is_made_and_counted_beside_the_thesis(call: Call, tmp_path: Path) -> None:
    fake_siim_covid19(tmp_path / "siim")
    fake_covid19_radiography(tmp_path / "radiography")
    members = [tmp_path / "radiography", tmp_path / "siim"]

    status, out, _ = call("union", tmp_path / "union", *members, "--json")

    assert status == 0
    assert json.loads(out)["members"] == {
        "siim_covid19": str(members[1]),
        "covid19_radiography": str(members[0]),
    }
    counts = ["union-counts", tmp_path / "union", "--split", "target_domain"]
    rows = json.loads(call(*counts, "--json")[1])
    first = {"subset": "total", "task": "", "class": "all images", "ours": 12, "thesis": 27_499}
    assert rows[0] == first
    assert "external test set" in call(*counts, "--seed", 1)[1]


def test_a_sweep_over_all_sites_says_which_cannot_be_tested(call: Call, tmp_path: Path) -> None:
    fake_covid19_radiography(tmp_path / "radiography")  # each class is of one site, but for this:
    (tmp_path / "radiography" / "COVID" / "images" / "COVID-7.png").unlink()
    (tmp_path / "radiography" / "Normal" / "images" / "Normal-2.png").unlink()
    arguments = ["quick_cnn", "--set", "task=radiography_class", "--grid", "split.site=all"]

    status, _, error = call("submit", *arguments, "--data", tmp_path / "radiography")

    assert status == 2
    assert "is left out of the sweep: Without the site" in error
    assert "No site of" in error


@pytest.mark.parametrize("command", ["union", "union-counts"])
def test_what_is_no_union_is_status_2(command: str, call: Call, siim_folder: Path) -> None:
    members = [siim_folder, siim_folder] if command == "union" else []
    folder = siim_folder.with_name("union") if members else siim_folder

    status, out, err = call(command, folder, *members)

    assert (status, out) == (2, "")
    assert err.startswith("error: ")
    assert not siim_folder.with_name("union").exists()


def test_audit_says_what_it_found_and_what_is_in_order(call: Call, kermany_folder: Path) -> None:
    status, text, _ = call("audit", kermany_folder, "--task", "kermany_pneumonia")

    assert status == 0
    assert "split: the authors' own subsets: training 4, validation 1, test 1" in text
    assert "serious:       An accuracy measured on the 1 image of the validation set" in text
    assert "passed:        Each of 6 files can be read." in text

    answer = json.loads(call("audit", kermany_folder, "--json")[1])
    assert answer["task"] == "kermany_pneumonia"
    assert {one["severity"] for one in answer["issues"]} == {"serious", "warning", "passed"}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--split", "luck"), "split.method is 'luck'"),
        (("--task", "siim_study"), "made for 'siim_covid19'"),
        (("--split", "image", "--seed", "1"), "set would hold no image"),
    ],
)
def test_an_audit_that_cannot_be_made_is_status_2(
    arguments: tuple[str, ...], expected: str, call: Call, kermany_folder: Path
) -> None:
    (kermany_folder / "val/NORMAL/NORMAL2-IM-1427-0001.jpeg").unlink()
    (kermany_folder / "train/NORMAL/NORMAL2-IM-0427-0001-0002.jpeg").unlink()
    status, out, err = call("audit", kermany_folder, *arguments)

    assert (status, out) == (2, "")
    assert expected in err


def test_recipes_lists_every_recipe(call: Call) -> None:
    _, out, _ = call("recipes", "--json")

    assert [one["name"] for one in json.loads(out)] == list(PUBLISHED)
    assert all(recipe.title in call("recipes")[1] for recipe in PUBLISHED.values())


def test_catalog_counts_what_is_there(call: Call, siim_folder: Path) -> None:
    _, out, _ = call("catalog", siim_folder, "--json")
    answer = json.loads(out)

    assert list(answer) == [
        *("folder", "dataset", "images", "absent", "boxes", "masks", "unlabelled", "patients"),
        *("studies", "label_combinations", "tasks", "imbalance", "unanswered"),
        *("no_class", "study_and_image_labels", "subsets", "remarks", "notes"),
    ]
    assert answer["imbalance"]["siim_image"] == 1.5
    assert sum(row["images"] for row in answer["study_and_image_labels"]) == 5
    assert (answer["dataset"], answer["images"], answer["absent"]) == ("siim_covid19", 5, 1)
    assert list(answer["subsets"]) == ["training", "validation", "test"]
    assert answer["tasks"]["siim_image"] == {"none": 3, "opacity": 2}
    text = call("catalog", siim_folder)[1]
    assert "5 images, 1 of them absent and 0 unlabelled; 3 boxes, 0 masks" in text
    assert "\npublished split: none\n" in text
    assert "\n4 label combinations: Indeterminate Appearance 2, " in text
    assert "note: " in text


def test_images_are_exported_with_the_task_and_the_split_asked_for(
    call: Call, kermany_folder: Path, tmp_path: Path
) -> None:
    out, saved = tmp_path / "out", tmp_path / "saved" / "result.json"
    wanted = ["--task", "kermany_pneumonia", "--set", "preprocess.size=48"]

    status, text, _ = call(
        "export-images", kermany_folder, "--out", out, *wanted, "--save", saved, "--json"
    )

    answer = json.loads(text)
    assert status == 0
    assert answer == json.loads(saved.read_text("utf-8"))
    assert answer["preprocess"]["size"] == 48
    assert json.loads(saved.with_name("progress.json").read_text("utf-8")) == [6, 6]
    table = pd.read_csv(out / "labels.csv")
    assert set(table["label"]) == {"normal", "pneumonia"}
    assert "test" in set(table["subset"])  # as published
    assert call("catalog", out)[0] == 0
    for refused in (["--set", "batch_size=3"], []):  # no such field; something is there
        status, _, error = call("export-images", kermany_folder, "--out", out, *wanted, *refused)
        assert (status, error.count("\n")) == (2, 1)
    status, _, error = call(
        "export-images", kermany_folder, "--out", tmp_path / "b", "--set", "split.seed=1"
    )
    assert status == 2
    assert "name one with --task" in error
    inside = kermany_folder / "chest_xray" / "mine"
    status, _, error = call("export-images", kermany_folder, "--out", inside, *wanted)
    assert (status, "lies in the dataset's own folder" in error) == (2, True)
    assert call("catalog", kermany_folder)[0] == 0


def test_images_that_no_split_fits_are_exported_without_subsets(call: Call, tmp_path: Path) -> None:
    for number, name in enumerate(["a", "a", "b"]):
        write_image(tmp_path / "few" / name / f"{number}.png", seed=number)
    command = ["export-images", tmp_path / "few", "--out", tmp_path / "out", "--task"]

    status, text, _ = call(*command, "folder_class", "--json")

    assert status == 0
    assert "The column of subsets is empty" in json.loads(text)["subsets_note"]
    assert sorted(pd.read_csv(tmp_path / "out/labels.csv")["label"]) == ["a", "a", "b"]
    asked = ["--set", "split.seed=1"]
    assert call(*command[:3], tmp_path / "b", "--task", "folder_class", *asked)[0] == 2


def test_a_sample_is_an_archive_that_unpack_makes_a_dataset_of(
    call: Call, workspace: Workspace, siim_folder: Path
) -> None:
    file = workspace.data / "few.zip"

    status, text, _ = call("sample", siim_folder, "--out", file, "--images", "3", "--json")

    answer = json.loads(text)
    assert status == 0
    assert answer["images"] >= 1
    assert call("unpack", "few")[0] == 0
    status, text, _ = call("catalog", workspace.data / "few", "--json")
    assert json.loads(text)["images"] == answer["images"]
    assert call("sample", siim_folder, "--out", file)[0] == 2  # nothing is overwritten
    assert call("sample", siim_folder, "--out", siim_folder / "few.zip")[0] == 2


def test_demo_draws_a_dataset_that_catalog_reads(call: Call, tmp_path: Path) -> None:
    status, out, _ = call("demo", tmp_path / "demo", "--images", 5, "--seed", 3, "--json")
    assert status == 0
    assert json.loads(out) == {
        "folder": str(tmp_path / "demo"),
        "images": 5,
        "seed": 3,
        "marker": False,
    }

    assert json.loads(call("catalog", tmp_path / "demo", "--json")[1])["images"] == 5


def test_two_demos_are_not_drawn_into_one_folder(call: Call, tmp_path: Path) -> None:
    with FileLock(lock_of(tmp_path / "demo")):
        status, _, err = call("demo", tmp_path / "demo", "--images", "5")

    assert status == 2
    assert "Another process is drawing into" in err


def test_unpack_makes_datasets_of_all_archives_that_wait(
    call: Call, workspace: Workspace, kermany_folder: Path, tmp_path: Path
) -> None:
    workspace.data.mkdir(parents=True)
    shutil.make_archive(str(workspace.data / "chest"), "zip", kermany_folder.parent, "chest_xray")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "notes.txt").touch()
    shutil.make_archive(str(workspace.data / "notes"), "gztar", tmp_path / "notes")

    status, out, _ = call("unpack", "--json", "--save", tmp_path / "saved.json")

    assert status == 0
    chest, notes = json.loads(out)["folders"]
    assert (chest["folder"], chest["dataset"]) == (str(workspace.data / "chest"), "kermany")
    assert notes["dataset"] is None
    assert "notes: it holds no image" in notes["problem"]
    assert json.loads((tmp_path / "saved.json").read_bytes()) == json.loads(out)
    assert "No archive in" in call("unpack")[1]


def test_unpack_goes_on_after_an_archive_that_fails_and_says_so(
    call: Call, workspace: Workspace, tmp_path: Path
) -> None:
    workspace.data.mkdir(parents=True)
    for name in ("a.zip", "c.zip"):
        with zipfile.ZipFile(workspace.data / name, "w") as archive:
            archive.writestr("1.png", b"x")
            if name == "c.zip":
                archive.writestr("labels.7z", b"x")
    (workspace.data / "b.zip").write_bytes(b"no archive")
    (workspace.data / "d.rar").touch()

    status, out, err = call("unpack", "--json", "--save", tmp_path / "saved.json")

    assert status == 2
    answer = json.loads(out)
    assert [Path(folder["folder"]).name for folder in answer["folders"]] == ["a", "c"]
    assert [group["name"] for group in answer["failed"]] == ["b", "d", "c"]
    assert json.loads((tmp_path / "saved.json").read_bytes()) == answer
    damaged, rar, within = err.splitlines()
    assert within == f"error: {workspace.data / 'c'}: Archives within this one that stay packed: 1."
    assert "labels.7z is a 7-Zip archive" in answer["folders"][1]["left_out"][0]
    assert damaged.startswith("error: b.zip is damaged")
    assert "d.rar is a RAR archive. Unpack it with 7-Zip" in rar

    status, out, err = call("unpack")  # nothing but the two
    assert (status, out, len(err.splitlines())) == (2, "", 2)


def test_download_of_an_unknown_dataset_names_the_known(call: Call) -> None:
    status, _, err = call("download", "kermani")

    assert status == 2
    assert f"Choose one of: {', '.join(READERS)}" in err


def test_a_run_that_cannot_be_read_is_a_row_beside_the_others(
    call: Call, workspace: Workspace, siim_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submit, "ensure_worker", lambda workspace: None)
    for _ in range(3):
        call("submit", "demo_cnn", "--data", siim_folder)
    damaged, earlier, whole = list_runs(workspace.runs)
    damaged.status_path.write_text("{")
    earlier.write_json("status.json", {"state": "done"})

    status, out, _ = call("runs")

    assert status == 0
    assert [line.split("  ")[0].split()[0] for line in out.splitlines()] == [
        "damaged",
        "other",
        "queued",
    ]
    assert whole.name in out
    states = [run["state"] for run in json.loads(call("runs", "--json")[1])]
    assert states == ["damaged", "other version", "queued"]


def test_folds_are_submitted_as_a_sweep_and_compared(
    call: Call, workspace: Workspace, siim_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submit, "ensure_worker", lambda workspace: None)
    line = (
        "submit",
        "demo_cnn",
        "--data",
        siim_folder,
        "--folds",
        "2",
        "--grid",
        "batch_size=8,24",
    )

    status, out, _ = call(*line, "--json")
    answer = json.loads(out)
    _, compared, _ = call("sweep", answer["sweep"])

    assert (status, len(answer["runs"])) == (0, 4)
    assert {run.read_submission().sweep for run in list_runs(workspace.runs)} == {answer["sweep"]}
    assert compared.splitlines() == ["Batch size 8: 0 of 2 done", "Batch size 24: 0 of 2 done"]
    assert "leave out --folds" in call(*line, "--gpus", "2")[2]
    assert "--grid 'seed' is not of the form key=value" in call(*line, "--grid", "seed")[2]


def test_an_unusual_value_is_said_beside_the_answer(
    call: Call, siim_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submit, "ensure_worker", lambda workspace: None)
    line = ("submit", "demo_cnn", "--data", siim_folder, "--json")

    status, out, err = call(*line, "--set", "phases.train.learning_rate=5")

    assert status == 0
    assert json.loads(out)["run"]
    assert "note: phases.train.learning_rate is 5; 0.0001 to 0.003 is usual for adam." in err
    assert "note:" not in call(*line)[2]


def test_submit_queues_and_stop_takes_out_of_the_queue(
    call: Call, workspace: Workspace, siim_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submit, "ensure_worker", lambda workspace: None)

    status, out, _ = call(
        "submit", "demo_cnn", "--data", siim_folder, "--set", "batch_size=4", "--json"
    )

    assert status == 0
    name = json.loads(out)["run"]
    assert Run(workspace.runs / name).read_recipe().batch_size == 4
    assert [one["state"] for one in json.loads(call("runs", "--json")[1])] == ["queued"]
    assert call("stop", name)[1] == f"{name} is out of the queue.\n"
    assert call("runs")[1].startswith(f"stopped  {name}")


@pytest.fixture
def recipe_file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.json"
    changed = change_recipe(PUBLISHED["demo_cnn"], {"seed": 7, "batch_size": 4})
    path.write_text(changed.to_json(), encoding="utf-8")
    return path


def test_a_recipe_file_is_submitted_and_changed_as_a_named_one(
    call: Call,
    workspace: Workspace,
    siim_folder: Path,
    recipe_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(submit, "ensure_worker", lambda workspace: None)
    line = ["submit", recipe_file, "--data", siim_folder, "--set", "batch_size=8"]

    status, out, _ = call(*line, "--grid", "seed=1,2", "--json")

    assert status == 0
    recipes = [Run(workspace.runs / name).read_recipe() for name in json.loads(out)["runs"]]
    assert [recipe.changes for recipe in recipes] == [
        {"seed": seed, "batch_size": 8} for seed in (1, 2)
    ]
    assert {recipe.parent for recipe in recipes} == {"demo_cnn"}
    assert {recipe.data_folder for recipe in recipes} == {str(siim_folder.resolve())}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "There is no recipe file"),
        ("{", "mine.json holds no recipe that can be used: Not a recipe"),
        ('{"name": "x"}', "mine.json holds no recipe that can be used: recipe is incomplete"),
        ('"name": "../x"', "after which no run can be named"),
        ('"task": "x"', "holds no recipe that can be used: Unknown task 'x'"),
        ('"batch_size": 0', "holds no recipe that can be used: batch_size is 0; choose 1 to"),
        (b"\xff", "holds no recipe that can be used"),
    ],
)
def test_a_recipe_file_that_cannot_be_used_is_status_2(
    call: Call, siim_folder: Path, recipe_file: Path, text: str | bytes | None, message: str
) -> None:
    if text is None:
        recipe_file.unlink()
    elif isinstance(text, bytes):
        recipe_file.write_bytes(text)
    elif text.startswith("{"):
        recipe_file.write_text(text, encoding="utf-8")
    else:  # one field of a whole recipe
        fields = json.loads(recipe_file.read_text(encoding="utf-8")) | json.loads(f"{{{text}}}")
        recipe_file.write_text(json.dumps(fields), encoding="utf-8")

    status, _, err = call("train", recipe_file, "--data", siim_folder)

    assert status == 2
    [line] = err.splitlines()
    assert message in line


def test_script_writes_a_script_of_the_changed_recipe(call: Call) -> None:
    line = ["script", "demo_cnn", "--set", "batch_size=5", "--set", "mixup=0.2"]

    status, text, _ = call(*line)

    assert status == 0
    assert "\nBATCH_SIZE = 5\n" in text
    answer = json.loads(call(*line, "--json")[1])
    assert f"{answer['script']}\n" == text
    assert answer["left_out"] == ["mixup 0.2: no images are blended."]


def test_runs_of_a_new_workspace_say_what_to_try(call: Call) -> None:
    assert json.loads(call("runs", "--json")[1]) == []
    assert "Try: train demo_cnn" in call("runs")[1]


def test_worker_says_whether_it_served(
    call: Call, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def run_worker(workspace: Workspace, **options: Any) -> bool:
        asked.append((workspace, options))
        return len(asked) == 1

    monkeypatch.setattr(jobs, "run_worker", run_worker)

    assert call("worker", "--slots", "2", "--json")[1] == '{\n  "served": true\n}\n'
    assert call("worker", "--stay")[1] == "Another worker serves this workspace.\n"
    assert asked == [(workspace, {"stay": False}), (workspace, {"stay": True})]
    assert jobs.read_settings(workspace).slots == 2, "said once, it holds"


def test_a_run_goes_through_all_that_can_be_done_to_it(
    call: Call, workspace: Workspace, siim_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (submit, control):
        monkeypatch.setattr(module, "ensure_worker", lambda workspace: None)

    def queue(*arguments: str) -> list[tuple[str, str, int, bool]]:
        rows = json.loads(call("queue", *arguments, "--json")[1])["runs"]
        return [(row["run"], row["user"], row["priority"], row["paused"]) for row in rows]

    line = ("submit", "demo_cnn", "--data", siim_folder, "--user", "ann", "--json")
    first, second = (json.loads(call(*line)[1])["run"] for _ in range(2))
    assert queue() == [(first, "ann", 0, False), (second, "ann", 0, False)]

    assert call("move", second, "-1")[1].startswith(f"{second} is number 1 of 2")
    assert queue()[0][0] == second
    assert call("priority", first, "5")[1] == f"{first} has priority 5.\n"
    assert queue()[0] == (first, "ann", 5, False)
    assert call("pause", first)[1] == f"{first} is paused.\n"
    assert queue() == [(second, "ann", 0, False), (first, "ann", 5, True)]
    assert "waits for its turn again" in call("unpause", first)[1]
    call("stop", first)
    assert call("resume", first)[1].startswith(f"{first} is queued again")
    third = json.loads(call("restart", first, "--json")[1])["run"]
    assert [name for name, *_ in queue()] == [first, third, second]
    status, _, err = call("pause", "gone")
    assert (status, "There is no run 'gone'" in err) == (2, True)


def test_queue_changes_how_many_run_at_once(call: Call, workspace: Workspace) -> None:
    assert "At once: as many as there are GPUs, or one. Of one user: no limit." in call("queue")[1]

    text = call("queue", "--slots", "3", "--per-user", "1", "--pause", "--no-standby")[1]
    assert "Nothing waits.\nAt once: 3. Of one user: 1.\nThe queue is paused" in text
    assert jobs.read_settings(workspace) == jobs.QueueSettings(3, 1, paused=True, standby=False)

    call("queue", "--slots", "auto", "--per-user", "all", "--unpause", "--standby")
    assert jobs.read_settings(workspace) == jobs.QueueSettings()


@pytest.fixture
def finished_home(finished: Finished, monkeypatch: pytest.MonkeyPatch, call: Call) -> Finished:
    monkeypatch.setenv("XRAY_HOME", str(finished.workspace.folder))
    return finished


def test_train_answers_with_its_report(finished: Finished) -> None:
    answer = finished.answer

    assert (answer["state"], answer["run"]) == ("done", finished.run.name)
    assert answer["report"] == finished.run.read_report()


def test_evaluate_prints_the_figures_of_the_training(finished_home: Finished, call: Call) -> None:
    status, out, _ = call("evaluate", finished_home.run.name, "--json")

    assert status == 0
    answer = json.loads(out)
    assert (answer.pop("test_set"), len(answer.pop("openings"))) == ("open", 1)
    assert answer == finished_home.answer["report"] == report_run(finished_home.run)
    text = call("evaluate", finished_home.run.name)[1]
    accuracy = finished_home.answer["report"]["metrics"]["accuracy"]
    assert f"accuracy               {accuracy['value']:.3f} (95% interval" in text
    for row in finished_home.answer["report"]["per_class"]:
        for kind, title in (
            ("precision", "precision"),
            ("specificity", "specificity"),
            ("f1", "F1"),
        ):
            line = "cannot be computed"  # of a class that was never said
            if row[kind] is not None:
                line = f"{row[kind]:.3f} (95% interval {row[f'{kind}_low']:.3f} to"
            assert f"  {title:22} {line}" in text
    assert "13 images of 6 patients or groups; 1 left out" in text
    assert "always opacity" in text
    analysis = finished_home.answer["report"]["error_analysis"]
    assert f"test {analysis['levels'][-1]['error']['value']:.1%}.\n{analysis['verdict']}\n" in text


def test_evaluate_keeps_the_errors_that_are_given(finished_home: Finished, call: Call) -> None:
    run = finished_home.run
    try:
        text = call("evaluate", run.name, "--target-error", 0.9, "--human-error", 0)[1]
        assert read_goals(run) == Goals(0.9, 0.0)
        assert "Target of 90.0% reached on the test set" in text
        answer = json.loads(call("evaluate", run.name, "--human-error", 0.5, "--json")[1])
        assert read_goals(run) == Goals(0.9, 0.5)
        names = [level["name"] for level in answer["error_steps"]["levels"]]
        assert names[:3] == ["target", "people", "training"]
        status, _, error = call("evaluate", run.name, "--human-error", 7)
        assert (status, "human error is 7" in error) == (2, True)
    finally:
        (run.folder / "goals.json").unlink(missing_ok=True)


def test_split_counts_the_subsets_of_a_run_and_writes_a_row_for_each_image(
    finished_home: Finished, call: Call, tmp_path: Path
) -> None:
    name, table = finished_home.run.name, finished_home.run.read_split()

    status, out, _ = call("split", name, "--csv", tmp_path / "split.csv", "--json")

    assert status == 0
    answer = json.loads(out)
    assert (answer["run"], answer["images"]) == (name, len(table))
    assert sum(sum(subset.values()) for subset in answer["subsets"].values()) == len(table)
    written = pd.read_csv(tmp_path / "split.csv", dtype="string")
    assert {"image_id", "group", "class", "subset"} <= set(written)
    assert written["subset"].tolist() == table["subset"].tolist()
    assert written["image_id"].tolist() == table["image_id"].tolist()
    assert f"{len(table)} images in " in call("split", name)[1]
    assert set(json.loads(out)["leaks"]) == {"patients", "studies", "identical", "near_identical"}


def test_a_split_that_cannot_be_written_is_said_in_one_line(
    finished_home: Finished, call: Call, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()

    status, _, error = call("split", finished_home.run.name, "--csv", tmp_path / "file" / "a.csv")

    assert status == 2
    assert "a.csv cannot be written" in error


def test_check_says_what_was_looked_for_and_names_what_it_found(
    finished_home: Finished, call: Call
) -> None:
    status, out, _ = call("check", finished_home.run.name, "--json")

    assert status == 0
    answer = json.loads(out)
    assert (answer["run"], answer["epochs"]) == (finished_home.run.name, 2)
    assert answer["results"] == []
    text = call("check", finished_home.run.name)[1]
    assert "Too few epochs (2)" in text
    changes = answer["next_runs"][0]["changes"]
    assert " ".join(f"--set {field}={value}" for field, value in changes.items()) in text


def test_check_of_a_run_that_goes_wrong(workspace: Workspace, call: Call) -> None:
    run = Run(workspace.runs / "20260301-100000-demo_cnn")
    run.write_json("recipe.json", asdict(PUBLISHED["demo_cnn"]))
    run.write_status(Status("stopped"))
    run.write_json("data.json", data_notes(groups_in_several_subsets=3))

    _, out, _ = call("check", run.name, "--json")

    [result] = json.loads(out)["results"]
    assert result["kind"] == "leaky_split"
    text = call("check", run.name)[1]
    assert "serious: The split leaks" in text
    assert "Next: Set split.method=clean." in text


def test_weights_that_leak_are_said_where_a_split_that_leaks_is(
    finished_home: Finished, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace(tmp_path / "home")
    run = Run(workspace.runs / "leaky")
    shutil.copytree(finished_home.run.folder, run.folder)
    data = json.loads((run.folder / "data.json").read_text())
    run.write_json("data.json", data | {"starting_weights": LEAKY_WEIGHTS})
    monkeypatch.setenv("XRAY_HOME", str(workspace.folder))
    monkeypatch.setattr("xray_core.training.runner.train_run", lambda *_: "done")

    for command in (["check", run.name], ["evaluate", run.name], ["run", run.folder]):
        text = call(*command)[1]
        assert "serious: The starting weights leak" in text
        assert "36 of 80 test images were trained on by earlier" in text
    report = json.loads(call("evaluate", run.name, "--json")[1])
    assert report["starting_weights"] == LEAKY_WEIGHTS


def test_predict_names_a_truncated_file_and_predicts_the_others(
    finished_home: Finished, call: Call
) -> None:
    split = finished_home.run.read_split().set_index("image_id")
    broken = finished_home.data / split.loc[finished_home.broken, "path"]
    whole = finished_home.data / split["path"].drop(finished_home.broken).iloc[0]

    status, out, _ = call("predict", finished_home.run.name, broken, whole, "--json")

    first, second = json.loads(out)
    assert status == 0
    assert first["predicted"] is None
    assert broken.name in first["error"]
    assert second["error"] is None
    assert second["p_no opacity"] + second["p_opacity"] == pytest.approx(1, abs=1e-5)
    assert "never for diagnosis" in call("predict", finished_home.run.name, whole)[1]


def test_predict_without_any_readable_file_is_status_2(
    finished_home: Finished, call: Call, tmp_path: Path
) -> None:
    status, out, err = call("predict", finished_home.run.name, tmp_path / "gone.png")

    assert (status, out) == (2, "")
    assert "error: No image could be read" in err
    assert "gone.png" in err


def test_runs_tells_of_the_finished_one(finished_home: Finished, call: Call) -> None:
    answer = {one["run"]: one for one in json.loads(call("runs", "--json")[1])}

    assert answer[finished_home.run.name]["state"] == "done"


def test_a_run_that_has_ended_is_not_trained_again(finished_home: Finished, call: Call) -> None:
    before = finished_home.run.read_metrics()

    status, _, err = call("run", finished_home.run.folder)

    assert status == 2
    assert "has ended (done). Resume it, or restart it anew" in err.splitlines()[-1]
    assert finished_home.run.read_metrics() == before


@pytest.mark.parametrize(("state", "expected"), [("failed", 2), ("stopped", 0)])
def test_a_failed_training_is_status_2_and_its_reason_is_in_the_answer(
    state: str, expected: int, call: Call, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xray_core.training import runner

    run = Run(workspace.runs / "run")
    run.write_status(Status(state, message="The reason."))
    monkeypatch.setattr(runner, "train_run", lambda *_: state)

    status, out, _ = call("run", run.folder, "--json")

    assert status == expected
    answer = json.loads(out)
    assert (answer["state"], answer["message"]) == (state, "The reason.")


def test_describe_measures_the_changed_recipe(call: Call) -> None:
    changes = ["--set", "preprocess.size=32", "--set", "batch_size=2"]

    status, out, _ = call("describe", "demo_cnn", *changes, "--json")

    answer = json.loads(out)
    assert status == 0
    assert answer["layers"][0]["output"] == "batch × 32 × 32 × 1"
    assert np.isfinite(answer["images_per_second"])


def test_light_commands_do_not_wait_for_keras(workspace: Workspace, siim_folder: Path) -> None:
    code = (
        "import sys; from xray_core.cli import main\n"
        "for line in (['datasets'], ['recipes', '--json'], ['runs'], ['catalog', sys.argv[1]]):\n"
        "    assert main(line) == 0\n"
        "assert not {'keras', 'tensorflow', 'streamlit'} & set(sys.modules)"
    )

    subprocess.run(
        [sys.executable, "-c", code, str(siim_folder)],
        cwd=PROJECT,
        env={**os.environ, "XRAY_HOME": str(workspace.folder)},
        stdout=subprocess.DEVNULL,
        check=True,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="pipes break otherwise there")
@pytest.mark.parametrize("arguments", [["recipes", "--json"], ["queue"], ["--help"]])
def test_a_reader_that_leaves_is_no_error(workspace: Workspace, arguments: list[str]) -> None:
    """Whether the answer fills the pipe's buffer or waits in it until the end."""
    with subprocess.Popen(
        [sys.executable, "-m", "xray_core", *arguments],
        cwd=PROJECT,
        env={**os.environ, "XRAY_HOME": str(workspace.folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        errors = process.stderr.read()

    assert (process.returncode, errors) == (0, "")


def test_a_table_is_mapped_by_its_guess_and_the_catalog_lists_what_it_left_out(
    call: Call, tmp_path: Path
) -> None:
    folder = draw_kind(tmp_path / "own", KINDS["a test folder beside the table"])

    status, _, err = call("catalog", folder)
    assert (status, "train.csv waits to be mapped" in err) == (2, True)
    assert "python -m xray_core map" in err

    answer = json.loads(call("map", folder, "--json")[1])
    assert answer["mapping"]["tables"][0]["columns"] == {"path": "image_id", "label": "label"}
    assert (answer["rows_with_image"], answer["labels"]) == (6, {"normal": 3, "opacity": 3})
    assert call("map", folder)[0] == 2  # it says already how to read the folder
    assert call("map", folder, "--again")[0] == 0

    status, out, _ = call("catalog", folder, "--left-out", tmp_path / "left.csv")
    assert status == 0
    assert "opened: Read as xray_dataset.json says." in out
    left = pd.read_csv(tmp_path / "left.csv").set_index("name")
    assert left.loc["test_images/a.png", "kind"] == "stray_file"


def test_a_reader_is_chosen_by_name(call: Call, kermany_folder: Path) -> None:
    by_folders = json.loads(call("catalog", kermany_folder, "--reader", "folder", "--json")[1])
    assert by_folders["dataset"] == "folder"
    assert "as somebody chose" in " ".join(by_folders["notes"])
    assert json.loads(call("catalog", kermany_folder, "--json")[1])["dataset"] == "kermany"

    assert call("map", kermany_folder)[0] == 2  # it needs no mapping
    assert call("map", kermany_folder, "--levels", "subset,class")[0] == 0
    assert json.loads(call("catalog", kermany_folder, "--json")[1])["dataset"] == "folder"
    status, _, err = call("catalog", kermany_folder, "--reader", "nobody")
    assert (status, "no reader called 'nobody'" in err) == (2, True)


def test_an_answer_and_its_file_are_json_that_any_program_reads(
    call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "kept.json"
    odd = {"share": float("nan"), "ends": [np.float64("inf"), 0.5], "name": "\udcff"}

    def answer(*_: object) -> Answer:
        save_answer(odd, path)
        return odd, ""

    monkeypatch.setattr(trainings, "show_recipes", answer)
    out = call("recipes", "--json")[1]

    assert json.loads(out, parse_constant=pytest.fail)["ends"] == [None, 0.5]
    assert json.loads(path.read_text(), parse_constant=pytest.fail) == json.loads(out)


def test_the_labs_say_what_their_runs_come_to_and_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XRAY_HOME", str(tmp_path / "home"))
    workspace, root = Workspace(tmp_path / "home"), tmp_path / "demo"
    write_synthetic_dataset(root, n_images=110, size=64)
    catalog, demo = open_dataset(root, workspace.cache), PUBLISHED["demo_cnn"]
    for name, recipe in (
        ("20260301-100000-a", demo),
        ("20260301-100001-b", member_recipe(demo, "border")),
        ("20260301-100002-c", leak_recipe(demo, "image", 0)),
    ):
        write_lab_run(workspace, catalog, recipe, name, skill=3)

    assert cli.main(["shortcuts", "20260301-100000-a", "--json"]) == 0
    lab = json.loads(capsys.readouterr().out)
    assert [row["run"] for row in lab["sights"][:3]] == [
        "20260301-100000-a",
        "",
        "20260301-100001-b",
    ]
    assert lab["missing"] == ["Lungs masked out"]
    assert "Guess the sex" in lab["not_possible"]
    assert cli.main(["leak-lab", "--runs", "20260301-100000-a,20260301-100002-c"]) == 0
    text = capsys.readouterr().out
    assert "By image the AUC is" in text
    assert "All figures are of the validation sets: the test sets of" in text
    assert cli.main(["leak-lab", "demo_cnn", "--data", str(root), "--seeds", "2"]) == 0
    assert "Not trained yet: By image, seed 1, By patient, seed 1." in capsys.readouterr().out
    assert cli.main(["leak-lab"]) == 2
    assert "Name a run or a recipe" in capsys.readouterr().err
    assert cli.main(["shortcuts", "demo_cnn"]) == 2
    assert "name its folder with --data" in capsys.readouterr().err
