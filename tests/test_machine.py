"""What is known of the machine, and of its allocator: on other systems than this one, too."""

import platform
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from xray_core import machine
from xray_core.machine import (
    ALLOCATOR,
    allocator_variables,
    describe_system,
    name_machine,
    read_allocator,
)

GLIBC = ("glibc", "2.36")


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let this be another system."""

    def pretend(system: str, library: tuple[str, str]) -> None:
        monkeypatch.setattr(sys, "platform", system)
        monkeypatch.setattr(platform, "libc_ver", lambda: library)

    return pretend


@pytest.mark.parametrize(
    ("system", "library", "is_set"),
    [
        ("linux", GLIBC, True),
        ("linux", ("musl", "1.2.5"), False),
        ("linux", ("", ""), False),
        ("darwin", ("", ""), False),
        ("win32", ("", ""), False),
        ("darwin", GLIBC, False),
    ],
)
def test_the_allocator_is_set_where_it_is_glibcs_and_nowhere_else(
    pretend: Callable[..., None], system: str, library: tuple[str, str], is_set: bool
) -> None:
    pretend(system, library)

    expected = {
        "MALLOC_MMAP_MAX_": "0",
        "MALLOC_TRIM_THRESHOLD_": "68719476736",
        "MALLOC_ARENA_MAX": "1",
        "MALLOC_TOP_PAD_": "67108864",
    }
    assert allocator_variables({"PATH": "/bin"}) == (expected if is_set else {})


def test_what_the_user_set_of_the_allocator_stays(pretend: Callable[..., None]) -> None:
    pretend("linux", GLIBC)
    others = {name for name in ALLOCATOR if name != "MALLOC_ARENA_MAX"}

    assert set(allocator_variables({"MALLOC_ARENA_MAX": "4"})) == others
    assert set(allocator_variables({"MALLOC_ARENA_MAX": ""})) == others, "emptied on purpose"
    assert allocator_variables({"GLIBC_TUNABLES": "glibc.malloc.arena_max=2"}) == {}
    assert allocator_variables({"GLIBC_TUNABLES": "glibc.pthread.rseq=0"}) == ALLOCATOR


def test_what_is_said_of_the_allocator_is_what_the_process_was_started_with(
    pretend: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = tmp_path / "environ"
    monkeypatch.setattr(machine, "OWN_START", start)
    monkeypatch.setenv("MALLOC_ARENA_MAX", "8")  # too late: glibc has read them
    pretend("linux", GLIBC)

    assert read_allocator() == {}, "a system without /proc"
    start.write_bytes(b"PATH=/bin\0MALLOC_TOP_PAD_=1\0GLIBC_TUNABLES=glibc.pthread.rseq=0\0")
    assert read_allocator() == {"MALLOC_TOP_PAD_": "1"}
    start.write_bytes(b"GLIBC_TUNABLES=glibc.malloc.check=1\0MALLOC_ARENA_MAX=2\0odd\xff\0")
    both = {"MALLOC_ARENA_MAX": "2", "GLIBC_TUNABLES": "glibc.malloc.check=1"}
    assert read_allocator() == both
    pretend("linux", ("musl", "1.2.5"))
    assert read_allocator() == {}, "nobody heeds them there"


def test_the_system_is_described_and_the_machine_named_as_it_says_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(platform, "platform", lambda: "macOS-26.1-arm64-arm-64bit")
    monkeypatch.setattr(platform, "node", lambda: "lab-3")

    assert (describe_system(), name_machine()) == ("macOS-26.1-arm64-arm-64bit", "lab-3")
