"""A run moves to another workspace: whole, checked, and bound to the dataset that is there."""

import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.exports.runs import HOSTILE, copy_run
from tests.training.tiny import Finished
from xray_core import cli
from xray_core.archives import members
from xray_core.errors import DatasetError, RunError
from xray_core.exports.run import import_run, read_manifest, write_run
from xray_core.runs import Run, list_runs
from xray_core.runs.notes import Notes, read_notes, write_notes
from xray_core.runs.opening import is_open, open_test, openings_of
from xray_core.workspace import Workspace

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def exported(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    """A run with notes, whose test set was opened, and its archive."""
    folder = tmp_path_factory.mktemp("exported")
    run, workspace = copy_run(finished, folder)
    write_notes(run, Notes(("good",), "keep this"))
    open_test(run, workspace, "ann")
    (run.folder / "stop").touch()
    (run.folder / "mine.pkl").write_bytes(b"no training writes this")
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed):
        patch.setenv("XRAY_HOME", str(workspace.folder))
        out = folder / "run.zip"
        assert cli.main(["export", run.name, "--out", str(out), "--json"]) == 0
    answer = json.loads(printed.getvalue())
    assert [words.partition(":")[0] for words in answer["missing"]] == [
        "1 files of the run folder that no training writes"
    ]
    assert answer["bytes"] == out.stat().st_size
    return run, out


@pytest.fixture
def there(finished: Finished, tmp_path: Path) -> Workspace:
    """Another workspace, with the dataset under another name."""
    workspace = Workspace(tmp_path / "there")
    shutil.copytree(finished.data, workspace.data / "moved")
    return workspace


def test_a_run_arrives_as_it_left_and_finds_its_dataset_by_its_images(
    exported: tuple[Run, Path], there: Workspace
) -> None:
    run, file = exported

    done = import_run(file, there, by="bob")

    assert done.run.name == run.name
    assert Path(done.run.read_recipe().data_folder) == there.data / "moved"
    assert done.data.is_whole
    assert done.said == (f"60 of 60 images are in {there.data / 'moved'}.",)
    for name in ("checkpoints/last.npz", "checkpoints/best.keras", "predictions.parquet"):
        assert (done.run.folder / name).read_bytes() == (run.folder / name).read_bytes()
    assert done.run.read_report() == run.read_report()
    assert done.run.read_metrics() == run.read_metrics()
    assert read_notes(done.run) == Notes(("good",), "keep this")
    assert done.run.read_recipe().title == HOSTILE
    assert is_open(done.run, there)
    assert [line.by for line in openings_of(done.run, there)] == ["ann"]
    assert done.run.read_events()[-1]["event"] == "imported"
    assert not (done.run.folder / "stop").exists()
    assert [path.name for path in there.runs.iterdir()] == [run.name], "nothing else is left"


def test_a_second_one_gets_another_name_which_is_said(
    exported: tuple[Run, Path], there: Workspace
) -> None:
    first, second = (import_run(exported[1], there) for _ in range(2))

    assert second.run.name == f"{first.run.name}-2"
    assert second.said[0].endswith(f"this one is called {second.run.name}.")


def test_no_path_of_the_machine_leaves_it(exported: tuple[Run, Path], finished: Finished) -> None:
    _, file = exported
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            content = archive.read(name)
            for path in (finished.data, finished.workspace.folder, file.parent, Path.home()):
                assert str(path).encode() + b"/" not in content, name
                assert f'"{path}"'.encode() not in content, name


def test_of_a_file_of_weights_and_another_dataset_only_the_names_leave(
    finished: Finished, tmp_path: Path
) -> None:
    run, workspace = copy_run(finished, tmp_path)
    weights = "/elsewhere/ann/weights.keras"
    changes = {"changes": {"weights": weights}, "weights": weights}
    run.write_json("recipe.json", {**asdict(run.read_recipe()), **changes})
    run.write_json("data.json", {**run.read_data(), "remarks": [f"Begins with {weights}."]})
    place = run.folder / "external" / "other"
    place.mkdir(parents=True)
    (place / "about.json").write_text(json.dumps({"folder": "/elsewhere/ann/other"}))

    write_run(run, workspace, tmp_path / "run.zip")

    with zipfile.ZipFile(tmp_path / "run.zip") as archive:
        texts = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    assert not [name for name, content in texts.items() if b"elsewhere/ann" in content]
    for name in ("train.py", "notebook.ipynb", "run/data.json", "run/recipe.json"):
        assert b"weights.keras" in texts[name], name


@pytest.fixture(scope="module")
def files(exported: tuple[Run, Path]) -> Files:
    with zipfile.ZipFile(exported[1]) as archive:
        top = f"{exported[0].name}/"
        return {name.removeprefix(top): archive.read(name) for name in archive.namelist()}


def relist(files: Files, **changes: object) -> Files:
    """Return files with a manifest that fits them, as a forger would write it."""
    manifest = json.loads(files["manifest.json"]) | changes
    manifest["files"] = {
        name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in files.items()
        if name != "manifest.json"
    }
    return {**files, "manifest.json": json.dumps(manifest).encode()}


def without(files: Files, name: str) -> Files:
    return {key: content for key, content in files.items() if key != name}


