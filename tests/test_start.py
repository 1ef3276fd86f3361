"""start.py and venv_setup.py: what they say and do, without installing anything."""

import ast
import importlib.util
import os
import re
import socket
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

import start
import venv_setup
from venv_setup import StartError

PROJECT = Path(start.__file__).parent
FILES = [PROJECT / "start.py", PROJECT / "venv_setup.py"]
VERSION = "{}.{}".format(*sys.version_info[:2])


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with requirement files and an empty .venv folder, in place of the real one."""
    (tmp_path / "requirements.txt").write_text("# arrays\nnumpy==2.4.6\nstreamlit==1.67.0\n")
    (tmp_path / "requirements-dev.txt").write_text("-r requirements.txt\npytest==9.2.0\n")
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(venv_setup, "ROOT", tmp_path)
    monkeypatch.setattr(venv_setup, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    return tmp_path


@pytest.fixture
def handed_over(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The command lines that start.py would hand over to, with nothing to install."""
    commands: list[list[str]] = []
    monkeypatch.setattr(start, "prepare", lambda names: None)
    monkeypatch.setattr(start, "hand_over", lambda words: commands.append(words) or 0)
    return commands


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def pip_that(status: int, output: str = ""):
    """Return a stand-in for watch_pip that writes `output` to the log and ends with `status`."""

    def watch(command: list[str], log: Path, progress: object) -> int:
        log.write_text(output)
        return status

    return watch


# The command line


@pytest.mark.parametrize("version", [(3, 10, 14), (3, 14, 0), (2, 7, 18)])
def test_other_pythons_are_refused_by_name(
    version: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")

    with pytest.raises(StartError, match=r"needs Python 3\.11, 3\.12 or 3\.13") as caught:
        start.check_python(version)

    assert ".".join(map(str, version)) in str(caught.value)
    assert "python.org" in str(caught.value)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no python3.x programs")
def test_a_fitting_python_on_the_machine_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "python3.12"
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(StartError, match=r"run `python3\.12 start\.py`"):
        start.check_python((3, 9, 2))


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 9), (3, 13, 2)])
def test_supported_pythons_pass(version: tuple[int, ...]) -> None:
    start.check_python(version)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_an_old_python_can_read_as_far_as_the_message(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"), feature_version=(3, 8))

    at_import = {
        name.split(".")[0]
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else [node.names[0].name])
    }
    assert at_import <= sys.stdlib_module_names - {"tomllib"} | {"venv_setup"}


def test_help_needs_no_environment(capsys: pytest.CaptureFixture[str]) -> None:
    assert start.main(["--help"]) == 0
    assert "--port N" in capsys.readouterr().out


def test_a_misspelt_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert start.main(["tset"]) == 2
    assert "knows no 'tset'" in capsys.readouterr().err


def test_options_reach_streamlit(handed_over: list[list[str]], free_port: int) -> None:
    start.main(["--port", str(free_port), "--theme.base", "dark"])

    options = ["--server.port", str(free_port), "--theme.base", "dark"]
    assert handed_over == [["-m", "pages.components.serve", *options]]


def test_what_follows_two_dashes_reaches_the_library(handed_over: list[list[str]]) -> None:
    start.main(["--", "train", "run-1", "--gpu", "--help"])

    assert handed_over == [["-m", "xray_core", "train", "run-1", "--gpu", "--help"]]


