"""Finds uv, which installs many times faster than pip, and hands pip's settings on to it.

Needs the standard library only.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from pathlib import Path

OLDEST_UV = (0, 4, 23)  # the first that knows UV_DEFAULT_INDEX: others would ask another index
# pip's setting -> the variable by which uv knows it, and what parts several values there.
SETTINGS = {
    "index-url": ("UV_DEFAULT_INDEX", ""),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "constraint": ("UV_CONSTRAINT", " "),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "cert": ("SSL_CERT_FILE", ""),
    "client-cert": ("SSL_CLIENT_CERT", ""),
    "proxy": ("ALL_PROXY", ""),
    "default-timeout": ("UV_HTTP_TIMEOUT", ""),
    "timeout": ("UV_HTTP_TIMEOUT", ""),
}


def find_uv(programs: Path) -> str | None:
    """Return the uv of the environment whose programs lie there, or the machine's; None: no uv."""
    for uv in (shutil.which("uv", path=str(programs)), shutil.which("uv")):
        if uv and uv_version(uv) >= OLDEST_UV:
            return uv
    return None


def uv_version(uv: str) -> tuple[int, ...]:
    """Return the version of a uv; (0,) if it does not run."""
    try:
        said = subprocess.run([uv, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return (0,)
    version = re.match(r"uv (\d+)\.(\d+)\.(\d+)", said.stdout)
    return tuple(map(int, version.groups())) if version else (0,)


def read_pip_settings(python: str, folder: Path) -> dict[str, str]:
    """Return what pip's configuration files and PIP_ variables say, as that pip installs with it.

    Nothing is returned where pip cannot say it: uv then goes by its own settings, and where that
    fails, pip installs.
    """
    command = [python, "-m", "pip", "--disable-pip-version-check", "config", "list"]
    try:
        said = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return {}
    levels: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in said.stdout.splitlines():
        level, _, setting = line.partition(".")
        name, _, value = setting.partition("=")
        if level in levels and value:
            levels[level][name] = str(ast.literal_eval(value))
    return {**levels["global"], **levels["install"], **levels[":env:"]}


def uv_variables(settings: dict[str, str], environment: dict[str, str]) -> dict[str, str]:
    """Return the environment for uv: `environment`, and pip's settings in uv's words.

    What `environment` says to uv itself stays.
    """
    # As pip does, ask every index for every package; and take the Python that is there.
    ours = {"UV_INDEX_STRATEGY": "unsafe-best-match", "UV_PYTHON_DOWNLOADS": "never"}
    for name, (variable, between) in SETTINGS.items():
        if values := settings.get(name, "").split():
            ours[variable] = between.join(values) if between else values[0]
    return {**ours, **environment}


def uv_command(uv: str, python: str, settings: dict[str, str], files: list[Path]) -> list[str]:
    """Return the command line that installs requirement files into that Python's environment."""
    command = [uv, "pip", "install", "--python", python, "--only-binary", ":all:"]
    if settings.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        command.append("--no-index")
    return command + [word for file in files for word in ("-r", str(file))]