def flip(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


def forge(name: str, content: bytes) -> Callable[[Files], Files]:
    """Return what puts another content into a run, with a manifest that fits it."""
    return lambda files: relist({**files, f"run/{name}": content})


RECIPE = "run/recipe.json"
REFUSED: dict[str, tuple[Callable[[Files], Files], str]] = {
    "a damaged file": (lambda f: {**f, RECIPE: flip(f[RECIPE])}, "is not the file that was"),
    "a file more than is listed": (lambda f: {**f, "run/x.json": b"{}"}, "its list has not"),
    "a file less than is listed": (lambda f: without(f, "run/data.json"), "data.json is missing"),
    "no recipe": (lambda f: relist(without(f, RECIPE)), r"lacks run/recipe.json"),
    "a damaged recipe": (forge("recipe.json", b'{"name": 1}'), "x.zip: recipe.json is damaged"),
    "a damaged state": (forge("status.json", b"{}"), "x.zip: status.json is damaged"),
    "a report of nothing": (forge("report.json", b"[]"), "x.zip: report.json is damaged"),
    "a table of nothing": (forge("predictions.parquet", b"PAR1"), "x.zip: predictions.parquet is"),
    "a network of nothing": (forge("checkpoints/best.keras", b"x"), "x.zip: .*best.keras is dam"),
    "an opening of nothing": (forge("opened.jsonl", b"x\n{}\n"), "1 of its lines are no openings"),
    "a pickle": (lambda f: relist({**f, "run/x.pkl": b"cos\n"}), "'run/x.pkl', which no run has"),
    "a stop file": (lambda f: relist({**f, "run/attempt.json": b"{}"}), "which no run has"),
    "a way out": (lambda f: relist({**f, "run/../../../x.json": b"{}"}), "leads elsewhere"),
    "a name that is a way": (lambda f: relist(f, run="../x"), "can name no run"),
    "a later format": (lambda f: relist(f, format=9), "Update X-ray Lab"),
    "no manifest": (lambda f: without(f, "manifest.json"), "is no exported run"),
    "a bomb": (lambda f: {**f, "run/x.json": bytes(10 * 2**20)}, "so does an archive made to"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_whole_run_is_refused_and_leaves_nothing(
    kind: str,
    files: Files,
    exported: tuple[Run, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(members, "ALWAYS_ALLOWED_BYTES", 2**20)
    monkeypatch.setattr(members, "MAX_UNPACKED_RATIO", 5)
    change, words = REFUSED[kind]
    file, workspace = tmp_path / "x.zip", Workspace(tmp_path / "there")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in change(files).items():
            archive.writestr(f"{exported[0].name}/{name}", content)

    with pytest.raises(RunError, match=words):
        import_run(file, workspace)

    assert list(workspace.runs.iterdir()) == []
    assert not list(tmp_path.glob("**/x.json"))


def test_a_link_in_an_archive_is_refused(
    files: Files, exported: tuple[Run, Path], tmp_path: Path
) -> None:
    listed = relist({**files, "run/x.json": b"/etc/passwd"})
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for name, content in listed.items():
            info = zipfile.ZipInfo(f"{exported[0].name}/{name}")
            info.external_attr = (0o120777 if name == "run/x.json" else 0o100644) << 16
            archive.writestr(info, content)

    with pytest.raises(RunError, match="Links and devices"):
        import_run(tmp_path / "x.zip", Workspace(tmp_path / "there"))


def test_the_dataset_is_compared_with_what_the_run_was_trained_on(
    exported: tuple[Run, Path], there: Workspace, kermany_folder: Path, tmp_path: Path
) -> None:
    run, file = exported
    split = run.read_split()
    lost, changed = (there.data / "moved" / path for path in split["path"].iloc[:2])
    lost.unlink()
    changed.write_bytes(changed.read_bytes() + b"\0")

    named = import_run(file, there, there.data / "moved")
    looked_for = import_run(file, there)

    assert (named.data.n_images, named.data.n_there, named.data.n_other) == (60, 59, 1)
    assert "1 of them are other files" in named.said[0]
    assert "would not be the same" in named.said[0]
    assert looked_for.data.folder is None
    assert "add the dataset and import the run again" in looked_for.said[-1]
    assert Path(looked_for.run.read_recipe().data_folder) == there.data / read_manifest(file).data
    with pytest.raises(DatasetError, match="the run was trained on 'siim_covid19'"):
        import_run(file, there, kermany_folder)
    assert len(list_runs(there.runs)) == 2


def test_the_command_line_exports_and_imports(
    exported: tuple[Run, Path],
    there: Workspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run, file = exported
    monkeypatch.setenv("XRAY_HOME", str(run.folder.parents[1]))
    assert cli.main(["export", run.name, "--out", str(file)]) == 2
    assert "nothing is overwritten" in capsys.readouterr().err
    assert cli.main(["export", run.name, "--what", "card", "--out", str(tmp_path / "c.md")]) == 0
    folder = tmp_path / "taken"
    for what in (
        "card",
        "model",
        "predictions",
        "notebook",
        "all",
    ):
        assert cli.main(["export", run.name, "--what", what, "--out", f"{folder}/"]) == 0
    names = {"model_card.md", "best.keras", "predictions.csv", "predictions.parquet"}
    names |= {"notebook.ipynb", "split.csv", f"{run.name}.zip"}
    assert {path.name for path in folder.iterdir()} == names, "and no lock"
    monkeypatch.setenv("XRAY_HOME", str(there.folder))
    capsys.readouterr()
    arguments = ["import", str(file), "--data", str(there.data / "moved"), "--json"]
    assert cli.main(arguments) == 0
    answer = json.loads(capsys.readouterr().out)

    assert (answer["run"], answer["images_there"]) == (run.name, 60)
    assert [one.name for one in list_runs(there.runs)] == [run.name]