def test_gpu_adds_its_requirements_in_any_place(
    handed_over: list[list[str]], free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared: list[list[str]] = []
    monkeypatch.setattr(start, "prepare", prepared.append)

    start.main([f"--port={free_port}", "--gpu"])

    assert prepared == [["requirements.txt", "requirements-gpu.txt"]]
    assert handed_over[0][-1] == f"--server.port={free_port}"


@pytest.mark.parametrize(("system", "said"), [("linux", False), ("darwin", True), ("win32", True)])
def test_gpu_says_where_it_does_nothing(
    system: str,
    said: bool,
    handed_over: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "platform", system)

    start.main(["--gpu", "--", "recipes"])

    assert ("on Linux only" in capsys.readouterr().out) == said
    assert handed_over == [["-m", "xray_core", "recipes"]]


@pytest.mark.parametrize("form", ["--port {}", "--port={}", "--server.port={}"])
def test_a_busy_port_is_named_before_anything_is_installed(
    form: str,
    busy_port: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(start, "prepare", lambda names: pytest.fail("installs in vain"))

    assert start.main(form.format(busy_port).split()) == 2

    message = capsys.readouterr().err
    assert f"Port {busy_port} is busy" in message
    assert "--port" in message.split("busy")[1]


@pytest.mark.parametrize("value", ["x", "0", "65536", "-1", ""])
def test_a_port_that_is_none_is_refused(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert start.main(["--port", value]) == 2
    assert f"not {value!r}" in capsys.readouterr().err


def test_the_port_is_looked_up_as_streamlit_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STREAMLIT_SERVER_PORT", raising=False)
    assert start.server_setting([], "port", "1") == "8501"
    assert start.server_setting([], "address", "") == "127.0.0.1"

    monkeypatch.setenv("STREAMLIT_SERVER_PORT", "8700")
    assert start.server_setting([], "port", "1") == "8700"
    assert start.server_setting(["--server.port", "8800"], "port", "1") == "8800"


def test_ctrl_c_is_quiet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(names: list[str]) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(start, "prepare", interrupted)

    assert start.main(["--", "recipes"]) == 130
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for Python is a shell script")
def test_the_exit_status_of_the_command_is_ours(project: Path) -> None:
    for file in FILES:
        (project / file.name).write_bytes(file.read_bytes())
    python = project / ".venv" / "bin" / "python"
    python.parent.mkdir()
    python.write_text(
        f'#!/bin/sh\nif [ "$1" = -c ]; then echo {VERSION}; else echo "$PWD" "$@"; exit 7; fi\n'
    )
    python.chmod(0o755)
    venv_setup.stamp_file().write_text(
        f'{{"requirements.txt": "{venv_setup.digest("requirements.txt")}"}}'
    )

    ended = subprocess.run(
        [sys.executable, project / "start.py", "--", "train", "a run"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 7
    assert ended.stdout == f"{project.resolve()} -m xray_core train a run\n"
    assert ended.stderr == ""


def test_on_windows_the_command_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "venv_python", lambda: "python.exe")
    monkeypatch.setattr(start, "run", lambda command: len(command))
    monkeypatch.setattr(os, "execv", lambda *_: pytest.fail("Windows would go on at the prompt"))
    with monkeypatch.context() as patch:
        patch.setattr(os, "name", "nt")

        status = start.hand_over(["-m", "xray_core"])

    assert status == 3


# The environment


@pytest.mark.parametrize(
    ("system", "python", "packages"),
    [
        ("nt", "Scripts/python.exe", "Lib/site-packages"),
        ("posix", "bin/python", f"lib/python{VERSION}/site-packages"),
    ],
)
def test_the_environment_is_laid_out_as_on_its_system(
    system: str, python: str, packages: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "name", system)
        paths = venv_setup.venv_python(), venv_setup.site_packages()

    assert paths == (str(project / ".venv" / python), project / ".venv" / packages)


def test_a_missing_environment_is_made(project: Path) -> None:
    (project / ".venv").rmdir()

    assert venv_setup.venv_trouble() == "Making .venv"


def test_a_broken_environment_is_made_again(project: Path) -> None:
    assert "no working Python" in (venv_setup.venv_trouble() or "")


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for Python is a shell script")
@pytest.mark.parametrize(
    ("version", "made_in", "trouble"),
    [
        (VERSION, "{here}", None),
        (VERSION, "/elsewhere/.venv", "another folder"),
        ("3.8", "{here}", r"belongs to Python 3\.8"),
    ],
)
def test_an_environment_is_used_only_where_it_fits(
    version: str, made_in: str, trouble: str | None, project: Path
) -> None:
    folder = project / ".venv"
    (folder / "bin").mkdir()
    (folder / "bin" / "python").write_text(f"#!/bin/sh\necho {version}\n")
    (folder / "bin" / "python").chmod(0o755)
    command = f"command = /usr/bin/python3 -m venv {made_in.format(here=folder)}\n"
    (folder / "pyvenv.cfg").write_text(command)

    found = venv_setup.venv_trouble()

    assert found is None if trouble is None else re.search(trouble, found or "")


@pytest.mark.parametrize("missing", ["venv", "ensurepip"])
def test_a_missing_venv_module_says_what_to_install(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name != missing or None)

    with pytest.raises(StartError, match="apt install python3-venv"):
        venv_setup.make_venv("Making .venv")


def test_a_failing_venv_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise PermissionError("read-only file system")

    monkeypatch.setattr(venv, "create", fail)

    with pytest.raises(StartError, match="read-only file system.*try again"):
        venv_setup.make_venv("Making .venv")


def test_nothing_is_installed_twice(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(venv_setup, "watch_pip", pip_that(0))
    assert not venv_setup.is_installed(["requirements.txt"])

    venv_setup.install(["requirements-dev.txt"])

    assert venv_setup.is_installed(["requirements-dev.txt"])
    assert venv_setup.is_installed(["requirements.txt"])  # it was included


def test_a_changed_file_asks_for_what_includes_it(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(venv_setup, "watch_pip", pip_that(0))
    venv_setup.install(["requirements-dev.txt"])

    (project / "requirements-dev.txt").touch()  # the same text, a newer date
    assert venv_setup.is_installed(["requirements-dev.txt"])

    (project / "requirements.txt").write_text("numpy==2.4.7\n")
    assert not venv_setup.is_installed(["requirements.txt"])
    venv_setup.install(["requirements.txt"])
    assert venv_setup.is_installed(["requirements.txt"])
    assert not venv_setup.is_installed(["requirements-dev.txt"])


def test_installing_one_file_keeps_what_is_known_of_another(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(venv_setup, "watch_pip", pip_that(0))
    (project / "requirements-gpu.txt").write_text("-r requirements.txt\n")

    venv_setup.install(["requirements-gpu.txt"])
    venv_setup.install(["requirements-dev.txt"])

    assert venv_setup.is_installed(["requirements-gpu.txt", "requirements-dev.txt"])


def test_a_failed_installation_leaves_no_stamp_and_shows_the_reason(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(venv_setup, "watch_pip", pip_that(0))
    venv_setup.install(["requirements.txt"])
    reason = "ERROR: [Errno 28] No space left on device"
    monkeypatch.setattr(venv_setup, "watch_pip", pip_that(1, f"Collecting numpy\n{reason}\n"))

    with pytest.raises(StartError) as caught:
        venv_setup.install(["requirements.txt"])

    assert reason in str(caught.value)
    assert "The disk is full" in str(caught.value)
    assert not venv_setup.is_installed(["requirements.txt"])


def test_an_interrupted_installation_leaves_no_stamp(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(command: list[str], log: Path, progress: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(venv_setup, "watch_pip", pip_that(0))
    venv_setup.install(["requirements.txt"])
    monkeypatch.setattr(venv_setup, "watch_pip", interrupted)

    with pytest.raises(KeyboardInterrupt):
        venv_setup.install(["requirements.txt"])

    assert not venv_setup.is_installed(["requirements.txt"])


def test_progress_counts_what_pip_collects_and_what_arrives(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arrives = venv_setup.site_packages() / "numpy-2.4.6.dist-info" / "INSTALLER"
    pip = f"""
from pathlib import Path
print("Ignoring colorama: markers 'sys_platform == \\"win32\\"' don't match your environment")
print("Collecting numpy==2.4.6 (from -r requirements.txt (line 2))")
print("  Downloading numpy-2.4.6-cp311-cp311-manylinux_2_28_x86_64.whl (16.6 MB)")
print("Processing /wheels/streamlit-1.67.0-py3-none-any.whl (from -r requirements.txt (line 3))")
print("Installing collected packages: numpy, streamlit")
Path({str(arrives)!r}).parent.mkdir(parents=True)
Path({str(arrives)!r}).touch()
raise SystemExit(3)
"""
    (project / "requirements.txt").write_text("colorama==0.4.6\nnumpy==2.4.6\nstreamlit==1.67.0\n")
    progress = venv_setup.PipProgress(["requirements.txt"])
    log = project / "install.log"

    status = venv_setup.watch_pip([sys.executable, "-c", pip], log, progress)

    assert status == 3
    assert capsys.readouterr().out.splitlines() == [
        "  collecting numpy 2.4.6 (1 of 2)",
        "  downloading numpy (16.6 MB)",
        "  collecting streamlit 1.67.0 (2 of 2)",
        "  installing 2 packages",
        "  installed numpy 2.4.6 (1 of 2)",
    ]
    assert "Collecting numpy" in log.read_text()


# The checks


def test_every_check_runs_also_after_one_has_failed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commands: list[list[str]] = []

    def run(command: list[str]) -> int:
        commands.append(command[1:])
        return int("mypy" in command)

    monkeypatch.setattr(start, "run", run)
    monkeypatch.setattr(start, "provide_chromium", lambda: None)

    assert start.run_checks(["-k", "labels"]) == 1

    *others, tests = start.CHECKS.values()
    assert commands == [*others, [*tests, "-k", "labels"]]
    output = capsys.readouterr().out
    assert output.endswith("Failed: mypy\n")
    assert re.search(r"pytest +\d+\.\d s  passed\n", output)


def test_all_checks_passing_is_success(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(start, "run", lambda command: 0)
    monkeypatch.setattr(start, "provide_chromium", lambda: None)

    assert start.run_checks([]) == 0
    assert capsys.readouterr().out.endswith("All checks passed\n")


@pytest.mark.parametrize(
    ("system", "user", "installs"),
    [
        ("ID=debian\n", 0, ["apt-get update", "apt-get install -y chromium"]),
        ("ID=debian\n", 1000, []),
        ("ID=ubuntu\nID_LIKE=debian\n", 0, []),
        ("", 0, []),
    ],
)
def test_chromium_is_installed_only_where_that_is_ours_to_do(
    system: str,
    user: int,
    installs: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    commands: list[str] = []
    monkeypatch.setattr(start.shutil, "which", lambda name: None)
    monkeypatch.setattr(start, "read_text", lambda path: system)
    monkeypatch.setattr(start.os, "geteuid", lambda: user, raising=False)
    monkeypatch.setattr(start, "run", lambda words: commands.append(" ".join(words[2:])) or 0)

    start.provide_chromium()

    assert commands == installs
    assert ("browser tests will be skipped" in capsys.readouterr().out) == (not installs)


# The requirement files


@pytest.mark.parametrize("name", [start.APP, start.DEV, start.GPU, "requirements-jax.txt"])
def test_every_requirement_is_pinned_once(name: str) -> None:
    lines = (PROJECT / name).read_text(encoding="utf-8").splitlines()
    requirements = [line for line in lines if line and not line.startswith(("#", "-r "))]
    names = [re.split(r"[=\[]", line)[0] for line in requirements]

    assert all(re.match(r"[\w.-]+(\[[\w-]+\])?==[\w.]+(; .+)?$", line) for line in requirements)
    assert len(names) == len(set(names))


def test_the_gpu_gets_the_same_tensorflow() -> None:
    texts = venv_setup.requirement_texts(start.GPU)

    versions = re.findall(r"^tensorflow\S*==([\d.]+)", "\n".join(texts.values()), re.MULTILINE)
    assert len(versions) == 2
    assert len(set(versions)) == 1
