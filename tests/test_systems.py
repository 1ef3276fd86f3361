"""What hangs on the operating system stands in a module for each matter, and nowhere else."""

import ast
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
MODULES = sorted([*PROJECT.glob("xray_core/**/*.py"), *PROJECT.glob("pages/**/*.py")])
# Processes and signals; limits; the machine and its allocator; paths and names of files.
ROOMS = {
    *("xray_core/processes.py", "xray_core/bounded/child.py"),
    *("xray_core/machine.py", "xray_core/paths.py", "xray_core/typed_paths.py"),
}
# What some systems lack, or what one asks to tell them apart.
HANGS_ON_IT = {
    *("os.name", "sys.platform", "os.uname", "os.fork", "os.kill", "os.killpg", "os.setsid"),
    *("os.getuid", "os.geteuid", "os.getsid", "os.getpgid", "os.nice", "os.sysconf", "os.mkfifo"),
    *("os.set_blocking", "os.sched_getaffinity", "os.sched_setaffinity", "os.statvfs", "os.chown"),
}
IMPORTS = {"fcntl", "grp", "msvcrt", "platform", "pwd", "resource", "signal", "termios", "winreg"}
OPTIONS = {"start_new_session", "creationflags", "preexec_fn", "process_group"}


def find_uses(tree: ast.Module) -> list[str]:
    """Return what in a module hangs on the operating system."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names if name.name in IMPORTS]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{name.name}" for name in node.names]
            found += [node.module] if node.module in IMPORTS else []
            found += [name for name in names if name in HANGS_ON_IT]
        elif isinstance(node, ast.Attribute) and ast.unparse(node) in HANGS_ON_IT:
            found.append(ast.unparse(node))
        elif isinstance(node, ast.keyword) and node.arg in OPTIONS:
            found.append(node.arg)
        elif isinstance(node, ast.Constant) and str(node.value).startswith("/proc"):
            found.append(node.value)
    return found


def test_no_other_module_hangs_on_the_system() -> None:
    uses = {
        path.relative_to(PROJECT).as_posix(): find_uses(ast.parse(path.read_text("utf-8")))
        for path in MODULES
    }

    assert {name: found for name, found in uses.items() if found and name not in ROOMS} == {}
    assert all(uses[name] for name in ROOMS), "nothing is kept apart there any more"


@pytest.mark.parametrize(
    "code",
    [
        "import signal",
        "from platform import node",
        "from sys import platform",
        "import os\nos.name == 'nt'",
        "subprocess.Popen([], start_new_session=True)",
        "Path('/proc/self/fd')",
    ],
)
def test_such_a_use_is_seen(code: str) -> None:
    assert find_uses(ast.parse(code))
