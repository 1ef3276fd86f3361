"""The machine under a training: its name, its system, and the allocator of its C library."""

import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path

# glibc gives large buffers back to the system as they are freed, and a training asks for the same
# ones at its next step: each page is then cleared and mapped anew (docs/performance.md).
ALLOCATOR = {
    "MALLOC_MMAP_MAX_": "0",  # large buffers lie in the heap too
    "MALLOC_TRIM_THRESHOLD_": str(64 * 2**30),  # bytes free at the heap's end before it shrinks
    "MALLOC_ARENA_MAX": "1",  # one heap: what one thread frees, any other takes
    "MALLOC_TOP_PAD_": str(64 * 2**20),  # bytes by which it grows at least
}
TUNABLES = "GLIBC_TUNABLES"  # sets the same, and more, in one variable
OWN_START = Path("/proc/self/environ")  # the variables that this process was started with


def name_machine() -> str:
    """Return the name by which the network knows this machine; empty where it has none."""
    return platform.node()


def describe_system() -> str:
    """Return which system this is, with its version, e.g. "Linux-6.1-x86_64-with-glibc2.36"."""
    return platform.platform()


def allocator_variables(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables to add where Keras computes; none where the allocator is not glibc's.

    What the user has set stays as it is: each variable alone, and all of them where
    GLIBC_TUNABLES speaks of the allocator.

    Args:
        environment: the variables that the process has anyway.
    """
    if not _has_glibc() or _tunes_allocator(environment):
        return {}
    return {name: value for name, value in ALLOCATOR.items() if name not in environment}


def read_allocator() -> dict[str, str]:
    """Return the variables that this process' allocator heeds, whoever set them.

    glibc reads them once, when a process starts, so what was set later does not count.
    """
    try:
        pairs = os.fsdecode(OWN_START.read_bytes()).split("\0") if _has_glibc() else []
    except OSError:
        return {}  # a system without /proc: nobody can tell
    start = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
    names = [*ALLOCATOR, *([TUNABLES] if _tunes_allocator(start) else [])]
    return {name: start[name] for name in names if name in start}


def _has_glibc() -> bool:
    return sys.platform == "linux" and platform.libc_ver()[0] == "glibc"


def _tunes_allocator(environment: Mapping[str, str]) -> bool:
    return "glibc.malloc." in environment.get(TUNABLES, "")


def read_version() -> str:
    """Return the version of X-ray Lab, by which what it writes says who wrote it."""
    # Of the package that is imported already: to import it from here would be a cycle.
    return str(sys.modules[__name__.partition(".")[0]].__version__)
