"""Our own JSON: whatever a file holds, reading it ends in plain data or in words."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xray_core import files
from xray_core.files import (
    NotPlainError,
    append_jsonl,
    open_plain,
    parse_json,
    parse_time,
    read_json,
    read_jsonl,
    replaced_file,
    write_json,
)

DAMAGED = {
    "empty": (b"", "it is empty"),
    "cut": (b'{"state": "do', "Unterminated string"),
    "no text": (b'{"state": "\xff"}', "no UTF-8 text"),
    "deep": (b"[" * 100_000, "more than 50 levels"),
    "deep but parsed": (b"[" * 60 + b"]" * 60, "more than 50 levels"),
    "half a sign": (rb'{"user": "\ud800"}', "no Unicode"),
    "half a sign in a name": (rb'{"\ud800": 1}', "no Unicode"),
    "NUL": (rb'["\u0000"]', "NUL"),
    "huge": (b"[1%s]" % (b"0" * 30), "beyond 64 bits"),
    "many digits": (b"9" * 1_000_000, "beyond 64 bits"),
    "infinite": (b'{"epoch": 1e999}', "too large"),
    "many lists": (b"[%s[]]" % (b"[]," * 3_000_000), "more than 3,000,000 lists"),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_what_is_damaged_is_refused_in_words(kind: str, tmp_path: Path) -> None:
    content, words = DAMAGED[kind]
    (tmp_path / "a.json").write_bytes(content)

    with pytest.raises(ValueError, match=words):
        read_json(tmp_path / "a.json")


def test_a_file_larger_than_any_of_ours_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_JSON_BYTES", 10)
    (tmp_path / "a.json").write_text("[1, 2, 3, 4]")

    with pytest.raises(ValueError, match="larger than"):
        read_json(tmp_path / "a.json")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes among its files")
@pytest.mark.parametrize("read", [open_plain, read_json, read_jsonl])
def test_a_pipe_without_a_writer_is_waited_for_by_nobody(
    read: Callable[[Path], object], tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "a.json")

    with pytest.raises(NotPlainError, match="no plain file"):
        read(tmp_path / "a.json")


@pytest.mark.parametrize(
    "values",
    [{"text": "é 😀 ∞", "whole": 2**62, "half": 0.5, "list": [[], None, True]}, "word", [1.5, 2]],
)
def test_what_is_written_is_read_as_it_was(values: Any, tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", values)

    assert read_json(tmp_path / "a.json") == values


def test_what_we_write_we_can_read_whatever_name_or_number_is_in_it(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"x\udc80.png": [float("nan"), float("-inf")], "b": "a\0b😀"})

    assert read_json(tmp_path / "a.json") == {"x\ufffd.png": [None, None], "b": "a\ufffdb😀"}


def test_a_line_of_a_log_keeps_what_is_no_number_but_no_odd_text(tmp_path: Path) -> None:
    append_jsonl(tmp_path / "a.jsonl", {"loss": float("inf"), "name": "\ud800"})

    [line] = read_jsonl(tmp_path / "a.jsonl")[0]

    assert line == {"loss": float("inf"), "name": "\ufffd"}


def test_damaged_lines_of_a_log_cost_only_themselves(tmp_path: Path) -> None:
    damaged = [content for content, _ in DAMAGED.values() if content != DAMAGED["infinite"][0]]
    lines = [b'{"n": 1}', *damaged, b"[2]", b"3", b'"text"', b"null", b'{"n": 4}']
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(lines) + b"\n")

    found, offset = read_jsonl(tmp_path / "a.jsonl")

    assert found == [{"n": 1}, {"n": 4}]
    assert offset == (tmp_path / "a.jsonl").stat().st_size


def test_python_s_own_words_for_no_number_are_none() -> None:
    assert parse_json("[NaN, Infinity, -Infinity]") == [None] * 3
    assert str(parse_json("[NaN]", finite=False)) == "[nan]"


@pytest.mark.parametrize(("lasting", "n_flushed"), [(True, 1), (False, 0)])
def test_a_file_is_on_the_disk_before_it_takes_the_old_ones_place(
    lasting: bool, n_flushed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "status.json"
    path.write_text("old")
    flushed: list[tuple[str, str]] = []
    monkeypatch.setattr(
        os,
        "fsync",
        lambda number: flushed.append((os.pread(number, 9, 0).decode(), path.read_text())),
    )

    with replaced_file(path, lasting=lasting) as partial:
        partial.write_text("new")

    assert path.read_text() == "new"
    assert flushed == [("new", "old")] * n_flushed


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "9" * 50])
def test_a_time_that_is_none_is_none(text: str) -> None:
    assert parse_time(text) is None


def test_a_time_without_a_zone_is_in_utc() -> None:
    assert parse_time("2026-03-01T10:00:00") == parse_time("2026-03-01T10:00:00+00:00")


def test_files_of_ours_stay_readable_for_others(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": 1})

    assert json.loads((tmp_path / "a.json").read_text()) == {"b": 1}
