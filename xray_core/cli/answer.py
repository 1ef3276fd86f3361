"""What a command answers: for a program, and for a person."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_core.errors import RunError
from xray_core.files import replaced_file, write_json

if TYPE_CHECKING:
    import pandas as pd

Answer = tuple[dict[str, Any] | list[Any], str]  # for --json, for a person
# Adds a command: its name, its function, and what it does in a line.
Add = Callable[[str, Callable[..., Answer], str], argparse.ArgumentParser]


def save_answer(answer: dict[str, Any], path: Path | None) -> None:
    """Write the answer as JSON where a process was told to leave it; nothing without a path."""
    if path:
        write_json(path, answer)


def write_csv(table: "pd.DataFrame", path: Path | None) -> None:
    """Write a table where the user named a file, whole or not at all; nothing without a path.

    Raises:
        RunError: the disk refuses.
    """
    if path is None:
        return
    try:
        with replaced_file(path) as partial:
            table.to_csv(partial, index=False)
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error.strerror or error}.") from error


def say_error(message: str) -> None:
    """Print why something was not done, in one line on standard error."""
    # Keras' own words, which some errors quote, run over many lines.
    print(f"error: {' '.join(message.split())}", file=sys.stderr, flush=True)


def say_note(message: str) -> None:
    """Print what a person should know, in one line on standard error; nothing failed."""
    print(f"note: {message}", file=sys.stderr, flush=True)


def show_progress(what: str) -> Callable[[int, int], None] | None:
    """Return a function that counts on one line of a terminal; None where nobody watches."""
    if not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        if done % 100 == 0 or done == total:
            end = "\n" if done == total else ""
            print(f"\r{done:,} of {total:,} {what}", end=end, file=sys.stderr, flush=True)

    return show
