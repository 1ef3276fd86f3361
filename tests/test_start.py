"""start.py and what it starts with: what they say and do, without installing anything."""

import ast
import importlib.util
import os
import re
import socket
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import install_progress
import start
import uv_setup
import venv_setup
from venv_setup import StartError

PROJECT = Path(start.__file__).parent
OURS = {"venv_setup", "uv_setup", "install_progress"}
FILES = [PROJECT / f"{name}.py" for name in sorted({"start"} | OURS)]
VERSION = "{}.{}".format(*sys.version_info[:2])


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with requirement files and an empty .venv folder, in place of the real one."""
    (tmp_path / "requirements.txt").write_text("# arrays\nnumpy==2.4.6\nstreamlit==1.67.0\n")
    (tmp_path / "requirements-dev.txt").write_text("-r requirements.txt\npytest==9.2.0\n")
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(venv_setup, "ROOT", tmp_path)
    monkeypatch.setattr(venv_setup, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(venv_setup, "find_uv", lambda programs: None)
    monkeypatch.setattr(venv_setup, "fetch_uv", lambda log: None)
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


Watch = Callable[..., int]


def installer_that(status: int, output: str = "") -> Watch:
    """Return a stand-in for `watch` that writes `output` to the log and ends with `status`."""

    def watch(command: list[str], folder: Path, log: Path, *_: object) -> int:
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
    assert at_import <= sys.stdlib_module_names - {"tomllib"} | OURS


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

    assert venv_setup.venv_problem() == "Making .venv"


def test_a_broken_environment_is_made_again(project: Path) -> None:
    assert "no working Python" in (venv_setup.venv_problem() or "")


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for Python is a shell script")
@pytest.mark.parametrize(
    ("version", "made_in", "problem"),
    [
        (VERSION, "{here}", None),
        (VERSION, "/elsewhere/.venv", "another folder"),
        ("3.8", "{here}", r"belongs to Python 3\.8"),
    ],
)
def test_an_environment_is_used_only_where_it_fits(
    version: str, made_in: str, problem: str | None, project: Path
) -> None:
    folder = project / ".venv"
    (folder / "bin").mkdir()
    (folder / "bin" / "python").write_text(f"#!/bin/sh\necho {version}\n")
    (folder / "bin" / "python").chmod(0o755)
    command = f"command = /usr/bin/python3 -m venv {made_in.format(here=folder)}\n"
    (folder / "pyvenv.cfg").write_text(command)

    found = venv_setup.venv_problem()

    assert found is None if problem is None else re.search(problem, found or "")


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
    monkeypatch.setattr(venv_setup, "watch", installer_that(0))
    assert not venv_setup.is_installed(["requirements.txt"])

    venv_setup.install(["requirements-dev.txt"])

    assert venv_setup.is_installed(["requirements-dev.txt"])
    assert venv_setup.is_installed(["requirements.txt"])  # it was included


def test_a_changed_file_asks_for_what_includes_it(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(venv_setup, "watch", installer_that(0))
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
    monkeypatch.setattr(venv_setup, "watch", installer_that(0))
    (project / "requirements-gpu.txt").write_text("-r requirements.txt\n")

    venv_setup.install(["requirements-gpu.txt"])
    venv_setup.install(["requirements-dev.txt"])

    assert venv_setup.is_installed(["requirements-gpu.txt", "requirements-dev.txt"])


def test_a_failed_installation_leaves_no_stamp_and_shows_the_reason(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(venv_setup, "watch", installer_that(0))
    venv_setup.install(["requirements.txt"])
    reason = "ERROR: [Errno 28] No space left on device"
    monkeypatch.setattr(venv_setup, "watch", installer_that(1, f"Collecting numpy\n{reason}\n"))

    with pytest.raises(StartError) as caught:
        venv_setup.install(["requirements.txt"])

    assert reason in str(caught.value)
    assert "The disk is full" in str(caught.value)
    assert not venv_setup.is_installed(["requirements.txt"])


def test_an_interrupted_installation_leaves_no_stamp(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(venv_setup, "watch", installer_that(0))
    venv_setup.install(["requirements.txt"])
    monkeypatch.setattr(venv_setup, "watch", interrupted)

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
    progress = install_progress.PipProgress(
        (project / "requirements.txt").read_text(), venv_setup.site_packages()
    )
    log, command = project / "install.log", [sys.executable, "-c", pip]

    status = install_progress.watch(command, project, log, progress, dict(os.environ))

    assert status == 3
    assert capsys.readouterr().out.splitlines() == [
        "  collecting numpy 2.4.6 (1 of 2)",
        "  downloading numpy (16.6 MB)",
        "  collecting streamlit 1.67.0 (2 of 2)",
        "  installing 2 packages",
        "  installed numpy 2.4.6 (1 of 2)",
    ]
    assert "Collecting numpy" in log.read_text()


# uv


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], dict[str, str]]]:
    """The installers that were started, and their variables; each ends well."""
    asked: list[tuple[list[str], dict[str, str]]] = []

    def watch(
        command: list[str], folder: Path, log: Path, progress: object, variables: dict[str, str]
    ) -> int:
        asked.append((command, variables))
        return 0

    monkeypatch.setattr(venv_setup, "watch", watch)
    return asked


def test_uv_installs_where_there_is_one_and_is_told_what_pip_is(
    project: Path,
    asked: list[tuple[list[str], dict[str, str]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(venv_setup, "find_uv", lambda programs: "/bin/uv")
    monkeypatch.setattr(
        venv_setup, "read_pip_settings", lambda *_: {"index-url": "https://index.invalid/simple"}
    )

    venv_setup.install(["requirements-dev.txt"])

    [(command, variables)] = asked
    assert command[:3] == ["/bin/uv", "pip", "install"]
    assert command[command.index("--python") + 1] == venv_setup.venv_python()
    assert command[command.index("--only-binary") + 1] == ":all:"
    assert command[-2:] == ["-r", str(project / "requirements-dev.txt")]
    assert variables["UV_DEFAULT_INDEX"] == "https://index.invalid/simple"
    assert variables["PATH"] == os.environ["PATH"]
    assert venv_setup.is_installed(["requirements-dev.txt", "requirements.txt"])


def test_uv_is_fetched_with_pip_where_there_is_none(
    project: Path,
    asked: list[tuple[list[str], dict[str, str]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()
    fetched: list[list[str]] = []
    monkeypatch.setattr(venv_setup, "ROOT", project)
    monkeypatch.setattr(venv_setup, "VENV", project / ".venv")
    monkeypatch.setattr(
        venv_setup, "find_uv", lambda programs: str(programs / "uv") if fetched else None
    )
    monkeypatch.setattr(subprocess, "run", lambda command, **_: fetched.append(command))

    uv = venv_setup.fetch_uv(project / "log.txt")

    assert uv == str(venv_setup.programs() / "uv")
    [command] = fetched
    assert command[:4] == [venv_setup.venv_python(), "-m", "pip", "install"]
    assert str(project / "requirements-uv.txt") in command
    assert re.search(
        r"^uv==\d+\.\d+\.\d+$", (PROJECT / venv_setup.UV).read_text(encoding="utf-8"), re.M
    )


def test_pip_installs_where_uv_cannot_be_had(
    project: Path,
    asked: list[tuple[list[str], dict[str, str]]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    (project / ".venv" / "install-uv.log").write_text(
        "ERROR: No matching distribution found for uv==0.13.9\n"
    )

    venv_setup.install(["requirements.txt"])

    [(command, _)] = asked
    assert command[:4] == [venv_setup.venv_python(), "-m", "pip", "install"]
    assert "--no-compile" in command
    said = capsys.readouterr().out
    assert "uv cannot be put into .venv (ERROR: No matching distribution found for uv" in said
    assert venv_setup.is_installed(["requirements.txt"])


def test_pip_installs_where_uv_fails_and_the_reason_is_said(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    started: list[str] = []

    def watch(command: list[str], folder: Path, log: Path, *_: object) -> int:
        started.append(command[0])
        log.write_text("error: Failed to fetch: `numpy`\n  Caused by: dns error\n")
        return int(command[0] == "/bin/uv")

    monkeypatch.setattr(venv_setup, "find_uv", lambda programs: "/bin/uv")
    monkeypatch.setattr(venv_setup, "read_pip_settings", lambda *_: {})
    monkeypatch.setattr(venv_setup, "watch", watch)

    venv_setup.install(["requirements.txt"])

    assert started == ["/bin/uv", venv_setup.venv_python()]
    assert (
        "uv failed (error: Failed to fetch: `numpy`; Caused by: dns error), so"
        in capsys.readouterr().out
    )
    assert venv_setup.is_installed(["requirements.txt"])


def test_pip_installs_where_uv_cannot_be_started(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def watch(command: list[str], folder: Path, log: Path, *_: object) -> int:
        if command[0] == "/gone/uv":
            raise FileNotFoundError(2, "No such file or directory")
        return 0

    monkeypatch.setattr(venv_setup, "find_uv", lambda programs: "/gone/uv")
    monkeypatch.setattr(venv_setup, "read_pip_settings", lambda *_: {})
    monkeypatch.setattr(venv_setup, "watch", watch)

    venv_setup.install(["requirements.txt"])

    assert "uv failed ([Errno 2] No such file or directory)" in capsys.readouterr().out


@pytest.mark.parametrize("uv", ["/bin/uv", None])
@pytest.mark.parametrize("kept", [True, False])
def test_all_is_compiled_where_python_may_not_keep_bytecode_and_only_there(
    uv: str | None,
    kept: bool,
    project: Path,
    asked: list[tuple[list[str], dict[str, str]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled: list[list[str]] = []
    monkeypatch.setattr(venv_setup, "find_uv", lambda programs: uv)
    monkeypatch.setattr(venv_setup, "read_pip_settings", lambda *_: {})
    monkeypatch.setattr(venv_setup, "run", lambda command: compiled.append(command) or 0)
    monkeypatch.setattr(sys, "dont_write_bytecode", not kept)

    venv_setup.install(["requirements.txt"])

    [(command, _)] = asked
    assert not any("--compile" in word for word in command), "it would take half a minute"
    assert [command[2] for command in compiled] == ([] if kept else ["compileall"])


def test_pips_settings_are_read_as_pip_weighs_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = (
        ":env:.index-url='https://env.invalid/simple'\n"
        "global.index-url='https://global.invalid/simple'\n"
        "global.extra-index-url='\\nhttps://a.invalid/simple\\nhttps://b.invalid/simple'\n"
        "global.timeout='10'\ninstall.timeout='20'\nfreeze.timeout='30'\n"
    )

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        assert command[:3] == ["python", "-m", "pip"]
        return subprocess.CompletedProcess(command, 0, said)

    monkeypatch.setattr(subprocess, "run", run)

    settings = uv_setup.read_pip_settings("python", tmp_path)

    assert settings["index-url"] == "https://env.invalid/simple"
    assert settings["extra-index-url"].split() == [
        "https://a.invalid/simple",
        "https://b.invalid/simple",
    ]
    assert settings["timeout"] == "20"


def test_this_pips_settings_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pip.conf").write_text("[global]\nconstraint = /c.txt\n    /d.txt\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.setenv("PIP_INDEX_URL", "https://env.invalid/simple")

    settings = uv_setup.read_pip_settings(sys.executable, tmp_path)

    assert settings["constraint"].split() == ["/c.txt", "/d.txt"]
    assert settings["index-url"] == "https://env.invalid/simple"


def test_a_pip_that_cannot_say_its_settings_has_none(tmp_path: Path) -> None:
    assert uv_setup.read_pip_settings(str(tmp_path / "gone"), tmp_path) == {}


def test_each_setting_of_pip_reaches_uv_and_what_uv_was_told_stays() -> None:
    settings = {
        "index-url": "https://a.invalid/simple",
        "extra-index-url": "\nhttps://b.invalid\nfile:///c",
        "find-links": "/wheels /more",
        "constraint": "c.txt",
        "trusted-host": "a.invalid b.invalid",
        "cert": "/ca.crt",
        "proxy": "http://proxy.invalid:80",
        "default-timeout": "60",
        "disable-pip-version-check": "1",
    }

    variables = uv_setup.uv_variables(settings, {"UV_HTTP_TIMEOUT": "5", "HOME": "/h"})

    assert variables == {
        "HOME": "/h",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_DEFAULT_INDEX": "https://a.invalid/simple",
        "UV_INDEX": "https://b.invalid file:///c",
        "UV_FIND_LINKS": "/wheels,/more",
        "UV_CONSTRAINT": "c.txt",
        "UV_INSECURE_HOST": "a.invalid b.invalid",
        "SSL_CERT_FILE": "/ca.crt",
        "ALL_PROXY": "http://proxy.invalid:80",
        "UV_HTTP_TIMEOUT": "5",
    }
    assert "--no-index" in uv_setup.uv_command("uv", "python", {"no-index": "true"}, [])
    assert "--no-index" not in uv_setup.uv_command("uv", "python", {"no-index": "0"}, [])


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for uv is a shell script")
@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("echo uv 0.13.9 '(x86_64)'", True),
        ("echo uv 0.4.22", False),
        ("echo hello", False),
        ("exit 1", False),
    ],
)
def test_a_uv_is_used_if_it_runs_and_knows_the_index_that_it_is_told(
    script: str, found: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uv = tmp_path / "machine" / "uv"
    uv.parent.mkdir()
    uv.write_text(f"#!/bin/sh\n{script}\n")
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", f"{uv.parent}{os.pathsep}{os.defpath}")

    assert uv_setup.find_uv(tmp_path / "bin") == (str(uv) if found else None)
    assert uv_setup.find_uv(uv.parent) == (str(uv) if found else None)


def test_progress_tells_what_uv_downloads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    uv = r"""
print("Using Python 3.11.7 environment at: .venv")
print("Resolved 86 packages in 1.94s")
print("Downloading tensorflow (545.9MiB)")
print("Downloading pandas (11.8MiB)")
print(" Downloaded pandas")
print("Prepared 1 package in 21.85s")
print("Installed 86 packages in 888ms")
print(" + absl-py==2.5.1")
"""
    log, command = tmp_path / "install.log", [sys.executable, "-c", uv]

    status = install_progress.watch(
        command, tmp_path, log, install_progress.UvProgress(), dict(os.environ)
    )

    assert status == 0
    assert capsys.readouterr().out.splitlines() == [
        "  resolved 86 packages",
        "  downloading tensorflow (545.9 MiB)",
        "  downloading pandas (11.8 MiB)",
        "  downloaded pandas (1 of 2)",
        "  prepared 1 package",
        "  installed 86 packages",
    ]


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
